//! Words and phrases that mean the same.

use std::sync::{Arc, Mutex, PoisonError};

use community_core::search::{Synonyms as Lists, Wanted};
use rustc_hash::FxHashMap;

use super::terms::{Part, Phrase, side_by_side};
use crate::analysis::Language;
use crate::ranking::{self, Word};

/// What means the same as a word or phrase scores so much of what that scores.
pub(super) const SHARE: f32 = 0.8;

/// So many others stand in for all words and phrases of a query together, and no more.
const MOST: usize = 128;

/// So many words and phrases are kept, analysed: some tens of megabytes.
const MOST_KEPT: usize = 100_000;

/// The lists that were analysed before, shared by all snapshots of a generation: to analyse those of
/// one community takes longer than most searches.
#[derive(Clone, Default)]
pub(crate) struct Thesaurus(Arc<Mutex<Vec<Known>>>);

/// The lists of one community, in the languages of a query.
#[derive(Clone)]
struct Known {
    lists: Lists,
    languages: Vec<Language>,
    book: Arc<Book>,
}

impl Thesaurus {
    /// What means the same for a request.
    pub(super) fn of(&self, wanted: &Wanted, languages: &[Language]) -> Synonyms {
        let lists = match wanted {
            Wanted::Expr(lookup) => &lookup.synonyms,
            Wanted::Like(sample) => &sample.synonyms,
        };
        let books = lists.iter().map(|lists| self.book(lists, languages)).collect();
        Synonyms { books, left: MOST }
    }

    fn book(&self, lists: &Lists, languages: &[Language]) -> Arc<Book> {
        let is_it = |known: &Known| known.lists.is_same(lists) && known.languages == languages;
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().iter().find(|known| is_it(known)) {
            return Arc::clone(&known.book);
        }
        let book = Arc::new(Book::read(lists.lists(), languages));
        let (lists, languages) = (lists.clone(), languages.to_vec());
        let mut kept = kept();
        kept.push(Known { lists, languages, book: Arc::clone(&book) });
        let mut members: usize = kept.iter().map(|known| known.book.members()).sum();
        // The oldest ones go: most often their community has other lists by now.
        while members > MOST_KEPT && kept.len() > 1 {
            members -= kept.remove(0).book.members();
        }
        book
    }
}

/// Lists, analysed, and in which of them a word or phrase stands.
#[derive(Default)]
struct Book {
    lists: Vec<Vec<Member>>,
    by_form: FxHashMap<String, Vec<usize>>,
    by_reading: FxHashMap<Reading, Vec<usize>>,
}

/// One way of reading a phrase.
type Reading = Vec<(usize, String)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    Word(Word),
    Phrase(Phrase),
}

impl Book {
    fn read(lists: &[Vec<String>], languages: &[Language]) -> Self {
        let member = |text: &String| match side_by_side(ranking::spots(text, languages), languages)?
        {
            Part::Word(word) => Some(Member::Word(word)),
            Part::Phrase(phrase) => Some(Member::Phrase(phrase)),
            Part::Prefix(_) | Part::Condition(_) => None,
        };
        let mut book = Self::default();
        for (number, list) in lists.iter().enumerate() {
            let list: Vec<Member> = list.iter().filter_map(member).collect();
            for member in &list {
                match member {
                    Member::Word(word) => add(&mut book.by_form, &word.forms, number),
                    Member::Phrase(phrase) => add(&mut book.by_reading, &phrase.0, number),
                }
            }
            book.lists.push(list);
        }
        book
    }

    fn members(&self) -> usize {
        self.lists.iter().map(Vec::len).sum()
    }
}

fn add<K: Clone + Eq + std::hash::Hash>(
    places: &mut FxHashMap<K, Vec<usize>>,
    names: &[K],
    number: usize,
) {
    for name in names {
        let numbers = places.entry(name.clone()).or_default();
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
    }
}

/// What means the same, for one query.
#[derive(Default)]
pub(super) struct Synonyms {
    books: Vec<Arc<Book>>,
    left: usize,
}

impl Synonyms {
    /// What else is looked for where a word is.
    pub(super) fn of_word(&mut self, word: &Word) -> Vec<Member> {
        let is_it = |member: &Member| match member {
            Member::Word(other) => other.forms.iter().any(|form| word.forms.contains(form)),
            Member::Phrase(_) => false,
        };
        self.others(|book| numbers(&book.by_form, &word.forms), is_it)
    }

    /// What else is looked for where a phrase is.
    pub(super) fn of_phrase(&mut self, phrase: &Phrase) -> Vec<Member> {
        let is_it = |member: &Member| match member {
            Member::Phrase(other) => other.0.iter().any(|reading| phrase.0.contains(reading)),
            Member::Word(_) => false,
        };
        self.others(|book| numbers(&book.by_reading, &phrase.0), is_it)
    }

    /// The other members of the lists in which something stands.
    fn others(
        &mut self,
        stands_in: impl Fn(&Book) -> Vec<usize>,
        is_it: impl Fn(&Member) -> bool,
    ) -> Vec<Member> {
        let mut others: Vec<Member> = Vec::new();
        for book in &self.books {
            let lists = stands_in(book).into_iter().filter_map(|number| book.lists.get(number));
            for member in lists.flatten().filter(|member| !is_it(member)) {
                if self.left > 0 && !others.contains(member) {
                    self.left -= 1;
                    others.push(member.clone());
                }
            }
        }
        others
    }
}

/// The lists in which any of these stands, in their order.
fn numbers<K: Eq + std::hash::Hash>(places: &FxHashMap<K, Vec<usize>>, names: &[K]) -> Vec<usize> {
    let mut numbers: Vec<usize> =
        names.iter().filter_map(|name| places.get(name)).flatten().copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(count: usize) -> Lists {
        let list = |n: usize| vec![format!("word{n}"), format!("other{n}")];
        Lists::from((0..count).map(list).collect::<Vec<_>>().as_slice())
    }

    #[test]
    fn lists_are_analysed_once_for_a_choice_of_languages() {
        let (thesaurus, one, equal) = (Thesaurus::default(), lists(2), lists(2));
        let english = thesaurus.book(&one, &[Language::English]);
        assert!(Arc::ptr_eq(&english, &thesaurus.book(&one, &[Language::English])));
        assert!(!Arc::ptr_eq(&english, &thesaurus.book(&one, &[Language::Dutch])));
        assert!(!Arc::ptr_eq(&english, &thesaurus.book(&equal, &[Language::English])));
    }

    #[test]
    fn too_many_push_the_oldest_out_and_never_the_newest() {
        let (thesaurus, old, huge) = (Thesaurus::default(), lists(1), lists(MOST_KEPT / 2 + 1));
        let first = thesaurus.book(&old, &[Language::Neutral]);
        let newest = thesaurus.book(&huge, &[Language::Neutral]);
        assert!(Arc::ptr_eq(&newest, &thesaurus.book(&huge, &[Language::Neutral])));
        assert!(!Arc::ptr_eq(&first, &thesaurus.book(&old, &[Language::Neutral])));
    }
}
