//! Validated short texts: a value of these types is known to be well formed.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not a [`Slug`], a [`Key`] or a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing visible in it.
    #[error("{what} is empty")]
    Empty {
        /// Which kind of text.
        what: &'static str,
    },
    /// Longer than allowed.
    #[error("{what} is longer than {max} bytes")]
    TooLong {
        /// Which kind of text.
        what: &'static str,
        /// The most bytes it may have.
        max: usize,
    },
    /// A character that may not stand there.
    #[error("{what} may not contain `{}`", character.escape_default())]
    Character {
        /// Which kind of text.
        what: &'static str,
        /// The offending character.
        character: char,
    },
}

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $plain:pat, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The most bytes that one may have.
            pub const MAX_BYTES: usize = $max;

            /// Checks a text and wraps it.
            ///
            /// # Errors
            /// [`TextError`] when it is empty, too long or holds a character that is not allowed.
            pub fn new(text: &str) -> Result<Self, TextError> {
                if text.len() > $max {
                    return Err(TextError::TooLong { what: $what, max: $max });
                }
                // Most texts are plain, and stores read many of them.
                let is_plain = text.bytes().fold(true, |plain, b| plain & matches!(b, $plain));
                if is_plain && text.bytes().any(|b| b != b' ') {
                    return Ok(Self(Arc::from(text)));
                }
                if !text.chars().any(is_visible) {
                    return Err(TextError::Empty { what: $what });
                }
                let allowed: fn(char) -> bool = $allowed;
                match text.chars().find(|c| !allowed(*c)) {
                    Some(character) => Err(TextError::Character { what: $what, character }),
                    None => Ok(Self(Arc::from(text))),
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

short_text!(
    /// A short lower-case word that names a community, channel, label, kind, role or reaction:
    /// letters and digits of any script and `- _ . + #`.
    ///
    /// ```
    /// use community_core::Slug;
    /// assert_eq!(Slug::new("c++")?.as_str(), "c++");
    /// assert!(Slug::new("two words").is_err());
    /// # Ok::<(), community_core::TextError>(())
    /// ```
    Slug, "a short name", 64, b'a'..=b'z' | b'0'..=b'9' | b'-',
    |c| (c.is_alphanumeric() && !c.is_uppercase()) || "-_.+#".contains(c)
);

short_text!(
    /// The host's own name for a member, topic or post, such as `user:4` or `question:12`.
    /// Opaque to the engine; unique among members of a tenant and among items of a community.
    Key, "a key", 200, b' '..=b'~', |c| !c.is_control() && !is_formatting(c)
);

short_text!(
    /// A name that people read: a member's display name, a channel's or a label's name.
    Name, "a name", 200, b' '..=b'~', |c| !c.is_control() && !is_formatting(c)
);

short_text!(
    /// The title of a topic, on one line.
    Title, "a title", 2000, b' '..=b'~', |c| !c.is_control() && !is_formatting(c)
);

impl Slug {
    /// A slug for tables whose entries are checked by a test.
    pub(crate) fn placeholder() -> Self {
        Self(Arc::from("placeholder"))
    }
}

/// Whether a reader sees something there.
fn is_visible(c: char) -> bool {
    let blank = matches!(
        c,
        '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180E}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FFA0}'
            | '\u{FFEF}'
            | '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{200C}'
            | '\u{200D}'
    );
    let variation = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}');
    !(c.is_whitespace() || c.is_control() || is_formatting(c) || blank || variation)
}

/// Characters that change how the text around them is shown, or show nothing: overrides and
/// isolates of writing direction, line and paragraph separators, invisible operators.
///
/// The zero-width joiners are allowed: Persian, Indic scripts and emoji need them.
fn is_formatting(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_something_to_see_and_cannot_reverse_its_neighbours() {
        for blank in ["", " ", "\u{3164}", "\u{2800}\u{2800}", "\u{180E}", "\u{200D}\u{00AD}"] {
            assert!(matches!(Name::new(blank), Err(TextError::Empty { .. })), "{blank:?}");
        }
        assert!(matches!(Name::new("a\u{202E}b"), Err(TextError::Character { .. })));
        assert!(matches!(Name::new("a\u{0}b"), Err(TextError::Character { .. })));
        assert_eq!(Name::new("Zoë 👩‍👩‍👧").unwrap().as_str(), "Zoë 👩‍👩‍👧");
    }

    #[test]
    fn of_ascii_texts_may_hold_what_is_printed_and_slugs_a_part_of_it() {
        for c in (0..128).map(|b| char::from_u32(b).unwrap()) {
            let text = format!("a{c}");
            let is_printed = (' '..='~').contains(&c);
            assert_eq!(Name::new(&text).is_ok(), is_printed, "{c:?}");
            assert_eq!(Key::new(&text).is_ok(), is_printed, "{c:?}");
            assert_eq!(Title::new(&text).is_ok(), is_printed, "{c:?}");
            let is_of_words = c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.+#".contains(c);
            assert_eq!(Slug::new(&text).is_ok(), is_of_words, "{c:?}");
        }
    }

    #[test]
    fn slugs_are_lower_case_words() {
        for good in ["quantum-gate", ".net", "c#", "vélo", "自転車", "a_1"] {
            assert!(Slug::new(good).is_ok(), "{good}");
        }
        for bad in ["Quantum", "two words", "a/b", "a\"", "(x)", ""] {
            assert!(Slug::new(bad).is_err(), "{bad}");
        }
        assert!(matches!(Slug::new(&"a".repeat(65)), Err(TextError::TooLong { .. })));
    }
}
