//! Ledgers of reputation, grants, and visits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::query::Position;
use community_core::reputation::{
    About, Board, Entry, EntryPlace, LedgerId, LedgerMoves, RuleSetId, Standing, SumOf,
};
use community_core::store::LedgerReader;
use community_core::{CommunityId, Grant, GrantId, MemberId, PostId, Slug, StoreError, TopicId};
use rustc_hash::FxHashMap;

use crate::MemoryStore;
use crate::state::State;

/// One ledger, and what follows from its entries.
#[derive(Debug, Default)]
pub(crate) struct LedgerTable {
    entries: BTreeMap<EntryPlace, Entry>,
    standings: FxHashMap<MemberId, Standing>,
    ranked: BTreeSet<(i64, MemberId)>,
    sums: FxHashMap<SumOf, i64>,
    /// The groups of which each member has entries.
    groups: FxHashMap<MemberId, BTreeSet<Slug>>,
    of_member: FxHashMap<MemberId, BTreeSet<EntryPlace>>,
    about: BTreeMap<(TopicId, Option<PostId>), BTreeSet<EntryPlace>>,
    days: FxHashMap<MemberId, BTreeMap<i32, i64>>,
    boards: BTreeMap<Board, BoardTable>,
}

/// One board, both ways round. Nobody on it has zero points.
#[derive(Debug, Default)]
struct BoardTable {
    points: FxHashMap<MemberId, i64>,
    ranked: BTreeSet<(i64, MemberId)>,
}

impl BoardTable {
    fn step(&mut self, member: MemberId, step: i64) {
        let was = self.points.remove(&member).unwrap_or(0);
        self.ranked.remove(&(was, member));
        let is = was.saturating_add(step);
        if is != 0 {
            self.points.insert(member, is);
            self.ranked.insert((is, member));
        }
    }
}

impl LedgerTable {
    pub(crate) fn has(&self, place: EntryPlace) -> bool {
        self.entries.contains_key(&place)
    }

    /// Appends the entries of a change set. Nothing stands at their places.
    pub(crate) fn append(&mut self, rules: &RuleSetId, entries: Vec<Entry>) {
        let LedgerMoves { boards, days } = LedgerMoves::of(rules, &entries);
        for ((member, day), step) in days {
            let of_member = self.days.entry(member).or_default();
            let points = of_member.entry(day).or_default();
            *points = points.saturating_add(step);
            if *points == 0 {
                of_member.remove(&day);
            }
        }
        for (board, members) in boards {
            let table = self.boards.entry(board).or_default();
            members.into_iter().for_each(|(member, step)| table.step(member, step));
        }
        entries.into_iter().for_each(|entry| self.append_one(entry));
    }

    fn append_one(&mut self, entry: Entry) {
        let (member, place) = (entry.member, entry.place());
        let standing = self.standings.entry(member).or_insert_with(|| Standing::new(member));
        self.ranked.remove(&(standing.points, member));
        standing.add(&entry);
        self.ranked.insert((standing.points, member));
        for sum in SumOf::of(&entry) {
            *self.sums.entry(sum).or_default() += entry.points;
        }
        self.groups.entry(member).or_default().insert(entry.group.clone());
        self.of_member.entry(member).or_default().insert(place);
        if let Some(topic) = entry.topic {
            self.about.entry((topic, entry.post)).or_default().insert(place);
        }
        self.entries.insert(place, entry);
    }

    /// The sums of a member's points by group, of those that begin with a text.
    pub(crate) fn sums_by_group(&self, member: MemberId, prefix: &Slug) -> Vec<(Slug, i64)> {
        let groups = self.groups.get(&member).into_iter().flatten();
        let named = groups.filter(|group| group.as_str().starts_with(prefix.as_str()));
        let sums = named.filter_map(|group| {
            let of = SumOf { member, group: group.clone(), giver: None, day: None };
            Some((group.clone(), *self.sums.get(&of)?))
        });
        sums.filter(|(_, sum)| *sum != 0).collect()
    }

    /// A sum of a member's points as it was behind a position.
    pub(crate) fn points_at(&self, member: MemberId, group: Option<&Slug>, at: Seq) -> i64 {
        let places = self.of_member.get(&member).into_iter().flatten();
        let until = places.take_while(|place| place.cause <= at);
        let entries = until.filter_map(|place| self.entries.get(place));
        let of = entries.filter(|entry| group.is_none_or(|group| entry.group == *group));
        of.map(|entry| entry.points).sum()
    }

    fn entries_about(&self, about: About) -> Vec<Entry> {
        let (topic, from, to) = match about {
            About::Topic(topic) => (topic, None, Some(PostId::from_bytes([0xff; 16]))),
            About::Post(topic, post) | About::Marks(topic, post) => (topic, post, post),
        };
        let marks_only = matches!(about, About::Marks(..));
        let places = self.about.range((topic, from)..=(topic, to)).flat_map(|(_, places)| places);
        let mut found: Vec<Entry> = places
            .filter_map(|place| self.entries.get(place))
            .filter(|entry| !marks_only || entry.is_mark())
            .cloned()
            .collect();
        found.sort_by_key(Entry::place);
        found
    }
}

/// The visits of one community, both ways round.
#[derive(Debug, Default)]
pub(crate) struct VisitTable {
    by_day: BTreeSet<(i32, MemberId)>,
    of_member: FxHashMap<MemberId, BTreeSet<i32>>,
}

impl VisitTable {
    /// Notes a visit. Tells whether it is new.
    pub(crate) fn add(&mut self, member: MemberId, day: i32) -> bool {
        self.of_member.entry(member).or_default().insert(day);
        self.by_day.insert((day, member))
    }
}

#[async_trait]
impl LedgerReader for MemoryStore {
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.read();
        let Some(places) = state.events_of.get(&community) else { return Ok(Vec::new()) };
        let begin = places.partition_point(|seq| *seq <= after);
        let found = places.iter().skip(begin).take(limit).filter_map(|seq| {
            let at = usize::try_from(seq.0.checked_sub(1)?).ok()?;
            Some(Event { seq: *seq, event: state.events.get(at)?.clone() })
        });
        Ok(found.collect())
    }

    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError> {
        let state = self.read();
        let days = |member| {
            let table = state.visits.get(&community);
            let days = table.and_then(|table| table.of_member.get(member)).into_iter().flatten();
            days.copied().filter(|day| (from..=to).contains(day)).collect()
        };
        Ok(members.iter().map(days).collect())
    }

    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError> {
        let state = self.read();
        let Some(table) = state.visits.get(&community) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(table.by_day.range((from, Bound::Unbounded)).take(limit).copied().collect())
    }

    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError> {
        let state = self.read();
        let mut found: Vec<RuleSetId> = state
            .ledgers
            .keys()
            .filter(|ledger| ledger.community == community)
            .map(|ledger| ledger.rules.clone())
            .collect();
        found.sort();
        Ok(found)
    }

    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let of = |member| table.and_then(|table| table.standings.get(member)).copied();
        Ok(members.iter().map(of).collect())
    }

    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let state = self.read();
        let Some(table) = state.ledgers.get(ledger) else { return Ok(Vec::new()) };
        let after = after.map(|after| (after.key, MemberId::from_uuid(after.id)));
        let found: Vec<&(i64, MemberId)> = match after {
            Some(after) => table.ranked.range(..after).rev().take(limit).collect(),
            None => table.ranked.iter().rev().take(limit).collect(),
        };
        Ok(found.into_iter().filter_map(|(_, id)| table.standings.get(id).copied()).collect())
    }

    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let state = self.read();
        let Some(table) = state.ledgers.get(ledger) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = table.entries.range((from, Bound::Unbounded));
        Ok(behind.take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    async fn entries_of(
        &self,
        ledger: &LedgerId,
        member: MemberId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let state = self.read();
        let Some(table) = state.ledgers.get(ledger) else { return Ok(Vec::new()) };
        let places = table.of_member.get(&member).into_iter().flatten().rev();
        let places = places.filter(|place| before.is_none_or(|before| **place < before));
        Ok(places.filter_map(|place| table.entries.get(place)).take(limit).cloned().collect())
    }

    async fn entries_about(
        &self,
        ledger: &LedgerId,
        about: &[About],
    ) -> Result<Vec<Vec<Entry>>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let of = |about: &About| table.map(|table| table.entries_about(*about)).unwrap_or_default();
        Ok(about.iter().map(of).collect())
    }

    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let sum = |of| table.and_then(|table| table.sums.get(of)).copied().unwrap_or(0);
        Ok(of.iter().map(sum).collect())
    }

    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let days = table.and_then(|table| table.days.get(&member)).into_iter().flatten();
        Ok(days.map(|(day, points)| (*day, *points)).collect())
    }

    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger).and_then(|table| table.boards.get(board));
        let Some(table) = table else { return Ok(Vec::new()) };
        let after = after.map(|after| (after.key, MemberId::from_uuid(after.id)));
        let to = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = table.ranked.range((Bound::Unbounded, to)).rev();
        Ok(behind.take(limit).map(|(points, member)| (*member, *points)).collect())
    }

    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger).and_then(|table| table.boards.get(board));
        let of = |member| table.and_then(|table| table.points.get(member)).copied().unwrap_or(0);
        Ok(members.iter().map(of).collect())
    }

    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError> {
        let state = self.read();
        let Some(table) = state.ledgers.get(ledger) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = table.boards.range((from, Bound::Unbounded));
        let found = behind.filter(|(_, table)| !table.points.is_empty());
        Ok(found.take(limit).map(|(board, _)| board.clone()).collect())
    }

    async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Option<Grant>>, StoreError> {
        let state = self.read();
        Ok(ids.iter().map(|id| state.grants.get(id).cloned()).collect())
    }

    async fn grants_by_id(
        &self,
        community: CommunityId,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let state = self.read();
        let behind = state.grants.values().filter(|grant| {
            grant.community == community && after.is_none_or(|after| grant.id > after)
        });
        Ok(behind.take(limit).cloned().collect())
    }
}

impl State {
    /// Notes the events of a commit that got the positions behind `head`.
    pub(crate) fn note_events(&mut self, head: Seq) {
        let first = usize::try_from(head.0).unwrap_or(usize::MAX);
        for (event, seq) in self.events.iter().skip(first).zip(head.0.saturating_add(1)..) {
            if let Some(community) = event.community {
                self.events_of.entry(community).or_default().push(Seq(seq));
                self.events_at.entry(community).or_default().insert((event.at, Seq(seq)));
            }
        }
    }
}
