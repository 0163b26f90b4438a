//! Which words a text is found by.
//!
//! [`Analyzer::tokens`] takes a text apart into words with the places where they stand: the index
//! writes them down, highlights mark them, and a check of the index can scan a text for them with
//! nothing but a loop. Every function here is total: any text gives tokens, and the work grows with
//! the length of the text only.
//!
//! - A word is a run of letters, digits and their marks. Punctuation separates, also within
//!   `example.com` and `snake_case`; a single letter tied to a word by an apostrophe (`l'avion`,
//!   `user's`) is left out. A run of more than 64 letters is cut.
//! - Scripts that set no spaces give single signs and pairs of neighbours.
//! - Words are brought to lower case and one encoding, reduced to a stem, and then lose their
//!   accents, in this order: the stemmers read accents. A word that would be stemmed differently
//!   when typed without its accents is found by both forms.
//! - Stop words are marked, not left out, so that phrases find them.
//!
//! Symbols and emoji are not words.

mod detect;
mod fold;
mod language;
mod scan;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use frostem::Stemmer;
use rustc_hash::FxHashMap;
use tantivy::tokenizer::{Language as Listed, RawTokenizer, StopWordFilter, TextAnalyzer};

pub use detect::detect;
pub use language::Language;
pub(crate) use scan::is_unspaced;

use fold::{folded, normalised};
use scan::{Kind, pieces};

/// A form by which a stretch of text is found.
///
/// Several tokens can stand at one position: other forms of the same word, or the beginnings of
/// signs and pairs of signs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// What is looked up; never empty, and at most a few hundred bytes.
    pub text: Arc<str>,
    /// The word as it is written, in small letters and without accents, not reduced to a stem. The
    /// same in every language; of signs what [`text`](Self::text) is.
    pub word: Arc<str>,
    /// Its number among the words of the text, from 0.
    pub position: usize,
    /// Where it stands in the text, in bytes; always on boundaries of characters.
    pub span: Range<usize>,
    /// Whether the word is so common in its language that it says nothing about a text.
    pub stop: bool,
}

/// Takes texts of one language apart.
#[derive(Clone, Copy)]
pub struct Analyzer {
    language: Language,
    stemmer: Option<Stemmer>,
}

impl Analyzer {
    /// The analyser of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language, stemmer: language.algorithm().map(Stemmer::new) }
    }

    /// The language that it was made for.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// All forms by which a text is found, in the order in which they stand.
    #[must_use]
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        self.analyse(text, Side::Document, None)
    }

    /// The forms that a query looks for. A position of the query is met by any of its forms.
    ///
    /// They are [`tokens`](Self::tokens) without the single signs that are part of a pair.
    #[must_use]
    pub fn query_tokens(&self, text: &str) -> Vec<Token> {
        self.analyse(text, Side::Query, None)
    }

    fn analyse(&self, text: &str, side: Side, known: Option<&mut Words>) -> Vec<Token> {
        let pieces = pieces(text);
        let sign = |at: usize| pieces.get(at).filter(|piece| piece.kind == Kind::Sign);
        let mut analysis = Analysis { analyzer: *self, text, known, tokens: Vec::new() };
        for (position, piece) in pieces.iter().enumerate() {
            let span = piece.span.clone();
            if piece.kind == Kind::Word {
                analysis.word(position, &span);
                continue;
            }
            let before = position.checked_sub(1).and_then(sign);
            let ends_pair = before.is_some_and(|before| before.span.end == span.start);
            let after = sign(position + 1).filter(|after| after.span.start == span.end);
            if side == Side::Document || (!ends_pair && after.is_none()) {
                analysis.signs(position, span.clone());
            }
            if let Some(after) = after {
                analysis.signs(position, span.start..after.span.end);
            }
        }
        analysis.tokens
    }

    /// What there is to know of a word.
    fn look_at(self, written: &str) -> Word {
        let word = normalised(written, self.language);
        let stop = is_stop_word(&word, self.language);
        let form = self.form(&word);
        let plain = folded(&word);
        let careless = (!word.is_ascii()).then(|| self.form(&plain));
        let careless = careless.filter(|careless| *careless != form);
        let forms = [Some(form), careless].into_iter().flatten();
        let forms = forms.filter(|form| !form.is_empty()).map(Arc::from).collect();
        Word { forms, plain: Arc::from(plain), stop }
    }

    /// The form of a word by which it is found.
    fn form(self, word: &str) -> String {
        let stem = |word: &str| match self.stemmer.map(|stemmer| stemmer.stem(word)) {
            Some(stem) if !stem.is_empty() => stem.into_owned(),
            _ => word.to_owned(),
        };
        let mut form = stem(word);
        match self.language {
            // The Dutch stemmer takes a plural to its singular (`fietsen`, `fiets`) and the singular
            // further on (`fiet`): only what it leaves as it is brings the two together.
            Language::Dutch => form = stem(&form),
            // The French one knows no plural in s after these vowels (`vélos`, `pneus`).
            Language::French if form == word && word.len() > 3 => {
                let singular = word.strip_suffix('s');
                let singular = singular.filter(|rest| rest.ends_with(['a', 'i', 'o', 'u', 'é']));
                form = singular.map_or(form, str::to_owned);
            }
            _ => {}
        }
        folded(&form).into_owned()
    }
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyzer").field("language", &self.language).finish_non_exhaustive()
    }
}

/// Takes many texts apart. It keeps what it found out about a word for when it meets it again: a
/// language has many words, but most of a text are a few of them.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    languages: FxHashMap<Language, Words>,
}

impl Vocabulary {
    /// Words of one language that are kept, some megabytes of them.
    const MOST_WORDS: usize = 20_000;

    /// The same as [`Analyzer::tokens`].
    pub(crate) fn tokens(&mut self, language: Language, text: &str) -> Vec<Token> {
        let known = self.languages.entry(language).or_default();
        if known.len() > Self::MOST_WORDS {
            known.clear();
        }
        Analyzer::new(language).analyse(text, Side::Document, Some(known))
    }
}

/// Words as they are written.
type Words = FxHashMap<Box<str>, Word>;

/// A word, looked at.
#[derive(Debug)]
struct Word {
    /// By which it is found, if it is found at all.
    forms: Vec<Arc<str>>,
    /// In small letters and without accents.
    plain: Arc<str>,
    stop: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Document,
    Query,
}

/// One text on its way.
struct Analysis<'a> {
    analyzer: Analyzer,
    text: &'a str,
    /// Words that were met before, if they are kept.
    known: Option<&'a mut Words>,
    tokens: Vec<Token>,
}

impl<'a> Analysis<'a> {
    fn word(&mut self, position: usize, span: &Range<usize>) {
        let written = self.slice(span);
        let analyzer = self.analyzer;
        let tokens = &mut self.tokens;
        let mut add = |word: &Word| {
            tokens.extend(word.forms.iter().map(|form| Token {
                text: Arc::clone(form),
                word: Arc::clone(&word.plain),
                position,
                span: span.clone(),
                stop: word.stop,
            }));
        };
        let Some(known) = self.known.as_deref_mut() else { return add(&analyzer.look_at(written)) };
        if let Some(word) = known.get(written) {
            return add(word);
        }
        let word = analyzer.look_at(written);
        add(&word);
        known.insert(written.into(), word);
    }

    fn signs(&mut self, position: usize, span: Range<usize>) {
        let text = folded(&normalised(self.slice(&span), self.analyzer.language)).into_owned();
        if !text.is_empty() {
            let text: Arc<str> = text.into();
            let word = Arc::clone(&text);
            self.tokens.push(Token { text, word, position, span, stop: false });
        }
    }

    fn slice(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}

/// Whether a word is so common in a language that it says nothing about a text.
fn is_stop_word(word: &str, language: Language) -> bool {
    // A list is made once: that takes as long as a search does. To ask it takes a buffer, of which
    // each thread has its own.
    type Lists = [OnceLock<Option<TextAnalyzer>>; Language::ALL.len()];
    static MADE: Lists = [const { OnceLock::new() }; Language::ALL.len()];
    thread_local! {
        static OWN: RefCell<FxHashMap<Language, Option<TextAnalyzer>>> = RefCell::default();
    }
    let made = || MADE.get(language as usize)?.get_or_init(|| without_stop_words(language)).clone();
    OWN.with_borrow_mut(|own| match own.entry(language).or_insert_with(made) {
        Some(content) => !content.token_stream(word).advance(),
        None => false,
    })
}

/// Lets through what is not a stop word.
fn without_stop_words(language: Language) -> Option<TextAnalyzer> {
    let filter = StopWordFilter::new(stop_list(language)?)?;
    Some(TextAnalyzer::builder(RawTokenizer::default()).filter(filter).build())
}

/// The list of the most frequent words of a language, where there is one.
fn stop_list(language: Language) -> Option<Listed> {
    Some(match language {
        Language::Danish => Listed::Danish,
        Language::Dutch => Listed::Dutch,
        Language::English => Listed::English,
        Language::Finnish => Listed::Finnish,
        Language::French => Listed::French,
        Language::German => Listed::German,
        Language::Hungarian => Listed::Hungarian,
        Language::Italian => Listed::Italian,
        Language::Norwegian => Listed::Norwegian,
        Language::Portuguese => Listed::Portuguese,
        Language::Russian => Listed::Russian,
        Language::Spanish => Listed::Spanish,
        Language::Swedish => Listed::Swedish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_known_gives_the_same_tokens() {
        let mut vocabulary = Vocabulary::default();
        let texts = ["Fietsen in de zon", "fietsen: de IDÉE, l'idée, İdee", "自転車 de bikes"];
        let many: String =
            (0..=Vocabulary::MOST_WORDS).map(|number| format!("{number} ")).collect();
        for text in texts.into_iter().chain([many.as_str()]).chain(texts).chain(texts) {
            for language in [Language::Dutch, Language::French, Language::Turkish] {
                let tokens = Analyzer::new(language).tokens(text);
                assert_eq!(vocabulary.tokens(language, text), tokens, "{text}");
            }
        }
    }
}
