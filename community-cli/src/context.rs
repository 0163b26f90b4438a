//! What every command needs: the engine, who acts, and where a key leads.

use std::sync::Arc;

use community::time::ManualClock;
use community::{
    Action, Engine, Error, Key, Limits, MemberId, Options, PostKind, PostView, Session, Slug,
};

use crate::args::Globals;
use crate::failure::{Failure, Result};

/// An engine that is open, and how the program was called.
pub(crate) struct Context {
    pub(crate) engine: Engine,
    pub(crate) globals: Globals,
}

impl Context {
    /// On data that is there.
    pub(crate) fn open(globals: Globals) -> Result<Self> {
        let options = options(&globals).existing();
        Ok(Self { engine: community::open_with(&globals.data, options)?, globals })
    }

    /// On data that is there, for what may be as large as limits go: whoever is at the command line
    /// waits for nobody but themselves.
    pub(crate) fn open_wide(globals: Globals) -> Result<Self> {
        let options = options(&globals).existing().limits(Limits::caps());
        Ok(Self { engine: community::open_with(&globals.data, options)?, globals })
    }

    /// The same with its search index.
    ///
    /// Only commands that search bring the index up to date: the others are done sooner without it.
    pub(crate) fn open_with_index(globals: Globals) -> Result<Self> {
        let options =
            options(&globals).existing().limits(Limits::caps()).search(Default::default());
        Ok(Self { engine: community::open_with(&globals.data, options)?, globals })
    }

    /// On data that may be new.
    pub(crate) fn create(globals: Globals) -> Result<Self> {
        let options = options(&globals);
        Ok(Self { engine: community::open_with(&globals.data, options)?, globals })
    }

    /// Who reads and writes content: an anonymous visitor unless somebody is named.
    pub(crate) async fn visitor(&self) -> Result<Session> {
        self.session(self.engine.anonymous()).await
    }

    /// Who does an operator's work: the system unless somebody is named.
    pub(crate) async fn operator(&self) -> Result<Session> {
        self.session(self.engine.as_system()).await
    }

    async fn session(&self, default: Session) -> Result<Session> {
        Ok(match &self.globals.member {
            Some(key) => self.engine.member_by_key(key).await?,
            None if self.globals.system => self.engine.as_system(),
            None => default,
        })
    }

    /// The member with a key.
    pub(crate) async fn member(&self, key: &Key) -> Result<MemberId> {
        let session = self.engine.member_by_key(key).await?;
        session.viewer().member().ok_or_else(|| Error::NotFound("member").into())
    }
}

/// Goes on only for somebody who may do this there. Asked before a member is looked up by key: who
/// has no say about members does not learn which keys there are.
pub(crate) async fn require(
    session: &Session,
    action: Action,
    community: &Slug,
    channel: Option<&Slug>,
) -> Result<()> {
    let decision = session.can(&action, community, channel).await?;
    if decision.allowed { Ok(()) } else { Err(Error::Denied(Box::new(decision)).into()) }
}

fn options(globals: &Globals) -> Options {
    let options = Options::new().without_search();
    match globals.now {
        Some(now) => options.clock(Arc::new(ManualClock::at(now))),
        None => options,
    }
}

/// For commands on a file, which nobody acts in.
pub(crate) fn nobody_acts(globals: &Globals) -> Result<()> {
    match globals.member {
        Some(_) => {
            Err(Failure::invalid("this is done with the file, not as a member: leave out --as"))
        }
        None => Ok(()),
    }
}

/// Where a topic or post is.
#[derive(Debug, clap::Args)]
pub(crate) struct Item {
    /// The key or id of a topic or a post
    pub(crate) key: Key,
    /// The community that it is in, when the key is in several
    #[arg(long, value_name = "KEY")]
    pub(crate) community: Option<Slug>,
}

impl Item {
    /// The post that is meant; for a topic, its first one.
    ///
    /// Only what the viewer sees counts: a key that is taken in a hidden community as well is not
    /// ambiguous.
    pub(crate) async fn find(&self, session: &Session) -> Result<Found> {
        let communities: Vec<Slug> = match &self.community {
            Some(community) => vec![community.clone()],
            None => {
                let all = session.communities().await?;
                all.into_iter().map(|community| community.into_inner().key).collect()
            }
        };
        let mut found: Vec<Found> = Vec::new();
        for community in communities {
            match session.post_by_key(&community, &self.key).await {
                Ok(view) => found.push(Found { community, view: view.into_inner() }),
                Err(Error::NotFound("post")) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if found.len() > 1 {
            let names: Vec<_> = found.iter().map(|found| found.community.as_str()).collect();
            let (key, names) = (&self.key, names.join("`, `"));
            return Err(Failure::invalid(format!(
                "`{key}` is in several communities, `{names}`: name one with --community"
            )));
        }
        found.pop().ok_or_else(|| Error::NotFound("topic or post").into())
    }
}

/// A post, and the community that it is in.
pub(crate) struct Found {
    pub(crate) community: Slug,
    pub(crate) view: PostView,
}

impl Found {
    /// Whether a topic as a whole is meant.
    pub(crate) fn is_topic(&self) -> bool {
        self.view.post.kind == PostKind::Opening
    }
}
