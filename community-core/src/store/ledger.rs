//! Reputation: reading ledgers, what they follow from, and visits.

use async_trait::async_trait;

use super::StoreError;
use crate::change::{Event, Seq};
use crate::domain::Grant;
use crate::id::{CommunityId, GrantId, MemberId};
use crate::query::Position;
use crate::reputation::{About, Board, Entry, EntryPlace, LedgerId, RuleSetId, Standing, SumOf};

/// Contract between the engine and a store: ledgers of reputation, and visits. Not content, so without a
/// scope: what of it somebody may see is for the engine to say.
#[async_trait]
pub trait LedgerReader: Send + Sync + std::fmt::Debug {
    /// The events of one community behind a position, in order, at most `limit`. Costs what it
    /// returns, however much has happened elsewhere.
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// The days from `from` to `to`, both included, on which members visited a community, rising;
    /// in the order of the request.
    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError>;

    /// All visits of a community behind a place, by day and then by member, at most `limit`. Costs
    /// what it returns.
    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError>;

    /// The rule sets of which a community has a ledger with at least one entry, in their order.
    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError>;

    /// The standings of members, in the order of the request; `None` for one without entries.
    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError>;

    /// Standings behind the position, most points first and then the greatest id: the key is the
    /// sum of points, the id the member's.
    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError>;

    /// The entries behind a place, in order, at most `limit`.
    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The entries of one member before a place, the latest first, at most `limit`.
    async fn entries_of(
        &self,
        ledger: &LedgerId,
        member: MemberId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The entries about things, for each in the order of the ledger.
    async fn entries_about(
        &self,
        ledger: &LedgerId,
        about: &[About],
    ) -> Result<Vec<Vec<Entry>>, StoreError>;

    /// Sums of points, in the order of the request.
    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError>;

    /// The sums of a member's points by the day on which they were given, days rising; those that
    /// are zero are left out. Costs what it returns, however many entries there are.
    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError>;

    /// The members on a board behind the position, most points first and then the greatest id, with
    /// their points: the key is the points, the id the member's. Those whose points are zero are not
    /// on it. Costs what it returns.
    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError>;

    /// The points that members have on a board, in the order of the request; 0 for one who is not
    /// on it.
    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError>;

    /// The boards of a ledger that somebody is on, in their order behind the given one.
    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError>;

    /// Grants by id.
    async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Option<Grant>>, StoreError>;

    /// All grants of a community by id, behind the given one.
    async fn grants_by_id(
        &self,
        community: CommunityId,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError>;
}
