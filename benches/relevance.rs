//! How well search orders what it finds, on public test collections, beside Lucene.
//!
//! `cargo bench -p community-benches --bench relevance` prints nDCG@10 per collection, 1,000 hits
//! deep, in the one configuration that everybody gets, and fails where a collection that has a
//! figure of Lucene (BM25, Porter stemming, stop words, title and text in one field) stays below
//! it. Every folder of `relevance` in the test data is measured; the data is looked for in
//! `../shared/data`, or where `COMMUNITY_TEST_DATA` says.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, read_to_string};
use std::path::{Path, PathBuf};

use community::record::Record;
use community::{Env, Limits, NewCommunity, NewMember, Policy, SearchQuery, Slug};
use serde_json::Value;

const DEPTH: usize = 1_000;

const LUCENE: &[(&str, f64)] = &[
    ("cranfield", 0.367),
    ("cisi", 0.385),
    ("cacm", 0.497),
    ("covidfaq", 0.608),
    ("semeval2016b-train2", 0.534),
    ("qc-links", 0.323),
];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What an answer to a query is worth, by the key of the entry.
type Gains = BTreeMap<String, f64>;

fn main() -> Outcome<()> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("COMMUNITY_TEST_DATA").map_or(beside, PathBuf::from);
    let folder = data.join("relevance");
    if !folder.is_dir() {
        eprintln!("ignored: there is no data at {}", folder.display());
        return Ok(());
    }
    let mut below = Vec::new();
    println!("{:24}{:>8}{:>8}", "nDCG@10", "here", "Lucene");
    let mut collections: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
    collections.sort();
    for collection in collections {
        let name = collection.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let here = measure(&collection)?;
        match LUCENE.iter().find(|(set, _)| *set == name) {
            Some((_, lucene)) => {
                println!("{name:24}{here:>8.4}{lucene:>8.3}");
                if here < *lucene {
                    below.push(name);
                }
            }
            None => println!("{name:24}{here:>8.4}"),
        }
    }
    if below.is_empty() { Ok(()) } else { Err(format!("below Lucene: {below:?}").into()) }
}

/// The mean over all queries that have an answer, of what a visitor finds in a community whose
/// topics are the collection.
fn measure(collection: &Path) -> Outcome<f64> {
    let limits = Limits { page: DEPTH, ..Limits::default() };
    let engine = community::in_memory_with(Env::default().with_limits(limits));
    let library: Slug = "library".parse()?;
    pollster::block_on(async {
        let policy = Policy::public();
        let new = NewCommunity::new(library.clone(), "Library".parse()?, policy);
        engine.as_system().create_community(new).await?;
        let librarian = NewMember::new("librarian".parse()?, "Librarian".parse()?);
        let librarian = engine.as_system().sync_member(librarian).await?;
        let documents = lines(&collection.join("docs.jsonl"))?;
        let records = documents.iter().map(topic).collect::<Outcome<Vec<_>>>()?;
        for batch in records.chunks(500) {
            engine.as_system().import(&library, Some(librarian), batch).await?;
        }
        engine.indexed().await?;
        let gains = gains(&collection.join("qrels.txt"))?;
        let (mut sum, mut count) = (0.0, 0.0);
        for line in lines(&collection.join("queries.jsonl"))? {
            let Some(gains) = gains.get(&text(&line, "id")?) else { continue };
            let excluded = excluded(&line);
            let query = SearchQuery::community(library.clone(), text(&line, "text")?);
            let found = engine.anonymous().search(&query.limit(DEPTH).plain()).await?;
            let keys = found.hits.iter().filter_map(|hit| hit.topic.topic.key.as_ref());
            let mut hits: Vec<String> = keys.map(|key| key.as_str().to_owned()).collect();
            hits.retain(|key| !excluded.contains(key));
            sum += ndcg(&hits, gains, &excluded);
            count += 1.0;
        }
        Ok(sum / count)
    })
}

/// A document as a topic. Neither title nor body of a topic may be empty: one stands in for the
/// other.
fn topic(document: &Value) -> Outcome<Record> {
    let (key, mut title, mut body) =
        (text(document, "id")?, text(document, "title")?, text(document, "text")?);
    if title.trim().is_empty() {
        title = body.split_whitespace().take(10).collect::<Vec<_>>().join(" ");
    }
    if title.is_empty() {
        title.clone_from(&key);
    }
    if body.trim().is_empty() {
        body.clone_from(&title);
    }
    let record = serde_json::json!({
        "type": "topic", "key": key, "channel": "books", "title": title, "body": body,
    });
    Ok(serde_json::from_value(record)?)
}

/// Normalised discounted cumulative gain of the first ten: what their gains add up to, each
/// divided by log2(rank + 1), as a share of what the best order would give (Järvelin and
/// Kekäläinen 2002).
fn ndcg(hits: &[String], gains: &Gains, excluded: &BTreeSet<String>) -> f64 {
    let mut best: Vec<f64> =
        gains.iter().filter(|(key, _)| !excluded.contains(*key)).map(|(_, gain)| *gain).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let ideal = discounted(best.into_iter());
    let got = discounted(hits.iter().map(|key| gains.get(key).copied().unwrap_or(0.0)));
    if ideal > 0.0 { got / ideal } else { 0.0 }
}

fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    gains.take(10).zip(2_u32..).map(|(gain, place)| gain / f64::from(place).log2()).sum()
}

/// The judgements of each query.
fn gains(file: &Path) -> Outcome<BTreeMap<String, Gains>> {
    let mut all: BTreeMap<String, Gains> = BTreeMap::new();
    for line in read_to_string(file)?.lines() {
        let mut columns = line.split_whitespace();
        let (Some(query), Some(_), Some(key), Some(gain)) =
            (columns.next(), columns.next(), columns.next(), columns.next())
        else {
            return Err(format!("`{line}` is not a judgement").into());
        };
        all.entry(query.to_owned()).or_default().insert(key.to_owned(), gain.parse()?);
    }
    Ok(all)
}

/// The entries that a query was made from: one key or a list of them.
fn excluded(query: &Value) -> BTreeSet<String> {
    let keys = match query.get("exclude") {
        Some(Value::Array(keys)) => keys.iter().collect(),
        Some(key) => vec![key],
        None => Vec::new(),
    };
    keys.into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn lines(file: &Path) -> Outcome<Vec<Value>> {
    let text = read_to_string(file)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn text(line: &Value, field: &str) -> Outcome<String> {
    let text = line.get(field).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("`{line}` has no `{field}`"))?.to_owned())
}
