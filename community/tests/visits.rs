//! Visits: reported by the host, counted once a member, community and day, written in batches.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use community::time::ManualClock;
use community::{
    Engine, Env, Error, Limits, MemberId, NewCommunity, NewMember, Policy, Session, Slug,
};
use community_testkit::ModelStore;
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// The first day of 2026.
const DAY: i32 = 20_454;

struct Stage {
    engine: Engine,
    clock: Arc<ManualClock>,
    store: ModelStore,
}

impl Stage {
    fn new(limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let store = ModelStore::new();
        let env = Env::manual(Arc::clone(&clock), 1).with_limits(limits);
        let engine = Engine::with_env(Arc::new(store.clone()), env);
        for (key, policy) in [("garden", Policy::public()), ("club", Policy::members_only())] {
            let new = NewCommunity::new(slug(key), key.parse().unwrap(), policy);
            block_on(engine.as_system().create_community(new)).unwrap();
        }
        Self { engine, clock, store }
    }

    fn member(&self, key: &str) -> Session {
        let new = NewMember::new(key.parse().unwrap(), key.parse().unwrap());
        self.engine.member(block_on(self.engine.as_system().sync_member(new)).unwrap())
    }

    fn days(&self, reader: &Session, key: &str) -> community::Result<Vec<i32>> {
        block_on(reader.visits(&slug("garden"), &key.parse().unwrap(), 0, i32::MAX))
    }
}

#[test]
fn a_member_counts_once_a_day_however_often_and_the_day_ends_at_midnight_utc() {
    let stage = Stage::new(Limits::default());
    let ana = stage.member("ana");
    // At 0, 7, 23, 24, 25 and 72 hours.
    for hours in [0, 7, 16, 1, 1, 47] {
        stage.clock.advance(Duration::from_secs(hours * 3600));
        block_on(ana.visit(&slug("garden"))).unwrap();
    }
    assert!(stage.days(&ana, "ana").unwrap().is_empty(), "they wait");
    assert_eq!(block_on(stage.engine.pump()).unwrap().visits, 3);
    assert_eq!(stage.days(&ana, "ana").unwrap(), [DAY, DAY + 1, DAY + 3]);
    block_on(ana.visit(&slug("garden"))).unwrap();
    assert_eq!(block_on(stage.engine.pump()).unwrap().visits, 0, "it was noted today");
}

#[test]
fn a_process_that_begins_anew_notes_the_day_again_and_nothing_changes() {
    let stage = Stage::new(Limits::default());
    let ana = stage.member("ana");
    block_on(ana.visit(&slug("garden"))).unwrap();
    block_on(stage.engine.pump()).unwrap();
    let head = block_on(stage.engine.store().head()).unwrap();
    let again = Engine::with_env(Arc::new(stage.store.clone()), stage.engine.env().clone());
    let ana = again.member(ana.viewer().member().unwrap());
    block_on(ana.visit(&slug("garden"))).unwrap();
    assert_eq!(block_on(again.pump()).unwrap().visits, 1);
    assert_eq!(stage.days(&ana, "ana").unwrap(), [DAY]);
    assert_eq!(block_on(again.store().head()).unwrap(), head, "a visit is no event");
}

#[test]
fn nobody_in_particular_does_not_count() {
    let stage = Stage::new(Limits::default());
    let unknown = MemberId::from_bytes([7; 16]);
    for session in
        [stage.engine.anonymous(), stage.engine.as_system(), stage.engine.member(unknown)]
    {
        block_on(session.visit(&slug("garden"))).unwrap();
    }
    assert_eq!(block_on(stage.engine.pump()).unwrap().visits, 0);
}

#[test]
fn a_community_that_a_member_does_not_see_cannot_be_visited() {
    let stage = Stage::new(Limits::default());
    let ana = stage.member("ana");
    let refused = block_on(ana.visit(&slug("club")));
    assert!(matches!(refused, Err(Error::NotFound("community"))), "{refused:?}");
    assert_eq!(block_on(stage.engine.pump()).unwrap().visits, 0);
}

#[test]
fn visits_are_shown_to_the_member_and_to_managers_alone() {
    let stage = Stage::new(Limits::default());
    let (ana, bob, eve) = (stage.member("ana"), stage.member("bob"), stage.member("eve"));
    let id = bob.viewer().member().unwrap();
    let manager = slug("manager");
    block_on(stage.engine.as_system().grant_role(&slug("garden"), id, &manager, None)).unwrap();
    block_on(ana.visit(&slug("garden"))).unwrap();
    block_on(stage.engine.pump()).unwrap();
    for reader in [&ana, &bob, &stage.engine.as_system()] {
        assert_eq!(stage.days(reader, "ana").unwrap(), [DAY]);
    }
    for reader in [&eve, &stage.engine.anonymous()] {
        for key in ["ana", "nobody"] {
            let refused = stage.days(reader, key);
            assert!(matches!(refused, Err(Error::Denied(_))), "{key}: {refused:?}");
        }
    }
}

#[test]
fn as_many_visits_wait_as_the_limit_says() {
    let stage = Stage::new(Limits { buffered_views: 3, ..Limits::default() });
    for n in 0..3 {
        block_on(stage.member(&format!("user:{n}")).visit(&slug("garden"))).unwrap();
    }
    assert_eq!(stage.days(&stage.engine.as_system(), "user:0").unwrap(), [DAY]);
    assert_eq!(block_on(stage.engine.pump()).unwrap().visits, 0);
}
