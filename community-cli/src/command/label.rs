//! `label`: the labels of a community.

use std::fmt;

use clap::{Args, Subcommand};
use community::{Audience, LabelView, Name, NewLabel, Slug};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Label {
    /// List the labels that the viewer sees
    List {
        /// The key of the community
        community: Slug,
    },
    /// Create a label, or replace the facts of the one with this key
    Add(Add),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The key of the community
    community: Slug,
    /// The key of the label
    key: Slug,
    /// Its name; the key when it is missing
    #[arg(long)]
    name: Option<Name>,
    /// What it stands for
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// Who sees it and may use it, such as 'role(employee)'; everyone for a new label, and as it
    /// was for a known one
    #[arg(long)]
    audience: Option<Audience>,
}

#[derive(Debug, Serialize)]
struct Labels {
    labels: Vec<LabelView>,
}

impl Label {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        match self {
            Self::List { community } => {
                let labels = context.visitor().await?.labels(&community).await?;
                let labels = labels.into_iter().map(|label| label.into_inner()).collect();
                Ok(Reply::new(Labels { labels }))
            }
            Self::Add(Add { community, key, name, description, audience }) => {
                let name = name.map_or_else(|| Name::new(key.as_str()), Ok)?;
                let new = NewLabel { key: key.clone(), name, description, audience };
                context.operator().await?.put_label(&community, new).await?;
                Ok(Reply::new(Done::new("label add", &key)))
            }
        }
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["key", "topics", "name"]);
        for label in &self.labels {
            table.row([label.key.to_string(), label.topics.to_string(), label.name.to_string()]);
        }
        write!(f, "{table}")
    }
}
