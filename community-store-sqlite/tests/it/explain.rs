//! How SQLite carries out the statements that read.
//!
//! No statement may depend on statistics: the plans are the same on an empty database, on a small
//! and skewed one, and on one that was analysed.

use std::collections::BTreeMap;

use crate::common::*;
use community_store_sqlite::SqliteStore;

/// The plans by name, after a check that each is a search and that nothing is sorted.
fn plans(store: &SqliteStore) -> BTreeMap<&'static str, Vec<String>> {
    let plans = store.explain().unwrap();
    assert!(plans.len() > 30, "{} statements are too few", plans.len());
    for plan in &plans {
        for step in &plan.steps {
            let is_bad = step.contains("SCAN") && step != "SCAN CONSTANT ROW";
            let is_sorted = step.contains("TEMP B-TREE") || step.contains("AUTOMATIC");
            assert!(!is_bad && !is_sorted, "{}: {:?}\n{}", plan.name, plan.steps, plan.sql);
        }
        assert!(
            plan.steps.iter().any(|step| step.contains("SEARCH")),
            "{}: {:?}",
            plan.name,
            plan.steps
        );
    }
    plans.into_iter().map(|plan| (plan.name, plan.steps)).collect()
}

#[test]
fn every_statement_is_an_index_search_whatever_the_statistics() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new();
    let store = open(dir.path());
    let empty = plans(&store);

    commit(&store, home.found());
    for _ in 0..60 {
        home.started(&store, &home.garden, &["leek", "spring"]);
    }
    let (topic, opening) = home.started(&store, &home.kitchen, &[]);
    for _ in 0..200 {
        let reply = home.post(topic.id, Some(&opening), home.mint.now());
        commit(&store, home.reply(&reply));
    }
    assert_eq!(plans(&store), empty);
    drop(store);

    let conn = rusqlite::Connection::open(dir.path().join("community.db")).unwrap();
    conn.execute_batch("ANALYZE").unwrap();
    drop(conn);
    assert_eq!(plans(&open(dir.path())), empty);
}
