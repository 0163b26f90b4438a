//! A process that writes is killed, again and again, and what it leaves is looked at each time:
//! every acknowledged command is there, the one that was under way is there as a whole or not at
//! all, and everything that is counted counts what is there.
//!
//! A kill takes the process, not the machine: what the operating system was given, it keeps. So
//! nothing here tells whether a commit survives a power failure.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod child;
mod found;
mod plan;

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use community::change::EntityId;
use community_testkit::Habit;
use community_testkit::worlds::Dice;

use child::{Orders, READY};
use found::Known;
use plan::THREADS;

/// Where a child is to work, and what it is to do there.
const DIR: &str = "COMMUNITY_CRASH_DIR";
const ORDERS: &str = "COMMUNITY_CRASH_ORDERS";

/// Kills in one run.
const KILLS: usize = 200;
/// Kills after which a new directory is begun.
const KILLS_PER_DIR: usize = 10;
const SIGKILL: i32 = 9;

#[test]
fn what_was_acknowledged_is_there_and_nothing_is_half_there_after_two_hundred_kills() {
    let mut run = Run::new(1, None);
    for _ in 0..KILLS {
        let wrong = run.kill();
        assert!(wrong.is_empty(), "kill {}: {wrong:#?}", run.kills);
    }
    // A run in which the killed had done nothing would show nothing.
    assert!(run.acknowledged > 10 * KILLS, "{} commands", run.acknowledged);
    assert!(run.under_way > KILLS / 20, "{} kills found a command under way", run.under_way);
}

#[test]
fn counters_outside_the_transaction_are_reported() {
    let wrong = Run::new(2, Some(Habit::CountersApart)).until_something_is_wrong();
    assert!(wrong.iter().any(|line| line.starts_with("counted: ")), "{wrong:#?}");
}

#[test]
fn an_acknowledgement_before_the_commit_is_reported() {
    let wrong = Run::new(3, Some(Habit::AcknowledgesFirst)).until_something_is_wrong();
    assert!(wrong.iter().any(|line| line.starts_with("acknowledged: ")), "{wrong:#?}");
}

#[test]
#[ignore = "the process that the other tests kill: it does nothing by itself"]
fn child() {
    if let (Some(dir), Ok(orders)) = (std::env::var_os(DIR), std::env::var(ORDERS)) {
        child::work(Path::new(&dir), &Orders::read(&orders));
    }
}

/// Kills in a row.
struct Run {
    dice: Dice,
    habit: Option<Habit>,
    dir: tempfile::TempDir,
    known: Known,
    kills: usize,
    acknowledged: usize,
    /// How often something was found that had been committed and not been acknowledged.
    under_way: usize,
}

impl Run {
    fn new(seed: u64, habit: Option<Habit>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let known = Known::nothing(seed);
        let dice = Dice::of(seed, "kills", 0);
        Self { dice, habit, dir, known, kills: 0, acknowledged: 0, under_way: 0 }
    }

    fn until_something_is_wrong(mut self) -> Vec<String> {
        for _ in 0..KILLS {
            let wrong = self.kill();
            if !wrong.is_empty() {
                return wrong;
            }
        }
        panic!("{KILLS} kills did not show {:?}", self.habit);
    }

    /// Starts a process, kills it, and looks at what it left. Returns what is wrong.
    fn kill(&mut self) -> Vec<String> {
        let first = self.kills.is_multiple_of(KILLS_PER_DIR);
        if first && self.kills > 0 {
            self.dir = tempfile::tempdir().unwrap();
            self.known = Known::nothing(self.dice.number());
        }
        self.kills += 1;
        let (mut child, stdout) = self.start();
        let mut lines = BufReader::new(stdout).lines().map_while(|line| line.ok());
        // Some are killed while they make the file, or open it, which is when they recover it.
        if !first && !self.dice.chance(15) {
            let ready = lines.find(|line| line == READY);
            ready.expect("the child ended before it was ready");
            for _ in 0..self.dice.between(0, 60) {
                let line = lines.next().expect("the child ended before it was killed");
                self.take(&line);
            }
        }
        // In which part of a commit the kill falls is left to chance.
        let moment = u64::try_from(self.dice.below(8_000)).unwrap();
        std::thread::sleep(Duration::from_micros(moment));
        child.kill().unwrap();
        for line in lines {
            self.take(&line);
        }
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(SIGKILL), "the child ended by itself: {status}");
        let wrong = self.known.check(self.dir.path());
        self.under_way += self.known.under_way;
        wrong.unwrap_or_else(|error| vec![format!("file: {error:?}")])
    }

    fn start(&self) -> (Child, ChildStdout) {
        let orders = Orders { seed: self.known.seed, habit: self.habit, done: self.known.done() };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, self.dir.path())
            .env(ORDERS, orders.write())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        (child, stdout)
    }

    /// A line of the child's; what is not an acknowledgement is passed over.
    fn take(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("done ") else { return };
        let words: Vec<&str> = line.split(' ').collect();
        let [thread, number, made] = words[..] else { panic!("{line:?}") };
        let thread: usize = thread.parse().unwrap();
        let made: EntityId = made.parse().unwrap();
        assert!(thread < THREADS);
        let known = &mut self.known.made[thread];
        assert_eq!(number.parse(), Ok(known.len()), "a thread's commands come one by one");
        known.push((!made.is_nil()).then_some(made));
        self.acknowledged += 1;
    }
}
