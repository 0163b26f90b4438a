//! A keeper whose disk, store or library fails, and one whose files are damaged while it runs.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use community_core::search::IndexError;
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::FaultyStore;
use tempfile::TempDir;

use super::*;
use crate::keeper::worker::wait_after;
use crate::projection::tests::damage::{copy, files};
use crate::projection::tests::faults::{FailingDisk, Steps, Then};
use crate::{Projection, SearchError};

fn open(path: &Path, store: impl Store) -> Keeper {
    Keeper::open(path, settings(6), env().0, Arc::new(store)).unwrap()
}

/// A store with a few posts.
fn small() -> (Shed, ModelStore) {
    let model = ModelStore::new();
    let shed = Shed::on(Engine::with_env(Arc::new(model.clone()), env().0));
    (0..10).for_each(|_| _ = shed.answer("Grease it."));
    (shed, model)
}

/// Waits until something has failed, and tells what.
fn failure(keeper: &Keeper) -> String {
    until(keeper, |keeper| keeper.status().failure.is_some());
    keeper.status().failure.unwrap()
}

/// A disk that gives up after some steps, works again later, and was told of in between.
fn recovers(then: Then, message: &str) {
    let (shed, model) = written();
    let mut failures = 0;
    for taken in (0..160).step_by(9) {
        let steps = Steps::new(taken, then);
        let disk: Arc<dyn Disk> = Arc::new(FailingDisk { inner: memory(), steps: steps.clone() });
        let keeper = keeper(&disk, 40, model.clone());
        until(&keeper, |keeper| {
            let status = keeper.status();
            status.failure.is_some() || status.seq == Some(head(&model))
        });
        if let Some(failure) = keeper.status().failure {
            assert!(failure.contains(message), "{failure}");
            assert_ne!(state(&keeper), IndexState::Ready);
            failures += 1;
        }
        steps.set(u64::MAX);
        assert_eq!(wait(&keeper, &model), in_one_go(&model), "after {taken} steps");
        until(&keeper, |keeper| state(keeper) == IndexState::Ready);
        assert_eq!(keeper.status().failure, None);

        // And once more, with an index that is served meanwhile.
        steps.set(taken / 9);
        shed.answer("Grease it.");
        keeper.wake();
        std::thread::scope(|scope| {
            let whole = scope.spawn(|| wait(&keeper, &model));
            until(&keeper, |keeper| {
                keeper.status().failure.is_some() || keeper.status().seq == Some(head(&model))
            });
            assert!(keeper.snapshot().is_some());
            steps.set(u64::MAX);
            assert_eq!(whole.join().unwrap(), in_one_go(&model), "after {taken} steps");
        });
    }
    assert!(failures > 5, "{failures} failures");
}

#[test]
fn a_keeper_goes_on_after_its_disk_has_failed() {
    recovers(Then::Fails, "the search index failed");
}

#[test]
fn a_keeper_goes_on_after_the_library_has_panicked() {
    recovers(Then::Panics, "the search index failed");
}

#[test]
fn a_keeper_goes_on_after_its_store_has_failed() {
    let (_, model) = written();
    let whole = in_one_go(&model);
    for call in (1..60).step_by(3) {
        let store = Arc::new(FaultyStore::new(model.clone()));
        store.fail_call(call);
        let kept: Arc<dyn Store> = store.clone();
        let keeper = Keeper::start(Place::Disk(memory()), settings(9), env().0, kept).unwrap();
        let text = failure(&keeper);
        assert!(text.starts_with("the store could not be read"), "{text}");
        assert_eq!(wait(&keeper, &model), whole, "call {call}");
        until(&keeper, |keeper| keeper.status().failure.is_none());
    }
}

#[test]
fn a_failing_keeper_still_says_what_failed_while_nothing_shows_that_it_works() {
    let (shed, model) = written();
    let steps = Steps::new(u64::MAX, Then::Fails);
    let disk: Arc<dyn Disk> = Arc::new(FailingDisk { inner: memory(), steps: steps.clone() });
    let keeper = keeper(&disk, usize::MAX, model.clone());
    let before = wait(&keeper, &model);
    shed.answer("Grease it.");
    keeper.wake();
    until(&keeper, |keeper| keeper.status().lag > 0);
    // Nobody waits, so nothing is committed, and nothing has failed yet.
    steps.set(0);
    assert_eq!(state(&keeper), IndexState::Ready);
    {
        let mut waiting = std::pin::pin!(keeper.wait_for(head(&model)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        failure(&keeper);
    }
    // Further attempts do not hide that the last one failed, although nobody waits any more.
    for _ in 0..3 {
        let told = keeper.desk.listen();
        assert_eq!(state(&keeper), IndexState::Failing);
        assert_eq!(keeper.status().seq, Some(before.seq));
        block_on(told);
    }
    assert_eq!(dump_of(&keeper.snapshot().unwrap()), before);
    steps.set(u64::MAX);
    until(&keeper, |keeper| keeper.status().failure.is_none());
    assert_eq!(dump_of(&keeper.snapshot().unwrap()), in_one_go(&model));
}

#[test]
fn a_keeper_waits_longer_after_each_failure_up_to_some_seconds() {
    let waits: Vec<u128> = (1..=9).map(|failures| wait_after(failures).as_millis()).collect();
    assert_eq!(waits, [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert_eq!(wait_after(u32::MAX), Duration::from_secs(5));
}

#[test]
fn an_index_that_is_in_use_is_taken_when_it_is_free() {
    let (_, model) = small();
    let home = TempDir::new().unwrap();
    let other = Projection::open(home.path(), settings(1), env().0).unwrap();
    let keeper = open(home.path(), model.clone());
    assert_eq!(failure(&keeper), "the search index is in use");
    assert_eq!(state(&keeper), IndexState::Missing);
    drop(other);
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
}

#[test]
fn a_directory_that_cannot_be_made_is_made_when_it_can_be() {
    let (_, model) = small();
    let home = TempDir::new().unwrap();
    // A file, which stops an administrator as well.
    let parent = home.path().join("index");
    fs::write(&parent, "").unwrap();
    let keeper = open(&parent.join("shed"), model.clone());
    assert!(failure(&keeper).starts_with("the search index failed: "));
    assert_eq!(state(&keeper), IndexState::Missing);
    fs::remove_file(&parent).unwrap();
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
}

/// Does something to each file of an index in turn.
fn each_file(what: impl Fn(&TempDir, &Path, &Shed, &ModelStore)) {
    let (shed, model) = small();
    let home = TempDir::new().unwrap();
    wait(&open(home.path(), model.clone()), &model);
    let names = files(home.path());
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let name = name.strip_prefix(home.path()).unwrap();
        let damaged = TempDir::new().unwrap();
        copy(home.path(), damaged.path());
        what(&damaged, name, &shed, &model);
    }
}

#[test]
fn any_file_may_vanish_while_the_index_is_kept() {
    each_file(|home, name, shed, model| {
        let keeper = open(home.path(), model.clone());
        wait(&keeper, model);
        // Files that were merged away meanwhile have vanished already.
        let _ = fs::remove_file(home.path().join(name));
        for _ in 0..2 {
            shed.answer("Grease it.");
            keeper.wake();
            assert_eq!(wait(&keeper, model), in_one_go(model), "{}", name.display());
        }
        drop(keeper);
        let again = open(home.path(), model.clone());
        assert_eq!(wait(&again, model), in_one_go(model), "{} and reopened", name.display());
    });
}

#[test]
fn any_file_may_be_damaged_between_two_keepers() {
    each_file(|home, name, _, model| {
        let file = home.path().join(name);
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        let keeper = open(home.path(), model.clone());
        assert_eq!(wait(&keeper, model), in_one_go(model), "{}", name.display());
    });
}

#[test]
fn a_search_that_panics_on_damaged_files_has_the_index_built_anew() {
    let (_, model) = small();
    let home = TempDir::new().unwrap();
    let keeper = open(home.path(), model.clone());
    let whole = wait(&keeper, &model);
    let snapshot = keeper.snapshot().unwrap();
    let current = || fs::read_to_string(home.path().join("current")).unwrap();
    let before = current();
    for file in files(&home.path().join("gen-1")).iter().filter(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        !name.starts_with('.') && name != "meta.json"
    }) {
        // In place, because the files are mapped into memory.
        let length = usize::try_from(fs::metadata(file).unwrap().len()).unwrap();
        let mut file = OpenOptions::new().write(true).open(file).unwrap();
        file.write_all(&vec![0x5a; length]).unwrap();
    }
    let found: Result<Dump, IndexError> = keeper.with(&snapshot, |snapshot| Ok(dump_of(snapshot)));
    assert!(matches!(found, Err(IndexError::Failed(_))), "{found:?}");
    until(&keeper, |keeper| !Arc::ptr_eq(&keeper.snapshot().unwrap(), &snapshot));
    assert_eq!(wait(&keeper, &model), whole);
    assert_ne!(current(), before);
}

#[test]
fn a_search_that_fails_on_whole_files_costs_nothing_but_a_look_at_them() {
    let (shed, model) = small();
    let home = TempDir::new().unwrap();
    let keeper = open(home.path(), model.clone());
    wait(&keeper, &model);
    let generation = files(home.path());
    let snapshot = keeper.snapshot().unwrap();
    for _ in 0..10 {
        let failed = keeper.with(&snapshot, |_| -> Result<(), SearchError> { panic!("a bug") });
        let IndexError::Failed(source) = failed.unwrap_err() else { panic!("another error") };
        assert_eq!(
            std::error::Error::source(&*source).unwrap().to_string(),
            "the index library panicked: a bug"
        );
    }
    until(&keeper, |keeper| !Arc::ptr_eq(&keeper.snapshot().unwrap(), &snapshot));
    assert_eq!(files(home.path()), generation);
    shed.answer("Grease it.");
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
}

#[test]
fn searches_that_keep_failing_bring_about_one_look_at_the_files() {
    let (_, model) = small();
    let steps = Steps::new(u64::MAX, Then::Fails);
    let disk: Arc<dyn Disk> = Arc::new(FailingDisk { inner: memory(), steps: steps.clone() });
    let keeper = keeper(&disk, usize::MAX, model.clone());
    wait(&keeper, &model);
    let looks = |snapshot: &Arc<crate::Snapshot>| {
        let before = steps.left();
        let _ = keeper.with(snapshot, |_| -> Result<(), SearchError> { panic!("a bug") });
        until(&keeper, |keeper| !keeper.desk.asked().is_something());
        // What is asked for next is taken up when it is done with that.
        keeper.wake();
        until(&keeper, |keeper| !keeper.desk.asked().is_something());
        steps.left() < before
    };
    let snapshot = keeper.snapshot().unwrap();
    assert!(looks(&snapshot));
    assert!(!Arc::ptr_eq(&snapshot, &keeper.snapshot().unwrap()));
    assert!(!looks(&keeper.snapshot().unwrap()));
}

#[test]
fn a_rebuild_that_fails_is_begun_again() {
    let (_, model) = small();
    let steps = Steps::new(u64::MAX, Then::Fails);
    let disk: Arc<dyn Disk> = Arc::new(FailingDisk { inner: memory(), steps: steps.clone() });
    let keeper = keeper(&disk, usize::MAX, model.clone());
    let whole = wait(&keeper, &model);
    steps.set(0);
    std::thread::scope(|scope| {
        let rebuilt = scope.spawn(|| block_on(keeper.rebuild()));
        failure(&keeper);
        assert!(!rebuilt.is_finished());
        steps.set(u64::MAX);
        rebuilt.join().unwrap().unwrap();
    });
    assert!(disk.current() > Some(1) && state(&keeper) == IndexState::Ready);
    assert_eq!(wait(&keeper, &model), whole);
}

#[test]
fn the_whole_index_may_vanish_while_it_is_kept() {
    let (shed, model) = small();
    let home = TempDir::new().unwrap();
    let path = home.path().join("index");
    let keeper = open(&path, model.clone());
    wait(&keeper, &model);
    fs::remove_dir_all(&path).unwrap();
    shed.answer("Grease it.");
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
    shed.answer("Tighten it.");
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
    drop(keeper);
    let again = open(&path, model.clone());
    until(&again, |keeper| keeper.snapshot().is_some());
    assert_eq!(wait(&again, &model), in_one_go(&model));
}

#[test]
fn an_older_backup_of_the_store_gets_an_index_of_its_own() {
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (backup, restored) = (data.path().join("backup"), data.path().join("restored"));
    let store = SqliteStore::open(data.path().join("store"), Options::default()).unwrap();
    let store = Arc::new(store);
    let shed = written_to(store.clone());
    store.backup(&backup).unwrap();
    (0..5).for_each(|_| _ = shed.answer("Grease it."));
    let ahead = {
        let keeper = Keeper::open(home.path(), settings(40), env().0, store.clone()).unwrap();
        wait(&keeper, &*store)
    };
    SqliteStore::restore(&backup, &restored).unwrap();
    let older = Arc::new(SqliteStore::open(&restored, Options::default()).unwrap());
    assert!(head(&*older) < ahead.seq);
    let keeper = Keeper::open(home.path(), settings(40), env().0, older.clone()).unwrap();
    let whole = wait(&keeper, &*older);
    assert_eq!(whole, in_one_go(&*older));
    assert!(whole.documents.len() < ahead.documents.len());
}
