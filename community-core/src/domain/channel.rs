//! Channels.

use serde::{Deserialize, Serialize};

use super::{Rev, Settings};
use crate::id::{ChannelId, CommunityId};
use crate::policy::Policy;
use crate::text::{Name, Slug};
use crate::time::Timestamp;

/// A theme or a segment inside one community; nested up to [`Channel::MAX_LEVEL`] levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its community.
    pub community: CommunityId,
    /// The channel above it.
    pub parent: Option<ChannelId>,
    /// Its name in addresses; unique in the community.
    pub key: Slug,
    /// Its name for people.
    pub name: Name,
    /// What it is about.
    pub description: String,
    /// Its place among its siblings, smallest first; then by key.
    pub position: i64,
    /// What it overrides of the policy above it.
    pub policy: Policy,
    /// What it overrides of the settings above it.
    pub settings: Settings,
    /// An archived channel can be read and not written.
    pub archived: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its revision.
    pub rev: Rev,
}

impl Channel {
    /// Levels of nesting: a channel, its children, and theirs.
    pub const MAX_LEVEL: usize = 3;
}
