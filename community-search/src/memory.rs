//! An index in memory.

use std::fmt;

use tantivy::collector::TopDocs;
use tantivy::schema::Value;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use crate::analysis::Language;
use crate::ranking::{self, Statistics};
use crate::schema::Fields;
use crate::{Entry, SearchError, words};

/// What the library asks for at least.
const WRITER_BYTES: usize = 15_000_000;

/// The library reserves room for all hits that it is asked for.
const MAX_HITS: usize = 10_000;

/// An index that is gone when it is dropped, and that knows no store and no rights.
///
/// It is for measuring and for tests; what members search is built from the log of a store.
pub struct MemoryIndex {
    fields: Fields,
    writer: IndexWriter,
    reader: IndexReader,
}

impl MemoryIndex {
    /// An empty index.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the library cannot start its threads.
    pub fn new() -> Result<Self, SearchError> {
        let (schema, fields) = Fields::new();
        let index = Index::create_in_ram(schema);
        words::register(&index);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { fields, writer, reader })
    }

    /// Adds an entry, in place of an earlier one with the same key. It is found after
    /// [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`SearchError::Index`] when the library's thread has failed.
    pub fn add(&mut self, entry: &Entry) -> Result<(), SearchError> {
        self.writer.delete_term(Term::from_field_text(self.fields.key, &entry.key));
        self.writer.add_document(self.fields.document(entry))?;
        Ok(())
    }

    /// Makes what was added visible.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the library fails.
    pub fn commit(&mut self) -> Result<(), SearchError> {
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// The keys of at most `limit` and never more than 10,000 entries that have any of the words,
    /// best first. The words are taken to be in any of the languages.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the library fails.
    pub fn search(
        &self,
        text: &str,
        languages: &[Language],
        limit: usize,
    ) -> Result<Vec<String>, SearchError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let query = ranking::any_of(ranking::words(ranking::spots(text, languages)), &self.fields);
        let statistics = Statistics::new(&searcher, &self.fields);
        let top = TopDocs::with_limit(limit.min(MAX_HITS)).order_by_score();
        let hits = searcher.search_with_statistics_provider(&query, &top, &statistics)?;
        let mut keys = Vec::with_capacity(hits.len());
        for (_, address) in hits {
            let document: TantivyDocument = searcher.doc(address)?;
            let key = document.get_first(self.fields.key).and_then(|value| value.as_str());
            keys.extend(key.map(str::to_owned));
        }
        Ok(keys)
    }
}

impl fmt::Debug for MemoryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryIndex").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tantivy::query::Bm25StatisticsProvider;

    use super::*;

    #[test]
    fn a_word_is_as_rare_in_titles_as_it_is_anywhere() {
        let mut index = MemoryIndex::new().unwrap();
        for (key, title, body) in [("a", "pedal", ""), ("b", "saddle", "pedal"), ("c", "", "pedal")]
        {
            let mut entry = Entry::new(key, Language::English);
            (entry.title, entry.body) = (title.to_owned(), body.to_owned());
            index.add(&entry).unwrap();
        }
        index.commit().unwrap();
        let (searcher, fields) = (&index.reader.searcher(), &index.fields);
        let statistics = Statistics::new(searcher, fields);
        let rarity = |field| statistics.doc_freq(&Term::from_field_text(field, "pedal")).unwrap();
        assert_eq!(rarity(fields.title), 3);
        assert_eq!(rarity(fields.all), 3);
        assert_eq!(rarity(fields.body), 2);
    }

    #[test]
    fn stop_words_stay_out_of_the_ranked_field_only() {
        let mut index = MemoryIndex::new().unwrap();
        let mut entry = Entry::new("a", Language::English);
        (entry.title, entry.body) = ("The who".to_owned(), "the pedal".to_owned());
        entry.labels = vec!["on the road".to_owned()];
        index.add(&entry).unwrap();
        index.commit().unwrap();
        let (searcher, fields) = (index.reader.searcher(), index.fields);
        let has =
            |field, word| searcher.doc_freq(&Term::from_field_text(field, word)).unwrap() == 1;
        assert!(has(fields.title, "the") && has(fields.body, "the") && !has(fields.all, "the"));
        assert!(["who", "pedal", "road"].iter().all(|word| has(fields.all, word)));
    }
}
