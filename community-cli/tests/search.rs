//! What is found on the command line, one query or a file of them, and the index behind it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{Place, each};

/// Two topics about frost for everybody, and one in the office.
fn frosty() -> Place {
    let place = Place::garden();
    place.ok("--as ana post garden help --title 'Frost in May' --body 'Late frost.' --key t:1");
    place.ok("--as ana reply t:1 --body 'A fleece keeps frost off.' --key r:1");
    place.ok("--as ana post garden help --title 'Compost' --body 'No frost there.' --key t:2");
    place.ok("--as ed post garden office --title 'Frost budget' --body 'Frost.' --key o:1");
    place
}

#[test]
fn a_file_of_queries_gives_a_run_of_ranked_keys() {
    let place = frosty();
    place.write(
        "queries.jsonl",
        "{\"id\":\"q1\",\"text\":\"frost\"}\n\n{\"id\":\"q2\",\"text\":\"compost\",\"exclude\":[]}\n\
         {\"id\":\"q3\",\"text\":\"nothing-of-this-kind\"}\n",
    );
    let done = place.json("search garden --queries queries.jsonl --run run.txt --tag mine");
    assert_eq!((&done["queries"], &done["hits"]), (&3.into(), &3.into()));
    assert_eq!(
        place.read("run.txt"),
        "q1 Q0 t:1 1 2 mine\nq1 Q0 t:2 2 1 mine\nq2 Q0 t:2 1 1 mine\n",
        "what is in the office is not found by a visitor"
    );
    place.ok("--as ed search garden --queries queries.jsonl --run ed.txt --depth 1");
    assert_eq!(place.read("ed.txt"), "q1 Q0 o:1 1 1 community\nq2 Q0 t:2 1 1 community\n");
    place.ok("search garden --queries queries.jsonl --run posts.txt --per post");
    let posts = place.read("posts.txt");
    let mut keys: Vec<&str> =
        posts.lines().filter_map(|line| line.strip_prefix("q1 Q0 ")?.split(' ').next()).collect();
    keys.sort_unstable();
    assert_eq!(keys.len(), 3, "{posts}");
    assert!(keys.contains(&"r:1"), "{posts}");
}

#[test]
fn what_is_wrong_with_a_file_of_queries_is_said_with_its_line() {
    let place = frosty();
    place.write(
        "bad.jsonl",
        "{\"id\":\"q1\",\"text\":\"frost\"}\n{\"id\":\"q 2\",\"text\":\"frost\"}\n",
    );
    let (code, kind, message) = place.refused("search garden --queries bad.jsonl --run run.txt");
    assert_eq!((code, kind.as_str()), (2, "invalid"));
    assert!(message.contains("bad.jsonl, line 2"), "{message}");
    place.write("no.jsonl", "{\"id\":\"q1\"}\n");
    let (_, _, message) = place.refused("search garden --queries no.jsonl --run run.txt");
    assert!(message.contains("no.jsonl, line 1") && message.contains("text"), "{message}");
    let (_, kind, message) = place.refused("search garden --queries absent.jsonl --run run.txt");
    assert_eq!(kind, "invalid");
    assert!(message.contains("absent.jsonl"), "{message}");
}

#[test]
fn an_index_that_is_deleted_comes_back_and_can_be_built_anew() {
    let place = frosty();
    let status = place.json("index status");
    assert_eq!((&status["state"], &status["documents"]), (&"ready".into(), &4.into()));
    assert_eq!(status["lag"], 0);
    std::fs::remove_dir_all(place.path("data").join("search")).unwrap();
    let found = place.json("search garden fleece");
    assert_eq!(each(&found["hits"], "post_key"), ["r:1"]);
    let rebuilt = place.json("reindex");
    assert_eq!((&rebuilt["state"], &rebuilt["documents"]), (&"ready".into(), &4.into()));
    assert_eq!(rebuilt["seq"], status["seq"]);
    for command in ["index status", "reindex"] {
        let (code, kind, _) = place.refused(&format!("--as ana {command}"));
        assert_eq!((code, kind.as_str()), (3, "denied"), "{command}");
    }
}
