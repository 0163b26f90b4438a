//! One spelling for what looks or sounds the same.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Language;
use super::scan::is_invisible;

/// Lower case, in one of the several ways in which the same letters can be encoded.
pub(super) fn normalised(word: &str, language: Language) -> String {
    let dotless = language == Language::Turkish;
    if word.is_ascii() && !(dotless && word.contains('I')) {
        return word.to_ascii_lowercase();
    }
    let composed: String = word
        .nfkc()
        .map(|c| match c {
            'I' if dotless => 'ı',
            'İ' if dotless => 'i',
            c => c,
        })
        .collect();
    let lower = composed.to_lowercase();
    lower
        .nfc()
        .filter(|c| (c.is_alphanumeric() || is_combining_mark(*c)) && !is_invisible(*c))
        .collect()
}

/// The word without accents, and with the letters that keyboards lack spelled out.
pub(super) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.nfd().filter(|c| !is_accent(*c)) {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            'ς' => plain.push('σ'),
            c => plain.push(c),
        }
    }
    Cow::Owned(plain.nfc().collect())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_word_in_several_encodings_is_one_word() {
        for (spellings, plain) in [
            (["café", "cafe\u{301}", "CAFÉ"], "cafe"),
            (["straße", "STRASSE", "stra\u{ad}sse"], "strasse"),
            (["ﬁets", "fiets", "Ｆｉｅｔｓ"], "fiets"),
            (["smørrebrød", "SMØRREBRØD", "smorrebrod"], "smorrebrod"),
        ] {
            for spelling in spellings {
                assert_eq!(folded(&normalised(spelling, Language::Neutral)), plain, "{spelling}");
            }
        }
    }

    #[test]
    fn a_turkish_i_loses_its_dot_in_turkish_only() {
        assert_eq!(normalised("IŞIK", Language::Turkish), "ışık");
        assert_eq!(normalised("İZMİR", Language::Turkish), "izmir");
        assert_eq!(normalised("ICE", Language::English), "ice");
        for language in [Language::Turkish, Language::Neutral] {
            assert_eq!(folded(&normalised("İZMİR", language)), "izmir");
        }
    }

    #[test]
    fn marks_that_make_another_word_stay() {
        for word in ["हिन्दी", "ガラス", "ไทย"] {
            let normal = normalised(word, Language::Neutral);
            assert_eq!(folded(&normal), normal);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            let once = folded(&normalised(&text, Language::Neutral)).into_owned();
            prop_assert_eq!(folded(&once), once.as_str());
        }
    }
}
