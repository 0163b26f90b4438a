//! Several change sets in one transaction, and what becomes of those that fail.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{Counter, EventKind, Expect, NewEvent, Op, Request, Written};
use community_core::query::{FeedRequest, Selection, Sort};
use community_core::store::{CommitError, EventLog, Reader};
use community_core::time::from_micros;
use community_core::{
    AccessRev, Channel, ChannelId, Community, CommunityId, Key, Member, MemberId, Name, Policy,
    Post, PostCounters, PostId, PostKind, RequestId, Rev, Scope, Settings, Slug, State, Title,
    Topic, TopicCounters, TopicId,
};
use pollster::block_on;

use super::*;
use crate::SqliteStore;
use crate::read::posts;

/// A store, and a second writer on the same file that the test drives itself.
fn store() -> (tempfile::TempDir, SqliteStore, Writing) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), Options::default()).unwrap();
    let database = &store.inner.claim.database;
    let options = Options::default();
    let conn = crate::files::connect_writer(database, &options).unwrap();
    let writing = Writing::new(conn, Arc::clone(&store.inner), options).unwrap();
    (dir, store, writing)
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// Moves a checkpoint, and says so in the log.
fn moves(name: &str, to: u64) -> ChangeSet {
    let event = NewEvent {
        kind: EventKind::MemberChanged,
        actor: None,
        at: from_micros(0).unwrap(),
        community: None,
        channel: None,
        topic: None,
        post: None,
        member: None,
    };
    let ops = vec![Op::Checkpoint(slug(name), Seq(to))];
    ChangeSet { ops, events: vec![event], ..ChangeSet::default() }
}

/// Writes something, then fails.
fn fails() -> ChangeSet {
    let mut changes = moves("lost", 1);
    changes.ops.push(Op::Bump(Counter::TopicUps(TopicId::from_bytes([9; 16])), 1));
    changes
}

fn expects(name: &str, at: Option<u64>) -> ChangeSet {
    let expect = vec![Expect::CheckpointAt(slug(name), at.map(Seq))];
    ChangeSet { expect, ..moves(name, 100) }
}

fn member(byte: u8) -> Member {
    Member {
        id: MemberId::from_bytes([byte; 16]),
        key: Key::new(&format!("member:{byte}")).unwrap(),
        name: Name::new("Ann").unwrap(),
        attributes: BTreeMap::new(),
        lists: BTreeSet::new(),
        profile: BTreeMap::new(),
        listed: true,
        created_at: from_micros(0).unwrap(),
        erased_at: None,
        rev: Rev::FIRST,
    }
}

/// A community whose description is so long.
fn describes(bytes: usize) -> ChangeSet {
    let community = Community {
        id: CommunityId::from_bytes([1; 16]),
        key: slug("home"),
        name: Name::new("Home").unwrap(),
        description: "x".repeat(bytes),
        policy: Policy::inherit(),
        settings: Settings::default(),
        reactions: Vec::new(),
        kinds: Vec::new(),
        synonyms: Vec::new(),
        reputation: Default::default(),
        hot_scale: 1,
        capacity: None,
        archived: false,
        created_at: from_micros(0).unwrap(),
        rev: Rev::FIRST,
    };
    ChangeSet { ops: vec![Op::PutCommunity(Box::new(community))], ..ChangeSet::default() }
}

fn channel(community: CommunityId) -> Channel {
    Channel {
        id: ChannelId::from_bytes([2; 16]),
        community,
        parent: None,
        key: slug("garden"),
        name: Name::new("Garden").unwrap(),
        description: String::new(),
        position: 0,
        policy: Policy::inherit(),
        settings: Settings::default(),
        archived: false,
        created_at: from_micros(0).unwrap(),
        rev: Rev::FIRST,
    }
}

fn topic(community: CommunityId, author: MemberId) -> Topic {
    let at = from_micros(0).unwrap();
    Topic {
        id: TopicId::from_bytes([3; 16]),
        community,
        channel: ChannelId::from_bytes([2; 16]),
        key: None,
        kind: slug("discussion"),
        answerable: false,
        title: Title::new("When to sow leeks").unwrap(),
        labels: Vec::new(),
        author,
        opening: PostId::from_bytes([4; 16]),
        status: slug("open"),
        payload: None,
        state: State::Published,
        locked: false,
        pin: None,
        hot_scale: 1,
        created_at: at,
        bumped_at: at,
        rev: Rev::FIRST,
        gate: 0,
        counters: TopicCounters::new(at),
    }
}

/// The opening of a topic, or a post behind it, by its author.
fn post(number: u8, topic: &Topic) -> Post {
    Post {
        id: PostId::from_bytes([4 + number; 16]),
        topic: topic.id,
        parent: None,
        depth: 0,
        kind: PostKind::Opening,
        key: None,
        author: topic.author,
        state: State::Published,
        bumps: true,
        accepted: None,
        official: None,
        shared_at: None,
        erased_at: None,
        created_at: from_micros(number.into()).unwrap(),
        edited_at: None,
        revision: 1,
        rev: Rev::FIRST,
        counters: PostCounters::default(),
    }
}

fn checkpoint(store: &SqliteStore, name: &str) -> Option<u64> {
    block_on(store.checkpoint(&slug(name))).unwrap().map(|seq| seq.0)
}

/// Commits all of them in one transaction: the first, and the others while it is open.
fn commit(writing: &mut Writing, all: impl IntoIterator<Item = ChangeSet>) -> Vec<Answer> {
    let mut all = all.into_iter();
    writing.commit(all.next().unwrap(), || all.next())
}

/// What an answer says, in a word.
fn word(answer: &Answer) -> String {
    match answer {
        Ok(Receipt { seq, replayed: None }) => format!("at {}", seq.0),
        Ok(Receipt { seq, .. }) => format!("replayed at {}", seq.0),
        Err(CommitError::Conflict(_)) => "conflict".into(),
        Err(CommitError::RequestReused) => "reused".into(),
        Err(CommitError::Store(StoreError::Failed(_))) => "failed".into(),
        Err(CommitError::Store(StoreError::OutcomeUnknown(_))) => "unknown".into(),
        Err(CommitError::Store(StoreError::Poisoned)) => "poisoned".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn words(answers: &[Answer]) -> Vec<String> {
    answers.iter().map(word).collect()
}

#[test]
fn a_change_set_that_fails_takes_nobody_with_it_and_leaves_no_trace() {
    let (_dir, store, mut writing) = store();
    let group = [moves("a", 1), fails(), expects("b", Some(7)), moves("b", 2)];
    assert_eq!(words(&commit(&mut writing, group)), ["at 1", "failed", "conflict", "at 2"]);
    let found = ["a", "b", "lost"].map(|name| checkpoint(&store, name));
    assert_eq!(found, [Some(1), Some(2), None]);
    assert_eq!(block_on(store.head()).unwrap(), Seq(2));
}

#[test]
fn a_change_set_sees_those_before_it_in_the_group() {
    let (_dir, store, mut writing) = store();
    let request =
        |fingerprint| Request { id: RequestId::from_bytes([5; 16]), subject: None, fingerprint };
    let asked = |fingerprint| ChangeSet {
        request: Some(request(fingerprint)),
        ..moves("once", fingerprint)
    };
    let ann = member(1);
    let joins =
        ChangeSet { ops: vec![Op::PutMember(Box::new(ann.clone()))], ..ChangeSet::default() };
    let before = AccessRev { directory: 0, member: 0 };
    let rests_on =
        |rev| ChangeSet { expect: vec![Expect::Access(Some(ann.id), rev)], ..moves("rights", 1) };
    let group = [
        moves("a", 1),
        expects("a", Some(1)),
        asked(1),
        asked(1),
        asked(2),
        rests_on(before),
        joins,
        rests_on(before),
        rests_on(AccessRev { member: 1, ..before }),
    ];
    let said = words(&commit(&mut writing, group));
    let expected =
        ["at 1", "at 2", "at 3", "replayed at 3", "reused", "at 4", "at 4", "conflict", "at 5"];
    assert_eq!(said, expected);
    assert_eq!(checkpoint(&store, "once"), Some(1));
    let rev = block_on(store.access_rev(Some(ann.id))).unwrap();
    assert_eq!(rev, AccessRev { member: 1, ..before });
}

#[test]
fn replies_that_share_a_transaction_move_their_topic_once_and_are_seen_by_those_behind() {
    let (_dir, store, mut writing) = store();
    let (community, ann, at) = (CommunityId::from_bytes([1; 16]), member(1), |n| from_micros(n));
    let topic = topic(community, ann.id);
    let opening = post(0, &topic);
    let begins = ChangeSet {
        ops: vec![
            Op::PutMember(Box::new(ann.clone())),
            Op::PutChannel(Box::new(channel(community))),
            Op::PutTopic(Box::new(topic.clone())),
            Op::PutPost(Box::new(opening.clone())),
        ],
        ..ChangeSet::default()
    };
    let reply = |number: u8| ChangeSet {
        expect: vec![Expect::WroteFewer {
            community,
            member: ann.id,
            day: 0,
            what: Written::Posts,
            than: 4,
        }],
        ops: vec![
            Op::PutPost(Box::new(Post {
                parent: Some(opening.id),
                depth: 1,
                kind: PostKind::Reply,
                ..post(number, &topic)
            })),
            Op::Bump(Counter::TopicPosts(topic.id), 1),
            Op::Bump(Counter::PostChildren(opening.id), 1),
            Op::RaiseActive(topic.id, at(number.into()).unwrap()),
        ],
        ..moves("replies", number.into())
    };
    assert_eq!(words(&commit(&mut writing, [describes(1), begins])), ["at 0", "at 0"]);
    let said = words(&commit(&mut writing, [1, 2, 3, 4].map(reply)));
    // With the opening there are four of that day when the last one comes.
    assert_eq!(said, ["at 1", "at 2", "at 3", "conflict"]);
    let scope = Scope::system(block_on(store.access_rev(None)).unwrap());
    let found = block_on(store.topics(&[topic.id], &scope)).unwrap();
    let found: Vec<_> = found.into_iter().flatten().collect();
    let counters = &scope.admit_all(found)[0].topic.counters;
    assert_eq!((counters.posts, counters.active_at), (3, at(3).unwrap()));
    let first = posts::post(&writing.conn, opening.id).unwrap().unwrap();
    assert_eq!(first.counters.children, 3);
    let (waiting, noted) = (store.inner.moves.size(writing.number).waiting, writing.number);
    // Each looks at how much was written that day, so each is noted.
    assert_eq!((waiting, noted), (4, 3));
    writing.bring_in(0);
    let places = "SELECT l.kind, e.key FROM listing_entries e JOIN listings l ON l.id = e.listing
        WHERE e.sort = 1 ORDER BY l.kind";
    let mut places = writing.conn.prepare(places).unwrap();
    let places = places.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let places: Vec<(String, i64)> = places.map(Result::unwrap).collect();
    let everywhere = ["author", "channel", "community", "kind"];
    assert_eq!(places, everywhere.map(|listing| (listing.to_owned(), 3)));
}

/// The keys in the order of activity, as readers find them.
fn active(store: &SqliteStore, topic: &Topic) -> Vec<i64> {
    let (community, read) = (topic.community, vec![topic.channel]);
    let request = FeedRequest {
        selection: vec![Selection { community, read, own: Vec::new(), whole: true }],
        labels: None,
        kind: None,
        author: None,
        sort: Sort::Active,
        since: None,
        after: None,
        limit: 9,
        pins_of: None,
    };
    let scope = Scope::system(block_on(store.access_rev(None)).unwrap());
    let page = block_on(store.feed(&request, &scope)).unwrap();
    page.items.iter().map(|(position, _)| position.key).collect()
}

/// A community with a topic.
fn home(writing: &mut Writing) -> Topic {
    let (community, ann) = (CommunityId::from_bytes([1; 16]), member(1));
    let topic = topic(community, ann.id);
    let begins = ChangeSet {
        ops: vec![
            Op::PutMember(Box::new(ann)),
            Op::PutChannel(Box::new(channel(community))),
            Op::PutTopic(Box::new(topic.clone())),
        ],
        ..ChangeSet::default()
    };
    assert_eq!(words(&commit(writing, [describes(1), begins])), ["at 0", "at 0"]);
    topic
}

/// Moves a topic, behind everything that was done in the transaction before it.
fn raises(topic: &Topic, at: i64) -> ChangeSet {
    let (community, member) = (topic.community, topic.author);
    let what = Written::Posts;
    ChangeSet {
        expect: vec![Expect::WroteFewer { community, member, day: 0, what, than: 4 }],
        ops: vec![Op::RaiseActive(topic.id, from_micros(at).unwrap())],
        ..ChangeSet::default()
    }
}

#[test]
fn rows_of_moves_are_kept_as_long_as_they_are_needed() {
    let (_dir, store, mut writing) = store();
    let topic = home(&mut writing);
    let rows = |writing: &Writing| {
        let count = "SELECT count(*) FROM moves WHERE topic IS NOT NULL";
        writing.conn.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    commit(&mut writing, (1..=2_000).map(|at| raises(&topic, at)));
    assert_eq!((rows(&writing), store.inner.moves.size(2_000).waiting), (2_000, 4));
    for left in (0..4).rev() {
        writing.bring_in(left);
        let found = moves::Moves::load(&writing.conn).unwrap();
        let waiting = |moves: &moves::Moves| moves.size(writing.number).waiting;
        assert_eq!((waiting(&found), waiting(&store.inner.moves)), (left, left));
        assert_eq!((rows(&writing) > 0, active(&store, &topic)), (left > 0, vec![2_000]));
    }
    // What moves from now on needs only rows of its own, and those are not many.
    for at in 2_001..4_500 {
        commit(&mut writing, [raises(&topic, at)]);
        let waiting = store.inner.moves.size(writing.number).waiting;
        writing.bring_in(waiting - 1);
    }
    assert!(rows(&writing) < 1_200, "{} rows are left", rows(&writing));
    assert_eq!(active(&store, &topic), [4_499]);
}

#[test]
fn what_was_not_committed_has_not_moved() {
    let (_dir, store, mut writing) = store();
    let topic = home(&mut writing);
    let raises = |at| raises(&topic, at);
    let group = [raises(1), raises(2), fails(), raises(3)];
    assert_eq!(words(&commit(&mut writing, group)), ["at 0", "at 0", "failed", "at 0"]);
    assert_eq!(active(&store, &topic), [3]);
    assert_eq!((writing.number, moves::last(&writing.conn).unwrap()), (3, 3));

    // Without room at COMMIT, and without room for what is brought in.
    let late = "CREATE VIRTUAL TABLE late USING fts5(words, content='', detail=full);
        CREATE TABLE words (words TEXT);
        CREATE TRIGGER late AFTER INSERT ON moves WHEN new.id > 3
        BEGIN INSERT INTO late (rowid, words) SELECT new.id, words FROM words; END;";
    writing.conn.execute_batch(late).unwrap();
    let words_of = (0..5_000).map(|n| format!("{n} ")).collect::<String>();
    writing.conn.execute("INSERT INTO words VALUES (?1)", [words_of]).unwrap();
    let room = |writing: &Writing, more: i64| {
        let pages: i64 =
            writing.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        writing.conn.pragma_update(None, "max_page_count", pages + more).unwrap();
    };
    room(&writing, 4);
    assert_eq!(words(&commit(&mut writing, [raises(4)])), ["failed"]);
    writing.bring_in(0);
    assert_eq!(active(&store, &topic), [3]);
    assert_eq!((writing.number, store.inner.moves.size(3).waiting), (3, 4));
    room(&writing, 100_000);
    assert_eq!(words(&commit(&mut writing, [raises(5)])), ["at 0"]);
    assert_eq!(active(&store, &topic), [5]);
    writing.bring_in(0);
    assert_eq!((active(&store, &topic), store.inner.moves.size(4).waiting), (vec![5], 0));
    assert!(!writing.poisoned);
}

#[test]
fn when_sqlite_gives_up_the_transaction_the_others_are_applied_without_the_culprit() {
    let (_dir, store, mut writing) = store();
    writing.conn.pragma_update(None, "max_page_count", 200).unwrap();
    let group = [moves("a", 1), describes(4_000_000), moves("b", 2), describes(4_000_000)];
    assert_eq!(words(&commit(&mut writing, group)), ["at 1", "failed", "at 2", "failed"]);
    assert_eq!((checkpoint(&store, "a"), checkpoint(&store, "b")), (Some(1), Some(2)));
    assert_eq!(block_on(store.access_rev(None)).unwrap(), AccessRev::default());
    assert_eq!(words(&commit(&mut writing, [moves("c", 3)])), ["at 3"]);
}

#[test]
fn after_a_commit_that_failed_the_outcome_is_unknown_and_nothing_more_is_written() {
    let (_dir, store, mut writing) = store();
    // A reference that is checked at COMMIT, and fails there.
    let sabotage = "PRAGMA foreign_keys = ON;
        CREATE TABLE bad (x INTEGER REFERENCES events DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER sabotage AFTER INSERT ON events WHEN new.seq = 2
        BEGIN INSERT INTO bad VALUES (-1); END;";
    writing.conn.execute_batch(sabotage).unwrap();
    assert_eq!(words(&commit(&mut writing, [moves("a", 1)])), ["at 1"]);
    let ann = member(1);
    let joins = ChangeSet { ops: vec![Op::PutMember(Box::new(ann.clone()))], ..moves("b", 1) };
    let group = [joins, moves("c", 3), fails()];
    assert_eq!(words(&commit(&mut writing, group)), ["unknown", "unknown", "failed"]);
    assert_eq!(words(&commit(&mut writing, [moves("d", 4)])), ["poisoned"]);

    // Reads go on, and ask the file whose rights have changed.
    assert_eq!((checkpoint(&store, "a"), checkpoint(&store, "b")), (Some(1), None));
    assert_eq!(store.inner.access.settled(AccessSlot::of(ann.id)), None);
    let rev = block_on(store.access_rev(Some(ann.id))).unwrap();
    assert_eq!(rev, AccessRev::default());
    let scope = Scope::resolve(
        community_core::Viewer::Member(ann.id),
        &Default::default(),
        &block_on(store.directory()).unwrap(),
        from_micros(0).unwrap(),
        rev,
    );
    assert_eq!(block_on(store.topics(&[], &scope)).unwrap(), []);
}

#[test]
fn without_room_at_the_commit_nothing_is_written_and_that_is_no_end() {
    let (_dir, store, mut writing) = store();
    let ann = member(1);
    let joins = || {
        let ops = vec![Op::PutMember(Box::new(ann.clone()))];
        ChangeSet { ops, ..moves("a", 1) }
    };
    // A table that keeps what is put into it in memory until COMMIT, when it takes many pages.
    let late = "CREATE VIRTUAL TABLE late USING fts5(words, content='', detail=full);
        CREATE TABLE words (words TEXT);
        CREATE TRIGGER late AFTER INSERT ON events WHEN new.seq = 1
        BEGIN INSERT INTO late (rowid, words) SELECT 1, words FROM words; END;";
    writing.conn.execute_batch(late).unwrap();
    let words_of = (0..5_000).map(|n| format!("{n} ")).collect::<String>();
    writing.conn.execute("INSERT INTO words VALUES (?1)", [words_of]).unwrap();
    let pages: i64 = writing.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    writing.conn.pragma_update(None, "max_page_count", pages + 4).unwrap();
    for _ in 0..2 {
        let group = [joins(), moves("b", 2)];
        assert_eq!(words(&commit(&mut writing, group)), ["failed", "failed"]);
        assert_eq!(store.inner.access.settled(AccessSlot::of(ann.id)), Some(0));
        assert_eq!((checkpoint(&store, "a"), checkpoint(&store, "b")), (None, None));
    }

    writing.conn.pragma_update(None, "max_page_count", 100_000).unwrap();
    assert_eq!(words(&commit(&mut writing, [joins(), moves("b", 2)])), ["at 1", "at 2"]);
    assert_eq!(store.inner.access.settled(AccessSlot::of(ann.id)), Some(1));
}

#[test]
fn a_lock_that_is_not_to_be_had_writes_nothing_and_is_no_end() {
    let (_dir, store, mut writing) = store();
    writing.conn.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(&store.inner.claim.database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(words(&commit(&mut writing, [moves("a", 1), fails()])), ["failed"]);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(words(&commit(&mut writing, [moves("a", 1)])), ["at 1"]);
}
