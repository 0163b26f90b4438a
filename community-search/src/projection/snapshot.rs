//! What can be searched at one moment.

use std::fmt;

use community_core::{Seq, TopicId};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use crate::SearchError;
use crate::document::Outcome;
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

    /// What the documents of a topic say of it; `None` when it has none.
    pub(super) fn outcome(&self, topic: TopicId) -> Result<Option<Outcome>, SearchError> {
        let facts = &self.fields.facts;
        let term = Term::from_field_bytes(facts.topic, topic.as_bytes());
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(facts.topic)?;
            let Some(mut posts) = index.read_postings(&term, IndexRecordOption::Basic)? else {
                continue;
            };
            let is_deleted =
                |doc| segment.alive_bitset().is_some_and(|alive| alive.is_deleted(doc));
            while posts.doc() != TERMINATED && is_deleted(posts.doc()) {
                posts.advance();
            }
            if posts.doc() != TERMINATED {
                let fact = |field| -> tantivy::Result<bool> {
                    let column =
                        segment.fast_fields().bool(segment.schema().get_field_name(field))?;
                    Ok(column.first(posts.doc()).unwrap_or_default())
                };
                return Ok(Some(Outcome {
                    answerable: fact(facts.answerable)?,
                    answered: fact(facts.answered)?,
                    solved: fact(facts.solved)?,
                }));
            }
        }
        Ok(None)
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
