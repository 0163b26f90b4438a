//! Commands on a store that fails, and commands that come between each other: whatever happens, a
//! command has happened as a whole or not at all, and says which where it knows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod interrupted;
mod script;
mod stage;

use std::collections::BTreeSet;
use std::path::Path;

use community::change::EntityId;
use community::memory::MemoryStore;
use community::record::Record;
use community::sqlite::{Options, SqliteStore, Synchronous};
use community::store::Store;
use community::{Error, MemberId, NewMember, RequestId, StoreError};
use community_testkit::worlds::{Dice, Size, World};
use community_testkit::{CommitFault, Habit, ModelStore, snapshot, verify};
use pollster::block_on;

use script::{COMMANDS, garden, number, script};
use stage::{Stage, is_store_error, renumbered};

const FAILED: &str = "the store failed";
const UNKNOWN: &str = "the outcome of the commit is unknown";
const POISONED: &str = "the store takes no writes since the disk has failed: open it again";

#[test]
fn the_script_has_every_command() {
    let mut stage = Stage::on(ModelStore::new());
    let mut numbers = BTreeSet::new();
    for step in script() {
        numbers.extend(number(&stage.command(&step)));
        stage.go_on(&step);
    }
    assert_eq!(numbers, (0..COMMANDS).collect());
}

#[test]
fn a_command_that_fails_in_any_way_happens_once_or_not_at_all_in_memory() {
    every_command_fails_in_every_way(|_| MemoryStore::new());
}

#[test]
fn a_command_that_fails_in_any_way_happens_once_or_not_at_all_on_sqlite() {
    every_command_fails_in_every_way(|dir| {
        let synchronous = Synchronous::Normal;
        SqliteStore::open(dir, Options { synchronous, ..Options::default() }).unwrap()
    });
}

#[test]
fn a_command_that_fails_in_any_way_happens_once_or_not_at_all_in_the_model() {
    every_command_fails_in_every_way(|_| ModelStore::new());
}

/// Each command of the script is made to fail at each of its calls, and its commit in each way that
/// there is. After each failure it is sent again with the same request, until it gets through. A
/// twin on which nothing fails says what is there then.
fn every_command_fails_in_every_way<S: Store>(fresh: impl Fn(&Path) -> S) {
    let dir = tempfile::tempdir().unwrap();
    let mut stage = Stage::on(fresh(&dir.path().join("stage")));
    let mut twin = Stage::on(fresh(&dir.path().join("twin")));
    for step in script() {
        let (calls, commits) = (twin.store.calls(), twin.store.commits());
        let expected = twin.go_on(&step);
        let calls = twin.store.calls() - calls;
        let what = format!("{:?}", stage.command(&step));
        assert_eq!(twin.store.commits() - commits, 1, "{what}");

        let before = stage.holds();
        let after = twin.holds();
        assert_ne!(before, after, "{what} changes nothing");

        for call in 1..=calls {
            stage.store.fail_call(call);
            is_store_error(&stage.send(&step), FAILED, &what);
            assert!(!stage.store.is_pending(), "{what} has not come to call {call}");
        }
        for (fault, told) in [(CommitFault::Failed, FAILED), (CommitFault::Lost, UNKNOWN)] {
            stage.store.fail_commit(1, fault);
            is_store_error(&stage.send(&step), told, &what);
        }
        assert_eq!(stage.holds(), before, "{what} left something when it failed");

        stage.store.fail_commit(1, CommitFault::Poisoned);
        is_store_error(&stage.send(&step), POISONED, &what);
        is_store_error(&stage.send(&step), POISONED, &what);
        // Reads go on.
        assert_eq!(block_on(snapshot(&*stage.store)).unwrap(), before, "{what}");
        assert!(block_on(stage.engine().anonymous().communities()).is_ok());
        stage.store.reopen();

        stage.store.fail_commit(1, CommitFault::Unheard);
        is_store_error(&stage.send(&step), UNKNOWN, &what);
        assert_eq!(stage.holds(), after, "{what} was written without being heard of");
        for _ in 0..2 {
            assert_eq!(
                stage.send(&step),
                Ok(expected.clone()),
                "{what} is answered as if it had been heard"
            );
            assert_eq!(stage.holds(), after, "{what} happened twice");
        }
        // Not even the look for the first answer may fail in silence.
        stage.store.fail_call(1);
        is_store_error(&stage.send(&step), FAILED, &what);
        assert_eq!(stage.go_on(&step), expected);
    }
    let report = block_on(verify(stage.store.inner())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

#[test]
fn an_import_that_fails_is_sent_again_and_happens_once() {
    let records: Vec<Record> =
        World::generate(Size::Hamlet, 5).records().map(|(_, record)| record).take(250).collect();
    let (mut stage, twin) = (Stage::on(MemoryStore::new()), Stage::on(MemoryStore::new()));
    let import = |stage: &Stage<MemoryStore>, records: &[Record]| {
        let request = RequestId::from_uuid(EntityId::from_u128(7));
        let host = stage.engine().as_system().request(request);
        block_on(host.import(&garden(), None, records))
    };
    // The community comes in a step of its own.
    for stage in [&stage, &twin] {
        assert_eq!(import(stage, &records[..1]).unwrap().changed, 1);
    }
    let before = stage.holds();
    let calls = twin.store.calls();
    assert_eq!(import(&twin, &records).unwrap().changed, records.len() - 1);
    let after = twin.holds();
    let mut behind = 0;
    for call in 1..=twin.store.calls() - calls {
        stage.store.fail_call(call);
        let failed = import(&stage, &records);
        assert!(matches!(failed, Err(Error::Store(StoreError::Failed(_)))), "{failed:?}");
        if stage.holds() != before {
            // What fails behind the batch finds it there, whole, when it is sent again.
            assert_eq!(stage.holds(), after);
            assert_eq!(import(&stage, &records).unwrap().changed, 0);
            assert_eq!(stage.holds(), after);
            stage = Stage::on(MemoryStore::new());
            assert_eq!(import(&stage, &records[..1]).unwrap().changed, 1);
            behind += 1;
        }
    }
    // To silence what badges would make of the past is all that comes behind it.
    assert!(behind < 10, "{behind} calls behind the batch");
    for fault in [CommitFault::Failed, CommitFault::Lost, CommitFault::Poisoned] {
        stage.store.fail_commit(1, fault);
        assert!(matches!(import(&stage, &records), Err(Error::Store(_))));
        stage.store.reopen();
    }
    assert_eq!(stage.holds(), before);
    stage.store.fail_commit(1, CommitFault::Unheard);
    let unheard = import(&stage, &records).unwrap_err();
    assert!(unheard.is_retryable(), "{unheard:?}");
    assert_eq!(stage.holds(), after);
    assert_eq!(import(&stage, &records).unwrap().changed, 0);
    assert_eq!(stage.holds(), after);
    // One request is one batch.
    let other = import(&stage, &records[1..]);
    assert!(other.is_ok(), "the community is no part of the request: {other:?}");
    let other = import(&stage, &records[..200]);
    assert!(matches!(other, Err(Error::Invalid(_))), "{other:?}");
}

#[test]
fn an_engine_goes_on_after_any_failure() {
    for seed in 0..20 {
        let mut dice = Dice::of(seed, "failures", 0);
        let mut stage = Stage::on(MemoryStore::new());
        let mut twin = Stage::on(MemoryStore::new());
        stage.keep_one_engine();
        twin.keep_one_engine();
        for step in script() {
            let expected = twin.go_on(&step);
            let answer = loop {
                if dice.chance(60) {
                    let at = u64::try_from(dice.between(1, 8)).unwrap();
                    stage.store.fail_call(at);
                } else if dice.chance(60) {
                    stage.store.fail_commit(1, *dice.pick(&CommitFault::ALL));
                }
                let answer = stage.send(&step);
                stage.store.relax();
                stage.store.reopen();
                match answer {
                    Ok(answer) => break answer,
                    refusal => assert_eq!(refusal.unwrap_err().kind, "store"),
                }
            };
            // Ids may differ: a plan that came to nothing has taken some.
            assert_eq!(answer.is_string(), expected.is_string());
            stage.keep(&step, &answer);
        }
        assert_eq!(renumbered(&stage.holds()), renumbered(&twin.holds()));
        let report = block_on(verify(stage.store.inner())).unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
    }
}

#[test]
fn views_stay_buffered_when_writing_them_fails() {
    let mut stage = Stage::on(MemoryStore::new());
    stage.keep_one_engine();
    script().iter().take(24).for_each(|step| drop(stage.go_on(step)));
    let engine = stage.engine();
    let topic = stage.made.topic(0).topic();
    for _ in 0..3 {
        block_on(engine.anonymous().record_view(topic)).unwrap();
    }
    for fault in [CommitFault::Failed, CommitFault::Lost, CommitFault::Poisoned] {
        stage.store.fail_commit(1, fault);
        assert!(block_on(engine.pump()).is_err());
        stage.store.reopen();
    }
    assert_eq!(block_on(engine.pump()).unwrap().views, 1);
    let row = block_on(engine.as_system().topic(topic)).unwrap();
    assert_eq!(row.topic.counters.views, 3);
}

#[test]
fn a_habit_is_not_noticed_while_the_process_runs() {
    let mut honest = Stage::on(ModelStore::new());
    script().iter().for_each(|step| drop(honest.go_on(step)));
    for habit in [Habit::CountersApart, Habit::AcknowledgesFirst] {
        let mut stage = Stage::with_habit(ModelStore::new(), habit);
        for step in script() {
            stage.go_on(&step);
        }
        assert_eq!(block_on(snapshot(&*stage.store)).unwrap(), honest.holds(), "{habit:?}");
    }
}

#[test]
fn a_store_that_fails_fails_once_and_as_it_was_told() {
    let stage = Stage::on(ModelStore::new());
    let host = stage.engine().as_system();
    let sync = |key: &str| -> Result<MemberId, community::Error> {
        block_on(host.sync_member(NewMember::new(key.parse().unwrap(), key.parse().unwrap())))
    };
    stage.store.fail_commit(2, CommitFault::Failed);
    assert!(sync("ana").is_ok());
    assert!(sync("ben").is_err());
    assert!(sync("ben").is_ok());
    stage.store.fail_commit(1, CommitFault::Failed);
    stage.store.relax();
    assert!(sync("eva").is_ok());
    assert_eq!(stage.store.commits(), 4);
}
