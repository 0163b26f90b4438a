//! In which order entries are found.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use community_search::analysis::Language;
use community_search::{Entry, MemoryIndex};

fn entry(key: &str, title: &str, body: &str) -> Entry {
    let mut entry = Entry::new(key, Language::English);
    entry.title = title.to_owned();
    entry.body = body.to_owned();
    entry
}

fn index(entries: &[Entry]) -> MemoryIndex {
    let mut index = MemoryIndex::new().unwrap();
    for entry in entries {
        index.add(entry).unwrap();
    }
    index.commit().unwrap();
    index
}

fn search(index: &MemoryIndex, text: &str) -> Vec<String> {
    index.search(text, &[Language::English], 10).unwrap()
}

#[test]
fn a_word_in_the_title_weighs_more_than_one_in_the_body() {
    let found = index(&[
        entry("body", "A question", "chains rust"),
        entry("title", "Rust chains", "a question"),
        entry("neither", "Pumps", "a question"),
    ]);
    assert_eq!(search(&found, "rusty chain rust"), ["title", "body"]);
}

#[test]
fn any_of_the_words_finds_and_more_of_them_find_first() {
    let found = index(&[
        entry("one", "", "about brakes and other parts"),
        entry("both", "", "about brakes and some pedals"),
        entry("none", "", "about lamps and other parts"),
    ]);
    assert_eq!(search(&found, "brake pedal"), ["both", "one"]);
}

#[test]
fn a_word_typed_twice_counts_twice() {
    let found = index(&[entry("a", "", "saddle frame"), entry("b", "", "pedal frame")]);
    assert_eq!(search(&found, "saddle pedal pedal"), ["b", "a"]);
    assert_eq!(search(&found, "pedal saddle saddles"), ["a", "b"]);
}

#[test]
fn stop_words_count_only_among_themselves() {
    let found = index(&[
        entry("of", "", "of of of the the and for"),
        entry("art", "", "art"),
        entry("title", "The who", ""),
    ]);
    assert_eq!(search(&found, "of the art"), ["art"]);
    let mut the = search(&found, "the");
    the.sort();
    assert_eq!(the, ["of", "title"]);
}

#[test]
fn labels_and_answers_find_their_entry() {
    let mut question = entry("question", "Noise", "It squeaks.");
    question.labels = vec!["bottom bracket".to_owned()];
    question.answers = vec!["Grease the seatpost.".to_owned()];
    let found = index(&[question, entry("other", "Noise", "It rattles.")]);
    assert_eq!(search(&found, "brackets"), ["question"]);
    assert_eq!(search(&found, "greasing"), ["question"]);
}

#[test]
fn a_query_is_read_in_each_of_its_languages() {
    let mut dutch = Entry::new("nl", Language::Dutch);
    dutch.title = "Nieuwe huizen".to_owned();
    let mut english = Entry::new("en", Language::English);
    english.title = "New houses".to_owned();
    let found = index(&[dutch, english]);
    let both = [Language::Dutch, Language::English];
    assert_eq!(found.search("huis", &both, 10).unwrap(), ["nl"]);
    assert_eq!(found.search("house", &both, 10).unwrap(), ["en"]);
    assert_eq!(found.search("huis", &[Language::English], 10).unwrap(), [""; 0]);
    assert_eq!(found.search("huis", &[], 10).unwrap(), [""; 0]);
}

#[test]
fn a_later_entry_takes_the_place_of_an_earlier_one() {
    let found = index(&[entry("a", "", "pedal"), entry("a", "", "saddle")]);
    assert_eq!(search(&found, "pedal"), [""; 0]);
    assert_eq!(search(&found, "saddle"), ["a"]);
}

#[test]
fn no_number_of_hits_is_too_large_or_too_small() {
    let found = index(&[entry("a", "", "pedal")]);
    for (limit, hits) in [(0, 0), (1, 1), (usize::MAX, 1)] {
        assert_eq!(found.search("pedal", &[Language::English], limit).unwrap().len(), hits);
    }
}
