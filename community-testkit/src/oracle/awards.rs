//! Badges: at each pump everything is awarded again, from the first event.

use std::collections::BTreeSet;

use community_core::change::EventKind;
use community_core::reputation::{Award, BadgeSet, Facts, Measure};
use community_core::{
    Action, Author, BadgeView, Community, CommunityId, HeldBadge, HolderView, Key,
    MemberBadgesView, MemberId, Progress, Seq, Slug, TierCount, Viewer,
};
use serde_json::json;

use super::ask::{Place, page, place_in, shown};
use super::{About, Act, Oracle, Result, not_found};
use crate::awards::{self, History, Moved};
use crate::observe::Answer;

impl Oracle {
    /// Awards the badges of the set in force, and logs what has changed since the last time: what
    /// events caused, in their order, and then what visits did, by member.
    pub(super) fn award(&mut self, act: Act, community: &Community, facts: &Facts) {
        let Some(set) = community.reputation.badges.active_set() else { return };
        let history = self.history(community, set, facts);
        let (rows, moved) = awards::awards(set, &history);
        let before = self.awarded.get(&community.id).copied().unwrap_or(Seq(0));
        let known = self.awards.insert(community.id, rows.clone()).unwrap_or_default();
        let head = self.events.last().map_or(Seq(0), |last| last.seq);
        self.awarded.insert(community.id, head);
        let mut changes: Vec<Moved> = moved.into_iter().filter(|m| m.cause > before).collect();
        let of_visits = set.badges.iter().filter(|b| matches!(b.measure, Measure::Visited { .. }));
        let of_visits: Vec<&Slug> = of_visits.map(|badge| &badge.key).collect();
        for member in history.visits.keys() {
            for badge in &of_visits {
                let of = |rows: &[Award]| {
                    let mut of = rows.iter().filter(|a| a.member == *member && a.badge == **badge);
                    of.next().cloned()
                };
                let (was, is) = (of(&known), of(&rows));
                let earned = |award: &Option<Award>| award.as_ref().map_or(0, |award| award.earned);
                if let Some(row) = is.as_ref().filter(|_| earned(&is) != earned(&was)) {
                    // As it is held with what was decided until now.
                    let before = Award { earned: earned(&was), ..row.clone() };
                    let (from, to) = (before.held(), row.held());
                    let at = row.earned_at.unwrap_or(act.now);
                    if from != to {
                        let (badge, member) = ((*badge).clone(), *member);
                        changes.push(Moved { cause: head, at, badge, member, from, to });
                    }
                }
            }
        }
        for Moved { at, badge, member, from, to, .. } in changes {
            let kind = if to > from {
                EventKind::Awarded { badge, tier: to }
            } else {
                EventKind::Revoked { badge, tier: to }
            };
            let about = About { member: Some(member), ..About::community(community.id) };
            self.log(Act { viewer: Viewer::System, now: at, ..act }, kind, about);
        }
    }

    fn history(&self, community: &Community, set: &BadgeSet, facts: &Facts) -> History {
        let rules = set.rules.as_ref().and_then(|id| community.reputation.rule_set(id));
        let events = self.events.iter().filter(|e| e.event.community == Some(community.id));
        let mut history = History {
            events: events.cloned().collect(),
            facts: facts.clone(),
            rules: rules.cloned(),
            ..History::default()
        };
        for (_, member, day) in self.visits.iter().filter(|(at, _, _)| *at == community.id) {
            history.visits.entry(*member).or_default().insert(*day);
        }
        history
    }

    pub(super) fn badges(&self, act: Act, community: &Slug) -> Result<Vec<BadgeView>> {
        let community = self.community(act, community)?;
        let Some(set) = community.reputation.badges.active_set() else { return Ok(Vec::new()) };
        let rows = self.awards.get(&community.id).cloned().unwrap_or_default();
        let view = |badge: &community_core::reputation::Badge| {
            let held: Vec<u32> =
                rows.iter().filter(|row| row.badge == badge.key).map(Award::held).collect();
            let tiers: BTreeSet<u32> = held.iter().copied().filter(|tier| *tier > 0).collect();
            let count = |tier| TierCount {
                tier,
                members: held.iter().filter(|held| **held == tier).count() as u64,
            };
            BadgeView {
                community: community.id,
                badge: badge.clone(),
                holders: tiers.into_iter().map(count).collect(),
            }
        };
        Ok(set.badges.iter().map(view).collect())
    }

    fn award_row(&self, community: CommunityId, badge: &Slug, member: MemberId) -> Option<&Award> {
        let rows = self.awards.get(&community)?;
        rows.iter().find(|row| row.badge == *badge && row.member == member)
    }

    pub(super) fn badges_of(
        &self,
        act: Act,
        community: &Slug,
        key: &Key,
    ) -> Result<MemberBadgesView> {
        let place = self.community(act, community)?;
        let found = self.members.iter().find(|member| member.key == *key);
        let member = found.ok_or_else(|| not_found("member"))?;
        let closely = act.viewer == Viewer::Member(member.id)
            || self.place_to(act, &Action::Manage, community, None).is_ok();
        let joined = self.membership(place.id, member.id).and_then(|known| known.joined_at);
        joined.filter(|_| closely || member.listed).ok_or_else(|| not_found("member"))?;
        let mut badges = Vec::new();
        if let Some(set) = place.reputation.badges.active_set() {
            let history = self.history(place, set, &self.facts());
            for badge in &set.badges {
                let row = self.award_row(place.id, &badge.key, member.id);
                let tier = row.map_or(0, Award::held);
                if tier == 0 && !closely {
                    continue;
                }
                let has = awards::measured(set, &history, self.awarded_to(place), badge, member.id);
                let name = badge.tiers.get((tier as usize).wrapping_sub(1));
                badges.push(HeldBadge {
                    badge: badge.key.clone(),
                    name: badge.name.clone(),
                    tier,
                    tier_name: name.map(|tier| tier.name.clone()),
                    since: row.filter(|_| tier > 0).and_then(Award::since),
                    progress: closely.then(|| Progress { has, needs: badge.needs(tier + 1) }),
                });
            }
        }
        Ok(MemberBadgesView { community: place.id, member: Author::from(member), badges })
    }

    /// Up to where badges were awarded.
    fn awarded_to(&self, community: &Community) -> Seq {
        self.awarded.get(&community.id).copied().unwrap_or(Seq(0))
    }

    pub(super) fn badge_holders(
        &self,
        act: Act,
        community: &Slug,
        badge: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let community = self.community(act, community)?;
        let set = community.reputation.badges.active_set();
        let set = set.filter(|set| set.badges.iter().any(|known| known.key == *badge));
        let set = set.ok_or_else(|| not_found("badge"))?;
        let list = format!("holders {} {} {badge}", community.id, set.id);
        let after = place_in(after, &list)?;
        let mut found = Vec::new();
        for member in &self.members {
            let joined = self.membership(community.id, member.id).and_then(|known| known.joined_at);
            let row = self.award_row(community.id, badge, member.id).filter(|row| row.held() > 0);
            let (Some(row), Some(_), true) = (row, joined, member.listed) else { continue };
            let place = Place { key: 0, id: member.id.uuid() };
            if after.is_none_or(|after| place > after) {
                found.push((
                    place,
                    HolderView {
                        community: community.id,
                        member: Author::from(member),
                        tier: row.held(),
                        since: row.since(),
                    },
                ));
            }
        }
        found.sort_by_key(|(place, _)| *place);
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }
}
