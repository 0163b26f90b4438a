//! `index` and `reindex`: the search index, for operators.

use std::fmt;

use clap::Subcommand;
use community::search::{IndexError, IndexState, IndexStatus, SearchIndex};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;

#[derive(Debug, Subcommand)]
pub(crate) enum Index {
    /// Show how far the search index has come
    Status,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Shown(IndexStatus);

impl Index {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let Self::Status = self;
        // Who may not see everything may not know how much there is.
        context.operator().await?.export().await?;
        let index = of(context)?;
        // It opens on a thread of its own, and says nothing before it has.
        context.engine.indexed().await?;
        Ok(Reply::new(Shown(index.status())))
    }
}

/// Builds the index anew, and waits until it is complete.
pub(crate) async fn rebuild(context: &Context) -> Result<Reply> {
    context.operator().await?.export().await?;
    let index = of(context)?;
    index.rebuild().await.map_err(community::Error::from)?;
    Ok(Reply::new(Shown(index.status())))
}

fn of(context: &Context) -> Result<&dyn SearchIndex> {
    Ok(context.engine.index().ok_or(community::Error::Search(IndexError::None))?)
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IndexStatus { state, seq, lag, documents, bytes, failure } = &self.0;
        let state = match state {
            IndexState::Ready => "ready",
            IndexState::Failing => "failing",
            IndexState::Rebuilding => "being built anew",
            IndexState::Missing => "missing",
        };
        writeln!(f, "state      {state}")?;
        if let Some(seq) = seq {
            writeln!(f, "event      {}", seq.0)?;
        }
        writeln!(f, "behind     {lag} events")?;
        writeln!(f, "documents  {documents}")?;
        writeln!(f, "bytes      {bytes}")?;
        failure.as_ref().map_or(Ok(()), |failure| writeln!(f, "failure    {failure}"))
    }
}
