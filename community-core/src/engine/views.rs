//! Views: counted in memory, written in batches, never one write a view.

use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Engine;
use crate::change::{ChangeSet, Op};
use crate::error::Result;
use crate::id::TopicId;
use crate::policy::Viewer;
use crate::time::day_of;

/// Views that were seen and not yet written. What is in it is lost when the process dies: at most
/// as many topics as [`Limits::buffered_views`](crate::Limits) says.
#[derive(Debug, Default)]
pub(super) struct ViewBuffer {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    counts: FxHashMap<(TopicId, i32), i64>,
    /// Members who were counted today: each counts once a topic and day.
    seen: FxHashSet<(TopicId, Viewer)>,
    day: i32,
}

impl Waiting {
    /// Takes so many counts out, in the order of their topics.
    fn take(&mut self, most: usize) -> Vec<((TopicId, i32), i64)> {
        let keys: Vec<_> = self.counts.keys().take(most).copied().collect();
        let mut taken: Vec<_> =
            keys.into_iter().filter_map(|key| Some((key, self.counts.remove(&key)?))).collect();
        taken.sort_unstable();
        taken
    }
}

/// Topics in one write.
const BATCH: usize = 500;

impl Engine {
    /// Counts a view. Returns whether it is time to write.
    pub(super) fn count_view(&self, topic: TopicId, viewer: Viewer) -> bool {
        let day = day_of(self.env().now());
        let limit = self.env().limits().buffered_views;
        let mut waiting = self.inner.views.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.day != day || waiting.seen.len() >= limit {
            waiting.day = day;
            waiting.seen.clear();
        }
        // Visitors without a name cannot be told apart: each of their views counts.
        if viewer == Viewer::Anonymous || waiting.seen.insert((topic, viewer)) {
            *waiting.counts.entry((topic, day)).or_default() += 1;
        }
        waiting.counts.len() >= limit
    }

    /// Writes the views that wait. Returns how many topics it wrote.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when the store fails; what was not written stays buffered. Where the
    /// store does not know whether it wrote, the views are written again, and may count twice.
    pub async fn flush_views(&self) -> Result<usize> {
        let waiting = || self.inner.views.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Views that come in meanwhile are for the next time.
        let due = waiting().counts.len();
        let mut written = 0;
        while written < due {
            // Only what is written at once leaves the buffer: whoever drops this future half-way
            // loses nothing of the rest.
            let batch = waiting().take(BATCH);
            if batch.is_empty() {
                break;
            }
            let add = |((topic, day), views): &((TopicId, i32), i64)| Op::AddViews {
                topic: *topic,
                day: *day,
                views: *views,
            };
            let ops = batch.iter().map(add).collect();
            let changes = ChangeSet { ops, ..ChangeSet::default() };
            if let Err(error) = self.store().commit(changes).await {
                let mut waiting = waiting();
                for (key, views) in batch {
                    *waiting.counts.entry(key).or_default() += views;
                }
                return Err(match error {
                    crate::store::CommitError::Store(error) => error.into(),
                    other => crate::StoreError::failed(other).into(),
                });
            }
            written += batch.len();
        }
        Ok(written)
    }
}
