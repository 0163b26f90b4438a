//! What a search text means, and how it is printed.

use std::fmt::{self, Write as _};

use super::Condition;
use crate::error::Result;
use crate::limits::Limits;

/// What somebody searches for: a text of the [query language](super), read.
///
/// ```
/// use community_core::search::{Condition, Term};
/// use community_core::{Limits, SearchExpr};
/// let expr = SearchExpr::parse("bike repair \"flat tyre\" -label:sold", &Limits::default())?;
/// assert_eq!(expr.words.len(), 2);
/// assert!(matches!(expr.required[0].alternatives(), [Term::Phrase(tyre)] if tyre.as_str() == "flat tyre"));
/// assert!(matches!(&expr.excluded[..], [Term::Condition(Condition::Label(sold))] if *sold == "sold"));
/// assert_eq!(expr.to_string(), "bike repair \"flat tyre\" -label:sold");
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchExpr {
    /// The plain words, in the order typed and as often as typed. When there are any, one of them
    /// has to occur.
    pub words: Vec<Word>,
    /// Phrases in a sentence: their words count like plain ones.
    pub quoted: Vec<Phrase>,
    /// Each of these is required.
    pub required: Vec<AnyOf>,
    /// None of these may be.
    pub excluded: Vec<Term>,
    /// Where words and phrases are looked for, required and excluded ones alike.
    pub place: Place,
}

/// Alternatives of which one is required: a phrase or a condition, or several terms that were
/// joined by `OR`, not all of them words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyOf(Vec<Term>);

/// One part of a search text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// `bike` or `bik*`
    Word(Word),
    /// `"flat tyre"`
    Phrase(Phrase),
    /// `label:tyres`
    Condition(Condition),
}

/// A word as it was typed: not empty, without whitespace and quotes, with all its punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    text: String,
    is_prefix: bool,
}

/// Words that stand side by side, as they were typed: not empty, without quotes, and with single
/// spaces for all whitespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase(String);

/// Where words and phrases are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Place {
    /// In titles and posts.
    #[default]
    Anywhere,
    /// In titles only.
    Title,
}

impl SearchExpr {
    /// Reads a text of the [query language](super). Any text means something.
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit), and no other: for the length of the text, before
    /// anything else; for the number of its terms; for the length of one word or phrase.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self> {
        super::parse::parse(text, limits)
    }

    /// Whether it asks for nothing, and so finds everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { words, quoted, required, excluded, place: _ } = self;
        words.is_empty() && quoted.is_empty() && required.is_empty() && excluded.is_empty()
    }

    /// Whether there is something to rank by: a word or a phrase that is not excluded. What is
    /// found without one comes newest first, also when it is sorted by relevance.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        let mut terms = self.required.iter().flat_map(AnyOf::alternatives);
        !self.words.is_empty() || terms.any(|term| !matches!(term, Term::Condition(_)))
    }
}

impl AnyOf {
    /// The group of these terms, or the terms again when they are words alone, which make none.
    pub(super) fn new(terms: Vec<Term>) -> Result<Self, Vec<Term>> {
        let is_group = terms.iter().any(|term| !matches!(term, Term::Word(_)));
        if is_group { Ok(Self(terms)) } else { Err(terms) }
    }

    /// The phrase, if it is one and nothing else.
    pub(super) fn phrase(&self) -> Option<&Phrase> {
        match self.0.as_slice() {
            [Term::Phrase(phrase)] => Some(phrase),
            _ => None,
        }
    }

    /// The alternatives in the order typed: one at least, and not all of them words.
    #[must_use]
    pub fn alternatives(&self) -> &[Term] {
        &self.0
    }
}

impl From<Condition> for AnyOf {
    /// The condition alone.
    fn from(condition: Condition) -> Self {
        Self(vec![Term::Condition(condition)])
    }
}

impl Word {
    /// The word of a run of characters that has no whitespace and no quotes.
    pub(super) fn new(run: &str) -> Self {
        let stem = run.trim_end_matches('*');
        let is_prefix = !stem.is_empty() && stem.len() < run.len();
        Self { text: if is_prefix { stem } else { run }.to_owned(), is_prefix }
    }

    /// The word, without the asterisk of a prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for every word that begins so.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        self.is_prefix
    }
}

impl Phrase {
    /// The phrase of what stands between quotes; `None` when that is nothing but whitespace.
    pub(super) fn new(quoted: &str) -> Option<Self> {
        let mut words = quoted.split_whitespace();
        let mut text = words.next()?.to_owned();
        for word in words {
            text.push(' ');
            text.push_str(word);
        }
        Some(Self(text))
    }

    /// The phrase, without its quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Prints a text that reads back as the same value, when it was read from one.
///
/// Words come first, then what is required, then what is excluded. The text can be a little longer
/// than the one that was read: with blanks that had been left out, and with quotes.
impl fmt::Display for SearchExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, quoted, required, excluded, place } = self;
        let mut blank = "";
        let mut apart =
            |f: &mut fmt::Formatter<'_>| f.write_str(std::mem::replace(&mut blank, " "));
        for word in words {
            apart(f)?;
            write!(f, "{word}")?;
        }
        for phrase in quoted {
            apart(f)?;
            write!(f, "{phrase}")?;
        }
        for group in required {
            apart(f)?;
            write!(f, "{group}")?;
        }
        for term in excluded {
            apart(f)?;
            write!(f, "-{term}")?;
        }
        match place {
            Place::Anywhere => Ok(()),
            Place::Title => {
                apart(f)?;
                f.write_str("in:title")
            }
        }
    }
}

impl fmt::Display for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.0.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { " OR " })?;
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "{word}"),
            Self::Phrase(phrase) => write!(f, "{phrase}"),
            Self::Condition(condition) => write!(f, "{condition}"),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.is_prefix { f.write_char('*') } else { Ok(()) }
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}
