//! What to write next, and what suggestions save, on the command line.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{Place, each};

/// The garden, with a question that everybody reads and two for employees.
fn place() -> Place {
    let place = Place::garden();
    for (who, channel, key, title) in [
        ("ana", "help", "q:1", "How deep do I plant garlic?"),
        ("ed", "office", "q:2", "Planting garlic: how deep?"),
        ("ed", "office", "q:3", "How deep is garlic planted?"),
    ] {
        let post = format!("--as {who} post garden {channel} --kind question --title '{title}'");
        place.ok(&format!("{post} --body 'It was eaten.' --key {key}"));
    }
    place
}

#[test]
fn gaps_are_those_of_whoever_asks() {
    let place = place();
    let all = place.json("knowledge gaps garden");
    let mut keys = each(&all["gaps"][0]["questions"], "key");
    keys.sort_unstable();
    assert_eq!(keys, ["q:1", "q:2", "q:3"]);
    let seen = place.json("--as ana knowledge gaps garden");
    assert_eq!((&seen["questions"], &seen["gaps"]), (&1.into(), &serde_json::json!([])));
    assert_eq!(place.refused("knowledge gaps nowhere").0, 3);
    place.write("settings.json", r#"{"question": 1000}"#);
    let weighed = place.json("knowledge gaps garden --settings settings.json");
    assert_eq!(weighed["gaps"][0]["points"], 3060);
    assert!(place.ok("knowledge gaps garden").contains("q:2  Planting garlic: how deep?"));
    let since = place.json("knowledge gaps garden --since 2026-03-02T09:00:01Z");
    assert_eq!(since["questions"], 0);
}

#[test]
fn what_suggestions_save_is_for_those_who_manage() {
    let place = place();
    for (n, end) in [(1, "posted q:1"), (2, "abandoned"), (3, "posted q:1"), (4, "abandoned")] {
        let visit = format!("--visit 00000000-0000-7000-8000-00000000000{n} --draw autumn:5000");
        place.ok(&format!("--as ana knowledge step garden shown q:1 {visit}"));
        place.ok(&format!("--as ana knowledge step garden {end} {visit}"));
    }
    let report = place.json("knowledge deflection garden --by day");
    let count = |side: &str| report["total"][side]["visits"].as_u64().unwrap();
    assert_eq!((count("shown") + count("held_out"), &report["total"]["mixed"]), (4, &0.into()));
    assert_eq!(report["rows"][0]["period"], "2026-03-02");
    let (code, kind, _) = place.refused("--as ana knowledge deflection garden");
    assert_eq!((code, kind.as_str()), (3, "denied"));
    place.ok("member role garden ed manager");
    let seen = place.json("--as ed knowledge deflection garden --by day");
    assert_eq!(seen, report);
    assert!(place.ok("knowledge deflection garden").contains("AVOIDED"));
    let before = place.json("knowledge deflection garden --to 2026-03-02T09:00:00Z");
    assert_eq!(before["total"]["shown"]["visits"], 0);

    place.write("formula.json", r#"{"version": 2}"#);
    let (code, kind, message) = place.refused("knowledge deflection garden --formula formula.json");
    assert_eq!((code, kind.as_str()), (2, "invalid"));
    assert!(message.starts_with("formula.json: missing field"), "{message}");
    let assumed = r#"{"low": "0.2", "likely": "0.1", "high": "0.3", "source": "assumed"}"#;
    let formula = format!(
        r#"{{"version": 1, "currency": "EUR", "answered": {assumed}, "contact": {assumed}, "cost_per_contact": {assumed}}}"#
    );
    place.write("formula.json", &formula);
    let (code, _, message) = place.refused("knowledge deflection garden --formula formula.json");
    assert_eq!(code, 2);
    assert_eq!(message, "`answered` needs low <= likely <= high, within 0 to 1");
}

#[test]
fn what_changed_since_it_was_shown_is_not_confirmed() {
    let place = place();
    place.ok("--as ed reply q:1 --body 'Two inches.' --key a:1");
    place.ok("--system accept a:1");
    place.ok("knowledge draft q:1");
    place.ok("knowledge publish q:1");
    place.ok("--as ed edit a:1 --body 'Three inches.' --reason 'deeper'");
    let rev = |list: serde_json::Value| list["articles"][0]["rev"].as_u64().unwrap();
    let seen = rev(place.json("knowledge stale garden"));
    assert_eq!(rev(place.json("knowledge review garden --state stale")), seen);
    // Something else happens, and somebody else looks.
    place.ok("--system edit q:1 --title 'Garlic, how deep?' --reason 'shorter'");
    let news = rev(place.json("knowledge stale garden"));
    assert!(news > seen);
    let (_, kind, _) = place.refused(&format!("knowledge confirm q:1 --rev {seen}"));
    assert_eq!(kind, "conflict");
    // What happens behind a look is not settled by it.
    place.ok("--system accept a:1 --undo");
    place.ok(&format!("knowledge confirm q:1 --rev {news}"));
    let left = place.json("knowledge stale garden");
    let kinds = each(&left["articles"][0]["concerns"], "kind");
    assert_eq!(kinds, ["mark_lost"]);
}

#[test]
fn an_export_that_is_refused_leaves_the_file_alone() {
    let place = place();
    place.write("articles.jsonl", "of yesterday");
    assert_eq!(place.refused("knowledge export nowhere articles.jsonl").0, 3);
    assert_eq!(place.read("articles.jsonl"), "of yesterday");
    place.ok("knowledge export garden articles.jsonl");
    assert_eq!(place.read("articles.jsonl"), "");
}

#[test]
fn a_step_that_makes_no_sense_is_refused() {
    let place = place();
    for (arguments, code) in [
        ("opened", 2),
        ("posted q:1 q:1", 2),
        ("abandoned q:1", 2),
        ("shown q:1 --draw autumn", 2),
        ("shown q:1 --draw autumn:10001", 2),
        ("shown q:1 --visit 7", 2),
        ("laughed", 2),
        ("opened q:9", 3),
        // Not for ana's eyes, which is the same.
        ("opened q:2", 3),
    ] {
        let arguments = format!("--as ana knowledge step garden {arguments}");
        assert_eq!(place.refused(&arguments).0, code, "{arguments}");
    }
    assert_eq!(place.json("knowledge deflection garden")["total"]["shown"]["visits"], 0);
}

#[test]
fn an_article_of_ones_own_is_written_edited_and_found() {
    let place = place();
    let words = |text: &str| {
        format!(
            r#"{{"title": "Garlic", "sections": [{{"kind": "resolution", "blocks": [{{"text": "{text}"}}]}}]}}"#
        )
    };
    place.write("one.json", &words("Two inches deep."));
    place.write("two.json", &words("Three inches deep in sand."));
    let id = place.json("knowledge write garden help one.json")["id"].clone();
    let id = id.as_str().unwrap();
    let titles = |query: &str| {
        let found = place.json(&format!("knowledge search garden '{query}'"));
        let hits = found["hits"].as_array().unwrap().iter();
        hits.map(|hit| hit["article"]["title"].as_str().unwrap_or("topic").to_owned()).collect()
    };
    let nothing: Vec<String> = titles("inches");
    assert!(nothing.is_empty(), "a draft is found: {nothing:?}");
    place.ok(&format!("knowledge publish {id}"));
    let found: Vec<String> = titles("inches");
    assert_eq!(found, ["Garlic"]);
    let edit = format!("knowledge edit {id} two.json --base");
    place.ok(&format!("{edit} 1"));
    assert_eq!(place.refused(&format!("{edit} 1")).1, "conflict");
    let found: Vec<String> = titles("sand");
    assert!(found.is_empty());
    place.ok(&format!("knowledge publish {id}"));
    let found: Vec<String> = titles("sand kind:article");
    assert_eq!(found, ["Garlic"]);
    let outline = place.json("knowledge outline garden");
    assert_eq!(outline["articles"], 1);
    assert!(place.ok("knowledge suggest garden 'garlic in sand'").contains("Garlic (published"));
    assert_eq!(place.refused("--as ana knowledge write garden help one.json").1, "denied");
    assert_eq!(place.refused("knowledge search nowhere garlic").0, 3);
}
