//! Suggestions: what happened when somebody was shown topics that may answer a question.

use serde::{Deserialize, Serialize};

use crate::id::TopicId;

/// What happened in a visit in which topics were suggested. A visit is one wish to ask something,
/// from its first word until it is posted or given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionStep {
    /// Topics were found, and shown unless the visit was held out: the best first, none when
    /// nothing was found.
    Shown {
        /// Which.
        topics: Vec<TopicId>,
    },
    /// One of them was opened.
    Opened {
        /// Which.
        topic: TopicId,
    },
    /// Somebody said whether a topic was of help.
    Rated {
        /// Which.
        topic: TopicId,
        /// Whether it was.
        helpful: bool,
    },
    /// The visit ended, and nothing was posted.
    Abandoned,
    /// The question was posted all the same.
    Posted {
        /// The topic that it became.
        topic: TopicId,
    },
}

impl SuggestionStep {
    /// The topics that it speaks of.
    #[must_use]
    pub fn topics(&self) -> &[TopicId] {
        match self {
            Self::Shown { topics } => topics,
            Self::Opened { topic } | Self::Rated { topic, .. } | Self::Posted { topic } => {
                std::slice::from_ref(topic)
            }
            Self::Abandoned => &[],
        }
    }
}
