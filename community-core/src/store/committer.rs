//! Writing.

use async_trait::async_trait;

use super::{CommitError, StoreError};
use crate::change::{ChangeSet, Receipt};
use crate::id::RequestId;

/// Contract between the engine and a store: writing.
#[async_trait]
pub trait Committer: Send + Sync + std::fmt::Debug {
    /// Applies a change set: all of it or nothing (G1, G2), durably where the store is durable (G5),
    /// once per request id (G8).
    ///
    /// In this order: a known request id answers with its receipt, replayed; expectations are
    /// checked, the first that fails is named; operations are applied in their order; listings are
    /// brought up to date; events get their positions.
    ///
    /// Dropping the future does not undo anything: the change set is then applied or not, as a
    /// whole.
    async fn commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError>;

    /// The receipt of a request that was applied before, as a replay of it would give.
    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError>;
}
