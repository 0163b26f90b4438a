//! Badges, visitors, and what is counted by day and by time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use community_core::change::{Event, Seq, Written};
use community_core::reputation::{Award, AwardsId, LedgerId};
use community_core::store::AwardReader;
use community_core::{CommunityId, MemberId, PostKind, Slug, StoreError, Timestamp};
use rustc_hash::FxHashMap;

use crate::MemoryStore;
use crate::state::State;

/// What members have of the badges of one version of a badge set.
#[derive(Debug, Default)]
pub(crate) struct AwardTable {
    rows: BTreeMap<(Slug, MemberId), Award>,
    of_member: FxHashMap<MemberId, BTreeSet<Slug>>,
    /// How many hold which tier of a badge. Nobody is counted at tier 0.
    counts: BTreeMap<(Slug, u32), u64>,
}

impl AwardTable {
    pub(crate) fn put(&mut self, award: Award) {
        let place = (award.badge.clone(), award.member);
        if let Some(before) = self.rows.get(&place)
            && let Some(count) = self.counts.get_mut(&(before.badge.clone(), before.held()))
        {
            *count = count.saturating_sub(1);
        }
        if award.held() > 0 {
            *self.counts.entry((award.badge.clone(), award.held())).or_default() += 1;
        }
        self.of_member.entry(award.member).or_default().insert(award.badge.clone());
        self.rows.insert(place, award);
    }
}

/// The visitors of one community, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Visitors {
    last: u64,
    by_number: BTreeMap<u64, MemberId>,
    numbers: FxHashMap<MemberId, u64>,
}

impl Visitors {
    /// Gives a member the next number.
    pub(crate) fn number(&mut self, member: MemberId) {
        self.last += 1;
        if let Some(before) = self.numbers.insert(member, self.last) {
            self.by_number.remove(&before);
        }
        self.by_number.insert(self.last, member);
    }
}

#[async_trait]
impl AwardReader for MemoryStore {
    async fn awards(
        &self,
        of: &AwardsId,
        keys: &[(Slug, MemberId)],
    ) -> Result<Vec<Option<Award>>, StoreError> {
        let state = self.read();
        let table = state.awards.get(of);
        Ok(keys.iter().map(|key| table.and_then(|table| table.rows.get(key)).cloned()).collect())
    }

    async fn awards_of(&self, of: &AwardsId, member: MemberId) -> Result<Vec<Award>, StoreError> {
        let state = self.read();
        let Some(table) = state.awards.get(of) else { return Ok(Vec::new()) };
        let badges = table.of_member.get(&member).into_iter().flatten();
        Ok(badges.filter_map(|badge| table.rows.get(&(badge.clone(), member)).cloned()).collect())
    }

    async fn awards_by_badge(
        &self,
        of: &AwardsId,
        after: Option<(Slug, MemberId)>,
        limit: usize,
    ) -> Result<Vec<Award>, StoreError> {
        let state = self.read();
        let Some(table) = state.awards.get(of) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = table.rows.range((from, Bound::Unbounded));
        Ok(behind.take(limit).map(|(_, award)| award.clone()).collect())
    }

    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError> {
        let state = self.read();
        let counts = state.awards.get(of).into_iter().flat_map(|table| &table.counts);
        let counts = counts.filter(|(_, members)| **members > 0);
        Ok(counts.map(|((badge, tier), members)| (badge.clone(), *tier, *members)).collect())
    }

    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let sums = |(member, prefix): &(MemberId, Slug)| {
            table.map(|table| table.sums_by_group(*member, prefix)).unwrap_or_default()
        };
        Ok(of.iter().map(sums).collect())
    }

    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError> {
        let state = self.read();
        let table = state.ledgers.get(ledger);
        let points = |(member, group): &(MemberId, Option<Slug>)| {
            table.map_or(0, |table| table.points_at(*member, group.as_ref(), at))
        };
        Ok(of.iter().map(points).collect())
    }

    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError> {
        let state = self.read();
        let Some(visitors) = state.visitors.get(&community) else { return Ok(Vec::new()) };
        let behind = visitors.by_number.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(behind.take(limit).map(|(number, member)| (*number, *member)).collect())
    }

    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError> {
        Ok(self.read().written_on(community, member, day))
    }

    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.read();
        let Some(places) = state.events_at.get(&community) else { return Ok(Vec::new()) };
        let from = match after.filter(|(at, _)| *at >= from) {
            Some(after) => Bound::Excluded(after),
            None => Bound::Included((from, Seq(0))),
        };
        let found = places.range((from, Bound::Unbounded)).take(limit).filter_map(|(_, seq)| {
            let at = usize::try_from(seq.0.checked_sub(1)?).ok()?;
            Some(Event { seq: *seq, event: state.events.get(at)?.clone() })
        });
        Ok(found.collect())
    }
}

impl State {
    /// How many posts and topics somebody wrote on a day.
    fn written_on(&self, community: CommunityId, member: MemberId, day: i32) -> (u32, u32) {
        const DAY: i64 = 86_400_000_000;
        let from = i64::from(day).saturating_mul(DAY);
        let posts = self.index.posts_of(member, from, from.saturating_add(DAY));
        let posts = posts.filter_map(|id| self.posts.get(&id)).filter(|post| {
            self.topics.get(&post.topic).is_some_and(|topic| topic.community == community)
        });
        posts.fold((0, 0), |(posts, topics), post| {
            (posts + 1, topics + u32::from(post.kind == PostKind::Opening))
        })
    }

    /// Whether somebody wrote fewer on a day than so many.
    pub(crate) fn wrote_fewer(
        &self,
        (community, member, day): (CommunityId, MemberId, i32),
        what: Written,
        than: u32,
    ) -> bool {
        let (posts, topics) = self.written_on(community, member, day);
        match what {
            Written::Posts => posts < than,
            Written::Topics => topics < than,
        }
    }
}
