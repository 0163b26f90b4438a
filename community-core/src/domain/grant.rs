//! Grants: points, roles or badges that somebody decided on, and no rule.

use serde::{Deserialize, Serialize};

use crate::id::{CommunityId, GrantId, MemberId, PostId};
use crate::text::Slug;
use crate::time::Timestamp;

/// Points that were given or taken by a decision: an award, a bounty that was offered or won.
///
/// A grant of no points is a promotion: `reason` is the role that was given. One with a `tier` is a
/// decision on a badge: `reason` is the badge's key.
///
/// A grant never changes. What is to be undone is another grant, with the sign turned. What it is
/// worth is for the rule set to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The community.
    pub community: CommunityId,
    /// Whose points they are.
    pub member: MemberId,
    /// What for, in one word: `award`, `bounty-offered`, `bounty-won`; the role of a promotion, or
    /// the key of a badge.
    pub reason: Slug,
    /// How many; below zero they are taken, and 0 for a promotion or a badge.
    pub points: i64,
    /// The tier of a badge that was given, 0 when the badge was taken away; `None` for a grant of
    /// something else.
    pub tier: Option<u32>,
    /// The post that it is about.
    pub post: Option<PostId>,
    /// Who decided; `None` is the system.
    pub by: Option<MemberId>,
    /// What for, in the words of whoever decided.
    pub note: String,
    /// When.
    pub at: Timestamp,
}
