//! Exit codes, and where errors go.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::Place;

#[test]
fn bad_input_ends_with_2() {
    let place = Place::garden();
    place.ok("--as ana post garden help --title T --body B --key t:1");
    for (arguments, kind) in [
        ("nonsense", "invalid"),
        ("feed garden --sort best", "invalid"),
        ("feed garden --window 5", "invalid"),
        ("feed garden --window 7d --sort new", "invalid"),
        ("feed garden --label 'a and'", "invalid"),
        ("feed garden --after junk", "invalid"),
        ("feed garden --limit 0", "invalid"),
        ("feed garden --limit 1000000", "limit"),
        ("feed Garden", "invalid"),
        ("topic t:1 --order worst", "invalid"),
        ("topic t:1 --after junk", "invalid"),
        ("--now tomorrow feed garden", "invalid"),
        ("--as ana --system feed garden", "invalid"),
        ("init garden", "conflict"),
        ("init other --policy open", "invalid"),
        ("channel add garden help", "conflict"),
        ("--as ana post garden help --title T --body B --key t:1", "conflict"),
        ("--as ana post garden help --title '' --body B", "invalid"),
        ("--as ana post garden help --title T --body '  '", "invalid"),
        ("--as ana post garden help --title T --body B --kind riddle", "invalid"),
        ("--as ana post garden help --title T --body B --label none", "invalid"),
        ("--as ana post garden help --title T --body B --kind poll", "invalid"),
        ("--as ana edit t:1", "invalid"),
        ("--as ed react t:1 sparkle", "invalid"),
        ("--as ana react t:1 up", "invalid"),
        ("--as ana accept t:1", "invalid"),
        ("policy explain garden fly", "invalid"),
        ("policy set garden reply 'everyone and'", "invalid"),
        ("member sync zoe --name Zoe --attr country", "invalid"),
        ("import jsonl missing.jsonl --community garden", "invalid"),
        ("import stack-exchange missing --community garden", "invalid"),
        ("restore missing.db", "invalid"),
        ("--as ana backup copy.db", "invalid"),
        ("--data nowhere feed garden", "invalid"),
    ] {
        let (code, found, message) = place.refused(arguments);
        assert_eq!((code, found.as_str()), (2, kind), "{arguments}: {message}");
        assert!(!message.is_empty() && !message.starts_with("error"), "{arguments}: {message}");
    }
    assert!(!place.path("nowhere").exists(), "a typing error creates nothing");
    let long = "x".repeat(200_000);
    let run = place.run_with("--json --as ana reply t:1 --body -", &long);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("a body exceeds the limit of 131072 bytes"), "{}", run.err);
}

#[test]
fn what_is_denied_or_not_there_ends_with_3() {
    let place = Place::garden();
    place.ok("--as ana post garden help --title T --body B --key t:1 --kind question");
    place.ok("--as ed reply t:1 --body A --key a:1");
    for (arguments, kind) in [
        ("feed nothing", "not_found"),
        ("feed garden --channel nothing", "not_found"),
        ("topic nothing", "not_found"),
        ("topic t:1 --root nothing", "not_found"),
        ("topic t:1 --community nothing", "not_found"),
        ("member show garden nobody", "not_found"),
        ("--as nobody feed garden", "not_found"),
        ("reply t:1 --body B", "denied"),
        ("post garden help --title T --body B", "denied"),
        ("--as ed accept a:1", "denied"),
        ("--as ana official a:1", "denied"),
        ("--as ana correct a:1 --body C", "denied"),
        ("--as ana edit a:1 --body C", "denied"),
        ("--as ana moderate lock t:1", "denied"),
        ("--as ana member role garden ana manager", "denied"),
        ("--as ana member sync eve --name Eve", "denied"),
        ("--as ana channel add garden mine", "denied"),
        ("--as ana label add garden mine", "denied"),
        ("--as ana policy show garden", "denied"),
        ("--as ana policy set garden view nobody", "denied"),
        ("--as ana init mine", "denied"),
        ("--as ana events", "denied"),
        ("--as ana export jsonl --community garden out.jsonl", "denied"),
    ] {
        let (code, found, message) = place.refused(arguments);
        assert_eq!((code, found.as_str()), (3, kind), "{arguments}: {message}");
    }
    assert!(!place.path("out.jsonl").exists());
}

#[test]
fn a_store_that_does_not_open_ends_with_4() {
    let place = Place::garden();
    let engine = community::open(place.path("data")).unwrap();
    let (code, kind, message) = place.refused("feed garden");
    assert_eq!((code, kind.as_str()), (4, "store"));
    assert!(message.ends_with("the store is in use by another process"), "{message}");
    drop(engine);
    place.ok("feed garden");

    std::fs::create_dir(place.path("broken")).unwrap();
    place.write("broken/community.db", &"no database at all, ".repeat(100));
    let (code, kind, _) = place.refused("--data broken feed garden");
    assert_eq!((code, kind.as_str()), (4, "store"));
}

#[test]
fn what_is_hidden_is_reported_like_what_does_not_exist() {
    let place = Place::garden();
    place.ok("init club --name Club --policy members-only");
    place.ok("--as ed post garden office --title Secret --body Hush --key hidden:1");
    place.ok("--as ed reply hidden:1 --body More --key hidden:2");
    place.ok("label add garden secret --audience 'role(employee)'");
    for who in ["", "--as ana "] {
        for (arguments, hidden, absent) in [
            ("feed {}", "club", "club9"),
            ("channel list {}", "club", "club9"),
            ("label list {}", "club", "club9"),
            ("member list {}", "club", "club9"),
            ("policy explain {} view", "club", "club9"),
            ("topic hidden:1 --community {}", "club", "club9"),
            ("member leave {}", "club", "club9"),
            ("post {} help --title T --body B", "club", "club9"),
            ("feed garden --channel {}", "office", "office9"),
            ("feed garden --label {}", "secret", "secret9"),
            ("post garden {} --title T --body B", "office", "office9"),
            ("policy explain garden view --channel {}", "office", "office9"),
            ("topic {}", "hidden:1", "absent:1"),
            ("history {}", "hidden:1", "absent:1"),
            ("reply {} --body B", "hidden:2", "absent:2"),
            ("react {} up", "hidden:2", "absent:2"),
            ("accept {}", "hidden:2", "absent:2"),
            ("edit {} --body B", "hidden:2", "absent:2"),
            ("withdraw {}", "hidden:1", "absent:1"),
            ("--as ana moderate remove {}", "hidden:1", "absent:1"),
            ("--as ana moderate move {} help", "hidden:1", "absent:1"),
            ("policy explain garden reply --topic {}", "hidden:1", "absent:1"),
            ("feed garden --author {}", "ed", "nobody"),
            ("--as ana member role garden {} manager", "ed", "nobody"),
            ("--as ana member level garden {} 3", "ed", "nobody"),
            ("--as ana member add garden {}", "ed", "nobody"),
            ("--as ana member sanction garden {} silence --lift", "ed", "nobody"),
        ] {
            let who = if arguments.starts_with("--as") { "" } else { who };
            for json in ["", "--json "] {
                let run =
                    |name| place.run(&format!("{json}{who}{}", arguments.replace("{}", name)));
                let (hidden, absent) = (run(hidden), run(absent));
                assert_eq!(hidden, absent, "{who}{arguments}");
            }
        }
    }
}

#[test]
fn errors_go_to_standard_error_as_text_or_as_an_object() {
    let place = Place::garden();
    let text = place.run("topic nothing");
    assert_eq!((text.code, text.out.as_str()), (3, ""));
    assert_eq!(text.err, "error: there is no such topic or post\n");
    let object = place.run("topic nothing --json");
    let expected = r#"{"error":{"kind":"not_found","message":"there is no such topic or post"}}"#;
    assert_eq!((object.code, object.err.trim_end()), (3, expected));
    let usage = place.run("feed --colour");
    assert_eq!(usage.code, 2);
    assert!(usage.err.starts_with("error: unexpected argument '--colour'"), "{}", usage.err);
    assert!(usage.err.contains("Usage: community feed"), "{}", usage.err);
    let help = place.run("--help");
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("act as the system"), "{}", help.out);
}

#[test]
fn a_text_cannot_move_the_cursor_of_the_terminal() {
    let place = Place::garden();
    place
        .run_with("--as ana post garden help --title T --key t:1 --body -", "a\u{1b}[2Jb\nc")
        .done("");
    let shown = place.ok("topic t:1");
    assert!(shown.contains("a\u{FFFD}[2Jb\nc"), "{shown:?}");
    assert_eq!(place.json("topic t:1")["posts"][0]["body"], "a\u{1b}[2Jb\nc");
}
