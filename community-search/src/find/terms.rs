//! What the words and phrases of a query stand for, before anything is looked up.

use std::collections::BTreeSet;

use community_core::search::{Lookup, LookupTerm, Word as Typed};

use crate::analysis::{Language, is_unspaced};
use crate::ranking::{self, Spot, Word};

/// So many ways of reading a phrase in one language: which of its words are looked for without
/// their accents. Beyond them, none or all are.
const READINGS: usize = 8;

/// A beginning of a word has so many letters; of a sign that is a word by itself, one is enough.
const LEAST_PREFIX: usize = 2;

/// At most so many beginnings of words count.
const MOST_PREFIXES: usize = 8;

/// A [`Lookup`] whose words are analysed. What the analysis makes nothing of is not in it.
#[derive(Debug, Default)]
pub(super) struct Terms<'a> {
    /// The plain words that count.
    pub(super) words: Vec<Word>,
    /// Beginnings of plain words.
    pub(super) prefixes: Vec<String>,
    /// Of each of these lists one part is required.
    pub(super) required: Vec<Vec<Part<'a>>>,
    pub(super) excluded: Vec<Part<'a>>,
}

/// A part of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Word(Word),
    Phrase(Phrase),
    Prefix(Prefix),
    Condition(&'a LookupTerm),
}

/// Words side by side, in each way in which they can be read: forms with their positions. No
/// reading has fewer than two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase(pub(super) Vec<Vec<(usize, String)>>);

/// A beginning of a word, beside the words before it of the same run, such as `well-kno*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) before: Vec<Word>,
    pub(super) start: String,
}

impl<'a> Terms<'a> {
    /// Analyses what is looked up, in these languages.
    pub(super) fn read(lookup: &'a Lookup, languages: &[Language]) -> Self {
        let mut terms = Self::default();
        let mut prefixes = Prefixes::default();
        terms.read_plain(lookup, &mut prefixes, languages);
        for group in &lookup.required {
            let mut parts: Vec<Part<'_>> = Vec::new();
            for term in group {
                let part = prefixes.bounded(part(term, languages));
                parts.extend(part.filter(|part| !parts.contains(part)));
            }
            if !parts.is_empty() && !terms.required.contains(&parts) {
                terms.required.push(parts);
            }
        }
        for term in &lookup.excluded {
            let part = prefixes.bounded(part(term, languages));
            terms.excluded.extend(part.filter(|part| !terms.excluded.contains(part)));
        }
        terms
    }

    fn read_plain(&mut self, lookup: &Lookup, prefixes: &mut Prefixes, languages: &[Language]) {
        let whole = lookup.words.iter().filter(|word| !word.is_prefix()).map(Typed::as_str);
        let whole = whole.chain(lookup.quoted.iter().map(|phrase| phrase.as_str()));
        let mut spots = ranking::spots(&whole.collect::<Vec<_>>().join(" "), languages);
        for word in lookup.words.iter().filter(|word| word.is_prefix()) {
            let (before, start) = prefix(word.as_str(), languages);
            spots.extend(before);
            let start = start.filter(|start| !self.prefixes.contains(start) && prefixes.take());
            self.prefixes.extend(start);
        }
        self.words = ranking::counting(ranking::words(spots));
    }

    /// Whether there is something to rank by.
    pub(super) fn is_ranked(&self) -> bool {
        let is_word = |part: &Part<'_>| !matches!(part, Part::Condition(_));
        !self.words.is_empty()
            || !self.prefixes.is_empty()
            || self.required.iter().flatten().any(is_word)
    }

    /// The words that are not excluded.
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        let required = self.required.iter().flatten().filter_map(|part| match part {
            Part::Word(word) => Some(word),
            _ => None,
        });
        self.words.iter().chain(required)
    }
}

/// How many beginnings of words there were.
#[derive(Default)]
struct Prefixes(usize);

impl Prefixes {
    fn take(&mut self) -> bool {
        self.0 += 1;
        self.0 <= MOST_PREFIXES
    }

    /// A part, unless it is one beginning too many.
    fn bounded<'a>(&mut self, part: Option<Part<'a>>) -> Option<Part<'a>> {
        part.filter(|part| !matches!(part, Part::Prefix(_)) || self.take())
    }
}

fn part<'a>(term: &'a LookupTerm, languages: &[Language]) -> Option<Part<'a>> {
    match term {
        LookupTerm::Word(word) if word.is_prefix() => {
            let (before, start) = prefix(word.as_str(), languages);
            match start {
                Some(start) => {
                    let words = before.into_iter().map(Spot::into_word);
                    let before =
                        words.map(|word| Word { stop: word.stop_in_any, ..word }).collect();
                    Some(Part::Prefix(Prefix { before, start }))
                }
                None => side_by_side(before, languages),
            }
        }
        LookupTerm::Word(word) => side_by_side(ranking::spots(word.as_str(), languages), languages),
        LookupTerm::Phrase(phrase) => {
            side_by_side(ranking::spots(phrase.as_str(), languages), languages)
        }
        LookupTerm::Label(_)
        | LookupTerm::Channel(_)
        | LookupTerm::Author(_)
        | LookupTerm::Kind(_)
        | LookupTerm::Is(_)
        | LookupTerm::Since(_)
        | LookupTerm::Until(_)
        | LookupTerm::Language(_) => Some(Part::Condition(term)),
    }
}

/// The words of a text as one part: a phrase, if there are several.
pub(super) fn side_by_side<'a>(mut spots: Vec<Spot>, languages: &[Language]) -> Option<Part<'a>> {
    if spots.len() < 2 {
        let word = spots.pop().map(Spot::into_word);
        // A word that is required has to be found in texts of each of the languages.
        return word.map(|word| Part::Word(Word { stop: word.stop_in_any, ..word }));
    }
    let mut readings = BTreeSet::new();
    for language in languages {
        let forms: Vec<(usize, &[String])> = spots
            .iter()
            .filter_map(|spot| Some((spot.position, spot.forms.get(language)?.as_slice())))
            .collect();
        // A word that is nothing in this language leaves no phrase in it.
        if forms.len() == spots.len() {
            readings.extend(readings_of(&forms));
        }
    }
    (!readings.is_empty()).then(|| Part::Phrase(Phrase(readings.into_iter().collect())))
}

fn readings_of(spots: &[(usize, &[String])]) -> Vec<Vec<(usize, String)>> {
    let ways = spots.iter().map(|(_, forms)| forms.len());
    if ways.fold(1, usize::saturating_mul) > READINGS {
        let with = |pick: fn(&[String]) -> Option<&String>| {
            spots.iter().filter_map(|(at, forms)| Some((*at, pick(forms)?.clone()))).collect()
        };
        return vec![with(<[String]>::first), with(<[String]>::last)];
    }
    let mut readings = vec![Vec::new()];
    for (position, forms) in spots {
        let longer = |reading: &Vec<_>, form: &String| {
            let mut reading: Vec<(usize, String)> = reading.clone();
            reading.push((*position, form.clone()));
            reading
        };
        let each =
            readings.iter().flat_map(|reading| forms.iter().map(move |f| longer(reading, f)));
        readings = each.collect();
    }
    readings
}

/// The words of a run with an asterisk, and the beginning of a word at its end, if that is one.
fn prefix(run: &str, languages: &[Language]) -> (Vec<Spot>, Option<String>) {
    let mut spots = ranking::spots(run, languages);
    let Some(start) = spots.last().map(|last| last.as_written().to_owned()) else {
        return (spots, None);
    };
    let letters = start.chars().count();
    let is_sign = start.starts_with(is_unspaced);
    // Pairs of signs are found within longer runs of signs anyway.
    if is_sign && letters > 1 {
        return (spots, None);
    }
    spots.pop();
    (spots, Some(start).filter(|_| is_sign || letters >= LEAST_PREFIX))
}
