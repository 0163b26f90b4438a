//! A plain synchronous program: no runtime, one `block_on` where a future has to be waited for.
//!
//! ```sh
//! cargo run --release --example blocking
//! ```

use std::error::Error;

use community::{
    FeedQuery, NewChannel, NewCommunity, NewMember, NewPost, NewTopic, Policy, Session, Slug, Sort,
    TopicId, Vote,
};
use pollster::block_on;

#[allow(dead_code, reason = "the test calls `run` itself")]
fn main() -> Result<(), Box<dyn Error>> {
    for line in run()? {
        println!("{line}");
    }
    Ok(())
}

/// Three people on three threads answer one question; the feed shows what came of it.
pub(crate) fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let engine = community::in_memory();
    let host = engine.as_system();
    let workshop: Slug = "workshop".parse()?;
    let new = NewCommunity::new(workshop.clone(), "The workshop".parse()?, Policy::public());
    block_on(host.create_community(new))?;
    let bench = NewChannel::new("bench".parse()?, "The bench".parse()?);
    block_on(host.create_channel(&workshop, bench))?;

    let join = |key: &str, name: &str| -> Result<Session, Box<dyn Error>> {
        let id = block_on(host.sync_member(NewMember::new(key.parse()?, name.parse()?)))?;
        let member = engine.member(id);
        block_on(member.join(&workshop))?;
        Ok(member)
    };
    let asker = join("badge:1", "Asker")?;
    let question = NewTopic::new(
        workshop.clone(),
        "bench".parse()?,
        "question".parse()?,
        "Which glue for oak?",
        "It will stand outside.",
    );
    let topic = block_on(asker.start_topic(question))?;

    let helpers =
        [join("badge:2", "First")?, join("badge:3", "Second")?, join("badge:4", "Third")?];
    std::thread::scope(|threads| {
        for helper in helpers {
            threads.spawn(move || answer_and_vote(&helper, topic));
        }
    });

    let feed = block_on(engine.anonymous().feed(&FeedQuery::community(workshop).sort(Sort::Top)))?;
    let lines = feed.items.iter().map(|card| {
        let counters = &card.topic.counters;
        format!("{}: {} votes, {} answers", card.topic.title, card.topic.score(), counters.answers)
    });
    Ok(lines.collect())
}

/// What one person does. Replies never get into each other's way, and no vote is lost.
fn answer_and_vote(helper: &Session, topic: TopicId) -> Result<(), community::Error> {
    block_on(async {
        let opening = helper.topic(topic).await?.topic.opening;
        helper.vote(opening, Some(Vote::Up)).await?;
        helper.reply(NewPost::new(topic, "One that says D4 on the bottle.")).await?;
        Ok(())
    })
}
