//! Flaws in what is read of badges.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::reputation::{Award, AwardsId, LedgerId};
use community_core::store::AwardReader;
use community_core::{CommunityId, MemberId, Slug, StoreError, Timestamp};

use super::{Flaw, Flawed};

#[async_trait]
impl AwardReader for Flawed {
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
        let found = self.inner.awards_by_badge(of, after.clone(), limit).await?;
        let lost = usize::from(self.is(Flaw::ForgetsAwardPlace) && after.is_some());
        Ok(found.into_iter().skip(lost).collect())
    }

    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError> {
        let mut found = self.inner.award_counts(of).await?;
        if self.is(Flaw::CountsLowestTier) {
            found.iter_mut().for_each(|(_, tier, _)| *tier = 1);
        }
        Ok(found)
    }

    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError> {
        let found = self.inner.sums_by_group(ledger, of).await?;
        let lost = usize::from(self.is(Flaw::LosesFirstGroup));
        Ok(found.into_iter().map(|sums| sums.into_iter().skip(lost).collect()).collect())
    }

    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError> {
        let at = if self.is(Flaw::ForgetsPosition) { Seq(u64::MAX) } else { at };
        self.inner.points_at(ledger, at, of).await
    }

    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError> {
        let after = if self.is(Flaw::ForgetsVisitorNumber) { 0 } else { after };
        self.inner.visitors(community, after, limit).await
    }

    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError> {
        let (posts, topics) = self.inner.written_on(community, member, day).await?;
        Ok((posts - if self.is(Flaw::LosesFirstPosts) { topics } else { 0 }, topics))
    }

    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let mut found = self.inner.events_since(community, from, after, limit).await?;
        if self.is(Flaw::SortsEventsByPosition) {
            found.sort_by_key(|event| event.seq);
        }
        Ok(found)
    }
}
