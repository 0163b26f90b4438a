//! What is read of ledgers: as it is.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::query::Position;
use community_core::reputation::{
    About, Board, Entry, EntryPlace, LedgerId, RuleSetId, Standing, SumOf,
};
use community_core::store::LedgerReader;
use community_core::{CommunityId, Grant, GrantId, MemberId, StoreError};

use super::controls::{Fault, MeddledStore};

#[async_trait]
impl LedgerReader for MeddledStore {
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.inner.events_of(community, after, limit).await
    }

    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError> {
        self.inner.visits(community, members, from, to).await
    }

    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError> {
        self.inner.visits_by_day(community, after, limit).await
    }

    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError> {
        self.inner.ledgers(community).await
    }

    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        self.inner.standings(ledger, members).await
    }

    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        self.inner.ranked(ledger, after, limit).await
    }

    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.entries(ledger, after, limit).await
    }

    async fn entries_of(
        &self,
        ledger: &LedgerId,
        member: MemberId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.entries_of(ledger, member, before, limit).await
    }

    async fn entries_about(
        &self,
        ledger: &LedgerId,
        about: &[About],
    ) -> Result<Vec<Vec<Entry>>, StoreError> {
        self.inner.entries_about(ledger, about).await
    }

    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError> {
        self.inner.sums(ledger, of).await
    }

    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError> {
        self.inner.days(ledger, member).await
    }

    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError> {
        let mut after = after;
        if self.fault == Fault::BoardSkipsTies
            && let Some(after) = &mut after
        {
            after.id = uuid::Uuid::nil();
        }
        self.inner.board(ledger, board, after, limit).await
    }

    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError> {
        self.inner.board_points(ledger, board, members).await
    }

    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError> {
        self.inner.boards(ledger, after, limit).await
    }

    async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Option<Grant>>, StoreError> {
        self.inner.grants(ids).await
    }

    async fn grants_by_id(
        &self,
        community: CommunityId,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        self.inner.grants_by_id(community, after, limit).await
    }
}
