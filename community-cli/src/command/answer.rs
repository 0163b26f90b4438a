//! What is said about posts: accepted, official, corrected.

use clap::Args;
use community::{CorrectionId, NewCorrection};

use crate::args::text;
use crate::context::{Context, Item};
use crate::failure::Result;
use crate::object::{Created, Done};
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Accept {
    #[command(flatten)]
    item: Item,
    /// Undo it
    #[arg(long)]
    undo: bool,
    /// Why
    #[arg(long, conflicts_with = "undo")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Official {
    #[command(flatten)]
    item: Item,
    /// Take the mark off
    #[arg(long)]
    undo: bool,
    /// Why
    #[arg(long, conflicts_with = "undo")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Correct {
    #[command(flatten)]
    item: Item,
    /// What is right; `-` is standard input
    #[arg(long, required_unless_present = "undo")]
    body: Option<String>,
    /// The part of the text that it is about: from this byte on
    #[arg(long, value_name = "BYTE", requires = "to")]
    from: Option<u32>,
    /// The part of the text that it is about: up to this byte
    #[arg(long, value_name = "BYTE", requires = "from")]
    to: Option<u32>,
    /// Take back the correction with this id
    #[arg(long, value_name = "ID", conflicts_with_all = ["body", "from", "to"])]
    undo: Option<CorrectionId>,
}

impl Accept {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let answer = self.item.find(&session).await?.view.post.id;
        if self.undo {
            session.unaccept(answer).await?;
        } else {
            session.accept(answer, self.reason.as_deref()).await?;
        }
        Ok(Reply::new(Done::new("accept", &self.item.key)))
    }
}

impl Official {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let answer = self.item.find(&session).await?.view.post.id;
        session.set_official(answer, !self.undo, self.reason.as_deref()).await?;
        Ok(Reply::new(Done::new("official", &self.item.key)))
    }
}

impl Correct {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { item, body, from, to, undo } = self;
        let post = item.find(&session).await?.view.post.id;
        if let Some(correction) = undo {
            session.withdraw_correction(correction).await?;
            return Ok(Reply::new(Done::new("correct", &item.key)));
        }
        let body = text(body.unwrap_or_default())?;
        let new = NewCorrection { range: from.zip(to), ..NewCorrection::new(post, body) };
        let id = session.correct(new).await?;
        Ok(Reply::new(Created::new("correction", &id, None)))
    }
}
