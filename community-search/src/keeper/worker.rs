//! The thread that keeps an index.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use community_core::{Env, Seq, Store};

use super::Place;
use super::desk::{Asked, Desk};
use super::failure::{Panicked, in_full};
use super::waiting::block_on;
use crate::contents::Plan;
use crate::{Progress, Projection, SearchError, Snapshot};

/// Events in one piece of work. Between pieces the thread sees what it is asked for.
const PIECE: usize = 1_000;

/// How long the thread sleeps at most: another handle on the store may have written.
const NAP: Duration = Duration::from_secs(1);

/// After the first failure the thread waits so long, then twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Checking files reads all of them, so searches that keep failing bring it about this often only.
const BETWEEN_CHECKS: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    desk: Arc<Desk>,
    place: Place,
    plan: Plan,
    env: Env,
    store: Arc<dyn Store>,
    /// Open, unless it failed.
    projection: Option<Projection>,
    /// Since when something is read and not committed.
    waiting_since: Option<Instant>,
    /// Failures since the last commit.
    failures: u32,
    checked_at: Option<Instant>,
    /// Which of the rebuilds that were asked for is under way.
    rebuilding: Option<u64>,
    /// What was shown when bytes were counted last.
    counted: Option<Weak<Snapshot>>,
}

/// What comes after a step.
enum Next {
    /// There is more to do.
    Step,
    /// Sleep until then, or until something is asked for.
    Sleep(Instant),
    /// End.
    End,
}

impl Worker {
    pub(super) fn new(
        desk: Arc<Desk>,
        place: Place,
        plan: Plan,
        env: Env,
        store: Arc<dyn Store>,
    ) -> Self {
        Self {
            desk,
            place,
            plan,
            env,
            store,
            projection: None,
            waiting_since: None,
            failures: 0,
            checked_at: None,
            rebuilding: None,
            counted: None,
        }
    }

    /// Works until it is asked to end.
    pub(super) fn run(mut self) {
        let _ends = TellsItsEnd(Arc::clone(&self.desk));
        loop {
            let asked = self.desk.take();
            if asked.stop {
                break;
            }
            // Whatever the library leaves behind when it panics is dropped and opened again.
            let step = catch_unwind(AssertUnwindSafe(|| self.step(asked)));
            match step.unwrap_or_else(|payload| Err(Panicked::by(&*payload).into())) {
                Ok(Next::Step) => {}
                Ok(Next::Sleep(until)) => self.sleep(until, |asked| asked.is_something()),
                Ok(Next::End) => break,
                Err(error) => {
                    self.failed(&error);
                    self.sleep(Instant::now() + wait_after(self.failures), |asked| asked.stop);
                }
            }
        }
        self.close();
    }

    /// One bounded piece of work.
    fn step(&mut self, asked: Asked) -> Result<Next, SearchError> {
        if asked.check && self.is_time_to_check() {
            self.close();
        }
        let desk = Arc::clone(&self.desk);
        let gives_up = || desk.asked().stop;
        let projection = match self.projection.take() {
            Some(projection) => self.projection.insert(projection),
            None => self.projection.insert(Projection::behind(
                self.desk.index.clone(),
                self.place.open()?,
                self.plan.clone(),
                self.env.clone(),
            )),
        };
        if asked.is_to_rebuild() {
            self.rebuilding = Some(asked.rebuilds);
            let Some(begun) = block_on(projection.rebuild(&*self.store), gives_up) else {
                return Ok(Next::End);
            };
            begun?;
        }
        let Some(progress) = block_on(projection.catch_up(&*self.store, PIECE), gives_up) else {
            return Ok(Next::End);
        };
        let progress = progress?;
        let age = self.plan.settings.commit.age;
        if projection.is_waiting() {
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            let is_old = progress.lag == 0 && since.elapsed() >= age;
            // What is being built cannot be searched, however soon it is committed.
            let is_awaited =
                !progress.rebuilding && self.desk.is_awaited(projection.searched(), progress.seq);
            // A failure is over when a commit shows it.
            if is_old || is_awaited || self.failures > 0 {
                projection.flush()?;
            }
        }
        self.succeeded(&progress);
        if progress.lag > 0 {
            return Ok(Next::Step);
        }
        let nap = Instant::now() + NAP;
        let due = self.waiting_since.and_then(|since| since.checked_add(age));
        Ok(Next::Sleep(due.map_or(nap, |due| due.min(nap))))
    }

    /// Tells of a step that succeeded.
    fn succeeded(&mut self, progress: &Progress) {
        let Some(projection) = &self.projection else { return };
        // Behind a failure everything was committed, so whatever failed works again.
        self.failures = 0;
        if !projection.is_waiting() {
            self.waiting_since = None;
        }
        let searched = projection.searched();
        let shown = self.desk.index.snapshot().as_ref().map(Arc::downgrade);
        let is_new = match (&shown, &self.counted) {
            (Some(shown), Some(counted)) => !shown.ptr_eq(counted),
            (shown, counted) => shown.is_some() != counted.is_some(),
        };
        let bytes = if is_new { projection.bytes().ok() } else { None };
        self.counted = shown;
        let rebuilt = if progress.rebuilding { None } else { self.rebuilding.take() };
        self.desk.tell(|report| {
            report.searched = searched;
            report.head = Seq(progress.seq.0.saturating_add(progress.lag));
            report.rebuilding = progress.rebuilding;
            report.rebuilt = rebuilt.unwrap_or(report.rebuilt);
            report.bytes = bytes.unwrap_or(report.bytes);
            report.failure = None;
        });
    }

    /// Tells of a failure, and drops what is half done.
    fn failed(&mut self, error: &SearchError) {
        // A failure of the store says nothing about the files.
        if !matches!(error, SearchError::Store(_)) {
            self.close();
        }
        self.failures = self.failures.saturating_add(1);
        self.waiting_since = None;
        // One that is half done begins anew.
        if self.rebuilding.take().is_some() {
            self.desk.rebuild_again();
        }
        let failure = in_full(error);
        self.desk.tell(|report| report.failure = Some(failure));
    }

    /// Drops the projection with everything that is not committed. What it shows stays.
    fn close(&mut self) {
        let projection = self.projection.take();
        // The library may be in any state behind an error.
        let _panicked = catch_unwind(AssertUnwindSafe(|| drop(projection)));
    }

    fn is_time_to_check(&mut self) -> bool {
        let is_time = self.checked_at.is_none_or(|at| at.elapsed() >= BETWEEN_CHECKS);
        if is_time {
            self.checked_at = Some(Instant::now());
        }
        is_time
    }

    /// Sleeps until a moment, or until something is asked for that is worth waking up for.
    fn sleep(&self, until: Instant, wakes: impl Fn(Asked) -> bool) {
        while !wakes(self.desk.asked()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
    }
}

/// How long to wait after so many failures.
pub(super) fn wait_after(failures: u32) -> Duration {
    let doubled = 1 << failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

/// Says that the thread has ended, however it ended.
struct TellsItsEnd(Arc<Desk>);

impl Drop for TellsItsEnd {
    fn drop(&mut self) {
        self.0.tell(|report| report.ended = true);
    }
}
