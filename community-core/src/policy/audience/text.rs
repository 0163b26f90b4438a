//! How audiences are written and read; the grammar is in the documentation of [`Audience`].

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Audience, Comparison};
use crate::domain::Attribute;
use crate::error::{Error, Result};
use crate::expr::{self, Expression, Shape, Token, Tokens};
use crate::text::{Key, Slug};

/// Prints it so that it reads back.
///
/// What was read comes back equal. What was put together by hand comes back equal in meaning, and
/// in form too except where there is no such form: a conjunction or disjunction of one part becomes
/// that part, one of no parts `everyone` or `nobody`, and comparisons with several texts become
/// what they mean.
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr::print(self, f)
    }
}

impl FromStr for Audience {
    type Err = Error;

    /// Reads an audience.
    ///
    /// # Errors
    /// [`Error::Limit`] beyond the hard caps for expressions, [`Error::Invalid`] with the position
    /// and what was expected there for anything that is not an audience.
    fn from_str(text: &str) -> Result<Self> {
        expr::parse(text)
    }
}

impl serde::Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Expression for Audience {
    const WHAT: &'static str = "an audience";
    const TEST: &'static str = "a test such as `members` or `country = NL`";
    const ANY_CASE: bool = false;
    const ALWAYS: &'static str = "everyone";
    const NEVER: &'static str = "nobody";

    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }

    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }

    fn not(inner: Self) -> Self {
        Self::Not(Box::new(inner))
    }

    fn shape(&self) -> Shape<'_, Self> {
        match self {
            Self::All(parts) => Shape::All(parts),
            Self::Any(parts) => Shape::Any(parts),
            Self::Not(inner) => Shape::Not(inner),
            _ => Shape::Test,
        }
    }

    fn read_test(tokens: &mut Tokens<'_>) -> Result<Self> {
        let keyword = match tokens.next {
            Token::Word(word) => word,
            _ => "",
        };
        let test = match keyword {
            "everyone" => Self::Everyone,
            "nobody" => Self::Nobody,
            "signed_in" => Self::SignedIn,
            "members" => Self::Members,
            "author" => Self::Author,
            "role" => return Ok(Self::Role(read_argument(tokens, "a role", read_name)?)),
            "list" => return Ok(Self::List(read_argument(tokens, "a list", read_name)?)),
            "member" => {
                return Ok(Self::Member(read_argument(tokens, "a key in quotes", read_key)?));
            }
            "level" => {
                tokens.take()?;
                tokens.take_symbol(">=")?;
                return Ok(Self::Level(read_integer(tokens)?));
            }
            _ => {
                let name = read_name(tokens, Self::TEST)?;
                return Ok(Self::Attribute(name, read_comparison(tokens)?));
            }
        };
        tokens.take()?;
        Ok(test)
    }

    fn print_test(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Nobody => f.write_str("nobody"),
            Self::SignedIn => f.write_str("signed_in"),
            Self::Members => f.write_str("members"),
            Self::Author => f.write_str("author"),
            Self::Role(role) => write!(f, "role({})", Word(role.as_str())),
            Self::List(list) => write!(f, "list({})", Word(list.as_str())),
            Self::Member(key) => write!(f, "member({})", Quoted(key.as_str())),
            Self::Level(least) => write!(f, "level >= {least}"),
            Self::Attribute(name, comparison) => {
                write!(f, "{} {comparison}", Word(name.as_str()))
            }
            // A joint is no test.
            Self::All(_) | Self::Any(_) | Self::Not(_) => Ok(()),
        }
    }
}

/// Words with a meaning of their own: as a name or a text they stand in quotes.
const KEYWORDS: [&str; 16] = [
    "and",
    "author",
    "everyone",
    "exists",
    "false",
    "in",
    "level",
    "list",
    "member",
    "members",
    "nobody",
    "not",
    "or",
    "role",
    "signed_in",
    "true",
];

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// `keyword ( argument )`; the next token is the keyword.
fn read_argument<T>(
    tokens: &mut Tokens<'_>,
    what: &str,
    read: fn(&mut Tokens<'_>, &str) -> Result<T>,
) -> Result<T> {
    tokens.take()?;
    tokens.take_symbol("(")?;
    let argument = read(tokens, what)?;
    tokens.take_symbol(")")?;
    Ok(argument)
}

fn read_name(tokens: &mut Tokens<'_>, what: &str) -> Result<Slug> {
    tokens.take_name(what, is_keyword)
}

fn read_key(tokens: &mut Tokens<'_>, what: &str) -> Result<Key> {
    let Token::Quoted(text) = &tokens.next else {
        return Err(tokens.expected(what));
    };
    let key = Key::new(text).map_err(|error| tokens.malformed(&error))?;
    tokens.take()?;
    Ok(key)
}

fn read_comparison(tokens: &mut Tokens<'_>) -> Result<Comparison> {
    let operator = match tokens.next {
        Token::Symbol(text) | Token::Word(text) => text,
        _ => "",
    };
    let expected = "`=`, `!=`, `<`, `<=`, `>`, `>=`, `in` or `exists`";
    if !["=", "!=", "<", "<=", ">", ">=", "in", "exists"].contains(&operator) {
        return Err(tokens.expected(expected));
    }
    tokens.take()?;
    Ok(match operator {
        "=" => Comparison::Is(read_value(tokens)?),
        "!=" => Comparison::IsNot(read_value(tokens)?),
        "<" => Comparison::Less(read_integer(tokens)?),
        "<=" => Comparison::AtMost(read_integer(tokens)?),
        ">" => Comparison::More(read_integer(tokens)?),
        ">=" => Comparison::AtLeast(read_integer(tokens)?),
        "in" => Comparison::In(read_values(tokens)?),
        _ => Comparison::Exists,
    })
}

fn read_values(tokens: &mut Tokens<'_>) -> Result<BTreeSet<Attribute>> {
    tokens.take_symbol("[")?;
    let mut values = BTreeSet::new();
    if !tokens.at("]") {
        values.insert(read_value(tokens)?);
        while tokens.at(",") {
            tokens.take()?;
            values.insert(read_value(tokens)?);
        }
    }
    if !tokens.at("]") {
        return Err(tokens.expected("`,` or `]`"));
    }
    tokens.take()?;
    Ok(values)
}

fn read_value(tokens: &mut Tokens<'_>) -> Result<Attribute> {
    let value = match &tokens.next {
        Token::Word("true") => Attribute::Boolean(true),
        Token::Word("false") => Attribute::Boolean(false),
        Token::Word(word) if is_keyword(word) => {
            return Err(tokens.expected("a value, in quotes when it is a keyword"));
        }
        Token::Word(word) => match integer(word) {
            Some(number) => Attribute::Integer(number),
            None => Attribute::Text((*word).to_owned()),
        },
        Token::Quoted(text) => Attribute::Text(text.clone()),
        _ => return Err(tokens.expected("a value")),
    };
    tokens.take()?;
    Ok(value)
}

fn read_integer<N: FromStr + ToString>(tokens: &mut Tokens<'_>) -> Result<N> {
    let number = match tokens.next {
        Token::Word(word) => integer(word),
        _ => None,
    };
    let number = number.ok_or_else(|| tokens.expected("a whole number"))?;
    tokens.take()?;
    Ok(number)
}

/// A number as it is printed. `007`, `+5` and what no `i64` can hold are texts, so that a value
/// never changes by being read.
fn integer<N: FromStr + ToString>(word: &str) -> Option<N> {
    word.parse().ok().filter(|number: &N| number.to_string() == word)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Nothing is equal to several texts; see the type.
            Self::Is(Attribute::Texts(_)) => f.write_str("in []"),
            Self::IsNot(Attribute::Texts(_)) | Self::Exists => f.write_str("exists"),
            Self::Is(value) => write!(f, "= {}", Value(value)),
            Self::IsNot(value) => write!(f, "!= {}", Value(value)),
            Self::In(values) => {
                f.write_str("in [")?;
                let single = values.iter().filter(|value| !matches!(value, Attribute::Texts(_)));
                for (i, value) in single.enumerate() {
                    write!(f, "{}{}", if i == 0 { "" } else { ", " }, Value(value))?;
                }
                f.write_str("]")
            }
            Self::Less(bound) => write!(f, "< {bound}"),
            Self::AtMost(bound) => write!(f, "<= {bound}"),
            Self::More(bound) => write!(f, "> {bound}"),
            Self::AtLeast(bound) => write!(f, ">= {bound}"),
        }
    }
}

/// A single value, as [`read_value`] reads it.
struct Value<'a>(&'a Attribute);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Attribute::Boolean(value) => write!(f, "{value}"),
            Attribute::Integer(value) => write!(f, "{value}"),
            Attribute::Text(text) if integer::<i64>(text).is_some() => {
                write!(f, "{}", Quoted(text))
            }
            Attribute::Text(text) => write!(f, "{}", Word(text)),
            // The caller has sorted these out.
            Attribute::Texts(_) => Ok(()),
        }
    }
}

/// A word, in quotes when it has to be.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if expr::is_bare(self.0) && !is_keyword(self.0) {
            f.write_str(self.0)
        } else {
            expr::print_quoted(self.0, f)
        }
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr::print_quoted(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::any_audience;
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Audience> {
        text.parse()
    }

    fn audience(text: &str) -> Audience {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// What an audience becomes by being written and read.
    fn normal(audience: &Audience) -> Audience {
        let several = |value: &Attribute| matches!(value, Attribute::Texts(_));
        let normal_parts = |parts: &[Audience]| parts.iter().map(normal).collect::<Vec<_>>();
        match audience {
            Audience::All(parts) => match normal_parts(parts).as_slice() {
                [] => Audience::Everyone,
                [only] => only.clone(),
                parts => Audience::All(parts.to_vec()),
            },
            Audience::Any(parts) => match normal_parts(parts).as_slice() {
                [] => Audience::Nobody,
                [only] => only.clone(),
                parts => Audience::Any(parts.to_vec()),
            },
            Audience::Not(inner) => Audience::Not(Box::new(normal(inner))),
            Audience::Attribute(name, comparison) => {
                let comparison = match comparison {
                    Comparison::Is(value) if several(value) => Comparison::In(BTreeSet::new()),
                    Comparison::IsNot(value) if several(value) => Comparison::Exists,
                    Comparison::In(values) => {
                        Comparison::In(values.iter().filter(|v| !several(v)).cloned().collect())
                    }
                    other => other.clone(),
                };
                Audience::Attribute(name.clone(), comparison)
            }
            test => test.clone(),
        }
    }

    #[test]
    fn not_binds_tightest_and_or_loosest() {
        use Audience::{All, Any, Author, Everyone, Members, Nobody, Not};
        let parsed = audience("author or not members and everyone or nobody");
        let middle = All(vec![Not(Box::new(Members)), Everyone]);
        assert_eq!(parsed, Any(vec![Author, middle, Nobody]));
        assert_eq!(parsed.to_string(), "author or (not members and everyone) or nobody");

        let parsed = audience("not (members or author) and (everyone)");
        assert_eq!(parsed, All(vec![Not(Box::new(Any(vec![Members, Author]))), Everyone]));

        let inner = All(vec![Members, Author]);
        assert_eq!(audience("(members and author) and nobody"), All(vec![inner, Nobody]));
        assert_eq!(audience("members and author and nobody"), All(vec![Members, Author, Nobody]));
    }

    #[test]
    fn what_is_printed_is_as_plain_as_it_can_be() {
        for text in [
            "everyone",
            "role(moderator)",
            "list(c++)",
            "role(\"not\")",
            "member(\"user:4\")",
            "member(\"a \\\"quoted\\\" \\\\ key\")",
            "level >= 3",
            "department = care",
            "department = \"customer care\"",
            "country in [BE, NL]",
            "country in []",
            "age >= 18",
            "age > -1",
            "vip = true",
            "vip = \"true\"",
            "zip = \"1000\"",
            "zip = 01000",
            "x != 5",
            "\"level\" = 3",
            "\"in\" in [\"\", \"in\"]",
            "department exists",
            "自転車 = はい",
            "members and (author or not (level >= 2 and vip = true))",
        ] {
            assert_eq!(audience(text).to_string(), text);
        }
        assert_eq!(audience(" ( ( not(members) ) )\n").to_string(), "not members");
        assert_eq!(audience("a=1 and b<=-2").to_string(), "a = 1 and b <= -2");
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, message) in [
            (
                "",
                "expected a test such as `members` or `country = NL`, `not` or `(` at byte 0, found the end",
            ),
            ("members and", "`not` or `(` at byte 11, found the end"),
            ("members author", "expected `and`, `or` or the end at byte 8, found `author`"),
            ("(members", "expected `and`, `or` or `)` at byte 8, found the end"),
            ("members)", "expected `and`, `or` or the end at byte 7, found `)`"),
            ("Members", "an audience: a short name may not contain `M`, at byte 0"),
            ("and", "`not` or `(` at byte 0, found `and`"),
            ("true = 1", "at byte 0, found `true`"),
            ("role moderator", "expected `(` at byte 5, found `moderator`"),
            ("role(in)", "expected a role at byte 5, found `in`"),
            ("member(user)", "expected a key in quotes at byte 7, found `user`"),
            ("level = 3", "expected `>=` at byte 6, found `=`"),
            ("level >= x", "expected a whole number at byte 9, found `x`"),
            ("level >= -1", "expected a whole number at byte 9, found `-1`"),
            ("age < 07", "expected a whole number at byte 6, found `07`"),
            ("age ~ 7", "`in` or `exists` at byte 4, found `~`"),
            ("x = and", "in quotes when it is a keyword at byte 4, found `and`"),
            ("x in [a,]", "expected a value at byte 8, found `]`"),
            ("x in [a b]", "expected `,` or `]` at byte 8, found `b`"),
            ("x = \"abc", "expected a closing quote for the one at byte 4"),
            ("x = \"a\\n\"", "expected `\\\"` or `\\\\` at byte 6"),
            ("é & ü", "at byte 3, found `&`"),
        ] {
            match parse(text) {
                Err(Error::Invalid(found)) => {
                    assert!(found.starts_with("an audience: "), "{found}");
                    assert!(found.ends_with(message), "{text}: {found}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn size_is_limited_before_and_while_reading() {
        let limit = |text: &str| match parse(text) {
            Err(Error::Limit(limit)) => limit.max,
            other => panic!("{other:?}"),
        };
        assert_eq!(limit(&"(".repeat(16_385)), 16_384);
        assert_eq!(limit(&"(".repeat(16_384)), 32);
        assert_eq!(limit(&"not ".repeat(4_000)), 32);
        assert_eq!(limit(&["members"; 257].join(" or ")), 256);
        assert!(parse(&["members"; 256].join(" or ")).is_ok());

        let parentheses = |n: usize| format!("{}members{}", "(".repeat(n), ")".repeat(n));
        assert!(parse(&parentheses(32)).is_ok());
        assert_eq!(limit(&parentheses(33)), 32);
        // Each pair of parentheses holds two joints here.
        let zigzag = |n: usize| {
            format!("{}members{}", "author or vip exists and (".repeat(n), ")".repeat(n))
        };
        assert!(parse(&zigzag(16)).is_ok());
        assert_eq!(limit(&zigzag(17)), 32);
        assert_eq!(limit(&format!("not ({})", zigzag(16))), 32);
    }

    #[test]
    fn audiences_are_texts_in_json() {
        let parsed = audience("department = \"customer care\"");
        let json = serde_json::to_string(&parsed).unwrap();
        assert_eq!(json, r#""department = \"customer care\"""#);
        assert_eq!(serde_json::from_str::<Audience>(&json).unwrap(), parsed);
        assert!(serde_json::from_str::<Audience>("\"members and\"").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn what_is_printed_reads_back(hand_made in any_audience()) {
            let text = hand_made.to_string();
            let read = audience(&text);
            prop_assert_eq!(&read, &normal(&hand_made));
            prop_assert_eq!(&read.to_string(), &text);
            prop_assert_eq!(&audience(&text), &read);
        }

        #[test]
        fn any_text_is_read_or_refused_with_a_typed_error(text in any_text()) {
            match parse(&text) {
                Ok(read) => prop_assert_eq!(&audience(&read.to_string()), &read),
                Err(error) => prop_assert!(matches!(error, Error::Invalid(_) | Error::Limit(_))),
            }
        }
    }

    /// Text without a pattern, and text made of pieces that mean something.
    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "and", "or", "not", "(", ")", "[", "]", ",", "=", "!=", "<", "<=", ">", ">=", "!",
                "in", "exists", "members", "role", "level", "member", "x", "5", "-5", "\"", "\\",
                "\"a b\"", "true", "é", "",
            ])
            .prop_map(str::to_owned),
            "\\PC{1,3}",
        ];
        let spaced = prop::collection::vec((piece, "[ \n]?"), 0..12)
            .prop_map(|pieces| pieces.into_iter().map(|(piece, space)| piece + &space).collect());
        prop_oneof![spaced, any::<String>()]
    }
}
