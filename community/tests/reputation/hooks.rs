//! The host is told of awards: each at least once, in order, and of none that it was too late for.

use std::sync::{Arc, Mutex};

use community::time::ManualClock;
use community::*;
use community_store_memory::MemoryStore;
use community_testkit::{CommitFault, FaultyStore};
use pollster::block_on;

use crate::badges::{everything, put_in_force, told};
use crate::stage::{DAY, Stage};

/// Takes note of what it is told, and panics when it is told to.
#[derive(Debug, Default)]
struct Hook {
    told: Mutex<Vec<Event>>,
    panics_at: Option<u32>,
}

impl AwardHook for Hook {
    fn awarded(&self, event: &Event) {
        self.told.lock().unwrap().push(event.clone());
        if let EventKind::Awarded { tier, .. } = event.event.kind {
            assert_ne!(Some(tier), self.panics_at, "as it was told to");
        }
    }
}

#[test]
fn a_hook_that_is_given_later_is_not_told_of_the_past() {
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let env = Env::manual(Arc::clone(&clock), 3);
    let mut stage = Stage::on(Engine::with_env(Arc::clone(&store), env.clone()), clock, 2);
    put_in_force(&stage, &everything(1));
    stage.start(&stage.people[0], "question");
    stage.pump();
    assert!(!told(&stage).is_empty());
    let head = block_on(store.head()).unwrap();
    let hook = Arc::new(Hook::default());
    stage.engine = Engine::with_env(store, env.with_award_hook(hook.clone()));
    // What is awarded with the very first pump, too.
    stage.start(&stage.people[1], "question");
    stage.pump();
    let heard = hook.told.lock().unwrap();
    assert!(!heard.is_empty() && heard.iter().all(|event| event.seq > head));
}

#[test]
fn the_host_is_told_of_each_award_at_least_once_and_in_order_whatever_is_killed() {
    let faulty = Arc::new(FaultyStore::new(MemoryStore::new()));
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let store: Arc<dyn Store> = Arc::<FaultyStore<MemoryStore>>::clone(&faulty);
    let hook = Arc::new(Hook::default());
    let env = Env::manual(Arc::clone(&clock), 3).with_award_hook(hook.clone());
    let stage = Stage::on(Engine::with_env(store, env), clock, 3);
    put_in_force(&stage, &everything(1));
    for round in 0..30 {
        let topic = stage.start(&stage.people[round % 3], "question");
        stage.up(&stage.people[(round + 1) % 3], stage.opening(topic));
        // The last one is that which notes what was told.
        for commit in [1, 2, 1, 4] {
            match round % 3 {
                0 => faulty.fail_commit(commit, CommitFault::Lost),
                1 => faulty.fail_commit(commit, CommitFault::Unheard),
                _ => faulty.fail_call(commit + round as u64),
            }
            let _ = block_on(stage.engine.pump());
            faulty.relax();
        }
        stage.clock.advance(DAY / 2);
    }
    stage.pump();
    let events = block_on(stage.engine.store().events_after(Seq(0), usize::MAX)).unwrap();
    let awards = events.into_iter().filter(|event| {
        matches!(event.event.kind, EventKind::Awarded { .. } | EventKind::Revoked { .. })
    });
    let awards: Vec<Event> = awards.collect();
    let mut told = hook.told.lock().unwrap().clone();
    assert!(told.len() > awards.len(), "some were told again: {}", told.len());
    // In the order of the log, but for repetitions.
    let mut highest = Seq(0);
    told.retain(|event| {
        event.seq > highest && {
            highest = event.seq;
            true
        }
    });
    assert_eq!(told, awards);
}

#[test]
fn a_hook_that_panics_holds_up_nothing() {
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let hook = Arc::new(Hook { panics_at: Some(1), ..Hook::default() });
    let env = Env::manual(Arc::clone(&clock), 3).with_award_hook(hook.clone());
    let stage = Stage::on(in_memory_with(env), clock, 2);
    put_in_force(&stage, &everything(1));
    stage.start(&stage.people[0], "question");
    let pumped = block_on(stage.engine.pump()).unwrap();
    assert!(pumped.awards > 0 && pumped.failed > 0, "{pumped:?}");
    assert_eq!(told(&stage).len(), pumped.awards);
    let calls = hook.told.lock().unwrap().len();
    assert_eq!(calls, pumped.awards);
    stage.pump();
    assert_eq!(hook.told.lock().unwrap().len(), calls, "not told again");
}
