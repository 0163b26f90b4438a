//! Verification finds nothing in worlds that the engine has written.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use community_core::time::ManualClock;
use community_core::{Engine, Env};
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::verify;
use community_testkit::worlds::{Size, World, load};
use pollster::block_on;

#[test]
fn nothing_is_found_in_generated_worlds() {
    for seed in [11, 12] {
        let world = World::generate(Size::Hamlet, seed);
        let clock = Arc::new(ManualClock::at(World::end()));
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path(), Options::default()).unwrap());
        let engine = Engine::with_env(store.clone(), Env::manual(clock, seed));
        block_on(load(&engine.as_system(), &world)).unwrap();
        let report = block_on(verify(&*store)).unwrap();
        assert!(report.is_clean(), "{report}");
        assert!(report.checks > 10_000, "{report}");
    }
}
