//! What holds for every text.

use proptest::prelude::*;

use super::*;
use crate::Error;
use crate::entropy::{Entropy, SeededEntropy};

/// What holds for every text: the number of parts is bounded by the text, every part is as it says
/// it is, and what is printed reads back.
fn check_any(text: &str) {
    let expr = read(text);
    let SearchExpr { words, quoted, required, excluded, place: _ } = &expr;
    let in_groups: usize = required.iter().map(|group| group.alternatives().len()).sum();
    let parts = words.len() + quoted.len() + in_groups + excluded.len();
    assert!(parts <= text.len(), "{text:?}");
    for group in required {
        assert!(group.alternatives().iter().any(|term| !matches!(term, Term::Word(_))), "{text:?}");
    }
    let in_groups = required.iter().flat_map(AnyOf::alternatives).chain(excluded);
    let more_words = in_groups.clone().filter_map(|term| match term {
        Term::Word(word) => Some(word),
        _ => None,
    });
    for word in words.iter().chain(more_words) {
        let word = word.as_str();
        assert!(!word.is_empty() && text.contains(word), "{text:?}");
        assert!(!word.contains(|c: char| c.is_whitespace() || "\"“”„".contains(c)), "{text:?}");
    }
    let in_groups = in_groups.filter_map(|term| match term {
        Term::Phrase(phrase) => Some(phrase),
        _ => None,
    });
    for phrase in in_groups.chain(quoted) {
        assert!(phrase.as_str().split(' ').all(|word| !word.is_empty()), "{text:?}");
        assert!(!phrase.as_str().contains('"'), "{text:?}");
    }
    let printed = expr.to_string();
    assert_eq!(read(&printed), expr, "{text:?} is printed as {printed:?}");
    assert_eq!(read(&printed).to_string(), printed);
}

/// Pieces that mean something, and pieces that nearly do.
const PIECES: [&str; 60] = [
    "OR",
    "or",
    "OR ",
    "-",
    "--",
    "-a",
    "-\"",
    "\"",
    "\"\"",
    "\" ",
    "“",
    "”",
    "„",
    "'",
    "*",
    "a*",
    "**",
    "a",
    "b ",
    "é",
    "e\u{301}",
    "自転車",
    "👩‍👩‍👧",
    " ",
    "\n",
    "\u{3000}",
    "\u{a0}",
    "\u{2028}",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "~2",
    "^9",
    "\\",
    "\\\"",
    ":",
    "label:",
    "label:a",
    "label:\"",
    "channel:b ",
    "author:\"",
    "author:a\\",
    "author:user:7",
    "kind:",
    "is:solved",
    "is:",
    "before:2026-01-31",
    "after:2026-",
    "lang:nl",
    "lang:nl-BE",
    "in:title",
    "IN:Title",
    "Label:A",
    "label:İ",
];

/// One character of each general category that a text can hold.
const CLASSES: [&str; 29] = [
    "\\p{Lu}", "\\p{Ll}", "\\p{Lt}", "\\p{Lm}", "\\p{Lo}", "\\p{Mn}", "\\p{Mc}", "\\p{Me}",
    "\\p{Nd}", "\\p{Nl}", "\\p{No}", "\\p{Pc}", "\\p{Pd}", "\\p{Ps}", "\\p{Pe}", "\\p{Pi}",
    "\\p{Pf}", "\\p{Po}", "\\p{Sm}", "\\p{Sc}", "\\p{Sk}", "\\p{So}", "\\p{Zs}", "\\p{Zl}",
    "\\p{Zp}", "\\p{Cc}", "\\p{Cf}", "\\p{Co}", "\\p{Cn}",
];

fn any_piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(CLASSES.to_vec()).prop_flat_map(|class| class),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(any_piece(), 0..16).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => any::<String>()]
}

/// A term as it is typed, and as [`spelled`] shows it.
fn any_term() -> impl Strategy<Value = (String, String)> {
    let word = "[a-z]{1,3}";
    prop_oneof![
        word.prop_map(|word| (word.clone(), word)),
        word.prop_map(|word| (format!("{word}*"), format!("{word}..."))),
        (word, word).prop_map(|(a, b)| (format!("\"{a} {b}\""), format!("'{a} {b}'"))),
        word.prop_map(|key| (format!("label:{key}"), format!("Label({key:?})"))),
        word.prop_map(|key| (format!("author:\"{key} x\""), format!("Author(\"{key} x\")"))),
        Just(("is:solved".to_owned(), "Is(Solved)".to_owned())),
    ]
}

#[derive(Debug, Clone)]
enum Part {
    Joined(Vec<(String, String)>),
    Excluded(String, String),
    InTitle,
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => prop::collection::vec(any_term(), 1..4).prop_map(Part::Joined),
        2 => any_term().prop_map(|(typed, shown)| Part::Excluded(typed, shown)),
        1 => Just(Part::InTitle),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_text_means_something_and_reads_back(text in any_text()) {
        check_any(&text);
    }

    #[test]
    fn only_size_is_refused(text in any_text(), most in 0usize..40) {
        let limits = Limits {
            search_text: most, search_terms: most / 4, search_term: most / 2, ..Limits::default()
        };
        match SearchExpr::parse(&text, &limits) {
            Ok(expr) => prop_assert_eq!(expr, read(&text)),
            Err(error) => prop_assert!(matches!(error, Error::Limit(_)), "{}", error),
        }
    }

    #[test]
    fn a_text_means_what_its_parts_say(parts in prop::collection::vec(any_part(), 0..8)) {
        let (mut typed, mut words, mut required) = (Vec::new(), Vec::new(), Vec::new());
        let (mut excluded, mut title) = (Vec::new(), None);
        for part in &parts {
            match part {
                Part::Joined(terms) => {
                    let (written, shown): (Vec<_>, Vec<_>) = terms.iter().cloned().unzip();
                    typed.push(written.join(" OR "));
                    if shown.iter().all(|term| term.starts_with(|c: char| c.is_ascii_lowercase())) {
                        words.extend(shown);
                    } else {
                        required.push(format!("+{}", shown.join("|")));
                    }
                }
                Part::Excluded(written, shown) => {
                    typed.push(format!("-{written}"));
                    excluded.push(format!("!{shown}"));
                }
                Part::InTitle => {
                    typed.push("in:title".to_owned());
                    title = Some("in titles".to_owned());
                }
            }
        }
        // A phrase alone is a group of one; each has two words.
        let is_phrase = |group: &String| group.starts_with("+'") && !group.contains('|');
        let is_sentence =
            words.len() > 3 || required.iter().filter(|group| is_phrase(group)).count() > 8;
        let (quoted, required): (Vec<_>, Vec<_>) =
            required.into_iter().partition(|group| is_sentence && is_phrase(group));
        let quoted = quoted.iter().map(|phrase| phrase.replacen('+', "~", 1));
        let meaning: Vec<_> = words
            .iter()
            .cloned()
            .chain(quoted)
            .chain(required).chain(excluded).chain(title).collect();
        prop_assert_eq!(spelled(&read(&typed.join(" "))), meaning.join(" "));
    }
}

/// Runs on a stack of 512 KiB.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn ten_thousand_hostile_texts_fit_a_small_stack() {
    on_a_small_stack(|| {
        let entropy = SeededEntropy::new(3);
        let random = move |below: usize| {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            u32::from_le_bytes(bytes) as usize % below
        };
        for _ in 0..10_000 {
            // One to four pieces, again and again, up to 1,024 bytes; the last one cut short.
            let pieces: Vec<_> = (0..=random(4)).map(|_| PIECES[random(PIECES.len())]).collect();
            let round = pieces.concat();
            let mut text = round.repeat((1 << random(11)) / round.len() + 1);
            while text.len() > 1_024 {
                text.pop();
            }
            check_any(&text);
        }
    });
}

#[test]
fn a_quarter_of_a_megabyte_of_each_trap_is_read_in_one_pass() {
    on_a_small_stack(|| {
        // A reader that looked through the rest for each of these would not come back.
        for trap in [
            "(",
            "\"",
            "-\"",
            "“",
            "\"“",
            "“ \"",
            "OR ",
            "\"a\" OR ",
            "-",
            "- ",
            "--",
            "*",
            "a*",
            "\\",
            "author:\"",
            "author:\"\\",
            "author:\"\\\" ",
            "label:\"\\\"",
            "label:\"a b\" ",
            "label:\"\\\"a b ",
            "x:\"\\\" ",
            ":",
            "a:",
            "label:",
            "NOT ",
            "a -",
            "e\u{301}",
            "\u{301}",
            "in:title ",
            " ",
            "a ",
        ] {
            let text = trap.repeat(250_000 / trap.len());
            let expr = read(&text);
            assert!(expr.words.len() <= text.len());
            read(&format!("{text}\""));
        }
    });
}
