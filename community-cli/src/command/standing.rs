//! `standing`: what members have earned.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use community::reputation::{LedgerId, Opening, RuleSet, Step};
use community::{Action, Community, Error, Key, LedgerItem, Member, MemberId, Page, Slug, Visible};
use serde::Serialize;

use crate::context::{Context, require};
use crate::csv;
use crate::failure::{Failure, Result};
use crate::object::moment;
use crate::reply::Reply;
use crate::table::Table;

/// Show what members have earned, most points first
#[derive(Debug, Args)]
pub(crate) struct Standing {
    /// The community
    community: Slug,
    /// Work it out by these rules, such as balanced or balanced@1, from everything that happened;
    /// nothing is written
    #[arg(long, value_name = "NAME")]
    rule_set: Option<String>,
    /// Points that members have before anything else: lines of `member key,points,reason`
    #[arg(long, value_name = "FILE")]
    grants: Option<PathBuf>,
    /// Only the member with this key
    #[arg(long, value_name = "KEY")]
    member: Option<Key>,
    /// With --member: what the points come from, entry by entry, the latest first
    #[arg(long, requires = "member", conflicts_with_all = ["rule_set", "grants", "csv"])]
    ledger: bool,
    /// With --ledger: entries a page; 20 when it is missing
    #[arg(long, value_name = "N", requires = "ledger")]
    limit: Option<usize>,
    /// With --ledger: the page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR", requires = "ledger")]
    after: Option<String>,
    /// Print lines of `member key,points,level`, for everybody who has joined, by key
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, Serialize)]
struct Standings {
    rules: String,
    standings: Vec<Item>,
    #[serde(skip)]
    csv: bool,
}

#[derive(Debug, Serialize)]
struct Item {
    member: Key,
    name: String,
    points: i64,
    level: u32,
}

impl Standing {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        if let Some(member) = self.member.as_ref().filter(|_| self.ledger) {
            while context.engine.pump().await?.more {}
            let (after, limit) = (self.after.as_deref(), self.limit);
            let page = session.ledger(&self.community, member, after, limit).await?;
            return Ok(Reply::new(Ledger(page)));
        }
        // Sums tell of what happened in places that not everybody may see.
        require(&session, Action::Manage, &self.community, None).await?;
        let community = session.managed_community(&self.community).await?.into_inner();
        let (rules, points, levels) = match (&self.rule_set, &self.grants) {
            (None, None) => {
                let active = community.reputation.active.clone();
                context.engine.project(&self.community, &active).await?;
                let rules = community.reputation.active_rules().cloned();
                let rules = rules.ok_or(Error::NotFound("rule set"))?;
                let points = stored(context, &community, &rules).await?;
                (rules, points, None)
            }
            (name, grants) => {
                let rules = find(&community, name.as_deref())?;
                let openings = match grants {
                    Some(file) => openings(context, file).await?,
                    None => Vec::new(),
                };
                let projection = session.preview_rules(&self.community, &rules, &openings).await?;
                let levels = projection.levels();
                (rules, projection.points(), Some(levels))
            }
        };
        let mut standings =
            self.items(context, &community, &rules, &points, levels.as_ref()).await?;
        if self.member.is_some() && standings.is_empty() {
            return Err(Error::NotFound("member").into());
        }
        if self.csv {
            standings.sort_by(|a, b| a.member.cmp(&b.member));
        } else {
            standings.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.member.cmp(&b.member)));
        }
        Ok(Reply::new(Standings { rules: rules.id.to_string(), standings, csv: self.csv }))
    }

    /// Everybody who has joined, or who has earned something.
    async fn items(
        &self,
        context: &Context,
        community: &Community,
        rules: &RuleSet,
        points: &BTreeMap<MemberId, i64>,
        levels: Option<&BTreeMap<MemberId, u32>>,
    ) -> Result<Vec<Item>> {
        let store = context.engine.store();
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let page = store.members_by_id(after, 500).await.map_err(Error::from)?;
            let Some(last) = page.last() else { return Ok(items) };
            after = Some(last.id);
            for Member { id, key, name, .. } in page {
                if self.member.as_ref().is_some_and(|wanted| *wanted != key) {
                    continue;
                }
                let memberships = store.memberships(id).await.map_err(Error::from)?;
                let known = memberships.iter().find(|known| known.community == community.id);
                let earned = points.get(&id).copied();
                let joined = known.filter(|known| known.joined_at.is_some());
                if earned.is_none() && joined.is_none() {
                    continue;
                }
                // Whoever has not joined is on no level.
                let level = match levels {
                    Some(levels) => joined.and_then(|_| levels.get(&id).copied()),
                    None => joined.map(|known| known.level),
                };
                items.push(Item {
                    member: key,
                    name: name.to_string(),
                    points: earned.unwrap_or_else(|| rules.shown(0)),
                    level: level.unwrap_or(0),
                });
            }
        }
    }
}

/// The points in the ledger of the rules in force.
async fn stored(
    context: &Context,
    community: &Community,
    rules: &RuleSet,
) -> Result<BTreeMap<MemberId, i64>> {
    let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
    let mut points = BTreeMap::new();
    let mut after = None;
    loop {
        let page = context.engine.store().ranked(&ledger, after, 500).await.map_err(Error::from)?;
        let Some(last) = page.last() else { return Ok(points) };
        after = Some(community::query::Position { key: last.points, id: last.member.uuid() });
        points.extend(page.iter().map(|known| (known.member, rules.shown(known.points))));
    }
}

/// A rule set by name: `balanced@1`, or `balanced` for its latest version.
pub(crate) fn find(community: &Community, name: Option<&str>) -> Result<RuleSet> {
    let reputation = &community.reputation;
    let found = match name {
        None => reputation.active_rules(),
        Some(name) if name.contains('@') => reputation.rule_set(&name.parse()?),
        Some(name) => {
            let all = reputation.own.iter().chain(RuleSet::shipped());
            all.filter(|set| set.id.key == *name).max_by_key(|set| set.id.version)
        }
    };
    Ok(found.cloned().ok_or(Error::NotFound("rule set"))?)
}

/// Points from a file.
async fn openings(context: &Context, file: &Path) -> Result<Vec<Opening>> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
    let wrong = |line: usize, why: &str| Failure::invalid(format!("{name}, line {line}: {why}"));
    let mut openings = Vec::new();
    for (line, at) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let cells = csv::cells(line).ok_or_else(|| wrong(at, "a quotation mark is missing"))?;
        let [member, points, _reason] = cells.as_slice() else {
            return Err(wrong(at, "a line is `member key,points,reason`"));
        };
        let points: i64 = points.trim().parse().map_err(|_| wrong(at, "points are a number"))?;
        if points.unsigned_abs() > RuleSet::MOST_POINTS.unsigned_abs() {
            return Err(wrong(at, "nobody has so many points"));
        }
        let member = Key::new(member.trim()).map_err(|error| wrong(at, &error.to_string()))?;
        let member = context.member(&member).await?;
        openings.push(Opening { member, points });
    }
    Ok(openings)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Ledger(Page<Visible<LedgerItem>>);

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["points", "rule", "step", "at", "about"]);
        for item in &self.0.items {
            let step = match item.step {
                Step::Given => "given",
                Step::Withdrawn => "withdrawn",
                Step::Hidden => "hidden",
                Step::Restored => "restored",
                Step::Shared => "shared",
                Step::Labelled => "labelled",
            };
            table.row([
                item.points.to_string(),
                item.rule.to_string(),
                step.to_owned(),
                moment(item.at),
                item.title.as_ref().map_or_else(String::new, ToString::to_string),
            ]);
        }
        write!(f, "{table}")?;
        self.0.next.as_ref().map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}

impl fmt::Display for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.csv {
            for Item { member, name: _, points, level } in &self.standings {
                writeln!(f, "{},{points},{level}", csv::cell(member.as_str()))?;
            }
            return Ok(());
        }
        let mut table = Table::new(&["points", "level", "member", "name"]);
        for Item { member, name, points, level } in &self.standings {
            table.row([points.to_string(), level.to_string(), member.to_string(), name.clone()]);
        }
        write!(f, "{table}")
    }
}
