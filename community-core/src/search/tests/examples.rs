//! The language by examples, which read as its specification.

use super::*;

/// A specification: what is typed, and what it means.
fn check(cases: &[(&str, &str)]) {
    for (text, meaning) in cases {
        let expr = read(text);
        assert_eq!(spelled(&expr), *meaning, "{text}");
        assert_eq!(read(&expr.to_string()), expr, "{text} is printed as {expr}");
    }
}

#[test]
fn plain_words_keep_their_order_their_repetitions_and_their_punctuation() {
    check(&[
        ("", ""),
        (" \t\r\n\u{3000}\u{a0}", ""),
        ("bike", "bike"),
        ("bike repair bike", "bike repair bike"),
        ("  bike \n repair ", "bike repair"),
        ("fiets\u{3000}自転車\u{2028}vélo", "fiets 自転車 vélo"),
        ("Bike BIKE", "Bike BIKE"),
        ("c++ .net c# node.js", "c++ .net c# node.js"),
        ("what? (really), yes!", "what? (really), yes!"),
        ("(((a OR", "(((a"),
        (")(", ")("),
        ("a\\b \\ \\\"", "a\\b \\ \\"),
        ("well-known x-", "well-known x-"),
        ("\0 a\u{200b}b \u{feff}", "\0 a\u{200b}b \u{feff}"),
        ("AND NOT and not or Or oR", "AND NOT and not or Or oR"),
    ]);
}

#[test]
fn an_asterisk_at_the_end_of_a_word_makes_a_prefix() {
    check(&[
        ("bik*", "bik..."),
        ("bik***", "bik..."),
        ("*", "*"),
        ("***", "***"),
        ("b*k *bike", "b*k *bike"),
        ("-bik*", "!bik..."),
        ("\"bik*\"", "+'bik*'"),
        ("bik*\"e\"", "bik... +'e'"),
        ("OR*", "OR..."),
    ]);
}

#[test]
fn what_stands_in_quotes_is_a_required_phrase() {
    check(&[
        ("\"flat tyre\"", "+'flat tyre'"),
        ("\"flat\"", "+'flat'"),
        ("\" flat\n\t tyre \"", "+'flat tyre'"),
        ("\"a\" \"b\" \"a\"", "+'a' +'b' +'a'"),
        ("x \"a b\" y", "x y +'a b'"),
        ("x\"a b\"y", "x y +'a b'"),
        ("\"a\"\"b\"", "+'a' +'b'"),
        (
            "“flat tyre” „platte Reifen“ ”platt däck” „lekke band”",
            "+'flat tyre' +'platte Reifen' +'platt däck' +'lekke band'",
        ),
        ("\"he said “no” twice\"", "+'he said “no” twice'"),
        ("“a\" b", "b +'a'"),
        ("\"a OR -b label:c (d) in:title\"", "+'a OR -b label:c (d) in:title'"),
        ("\"C:\\\" x", "x +'C:\\'"),
    ]);
}

#[test]
fn what_a_sentence_quotes_is_not_required() {
    check(&[
        ("what counts as \"ancilla qubit\"", "what counts as +'ancilla qubit'"),
        ("what counts as an \"ancilla qubit\"", "what counts as an ~'ancilla qubit'"),
        ("\"a b\" is \"c\" or is it not", "is or is it not ~'a b' ~'c'"),
        ("\"a b c d e f g h\" \"i j k l m n o p\"", "+'a b c d e f g h' +'i j k l m n o p'"),
        ("\"a b c d e f g h\" \"i j k l m n o p q\"", "~'a b c d e f g h' ~'i j k l m n o p q'"),
        ("one two three four -\"a b\"", "one two three four !'a b'"),
        ("one two three four \"a b\" OR label:c", "one two three four +'a b'|Label(\"c\")"),
    ]);
}

#[test]
fn quotes_around_nothing_and_quotes_that_are_never_closed_separate() {
    check(&[
        ("\"", ""),
        ("\"\"", ""),
        ("\" \"", ""),
        ("\"\"\"", ""),
        ("“", ""),
        ("-\"", ""),
        ("-\"\"", ""),
        ("a\"b", "a b"),
        ("5\" disk", "5 disk"),
        ("\"flat tyre", "flat tyre"),
        ("-\"flat tyre", "flat tyre"),
        ("a \"b c\" d\"e", "a d e +'b c'"),
        ("“flat", "flat"),
        ("\"flat”", "flat"),
    ]);
}

#[test]
fn a_minus_before_a_term_excludes_it() {
    check(&[
        ("bike -car", "bike !car"),
        ("-car bike -bus", "bike !car !bus"),
        ("-\"second hand\"", "!'second hand'"),
        ("-“second hand”", "!'second hand'"),
        ("-label:sold", "!Label(\"sold\")"),
        ("-5 -(x)", "!5 !(x)"),
        ("\"a\"-b", "+'a' !b"),
        ("-OR", "!OR"),
        ("-car -car", "!car !car"),
    ]);
}

#[test]
fn a_minus_that_stands_alone_or_doubled_or_inside_is_punctuation() {
    check(&[
        ("-", "-"),
        ("- car", "- car"),
        ("--", "--"),
        ("--release", "--release"),
        ("---x", "---x"),
        ("a-b-c", "a-b-c"),
        ("−car –car", "−car –car"),
        ("+car", "+car"),
    ]);
}

#[test]
fn or_joins_its_neighbours_into_one_required_group() {
    use Condition::{Kind, Label};
    check(&[
        ("\"a b\" OR \"c d\"", "+'a b'|'c d'"),
        (
            "label:x OR kind:y OR \"z\"",
            &format!("+{:?}|{:?}|'z'", Label("x".parse().unwrap()), Kind("y".parse().unwrap())),
        ),
        ("cats OR \"big dogs\"", "+cats|'big dogs'"),
        ("\"big dogs\" OR cat*", "+'big dogs'|cat..."),
        ("house cats OR \"big dogs\" garden", "house garden +cats|'big dogs'"),
        ("a OR b OR \"c\"", "+a|b|'c'"),
        ("\"a\" OR \"b\" \"c\" OR \"d\"", "+'a'|'b' +'c'|'d'"),
        ("\"a\"OR\"b\"", "+'a'|'b'"),
        ("\"a\" OR OR \"b\"", "+'a'|'b'"),
        ("\"a\" OR \"\" \"b\"", "+'a'|'b'"),
    ]);
}

#[test]
fn or_between_plain_words_changes_nothing_and_with_nothing_to_join_says_nothing() {
    check(&[
        ("a OR b", "a b"),
        ("a OR b c OR d", "a b c d"),
        ("OR", ""),
        ("OR OR", ""),
        ("OR a", "a"),
        ("a OR", "a"),
        ("\"a\" or \"b\"", "or +'a' +'b'"),
        ("\"a\" OR -b \"c\"", "+'a' +'c' !b"),
        ("\"a\" -b OR \"c\"", "+'a' +'c' !b"),
        ("\"a\" OR -\"b\"", "+'a' !'b'"),
        ("\"a\" OR in:title \"b\"", "+'a' +'b' in titles"),
        ("ORa aOR", "ORa aOR"),
    ]);
}

#[test]
fn a_field_is_a_required_condition() {
    check(&[
        ("label:tyres", "+Label(\"tyres\")"),
        ("label:c++ label:.net", "+Label(\"c++\") +Label(\".net\")"),
        ("label:\"tyres\"", "+Label(\"tyres\")"),
        ("channel:repair", "+Channel(\"repair\")"),
        ("kind:question", "+Kind(\"question\")"),
        ("author:ana", "+Author(\"ana\")"),
        ("author:user:7", "+Author(\"user:7\")"),
        ("author:\"user 7\"", "+Author(\"user 7\")"),
        ("author:\"user:7\"x", "x +Author(\"user:7\")"),
        (r#"author:"a \"b\" \\ \c""#, r#"+Author("a \"b\" \\ \\c")"#),
        (r"author:CORP\ana", r#"+Author("CORP\\ana")"#),
        ("author:\"a“b\"", "+Author(\"a“b\")"),
        ("author:ana,", "+Author(\"ana,\")"),
        ("is:answered", "+Is(Answered)"),
        ("is:unanswered", "+Is(Unanswered)"),
        ("is:solved", "+Is(Solved)"),
        ("is:official", "+Is(Official)"),
        ("is:corrected", "+Is(Corrected)"),
        ("lang:nl", "+Language(\"nl\")"),
        (
            "lang:nl-BE lang:pt_br lang:gsw",
            "+Language(\"nl\") +Language(\"pt\") +Language(\"gsw\")",
        ),
        ("Label:Tyres IS:Solved LANG:NL", "+Label(\"tyres\") +Is(Solved) +Language(\"nl\")"),
        ("bike label:tyres -kind:poll", "bike +Label(\"tyres\") !Kind(\"poll\")"),
        ("label:a\"b c\"", "+Label(\"a\") +'b c'"),
    ]);
}

#[test]
fn a_field_that_is_not_known_or_cannot_have_its_value_is_words() {
    check(&[
        ("http://example.org", "http://example.org"),
        ("colour:red -colour:red", "colour:red !colour:red"),
        ("label:!! label: :x : ::", "label:!! label: :x : ::"),
        ("label: tyres", "label: tyres"),
        ("label:\"flat tyre\"", "label: +'flat tyre'"),
        ("-label:\"flat tyre\"", "+'flat tyre' !label:"),
        ("label:\"", "label:"),
        ("label:\"x", "label: x"),
        ("label:\"\"", "label:"),
        ("author:\"a\\\"b", "author: b +'a\\'"),
        ("kind:a/b", "kind:a/b"),
        ("label:tyre*", "label:tyre..."),
        ("is:nice is:", "is:nice is:"),
        ("lang:dutch lang:n lang:n1 lang:nl-", "lang:dutch lang:n lang:n1 lang:nl-"),
        ("in:body in:", "in:body in:"),
        ("label：x", "label：x"),
        ("xlabel:y", "xlabel:y"),
        (&format!("label:{}", "a".repeat(65)), &format!("label:{}", "a".repeat(65))),
        (&format!("author:{}", "a".repeat(201)), &format!("author:{}", "a".repeat(201))),
    ]);
}

#[test]
fn days_are_days_of_the_calendar_from_1970_to_2199() {
    check(&[
        ("before:2026-01-31", "+Before(Day(2026-01-31))"),
        ("after:2026-1-3", "+After(Day(2026-01-03))"),
        ("after:1970-01-01 before:2199-12-31", "+After(Day(1970-01-01)) +Before(Day(2199-12-31))"),
        ("after:2024-02-29", "+After(Day(2024-02-29))"),
        ("after:2026-02-29", "after:2026-02-29"),
        ("before:tomorrow before:2026", "before:tomorrow before:2026"),
        ("before:1969-12-31 before:2200-01-01", "before:1969-12-31 before:2200-01-01"),
        ("before:+2026-01-01 before:2026-01-001", "before:+2026-01-01 before:2026-01-001"),
        ("before:2026-01-31T00:00 before:2026--1-3", "before:2026-01-31T00:00 before:2026--1-3"),
        ("before:٢٠٢٦-٠١-٣١", "before:٢٠٢٦-٠١-٣١"),
    ]);
    let day: Day = "2026-01-31".parse().unwrap();
    assert_eq!(day.starts_at().to_rfc3339(), "2026-01-31T00:00:00+00:00");
}

#[test]
fn in_title_holds_for_the_whole_query() {
    check(&[
        ("in:title", "in titles"),
        ("bike in:title", "bike in titles"),
        ("in:title bike In:Title \"a b\" -c", "bike +'a b' !c in titles"),
        ("in:\"title\"", "in titles"),
        ("-in:title", "!in:title"),
        ("\"in:title\"", "+'in:title'"),
    ]);
}

#[test]
fn there_is_something_to_rank_by_when_a_word_or_phrase_may_be_found() {
    for text in ["bike", "\"flat tyre\"", "label:x OR bike -car", "!!"] {
        assert!(read(text).is_ranked() && !read(text).is_empty(), "{text}");
    }
    for text in ["label:x", "-car", "-\"second hand\" is:solved"] {
        assert!(!read(text).is_ranked() && !read(text).is_empty(), "{text}");
    }
    for text in ["", " ", "OR", "\"\"", "in:title"] {
        assert!(!read(text).is_ranked() && read(text).is_empty(), "{text}");
    }
}

#[test]
fn what_is_printed_is_as_plain_as_it_can_be() {
    for (text, printed) in [
        (
            "  is:solved -car  bike*  “flat  tyre”OR label:\"C++\" repair in:TITLE ",
            "bike* repair is:solved \"flat tyre\" OR label:c++ -car in:title",
        ),
        (
            "AUTHOR:\"user:7\" author:\"user 7\" author:\"a\\\"b\"",
            "author:user:7 author:\"user 7\" author:\"a\\\"b\"",
        ),
        ("after:2026-1-3 lang:NL-be", "after:2026-01-03 lang:nl"),
        ("a OR b", "a b"),
        ("OR", ""),
    ] {
        assert_eq!(read(text).to_string(), printed);
    }
}

#[test]
fn a_condition_added_to_what_was_typed_narrows_it() {
    let author = Condition::Author("a \"b\" \\ c".parse().unwrap());
    for text in
        ["", "bike", "OR \"x\"", "\"x\" OR", "\"", "\"a", "-x \"y\"", "in:title -", "a b c d \"e\""]
    {
        let typed = read(text);
        let mut narrowed = typed.clone();
        narrowed.required.push(author.clone().into());
        let SearchExpr { words, quoted, required, excluded, place } = read(&narrowed.to_string());
        assert_eq!((words, quoted), (typed.words, typed.quoted));
        assert_eq!((excluded, place), (typed.excluded, typed.place));
        assert_eq!(required, [typed.required, vec![author.clone().into()]].concat());
    }
}
