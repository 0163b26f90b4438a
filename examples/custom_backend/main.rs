//! A store of one's own.
//!
//! ```sh
//! cargo run --release --example custom_backend
//! ```
//!
//! Six traits are all that an engine needs: [`Reader`], [`Committer`] and [`EventLog`] for the
//! conversations, [`LedgerReader`], [`AwardReader`] and [`DocumentReader`] for what follows from
//! them. This one passes everything on to another store and counts, which is how metrics, a cache or
//! a fault can be put between an engine and its data. None of the traits has default methods: what
//! is forgotten does not compile.
//!
//! Whether a store keeps the contract is said by the conformance table of `community-testkit`,
//! which `examples/tests/custom_backend.rs` runs on this one in a line. The smallest store that
//! keeps everything itself is the testkit's model; the memory store is the next one to read.
//!
//! [`Reader`]: community::store::Reader
//! [`Committer`]: community::store::Committer
//! [`EventLog`]: community::store::EventLog
//! [`LedgerReader`]: community::store::LedgerReader
//! [`AwardReader`]: community::store::AwardReader
//! [`DocumentReader`]: community::store::DocumentReader

use std::error::Error;
use std::sync::Arc;

use community::{
    BoardQuery, Engine, FeedQuery, NewChannel, NewCommunity, NewGrant, NewMember, NewPost,
    NewTopic, Policy, Session, Slug, ThreadQuery, TopicId, Vote,
};

#[path = "store.rs"]
mod store;

pub(crate) use store::CountingStore;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[allow(dead_code, reason = "the test calls `run` itself")]
fn main() -> Result<()> {
    for line in pollster::block_on(run())? {
        println!("{line}");
    }
    Ok(())
}

/// What common things cost, in calls of the store.
pub(crate) async fn run() -> Result<Vec<String>> {
    let store = Arc::new(CountingStore::new(Arc::new(community::memory::MemoryStore::new())));
    let engine = Engine::new(store.clone());
    let (ana, topic) = fill(&engine).await?;

    let mut lines = Vec::new();
    let mut cost = |what: &str| {
        let calls = store.take();
        let calls = calls.iter().map(|(method, count)| format!("{method} {count}"));
        lines.push(format!("{what}: {}", calls.collect::<Vec<_>>().join(", ")));
    };
    cost("filling a community");
    let twenty = FeedQuery::community("garden".parse()?).limit(20);
    ana.feed(&twenty).await?;
    cost("a page of 20 topics");
    ana.feed(&twenty.limit(100)).await?;
    cost("a page of 100 topics");
    ana.thread(topic, &ThreadQuery { limit: Some(100), ..ThreadQuery::default() }).await?;
    cost("a page of 100 posts");
    let post = ana.reply(NewPost::new(topic, "One more.")).await?;
    cost("a reply");
    let ed = engine.member(other(&engine).await?);
    cost("a member who joins");
    ed.vote(post, Some(Vote::Up)).await?;
    cost("the first vote of that member");
    ed.vote(post, None).await?;
    cost("the second");
    earn(&engine).await?;
    // The level of the member may have followed: rights are read once.
    ana.community(&"garden".parse()?).await?;
    cost("a hundred members who earn something");
    let board = BoardQuery::community("garden".parse()?).limit(20);
    ana.leaderboard(&board).await?;
    cost("the best 20");
    ana.leaderboard(&board.limit(100)).await?;
    cost("the best 100");
    ana.standings(&"garden".parse()?, None, Some(100)).await?;
    cost("standings of 100");
    Ok(lines)
}

/// A hundred topics, one of them with a hundred answers. Returns one of its members.
async fn fill(engine: &Engine) -> Result<(Session, TopicId)> {
    let host = engine.as_system();
    let garden: Slug = "garden".parse()?;
    let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
    host.create_community(new).await?;
    host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
    let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
    let ana = engine.member(ana);
    ana.join(&garden).await?;
    let mut topics = Vec::new();
    for n in 0..100 {
        let title = format!("Question {n}");
        let (channel, kind) = ("beds".parse()?, "question".parse()?);
        let topic = NewTopic::new(garden.clone(), channel, kind, title, "Who knows?");
        topics.push(ana.start_topic(topic).await?);
    }
    let first = topics.first().copied().ok_or("no topic")?;
    for n in 0..100 {
        ana.reply(NewPost::new(first, format!("Answer {n}"))).await?;
    }
    Ok((ana, first))
}

/// A hundred members more, each with a few points.
async fn earn(engine: &Engine) -> Result<()> {
    let (host, garden) = (engine.as_system(), "garden".parse::<Slug>()?);
    for n in 0..100 {
        let new = NewMember::new(format!("guest:{n}").parse()?, "Guest".parse()?);
        let id = host.sync_member(new).await?;
        host.set_member(&garden, id, true).await?;
        host.grant(&garden, NewGrant::new(id, "award".parse()?, 1 + n % 7)).await?;
    }
    engine.pump().await?;
    Ok(())
}

async fn other(engine: &Engine) -> Result<community::MemberId> {
    let host = engine.as_system();
    let ed = host.sync_member(NewMember::new("user:2".parse()?, "Ed".parse()?)).await?;
    host.set_member(&"garden".parse()?, ed, true).await?;
    Ok(ed)
}
