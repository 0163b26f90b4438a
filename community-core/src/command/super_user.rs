//! Super users: the rule by which they are found, and their promotion.

use super::membership::put_membership;
use super::{nothing, reputation};
use crate::change::EventKind;
use crate::domain::{Grant, RoleGrant};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{GrantId, MemberId};
use crate::policy::Action;
use crate::reputation::{Reputation, SuperUserRule};
use crate::text::Slug;

/// Somebody who is to become a super user.
#[derive(Debug, Clone)]
pub struct NewPromotion {
    /// Who.
    pub member: MemberId,
    /// The role: one of those that the community's rule names.
    pub role: Slug,
    /// Why, in the words of whoever has looked at it.
    pub reason: String,
}

impl Session {
    /// Sets the rule by which super users of a community are found.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for a
    /// rule that nobody can meet; [`Error::Limit`] for too large an audience.
    pub async fn define_super_users(&self, community: &Slug, rule: &SuperUserRule) -> Result<()> {
        rule.check()?;
        rule.users.check_within(self.engine().env().limits())?;
        command!(self, ("define super users", community, rule), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            if old.reputation.super_users == *rule {
                return nothing(&rights, None);
            }
            let super_users = rule.clone();
            reputation::put(&rights, old, Reputation { super_users, ..old.reputation.clone() })
        });
        Ok(())
    }

    /// Promotes a member: gives a role of super users, in the whole community. Who decided and why
    /// stays beside it as a [`Grant`] of no points, with [`EventKind::Promoted`] in the log. The
    /// rule only proposes; whether the member meets it is for the reviewer to weigh. Nothing happens
    /// when the member has the role. [`revoke_role`](Self::revoke_role) takes it away.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or member that is not there, [`Error::Denied`] without
    /// the right to manage; [`Error::Invalid`] for oneself, for somebody who has not joined, for
    /// another role, or without a reason; [`Error::Limit`].
    pub async fn promote(&self, community: &Slug, new: &NewPromotion) -> Result<()> {
        let env = self.engine().env();
        let limits = env.limits();
        limits.reason(new.reason.len())?;
        if new.reason.trim().is_empty() {
            return Err(Error::invalid("a promotion has a reason"));
        }
        command!(self, ("promote", community, new), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            if rights.actor() == Some(new.member) {
                return Err(Error::invalid("nobody promotes oneself"));
            }
            if !community.reputation.super_users.roles.contains(&new.role) {
                let role = &new.role;
                return Err(Error::invalid(format!("`{role}` is not a role of super users")));
            }
            let (old, exists) = self.membership(community, new.member).await?;
            if old.joined_at.is_none() {
                return Err(Error::invalid("only who has joined is promoted"));
            }
            let role = RoleGrant { role: new.role.clone(), channel: None };
            if old.roles.contains(&role) {
                return nothing(&rights, None);
            }
            let mut after = old.clone();
            after.roles.push(role);
            after.roles.sort();
            limits.roles(after.roles.len())?;
            let mut changes = rights.changes();
            changes.expect(exists);
            let mut event = rights.event_in(EventKind::StandingChanged, community);
            event.member = Some(new.member);
            put_membership(&mut changes, &old, after, event);
            let grant = Grant {
                id: GrantId::from_uuid(env.mint(rights.now)),
                community: community.id,
                member: new.member,
                reason: new.role.clone(),
                points: 0,
                tier: None,
                post: None,
                by: rights.actor(),
                note: new.reason.clone(),
                at: rights.now,
            };
            let kind = EventKind::Promoted { role: new.role.clone() };
            let mut event = rights.event_in(kind, community);
            event.member = Some(new.member);
            changes.put_grant(grant, event);
            Ok((None, changes))
        });
        Ok(())
    }
}
