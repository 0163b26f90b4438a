//! Articles: plain data, and what may become of it.
//!
//! An [`Article`] is the head: where it stands, in which state it is, and what its audience rests
//! on. Its words are in [`Version`]s, which do not change unless words are erased. Readers see one version, the published
//! one; whoever writes goes on with the latest.

mod content;
mod state;
mod version;

pub use content::{Block, Content, Origin, Product, Section, SectionKind, Source};
pub use state::{IllegalStep, State, Step, TRANSITIONS, Transition};
pub use version::{Note, Version, changes};

use std::collections::{BTreeMap, BTreeSet};

use community_core::{
    ChannelId, CommunityId, MemberId, PostId, Seq, Slug, Timestamp, Title, TopicId,
};
use serde::{Deserialize, Serialize};

use crate::freshness::Concern;
use crate::id::ArticleId;

/// The head of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Its id, which never changes: a permalink by id survives every move.
    pub id: ArticleId,
    /// Its community.
    pub community: CommunityId,
    /// Its channel: who reads there may read it, as far as its sources allow.
    pub channel: ChannelId,
    /// The state of its latest version.
    pub state: State,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Its language, such as `en` or `pt-br`.
    pub locale: Slug,
    /// The article that it translates; `None` for an original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<ArticleId>,
    /// Where its first words come from.
    pub origin: Origin,
    /// Who wrote versions of it, the first one first.
    pub authors: Vec<MemberId>,
    /// The number of its latest version, from 1.
    pub latest: u32,
    /// What is needed of that version without reading it.
    pub face: Face,
    /// The version that readers see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// An approved version whose time has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Published>,
    /// Its place in a collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<Shelf>,
    /// Every topic that a version of it was ever made from. Words outlive the mention of where they
    /// come from, so an edit takes no topic off this list.
    #[serde(default)]
    pub sources: BTreeMap<TopicId, Used>,
    /// Sources whose audience does not bound the article's: explicit, with a name and a reason.
    #[serde(default)]
    pub released: Vec<Release>,
    /// Why somebody should look at it again, oldest first.
    #[serde(default)]
    pub concerns: Vec<Concern>,
    /// Who last said that it still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmation>,
    /// When somebody has to look at it again, whatever happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_at: Option<Timestamp>,
    /// Where an archived article leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<ArticleId>,
    /// The sources in which something may have happened before the projection of the log knew that
    /// the article cites them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub behind: BTreeSet<TopicId>,
    /// When it was begun.
    pub created_at: Timestamp,
}

/// What is needed of a version without reading it: whether somebody may see it, and in which lists
/// it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The title.
    pub title: Title,
    /// The labels, sorted.
    #[serde(default)]
    pub labels: Vec<Slug>,
    /// The products.
    #[serde(default)]
    pub products: Vec<Product>,
    /// The posts that it cites, each with its topic and the oldest revision whose words are in it.
    #[serde(default)]
    pub cited: BTreeMap<PostId, Cited>,
}

/// A post that a version cites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// Its topic.
    pub topic: TopicId,
    /// The oldest of its revisions whose words are in the version: an edit behind it concerns them, also
    /// when words of a newer one stand beside them.
    pub revision: u32,
    /// The position in the log behind which what happens to it concerns the article.
    #[serde(default)]
    pub since: Seq,
}

/// Since when a topic is a source of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The position in the log behind which what happens there concerns the article.
    pub since: Seq,
    /// The number of the version that was the first to be made from it. It bounds that one and those
    /// after it: what readers see of an earlier one owes nothing to that topic.
    pub version: u32,
}

/// A version that readers see, or will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its number.
    pub version: u32,
    /// From when.
    pub at: Timestamp,
    /// Who approved it; `None` is the system.
    pub by: Option<MemberId>,
    /// Who had written versions of the article up to this one.
    #[serde(default)]
    pub authors: Vec<MemberId>,
    /// What was in doubt when it was approved: settled when it comes into force, and not before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<Concern>,
    /// When somebody has to look at the article again, once this version is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_at: Option<Timestamp>,
    /// What is needed of it without reading it.
    pub face: Face,
}

/// A place in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The collection.
    pub collection: Slug,
    /// The place in it, smallest first.
    pub position: i64,
}

/// A source whose audience does not bound the article's any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The source.
    pub topic: TopicId,
    /// Who decided so; `None` is the system.
    pub by: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// Why, in that person's words.
    pub reason: String,
}

/// Somebody said that an article still holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who; `None` is the system.
    pub by: Option<MemberId>,
    /// When.
    pub at: Timestamp,
    /// The version that was looked at.
    pub version: u32,
}

impl Article {
    /// The version that readers see at a moment. A version whose time has come is seen from that
    /// time on, whether or not anybody has written that down yet.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> Option<&Published> {
        if self.state == State::Archived {
            return None;
        }
        self.scheduled.as_ref().filter(|next| next.at <= now).or(self.published.as_ref())
    }

    /// The state at a moment, a version whose time has come taken into account.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> State {
        match &self.scheduled {
            Some(next) if next.at <= now && self.state == State::InReview => State::Published,
            _ => self.state,
        }
    }

    /// What is in doubt at a moment: what was settled with a version whose time has come is not.
    pub fn doubts(&self, now: Timestamp) -> impl Iterator<Item = &Concern> {
        let next = self.scheduled.as_ref().filter(|next| next.at <= now);
        let is_settled = move |concern: &Concern| next.is_some_and(|n| n.settles.contains(concern));
        self.concerns.iter().filter(move |concern| !is_settled(concern))
    }

    /// Whether the audience of a source bounds that of the article.
    #[must_use]
    pub fn is_bound_by(&self, topic: TopicId) -> bool {
        self.sources.contains_key(&topic) && !self.released.iter().any(|known| known.topic == topic)
    }

    /// The topics from which its versions up to one were made.
    pub fn sources_up_to(&self, version: u32) -> impl Iterator<Item = TopicId> {
        let used = self.sources.iter().filter(move |(_, used)| used.version <= version);
        used.map(|(topic, _)| *topic)
    }

    /// The versions that are of use at present: the one that readers see, one that waits for its
    /// time, and the latest.
    pub fn faces(&self) -> impl Iterator<Item = &Face> {
        let approved = [&self.published, &self.scheduled].into_iter().flatten();
        approved.map(|version| &version.face).chain(std::iter::once(&self.face))
    }

    /// Whether somebody wrote one of its versions.
    #[must_use]
    pub fn is_author(&self, member: MemberId) -> bool {
        self.authors.contains(&member)
    }

    /// The moment at which its words were last found right: when they were published, or confirmed
    /// since; before that, when it was begun.
    #[must_use]
    pub fn true_since(&self) -> Timestamp {
        let published = self.published.as_ref().map(|published| published.at);
        let confirmed = self.confirmed.as_ref().map(|confirmed| confirmed.at);
        published.max(confirmed).unwrap_or(self.created_at)
    }
}
