//! `knowledge`: what to write, and what it is worth.

mod deflection;
mod gaps;
mod step;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;

#[derive(Debug, Subcommand)]
pub(crate) enum Knowledge {
    /// List what to write next: questions that are asked again and again, labels with few articles
    Gaps(gaps::Gaps),
    /// Count how many questions need not be asked because of suggestions
    Deflection(deflection::Deflection),
    /// Record what happened in a visit in which topics were suggested
    Step(step::Step),
}

impl Knowledge {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        match self {
            Self::Gaps(command) => command.run(context).await,
            Self::Deflection(command) => command.run(context).await,
            Self::Step(command) => command.run(context).await,
        }
    }
}

/// What a file holds as JSON.
fn read<T: serde::de::DeserializeOwned>(file: &std::path::Path) -> Result<T> {
    let failed = |error: &dyn std::fmt::Display| {
        crate::Failure::invalid(format!("{}: {error}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}
