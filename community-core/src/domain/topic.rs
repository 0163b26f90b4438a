//! Topics.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Rev;
use crate::id::{ChannelId, CommunityId, MemberId, PostId, TopicId};
use crate::policy::Audience;
use crate::text::{Key, Slug, Title};
use crate::time::Timestamp;

/// Whether something is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// By everybody who may read the channel.
    Published,
    /// Taken back by its author: by the author and by moderators.
    Withdrawn,
    /// Removed by a moderator: by moderators.
    Removed,
}

impl State {
    /// All states, each at its [`State::code`].
    pub const ALL: [Self; 3] = [Self::Published, Self::Withdrawn, Self::Removed];

    /// The number under which stores keep it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Published => 0,
            Self::Withdrawn => 1,
            Self::Removed => 2,
        }
    }

    /// The state of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// The head of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its id, which never changes: a permalink by id survives every move.
    pub id: TopicId,
    /// Its community.
    pub community: CommunityId,
    /// Its channel.
    pub channel: ChannelId,
    /// The host's or the source's own key, unique in the community.
    pub key: Option<Key>,
    /// Its kind.
    pub kind: Slug,
    /// Whether replies to the first post are answers; from the kind.
    pub answerable: bool,
    /// Its title.
    pub title: Title,
    /// Its labels, sorted, each once.
    pub labels: Vec<Slug>,
    /// Who started it.
    pub author: MemberId,
    /// Its first post, which holds its text.
    pub opening: PostId,
    /// Its status in the kind's state machine.
    pub status: Slug,
    /// The fields of its kind.
    pub payload: Option<Value>,
    /// Whether it is to be seen.
    pub state: State,
    /// A locked topic takes no replies except from moderators.
    pub locked: bool,
    /// Where it is pinned. Shown to moderators only, as it tells for whom; whom it is for finds the
    /// topic on top of the feed.
    pub pin: Option<Pin>,
    /// The hot scale of its community, in seconds.
    pub hot_scale: u32,
    /// When it was started.
    pub created_at: Timestamp,
    /// A moment of activity that no post of it accounts for, such as the start itself, or the last
    /// activity that an import reports.
    pub bumped_at: Timestamp,
    /// The revision of these facts.
    pub rev: Rev,
    /// Moves with every lock, move, removal and restoring in the topic. Who adds something to the
    /// topic expects the gate that the decision rested on.
    pub gate: u64,
    /// What is counted.
    pub counters: TopicCounters,
}

/// What is counted of a topic. Only published posts count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicCounters {
    /// Votes up on the first post.
    pub ups: i64,
    /// Votes down on the first post.
    pub downs: i64,
    /// Posts, the first one included.
    pub posts: i64,
    /// Answers.
    pub answers: i64,
    /// Accepted answers.
    pub accepted: i64,
    /// Members with at least one post.
    pub participants: i64,
    /// Views.
    pub views: i64,
    /// The last activity: the latest of `bumped_at` and the creation of every post that bumps.
    pub active_at: Timestamp,
}

impl TopicCounters {
    /// The counters of a topic that holds nothing yet.
    #[must_use]
    pub fn new(active_at: Timestamp) -> Self {
        Self {
            ups: 0,
            downs: 0,
            posts: 0,
            answers: 0,
            accepted: 0,
            participants: 0,
            views: 0,
            active_at,
        }
    }
}

impl Topic {
    /// The title that a topic has once its first post is erased.
    pub const ERASED: &'static str = "erased";

    /// Votes up less votes down.
    #[must_use]
    pub fn score(&self) -> i64 {
        self.counters.ups - self.counters.downs
    }
}

/// A topic that is kept at the top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// In which feeds.
    pub place: PinPlace,
    /// The order among several pins, smallest first; then the newer pin, then the newer topic.
    pub position: i64,
    /// For whom.
    pub audience: Audience,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` is until it is taken off.
    pub until: Option<Timestamp>,
}

/// In which feeds a pin shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinPlace {
    /// In its channel's feed.
    Channel,
    /// In its channel's and in its community's feed.
    Community,
}
