use proptest::prelude::*;

use super::*;
use crate::entropy::{Entropy, SeededEntropy};
use crate::{Error, Limits, Result};

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

/// An expression spelled out: the plain words, `+` before what is required, `-` before what is
/// excluded, phrases in single quotes, conditions as they are in Rust.
fn spelled(expr: &SearchExpr) -> String {
    let term = |term: &Term| match term {
        Term::Word(word) => word.as_str().to_owned() + if word.is_prefix() { "..." } else { "" },
        Term::Phrase(phrase) => format!("'{}'", phrase.as_str()),
        Term::Condition(condition) => format!("{condition:?}"),
    };
    let words = expr.words.iter().map(|word| term(&Term::Word(word.clone())));
    let required = expr.required.iter().map(|group| {
        let alternatives: Vec<_> = group.alternatives().iter().map(term).collect();
        format!("+{}", alternatives.join("|"))
    });
    let excluded = expr.excluded.iter().map(|excluded| format!("-{}", term(excluded)));
    let place = (expr.place == Place::Title).then(|| "in titles".to_owned());
    words.chain(required).chain(excluded).chain(place).collect::<Vec<_>>().join(" ")
}

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
        ("-bik*", "-bik..."),
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
        ("bike -car", "bike -car"),
        ("-car bike -bus", "bike -car -bus"),
        ("-\"second hand\"", "-'second hand'"),
        ("-“second hand”", "-'second hand'"),
        ("-label:sold", "-Label(\"sold\")"),
        ("-5 -(x)", "-5 -(x)"),
        ("\"a\"-b", "+'a' -b"),
        ("-OR", "-OR"),
        ("-car -car", "-car -car"),
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
        ("\"a\" OR -b \"c\"", "+'a' +'c' -b"),
        ("\"a\" -b OR \"c\"", "+'a' +'c' -b"),
        ("\"a\" OR -\"b\"", "+'a' -'b'"),
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
        ("bike label:tyres -kind:poll", "bike +Label(\"tyres\") -Kind(\"poll\")"),
        ("label:a\"b c\"", "+Label(\"a\") +'b c'"),
    ]);
}

#[test]
fn a_field_that_is_not_known_or_cannot_have_its_value_is_words() {
    check(&[
        ("http://example.org", "http://example.org"),
        ("colour:red -colour:red", "colour:red -colour:red"),
        ("label:!! label: :x : ::", "label:!! label: :x : ::"),
        ("label: tyres", "label: tyres"),
        ("label:\"flat tyre\"", "label: +'flat tyre'"),
        ("-label:\"flat tyre\"", "+'flat tyre' -label:"),
        ("label:\"", "label:"),
        ("label:\"x", "label: x"),
        ("label:\"\"", "label:"),
        ("author:\"a\\\"b", "author: +'a\\' b".replace(" +'a\\' b", " b +'a\\'").as_str()),
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
        ("in:title bike In:Title \"a b\" -c", "bike +'a b' -c in titles"),
        ("in:\"title\"", "in titles"),
        ("-in:title", "-in:title"),
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
fn a_condition_put_in_front_of_a_text_is_added_to_it() {
    let author = Condition::Author("a \"b\" \\ c".parse().unwrap());
    for text in ["", "bike", "\"", "\"a", "-x \"y\""] {
        let expr = read(&format!("{author} {text}"));
        assert_eq!(expr.required[0].alternatives(), [Term::Condition(author.clone())]);
        assert_eq!(expr.words, read(text).words);
        assert_eq!(expr.excluded, read(text).excluded);
    }
}

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

/// What holds for every text: the number of parts is bounded by the text, every part is as it says
/// it is, and what is printed reads back.
fn check_any(text: &str) {
    let expr = read(text);
    let SearchExpr { words, required, excluded, place: _ } = &expr;
    let in_groups: usize = required.iter().map(|group| group.alternatives().len()).sum();
    assert!(words.len() + in_groups + excluded.len() <= text.len(), "{text:?}");
    for group in required {
        assert!(group.alternatives().iter().any(|term| !matches!(term, Term::Word(_))), "{text:?}");
    }
    let in_groups = required.iter().flat_map(AnyOf::alternatives).chain(excluded);
    let more_words = in_groups.clone().filter_map(|term| match term {
        Term::Word(word) => Some(word),
        _ => None,
    });
    for word in words.iter().chain(more_words) {
        let word = word.as_str();
        assert!(!word.is_empty() && text.contains(word), "{text:?}");
        assert!(!word.contains(|c: char| c.is_whitespace() || "\"“”„".contains(c)), "{text:?}");
    }
    for term in in_groups {
        if let Term::Phrase(phrase) = term {
            let words: Vec<_> = phrase.as_str().split(' ').collect();
            assert!(words.iter().all(|word| !word.is_empty()), "{text:?}");
            assert!(!phrase.as_str().contains('"'), "{text:?}");
        }
    }
    let printed = expr.to_string();
    assert_eq!(read(&printed), expr, "{text:?} is printed as {printed:?}");
    assert_eq!(read(&printed).to_string(), printed);
}

/// Pieces that mean something, and pieces that nearly do.
const PIECES: [&str; 60] = [
    "OR",
    "or",
    "OR ",
    "-",
    "--",
    "-a",
    "-\"",
    "\"",
    "\"\"",
    "\" ",
    "“",
    "”",
    "„",
    "'",
    "*",
    "a*",
    "**",
    "a",
    "b ",
    "é",
    "e\u{301}",
    "自転車",
    "👩‍👩‍👧",
    " ",
    "\n",
    "\u{3000}",
    "\u{a0}",
    "\u{2028}",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "~2",
    "^9",
    "\\",
    "\\\"",
    ":",
    "label:",
    "label:a",
    "label:\"",
    "channel:b ",
    "author:\"",
    "author:a\\",
    "author:user:7",
    "kind:",
    "is:solved",
    "is:",
    "before:2026-01-31",
    "after:2026-",
    "lang:nl",
    "lang:nl-BE",
    "in:title",
    "IN:Title",
    "Label:A",
    "label:İ",
];

/// One character of each general category that a text can hold.
const CLASSES: [&str; 29] = [
    "\\p{Lu}", "\\p{Ll}", "\\p{Lt}", "\\p{Lm}", "\\p{Lo}", "\\p{Mn}", "\\p{Mc}", "\\p{Me}",
    "\\p{Nd}", "\\p{Nl}", "\\p{No}", "\\p{Pc}", "\\p{Pd}", "\\p{Ps}", "\\p{Pe}", "\\p{Pi}",
    "\\p{Pf}", "\\p{Po}", "\\p{Sm}", "\\p{Sc}", "\\p{Sk}", "\\p{So}", "\\p{Zs}", "\\p{Zl}",
    "\\p{Zp}", "\\p{Cc}", "\\p{Cf}", "\\p{Co}", "\\p{Cn}",
];

fn any_piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(CLASSES.to_vec()).prop_flat_map(|class| class),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(any_piece(), 0..16).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => any::<String>()]
}

/// A term as it is typed, and as [`spelled`] shows it.
fn any_term() -> impl Strategy<Value = (String, String)> {
    let word = "[a-z]{1,3}";
    prop_oneof![
        word.prop_map(|word| (word.clone(), word)),
        word.prop_map(|word| (format!("{word}*"), format!("{word}..."))),
        (word, word).prop_map(|(a, b)| (format!("\"{a} {b}\""), format!("'{a} {b}'"))),
        word.prop_map(|key| (format!("label:{key}"), format!("Label({key:?})"))),
        word.prop_map(|key| (format!("author:\"{key} x\""), format!("Author(\"{key} x\")"))),
        Just(("is:solved".to_owned(), "Is(Solved)".to_owned())),
    ]
}

#[derive(Debug, Clone)]
enum Part {
    Joined(Vec<(String, String)>),
    Excluded(String, String),
    InTitle,
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        4 => prop::collection::vec(any_term(), 1..4).prop_map(Part::Joined),
        2 => any_term().prop_map(|(typed, shown)| Part::Excluded(typed, shown)),
        1 => Just(Part::InTitle),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_text_means_something_and_reads_back(text in any_text()) {
        check_any(&text);
    }

    #[test]
    fn only_size_is_refused(text in any_text(), most in 0usize..40) {
        let limits = Limits {
            search_text: most, search_terms: most / 4, search_term: most / 2, ..Limits::default()
        };
        match SearchExpr::parse(&text, &limits) {
            Ok(expr) => prop_assert_eq!(expr, read(&text)),
            Err(error) => prop_assert!(matches!(error, Error::Limit(_)), "{}", error),
        }
    }

    #[test]
    fn a_text_means_what_its_parts_say(parts in prop::collection::vec(any_part(), 0..8)) {
        let (mut typed, mut words, mut required) = (Vec::new(), Vec::new(), Vec::new());
        let (mut excluded, mut title) = (Vec::new(), None);
        for part in &parts {
            match part {
                Part::Joined(terms) => {
                    let (written, shown): (Vec<_>, Vec<_>) = terms.iter().cloned().unzip();
                    typed.push(written.join(" OR "));
                    if shown.iter().all(|term| term.starts_with(|c: char| c.is_ascii_lowercase())) {
                        words.extend(shown);
                    } else {
                        required.push(format!("+{}", shown.join("|")));
                    }
                }
                Part::Excluded(written, shown) => {
                    typed.push(format!("-{written}"));
                    excluded.push(format!("-{shown}"));
                }
                Part::InTitle => {
                    typed.push("in:title".to_owned());
                    title = Some("in titles".to_owned());
                }
            }
        }
        let meaning: Vec<_> =
            words.into_iter().chain(required).chain(excluded).chain(title).collect();
        prop_assert_eq!(spelled(&read(&typed.join(" "))), meaning.join(" "));
    }
}

/// Runs on a stack of 512 KiB.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn ten_thousand_hostile_texts_fit_a_small_stack() {
    on_a_small_stack(|| {
        let entropy = SeededEntropy::new(3);
        let random = move |below: usize| {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            u32::from_le_bytes(bytes) as usize % below
        };
        for _ in 0..10_000 {
            // One to four pieces, again and again, up to 1,024 bytes; the last one cut short.
            let pieces: Vec<_> = (0..=random(4)).map(|_| PIECES[random(PIECES.len())]).collect();
            let round = pieces.concat();
            let mut text = round.repeat((1 << random(11)) / round.len() + 1);
            while text.len() > 1_024 {
                text.pop();
            }
            check_any(&text);
        }
    });
}

#[test]
fn a_megabyte_of_each_trap_is_read_in_one_pass() {
    on_a_small_stack(|| {
        // A reader that looked through the rest for each of these would not come back for hours.
        for trap in [
            "(",
            "\"",
            "-\"",
            "“",
            "\"“",
            "“ \"",
            "OR ",
            "\"a\" OR ",
            "-",
            "- ",
            "--",
            "*",
            "a*",
            "\\",
            "author:\"",
            "author:\"\\",
            "author:\"\\\" ",
            "label:\"\\\"",
            "label:\"a b\" ",
            "label:\"\\\"a b ",
            "x:\"\\\" ",
            ":",
            "a:",
            "label:",
            "NOT ",
            "a -",
            "e\u{301}",
            "\u{301}",
            "in:title ",
            " ",
            "a ",
        ] {
            let text = trap.repeat(1_000_000 / trap.len());
            let expr = read(&text);
            assert!(expr.words.len() <= text.len());
            read(&format!("{text}\""));
        }
    });
}
