//! Every store does what the oracle says: the same results, errors and pages for random scripts of
//! everything that a session can do.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community_core::Store;
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::conformance::Opener;
use community_testkit::differential::{Backend, Fault, run_many};

const BACKENDS: [Backend; 2] = [Backend::new("memory", memory), Backend::new("sqlite", sqlite)];

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
            // Durability is tested elsewhere, by killing processes.
            // With so few moves some are written in each script, and some are not.
            let synchronous = Synchronous::Normal;
            let options = Options { synchronous, moves: 40, ..Options::default() };
            Arc::new(SqliteStore::open(dir.path(), options).unwrap()) as Arc<dyn Store>
        }
    })
}

fn differential(first: u64, count: usize) {
    let command = "cargo test -p community --test differential";
    match run_many(&BACKENDS, first, count, command) {
        Ok(compared) => println!("{compared:?}"),
        Err(report) => panic!("{report}"),
    }
}

#[test]
fn stores_do_what_the_oracle_says() {
    differential(0, 500);
}

#[test]
fn a_store_with_a_fault_does_not() {
    for fault in Fault::WRONG {
        let backend = BACKENDS[0].with_fault(fault);
        let report = run_many(&[backend], 0, 500, "").unwrap_err();
        println!("{fault:?}: {}", report.lines().next().unwrap());
    }
}

#[test]
#[ignore = "takes an hour: run it before a release"]
fn stores_do_what_the_oracle_says_in_20_000_scripts() {
    differential(1_000_000, 20_000);
}
