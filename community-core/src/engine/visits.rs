//! Visits: which members were there on a day, kept in memory and written in batches. Somebody's
//! second visit of a day costs no write. What is not here: how often and how long somebody was
//! there, and visitors whom the host did not name.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use super::Engine;
use super::read::Read;
use super::session::{Session, reading};
use crate::change::{ChangeSet, Op};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::Action;
use crate::store::CommitError;
use crate::text::{Key, Slug};
use crate::time::day_of;

/// Visits that were reported and not yet written. What is in it is lost when the process dies: at
/// most as many as [`Limits::buffered_views`](crate::Limits) says, and who comes again on the same
/// day is noted then.
#[derive(Debug, Default)]
pub(super) struct VisitBuffer {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    visits: BTreeSet<(CommunityId, MemberId, i32)>,
    /// Who was noted today.
    seen: FxHashSet<(CommunityId, MemberId)>,
    day: i32,
}

impl VisitBuffer {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Visits in one write.
const BATCH: usize = 500;

impl Engine {
    /// Notes a visit of today. Returns whether it is time to write.
    fn note_visit(&self, community: CommunityId, member: MemberId) -> bool {
        let day = day_of(self.env().now());
        let limit = self.env().limits().buffered_views;
        let mut waiting = self.inner.visits.waiting();
        if waiting.day != day || waiting.seen.len() >= limit {
            waiting.day = day;
            waiting.seen.clear();
        }
        if waiting.seen.insert((community, member)) {
            waiting.visits.insert((community, member, day));
        }
        waiting.visits.len() >= limit
    }

    /// Writes the visits that wait. Returns how many it wrote.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; what was not written stays buffered.
    pub async fn flush_visits(&self) -> Result<usize> {
        let buffer = &self.inner.visits;
        // Visits that come in meanwhile are for the next time.
        let due: Vec<_> = buffer.waiting().visits.iter().copied().collect();
        for batch in due.chunks(BATCH) {
            let add = |&(community, member, day)| Op::AddVisit { community, member, day };
            let ops = batch.iter().map(add).collect();
            let changes = ChangeSet { ops, ..ChangeSet::default() };
            self.store().commit(changes).await.map_err(|error| match error {
                CommitError::Store(error) => Error::from(error),
                other => crate::StoreError::failed(other).into(),
            })?;
            // Only now: to write a visit twice does no harm, to lose it does.
            let mut waiting = buffer.waiting();
            waiting.visits.retain(|visit| batch.binary_search(visit).is_err());
        }
        Ok(due.len())
    }
}

impl Session {
    /// Notes that the member is there today (by UTC), whatever the member does. To be called when
    /// somebody opens the community, as often as one likes: each member counts once a day. Visits
    /// wait in memory and are written in batches by [`Engine::pump`], or when many wait. Visitors
    /// whom the host did not name, and the host itself, do not count.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn visit(&self, community: &Slug) -> Result<()> {
        let due = reading!(self, Read::Visits, |rights| {
            let community = rights.community(community)?;
            // An id that no member has is a visitor like any other.
            let member = rights.facts.member.as_ref();
            Ok(member.is_some_and(|member| self.engine().note_visit(community.id, member.id)))
        })?;
        if due {
            self.engine().flush_visits().await?;
        }
        Ok(())
    }

    /// The days, counted from 1970-01-01, on which a member visited the community, rising: those
    /// from `from` to `to`, both included. To the member, and to those who manage the community.
    /// As of the last [pump](Engine::pump).
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or there is no such
    /// member; [`Error::Denied`] for the visits of somebody else without the right to manage.
    pub async fn visits(
        &self,
        community: &Slug,
        key: &Key,
        from: i32,
        to: i32,
    ) -> Result<Vec<i32>> {
        reading!(self, Read::Visits, |rights| {
            let place = rights.community(community)?;
            let own = rights.facts.member.as_ref().is_some_and(|member| member.key == *key);
            if !own {
                rights.place_to(&Action::Manage, community, None)?;
            }
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let days = store.visits(place.id, &[member.id], from, to).await?;
            self.require_current(&rights).await?;
            Ok(days.into_iter().next().unwrap_or_default())
        })
    }
}
