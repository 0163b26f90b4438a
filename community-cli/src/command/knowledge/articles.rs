//! Reading articles.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use community::knowledge::{
    ArticleId, ArticlePage, ArticleQuery, ArticleView, By, Content, Knowledge, Section, State,
};
use community::{Error, Key, MemberId, Session, Slug, Timestamp, Title, TopicId};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::reply::Reply;
use crate::table::Table;

/// An article with its text.
#[derive(Debug, Serialize)]
struct Article {
    #[serde(flatten)]
    listed: Listed,
    redirected: Vec<ArticleId>,
    sections: Vec<Section>,
    contributors: Vec<MemberId>,
}

/// An article in a list.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    id: ArticleId,
    title: Title,
    state: State,
    version: u32,
    published_at: Timestamp,
    locale: Slug,
    labels: Vec<Slug>,
    authors: Vec<MemberId>,
    sources: Vec<TopicId>,
    confirmed: Option<Confirmed>,
}

impl Listed {
    /// The article on one line.
    pub(super) fn line(&self) -> String {
        let labels: String = self.labels.iter().map(|label| format!(" #{label}")).collect();
        format!("{} ({} article){labels}  [{}]", self.title, self.state, self.id)
    }
}

#[derive(Debug, Serialize)]
struct Confirmed {
    by: Option<MemberId>,
    at: Timestamp,
}

impl From<ArticleView> for Listed {
    fn from(view: ArticleView) -> Self {
        Self {
            id: view.id,
            title: view.title,
            state: view.state,
            version: view.version,
            published_at: view.published_at,
            locale: view.locale,
            labels: view.labels,
            authors: view.authors,
            sources: view.sources.into_iter().collect(),
            confirmed: view.confirmed.map(|said| Confirmed { by: said.by, at: said.at }),
        }
    }
}

impl From<ArticlePage> for Article {
    fn from(page: ArticlePage) -> Self {
        let content: Content = page.version.into_inner().version.content;
        Self {
            listed: page.article.into_inner().into(),
            redirected: page.redirected,
            contributors: content.contributors(),
            sections: content.sections,
        }
    }
}

pub(super) async fn show(session: &Session, base: &Knowledge, article: ArticleId) -> Result<Reply> {
    Ok(Reply::new(Article::from(base.article(session, article).await?)))
}

/// Which articles are listed.
pub(super) struct Which {
    pub(super) community: Slug,
    pub(super) topic: Option<Key>,
    pub(super) label: Option<Slug>,
}

#[derive(Debug, Serialize)]
struct List {
    articles: Vec<Listed>,
    next: Option<String>,
}

pub(super) async fn list(
    context: &Context,
    base: &Knowledge,
    which: Which,
    limit: Option<usize>,
    after: Option<String>,
) -> Result<Reply> {
    let session = context.visitor().await?;
    let Which { community, topic, label } = which;
    let by = match (topic, label) {
        (Some(key), _) => By::Source(session.topic_by_key(&community, &key).await?.topic.id),
        (None, Some(label)) => By::Label(label),
        (None, None) => By::All,
    };
    let query = ArticleQuery { community, by, limit, after };
    let page = base.articles(&session, &query).await?;
    let articles = page.items.into_iter().map(|view| view.into_inner().into()).collect();
    Ok(Reply::new(List { articles, next: page.next }))
}

/// What was written.
#[derive(Debug, Serialize)]
struct Exported {
    articles: usize,
    file: String,
}

pub(super) async fn export(
    context: &Context,
    base: &Knowledge,
    community: &Slug,
    file: Option<PathBuf>,
) -> Result<Reply> {
    let session = context.operator().await?;
    let mut query = ArticleQuery::all(community.clone());
    // Whoever may not read it does not empty the file that is there.
    let mut page = base.articles(&session, &query).await?;
    let failed = |error: std::io::Error| Failure::invalid(format!("the export: {error}"));
    let mut out: Box<dyn std::io::Write> = match &file {
        Some(file) => Box::new(BufWriter::new(File::create(file).map_err(failed)?)),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut articles = 0;
    loop {
        for view in page.items {
            // One that was taken away meanwhile is not in the export.
            let found = match base.article(&session, view.id).await {
                Err(community::knowledge::Error::Engine(Error::NotFound(_))) => continue,
                found => Article::from(found?),
            };
            let line = serde_json::to_string(&found);
            let line = line.map_err(|error| Failure::invalid(error.to_string()))?;
            writeln!(out, "{line}").map_err(failed)?;
            articles += 1;
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
        page = base.articles(&session, &query).await?;
    }
    out.flush().map_err(failed)?;
    match file {
        Some(file) => Ok(Reply::new(Exported { articles, file: file.display().to_string() })),
        None => Ok(Reply::written()),
    }
}

impl fmt::Display for Article {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listed, sections, .. } = self;
        writeln!(f, "{}", listed.title)?;
        let (version, at) = (listed.version, listed.published_at.to_rfc3339());
        writeln!(f, "{}, version {version}, {at}", listed.state)?;
        if let Some(said) = &listed.confirmed {
            writeln!(f, "still true: {}", said.at.to_rfc3339())?;
        }
        for section in sections {
            writeln!(f, "\n{}", section.kind.heading())?;
            for block in &section.blocks {
                writeln!(f, "\n{}", block.text.trim_end())?;
                if let Some(source) = &block.source {
                    writeln!(f, "  (post {}, revision {})", source.post, source.revision)?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["article", "state", "published", "title"]);
        for article in &self.articles {
            table.row([
                article.id.to_string(),
                article.state.to_string(),
                article.published_at.to_rfc3339(),
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

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exported {} articles to {}", self.articles, self.file)
    }
}
