//! In which order hits stand.
//!
//! The score of an entry is the BM25 score of all its texts as one, plus a share of the score of
//! its title:
//!
//! ```text
//! score = sum over the words of the query, as often as they stand there, of
//!         bm25(word in all texts) + TITLE_BONUS * bm25(word in the title)
//! ```
//!
//! All texts as one, because a word that stands in a title, a label and an answer is still one
//! word: its weight saturates once, its rarity is counted once, and a title without a body is not a
//! short text next to long ones. The rarity of a word in the title is taken from all texts too:
//! titles alone are too few words to tell a rare word from a common one. Words are OR-ed; the more
//! of them an entry has, the higher it stands. Stop words of a query count only when it has no
//! others.

use std::collections::BTreeMap;

use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::analysis::{Analyzer, Language, Token};
use crate::schema::Fields;

/// The share of the title's own score. Every share from 0.2 to 0.4 served all test collections.
const TITLE_BONUS: f32 = 0.35;

/// A word of a query, in every form that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Sorted, without repetition.
    pub(crate) forms: Vec<String>,
    /// How often it stands in the query.
    pub(crate) count: u16,
    /// Whether it is a stop word in each of the languages.
    pub(crate) stop: bool,
}

/// The words of a query that may be in any of several languages, each once.
pub(crate) fn words(text: &str, languages: &[Language]) -> Vec<Word> {
    // The analysers agree on where words stand, so forms of one word meet at its place.
    let mut places: BTreeMap<usize, Vec<Token>> = BTreeMap::new();
    for language in languages {
        for token in Analyzer::new(*language).query_tokens(text) {
            places.entry(token.span.start).or_default().push(token);
        }
    }
    let mut words: BTreeMap<Vec<String>, Word> = BTreeMap::new();
    for tokens in places.into_values() {
        let stop = tokens.iter().all(|token| token.stop);
        let mut forms: Vec<String> = tokens.into_iter().map(|token| token.text).collect();
        forms.sort_unstable();
        forms.dedup();
        let first = || Word { forms: forms.clone(), count: 0, stop };
        let word = words.entry(forms.clone()).or_insert_with(first);
        word.count = word.count.saturating_add(1);
    }
    words.into_values().collect()
}

/// The query that finds and ranks what has any of the words.
pub(crate) fn any_of(words: &[Word], fields: &Fields) -> BooleanQuery {
    let content = words.iter().filter(|word| !word.stop);
    let mut clauses = Vec::new();
    for word in content {
        clauses.push(clause(word, fields.all, 1.0));
        clauses.push(clause(word, fields.title, TITLE_BONUS));
    }
    if clauses.is_empty() {
        for word in words {
            clauses.push(clause(word, fields.title, 1.0 + TITLE_BONUS));
            clauses.push(clause(word, fields.body, 1.0));
        }
    }
    BooleanQuery::new(clauses)
}

fn clause(word: &Word, field: Field, weight: f32) -> (Occur, Box<dyn Query>) {
    let term = |form: &String| -> Box<dyn Query> {
        let term = Term::from_field_text(field, form);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    };
    // A single term stays one: the library skips documents only in unions of plain terms.
    let query = match word.forms.as_slice() {
        [form] => term(form),
        forms => Box::new(DisjunctionMaxQuery::new(forms.iter().map(term).collect())),
    };
    (Occur::Should, Box::new(BoostQuery::new(query, weight * f32::from(word.count))))
}

/// The statistics that scores rest on: how rare a word is in a title is how rare it is anywhere.
pub(crate) struct Statistics<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) fields: Fields,
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let own = self.searcher.doc_freq(term)?;
        if term.field() != self.fields.title {
            return Ok(own);
        }
        let value = term.value();
        let anywhere = Term::from_field_text(self.fields.all, value.as_str().unwrap_or_default());
        Ok(own.max(self.searcher.doc_freq(&anywhere)?))
    }
}
