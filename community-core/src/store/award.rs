//! Badges: reading who has them, and what their rules rest on.

use async_trait::async_trait;

use super::StoreError;
use crate::change::{Event, Seq};
use crate::id::{CommunityId, MemberId};
use crate::reputation::{Award, AwardsId, LedgerId};
use crate::text::Slug;
use crate::time::Timestamp;

/// Contract between the engine and a store: awards of badges, and what of a community is counted by
/// day or by time. Not content, so without a scope: what of it somebody may see is for the engine to
/// say.
#[async_trait]
pub trait AwardReader: Send + Sync + std::fmt::Debug {
    /// What members have of badges, in the order of the request.
    async fn awards(
        &self,
        of: &AwardsId,
        keys: &[(Slug, MemberId)],
    ) -> Result<Vec<Option<Award>>, StoreError>;

    /// What a member has of badges, by badge.
    async fn awards_of(&self, of: &AwardsId, member: MemberId) -> Result<Vec<Award>, StoreError>;

    /// Everything that members have of badges behind a place, by badge and then by member, at most
    /// `limit`. What is not held any more is there too.
    async fn awards_by_badge(
        &self,
        of: &AwardsId,
        after: Option<(Slug, MemberId)>,
        limit: usize,
    ) -> Result<Vec<Award>, StoreError>;

    /// How many members hold which tier of each badge, by badge and tier. A tier that nobody holds
    /// is left out, and so is tier 0.
    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError>;

    /// The sums of points of a member's entries by group, of those groups whose name begins with a
    /// text, by group; in the order of the request. Groups that come to zero are left out.
    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError>;

    /// The sums of points of members as they were behind a position of the log: of all entries, or
    /// of those of one group; in the order of the request.
    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError>;

    /// The members who have visited a community with a number above this one, each with the number
    /// of its latest [visit](crate::change::Op::AddVisit), rising; at most `limit`.
    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError>;

    /// How many posts, and how many topics, a member wrote in a community on a day (UTC, counted
    /// from 1970-01-01), whatever became of them.
    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError>;

    /// The events of a community that happened at a moment or later, by time and then by position,
    /// behind a place, at most `limit`. Costs what it returns.
    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;
}
