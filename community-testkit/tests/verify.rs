//! Verification finds nothing in a world that the engine has written.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use community_core::time::ManualClock;
use community_core::{Engine, Env};
use community_testkit::worlds::{Size, World, load};
use community_testkit::{ModelStore, verify};
use pollster::block_on;

#[test]
fn nothing_is_found_in_generated_worlds() {
    for seed in 0..3 {
        let world = World::generate(Size::Hamlet, seed);
        let store = Arc::new(ModelStore::new());
        let clock = Arc::new(ManualClock::at(World::end()));
        let engine = Engine::with_env(store.clone(), Env::manual(clock, seed));
        block_on(load(&engine.as_system(), &world)).unwrap();
        let report = block_on(verify(&*store)).unwrap();
        assert!(report.is_clean(), "{report}");
        assert!(report.checks > 10_000, "{report}");
    }
}
