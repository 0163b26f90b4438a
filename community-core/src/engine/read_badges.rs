//! Reads of badges.

use serde::Serialize;

use super::Engine;
use super::read::Read;
use super::session::{Session, reading};
use super::view::Page;
use crate::domain::{Author, Community, Membership};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::{Action, Guarded, Scope, Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::reputation::{
    Award, Awarding, AwardsId, Badge, BadgeSet, LedgerId, Measure, SumOf, Tallies,
};
use crate::text::{Key, Name, Slug};
use crate::time::Timestamp;

/// A badge that a community gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadgeView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// The badge, and what it is given for.
    pub badge: Badge,
    /// How many members have which tier as their highest, by tier, where there are any.
    pub holders: Vec<TierCount>,
}

/// How many members have a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TierCount {
    /// The tier, from 1.
    pub tier: u32,
    /// How many.
    pub members: u64,
}

/// What a member has of the badges of a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberBadgesView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// Who.
    pub member: Author,
    /// The badges, in the order of the set: those that the member has, and to the member and to
    /// those who manage the community all of them.
    pub badges: Vec<HeldBadge>,
}

/// What a member has of a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBadge {
    /// The badge.
    pub badge: Slug,
    /// Its name.
    pub name: Name,
    /// The tier that the member has; 0 is none. Of a badge that is given again and again, how many
    /// times.
    pub tier: u32,
    /// The name of the tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier_name: Option<Name>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How far it is to the next tier: told to the member, and to those who manage the community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// How far it is to the next tier of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is measured now.
    pub has: i64,
    /// What the next tier takes; `None` when there is none above.
    pub needs: Option<i64>,
}

/// A member who has a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HolderView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// Who.
    pub member: Author,
    /// The tier.
    pub tier: u32,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Guarded for BadgeView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Guarded for MemberBadgesView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Guarded for HolderView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Session {
    /// The badges of a community, in the order of the set in force, with how many members have
    /// them; none when no set is in force. As of the last [pump](Engine::pump).
    ///
    /// Everybody who holds one is counted, those too whom directories do not list, and what was done
    /// in places that the viewer may not see counts for badges as elsewhere.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn badges(&self, community: &Slug) -> Result<Vec<Visible<BadgeView>>> {
        reading!(self, Read::Badges, |rights| {
            let community = rights.community(community)?;
            let Some(set) = community.reputation.badges.active_set() else { return Ok(Vec::new()) };
            let counts = self.engine().store().award_counts(&awards(community, set)).await?;
            self.require_current(&rights).await?;
            let view = |badge: &Badge| {
                let of = counts.iter().filter(|(key, _, _)| *key == badge.key);
                let holders =
                    of.map(|(_, tier, members)| TierCount { tier: *tier, members: *members });
                Unchecked::new(BadgeView {
                    community: community.id,
                    badge: badge.clone(),
                    holders: holders.collect(),
                })
            };
            Ok(rights.scope.admit_all(set.badges.iter().map(view)))
        })
    }

    /// What a member has of the badges of a community, as of the last [pump](Engine::pump).
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or does not know such
    /// a member.
    pub async fn badges_of(
        &self,
        community: &Slug,
        key: &Key,
    ) -> Result<Visible<MemberBadgesView>> {
        reading!(self, Read::Badges, |rights| {
            let place = rights.community(community)?;
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let memberships = store.memberships(member.id).await?;
            let closely = rights.actor() == Some(member.id)
                || rights.place_to(&Action::Manage, community, None).is_ok();
            let is_known = closely || member.listed;
            known_in(&memberships, place.id)
                .filter(|_| is_known)
                .ok_or(Error::NotFound("member"))?;
            let mut badges = Vec::new();
            if let Some(set) = place.reputation.badges.active_set() {
                let held = store.awards_of(&awards(place, set), member.id).await?;
                for badge in &set.badges {
                    let award = held.iter().find(|award| award.badge == badge.key);
                    let tier = award.map_or(0, Award::held);
                    if tier == 0 && !closely {
                        continue;
                    }
                    let progress = if closely {
                        let has = self.engine().measure(place, set, badge, member.id).await?;
                        Some(Progress { has, needs: badge.needs(tier.saturating_add(1)) })
                    } else {
                        None
                    };
                    let named = usize::try_from(tier).unwrap_or(usize::MAX).checked_sub(1);
                    badges.push(HeldBadge {
                        badge: badge.key.clone(),
                        name: badge.name.clone(),
                        tier,
                        tier_name: named.and_then(|at| Some(badge.tiers.get(at)?.name.clone())),
                        since: award.filter(|_| tier > 0).and_then(Award::since),
                        progress,
                    });
                }
            }
            self.require_current(&rights).await?;
            let view = Unchecked::new(MemberBadgesView {
                community: place.id,
                member: Author::from(&member),
                badges,
            });
            rights.scope.admit(view).ok_or(Error::NotFound("member"))
        })
    }

    /// The members of the community who have a badge, the oldest account first. Whoever directories
    /// do not list is not among them. Every page but the last is full.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or has no such badge;
    /// [`Error::Invalid`] for a cursor of another list; [`Error::Limit`] for too large a page.
    pub async fn badge_holders(
        &self,
        community: &Slug,
        badge: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<HolderView>>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Badges, |rights| {
            let community = rights.community(community)?;
            let set = community.reputation.badges.active_set();
            let set = set.filter(|set| set.badge(badge.as_str()).is_some());
            let id = awards(community, set.ok_or(Error::NotFound("badge"))?);
            let name = format!("holders {} {} {badge}", community.id, id.set);
            let after = after.map(|text| Cursor::decode(text, &name)).transpose()?;
            // Nobody has this id.
            let first = MemberId::from_bytes([0; 16]);
            let mut last = after.map_or(first, |place| MemberId::from_uuid(place.id));
            let (store, mut items) = (self.engine().store(), Vec::new());
            // Those who are not shown make a page longer to find, and never shorter.
            'pages: loop {
                let page =
                    store.awards_by_badge(&id, Some((badge.clone(), last)), limit + 1).await?;
                let is_last = page.len() <= limit;
                let here: Vec<Award> =
                    page.into_iter().take_while(|award| award.badge == *badge).collect();
                let Some(end) = here.last() else { break };
                last = end.member;
                let ids: Vec<MemberId> = here.iter().map(|award| award.member).collect();
                let members = store.members(&ids).await?;
                let memberships = store.memberships_in(community.id, &ids).await?;
                for ((award, member), known) in here.iter().zip(members).zip(memberships) {
                    let held = (award.held(), member);
                    let (tier @ 1.., Some(member)) = held else { continue };
                    if member.listed && known.is_some_and(|known| known.joined_at.is_some()) {
                        items.push(HolderView {
                            community: community.id,
                            member: Author::from(&member),
                            tier,
                            since: award.since(),
                        });
                        if items.len() > limit {
                            break 'pages;
                        }
                    }
                }
                if is_last {
                    break;
                }
            }
            self.require_current(&rights).await?;
            let more = items.len() > limit;
            items.truncate(limit);
            let last = items.last().filter(|_| more);
            let next = last.map(|view| {
                Cursor::new(Position { key: 0, id: view.member.id.uuid() }, &name).to_string()
            });
            let items = rights.scope.admit_all(items.into_iter().map(Unchecked::new));
            Ok(Page { items, next })
        })
    }

    /// Who would have which badges by a set: worked out from the beginning of the log, in memory,
    /// and nothing is written. It takes as long as reading the log of the community does, and as
    /// much memory as what is counted.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for a
    /// badge set that makes no sense, or rests on rules that are not there.
    pub async fn preview_badges(&self, community: &Slug, set: &BadgeSet) -> Result<Vec<Award>> {
        set.check()?;
        reading!(self, Read::Managed, |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            if let Some(rules) = &set.rules
                && community.reputation.rule_set(rules).is_none()
            {
                return Err(Error::invalid(format!("there is no rule set `{rules}`")));
            }
            let found = self.engine().award_aside(&rights.directory, community, set).await?;
            self.require_current(&rights).await?;
            Ok(found)
        })
    }
}

impl Engine {
    /// What a badge measures of a member now.
    async fn measure(
        &self,
        community: &Community,
        set: &BadgeSet,
        badge: &Badge,
        member: MemberId,
    ) -> Result<i64> {
        let store = self.store();
        let rules = set.rules.as_ref().and_then(|id| community.reputation.rule_set(id));
        let mut awarding = Awarding::new(set, rules);
        match &badge.measure {
            Measure::Visited { per } => {
                let days = store.visits(community.id, &[member], 0, i32::MAX).await?;
                return Ok(per.of_days(&days.into_iter().next().unwrap_or_default()));
            }
            Measure::Counted(_) => {
                let ledger = awards(community, set).counting();
                let of = [(member, Tallies::prefix(&badge.key))];
                let sums = store.sums_by_group(&ledger, &of).await?;
                let sums = sums.into_iter().next().unwrap_or_default();
                awarding.know_tallies(badge.key.clone(), member, sums);
            }
            Measure::Points { .. } | Measure::Level => {
                let Some(rules) = rules else { return Ok(0) };
                let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
                let standing = store.standings(&ledger, &[member]).await?;
                let points = standing.into_iter().flatten().next().map_or(0, |found| found.points);
                awarding.know_points(member, None, points);
                let groups: Vec<Slug> = awarding.groups().into_iter().flatten().collect();
                let of =
                    |group: &Slug| SumOf { member, group: group.clone(), giver: None, day: None };
                let asked: Vec<SumOf> = groups.iter().map(of).collect();
                let sums = store.sums(&ledger, &asked).await?;
                for (group, sum) in groups.into_iter().zip(sums) {
                    awarding.know_points(member, Some(group), sum);
                }
            }
        }
        Ok(awarding.measured(badge, member).unwrap_or(0))
    }
}

fn awards(community: &Community, set: &BadgeSet) -> AwardsId {
    AwardsId { community: community.id, set: set.id.clone() }
}

/// The membership of somebody who belongs to the community.
fn known_in(memberships: &[Membership], community: CommunityId) -> Option<&Membership> {
    memberships.iter().find(|known| known.community == community && known.joined_at.is_some())
}
