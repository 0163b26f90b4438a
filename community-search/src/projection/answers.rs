//! What was read of the answers of long topics.

use std::collections::{BTreeSet, VecDeque};

use community_core::{PostId, TopicId};

use crate::document::Answers;

/// So many topics are kept in mind. Hardly more long ones are written to at one time.
const TOPICS: usize = 8;

/// Answers of the topics that were read last.
#[derive(Debug, Default)]
pub(super) struct KnownAnswers(VecDeque<(TopicId, Known)>);

/// What posts up to one of them give their topic.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) answers: Answers,
    /// The last post that was read, by id; `None` before the first.
    pub(super) up_to: Option<PostId>,
}

impl KnownAnswers {
    /// Takes out what is known of a topic. It is nothing when one of the posts that have changed was
    /// read before; that includes a post that is written later under an earlier id.
    pub(super) fn take(&mut self, topic: TopicId, changed: &BTreeSet<PostId>) -> Known {
        let at = self.0.iter().position(|(known, _)| *known == topic);
        let known = at.and_then(|at| self.0.remove(at)).map(|(_, known)| known);
        let is_behind =
            |known: &Known| changed.first().is_none_or(|post| known.up_to < Some(*post));
        known.filter(is_behind).unwrap_or_default()
    }

    /// Keeps what is known of a topic, in place of what was used longest ago.
    pub(super) fn put(&mut self, topic: TopicId, known: Known) {
        self.forget(topic);
        self.0.push_back((topic, known));
        if self.0.len() > TOPICS {
            self.0.pop_front();
        }
    }

    pub(super) fn forget(&mut self, topic: TopicId) {
        self.0.retain(|(known, _)| *known != topic);
    }
}
