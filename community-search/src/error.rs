//! What can go wrong with an index.

use std::error::Error;

use community_core::StoreError;

/// Why an index could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The index library or the disk failed.
    #[error("the search index failed")]
    Index(#[source] Box<dyn Error + Send + Sync>),
    /// Another process, or another part of this one, has the index open.
    #[error("the search index is in use")]
    InUse,
    /// The store that is indexed failed.
    #[error("the store could not be read for the search index")]
    Store(#[from] StoreError),
}

impl SearchError {
    /// What reading pages came to.
    pub(crate) fn of_pages(error: community_core::Error) -> Self {
        match error {
            community_core::Error::Store(error) => Self::Store(error),
            other => Self::Index(Box::new(other)),
        }
    }
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(Box::new(error))
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Index(Box::new(error))
    }
}
