//! Words and phrases that mean the same.

use super::terms::{Part, Phrase, side_by_side};
use crate::analysis::Language;
use crate::ranking::{self, Word};

/// What means the same as a word or phrase scores so much of what that scores.
pub(super) const SHARE: f32 = 0.8;

/// So many others stand in for all words and phrases of a query together, and no more.
const MOST: usize = 128;

/// The lists of a query, analysed.
#[derive(Debug, Default)]
pub(super) struct Synonyms {
    lists: Vec<Vec<Member>>,
    left: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    Word(Word),
    Phrase(Phrase),
}

impl Synonyms {
    pub(super) fn read(lists: &[Vec<String>], languages: &[Language]) -> Self {
        let member = |text: &String| match side_by_side(ranking::spots(text, languages), languages)?
        {
            Part::Word(word) => Some(Member::Word(word)),
            Part::Phrase(phrase) => Some(Member::Phrase(phrase)),
            Part::Prefix(_) | Part::Condition(_) => None,
        };
        let list = |list: &Vec<String>| list.iter().filter_map(member).collect();
        Self { lists: lists.iter().map(list).collect(), left: MOST }
    }

    /// What else is looked for where a word is.
    pub(super) fn of_word(&mut self, word: &Word) -> Vec<Member> {
        let meets = |member: &Member| match member {
            Member::Word(other) => other.forms.iter().any(|form| word.forms.contains(form)),
            Member::Phrase(_) => false,
        };
        self.others(meets)
    }

    /// What else is looked for where a phrase is.
    pub(super) fn of_phrase(&mut self, phrase: &Phrase) -> Vec<Member> {
        let meets = |member: &Member| match member {
            Member::Phrase(other) => other.0.iter().any(|reading| phrase.0.contains(reading)),
            Member::Word(_) => false,
        };
        self.others(meets)
    }

    fn others(&mut self, meets: impl Fn(&Member) -> bool) -> Vec<Member> {
        let mut others: Vec<Member> = Vec::new();
        for list in self.lists.iter().filter(|list| list.iter().any(&meets)) {
            for member in list.iter().filter(|member| !meets(member)) {
                if self.left > 0 && !others.contains(member) {
                    self.left -= 1;
                    others.push(member.clone());
                }
            }
        }
        others
    }
}
