//! Replies below replies below replies.

use std::thread;

use community::record::{PostRecord, Record};
use community::{
    Engine, Error, Key, Limits, NewPost, PostId, PostOrder, Session, State, ThreadQuery, TopicId,
};
use pollster::block_on;

use crate::home::Home;
use crate::on_each_store;

on_each_store! {
    a_chain_ends_at_the_depth_limit_with_a_typed_error(10_000, 10_000)
    an_imported_chain_ends_at_the_depth_limit_too(10_000, 10_000)
    a_chain_as_deep_as_can_be_is_read_on_a_small_stack(1_000, 1_000)
    a_chain_of_placeholders_goes_with_its_last_reply(1_000, 200)
}

/// Runs something on a stack of half a megabyte, a quarter of what a thread usually has.
fn on_a_small_stack(work: impl FnOnce() + Send) {
    const STACK: usize = 512 * 1024;
    thread::scope(|scope| {
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

/// The same store with limits as they are unless a host changes them.
fn default_limits(home: &Home) -> Limits {
    let defaults = Limits::default();
    assert_eq!((defaults.depth, home.engine.env().limits().depth), (50, 1_000));
    defaults
}

/// Replies below each other, as deep as the limit lets them.
fn chain(session: &Session, topic: TopicId, depth: usize) -> Vec<PostId> {
    let mut posts = Vec::new();
    for level in 1..=depth {
        let new = NewPost::new(topic, format!("Level {level}."));
        let new = match posts.last() {
            Some(above) => new.to(*above),
            None => new,
        };
        posts.push(block_on(session.reply(new)).unwrap());
    }
    posts
}

fn too_deep(outcome: Result<PostId, Error>, max: usize) {
    match outcome {
        Err(Error::Limit(limit)) => {
            assert_eq!((limit.what, limit.max), ("the depth of a reply", max));
        }
        other => panic!("{other:?}"),
    }
}

fn a_chain_ends_at_the_depth_limit_with_a_typed_error(home: &Home, replies: usize) {
    let member = home.members(1)[0];
    let topic = home.topic(member, "hall", "Down and down");
    let limits = default_limits(home);
    let depth = limits.depth;
    let engine = home.with_limits(limits);
    on_a_small_stack(|| {
        let session = engine.member(member);
        let mut last = *chain(&session, topic, depth).last().unwrap();
        let mut refused = 0;
        // Each reply is written below the last one that went through.
        for number in depth..replies {
            let new = NewPost::new(topic, format!("Reply {number}.")).to(last);
            match block_on(session.reply(new)) {
                Ok(post) => last = post,
                refusal => {
                    too_deep(refusal, depth);
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, replies - depth);
    });
    let row = block_on(home.host().topic(topic)).unwrap();
    assert_eq!(usize::try_from(row.topic.counters.posts).unwrap(), depth + 1);
    home.verify();
}

fn an_imported_chain_ends_at_the_depth_limit_too(home: &Home, replies: usize) {
    let key = |level: usize| -> Key { format!("level:{level}").parse().unwrap() };
    let topic = serde_json::json!({
        "type": "topic", "key": "level:0", "channel": "hall", "title": "Down", "body": "Here.",
        "author": "user:0"
    });
    let mut records: Vec<Record> = vec![serde_json::from_value(topic).unwrap()];
    for level in 1..=replies {
        let reply = serde_json::json!({
            "type": "post", "key": key(level), "topic": "level:0", "parent": key(level - 1),
            "body": format!("Level {level}."), "author": "user:0"
        });
        records.push(serde_json::from_value(reply).unwrap());
    }
    let engine = home.with_limits(default_limits(home));
    on_a_small_stack(|| {
        match block_on(engine.as_system().import(&home.key, None, &records)) {
            Err(Error::Record { number, source }) => {
                assert_eq!(number, 52);
                too_deep(Err(*source), 50);
            }
            other => panic!("{other:?}"),
        }
        // A batch is applied whole or not at all.
        let none = block_on(engine.as_system().topic_by_key(&home.key, &key(0)));
        assert!(matches!(none, Err(Error::NotFound(_))));
        let fitting = &records[..=50];
        let done = block_on(engine.as_system().import(&home.key, None, fitting)).unwrap();
        assert_eq!(done.changed, 51);
        let Record::Post(deepest) = &records[51] else { panic!() };
        let next = [Record::Post(Box::new(PostRecord { ..(**deepest).clone() }))];
        let refused = block_on(engine.as_system().import(&home.key, None, &next));
        assert!(matches!(refused, Err(Error::Record { number: 1, .. })), "{refused:?}");
    });
    home.verify();
}

fn a_chain_as_deep_as_can_be_is_read_on_a_small_stack(home: &Home, depth: usize) {
    let member = home.members(1)[0];
    let topic = home.topic(member, "hall", "A thousand steps");
    on_a_small_stack(|| {
        let session = home.engine.member(member);
        let posts = chain(&session, topic, depth);
        let below = NewPost::new(topic, "One more.").to(posts[depth - 1]);
        too_deep(block_on(session.reply(below)), depth);
        for order in PostOrder::ALL {
            let query = ThreadQuery { order, limit: Some(137), ..ThreadQuery::default() };
            assert_eq!(read(&home.engine, topic, query)[1..], posts, "{order}");
        }
        // From the deepest one upwards, as a permalink shows it.
        let around = Some(posts[depth - 1]);
        let query = ThreadQuery { around, limit: Some(1), ..ThreadQuery::default() };
        let page = block_on(home.engine.anonymous().thread(topic, &query)).unwrap();
        assert_eq!((page.path.len(), page.items[0].id()), (depth, posts[depth - 1]));
        let level = ThreadQuery { depth: Some(3), limit: Some(100), ..ThreadQuery::default() };
        assert_eq!(read(&home.engine, topic, level).len(), 4);
        home.verify();
    });
}

fn a_chain_of_placeholders_goes_with_its_last_reply(home: &Home, depth: usize) {
    let member = home.members(1)[0];
    let topic = home.topic(member, "hall", "House of cards");
    on_a_small_stack(|| {
        let session = home.engine.member(member);
        let posts = chain(&session, topic, depth);
        let manager = home.manager();
        // Every post but the deepest becomes a placeholder that holds the ones below it.
        for post in &posts[..depth - 1] {
            block_on(manager.remove_post(*post)).unwrap();
        }
        let all = || ThreadQuery { limit: Some(1_000), ..ThreadQuery::default() };
        assert_eq!(read(&home.engine, topic, all()).len(), depth + 1);
        home.verify();
        // The last card takes all others with it, and brings them back.
        block_on(manager.remove_post(posts[depth - 1])).unwrap();
        assert_eq!(read(&home.engine, topic, all()).len(), 1);
        home.verify();
        block_on(manager.restore_post(posts[depth - 1])).unwrap();
        assert_eq!(read(&home.engine, topic, all()).len(), depth + 1);
        let view = block_on(home.host().post(posts[0])).unwrap();
        assert_eq!((view.post.state, view.post.counters.children), (State::Removed, 1));
        home.verify();
    });
}

/// A thread, page by page, as a visitor reads it.
fn read(engine: &Engine, topic: TopicId, query: ThreadQuery) -> Vec<PostId> {
    let mut posts = Vec::new();
    let mut query = query;
    loop {
        let page = block_on(engine.anonymous().thread(topic, &query)).unwrap();
        posts.extend(page.items.iter().map(|item| item.id()));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return posts,
        }
    }
}
