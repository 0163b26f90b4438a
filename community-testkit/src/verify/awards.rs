//! Badges: both ways to read awards tell the same, and who holds them is counted as it is.

use std::collections::{BTreeMap, BTreeSet};

use community_core::reputation::{Award, AwardsId, BadgeSet};
use community_core::{Community, MemberId, Slug, StoreError};

use super::{PAGE, Verifier};

impl Verifier<'_> {
    /// Checks the awards of every badge set of every community, and the numbers of visitors.
    pub(super) async fn awards(&mut self) -> Result<(), StoreError> {
        let directory = self.directory;
        for community in directory.communities() {
            let own = community.reputation.badges.own.iter();
            for set in own.chain(BadgeSet::shipped()) {
                let of = AwardsId { community: community.id, set: set.id.clone() };
                self.awards_of(community, &of).await?;
            }
            self.visitors(community).await?;
        }
        Ok(())
    }

    async fn awards_of(&mut self, community: &Community, of: &AwardsId) -> Result<(), StoreError> {
        let subject = &format!("badges {} of `{}`", of.set, community.key);
        let mut all: BTreeMap<MemberId, Vec<Award>> = BTreeMap::new();
        let mut counts: BTreeMap<(Slug, u32), u64> = BTreeMap::new();
        let mut after: Option<(Slug, MemberId)> = None;
        loop {
            let page = self.store.awards_by_badge(of, after.clone(), PAGE).await?;
            let is_last = page.len() < PAGE;
            for award in page {
                let place = (award.badge.clone(), award.member);
                let is_behind = after.as_ref().is_none_or(|after| place > *after);
                self.holds("awards are in order", subject, "places that rise", is_behind, &place);
                if !is_behind {
                    return Ok(());
                }
                after = Some(place);
                if award.held() > 0 {
                    *counts.entry((award.badge.clone(), award.held())).or_default() += 1;
                }
                let known = (award.earned == 0 || award.earned_at.is_some())
                    && award.decided.is_some() == award.decided_at.is_some();
                self.holds("an award says since when", subject, "times", known, &award);
                all.entry(award.member).or_default().push(award);
            }
            if is_last {
                break;
            }
        }
        let found = self.store.award_counts(of).await?;
        let counts: Vec<(Slug, u32, u64)> =
            counts.into_iter().map(|((badge, tier), count)| (badge, tier, count)).collect();
        self.same("holders are counted", subject, &found, &counts);
        self.exist(subject, all.keys().copied().collect::<Vec<_>>());
        for (member, awards) in all {
            let keys: Vec<(Slug, MemberId)> =
                awards.iter().map(|award| (award.badge.clone(), member)).collect();
            let subject = format!("{member} in {subject}");
            let found = self.store.awards_of(of, member).await?;
            self.same("a member's awards are those of the badges", &subject, &found, &awards);
            let found = self.store.awards(of, &keys).await?;
            let found: Vec<Award> = found.into_iter().flatten().collect();
            self.same("an award is found by its key", &subject, &found, &awards);
        }
        Ok(())
    }

    /// Checks that exactly those who have visited have a number, and one each.
    async fn visitors(&mut self, community: &Community) -> Result<(), StoreError> {
        let subject = &format!("visitors of `{}`", community.key);
        let (mut after, mut numbered): (u64, BTreeSet<MemberId>) = (0, BTreeSet::new());
        loop {
            let page = self.store.visitors(community.id, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for (number, member) in page {
                let is_behind = number > after && numbered.insert(member);
                let found = (number, member);
                self.holds("visitors have one number", subject, "rising ones", is_behind, found);
                if !is_behind {
                    return Ok(());
                }
                after = number;
            }
            if is_last {
                break;
            }
        }
        let known: Vec<MemberId> = self.seen.authors.keys().copied().collect();
        for members in known.chunks(PAGE) {
            let visits = self.store.visits(community.id, members, 0, i32::MAX).await?;
            for (member, days) in members.iter().zip(visits) {
                let subject = format!("{member} in {subject}");
                let is_numbered = numbered.contains(member);
                self.same(
                    "who has visited has a number",
                    &subject,
                    &is_numbered,
                    &!days.is_empty(),
                );
            }
        }
        Ok(())
    }
}
