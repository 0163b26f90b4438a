//! What each command does, seen through the others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{NOW, Place, each};

#[test]
fn a_question_is_asked_answered_voted_on_accepted_and_corrected() {
    let place = Place::garden();
    place.ok("label add garden frost --name Frost");
    place.ok("member role garden ed expert");
    let asked = place.json(
        "--as ana post garden help --title 'Frost in May?' --body 'Is it safe?' --kind question \
         --label frost --key q:1",
    );
    assert_eq!((&asked["created"], &asked["key"]), (&"topic".into(), &"q:1".into()));
    let answered = place.json("--as ed reply q:1 --body Yes.");
    let answer = answered["key"].as_str().unwrap();
    assert_eq!(answered["id"], answer, "without a key the id serves as one");
    place.ok("--as ana reply q:1 --body Thanks. --comment --key c:1");
    place.ok(&format!("--as ana react {answer} up"));
    place.ok(&format!("--as ana accept {answer} --reason 'it was'"));
    place.ok(&format!("--as ed official {answer}"));
    let correction = place.json("--as ed correct q:1 --body 'In June.' --from 0 --to 5");

    let topic = place.json("topic q:1");
    assert_eq!(each(&topic["posts"], "kind"), ["opening", "answer", "reply"]);
    assert_eq!(each(&topic["posts"], "key"), ["q:1", answer, "c:1"]);
    let post = &topic["posts"][1];
    assert_eq!(
        (&post["score"], &post["accepted"], &post["official"]),
        (&1.into(), &true.into(), &true.into())
    );
    assert_eq!(post["acceptance"]["reason"], "it was");
    assert_eq!(post["official_mark"]["by"], "ed");
    let beside = &topic["posts"][0]["corrections"][0];
    assert_eq!(beside["id"], correction["id"]);
    assert_eq!((&beside["author"], &beside["range"]), (&"ed".into(), &serde_json::json!([0, 5])));
    let card = place.json("feed garden")["items"][0].clone();
    assert_eq!(card["corrections"][0], *beside, "it travels with the topic");
    assert_eq!((&card["accepted"], &card["accepted_count"]), (&true.into(), &1.into()));
    assert_eq!((&card["answers"], &card["posts"]), (&1.into(), &3.into()));

    // And back again.
    place.ok(&format!("--as ana react {answer} none"));
    place.ok(&format!("--as ana accept {answer} --undo"));
    place.ok(&format!("--as ed official {answer} --undo"));
    let id = correction["id"].as_str().unwrap();
    place.ok(&format!("--as ed correct q:1 --undo {id}"));
    let topic = place.json("topic q:1");
    let post = &topic["posts"][1];
    assert_eq!(
        (&post["score"], &post["accepted"], &post["official"]),
        (&0.into(), &false.into(), &false.into())
    );
    assert_eq!(topic["posts"][0]["corrections"], serde_json::json!([]));
}

#[test]
fn a_text_comes_from_standard_input_and_keeps_its_history() {
    let place = Place::garden();
    place
        .run_with("--as ana post garden help --title T --key t:1 --body -", "one\ntwo\n")
        .done("post");
    place
        .run_with("--as ana edit t:1 --title U --reason why --body -", "one\nthree\n")
        .done("edit");
    let topic = place.json("topic t:1");
    assert_eq!(
        (&topic["topic"]["title"], &topic["posts"][0]["body"]),
        (&"U".into(), &"one\nthree\n".into())
    );
    let history = place.json("history t:1");
    assert_eq!(each(&history["revisions"], "title"), ["T", "U"]);
    assert_eq!(history["revisions"][1]["reason"], "why");
    assert_eq!(place.ok("history t:1 --from 1 --to 2"), "one\n[-two-]{+three+}\n");
    let (code, _, _) = place.refused("history t:1 --from 1 --to 9");
    assert_eq!(code, 3);
}

#[test]
fn what_moderators_do_is_seen_by_readers() {
    let place = Place::garden();
    place.ok("channel add garden talk");
    place.ok("--as ana post garden help --title T --body B --key t:1 --kind idea");
    let id = place.json("topic t:1")["topic"]["id"].clone();
    place.ok("member role garden ed moderator");

    place.ok("--as ed moderate move t:1 talk");
    let moved = place.json("topic t:1")["topic"].clone();
    assert_eq!((&moved["id"], &moved["channel"]), (&id, &"talk".into()), "its key and id stay");
    place.ok("--as ed moderate lock t:1");
    let (code, kind, message) = place.refused("--as ana reply t:1 --body B");
    assert_eq!((code, kind.as_str()), (3, "denied"));
    assert_eq!(message, "`reply` is denied: the topic is locked");
    place.ok("--as ed moderate lock t:1 --undo");
    place.ok("--as ana reply t:1 --body B");
    place.ok("--as ed moderate status t:1 in-review");
    assert_eq!(place.json("topic t:1")["topic"]["status"], "in-review");

    place.ok("--as ed moderate pin t:1 --place community --until 2026-03-03T00:00:00Z");
    assert_eq!(each(&place.json("feed garden")["pinned"], "key"), ["t:1"]);
    let later = place.json("--now 2026-03-03T00:00:00Z feed garden");
    assert_eq!(later["pinned"], serde_json::json!([]), "the pin has run out");
    place.ok("--as ed moderate pin t:1 --undo");
    assert_eq!(place.json("feed garden")["pinned"], serde_json::json!([]));

    place.ok("--as ed moderate remove t:1");
    assert_eq!(place.refused("topic t:1").0, 3);
    place.ok("--as ed moderate remove t:1 --undo");
    place.ok("--as ana withdraw t:1");
    assert_eq!(place.refused("topic t:1").0, 3);
    place.ok("--as ana withdraw t:1 --undo");
    place.ok("topic t:1");
}

#[test]
fn what_is_erased_is_gone_for_good() {
    let place = Place::garden();
    place
        .ok("--as ana post garden help --title Taps --body 'Which one?' --key t:1 --kind question");
    place.ok("--as ed reply t:1 --body 'I live at 4 Elm Street.' --key p:1");
    place.ok("--as ana reply p:1 --body 'Thank you.' --key p:2");
    place.ok("--as ed post garden help --title 'Elm Street' --body 'Who else?' --key t:2");

    place.ok("member role garden ana moderator");
    let (code, kind, _) = place.refused("--as ana erase post p:1");
    assert_eq!((code, kind.as_str()), (3, "denied"), "it is not a moderator's");
    place.ok("member role garden ana manager");
    for _ in 0..2 {
        assert_eq!(place.ok("--as ana erase post p:1"), "erase p:1\n");
    }
    let posts = place.json("--as ana topic t:1")["posts"].clone();
    assert_eq!((&posts[1]["body"], &posts[1]["state"]), (&"".into(), &"removed".into()));
    assert_eq!(posts[1]["erased_at"], NOW);
    assert_eq!(place.json("topic t:1")["posts"][1]["removed"], true, "its place is kept");
    let refused = place.refused("--as ana moderate remove p:1 --undo");
    assert_eq!(refused, (2, "erased".to_owned(), "the post was erased".to_owned()));

    for refused in ["--as ana erase member ed", "--as ana erase member nobody"] {
        assert_eq!(place.refused(refused).1, "denied", "who may not learns of no key");
    }
    let erased = place.json("erase member ed --posts");
    assert_eq!((&erased["communities"], &erased["posts"]), (&1.into(), &1.into()));
    assert_eq!(place.refused("erase member ed").1, "not_found");
    let left = format!("erased-{}", erased["member"].as_str().unwrap());
    let again = place.ok(&format!("erase member {left} --posts"));
    assert_eq!(again, format!("erase {left}: 0 communities, 0 posts\n"));
    let id = erased["member"].as_str().unwrap();
    let by_id = place.ok(&format!("erase member {id}"));
    assert_eq!(by_id, format!("erase {id}: 0 communities, 0 posts\n"));
    assert_eq!(each(&place.json("--system member list garden")["members"], "key"), ["ana"]);

    let lines = place.ok("export jsonl --community garden");
    assert!(!lines.contains("Elm") && lines.contains(&left), "{lines}");
    let copy = Place::new();
    copy.write("in.jsonl", &lines);
    copy.ok("import jsonl in.jsonl --community garden");
    assert_eq!(copy.ok("export jsonl --community garden"), lines);
    copy.ok("verify");
    place.ok("verify");
}

#[test]
fn rights_count_with_the_very_next_command() {
    let place = Place::garden();
    place.ok("--as ed post garden office --title T --body B --key t:1");
    assert_eq!(place.refused("--as ana topic t:1").0, 3);
    place.ok("member role garden ana employee --channel office");
    assert_eq!(place.json("--as ana topic t:1")["topic"]["key"], "t:1");
    let shown = place.json("--as ed member show garden ana");
    assert_eq!(shown["roles"], serde_json::json!([{"role": "employee", "channel": "office"}]));
    let outside = place.json("member show garden ana");
    assert_eq!(outside["roles"], serde_json::json!([]), "nobody learns of a hidden channel");
    place.ok("member role garden ana employee --channel office --revoke");
    assert_eq!(place.refused("--as ana topic t:1").0, 3);

    place.ok("--as ana post garden help --title T --body B --key t:2");
    place.ok("member sanction garden ana silence --reason 'too loud' --until 2026-03-09T00:00:00Z");
    let (code, _, message) = place.refused("--as ana reply t:2 --body B");
    assert_eq!(
        (code, message.as_str()),
        (3, "`reply` is denied: silenced until 2026-03-09T00:00:00+00:00")
    );
    place.ok("member sanction garden ana silence --lift");
    place.ok("--as ana reply t:2 --body B");
}

#[test]
fn policies_are_shown_set_and_explained() {
    let place = Place::garden();
    place.ok("policy set garden vote 'level >= 2'");
    let explained = place.json("--as ana policy explain garden vote");
    assert_eq!(
        (&explained["allowed"], &explained["clause"]["part"]),
        (&false.into(), &"level >= 2".into())
    );
    place.ok("member level garden ana 2");
    assert_eq!(place.json("--as ana policy explain garden vote")["allowed"], true);
    place.ok("policy set garden --channel help start:poll nobody");
    let shown = place.json("policy show garden --channel help");
    let poll = serde_json::json!({"audience": "nobody", "from": "channel help"});
    assert_eq!(shown["rules"]["start:poll"], poll);
    assert_eq!(shown["rules"]["vote"]["from"], "community");
    place.ok("policy unset garden --channel help start:poll");
    assert!(place.json("policy show garden --channel help")["rules"].get("start:poll").is_none());
    place.ok("policy preset garden members-only");
    assert_eq!(place.refused("feed garden").0, 3);
    place.ok("--as ana feed garden");
}

#[test]
fn each_preset_can_be_given_to_a_new_community() {
    let place = Place::garden();
    for (preset, seen) in [
        ("public", true),
        ("members-only", false),
        ("'closed:friends'", false),
        ("'intranet:country in [NL, BE]'", false),
        ("employees", false),
        ("own-topics", true),
    ] {
        let key = preset.trim_matches('\'').split(':').next().unwrap();
        place.ok(&format!("init c-{key} --policy {preset}"));
        place.ok("member sync ana --name Ana --attr country=FR");
        let seen_by_ana = place.run(&format!("--as ana feed c-{key}")).code == 0;
        assert_eq!(seen_by_ana, seen, "{preset}");
    }
    place.ok("member sync ana --name Ana --attr country=NL --list friends");
    place.ok("--as ana feed c-closed");
    place.ok("--as ana feed c-intranet");
}

#[test]
fn members_come_and_go() {
    let place = Place::garden();
    let members = |place: &Place| place.json("communities")["communities"][0]["members"].clone();
    assert_eq!(members(&place), 2);
    place.ok("--as ana member leave garden");
    assert_eq!(members(&place), 1);
    assert_eq!(place.refused("--as ana post garden help --title T --body B").0, 3);
    place.ok("member add garden ana");
    place.ok("--as ana post garden help --title T --body B");
    place.ok("member add garden ana --undo");
    place.ok("init small --capacity 1");
    place.ok("--as ana member join small");
    let (code, kind, message) = place.refused("--as ed member join small");
    assert_eq!((code, kind.as_str(), message.as_str()), (2, "conflict", "the community is full"));
}

#[test]
fn a_key_in_several_communities_has_to_be_said_where() {
    let place = Place::garden();
    place.ok("init allotment");
    place.ok("channel add allotment help");
    place.ok("--as ana member join allotment");
    for community in ["garden", "allotment"] {
        place.ok(&format!("--as ana post {community} help --title {community} --body B --key t:1"));
    }
    let (code, _, message) = place.refused("topic t:1");
    assert_eq!(code, 2);
    assert_eq!(
        message,
        "`t:1` is in several communities, `allotment`, `garden`: name one with --community"
    );
    let topic = place.json("topic t:1 --community allotment")["topic"].clone();
    assert_eq!((&topic["title"], &topic["community"]), (&"allotment".into(), &"allotment".into()));
    // Of two keys only the one that the viewer sees counts.
    place.ok("policy preset allotment members-only");
    assert_eq!(place.json("topic t:1")["topic"]["title"], "garden");
    // An id is in one community only.
    let id = topic["id"].as_str().unwrap();
    assert_eq!(place.json(&format!("--as ana topic {id}"))["topic"]["key"], "t:1");
}

#[test]
fn topics_are_linked() {
    let place = Place::garden();
    for key in ["t:1", "t:2"] {
        place.ok(&format!("--as ana post garden help --title T --body B --key {key}"));
    }
    place.ok("--as ana link t:1 t:2 --kind duplicate");
    let exported = place.ok("export jsonl --community garden");
    assert!(
        exported.contains(r#"{"type":"link","from":"t:1","to":"t:2","kind":"duplicate""#),
        "{exported}"
    );
    place.ok("--as ana link t:1 t:2 --kind duplicate --undo");
    assert!(!place.ok("export jsonl --community garden").contains(r#""type":"link""#));
}

#[test]
fn a_backup_is_restored_elsewhere() {
    let place = Place::garden();
    place.ok("--as ana post garden help --title T --body B --key t:1");
    place.ok("backup copy.db");
    assert_eq!(place.refused("backup copy.db").0, 2, "nothing is overwritten");
    assert_eq!(place.refused("restore copy.db").0, 2, "there is data already");
    place.ok("--data elsewhere restore copy.db");
    assert_eq!(place.ok("--data elsewhere feed garden"), place.ok("feed garden"));
}

#[test]
fn the_clock_can_be_set() {
    let place = Place::garden();
    place.ok("--now 2020-02-02T02:02:02Z --as ana post garden help --title T --body B --key t:1");
    assert_eq!(place.json("topic t:1")["topic"]["created_at"], "2020-02-02T02:02:02Z");
}
