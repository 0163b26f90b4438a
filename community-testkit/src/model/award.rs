//! Badges, visitors, and what is counted by day and by time: worked out from rows each time.

use std::collections::BTreeMap;

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::reputation::{Award, AwardsId, LedgerId};
use community_core::store::AwardReader;
use community_core::time::day_of;
use community_core::{CommunityId, MemberId, PostKind, Slug, StoreError, Timestamp};

use super::{ModelStore, State};

impl State {
    /// How many posts and topics somebody wrote on a day.
    pub(super) fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> (u32, u32) {
        let is_here = |post: &&community_core::Post| {
            self.topics.get(&post.topic).is_some_and(|topic| topic.community == community)
        };
        let of = self.posts.values().filter(|post| post.author == member);
        let of = of.filter(|post| day_of(post.created_at) == day).filter(is_here);
        of.fold((0, 0), |(posts, topics), post| {
            (posts + 1, topics + u32::from(post.kind == PostKind::Opening))
        })
    }

    fn awards(&self, of: &AwardsId) -> impl Iterator<Item = &Award> {
        self.awards.iter().filter(move |((id, _, _), _)| id == of).map(|(_, award)| award)
    }
}

#[async_trait]
impl AwardReader for ModelStore {
    async fn awards(
        &self,
        of: &AwardsId,
        keys: &[(Slug, MemberId)],
    ) -> Result<Vec<Option<Award>>, StoreError> {
        let state = self.state();
        let award = |(badge, member): &(Slug, MemberId)| {
            state.awards(of).find(|a| a.badge == *badge && a.member == *member).cloned()
        };
        Ok(keys.iter().map(award).collect())
    }

    async fn awards_of(&self, of: &AwardsId, member: MemberId) -> Result<Vec<Award>, StoreError> {
        let state = self.state();
        Ok(state.awards(of).filter(|award| award.member == member).cloned().collect())
    }

    async fn awards_by_badge(
        &self,
        of: &AwardsId,
        after: Option<(Slug, MemberId)>,
        limit: usize,
    ) -> Result<Vec<Award>, StoreError> {
        let state = self.state();
        let behind = state.awards(of).filter(|award| {
            after.as_ref().is_none_or(|after| (award.badge.clone(), award.member) > *after)
        });
        Ok(behind.take(limit).cloned().collect())
    }

    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError> {
        let state = self.state();
        let mut counts: BTreeMap<(Slug, u32), u64> = BTreeMap::new();
        for award in state.awards(of).filter(|award| award.held() > 0) {
            *counts.entry((award.badge.clone(), award.held())).or_default() += 1;
        }
        Ok(counts.into_iter().map(|((badge, tier), members)| (badge, tier, members)).collect())
    }

    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError> {
        let entries = self.state().entries(ledger);
        let sums = |(member, prefix): &(MemberId, Slug)| {
            let mut sums: BTreeMap<Slug, i64> = BTreeMap::new();
            let of = entries.iter().filter(|entry| entry.member == *member);
            for entry in of.filter(|entry| entry.group.as_str().starts_with(prefix.as_str())) {
                *sums.entry(entry.group.clone()).or_default() += entry.points;
            }
            sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
        };
        Ok(of.iter().map(sums).collect())
    }

    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError> {
        let entries = self.state().entries(ledger);
        let points = |(member, group): &(MemberId, Option<Slug>)| {
            let of = entries.iter().filter(|entry| entry.member == *member && entry.cause <= at);
            let of = of.filter(|entry| group.as_ref().is_none_or(|group| entry.group == *group));
            of.map(|entry| entry.points).sum()
        };
        Ok(of.iter().map(points).collect())
    }

    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError> {
        let state = self.state();
        let of = state.visitors.iter().filter(|(c, _)| *c == community);
        let mut latest: BTreeMap<MemberId, u64> = BTreeMap::new();
        latest.extend(of.zip(1..).map(|((_, member), number)| (*member, number)));
        let mut found: Vec<(u64, MemberId)> =
            latest.into_iter().map(|(member, number)| (number, member)).collect();
        found.sort_unstable();
        Ok(found.into_iter().filter(|(number, _)| *number > after).take(limit).collect())
    }

    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError> {
        Ok(self.state().written_on(community, member, day))
    }

    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let place = |event: &Event| (event.event.at, event.seq);
        let of = state.events.iter().filter(|event| event.event.community == Some(community));
        let mut found: Vec<Event> = of
            .filter(|event| event.event.at >= from)
            .filter(|event| after.is_none_or(|after| place(event) > after))
            .cloned()
            .collect();
        found.sort_by_key(place);
        found.truncate(limit);
        Ok(found)
    }
}
