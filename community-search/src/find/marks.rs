//! Where a text has what was looked for.

use std::collections::BTreeMap;
use std::ops::Range;

use community_core::search::Wanted;
use rustc_hash::FxHashSet;

use super::compile;
use super::synonyms::{Member, Synonyms};
use super::terms::{Part, Phrase, Terms};
use crate::analysis::{Analyzer, Language, Token, detect};
use crate::ranking::{self, Word};

/// Where each text has what is looked for: words, in any of their forms, and phrases, as a whole.
/// In bytes, in rising order, without overlap.
///
/// The languages are those in which the request is understood. Words one edit away are marked in
/// texts that have none of the words as typed.
pub(super) fn marks(
    wanted: &Wanted,
    languages: &[Language],
    synonyms: Synonyms,
    texts: &[&str],
) -> Vec<Vec<Range<usize>>> {
    let wanted = Marked::read(wanted, languages, synonyms);
    let marks = |text: &&str| {
        let mut marks = Vec::new();
        for language in languages_of(text, languages) {
            wanted.in_text(&Analyzer::new(language).tokens(text), &mut marks);
        }
        joined(marks)
    };
    texts.iter().map(marks).collect()
}

/// The languages in which a text is read: its own, or all, if it is too short to tell.
fn languages_of(text: &str, languages: &[Language]) -> Vec<Language> {
    // A text that says nothing is taken to be in whatever language is expected.
    let (as_english, as_dutch) = (detect(text, Language::English), detect(text, Language::Dutch));
    if as_english == as_dutch { vec![as_english] } else { languages.to_vec() }
}

/// What is marked.
#[derive(Default)]
struct Marked {
    forms: FxHashSet<String>,
    prefixes: Vec<String>,
    phrases: Vec<Phrase>,
    /// Words that may be one edit away.
    near: Vec<String>,
}

impl Marked {
    fn read(wanted: &Wanted, languages: &[Language], mut synonyms: Synonyms) -> Self {
        let mut marked = Self::default();
        match wanted {
            Wanted::Like(sample) => {
                let words =
                    ranking::counting(ranking::words(ranking::spots(&sample.title, languages)));
                marked.forms.extend(words.into_iter().flat_map(|word| word.forms));
            }
            Wanted::Expr(lookup) => {
                let terms = Terms::read(lookup, languages);
                if !lookup.exact {
                    let words = terms.words().filter(|word| compile::is_long(word));
                    marked.near = words.map(|word| word.word.clone()).collect();
                }
                for word in &terms.words {
                    marked.word(word, &mut synonyms);
                }
                marked.prefixes.extend(terms.prefixes);
                for part in terms.required.iter().flatten() {
                    match part {
                        Part::Word(word) => marked.word(word, &mut synonyms),
                        Part::Phrase(phrase) => {
                            marked.members(synonyms.of_phrase(phrase));
                            marked.phrases.push(phrase.clone());
                        }
                        Part::Prefix(prefix) => {
                            prefix.before.iter().for_each(|word| marked.word(word, &mut synonyms));
                            marked.prefixes.push(prefix.start.clone());
                        }
                        Part::Condition(_) => {}
                    }
                }
            }
        }
        marked
    }

    fn word(&mut self, word: &Word, synonyms: &mut Synonyms) {
        self.forms.extend(word.forms.iter().cloned());
        self.members(synonyms.of_word(word));
    }

    fn members(&mut self, members: Vec<Member>) {
        for member in members {
            match member {
                Member::Word(word) => self.forms.extend(word.forms),
                Member::Phrase(phrase) => self.phrases.push(phrase),
            }
        }
    }

    fn in_text(&self, tokens: &[Token], marks: &mut Vec<Range<usize>>) {
        let has = |token: &&Token| {
            self.forms.contains(&*token.text)
                || self.prefixes.iter().any(|start| token.word.starts_with(start.as_str()))
        };
        let mut found: Vec<Range<usize>> =
            tokens.iter().filter(has).map(|token| token.span.clone()).collect();
        if !self.phrases.is_empty() {
            let places = Places::of(tokens);
            for reading in self.phrases.iter().flat_map(|phrase| &phrase.0) {
                places.phrase(reading, &mut found);
            }
        }
        if found.is_empty() {
            let is_near = |token: &&Token| self.near.iter().any(|word| near(word, &token.word));
            found.extend(tokens.iter().filter(is_near).map(|token| token.span.clone()));
        }
        marks.extend(found);
    }
}

/// The tokens of a text by their position.
struct Places<'a>(BTreeMap<usize, Vec<&'a Token>>);

impl<'a> Places<'a> {
    fn of(tokens: &'a [Token]) -> Self {
        let mut places: BTreeMap<usize, Vec<&Token>> = BTreeMap::new();
        for token in tokens {
            places.entry(token.position).or_default().push(token);
        }
        Self(places)
    }

    fn at(&self, position: usize, form: &str) -> Option<&Range<usize>> {
        let token = self.0.get(&position)?.iter().find(|token| *token.text == *form)?;
        Some(&token.span)
    }

    /// From the first to the last word, wherever the words stand side by side.
    fn phrase(&self, reading: &[(usize, String)], found: &mut Vec<Range<usize>>) {
        let Some((begin, _)) = reading.first() else { return };
        for position in self.0.keys() {
            let at = |(offset, form): &(usize, String)| self.at(position + offset - begin, form);
            let spans: Option<Vec<_>> = reading.iter().map(at).collect();
            if let Some([first, .., last]) = spans.as_deref() {
                found.push(first.start..last.end);
            }
        }
    }
}

/// Whether two words differ by one letter that is missing, added or another, or by two neighbours
/// in the wrong order.
fn near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(same..).unwrap_or(&[]), other.get(same..).unwrap_or(&[]));
    match (one, other) {
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([_, rest @ ..], other) if rest == other => true,
        (one, [_, rest @ ..]) if one == rest => true,
        ([a, b, one @ ..], [c, d, other @ ..]) => (a, b) == (d, c) && one == other,
        _ => false,
    }
}

/// In rising order; what overlaps is one.
fn joined(mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for mark in marks {
        match joined.last_mut().filter(|last| mark.start < last.end) {
            Some(last) => last.end = last.end.max(mark.end),
            None => joined.push(mark),
        }
    }
    joined
}
