//! Connections for reading, and the threads that use them when callers may not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use community_core::StoreError;
use crossbeam_channel::{Receiver, Sender};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::error::Result;
use crate::files;
use crate::options::Options;

/// Connections that nobody uses at the moment.
///
/// The one that was used last is taken first, as its cache is warmest. At most as many as the
/// options allow are opened; who finds none waits, for as long as a read takes.
#[derive(Debug)]
pub(crate) struct Pool {
    database: PathBuf,
    options: Options,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Connection>,
    open: usize,
    /// How many wait for one. Waking nobody costs a call of the operating system all the same.
    waiting: usize,
}

impl Pool {
    pub(crate) fn new(database: PathBuf, options: Options) -> Self {
        Self { database, options, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Lends a connection.
    pub(crate) fn lend(&self) -> Result<Lent<'_>> {
        let mut state = self.state();
        loop {
            if let Some(conn) = state.idle.pop() {
                return Ok(Lent { pool: self, conn: Some(conn) });
            }
            if state.open < self.options.readers.max(1) {
                break;
            }
            state.waiting += 1;
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.open += 1;
        drop(state);
        // From here on the place is given back even when there is no connection to give.
        let mut lent = Lent { pool: self, conn: None };
        lent.conn = Some(files::connect_reader(&self.database, &self.options)?);
        Ok(lent)
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.open -= state.idle.len();
        state.idle.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    pool: &'a Pool,
    conn: Option<Connection>,
}

impl Lent<'_> {
    /// Runs a job on the connection. One that fails half-way closes it, and so ends whatever was
    /// under way there.
    pub(crate) fn run<T>(mut self, job: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let Some(conn) = self.conn.take() else { return Err(StoreError::Closed.into()) };
        let outcome = job(&conn);
        if conn.is_autocommit() {
            self.conn = Some(conn);
        }
        outcome
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.conn.take() {
            Some(conn) => state.idle.push(conn),
            None => state.open -= 1,
        }
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.pool.freed.notify_one();
        }
    }
}

/// Threads that read.
#[derive(Debug)]
pub(crate) struct Threads {
    jobs: Option<Sender<Job>>,
    handles: Vec<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Threads {
    pub(crate) fn start(count: usize) -> std::io::Result<Self> {
        let (jobs, queue) = crossbeam_channel::unbounded();
        let mut threads = Self { jobs: Some(jobs), handles: Vec::new() };
        for _ in 0..count.max(1) {
            let queue: Receiver<Job> = queue.clone();
            let thread = std::thread::Builder::new().name("community-reader".into());
            threads.handles.push(thread.spawn(move || {
                for job in queue {
                    // A job that panics loses its answer, and takes nobody else's with it.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            })?);
        }
        Ok(threads)
    }

    /// Runs a job on one of them. It runs even when nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        let job = Box::new(move || drop(answer.send(job())));
        jobs.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or_else(|_| Err(StoreError::failed("the read panicked")))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for handle in self.handles.drain(..) {
            // A thread that panicked has nothing to say here.
            let _ = handle.join();
        }
    }
}
