//! What is read of badges: as it is.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::reputation::{Award, AwardsId, LedgerId};
use community_core::store::AwardReader;
use community_core::{CommunityId, MemberId, Slug, StoreError, Timestamp};

use super::controls::MeddledStore;

#[async_trait]
impl AwardReader for MeddledStore {
    async fn awards(
        &self,
        of: &AwardsId,
        keys: &[(Slug, MemberId)],
    ) -> Result<Vec<Option<Award>>, StoreError> {
        self.inner.awards(of, keys).await
    }

    async fn awards_of(&self, of: &AwardsId, member: MemberId) -> Result<Vec<Award>, StoreError> {
        self.inner.awards_of(of, member).await
    }

    async fn awards_by_badge(
        &self,
        of: &AwardsId,
        after: Option<(Slug, MemberId)>,
        limit: usize,
    ) -> Result<Vec<Award>, StoreError> {
        self.inner.awards_by_badge(of, after, limit).await
    }

    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError> {
        self.inner.award_counts(of).await
    }

    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError> {
        self.inner.sums_by_group(ledger, of).await
    }

    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError> {
        self.inner.points_at(ledger, at, of).await
    }

    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError> {
        self.inner.visitors(community, after, limit).await
    }

    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError> {
        self.inner.written_on(community, member, day).await
    }

    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.events_since(community, from, after, limit).await
    }
}
