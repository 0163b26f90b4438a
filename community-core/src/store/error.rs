//! What can go wrong in a store.

use crate::change::Expect;

/// A store that does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The scope rests on rights that have changed since; the engine works out a new one.
    #[error("the rights of the viewer have changed meanwhile")]
    StaleScope,
    /// Another process has the store open.
    #[error("the store is in use by another process")]
    InUse,
    /// The store was written by a newer version of the engine. Nothing in it was touched.
    #[error("the store has format {found}, this version knows formats up to {known}")]
    TooNew {
        /// The format found.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// What is stored cannot be read: damage, or not a store at all.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// It is not certain whether a commit happened. The same request, sent again with its request
    /// id, has one effect.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An earlier failure of the disk makes further writes unsafe. Reads go on; the store has to be
    /// opened again.
    #[error("the store takes no writes since the disk has failed: open it again")]
    Poisoned,
    /// The store was shut down.
    #[error("the store is closed")]
    Closed,
    /// Anything else.
    #[error("the store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Wraps an error of the engine beneath.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }

    /// Whether the same request may succeed when it is sent again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::StaleScope | Self::OutcomeUnknown(_))
    }
}

/// Why a change set was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation does not hold. Nothing was written; the engine plans anew.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// The request id was used for another command before. Nothing was written.
    #[error("the request id belongs to another request")]
    RequestReused,
    /// The store failed. Nothing was written, unless the error is [`StoreError::OutcomeUnknown`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an expectation does not hold any more")]
pub struct Conflict(
    /// Which one: the first in the order of the change set.
    pub Expect,
);
