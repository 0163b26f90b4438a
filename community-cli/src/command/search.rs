//! `search` and `similar`: what a text finds, page by page, or for a whole file of queries.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use community::search::{Fragment, Highlights, LanguageCode, Per, SimilarQuery, Total};
use community::{
    ChannelId, Facets, Key, PostId, SearchHit, SearchQuery, SearchSort, SearchView, Session, Slug,
};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::object::{Names, TopicItem};
use crate::progress::Progress;
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    wanted: Wanted,
    /// What one hit is: topic or post
    #[arg(long, default_value_t)]
    per: Per,
    #[command(flatten)]
    batch: Batch,
}

/// What is looked for.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// The key of the community
    community: Slug,
    /// What to look for, such as 'bike "flat tyre" -label:sold is:solved'; everything when it is
    /// missing
    query: Option<String>,
    /// relevance, newest, score or activity
    #[arg(long, default_value_t)]
    sort: SearchSort,
    /// Count what is found by label, channel, kind, author, year and answers
    #[arg(long)]
    facets: bool,
    /// Look for words as they are typed only, and not for typos
    #[arg(long)]
    exact: bool,
    /// A language that you read, such as nl, beside those of the content; may be given several times
    #[arg(long, value_name = "CODE")]
    language: Vec<LanguageCode>,
    /// Hits a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Args)]
struct Batch {
    /// Search for each query of a file: lines of JSON with `id` and `text`
    #[arg(long, value_name = "FILE", requires = "run", conflicts_with_all = ["query", "facets", "limit", "after"])]
    queries: Option<PathBuf>,
    /// Where to write what they find, in the form of TREC: `id Q0 KEY rank score tag`; `-` is
    /// standard output
    #[arg(long, value_name = "FILE", requires = "queries")]
    run: Option<PathBuf>,
    /// Hits of each query
    #[arg(long, value_name = "N", default_value_t = 1_000, requires = "queries")]
    depth: usize,
    /// The last column of the run
    #[arg(long, default_value = "community", requires = "queries")]
    tag: String,
}

/// What somebody is about to ask.
#[derive(Debug, Args)]
pub(crate) struct Similar {
    /// The key of the community
    community: Slug,
    /// The title of what is to be asked
    title: String,
    /// Its body; `-` is standard input
    body: Option<String>,
    /// How many topics
    #[arg(long, value_name = "N", default_value_t = SimilarQuery::LIMIT)]
    limit: usize,
}

/// A page of hits.
#[derive(Debug, Serialize)]
pub(crate) struct Page<H> {
    hits: Vec<H>,
    total: Total,
    facets: Option<Facets>,
    typos: bool,
    index: community::search::IndexState,
    next: Option<String>,
}

/// A hit: a topic, and the post of it that fits best.
#[derive(Debug, Serialize)]
pub(crate) struct HitItem {
    topic: TopicItem,
    post: PostId,
    post_key: String,
    author: Key,
    title_html: String,
    fragments_html: Vec<String>,
    #[serde(skip)]
    fragments: Vec<String>,
}

/// Topics like what is to be asked.
#[derive(Debug, Serialize)]
struct Alike {
    items: Vec<TopicItem>,
}

/// What a batch has done.
#[derive(Debug, Serialize)]
struct Done {
    queries: usize,
    hits: usize,
    run: PathBuf,
}

/// A line of a file of queries.
#[derive(Debug, Deserialize)]
struct Asked {
    id: String,
    text: String,
}

impl Search {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        context.engine.indexed().await?;
        let session = context.visitor().await?;
        let query = self.wanted.query().per(self.per);
        match self.batch {
            Batch { queries: Some(queries), run: Some(run), depth, tag } => {
                check_tag(&tag)?;
                Ok(Reply::new(measure(&session, &query, &queries, run, depth, &tag).await?))
            }
            _ => {
                let found = session.search(&query).await?;
                let names = names(&session, found.hits.iter().map(|hit| hit.topic.topic.channel));
                let names = names.await?;
                Ok(Reply::new(Page::of(found, |hit| HitItem::new(hit, &names))))
            }
        }
    }
}

impl Wanted {
    pub(crate) fn query(self) -> SearchQuery {
        let Self { community, query, sort, facets, exact, language, limit, after } = self;
        SearchQuery {
            text: query.unwrap_or_default(),
            sort,
            limit,
            after,
            facets,
            exact,
            languages: language,
            ..SearchQuery::community(community, "")
        }
    }
}

impl Similar {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        context.engine.indexed().await?;
        let session = context.visitor().await?;
        let query = self.query()?;
        let rows = session.similar(&query).await?;
        let names = names(&session, rows.iter().map(|row| row.topic.channel)).await?;
        let items = rows.into_iter().map(|row| {
            let row = row.into_inner();
            TopicItem::new(row.topic, row.author, &names)
        });
        Ok(Reply::new(Alike { items: items.collect() }))
    }

    pub(crate) fn query(self) -> Result<SimilarQuery> {
        let Self { community, title, body, limit } = self;
        let body = body.map_or(Ok(String::new()), crate::args::text)?;
        Ok(SimilarQuery::community(community, title).body(body).limit(limit))
    }
}

pub(crate) async fn names(
    session: &Session,
    channels: impl Iterator<Item = ChannelId>,
) -> Result<Names> {
    Names::load(session, [], channels).await
}

impl<H> Page<H> {
    pub(crate) fn of<V>(found: SearchView<V>, item: impl Fn(V) -> H) -> Self {
        let SearchView { hits, total, facets, typos, index, next } = found;
        let hits = hits.into_iter().map(|hit| item(hit.into_inner())).collect();
        Self { hits, total, facets, typos, index, next }
    }
}

/// A hit as a line, with what shows why it was found.
pub(crate) trait Line {
    fn line(&self) -> String;
    fn fragments(&self) -> &[String];
}

impl Line for HitItem {
    fn line(&self) -> String {
        self.topic.line()
    }

    fn fragments(&self) -> &[String] {
        &self.fragments
    }
}

impl HitItem {
    pub(crate) fn new(hit: SearchHit, names: &Names) -> Self {
        let (title_html, fragments_html) = (hit.title_html(), hit.fragments_html());
        let fragments = marked(&hit.post.body, &hit.highlights);
        let SearchHit { topic, post, .. } = hit;
        Self {
            topic: TopicItem::new(topic.topic, topic.author, names),
            post: post.post.id,
            post_key: post.post.key.map_or_else(|| post.post.id.to_string(), String::from),
            author: post.author.key,
            title_html,
            fragments_html,
            fragments,
        }
    }
}

/// Fragments on one line each, with brackets around what was looked for.
pub(crate) fn marked(body: &str, highlights: &Highlights) -> Vec<String> {
    highlights.fragments.iter().map(|fragment| in_brackets(body, fragment)).collect()
}

fn in_brackets(body: &str, fragment: &Fragment) -> String {
    let mut text = String::new();
    let mut at = fragment.range.start;
    for mark in &fragment.marks {
        text.push_str(body.get(at..mark.start).unwrap_or_default());
        text.push('[');
        text.push_str(body.get(mark.clone()).unwrap_or_default());
        text.push(']');
        at = mark.end;
    }
    text.push_str(body.get(at..fragment.range.end).unwrap_or_default());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Searches for every query of a file and writes the run.
async fn measure(
    session: &Session,
    query: &SearchQuery,
    queries: &Path,
    run: PathBuf,
    depth: usize,
    tag: &str,
) -> Result<Done> {
    let failed =
        |path: &Path, error: io::Error| Failure::invalid(format!("{}: {error}", path.display()));
    let input = File::open(queries).map_err(|error| failed(queries, error))?;
    let mut output: Box<dyn Write> = if run == Path::new("-") {
        Box::new(io::stdout().lock())
    } else {
        Box::new(BufWriter::new(File::create(&run).map_err(|error| failed(&run, error))?))
    };
    let progress = Progress::open();
    let mut done = Done { queries: 0, hits: 0, run };
    for (number, line) in (1..).zip(BufReader::new(input).lines()) {
        let at = |message: String| {
            Failure::invalid(format!("{}, line {number}: {message}", queries.display()))
        };
        let line = line.map_err(|error| at(error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let asked: Asked = serde_json::from_str(&line).map_err(|error| at(error.to_string()))?;
        if asked.id.is_empty() || asked.id.contains(char::is_whitespace) {
            return Err(at("an id is one word".to_owned()));
        }
        let text = SearchQuery { text: asked.text, ..query.clone() };
        let keys = keys(session, text, depth).await;
        let keys = keys.map_err(|error| match error {
            community::Error::Limit(limit) => at(limit.to_string()),
            error => error.into(),
        })?;
        for (rank, key) in (1..).zip(&keys) {
            // A score tells nothing but the order: the engine shows nobody its own.
            let score = keys.len() + 1 - rank;
            writeln!(output, "{} Q0 {key} {rank} {score} {tag}", asked.id)
                .map_err(|error| failed(&done.run, error))?;
        }
        done.queries += 1;
        done.hits += keys.len();
        let things = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        progress.set(things(done.queries), things(done.queries));
    }
    output.flush().map_err(|error| failed(&done.run, error))?;
    Ok(done)
}

/// The keys of what a query finds, best first; its id where something has no key of one word.
async fn keys(
    session: &Session,
    query: SearchQuery,
    depth: usize,
) -> community::Result<Vec<String>> {
    let page = session.engine().env().limits().page;
    let mut query = SearchQuery { plain: true, ..query };
    let mut keys: Vec<String> = Vec::new();
    while keys.len() < depth {
        query.limit = Some(page.min(depth - keys.len()));
        let found = session.search(&query).await?;
        keys.extend(found.hits.iter().map(|hit| {
            let (key, id) = match query.per {
                Per::Topic => (hit.topic.topic.key.as_ref(), hit.topic.topic.id.to_string()),
                Per::Post => (hit.post.post.key.as_ref(), hit.post.post.id.to_string()),
            };
            let key = key.map(Key::as_str).filter(|key| !key.contains(char::is_whitespace));
            key.map_or(id, str::to_owned)
        }));
        match found.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(keys)
}

fn check_tag(tag: &str) -> Result<()> {
    if tag.is_empty() || tag.contains(char::is_whitespace) {
        return Err(Failure::invalid("a tag is one word"));
    }
    Ok(())
}

impl<H: Line> fmt::Display for Page<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_least = if self.total.exact { "" } else { "at least " };
        let typos = if self.typos { ", with words one letter away" } else { "" };
        writeln!(f, "{at_least}{} found{typos}", self.total.count)?;
        for hit in &self.hits {
            writeln!(f, "\n{}", hit.line())?;
            for fragment in hit.fragments().iter().filter(|fragment| !fragment.is_empty()) {
                writeln!(f, "    {fragment}")?;
            }
        }
        if let Some(facets) = &self.facets {
            writeln!(f)?;
            let mut list = |name: &str, values: Vec<(String, u64)>| -> fmt::Result {
                if values.is_empty() {
                    return Ok(());
                }
                let values: Vec<String> =
                    values.iter().map(|(value, count)| format!("{value} ({count})")).collect();
                writeln!(f, "{name}: {}", values.join(", "))
            };
            let places = |places: &[community::FacetValue<community::NamedPlace>]| {
                places.iter().map(|it| (it.value.key.to_string(), it.count)).collect()
            };
            list("label", places(&facets.labels))?;
            list("channel", places(&facets.channels))?;
            list("kind", facets.kinds.iter().map(|it| (it.value.to_string(), it.count)).collect())?;
            list(
                "author",
                facets.authors.iter().map(|it| (it.value.key.to_string(), it.count)).collect(),
            )?;
            list("year", facets.years.iter().map(|it| (it.value.to_string(), it.count)).collect())?;
            let answered = |answered: bool| if answered { "answered" } else { "unanswered" };
            list(
                "is",
                facets
                    .answered
                    .iter()
                    .map(|it| (answered(it.value).to_owned(), it.count))
                    .collect(),
            )?;
        }
        self.next.as_ref().map_or(Ok(()), |next| write!(f, "\nmore: --after {next}"))
    }
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|topic| writeln!(f, "{}", topic.line()))
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queries, hits, run } = self;
        // A run that went to standard output is all that is there.
        if run == Path::new("-") {
            return Ok(());
        }
        write!(f, "{queries} queries, {hits} hits in {}", run.display())
    }
}
