//! What audiences and label expressions share: tests joined by `and`, `or`, `not` and parentheses.
//!
//! Here are the grammar of the joints, their printing, and the hard caps on size. What one test
//! looks like and means is left to each kind of expression.

use std::fmt::{self, Write as _};

use crate::error::{Error, Result};
use crate::limits::{LimitError, Limits};
use crate::text::{Slug, TextError};

/// A kind of expression.
pub(crate) trait Expression: Sized {
    /// What error messages call it.
    const WHAT: &'static str;
    /// What error messages call one test of it.
    const TEST: &'static str;
    /// Whether `AND` is as good as `and`.
    const ANY_CASE: bool;
    /// How a conjunction of nothing is printed, which always holds.
    const ALWAYS: &'static str;
    /// How a disjunction of nothing is printed, which never holds.
    const NEVER: &'static str;

    fn all(parts: Vec<Self>) -> Self;
    fn any(parts: Vec<Self>) -> Self;
    fn not(inner: Self) -> Self;

    /// How it is put together.
    fn shape(&self) -> Shape<'_, Self>;
    /// Reads one test, beginning with the next token, which is a word or a quoted text.
    fn read_test(tokens: &mut Tokens<'_>) -> Result<Self>;
    /// Prints a test as [`Expression::read_test`] reads it.
    fn print_test(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// How an expression is put together.
#[derive(Debug)]
pub(crate) enum Shape<'a, E> {
    Test,
    All(&'a [E]),
    Any(&'a [E]),
    Not(&'a E),
}

/// Reads an expression: `not` binds tightest, then `and`, then `or`.
///
/// `a and b and c` is one conjunction of three; what stands in parentheses stays a part of its own.
///
/// # Errors
/// [`Error::Limit`] beyond a hard cap of [`Limits`], the length before anything else;
/// [`Error::Invalid`] with position and expectation for bad syntax.
pub(crate) fn parse<E: Expression>(text: &str) -> Result<E> {
    let limits = Limits::caps();
    limits.expression(text.len())?;
    let mut parser = Parser { tokens: Tokens::new(E::WHAT, text)?, limits, terms: 0 };
    let Nested { expression, .. } = parser.any::<E>(0)?;
    match parser.tokens.next {
        Token::End => Ok(expression),
        _ => Err(parser.tokens.expected("`and`, `or` or the end")),
    }
}

/// Prints an expression so that [`parse`] reads it back. A part that has parts itself stands in
/// parentheses; a conjunction or disjunction of one is printed as that one.
pub(crate) fn print<E: Expression>(expression: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let print_joined = |parts: &[E], joint: &str, f: &mut fmt::Formatter<'_>| {
        for (i, part) in parts.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { joint })?;
            print_part(part, f)?;
        }
        Ok(())
    };
    match expression.shape() {
        Shape::Test => expression.print_test(f),
        Shape::All([]) => f.write_str(E::ALWAYS),
        Shape::Any([]) => f.write_str(E::NEVER),
        Shape::All([only]) | Shape::Any([only]) => print(only, f),
        Shape::All(parts) => print_joined(parts, " and ", f),
        Shape::Any(parts) => print_joined(parts, " or ", f),
        Shape::Not(inner) => {
            f.write_str("not ")?;
            print_part(inner, f)
        }
    }
}

/// Prints an expression as a part of a larger one.
pub(crate) fn print_part<E: Expression>(part: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match part.shape() {
        Shape::All([only]) | Shape::Any([only]) => print_part(only, f),
        Shape::All([_, ..]) | Shape::Any([_, ..]) => {
            f.write_char('(')?;
            print(part, f)?;
            f.write_char(')')
        }
        Shape::Test | Shape::All([]) | Shape::Any([]) | Shape::Not(_) => print(part, f),
    }
}

/// Checks the size of an expression that may have been put together by hand. What passes can be
/// printed and read back.
///
/// # Errors
/// [`Error::Limit`] for its nesting, its terms or the length of its text.
pub(crate) fn check<E: Expression + fmt::Display>(expression: &E, limits: &Limits) -> Result<()> {
    fn walk<E: Expression>(
        expression: &E,
        above: usize,
        terms: &mut usize,
        limits: &Limits,
    ) -> Result<(), LimitError> {
        let parts = match expression.shape() {
            Shape::Test | Shape::All([]) | Shape::Any([]) => {
                *terms += 1;
                return limits.terms(*terms);
            }
            Shape::All(parts) | Shape::Any(parts) => parts,
            Shape::Not(inner) => std::slice::from_ref(inner),
        };
        // This bounds the recursion as well.
        limits.nesting(above + 1)?;
        parts.iter().try_for_each(|part| walk(part, above + 1, terms, limits))
    }
    struct Length(usize);
    impl fmt::Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }

    walk(expression, 0, &mut 0, limits)?;
    let mut length = Length(0);
    // Counting cannot fail.
    let _ = write!(length, "{expression}");
    limits.expression(length.0)?;
    Ok(())
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    limits: Limits,
    terms: usize,
}

/// An expression with its nesting: 0 for a test, one more with each joint around it.
struct Nested<E> {
    expression: E,
    nesting: usize,
}

impl Parser<'_> {
    /// `all or all or ...`; `open` counts the parentheses and `not`s around it.
    fn any<E: Expression>(&mut self, open: usize) -> Result<Nested<E>> {
        let first = self.all(open)?;
        self.joined(first, "or", E::any, |parser| parser.all(open))
    }

    /// `part and part and ...`
    fn all<E: Expression>(&mut self, open: usize) -> Result<Nested<E>> {
        let first = self.part(open)?;
        self.joined(first, "and", E::all, |parser| parser.part(open))
    }

    fn joined<E: Expression>(
        &mut self,
        first: Nested<E>,
        joint: &str,
        join: fn(Vec<E>) -> E,
        next: impl Fn(&mut Self) -> Result<Nested<E>>,
    ) -> Result<Nested<E>> {
        if !self.tokens.at_joint::<E>(joint) {
            return Ok(first);
        }
        let mut nesting = first.nesting;
        let mut parts = vec![first.expression];
        while self.tokens.at_joint::<E>(joint) {
            self.tokens.take()?;
            let part = next(self)?;
            nesting = nesting.max(part.nesting);
            parts.push(part.expression);
        }
        self.limits.nesting(nesting + 1)?;
        Ok(Nested { expression: join(parts), nesting: nesting + 1 })
    }

    /// `not part`, `( any )` or a test.
    fn part<E: Expression>(&mut self, open: usize) -> Result<Nested<E>> {
        if self.tokens.at_joint::<E>("not") {
            self.limits.nesting(open + 1)?;
            self.tokens.take()?;
            let inner = self.part::<E>(open + 1)?;
            self.limits.nesting(inner.nesting + 1)?;
            return Ok(Nested { expression: E::not(inner.expression), nesting: inner.nesting + 1 });
        }
        if self.tokens.at("(") {
            self.limits.nesting(open + 1)?;
            self.tokens.take()?;
            let inner = self.any(open + 1)?;
            if !self.tokens.at(")") {
                return Err(self.tokens.expected("`and`, `or` or `)`"));
            }
            self.tokens.take()?;
            return Ok(inner);
        }
        let is_joint = ["and", "or"].into_iter().any(|joint| self.tokens.at_joint::<E>(joint));
        if is_joint || !matches!(self.tokens.next, Token::Word(_) | Token::Quoted(_)) {
            return Err(self.tokens.expected(&format!("{}, `not` or `(`", E::TEST)));
        }
        self.terms += 1;
        self.limits.terms(self.terms)?;
        Ok(Nested { expression: E::read_test(&mut self.tokens)?, nesting: 0 })
    }
}

/// The text of an expression as tokens, with one token to look at.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    what: &'static str,
    text: &'a str,
    /// Where the next token begins.
    at: usize,
    /// Where it ends.
    end: usize,
    /// The next token.
    pub(crate) next: Token<'a>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Letters, digits and what else a [`Slug`] may have, in any case.
    Word(&'a str),
    /// A text in double quotes, without them.
    Quoted(String),
    /// Anything else: a comparison, or one character.
    Symbol(&'a str),
    /// Behind the last one.
    End,
}

impl<'a> Tokens<'a> {
    fn new(what: &'static str, text: &'a str) -> Result<Self> {
        let mut tokens = Self { what, text, at: 0, end: 0, next: Token::End };
        tokens.take()?;
        Ok(tokens)
    }

    /// Whether the next token is this symbol.
    pub(crate) fn at(&self, symbol: &str) -> bool {
        self.next == Token::Symbol(symbol)
    }

    fn at_joint<E: Expression>(&self, joint: &str) -> bool {
        match self.next {
            Token::Word(word) if E::ANY_CASE => word.eq_ignore_ascii_case(joint),
            Token::Word(word) => word == joint,
            _ => false,
        }
    }

    /// Takes the next token, and looks at the one behind it.
    pub(crate) fn take(&mut self) -> Result<Token<'a>> {
        let rest = self.text.get(self.end..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at = self.end + (rest.len() - trimmed.len());
        let (token, length) = self.lex(trimmed)?;
        self.end = self.at + length;
        Ok(std::mem::replace(&mut self.next, token))
    }

    /// Takes a symbol that has to stand here.
    pub(crate) fn take_symbol(&mut self, symbol: &str) -> Result<()> {
        if !self.at(symbol) {
            return Err(self.expected(&format!("`{symbol}`")));
        }
        self.take().map(drop)
    }

    /// Takes a short name: quoted, or a word that is not `reserved`.
    pub(crate) fn take_name(&mut self, what: &str, reserved: fn(&str) -> bool) -> Result<Slug> {
        let name = match &self.next {
            Token::Word(word) if !reserved(word) => Slug::new(word),
            Token::Quoted(text) => Slug::new(text),
            _ => return Err(self.expected(what)),
        };
        let name = name.map_err(|error| self.malformed(&error))?;
        self.take()?;
        Ok(name)
    }

    /// The error that something else should stand where the next token is.
    pub(crate) fn expected(&self, expected: &str) -> Error {
        let found = match self.text.get(self.at..self.end) {
            None | Some("") => "the end".to_owned(),
            Some(found) => {
                let shown: String = found.chars().take(30).collect();
                let cut = if shown.len() < found.len() { "..." } else { "" };
                format!("`{}{cut}`", shown.escape_debug())
            }
        };
        let Self { what, at, .. } = self;
        Error::invalid(format!("{what}: expected {expected} at byte {at}, found {found}"))
    }

    /// The error that the next token is not the text it should be.
    pub(crate) fn malformed(&self, error: &TextError) -> Error {
        Error::invalid(format!("{}: {error}, at byte {}", self.what, self.at))
    }

    /// The token at the start of `rest` and its length.
    fn lex(&self, rest: &'a str) -> Result<(Token<'a>, usize)> {
        let Some(first) = rest.chars().next() else {
            return Ok((Token::End, 0));
        };
        if first == '"' {
            return self.lex_quoted(rest);
        }
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let length = match rest.as_bytes() {
            _ if word > 0 => word,
            [b'<' | b'>' | b'!', b'=', ..] => 2,
            _ => first.len_utf8(),
        };
        let token = rest.get(..length).unwrap_or_default();
        Ok((if word > 0 { Token::Word(token) } else { Token::Symbol(token) }, length))
    }

    fn lex_quoted(&self, rest: &'a str) -> Result<(Token<'a>, usize)> {
        let wrong = |at: usize, what: &str| {
            Err(Error::invalid(format!("{}: {what} at byte {}", self.what, self.at + at)))
        };
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => return Ok((Token::Quoted(text), at + 1)),
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    _ => return wrong(at, "expected `\\\"` or `\\\\`"),
                },
                c => text.push(c),
            }
        }
        wrong(0, "expected a closing quote for the one")
    }
}

/// Whether a text is one word and can stand without quotes.
pub(crate) fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word)
}

/// Prints a text in double quotes.
pub(crate) fn print_quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "-_.+#".contains(c)
}
