//! Links between topics.

use serde::{Deserialize, Serialize};

use crate::id::TopicId;
use crate::query::Position;
use crate::time::Timestamp;

/// One topic points at another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The topic that points.
    pub from: TopicId,
    /// The topic pointed at.
    pub to: TopicId,
    /// How they are related.
    pub kind: LinkKind,
    /// Since when.
    pub at: Timestamp,
}

impl Link {
    /// The topic at the other end, seen from one of the two.
    #[must_use]
    pub fn other(&self, seen_from: TopicId) -> TopicId {
        if self.from == seen_from { self.to } else { self.from }
    }

    /// Its place among the links of one of its two topics. They are sorted by the id of the topic
    /// at the other end, then by the key: links that point at it before those that come from it,
    /// duplicates before related ones.
    #[must_use]
    pub fn place(&self, seen_from: TopicId) -> Position {
        let coming = if self.from == seen_from { 0 } else { 2 };
        let kind = match self.kind {
            LinkKind::Duplicate => 0,
            LinkKind::Related => 1,
        };
        Position { key: coming + kind, id: self.other(seen_from).uuid() }
    }
}

/// How two topics are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// See also.
    Related,
    /// The same question was asked before, there.
    Duplicate,
}
