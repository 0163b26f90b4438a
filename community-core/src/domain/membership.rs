//! Memberships: what a member is in one community.

use serde::{Deserialize, Serialize};

use super::Rev;
use crate::id::{ChannelId, CommunityId, MemberId};
use crate::text::Slug;
use crate::time::Timestamp;

/// A member in a community: joined or not, roles, level, place on boards, sanctions.
///
/// Roles and sanctions can exist for somebody who has not joined, or has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The community.
    pub community: CommunityId,
    /// The member.
    pub member: MemberId,
    /// Since when the member belongs to it; `None` when not (or no longer).
    pub joined_at: Option<Timestamp>,
    /// The roles, each for the whole community or for one channel and what lies below it.
    pub roles: Vec<RoleGrant>,
    /// The level of standing, which `level >= n` in an audience tests.
    pub level: u32,
    /// Whether a manager has set the level, which then stays as it is. Otherwise it follows from
    /// what the member has earned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Whether the member has chosen not to be shown to others on leaderboards and among standings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off_boards: bool,
    /// Sanctions, past ones included.
    pub sanctions: Vec<Sanction>,
    /// The revision.
    pub rev: Rev,
}

impl Membership {
    /// A membership of somebody about whom the community knows nothing yet.
    #[must_use]
    pub fn stranger(community: CommunityId, member: MemberId) -> Self {
        Self {
            community,
            member,
            joined_at: None,
            roles: Vec::new(),
            level: 0,
            pinned: false,
            off_boards: false,
            sanctions: Vec::new(),
            rev: Rev(0),
        }
    }
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoleGrant {
    /// The role: `moderator`, `employee`, or any that the host names.
    pub role: Slug,
    /// The channel (with those below it) that it is limited to; `None` is the whole community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

/// A sanction. Sanctions beat every policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanction {
    /// What it takes away.
    pub kind: SanctionKind,
    /// The channel (with those below it) that it is limited to; `None` is the whole community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// From when.
    pub since: Timestamp,
    /// Until when; `None` is until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who imposed it; `None` is the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
}

impl Sanction {
    /// Whether it is in force at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }
}

/// What a sanction takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SanctionKind {
    /// Reads as before, writes nothing.
    Silence,
    /// Reads what an anonymous visitor reads (and there, what they took back themselves), writes
    /// nothing.
    Suspension,
}
