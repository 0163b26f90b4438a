//! An index on a thread of its own. Nobody sleeps here: who waits is woken by the thread.

mod failing;
mod following;
mod kills;

use std::sync::Arc;

use community_core::search::{IndexState, SearchIndex};
use community_core::{Engine, Seq, Store};
use community_testkit::ModelStore;
use community_testkit::worlds::{Size, World, load};
use pollster::block_on;

use super::{Keeper, Place};
use crate::projection::tests::dump::{Dump, dump_of};
use crate::projection::tests::texts::Shed;
use crate::projection::tests::{env, in_one_go, settings, undisturbed};
use crate::projection::{Disk, Memory};

/// A store with some hundred posts, in which more can be written.
fn written() -> (Shed, ModelStore) {
    let model = ModelStore::new();
    (written_to(Arc::new(model.clone())), model)
}

fn written_to(store: Arc<dyn Store>) -> Shed {
    let engine = Engine::with_env(store, env().0);
    block_on(load(&engine.as_system(), &World::generate(Size::Hamlet, 5))).unwrap();
    Shed::on(engine)
}

fn memory() -> Arc<dyn Disk> {
    Arc::new(Memory::default())
}

/// Keeps an index that commits by number only, or when somebody waits.
fn keeper(disk: &Arc<dyn Disk>, documents: usize, store: impl Store) -> Keeper {
    let place = Place::Disk(Arc::clone(disk));
    Keeper::start(place, settings(documents), env().0, Arc::new(store)).unwrap()
}

fn head(store: &dyn Store) -> Seq {
    block_on(store.head()).unwrap()
}

/// Waits until everything that is in the store can be searched.
fn wait(keeper: &Keeper, store: &dyn Store) -> Dump {
    block_on(keeper.wait_for(head(store))).unwrap();
    dump_of(&keeper.snapshot().unwrap())
}

/// Waits until the keeper tells something.
fn until(keeper: &Keeper, is_so: impl Fn(&Keeper) -> bool) {
    loop {
        let told = keeper.desk.listen();
        if is_so(keeper) {
            return;
        }
        block_on(told);
    }
}

fn state(keeper: &Keeper) -> IndexState {
    keeper.status().state
}
