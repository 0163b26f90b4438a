//! A process that keeps an index is killed, again and again, or ends itself at one step of its work,
//! and what it leaves is looked at each time: the index that goes on from there is the one built in
//! one go.
//!
//! The process is this test binary once more, so a kill is a real one. It takes the process, not the
//! machine: what the operating system was given, it keeps.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;
use std::time::Duration;

use community_core::{
    NewChannel, NewCommunity, NewMember, NewPost, NewTopic, Policy, PostKind, Session, TopicId,
    Viewer,
};
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::worlds::Dice;
use tempfile::TempDir;

use super::*;
use crate::projection::Folder;
use crate::projection::tests::STARTING;
use crate::projection::tests::damage::copy;
use crate::projection::tests::faults::{FailingDisk, Steps, Then};

/// Where a child is to work, and after how many steps it is to end.
const DIR: &str = "COMMUNITY_KEEPER_DIR";
const STEPS: &str = "COMMUNITY_KEEPER_STEPS";

/// What a child says when it is about to work, after each thing done, and at its end.
const READY: &str = "ready";
const DONE: &str = "done";
const COMPLETE: &str = "complete";

const KILLS: usize = 100;
/// Kills after which a new directory is begun.
const KILLS_PER_DIR: usize = 20;
/// Topics to which a child replies.
const TOPICS: usize = 12;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

#[test]
fn after_a_hundred_kills_the_index_is_the_one_built_in_one_go() {
    let mut dice = Dice::of(1, "kills of a keeper", 0);
    let mut home = prepared();
    let mut commits = 0;
    for kill in 0..KILLS {
        if kill > 0 && kill.is_multiple_of(KILLS_PER_DIR) {
            home = prepared();
        }
        let mut child = start(home.path(), u64::MAX);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(|line| line.ok());
        // Some are killed while they open the index, which is when they check it.
        if !dice.chance(15) {
            lines.find(|line| line == READY).expect("the child ended before it was ready");
            for _ in 0..dice.between(0, 12) {
                commits += usize::from(lines.next().is_some_and(|line| line == DONE));
            }
        }
        // In which part of a commit the kill falls is left to chance.
        let moment = u64::try_from(dice.below(10_000)).unwrap();
        std::thread::sleep(Duration::from_micros(moment));
        child.kill().unwrap();
        lines.for_each(drop);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(SIGKILL), "the child ended by itself: {status}");
        recovers(home.path(), &format!("kill {kill}"));
    }
    // A run in which the killed had done nothing would show nothing.
    assert!(commits > KILLS, "{commits} commits");
}

#[test]
fn after_an_end_at_any_step_the_index_is_the_one_built_in_one_go() {
    let home = prepared();
    let mut ends = 0;
    for steps in (0..).step_by(3) {
        let copied = TempDir::new().unwrap();
        copy(home.path(), copied.path());
        let mut child = start(copied.path(), steps);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_complete =
            lines.map_while(|line| line.ok()).filter(|line| line == COMPLETE).count() == 1;
        let status = child.wait().unwrap();
        recovers(copied.path(), &format!("after {steps} steps"));
        if is_complete {
            break;
        }
        assert_eq!(status.signal(), Some(SIGABRT), "the child ended in another way: {status}");
        ends += 1;
    }
    assert!(ends > 60, "{ends} ends");
}

#[test]
#[ignore = "the process that the other tests kill: it does nothing by itself"]
fn child() {
    if let (Some(dir), Ok(steps)) = (std::env::var_os(DIR), std::env::var(STEPS)) {
        work(Path::new(&dir), steps.parse().unwrap());
    }
}

fn start(dir: &Path, steps: u64) -> Child {
    let _nobody_opens = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    Command::new(std::env::current_exe().unwrap())
        .args(["keeper::tests::kills::child", "--exact", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env(STEPS, steps.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process that was killed loses nothing that the system was given.
fn store(dir: &Path) -> Arc<SqliteStore> {
    let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
    let open = || SqliteStore::open(dir.join("store"), options);
    Arc::new(undisturbed(open).unwrap())
}

/// A store with some topics, and an index of another one.
fn prepared() -> TempDir {
    let home = TempDir::new().unwrap();
    {
        let index = home.path().join("index");
        let store = ModelStore::new();
        let shed = Shed::on(Engine::with_env(Arc::new(store.clone()), env().0));
        shed.answer("Grease it.");
        let keeper = Keeper::open(index, settings(5), env().0, Arc::new(store.clone())).unwrap();
        wait(&keeper, &store);
    }
    let engine = Engine::new(store(home.path()));
    block_on(async {
        let host = engine.as_system();
        let garden = NewCommunity::new(GARDEN.parse().unwrap(), name(), Policy::public());
        host.create_community(garden).await.unwrap();
        let beds = NewChannel::new(BEDS.parse().unwrap(), name());
        host.create_channel(&GARDEN.parse().unwrap(), beds).await.unwrap();
        let ana = NewMember::new(ANA.parse().unwrap(), name());
        let ana = engine.session(Viewer::Member(host.sync_member(ana).await.unwrap()));
        ana.join(&GARDEN.parse().unwrap()).await.unwrap();
        for number in 0..TOPICS {
            let (title, body) = (format!("Slugs {number}"), format!("They eat bed {number}."));
            let (garden, beds) = (GARDEN.parse().unwrap(), BEDS.parse().unwrap());
            let topic = NewTopic::new(garden, beds, "question".parse().unwrap(), title, body);
            let topic = topic.key(format!("t{number}").parse().unwrap());
            ana.start_topic(topic).await.unwrap();
        }
    });
    home
}

const GARDEN: &str = "garden";
const BEDS: &str = "beds";
const ANA: &str = "ana";

fn name<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    "Garden".parse().unwrap()
}

/// Goes on where a process has ended.
fn recovers(dir: &Path, when: &str) {
    let store = store(dir);
    let index = dir.join("index");
    let keeper = Keeper::open(index, settings(5), env().0, store.clone()).unwrap();
    assert_eq!(wait(&keeper, &*store), in_one_go(&*store), "{when}");
    let status = keeper.status();
    assert_eq!((status.state, status.failure), (IndexState::Ready, None), "{when}");
    drop(keeper);
    let generations = fs::read_dir(dir.join("index")).unwrap();
    let generations = generations.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(generations, 1, "{when}");
}

/// One line to the parent, in one piece: a pipe takes it whole or not at all.
fn tell(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// Follows a store while it is written to, and builds the index anew now and then.
fn work(dir: &Path, steps: u64) {
    // The test runner has begun a line.
    tell("");
    let ends = steps < u64::MAX;
    let store = store(dir);
    let engine = Engine::new(store.clone());
    let garden = GARDEN.parse().unwrap();
    let ana = block_on(engine.member_by_key(&ANA.parse().unwrap())).unwrap();
    let topics: Vec<TopicId> = (0..TOPICS)
        .map(|number| {
            let key = format!("t{number}").parse().unwrap();
            block_on(engine.as_system().topic_by_key(&garden, &key)).unwrap().topic.id
        })
        .collect();
    tell(READY);
    let inner: Arc<dyn Disk> = Arc::new(Folder::open(&dir.join("index")).unwrap());
    let disk: Arc<dyn Disk> =
        Arc::new(FailingDisk { inner, steps: Steps::new(steps, Then::Aborts) });
    let keeper = Keeper::start(Place::Disk(disk), settings(5), env().0, store.clone()).unwrap();
    for round in 0_usize.. {
        block_on(keeper.wait_for(head(&*store))).unwrap();
        tell(DONE);
        if ends && round == 3 {
            break;
        }
        write(&engine, &ana, topics[round % TOPICS], round);
        if round % 8 == 2 {
            block_on(keeper.rebuild()).unwrap();
        }
    }
    tell(COMPLETE);
}

fn write(engine: &Engine, ana: &Session, topic: TopicId, round: usize) {
    block_on(async {
        let text = format!("Copper tape, or beer: {round}.");
        let answer = ana.reply(NewPost::new(topic, text).kind(PostKind::Answer)).await.unwrap();
        match round % 3 {
            // The first one of its topic can be.
            0 => _ = engine.as_system().accept(answer, None).await,
            1 => ana.withdraw_post(answer).await.unwrap(),
            _ => {}
        }
    });
}
