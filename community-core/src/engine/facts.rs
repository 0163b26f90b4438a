//! Rights: what is known of a viewer, loaded once and kept while the store says it is current.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::Engine;
use crate::change::{ChangeSet, Expect};
use crate::directory::{ChannelEntry, Directory};
use crate::domain::{Community, Topic};
use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::policy::{AccessRev, Action, Decision, Facts, Scope, Target, Viewer, decide};
use crate::store::StoreError;
use crate::text::Slug;
use crate::time::Timestamp;

/// Everything that decides what one viewer may read and do at this moment.
#[derive(Debug, Clone)]
pub(crate) struct Rights {
    pub(crate) viewer: Viewer,
    pub(crate) facts: Arc<Facts>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
}

/// Viewers whose rights are kept; beyond it the cache starts afresh.
const CACHED_VIEWERS: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct RightsCache {
    directory: RwLock<Option<Arc<Directory>>>,
    viewers: Mutex<FxHashMap<Viewer, Rights>>,
}

impl Engine {
    /// The rights of a viewer, current at the moment of the call.
    pub(crate) async fn rights(&self, viewer: Viewer) -> Result<Rights> {
        let store = self.store();
        let cache = &self.inner.rights;
        let now = self.env().now();
        for _ in 0..self.env().limits().attempts {
            let access = store.access_rev(viewer.member()).await?;
            {
                let viewers = cache.viewers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(rights) = viewers.get(&viewer)
                    && rights.scope.access() == access
                    && rights.now <= now
                    && rights.scope.valid_until().is_none_or(|until| now < until)
                {
                    return Ok(Rights { now, ..rights.clone() });
                }
            }
            let directory = self.directory(access.directory).await?;
            // It may have moved on since; it is as it was read, at its own revision.
            let access = AccessRev { directory: directory.rev, ..access };
            let mut facts = Facts::default();
            if let Viewer::Member(id) = viewer {
                let known = store.members(&[id]).await?.into_iter().flatten().next();
                facts.member = known.filter(|member| member.erased_at.is_none());
                if facts.member.is_some() {
                    facts.memberships = store.memberships(id).await?;
                }
            }
            // Read in several steps: only a revision that stood still makes them one picture. The
            // directory need not stand still: what rests on an old one is refused by the store.
            if store.access_rev(viewer.member()).await?.member != access.member {
                continue;
            }
            // INVARIANT: whom this tenant does not know, or has erased, is an anonymous visitor, in reads
            // and in commands. A policy that lets everyone write must not let an invented id write.
            let (known_as, access) = match viewer {
                Viewer::Member(_) if facts.member.is_none() => {
                    (Viewer::Anonymous, AccessRev { member: 0, ..access })
                }
                _ => (viewer, access),
            };
            let scope = Scope::resolve(known_as, &facts, &directory, now, access);
            let facts = Arc::new(facts);
            let rights = Rights { viewer: known_as, facts, directory, scope, now };
            let mut viewers = cache.viewers.lock().unwrap_or_else(PoisonError::into_inner);
            if viewers.len() >= CACHED_VIEWERS {
                viewers.clear();
            }
            viewers.insert(viewer, rights.clone());
            return Ok(rights);
        }
        Err(StoreError::StaleScope.into())
    }

    async fn directory(&self, rev: u64) -> Result<Arc<Directory>> {
        let cache = &self.inner.rights.directory;
        let kept = cache.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(directory) = kept.filter(|directory| directory.rev == rev) {
            return Ok(directory);
        }
        let directory = Arc::new(self.store().directory().await?);
        *cache.write().unwrap_or_else(PoisonError::into_inner) = Some(directory.clone());
        Ok(directory)
    }
}

impl Rights {
    /// The member who acts; `None` is the system.
    pub(crate) fn actor(&self) -> Option<MemberId> {
        self.viewer.member()
    }

    /// A community, if this viewer sees it.
    pub(crate) fn community(&self, key: &Slug) -> Result<&Arc<Community>> {
        self.directory
            .community_by_key(key)
            .filter(|community| self.scope.sees_community(community.id))
            .ok_or(Error::NotFound("community"))
    }

    /// A channel, if this viewer sees it.
    pub(crate) fn channel(&self, community: &Community, key: &Slug) -> Result<&Arc<ChannelEntry>> {
        self.directory
            .channel_by_key(community.id, key)
            .filter(|entry| self.scope.sees_channel(entry.channel.id))
            .ok_or(Error::NotFound("channel"))
    }

    /// A community or one of its channels, if this viewer sees it, as what a question is about.
    pub(crate) fn target(&self, community: &Slug, channel: Option<&Slug>) -> Result<Target<'_>> {
        let community = self.community(community)?;
        let channel = match channel {
            Some(key) => Some(&**self.channel(community, key)?),
            None => None,
        };
        Ok(Target { community, channel, topic: None, author: None })
    }

    /// Where a topic stands: its community and channel.
    pub(crate) fn place_of(&self, topic: &Topic) -> Result<(&Arc<Community>, &Arc<ChannelEntry>)> {
        let community = self.directory.community(topic.community);
        let channel = self.directory.channel(topic.channel);
        community.zip(channel).ok_or(Error::NotFound("topic"))
    }

    /// The answer to one question.
    pub(crate) fn decide(&self, action: &Action, target: Target<'_>) -> Decision {
        decide(self.viewer, &self.facts, &self.directory, action, target, self.now)
    }

    /// Goes on only when an action is allowed; `what` names the target in "there is no such".
    pub(crate) fn require(
        &self,
        action: &Action,
        target: Target<'_>,
        what: &'static str,
    ) -> Result<()> {
        let decision = self.decide(action, target);
        if decision.allowed {
            Ok(())
        } else if decision.clause == crate::policy::Clause::NotVisible {
            Err(Error::NotFound(what))
        } else {
            Err(Error::Denied(Box::new(decision)))
        }
    }

    /// A community or one of its channels, if this viewer sees it and may do something there.
    pub(crate) fn place_to(
        &self,
        action: &Action,
        community: &Slug,
        channel: Option<&Slug>,
    ) -> Result<(&Community, Option<&ChannelEntry>)> {
        let target = self.target(community, channel)?;
        self.require(action, target, if channel.is_some() { "channel" } else { "community" })?;
        Ok((target.community, target.channel))
    }

    /// Goes on only for the system.
    pub(crate) fn require_system(&self) -> Result<()> {
        if self.viewer == Viewer::System {
            return Ok(());
        }
        Err(Error::Denied(Box::new(Decision {
            allowed: false,
            action: Action::Manage,
            clause: crate::policy::Clause::SystemOnly,
        })))
    }

    /// A change set that rests on these rights: it conflicts when they change before the commit.
    pub(crate) fn changes(&self) -> ChangeSet {
        let mut changes = ChangeSet::default();
        if self.viewer != Viewer::System {
            changes.expect(Expect::Access(self.viewer.member(), self.scope.access()));
        }
        changes
    }
}
