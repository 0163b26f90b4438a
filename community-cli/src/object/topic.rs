//! A topic, in a feed or above its posts.

use community::{Author, Card, Key, MemberId, Name, Slug, Timestamp, Title, TopicId};
use serde::Serialize;
use serde_json::Value;

use super::{CorrectionItem, Names};

/// A topic.
#[derive(Debug, Serialize)]
pub(crate) struct TopicItem {
    pub(crate) id: TopicId,
    pub(crate) key: String,
    pub(crate) kind: Slug,
    pub(crate) title: Title,
    pub(crate) community: Option<Slug>,
    pub(crate) channel: Option<Slug>,
    pub(crate) labels: Vec<Slug>,
    pub(crate) author: Key,
    pub(crate) author_name: Name,
    pub(crate) status: Slug,
    pub(crate) state: community::State,
    pub(crate) locked: bool,
    pub(crate) score: i64,
    pub(crate) answers: i64,
    pub(crate) posts: i64,
    pub(crate) participants: i64,
    pub(crate) views: i64,
    pub(crate) accepted: bool,
    pub(crate) accepted_count: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) active_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corrections: Option<Vec<CorrectionItem>>,
}

impl TopicItem {
    /// A topic by itself.
    pub(crate) fn new(topic: community::Topic, author: Author, names: &Names) -> Self {
        let (community, channel) = names.place(topic.channel).cloned().unzip();
        Self {
            id: topic.id,
            score: topic.score(),
            key: topic.key.map_or_else(|| topic.id.to_string(), String::from),
            kind: topic.kind,
            title: topic.title,
            community,
            channel,
            labels: topic.labels,
            author: author.key,
            author_name: author.name,
            status: topic.status,
            state: topic.state,
            locked: topic.locked,
            answers: topic.counters.answers,
            posts: topic.counters.posts,
            participants: topic.counters.participants,
            views: topic.counters.views,
            accepted: topic.counters.accepted > 0,
            accepted_count: topic.counters.accepted,
            created_at: topic.created_at,
            active_at: topic.counters.active_at,
            payload: topic.payload,
            corrections: None,
        }
    }

    /// A topic in a feed, with what stands beside its first post.
    pub(crate) fn card(card: Card, names: &Names) -> Self {
        let Card { topic, author, corrections } = card;
        let corrections = CorrectionItem::all(corrections, names);
        Self { corrections: Some(corrections), ..Self::new(topic, author, names) }
    }

    /// The topic on one line: its title, what became of it, its labels and its key.
    pub(crate) fn line(&self) -> String {
        let solved = if self.accepted { " (solved)" } else { "" };
        let corrected = match &self.corrections {
            Some(corrections) if !corrections.is_empty() => " (corrected)",
            _ => "",
        };
        let labels: String = self.labels.iter().map(|label| format!(" #{label}")).collect();
        format!("{}{solved}{corrected}{labels}  [{}]", self.title, self.key)
    }

    /// Everybody whom a card names by id only.
    pub(crate) fn named_by(card: &Card) -> impl Iterator<Item = MemberId> {
        card.corrections.iter().map(|correction| correction.author)
    }
}
