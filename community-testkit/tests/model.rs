//! The naive store stands the conformance table: the table asks for nothing impossible.

use community_core::Store;
use community_testkit::ModelStore;
use std::sync::Arc;

community_testkit::conformance_durable!(|| {
    let rows = ModelStore::new();
    move || {
        let rows = rows.clone();
        async move { Arc::new(rows) as Arc<dyn Store> }
    }
});
