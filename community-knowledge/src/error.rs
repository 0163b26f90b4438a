//! What can go wrong with an article.

use crate::article::IllegalStep;

/// The result of a command or a read of the knowledge base.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command or a read of the knowledge base did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The state of the article does not allow it.
    #[error(transparent)]
    Step(#[from] IllegalStep),
    /// The reviewer wrote a version of the article, and the rules say that others review it.
    #[error("whoever wrote a version of an article does not review it")]
    OwnWork,
    /// A post that the version cites is not published any more: its words are not for readers.
    #[error("a post that it cites is not published any more")]
    SourceGone,
    /// What the engine refuses, or failed at.
    #[error(transparent)]
    Engine(#[from] community_core::Error),
}

impl From<community_core::TextError> for Error {
    fn from(error: community_core::TextError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<community_core::LimitError> for Error {
    fn from(error: community_core::LimitError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<community_core::StoreError> for Error {
    fn from(error: community_core::StoreError) -> Self {
        Self::Engine(error.into())
    }
}
