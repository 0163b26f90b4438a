//! What happens in the sources of an article, and whether it concerns the article.

use community_core::{Event, EventKind, PostId, Seq, Timestamp, TopicId};
use serde::{Deserialize, Serialize};

use crate::article::Article;

/// Why somebody should look at an article again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    /// What sort of thing happened.
    pub kind: ConcernKind,
    /// In which topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// To which post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// When.
    pub at: Timestamp,
    /// The position in the log; `None` for what no event tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
}

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcernKind {
    /// A post that it cites was edited after the revision that was read.
    Edited,
    /// Title, labels or payload of a source changed.
    TopicEdited,
    /// A correction was put beside a post that it cites, or taken back.
    Corrected,
    /// A source, or a post that it cites, was removed, withdrawn or brought back.
    SourceState,
    /// A post that it cites was erased, and with it the words that the article took from it; or the
    /// first post of a source, which is then removed.
    Erased,
    /// A source went to another channel, which others may read.
    Moved,
    /// An answer that it does not cite was accepted or made official.
    OtherAnswer,
    /// A post that it cites is no longer accepted, or no longer official.
    MarkLost,
    /// Its review date has come.
    ReviewDue,
}

impl ConcernKind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::TopicEdited => "topic_edited",
            Self::Corrected => "corrected",
            Self::SourceState => "source_state",
            Self::Erased => "erased",
            Self::Moved => "moved",
            Self::OtherAnswer => "other_answer",
            Self::MarkLost => "mark_lost",
            Self::ReviewDue => "review_due",
        }
    }
}

/// Whether something that happened concerns an article. Pure.
///
/// An edit does when a version in use was made from an earlier revision; a mark that an answer gets
/// does when no version in use cites that answer. What people add to a conversation without marking
/// it, and votes, concern no article: they would concern all of them.
#[must_use]
pub fn concern(article: &Article, event: &Event) -> Option<Concern> {
    let Event { seq, event } = event;
    let topic = event.topic?;
    if *seq <= article.sources.get(&topic)?.since {
        return None;
    }
    // As it was then: a post that is cited since is no news.
    let cites = |post: PostId| {
        article.faces().any(|face| face.cited.get(&post).is_some_and(|c| c.since < *seq))
    };
    let cites_before = |post: PostId, revision: u32| {
        article.faces().any(|face| face.cited.get(&post).is_some_and(|c| c.revision < revision))
    };
    let kind = match (&event.kind, event.post) {
        (EventKind::PostEdited { revision }, Some(post)) if cites_before(post, *revision) => {
            ConcernKind::Edited
        }
        (EventKind::TopicEdited { .. }, _) => ConcernKind::TopicEdited,
        (EventKind::TopicMoved { .. }, _) => ConcernKind::Moved,
        (EventKind::TopicStateChanged { .. }, _) => ConcernKind::SourceState,
        (EventKind::PostStateChanged { .. }, Some(post)) if cites(post) => ConcernKind::SourceState,
        (EventKind::PostErased { opening }, Some(post)) if *opening || cites(post) => {
            ConcernKind::Erased
        }
        (EventKind::Corrected { .. }, Some(post)) if cites(post) => ConcernKind::Corrected,
        (
            EventKind::Accepted { accepted: marked } | EventKind::MadeOfficial { official: marked },
            Some(post),
        ) => match (marked, cites(post)) {
            (true, false) => ConcernKind::OtherAnswer,
            (false, true) => ConcernKind::MarkLost,
            (true, true) | (false, false) => return None,
        },
        _ => return None,
    };
    Some(Concern { kind, topic: Some(topic), post: event.post, at: event.at, seq: Some(*seq) })
}

impl Article {
    /// Adds a concern, unless the same is known already. One that an approved version is to settle
    /// makes way: what has happened since was not looked at. Returns whether anything changed.
    pub(crate) fn add_concern(&mut self, concern: Concern) -> bool {
        let same = |known: &Concern| {
            known.kind == concern.kind && known.topic == concern.topic && known.post == concern.post
        };
        let settled = self.scheduled.as_ref().map_or(&[][..], |next| &next.settles);
        if let Some(at) = self.concerns.iter().position(same) {
            let is_news = self.concerns.get(at).is_some_and(|known| {
                settled.contains(known) && (known.at, known.seq) < (concern.at, concern.seq)
            });
            if is_news {
                self.concerns.remove(at);
                self.concerns.push(concern);
            }
            return is_news;
        }
        if self.concerns.len() >= crate::limits::CONCERNS {
            return false;
        }
        self.concerns.push(concern);
        true
    }
}
