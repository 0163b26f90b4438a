//! The best 20 posts of 200,000, or of as many as an argument says, for a viewer who reads 100 of
//! 1,000 channels: by the engine's index, by hand on the same index, and by SQLite's FTS5.
//!
//! `cargo bench -p community-benches --bench search [-- POSTS]` prints medians over 200 queries of
//! each kind and their ratios: two words of which one has to occur (OR), two words that both have to
//! (AND), and two words side by side. Only keys are fetched. Beside it stands what facets cost, and
//! what the whole answer does: read from the store under the viewer's rights, with a total and with
//! highlights. Then it prints what hostile texts cost.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use community_benches::by_hand::HandSearcher;
use community_benches::pairs::{apart, compare};
use community_benches::posts::{CHANNELS, READ, channels_of, community_of, text, visitor, word};
use community_benches::workload::{Random, channel};
use community_core::search::{
    Count, Find, Lookup, LookupTerm, Per, Reach, Sample, SearchExpr, SearchQuery, SearchSort, Term,
    Wanted,
};
use community_core::store::PostView;
use community_core::{AccessRev, Engine, Limits, Scope, Slug};
use community_search::analysis::Language;
use community_search::{Projection, Settings, Snapshot};
use pollster::block_on;
use rusqlite::{Connection, params};

const QUERIES: usize = 200;

/// What one types for some words.
type Typed = fn(&[String]) -> String;

/// The query that one would write by hand for a text.
type ByHand = fn(&HandSearcher, &str) -> Box<dyn tantivy::query::Query>;

/// Hits of a page.
const TOP: usize = 20;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let posts = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let posts = posts.unwrap_or(200_000);
    eprintln!("building {posts} posts");
    let (engine, community) = community_of(posts)?;
    let dir = tempfile::tempdir()?;
    let settings = Settings { language: Language::English, ..Settings::default() };
    let mut projection = Projection::open(dir.path(), settings, engine.env().clone())?;
    let started = Instant::now();
    block_on(async {
        while projection.catch_up(engine.store(), 10_000).await?.lag > 0 {}
        Ok::<(), Box<dyn Error>>(())
    })?;
    projection.flush()?;
    let took = started.elapsed();
    let snapshot = projection.index().snapshot().ok_or("no index")?;
    let speed = snapshot.documents() as f64 / took.as_secs_f64();
    println!("indexed {} posts in {took:.1?}: {speed:.0}/s", snapshot.documents());

    let directory = block_on(engine.store().directory())?;
    let now = engine.env().now();
    let scope = visitor(&directory, now);
    let reach = Reach::new(&scope, &directory, None);
    let channels = channels_of(&directory, &scope);
    assert_eq!(channels.len(), READ);
    let hand = HandSearcher::open(&dir.path().join("gen-1"), &channels)?;
    println!("in {} segments", hand.segments());

    let index = Arc::new(projection.index());
    let answering = Engine::with_index(engine.store_handle(), engine.env().clone(), index);
    let session = answering.anonymous();

    let mut random = Random::new(5);
    let pairs: Vec<Vec<String>> =
        (0..QUERIES).map(|_| (0..2).map(|_| word(10 + random.below(300))).collect()).collect();
    let texts: Vec<String> = pairs.iter().map(|pair| pair.join(" ")).collect();
    println!("\nkeys of the best 20 of {posts} posts:");
    let kinds: [(&str, Typed, ByHand); 3] = [
        ("OR", |words| words.join(" "), HandSearcher::any),
        ("AND", |words| format!("\"{}\"", words.join("\" \"")), HandSearcher::every),
        ("phrase", |words| format!("\"{}\"", words.join(" ")), HandSearcher::phrase),
    ];
    for (name, typed, by_hand) in kinds {
        let wanted: Vec<Wanted> =
            pairs.iter().map(|pair| lookup(&typed(pair))).collect::<Outcome<_>>()?;
        let find = |wanted: &Wanted, per, count| {
            let request =
                Find { wanted, reach: &reach, sort: SearchSort::Relevance, per, top: TOP, count };
            snapshot.find(&request)
        };
        let mut same = 0;
        for (wanted, text) in wanted.iter().zip(&texts) {
            let ours = find(wanted, Per::Post, Count::Nothing)?.hits;
            let ours: Vec<u128> =
                ours.iter().map(|hit| u128::from_be_bytes(*hit.post.as_bytes())).collect();
            let theirs = hand.best(&*by_hand(&hand, text), TOP)?;
            same += usize::from(
                ours.iter().collect::<BTreeSet<_>>() == theirs.iter().collect::<BTreeSet<_>>(),
            );
        }
        let turns = 5 * QUERIES;
        for per in Per::ALL {
            let (mut ours, mut theirs) = (wanted.iter().cycle(), texts.iter().cycle());
            let ours = || drop(ours.next().map(|wanted| find(wanted, per, Count::Nothing)));
            let theirs = || drop(theirs.next().map(|text| hand.best(&*by_hand(&hand, text), TOP)));
            compare(&format!("{name}, {per}s"), turns, ("engine", ours), ("by hand", theirs));
        }
        println!("{name}: the same 20 posts in {same} of {QUERIES} queries");
        let mut counted = wanted.iter().cycle();
        let counted = || {
            let count = Count::Facets { most: 1_000, values: 10 };
            drop(counted.next().map(|wanted| find(wanted, Per::Topic, count)));
        };
        let mut plain = wanted.iter().cycle();
        let plain = || drop(plain.next().map(|wanted| find(wanted, Per::Topic, Count::Nothing)));
        compare(&format!("{name}, topics"), QUERIES, ("with facets", counted), ("without", plain));
        let queries: Vec<SearchQuery> = pairs
            .iter()
            .map(|pair| SearchQuery::community(community.clone(), typed(pair)))
            .collect();
        let mut asked = queries.iter().cycle();
        let whole = || {
            let answer = asked.next().map(|query| block_on(session.search(query)));
            assert!(matches!(answer, Some(Ok(_))), "{answer:?}");
        };
        let mut keys = wanted.iter().cycle();
        let keys = || drop(keys.next().map(|wanted| find(wanted, Per::Topic, Count::Nothing)));
        compare(&format!("{name}, topics"), QUERIES, ("whole answer", whole), ("keys", keys));
    }
    worst(&snapshot, &reach)?;
    let like = (0..50).map(|_| {
        let sample = Sample {
            title: text(&mut random, 8),
            body: text(&mut random, 120),
            ..Sample::default()
        };
        time(&snapshot, &reach, &Wanted::Like(sample), SearchSort::Relevance)
    });
    let mut like: Vec<Duration> = like.collect::<Outcome<_>>()?;
    like.sort_unstable();
    println!(
        "topics like a text of 120 words: median {:.1?}",
        like.get(like.len() / 2).copied().unwrap_or_default()
    );
    sqlite(&engine, &community, &snapshot, &reach, &pairs)?;
    Ok(())
}

/// What a text means, when it has no fields.
fn lookup(text: &str) -> Outcome<Wanted> {
    let expr = SearchExpr::parse(text, &Limits::default())?;
    let term = |term: &Term| match term {
        Term::Word(word) => LookupTerm::Word(word.clone()),
        Term::Phrase(phrase) => LookupTerm::Phrase(phrase.clone()),
        Term::Condition(_) => LookupTerm::Author(None),
    };
    let required = expr.required.iter();
    Ok(Wanted::Expr(Lookup {
        words: expr.words.clone(),
        required: required.map(|group| group.alternatives().iter().map(term).collect()).collect(),
        excluded: expr.excluded.iter().map(term).collect(),
        place: expr.place,
        ..Lookup::default()
    }))
}

/// The dearest texts within the limits.
fn worst(snapshot: &Snapshot, reach: &Reach<'_>) -> Outcome<()> {
    let frequent = |count: usize| (0..count).map(word).collect::<Vec<_>>();
    let prefixes: String = (0..400).map(|n| format!("{}* ", &word(n * 7)[..2 + n % 3])).collect();
    let typos: String = (0..250).map(|n| format!("{}qx{n} ", &word(n)[..4])).collect();
    let phrases: String = (0..250).map(|n| format!("\"the {}\" OR ", word(n))).collect();
    let little: String = "\"of the\" ".repeat(250);
    let excluded: String = frequent(400).iter().map(|word| format!("-{word} ")).collect();
    let rare: String = (0..400).map(|n| format!("-{} ", word(20_000 + n))).collect();
    println!("\nthe dearest texts, by relevance and by time:");
    for (name, text) in [
        ("440 frequent words", frequent(440).join(" ")),
        ("prefixes", prefixes),
        ("words one edit away", typos),
        ("phrases, any of them", phrases + "label:none"),
        ("phrases, all of them", little),
        ("-frequent words", excluded),
        ("-rare words", rare),
        ("nothing", String::new()),
    ] {
        let text = text.get(..4_096).unwrap_or(&text);
        let wanted = lookup(text)?;
        let mut took = Vec::new();
        for sort in [SearchSort::Relevance, SearchSort::Newest] {
            took.push(time(snapshot, reach, &wanted, sort)?);
        }
        println!("{name:<28} {took:.1?}");
    }
    Ok(())
}

/// How long a search takes, the best of three.
fn time(
    snapshot: &Snapshot,
    reach: &Reach<'_>,
    wanted: &Wanted,
    sort: SearchSort,
) -> Outcome<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        let count = Count::Nothing;
        snapshot.find(&Find { wanted, reach, sort, per: Per::Topic, top: 20, count })?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}

/// The same posts in SQLite's own full-text index, each with the same words.
fn sqlite(
    engine: &Engine,
    community: &Slug,
    snapshot: &Snapshot,
    reach: &Reach<'_>,
    pairs: &[Vec<String>],
) -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let started = Instant::now();
    let mut connection = fts(engine, community, &dir.path().join("fts.db"))?;
    println!("\nSQLite FTS5 was filled in {:.1?}", started.elapsed());
    let few = pairs.get(..20).unwrap_or(pairs);
    // Each of them by itself, as a server would be asked, and then both in turn: whoever follows the
    // other finds its data gone from the processor's caches.
    for (name, joint, typed) in [
        ("OR", " OR ", (|words| words.join(" ")) as fn(&[String]) -> String),
        ("AND", " AND ", |words| format!("\"{}\"", words.join("\" \""))),
    ] {
        let wanted: Vec<Wanted> =
            few.iter().map(|pair| lookup(&typed(pair))).collect::<Outcome<_>>()?;
        let (mut ours, mut theirs) = (wanted.iter().cycle(), few.iter().cycle());
        let mut ours = || {
            let (sort, per) = (SearchSort::Relevance, Per::Post);
            drop(ours.next().map(|wanted| {
                let count = Count::Nothing;
                snapshot.find(&Find { wanted, reach, sort, per, top: 20, count })
            }));
        };
        for (way, order) in [("by rank", "fts.rank"), ("filter first", "bm25(fts)")] {
            let mut theirs =
                || drop(theirs.next().map(|pair| best(&mut connection, &pair.join(joint), order)));
            let (what, of_each) = (format!("{name}, {way}"), few.len());
            apart(&what, ("FTS5", of_each, &mut theirs), ("engine", 10 * of_each, &mut ours));
            let what = format!("{what}, in turn");
            compare(&what, of_each, ("FTS5", &mut theirs), ("engine", &mut ours));
        }
    }
    Ok(())
}

fn fts(engine: &Engine, community: &Slug, file: &Path) -> Outcome<Connection> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
         CREATE TABLE allowed (channel BLOB PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE post (id INTEGER PRIMARY KEY, channel BLOB NOT NULL);
         CREATE VIRTUAL TABLE fts USING fts5 (title, body, answers, content = '', tokenize = 'porter');",
    )?;
    let transaction = connection.transaction()?;
    let scope = Scope::system(AccessRev::default());
    let store = engine.store();
    let directory = block_on(store.directory())?;
    let community = directory.community_by_key(community).ok_or("no community")?.id;
    for n in (0..CHANNELS).step_by(CHANNELS / READ) {
        let entry = directory.channel_by_key(community, &channel(n)?).ok_or("no channel")?;
        let id = entry.channel.id;
        transaction.execute("INSERT INTO allowed VALUES (?1)", [id.as_bytes().as_slice()])?;
    }
    {
        let mut post = transaction.prepare("INSERT INTO post VALUES (?1, ?2)")?;
        let mut words = transaction
            .prepare("INSERT INTO fts (rowid, title, body, answers) VALUES (?1, ?2, ?3, ?4)")?;
        let (mut number, mut after) = (0_i64, None);
        loop {
            let topics = block_on(store.topics_by_id(community, after, 1_000, &scope))?;
            let topics = scope.admit_all(topics);
            let Some(last) = topics.last() else { break };
            after = Some(last.topic.id);
            for row in &topics {
                let topic = &row.topic;
                let posts = block_on(store.posts_by_id(topic.id, None, 100, &scope))?;
                let posts = scope.admit_all(posts);
                let is_opening = |view: &PostView| view.post.id == topic.opening;
                let answers = posts.iter().filter(|view| !is_opening(view));
                let answers: Vec<&str> = answers.map(|view| view.body.as_str()).collect();
                for view in &posts {
                    number += 1;
                    post.execute(params![number, topic.channel.as_bytes().as_slice()])?;
                    // A topic is found by the words of its answers too.
                    let (title, answers) = if is_opening(view) {
                        (topic.title.as_str(), answers.join(" "))
                    } else {
                        ("", String::new())
                    };
                    words.execute(params![number, title, view.body, answers])?;
                }
            }
        }
    }
    transaction.commit()?;
    connection.execute_batch("INSERT INTO fts (fts) VALUES ('optimize'); ANALYZE;")?;
    Ok(connection)
}

/// By `rank`, all that matches is put in order, and the filter takes the first of these that are
/// allowed; by `bm25`, only what is allowed gets a rank, and is then put in order.
fn best(connection: &mut Connection, typed: &str, order: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT fts.rowid FROM fts JOIN post ON post.id = fts.rowid
         WHERE fts MATCH ?1 AND post.channel IN (SELECT channel FROM allowed)
         ORDER BY {order} LIMIT 20",
    ))?;
    statement.query_map([typed], |row| row.get(0))?.collect()
}
