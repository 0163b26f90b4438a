//! How words that are taken apart already reach the index library.
//!
//! The library wants a text and a tokenizer. It takes tokens as well, but writes those of each
//! document down as JSON and reads them again, which costs more than everything else about a
//! document. So the words of a field are joined into one text, and the field's tokenizer does
//! nothing but split it.
//!
//! A space stands between two places and a bar between two words of one place: in `een fiets|fiet`
//! the last two stand at position 1. A place may be empty. No word has either in it, since words
//! are letters, digits and their marks.

use std::iter::Enumerate;
use std::str::Split;

use tantivy::Index;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

const NEXT_PLACE: char = ' ';
const SAME_PLACE: char = '|';

/// The name under which a schema asks for the tokenizer.
pub(crate) const TOKENIZER: &str = "split";

/// Makes the tokenizer known to an index, which cannot be written to before.
pub(crate) fn register(index: &Index) {
    index.tokenizers().register(TOKENIZER, Splitter::default());
}

/// Words, each at a place of its own.
pub(crate) fn in_a_row<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    at_places(words.into_iter().enumerate())
}

/// Words with their positions, which never fall.
pub(crate) fn at_places<'a>(words: impl IntoIterator<Item = (usize, &'a str)>) -> String {
    let mut text = String::new();
    let mut place = 0;
    for (position, word) in words {
        if position == place && !text.is_empty() {
            text.push(SAME_PLACE);
        }
        text.extend((place..position).map(|_| NEXT_PLACE));
        place = position;
        text.push_str(word);
    }
    text
}

#[derive(Debug, Clone, Default)]
struct Splitter {
    token: Token,
}

impl Tokenizer for Splitter {
    type TokenStream<'a> = Words<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words<'a> {
        self.token.reset();
        let places = text.split(NEXT_PLACE).enumerate();
        Words { places, place: "".split(SAME_PLACE), token: &mut self.token }
    }
}

struct Words<'a> {
    places: Enumerate<Split<'a, char>>,
    /// The words of the current place that are still to come.
    place: Split<'a, char>,
    token: &'a mut Token,
}

impl TokenStream for Words<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(word) = self.place.next() {
                if word.is_empty() {
                    continue;
                }
                self.token.text.clear();
                self.token.text.push_str(word);
                return true;
            }
            let Some((position, place)) = self.places.next() else { return false };
            self.token.position = position;
            self.place = place.split(SAME_PLACE);
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::{Analyzer, Language};

    fn split(text: &str) -> Vec<(usize, String)> {
        let mut splitter = Splitter::default();
        let mut words = Vec::new();
        splitter
            .token_stream(text)
            .process(&mut |token| words.push((token.position, token.text.clone())));
        words
    }

    #[test]
    fn words_keep_their_places() {
        let words = [(1, "een"), (1, "eén"), (2, "fiets"), (5, "rijdt"), (5, "rijd")];
        assert_eq!(at_places(words), " een|eén fiets   rijdt|rijd");
        assert_eq!(split(&at_places(words)), words.map(|(at, word)| (at, word.to_owned())));
        assert_eq!(split(&in_a_row(["a", "b"])), [(0, "a".to_owned()), (1, "b".to_owned())]);
        assert_eq!(split(""), []);
    }

    proptest! {
        #[test]
        fn no_word_of_any_text_is_lost(
            text in "(\\PC|[ |]){0,40}", language in prop::sample::select(Language::ALL),
        ) {
            let tokens = Analyzer::new(language).tokens(&text);
            let words = tokens.iter().map(|token| (token.position, &*token.text));
            let same: Vec<_> = words.clone().map(|(at, word)| (at, word.to_owned())).collect();
            prop_assert_eq!(split(&at_places(words)), same);
        }
    }
}
