//! Reads the query language in one pass, without recursion.

use super::{AnyOf, Condition, Phrase, Place, SearchExpr, Term, Word};
use crate::error::Result;
use crate::limits::{LimitError, Limits};

/// With more plain words than this a text is a sentence, in which quotes are not meant for search.
const SENTENCE: usize = 3;

/// So it is with more words than this in phrases: a text that was pasted between quotes.
const CITATION: usize = 16;

/// Reads a text; see [`SearchExpr::parse`].
pub(super) fn parse(text: &str, limits: &Limits) -> Result<SearchExpr> {
    limits.search_text(text.len())?;
    let mut builder = Builder::default();
    let mut terms = 0;
    for token in (Tokens { rest: text }) {
        if let Token::Required(term) | Token::Excluded(term) = &token {
            terms += 1;
            limits.search_terms(terms)?;
            check_length(term, limits)?;
        }
        builder.add(token);
    }
    Ok(builder.finish())
}

fn check_length(term: &Term, limits: &Limits) -> Result<(), LimitError> {
    match term {
        Term::Word(word) => limits.search_term(word.as_str().len()),
        Term::Phrase(phrase) => limits.search_term(phrase.as_str().len()),
        // What has a form of its own has a length of its own.
        Term::Condition(_) => Ok(()),
    }
}

/// Puts an expression together.
#[derive(Default)]
struct Builder {
    expr: SearchExpr,
    /// The last terms, joined by `OR`, as far as an `OR` can still join more to them.
    group: Vec<Term>,
    /// Whether an `OR` stood behind the last term. With no group before it, it joins nothing.
    joins: bool,
}

impl Builder {
    fn add(&mut self, token: Token) {
        match token {
            Token::Or => self.joins = true,
            Token::Required(term) => {
                if !self.joins {
                    self.end_group();
                }
                self.group.push(term);
                self.joins = false;
            }
            Token::Excluded(term) => {
                self.end_group();
                self.expr.excluded.push(term);
            }
            Token::InTitle => {
                self.end_group();
                self.expr.place = Place::Title;
            }
        }
    }

    fn end_group(&mut self) {
        match AnyOf::new(std::mem::take(&mut self.group)) {
            Ok(group) => self.expr.required.push(group),
            Err(words) => self.expr.words.extend(words.into_iter().filter_map(|term| match term {
                Term::Word(word) => Some(word),
                Term::Phrase(_) | Term::Condition(_) => None,
            })),
        }
    }

    fn finish(mut self) -> SearchExpr {
        self.end_group();
        let phrases = self.expr.required.iter().filter_map(AnyOf::phrase);
        let cited: usize = phrases.map(|phrase| phrase.as_str().split(' ').count()).sum();
        if self.expr.words.len() > SENTENCE || cited > CITATION {
            let groups = std::mem::take(&mut self.expr.required);
            for group in groups {
                match group.phrase() {
                    Some(phrase) => self.expr.quoted.push(phrase.clone()),
                    None => self.expr.required.push(group),
                }
            }
        }
        self.expr
    }
}

/// What a text consists of.
enum Token {
    /// A term without a minus.
    Required(Term),
    /// A term with a minus.
    Excluded(Term),
    /// `OR`
    Or,
    /// `in:title`
    InTitle,
}

/// The tokens of a text.
///
/// Linear, although quotes are looked for ahead. Where a straight one, another one or a value is
/// never closed, nothing that would close it stands behind, so that the next of its sort is not
/// opened: each is looked for in vain once. What is closed is passed over, except a value that
/// cannot be: it is read again as words, in which no value begins before its end.
struct Tokens<'a> {
    rest: &'a str,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() {
                return None;
            }
            let excluding = without_minus(self.rest);
            let term = excluding.unwrap_or(self.rest);
            if let Some((quoted, rest)) = split_quoted(term) {
                self.rest = rest;
                if let Some(phrase) = Phrase::new(quoted) {
                    return Some(token(Term::Phrase(phrase), excluding.is_some()));
                }
            } else if let Some(rest) = term.strip_prefix(is_quote) {
                // Never closed.
                self.rest = rest;
            } else {
                return Some(self.run(term, excluding.is_some()));
            }
        }
    }
}

impl<'a> Tokens<'a> {
    /// The token of the run of characters at the start of `term`, which is what is left of the text.
    fn run(&mut self, term: &'a str, is_excluded: bool) -> Token {
        let end = term.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(term.len());
        let (run, behind) = term.split_at(end);
        self.rest = behind;
        if run == "OR" && !is_excluded {
            return Token::Or;
        }
        if let Some((name, bare)) = run.split_once(':') {
            let quoted = if bare.is_empty() { split_value(behind) } else { None };
            let (value, rest) = match &quoted {
                Some((value, rest)) => (value.as_str(), *rest),
                None => (bare, behind),
            };
            let in_title = name.eq_ignore_ascii_case("in") && value.eq_ignore_ascii_case("title");
            if in_title && !is_excluded {
                self.rest = rest;
                return Token::InTitle;
            }
            if let Some(condition) = Condition::new(name, value) {
                self.rest = rest;
                return token(Term::Condition(condition), is_excluded);
            }
        }
        token(Term::Word(Word::new(run)), is_excluded)
    }
}

fn token(term: Term, is_excluded: bool) -> Token {
    if is_excluded { Token::Excluded(term) } else { Token::Required(term) }
}

/// What stands behind a minus that excludes it.
fn without_minus(text: &str) -> Option<&str> {
    let term = text.strip_prefix('-')?;
    let first = term.chars().next()?;
    (first != '-' && !first.is_whitespace()).then_some(term)
}

/// Whether a character opens or closes a phrase.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201C}' | '\u{201D}' | '\u{201E}')
}

/// What stands in the quotes at the start of a text, and what stands behind them. Straight quotes
/// are closed by straight ones only, so that others can stand inside; the others by any, so that a
/// phrase never holds a straight one.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        Some(inside) => inside.split_once('"'),
        None => text.strip_prefix(is_quote)?.split_once(is_quote),
    }
}

/// The value in the straight quotes at the start of a text, and what stands behind them. A
/// backslash before anything but `"` and `\` is one itself.
fn split_value(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut value = String::new();
    loop {
        let (part, behind) = rest.split_at(rest.find(['"', '\\'])?);
        value.push_str(part);
        let mut chars = behind.chars();
        if chars.next() == Some('"') {
            return Some((value, chars.as_str()));
        }
        rest = chars.as_str();
        value.push(match rest.chars().next() {
            Some(escaped @ ('"' | '\\')) => {
                rest = rest.get(1..).unwrap_or_default();
                escaped
            }
            _ => '\\',
        });
    }
}
