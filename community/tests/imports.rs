//! An import changes what is there already, several things in one batch.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a panic is how a test fails, and a test is written once"
)]

use community::record::Record;
use community::{Engine, Error, Imported, Key, Slug, State};
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
        let records: Vec<Record> =
            records.iter().map(|record| serde_json::from_value(record.clone()).unwrap()).collect();
        let host = self.engine.as_system();
        let done = block_on(host.import(&self.key, None, &records)).unwrap();
        // What was imported is there: the same again changes nothing.
        let again = block_on(host.import(&self.key, None, &records)).unwrap();
        assert_eq!(again.changed, 0);
        let report = block_on(community_testkit::verify(self.engine.store())).unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
        done
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
