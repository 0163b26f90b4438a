//! Verification: nothing is found in what the program wrote, and something in what was tampered
//! with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::Place;
use serde_json::Value;

fn talked() -> Place {
    let place = Place::garden();
    place.ok("--as ana post garden help --title T --body B --kind question --key q:1");
    place.ok("--as ed reply q:1 --body A --key a:1");
    place.ok("--as ed reply q:1 --body A2 --key a:2");
    place.ok("--as ana react a:1 up");
    place.ok("--as ana accept a:1");
    place.ok("--as ed correct q:1 --body C");
    place.ok("--as ana post garden help --title U --body B --key t:1");
    place.ok("moderate remove t:1");
    place
}

fn tamper(place: &Place, sql: &str) {
    let file = rusqlite::Connection::open(place.path("data/community.db")).unwrap();
    file.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(file.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn nothing_is_found_in_what_was_written_through_the_engine() {
    let place = talked();
    let report = place.json("verify");
    assert_eq!(report["findings"], serde_json::json!([]));
    assert!(report["checks"].as_u64().unwrap() > 20, "{report}");
    assert!(place.ok("verify").ends_with("0 findings\n"));
}

#[test]
fn what_does_not_follow_from_the_rows_is_found_and_ends_with_1() {
    for sql in [
        "UPDATE topics SET answers = answers + 1 WHERE answers > 0",
        "UPDATE posts SET ups = 7 WHERE ups = 1",
        "UPDATE topics SET accepted = 0 WHERE accepted > 0",
        "UPDATE topics SET active_at = active_at + 1",
        "UPDATE topics SET corrections = 0 WHERE corrections > 0",
        "UPDATE topics SET replies = replies + 1 WHERE replies = 2",
        "UPDATE posts SET best_key = 1 WHERE ups = 1",
        "UPDATE posts SET shown = 0 WHERE parent IS NOT NULL",
        "UPDATE listing_entries SET key = key + 1 WHERE sort = 2",
        "DELETE FROM items WHERE post IS NOT NULL",
    ] {
        let place = talked();
        tamper(&place, sql);
        let run = place.run("--json verify");
        assert_eq!((run.code, run.err.as_str()), (1, ""), "{sql}");
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let finding = &report["findings"][0];
        for field in ["rule", "subject", "expected", "found"] {
            assert!(!finding[field].as_str().unwrap().is_empty(), "{sql}: {finding}");
        }
        assert_eq!(place.run("verify").code, 1);
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_found_in_the_file() {
    let place = talked();
    tamper(
        &place,
        "INSERT INTO revisions (post, number, at, body) VALUES (zeroblob(16), 1, 0, 'lost')",
    );
    let run = place.run("--json verify");
    assert_eq!(run.code, 1);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let finding = report["findings"].as_array().unwrap().last().unwrap();
    assert_eq!(finding["rule"], "file");
    let found = "a row of `revisions` refers to a row of `posts` that is not there";
    assert_eq!(finding["found"], found);
}
