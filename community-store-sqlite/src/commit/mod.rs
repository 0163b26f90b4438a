//! Commits: one thread writes, and gathers what waits into one transaction.

mod change;
mod checkpoint;
mod counters;
mod documents;
mod entities;
mod expect;
mod group;
mod items;
mod ledger;
mod places;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use community_core::change::{ChangeSet, Receipt};
use community_core::store::{CommitError, Committer};
use community_core::{RequestId, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::{Inner, Options, SqliteStore};
use group::Writing;

/// When so long nothing was committed, the listings in the file are brought up to date.
const QUIET: Duration = Duration::from_millis(500);

/// A part at a time, and so long after each other: who comes meanwhile is served first.
const BETWEEN: Duration = Duration::from_millis(10);

type Answer = Result<Receipt, CommitError>;

/// A change set that waits for the writer.
#[derive(Debug)]
struct Job {
    changes: ChangeSet,
    answer: oneshot::Sender<Answer>,
}

/// The thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        conn: Connection,
        inner: Arc<Inner>,
        options: Options,
    ) -> crate::Result<Self> {
        let (jobs, queue) = crossbeam_channel::unbounded();
        let most = options.group;
        let writing = Writing::new(conn, inner, options)?;
        let thread = std::thread::Builder::new().name("community-writer".into());
        let thread = thread.spawn(move || work(writing, &queue, most.max(1)))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }
}

/// Commits until nobody can send any more.
///
/// A transaction takes whatever waits until it goes to the disk: what came in while the one before
/// was on its way there, and what comes in while it is being written. Nobody is kept waiting for
/// company: one commit at a time is a transaction each, many at a time share one.
fn work(mut writing: Writing, queue: &Receiver<Job>, most: usize) {
    let mut patience = QUIET;
    loop {
        let next = match writing.has_moves() {
            true => queue.recv_timeout(patience),
            false => queue.recv().map_err(RecvTimeoutError::from),
        };
        let Job { changes, answer } = match next {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                writing.bring_in_some();
                patience = BETWEEN;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        patience = QUIET;
        let mut waiting = vec![answer];
        let answers = writing.commit(changes, || {
            let Job { changes, answer } =
                if waiting.len() < most { queue.try_recv().ok()? } else { return None };
            waiting.push(answer);
            Some(changes)
        });
        let sets = answers.len();
        for (answer, waiting) in answers.into_iter().zip(waiting) {
            // Who does not wait any more has dropped the future; the commit stands all the same.
            let _ = waiting.send(answer);
        }
        writing.bring_in_many();
        writing.checkpoint(sets);
    }
    writing.close();
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has left its callers an unknown outcome each.
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Committer for SqliteStore {
    async fn commit(&self, changes: ChangeSet) -> Answer {
        let (answer, answered) = oneshot::channel();
        let jobs = self.writer.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { changes, answer }).map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or_else(|lost| Err(StoreError::OutcomeUnknown(lost.into()).into()))
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        self.read(move |snapshot| change::receipt(snapshot.conn, request)).await
    }
}
