//! `complete`: names that begin with what was typed.

use std::fmt;

use clap::{Args, ValueEnum};
use community::{CompleteQuery, Completions, Key, Name, NameKind, Slug};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Args)]
pub(crate) struct Complete {
    /// The key of the community
    community: Slug,
    /// What was typed so far; the labels and channels that are used most when it is missing
    text: Option<String>,
    /// Names of this kind only; may be given several times
    #[arg(long, value_name = "KIND")]
    only: Vec<Kind>,
    /// Names of each kind; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Label,
    Channel,
    Member,
}

#[derive(Debug, Serialize)]
struct Names {
    labels: Vec<Used>,
    channels: Vec<Used>,
    members: Vec<Person>,
}

/// A label or a channel.
#[derive(Debug, Serialize)]
struct Used {
    key: Slug,
    name: Name,
    topics: u64,
}

#[derive(Debug, Serialize)]
struct Person {
    key: Key,
    name: Name,
}

impl Complete {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let Self { community, text, only, limit } = self;
        let mut query = CompleteQuery::new(community, text.unwrap_or_default());
        query.limit = limit;
        query.kinds = only.into_iter().map(NameKind::from).collect();
        let found = context.visitor().await?.complete(&query).await?;
        Ok(Reply::new(Names::from(found)))
    }
}

impl From<Kind> for NameKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Label => Self::Label,
            Kind::Channel => Self::Channel,
            Kind::Member => Self::Member,
        }
    }
}

impl From<Completions> for Names {
    fn from(found: Completions) -> Self {
        let label = |label: &community::LabelView| Used {
            key: label.key.clone(),
            name: label.name.clone(),
            topics: label.topics,
        };
        let channel = |channel: &community::ChannelView| Used {
            key: channel.key.clone(),
            name: channel.name.clone(),
            topics: channel.topics,
        };
        let person = |member: &community::MemberView| Person {
            key: member.key.clone(),
            name: member.name.clone(),
        };
        Self {
            labels: found.labels.iter().map(|it| label(it)).collect(),
            channels: found.channels.iter().map(|it| channel(it)).collect(),
            members: found.members.iter().map(|it| person(it)).collect(),
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["kind", "topics", "name"]);
        for (kind, names) in [("label", &self.labels), ("channel", &self.channels)] {
            for Used { key, name, topics } in names {
                table.row([kind.to_owned(), topics.to_string(), format!("{name}  [{key}]")]);
            }
        }
        for Person { key, name } in &self.members {
            table.row(["member".to_owned(), String::new(), format!("{name}  [{key}]")]);
        }
        write!(f, "{table}")
    }
}
