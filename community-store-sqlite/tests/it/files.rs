//! What a store keeps, and what happens to its files.

use crate::common::*;
use community_core::change::Seq;
use community_core::store::{EventLog, Reader};
use community_core::{Sort, StoreError};
use community_store_sqlite::{Options, ReadOn, SqliteStore};
use pollster::block_on;

#[test]
fn what_is_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let (topic, reply) = {
        let store = open(dir.path());
        commit(&store, home.found());
        let (topic, opening) = home.started(&store, &home.garden, &["leek", "spring"]);
        let reply = home.post(topic.id, Some(&opening), home.mint.now());
        commit(&store, home.reply(&reply));
        (topic, reply)
    };
    let store = open(dir.path());
    let scope = system();
    let found = block_on(store.topics(&[topic.id], &scope)).unwrap().remove(0).unwrap();
    let found = scope.admit(found).unwrap();
    assert_eq!(found.topic.labels, topic.labels);
    assert_eq!(found.topic.counters.posts, 2);
    assert_eq!(found.topic.counters.active_at, reply.created_at);
    for sort in [Sort::New, Sort::Active, Sort::Hot, Sort::Top, Sort::Views, Sort::Oldest] {
        let request = community_core::query::FeedRequest { sort, ..home.feed() };
        assert_eq!(ids(&store, &request), [topic.id], "{sort}");
    }
    assert_eq!(block_on(store.head()).unwrap(), Seq(3));
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_directory_belongs_to_one_handle_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let second = SqliteStore::open(dir.path(), Options::default());
    assert!(matches!(second, Err(StoreError::InUse)));
    drop(store);
    open(dir.path());
}

#[test]
fn reads_give_the_same_on_threads_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let options = Options { read_on: ReadOn::Threads, readers: 2, ..Options::default() };
    let store = SqliteStore::open(dir.path(), options).unwrap();
    commit(&store, home.found());
    let (topic, _) = home.started(&store, &home.kitchen, &[]);
    assert_eq!(ids(&store, &home.feed()), [topic.id]);
}
