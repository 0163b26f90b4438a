//! The event log.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::store::EventLog;
use community_core::{Slug, StoreError};

use crate::MemoryStore;

#[async_trait]
impl EventLog for MemoryStore {
    async fn head(&self) -> Result<Seq, StoreError> {
        Ok(self.read().head())
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        let state = self.read();
        let first = usize::try_from(after.0).unwrap_or(usize::MAX);
        let events = state.events.get(first..).unwrap_or_default().iter().take(limit);
        let numbered = events.zip(after.0.saturating_add(1)..);
        Ok(numbered.map(|(event, seq)| Event { seq: Seq(seq), event: event.clone() }).collect())
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        Ok(self.read().checkpoints.get(name).copied())
    }
}
