//! Verification finds nothing in worlds that the engine has written.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use community_core::time::ManualClock;
use community_core::{Engine, Env};
use community_store_memory::MemoryStore;
use community_testkit::verify;
use community_testkit::worlds::{Size, World, load};
use pollster::block_on;

#[test]
fn nothing_is_found_in_generated_worlds() {
    for (size, least) in [(Size::Hamlet, 10_000), (Size::Town, 100_000)] {
        let world = World::generate(size, 11);
        let clock = Arc::new(ManualClock::at(World::end()));
        let store = Arc::new(MemoryStore::new());
        let engine = Engine::with_env(store.clone(), Env::manual(clock, 11));
        block_on(load(&engine.as_system(), &world)).unwrap();
        let report = block_on(verify(&*store)).unwrap();
        assert!(report.is_clean(), "{report}");
        assert!(report.checks > least, "{report}");
    }
}
