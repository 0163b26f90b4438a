//! Links between topics.

use serde::{Deserialize, Serialize};

use crate::id::TopicId;
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

/// How two topics are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// See also.
    Related,
    /// The same question was asked before, there.
    Duplicate,
}
