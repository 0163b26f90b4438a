//! Memberships: joining, roles, levels, places on boards, sanctions.

use super::{in_channel, nothing};
use crate::change::{ChangeSet, Counter, EntityRef, EventKind, Expect, NewEvent, Op};
use crate::directory::ChannelEntry;
use crate::domain::{Community, Membership, RoleGrant, Sanction, SanctionKind};
use crate::engine::{Rights, Session, command};
use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::policy::{Action, Clause, Decision, Target};
use crate::text::Slug;
use crate::time::Timestamp;

/// A sanction to be imposed.
#[derive(Debug, Clone)]
pub struct NewSanction {
    /// What it takes away.
    pub kind: SanctionKind,
    /// The key of the channel that it is limited to; `None` is the whole community.
    pub channel: Option<Slug>,
    /// Until when; `None` is until it is lifted.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

impl Session {
    /// Joins a community; nothing happens when the member has joined already.
    ///
    /// # Errors
    /// [`Error::Denied`] by the policy, or for somebody suspended; [`Error::NotFound`] for a
    /// community that the member could neither see nor join; [`Error::Conflict`] when it is full.
    pub async fn join(&self, community: &Slug) -> Result<()> {
        command!(self, ("join", community), |rights| {
            let missing = || Error::NotFound("community");
            let community = rights.directory.community_by_key(community).ok_or_else(missing)?;
            let target = Target { community, channel: None, topic: None, author: None };
            let decision = rights.decide(&Action::Join, target);
            if !decision.allowed {
                // Only who sees the community learns that it is there and closed.
                let seen = rights.scope.sees_community(community.id);
                return Err(if seen { Error::Denied(Box::new(decision)) } else { missing() });
            }
            let me = rights.author(&Action::Join)?;
            self.set_joined(&rights, community, me, true).await
        });
        Ok(())
    }

    /// Leaves a community; nothing happens when the member has not joined. Roles and sanctions
    /// stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community that the member does not see.
    pub async fn leave(&self, community: &Slug) -> Result<()> {
        command!(self, ("leave", community), |rights| {
            let community = rights.own_community(community)?;
            let me = rights.author(&Action::Join)?;
            self.set_joined(&rights, community, me, false).await
        });
        Ok(())
    }

    /// Makes somebody a member of a community, or no longer one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Conflict`] when
    /// the community is full.
    pub async fn set_member(&self, community: &Slug, member: MemberId, joined: bool) -> Result<()> {
        command!(self, ("set member", community, member, joined), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            self.set_joined(&rights, community, member, joined).await
        });
        Ok(())
    }

    /// Gives somebody a role, in the community or in one channel and those below it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Limit`].
    pub async fn grant_role(
        &self,
        community: &Slug,
        member: MemberId,
        role: &Slug,
        channel: Option<&Slug>,
    ) -> Result<()> {
        let limits = self.engine().env().limits();
        command!(self, ("grant role", community, member, role, channel), |rights| {
            let (community, channel) = rights.place_to(&Action::Manage, community, channel)?;
            let grant =
                RoleGrant { role: role.clone(), channel: channel.map(|entry| entry.channel.id) };
            let (old, exists) = self.membership(community, member).await?;
            let mut new = old.clone();
            if !new.roles.contains(&grant) {
                new.roles.push(grant);
                new.roles.sort();
            }
            limits.roles(new.roles.len())?;
            rights.change_standing((&old, exists), new, channel)
        });
        Ok(())
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage.
    pub async fn revoke_role(
        &self,
        community: &Slug,
        member: MemberId,
        role: &Slug,
        channel: Option<&Slug>,
    ) -> Result<()> {
        command!(self, ("revoke role", community, member, role, channel), |rights| {
            let (community, channel) = rights.place_to(&Action::Manage, community, channel)?;
            let grant =
                RoleGrant { role: role.clone(), channel: channel.map(|entry| entry.channel.id) };
            let (old, exists) = self.membership(community, member).await?;
            let mut new = old.clone();
            new.roles.retain(|known| *known != grant);
            rights.change_standing((&old, exists), new, channel)
        });
        Ok(())
    }

    /// Sets somebody's level, which `level >= n` in audiences tests. It then stays as it is,
    /// whatever the member earns, until it is [released](Self::release_level).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage.
    pub async fn set_level(&self, community: &Slug, member: MemberId, level: u32) -> Result<()> {
        command!(self, ("set level", community, member, level), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let (old, exists) = self.membership(community, member).await?;
            let new = Membership { level, pinned: true, ..old.clone() };
            rights.change_standing((&old, exists), new, None)
        });
        Ok(())
    }

    /// Lets somebody's level follow from what they have earned again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage.
    pub async fn release_level(&self, community: &Slug, member: MemberId) -> Result<()> {
        command!(self, ("release level", community, member), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let (old, exists) = self.membership(community, member).await?;
            if !old.pinned {
                return nothing(&rights, None);
            }
            let (level, footing) = self.engine().earned_level(community, member).await?;
            let new = Membership { level, pinned: false, ..old.clone() };
            let (subject, mut changes) = rights.change_standing((&old, exists), new, None)?;
            footing.into_iter().for_each(|expected| changes.expect(expected));
            Ok((subject, changes))
        });
        Ok(())
    }

    /// Chooses whether one is shown to others on the leaderboards of a community, and in the list of
    /// its [standings](Self::standings). Whoever chooses not to be still earns points, is still shown
    /// to themselves, and can come back at any time.
    ///
    /// ```
    /// use community::{BoardQuery, NewCommunity, NewMember, Policy};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let host = engine.as_system();
    /// # let id = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
    /// # let club: community::Slug = "club".parse()?;
    /// # let new = NewCommunity::new(club.clone(), "Club".parse()?, Policy::public());
    /// # host.create_community(new).await?;
    /// let ana = engine.member(id);
    /// ana.join(&club).await?;
    /// ana.show_on_boards(&club, false).await?;
    /// assert!(host.leaderboard(&BoardQuery::community(club)).await?.items.is_empty());
    /// # Ok::<(), community::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community that the member neither sees nor is known in;
    /// [`Error::Denied`] to visitors; [`Error::Invalid`] to the system, which is on no board.
    pub async fn show_on_boards(&self, community: &Slug, shown: bool) -> Result<()> {
        command!(self, ("show on boards", community, shown), |rights| {
            let community = rights.own_community(community)?;
            let me = rights.author(&Action::Join)?;
            let (old, exists) = self.membership(community, me).await?;
            let new = Membership { off_boards: !shown, ..old.clone() };
            rights.change_standing((&old, exists), new, None)
        });
        Ok(())
    }

    /// Imposes a sanction, in force from now on. It counts with the member's next read and write.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to moderate; [`Error::Limit`].
    pub async fn sanction(
        &self,
        community: &Slug,
        member: MemberId,
        new: NewSanction,
    ) -> Result<()> {
        let limits = self.engine().env().limits();
        limits.reason(new.reason.len())?;
        command!(self, ("sanction", community, member, &new), |rights| {
            let action = Action::Moderate;
            let (community, channel) = rights.place_to(&action, community, new.channel.as_ref())?;
            let (old, exists) = self.membership(community, member).await?;
            let mut changed = old.clone();
            changed.sanctions.push(Sanction {
                kind: new.kind,
                channel: channel.map(|entry| entry.channel.id),
                since: rights.now,
                until: new.until,
                reason: new.reason.clone(),
                by: rights.actor(),
            });
            limits.sanctions(changed.sanctions.len())?;
            rights.change_standing((&old, exists), changed, channel)
        });
        Ok(())
    }

    /// Ends every sanction of a kind that is in force, there and then; past ones stay on record.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to moderate.
    pub async fn lift_sanction(
        &self,
        community: &Slug,
        member: MemberId,
        kind: SanctionKind,
        channel: Option<&Slug>,
    ) -> Result<()> {
        command!(self, ("lift sanction", community, member, kind, channel), |rights| {
            let (community, channel) = rights.place_to(&Action::Moderate, community, channel)?;
            let at = channel.map(|entry| entry.channel.id);
            let (old, exists) = self.membership(community, member).await?;
            let mut new = old.clone();
            for sanction in &mut new.sanctions {
                let meant = sanction.kind == kind && sanction.channel == at;
                if meant && sanction.is_active(rights.now) {
                    sanction.until = Some(rights.now);
                }
            }
            rights.change_standing((&old, exists), new, channel)
        });
        Ok(())
    }

    /// What a member is in a community, and the expectation that the member is still there as it was
    /// read: who is erased is given nothing more.
    pub(super) async fn membership(
        &self,
        community: &Community,
        member: MemberId,
    ) -> Result<(Membership, Expect)> {
        let exists = self.known_member(member).await?;
        let memberships = self.engine().store().memberships(member).await?;
        Ok((Rights::membership_in(&memberships, community, member), exists))
    }

    async fn set_joined(
        &self,
        rights: &Rights,
        community: &Community,
        member: MemberId,
        joined: bool,
    ) -> super::Planned {
        let (old, exists) = self.membership(community, member).await?;
        if old.joined_at.is_some() == joined {
            return nothing(rights, None);
        }
        let mut changes = rights.changes();
        changes.expect(exists);
        let members = Counter::Members(community.id);
        if joined && let Some(capacity) = community.capacity {
            let capacity = i64::try_from(capacity).unwrap_or(i64::MAX);
            let count = self.engine().store().member_count(community.id).await?;
            if i64::try_from(count).unwrap_or(i64::MAX) >= capacity {
                return Err(Error::Conflict("the community is full"));
            }
            changes.expect(Expect::Below(members.clone(), capacity));
            // The bound itself may change between this look and the commit.
            changes.expect(Expect::Rev(EntityRef::Community(community.id), community.rev));
        }
        changes.bump(members, if joined { 1 } else { -1 });
        let kind = if joined { EventKind::Joined } else { EventKind::Left };
        let event = NewEvent { member: Some(member), ..rights.event_in(kind, community) };
        let new = Membership { joined_at: joined.then_some(rights.now), ..old.clone() };
        put_membership(&mut changes, &old, new, event);
        Ok((None, changes))
    }
}

impl Rights {
    /// A community that the viewer sees, or is known in: what one says about oneself needs no more.
    fn own_community(&self, key: &Slug) -> Result<&Community> {
        let known = self.directory.community_by_key(key);
        let mine = |community: &&std::sync::Arc<Community>| {
            self.scope.sees_community(community.id) || self.facts.membership(community.id).is_some()
        };
        Ok(known.filter(mine).ok_or(Error::NotFound("community"))?)
    }

    fn change_standing(
        &self,
        (old, exists): (&Membership, Expect),
        new: Membership,
        channel: Option<&ChannelEntry>,
    ) -> super::Planned {
        if new == *old {
            return nothing(self, None);
        }
        // Nobody stands above the managers of a community except the system.
        let manager = |m: &Membership| m.roles.iter().any(|grant| grant.role == "manager");
        let sanctions = new.sanctions != old.sanctions;
        if sanctions && manager(old) && self.actor().is_some() {
            return Err(Error::Denied(Box::new(Decision {
                allowed: false,
                action: Action::Moderate,
                clause: Clause::SystemOnly,
            })));
        }
        let mut changes = self.changes();
        changes.expect(exists);
        let mut event = self.event(EventKind::StandingChanged);
        event.community = Some(old.community);
        event.member = Some(old.member);
        if let Some(entry) = channel {
            event = in_channel(event, entry.channel.id);
        }
        put_membership(&mut changes, old, new, event);
        Ok((None, changes))
    }
}

impl ChangeSet {
    /// A level follows from what was earned.
    pub(crate) fn change_level(&mut self, old: &Membership, level: u32, at: Timestamp) {
        let event = NewEvent {
            kind: EventKind::StandingChanged,
            actor: None,
            at,
            community: Some(old.community),
            channel: None,
            topic: None,
            post: None,
            member: Some(old.member),
        };
        put_membership(self, old, Membership { level, ..old.clone() }, event);
    }
}

/// Writes a membership as its next revision.
pub(super) fn put_membership(
    changes: &mut ChangeSet,
    old: &Membership,
    mut new: Membership,
    event: NewEvent,
) {
    changes.expect(Expect::Rev(EntityRef::Membership(old.community, old.member), old.rev));
    new.rev = old.rev.next();
    changes.events.push(event);
    changes.ops.push(Op::PutMembership(Box::new(new)));
}
