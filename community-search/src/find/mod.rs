//! Searching: from a request to the ids of its hits.
//!
//! 1. The words and phrases of the request are analysed in the languages of the viewer and of the
//!    content (`terms.rs`), and become a query of the index library (`compile.rs`); a text to which
//!    topics are to be alike becomes one of its most telling words (`sample.rs`).
//! 2. Its matches are walked, and those that the viewer may see (`reach.rs`) compete for the best
//!    places (`top.rs`). In the order of relevance what cannot be among the best is skipped: where a
//!    query is nothing but terms, as most are, by `sum.rs`, else by the library. In other orders the
//!    keys are columns.
//! 3. If hardly anything has the words as typed, words one edit away are taken in.
//! 4. If it was asked for, all matches are counted, up to a bound (`count.rs`).
//!
//! Whether a document is found depends on the request and on its own words. Of all documents, those
//! included that the viewer may not see, only this is known to a search: which languages are common
//! among them, in which words are understood; and how frequent words are, on which rest the order of
//! relevance, the choice of telling words, and which of hundreds of words still count.
//!
//! Nothing here reads texts: where hits have what was looked for is asked of the texts that are
//! shown (`marks.rs`).

mod columns;
mod compile;
mod count;
mod door;
mod marks;
mod reach;
mod sample;
mod settled;
mod sum;
mod synonyms;
mod terms;
#[cfg(test)]
mod tests;
mod top;

use std::ops::Range;

use community_core::search::{Count, Counts, Find, Found, LanguageCode, SearchSort, Total, Wanted};
use tantivy::query::{EnableScoring, Query, TermQuery, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, Term};

use crate::SearchError;
use crate::analysis::Language;
use crate::projection::Snapshot;
use crate::ranking::Statistics;
use compile::{Compiled, Compiler};
use door::Door;
use reach::{Allowed, Channels, Gate};
use sum::Weighed;
use terms::Terms;
use top::{Top, key_of};

pub(crate) use columns::{Opened, SegmentCache};
pub(crate) use synonyms::Thesaurus;

/// With fewer hits than this, words one edit away are taken in.
const FEW_HITS: usize = 3;

/// A language counts as one of the content's if it has this share of all documents.
const LEAST_SHARE: f64 = 0.02;

/// So many languages of the content at most.
const MOST_LANGUAGES: usize = 4;

impl Snapshot {
    /// Finds what fits and is within reach, best first.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the index cannot be read.
    pub fn find(&self, request: &Find<'_>) -> Result<Found, SearchError> {
        let search = Search::new(self, request)?;
        // One more than is asked for tells whether there is more.
        let room = request.top.saturating_add(1).max(FEW_HITS);
        let mut query = search.query(Words::AsTyped)?;
        let mut top = search.best(&query, room)?;
        let mut typos = false;
        if top.len() < FEW_HITS && search.has_long_words() {
            let wider = search.query(Words::Near)?;
            let best = search.best(&wider, room)?;
            if best.len() > top.len() {
                (query, top, typos) = (wider, best, true);
            }
        }
        let more = top.len() > request.top;
        let (total, facets) = match request.count {
            Count::Nothing => (None, None),
            Count::Total { most } => (Some(search.total(&query, most)?), None),
            Count::Facets { most, values } => {
                let (total, facets) = search.facets(&query, most, values)?;
                (Some(total), Some(facets))
            }
        };
        Ok(Found { hits: top.into_hits(request.top), more, typos, total, facets })
    }

    /// Where each of these texts has what is looked for, in bytes, in rising order, without overlap.
    #[must_use]
    pub fn marks(&self, wanted: &Wanted, texts: &[&str]) -> Vec<Vec<Range<usize>>> {
        // Without the languages of the content there are still those of the viewer.
        let content = self.languages().unwrap_or_default();
        let languages = query_languages(wanted, content);
        let synonyms = self.thesaurus().of(wanted, &languages);
        marks::marks(wanted, &languages, synonyms, texts)
    }
}

/// One request on one snapshot.
struct Search<'a> {
    snapshot: &'a Snapshot,
    request: &'a Find<'a>,
    languages: Vec<Language>,
    /// What is looked for, unless topics are to be alike.
    terms: Option<Terms<'a>>,
    allowed: Allowed<'a>,
    sort: SearchSort,
}

/// Who finds the documents that score most.
enum Ways {
    Sum(Weighed),
    Library(Box<dyn Weight>),
}

/// Which words are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    AsTyped,
    /// Those one edit away as well.
    Near,
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, request: &'a Find<'a>) -> Result<Self, SearchError> {
        let languages = query_languages(request.wanted, snapshot.languages()?);
        let (terms, openings) = match request.wanted {
            Wanted::Expr(lookup) => (Some(Terms::read(lookup, &languages)), None),
            Wanted::Like(sample) => (None, Some(sample.except)),
        };
        let is_ranked = terms.as_ref().is_none_or(Terms::is_ranked);
        let sort = match request.sort {
            SearchSort::Relevance if !is_ranked => SearchSort::Newest,
            sort => sort,
        };
        let allowed = Allowed { reach: request.reach, openings };
        Ok(Self { snapshot, request, languages, terms, allowed, sort })
    }

    fn query(&self, words: Words) -> Result<Compiled, SearchError> {
        let (searcher, fields) = (self.snapshot.searcher(), self.snapshot.fields());
        let lookup = match self.request.wanted {
            Wanted::Like(sample) => {
                let synonyms = self.snapshot.thesaurus().of(self.request.wanted, &self.languages);
                return sample::query(sample, &self.languages, searcher, fields, synonyms);
            }
            Wanted::Expr(lookup) => lookup,
        };
        let synonyms = self.snapshot.thesaurus().of(self.request.wanted, &self.languages);
        let mut compiler = Compiler::new(searcher, fields, lookup.place, synonyms);
        if words == Words::Near {
            compiler = compiler.with_near_words();
        }
        compiler.compile(self.terms.as_ref().unwrap_or(&Terms::default()))
    }

    /// Whether words one edit away may be taken in.
    fn has_long_words(&self) -> bool {
        let exact = matches!(self.request.wanted, Wanted::Expr(lookup) if lookup.exact);
        let mut words = self.terms.iter().flat_map(Terms::words);
        !exact && words.any(compile::is_long)
    }

    /// The best hits of a query.
    fn best(&self, query: &Compiled, room: usize) -> Result<Top, SearchError> {
        let mut top = Top::new(self.request.per, room);
        if self.sort == SearchSort::Relevance {
            self.best_by_score(query, &mut top)?;
        } else {
            self.best_by_column(query, &mut top)?;
        }
        Ok(top)
    }

    fn best_by_score(&self, query: &Compiled, top: &mut Top) -> Result<(), SearchError> {
        let searcher = self.snapshot.searcher();
        let statistics = Statistics::new(searcher, self.snapshot.fields());
        let mut ways =
            match query {
                Compiled::Terms(terms) => Ways::Sum(Weighed::new(terms, searcher, &statistics)?),
                Compiled::Query(query) => Ways::Library(query.weight(
                    EnableScoring::enabled_from_statistics_provider(&statistics, searcher),
                )?),
            };
        let opened = self.snapshot.columns()?;
        let mut channels = Channels::new(self.allowed, opened);
        for (number, segment) in searcher.segment_readers().iter().enumerate() {
            let Some(opened) = opened.segments.get(number) else { break };
            let columns = &opened.columns;
            let mut gate = Gate::new(self.allowed, segment, opened, &mut channels);
            let threshold = columns.unweighed(top.threshold());
            let mut take = |doc: DocId, score: Score| {
                let key = key_of(columns.weighed(doc, score));
                top.offer(key, columns.post(doc), columns.topic(doc));
                columns.unweighed(top.threshold())
            };
            match &mut ways {
                Ways::Sum(sum) => {
                    sum.best(number, segment, threshold, gate, take)?;
                }
                Ways::Library(weight) => {
                    let mut threshold = threshold;
                    weight.for_each_pruning(threshold, segment, &mut |doc, score| {
                        if gate.admits(doc) {
                            threshold = take(doc, score);
                        }
                        threshold
                    })?;
                }
            }
        }
        Ok(())
    }

    fn best_by_column(&self, query: &Compiled, top: &mut Top) -> Result<(), SearchError> {
        let searcher = self.snapshot.searcher();
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let opened = self.snapshot.columns()?;
        let mut channels = Channels::new(self.allowed, opened);
        for (segment, opened) in searcher.segment_readers().iter().zip(&opened.segments) {
            let columns = &opened.columns;
            let mut gate = Gate::new(self.allowed, segment, opened, &mut channels);
            let keys = match self.sort {
                SearchSort::Relevance | SearchSort::Newest => &columns.created,
                SearchSort::Score => &columns.score,
                SearchSort::Activity => &columns.active,
            };
            weight.for_each_no_score(segment, &mut |docs| {
                for doc in docs {
                    let key = keys.get(*doc);
                    if top.has_room_for(key) && gate.admits(*doc) {
                        top.offer(key, columns.post(*doc), columns.topic(*doc));
                    }
                }
            })?;
        }
        Ok(())
    }
}

/// What is found where there is nothing to search.
pub(crate) fn nothing(count: Count) -> Found {
    let unknown = Total { count: 0, exact: false };
    let total = (count != Count::Nothing).then_some(unknown);
    let facets = matches!(count, Count::Facets { .. }).then(Counts::default);
    Found { total, facets, ..Found::default() }
}

/// The languages in which a request is understood: those of the viewer, then those of the content.
fn query_languages(wanted: &Wanted, content: &[Language]) -> Vec<Language> {
    let viewer = match wanted {
        Wanted::Expr(lookup) => &lookup.languages,
        Wanted::Like(sample) => &sample.languages,
    };
    let known = |code: &LanguageCode| compile::language(*code);
    let mut languages: Vec<Language> = Vec::new();
    for language in viewer.iter().filter_map(known).chain(content.iter().copied()) {
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    if languages.is_empty() {
        languages.push(Language::Neutral);
    }
    languages
}

/// The languages of the content: those in which a good part of all documents are.
pub(crate) fn languages_of(snapshot: &Snapshot) -> Result<Vec<Language>, SearchError> {
    let (searcher, field) = (snapshot.searcher(), snapshot.fields().facts.language);
    let mut counts: Vec<(usize, Language)> = Vec::new();
    for language in Language::ALL {
        let term = Term::from_field_text(field, language.code());
        // Counted without documents that were deleted: how many there are of these depends on when
        // segments were merged, and what is found must not.
        let count = TermQuery::new(term, IndexRecordOption::Basic).count(searcher)?;
        counts.push((count, *language));
    }
    let all: usize = counts.iter().map(|(count, _)| count).sum();
    #[allow(clippy::cast_precision_loss, reason = "a share")]
    counts.retain(|(count, _)| *count > 0 && *count as f64 >= all as f64 * LEAST_SHARE);
    counts.sort_by(|a, b| b.cmp(a));
    Ok(counts.into_iter().take(MOST_LANGUAGES).map(|(_, language)| language).collect())
}
