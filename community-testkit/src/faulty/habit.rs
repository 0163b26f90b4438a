//! What a store does wrong at every commit.

use std::sync::{Mutex, PoisonError};

use community_core::change::{ChangeSet, Op, Receipt, Seq};
use community_core::store::{CommitError, Store};

/// What a store does wrong at every commit. As long as it runs nobody notices; what shows it is a
/// process that is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Counters are moved in a commit of their own, behind the one with everything else.
    CountersApart,
    /// A commit is acknowledged at once, and made when the next call comes.
    AcknowledgesFirst,
}

/// A habit, and what it has put off.
#[derive(Debug, Default)]
pub(super) struct Habits {
    habit: Option<Habit>,
    put_off: Mutex<Vec<ChangeSet>>,
}

impl Habits {
    pub(super) fn of(habit: Habit) -> Self {
        Self { habit: Some(habit), put_off: Mutex::default() }
    }

    /// Commits what was put off. Whoever calls meanwhile waits, so that it cannot be told from
    /// what was committed in time.
    pub(super) fn catch_up(&self, store: &dyn Store) {
        if self.habit != Some(Habit::AcknowledgesFirst) {
            return;
        }
        let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        for changes in put_off.drain(..) {
            // Whom a failure concerns has gone: that is the fault.
            drop(pollster::block_on(store.commit(changes)));
        }
    }

    pub(super) async fn commit(
        &self,
        store: &dyn Store,
        mut changes: ChangeSet,
    ) -> Result<Receipt, CommitError> {
        match self.habit {
            None => store.commit(changes).await,
            Some(Habit::AcknowledgesFirst) => {
                self.put_off.lock().unwrap_or_else(PoisonError::into_inner).push(changes);
                Ok(Receipt { seq: Seq(0), replayed: None })
            }
            Some(Habit::CountersApart) => {
                let (bumps, rest) =
                    changes.ops.into_iter().partition(|op| matches!(op, Op::Bump(..)));
                changes.ops = rest;
                let receipt = store.commit(changes).await?;
                let counters = ChangeSet { ops: bumps, ..ChangeSet::default() };
                if receipt.replayed.is_none() && !counters.is_empty() {
                    store.commit(counters).await?;
                }
                Ok(receipt)
            }
        }
    }
}
