//! A keeper to which nothing happens.

use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use community_core::search::{Count, Find, IndexError, Lookup, Per, Reach, SearchSort, Wanted};
use community_core::{AccessRev, Directory, Scope};
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::FaultyStore;
use tempfile::TempDir;

use super::*;
use crate::keeper::desk::Desk;
use crate::{CommitPolicy, Projection, Settings};

fn start(policy: CommitPolicy, store: &ModelStore) -> Keeper {
    let settings = Settings { commit: policy, ..settings(1) };
    Keeper::in_memory(settings, env().0, Arc::new(store.clone())).unwrap()
}

/// Never commits by itself.
const NEVER: CommitPolicy = CommitPolicy { documents: usize::MAX, age: Duration::MAX };

/// Waits as a reader does who is in no hurry.
fn shown(keeper: &Keeper, store: &dyn Store) -> Dump {
    dump_of(&block_on(keeper.desk.index.wait_for(head(store))))
}

#[test]
fn who_waits_finds_what_was_written() {
    let (shed, model) = written();
    let keeper = start(NEVER, &model);
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
    for body in ["Grease it.", "Tighten it.", "Oil the rails."] {
        shed.answer(body);
        keeper.wake();
        assert_eq!(wait(&keeper, &model), in_one_go(&model));
    }
}

#[test]
fn what_waits_is_committed_when_it_is_old() {
    // By the time that passes; the clock of these settings stands still.
    let (shed, model) = written();
    let keeper = start(CommitPolicy { age: Duration::from_millis(1), ..NEVER }, &model);
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
    shed.answer("Grease it.");
    keeper.wake();
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
}

#[test]
fn what_waits_is_committed_when_it_is_much() {
    let (shed, model) = written();
    let keeper = start(CommitPolicy { documents: 1, ..NEVER }, &model);
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
    shed.answer("Grease it.");
    keeper.wake();
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
}

#[test]
fn what_another_handle_writes_is_found_without_a_word() {
    let (shed, model) = written();
    let keeper = start(CommitPolicy { documents: 1, ..NEVER }, &model);
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
    shed.answer("Grease it.");
    assert_eq!(shown(&keeper, &model), in_one_go(&model));
}

#[test]
fn what_is_yet_to_be_written_can_be_waited_for() {
    let (shed, model) = written();
    let keeper = start(NEVER, &model);
    wait(&keeper, &model);
    let next = Seq(head(&model).0 + 1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(keeper.wait_for(next)));
        until(&keeper, |keeper| keeper.desk.is_awaited(None, next));
        shed.answer("Grease it.");
        keeper.wake();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
    assert!(!keeper.desk.is_awaited(None, next), "nobody waits any more");
}

#[test]
fn who_no_longer_waits_brings_about_no_commit() {
    let (shed, model) = written();
    let keeper = start(NEVER, &model);
    wait(&keeper, &model);
    let next = Seq(head(&model).0 + 1);
    {
        let mut waiting = std::pin::pin!(keeper.wait_for(next));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    let before = keeper.snapshot().unwrap().seq();
    shed.answer("Grease it.");
    keeper.wake();
    until(&keeper, |keeper| keeper.status().lag > 0);
    assert_eq!(keeper.snapshot().unwrap().seq(), before);
}

#[test]
fn the_status_says_what_there_is() {
    let (_, model) = written();
    let keeper = start(NEVER, &model);
    let dump = wait(&keeper, &model);
    let status = keeper.status();
    assert_eq!(status.state, IndexState::Ready);
    assert_eq!((status.seq, status.lag), (Some(head(&model)), 0));
    assert_eq!(status.documents, dump.documents.len() as u64);
    assert!(status.bytes > 1_000);
    assert_eq!(status.failure, None);
}

#[test]
fn a_rebuild_takes_the_place_of_the_index_that_is_searched_meanwhile() {
    let (_, model) = written();
    let disk = memory();
    let (at_work, works) = mpsc::channel();
    let (goes_on, may_go_on) = mpsc::channel::<()>();
    let store = Arc::new(FaultyStore::new(model.clone()));
    let kept: Arc<dyn Store> = store.clone();
    let place = Place::Disk(Arc::clone(&disk));
    let keeper = Keeper::start(place, settings(1), env().0, kept).unwrap();
    let whole = wait(&keeper, &model);
    let before = keeper.snapshot().unwrap();
    // Stopped in the middle of it.
    store.interrupt(8, move || {
        at_work.send(()).unwrap();
        let _ = may_go_on.recv();
    });
    std::thread::scope(|scope| {
        let rebuilt = scope.spawn(|| block_on(keeper.rebuild()));
        works.recv().unwrap();
        assert_eq!(disk.generations().unwrap(), [1, 2]);
        assert!(Arc::ptr_eq(&keeper.snapshot().unwrap(), &before));
        assert!(!rebuilt.is_finished());
        goes_on.send(()).unwrap();
        rebuilt.join().unwrap().unwrap();
    });
    assert_eq!(disk.current(), Some(2));
    assert_eq!(state(&keeper), IndexState::Ready);
    assert_eq!(wait(&keeper, &model), whole);
    assert_eq!(disk.generations().unwrap(), [2]);
}

#[test]
fn nothing_is_found_while_there_is_nothing_to_search() {
    let (_, model) = written();
    let (goes_on, may_go_on) = mpsc::channel::<()>();
    let store = FaultyStore::new(model);
    store.interrupt(1, move || _ = may_go_on.recv());
    let keeper = keeper(&memory(), 1, store);
    let status = keeper.status();
    assert_eq!((status.state, status.seq, status.documents), (IndexState::Missing, None, 0));
    let (scope, directory) = (Scope::system(AccessRev::default()), Directory::default());
    let find = Find {
        wanted: &Wanted::Expr(Lookup::default()),
        reach: &Reach::new(&scope, &directory, None),
        sort: SearchSort::Newest,
        per: Per::Post,
        top: 10,
        count: Count::Total { most: 10 },
    };
    let found = block_on(keeper.find(&find)).unwrap();
    assert_eq!((found.hits.len(), found.more), (0, false));
    assert!(!found.total.unwrap().exact);
    goes_on.send(()).unwrap();
}

#[test]
fn a_keeper_that_is_stopped_says_so_and_can_still_be_searched() {
    let (_, model) = written();
    let keeper = start(NEVER, &model);
    let whole = wait(&keeper, &model);
    let next = Seq(head(&model).0 + 1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(keeper.wait_for(next)));
        until(&keeper, |keeper| keeper.desk.is_awaited(None, next));
        keeper.stop();
        assert!(matches!(waiting.join().unwrap(), Err(IndexError::Stopped)));
    });
    assert!(matches!(block_on(keeper.wait_for(next)), Err(IndexError::Stopped)));
    assert_eq!(wait(&keeper, &model), whole);
}

#[test]
fn a_keeper_that_is_dropped_gives_up_its_store_and_its_index() {
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let open = || undisturbed(|| SqliteStore::open(data.path(), Options::default()));
    let open = || Arc::new(open().unwrap());
    let shed = written_to(open());
    let whole = in_one_go(shed.engine.store());
    drop(shed);
    for _ in 0..3 {
        let store = open();
        let keeper = Keeper::open(home.path(), settings(40), env().0, store.clone()).unwrap();
        block_on(keeper.wait_for(head(&*store))).unwrap();
        drop((keeper, store));
        let open = || Projection::open(home.path(), settings(40), env().0);
        let kept = undisturbed(open).unwrap();
        assert_eq!(dump_of(&kept.index().snapshot().unwrap()), whole);
    }
}

#[test]
fn a_keeper_that_is_stopped_at_its_work_stops_soon_and_leaves_nothing_half_done() {
    let (_, model) = written();
    let whole = in_one_go(&model);
    let disk = memory();
    for call in [3, 10, 40, 90] {
        let store = Arc::new(FaultyStore::new(model.clone()));
        let desk = Arc::new(OnceLock::<Arc<Desk>>::new());
        let (asked, stopped) = (Arc::clone(&desk), store.clone());
        store.interrupt(call, move || asked.wait().ask(|asked| asked.stop = true));
        let place = Place::Disk(Arc::clone(&disk));
        let keeper = Keeper::start(place, settings(7), env().0, stopped).unwrap();
        desk.set(Arc::clone(&keeper.desk)).unwrap();
        until(&keeper, |keeper| keeper.desk.report().ended);
        drop(keeper);
        assert!(!store.is_pending(), "it was stopped at call {call}");
        // A whole run takes hundreds.
        assert!(store.calls() <= call + 5, "{} calls", store.calls());
    }
    let keeper = keeper(&disk, usize::MAX, model.clone());
    assert_eq!(wait(&keeper, &model), whole);
}

#[test]
fn an_index_of_another_store_is_not_taken_for_this_one() {
    let (other, model) = (written_to(Arc::new(ModelStore::new())), ModelStore::new());
    let small = Shed::on(Engine::with_env(Arc::new(model.clone()), env().0));
    (0..30).for_each(|_| _ = other.answer("Grease it."));
    let disk = memory();
    {
        let store = other.engine.store_as::<ModelStore>().unwrap().clone();
        wait(&keeper(&disk, 9, store.clone()), &store);
    }
    drop(small);
    let (at_work, works) = mpsc::channel();
    let (goes_on, may_go_on) = mpsc::channel::<()>();
    let store = FaultyStore::new(model.clone());
    store.interrupt(3, move || {
        at_work.send(()).unwrap();
        let _ = may_go_on.recv();
    });
    let keeper = keeper(&disk, 9, store);
    works.recv().unwrap();
    // The old one is served, and says nothing of how far this store is in it.
    let status = keeper.status();
    assert!(status.documents > 100);
    assert_eq!(status.seq, None);
    goes_on.send(()).unwrap();
    assert_eq!(wait(&keeper, &model), in_one_go(&model));
}
