//! Files of older formats: what they hold is there in the newest.

use community_core::change::EventKind;
use community_core::fold::Folded;
use community_core::reputation::{Board, BoardScope, BoardWindow, LedgerId, RuleSetId};
use community_core::store::{DocumentReader, EventLog, LedgerReader, Reader};
use community_core::time::ManualClock;
use community_core::{
    CommunityUpdate, Document, DocumentList, Engine, Env, Member, Membership, Seq,
};
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::worlds::{Size, World, load};
use community_testkit::{snapshot, verify};
use pollster::block_on;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

use crate::common::*;

/// A data directory as format 1 left it.
fn format_1(dir: &Path) {
    let conn = Connection::open(dir.join("community.db")).unwrap();
    conn.execute_batch(include_str!("../../src/schema/0001_base.sql")).unwrap();
    conn.execute_batch(include_str!("format_1.sql")).unwrap();
    conn.execute_batch("PRAGMA application_id = 0x636f6d6d; PRAGMA user_version = 1").unwrap();
}

/// The keys of those whose name begins so.
fn named(store: &SqliteStore, typed: &str) -> Vec<String> {
    let directory = block_on(store.directory()).unwrap();
    let garden = directory.community_by_key(&slug("garden")).unwrap();
    let rows = block_on(store.members_named(garden.id, &Folded::new(typed), 9)).unwrap();
    rows.into_iter().map(|row| row.member.key.to_string()).collect()
}

#[test]
fn a_file_of_format_1_gets_names_and_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    format_1(dir.path());
    for _ in 0..2 {
        let store = open(dir.path());
        let info = block_on(store.info()).unwrap();
        assert_eq!((info.epoch, info.format), (7, 10));
        for typed in ["zoe", "VAN", "meer", "crm:"] {
            assert_eq!(named(&store, typed), ["crm:1"], "{typed}");
        }
        assert_eq!(named(&store, "meerten"), [""; 0]);
        let events = block_on(store.events_after(Seq(0), 9)).unwrap();
        let kinds: Vec<_> = events.into_iter().map(|event| event.event.kind).collect();
        let label = EventKind::LabelChanged { label: slug("leek") };
        assert_eq!(kinds, [EventKind::CommunityCreated, label]);
        assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_file_of_format_1_goes_on_as_if_it_had_always_been_of_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    format_1(dir.path());
    let store = Arc::new(SqliteStore::open(dir.path(), Options::default()).unwrap());
    let engine = Engine::new(store.clone());
    let host = engine.as_system();
    let garden = slug("garden");
    let before = block_on(host.managed_community(&garden)).unwrap();
    assert_eq!(before.synonyms, Vec::<Vec<String>>::new());
    let synonyms = vec![vec!["leek".to_owned(), "prei".to_owned()]];
    let update = CommunityUpdate { synonyms: Some(synonyms.clone()), ..Default::default() };
    block_on(host.update_community(&garden, update)).unwrap();
    assert_eq!(block_on(host.managed_community(&garden)).unwrap().synonyms, synonyms);

    let all = block_on(store.members_by_id(None, 9)).unwrap();
    let [zoe, meera, meerten] = all.as_slice() else { panic!("{all:?}") };
    let put = |member: Member| community_core::change::Op::PutMember(Box::new(member));
    let memberships = block_on(store.memberships(meerten.id)).unwrap();
    let back = Membership { joined_at: Some(zoe.created_at), ..memberships[0].clone() };
    let ops = vec![
        put(Member { name: "Zoë Zonder".parse().unwrap(), ..zoe.clone() }),
        put(Member { listed: true, ..meera.clone() }),
        community_core::change::Op::PutMembership(Box::new(back)),
    ];
    commit(&store, community_core::change::ChangeSet { ops, ..Default::default() });
    assert_eq!(named(&store, "meer"), ["crm:2", "crm:3"]);
    assert_eq!(named(&store, "zo"), ["crm:1"]);
    assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
}

/// A data directory as format 3 left it.
fn format_3(dir: &Path) {
    let conn = Connection::open(dir.join("community.db")).unwrap();
    for part in [
        include_str!("../../src/schema/0001_base.sql"),
        include_str!("format_1.sql"),
        include_str!("../../src/schema/0002_names.sql"),
        include_str!("../../src/schema/0003_reputation.sql"),
        include_str!("format_3.sql"),
        "PRAGMA application_id = 0x636f6d6d; PRAGMA user_version = 3",
    ] {
        conn.execute_batch(part).unwrap();
    }
}

#[test]
fn a_file_of_format_3_gets_documents() {
    let (dir, home) = (tempfile::tempdir().unwrap(), Home::new());
    format_3(dir.path());
    for n in 0..2 {
        let store = open(dir.path());
        let directory = block_on(store.directory()).unwrap();
        let garden = directory.community_by_key(&slug("garden")).unwrap().id;
        let members = block_on(store.members_by_id(None, 9)).unwrap();
        assert!(members.iter().all(|member| member.erased_at.is_none()) && !members.is_empty());
        let list = DocumentList::new(garden, slug("notes"), slug("by-state")).within("open");
        let found = block_on(store.documents_in(&list, None, 9)).unwrap();
        let keys: Vec<i64> = found.into_iter().map(|(place, _)| place.key).collect();
        assert_eq!(keys, (0..n).collect::<Vec<_>>());
        let new = home.document(u8::try_from(n).unwrap() + 1, n);
        let new = Document { community: garden, ..new };
        let ops = vec![community_core::change::Op::PutDocument(Box::new(new))];
        commit(&store, community_core::change::ChangeSet { ops, ..Default::default() });
        assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_file_of_format_3_gets_places_days_and_boards() {
    let dir = tempfile::tempdir().unwrap();
    format_3(dir.path());
    for _ in 0..2 {
        let store = open(dir.path());
        let directory = block_on(store.directory()).unwrap();
        let garden = directory.community_by_key(&slug("garden")).unwrap();
        let beds = directory.channel_by_key(garden.id, &slug("beds")).unwrap().channel.id;
        let rules = RuleSetId { key: slug("balanced"), version: 1 };
        let ledger = LedgerId { community: garden.id, rules };
        let entries = block_on(store.entries(&ledger, None, 9)).unwrap();
        let places: Vec<_> = entries.iter().map(|entry| entry.channel).collect();
        assert_eq!(places, [Some(beds), None, Some(beds), Some(beds)]);
        assert!(entries.iter().all(|entry| entry.labels.is_empty()));
        let (zoe, meera) = (entries[0].member, entries[1].member);
        assert_eq!(block_on(store.days(&ledger, zoe)).unwrap(), []);
        assert_eq!(block_on(store.days(&ledger, meera)).unwrap(), [(19_675, 7), (19_676, 2)]);
        let board = |scope, first| Board { window: BoardWindow::Day, first, scope, group: None };
        let on = |board| block_on(store.board(&ledger, &board, None, 9)).unwrap();
        assert_eq!(on(board(BoardScope::Community, 19_675)), [(meera, 7)]);
        assert_eq!(on(board(BoardScope::Channel(beds), 19_675)), []);
        assert_eq!(on(board(BoardScope::Channel(beds), 19_676)), [(meera, 2)]);
        // Six windows, and one day more; the community and the channel; all points and the group.
        assert_eq!(block_on(store.boards(&ledger, None, 99)).unwrap().len(), 13 * 2);
        assert_eq!(store.integrity_check().unwrap(), Vec::<String>::new());
    }
}

/// Undoes the step from format 9 to 10.
const BACK_TO_9: &str = "
    UPDATE posts SET shown = 1, ranked = posts.ups <> 0, best_key = -posts.ups,
      children = t.replies, corrections = t.corrections FROM topics t WHERE t.opening = posts.id;
    ALTER TABLE topics DROP COLUMN replies;
    PRAGMA user_version = 9;";

/// Undoes the step from format 8 to 9.
const BACK_TO_8: &str = "
    DROP INDEX posts_of_topic; DROP INDEX posts_below; DROP INDEX posts_by_best;
    ALTER TABLE posts DROP COLUMN bumping; ALTER TABLE posts DROP COLUMN ranked;
    CREATE INDEX posts_by_id ON posts (topic, id);
    CREATE INDEX posts_by_best ON posts (parent, best_key, id) WHERE shown = 1;
    CREATE INDEX posts_by_time ON posts (parent, created_at, id) WHERE shown = 1;
    CREATE INDEX posts_that_bump ON posts (topic, created_at) WHERE state = 0 AND bumps = 1;
    PRAGMA user_version = 8;";

#[test]
fn files_of_formats_8_and_9_keep_their_threads_and_what_hangs_on_first_posts() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::generate(Size::Hamlet, 9);
    let store = Arc::new(open(dir.path()));
    let clock = Arc::new(ManualClock::at(World::end()));
    let engine = Engine::with_env(store.clone(), Env::manual(clock, 9));
    block_on(load(&engine.as_system(), &world)).unwrap();
    let before = block_on(snapshot(&*store)).unwrap();
    drop((engine, store));

    let file = dir.path().join("community.db");
    for (format, back) in [(9, [BACK_TO_9, ""]), (8, [BACK_TO_9, BACK_TO_8])] {
        let conn = Connection::open(&file).unwrap();
        let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let of_replies = "SELECT count(*) FROM posts WHERE parent IS NOT NULL AND ranked = ";
        let ranked = count(&format!("{of_replies} 1"));
        let others = count(&format!("{of_replies} 0"));
        assert!(ranked > 20 && others > 20, "{ranked}, {others}");
        let hung = "SELECT count(*) FROM topics WHERE replies > 1";
        let corrected = "SELECT count(*) FROM topics WHERE corrections > 0";
        let (hung, corrected) = (count(hung), count(corrected));
        assert!(hung > 10 && corrected > 0, "{hung}, {corrected}");
        assert!(count("SELECT count(*) FROM topics WHERE payload IS NOT NULL") > 0);
        assert_eq!(rows_of_first_posts_that_count(&conn), 0);
        conn.execute_batch(&back.concat()).unwrap();
        assert!(rows_of_first_posts_that_count(&conn) > 20);
        assert_eq!(count("SELECT user_version FROM pragma_user_version"), format);
        drop(conn);

        let store = open(dir.path());
        let report = block_on(verify(&store)).unwrap();
        assert!(report.is_clean(), "{report}");
        assert_eq!(block_on(snapshot(&store)).unwrap(), before);
        drop(store);
    }
    let conn = Connection::open(&file).unwrap();
    assert_eq!(rows_of_first_posts_that_count(&conn), 0);
}

/// Rows of first posts that say what is said by the rows of their topics, or nowhere.
fn rows_of_first_posts_that_count(conn: &Connection) -> i64 {
    let count = "SELECT count(*) FROM posts WHERE parent IS NULL
        AND (children, corrections, best_key, shown) <> (0, 0, 0, 0)";
    conn.query_row(count, [], |row| row.get(0)).unwrap()
}
