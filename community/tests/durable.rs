//! An engine on a directory: what it keeps, and what it refuses.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::error::Error as _;
use std::fs;

use community::{Engine, Error, NewMember, OpenError, Options, StoreError};
use pollster::block_on;

fn add(engine: &Engine, key: &str) {
    let new = NewMember::new(key.parse().unwrap(), "Somebody".parse().unwrap());
    block_on(engine.as_system().sync_member(new)).unwrap();
}

fn has(engine: &Engine, key: &str) -> bool {
    block_on(engine.member_by_key(&key.parse().unwrap())).is_ok()
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    add(&community::open(dir.path()).unwrap(), "user:1");
    assert!(has(&community::open(dir.path()).unwrap(), "user:1"));
}

#[test]
fn a_directory_without_data_is_left_alone_when_data_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    for missing in [dir.path().to_owned(), dir.path().join("nothing/here")] {
        let refused = community::open_with(&missing, Options::new().existing()).unwrap_err();
        assert!(matches!(&refused, OpenError::Missing { dir } if *dir == missing), "{refused:?}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    drop(community::open(dir.path()).unwrap());
    community::open_with(dir.path(), Options::new().existing()).unwrap();
}

#[test]
fn something_else_in_the_place_of_the_data_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("community.db");
    let text = "this is a letter and no database, and long enough to be taken for one".repeat(20);
    fs::write(&file, &text).unwrap();
    let refused = community::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Store { source: StoreError::Damaged(_), .. }));
    assert!(refused.source().is_some(), "the cause is kept as a source");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_backup_is_taken_while_the_engine_is_in_use_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let (live, file) = (dir.path().join("live"), dir.path().join("copy.db"));
    let engine = community::open(&live).unwrap();
    add(&engine, "user:1");
    community::backup(&engine, &file).unwrap();
    add(&engine, "user:2");
    assert!(matches!(community::backup(&engine, &file), Err(Error::Store(_))));

    assert!(community::restore(&file, &live).is_err(), "not over data that is there");
    let copy = dir.path().join("copy");
    community::restore(&file, &copy).unwrap();
    let copy = community::open(&copy).unwrap();
    assert!(has(&copy, "user:1"));
    assert!(!has(&copy, "user:2"));
}

#[test]
fn an_engine_in_memory_has_no_file_to_back_up() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy.db");
    let refused = community::backup(&community::in_memory(), &file);
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert!(!file.exists());
}
