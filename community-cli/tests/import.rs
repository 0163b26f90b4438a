//! Bringing content in and taking it out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use std::fs;

use common::{Place, each};
use serde_json::Value;

const MINIMAL: &str = r#"{"type":"topic","key":"t:1","channel":"new-channel","title":"One","body":"First."}
{"type":"topic","key":"t:2","channel":"new-channel","title":"Two","body":"Second."}
{"type":"post","key":"p:1","topic":"t:1","body":"A reply."}
"#;

#[test]
fn a_topic_needs_only_key_channel_title_and_body() {
    let place = Place::new();
    place.write("lines.jsonl", MINIMAL);
    let imported = place.json("import jsonl lines.jsonl --community fresh");
    assert_eq!(imported["community"], "fresh");
    let feed = place.json("feed fresh --sort new");
    assert_eq!(each(&feed["items"], "title"), ["Two", "One"]);
    for (field, expected) in [
        ("channel", "new-channel"),
        ("author", "importer"),
        ("kind", "discussion"),
        ("created_at", common::NOW),
    ] {
        assert_eq!(feed["items"][0][field], expected, "{field}");
    }
    let topic = place.json("topic t:1");
    assert_eq!(each(&topic["posts"], "key"), ["t:1", "p:1"]);
    assert_eq!(place.json("member list fresh")["members"], serde_json::json!([]));
}

#[test]
fn the_importing_member_writes_what_names_no_author() {
    let place = Place::garden();
    let run = place.run_with("--json --as ana import jsonl - --community garden", MINIMAL);
    let imported: Value = serde_json::from_str(&run.done("import")).unwrap();
    assert_eq!(imported["unchanged"], 0);
    let feed = place.json("feed garden");
    assert_eq!(each(&feed["items"], "author"), ["ana", "ana"]);
}

#[test]
fn a_second_import_changes_nothing() {
    let place = Place::new();
    place.write("lines.jsonl", MINIMAL);
    place.ok("import jsonl lines.jsonl --community fresh");
    let before = place.ok("export jsonl --community fresh");
    let again = place.json("--now 2027-01-01T00:00:00Z import jsonl lines.jsonl --community fresh");
    assert_eq!((&again["changed"], &again["unchanged"]), (&0.into(), &3.into()));
    assert_eq!(place.ok("export jsonl --community fresh"), before);
}

#[test]
fn the_export_of_an_import_of_an_export_is_the_same() {
    let place = Place::garden();
    place.ok("label add garden frost");
    place.ok("member role garden ed expert --channel help");
    place.ok("--as ana post garden help --title 'Ça gèle?' --body Q --kind question --label frost --key q:1");
    place.ok("--as ed reply q:1 --body A --key a:1");
    place.ok("--as ana reply a:1 --body 'no key'");
    place.ok("--as ana react a:1 up");
    place.ok("--as ana accept a:1");
    place.ok("--as ed correct a:1 --body C");
    place.ok("--as ed edit a:1 --body B");
    place.ok("moderate pin q:1");
    place.ok("--as ed post garden office --title S --body S");
    let first = place.json("export jsonl --community garden first.jsonl");
    assert_eq!(first["records"], place.read("first.jsonl").lines().count());
    place.ok("--data copy import jsonl first.jsonl --community garden");
    place.ok("--data copy export jsonl --community garden second.jsonl");
    assert_eq!(place.read("first.jsonl"), place.read("second.jsonl"));
    assert_eq!(place.ok("export jsonl --community garden"), place.read("first.jsonl"));
    assert_eq!(place.ok("export jsonl - --community garden"), place.read("first.jsonl"));
    assert_eq!(place.ok("--as ana topic q:1"), place.ok("--data copy --as ana topic q:1"));
}

#[test]
fn a_line_that_cannot_be_is_named_and_what_was_before_stays() {
    let place = Place::new();
    for (line, expected) in [
        (
            r#"{"type":"topic","key":"t:9","channel":"c","title":"T"}"#,
            "line 4: not a record: missing field `body`",
        ),
        (r#"{"type":"post","key":"p:9","topic":"t:99","body":"B"}"#, "record 4: "),
        ("nonsense", "line 4: not a record: "),
        (
            r#"{"type":"topic","key":"t:9","channel":"c","title":"T","body":" "}"#,
            "record 4: a body may not be empty",
        ),
    ] {
        place.write("lines.jsonl", &format!("{MINIMAL}{line}\n"));
        let (code, kind, message) =
            place.refused("import jsonl lines.jsonl --community fresh --batch 1");
        assert_eq!((code, kind.as_str()), (2, "invalid"), "{message}");
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(place.json("feed fresh")["items"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_source_that_is_not_there_creates_nothing() {
    let place = Place::new();
    assert_eq!(place.refused("import jsonl missing.jsonl --community fresh").0, 2);
    assert_eq!(place.refused("import stack-exchange missing --community fresh").0, 2);
    assert!(!place.path("data").exists());
}

#[test]
fn a_dump_is_imported_with_a_report() {
    let place = Place::new();
    let dump = place.path("dump");
    fs::create_dir(&dump).unwrap();
    let users = r#"<?xml version="1.0" encoding="utf-8"?>
<users>
  <row Id="4" Reputation="11" CreationDate="2018-03-12T14:00:00.000" DisplayName="Zoë" />
</users>"#;
    let posts = r#"<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="12" PostTypeId="1" AcceptedAnswerId="18" CreationDate="2018-03-12T15:00:00.000" Score="0" ViewCount="9" Body="&lt;p&gt;Why?&lt;/p&gt;" OwnerUserId="4" LastActivityDate="2018-03-13T15:00:00.000" Title="A question" Tags="&lt;gates&gt;" AnswerCount="1" CommentCount="0" />
  <row Id="18" PostTypeId="2" ParentId="12" CreationDate="2018-03-13T15:00:00.000" Score="0" Body="&lt;p&gt;So.&lt;/p&gt;" OwnerUserId="4" LastActivityDate="2018-03-13T15:00:00.000" CommentCount="0" />
</posts>"#;
    fs::write(dump.join("Users.xml"), users).unwrap();
    fs::write(dump.join("Posts.xml"), posts).unwrap();
    let imported = place.json("import stack-exchange dump --community qc");
    let report = &imported["report"];
    assert!(report["mapped"].as_object().unwrap().values().any(|count| *count == 1), "{report}");
    assert!(
        report["dropped"]
            .as_object()
            .unwrap()
            .keys()
            .any(|why| why.starts_with("Users.Reputation"))
    );
    let topic = place.json("topic question:12");
    assert_eq!(each(&topic["posts"], "key"), ["question:12", "answer:18"]);
    assert_eq!(topic["posts"][1]["accepted"], true);
    assert_eq!(
        (&topic["topic"]["views"], &topic["topic"]["author"]),
        (&9.into(), &"user:4".into())
    );
    let again = place.json("import stack-exchange dump --community qc");
    assert_eq!(again["changed"], 0);
    assert!(place.ok("import stack-exchange dump --community qc").contains("left out"));
}
