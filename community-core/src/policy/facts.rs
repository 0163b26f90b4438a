//! What is known of a viewer when a policy is asked.

use crate::domain::{Member, Membership};
use crate::id::CommunityId;
use crate::time::Timestamp;

/// What is known of a viewer: read from the store in one go, then only looked at.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The member; `None` for an anonymous visitor.
    pub member: Option<Member>,
    /// The memberships, one per community.
    pub memberships: Vec<Membership>,
}

impl Facts {
    /// The membership in one community.
    #[must_use]
    pub fn membership(&self, community: CommunityId) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.community == community)
    }

    /// When a sanction next begins or ends after `now`: until then nothing changes by itself.
    #[must_use]
    pub fn valid_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.memberships
            .iter()
            .flat_map(|m| &m.sanctions)
            .flat_map(|s| [Some(s.since), s.until])
            .flatten()
            .filter(|moment| *moment > now)
            .min()
    }
}
