//! Nobody is shown what they may not see, and nobody can tell it from what does not exist.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community_core::Store;
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::conformance::Opener;
use community_testkit::differential::Backend;
use community_testkit::leaks::{Leak, examine_many, worlds_to_find};

fn memory() -> Opener {
    let store = Arc::new(MemoryStore::new());
    Opener::new(move || {
        let store = Arc::clone(&store);
        async move { store as Arc<dyn Store> }
    })
}

fn sqlite() -> Opener {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    Opener::new(move || {
        let dir = Arc::clone(&dir);
        async move {
            // With so few moves some are written in each script, and some are not.
            let synchronous = Synchronous::Normal;
            let options = Options { synchronous, moves: 40, ..Options::default() };
            Arc::new(SqliteStore::open(dir.path(), options).unwrap()) as Arc<dyn Store>
        }
    })
}

const MEMORY: Backend = Backend::new("memory", memory);
const SQLITE: Backend = Backend::new("sqlite", sqlite);

fn nothing_leaks(first: u64, worlds: usize, backend: Backend) {
    match examine_many(first, worlds, backend) {
        Ok(examined) => println!("{examined:?}"),
        Err(finding) => panic!("{finding}"),
    }
}

#[test]
fn viewers_of_eighty_worlds_in_memory_see_what_the_oracle_says_and_nothing_hidden() {
    nothing_leaks(1, 80, MEMORY);
}

#[test]
fn viewers_of_twenty_worlds_on_disk_see_what_the_oracle_says_and_nothing_hidden() {
    nothing_leaks(81, 20, SQLITE);
}

/// The test above finds leaks: each of these is put in, and has to be found.
#[test]
fn every_seeded_leak_is_found() {
    for leak in Leak::ALL {
        let (worlds, finding) = worlds_to_find(leak, MEMORY, 20).unwrap();
        println!("{leak:?} is found in {worlds} worlds: {:?} sees it", finding.who);
        assert!(finding.who.is_some(), "{leak:?} is found by nobody's eyes: {finding}");
    }
}
