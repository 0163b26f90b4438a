//! The index is the same, whatever happened to it on the way.

pub(crate) mod damage;
pub(crate) mod dump;
pub(crate) mod faults;
mod following;
mod outcomes;
pub(crate) mod texts;

use std::sync::{Arc, PoisonError, RwLock};

use community_core::time::{ManualClock, from_micros};
use community_core::{Engine, Env, Event, Seq, Store};
use community_store_memory::MemoryStore;
use community_testkit::conformance::Opener;
use community_testkit::differential::{Backend, MOST_STEPS, engine_after};
use community_testkit::script::Script;
use pollster::block_on;

use super::{Disk, Memory, Projection};
use crate::analysis::Language;
use crate::{CommitPolicy, Settings};
use dump::{Dump, dump};

/// What the first `part` of a script has left; the same each time, ids and epoch included.
pub(crate) fn after_part_of_script(seed: u64, part: f64) -> Engine {
    let mut script = Script::generate(seed, MOST_STEPS);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a few hundred"
    )]
    let steps = (script.steps.len() as f64 * part) as usize;
    script.steps.truncate(steps);
    script.steps.iter_mut().for_each(|step| step.look = None);
    engine_after(&script, Backend::new("memory", || opener(1))).unwrap()
}

pub(crate) fn after_script(seed: u64) -> Engine {
    after_part_of_script(seed, 1.0)
}

fn opener(epoch: u64) -> Opener {
    let store = Arc::new(MemoryStore::with_epoch(epoch));
    Opener::new(move || {
        let store = Arc::clone(&store);
        async move { store as Arc<dyn Store> }
    })
}

/// An environment whose clock stands still.
pub(crate) fn env() -> (Env, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(from_micros(1_800_000_000_000_000).unwrap()));
    (Env::manual(Arc::clone(&clock), 3), clock)
}

/// Settings under which only `documents` and the end of a generation commit.
pub(crate) fn settings(documents: usize) -> Settings {
    let commit = CommitPolicy { documents, age: std::time::Duration::from_secs(3_600) };
    Settings { language: Language::English, commit, memory: 0, ..Settings::default() }
}

fn projection(disk: &Arc<dyn Disk>, documents: usize) -> Projection {
    Projection::on(Arc::clone(disk), settings(documents), env().0)
}

/// Catches up to the end of the log, and commits.
fn catch_up(projection: &mut Projection, store: &dyn Store, events: usize) {
    block_on(async { while projection.catch_up(store, events).await.unwrap().lag > 0 {} });
    projection.flush().unwrap();
}

/// The index of a store, built in one go.
pub(crate) fn in_one_go(store: &dyn Store) -> Dump {
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut projection = projection(&disk, usize::MAX);
    catch_up(&mut projection, store, usize::MAX);
    dump(&projection)
}

pub(crate) fn log(store: &dyn Store) -> Vec<Event> {
    block_on(store.events_after(Seq(0), usize::MAX)).unwrap()
}

/// Held while another process is started.
pub(crate) static STARTING: RwLock<()> = RwLock::new(());

/// Opens what one user has at a time. A process that is being started holds for a moment whatever
/// this one has open, files of other tests included, and with them their locks.
pub(crate) fn undisturbed<T>(open: impl FnOnce() -> T) -> T {
    let _nobody_starts = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    open()
}
