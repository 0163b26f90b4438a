//! Backups are whole, and a restored store is another store.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use community_core::StoreError;
use community_core::change::Seq;
use community_core::store::{EventLog, Reader};
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;

use crate::common::*;

/// The kinds and times of all events.
fn events(store: &SqliteStore) -> Vec<String> {
    let events = block_on(store.events_after(Seq(0), 100_000)).unwrap();
    events.iter().map(|event| format!("{event:?}")).collect()
}

#[test]
fn backups_made_while_four_write_are_whole_and_hold_all_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(&dir.path().join("store"));
    commit(&store, home.found());
    let done = AtomicBool::new(false);
    let backups: Vec<_> = (0..5).map(|n| dir.path().join(format!("{n}.db"))).collect();
    let mut acknowledged = Vec::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    home.started(&store, &home.garden, &["leek"]);
                }
            });
        }
        for backup in &backups {
            acknowledged.push(block_on(store.head()).unwrap());
            store.backup(backup).unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });

    let all = events(&store);
    for (backup, acknowledged) in backups.iter().zip(acknowledged) {
        let restored = backup.with_extension("dir");
        SqliteStore::restore(backup, &restored).unwrap();
        let restored = open(&restored);
        let head = block_on(restored.head()).unwrap();
        assert!(head >= acknowledged, "{head:?} {acknowledged:?}");
        assert_eq!(events(&restored), all[..head.0 as usize]);
        assert_eq!(restored.integrity_check().unwrap(), Vec::<String>::new());
        // Every topic came with one event, behind the one of the community.
        let request = community_core::query::FeedRequest { limit: 100_000, ..home.feed() };
        assert_eq!(ids(&restored, &request).len() as u64, head.0 - 1);
    }
}

#[test]
fn a_restored_store_has_another_epoch_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (backup, restored) = (dir.path().join("backup.db"), dir.path().join("restored"));
    let home = Home::new();
    let store = open(&dir.path().join("store"));
    commit(&store, home.found());
    store.backup(&backup).unwrap();
    SqliteStore::restore(&backup, &restored).unwrap();
    let restored = open(&restored);
    assert_ne!(block_on(store.info()).unwrap().epoch, block_on(restored.info()).unwrap().epoch);
    let (topic, _) = home.started(&restored, &home.garden, &[]);
    assert_eq!(ids(&restored, &home.feed()), [topic.id]);
    assert!(ids(&store, &home.feed()).is_empty());
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("backup.db");
    let store = open(&dir.path().join("store"));
    store.backup(&backup).unwrap();
    let before = fs::read(&backup).unwrap();
    assert!(matches!(store.backup(&backup), Err(StoreError::Failed(_))));
    assert_eq!(fs::read(&backup).unwrap(), before);

    let (other, partial) = (dir.path().join("other.db"), dir.path().join("other.db.partial"));
    fs::write(&partial, "beets").unwrap();
    assert!(matches!(store.backup(&other), Err(StoreError::Failed(_))));
    assert_eq!(fs::read(&partial).unwrap(), b"beets");
    assert!(!other.exists());

    let full = dir.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("diary.txt"), "leeks").unwrap();
    assert!(matches!(SqliteStore::restore(&backup, &full), Err(StoreError::Failed(_))));
    assert_eq!(fs::read_dir(&full).unwrap().count(), 1);
    let in_use = SqliteStore::restore(&backup, dir.path().join("store"));
    assert!(matches!(in_use, Err(StoreError::Failed(_))));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("backup.db");
    let home = Home::new();
    let store = open(&dir.path().join("store"));
    commit(&store, home.found());
    for _ in 0..50 {
        home.started(&store, &home.garden, &["leek"]);
    }
    store.backup(&backup).unwrap();
    drop(store);
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0xAB);
    fs::write(&backup, bytes).unwrap();
    let to = dir.path().join("restored");
    let error = SqliteStore::restore(&backup, &to).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    // What is left is an empty directory to a store that is opened there.
    let store = SqliteStore::open(&to, Options::default()).unwrap();
    assert_eq!(block_on(store.head()).unwrap(), Seq(0));

    // Neither does it stand in the way of a sound backup.
    drop(store);
    let (sound, to) = (dir.path().join("sound.db"), dir.path().join("again"));
    SqliteStore::restore(&backup, &to).unwrap_err();
    open(&dir.path().join("store")).backup(&sound).unwrap();
    SqliteStore::restore(&sound, &to).unwrap();
    assert_eq!(block_on(open(&to).head()).unwrap(), Seq(51));

    fs::write(&backup, "not a backup").unwrap();
    let error = SqliteStore::restore(&backup, dir.path().join("other")).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}
