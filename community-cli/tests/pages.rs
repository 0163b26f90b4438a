//! Lists, page by page.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{Place, each};
use serde_json::Value;

/// All pages of a list, joined.
fn walk(place: &Place, arguments: &str, list: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = place.json(&format!("{arguments} {after}"));
        let found = page[list].as_array().unwrap();
        items.extend(found.iter().cloned());
        match &page["next"] {
            Value::Null => return items,
            Value::String(next) => after = format!("--after {next}"),
            next => after = format!("--after {next}"),
        }
        assert!(!found.is_empty(), "a page with a next one is not empty");
    }
}

fn keys(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["key"].as_str().unwrap()).collect()
}

/// A garden with eleven questions in `help`, one an hour, every second one labelled and answered;
/// and one in the office.
fn full() -> Place {
    let place = Place::garden();
    let mut lines = String::from("{\"type\":\"label\",\"key\":\"odd\"}\n");
    for n in 0..11 {
        let at = format!("2026-03-01T{n:02}:00:00Z");
        let labels = if n % 2 == 1 { r#","labels":["odd"]"# } else { "" };
        lines.push_str(&format!(
            r#"{{"type":"topic","key":"q:{n}","channel":"help","kind":"question","title":"Question {n}","body":"Why?","author":"ana","created_at":"{at}"{labels}}}"#
        ));
        lines.push('\n');
        if n % 2 == 1 {
            lines.push_str(&format!(
                r#"{{"type":"post","key":"a:{n}","topic":"q:{n}","body":"So.","author":"ed","created_at":"2026-03-02T01:{n:02}:00Z"}}"#
            ));
            lines.push('\n');
        }
    }
    place.run_with("import jsonl - --community garden", &lines).done("import");
    place.ok("--as ed post garden office --title Hidden --body Hush --key hidden");
    place
}

#[test]
fn a_feed_is_walked_to_its_end_in_every_order() {
    let place = full();
    for sort in ["new", "active", "hot", "top", "views", "oldest"] {
        let items = walk(&place, &format!("feed garden --sort {sort} --limit 3"), "items");
        let mut keys = keys(&items);
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 11, "{sort}");
        assert!(!keys.contains(&"hidden"), "{sort}");
    }
    let newest = walk(&place, "feed garden --sort new --limit 4", "items");
    let expected: Vec<String> = (0..11).rev().map(|n| format!("q:{n}")).collect();
    assert_eq!(keys(&newest), expected);
    let active = walk(&place, "feed garden --sort active --limit 4", "items");
    assert_eq!(keys(&active)[..5], ["q:9", "q:7", "q:5", "q:3", "q:1"]);
    let unanswered = walk(&place, "feed garden --sort unanswered --limit 4", "items");
    assert_eq!(keys(&unanswered), ["q:10", "q:8", "q:6", "q:4", "q:2", "q:0"]);
    assert_eq!(walk(&place, "feed garden --sort unsolved --limit 4", "items").len(), 11);
}

#[test]
fn a_feed_is_narrowed_by_channel_label_kind_author_and_age() {
    let place = full();
    for (filter, count) in [
        ("--channel help", 11),
        ("--label odd", 5),
        ("--label 'not odd'", 6),
        ("--kind question", 11),
        ("--kind idea", 0),
        ("--author ana", 11),
        ("--author ed", 0),
        ("--author nobody", 0),
        ("--sort top --window 7d", 11),
    ] {
        let found = walk(&place, &format!("feed garden --limit 2 {filter}"), "items");
        assert_eq!(found.len(), count, "{filter}");
    }
    let later = place.json("--now 2026-09-01T00:00:00Z feed garden --sort top --window 30d");
    assert_eq!(later["items"].as_array().unwrap().len(), 0);
    assert_eq!(walk(&place, "--as ed feed garden --author ed", "items").len(), 1);
    assert_eq!(walk(&place, "--as ed feed", "items").len(), 12, "all communities at once");
}

#[test]
fn a_cursor_belongs_to_its_feed() {
    let place = full();
    let page = place.json("feed garden --sort new --limit 3");
    let next = page["next"].as_str().unwrap();
    for other in ["--sort top", "--sort new --label odd", "--sort new --channel help"] {
        let (code, kind, _) = place.refused(&format!("feed garden {other} --after {next}"));
        assert_eq!((code, kind.as_str()), (2, "invalid"), "{other}");
    }
    let larger = place.json(&format!("feed garden --sort new --limit 8 --after {next}"));
    assert_eq!(larger["items"].as_array().unwrap().len(), 8, "of another size it may be");
}

#[test]
fn a_thread_is_walked_to_its_end_and_entered_in_the_middle() {
    let place = full();
    for n in 0..4 {
        place.ok(&format!("--as ed reply q:0 --body Answer --key top:{n}"));
        place.ok(&format!("--as ana reply top:{n} --body Comment --key below:{n}"));
    }
    place.ok("--as ana react top:2 up");
    place.ok("--as ana accept top:3");
    let best = walk(&place, "topic q:0 --limit 2", "posts");
    let expected = ["q:0", "top:3", "below:3", "top:2", "below:2"];
    assert_eq!(keys(&best)[..5], expected, "accepted, then the highest score");
    assert_eq!(best.len(), 9);
    assert_eq!(best[1]["accepted"], true);
    assert_eq!(best[1]["acceptance"]["by"], "ana");
    assert_eq!(best[2]["parent"], best[1]["id"]);
    let depths: Vec<_> = best.iter().map(|post| post["depth"].as_u64().unwrap()).collect();
    assert_eq!(depths, [0, 1, 2, 1, 2, 1, 2, 1, 2]);

    let flat = walk(&place, "topic q:0 --depth 1 --order oldest --limit 2", "posts");
    assert_eq!(flat.len(), 5);
    let branch = place.json("topic q:0 --root top:2");
    assert_eq!(each(&branch["posts"], "key"), ["top:2", "below:2"]);
    assert_eq!(each(&branch["path"], "key"), ["q:0"]);
    let link = place.json("topic below:2 --around below:2 --order oldest --limit 1");
    assert_eq!(each(&link["posts"], "key"), ["below:2"]);
    assert_eq!(each(&link["path"], "key"), ["q:0", "top:2"]);
}

#[test]
fn a_post_that_was_taken_away_leaves_its_place() {
    let place = full();
    place.ok("--as ed reply q:0 --body Answer --key top");
    place.ok("--as ana reply top --body Comment --key below");
    place.ok("moderate remove top");
    let posts = place.json("topic q:0")["posts"].clone();
    assert_eq!(posts[1]["removed"], true);
    assert_eq!(posts[1].as_object().unwrap().len(), 5, "{}", posts[1]);
    assert_eq!(posts[2]["key"], "below");
    assert!(place.ok("topic q:0").contains("[removed]"));
    assert_eq!(place.json("--system topic q:0")["posts"][1]["state"], "removed");
    place.ok("moderate remove top --undo");
    assert_eq!(place.json("topic q:0")["posts"][1]["key"], "top");
}

#[test]
fn members_versions_and_events_are_walked_to_their_end() {
    let place = full();
    for n in 0..5 {
        place.ok(&format!("member sync m{n} --name M{n}"));
        place.ok(&format!("member add garden m{n}"));
        place.ok(&format!("--as ana edit q:0 --body 'Why {n}?'"));
    }
    let members = walk(&place, "member list garden --limit 2", "members");
    assert_eq!(members.len(), 7);
    let versions = walk(&place, "history q:0 --limit 2", "revisions");
    let numbers: Vec<_> =
        versions.iter().map(|version| version["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let events = walk(&place, "events --limit 7", "events");
    let positions: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=positions.len() as u64).collect();
    assert_eq!(positions, expected);
    assert!(positions.len() > 40);
}
