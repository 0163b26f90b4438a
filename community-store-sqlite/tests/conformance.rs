//! The contract of every store, case by case.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community_core::Store;
use community_store_sqlite::{Options, SqliteStore};

community_testkit::conformance_durable!(|| {
    let dir = Arc::new(tempfile::tempdir().expect("a directory"));
    move || {
        let dir = Arc::clone(&dir);
        async move {
            let store = SqliteStore::open(dir.path(), Options::default());
            Arc::new(store.expect("a store")) as Arc<dyn Store>
        }
    }
});
