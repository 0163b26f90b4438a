//! `moderate`: what moderators do to topics and posts.

use clap::{Args, Subcommand};
use community::{Audience, NewPin, PinPlace, Slug, Timestamp};

use crate::args::time;
use crate::context::{Context, Item};
use crate::failure::Result;
use crate::object::Done;
use crate::reply::Reply;

/// Done as the member named by --as, or else as the system.
#[derive(Debug, Subcommand)]
pub(crate) enum Moderate {
    /// Move a topic to another channel; its key and id stay
    Move {
        #[command(flatten)]
        item: Item,
        /// The key of the channel
        channel: Slug,
    },
    /// Lock a topic against replies
    Lock {
        #[command(flatten)]
        item: Item,
        /// Open it again
        #[arg(long)]
        undo: bool,
    },
    /// Keep a topic at the top of feeds
    Pin(Pin),
    /// Remove a topic or a post
    Remove {
        #[command(flatten)]
        item: Item,
        /// Bring it back
        #[arg(long)]
        undo: bool,
    },
    /// Change the status of a topic
    Status {
        #[command(flatten)]
        item: Item,
        /// A status of the topic's kind, such as `closed`
        status: Slug,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    item: Item,
    /// Take the pin off
    #[arg(long, conflicts_with_all = ["place", "position", "audience", "until"])]
    undo: bool,
    /// In which feeds: channel or community
    #[arg(long, default_value = "channel", value_parser = place)]
    place: PinPlace,
    /// The order among several pins, smallest first
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    position: i64,
    /// For whom
    #[arg(long, default_value = "everyone")]
    audience: Audience,
    /// Until when
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    until: Option<Timestamp>,
}

impl Moderate {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        match self {
            Self::Move { item, channel } => {
                let topic = item.find(&session).await?.view.post.topic;
                session.move_topic(topic, &channel).await?;
                Ok(Reply::new(Done::new("move", &item.key)))
            }
            Self::Lock { item, undo } => {
                let topic = item.find(&session).await?.view.post.topic;
                session.set_locked(topic, !undo).await?;
                Ok(Reply::new(Done::new("lock", &item.key)))
            }
            Self::Pin(Pin { item, undo, place, position, audience, until }) => {
                let topic = item.find(&session).await?.view.post.topic;
                let pin = (!undo).then_some(NewPin { place, position, audience, until });
                session.set_pin(topic, pin).await?;
                Ok(Reply::new(Done::new("pin", &item.key)))
            }
            Self::Remove { item, undo } => {
                let found = item.find(&session).await?;
                let (topic, post) = (found.view.post.topic, found.view.post.id);
                match (found.is_topic(), undo) {
                    (true, false) => session.remove_topic(topic).await?,
                    (true, true) => session.restore_topic(topic).await?,
                    (false, false) => session.remove_post(post).await?,
                    (false, true) => session.restore_post(post).await?,
                }
                Ok(Reply::new(Done::new("remove", &item.key)))
            }
            Self::Status { item, status } => {
                let topic = item.find(&session).await?.view.post.topic;
                session.set_status(topic, &status).await?;
                Ok(Reply::new(Done::new("status", &item.key)))
            }
        }
    }
}

fn place(text: &str) -> Result<PinPlace, String> {
    serde_json::from_value(text.into()).map_err(|_| "it is `channel` or `community`".to_owned())
}
