//! Commands on members and memberships.

use community_core::change::EventKind;
use community_core::{
    Action, Attribute, Channel, Clause, Community, Decision, Member, MemberId, Membership,
    NewMember, NewSanction, Rev, RoleGrant, Sanction, SanctionKind, Slug,
};
use serde_json::json;

use super::rules::{About as Asked, Access};
use super::{About, Act, Oracle, Result, conflict, denied, done, erased, not_found, within};
use crate::observe::Answer;

impl Oracle {
    pub(super) fn sync_member(&mut self, act: Act, new: &NewMember) -> Answer {
        self.require_system(act)?;
        let limits = self.limits();
        within(limits.attributes(new.attributes.len()))?;
        within(limits.attributes(new.profile.len()))?;
        within(limits.lists(new.lists.len()))?;
        for value in new.attributes.values() {
            within(limits.attribute(match value {
                Attribute::Text(text) => text.len(),
                Attribute::Texts(texts) => texts.iter().map(|text| text.len() + 1).sum(),
                Attribute::Boolean(_) | Attribute::Integer(_) => 0,
            }))?;
        }
        for text in new.profile.values() {
            within(limits.body(text.len()))?;
        }
        let old = self.members.iter().find(|member| member.key == new.key).cloned();
        if old.as_ref().is_some_and(|old| old.erased_at.is_some()) {
            return Err(erased("member"));
        }
        let NewMember { key, name, attributes, lists, profile, listed } = new.clone();
        let mut member = Member {
            id: old.as_ref().map_or(MemberId::from_uuid(act.given.id), |old| old.id),
            key,
            name,
            attributes,
            lists,
            profile,
            listed,
            created_at: old.as_ref().map_or(act.now, |old| old.created_at),
            erased_at: None,
            rev: old.as_ref().map_or(Rev(1), |old| old.rev),
        };
        let id = member.id;
        let kind = match &old {
            Some(old) if *old == member => return Ok(json!(id)),
            Some(old) => {
                member.rev = Rev(old.rev.0 + 1);
                EventKind::MemberChanged
            }
            None => EventKind::MemberCreated,
        };
        self.members.retain(|member| member.id != id);
        self.members.push(member);
        self.log(act, kind, About { member: Some(id), ..About::default() });
        Ok(json!(id))
    }

    pub(super) fn join(&mut self, act: Act, key: &Slug) -> Answer {
        let missing = || not_found("community");
        let community = self.community_of_key(key).ok_or_else(missing)?.clone();
        let decision = self.decide(act, &Action::Join, Asked::place(&community, None));
        if !decision.allowed {
            let seen = self.access(act, &community, None) != Access::Nothing;
            return Err(if seen { denied(&decision) } else { missing() });
        }
        let me = self.author(act, &Action::Join)?;
        self.set_joined(act, &community, me, true)
    }

    pub(super) fn leave(&mut self, act: Act, key: &Slug) -> Answer {
        let missing = || not_found("community");
        let community = self.community_of_key(key).ok_or_else(missing)?.clone();
        let knows_me =
            act.viewer.member().is_some_and(|me| self.membership(community.id, me).is_some());
        if self.access(act, &community, None) == Access::Nothing && !knows_me {
            return Err(missing());
        }
        let me = self.author(act, &Action::Join)?;
        self.set_joined(act, &community, me, false)
    }

    pub(super) fn set_member(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        joined: bool,
    ) -> Answer {
        let (community, _) = self.place_to(act, &Action::Manage, community, None)?;
        self.set_joined(act, &community, member, joined)
    }

    fn set_joined(
        &mut self,
        act: Act,
        community: &Community,
        member: MemberId,
        joined: bool,
    ) -> Answer {
        let old = self.membership_or_stranger(community, member)?;
        if old.joined_at.is_some() == joined {
            return done();
        }
        if joined {
            let count = self
                .memberships
                .iter()
                .filter(|m| m.community == community.id && m.joined_at.is_some())
                .count();
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            if community.capacity.is_some_and(|capacity| count >= capacity) {
                return Err(conflict("the community is full"));
            }
        }
        let new = Membership { joined_at: joined.then_some(act.now), ..old.clone() };
        self.put_membership(&old, new);
        let kind = if joined { EventKind::Joined } else { EventKind::Left };
        self.log(act, kind, About { member: Some(member), ..About::community(community.id) });
        done()
    }

    /// A place in which the viewer may do something to members.
    pub(super) fn place_to(
        &self,
        act: Act,
        action: &Action,
        community: &Slug,
        channel: Option<&Slug>,
    ) -> Result<(Community, Option<Channel>)> {
        let community = self.community(act, community)?;
        let channel = match channel {
            Some(key) => Some(self.channel(act, community, key)?),
            None => None,
        };
        let what = if channel.is_some() { "channel" } else { "community" };
        self.require(act, action, Asked::place(community, channel), what)?;
        Ok((community.clone(), channel.cloned()))
    }

    fn membership_or_stranger(&self, community: &Community, id: MemberId) -> Result<Membership> {
        if self.living(id).is_none() {
            return Err(not_found("member"));
        }
        let known = self.membership(community.id, id).cloned();
        Ok(known.unwrap_or_else(|| Membership::stranger(community.id, id)))
    }

    pub(super) fn put_membership(&mut self, old: &Membership, mut new: Membership) {
        new.rev = Rev(old.rev.0 + 1);
        self.memberships.retain(|m| m.community != old.community || m.member != old.member);
        self.memberships.push(new);
    }

    /// New roles, level or sanctions.
    fn change_standing(
        &mut self,
        act: Act,
        old: &Membership,
        new: Membership,
        channel: Option<&Channel>,
    ) -> Answer {
        if new == *old {
            return done();
        }
        // Nobody sanctions a manager except the system.
        let is_manager = old.roles.iter().any(|grant| grant.role == *"manager");
        if new.sanctions != old.sanctions && is_manager && act.viewer.member().is_some() {
            return Err(denied(&Decision {
                allowed: false,
                action: Action::Moderate,
                clause: Clause::SystemOnly,
            }));
        }
        self.put_membership(old, new);
        let about = About {
            member: Some(old.member),
            channel: channel.map(|channel| channel.id),
            ..About::community(old.community)
        };
        self.log(act, EventKind::StandingChanged, about);
        done()
    }

    pub(super) fn grant_role(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        role: &Slug,
        channel: Option<&Slug>,
    ) -> Answer {
        let (community, channel) = self.place_to(act, &Action::Manage, community, channel)?;
        let grant = RoleGrant { role: role.clone(), channel: channel.as_ref().map(|c| c.id) };
        let old = self.membership_or_stranger(&community, member)?;
        let mut new = old.clone();
        if !new.roles.contains(&grant) {
            new.roles.push(grant);
        }
        new.roles.sort();
        within(self.limits().roles(new.roles.len()))?;
        self.change_standing(act, &old, new, channel.as_ref())
    }

    pub(super) fn revoke_role(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        role: &Slug,
        channel: Option<&Slug>,
    ) -> Answer {
        let (community, channel) = self.place_to(act, &Action::Manage, community, channel)?;
        let grant = RoleGrant { role: role.clone(), channel: channel.as_ref().map(|c| c.id) };
        let old = self.membership_or_stranger(&community, member)?;
        let mut new = old.clone();
        new.roles.retain(|known| *known != grant);
        self.change_standing(act, &old, new, channel.as_ref())
    }

    pub(super) fn set_level(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        level: u32,
    ) -> Answer {
        let (community, _) = self.place_to(act, &Action::Manage, community, None)?;
        let old = self.membership_or_stranger(&community, member)?;
        self.change_standing(act, &old, Membership { level, pinned: true, ..old.clone() }, None)
    }

    pub(super) fn show_on_boards(&mut self, act: Act, key: &Slug, shown: bool) -> Answer {
        let missing = || not_found("community");
        let community = self.community_of_key(key).ok_or_else(missing)?.clone();
        let knows_me =
            act.viewer.member().is_some_and(|me| self.membership(community.id, me).is_some());
        if self.access(act, &community, None) == Access::Nothing && !knows_me {
            return Err(missing());
        }
        let me = self.author(act, &Action::Join)?;
        let old = self.membership_or_stranger(&community, me)?;
        self.change_standing(act, &old, Membership { off_boards: !shown, ..old.clone() }, None)
    }

    pub(super) fn sanction(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        new: &NewSanction,
    ) -> Answer {
        let (community, channel) =
            self.place_to(act, &Action::Moderate, community, new.channel.as_ref())?;
        let old = self.membership_or_stranger(&community, member)?;
        let mut changed = old.clone();
        changed.sanctions.push(Sanction {
            kind: new.kind,
            channel: channel.as_ref().map(|channel| channel.id),
            since: act.now,
            until: new.until,
            reason: new.reason.clone(),
            by: act.viewer.member(),
        });
        within(self.limits().sanctions(changed.sanctions.len()))?;
        self.change_standing(act, &old, changed, channel.as_ref())
    }

    pub(super) fn lift_sanction(
        &mut self,
        act: Act,
        community: &Slug,
        member: MemberId,
        kind: SanctionKind,
        channel: Option<&Slug>,
    ) -> Answer {
        let (community, channel) = self.place_to(act, &Action::Moderate, community, channel)?;
        let at = channel.as_ref().map(|channel| channel.id);
        let old = self.membership_or_stranger(&community, member)?;
        let mut new = old.clone();
        for sanction in &mut new.sanctions {
            let in_force =
                sanction.since <= act.now && sanction.until.is_none_or(|until| act.now < until);
            if sanction.kind == kind && sanction.channel == at && in_force {
                sanction.until = Some(act.now);
            }
        }
        self.change_standing(act, &old, new, channel.as_ref())
    }
}
