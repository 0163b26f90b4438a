//! The contract of every store, case by case.

use std::sync::Arc;

use community_core::Store;
use community_store_memory::MemoryStore;

community_testkit::conformance!(|| async { Arc::new(MemoryStore::new()) as Arc<dyn Store> });
