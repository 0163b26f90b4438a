//! `knowledge gaps`: what to write next.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use community::{Error, Session, Slug, Timestamp, TopicId};
use community_knowledge::gaps::{self, About, Gap, QuestionState, Ranking, Reason, Request};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Gaps {
    /// The community
    community: Slug,
    /// Without questions that were asked before this moment
    #[arg(long, value_name = "RFC3339", value_parser = crate::args::time)]
    since: Option<Timestamp>,
    /// Gaps at most; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// A file that says as JSON what counts how much
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Listed {
    /// Whether there are more questions than a report reads.
    truncated: bool,
    questions: usize,
    articles: usize,
    groups: usize,
    grouped: usize,
    largest: usize,
    covered: usize,
    gaps: Vec<Item>,
}

/// A gap with its questions by name.
#[derive(Debug, Serialize)]
struct Item {
    #[serde(flatten)]
    about: About,
    points: u64,
    reasons: Vec<Reason>,
    questions: Vec<Asked>,
}

#[derive(Debug, Serialize)]
struct Asked {
    key: String,
    title: String,
    state: QuestionState,
}

impl Gaps {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let mut request = Request::new(self.community);
        request.since = self.since;
        request.limit = self.limit;
        if let Some(file) = &self.settings {
            request.settings = super::read(file)?;
        }
        let (ranking, truncated) = gaps::read(&session, &request, None).await?;
        let Ranking { questions, articles, groups, grouped, largest, covered, gaps } = ranking;
        let mut items = Vec::new();
        for gap in gaps {
            items.push(named(&session, gap).await?);
        }
        Ok(Reply::new(Listed {
            truncated,
            questions,
            articles,
            groups,
            grouped,
            largest,
            covered,
            gaps: items,
        }))
    }
}

async fn named(session: &Session, gap: Gap) -> Result<Item> {
    let Gap { about, points, reasons, questions } = gap;
    let mut asked = Vec::new();
    for id in questions {
        asked.extend(question(session, id).await?);
    }
    Ok(Item { about, points, reasons, questions: asked })
}

async fn question(session: &Session, id: TopicId) -> Result<Option<Asked>> {
    let topic = match session.topic(id).await {
        Ok(row) => row.into_inner().topic,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let state = QuestionState::of(&topic);
    Ok(state.map(|state| Asked {
        key: topic.key.map_or_else(|| id.to_string(), String::from),
        title: topic.title.as_str().to_owned(),
        state,
    }))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { questions, articles, groups, covered, .. } = self;
        writeln!(
            f,
            "{questions} questions, {articles} articles, {groups} groups, {covered} of them written about"
        )?;
        for Item { about, points, reasons: _, questions } in &self.gaps {
            match about {
                About::Questions { title } => writeln!(f, "\n{points:6}  {title}")?,
                About::Label { label, articles } => {
                    writeln!(f, "\n{points:6}  label {label}, {articles} articles")?;
                }
                About::Search { text } => writeln!(f, "\n{points:6}  searched for `{text}`")?,
            }
            for Asked { key, title, .. } in questions {
                writeln!(f, "        {key}  {title}")?;
            }
        }
        Ok(())
    }
}
