//! Flaws in what is read of ledgers.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::query::Position;
use community_core::reputation::{
    About, Board, BoardScope, Entry, EntryPlace, LedgerId, RuleSetId, Standing, SumOf,
};
use community_core::store::{EventLog, LedgerReader};
use community_core::{CommunityId, Grant, GrantId, MemberId, StoreError};

use super::{Flaw, Flawed};

#[async_trait]
impl LedgerReader for Flawed {
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        if self.is(Flaw::FindsEventsOfAll) {
            return self.inner.events_after(after, limit).await;
        }
        self.inner.events_of(community, after, limit).await
    }

    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError> {
        let from = if self.is(Flaw::IgnoresFirstDay) { 0 } else { from };
        self.inner.visits(community, members, from, to).await
    }

    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError> {
        let mut found = self.inner.visits_by_day(community, after, limit).await?;
        if self.is(Flaw::ForgetsWhoCameToo) {
            found.dedup_by_key(|(day, _)| *day);
        }
        Ok(found)
    }

    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError> {
        self.inner.ledgers(community).await
    }

    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        let mut found = self.inner.standings(ledger, members).await?;
        if self.is(Flaw::TakesOnePoint) {
            found.iter_mut().flatten().for_each(|standing| standing.points -= 1);
        }
        Ok(found)
    }

    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut found = self.inner.ranked(ledger, after, limit).await?;
        if self.is(Flaw::RanksTheOthersWay) {
            found.reverse();
        }
        if self.is(Flaw::RanksOneLess) {
            found.pop();
        }
        Ok(found)
    }

    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.inner.entries(ledger, after, limit).await?;
        if self.is(Flaw::TurnsEntriesAround) {
            found.reverse();
        }
        let lost = usize::from(self.is(Flaw::ForgetsEntryPlace) && after.is_some());
        Ok(found.into_iter().skip(lost).collect())
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
        let wider = |about: &About| match *about {
            About::Post(topic, _) if self.is(Flaw::FindsOtherPosts) => About::Topic(topic),
            about => about,
        };
        let about: Vec<About> = about.iter().map(wider).collect();
        self.inner.entries_about(ledger, &about).await
    }

    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError> {
        let day = |of: &SumOf| of.day.filter(|_| !self.is(Flaw::SumsAllDays));
        let of: Vec<SumOf> = of.iter().map(|of| SumOf { day: day(of), ..of.clone() }).collect();
        self.inner.sums(ledger, &of).await
    }

    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError> {
        let mut found = self.inner.days(ledger, member).await?;
        if self.is(Flaw::ForgetsLastDay) {
            found.pop();
        }
        Ok(found)
    }

    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError> {
        let mut asked = board.clone();
        if self.is(Flaw::IgnoresGroups) {
            asked.group = None;
        }
        if self.is(Flaw::IgnoresPlaces) {
            asked.scope = BoardScope::Community;
        }
        let after = after.filter(|_| !self.is(Flaw::ForgetsBoardPlace));
        let mut found = self.inner.board(ledger, &asked, after, limit).await?;
        if self.is(Flaw::RanksWhatCounts) && !ledger.rules.has_boards() {
            let standings = self.inner.ranked(ledger, None, limit).await?;
            found = standings.iter().map(|s| (s.member, s.points)).collect();
        }
        if self.is(Flaw::TurnsBoardsAround) {
            found.reverse();
        }
        if self.is(Flaw::DropsWhoLost) {
            found.retain(|(_, points)| *points > 0);
        }
        Ok(found)
    }

    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError> {
        let mut found = self.inner.board_points(ledger, board, members).await?;
        if self.is(Flaw::CountsOneMore) {
            found.iter_mut().for_each(|points| *points += 1);
        }
        Ok(found)
    }

    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError> {
        let found = self.inner.boards(ledger, after, limit).await?;
        let lost = usize::from(self.is(Flaw::ForgetsBoard) && after.is_none());
        Ok(found.into_iter().skip(lost).collect())
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
