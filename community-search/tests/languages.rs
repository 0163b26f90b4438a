//! Which words meet in which language. The cases are written for these tests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use community_search::analysis::{Analyzer, Language, Token};
use proptest::prelude::*;

/// Whether a text is found by a query of one word.
fn meets(language: Language, text: &str, query: &str) -> bool {
    let analyzer = Analyzer::new(language);
    let found = analyzer.tokens(text);
    analyzer.query_tokens(query).iter().any(|form| found.iter().any(|at| at.text == form.text))
}

fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().map(|token| &*token.text).collect()
}

#[test]
fn forms_of_a_word_meet() {
    use Language::{Dutch, English, French, German, Italian, Portuguese, Spanish};
    for (language, families) in [
        (English, &["bicycle bicycles", "repair repaired repairing repairs", "brake brakes"][..]),
        (Dutch, &["fiets fietsen", "rem remmen", "huis huizen", "brief brieven", "lopen loopt"]),
        (Dutch, &["gemaakt maken maakt", "mogelijkheid mogelijkheden", "foto foto's"]),
        (Spanish, &["bicicleta bicicletas", "canción canciones", "hablar hablando hablaron"]),
        (German, &["Haus Häuser", "Buch Bücher", "Fahrrad Fahrrads", "Straße Straßen"]),
        (
            French,
            &[
                "vélo vélos",
                "pneu pneus",
                "cheval chevaux",
                "réparer réparation",
                "national nationaux",
            ],
        ),
        (Italian, &["bicicletta biciclette", "riparare riparando", "catena catene"]),
        (Portuguese, &["bicicleta bicicletas", "reparar reparando", "informação informações"]),
    ] {
        for family in families {
            let words: Vec<&str> = family.split(' ').collect();
            for text in &words {
                for query in &words {
                    assert!(meets(language, text, query), "{language}: {text} by {query}");
                }
            }
        }
    }
}

#[test]
fn other_words_do_not_meet() {
    use Language::{Dutch, English, French, German, Spanish};
    for (language, one, other) in [
        (English, "brake", "broke"),
        (Dutch, "rem", "riem"),
        (Spanish, "pero", "perro"),
        (German, "Haus", "Hase"),
        (French, "vélo", "ville"),
    ] {
        assert!(!meets(language, one, other), "{language}: {one} by {other}");
    }
}

#[test]
fn a_word_is_found_with_and_without_its_accents_in_any_encoding_and_case() {
    use Language::{Dutch, French, German, Neutral, Polish, Portuguese, Spanish, Turkish};
    for (language, written, typed) in [
        (Neutral, "café", "cafe"),
        (Neutral, "CAFÉ", "cafe\u{301}"),
        (Dutch, "coëfficiënten", "coefficient"),
        (Spanish, "información", "informacion"),
        (Spanish, "hablarían", "hablarian"),
        (Spanish, "teléfonos", "TELEFONO"),
        (French, "empêchée", "empechee"),
        (French, "procédés", "procedes"),
        (Portuguese, "informação", "informacao"),
        (German, "Müller", "Muller"),
        (German, "München", "Muenchen"),
        (German, "Straße", "STRASSE"),
        (Polish, "łańcuchów", "lancuchow"),
        (Turkish, "IŞIKLAR", "isiklar"),
    ] {
        assert!(meets(language, written, typed), "{language}: {written} by {typed}");
        assert!(meets(language, typed, written), "{language}: {typed} by {written}");
    }
}

#[test]
fn stop_words_are_marked_and_keep_their_place() {
    use Language::{Dutch, English, French, German, Italian, Portuguese, Spanish};
    for (language, text, content) in [
        (English, "the state of the art", vec!["state", "art"]),
        (Dutch, "de ketting van mijn fiets", vec!["ketting", "fiets"]),
        (Spanish, "la cadena de la bicicleta", vec!["cadena", "bicicleta"]),
        (German, "die Kette und das Rad", vec!["Kette", "Rad"]),
        (French, "la chaîne et le vélo", vec!["chaîne", "vélo"]),
        (Italian, "la catena della bicicletta", vec!["catena", "bicicletta"]),
        (Portuguese, "a corrente da bicicleta", vec!["corrente", "bicicleta"]),
    ] {
        let tokens = Analyzer::new(language).tokens(text);
        let mut found: Vec<&str> = tokens
            .iter()
            .filter(|token| !token.stop)
            .map(|token| &text[token.span.clone()])
            .collect();
        found.dedup();
        assert_eq!(found, content, "{language}");
        assert_eq!(tokens.last().unwrap().position, text.split(' ').count() - 1);
    }
}

#[test]
fn scripts_without_spaces_are_found_by_signs_and_pairs() {
    for language in [Language::Japanese, Language::Chinese, Language::Dutch, Language::Neutral] {
        let analyzer = Analyzer::new(language);
        assert_eq!(texts(&analyzer.tokens("自転車")), ["自", "自転", "転", "転車", "車"]);
        assert_eq!(texts(&analyzer.query_tokens("自転車")), ["自転", "転車"]);
        assert_eq!(texts(&analyzer.query_tokens("車")), ["車"]);
        assert!(meets(language, "新しい自転車を買う", "自転車"));
        assert!(!meets(language, "自動車", "転"));
    }
}

#[test]
fn an_endless_word_is_found_by_all_of_its_parts() {
    let long = "ab".repeat(100_000);
    let tokens = Analyzer::new(Language::English).tokens(&long);
    assert_eq!(tokens.iter().map(|token| token.span.len()).sum::<usize>(), long.len());
    assert!(tokens.iter().all(|token| token.text.len() <= 64));
}

#[test]
fn tags_name_languages() {
    assert_eq!(Language::from_tag("nl-BE"), Some(Language::Dutch));
    assert_eq!(Language::from_tag("nb_NO"), Some(Language::Norwegian));
    assert_eq!(Language::from_tag(""), None);
    for language in Language::ALL {
        assert_eq!(Language::from_tag(language.code()), Some(*language));
    }
}

fn any_language() -> impl Strategy<Value = Language> {
    proptest::sample::select(Language::ALL)
}

/// Letters of the scripts that the stemmers read, next to what breaks them.
const LETTERS: &str = "[a-zA-Z0-9' éèüßøłıİI\u{300}-\u{308}а-яα-ως一-三あ-うㄱ-한\u{900}-\u{94f}\
                       \u{621}-\u{652}\u{b85}-\u{bcd}\u{561}-\u{587}\u{5d0}-\u{5ea}ก-ฺ\u{ad}\u{fdfa}]{0,60}";

proptest! {
    #[test]
    fn any_text_gives_tokens_on_boundaries(text in prop_oneof![LETTERS, any::<String>()], language in any_language()) {
        let analyzer = Analyzer::new(language);
        let mut position = 0;
        for token in analyzer.tokens(&text).iter().chain(&analyzer.query_tokens("")) {
            prop_assert!(!token.text.is_empty() && token.text.len() < 4_096);
            prop_assert!(!text[token.span.clone()].is_empty());
            prop_assert!(token.position >= position);
            position = token.position;
        }
    }

    #[test]
    fn what_a_query_looks_for_is_in_the_text_that_it_was_copied_from(text in prop_oneof![LETTERS, any::<String>()], language in any_language()) {
        let analyzer = Analyzer::new(language);
        let tokens = analyzer.tokens(&text);
        for token in analyzer.query_tokens(&text) {
            prop_assert!(tokens.contains(&token));
        }
    }
}
