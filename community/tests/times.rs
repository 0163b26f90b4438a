//! Whoever gives a time that stores do not keep is told so, and the data stays readable.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use community::record::Record;
use community::{
    Audience, Engine, Error, NewCommunity, NewPin, NewSanction, PinPlace, Policy, Result,
    SanctionKind, Slug, Timestamp,
};
use pollster::block_on;
use serde_json::{Value, json};

/// Before and after the years that stores keep, and finer than they keep it.
const BAD: [&str; 3] =
    ["1969-12-31T23:59:59.999999Z", "2200-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"];

const GOOD: &str = "2026-01-02T00:00:00Z";

fn garden() -> Slug {
    "garden".parse().unwrap()
}

fn import(engine: &Engine, key: &Slug, records: &[Value]) -> Result<()> {
    let records: Vec<Record> =
        records.iter().map(|record| serde_json::from_value(record.clone()).unwrap()).collect();
    block_on(engine.as_system().import(key, None, &records)).map(drop)
}

/// A question with an answer, by two members.
fn scene(engine: &Engine) {
    let records = [
        json!({"type": "topic", "key": "topic:1", "channel": "beans", "title": "Beans?",
            "body": "When?", "kind": "question", "author": "user:1", "created_at": GOOD}),
        json!({"type": "post", "key": "post:1", "topic": "topic:1", "body": "In May.",
            "author": "user:2", "created_at": GOOD, "revision": 3}),
        json!({"type": "topic", "key": "topic:2", "channel": "beans", "title": "Peas?",
            "body": "When?", "author": "user:1", "created_at": GOOD}),
    ];
    import(engine, &garden(), &records).unwrap();
}

/// One record for each place where a record holds a time.
fn records(at: &str) -> Vec<Value> {
    let topic = |more: Value| {
        let mut topic = json!({"type": "topic", "key": "topic:3", "channel": "beans",
            "title": "Leeks?", "body": "When?", "author": "user:1", "created_at": GOOD});
        topic.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        topic
    };
    let post = |more: Value| {
        let mut post = json!({"type": "post", "key": "post:2", "topic": "topic:1",
            "body": "In June.", "author": "user:2", "created_at": GOOD});
        post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post
    };
    let pin = |since: &str, until: &str| {
        topic(json!({"pin": {"place": "channel", "position": 0, "audience": "everyone",
            "since": since, "until": until}}))
    };
    let sanction = |since: &str, until: &str| {
        json!({"type": "membership", "member": "user:2", "sanctions": [
            {"kind": "silence", "since": since, "until": until}]})
    };
    let correction = |at: &str, withdrawn_at: Option<&str>| {
        json!({"type": "correction", "post": "post:1", "author": "user:1", "revision": 1,
            "body": "In June.", "at": at, "withdrawn_at": withdrawn_at})
    };
    let mut records = vec![
        json!({"type": "member", "key": "user:3", "created_at": at}),
        json!({"type": "channel", "key": "peas", "name": "Peas", "created_at": at}),
        json!({"type": "membership", "member": "user:1", "joined_at": at}),
        sanction(at, GOOD),
        sanction(GOOD, at),
        topic(json!({"created_at": at})),
        topic(json!({"bumped_at": at})),
        topic(json!({"edited_at": at, "revision": 2})),
        pin(at, GOOD),
        pin(GOOD, at),
        post(json!({"created_at": at})),
        post(json!({"edited_at": at, "revision": 2})),
        json!({"type": "revision", "post": "post:1", "number": 1, "body": "?", "at": at}),
        json!({"type": "reaction", "post": "post:1", "member": "user:1", "slot": "vote",
            "key": "up", "at": at}),
        correction(at, None),
        correction(GOOD, Some(at)),
        json!({"type": "link", "from": "topic:1", "to": "topic:2", "kind": "related", "at": at}),
    ];
    for mark in ["accepted", "official"] {
        // On an answer that is there, and on a new one.
        let mut known = post(json!({"key": "post:1", "body": "In May.", "revision": 3}));
        known.as_object_mut().unwrap().insert(mark.into(), json!({"at": at}));
        records.push(known);
        records.push(post(json!({ mark: {"at": at} })));
    }
    records
}

#[test]
fn a_record_with_a_time_that_cannot_be_kept_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let engine = community::open(dir.path()).unwrap();
    scene(&engine);
    let head = || block_on(engine.store().head()).unwrap();
    let before = head();
    let harmless = json!({"type": "member", "key": "user:9"});
    for at in BAD {
        for record in records(at) {
            let refused = import(&engine, &garden(), &[harmless.clone(), record.clone()]);
            match refused {
                Err(Error::Record { number: 2, source })
                    if matches!(*source, Error::Invalid(_)) => {}
                other => panic!("{record}: {other:?}"),
            }
        }
    }
    for day in [-1, 84_006, i32::MAX] {
        let views = json!({"type": "views", "topic": "topic:1", "day": day, "views": 1});
        let refused = import(&engine, &garden(), &[harmless.clone(), views]);
        assert!(matches!(refused, Err(Error::Record { number: 2, .. })), "{day}: {refused:?}");
    }
    assert_eq!(head(), before);
    // The same records with a time that can be kept are taken.
    for record in records(GOOD) {
        import(&engine, &garden(), &[record]).unwrap();
    }
    let last = json!({"type": "views", "topic": "topic:1", "day": 84_005, "views": 1});
    import(&engine, &garden(), &[last]).unwrap();
    is_readable(&dir, engine);
}

#[test]
fn a_community_that_is_brought_in_is_not_as_old_as_a_time_that_cannot_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let engine = community::open(dir.path()).unwrap();
    for at in BAD {
        let community = json!({"type": "community", "key": "garden", "name": "Garden",
            "policy": {}, "created_at": at});
        let refused = import(&engine, &garden(), &[community]);
        assert!(matches!(refused, Err(Error::Record { number: 1, .. })), "{refused:?}");
        let member = json!({"type": "member", "key": "user:3", "created_at": at});
        let refused = import(&engine, &"shed".parse().unwrap(), &[member]);
        assert!(matches!(refused, Err(Error::Record { number: 1, .. })), "{refused:?}");
    }
    is_readable(&dir, engine);
}

#[test]
fn a_command_with_a_time_that_cannot_be_kept_is_invalid_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let engine = community::open(dir.path()).unwrap();
    scene(&engine);
    let host = engine.as_system();
    let head = || block_on(engine.store().head()).unwrap();
    let before = head();
    let is_refused = |outcome: Result<()>| {
        assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    };
    let key = |text: &str| text.parse().unwrap();
    let member = block_on(engine.member_by_key(&key("user:2"))).unwrap().viewer();
    let member = member.member().unwrap();
    let topic = block_on(host.topic_by_key(&garden(), &key("topic:1"))).unwrap().topic.id;
    for at in BAD {
        let at: Timestamp = at.parse().unwrap();
        let new = NewCommunity {
            created_at: Some(at),
            ..NewCommunity::new("shed".parse().unwrap(), "Shed".parse().unwrap(), Policy::public())
        };
        is_refused(block_on(host.create_community(new)).map(drop));
        let pin = NewPin {
            place: PinPlace::Channel,
            position: 0,
            audience: Audience::Everyone,
            until: Some(at),
        };
        is_refused(block_on(host.set_pin(topic, Some(pin))));
        let sanction = NewSanction {
            kind: SanctionKind::Silence,
            channel: None,
            until: Some(at),
            reason: String::new(),
        };
        is_refused(block_on(host.sanction(&garden(), member, sanction)));
    }
    assert_eq!(head(), before);
    drop(host);
    is_readable(&dir, engine);
}

/// Everything is there and can be read after opening again.
fn is_readable(dir: &tempfile::TempDir, engine: Engine) {
    drop(engine);
    let engine = community::open(dir.path()).unwrap();
    let report = block_on(community_testkit::verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    block_on(engine.as_system().communities()).unwrap();
}
