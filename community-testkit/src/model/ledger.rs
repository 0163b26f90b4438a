//! Ledgers: a list of entries each, and everything else is worked out from it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::query::Position;
use community_core::reputation::{
    About, Board, BoardWindow, Entry, EntryPlace, LedgerId, RuleSetId, Standing, SumOf,
};
use community_core::store::LedgerReader;
use community_core::{CommunityId, Grant, GrantId, MemberId, StoreError};

use super::{ModelStore, State};
use crate::naive_boards;

impl State {
    pub(super) fn entries(&self, ledger: &LedgerId) -> Vec<Entry> {
        let mut found: Vec<Entry> = self
            .ledger
            .iter()
            .filter(|(of, _)| of == ledger)
            .map(|(_, entry)| entry.clone())
            .collect();
        found.sort_by_key(Entry::place);
        found
    }

    fn standing(&self, ledger: &LedgerId, member: MemberId) -> Option<Standing> {
        let mut found = None;
        for entry in self.entries(ledger).iter().filter(|entry| entry.member == member) {
            found.get_or_insert_with(|| Standing::new(member)).add(entry);
        }
        found
    }
}

impl ModelStore {
    /// The entries that count on boards and by day: none of what only counts for badges.
    fn on_boards(&self, ledger: &LedgerId) -> Vec<Entry> {
        let mut entries = self.state().entries(ledger);
        entries.retain(|_| !ledger.rules.key.as_str().starts_with("badge."));
        entries
    }
}

#[async_trait]
impl LedgerReader for ModelStore {
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let of = state.events.iter().filter(|event| event.event.community == Some(community));
        Ok(of.filter(|event| event.seq > after).take(limit).cloned().collect())
    }

    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError> {
        let state = self.state();
        let days = |of: &MemberId| {
            let all = state.visits.iter().filter(|(c, _, member)| *c == community && member == of);
            all.map(|(_, day, _)| *day).filter(|day| (from..=to).contains(day)).collect()
        };
        Ok(members.iter().map(days).collect())
    }

    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError> {
        let state = self.state();
        let of = state.visits.iter().filter(|(c, _, _)| *c == community);
        let all = of.map(|(_, day, member)| (*day, *member));
        Ok(all.filter(|place| after.is_none_or(|after| *place > after)).take(limit).collect())
    }

    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError> {
        let state = self.state();
        let of = state.ledger.iter().filter(|(ledger, _)| ledger.community == community);
        let found: BTreeSet<RuleSetId> = of.map(|(ledger, _)| ledger.rules.clone()).collect();
        Ok(found.into_iter().collect())
    }

    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        let state = self.state();
        Ok(members.iter().map(|member| state.standing(ledger, *member)).collect())
    }

    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let state = self.state();
        let members: BTreeSet<MemberId> =
            state.entries(ledger).iter().map(|entry| entry.member).collect();
        let mut found: Vec<Standing> =
            members.into_iter().filter_map(|member| state.standing(ledger, member)).collect();
        found.sort_by_key(|standing| std::cmp::Reverse((standing.points, standing.member)));
        let behind = |standing: &Standing| {
            after.is_none_or(|a| (standing.points, standing.member.uuid()) < (a.key, a.id))
        };
        Ok(found.into_iter().filter(behind).take(limit).collect())
    }

    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let found = self.state().entries(ledger).into_iter();
        let behind = found.filter(|entry| after.is_none_or(|after| entry.place() > after));
        Ok(behind.take(limit).collect())
    }

    async fn entries_of(
        &self,
        ledger: &LedgerId,
        member: MemberId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let found = self.state().entries(ledger).into_iter().rev();
        let of = found.filter(|entry| entry.member == member);
        let of = of.filter(|entry| before.is_none_or(|before| entry.place() < before));
        Ok(of.take(limit).collect())
    }

    async fn entries_about(
        &self,
        ledger: &LedgerId,
        about: &[About],
    ) -> Result<Vec<Vec<Entry>>, StoreError> {
        let entries = self.state().entries(ledger);
        let is_about = |entry: &Entry, about: About| match about {
            About::Topic(topic) => entry.topic == Some(topic),
            About::Post(topic, post) => entry.topic == Some(topic) && entry.post == post,
            About::Marks(topic, post) => {
                entry.topic == Some(topic) && entry.post == post && entry.is_mark()
            }
        };
        let of = |about| entries.iter().filter(|entry| is_about(entry, about)).cloned().collect();
        Ok(about.iter().map(|about| of(*about)).collect())
    }

    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError> {
        let entries = self.state().entries(ledger);
        let counts = |entry: &Entry, of: &SumOf| {
            entry.member == of.member
                && entry.group == of.group
                && of.giver.is_none_or(|giver| entry.giver == Some(giver))
                && of.day.is_none_or(|day| entry.day == day)
        };
        let sum = |of| entries.iter().filter(|entry| counts(entry, of)).map(|e| e.points).sum();
        Ok(of.iter().map(sum).collect())
    }

    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError> {
        let mut days = naive_boards::days(&self.on_boards(ledger));
        Ok(days.remove(&member).unwrap_or_default().into_iter().collect())
    }

    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError> {
        let mut sums = naive_boards::sums(board.window, &self.on_boards(ledger));
        let members = sums.remove(board).unwrap_or_default();
        let mut found: Vec<(MemberId, i64)> = members.into_iter().collect();
        found.sort_by_key(|(member, points)| std::cmp::Reverse((*points, *member)));
        let behind = |(member, points): &(MemberId, i64)| {
            after.is_none_or(|a| (*points, member.uuid()) < (a.key, a.id))
        };
        Ok(found.into_iter().filter(behind).take(limit).collect())
    }

    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError> {
        let mut sums = naive_boards::sums(board.window, &self.on_boards(ledger));
        let all = sums.remove(board).unwrap_or_default();
        Ok(members.iter().map(|member| all.get(member).copied().unwrap_or(0)).collect())
    }

    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError> {
        let entries = self.on_boards(ledger);
        let all = BoardWindow::ALL.map(|window| naive_boards::sums(window, &entries));
        let names: BTreeSet<Board> = all.into_iter().flatten().map(|(board, _)| board).collect();
        let behind = names.into_iter().filter(|board| after.is_none_or(|after| board > after));
        Ok(behind.take(limit).collect())
    }

    async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Option<Grant>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.grants.get(id).cloned()).collect())
    }

    async fn grants_by_id(
        &self,
        community: CommunityId,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let state = self.state();
        let of = state.grants.values().filter(|grant| grant.community == community);
        Ok(of.filter(|g| after.is_none_or(|after| g.id > after)).take(limit).cloned().collect())
    }
}
