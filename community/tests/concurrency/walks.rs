//! Walking a feed to its end while others write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use community::{
    Engine, FeedQuery, MemberId, NewLabel, NewPost, NewTopic, PostEdit, Sort, TopicEdit, TopicId,
    Vote, Window,
};
use community_testkit::worlds::Dice;
use pollster::block_on;

use crate::home::{Home, at_once, slug};
use crate::on_each_store;

on_each_store! {
    a_walk_meets_each_topic_that_stays_exactly_once(1_000, 1_000)
    a_walk_over_moving_keys_ends_and_repeats_no_resting_topic(1_000, 1_000)
}

/// Topics that nobody touches, each with one of two labels, in two channels.
struct Ground {
    author: MemberId,
    members: Vec<MemberId>,
    resting: Vec<TopicId>,
    /// Topics that the writers may do anything to.
    moving: Vec<TopicId>,
}

fn ground(home: &Home) -> Ground {
    home.channel("yard", community::Policy::inherit());
    for label in ["odd", "even"] {
        let new = NewLabel::new(slug(label), label.parse().unwrap());
        block_on(home.host().put_label(&home.key, new)).unwrap();
    }
    let members = home.members(4);
    let mut ground = Ground { author: members[0], members, resting: vec![], moving: vec![] };
    for number in 0..400 {
        let topic = start(home, ground.author, number);
        if number.is_multiple_of(4) {
            ground.moving.push(topic);
        } else {
            ground.resting.push(topic);
        }
    }
    ground
}

fn start(home: &Home, author: MemberId, number: usize) -> TopicId {
    let channel = slug(if number.is_multiple_of(3) { "yard" } else { "hall" });
    let label = slug(if number.is_multiple_of(2) { "even" } else { "odd" });
    let kind = slug("discussion");
    let title = format!("Topic {number}");
    let new = NewTopic::new(home.key.clone(), channel, kind, title, "A text.").label(label);
    block_on(home.engine.member(author).start_topic(new)).unwrap()
}

/// Writes everything that is written in a busy community: so many writes, on two threads.
fn write(home: &Home, ground: &Ground, writes: usize, done: &AtomicBool) {
    let manager = home.manager();
    at_once(2, |thread| {
        let mut dice = Dice::of(6, "walks", thread);
        for number in 0..writes / 2 {
            let topic = *dice.pick(&ground.moving);
            let member = home.engine.member(*dice.pick(&ground.members));
            let author = home.engine.member(ground.author);
            let outcome = block_on(async {
                match dice.below(10) {
                    0 | 1 => {
                        start(home, ground.author, number);
                        Ok(())
                    }
                    2 => manager.remove_topic(topic).await,
                    3 => manager.restore_topic(topic).await,
                    4 => {
                        let channel = slug(if dice.chance(50) { "yard" } else { "hall" });
                        manager.move_topic(topic, &channel).await
                    }
                    5 => {
                        let label: &str = dice.pick::<&str>(&["odd", "even"]);
                        let labels = Some(vec![slug(label)]);
                        let edit = TopicEdit { labels, ..TopicEdit::default() };
                        author.edit_topic(topic, edit).await
                    }
                    6 => {
                        let row = home.host().topic(topic).await?;
                        let body = format!("Text {number} of thread {thread}.");
                        author.edit_post(row.topic.opening, PostEdit::new(body)).await
                    }
                    7 => member.reply(NewPost::new(topic, "A reply.")).await.map(drop),
                    _ => {
                        let row = home.host().topic(topic).await?;
                        member.vote(row.topic.opening, Some(Vote::Up)).await
                    }
                }
            });
            // Somebody else may have removed it, or one may not vote on one's own.
            drop(outcome);
        }
    });
    done.store(true, Ordering::SeqCst);
}

/// Walks a feed to its end; how often each topic came.
fn walk(engine: &Engine, query: &FeedQuery) -> BTreeMap<TopicId, usize> {
    let mut met = BTreeMap::new();
    let mut query = query.clone();
    loop {
        let page = block_on(engine.anonymous().feed(&query)).unwrap();
        let full = page.items.len() == query.limit.unwrap();
        for card in &page.items {
            *met.entry(card.topic.id).or_default() += 1;
        }
        match page.next {
            Some(next) => {
                assert!(full, "a page that is not the last one is full");
                query = query.after(next);
            }
            None => return met,
        }
    }
}

fn in_labels(home: &Home, ground: &Ground, label: &str) -> BTreeSet<TopicId> {
    let labelled = |id: &&TopicId| {
        let row = block_on(home.host().topic(**id)).unwrap();
        row.topic.labels.contains(&slug(label))
    };
    ground.resting.iter().filter(labelled).copied().collect()
}

fn a_walk_meets_each_topic_that_stays_exactly_once(home: &Home, writes: usize) {
    let ground = ground(home);
    let all: BTreeSet<TopicId> = ground.resting.iter().copied().collect();
    let community = || FeedQuery::community(home.key.clone()).limit(7);
    let odd = in_labels(home, &ground, "odd");
    let feeds = [
        (community(), all.clone()),
        (FeedQuery::home().limit(7), all.clone()),
        (community().channel(slug("hall")).channel(slug("yard")), all.clone()),
        (community().labels("odd".parse().unwrap()), odd.clone()),
        (community().labels("odd or even".parse().unwrap()), all.clone()),
        (community().labels("odd and not even".parse().unwrap()), odd),
        (community().kind(slug("discussion")), all.clone()),
        (community().author(ground.author), all),
    ];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| write(home, &ground, writes, &done));
        let mut last = false;
        while !last {
            last = done.load(Ordering::SeqCst);
            for (query, resting) in &feeds {
                for sort in [Sort::New, Sort::Oldest] {
                    let met = walk(&home.engine, &query.clone().sort(sort));
                    for topic in resting {
                        assert_eq!(met.get(topic), Some(&1), "{topic} in {query:?} by {sort}");
                    }
                    assert!(met.values().all(|times| *times == 1), "twice in {query:?} by {sort}");
                }
            }
        }
    });
    home.verify();
}

fn a_walk_over_moving_keys_ends_and_repeats_no_resting_topic(home: &Home, writes: usize) {
    let ground = ground(home);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| write(home, &ground, writes, &done));
        let mut last = false;
        while !last {
            last = done.load(Ordering::SeqCst);
            for sort in [Sort::Active, Sort::Hot, Sort::Top, Sort::Views] {
                for window in [Window::All, Window::Days(2)] {
                    if window != Window::All && sort == Sort::Active {
                        continue;
                    }
                    let query = FeedQuery::community(home.key.clone()).limit(7);
                    let met = walk(&home.engine, &query.sort(sort).window(window));
                    // Who stands still is met once, however much the others jump about.
                    for topic in &ground.resting {
                        assert_eq!(met.get(topic), Some(&1), "{topic} by {sort}");
                    }
                }
            }
        }
    });
    home.verify();
}
