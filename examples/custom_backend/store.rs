//! A store that counts what it is asked, in front of another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use community::change::{ChangeSet, Receipt};
use community::store::{CommitError, Committer, EventLog};
use community::{Event, RequestId, Seq, Slug, Store, StoreError};

#[path = "award.rs"]
mod award;
#[path = "document.rs"]
mod document;
#[path = "ledger.rs"]
mod ledger;
#[path = "reader.rs"]
mod reader;

/// Passes everything on, and counts it by name.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: Arc<dyn Store>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl CountingStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, calls: Mutex::default() }
    }

    /// How often each method was called since the last time that somebody asked.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn called(&self, method: &'static str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(method).or_default() += 1;
    }
}

#[async_trait]
impl Committer for CountingStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        self.called("commit");
        self.inner.commit(changes).await
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        self.called("replay");
        self.inner.replay(request).await
    }
}

#[async_trait]
impl EventLog for CountingStore {
    async fn head(&self) -> Result<Seq, StoreError> {
        self.called("head");
        self.inner.head().await
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.called("events_after");
        self.inner.events_after(after, limit).await
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        self.called("checkpoint");
        self.inner.checkpoint(name).await
    }
}
