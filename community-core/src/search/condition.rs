//! Fields of a search text: `label:tyres`, `before:2026-01-31`.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};

use super::parse::is_quote;
use crate::error::Error;
use crate::expr::print_quoted;
use crate::text::{Key, Slug, TextError};
use crate::time::{Timestamp, is_kept};

/// A condition on a post or on its topic.
///
/// Printed as it is typed, in quotes where it has to be. To narrow what somebody has typed, read
/// the text and add the condition to what it requires:
///
/// ```
/// use community_core::search::{Condition, Is};
/// use community_core::{Limits, SearchExpr};
/// let mut expr = SearchExpr::parse("OR blight \"", &Limits::default())?;
/// expr.required.push(Condition::Is(Is::Solved).into());
/// expr.required.push(Condition::Author("user 7".parse()?).into());
/// assert_eq!(expr.to_string(), "blight is:solved author:\"user 7\"");
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `label:tyres`: the topic has this label. One that the viewer does not see is on no topic.
    Label(Slug),
    /// `channel:repair`: the topic is in this channel or in one below it.
    Channel(Slug),
    /// `author:user:7`: the post is by the member with this key.
    Author(Key),
    /// `kind:question`: the topic is of this kind.
    Kind(Slug),
    /// `is:solved`
    Is(Is),
    /// `before:2026-01-31`: the post was written before this day began.
    Before(Day),
    /// `after:2026-01-31`: the post was written on this day or later.
    After(Day),
    /// `lang:nl`: the post is in this language.
    Language(LanguageCode),
}

/// What `is:` can say of a post or its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Is {
    /// The topic takes answers and has one.
    Answered,
    /// The topic takes answers and has none.
    Unanswered,
    /// An answer of the topic is accepted.
    Solved,
    /// The post is marked as the official answer.
    Official,
    /// A correction stands beside the post.
    Corrected,
}

/// A day in UTC, in the years 1970 to 2199.
///
/// ```
/// use community_core::search::Day;
/// let day: Day = "2026-01-31".parse()?;
/// assert_eq!(day.starts_at().to_rfc3339(), "2026-01-31T00:00:00+00:00");
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// A language by its code of two or three letters, as in ISO 639.
///
/// Read from a language tag, of which what follows the language is left out: a reader of `nl-BE`
/// reads `nl`.
///
/// ```
/// use community_core::search::LanguageCode;
/// assert_eq!("nl-BE".parse::<LanguageCode>()?.as_str(), "nl");
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageCode([u8; 3]);

impl Condition {
    /// The condition that is written `name:value`; `None` when there is no such field or it cannot
    /// have this value.
    pub(super) fn new(name: &str, value: &str) -> Option<Self> {
        let is = |field: &str| name.eq_ignore_ascii_case(field);
        if is("label") {
            slug(value).map(Self::Label)
        } else if is("channel") {
            slug(value).map(Self::Channel)
        } else if is("author") {
            Key::new(value).ok().map(Self::Author)
        } else if is("kind") {
            slug(value).map(Self::Kind)
        } else if is("is") {
            value.parse().ok().map(Self::Is)
        } else if is("before") {
            value.parse().ok().map(Self::Before)
        } else if is("after") {
            value.parse().ok().map(Self::After)
        } else if is("lang") {
            value.parse().ok().map(Self::Language)
        } else {
            None
        }
    }
}

/// A key as it is typed; people begin names with capital letters.
fn slug(value: &str) -> Option<Slug> {
    match Slug::new(value) {
        Err(TextError::Character { .. }) => Slug::new(&value.to_lowercase()).ok(),
        read => read.ok(),
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(key) => write!(f, "label:{key}"),
            Self::Channel(key) => write!(f, "channel:{key}"),
            Self::Author(key) => {
                f.write_str("author:")?;
                let key = key.as_str();
                let is_bare = !key.contains(|c: char| c.is_whitespace() || is_quote(c));
                if is_bare { f.write_str(key) } else { print_quoted(key, f) }
            }
            Self::Kind(name) => write!(f, "kind:{name}"),
            Self::Is(is) => write!(f, "is:{is}"),
            Self::Before(day) => write!(f, "before:{day}"),
            Self::After(day) => write!(f, "after:{day}"),
            Self::Language(code) => write!(f, "lang:{code}"),
        }
    }
}

impl Is {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Answered, Self::Unanswered, Self::Solved, Self::Official, Self::Corrected];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
            Self::Solved => "solved",
            Self::Official => "official",
            Self::Corrected => "corrected",
        }
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Is {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|is| is.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::invalid(format!("there is no `is:{}`", text.escape_debug())))
    }
}

impl Day {
    /// The moment at which it begins.
    #[must_use]
    pub fn starts_at(self) -> Timestamp {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = Error;

    /// Reads year, month and day; month and day may have one digit.
    fn from_str(text: &str) -> Result<Self, Error> {
        fn number<T: FromStr>(digits: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<T> {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            (is_number && lengths.contains(&digits.len())).then(|| digits.parse().ok())?
        }
        let read = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            let (month, day) = (number(month, 1..=2)?, number(day, 1..=2)?);
            let read = Self(NaiveDate::from_ymd_opt(number(year, 4..=4)?, month, day)?);
            is_kept(read.starts_at()).then_some(read)
        };
        read().ok_or_else(|| {
            Error::invalid("a day is written like 2026-01-31 and lies in the years 1970 to 2199")
        })
    }
}

impl LanguageCode {
    /// The code, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default().trim_end_matches('\0')
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl FromStr for LanguageCode {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(['-', '_']);
        let code = match *parts.next().unwrap_or_default().as_bytes() {
            [a, b] if is_letters(&[a, b]) => Some([a, b, 0]),
            [a, b, c] if is_letters(&[a, b, c]) => Some([a, b, c]),
            _ => None,
        };
        let is_tag = parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        code.filter(|_| is_tag)
            .map(|code| Self(code.map(|letter| letter.to_ascii_lowercase())))
            .ok_or_else(|| Error::invalid("a language is written like `nl` or `nl-BE`"))
    }
}

fn is_letters(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_alphabetic)
}
