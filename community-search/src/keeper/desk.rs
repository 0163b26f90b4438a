//! What a keeper's thread is asked for, and what it tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use community_core::Seq;
use event_listener::{Event as Wakeup, EventListener};

use crate::IndexHandle;

/// What the thread shares with everybody else. Each lock is held for a moment only.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) index: IndexHandle,
    asked: Mutex<Asked>,
    /// Which events are waited for, and by how many.
    awaited: Mutex<BTreeMap<Seq, usize>>,
    report: Mutex<Report>,
    told: Wakeup,
}

/// What the thread is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    /// To end.
    pub(super) stop: bool,
    /// To look at the store.
    pub(super) wake: bool,
    /// How often it was asked to build the index anew.
    pub(super) rebuilds: u64,
    /// How often it was when the thread last took that up.
    taken: u64,
    /// To look whether the files of the index are as they were written.
    pub(super) check: bool,
}

impl Asked {
    /// Whether there is something to do.
    pub(super) fn is_something(self) -> bool {
        let Self { stop, wake, rebuilds: _, taken: _, check } = self;
        stop || wake || self.is_to_rebuild() || check
    }

    /// Whether the index is to be built anew.
    pub(super) fn is_to_rebuild(self) -> bool {
        self.rebuilds > self.taken
    }
}

/// What the thread tells, as of its last step.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    /// Up to which event of the store everything can be searched.
    pub(super) searched: Option<Seq>,
    /// The end of the log.
    pub(super) head: Seq,
    /// Whether an index is being built anew.
    pub(super) rebuilding: bool,
    /// Which of the [rebuilds](Asked::rebuilds) is done, and with it all before.
    pub(super) rebuilt: u64,
    /// How many bytes the index takes.
    pub(super) bytes: u64,
    /// What went wrong, until a commit shows that it no longer does.
    pub(super) failure: Option<String>,
    /// Whether the thread has ended.
    pub(super) ended: bool,
}

impl Desk {
    pub(super) fn ask(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is asked for, without taking it.
    pub(super) fn asked(&self) -> Asked {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is asked for. That the thread is to end stays.
    pub(super) fn take(&self) -> Asked {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (stop, rebuilds) = (asked.stop, asked.rebuilds);
        let kept = Asked { stop, rebuilds, taken: rebuilds, ..Asked::default() };
        std::mem::replace(&mut asked, kept)
    }

    /// Gives back that the index is to be built anew.
    pub(super) fn rebuild_again(&self) {
        self.ask(|asked| asked.taken = asked.taken.saturating_sub(1));
    }

    pub(super) fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the report, and lets those know who wait for it.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
        self.told.notify(usize::MAX);
    }

    /// Ends when something is told from now on.
    pub(super) fn listen(&self) -> EventListener {
        self.told.listen()
    }

    /// Says that somebody waits for an event, until the answer is dropped.
    pub(super) fn awaits(self: &Arc<Self>, seq: Seq) -> Awaits {
        self.with_awaited(|awaited| *awaited.entry(seq).or_default() += 1);
        Awaits { desk: Arc::clone(self), seq }
    }

    /// Whether somebody waits for an event behind `searched`, up to `read`.
    pub(super) fn is_awaited(&self, searched: Option<Seq>, read: Seq) -> bool {
        let behind = searched.map_or(Seq(0), |seq| Seq(seq.0.saturating_add(1)));
        behind <= read && self.with_awaited(|awaited| awaited.range(behind..=read).next().is_some())
    }

    fn with_awaited<T>(&self, what: impl FnOnce(&mut BTreeMap<Seq, usize>) -> T) -> T {
        what(&mut self.awaited.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody waits for an event.
#[derive(Debug)]
pub(super) struct Awaits {
    desk: Arc<Desk>,
    seq: Seq,
}

impl Drop for Awaits {
    fn drop(&mut self) {
        self.desk.with_awaited(|awaited| {
            let left = awaited.get_mut(&self.seq).map(|count| {
                *count -= 1;
                *count
            });
            if left == Some(0) {
                awaited.remove(&self.seq);
            }
        });
    }
}
