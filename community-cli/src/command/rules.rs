//! `rules`: what earns points.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use clap::Subcommand;
use community::reputation::{RuleSet, RuleSetId};
use community::{Key, MemberId, Slug};
use serde::Serialize;

use super::standing::find;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Show a rule set
    Show {
        /// The community
        community: Slug,
        /// The rule set; the one in force when it is left out
        name: Option<String>,
    },
    /// Show who would gain and who would lose by another rule set; nothing is written
    Preview {
        /// The community
        community: Slug,
        /// The rule set, such as balanced or balanced@1
        #[arg(long, value_name = "NAME", required_unless_present = "file")]
        rule_set: Option<String>,
        /// A file that holds it as JSON
        #[arg(long, value_name = "FILE", conflicts_with = "rule_set")]
        file: Option<PathBuf>,
    },
    /// Define a rule set of the community's own, or a new version of one
    Define {
        /// The community
        community: Slug,
        /// A file that holds it as JSON
        file: PathBuf,
    },
    /// Put another rule set in force
    Switch {
        /// The community
        community: Slug,
        /// The rule set, such as balanced or balanced@1
        name: String,
    },
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(RuleSet);

#[derive(Debug, Serialize)]
struct Preview {
    from: RuleSetId,
    to: RuleSetId,
    gain: usize,
    lose: usize,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    member: Key,
    points: [i64; 2],
    level: [u32; 2],
}

impl Rules {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        match self {
            Self::Show { community, name } => {
                let community = session.managed_community(&community).await?;
                Ok(Reply::new(Shown(find(&community, name.as_deref())?)))
            }
            Self::Preview { community, rule_set, file } => {
                let known = session.managed_community(&community).await?;
                let to = match file {
                    Some(file) => read(&file)?,
                    None => find(&known, rule_set.as_deref())?,
                };
                let from = find(&known, None)?;
                let before = session.preview_rules(&community, &from, &[]).await?;
                let after = session.preview_rules(&community, &to, &[]).await?;
                let points = [(before.points(), &from), (after.points(), &to)];
                let levels = [before.levels(), after.levels()];
                let changes = changes(context, points, levels).await?;
                let count = |order| {
                    let is = |change: &&Change| change.points[1].cmp(&change.points[0]) == order;
                    changes.iter().filter(is).count()
                };
                let gain = count(std::cmp::Ordering::Greater);
                let lose = count(std::cmp::Ordering::Less);
                Ok(Reply::new(Preview { from: from.id, to: to.id, gain, lose, changes }))
            }
            Self::Define { community, file } => {
                let rules = read(&file)?;
                session.define_rules(&community, &rules).await?;
                Ok(Reply::new(Done::new("rules define", &rules.id)))
            }
            Self::Switch { community, name } => {
                let rules = find(&*session.managed_community(&community).await?, Some(&name))?;
                session.switch_rules(&community, &rules.id).await?;
                while context.engine.pump().await?.more {}
                Ok(Reply::new(Done::new("rules switch", &rules.id)))
            }
        }
    }
}

/// Whose points or level differ, those who gain most first.
async fn changes(
    context: &Context,
    [before, after]: [(BTreeMap<MemberId, i64>, &RuleSet); 2],
    levels: [BTreeMap<MemberId, u32>; 2],
) -> Result<Vec<Change>> {
    let members: BTreeSet<MemberId> = before.0.keys().chain(after.0.keys()).copied().collect();
    let members: Vec<MemberId> = members.into_iter().collect();
    let mut changes = Vec::new();
    for ids in members.chunks(500) {
        let known = context.engine.store().members(ids).await.map_err(community::Error::from)?;
        for member in known.into_iter().flatten() {
            let of = |(points, rules): &(BTreeMap<MemberId, i64>, &RuleSet)| {
                points.get(&member.id).copied().unwrap_or_else(|| rules.shown(0))
            };
            let points = [of(&before), of(&after)];
            let level = levels.each_ref().map(|l| l.get(&member.id).copied().unwrap_or(0));
            if points[0] != points[1] || level[0] != level[1] {
                changes.push(Change { member: member.key, points, level });
            }
        }
    }
    changes.sort_by(|a, b| {
        let gained = |change: &Change| change.points[1] - change.points[0];
        gained(b).cmp(&gained(a)).then_with(|| a.member.cmp(&b.member))
    });
    Ok(changes)
}

fn read(file: &std::path::Path) -> Result<RuleSet> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::invalid(format!("{name}: {error}")))
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(&self.0).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, gain, lose, changes } = self;
        writeln!(f, "{from} to {to}: {gain} gain, {lose} lose")?;
        let mut table = Table::new(&["member", "points", "then", "level", "then"]);
        for Change { member, points, level } in changes {
            table.row([
                member.to_string(),
                points[0].to_string(),
                points[1].to_string(),
                level[0].to_string(),
                level[1].to_string(),
            ]);
        }
        write!(f, "{table}")
    }
}
