//! `super-users`: who is one, who could become one, and why.

use std::fmt;
use std::path::PathBuf;

use clap::Subcommand;
use community::reputation::{Reason, SuperUserRule};
use community::{Key, NewPromotion, Slug, SuperUserView};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum SuperUsers {
    /// List candidates, rising members, super users and those at risk, with the reasons
    List {
        /// The community
        community: Slug,
    },
    /// Give a member the role, after a look at the reasons; who decided and why goes into the log
    Promote {
        /// The community
        community: Slug,
        /// The member's key
        member: Key,
        /// Which of the roles that the rule names
        #[arg(long, default_value = "super-user")]
        role: Slug,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Set the rule by which they are found
    Define {
        /// The community
        community: Slug,
        /// A file that holds it as JSON
        file: PathBuf,
    },
}

#[derive(Debug, Serialize)]
struct Listed {
    rule: SuperUserRule,
    members: Vec<SuperUserView>,
}

impl SuperUsers {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        match self {
            Self::List { community } => {
                let found = session.super_users(&community).await?;
                let members = found.into_iter().map(|view| view.into_inner()).collect();
                let community = session.managed_community(&community).await?.into_inner();
                Ok(Reply::new(Listed { rule: community.reputation.super_users, members }))
            }
            Self::Promote { community, member, role, reason } => {
                crate::context::require(&session, community::Action::Manage, &community, None)
                    .await?;
                let id = context.member(&member).await?;
                let new = NewPromotion { member: id, role, reason };
                session.promote(&community, &new).await?;
                Ok(Reply::new(Done::new("super-users promote", &member)))
            }
            Self::Define { community, file } => {
                let name = file.display();
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
                let rule: SuperUserRule = serde_json::from_str(&text)
                    .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
                session.define_super_users(&community, &rule).await?;
                Ok(Reply::new(Done::new("super-users define", &community)))
            }
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["member", "is", "by", "has", "needs", "met"]);
        for view in &self.members {
            for Reason { asked, has, needs, met } in &view.assessment.conditions {
                table.row([
                    view.member.key.to_string(),
                    view.assessment.state.as_str().to_owned(),
                    asked.as_str().to_owned(),
                    has.to_string(),
                    needs.to_string(),
                    if *met { "yes" } else { "no" }.to_owned(),
                ]);
            }
        }
        write!(f, "{table}")
    }
}
