//! A store in memory for the community engine.
//!
//! It gives every guarantee of the contract in [`community_core::store`] except G5: what it holds
//! is gone when it is dropped. It is for tests, for demonstrations, for hosts that rebuild their
//! content at every start, and as the plain reference beside which a durable store is read: what
//! takes a table and an index there takes a map here, and files of the same name do the same.
//!
//! Everything lies behind one lock. Reads share it; a commit takes it alone, first works out what
//! it would change without changing anything, and then either fails or puts all of it in place. No
//! lock is held across an await, so the store runs under any executor, and readers of other
//! threads wait for microseconds.
//!
//! ```
//! use community_core::store::{EventLog, Reader};
//! use community_store_memory::MemoryStore;
//!
//! let store = MemoryStore::new();
//! pollster::block_on(async {
//!     assert_eq!(store.info().await?.backend, "memory");
//!     assert_eq!(store.head().await?.0, 0);
//!     Ok::<(), community_core::StoreError>(())
//! })?;
//! # Ok::<(), community_core::StoreError>(())
//! ```

mod award;
mod commit;
mod document;
mod index;
mod ledger;
mod log;
mod read;
mod scope;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use community_core::entropy::{Entropy, SystemEntropy};

use state::State;

/// A store that keeps everything in memory, for one tenant.
///
/// Share it as `Arc<MemoryStore>`: all handles see the same content.
pub struct MemoryStore {
    epoch: u64,
    state: RwLock<State>,
}

impl MemoryStore {
    /// An empty store with a random epoch.
    #[must_use]
    pub fn new() -> Self {
        let mut epoch = [0; 8];
        SystemEntropy.fill(&mut epoch);
        Self::with_epoch(u64::from_le_bytes(epoch))
    }

    /// An empty store with this epoch, for tests that need the same store each time.
    #[must_use]
    pub fn with_epoch(epoch: u64) -> Self {
        Self { epoch, state: RwLock::default() }
    }

    // INVARIANT: a commit changes nothing before it has checked everything, and putting a checked
    // change in place cannot fail. So a thread that panicked while it held the lock did not leave
    // half a change behind, and a poisoned lock is taken as if it were not.

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    /// Says how much there is, not what: content does not belong in a program's log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        f.debug_struct("MemoryStore")
            .field("epoch", &self.epoch)
            .field("topics", &state.topics.len())
            .field("posts", &state.posts.len())
            .field("events", &state.events.len())
            .finish_non_exhaustive()
    }
}
