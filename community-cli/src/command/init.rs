//! `init`: the data directory, and a community in it.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use community::{Name, NewCommunity, Slug};
use serde::Serialize;

use super::policy::Preset;
use crate::args::Globals;
use crate::context::Context;
use crate::failure::Result;
use crate::object::Created;
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The key of a community to create
    community: Option<Slug>,
    /// Its name; the key when it is missing
    #[arg(long, requires = "community")]
    name: Option<Name>,
    /// What it is about
    #[arg(long, requires = "community", default_value = "", hide_default_value = true)]
    description: String,
    /// Who may do what: public, members-only, closed:LIST, intranet:'AUDIENCE', employees or
    /// own-topics; moderators and managers read in all of them
    #[arg(long, requires = "community", default_value = "public")]
    policy: Preset,
    /// The most members that it takes
    #[arg(long, requires = "community")]
    capacity: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Initialised {
    data: PathBuf,
    community: Option<Created>,
}

impl Init {
    pub(crate) async fn run(self, globals: Globals) -> Result<Reply> {
        let data = globals.data.clone();
        let context = Context::create(globals)?;
        let Self { community: key, name, description, policy, capacity } = self;
        let Some(key) = key else {
            return Ok(Reply::new(Initialised { data, community: None }));
        };
        let name = name.map_or_else(|| Name::new(key.as_str()), Ok)?;
        let new = NewCommunity::new(key.clone(), name, policy.into());
        let new = NewCommunity { description, capacity, ..new };
        let id = context.operator().await?.create_community(new).await?;
        let community = Some(Created::named("community", &id, &key));
        Ok(Reply::new(Initialised { data, community }))
    }
}

impl fmt::Display for Initialised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "data in {}", self.data.display())?;
        self.community.as_ref().map_or(Ok(()), |community| write!(f, "{community}"))
    }
}
