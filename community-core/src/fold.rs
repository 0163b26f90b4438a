//! One spelling for what looks the same to somebody who types without care.
//!
//! Names are compared in their folded form where somebody has begun to type one, and full-text
//! search leaves accents out in the same way. Stores keep folded names, so whoever changes what
//! folding does brings those up to date with a migration.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text without what careless writing leaves out: case, accents, the encoding, the number of
/// spaces. Of a text that is longer than [`Folded::MOST_CHARS`] the rest does not count.
///
/// ```
/// use community_core::fold::Folded;
/// assert_eq!(Folded::new("  José   O’Neil ").as_str(), "jose o'neil");
/// assert_eq!(Folded::new("STRASSE"), Folded::new("straße"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Folded(String);

impl Folded {
    /// The most characters of a folded text.
    pub const MOST_CHARS: usize = 100;

    /// The most words of a name at which it is found; the first word counts.
    pub const MOST_WORDS: usize = 8;

    /// Folds a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut folded = String::with_capacity(text.len());
        let letters = text.nfkd().filter(|c| !is_accent(*c) && !is_invisible(*c));
        for c in letters.flat_map(char::to_lowercase) {
            match c {
                c if c.is_whitespace() => {
                    if !folded.is_empty() && !folded.ends_with(' ') {
                        folded.push(' ');
                    }
                }
                '\u{2018}' | '\u{2019}' | '\u{2bc}' => folded.push('\''),
                '\u{2010}'..='\u{2014}' => folded.push('-'),
                c => spell(c, &mut folded),
            }
        }
        if let Some((end, _)) = folded.char_indices().nth(Self::MOST_CHARS) {
            folded.truncate(end);
        }
        folded.truncate(folded.trim_end().len());
        Self(folded)
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands from each word on, but for the first one.
    pub fn later_words(&self) -> impl Iterator<Item = &str> {
        later_words(&self.0)
    }

    /// Whether a name begins so: `Some(true)` at its beginning, `Some(false)` at a later word.
    #[must_use]
    pub fn begins(&self, name: &str) -> Option<bool> {
        let begins = |rest: &str| {
            let start = rest.as_bytes().get(..self.0.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(self.0.as_bytes()))
        };
        if is_plain(name) {
            // Thousands of names are looked at for each key that somebody presses.
            return begins(name)
                .then_some(true)
                .or_else(|| later_words(name).any(begins).then_some(false));
        }
        let name = Self::new(name);
        let begins = |rest: &str| rest.starts_with(&self.0);
        begins(&name.0).then_some(true).or_else(|| name.later_words().any(begins).then_some(false))
    }
}

/// Whether folding changes nothing but capital letters.
fn is_plain(text: &str) -> bool {
    text.is_ascii()
        && text.len() <= Folded::MOST_CHARS
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !text.bytes().any(|byte| byte.is_ascii_control())
}

/// What stands from each word on, but for the first one. A word begins where a letter or digit
/// follows something else.
fn later_words(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = true;
    let starts = text.char_indices().filter_map(move |(at, c)| {
        let was_inside =
            std::mem::replace(&mut inside, c.is_alphanumeric() || is_combining_mark(c));
        (at > 0 && inside && !was_inside).then_some(at)
    });
    starts.take(Folded::MOST_WORDS - 1).filter_map(|at| text.get(at..))
}

/// A word in lower case without accents, and with the letters that keyboards lack spelled out.
#[must_use]
pub fn without_accents(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut plain = String::with_capacity(word.len());
    word.nfd().filter(|c| !is_accent(*c)).for_each(|c| spell(c, &mut plain));
    Cow::Owned(plain.nfc().collect())
}

/// Writes a letter, or what it is spelled as where keyboards lack it.
fn spell(c: char, to: &mut String) {
    match c {
        'ß' => to.push_str("ss"),
        'æ' => to.push_str("ae"),
        'œ' => to.push_str("oe"),
        'þ' => to.push_str("th"),
        'ø' => to.push('o'),
        'ł' => to.push('l'),
        'đ' | 'ð' => to.push('d'),
        'ħ' => to.push('h'),
        'ı' => to.push('i'),
        'ς' => to.push('σ'),
        c => to.push(c),
    }
}

/// Marks that are left out in careless writing. The vowel signs of Indian scripts and the voicing
/// marks of Japanese are combining marks too, and are not accents: without them it is another word.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' // Latin, Greek, Cyrillic
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' // Hebrew
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' // Arabic
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Characters between others that nobody sees or types.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        Folded::new(text).as_str().to_owned()
    }

    #[test]
    fn case_accents_encodings_and_spaces_do_not_count() {
        for (spellings, plain) in [
            (["José", "JOSE\u{301}", "jose"], "jose"),
            (["Straße", "STRASSE", "stra\u{ad}sse"], "strasse"),
            (["ﬁets", "  fiets", "Ｆｉｅｔｓ\u{200d}"], "fiets"),
            (["Smørrebrød", "SMØRREBRØD", "smorrebrod "], "smorrebrod"),
            (["İzmir", "izmir", "ızmır"], "izmir"),
            (["ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", "οδυσσευσ"], "οδυσσευσ"),
            (["O’Neil \t Ann", "o'neil ann", "O‘NEIL  ANN"], "o'neil ann"),
        ] {
            for spelling in spellings {
                assert_eq!(folded(spelling), plain, "{spelling}");
            }
        }
        for empty in ["", " \t", "\u{301}", "\u{200d}\u{fe0f}"] {
            assert!(Folded::new(empty).is_empty(), "{empty:?}");
        }
    }

    #[test]
    fn a_syllable_that_is_not_finished_begins_the_finished_one() {
        assert_eq!(Folded::new("기").begins("김 하나"), Some(true));
        assert_eq!(Folded::new("하").begins("김 한솔"), Some(false));
    }

    #[test]
    fn a_name_is_found_at_the_beginning_of_each_word() {
        let at = |text: &str, name: &str| Folded::new(text).begins(name);
        for name in ["Ana-María O'Neil (admin)", "Ana-Maria O’NEIL (Admin)"] {
            assert_eq!(at("", name), Some(true));
            assert_eq!(at("ana-m", name), Some(true));
            for word in ["MARÍA", "o'n", "neil", "admin", "maria o", "neil (a"] {
                assert_eq!(at(word, name), Some(false), "{word}");
            }
            for other in ["na", "aria", "ana maria", "(admin", "ana-maria o'neil (admin) x"] {
                assert_eq!(at(other, name), None, "{other}");
            }
        }
        assert_eq!(at("c+", "C++"), Some(true));
        assert_eq!(at(".n", ".NET"), Some(true));
        assert_eq!(at("net", ".NET"), Some(false));
        // A vowel sign or a virama is no end of a word.
        assert_eq!(at("द", "हिन्दी"), None);
        assert_eq!(at("w8", "w1 w2 w3 w4 w5 w6 w7 w8 w9"), Some(false));
        assert_eq!(at("w9", "w1 w2 w3 w4 w5 w6 w7 w8 w9"), None);
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = "ﷺ".repeat(60);
        assert_eq!(folded(&long).chars().count(), Folded::MOST_CHARS);
        let spaced = format!("{} b", "a".repeat(99));
        assert_eq!(folded(&spaced), "a".repeat(99));
    }

    #[test]
    fn no_letter_changes_when_it_is_folded_again() {
        for c in ('\0'..='\u{1ffff}').chain('\u{2f800}'..='\u{2fa1f}') {
            let text = format!("a{c}a");
            let once = Folded::new(&text);
            assert_eq!(Folded::new(once.as_str()), once, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,120}") {
            let once = Folded::new(&text);
            prop_assert_eq!(&Folded::new(once.as_str()), &once);
            let plain = without_accents(&text);
            prop_assert_eq!(without_accents(&plain), plain.as_ref());
        }

        #[test]
        fn plain_names_are_found_as_all_others(
            name in "[ -~]{0,12}|[aA '-]{0,9}|( [ab]){0,12}", text in "[aAb -]{0,3}|[ -~]{0,2}",
        ) {
            let text = Folded::new(&text);
            // A name that is not plain, and folds to the same.
            let other = format!("{name}\u{301}");
            prop_assert_eq!(text.begins(&name), text.begins(&other), "{:?}", name);
        }
    }
}
