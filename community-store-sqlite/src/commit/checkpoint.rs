//! Checkpoints: what the WAL holds is copied into the database, so that the WAL stays short.
//!
//! Most of it is done by a thread of its own, on a connection of its own, while commits go on. What
//! they write meanwhile is copied by the writer between two transactions: it is little by then, and
//! only when nothing at all is left can the WAL be written from its beginning again.
//!
//! SQLite would do all of that inside COMMIT. But a failure to sync must not be forgotten: a second
//! try would report success for what the first one has lost.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use rusqlite::Connection;

use super::group::will_pass;
use crate::error::{Fault, Result};
use crate::files;
use crate::options::Options;

/// Rows written between two checkpoints, when commits come one at a time. The WAL is then some
/// megabytes long and stays so: to write over what is there takes less of the disk than to append.
const ROWS: u64 = 4_096;

/// The same in a crowd, which is served faster the less often there is one: the same pages are
/// written again and again. It bounds the WAL at some tens of megabytes.
const ROWS_IN_A_CROWD: u64 = 16_384;

/// So many change sets in a transaction are a crowd, which is over after so many transactions of
/// fewer.
const CROWD: usize = 4;
const CALM: u32 = 64;

/// What could not be finished is tried again so many times sooner.
const SOONER: u64 = 8;

/// How long the writer waits for those who still read what the WAL holds: so many times at least
/// so long. A page is read in less; whoever reads longer is not waited for.
const WAITS: i32 = 10;
const WAIT: Duration = Duration::from_micros(50);

/// Copies the WAL into the database now and then.
#[derive(Debug)]
pub(super) struct Checkpoints {
    database: PathBuf,
    options: Options,
    /// Rows between two of them, and in a crowd.
    rows: [u64; 2],
    /// How many rows had been written when there was something to do last.
    since: u64,
    /// How many transactions there have been since the last one of a crowd.
    calm: u32,
    /// How many times sooner than usual the next one is due.
    sooner: u64,
    /// Started when it is needed for the first time.
    beside: Option<Beside>,
    /// Whether it is at work.
    under_way: bool,
}

/// The thread that copies most.
#[derive(Debug)]
struct Beside {
    orders: Sender<()>,
    outcomes: Receiver<Result<()>>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    pub(super) fn new(database: PathBuf, options: Options, conn: &Connection) -> Self {
        Self {
            database,
            options,
            rows: [ROWS, ROWS_IN_A_CROWD],
            since: conn.total_changes(),
            calm: CALM,
            sooner: 1,
            beside: None,
            under_way: false,
        }
    }

    /// Does what is due, behind a transaction of so many change sets.
    ///
    /// # Errors
    /// When the disk has failed, here or beside: nothing may be written any more.
    pub(super) fn go_on(&mut self, conn: &mut Connection, sets: usize) -> Result<()> {
        self.calm = if sets < CROWD { self.calm.saturating_add(1) } else { 0 };
        if self.under_way {
            let Some(outcome) = self.outcome() else { return Ok(()) };
            self.under_way = false;
            outcome?;
            return self.finish(conn);
        }
        let [rows, in_a_crowd] = self.rows;
        let rows = if self.calm < CALM { in_a_crowd } else { rows };
        if conn.total_changes() - self.since < rows / self.sooner {
            return Ok(());
        }
        self.under_way = self.order();
        // Without a thread, such as when there can be no more of them, all is done here.
        if self.under_way { Ok(()) } else { self.finish(conn) }
    }

    /// Ends the thread, when it has done what it is at.
    ///
    /// # Errors
    /// As [`go_on`](Self::go_on).
    pub(super) fn close(self) -> Result<()> {
        let Some(Beside { orders, outcomes, thread }) = self.beside else { return Ok(()) };
        drop(orders);
        if thread.join().is_err() {
            return Err(Fault::refused("the thread that makes checkpoints panicked"));
        }
        outcomes.try_iter().collect()
    }

    /// Tells the thread to begin. Says whether there is one.
    fn order(&mut self) -> bool {
        if self.beside.is_none() {
            self.beside = Beside::start(&self.database, &self.options).ok();
        }
        self.beside.as_ref().is_some_and(|beside| beside.orders.send(()).is_ok())
    }

    /// How it went; `None` while it is at work.
    fn outcome(&self) -> Option<Result<()>> {
        match self.beside.as_ref()?.outcomes.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(Fault::refused("the thread that makes checkpoints ended")))
            }
        }
    }

    /// Copies the rest, and begins the WAL anew.
    fn finish(&mut self, conn: &mut Connection) -> Result<()> {
        conn.busy_handler(Some(|waited| {
            std::thread::sleep(WAIT);
            waited < WAITS
        }))?;
        let outcome = run(conn, "PRAGMA wal_checkpoint(RESTART)");
        conn.busy_timeout(files::BUSY)?;
        self.sooner = if outcome? { 1 } else { SOONER };
        self.since = conn.total_changes();
        Ok(())
    }
}

impl Beside {
    fn start(database: &Path, options: &Options) -> Result<Self> {
        let conn = files::connect_writer(database, options)?;
        let (orders, ordered) = crossbeam_channel::unbounded();
        let (done, outcomes) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new().name("community-checkpoint".into());
        let thread = thread.spawn(move || {
            for () in ordered {
                let outcome = run(&conn, "PRAGMA wal_checkpoint(PASSIVE)").map(drop);
                let is_over = outcome.is_err();
                if done.send(outcome).is_err() || is_over {
                    break;
                }
            }
        })?;
        Ok(Self { orders, outcomes, thread })
    }
}

/// Makes a checkpoint. Says whether it could do all that it should; nothing is lost if not.
fn run(conn: &Connection, sql: &'static str) -> Result<bool> {
    let outcome = conn.prepare_cached(sql).and_then(|mut statement| {
        statement.query_row([], |row| row.get::<_, bool>(0)).map(|is_busy| !is_busy)
    });
    match outcome.map_err(Fault::from) {
        Err(fault) if will_pass(&fault) => Ok(false),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A database with a table, a writer on it, and checkpoints every so many rows.
    fn writer(rows: u64) -> (tempfile::TempDir, Connection, Checkpoints) {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("test.db");
        let conn = files::connect_writer(&database, &Options::default()).unwrap();
        conn.execute_batch("CREATE TABLE numbers (n INTEGER PRIMARY KEY)").unwrap();
        let mut checkpoints = Checkpoints::new(database, Options::default(), &conn);
        checkpoints.rows = [rows, rows];
        (dir, conn, checkpoints)
    }

    fn write(
        conn: &mut Connection,
        checkpoints: &mut Checkpoints,
        numbers: std::ops::Range<i64>,
    ) -> Result<()> {
        for n in numbers {
            conn.execute("INSERT INTO numbers VALUES (?1)", [n])?;
            checkpoints.go_on(conn, 1)?;
        }
        Ok(())
    }

    fn count(conn: &Connection) -> i64 {
        conn.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)).unwrap()
    }

    fn wal(dir: &tempfile::TempDir) -> u64 {
        dir.path().join("test.db-wal").metadata().unwrap().len()
    }

    /// Of each insert the WAL keeps a page at least.
    const PAGE: u64 = 4_096;

    #[test]
    fn the_wal_stays_short_though_others_never_stop_reading() {
        let (dir, mut conn, mut checkpoints) = writer(100);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let database = dir.path().join("test.db");
                    let conn = files::connect_reader(&database, &Options::default()).unwrap();
                    let mut seen = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        let now = count(&conn);
                        assert!(now >= seen, "{now} after {seen}");
                        seen = now;
                    }
                });
            }
            let written = write(&mut conn, &mut checkpoints, 0..5_000);
            is_over.store(true, Ordering::Relaxed);
            written.unwrap();
        });
        assert!(wal(&dir) < 2_500 * PAGE, "{}", wal(&dir));
        checkpoints.close().unwrap();
        assert_eq!(count(&conn), 5_000);
    }

    #[test]
    fn who_reads_for_long_keeps_nobody_from_writing_and_then_the_wal_begins_anew() {
        let (dir, mut conn, mut checkpoints) = writer(50);
        let reader = files::connect_reader(&dir.path().join("test.db"), &Options::default());
        let reader = reader.unwrap();
        write(&mut conn, &mut checkpoints, 0..10).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        assert_eq!(count(&reader), 10);
        write(&mut conn, &mut checkpoints, 10..500).unwrap();
        assert_eq!(count(&reader), 10, "its snapshot stands");
        let long = wal(&dir);
        assert!(long >= 490 * PAGE, "{long}");
        reader.execute_batch("COMMIT").unwrap();
        write(&mut conn, &mut checkpoints, 500..1_000).unwrap();
        assert!(wal(&dir) < long + 250 * PAGE, "{} after {long}", wal(&dir));
        assert_eq!(count(&reader), 1_000);
    }

    #[test]
    fn a_failure_beside_is_told_to_the_writer_and_when_all_is_closed() {
        for is_told_while_writing in [true, false] {
            let (_dir, mut conn, mut checkpoints) = writer(10);
            let (orders, ordered) = crossbeam_channel::unbounded();
            let (done, outcomes) = crossbeam_channel::unbounded();
            let thread = std::thread::spawn(move || {
                let () = ordered.recv().unwrap();
                done.send(Err(std::io::Error::other("the disk is gone").into())).unwrap();
            });
            checkpoints.beside = Some(Beside { orders, outcomes, thread });
            if is_told_while_writing {
                let mut numbers = 0..;
                let told = std::iter::from_fn(|| {
                    let n = numbers.next()?;
                    Some(write(&mut conn, &mut checkpoints, n..n + 1))
                });
                assert!(told.take(1_000_000).any(|outcome| outcome.is_err()));
            } else {
                checkpoints.order();
                assert!(checkpoints.close().is_err());
            }
        }
    }

    #[test]
    fn without_a_thread_the_writer_does_it_all() {
        let (dir, mut conn, mut checkpoints) = writer(10);
        checkpoints.database = dir.path().join("nowhere").join("test.db");
        write(&mut conn, &mut checkpoints, 0..500).unwrap();
        assert!(checkpoints.beside.is_none());
        assert!(wal(&dir) < 100 * PAGE, "{}", wal(&dir));
    }
}
