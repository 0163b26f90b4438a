//! `channel`: the tree of channels of a community.

use std::fmt;

use clap::{Args, Subcommand};
use community::{ChannelUpdate, ChannelView, Name, NewChannel, Policy, Settings, Slug};
use serde::Serialize;

use super::policy::Preset;
use crate::context::Context;
use crate::failure::Result;
use crate::object::{Created, Done};
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// List the channels that the viewer sees
    List {
        /// The key of the community
        community: Slug,
    },
    /// Create a channel
    Add(Add),
    /// Change a channel
    Set(Set),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The key of the community
    community: Slug,
    /// The key of the new channel
    key: Slug,
    /// Its name; the key when it is missing
    #[arg(long)]
    name: Option<Name>,
    /// The key of the channel above it
    #[arg(long, value_name = "KEY")]
    parent: Option<Slug>,
    /// What it is about
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// Its place among its siblings, smallest first
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    position: i64,
    /// Who may do what, when it differs from what lies above it; see `init`
    #[arg(long)]
    policy: Option<Preset>,
    /// The kinds of topics that it takes, such as question,idea; every kind when it is missing
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kinds: Vec<Slug>,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The key of the community
    community: Slug,
    /// The key of the channel
    key: Slug,
    /// A new name
    #[arg(long)]
    name: Option<Name>,
    /// A new description
    #[arg(long)]
    description: Option<String>,
    /// A new place among its siblings
    #[arg(long, allow_negative_numbers = true)]
    position: Option<i64>,
    /// Whether it can only be read from now on
    #[arg(long)]
    archived: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Channels {
    channels: Vec<ChannelView>,
}

impl Channel {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        match self {
            Self::List { community } => {
                let channels = context.visitor().await?.channels(&community).await?;
                let channels = channels.into_iter().map(|channel| channel.into_inner()).collect();
                Ok(Reply::new(Channels { channels }))
            }
            Self::Add(add) => add.run(context).await,
            Self::Set(set) => set.run(context).await,
        }
    }
}

impl Add {
    async fn run(self, context: &Context) -> Result<Reply> {
        let Self { community, key, name, parent, description, position, policy, kinds } = self;
        let kinds = (!kinds.is_empty()).then(|| kinds.into_iter().collect());
        let new = NewChannel {
            name: name.map_or_else(|| Name::new(key.as_str()), Ok)?,
            key: key.clone(),
            parent,
            description,
            position,
            policy: policy.map_or_else(Policy::inherit, Policy::from),
            settings: Settings { kinds, ..Settings::default() },
        };
        let id = context.operator().await?.create_channel(&community, new).await?;
        Ok(Reply::new(Created::named("channel", &id, &key)))
    }
}

impl Set {
    async fn run(self, context: &Context) -> Result<Reply> {
        let Self { community, key, name, description, position, archived } = self;
        let update =
            ChannelUpdate { name, description, position, archived, ..ChannelUpdate::default() };
        context.operator().await?.update_channel(&community, &key, update).await?;
        Ok(Reply::new(Done::new("channel set", &key)))
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["key", "topics", "name"]);
        for channel in &self.channels {
            let key = format!("{}{}", "  ".repeat(channel.level.saturating_sub(1)), channel.key);
            let archived = if channel.archived { " (archived)" } else { "" };
            table.row([key, channel.topics.to_string(), format!("{}{archived}", channel.name)]);
        }
        write!(f, "{table}")
    }
}
