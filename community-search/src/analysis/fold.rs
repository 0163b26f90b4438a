//! One spelling for what looks or sounds the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Language;
use super::scan::is_invisible;
pub(super) use community_core::fold::without_accents as folded;

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
