//! Limits, and the request.

use super::*;
use crate::{Error, Result};

fn limit_of(result: Result<SearchExpr>) -> (&'static str, usize) {
    match result {
        Err(Error::Limit(limit)) => (limit.what, limit.max),
        other => panic!("{other:?}"),
    }
}

#[test]
fn size_is_limited_and_nothing_else_is_an_error() {
    let limits = Limits { search_text: 40, search_terms: 4, search_term: 5, ..Limits::default() };
    let read = |text: &str| SearchExpr::parse(text, &limits);
    let text = ("a search text", 40);
    let terms = ("the number of terms in a search text", 4);
    let term = ("a term in a search text", 5);

    assert!(read(&" ".repeat(40)).is_ok());
    assert_eq!(limit_of(read(&" ".repeat(41))), text);
    assert_eq!(limit_of(read(&"é".repeat(21))), text);

    assert!(read("a \"b\" OR -c in:title kind:d").is_ok());
    assert_eq!(limit_of(read("a \"b\" OR -c in:title kind:d e")), terms);
    assert_eq!(limit_of(read("-a -a -a -a -a")), terms);

    assert!(read("abcde abcde* \"ab de\" -abcde").is_ok());
    for long in ["abcdef", "abcdef*", "\"abc ef\"", "-abcdef", "ééé", "a OR abcdef", "x:abcdef"]
    {
        assert_eq!(limit_of(read(long)), term, "{long}");
    }
    // What is left out is not counted, and a condition has limits of its own.
    assert!(read("\"  a     b  \" author:abcdefghij").is_ok());
}

#[test]
fn the_length_of_a_text_is_checked_before_it_is_read() {
    let limits = Limits { search_text: 3, search_terms: 0, ..Limits::default() };
    assert_eq!(limit_of(SearchExpr::parse("a b ", &limits)).0, "a search text");
    assert_eq!(limit_of(SearchExpr::parse("a b", &limits)).1, 0);
}

#[test]
fn a_query_is_checked_before_its_text_is_read() {
    let limits = Limits { search_terms: 0, ..Limits::default() };
    let query = || SearchQuery::everywhere("a");
    assert_eq!(limit_of(query().read(&limits)).0, "the number of terms in a search text");
    for size in [limits.page + 1, 1_000_000_000, usize::MAX] {
        assert_eq!(limit_of(query().limit(size).read(&limits)).0, "the page size");
    }
    assert!(matches!(query().limit(0).read(&limits), Err(Error::Invalid(_))));
    let places = vec!["garden".parse().unwrap(); limits.selection + 1];
    let far = SearchQuery { communities: places, ..query() };
    assert_eq!(limit_of(far.read(&limits)).0, "the number of places");
    let languages = vec!["nl".parse().unwrap(); limits.search_languages + 1];
    let many = SearchQuery { languages, ..query() };
    assert_eq!(limit_of(many.read(&limits)).0, "the number of languages of a search");
    assert_eq!(query().limit(7).read(&Limits::default()).unwrap(), read("a"));
}

#[test]
fn the_names_of_sorts_and_hits_read_back() {
    for sort in SearchSort::ALL {
        assert_eq!(sort.to_string().parse::<SearchSort>().unwrap(), sort);
        assert_eq!(serde_json::to_string(&sort).unwrap(), format!("\"{sort}\""));
    }
    for per in Per::ALL {
        assert_eq!(per.to_string().parse::<Per>().unwrap(), per);
        assert_eq!(serde_json::to_string(&per).unwrap(), format!("\"{per}\""));
    }
    assert!("best".parse::<SearchSort>().is_err() && "member".parse::<Per>().is_err());
}
