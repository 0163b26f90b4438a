//! What an index is of: posts, or the topics that answer something together with pages.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use community_core::policy::Place;
use community_core::{
    ChannelId, CommunityId, DocumentId, Event, MemberId, Result, Slug, State, Store, Timestamp,
    Topic,
};

use crate::Settings;
use crate::analysis::Language;

/// Pages: what an extension has that is found by its words beside topics that have answers, such as
/// the articles of a knowledge base. Each is made of a [document](community_core::Document).
///
/// An index of pages follows the log like every other. It reads a page again after an event that
/// [touches](Self::touched) it, and asks nobody who may see it: that is what the page [says](Page::bounds), and what is
/// shown of a hit is decided by [`HitView`](community_core::extension::HitView) once more.
#[async_trait]
pub trait Pages: fmt::Debug + Send + Sync {
    /// The name and the version of how documents become pages. An index that was built otherwise is
    /// built anew.
    fn format(&self) -> String;

    /// The documents that events put out of date: those that have changed, and those of which what
    /// [bounds](Page::bounds) them stands elsewhere now.
    ///
    /// # Errors
    /// [`Error::Store`](community_core::Error::Store).
    async fn touched(&self, store: &dyn Store, events: &[Event]) -> Result<BTreeSet<DocumentId>>;

    /// The pages that documents touch as they are now, at most as many as there are documents: under
    /// the id of its own document each, with nothing when there is nothing to be found of it.
    ///
    /// # Errors
    /// [`Error::Store`](community_core::Error::Store), and documents that cannot be read.
    async fn read(
        &self,
        store: &dyn Store,
        documents: &[DocumentId],
    ) -> Result<Vec<(DocumentId, Option<Page>)>>;
}

/// What is found of a page, and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The document. A hit has its id in place of both topic and post.
    pub document: DocumentId,
    /// The community.
    pub community: CommunityId,
    /// The channel.
    pub channel: ChannelId,
    /// Whose it is; `None` for nobody's, which only those find who read everything in the channel.
    pub author: Option<MemberId>,
    /// What kind it counts as.
    pub kind: Slug,
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// The labels.
    pub labels: Vec<Slug>,
    /// The language; `None` to find it out.
    pub language: Option<Language>,
    /// The moment by which it is sorted and found.
    pub at: Timestamp,
    /// The score by which it is sorted on request.
    pub score: i64,
    /// How much it counts beside others that fit as well.
    pub weight: Weight,
    /// What its viewer has to see beside its channel.
    pub bounds: BTreeSet<Bound>,
}

/// How much a hit counts beside others that fit as well: a part of the whole.
///
/// Never more than the whole, so that what cannot be among the best is still skipped by what its
/// words promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u16);

impl Weight {
    /// The whole.
    pub const WHOLE: Self = Self(1_000);

    /// What a topic has: a page that was written and looked over stands before the conversation in
    /// which the same was said.
    pub const TOPIC: Self = Self(800);

    /// So many thousandths of the whole, at most all of them.
    #[must_use]
    pub const fn new(thousandths: u16) -> Self {
        if thousandths > Self::WHOLE.0 { Self::WHOLE } else { Self(thousandths) }
    }

    pub(crate) fn thousandths(self) -> u64 {
        self.0.into()
    }
}

/// A post or a topic that the viewer of a page has to see: where it stands, whose it is, its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    bytes: [u8; Self::BYTES],
}

impl Bound {
    const BYTES: usize = 66;

    /// A post of a topic that stands in this place.
    #[must_use]
    pub fn post(place: Place, author: MemberId, state: State) -> Self {
        let Place { community, channel, author: topic_author, state: topic_state } = place;
        let mut bytes = [0; Self::BYTES];
        let parts: [&[u8]; 6] = [
            community.as_bytes(),
            channel.as_bytes(),
            topic_author.as_bytes(),
            author.as_bytes(),
            &[topic_state.code()],
            &[state.code()],
        ];
        for (slot, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *byte;
        }
        Self { bytes }
    }

    /// A topic that stands in this place, as it would be if it were published.
    #[must_use]
    pub fn topic(place: Place) -> Self {
        let place = Place { state: State::Published, ..place };
        Self::post(place, place.author, State::Published)
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        self.bytes
    }

    /// Where it stands, whose it is, and its state; `None` for bytes that are no bound.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Place, MemberId, State)> {
        let id = |part: usize| -> Option<[u8; 16]> {
            bytes.get(part * 16..(part + 1) * 16)?.try_into().ok()
        };
        let state = |at: usize| State::from_code(*bytes.get(at)?);
        let place = Place {
            community: CommunityId::from_bytes(id(0)?),
            channel: ChannelId::from_bytes(id(1)?),
            author: MemberId::from_bytes(id(2)?),
            state: state(64)?,
        };
        Some((place, MemberId::from_bytes(id(3)?), state(65)?))
    }
}

/// What an index is of.
#[derive(Debug, Clone)]
pub(crate) enum Contents {
    /// Every post.
    Posts,
    /// Topics that have an answer, without their replies, and pages.
    Answers(Arc<dyn Pages>),
}

impl Contents {
    /// Whether a topic is in it.
    pub(crate) fn has(&self, topic: &Topic) -> bool {
        match self {
            Self::Posts => true,
            Self::Answers(_) => topic.counters.answers > 0,
        }
    }

    /// Whether replies have documents of their own.
    pub(crate) fn has_replies(&self) -> bool {
        matches!(self, Self::Posts)
    }

    /// What a topic's score is multiplied by, where that differs between documents.
    pub(crate) fn topic_weight(&self) -> Option<Weight> {
        match self {
            Self::Posts => None,
            Self::Answers(_) => Some(Weight::TOPIC),
        }
    }

    /// The pages in it, if there are any.
    pub(crate) fn pages(&self) -> Option<&dyn Pages> {
        match self {
            Self::Posts => None,
            Self::Answers(pages) => Some(&**pages),
        }
    }
}

/// What is indexed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) contents: Contents,
    pub(crate) settings: Settings,
}

impl Plan {
    /// What documents depend on.
    pub(crate) fn fingerprint(&self) -> String {
        let settings = self.settings.fingerprint();
        match self.contents.pages() {
            None => settings,
            Some(pages) => format!("{settings} with {}", pages.format()),
        }
    }
}

impl From<Settings> for Plan {
    fn from(settings: Settings) -> Self {
        Self { contents: Contents::Posts, settings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_read_as_it_was_written() {
        let id = |byte| [byte; 16];
        let place = Place {
            community: CommunityId::from_bytes(id(1)),
            channel: ChannelId::from_bytes(id(2)),
            author: MemberId::from_bytes(id(3)),
            state: State::Removed,
        };
        let author = MemberId::from_bytes(id(4));
        let post = Bound::post(place, author, State::Withdrawn);
        assert_eq!(Bound::read(&post.to_bytes()), Some((place, author, State::Withdrawn)));
        let published = Place { state: State::Published, ..place };
        let topic = Bound::topic(place).to_bytes();
        assert_eq!(Bound::read(&topic), Some((published, place.author, State::Published)));
        assert_eq!(Bound::read(topic.get(..65).unwrap_or_default()), None);
    }
}
