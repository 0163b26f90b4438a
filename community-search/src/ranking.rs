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

use std::cell::RefCell;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tantivy::query::{Bm25StatisticsProvider, BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Searcher, Term};

use crate::analysis::{Analyzer, Language};
use crate::schema::Fields;

/// The share of the title's own score. Every share from 0.2 to 0.4 served all test collections.
pub(crate) const TITLE_BONUS: Score = 0.35;

/// A word of a query, in every form that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Sorted, without repetition; one at least.
    pub(crate) forms: Vec<String>,
    /// As it is written.
    pub(crate) word: String,
    /// How often it stands in the query.
    pub(crate) count: u16,
    /// Whether it is a stop word in each of the languages.
    pub(crate) stop: bool,
    /// Whether it is one in any of them, and so not among the content words of every text.
    pub(crate) stop_in_any: bool,
}

/// A place in a query where a word stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The number of the word.
    pub(crate) position: usize,
    /// The forms that are looked for, by language, of each the one that keeps accents first. A
    /// language that finds nothing in the word is left out.
    pub(crate) forms: BTreeMap<Language, Vec<String>>,
    word: String,
    stop: bool,
    stop_in_any: bool,
}

/// The words of a query that may be in any of several languages, where they stand.
pub(crate) fn spots(text: &str, languages: &[Language]) -> Vec<Spot> {
    // The analysers agree on where words stand, so forms of one word meet at its place.
    let mut spots: BTreeMap<usize, Spot> = BTreeMap::new();
    for language in languages {
        for token in Analyzer::new(*language).query_tokens(text) {
            let spot = spots.entry(token.span.start).or_insert_with(|| Spot {
                position: token.position,
                forms: BTreeMap::new(),
                word: token.word.to_string(),
                stop: true,
                stop_in_any: false,
            });
            spot.forms.entry(*language).or_default().push(token.text.to_string());
            spot.stop &= token.stop;
            spot.stop_in_any |= token.stop;
        }
    }
    spots.into_values().collect()
}

impl Spot {
    /// The word as it is written.
    pub(crate) fn as_written(&self) -> &str {
        &self.word
    }

    /// The word, wherever it stands.
    pub(crate) fn into_word(self) -> Word {
        let Self { position: _, forms, word, stop, stop_in_any } = self;
        let mut forms: Vec<String> = forms.into_values().flatten().collect();
        forms.sort_unstable();
        forms.dedup();
        Word { forms, word, count: 1, stop, stop_in_any }
    }
}

/// Each word once.
pub(crate) fn words(spots: impl IntoIterator<Item = Spot>) -> Vec<Word> {
    let mut words: BTreeMap<Vec<String>, Word> = BTreeMap::new();
    for spot in spots {
        let word = spot.into_word();
        match words.get_mut(&word.forms) {
            Some(known) => known.count = known.count.saturating_add(1),
            None => drop(words.insert(word.forms.clone(), word)),
        }
    }
    words.into_values().collect()
}

/// The words that count: stop words only when there are no others.
pub(crate) fn counting(mut words: Vec<Word>) -> Vec<Word> {
    if words.iter().any(|word| !word.stop) {
        words.retain(|word| !word.stop);
    }
    words
}

/// A form in a field, and what its score is multiplied with.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) term: Term,
    pub(crate) weight: Score,
}

impl Clause {
    pub(crate) fn new(field: Field, form: &str, weight: Score) -> Self {
        Self { term: Term::from_field_text(field, form), weight }
    }

    /// As plain a query as possible: the library skips documents only in unions of plain terms.
    pub(crate) fn query(self) -> Box<dyn Query> {
        let query = TermQuery::new(self.term, IndexRecordOption::WithFreqs);
        #[allow(clippy::float_cmp, reason = "a constant")]
        let is_plain = self.weight == 1.0;
        if is_plain {
            Box::new(query)
        } else {
            Box::new(BoostQuery::new(Box::new(query), self.weight))
        }
    }
}

/// Where a word is looked for, and how much each place counts.
pub(crate) fn clauses(word: &Word, fields: &Fields) -> Vec<Clause> {
    let weight = Score::from(word.count);
    let places = if word.stop {
        [(fields.title, 1.0 + TITLE_BONUS), (fields.body, 1.0)]
    } else {
        [(fields.all, 1.0), (fields.title, TITLE_BONUS)]
    };
    let of_form = |form| places.map(|(field, share)| Clause::new(field, form, weight * share));
    word.forms.iter().flat_map(|form| of_form(form)).collect()
}

/// The query that finds and ranks what has any of the words.
pub(crate) fn any_of(words: Vec<Word>, fields: &Fields) -> BooleanQuery {
    let words = counting(words);
    let clauses = words.iter().flat_map(|word| clauses(word, fields));
    BooleanQuery::new(clauses.map(|clause| (Occur::Should, clause.query())).collect())
}

/// The statistics that scores rest on: how rare a word is in a title is how rare it is anywhere.
///
/// The same term is asked for several times in a query, and each time would be a look into every
/// segment: so what is known is kept.
pub(crate) struct Statistics<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    known: RefCell<FxHashMap<Term, u64>>,
}

impl<'a> Statistics<'a> {
    pub(crate) fn new(searcher: &'a Searcher, fields: &'a Fields) -> Self {
        Self { searcher, fields, known: RefCell::default() }
    }

    /// Says how frequent a term is, for whoever counted it anyway.
    pub(crate) fn note(&self, term: &Term, count: u64) {
        self.known.borrow_mut().insert(term.clone(), count);
    }

    fn count(&self, term: &Term) -> tantivy::Result<u64> {
        if let Some(known) = self.known.borrow().get(term) {
            return Ok(*known);
        }
        let count = self.searcher.doc_freq(term)?;
        self.known.borrow_mut().insert(term.clone(), count);
        Ok(count)
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let own = self.count(term)?;
        if term.field() != self.fields.title {
            return Ok(own);
        }
        let value = term.value();
        let anywhere = Term::from_field_text(self.fields.all, value.as_str().unwrap_or_default());
        Ok(own.max(self.count(&anywhere)?))
    }
}
