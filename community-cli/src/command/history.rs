//! `history`: the versions of a text, and the difference between two of them.

use std::fmt;

use clap::Args;
use community::diff::{Change, ChangeKind};
use community::{Key, PostId, Revision, Session, Slug, Timestamp, Title};
use serde::Serialize;

use crate::context::{Context, Item};
use crate::failure::{Failure, Result};
use crate::object::{Names, moment};
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    item: Item,
    /// Show what changed since this version, up to the one of --to
    #[arg(long, value_name = "N", requires = "to")]
    from: Option<u32>,
    /// Show what changed up to this version, since the one of --from
    #[arg(long, value_name = "N", requires = "from")]
    to: Option<u32>,
    /// Versions a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Only versions with a greater number, which is the `next` of the page before
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u32,
}

#[derive(Debug, Serialize)]
struct Versions {
    revisions: Vec<Version>,
    next: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Version {
    number: u32,
    title: Option<Title>,
    labels: Option<Vec<Slug>>,
    body: String,
    /// Nobody is the system.
    editor: Option<Key>,
    at: Timestamp,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Difference {
    from: u32,
    to: u32,
    changes: Vec<Change>,
}

impl History {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let post = self.item.find(&session).await?.view.post.id;
        if let (Some(from), Some(to)) = (self.from, self.to) {
            let changes = session.revision_diff(post, from, to).await?;
            return Ok(Reply::new(Difference { from, to, changes }));
        }
        Ok(Reply::new(Versions::read(&session, post, self.after, self.limit).await?))
    }
}

impl Versions {
    async fn read(
        session: &Session,
        post: PostId,
        after: u32,
        limit: Option<usize>,
    ) -> Result<Self> {
        let limit = session.engine().env().limits().page_size(limit).map_err(Failure::from)?;
        let found = session.revisions(post, after, Some(limit)).await?;
        let names = Names::load(session, found.iter().filter_map(|r| r.editor), []).await?;
        let next = found.last().filter(|_| found.len() == limit).map(|last| last.number);
        let revisions = found.into_iter().map(|revision| {
            let Revision { post: _, number, body, title, labels, editor, at, reason } = revision;
            let editor = editor.and_then(|editor| names.member(editor).cloned());
            Version { number, title, labels, body, editor, at, reason }
        });
        Ok(Self { revisions: revisions.collect(), next })
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for version in &self.revisions {
            let editor = version.editor.as_ref().map_or("the system", |key| key.as_str());
            write!(f, "{}. {} by {editor}", version.number, moment(version.at))?;
            match &version.reason {
                Some(reason) => writeln!(f, ": {reason}")?,
                None => writeln!(f)?,
            }
            if let Some(title) = &version.title {
                writeln!(f, "   {title}")?;
            }
            version.body.lines().try_for_each(|line| writeln!(f, "   {line}"))?;
        }
        self.next.map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { kind, text } in &self.changes {
            match kind {
                ChangeKind::Kept => write!(f, "{text}")?,
                ChangeKind::Added => write!(f, "{{+{text}+}}")?,
                ChangeKind::Removed => write!(f, "[-{text}-]")?,
            }
        }
        Ok(())
    }
}
