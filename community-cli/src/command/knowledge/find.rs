//! Finding articles, and topics that have an answer.

use std::fmt;

use community::knowledge::{ArticleHit, Knowledge, KnowledgeHit, Outline, Suggestion};
use community::{ChannelId, Slug};
use serde::Serialize;

use super::super::search::{self, HitItem, Line, Page};
use super::articles::Listed;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::object::{Names, TopicItem};
use crate::reply::Reply;

/// Where the index of the knowledge base is, below the data.
const INDEX: &str = "knowledge";

/// What was found.
#[derive(Debug, Serialize)]
#[serde(tag = "hit", rename_all = "snake_case")]
enum Found {
    Article(FoundArticle),
    Topic(HitItem),
}

#[derive(Debug, Serialize)]
struct FoundArticle {
    article: Listed,
    title_html: String,
    fragments_html: Vec<String>,
    #[serde(skip)]
    fragments: Vec<String>,
}

/// What is suggested.
#[derive(Debug, Serialize)]
struct Suggested {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "suggestion", rename_all = "snake_case")]
enum Item {
    Article { article: Listed },
    Topic { topic: TopicItem },
}

#[derive(Debug, Serialize)]
struct Outlined {
    #[serde(flatten)]
    outline: Outline,
}

/// The knowledge base with its index brought up to date.
async fn indexed(context: &Context) -> Result<Knowledge> {
    let path = context.globals.data.join(INDEX);
    let base = Knowledge::with_search(
        context.engine.clone(),
        Some(&path),
        community::index::Settings::default(),
    )
    .map_err(|error| Failure::invalid(error.to_string()))?;
    base.indexed().await?;
    Ok(base)
}

pub(super) async fn search(context: &Context, wanted: search::Wanted) -> Result<Reply> {
    let base = indexed(context).await?;
    let session = context.visitor().await?;
    let found = base.search(&session, &wanted.query()).await?;
    let channels = found.hits.iter().filter_map(|hit| match &**hit {
        KnowledgeHit::Topic(hit) => Some(hit.topic.topic.channel),
        KnowledgeHit::Article(_) => None,
    });
    let channels: Vec<ChannelId> = channels.collect();
    let names = search::names(&session, channels.into_iter()).await?;
    Ok(Reply::new(Page::of(found, |hit| Found::new(hit, &names))))
}

pub(super) async fn suggest(context: &Context, asked: search::Similar) -> Result<Reply> {
    let base = indexed(context).await?;
    let session = context.visitor().await?;
    let found = base.suggest(&session, &asked.query()?).await?;
    let channels = found.iter().filter_map(|found| match &**found {
        Suggestion::Topic(row) => Some(row.topic.channel),
        Suggestion::Article(_) => None,
    });
    let channels: Vec<ChannelId> = channels.collect();
    let names = search::names(&session, channels.into_iter()).await?;
    let items = found.into_iter().map(|found| match found.into_inner() {
        Suggestion::Article(article) => Item::Article { article: (*article).into() },
        Suggestion::Topic(row) => {
            Item::Topic { topic: TopicItem::new(row.topic, row.author, &names) }
        }
    });
    Ok(Reply::new(Suggested { items: items.collect() }))
}

pub(super) async fn outline(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    locale: Option<&Slug>,
) -> Result<Reply> {
    let session = context.visitor().await?;
    let outline = base.outline(&session, community, locale).await?;
    Ok(Reply::new(Outlined { outline }))
}

impl Found {
    fn new(hit: KnowledgeHit, names: &Names) -> Self {
        match hit {
            KnowledgeHit::Topic(hit) => Self::Topic(HitItem::new(*hit, names)),
            KnowledgeHit::Article(hit) => {
                let (title_html, fragments_html) = (hit.title_html(), hit.fragments_html());
                let ArticleHit { article, text, highlights } = *hit;
                let fragments = search::marked(&text, &highlights);
                let article = Listed::from(article);
                Self::Article(FoundArticle { article, title_html, fragments_html, fragments })
            }
        }
    }
}

impl Line for Found {
    fn line(&self) -> String {
        match self {
            Self::Article(hit) => hit.article.line(),
            Self::Topic(hit) => hit.line(),
        }
    }

    fn fragments(&self) -> &[String] {
        match self {
            Self::Article(hit) => &hit.fragments,
            Self::Topic(hit) => hit.fragments(),
        }
    }
}

impl fmt::Display for Suggested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.iter().try_for_each(|item| match item {
            Item::Article { article } => writeln!(f, "{}", article.line()),
            Item::Topic { topic } => writeln!(f, "{}", topic.line()),
        })
    }
}

impl fmt::Display for Outlined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outline { articles, collections, labels, truncated } = &self.outline;
        let more = if *truncated { "at least " } else { "" };
        writeln!(f, "{more}{articles} articles")?;
        for (collection, shelved) in collections {
            writeln!(f, "\n{collection}")?;
            for article in shelved {
                writeln!(f, "    {} {} [{}]", article.position, article.title, article.article)?;
            }
        }
        if !labels.is_empty() {
            writeln!(f)?;
        }
        for label in labels {
            let narrower = label.narrower.iter();
            let narrower = narrower.map(|(other, articles)| format!("{other} ({articles})"));
            let narrower = narrower.collect::<Vec<_>>().join(", ");
            let colon = if narrower.is_empty() { "" } else { ": " };
            writeln!(f, "{} ({}){colon}{narrower}", label.label, label.articles)?;
        }
        Ok(())
    }
}
