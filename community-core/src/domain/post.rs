//! Posts, their revisions and corrections.

use serde::{Deserialize, Serialize};

use super::{Rev, State};
use crate::id::{CorrectionId, MemberId, PostId, TopicId};
use crate::text::{Key, Slug, Title};
use crate::time::Timestamp;

/// A text in a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Its topic.
    pub topic: TopicId,
    /// The post it replies to; `None` for the first post only.
    pub parent: Option<PostId>,
    /// Steps to the first post, whose depth is 0.
    pub depth: u32,
    /// What part it plays.
    pub kind: PostKind,
    /// The host's or the source's own key, unique in the community.
    pub key: Option<Key>,
    /// Who wrote it.
    pub author: MemberId,
    /// Whether it is to be seen.
    pub state: State,
    /// Whether its creation counts as activity of the topic.
    pub bumps: bool,
    /// Accepted as an answer.
    pub accepted: Option<Mark>,
    /// Marked as the official answer.
    pub official: Option<Mark>,
    /// Since when it belongs to the community: votes from that day on earn its author nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_at: Option<Timestamp>,
    /// Since when it is erased: its text is gone from every revision, and nobody brings it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// The number of its latest revision, from 1; the text of the post is that revision's.
    pub revision: u32,
    /// The revision of these facts.
    pub rev: Rev,
    /// What is counted.
    pub counters: PostCounters,
}

impl Post {
    /// The post without what anybody wrote about it, and erased from a moment on.
    pub(crate) fn erased(&self, at: Timestamp) -> Self {
        let silent = |mark: &Mark| Mark { reason: None, ..mark.clone() };
        Self {
            accepted: self.accepted.as_ref().map(silent),
            official: self.official.as_ref().map(silent),
            erased_at: Some(at),
            ..self.clone()
        }
    }
}

impl Revision {
    /// Who wrote which version when, without what it said.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self { body: String::new(), title: None, reason: None, ..self.clone() }
    }
}

impl Correction {
    /// Who corrected when, without what was said.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self { range: None, body: String::new(), ..self.clone() }
    }
}

/// What part a post plays in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// The topic's own text.
    Opening,
    /// A reply to the first post of a topic whose kind takes answers.
    Answer,
    /// Any other reply: a comment.
    Reply,
}

impl PostKind {
    /// All kinds, each at its [`PostKind::code`].
    pub const ALL: [Self; 3] = [Self::Opening, Self::Answer, Self::Reply];

    /// The number under which stores keep it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Opening => 0,
            Self::Answer => 1,
            Self::Reply => 2,
        }
    }

    /// The kind of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// What is counted of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCounters {
    /// Votes up.
    pub ups: i64,
    /// Votes down.
    pub downs: i64,
    /// Direct replies that a thread shows: published ones, and placeholders of others.
    pub children: i64,
    /// Corrections that stand.
    pub corrections: i64,
}

impl Post {
    /// Votes up less votes down.
    #[must_use]
    pub fn score(&self) -> i64 {
        self.counters.ups - self.counters.downs
    }

    /// Whether a thread shows it: a published post, or a placeholder that holds replies together.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.state == State::Published || self.counters.children > 0
    }
}

/// Who marked a post, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who; `None` is the system.
    pub by: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// Why, in the marker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One version of a post's text. The first post's revisions hold title and labels too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The post.
    pub post: PostId,
    /// Its number, from 1.
    pub number: u32,
    /// The text.
    pub body: String,
    /// The topic's title then, for a first post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// The topic's labels then, for a first post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Slug>>,
    /// Who wrote this version; `None` is the system.
    pub editor: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// Why, in the editor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A correction: stands beside a post, alters nothing in it, and is returned wherever it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// The post that it corrects.
    pub post: PostId,
    /// The part of the text that it is about, as bytes of the revision named; `None` is all of it.
    pub range: Option<(u32, u32)>,
    /// The revision of the post that it was written against.
    pub revision: u32,
    /// What is right instead.
    pub body: String,
    /// Who corrected.
    pub author: MemberId,
    /// When.
    pub at: Timestamp,
    /// When it was taken back; it then stays as a trace for moderators and its author.
    pub withdrawn_at: Option<Timestamp>,
    /// The revision of these facts.
    pub rev: Rev,
}
