//! Badges: which ones a community gives, and those that somebody decides on.

use super::{nothing, reputation};
use crate::change::EventKind;
use crate::domain::Grant;
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{GrantId, MemberId};
use crate::policy::Action;
use crate::reputation::{Award, AwardsId, BadgeSet, BadgeSetId, Badges, Reputation};
use crate::text::Slug;

/// A badge that is to be given by hand.
#[derive(Debug, Clone)]
pub struct NewAward {
    /// To whom.
    pub member: MemberId,
    /// Which badge of the set in force.
    pub badge: Slug,
    /// The tier, from 1. The rule of the badge may still lead to a higher one.
    pub tier: u32,
    /// Why, in words.
    pub reason: String,
}

impl Session {
    /// Defines a badge set of the community's own, or a new version of one. A version never changes;
    /// defining it again as it is does nothing. It is not in force before
    /// [`switch_badges`](Self::switch_badges) says so.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for
    /// badges that make no sense, rules that are not there, or too many sets; [`Error::Conflict`]
    /// for a version that is there and differs.
    pub async fn define_badges(&self, community: &Slug, set: &BadgeSet) -> Result<()> {
        set.check()?;
        command!(self, ("define badges", community, set), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            match old.reputation.badges.set(&set.id) {
                Some(known) if known == set => return nothing(&rights, None),
                Some(_) => return Err(Error::Conflict("a version of a badge set never changes")),
                None => {}
            }
            let mut reputation = old.reputation.clone();
            reputation.badges.own.push(set.clone());
            reputation::put(&rights, old, reputation)
        });
        Ok(())
    }

    /// Puts a badge set in force, or none. Its awards are worked out from the beginning of the log
    /// first, so that everything changes at once and as a whole. What a switch brings is not told in
    /// the log one by one, nor to the host's hook: [`preview_badges`](Self::preview_badges) says it
    /// beforehand. From then on each award is told.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or badge set that is not there; [`Error::Denied`] without
    /// the right to manage; [`Error::Store`].
    pub async fn switch_badges(&self, community: &Slug, set: Option<&BadgeSetId>) -> Result<()> {
        {
            let rights = self.acting().await?;
            rights.place_to(&Action::Manage, community, None)?;
        }
        if let Some(set) = set {
            self.engine().project_badges(community, set).await?;
        }
        command!(self, ("switch badges", community, set), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            let known = &old.reputation.badges;
            if set.is_some_and(|set| known.set(set).is_none()) {
                return Err(Error::NotFound("badge set"));
            }
            if known.active.as_ref() == set {
                return nothing(&rights, None);
            }
            let badges = Badges { active: set.cloned(), own: known.own.clone() };
            reputation::put(&rights, old, Reputation { badges, ..old.reputation.clone() })
        });
        Ok(())
    }

    /// Gives a badge by hand. Who decided and why stays beside it as a [`Grant`] of no points, with
    /// [`EventKind::BadgeDecided`] in the log. It holds whatever the badge's rule says, in other
    /// versions of the set too, until it is taken away. Nothing happens when it was decided so.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community, member or badge that is not there; [`Error::Denied`]
    /// without the right to manage; [`Error::Invalid`] for oneself, a tier that the badge does not
    /// have, or without a reason; [`Error::Limit`].
    pub async fn award_badge(&self, community: &Slug, new: &NewAward) -> Result<()> {
        if new.tier == 0 {
            return Err(Error::invalid("tiers are counted from 1"));
        }
        self.decide_badge(community, new).await
    }

    /// Takes a badge away, with all of its tiers, whatever its rule says, until it is given by hand
    /// again. Who decided and why stays beside it, as with [`award_badge`](Self::award_badge).
    ///
    /// # Errors
    /// As [`award_badge`](Self::award_badge).
    pub async fn revoke_badge(
        &self,
        community: &Slug,
        member: MemberId,
        badge: &Slug,
        reason: &str,
    ) -> Result<()> {
        let (badge, reason) = (badge.clone(), reason.to_owned());
        self.decide_badge(community, &NewAward { member, badge, tier: 0, reason }).await
    }

    async fn decide_badge(&self, community: &Slug, new: &NewAward) -> Result<()> {
        let env = self.engine().env();
        env.limits().reason(new.reason.len())?;
        if new.reason.trim().is_empty() {
            return Err(Error::invalid("a decision on a badge has a reason"));
        }
        let set = {
            let rights = self.acting().await?;
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let set = community.reputation.badges.active_set();
            set.ok_or(Error::NotFound("badge"))?.id.clone()
        };
        self.engine().project_badges(community, &set).await?;
        command!(self, ("decide badge", community, new), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            if rights.actor() == Some(new.member) {
                return Err(Error::invalid("nobody decides on badges of one's own"));
            }
            let set = community.reputation.badges.active_set();
            let badge = set.and_then(|set| set.badge(new.badge.as_str()));
            let badge = badge.ok_or(Error::NotFound("badge"))?;
            if new.tier > badge.most() {
                return Err(Error::invalid(format!("`{}` has no tier {}", new.badge, new.tier)));
            }
            let store = self.engine().store();
            let exists = self.known_member(new.member).await?;
            if let Some(set) = set {
                let id = AwardsId { community: community.id, set: set.id.clone() };
                let known = store.awards(&id, &[(new.badge.clone(), new.member)]).await?;
                let known = known.into_iter().flatten().next();
                if known.is_some_and(|known| known.decided == Some(new.tier)) {
                    return nothing(&rights, None);
                }
            }
            let grant = Grant {
                id: GrantId::from_uuid(env.mint(rights.now)),
                community: community.id,
                member: new.member,
                reason: new.badge.clone(),
                points: 0,
                tier: Some(new.tier),
                post: None,
                by: rights.actor(),
                note: new.reason.clone(),
                at: rights.now,
            };
            let kind = EventKind::BadgeDecided { badge: new.badge.clone(), tier: new.tier };
            let mut event = rights.event_in(kind, community);
            event.member = Some(new.member);
            let mut changes = rights.changes();
            changes.expect(exists);
            changes.put_grant(grant, event);
            Ok((None, changes))
        });
        // What was decided holds at once. Should this fail, the next pump does it: it is decided.
        let _followed = self.engine().project_badges(community, &set).await;
        Ok(())
    }
}

/// Refuses a tier that no badge has.
pub(super) fn check_tier(tier: u32) -> Result<()> {
    if tier > Award::MOST_TIER {
        return Err(Error::invalid(format!("a badge has at most {} tiers", Award::MOST_TIER)));
    }
    Ok(())
}
