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
    /// A change set that makes no sense fails as a whole, with
    /// [`StoreError::Failed`](super::StoreError::Failed): one that refers to a community, channel,
    /// member, topic or post that does not exist and that no earlier operation of it writes; one
    /// that gives a [`UniqueKey`](crate::change::UniqueKey) to a second entity; one that takes a
    /// [`Counter`](crate::change::Counter) below zero; one that lets a document go to another
    /// community or collection, or stand twice in one list. Two references may come before what they
    /// name: a topic's to its first post, and a channel's to the one above it. Taking away a
    /// reaction, a link or a document that is not there does nothing.
    ///
    /// A request id is remembered when its change set is applied, not when it is refused.
    ///
    /// Dropping the future does not undo anything: the change set is then applied or not, as a
    /// whole.
    async fn commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError>;

    /// The receipt of a request that was applied before, as a replay of it would give.
    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError>;
}
