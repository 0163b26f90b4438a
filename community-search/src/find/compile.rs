//! From words and conditions to a query of the index library.
//!
//! A word is looked for among the content words of a text, wherever in the query it stands: these
//! are the words of title and body, and of a topic also those of its labels and answers. Stop words
//! and phrases are looked for in title and body, where every word has its position.
//!
//! How much work a query is has a bound, whatever was typed: see [`Work`].

use std::ops::Bound;

use community_core::search::{Is, LanguageCode, LookupTerm, Place};
use community_core::time::to_micros;
use community_core::{CommunityId, Slug};
use rustc_hash::FxHashMap;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, EnableScoring, FuzzyTermQuery,
    Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Score, Searcher, Term};

use super::settled::Settled;
use super::sum::Summand;
use super::synonyms::{Member, SHARE, Synonyms};
use super::terms::{Part, Phrase, Prefix, Terms};
use crate::SearchError;
use crate::analysis::Language;
use crate::ranking::{Clause, TITLE_BONUS, Word, clauses};
use crate::schema::Fields;

/// What a word scores that begins as asked, however rare it is.
const PREFIX_SCORE: Score = 1.0;

/// What a word scores that is one edit away from one that was typed: so little that whatever has a
/// word as typed stands before it.
const NEAR_SCORE: Score = 0.01;

/// A shorter word is too often one edit away from another word.
const LEAST_LETTERS: usize = 5;

/// At most so many words are looked for with an edit.
const MOST_NEAR: usize = 16;

/// With more terms than this, to find out which documents can be skipped takes longer than to look
/// at all of them.
pub(super) const SKIPPING: usize = 20;

/// Compiles the terms of one query.
pub(super) struct Compiler<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: &'a Fields,
    pub(super) place: Place,
    pub(super) synonyms: Synonyms,
    work: Work,
    near: usize,
}

type Clauses = Vec<(Occur, Piece)>;

/// What is looked for.
pub(super) enum Compiled {
    /// Nothing but terms; the best are found by `sum.rs`.
    Terms(Vec<Summand>),
    Query(Box<dyn Query>),
}

/// A part of what is looked for, which may be a plain term.
pub(super) enum Piece {
    Term(Clause),
    Query(Box<dyn Query>),
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        searcher: &'a Searcher,
        fields: &'a Fields,
        place: Place,
        synonyms: Synonyms,
    ) -> Self {
        Self { searcher, fields, place, synonyms, work: Work::of(searcher), near: 0 }
    }

    /// Takes in words one edit away from those that were typed.
    pub(super) fn with_near_words(mut self) -> Self {
        self.near = MOST_NEAR;
        self
    }

    /// The query for what a search text means.
    pub(super) fn compile(mut self, terms: &Terms<'_>) -> Result<Compiled, SearchError> {
        let mut plain = self.any_of(&terms.words)?;
        for start in &terms.prefixes {
            if self.can_pay_prefix(start)? {
                plain.push(Piece::Query(self.prefix(start)));
            }
        }
        let is_alone = terms.required.is_empty() && terms.excluded.is_empty();
        if is_alone && !plain.is_empty() {
            return Ok(Compiled::any(plain));
        }
        let mut all: Clauses = Vec::new();
        if !plain.is_empty() {
            all.push((Occur::Must, union(plain)));
        }
        for parts in merged(&terms.required) {
            self.required(&parts, &mut all)?;
        }
        if all.is_empty() {
            all.push((Occur::Must, Piece::Query(Box::new(AllQuery))));
        }
        // What is left out is not paid for by what is looked for.
        self.work = Work::of(self.searcher);
        let mut excluded = Vec::new();
        for part in &terms.excluded {
            excluded.extend(self.excluded(part, terms.excluded.len())?);
        }
        if !excluded.is_empty() {
            let excluded = Settled(unscored(union(excluded)));
            all.push((Occur::MustNot, Piece::Query(Box::new(excluded))));
        }
        Ok(Compiled::all(all))
    }

    /// The queries for plain words and for what means the same.
    pub(super) fn any_of(&mut self, words: &[Word]) -> Result<Vec<Piece>, SearchError> {
        let mut priced = Vec::with_capacity(words.len());
        for word in words {
            let price = if words.len() > Work::FEW { self.frequency(word)? } else { 0 };
            priced.push((price, word));
        }
        // The rarest first: they say most.
        priced.sort_by_key(|(price, _)| *price);
        let mut queries = Vec::new();
        for (number, (price, word)) in priced.into_iter().enumerate() {
            if number < Work::FEW || self.work.spend(price) {
                queries.extend(self.word_or_synonym(word)?);
            }
        }
        Ok(queries)
    }

    /// One of these parts is required.
    fn required(&mut self, parts: &[&Part<'_>], all: &mut Clauses) -> Result<(), SearchError> {
        let conditions_only = parts.iter().all(|part| matches!(part, Part::Condition(_)));
        let mut any = Vec::new();
        for part in parts {
            match part {
                Part::Word(word) if self.can_pay(word, parts.len())? => {
                    any.extend(self.word_or_synonym(word)?);
                }
                Part::Word(_) => {}
                Part::Phrase(phrase) => any.extend(self.phrase_or_synonym(phrase)?),
                Part::Prefix(prefix) => any.extend(self.with_words_before(prefix)?),
                Part::Condition(condition) => {
                    let condition = unscored(Piece::Query(self.condition(condition)));
                    any.push(Piece::Query(condition));
                }
            }
        }
        if any.is_empty() {
            return Ok(());
        }
        // What occurs in a title occurs anywhere: a bonus for it is not part of what is required,
        // and to require plain terms alone is fast.
        if let [Part::Word(word)] = parts
            && let [form] = word.forms.as_slice()
            && let (Place::Anywhere, false) = (self.place, word.stop)
            && any.len() == 2
        {
            let clause = |field, weight| Piece::Term(Clause::new(field, form, weight));
            all.push((Occur::Must, clause(self.fields.all, 1.0)));
            all.push((Occur::Should, clause(self.fields.title, TITLE_BONUS)));
        } else if conditions_only {
            all.push((Occur::Must, Piece::Query(unscored(union(any)))));
        } else {
            all.push((Occur::Must, union(any)));
        }
        Ok(())
    }

    /// What must not be.
    fn excluded(&mut self, part: &Part<'_>, of: usize) -> Result<Vec<Piece>, SearchError> {
        Ok(match part {
            Part::Word(word) if self.can_pay(word, of)? => self.word(word, 1.0),
            Part::Word(_) => Vec::new(),
            Part::Phrase(phrase) => self.phrase(phrase, 1.0)?,
            Part::Prefix(prefix) => self.with_words_before(prefix)?.into_iter().collect(),
            Part::Condition(condition) => vec![Piece::Query(self.condition(condition))],
        })
    }

    fn word_or_synonym(&mut self, word: &Word) -> Result<Vec<Piece>, SearchError> {
        let mut queries = self.word(word, 1.0);
        let others = self.synonyms.of_word(word);
        queries.extend(self.members(&others, Score::from(word.count))?);
        queries.extend(self.near(word).map(Piece::Query));
        Ok(queries)
    }

    fn phrase_or_synonym(&mut self, phrase: &Phrase) -> Result<Vec<Piece>, SearchError> {
        let mut queries = self.phrase(phrase, 1.0)?;
        let others = self.synonyms.of_phrase(phrase);
        queries.extend(self.members(&others, 1.0)?);
        Ok(queries)
    }

    fn members(&mut self, members: &[Member], count: Score) -> Result<Vec<Piece>, SearchError> {
        let mut queries = Vec::new();
        for member in members {
            match member {
                Member::Word(word) => queries.extend(self.word(word, SHARE * count)),
                Member::Phrase(phrase) => queries.extend(self.phrase(phrase, SHARE * count)?),
            }
        }
        Ok(queries)
    }

    /// A word, in each place where it counts.
    fn word(&self, word: &Word, weight: Score) -> Vec<Piece> {
        let of_form = |form| Clause::new(self.fields.title, form, 1.0 + TITLE_BONUS);
        let clauses: Vec<Clause> = match self.place {
            Place::Anywhere => clauses(word, self.fields),
            Place::Title => word.forms.iter().map(|form| of_form(form)).collect(),
        };
        clauses.into_iter().map(|clause| Piece::Term(clause).times(weight)).collect()
    }

    /// A phrase, in each place where it can be. None, if that would be too much work.
    fn phrase(&mut self, phrase: &Phrase, weight: Score) -> Result<Vec<Piece>, SearchError> {
        let title = (self.fields.title, 1.0 + TITLE_BONUS);
        let body = (self.fields.body, 1.0);
        let places: &[_] = match self.place {
            Place::Anywhere => &[title, body],
            Place::Title => &[title],
        };
        let mut terms_of = Vec::new();
        let mut queries = Vec::new();
        for reading in phrase.0.iter().filter(|reading| reading.len() > 1) {
            for (field, share) in places {
                let term = |form: &String| Term::from_field_text(*field, form);
                let terms: Vec<_> = reading.iter().map(|(at, form)| (*at, term(form))).collect();
                terms_of.push(terms.clone());
                let query = Piece::Query(Box::new(PhraseQuery::new_with_offset(terms)));
                queries.push(query.times(share * weight));
            }
        }
        Ok(if self.can_pay_phrases(&terms_of)? { queries } else { Vec::new() })
    }

    /// Whether phrases that stand for one are not too much work: all documents that have the words
    /// of one of them are looked at.
    fn can_pay_phrases(&mut self, phrases: &[Vec<(usize, Term)>]) -> Result<bool, SearchError> {
        if self.work.takes_phrase() {
            return Ok(true);
        }
        let mut documents = 0;
        for terms in phrases {
            let mut rarest = u64::MAX;
            for (_, term) in terms {
                rarest = rarest.min(self.searcher.doc_freq(term)?);
            }
            documents += rarest;
        }
        Ok(self.work.spend(documents.saturating_mul(Work::POSITIONS)))
    }

    /// Whether a word, one of so many parts, is not too much work.
    fn can_pay(&mut self, word: &Word, of: usize) -> Result<bool, SearchError> {
        Ok(of <= Work::FEW || self.work.spend(self.frequency(word)?))
    }

    fn frequency(&self, word: &Word) -> Result<u64, SearchError> {
        let mut sum = 0;
        for clause in clauses(word, self.fields) {
            sum += self.searcher.doc_freq(&clause.term)?;
        }
        Ok(sum)
    }

    /// Whether the words that begin so are not too much work: all of their postings are read.
    fn can_pay_prefix(&mut self, start: &str) -> Result<bool, SearchError> {
        if self.work.takes_prefix() {
            return Ok(true);
        }
        let end = behind(start);
        let mut price = 0;
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.as_written())?;
            let words = index.terms().range().ge(start);
            let words = if let Some(end) = &end { words.lt(end) } else { words };
            let mut words = words.into_stream()?;
            while price <= self.work.left && words.advance() {
                price += u64::from(words.value().doc_freq);
            }
        }
        Ok(self.work.spend(price))
    }

    /// All words that begin so.
    fn prefix(&self, start: &str) -> Box<dyn Query> {
        let term = |text: &str| Term::from_field_text(self.as_written(), text);
        let end = behind(start).map_or(Bound::Unbounded, |end| Bound::Excluded(term(&end)));
        let words = RangeQuery::new(Bound::Included(term(start)), end);
        Box::new(ConstScoreQuery::new(Box::new(words), PREFIX_SCORE))
    }

    /// A beginning of a word behind other words. None, if that would be too much work.
    fn with_words_before(&mut self, prefix: &Prefix) -> Result<Option<Piece>, SearchError> {
        let Prefix { before, start } = prefix;
        if !self.can_pay_prefix(start)? {
            return Ok(None);
        }
        let mut all = vec![(Occur::Must, self.prefix(start))];
        for word in before {
            all.push((Occur::Must, union(self.word(word, 1.0)).query()));
        }
        Ok(Some(Piece::Query(Box::new(BooleanQuery::new(all)))))
    }

    /// Words one edit away, if they are taken in.
    fn near(&mut self, word: &Word) -> Option<Box<dyn Query>> {
        if !is_long(word) {
            return None;
        }
        self.near = self.near.checked_sub(1)?;
        let term = Term::from_field_text(self.as_written(), &word.word);
        let near = FuzzyTermQuery::new(term, 1, true);
        Some(Box::new(ConstScoreQuery::new(Box::new(near), NEAR_SCORE)))
    }

    /// The field of words that are not reduced to stems.
    fn as_written(&self) -> Field {
        match self.place {
            Place::Anywhere => self.fields.word,
            Place::Title => self.fields.title_word,
        }
    }

    fn condition(&self, condition: &LookupTerm) -> Box<dyn Query> {
        let facts = &self.fields.facts;
        let is = |field, value| has(Term::from_field_bool(field, value));
        let since = |at| Bound::Included(Term::from_field_i64(facts.created, to_micros(at)));
        let until = |at| Bound::Excluded(Term::from_field_i64(facts.created, to_micros(at)));
        match condition {
            LookupTerm::Label(labels) => self.label(labels),
            LookupTerm::Channel(channels) => {
                let term = |id| Term::from_field_bytes(facts.channel, id);
                Box::new(TermSetQuery::new(channels.iter().map(|channel| term(channel.as_bytes()))))
            }
            LookupTerm::Author(Some(author)) => {
                has(Term::from_field_bytes(facts.author, author.as_bytes()))
            }
            LookupTerm::Kind(kind) => has(Term::from_field_text(facts.kind, kind.as_str())),
            LookupTerm::Is(Is::Answered) => {
                every([is(facts.answerable, true), is(facts.answered, true)])
            }
            LookupTerm::Is(Is::Unanswered) => {
                every([is(facts.answerable, true), is(facts.answered, false)])
            }
            LookupTerm::Is(Is::Solved) => is(facts.solved, true),
            LookupTerm::Is(Is::Official) => is(facts.official, true),
            LookupTerm::Is(Is::Corrected) => is(facts.corrected, true),
            LookupTerm::Since(at) => Box::new(RangeQuery::new(since(*at), Bound::Unbounded)),
            LookupTerm::Until(at) => Box::new(RangeQuery::new(Bound::Unbounded, until(*at))),
            LookupTerm::Language(code) => match language(*code) {
                Some(language) => has(Term::from_field_text(facts.language, language.code())),
                None => Box::new(EmptyQuery),
            },
            LookupTerm::Author(None) | LookupTerm::Word(_) | LookupTerm::Phrase(_) => {
                Box::new(EmptyQuery)
            }
        }
    }

    fn label(&self, labels: &[(CommunityId, Slug)]) -> Box<dyn Query> {
        let facts = &self.fields.facts;
        let mut communities: FxHashMap<&Slug, Vec<Term>> = FxHashMap::default();
        for (community, label) in labels {
            let term = Term::from_field_bytes(facts.community, community.as_bytes());
            communities.entry(label).or_default().push(term);
        }
        let in_communities = |(label, communities): (&Slug, Vec<Term>)| {
            let label = has(Term::from_field_text(facts.label, label.as_str()));
            Piece::Query(every([label, Box::new(TermSetQuery::new(communities))]))
        };
        union(communities.into_iter().map(in_communities).collect()).query()
    }
}

impl Compiled {
    /// Of these pieces one has to be there.
    pub(super) fn any(pieces: Vec<Piece>) -> Self {
        let is_term = |piece: &Piece| matches!(piece, Piece::Term(_));
        if pieces.len() <= SKIPPING && pieces.iter().all(is_term) {
            return Self::all(pieces.into_iter().map(|piece| (Occur::Should, piece)).collect());
        }
        // A query within another is one of which every match is looked at.
        let any = vec![(Occur::Must, union(pieces).query())];
        Self::Query(Box::new(BooleanQuery::new(any)))
    }

    fn all(mut clauses: Clauses) -> Self {
        let summand = |(occur, piece): &(Occur, Piece)| match piece {
            Piece::Term(clause) => {
                Some(Summand { clause: clause.clone(), required: *occur == Occur::Must })
            }
            Piece::Query(_) => None,
        };
        let summands: Option<Vec<Summand>> = clauses.iter().map(summand).collect();
        match summands.filter(|summands| summands.len() <= SKIPPING) {
            Some(summands) => Self::Terms(summands),
            None => {
                if let [(Occur::Must, _)] = clauses.as_slice()
                    && let Some((_, only)) = clauses.pop()
                {
                    return Self::Query(only.query());
                }
                let clauses = clauses.into_iter().map(|(occur, piece)| (occur, piece.query()));
                Self::Query(Box::new(BooleanQuery::new(clauses.collect())))
            }
        }
    }

    /// The same for the index library.
    pub(super) fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let summands = match self {
            Self::Terms(summands) => summands,
            Self::Query(query) => return query.weight(scoring),
        };
        let clause = |Summand { clause, required }: &Summand| {
            let occur = if *required { Occur::Must } else { Occur::Should };
            (occur, clause.clone().query())
        };
        BooleanQuery::new(summands.iter().map(clause).collect()).weight(scoring)
    }
}

impl Piece {
    fn query(self) -> Box<dyn Query> {
        match self {
            Self::Term(clause) => clause.query(),
            Self::Query(query) => query,
        }
    }

    /// The same, but so many times its score.
    pub(super) fn times(self, times: Score) -> Self {
        match self {
            Self::Term(clause) => Self::Term(Clause { weight: clause.weight * times, ..clause }),
            Self::Query(query) => Self::Query(Box::new(BoostQuery::new(query, times))),
        }
    }
}

/// Whether words one edit away can be meant.
pub(super) fn is_long(word: &Word) -> bool {
    word.word.chars().nth(LEAST_LETTERS - 1).is_some()
}

/// The language of a code of two or three letters.
pub(super) fn language(code: LanguageCode) -> Option<Language> {
    Language::from_tag(code.as_str())
}

/// How much work a query may be: so many times each document is looked at.
///
/// What a few words or phrases cost is far below it. It is spent on the rarest words first, and
/// what it does not reach to counts as not typed: without it, a text of hundreds of the most
/// frequent words would keep a thread busy for a second.
struct Work {
    left: u64,
    /// So many phrases are still looked for, whatever they cost.
    phrases: usize,
    /// So many beginnings of words are.
    prefixes: usize,
}

impl Work {
    const TIMES: u64 = 4;

    /// So much is little work, however few documents there are.
    const LITTLE: u64 = 200_000;

    /// So many words are always looked for.
    const FEW: usize = 8;

    const FEW_PHRASES: usize = 4;
    const FEW_PREFIXES: usize = 4;

    /// To see whether words stand side by side costs so much more than to see a word.
    const POSITIONS: u64 = 40;

    fn of(searcher: &Searcher) -> Self {
        let left = searcher.num_docs().saturating_mul(Self::TIMES).max(Self::LITTLE);
        Self { left, phrases: Self::FEW_PHRASES, prefixes: Self::FEW_PREFIXES }
    }

    /// Takes one of the phrases that are looked for whatever they cost, if there is one left.
    fn takes_phrase(&mut self) -> bool {
        let left = self.phrases.checked_sub(1);
        self.phrases = left.unwrap_or(0);
        left.is_some()
    }

    /// The same for beginnings of words.
    fn takes_prefix(&mut self) -> bool {
        let left = self.prefixes.checked_sub(1);
        self.prefixes = left.unwrap_or(0);
        left.is_some()
    }

    fn spend(&mut self, price: u64) -> bool {
        let left = self.left.checked_sub(price);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// The text that stands right behind all that begin with this one.
fn behind(start: &str) -> Option<String> {
    let mut chars: Vec<char> = start.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// Required groups, without days that others make redundant: what is written after several days is
/// written after the last of them.
fn merged<'a, 'b>(groups: &'b [Vec<Part<'a>>]) -> Vec<Vec<&'b Part<'a>>> {
    let mut kept: Vec<Vec<&Part<'_>>> = Vec::new();
    let (mut since, mut until) = (None, None);
    for group in groups {
        match group.as_slice() {
            [part @ Part::Condition(LookupTerm::Since(at))] => {
                since = since.filter(|(latest, _)| *latest >= at).or(Some((at, part)));
            }
            [part @ Part::Condition(LookupTerm::Until(at))] => {
                until = until.filter(|(first, _)| *first <= at).or(Some((at, part)));
            }
            parts => kept.push(without_redundant_days(parts)),
        }
    }
    kept.extend([since, until].into_iter().flatten().map(|(_, part)| vec![part]));
    kept
}

/// Alternatives, of which the first `after:` and the last `before:` stand for all others.
fn without_redundant_days<'a, 'b>(parts: &'b [Part<'a>]) -> Vec<&'b Part<'a>> {
    let since = |part: &&Part<'_>| match part {
        Part::Condition(LookupTerm::Since(at)) => Some(*at),
        _ => None,
    };
    let until = |part: &&Part<'_>| match part {
        Part::Condition(LookupTerm::Until(at)) => Some(*at),
        _ => None,
    };
    let first = parts.iter().filter_map(|part| since(&part)).min();
    let last = parts.iter().filter_map(|part| until(&part)).max();
    let is_widest = |part: &&Part<'_>| match part {
        Part::Condition(LookupTerm::Since(at)) => Some(*at) == first,
        Part::Condition(LookupTerm::Until(at)) => Some(*at) == last,
        _ => true,
    };
    parts.iter().filter(is_widest).collect()
}

fn union(mut pieces: Vec<Piece>) -> Piece {
    if pieces.len() == 1
        && let Some(only) = pieces.pop()
    {
        return only;
    }
    let any = pieces.into_iter().map(|piece| (Occur::Should, piece.query()));
    Piece::Query(Box::new(BooleanQuery::new(any.collect())))
}

fn every<const N: usize>(queries: [Box<dyn Query>; N]) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Must, query)).collect()))
}

fn unscored(piece: Piece) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(piece.query(), 0.0))
}

fn has(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
