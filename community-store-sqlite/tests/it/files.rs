//! What is on the disk, who may use it, and what is refused.

use std::fs;
use std::path::Path;

use community_core::change::Seq;
use community_core::query::FeedRequest;
use community_core::store::{EventLog, Reader};
use community_core::{Sort, StoreError};
use community_store_sqlite::{Options, ReadOn, SqliteStore, Synchronous};
use pollster::block_on;
use rusqlite::Connection;

use crate::common::*;

fn refused(dir: &Path) -> StoreError {
    SqliteStore::open(dir, Options::default()).unwrap_err()
}

/// The names in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

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
        let request = FeedRequest { sort, ..home.feed() };
        assert_eq!(ids(&store, &request), [topic.id], "{sort}");
    }
    assert_eq!(block_on(store.head()).unwrap(), Seq(3));
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

/// A copy of a database in whose first transaction its process was killed: with a journal that has
/// to be undone before anything can be read.
fn killed_in_its_first_transaction(dir: &Path, before: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let conn = Connection::open(scratch.path().join("community.db")).unwrap();
    conn.execute_batch(before).unwrap();
    // Pages are written to the file before the end, for want of memory.
    conn.execute_batch(
        "PRAGMA cache_size = 1;
         BEGIN;
         CREATE TABLE half (text TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO half SELECT hex(zeroblob(500)) FROM n;",
    )
    .unwrap();
    for name in ["community.db", "community.db-journal"] {
        fs::copy(scratch.path().join(name), dir.join(name)).unwrap();
    }
    let conn = Connection::open_with_flags(
        dir.join("community.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    let read = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let code = read.unwrap_err().sqlite_error().unwrap().extended_code;
    assert_eq!(code, rusqlite::ffi::SQLITE_READONLY_ROLLBACK);
}

#[test]
fn a_process_that_was_killed_while_it_made_the_file_does_not_keep_the_next_one_out() {
    let dir = tempfile::tempdir().unwrap();
    killed_in_its_first_transaction(dir.path(), "");
    assert!(!SqliteStore::exists(dir.path()).unwrap(), "there is no store yet");
    let store = open(dir.path());
    let home = Home::new();
    commit(&store, home.found());
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
    drop(store);
    assert_eq!(names(dir.path()), ["community.db", "lock"]);
}

#[test]
fn what_is_left_of_somebody_elses_transaction_is_not_taken_for_a_store() {
    let dir = tempfile::tempdir().unwrap();
    killed_in_its_first_transaction(
        dir.path(),
        "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (7)",
    );
    assert!(matches!(refused(dir.path()), StoreError::Damaged(_)));
    let conn = Connection::open(dir.path().join("community.db")).unwrap();
    let tables: Vec<String> = conn
        .prepare("SELECT name FROM sqlite_schema")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(tables, ["theirs"]);
}

#[test]
fn a_closed_store_is_one_file_and_a_lock() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let home = Home::new();
    commit(&store, home.found());
    home.started(&store, &home.garden, &[]);
    assert_eq!(ids(&store, &home.feed()).len(), 1);
    drop(store);
    assert_eq!(names(dir.path()), ["community.db", "lock"]);
}

#[test]
fn a_directory_belongs_to_one_handle_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(refused(dir.path()), StoreError::InUse));
    drop(store);
    open(dir.path());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("a/b");
    let store = open(&dir);
    commit(&store, Home::new().found());
    assert_eq!(mode(&dir), 0o700);
    let backup = outer.path().join("backup.db");
    store.backup(&backup).unwrap();
    assert_eq!(mode(&backup), 0o600);
    for name in names(&dir) {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
    assert!(names(&dir).contains(&"community.db-wal".to_owned()));
}

#[test]
fn a_file_of_a_later_version_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let file = dir.path().join("community.db");
    let conn = Connection::open(&file).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let before = fs::read(&file).unwrap();
    let error = refused(dir.path());
    assert!(matches!(error, StoreError::TooNew { found: 99, known: 10 }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_later_version_is_recognised_before_its_wal_was_copied_back() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let file = dir.path().join("community.db");
    let other = Connection::open(&file).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(refused(dir.path()), StoreError::TooNew { found: 99, .. }));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn what_is_not_a_store_is_damaged_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("community.db");
    fs::write(&file, "Dear diary, today I have planted leeks. ".repeat(200)).unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(refused(dir.path()), StoreError::Damaged(_)));
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE leeks (x)").unwrap();
    let before = fs::read(&file).unwrap();
    assert!(matches!(refused(dir.path()), StoreError::Damaged(_)));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn damaged_pages_are_reported_by_reads_and_by_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    commit(&store, home.found());
    for _ in 0..50 {
        home.started(&store, &home.garden, &["leek"]);
    }
    drop(store);
    let file = dir.path().join("community.db");
    let mut bytes = fs::read(&file).unwrap();
    let conn = Connection::open(&file).unwrap();
    let mut pages =
        conn.prepare("SELECT pageno FROM dbstat WHERE name = 'listing_entries'").unwrap();
    for page in pages.query_map([], |row| row.get::<_, u32>(0)).unwrap() {
        let at = (page.unwrap() as usize - 1) * 4096;
        bytes[at..at + 4096].fill(0xAB);
    }
    drop(pages);
    drop(conn);
    fs::write(&file, bytes).unwrap();

    let store = open(dir.path());
    assert!(!matches!(store.integrity_check(), Ok(findings) if findings.is_empty()));
    let error = block_on(store.feed(&home.feed(), &system())).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[test]
fn an_empty_file_becomes_a_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("community.db"), "").unwrap();
    commit(&open(dir.path()), Home::new().found());
}

#[test]
fn a_store_keeps_its_epoch() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let info = |dir: &Path| block_on(open(dir).info()).unwrap();
    let first = info(one.path());
    assert_eq!((first.backend, first.format), ("sqlite", 10));
    assert_eq!(info(one.path()), first);
    assert_ne!(info(other.path()).epoch, first.epoch);
}

#[test]
fn options_change_how_and_not_what() {
    let home = Home::new();
    let options = [
        Options { read_on: ReadOn::Threads, readers: 2, ..Options::default() },
        Options { readers: 0, group: 0, statement_cache: 0, ..Options::default() },
        Options { synchronous: Synchronous::Normal, mmap_mib: 0, ..Options::default() },
    ];
    for options in options {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), options).unwrap();
        commit(&store, home.found());
        let (topic, _) = home.started(&store, &home.kitchen, &[]);
        assert_eq!(ids(&store, &home.feed()), [topic.id]);
    }
}

#[test]
fn administrators_read_tables_while_the_store_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    commit(&store, home.found());
    let (topic, _) = home.started(&store, &home.garden, &["leek"]);
    let conn = Connection::open(dir.path().join("community.db")).unwrap();
    let text = |sql: &str| -> String { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        text("SELECT id || ' ' || channel || ' ' || author || ' ' || state FROM readable_topics"),
        format!("{} garden ann published", topic.id.uuid().simple())
    );
    assert_eq!(text("SELECT created_at FROM readable_topics"), "2023-11-14T22:13:24Z");
    assert_eq!(text("SELECT body FROM readable_posts"), "Is March too early?");
    assert_eq!(text("SELECT event FROM readable_events WHERE seq = 2"), "topic_started");
    assert_eq!(
        text("SELECT group_concat(DISTINCT listing) FROM readable_listings WHERE sort = 'hot'"),
        "author,channel,channel_label,community,kind,label"
    );
    let days =
        "SELECT group_concat(DISTINCT sort) FROM readable_listings WHERE sort LIKE 'top of%'";
    assert_eq!(text(days), "top of 2023-11-14");
}

#[test]
fn administrators_ask_documents_with_json_functions() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    commit(&store, home.found());
    let put = |id, n| community_core::change::Op::PutDocument(Box::new(home.document(id, n)));
    let ops = vec![put(1, 3), put(2, 5)];
    commit(&store, community_core::change::ChangeSet { ops, ..Default::default() });
    let conn = Connection::open(dir.path().join("community.db")).unwrap();
    let text = |sql: &str| -> String { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    let of = "FROM readable_documents WHERE collection = 'notes'";
    assert_eq!(text(&format!("SELECT group_concat(body->>'n') {of}")), "3,5");
    assert_eq!(
        text(&format!("SELECT community || ' ' || id {of} AND body->>'$.in[0].text' = 'n: 5'")),
        "home 02020202020202020202020202020202"
    );
    assert_eq!(text(&format!("SELECT json_extract(keys, '$[0].group') {of}")), "open");
}
