//! `badges`: what members are given badges for, and who has them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use community::command::NewAward;
use community::reputation::{Award, BadgeSet, BadgeSetId, Measure};
use community::{Action, BadgeView, HolderView, Key, MemberBadgesView, MemberId, Session, Slug};
use serde::Serialize;

use crate::context::{Context, require};
use crate::failure::{Failure, Result};
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

/// Without a subcommand: list the badges of a community, or those of a member
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Badges {
    #[command(subcommand)]
    action: Option<Change>,
    /// The community
    #[arg(required = true)]
    community: Option<Slug>,
    /// The key of a member: what the member has, and how far it is to the next tier
    #[arg(long, value_name = "KEY")]
    member: Option<Key>,
    /// A badge: who has it
    #[arg(long, value_name = "BADGE", conflicts_with = "member")]
    holders: Option<Slug>,
    /// The most holders to list
    #[arg(long, default_value_t = 20, requires = "holders")]
    limit: usize,
    /// Go on behind the holders before: `next` of the last list
    #[arg(long, value_name = "CURSOR", requires = "holders")]
    after: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Show a badge set
    Show {
        /// The community
        community: Slug,
        /// The badge set, such as basics@1; the one in force when it is left out
        name: Option<BadgeSetId>,
    },
    /// Define a badge set of the community's own, or a new version of one
    Define {
        /// The community
        community: Slug,
        /// A file that holds it as JSON
        file: PathBuf,
    },
    /// Show who would have which badges by a set that a file holds, and what they have now; nothing
    /// is written
    Preview {
        /// The community
        community: Slug,
        /// A file that holds it as JSON
        file: PathBuf,
    },
    /// Put a badge set in force
    Switch {
        /// The community
        community: Slug,
        /// The badge set, such as basics@1; `none` for none
        name: String,
    },
    /// Give a badge by hand; who decided and why goes into the log
    Award {
        /// The community
        community: Slug,
        /// The member's key
        member: Key,
        /// The badge
        badge: Slug,
        /// The tier, from 1
        #[arg(long, default_value_t = 1)]
        tier: u32,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take a badge away until it is given by hand again; who decided and why goes into the log
    Revoke {
        /// The community
        community: Slug,
        /// The member's key
        member: Key,
        /// The badge
        badge: Slug,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Serialize)]
struct Listed {
    badges: Vec<BadgeView>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct OfMember(MemberBadgesView);

#[derive(Debug, Serialize)]
struct Holders {
    holders: Vec<HolderView>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(BadgeSet);

#[derive(Debug, Serialize)]
struct Preview {
    set: BadgeSetId,
    changes: Vec<Changed>,
}

#[derive(Debug, Serialize)]
struct Changed {
    member: Key,
    badge: Slug,
    /// Before and after.
    tier: [u32; 2],
}

impl Badges {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let Self { action, community, member, holders, limit, after } = self;
        if let Some(action) = action {
            return action.run(context).await;
        }
        let Some(community) = community else {
            return Err(Failure::invalid("name a community"));
        };
        let session = context.operator().await?;
        while context.engine.pump().await?.more {}
        if let Some(member) = member {
            let view = session.badges_of(&community, &member).await?;
            return Ok(Reply::new(OfMember(view.into_inner())));
        }
        if let Some(badge) = holders {
            let after = after.as_deref();
            let page = session.badge_holders(&community, &badge, after, Some(limit)).await?;
            let holders = page.items.into_iter().map(|view| view.into_inner()).collect();
            return Ok(Reply::new(Holders { holders, next: page.next }));
        }
        let badges = session.badges(&community).await?;
        let badges = badges.into_iter().map(|view| view.into_inner()).collect();
        Ok(Reply::new(Listed { badges }))
    }
}

impl Change {
    async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        match self {
            Self::Show { community, name } => {
                let known = session.managed_community(&community).await?;
                let badges = &known.reputation.badges;
                let name = name.or_else(|| badges.active.clone());
                let set = name.as_ref().and_then(|name| badges.set(name)).cloned();
                let set = set.ok_or(community::Error::NotFound("badge set"))?;
                Ok(Reply::new(Shown(set)))
            }
            Self::Define { community, file } => {
                let set = read(&file)?;
                session.define_badges(&community, &set).await?;
                Ok(Reply::new(Done::new("badges define", &set.id)))
            }
            Self::Preview { community, file } => {
                preview(context, &session, &community, read(&file)?).await
            }
            Self::Switch { community, name } => {
                let set = match name.as_str() {
                    "none" => None,
                    name => Some(name.parse::<BadgeSetId>()?),
                };
                session.switch_badges(&community, set.as_ref()).await?;
                Ok(Reply::new(Done::new("badges switch", &name)))
            }
            Self::Award { community, member, badge, tier, reason } => {
                require(&session, Action::Manage, &community, None).await?;
                let id = context.member(&member).await?;
                let new = NewAward { member: id, badge, tier, reason };
                session.award_badge(&community, &new).await?;
                Ok(Reply::new(Done::new("badges award", &member)))
            }
            Self::Revoke { community, member, badge, reason } => {
                require(&session, Action::Manage, &community, None).await?;
                let id = context.member(&member).await?;
                session.revoke_badge(&community, id, &badge, &reason).await?;
                Ok(Reply::new(Done::new("badges revoke", &member)))
            }
        }
    }
}

fn read(file: &Path) -> Result<BadgeSet> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::invalid(format!("{name}: {error}")))
}

/// What would change by another set, by member and badge.
async fn preview(
    context: &Context,
    session: &Session,
    community: &Slug,
    set: BadgeSet,
) -> Result<Reply> {
    let known = session.managed_community(community).await?;
    let before = match known.reputation.badges.active_set() {
        Some(active) => session.preview_badges(community, active).await?,
        None => Vec::new(),
    };
    let after = session.preview_badges(community, &set).await?;
    let mut tiers: BTreeMap<(MemberId, Slug), [u32; 2]> = BTreeMap::new();
    let mut note = |awards: Vec<Award>, at: usize| {
        for award in awards {
            let tier = tiers.entry((award.member, award.badge.clone())).or_default();
            if let Some(tier) = tier.get_mut(at) {
                *tier = award.held();
            }
        }
    };
    note(before, 0);
    note(after, 1);
    tiers.retain(|_, [before, after]| before != after);
    let ids: Vec<MemberId> = tiers.keys().map(|(member, _)| *member).collect();
    let members = context.engine.store().members(&ids).await?;
    let changes = tiers.into_iter().zip(members).filter_map(|(((_, badge), tier), member)| {
        Some(Changed { member: member?.key, badge, tier })
    });
    let mut changes: Vec<Changed> = changes.collect();
    changes.sort_by(|a, b| (&a.member, &a.badge).cmp(&(&b.member, &b.badge)));
    Ok(Reply::new(Preview { set: set.id, changes }))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["badge", "name", "tier", "takes", "members"]);
        for BadgeView { badge, holders, .. } in &self.badges {
            let of = |tier: u32| {
                let found = holders.iter().find(|count| count.tier == tier);
                found.map_or(0, |count| count.members).to_string()
            };
            for (tier, number) in badge.tiers.iter().zip(1..) {
                let (key, name) = (badge.key.to_string(), badge.name.to_string());
                table.row([key, name, tier.name.to_string(), tier.at.to_string(), of(number)]);
            }
            if let Some(every) = badge.every {
                let all: u64 = holders.iter().map(|count| count.members).sum();
                let (key, name) = (badge.key.to_string(), badge.name.to_string());
                table.row([key, name, "again".to_owned(), every.to_string(), all.to_string()]);
            }
        }
        write!(f, "{table}")
    }
}

impl fmt::Display for OfMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["badge", "tier", "since", "has", "next"]);
        for held in &self.0.badges {
            let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let named = held.tier_name.as_ref().map(ToString::to_string);
            table.row([
                held.badge.to_string(),
                named.unwrap_or_else(|| held.tier.to_string()),
                or_none(held.since.map(|since| since.format("%Y-%m-%d").to_string())),
                or_none(held.progress.map(|progress| progress.has.to_string())),
                or_none(held.progress.and_then(|p| p.needs).map(|needs| needs.to_string())),
            ]);
        }
        write!(f, "{table}")
    }
}

impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["member", "name", "tier"]);
        for HolderView { member, tier, .. } in &self.holders {
            table.row([member.key.to_string(), member.name.to_string(), tier.to_string()]);
        }
        write!(f, "{table}")?;
        match &self.next {
            Some(next) => write!(f, "\nnext: {next}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadgeSet { id, name, badges, .. } = &self.0;
        writeln!(f, "{id} {name}")?;
        let mut table = Table::new(&["badge", "name", "of", "tiers"]);
        for badge in badges {
            let of = match &badge.measure {
                Measure::Counted(_) => "what happened",
                Measure::Visited { .. } => "visits",
                Measure::Points { .. } => "points",
                Measure::Level => "level",
            };
            let tiers = match badge.every {
                Some(every) => format!("every {every}"),
                None => {
                    let tiers: Vec<String> = badge.tiers.iter().map(|t| t.at.to_string()).collect();
                    tiers.join(" ")
                }
            };
            table.row([badge.key.to_string(), badge.name.to_string(), of.to_owned(), tiers]);
        }
        write!(f, "{table}")
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} changes by {}", self.changes.len(), self.set)?;
        let mut table = Table::new(&["member", "badge", "tier", "then"]);
        for Changed { member, badge, tier: [before, after] } in &self.changes {
            let tiers = [before.to_string(), after.to_string()];
            let [before, after] = tiers;
            table.row([member.to_string(), badge.to_string(), before, after]);
        }
        write!(f, "{table}")
    }
}
