//! `level`: why somebody is on a level.

use std::fmt;

use clap::Subcommand;
use community::{Key, LevelView, Needed, Slug};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Level {
    /// Show which conditions of the levels a member meets, and which are missing
    Explain {
        /// The community
        community: Slug,
        /// The member's key
        member: Key,
    },
    /// Let a level that was set follow from what was earned again
    Release {
        /// The community
        community: Slug,
        /// The member's key
        member: Key,
    },
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Explained(LevelView);

impl Level {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        match self {
            Self::Explain { community, member } => {
                while context.engine.pump().await?.more {}
                let view = session.explain_level(&community, &member).await?;
                Ok(Reply::new(Explained(view.into_inner())))
            }
            Self::Release { community, member } => {
                crate::context::require(&session, community::Action::Manage, &community, None)
                    .await?;
                let id = context.member(&member).await?;
                session.release_level(&community, id).await?;
                Ok(Reply::new(Done::new("level release", &member)))
            }
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LevelView { member, rules, level, pinned, earned, levels, .. } = &self.0;
        let by = if *pinned { format!(", set by hand; earned {earned}") } else { String::new() };
        writeln!(f, "{} is on level {level}{by} by {rules}", member.key)?;
        let mut table = Table::new(&["level", "name", "of", "has", "needs", "met"]);
        for step in levels {
            for condition in &step.conditions {
                let of = match (condition.of, &condition.group) {
                    (Needed::Points, Some(group)) => group.as_str(),
                    (Needed::Points, None) => "all points",
                    (Needed::Days, _) => "days here",
                    (Needed::Visits, _) => "days visited",
                };
                table.row([
                    step.level.to_string(),
                    step.name.to_string(),
                    of.to_owned(),
                    condition.has.to_string(),
                    condition.least.to_string(),
                    if condition.met { "yes" } else { "no" }.to_owned(),
                ]);
            }
        }
        write!(f, "{table}")
    }
}
