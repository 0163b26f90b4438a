//! `knowledge step`: what happened in a visit in which topics were suggested.

use std::fmt;

use clap::{Args, ValueEnum};
use community::{HoldOut, Key, NewSuggestion, Session, Slug, SuggestionStep, TopicId, VisitId};
use serde::Serialize;

use crate::context::{Context, Item};
use crate::failure::{Failure, Result};
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Step {
    /// The community in which somebody is about to ask
    community: Slug,
    /// What happened
    step: Kind,
    /// The keys or ids of the topics that it happened to
    topics: Vec<Key>,
    /// The visit; a new one when it is missing
    #[arg(long, value_name = "ID")]
    visit: Option<VisitId>,
    /// Where the suggestions come from
    #[arg(long, default_value = "typing")]
    source: Slug,
    /// Draw, by the id of the visit, whether its suggestions are held back: a name, and parts of
    /// ten thousand, such as `spring:500`
    #[arg(long, value_name = "NAME:SHARE", value_parser = draw)]
    draw: Option<HoldOut>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Topics were found, and shown unless the visit is held out
    Shown,
    /// One was opened
    Opened,
    /// One was said to be of help
    Helpful,
    /// One was said to be of no help
    Unhelpful,
    /// Nothing was posted
    Abandoned,
    /// The question was posted, as this topic
    Posted,
}

#[derive(Debug, Serialize)]
struct Recorded {
    visit: VisitId,
    held_out: bool,
}

impl Step {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let mut topics = Vec::new();
        for key in self.topics {
            topics.push(topic(&session, key, &self.community).await?);
        }
        let step = step(self.step, &topics)?;
        let env = session.engine().env();
        let visit = self.visit.unwrap_or_else(|| VisitId::from_uuid(env.mint(env.now())));
        let new = NewSuggestion::new(self.community, self.source, step).visit(visit);
        let new = match &self.draw {
            Some(draw) => new.drawn(visit, draw),
            None => new,
        };
        let held_out = new.held_out;
        let visit = session.record_suggestion(new).await?;
        Ok(Reply::new(Recorded { visit, held_out }))
    }
}

async fn topic(session: &Session, key: Key, community: &Slug) -> Result<TopicId> {
    let item = Item { key, community: Some(community.clone()) };
    Ok(item.find(session).await?.view.post.topic)
}

fn step(kind: Kind, topics: &[TopicId]) -> Result<SuggestionStep> {
    let one = || match topics {
        [topic] => Ok(*topic),
        _ => Err(Failure::invalid("this happens to one topic: name it")),
    };
    Ok(match kind {
        Kind::Shown => SuggestionStep::Shown { topics: topics.to_vec() },
        Kind::Opened => SuggestionStep::Opened { topic: one()? },
        Kind::Helpful => SuggestionStep::Rated { topic: one()?, helpful: true },
        Kind::Unhelpful => SuggestionStep::Rated { topic: one()?, helpful: false },
        Kind::Posted => SuggestionStep::Posted { topic: one()? },
        Kind::Abandoned if topics.is_empty() => SuggestionStep::Abandoned,
        Kind::Abandoned => return Err(Failure::invalid("what is abandoned has no topic")),
    })
}

fn draw(text: &str) -> std::result::Result<HoldOut, String> {
    let (name, share) = text.split_once(':').ok_or("not a name and a share like `spring:500`")?;
    let name = name.parse::<Slug>().map_err(|error| error.to_string())?;
    let share = share.parse().map_err(|_| "a share is a number from 0 to 10000")?;
    HoldOut::new(name, share).map_err(|error| error.to_string())
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held_out = if self.held_out { ", held out" } else { "" };
        write!(f, "visit {}{held_out}", self.visit)
    }
}
