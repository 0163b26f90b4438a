//! Topics that have moved in feeds: readers find them where they stand, whether that has been written
//! or not, whatever happens meanwhile.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use community_core::change::{ChangeSet, Counter, Op};
use community_core::query::{FeedRequest, ListingKey, Position, Sort, listings};
use community_core::store::Reader;
use community_core::*;
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::worlds::Dice;
use pollster::block_on;
use rusqlite::Connection;

use crate::common::*;

fn open_with(dir: &Path, moves: usize) -> SqliteStore {
    SqliteStore::open(dir, Options { moves, ..Options::default() }).unwrap()
}

fn all_topics(store: &SqliteStore, home: &Home) -> Vec<Topic> {
    let scope = system();
    let rows = block_on(store.topics_by_id(home.community.id, None, 10_000, &scope)).unwrap();
    scope.admit_all(rows).into_iter().map(|row| row.topic.clone()).collect()
}

/// Something that changes where a topic stands.
fn change(home: &Home, topics: &[Topic], dice: &mut Dice) -> ChangeSet {
    let topic = dice.pick(topics);
    let goes_down = dice.chance(40);
    let up = |count: i64| if count > 0 && goes_down { -1 } else { 1 };
    let counters = &topic.counters;
    let op = match dice.below(12) {
        0..=2 => Op::Bump(Counter::TopicUps(topic.id), up(counters.ups)),
        3 => Op::Bump(Counter::TopicDowns(topic.id), up(counters.downs)),
        4 => Op::Bump(Counter::TopicAnswers(topic.id), up(counters.answers)),
        5 => Op::Bump(Counter::TopicAccepted(topic.id), up(counters.accepted)),
        6 => Op::AddViews { topic: topic.id, day: 20_000, views: 1 },
        7 | 8 => Op::RaiseActive(topic.id, home.mint.now()),
        9 => Op::SetActive(topic.id, dice.pick(topics).created_at),
        _ => Op::PutTopic(Box::new(edited(home, topic, dice))),
    };
    ChangeSet { ops: vec![op], ..ChangeSet::default() }
}

fn edited(home: &Home, topic: &Topic, dice: &mut Dice) -> Topic {
    let labels = |dice: &mut Dice| {
        let all = ["leek", "spring", "soil"];
        all.iter().filter(|_| dice.chance(40)).map(|label| slug(label)).collect()
    };
    let mut topic = topic.clone();
    match dice.below(5) {
        0 => topic.labels = labels(dice),
        1 => topic.channel = dice.pick(&[home.garden.id, home.kitchen.id]).to_owned(),
        2 => topic.kind = dice.pick(&[slug("question"), slug("discussion")]).clone(),
        3 => topic.state = *dice.pick(&[State::Published, State::Withdrawn]),
        _ => topic.locked = !topic.locked,
    }
    topic
}

/// All feeds of the community that differ in how they are read.
fn feeds(home: &Home) -> Vec<FeedRequest> {
    let mut all = Vec::new();
    for sort in Sort::ALL {
        let whole = FeedRequest { sort, limit: 4, ..home.feed() };
        let mut channel = whole.clone();
        channel.selection[0].read = vec![home.garden.id];
        channel.selection[0].whole = false;
        let labels = Some("leek or soil".parse().unwrap());
        all.push(FeedRequest { labels, ..whole.clone() });
        all.push(FeedRequest { labels: Some("leek".parse().unwrap()), ..channel.clone() });
        all.push(FeedRequest { kind: Some(slug("question")), ..whole.clone() });
        all.push(FeedRequest { author: Some(home.ann.id), ..whole.clone() });
        all.extend([channel, whole]);
    }
    all
}

/// A feed, read to its end.
fn walk(store: &SqliteStore, request: &FeedRequest) -> Vec<Position> {
    let (mut request, mut all) = (request.clone(), Vec::new());
    loop {
        let page = block_on(store.feed(&request, &system())).unwrap();
        all.extend(page.items.iter().map(|(position, _)| *position));
        request.after = all.last().copied();
        if !page.more {
            return all;
        }
    }
}

/// The same by looking at every topic.
fn scan(topics: &[Topic], request: &FeedRequest) -> Vec<Position> {
    let order = ListingKey::of(request.sort);
    let belongs = |topic: &&Topic| {
        topic.state == State::Published
            && request.selection[0].read.contains(&topic.channel)
            && request.labels.as_ref().is_none_or(|labels| labels.holds(&topic.labels))
            && request.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
            && request.author.is_none_or(|author| topic.author == author)
    };
    let place = |topic: &Topic| Some(Position { key: order.key(topic)?, id: topic.id.uuid() });
    let mut all: Vec<_> = topics.iter().filter(belongs).filter_map(place).collect();
    all.sort();
    if request.sort != Sort::Oldest {
        all.reverse();
    }
    all
}

fn feeds_are_right(store: &SqliteStore, home: &Home, when: &str) {
    let topics = all_topics(store, home);
    for request in feeds(home) {
        assert_eq!(walk(store, &request), scan(&topics, &request), "{when}: {request:?}");
    }
}

/// The file as a process leaves it that ends at this moment.
fn left_behind(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in ["community.db-wal", "community.db"] {
        fs::copy(dir.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[test]
fn feeds_have_topics_where_they_stand_before_and_after_that_is_written() {
    for (seed, moves) in [(1, 0), (2, 30), (3, 200), (4, usize::MAX)] {
        let (dir, home, mut dice) = (tempfile::tempdir().unwrap(), Home::new(), Dice::new(seed));
        let mut store = open_with(dir.path(), moves);
        commit(&store, home.found());
        for step in 0..240 {
            if step % 12 == 0 {
                let channel = if dice.chance(50) { &home.garden } else { &home.kitchen };
                home.started(&store, channel, &["leek"]);
            }
            commit(&store, change(&home, &all_topics(&store, &home), &mut dice));
            if step % 8 == 0 {
                feeds_are_right(&store, &home, &format!("{moves} moves, step {step}"));
            }
            if step % 40 == 20 {
                let copy = left_behind(dir.path());
                let found = open_with(copy.path(), moves);
                let when = format!("{moves} moves, ended at step {step}");
                assert_eq!(all_topics(&found, &home), all_topics(&store, &home), "{when}");
                feeds_are_right(&found, &home, &when);
                // What is noted on top of what was found is right as well.
                for _ in 0..5 {
                    commit(&found, change(&home, &all_topics(&found, &home), &mut dice));
                }
                feeds_are_right(&found, &home, &format!("{when}, and went on"));
            }
            if step % 60 == 59 {
                drop(store);
                store = open_with(dir.path(), moves);
            }
        }
        let topics = all_topics(&store, &home);
        drop(store);
        file_is_right(dir.path(), &topics);
    }
}

/// A closed file has every topic where it stands, for whoever reads it with SQL.
fn file_is_right(dir: &Path, topics: &[Topic]) {
    let conn = Connection::open(dir.join("community.db")).unwrap();
    let waiting = "SELECT count(*) FROM moves WHERE topic IS NOT NULL";
    assert_eq!(conn.query_row(waiting, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    let mut statement =
        conn.prepare("SELECT topic, key FROM listing_entries ORDER BY topic, key").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let written: Vec<([u8; 16], i64)> = rows.map(Result::unwrap).collect();
    let places = |topic: &Topic| {
        let id = *topic.id.as_bytes();
        listings(topic).into_iter().map(move |(_, _, key)| (id, key)).collect::<Vec<_>>()
    };
    let mut expected: Vec<_> = topics.iter().flat_map(places).collect();
    expected.sort_unstable();
    assert_eq!(written, expected);
}

/// Every page shows one moment: each topic once, at the key that its counters give.
#[test]
fn readers_see_one_moment_while_topics_move_and_moves_are_written() {
    const TOPICS: usize = 40;
    let (dir, home) = (tempfile::tempdir().unwrap(), Home::new());
    let store = open_with(dir.path(), 60);
    commit(&store, home.found());
    for _ in 0..TOPICS {
        home.started(&store, &home.garden, &["leek"]);
    }
    let (topics, done) = (all_topics(&store, &home), AtomicBool::new(false));
    let pages = thread::scope(|scope| {
        let read = |sort: Sort| {
            let request = FeedRequest { sort, limit: TOPICS + 10, ..home.feed() };
            let (store, done) = (&store, &done);
            move || {
                let (mut pages, system) = (0, system());
                while !done.load(Ordering::Relaxed) {
                    let page = block_on(store.feed(&request, &system)).unwrap();
                    let (at, cards): (Vec<_>, Vec<_>) = page.items.into_iter().unzip();
                    assert!(at.is_sorted_by(|one, next| one > next), "{sort:?}: {at:?}");
                    let cards = system.admit_all(cards);
                    let of_cards = cards.iter().map(|card| Position {
                        key: ListingKey::of(sort).key(&card.topic).unwrap(),
                        id: card.topic.id.uuid(),
                    });
                    assert_eq!(at, of_cards.collect::<Vec<_>>(), "{sort:?}");
                    assert_eq!(at.len(), TOPICS, "{sort:?}");
                    pages += 1;
                }
                pages
            }
        };
        let readers = [Sort::Active, Sort::Top, Sort::Hot].map(|sort| scope.spawn(read(sort)));
        let mut dice = Dice::new(5);
        for _ in 0..3_000 {
            let topic = dice.pick(&topics).id;
            let op = match dice.below(3) {
                0 => Op::RaiseActive(topic, home.mint.now()),
                1 => Op::Bump(Counter::TopicDowns(topic), 1),
                _ => Op::Bump(Counter::TopicUps(topic), 1),
            };
            commit(&store, ChangeSet { ops: vec![op], ..ChangeSet::default() });
        }
        done.store(true, Ordering::Relaxed);
        readers.map(|reader| reader.join().unwrap())
    });
    assert!(pages.iter().all(|pages| *pages > 100), "{pages:?} pages are too few");
    feeds_are_right(&store, &home, "in the end");
}

#[test]
fn when_nothing_happens_moves_are_written() {
    let (dir, home) = (tempfile::tempdir().unwrap(), Home::new());
    let store = open(dir.path());
    commit(&store, home.found());
    let (topic, _) = home.started(&store, &home.garden, &[]);
    let conn = Connection::open(dir.path().join("community.db")).unwrap();
    let places = || {
        let count = "SELECT count(*) FROM listing_entries WHERE sort = 3 AND key = 1";
        conn.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let vote = Op::Bump(Counter::TopicUps(topic.id), 1);
    commit(&store, ChangeSet { ops: vec![vote], ..ChangeSet::default() });
    assert_eq!(places(), 0, "what has just happened is only noted");
    let start = Instant::now();
    // The community, the channel, the author and the kind.
    while places() != 4 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing was written");
        thread::sleep(Duration::from_millis(20));
    }
}
