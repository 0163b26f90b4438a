//! The event log.

use async_trait::async_trait;

use super::StoreError;
use crate::change::{Event, Seq};
use crate::text::Slug;

/// Contract between the engine and a store: the log.
#[async_trait]
pub trait EventLog: Send + Sync + std::fmt::Debug {
    /// The position of the last event; `Seq(0)` when there is none.
    async fn head(&self) -> Result<Seq, StoreError>;

    /// The events behind a position, in order, at most `limit`.
    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// How far a projection has come; `None` when it has not begun.
    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError>;
}
