//! How fast an index is built, beside the index library by hand.
//!
//! `cargo bench -p community-benches --bench indexing [-- POSTS]` generates a world, builds its index
//! through a [`Keeper`] from a store on SQLite and from one in memory, and builds one of the same
//! posts with the library alone: the same fields, their texts analysed by the library's tokenizers,
//! everything read before the clock starts. Then it lets the keeper catch up with a tenth as many
//! posts while a reader searches.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use community_core::record::Record;
use community_core::search::{Count, Find, Lookup, Per, Reach, SearchIndex, SearchSort, Wanted};
use community_core::time::to_micros;
use community_core::{
    AccessRev, Directory, Engine, Env, NewChannel, NewCommunity, NewMember, NewPost, NewTopic,
    Policy, PostKind, Scope, Slug, Store,
};
use community_search::analysis::{Analyzer, Language, detect};
use community_search::{Keeper, Settings};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::worlds::{Access, Params, World, load};
use pollster::block_on;
use tantivy::schema::{
    BytesOptions, FAST, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema,
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

    let texts = Texts::of(&world)?;
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
    block_on(load(&Engine::new(Arc::clone(&sqlite)).as_system(), &world))?;
    let path = dir.path().join("sqlite");
    let ours = rate("a keeper, store on SQLite", posts, || keep(&path, &sqlite).map(drop))?;
    println!("  {:.2} of the library", ours / raw);

    alone(&texts);
    catch_up(&sqlite, &path, &texts)
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
        (
            "detection of languages",
            (&|text: &str| _ = detect(text, Language::English)) as &dyn Fn(&str),
        ),
        ("analysis of texts", &|text: &str| drop(analyzer.tokens(text))),
    ] {
        let started = Instant::now();
        texts.0.iter().for_each(|text| what(&text.body));
        let rate = per_second(texts.0.len(), started.elapsed());
        println!("{name:32}{rate:>10.0} posts/s");
    }
}

/// New posts, while somebody searches.
fn catch_up(store: &Arc<dyn Store>, path: &Path, texts: &Texts) -> Outcome<()> {
    let engine = Engine::new(Arc::clone(store));
    let written = write(&engine, texts)?;
    let is_over = AtomicBool::new(false);
    let settings = Settings { language: Language::English, ..Settings::default() };
    let keeper = Keeper::open(path, settings, Env::default(), Arc::clone(store))?;
    let head = block_on(store.head())?;
    let (took, mut reads) = std::thread::scope(|scope| -> Outcome<_> {
        let reading = scope.spawn(|| {
            let mut reads = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let started = Instant::now();
                if search(&keeper).is_ok() {
                    reads.push(started.elapsed());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            reads
        });
        let started = Instant::now();
        block_on(keeper.wait_for(head))?;
        let took = started.elapsed();
        is_over.store(true, Ordering::Relaxed);
        Ok((took, reading.join().map_err(|_| "the reader panicked")?))
    })?;
    reads.sort();
    let rate = per_second(written, took);
    println!("{:32}{rate:>10.0} posts/s", "catching up, index opened anew");
    let middle = reads.get(reads.len() / 2);
    println!(
        "  {written} posts in {took:.1?}; {} searches, {middle:?}, {:?}",
        reads.len(),
        reads.last()
    );
    Ok(())
}

fn search(keeper: &Keeper) -> Outcome<usize> {
    let (scope, directory) = (Scope::system(AccessRev::default()), Directory::default());
    let find = Find {
        wanted: &Wanted::Expr(Lookup::default()),
        reach: &Reach::new(&scope, &directory, None),
        sort: SearchSort::Newest,
        per: Per::Post,
        top: 20,
        count: Count::Nothing,
    };
    Ok(block_on(keeper.find(&find))?.hits.len())
}

/// Writes topics with nine replies each; how many posts these are.
fn write(engine: &Engine, texts: &Texts) -> Outcome<usize> {
    let topics = texts.0.len() / 100;
    block_on(async {
        let host = engine.as_system();
        let garden: Slug = "late".parse()?;
        let new = NewCommunity::new(garden.clone(), "Late".parse()?, Policy::public());
        host.create_community(new).await?;
        host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
        let ana = NewMember::new("late:1".parse()?, "Ana".parse()?);
        let ana = engine.member(host.sync_member(ana).await?);
        ana.join(&garden).await?;
        let mut bodies = texts.0.iter().map(|text| text.body.as_str()).cycle();
        let mut body = || bodies.next().unwrap_or_default();
        for number in 0..topics {
            let title = format!("Late {number}");
            let (channel, kind) = ("beds".parse()?, "question".parse()?);
            let topic = NewTopic::new(garden.clone(), channel, kind, title, body());
            let topic = ana.start_topic(topic).await?;
            for _ in 0..9 {
                ana.reply(NewPost::new(topic, body()).kind(PostKind::Answer)).await?;
            }
        }
        Ok(topics * 10)
    })
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
    fn of(world: &World) -> Outcome<Self> {
        let mut texts: Vec<Text> = Vec::new();
        let mut opening = 0;
        for (number, (_, record)) in world.records().enumerate() {
            let post =
                u128::try_from(number)?.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
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
                        at: topic.created_at.map_or(0, to_micros),
                    });
                }
                Record::Post(reply) => {
                    let Some(first) = texts.get_mut(opening) else { continue };
                    if reply.kind == Some(PostKind::Answer) {
                        first.all.push(' ');
                        first.all.push_str(&reply.body);
                    }
                    let (topic, labels) = (first.topic, first.labels.clone());
                    texts.push(Text {
                        post: post.to_be_bytes(),
                        topic,
                        is_opening: false,
                        title: String::new(),
                        all: reply.body.clone(),
                        body: reply.body,
                        labels,
                        at: reply.created_at.map_or(0, to_micros),
                    });
                }
                _ => {}
            }
        }
        Ok(Self(texts))
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
    let as_written = || {
        let indexing = TextFieldIndexing::default().set_tokenizer("as written");
        let indexing = indexing.set_fieldnorms(false).set_index_option(IndexRecordOption::Basic);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut schema = Schema::builder();
    let all = schema.add_text_field("all", words(IndexRecordOption::WithFreqs));
    let title = schema.add_text_field("title", words(IndexRecordOption::WithFreqsAndPositions));
    let body = schema.add_text_field("body", words(IndexRecordOption::WithFreqsAndPositions));
    let word = schema.add_text_field("word", as_written());
    let title_word = schema.add_text_field("title_word", as_written());
    let name = BytesOptions::default().set_indexed().set_stored();
    let post = schema.add_bytes_field("post", name.clone());
    let topic = schema.add_bytes_field("topic", name);
    let halves = ["post_high", "post_low", "topic_high", "topic_low"]
        .map(|name| schema.add_u64_field(name, FAST));
    let id = BytesOptions::default().set_indexed().set_fast();
    let ids = ["community", "channel", "topic_author", "author"]
        .map(|name| schema.add_bytes_field(name, id.clone()));
    let code = NumericOptions::default() | FAST | INDEXED;
    let codes =
        ["topic_state", "state", "post_kind"].map(|name| schema.add_u64_field(name, code.clone()));
    let published = schema.add_bool_field("published", FAST);
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
    let as_written = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(64))
        .filter(LowerCaser)
        .build();
    index.tokenizers().register("as written", as_written);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, MEMORY)?;
    for chunk in texts.0.chunks(COMMIT) {
        for text in chunk {
            let mut document = TantivyDocument::default();
            document.add_text(all, &text.all);
            document.add_text(title, &text.title);
            document.add_text(body, &text.body);
            document.add_text(word, &text.title);
            document.add_text(word, &text.body);
            document.add_text(title_word, &text.title);
            document.add_bytes(post, &text.post);
            document.add_bytes(topic, &text.topic);
            let [posts, topics] = [text.post, text.topic].map(u128::from_be_bytes);
            let values = [posts >> 64, posts, topics >> 64, topics];
            #[allow(clippy::cast_possible_truncation, reason = "the half that is meant")]
            halves
                .iter()
                .zip(values)
                .for_each(|(field, half)| document.add_u64(*field, half as u64));
            document.add_bool(published, true);
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
