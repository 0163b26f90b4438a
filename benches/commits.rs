//! A reply, by the engine and by hand, both durable (`synchronous=FULL`), on two copies of one file.
//!
//! `cargo bench -p community-benches --bench commits` prints criterion's figure for the engine, then
//! the ratio for one writer, and replies a second for 32 writers at once: the engine, hand-written
//! transactions on 32 connections, and hand-written transactions that share one connection behind a
//! lock.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use community_benches::by_hand::{HandReply, HandWriter};
use community_benches::pairs::compare;
use community_benches::workload::{BODY, Workload, member};
use community_core::time::to_micros;
use community_core::{NewPost, TopicId};
use criterion::Criterion;
use pollster::block_on;

const TOPICS: usize = 20_000;
const ROUNDS: usize = 1_000;
const WRITERS: usize = 32;
const EACH: usize = 100;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let ours = tempfile::tempdir()?;
    let theirs = tempfile::tempdir()?;
    eprintln!("building {TOPICS} topics");
    drop(Workload::build(ours.path(), TOPICS)?);
    let file = theirs.path().join("community.db");
    std::fs::copy(ours.path().join("community.db"), &file)?;
    let workload = Workload::open(ours.path())?;
    let mut hand = HandWriter::open(&file)?;
    let topics = hand.topics(TOPICS)?;
    let by_hand = hand.member()?;
    let session = block_on(workload.engine.member_by_key(&member(0)?))?;
    let env = workload.engine.env();
    let reply_by_engine = |n: usize| -> Outcome<()> {
        let topic = topics.get(n * 7_919 % topics.len()).ok_or("no topic")?;
        let reply = NewPost::new(TopicId::from_bytes(*topic), BODY);
        block_on(session.reply(reply))?;
        Ok(())
    };
    let hand_reply = |n: usize| -> Outcome<HandReply> {
        let now = env.now();
        let topic = *topics.get(n * 7_919 % topics.len()).ok_or("no topic")?;
        let id = *env.mint(now).as_bytes();
        Ok(HandReply { id, topic, author: by_hand, body: BODY.to_owned(), at: to_micros(now) })
    };

    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut n = 0;
    criterion.bench_function("reply, one writer", |bencher| {
        bencher.iter(|| {
            n += 1;
            reply_by_engine(n)
        });
    });
    criterion.final_summary();

    println!();
    let (mut a, mut b) = (0, 0);
    let mut failed = None;
    compare(
        "reply, one writer",
        ROUNDS,
        || {
            a += 1;
            failed = reply_by_engine(a).err().map(|error| error.to_string()).or(failed.take());
        },
        || {
            b += 1;
            let written = hand_reply(b).map(|reply| hand.reply(&reply));
            assert!(matches!(written, Ok(Ok(()))), "{written:?}");
        },
    );
    assert_eq!(failed, None);

    println!("\n{WRITERS} writers at once, {} replies:", WRITERS * EACH);
    let engine = rate(reply_by_engine)?;
    let shared = Mutex::new(hand);
    let locked = rate(|n| {
        let reply = hand_reply(n)?;
        Ok(shared.lock().unwrap_or_else(PoisonError::into_inner).reply(&reply)?)
    })?;
    drop(shared);
    let apart =
        rate_with(|| Ok(HandWriter::open(&file)?), |hand, n| Ok(hand.reply(&hand_reply(n)?)?))?;
    println!("engine                                 {engine:>8.0} replies/s");
    for (name, rate) in [("by hand, a connection each", apart), ("by hand, one connection", locked)]
    {
        println!("{name:<38} {rate:>8.0} replies/s  ratio {:.2}", engine / rate);
    }
    Ok(())
}

/// Calls a second of so many threads at once.
fn rate(f: impl Fn(usize) -> Outcome<()> + Sync) -> Outcome<f64> {
    rate_with(|| Ok(()), |(), n| f(n))
}

/// The same, each thread with something of its own.
fn rate_with<T>(
    open: impl Fn() -> Outcome<T> + Sync,
    f: impl Fn(&mut T, usize) -> Outcome<()> + Sync,
) -> Outcome<f64> {
    let start = Instant::now();
    std::thread::scope(|scope| {
        let (open, f) = (&open, &f);
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || -> Outcome<()> {
                    let mut own = open()?;
                    for n in 0..EACH {
                        f(&mut own, writer * EACH + n)?;
                    }
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;
    let calls = u32::try_from(WRITERS * EACH).unwrap_or(u32::MAX);
    Ok(f64::from(calls) / start.elapsed().as_secs_f64())
}
