//! What can be searched at one moment.

use std::fmt;

use community_core::Seq;
use tantivy::Searcher;

use crate::schema::Fields;

/// An index as it was at one commit. It stays so, however long it is kept.
#[derive(Clone)]
pub struct Snapshot {
    searcher: Searcher,
    fields: Fields,
    seq: Seq,
}

impl Snapshot {
    pub(super) fn new(searcher: Searcher, fields: Fields, seq: Seq) -> Self {
        Self { searcher, fields, seq }
    }

    /// Up to which position of the log everything is in it. Something of later events may be in it
    /// too.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// How many documents it has, which is how many posts.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    pub(crate) fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("seq", &self.seq)
            .field("documents", &self.documents())
            .finish_non_exhaustive()
    }
}
