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
        let mut counts: Vec<_> = {
            let mut waiting =
                self.inner.views.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut waiting.counts).into_iter().collect()
        };
        counts.sort_unstable();
        let mut written = 0;
        while written < counts.len() {
            let batch: Vec<_> = counts.iter().skip(written).take(BATCH).collect();
            let ops = batch
                .iter()
                .map(|((topic, day), views)| Op::AddViews {
                    topic: *topic,
                    day: *day,
                    views: *views,
                })
                .collect();
            let changes = ChangeSet { ops, ..ChangeSet::default() };
            if let Err(error) = self.store().commit(changes).await {
                let mut waiting =
                    self.inner.views.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                for (key, views) in counts.into_iter().skip(written) {
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
