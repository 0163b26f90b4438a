//! Votes and reactions.

use serde::{Deserialize, Serialize};

use crate::id::{MemberId, PostId};
use crate::text::{Name, Slug};
use crate::time::Timestamp;

/// A reaction that a community offers, such as `thanks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReactionDef {
    /// Its key. `up` and `down` are reserved for votes.
    pub key: Slug,
    /// Its name for people.
    pub name: Name,
}

/// A member has, per post, one place for a vote and one for a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// `up` or `down`; counts into the score.
    Vote,
    /// One of the community's reactions; counted on its own.
    Reaction,
}

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// One more.
    Up,
    /// One less.
    Down,
}

impl Vote {
    /// The key under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// The vote of a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        match key {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            _ => None,
        }
    }
}

/// What one member gave to one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The post.
    pub post: PostId,
    /// The member.
    pub member: MemberId,
    /// Vote or reaction.
    pub slot: Slot,
    /// `up`, `down`, or a reaction's key.
    pub key: Slug,
    /// When it was given.
    pub at: Timestamp,
}
