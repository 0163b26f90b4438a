//! What can be searched at one moment.

use std::fmt;
use std::sync::{Arc, OnceLock};

use community_core::{Seq, TopicId};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use crate::SearchError;
use crate::analysis::Language;
use crate::document::Outcome;
use crate::find::{Opened, SegmentCache, Thesaurus};
use crate::schema::Fields;

/// An index as it was at one commit. It stays so, however long it is kept.
#[derive(Clone)]
pub struct Snapshot {
    searcher: Searcher,
    fields: Fields,
    seq: Seq,
    cache: SegmentCache,
    thesaurus: Thesaurus,
    columns: OnceLock<Arc<Opened>>,
    languages: OnceLock<Vec<Language>>,
}

impl Snapshot {
    pub(super) fn new(
        searcher: Searcher,
        fields: Fields,
        seq: Seq,
        cache: SegmentCache,
        thesaurus: Thesaurus,
    ) -> Self {
        let (columns, languages) = (OnceLock::new(), OnceLock::new());
        Self { searcher, fields, seq, cache, thesaurus, columns, languages }
    }

    /// Up to which position of the log everything is in it. Something of later events may be in it
    /// too.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// How many documents it has: as many as posts, or as topics and pages.
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

    /// The columns of its segments, in their order.
    pub(crate) fn columns(&self) -> Result<&Opened, SearchError> {
        if let Some(columns) = self.columns.get() {
            return Ok(columns);
        }
        let columns = Arc::new(self.cache.of(self.searcher.segment_readers())?);
        Ok(self.columns.get_or_init(|| columns))
    }

    /// What its communities' synonyms are, analysed.
    pub(crate) fn thesaurus(&self) -> &Thesaurus {
        &self.thesaurus
    }

    /// The languages that its texts are in, the most frequent first.
    pub(crate) fn languages(&self) -> Result<&[Language], SearchError> {
        if let Some(languages) = self.languages.get() {
            return Ok(languages);
        }
        let languages = crate::find::languages_of(self)?;
        Ok(self.languages.get_or_init(|| languages))
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
