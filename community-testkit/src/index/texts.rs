//! Words, without any language.

use std::ops::Range;

use community_core::search::{Phrase, Place, Word};

/// The texts by which a post is found, as words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    /// Of the topic's title; only its opening has one.
    pub(crate) title: Vec<String>,
    pub(crate) body: Vec<String>,
    /// Of labels that everybody sees, and of published answers; only an opening has them.
    pub(crate) others: Vec<Vec<String>>,
}

impl Texts {
    /// Whether there is a plain word, or one that begins so.
    pub(crate) fn have_word(&self, word: &Word, place: Place) -> bool {
        let parts = words(word.as_str());
        if word.is_prefix() {
            let mut own = self.own(place);
            return own.any(|own| parts.iter().any(|part| own.starts_with(part.as_str())));
        }
        parts.iter().any(|part| self.have(part, place))
    }

    fn have(&self, word: &String, place: Place) -> bool {
        let others = self.others.iter().flatten().filter(|_| place == Place::Anywhere);
        self.own(place).chain(others).any(|own| own == word)
    }

    /// The words of title and body.
    fn own(&self, place: Place) -> impl Iterator<Item = &String> {
        self.title.iter().chain(self.body.iter().filter(move |_| place == Place::Anywhere))
    }

    /// Whether there is one of the plain words and of those that phrases in a sentence have. Nothing
    /// typed is nothing missed.
    pub(crate) fn have_one_of(&self, plain: &[Word], quoted: &[Phrase], place: Place) -> bool {
        let plain: Vec<&Word> = plain.iter().filter(|word| is_typed(word.as_str())).collect();
        let quoted: Vec<String> = quoted.iter().flat_map(|phrase| words(phrase.as_str())).collect();
        (plain.is_empty() && quoted.is_empty())
            || plain.into_iter().any(|word| self.have_word(word, place))
            || quoted.iter().any(|word| self.have(word, place))
    }

    /// Whether words stand side by side.
    pub(crate) fn have_phrase(&self, phrase: &Phrase, place: Place) -> bool {
        let parts = words(phrase.as_str());
        let within = |text: &[String]| text.windows(parts.len()).any(|window| window == parts);
        !parts.is_empty() && (within(&self.title) || place == Place::Anywhere && within(&self.body))
    }

    /// Whether they share a word with a text.
    pub(crate) fn share_a_word(&self, text: &[String]) -> bool {
        let all = self.title.iter().chain(&self.body).chain(self.others.iter().flatten());
        all.clone().any(|own| text.contains(own))
    }
}

/// The words of a text: runs of letters and digits, in small letters.
pub(crate) fn words(text: &str) -> Vec<String> {
    places(text).into_iter().filter_map(|at| Some(text.get(at)?.to_lowercase())).collect()
}

/// Whether there is anything to look for in a word or phrase that was typed.
pub(crate) fn is_typed(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// Where the words of a text stand, in bytes.
pub(crate) fn places(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                places.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    places.extend(start.map(|from| from..text.len()));
    places
}
