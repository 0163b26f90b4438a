//! An import changes what is there already, several things in one batch.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a panic is how a test fails, and a test is written once"
)]

use std::sync::Arc;

use community::memory::MemoryStore;
use community::record::Record;
use community::{Engine, Error, FeedQuery, Imported, Key, Result, Slug, Sort, State, Window};
use community_testkit::FaultyStore;
use pollster::block_on;
use serde_json::{Value, json};

struct Home {
    engine: Engine,
    key: Slug,
}

impl Home {
    /// A question, two answers a day apart, and a reply to the second one.
    fn new() -> Self {
        let home = Self { engine: community::in_memory(), key: "garden".parse().unwrap() };
        let records = [
            topic_record(json!({})),
            post(1, json!({})),
            post(2, json!({})),
            post(3, json!({"parent": "post:2"})),
        ];
        assert_eq!(home.import(&records).changed, 4);
        home
    }

    fn import(&self, records: &[Value]) -> Imported {
        let done = import(&self.engine, &self.key, records).unwrap();
        // What was imported is there: the same again changes nothing.
        let again = import(&self.engine, &self.key, records).unwrap();
        assert_eq!(again.changed, 0);
        self.assert_clean();
        done
    }

    fn assert_clean(&self) {
        let report = block_on(community_testkit::verify(self.engine.store())).unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
    }

    fn topic(&self) -> community::Topic {
        let key: Key = "topic:1".parse().unwrap();
        let row = block_on(self.engine.as_system().topic_by_key(&self.key, &key)).unwrap();
        row.into_inner().topic
    }

    fn post(&self, number: u32) -> community::store::PostView {
        let key: Key = format!("post:{number}").parse().unwrap();
        block_on(self.engine.as_system().post_by_key(&self.key, &key)).unwrap().into_inner()
    }
}

fn import(engine: &Engine, key: &Slug, records: &[Value]) -> Result<Imported> {
    let records: Vec<Record> =
        records.iter().map(|record| serde_json::from_value(record.clone()).unwrap()).collect();
    block_on(engine.as_system().import(key, None, &records))
}

/// Imports records, with another import just before each of the store's calls in turn.
fn meanwhile(there: &[Value], records: &[Value], others: &[Value], check: impl Fn(&Home)) {
    for call in 1.. {
        let store = Arc::new(FaultyStore::new(MemoryStore::new()));
        let home = Home { engine: Engine::new(store.clone()), key: "garden".parse().unwrap() };
        home.import(there);
        let (engine, key, others) = (home.engine.clone(), home.key.clone(), others.to_vec());
        store.interrupt(call, move || {
            import(&engine, &key, &others).unwrap();
        });
        import(&home.engine, &home.key, records).unwrap();
        if store.is_pending() {
            assert!(call > 5, "an import reads several times before it commits");
            return;
        }
        home.assert_clean();
        check(&home);
    }
}

fn with(mut record: Value, more: Value) -> Value {
    let Value::Object(more) = more else { return record };
    record.as_object_mut().unwrap().extend(more);
    record
}

fn topic_record(more: Value) -> Value {
    let topic = json!({
        "type": "topic", "key": "topic:1", "channel": "beans", "title": "Beans?", "body": "When?",
        "kind": "question", "author": "user:1", "created_at": "2024-01-01T00:00:00Z"
    });
    with(topic, more)
}

fn post(number: u32, more: Value) -> Value {
    let post = json!({
        "type": "post", "key": format!("post:{number}"), "topic": "topic:1",
        "body": format!("Answer {number}."), "author": format!("user:{number}"),
        "created_at": format!("2024-01-0{}T00:00:00Z", number + 1)
    });
    with(post, more)
}

fn day(day: u32) -> community::Timestamp {
    format!("2024-01-0{day}T00:00:00Z").parse().unwrap()
}

#[test]
fn everything_about_a_post_changes_at_once() {
    let home = Home::new();
    let accepted = json!({"by": "user:1", "at": "2024-01-05T00:00:00Z"});
    home.import(&[post(1, json!({"body": "In May.", "accepted": accepted, "state": "removed"}))]);
    let view = home.post(1);
    assert_eq!((view.body.as_str(), view.post.state), ("In May.", State::Removed));
    assert!(view.post.accepted.is_some());
    assert_eq!(home.topic().counters.accepted, 0);
    home.import(&[post(1, json!({"body": "In June."}))]);
    assert_eq!(home.post(1).post.accepted, None);
    assert_eq!(home.topic().counters.posts, 4);
}

#[test]
fn everything_about_a_topic_changes_at_once() {
    let home = Home::new();
    home.import(&[topic_record(json!({
        "title": "Broad beans?", "body": "In which month?", "labels": ["beans"], "locked": true,
        "state": "withdrawn", "channel": "vegetables", "status": "closed",
        "bumped_at": "2024-01-09T00:00:00Z"
    }))]);
    let topic = home.topic();
    assert_eq!((topic.title.as_str(), topic.state), ("Broad beans?", State::Withdrawn));
    assert_eq!(topic.counters.active_at, day(9));
    // The report of an activity is taken back: it is that of the last post again.
    home.import(&[topic_record(json!({"bumped_at": "2024-01-02T00:00:00Z"}))]);
    assert_eq!(home.topic().counters.active_at, day(4));
}

#[test]
fn the_last_activity_is_that_of_the_last_post_that_is_left() {
    let removed = || json!({"state": "removed"});
    let home = Home::new();
    assert_eq!(home.topic().counters.active_at, day(4));
    home.import(&[post(3, json!({"parent": "post:2", "state": "removed"})), post(2, removed())]);
    assert_eq!(home.topic().counters.active_at, day(2));

    // One that comes and one that goes, in either order.
    let home = Home::new();
    let gone = post(3, json!({"parent": "post:2", "state": "removed"}));
    home.import(&[post(4, json!({})), gone.clone()]);
    assert_eq!(home.topic().counters.active_at, day(5));
    let home = Home::new();
    home.import(&[gone, post(4, json!({"state": "removed"})), post(5, json!({}))]);
    assert_eq!(home.topic().counters.active_at, day(6));
    home.import(&[post(5, removed()), post(4, json!({}))]);
    assert_eq!(home.topic().counters.active_at, day(5));
}

#[test]
fn a_post_and_the_one_above_it_go_and_come_back_together() {
    let below = |state| post(3, json!({"parent": "post:2", "state": state}));
    for orders in [[2, 3], [3, 2]] {
        let home = Home::new();
        for state in ["removed", "published", "withdrawn"] {
            let all = orders.map(|number| match number {
                2 => post(2, json!({"state": state})),
                _ => below(state),
            });
            assert_eq!(home.import(&all).changed, 2);
            let shown = i64::from(state == "published");
            assert_eq!(home.topic().counters.posts, 2 + 2 * shown);
            assert_eq!(home.post(2).post.counters.children, shown);
        }
    }
}

/// An id of version 7 that begins with the first moment of 2024.
const OF_2024: &str = "018cc251-f400-7372-a567-0e02b2c3d479";
/// Another one.
const ALSO_OF_2024: &str = "018cc251-f400-7372-a567-0e02b2c3d480";

fn views(views: i64) -> Value {
    json!({"type": "views", "topic": "topic:1", "day": 19_000, "views": views})
}

fn correction(more: Value) -> Value {
    let correction = json!({
        "type": "correction", "post": "topic:1", "body": "In May.", "author": "user:2",
        "at": "2024-02-01T00:00:00Z"
    });
    with(correction, more)
}

#[test]
fn of_two_imports_of_one_thing_at_once_one_finds_what_the_other_wrote() {
    let places = [
        json!({"type": "channel", "key": "beans"}),
        json!({"type": "member", "key": "user:1"}),
        json!({"type": "member", "key": "user:2"}),
    ];
    let reply = json!({"created_at": "2024-01-01T00:00:00Z", "key": ALSO_OF_2024});
    let by_key = [topic_record(json!({})), post(2, json!({}))];
    let by_id = [
        topic_record(json!({"key": OF_2024, "opening": OF_2024})),
        post(2, with(reply, json!({"topic": OF_2024}))),
    ];
    for records in [by_key, by_id] {
        meanwhile(&places, &records, &records, |_| {});
        meanwhile(&[&places, &records[..1]].concat(), &records, &records, |_| {});
    }

    let topic = [topic_record(json!({})), json!({"type": "member", "key": "user:2"})];
    let seen = [views(10)];
    meanwhile(&topic, &seen, &seen, |home| assert_eq!(home.topic().counters.views, 10));
    let corrected = [correction(json!({}))];
    meanwhile(&topic, &corrected, &corrected, |_| {});
}

#[test]
fn two_topics_cannot_have_one_first_post() {
    let home = Home::new();
    let first = topic_record(json!({"key": "topic:2", "opening": OF_2024}));
    let second = topic_record(json!({"key": "topic:3", "opening": OF_2024}));
    let both = [first.clone(), second.clone()];
    assert!(matches!(import(&home.engine, &home.key, &both), Err(Error::Record { number: 2, .. })));
    home.import(&[first]);
    assert!(import(&home.engine, &home.key, &[second]).is_err());
    home.assert_clean();
}

#[test]
fn a_reply_and_the_removal_of_what_is_above_it_meet() {
    let above = |state| post(2, json!({"state": state}));
    let below = |number, parent| post(number, json!({"parent": parent}));
    let there = [topic_record(json!({})), above("published"), below(3, "post:2")];
    let gone = [post(3, json!({"parent": "post:2", "state": "removed"}))];
    let reply = [below(4, "post:3")];
    meanwhile(&there, &reply, &gone, |_| {});
    meanwhile(&there, &gone, &reply, |_| {});

    // What is removed is a placeholder while there is a reply to it.
    let there = [topic_record(json!({})), above("removed")];
    let (one, other) = ([below(3, "post:2")], [below(4, "post:2")]);
    meanwhile(&there, &one, &other, |_| {});
    let there = [&there[..], &one].concat();
    meanwhile(&there, &gone, &other, |_| {});
    meanwhile(&there, &other, &gone, |_| {});
}

#[test]
fn corrections_of_one_moment_are_told_apart_by_what_they_say() {
    let home = Home::new();
    let range = json!({"range": [0, 2]});
    let all = ["In May.", "In June."].map(|body| correction(json!({"body": body})));
    let all = [&all[..], &[correction(range.clone()), correction(range)]].concat();
    // The last one is the third once more.
    assert_eq!(home.import(&all).changed, 3);
    let opening = home.topic().opening;
    assert_eq!(block_on(home.engine.as_system().corrections(opening)).unwrap().len(), 3);

    // One that is written and taken back in one batch does not stand.
    let home = Home::new();
    let id = json!({"id": OF_2024});
    let taken_back = json!({"id": OF_2024, "withdrawn_at": "2024-02-02T00:00:00Z"});
    let both = [correction(id), correction(taken_back.clone())];
    assert_eq!(import(&home.engine, &home.key, &both).unwrap().changed, 2);
    home.assert_clean();
    let elsewhere = with(taken_back, json!({"post": "post:1"}));
    assert!(import(&home.engine, &home.key, &[correction(elsewhere)]).is_err());
}

#[test]
fn views_are_set_however_often_a_batch_says_so() {
    let home = Home::new();
    assert_eq!(home.import(&[views(10), views(10)]).changed, 1);
    assert_eq!(home.topic().counters.views, 10);
    import(&home.engine, &home.key, &[views(3), views(7)]).unwrap();
    assert_eq!(home.topic().counters.views, 7);
    home.import(&[topic_record(json!({"title": "Peas?"})), views(8)]);
    assert_eq!(home.topic().counters.views, 8);
}

#[test]
fn an_id_that_does_not_begin_with_the_time_of_its_item_is_a_key() {
    let random = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    let home = Home::new();
    let at = |key, created_at| topic_record(json!({"key": key, "created_at": created_at}));
    home.import(&[
        at(OF_2024, "2024-01-01T00:00:00.000999Z"),
        at(random, "2024-01-01T00:00:00Z"),
        at(ALSO_OF_2024, "2023-01-01T00:00:00Z"),
    ]);
    let host = home.engine.as_system();
    let find = |key: &str| {
        block_on(host.topic_by_key(&home.key, &key.parse().unwrap())).unwrap().into_inner().topic
    };
    assert_eq!(block_on(host.topic(OF_2024.parse().unwrap())).unwrap().topic.key, None);
    for key in [random, ALSO_OF_2024] {
        let topic = find(key);
        assert_eq!(topic.key.as_ref().map(Key::as_str), Some(key));
        assert_ne!(topic.id.to_string(), key);
    }
    for sort in [Sort::Top, Sort::Hot, Sort::Views] {
        let query = FeedQuery::community(home.key.clone()).sort(sort).window(Window::Days(7));
        assert!(block_on(host.feed(&query)).unwrap().items.is_empty());
    }
    let replies = [random, ALSO_OF_2024].map(|key| post(5, json!({"key": key, "topic": OF_2024})));
    let keys_of_topics = import(&home.engine, &home.key, &replies);
    assert!(keys_of_topics.is_err(), "topics and posts share their keys");
    let opening = topic_record(json!({"key": "topic:9", "opening": random}));
    assert!(import(&home.engine, &home.key, &[opening]).is_err());
}

#[test]
fn a_post_takes_as_many_corrections_as_the_limit_says_and_those_again() {
    let home = Home::new();
    let limit = community::Limits::default().corrections;
    let correction = |number: usize| {
        json!({
            "type": "correction", "post": "post:1", "author": "user:2", "revision": 1,
            "body": format!("Rather {number}."), "at": format!("2024-02-01T00:00:{number:02}Z")
        })
    };
    let all: Vec<Value> = (0..=limit).map(correction).collect();
    let records = |values: &[Value]| {
        values.iter().map(|v| serde_json::from_value(v.clone()).unwrap()).collect()
    };
    let refused = |values: &[Value]| {
        let records: Vec<Record> = records(values);
        let host = home.engine.as_system();
        let outcome = block_on(host.import(&home.key, None, &records));
        let Err(Error::Record { number, source }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(number, values.len());
        assert!(matches!(*source, Error::Limit(_)), "{source:?}");
    };
    // In one batch, and in a batch after those that fill the post.
    refused(&all);
    assert_eq!(home.import(&all[..limit]).changed, limit);
    refused(&all[limit..]);
    let mut withdrawn = correction(0);
    withdrawn["withdrawn_at"] = json!("2024-03-01T00:00:00Z");
    assert_eq!(home.import(&[withdrawn]).changed, 1);
    refused(&all[limit..]);
}

#[test]
fn a_kind_keeps_the_statuses_in_which_topics_may_stand() {
    let home = Home::new();
    let trip = |steps: &[(&str, &str)]| {
        let step = |(from, to): &(&str, &str)| json!({"from": from, "to": to, "by": "editor"});
        let transitions: Vec<Value> = steps.iter().map(step).collect();
        json!({"name": "trip", "answers": false, "initial": "planned", "transitions": transitions,
            "fields": []})
    };
    let community = |kinds: Value| {
        json!({"type": "community", "key": "garden", "name": "Garden", "kinds": kinds,
            "policy": community::Policy::public()})
    };
    let all = trip(&[("planned", "made"), ("planned", "off")]);
    home.import(&[community(json!([all]))]);
    home.import(&[topic_record(json!({"key": "topic:2", "kind": "trip", "status": "off"}))]);

    // Kinds that an import does not name stay, and so do statuses.
    home.import(&[community(json!([]))]);
    let less = trip(&[("planned", "made")]);
    let refused = import(&home.engine, &home.key, &[community(json!([less]))]);
    assert!(refused.unwrap_err().to_string().contains("keeps its status `off`"));
    let host = home.engine.as_system();
    let less: community::Kind = serde_json::from_value(less).unwrap();
    let refused = block_on(host.define_kind(&home.key, less)).unwrap_err();
    assert!(refused.to_string().contains("keeps its status `off`"), "{refused}");

    let more = trip(&[("planned", "made"), ("made", "off")]);
    home.import(&[community(json!([more]))]);
}
