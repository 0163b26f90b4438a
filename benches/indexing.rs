//! How fast an index is built, beside the index library by hand.
//!
//! `cargo bench -p community-benches --bench indexing [-- POSTS]` generates a world, builds its index
//! through a [`Keeper`] from a store on SQLite and from one in memory, and builds one of the same
//! posts with the library alone: the same fields, their texts analysed by the library's tokenizers,
//! everything read before the clock starts. Then it lets the keeper catch up with a tenth as many
//! posts while a reader looks at what is found.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use community_core::record::Record;
use community_core::search::SearchIndex;
use community_core::time::to_micros;
use community_core::{Engine, Env, Store};
use community_search::analysis::{Analyzer, Language, detect};
use community_search::{Keeper, Settings};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::worlds::{Access, Params, World, load};
use pollster::block_on;
use tantivy::schema::{
    BytesOptions, FAST, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema,
    TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    Language as Listed, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter,
    TextAnalyzer,
};
use tantivy::{Index, IndexWriter, TantivyDocument};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Posts in one commit.
const COMMIT: usize = 10_000;
const MEMORY: usize = 50_000_000;

fn main() -> Outcome<()> {
    let given = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let posts: usize = given.unwrap_or(100_000);
    let world = World::with_params(params(posts), 1);
    let dir = tempfile::tempdir()?;

    let texts = Texts::of(&world);
    println!("{posts} posts, {} kB of texts", texts.bytes() / 1_000);
    let raw = rate("the library by hand", posts, || by_hand(&dir.path().join("raw"), &texts))?;

    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let started = Instant::now();
    block_on(load(&Engine::new(Arc::clone(&memory)).as_system(), &world))?;
    println!("  loaded into memory in {:.1?}", started.elapsed());
    let ours = rate("a keeper, store in memory", posts, || {
        keep(&dir.path().join("memory"), &memory).map(drop)
    })?;
    println!("  {:.2} of the library", ours / raw);
    drop(memory);

    let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(dir.path().join("store"), options)?);
    let engine = Engine::new(Arc::clone(&sqlite));
    block_on(load(&engine.as_system(), &world))?;
    let mut kept = None;
    let ours = rate("a keeper, store on SQLite", posts, || {
        kept = Some(keep(&dir.path().join("sqlite"), &sqlite)?);
        Ok(())
    })?;
    println!("  {:.2} of the library", ours / raw);

    alone(&texts);
    if let Some(keeper) = kept {
        catch_up(&engine, &keeper, posts / 10)?;
    }
    Ok(())
}

fn params(posts: usize) -> Params {
    let (communities, channels, labels, members) = (1, 100, 50, 500);
    let (topics, votes, access) = (posts / 5, 0, Access::Public);
    Params { communities, channels, labels, members, topics, posts, votes, access }
}

fn rate(name: &str, posts: usize, what: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let started = Instant::now();
    what()?;
    let rate = per_second(posts, started.elapsed());
    println!("{name:32}{rate:>10.0} posts/s");
    Ok(rate)
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(posts: usize, took: Duration) -> f64 {
    posts as f64 / took.as_secs_f64()
}

fn keep(path: &Path, store: &Arc<dyn Store>) -> Outcome<Keeper> {
    let settings = Settings { language: Language::English, ..Settings::default() };
    let keeper = Keeper::open(path, settings, Env::default(), Arc::clone(store))?;
    block_on(keeper.wait_for(block_on(store.head())?))?;
    Ok(keeper)
}

/// What each part of the work takes by itself.
fn alone(texts: &Texts) {
    let analyzer = Analyzer::new(Language::English);
    for (name, what) in [
        ("detection of languages", (&|text| drop(detect(text, Language::English))) as &dyn Fn(&str)),
        ("analysis of texts", &|text| drop(analyzer.tokens(text))),
    ] {
        let started = Instant::now();
        texts.0.iter().for_each(|text| what(&text.body));
        let rate = per_second(texts.0.len(), started.elapsed());
        println!("{name:32}{rate:>10.0} posts/s");
    }
}

/// New posts, while somebody reads.
fn catch_up(engine: &Engine, keeper: &Keeper, posts: usize) -> Outcome<()> {
    let more = World::with_params(params(posts), 2);
    let records = more.records().filter(|(_, record)| {
        !matches!(record, Record::Community(_))
    });
    let _ = records;
    block_on(load(&engine.as_system(), &more))?;
    let is_over = AtomicBool::new(false);
    let (took, reads) = std::thread::scope(|scope| -> Outcome<_> {
        let reading = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            let mut reads = 0_u32;
            while !is_over.load(Ordering::Relaxed) {
                let started = Instant::now();
                let _ = keeper.status();
                longest = longest.max(started.elapsed());
                reads += 1;
            }
            (reads, longest)
        });
        let started = Instant::now();
        keeper.wake();
        block_on(keeper.wait_for(block_on(engine.store().head())?))?;
        let took = started.elapsed();
        is_over.store(true, Ordering::Relaxed);
        Ok((took, reading.join().map_err(|_| "the reader panicked")?))
    })?;
    println!("caught up with {posts} posts in {took:.1?}; {reads:?}");
    Ok(())
}

/// The posts of a world, read beforehand.
struct Texts(Vec<Text>);

struct Text {
    post: [u8; 16],
    topic: [u8; 16],
    is_opening: bool,
    title: String,
    body: String,
    labels: Vec<String>,
    /// Everything that counts as words of the whole.
    all: String,
    at: i64,
}

impl Texts {
    fn of(world: &World) -> Self {
        let mut texts: Vec<Text> = Vec::new();
        let mut opening = 0;
        for (number, (_, record)) in world.records().enumerate() {
            let post = (number as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            match record {
                Record::Topic(topic) => {
                    opening = texts.len();
                    texts.push(Text {
                        post: post.to_be_bytes(),
                        topic: post.to_be_bytes(),
                        is_opening: true,
                        title: topic.title.to_string(),
                        all: format!("{} {} {:?}", topic.title, topic.body, topic.labels),
                        body: topic.body,
                        labels: topic.labels.iter().map(ToString::to_string).collect(),
                        at: to_micros(topic.created_at),
                    });
                }
                Record::Post(post_) => {
                    let Some(first) = texts.get_mut(opening) else { continue };
                    first.all.push_str(&post_.body);
                    let (topic, labels) = (first.topic, first.labels.clone());
                    texts.push(Text {
                        post: post.to_be_bytes(),
                        topic,
                        is_opening: false,
                        title: String::new(),
                        all: post_.body.clone(),
                        body: post_.body,
                        labels,
                        at: to_micros(post_.created_at),
                    });
                }
                _ => {}
            }
        }
        Self(texts)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|text| text.body.len() + text.title.len()).sum()
    }
}

/// The fields of our index, built with nothing but the library.
fn by_hand(path: &Path, texts: &Texts) -> Outcome<()> {
    let words = |record| {
        let indexing = TextFieldIndexing::default().set_tokenizer("words");
        TextOptions::default().set_indexing_options(indexing.set_index_option(record))
    };
    let mut schema = Schema::builder();
    let all = schema.add_text_field("all", words(IndexRecordOption::WithFreqs));
    let title = schema.add_text_field("title", words(IndexRecordOption::WithFreqsAndPositions));
    let body = schema.add_text_field("body", words(IndexRecordOption::WithFreqsAndPositions));
    let id = BytesOptions::default().set_indexed().set_fast();
    let post = schema.add_bytes_field("post", id.clone() | STORED);
    let topic = schema.add_bytes_field("topic", id.clone() | STORED);
    let ids = ["community", "channel", "topic_author", "author"]
        .map(|name| schema.add_bytes_field(name, id.clone()));
    let code = NumericOptions::default() | FAST | INDEXED;
    let codes = ["topic_state", "state", "post_kind"]
        .map(|name| schema.add_u64_field(name, code.clone()));
    let kind = schema.add_text_field("kind", STRING | FAST);
    let label = schema.add_text_field("label", STRING | FAST);
    let language = schema.add_text_field("language", STRING | FAST);
    let numbers = ["created", "active", "score"]
        .map(|name| schema.add_i64_field(name, NumericOptions::default() | FAST));
    let flags = ["answerable", "answered", "solved", "official", "corrected"]
        .map(|name| schema.add_bool_field(name, code.clone()));

    std::fs::create_dir_all(path)?;
    let index = Index::create_in_dir(path, schema.build())?;
    let stop = StopWordFilter::new(Listed::English).ok_or("there is no list")?;
    let analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(64))
        .filter(LowerCaser)
        .filter(stop)
        .filter(Stemmer::new(Listed::English))
        .build();
    index.tokenizers().register("words", analyzer);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, MEMORY)?;
    for chunk in texts.0.chunks(COMMIT) {
        for text in chunk {
            let mut document = TantivyDocument::default();
            document.add_text(all, &text.all);
            document.add_text(title, &text.title);
            document.add_text(body, &text.body);
            document.add_bytes(post, &text.post);
            document.add_bytes(topic, &text.topic);
            ids.iter().for_each(|field| document.add_bytes(*field, &text.topic));
            codes.iter().for_each(|field| document.add_u64(*field, text.is_opening.into()));
            document.add_text(kind, "question");
            text.labels.iter().for_each(|name| document.add_text(label, name));
            document.add_text(language, "en");
            numbers.iter().for_each(|field| document.add_i64(*field, text.at));
            flags.iter().for_each(|field| document.add_bool(*field, text.is_opening));
            writer.delete_term(tantivy::Term::from_field_bytes(topic, &text.post));
            writer.add_document(document)?;
        }
        writer.commit()?;
    }
    Ok(())
}
