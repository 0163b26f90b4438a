//! Tests of the query language.

mod examples;
mod sizes;
mod texts;

use super::*;
use crate::Limits;

/// Limits that admit the text of what was read under others.
fn wide() -> Limits {
    Limits {
        search_text: usize::MAX,
        search_terms: usize::MAX,
        search_term: usize::MAX,
        ..Limits::default()
    }
}

fn read(text: &str) -> SearchExpr {
    SearchExpr::parse(text, &wide()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An expression spelled out: the plain words, `~` before phrases in a sentence, `+` before what is
/// required, `!` before what is excluded, phrases in single quotes, conditions as they are in Rust.
fn spelled(expr: &SearchExpr) -> String {
    let term = |term: &Term| match term {
        Term::Word(word) => word.as_str().to_owned() + if word.is_prefix() { "..." } else { "" },
        Term::Phrase(phrase) => format!("'{}'", phrase.as_str()),
        Term::Condition(condition) => format!("{condition:?}"),
    };
    let words = expr.words.iter().map(|word| term(&Term::Word(word.clone())));
    let quoted = expr.quoted.iter().map(|phrase| format!("~'{}'", phrase.as_str()));
    let required = expr.required.iter().map(|group| {
        let alternatives: Vec<_> = group.alternatives().iter().map(term).collect();
        format!("+{}", alternatives.join("|"))
    });
    let excluded = expr.excluded.iter().map(|excluded| format!("!{}", term(excluded)));
    let place = (expr.place == Place::Title).then(|| "in titles".to_owned());
    words.chain(quoted).chain(required).chain(excluded).chain(place).collect::<Vec<_>>().join(" ")
}
