//! A page of 20 topics, by the engine and by hand, at 20,000 and at 200,000 topics.
//!
//! `cargo bench -p community-benches --bench feeds` prints criterion's figures for the engine, then
//! the ratios: engine to hand-written SQL on the same file, and the large file to the small one.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use community_benches::by_hand::{HandReader, Order};
use community_benches::pairs::compare;
use community_benches::workload::{Workload, channel, label};
use community_core::{FeedQuery, Session, Sort};
use criterion::Criterion;
use pollster::block_on;
use tempfile::TempDir;

const ROUNDS: usize = 2_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let small = build(20_000)?;
    let large = build(200_000)?;
    let small = measure(&mut criterion, small.path(), "20,000 topics")?;
    let large = measure(&mut criterion, large.path(), "200,000 topics")?;
    criterion.final_summary();
    println!("\na page of 20 at both sizes:");
    for ((name, few), (_, many)) in small.pages.iter().zip(&large.pages) {
        let few = || drop(block_on(small.session.feed(few)));
        let many = || drop(block_on(large.session.feed(many)));
        compare(name, ROUNDS, ("of 200,000", many), ("of 20,000", few));
    }
    Ok(())
}

fn build(topics: usize) -> Outcome<TempDir> {
    let dir = tempfile::tempdir()?;
    eprintln!("building {topics} topics");
    drop(Workload::build(dir.path(), topics)?);
    Ok(dir)
}

/// The pages of a community, to be asked for.
struct Pages {
    session: Session,
    pages: Vec<(String, FeedQuery)>,
}

/// The engine against hand-written SQL.
fn measure(criterion: &mut Criterion, dir: &Path, size: &str) -> Outcome<Pages> {
    // The file is opened by hand while the engine has it: both only read.
    let workload = Workload::open(dir)?;
    let hand = HandReader::open(&dir.join("community.db"))?;
    let session = workload.engine.anonymous();
    let community = block_on(session.community(&workload.community))?;
    let channels = block_on(session.channels(&workload.community))?;
    let of_community = hand.listing("community", community.id.as_bytes(), "")?;
    let busy = channels.iter().find(|c| c.key == "channel-3").ok_or("no channel-3")?;
    let of_channel = hand.listing("channel", busy.id.as_bytes(), "")?;
    let of_label = hand.listing("channel_label", busy.id.as_bytes(), "label-2")?;
    let mut home = FeedQuery::community(workload.community.clone());
    let mut home_ids = rustc_hash::FxHashSet::default();
    for n in 0..20 {
        let key = channel(n * 3)?;
        let view = channels.iter().find(|c| c.key == key).ok_or("no such channel")?;
        home_ids.insert(*view.id.as_bytes());
        home = home.channel(key);
    }
    let all = FeedQuery::community(workload.community.clone());
    let one = all.clone().channel(channel(3)?);
    let both = one.clone().labels(label(2)?.as_str().parse()?);
    println!("\n{size}, a page of 20:");
    let mut pages = Vec::new();
    for (name, query, listing) in [
        ("community", all, of_community),
        ("channel", one, of_channel),
        ("label in a channel", both, of_label),
        ("home of 20 channels", home, -1),
    ] {
        for (sort, code) in [(Sort::New, 0), (Sort::Hot, 2)] {
            let query = query.clone().sort(sort);
            let order = Order { listing, sort: code };
            let theirs = || {
                if listing < 0 {
                    let order = Order { listing: of_community, sort: code };
                    hand.home(order, &home_ids, 20)
                } else {
                    hand.page(order, 20)
                }
            };
            let ours = || block_on(session.feed(&query));
            let ids: Vec<_> = ours()?.items.iter().map(|c| *c.topic.id.as_bytes()).collect();
            let hand_ids: Vec<_> = theirs()?.iter().map(|card| card.position.1).collect();
            assert_eq!(ids, hand_ids, "{name}: both return the same rows");
            assert_eq!(ids.len(), 20);
            let label = format!("{name}, {sort}");
            criterion.bench_function(&format!("{size}/{label}"), |bencher| {
                bencher.iter(|| ours().map(|page| page.items.len()));
            });
            let by_hand = || drop(theirs());
            compare(&label, ROUNDS, ("engine", || drop(ours())), ("by hand", by_hand));
            pages.push((label, query));
        }
    }
    Ok(Pages { session, pages })
}
