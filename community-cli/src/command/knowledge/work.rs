//! Making articles, and keeping them true.

use std::fmt;
use std::path::PathBuf;

use community::knowledge::freshness::Freshness;
use community::knowledge::harvest::Candidate;
use community::knowledge::{
    ArticleId, CandidateQuery, Content, DeskView, Harvest, Knowledge, Rules, State,
};
use community::{Key, Session, Slug, Timestamp, Title, TopicId, Visible};
use serde::Serialize;

use super::done;
use crate::context::{Context, Item};
use crate::failure::{Failure, Result};
use crate::object::{Created, Done};
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Serialize)]
struct Candidates {
    candidates: Vec<Worth>,
    scanned: usize,
    truncated: bool,
}

/// A candidate with the key by which other commands find it.
#[derive(Debug, Serialize)]
struct Worth {
    key: Key,
    #[serde(flatten)]
    candidate: Candidate,
}

pub(super) async fn candidates(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    limit: Option<usize>,
    scan: usize,
) -> Result<Reply> {
    let session = context.operator().await?;
    let limit = limit.unwrap_or(CandidateQuery::default().limit);
    let found = base.candidates(&session, community, CandidateQuery { limit, scan }).await?;
    let mut candidates = Vec::with_capacity(found.candidates.len());
    for candidate in found.candidates {
        candidates.push(Worth { key: key_of(&session, candidate.topic).await?, candidate });
    }
    let (scanned, truncated) = (found.scanned, found.truncated);
    Ok(Reply::new(Candidates { candidates, scanned, truncated }))
}

/// The key of a topic, or its id for one.
async fn key_of(session: &Session, topic: TopicId) -> Result<Key> {
    let row = session.topic(topic).await?;
    match &row.topic.key {
        Some(key) => Ok(key.clone()),
        None => Ok(Key::new(&topic.to_string())?),
    }
}

/// What would be taken out of a conversation.
#[derive(Debug, Serialize)]
struct Preview {
    content: Option<Content>,
}

pub(super) async fn draft(
    context: &Context,
    base: &Knowledge,
    item: &Item,
    channel: Option<Slug>,
    locale: Slug,
    preview: bool,
) -> Result<Reply> {
    let session = context.operator().await?;
    let topic = item.find(&session).await?.view.post.topic;
    if preview {
        return Ok(Reply::new(Preview { content: base.preview(&session, topic).await? }));
    }
    let id = base.harvest(&session, &Harvest { topic, channel, locale }).await?;
    Ok(Reply::new(Created::new("article", &id, None)))
}

/// A page of articles in work.
#[derive(Debug, Serialize)]
struct Inbox {
    articles: Vec<AtWork>,
    next: Option<String>,
}

/// An article in work.
#[derive(Debug, Serialize)]
struct AtWork {
    id: ArticleId,
    /// What `confirm` is told of: nobody confirms what changed since it was shown.
    rev: u64,
    title: Title,
    state: State,
    since: Timestamp,
    latest: u32,
    published: Option<u32>,
    concerns: Vec<Concern>,
    review_at: Option<Timestamp>,
}

/// Why it is in doubt.
#[derive(Debug, Serialize)]
struct Concern {
    kind: &'static str,
    topic: Option<TopicId>,
    post: Option<community::PostId>,
    at: Timestamp,
}

impl From<Visible<DeskView>> for AtWork {
    fn from(desk: Visible<DeskView>) -> Self {
        let DeskView { article, rev } = desk.into_inner();
        let concerns = article.concerns.into_iter().map(|concern| Concern {
            kind: concern.kind.as_str(),
            topic: concern.topic,
            post: concern.post,
            at: concern.at,
        });
        Self {
            id: article.id,
            rev: rev.0,
            title: article.face.title,
            state: article.state,
            since: article.since,
            latest: article.latest,
            published: article.published.map(|published| published.version),
            concerns: concerns.collect(),
            review_at: article.review_at,
        }
    }
}

pub(super) async fn review(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    state: State,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Reply> {
    let session = context.operator().await?;
    let page = base.inbox(&session, community, state, after, limit).await?;
    let articles = page.items.into_iter().map(AtWork::from).collect();
    Ok(Reply::new(Inbox { articles, next: page.next }))
}

pub(super) async fn publish(
    session: &Session,
    base: &Knowledge,
    article: ArticleId,
    at: Option<Timestamp>,
) -> Result<Reply> {
    let mut desk = base.desk(session, article).await?;
    if desk.article.state == State::Draft {
        base.submit(session, article).await?;
        desk = base.desk(session, article).await?;
    }
    base.approve(session, article, desk.rev, at).await?;
    Ok(done("knowledge publish", article))
}

/// Articles in need of a look.
#[derive(Debug, Serialize)]
struct Stale {
    articles: Vec<Needy>,
    truncated: bool,
}

#[derive(Debug, Serialize)]
struct Needy {
    #[serde(flatten)]
    article: AtWork,
    freshness: Freshness,
}

pub(super) async fn stale(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    limit: Option<usize>,
) -> Result<Reply> {
    let session = context.operator().await?;
    pump(base).await?;
    let found = base.stale(&session, community, limit).await?;
    let needy = |stale: community::knowledge::StaleArticle| Needy {
        article: AtWork::from(stale.desk),
        freshness: stale.freshness,
    };
    let articles = found.articles.into_iter().map(needy).collect();
    Ok(Reply::new(Stale { articles, truncated: found.truncated }))
}

/// Brings the knowledge base up to date.
async fn pump(base: &Knowledge) -> Result<()> {
    while base.pump().await?.more {}
    Ok(())
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(Rules);

pub(super) async fn rules(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    file: Option<PathBuf>,
) -> Result<Reply> {
    let session = context.operator().await?;
    let Some(file) = file else {
        return Ok(Reply::new(Shown(base.rules(&session, community).await?)));
    };
    let name = file.display();
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
    let rules: Rules = serde_json::from_str(&text)
        .map_err(|error| Failure::invalid(format!("{name}: {error}")))?;
    base.set_rules(&session, community, &rules).await?;
    Ok(Reply::new(Done::new("knowledge rules", community)))
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["points", "topic", "because of", "title"]);
        for Worth { key, candidate } in &self.candidates {
            let reasons = candidate.reasons.iter();
            let reasons =
                reasons.map(|reason| format!("{} {}", reason.criterion.as_str(), reason.has));
            table.row([
                candidate.points.to_string(),
                key.to_string(),
                reasons.collect::<Vec<_>>().join(", "),
                candidate.title.to_string(),
            ]);
        }
        write!(f, "{table}")?;
        if self.truncated {
            writeln!(f, "({} topics were looked at, there are more)", self.scanned)?;
        }
        Ok(())
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Some(content) => f.write_str(&content.markdown()),
            None => writeln!(f, "nobody has answered there so far"),
        }
    }
}

impl fmt::Display for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["article", "rev", "state", "since", "version", "title"]);
        for article in &self.articles {
            table.row([
                article.id.to_string(),
                article.rev.to_string(),
                article.state.to_string(),
                article.since.to_rfc3339(),
                article.latest.to_string(),
                article.title.to_string(),
            ]);
        }
        write!(f, "{table}")?;
        match &self.next {
            Some(next) => writeln!(f, "next: {next}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["points", "article", "rev", "because of", "title"]);
        for Needy { article, freshness } in &self.articles {
            let kinds: Vec<&str> = article.concerns.iter().map(|c| c.kind).collect();
            table.row([
                freshness.points.to_string(),
                article.id.to_string(),
                article.rev.to_string(),
                kinds.join(", "),
                article.title.to_string(),
            ]);
        }
        write!(f, "{table}")
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(&self.0).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}
