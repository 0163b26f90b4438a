//! Suggestions while somebody types a question: from the knowledge base, beside the shortest program on
//! the same files.
//!
//! `cargo bench -p community-benches --bench suggestions [-- TOPICS]`: 100,000 topics with an answer and
//! 10,000 articles unless another number of topics is given, of which there are a tenth as many
//! articles. Half of these were made from topics. By each further word of a title, suggestions are
//! asked for; printed is how long that takes for half of the requests, and for all but one of a
//! hundred.

#![allow(clippy::indexing_slicing, reason = "what is not there is a reason to end")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use community_benches::by_hand::HandSearcher;
use community_benches::posts::{channels_of, fill, text, visitor};
use community_benches::workload::{Random, channel};
use community_core::search::{
    Count, Find, Per, Reach, Sample, SearchIndex, SearchSort, SimilarQuery, Wanted,
};
use community_core::{Engine, Session, Slug, Title};
use community_knowledge::{
    ArticlePages, Content, Harvest, Knowledge, NewArticle, Section, SectionKind,
};
use community_search::analysis::Language;
use community_search::{Projection, Settings};
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Titles that are typed, and the words of each.
const TITLES: usize = 300;
const WORDS: usize = 8;
/// Suggestions that are shown.
const SHOWN: usize = SimilarQuery::LIMIT;

fn main() -> Outcome<()> {
    let topics = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let topics: usize = topics.unwrap_or(100_000);
    let (data, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let engine = Engine::new(Arc::new(SqliteStore::open(data.path(), Options::default())?));
    let community: Slug = "bench".parse()?;
    eprintln!("building {topics} topics and {} articles", topics / 10);
    block_on(fill(&engine, &community, topics * 2, 2))?;
    let articles = block_on(write(&Knowledge::new(engine.clone()), &community, topics))?;

    let settings = Settings { language: Language::English, ..Settings::default() };
    let env = engine.env().clone();
    let pages = Arc::new(ArticlePages::new(env.clone()));
    let mut projection = Projection::of_pages(pages, Some(files.path()), settings, env)?;
    let started = Instant::now();
    block_on(async {
        while projection.catch_up(engine.store(), 10_000).await?.lag > 0 {}
        Ok::<(), Box<dyn Error>>(())
    })?;
    projection.flush()?;
    let snapshot = projection.index().snapshot().ok_or("no index")?;
    println!("{} documents in {:.1?}", snapshot.documents(), started.elapsed());
    assert_eq!(snapshot.documents(), u64::try_from(topics + articles)?);

    let directory = block_on(engine.store().directory())?;
    let now = engine.env().now();
    let scope = visitor(&directory, now);
    let reach = Reach::new(&scope, &directory, None);
    let channels = channels_of(&directory, &scope);
    let hand = HandSearcher::open(&files.path().join("gen-1"), &channels)?;
    let index: Arc<dyn SearchIndex> = Arc::new(projection.index());
    let knowledge = Knowledge::new(engine.clone()).with_index(index);

    let mut random = Random::new(23);
    let titles: Vec<String> = (0..TITLES).map(|_| text(&mut random, WORDS)).collect();
    let typed: Vec<String> = titles
        .iter()
        .flat_map(|title| {
            let words: Vec<&str> = title.split(' ').collect();
            (2..=words.len()).map(move |many| words[..many].join(" ")).collect::<Vec<_>>()
        })
        .collect();
    let visitor = engine.anonymous();
    // Whatever is read for the first time is not measured.
    for text in typed.iter().take(200) {
        suggest(&knowledge, &visitor, &community, text)?;
    }
    let mut took: [Vec<Duration>; 3] = Default::default();
    let mut shown = 0;
    for text in &typed {
        let started = Instant::now();
        shown += suggest(&knowledge, &visitor, &community, text)?;
        took[0].push(started.elapsed());
        let started = Instant::now();
        let wanted = Wanted::Like(Sample { title: text.clone(), ..Sample::default() });
        let (sort, per) = (SearchSort::Relevance, Per::Topic);
        let count = Count::Nothing;
        snapshot.find(&Find { wanted: &wanted, reach: &reach, sort, per, top: SHOWN, count })?;
        took[1].push(started.elapsed());
        let started = Instant::now();
        hand.best(&*hand.any(text), SHOWN)?;
        took[2].push(started.elapsed());
    }
    println!("{} requests, {shown} suggestions", typed.len());
    let names = ["suggestions, shown", "suggestions, keys", "the library by hand, keys"];
    for (name, mut took) in names.into_iter().zip(took) {
        took.sort_unstable();
        let at = |share: f64| {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "a place in the list"
            )]
            let place = (took.len() as f64 * share) as usize;
            took[place.min(took.len() - 1)]
        };
        println!("{name:<28} p50 {:>9.1?}  p99 {:>9.1?}", at(0.5), at(0.99));
    }
    Ok(())
}

fn suggest(
    knowledge: &Knowledge,
    visitor: &Session,
    community: &Slug,
    text: &str,
) -> Outcome<usize> {
    let query = SimilarQuery::community(community.clone(), text);
    Ok(block_on(knowledge.suggest(visitor, &query))?.len())
}

/// A tenth as many articles as topics: half of them made from topics, half written.
async fn write(knowledge: &Knowledge, community: &Slug, topics: usize) -> Outcome<usize> {
    let system = knowledge.engine().as_system();
    let mut random = Random::new(17);
    let mut articles = 0;
    for n in (0..topics).step_by(10) {
        let locale: Slug = "en".parse()?;
        let id = if n % 20 == 0 {
            let answer = format!("post:{}", n * 2 + 1).parse()?;
            let answer = system.post_by_key(community, &answer).await?;
            system.accept(answer.post.id, None).await?;
            let topic = answer.post.topic;
            knowledge.harvest(&system, &Harvest { topic, channel: None, locale }).await?
        } else {
            let body = Section::text(SectionKind::Resolution, text(&mut random, 150));
            let content = Content::new(Title::new(&text(&mut random, 6))?, vec![body]);
            // Every tenth channel is one that everybody reads.
            let channel = channel(n / 10 % 100 * 10)?;
            let new = NewArticle::new(community.clone(), channel, locale, content);
            knowledge.begin(&system, &new).await?
        };
        knowledge.submit(&system, id).await?;
        let rev = knowledge.desk(&system, id).await?.rev;
        knowledge.approve(&system, id, rev, None).await?;
        articles += 1;
    }
    Ok(articles)
}
