//! What earns points in a community: its rule sets, which of them is in force, and who competes.

use super::nothing;
use crate::change::{EntityRef, EventKind, Expect, Op, Seq};
use crate::domain::Community;
use crate::engine::{Rights, Session, command};
use crate::error::{Error, Result};
use crate::policy::Action;
use crate::reputation::{BoardRule, LedgerId, Reputation, RuleSet, RuleSetId};
use crate::text::Slug;

impl Session {
    /// Defines a rule set of the community's own, or a new version of one. A version never changes;
    /// defining it again as it is does nothing. It is not in force before
    /// [`switch_rules`](Self::switch_rules) says so.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for
    /// rules that make no sense, or too many sets; [`Error::Conflict`] for a version that is there
    /// and differs.
    pub async fn define_rules(&self, community: &Slug, rules: &RuleSet) -> Result<()> {
        rules.check()?;
        command!(self, ("define rules", community, rules), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            match old.reputation.rule_set(&rules.id) {
                Some(known) if known == rules => return nothing(&rights, None),
                Some(_) => return Err(Error::Conflict("a version of a rule set never changes")),
                None => {}
            }
            let mut reputation = old.reputation.clone();
            reputation.own.push(rules.clone());
            put(&rights, old, reputation)
        });
        Ok(())
    }

    /// Puts another rule set in force. Its ledger is brought up to the end of the log first, so
    /// that standings change at once and as a whole; the old ledger stays, and goes on where it
    /// was when its rules are put in force again. Levels follow with the next
    /// [pump](crate::Engine::pump).
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or rule set that is not there; [`Error::Denied`] without
    /// the right to manage; [`Error::Store`].
    pub async fn switch_rules(&self, community: &Slug, rules: &RuleSetId) -> Result<()> {
        {
            let rights = self.acting().await?;
            rights.place_to(&Action::Manage, community, None)?;
        }
        self.engine().project(community, rules).await?;
        command!(self, ("switch rules", community, rules), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            if old.reputation.rule_set(rules).is_none() {
                return Err(Error::NotFound("rule set"));
            }
            if old.reputation.active == *rules {
                return nothing(&rights, None);
            }
            let reputation = Reputation { active: rules.clone(), ..old.reputation.clone() };
            let (subject, mut changes) = put(&rights, old, reputation)?;
            let ledger = LedgerId { community: old.id, rules: rules.clone() };
            changes.ops.push(Op::Checkpoint(ledger.levels(), Seq(0)));
            Ok((subject, changes))
        });
        Ok(())
    }
}

impl Session {
    /// Sets who competes on the leaderboards of a community. It counts with the next read.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for
    /// too many roles.
    pub async fn define_boards(&self, community: &Slug, rule: &BoardRule) -> Result<()> {
        rule.check()?;
        command!(self, ("define boards", community, rule), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            if old.reputation.boards == *rule {
                return nothing(&rights, None);
            }
            put(&rights, old, Reputation { boards: rule.clone(), ..old.reputation.clone() })
        });
        Ok(())
    }
}

/// Writes what earns points in a community.
pub(super) fn put(rights: &Rights, old: &Community, reputation: Reputation) -> super::Planned {
    reputation.check()?;
    let mut changes = rights.changes();
    changes.expect(Expect::Rev(EntityRef::Community(old.id), old.rev));
    changes.events.push(rights.event_in(EventKind::CommunityChanged, old));
    let new = Community { reputation, rev: old.rev.next(), ..old.clone() };
    changes.ops.push(Op::PutCommunity(Box::new(new)));
    Ok((None, changes))
}
