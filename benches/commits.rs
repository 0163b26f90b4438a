//! A reply, by the engine and by hand, both durable (`synchronous=FULL`), on two copies of one file.
//!
//! `cargo bench -p community-benches --bench commits` prints criterion's figure for the engine, then
//! the ratio for one writer, and replies a second for 32 writers at once: the engine, hand-written
//! transactions on 32 connections, hand-written transactions that share one connection behind a
//! lock, and hand-written transactions with 32 replies each on one thread. They take turns, and the
//! medians of their rates and of the ratios of each round are printed, with the range of these. What is
//! written by hand moves a topic in its listings at once: it has no memory in which it could wait.
//! Replies go to the latest topics more often than to old ones, as they do in any community that lives,
//! and then to topics of any age alike, which is the worst that can happen to a store. The engine
//! gets some replies before each of its rounds, so many that it begins to write places that have waited,
//! so a round leaves no more to be written later than it found.

use std::error::Error;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use community_benches::by_hand::{HandReply, HandWriter};
use community_benches::pairs::compare;
use community_benches::workload::{BODY, Random, Workload, member};
use community_core::time::to_micros;
use community_core::{NewPost, TopicId};
use criterion::Criterion;
use pollster::block_on;
use rusqlite::{Connection, OpenFlags};

const TOPICS: usize = 20_000;
const ROUNDS: usize = 1_000;
const WRITERS: usize = 32;
/// Replies of each writer in a round.
const EACH: usize = 400;
const CROWDS: u64 = 3;
/// The same before a round of the engine, to topics of any age: each moves its topic in eight lists, and
/// it writes places when more than 32,768 wait.
const BEFORE: usize = 200;

const OTHERS: [&str; 3] = [
    "by hand, a connection each",
    "by hand, one connection",
    "by hand, one thread, 32 a transaction",
];

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
    let reply_by_engine = |topic: &[u8; 16]| -> Outcome<()> {
        let reply = NewPost::new(TopicId::from_bytes(*topic), BODY);
        block_on(session.reply(reply))?;
        Ok(())
    };
    let hand_reply = |topic: &[u8; 16]| -> HandReply {
        let now = env.now();
        let id = *env.mint(now).as_bytes();
        HandReply { id, topic: *topic, author: by_hand, body: BODY.to_owned(), at: to_micros(now) }
    };

    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut of_engine = targets(&topics, Age::Young, 1).cycle();
    criterion.bench_function("reply, one writer", |bencher| {
        bencher.iter(|| of_engine.next().map(&reply_by_engine));
    });
    criterion.final_summary();

    println!();
    let mut of_hand = targets(&topics, Age::Young, 1).cycle();
    let mut failed = None;
    let engine = || {
        failed = of_engine.next().and_then(|topic| reply_by_engine(topic).err()).or(failed.take());
    };
    let by_hand = || {
        let written = of_hand.next().map(|topic| hand.reply(&hand_reply(topic)));
        assert!(matches!(written, Some(Ok(()))), "{written:?}");
    };
    compare("reply, one writer", ROUNDS, ("engine", engine), ("by hand", by_hand));
    failed.map_or(Ok(()), Err)?;

    let hand = Mutex::new(hand);
    let hands: Result<Vec<_>, _> = (0..WRITERS).map(|_| HandWriter::open(&file)).collect();
    let (mut hands, mut nothing) = (hands?, [(); WRITERS]);
    for age in [Age::Young, Age::Any] {
        println!("\n{WRITERS} writers at once, replies to topics of {age}, {CROWDS} rounds:");
        let (mut of_engine, mut of_others) = (Vec::new(), [const { Vec::new() }; 3]);
        for round in 0..CROWDS {
            // A seed for each contender, so that none finds the work done by another: the first
            // reply to a topic writes more than the second.
            let targets = |age, contender| -> Vec<&[u8; 16]> {
                targets(&topics, age, 2 + 5 * round + contender).collect()
            };
            let mut before = targets(Age::Any, 4);
            before.truncate(WRITERS * BEFORE);
            rate(&before, &mut nothing, |(), topic| reply_by_engine(topic))?;
            let engine = rate(&targets(age, 0), &mut nothing, |(), topic| reply_by_engine(topic))?;
            wait_until_written(&ours.path().join("community.db"))?;
            let apart = rate(&targets(age, 1), &mut hands, |hand, topic| {
                Ok(hand.reply(&hand_reply(topic))?)
            })?;
            let locked = rate(&targets(age, 2), &mut nothing, |(), topic| {
                let reply = hand_reply(topic);
                Ok(hand.lock().unwrap_or_else(PoisonError::into_inner).reply(&reply)?)
            })?;
            let mut hand = hand.lock().unwrap_or_else(PoisonError::into_inner);
            let targets = targets(age, 3);
            let start = Instant::now();
            for topics in targets.chunks(WRITERS) {
                let replies: Vec<HandReply> =
                    topics.iter().map(|topic| hand_reply(topic)).collect();
                hand.replies(&replies)?;
            }
            let others = [apart, locked, per_second(targets.len(), start)];
            of_engine.push(engine);
            of_others.iter_mut().zip(others).for_each(|(rates, rate)| rates.push(rate));
        }
        let [_, rate, _] = spread(&of_engine);
        println!("{:<38} {rate:>8.0} replies/s", "engine");
        for (name, rates) in OTHERS.into_iter().zip(of_others) {
            let ratios: Vec<f64> = of_engine.iter().zip(&rates).map(|(a, b)| a / b).collect();
            let ([_, rate, _], [least, ratio, most]) = (spread(&rates), spread(&ratios));
            println!(
                "{name:<38} {rate:>8.0} replies/s  ratio {ratio:.2} ({least:.2} to {most:.2})"
            );
        }
    }
    Ok(())
}

/// Waits until the engine has written all that it has left for later: not in the time of others.
fn wait_until_written(file: &Path) -> Outcome<()> {
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let left = "SELECT count(*) FROM moves WHERE topic IS NOT NULL";
    while conn.query_row(left, [], |row| row.get::<_, i64>(0))? > 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The least, the one in the middle, and the most.
fn spread(all: &[f64]) -> [f64; 3] {
    let mut all = all.to_vec();
    all.sort_unstable_by(f64::total_cmp);
    [0, all.len() / 2, all.len() - 1].map(|n| all.get(n).copied().unwrap_or(f64::NAN))
}

/// To which topics replies go.
#[derive(Debug, Clone, Copy)]
enum Age {
    /// The younger the more often: half of them to less than a hundredth of all topics.
    Young,
    /// To all alike.
    Any,
}

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Young => "young age",
            Self::Any => "any age",
        })
    }
}

/// A topic for each reply of a round; `topics` come oldest first.
fn targets(topics: &[[u8; 16]], age: Age, seed: u64) -> impl Iterator<Item = &[u8; 16]> + Clone {
    let mut random = Random::new(seed);
    let count = topics.len();
    let pick = move |_| match age {
        Age::Young => count - 1 - random.skewed(count),
        Age::Any => random.below(count),
    };
    let picked: Vec<usize> = (0..WRITERS * EACH).map(pick).collect();
    picked.into_iter().filter_map(|n| topics.get(n))
}

/// Replies a second of 32 threads at once, each with something of its own.
fn rate<T: Send>(
    targets: &[&[u8; 16]],
    own: &mut [T],
    reply: impl Fn(&mut T, &[u8; 16]) -> Outcome<()> + Sync,
) -> Outcome<f64> {
    let start = Instant::now();
    std::thread::scope(|scope| {
        let (reply, each) = (&reply, targets.len() / WRITERS);
        let threads: Vec<_> = own
            .iter_mut()
            .zip(targets.chunks(each))
            .map(|(own, targets)| {
                scope.spawn(move || targets.iter().try_for_each(|topic| reply(own, topic)))
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;
    Ok(per_second(targets.len(), start))
}

fn per_second(calls: usize, start: Instant) -> f64 {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    f64::from(calls) / start.elapsed().as_secs_f64()
}
