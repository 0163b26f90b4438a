//! A post in its thread, and what stands beside it.

use std::collections::BTreeMap;
use std::fmt;

use community::{
    Correction, CorrectionId, Key, Mark, MemberId, Name, Placeholder, PostId, PostKind, PostView,
    Slug, State, ThreadItem, Timestamp,
};
use serde::Serialize;

use super::{Names, moment};

/// A post, or the place where one stood.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PostItem {
    /// A post.
    Post(Box<Shown>),
    /// One that the viewer may not see, with replies below it.
    Removed {
        id: PostId,
        parent: Option<PostId>,
        depth: u32,
        children: i64,
        /// Always true.
        removed: bool,
    },
}

/// A post that the viewer sees.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    id: PostId,
    key: String,
    parent: Option<PostId>,
    depth: u32,
    kind: PostKind,
    author: Key,
    author_name: Name,
    body: String,
    state: State,
    score: i64,
    ups: i64,
    downs: i64,
    accepted: bool,
    official: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptance: Option<MarkItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    official_mark: Option<MarkItem>,
    children: i64,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_at: Option<Timestamp>,
    revision: u32,
    corrections: Vec<CorrectionItem>,
    reactions: BTreeMap<Slug, i64>,
}

/// Who marked a post, when and why.
#[derive(Debug, Serialize)]
struct MarkItem {
    /// Nobody is the system.
    by: Option<Key>,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A correction that stands.
#[derive(Debug, Serialize)]
pub(crate) struct CorrectionItem {
    id: CorrectionId,
    body: String,
    author: Option<Key>,
    /// The part of the text that it is about, in bytes of that revision.
    range: Option<(u32, u32)>,
    revision: u32,
    at: Timestamp,
}

impl PostItem {
    /// An item of a thread. The first post goes by its topic's key.
    pub(crate) fn new(item: ThreadItem, topic: &str, names: &Names) -> Self {
        match item {
            ThreadItem::Post(view) => Self::Post(Box::new(Shown::new(*view, topic, names))),
            ThreadItem::Placeholder(Placeholder { id, parent, depth, children }) => {
                Self::Removed { id, parent, depth, children, removed: true }
            }
        }
    }

    /// Everybody whom a post names by id only.
    pub(crate) fn named_by(view: &PostView) -> impl Iterator<Item = MemberId> {
        let marks = [&view.post.accepted, &view.post.official].into_iter().flatten();
        let corrections = view.corrections.iter().map(|correction| correction.author);
        marks.filter_map(|mark| mark.by).chain(corrections)
    }
}

impl Shown {
    fn new(view: PostView, topic: &str, names: &Names) -> Self {
        let PostView { post, body, author, corrections, tallies, place: _ } = view;
        let mark = |mark: &Option<Mark>| {
            mark.clone().map(|Mark { by, at, reason }| MarkItem {
                by: by.and_then(|by| names.member(by).cloned()),
                at,
                reason,
            })
        };
        let key = match (&post.key, post.kind) {
            (Some(key), _) => key.to_string(),
            (None, PostKind::Opening) => topic.to_owned(),
            (None, _) => post.id.to_string(),
        };
        Self {
            id: post.id,
            key,
            parent: post.parent,
            depth: post.depth,
            kind: post.kind,
            author: author.key,
            author_name: author.name,
            body,
            state: post.state,
            score: post.score(),
            ups: post.counters.ups,
            downs: post.counters.downs,
            accepted: post.accepted.is_some(),
            official: post.official.is_some(),
            acceptance: mark(&post.accepted),
            official_mark: mark(&post.official),
            children: post.counters.children,
            created_at: post.created_at,
            edited_at: post.edited_at,
            erased_at: post.erased_at,
            revision: post.revision,
            corrections: CorrectionItem::all(corrections, names),
            reactions: tallies.into_iter().map(|tally| (tally.key, tally.count)).collect(),
        }
    }
}

impl CorrectionItem {
    /// Corrections with their authors' keys.
    pub(crate) fn all(corrections: Vec<Correction>, names: &Names) -> Vec<Self> {
        let items = corrections.into_iter().map(|correction| Self {
            id: correction.id,
            body: correction.body,
            author: names.member(correction.author).cloned(),
            range: correction.range,
            revision: correction.revision,
            at: correction.at,
        });
        items.collect()
    }
}

impl fmt::Display for PostItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (depth, post) = match self {
            Self::Post(post) => (post.depth, post),
            Self::Removed { depth, .. } => {
                return writeln!(f, "{}[removed]\n", indent(*depth));
            }
        };
        let indent = indent(depth);
        write!(f, "{indent}{} ({}) {}", post.author_name, post.author, moment(post.created_at))?;
        write!(f, ", score {}", post.score)?;
        for (holds, word) in [
            (post.accepted, "accepted"),
            (post.official, "official"),
            (post.edited_at.is_some(), "edited"),
            (post.state == State::Withdrawn, "withdrawn"),
            (post.state == State::Removed, "removed"),
            (post.erased_at.is_some(), "erased"),
        ] {
            if holds {
                write!(f, ", {word}")?;
            }
        }
        for (reaction, count) in &post.reactions {
            write!(f, ", {reaction} {count}")?;
        }
        writeln!(f, "  [{}]", post.key)?;
        for line in post.body.lines() {
            writeln!(f, "{indent}{line}")?;
        }
        for correction in &post.corrections {
            let by = correction.author.as_ref().map_or("", Key::as_str);
            for (at, line) in correction.body.lines().enumerate() {
                let head = if at == 0 { format!("corrected by {by}: ") } else { String::new() };
                writeln!(f, "{indent}! {head}{line}")?;
            }
        }
        writeln!(f)
    }
}

/// Deeper replies stand further to the right, as far as that can be read.
fn indent(depth: u32) -> String {
    "  ".repeat(usize::try_from(depth.min(12)).unwrap_or(0))
}
