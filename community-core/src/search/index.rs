//! The contract between the engine and an index.
//!
//! The engine says what is looked for and who looks; the index says which posts these are, best
//! first. It answers with ids and counts: whatever is shown of a hit is read from the store again,
//! under the same scope, so an index that lags behind can find too little and never too much.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::{Is, LanguageCode, Per, Phrase, Place as In, SearchSort, Word};
use crate::change::Seq;
use crate::directory::Directory;
use crate::domain::State;
use crate::id::{ChannelId, CommunityId, DocumentId, MemberId, PostId, TopicId};
use crate::policy::{Place, Scope};
use crate::text::Slug;
use crate::time::Timestamp;

/// An index of the posts of a store, behind which it follows by the store's log.
#[async_trait]
pub trait SearchIndex: Send + Sync + std::fmt::Debug {
    /// Finds what fits and is within reach, best first. The answer rests on one state of the
    /// index.
    async fn find(&self, request: &Find<'_>) -> Result<Found, IndexError>;

    /// Where each of these texts has what is looked for, in bytes, in rising order, without overlap.
    fn marks(&self, wanted: &Wanted, texts: &[&str]) -> Vec<Vec<Range<usize>>>;

    /// Says that the store has something new. Returns at once.
    fn wake(&self);

    /// Waits until everything up to an event is in what is searched.
    ///
    /// # Errors
    /// [`IndexError::Stopped`] when nobody works at the index any more.
    async fn wait_for(&self, seq: Seq) -> Result<(), IndexError>;

    /// Builds the index anew, beside the one that is searched meanwhile. Done when the new one has
    /// taken its place; it is built also when the future is dropped.
    ///
    /// # Errors
    /// [`IndexError::Stopped`] when nobody works at the index any more.
    async fn rebuild(&self) -> Result<(), IndexError>;

    /// How the index does.
    fn status(&self) -> IndexStatus;
}

/// What an index is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Find<'a> {
    /// What is looked for.
    pub wanted: &'a Wanted,
    /// Where, and for whom.
    pub reach: &'a Reach<'a>,
    /// The order.
    pub sort: SearchSort,
    /// What one hit is: of a topic, its first post in this order.
    pub per: Per,
    /// At most so many hits, from the first one on.
    pub top: usize,
    /// What is counted beside them.
    pub count: Count,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Nothing.
    Nothing,
    /// The hits, up to a number of posts; what is behind them is not counted.
    Total {
        /// So many posts.
        most: usize,
    },
    /// The hits and their facets, up to a number of posts.
    Facets {
        /// So many posts.
        most: usize,
        /// So many values of each facet.
        values: usize,
    },
}

/// What is looked for, with everything looked up that an index cannot know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A text of the [query language](super).
    Expr(Lookup),
    /// Topics like a text; only openings are hits.
    Like(Sample),
}

/// A [`SearchExpr`](super::SearchExpr) whose keys are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookup {
    /// The plain words. When there are any, one has to occur.
    pub words: Vec<Word>,
    /// Phrases whose words count like plain ones.
    pub quoted: Vec<Phrase>,
    /// Of each of these lists one term is required.
    pub required: Vec<Vec<LookupTerm>>,
    /// None of these may be.
    pub excluded: Vec<LookupTerm>,
    /// Where words and phrases are looked for.
    pub place: In,
    /// The languages of the viewer.
    pub languages: Vec<LanguageCode>,
    /// What means the same, in each of the communities within reach that says so.
    pub synonyms: Vec<Synonyms>,
    /// Whether words one edit away are left out, however few hits there are.
    pub exact: bool,
}

/// Lists of words and phrases that mean the same, of one community.
///
/// They are shared: whoever works them out can keep the result for as long as
/// [`is_same`](Self::is_same) says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synonyms(Arc<[Vec<String>]>);

impl Synonyms {
    /// The lists.
    #[must_use]
    pub fn lists(&self) -> &[Vec<String>] {
        &self.0
    }

    /// Whether these are the same lists, not others that are equal.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<&[Vec<String>]> for Synonyms {
    fn from(lists: &[Vec<String>]) -> Self {
        Self(lists.into())
    }
}

/// A [`Term`](super::Term) whose keys are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupTerm {
    /// A word, or all words that begin so.
    Word(Word),
    /// Words side by side.
    Phrase(Phrase),
    /// The topic has one of these labels.
    Label(Vec<(CommunityId, Slug)>),
    /// The topic is in one of these channels.
    Channel(FxHashSet<ChannelId>),
    /// The post is by this member; by nobody when there is none.
    Author(Option<MemberId>),
    /// The topic is of this kind.
    Kind(Slug),
    /// The post or its topic is so.
    Is(Is),
    /// The post was written at or behind this moment.
    Since(Timestamp),
    /// The post was written before this moment.
    Until(Timestamp),
    /// The post is in this language.
    Language(LanguageCode),
}

/// A text to which topics are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// A topic that is not a hit.
    pub except: Option<TopicId>,
    /// The languages of the viewer.
    pub languages: Vec<LanguageCode>,
    /// What means the same, in each of the communities within reach that says so.
    pub synonyms: Vec<Synonyms>,
}

/// What an index found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Whether there are hits behind them.
    pub more: bool,
    /// Whether words one edit away from those that were typed were taken in.
    pub typos: bool,
    /// How many hits there are, if that was asked for.
    pub total: Option<Total>,
    /// The facets, if they were asked for.
    pub facets: Option<Counts>,
}

/// A post that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hit {
    /// Its topic.
    pub topic: TopicId,
    /// The post.
    pub post: PostId,
    /// The key by which it is sorted: hits come in falling order of `(key, post)`. What it means
    /// is the index's business; it may be a score, and is told to nobody.
    pub key: i64,
}

impl Hit {
    /// The document that it is, if it is no post: what an extension has in an index of its own stands
    /// there under the id of a document, in place of both topic and post.
    #[must_use]
    pub fn document(&self) -> Option<DocumentId> {
        let is_document = self.topic.uuid() == self.post.uuid();
        is_document.then(|| DocumentId::from_uuid(self.topic.uuid()))
    }
}

/// How many hits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Total {
    /// So many.
    pub count: u64,
    /// Whether these are all; otherwise there are at least so many.
    pub exact: bool,
}

/// Hits by what they have in common. A value's number is what would be found if it were a condition
/// of the search.
///
/// Each list is in falling order of the number, then in rising order of the value, and has the most
/// frequent values only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Labels that exist for the viewer.
    pub labels: Vec<((CommunityId, Slug), u64)>,
    /// Channels; a hit counts for the channels above its own as well.
    pub channels: Vec<(ChannelId, u64)>,
    /// Kinds of topics.
    pub kinds: Vec<(Slug, u64)>,
    /// Authors of the posts.
    pub authors: Vec<(MemberId, u64)>,
    /// Years in which the posts were written, in UTC.
    pub years: Vec<(i32, u64)>,
    /// Whose topic takes answers and has some (`true`) or none (`false`).
    pub answered: Vec<(bool, u64)>,
}

/// Where a search looks, and for whom: the scope of its viewer, within some communities.
#[derive(Debug, Clone)]
pub struct Reach<'a> {
    scope: &'a Scope,
    directory: &'a Directory,
    communities: Option<FxHashSet<CommunityId>>,
}

/// How much of a channel is within reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelReach {
    /// Nothing.
    Nothing,
    /// Some posts; [`Reach::admits`] says which.
    Some,
    /// All published posts of published topics; of the others [`Reach::admits`] says which.
    Published,
}

impl<'a> Reach<'a> {
    /// What a scope admits, in these communities; `None` is everywhere.
    #[must_use]
    pub fn new(
        scope: &'a Scope,
        directory: &'a Directory,
        communities: Option<FxHashSet<CommunityId>>,
    ) -> Self {
        Self { scope, directory, communities }
    }

    /// The communities within reach.
    pub fn communities(&self) -> impl Iterator<Item = CommunityId> {
        let all = self.directory.communities().map(|community| community.id);
        all.filter(|id| {
            self.scope.sees_community(*id)
                && self.communities.as_ref().is_none_or(|communities| communities.contains(id))
        })
    }

    /// How much of a channel is within reach. What [`admits`](Self::admits) says, for a whole
    /// channel at once.
    #[must_use]
    pub fn channel(&self, channel: ChannelId) -> ChannelReach {
        if !self.looks_in(channel) {
            ChannelReach::Nothing
        } else if self.scope.read().contains(channel) {
            ChannelReach::Published
        } else if self.scope.own().contains(channel) {
            ChannelReach::Some
        } else {
            ChannelReach::Nothing
        }
    }

    /// Whether a post is within reach, as [`Scope::admits`] has it.
    #[must_use]
    pub fn admits(&self, place: Place, author: MemberId, state: State) -> bool {
        self.looks_in(place.channel) && self.scope.admits(place, author, state)
    }

    /// Whether the viewer sees a post, within these communities or not: for what is made of posts that
    /// stand elsewhere.
    #[must_use]
    pub fn sees(&self, place: Place, author: MemberId, state: State) -> bool {
        self.scope.admits(place, author, state)
    }

    /// Whether a label exists for the viewer.
    #[must_use]
    pub fn sees_label(&self, community: CommunityId, label: &Slug) -> bool {
        self.scope.sees_label(community, label)
    }

    /// A channel and the channels above it that exist for the viewer.
    pub fn path(&self, channel: ChannelId) -> impl Iterator<Item = ChannelId> {
        let path = self.directory.channel(channel).map(|entry| entry.path.as_slice());
        let path = path.unwrap_or_default().iter().copied();
        path.filter(|channel| self.scope.sees_channel(*channel))
    }

    fn looks_in(&self, channel: ChannelId) -> bool {
        self.communities.as_ref().is_none_or(|communities| {
            let entry = self.directory.channel(channel);
            entry.is_some_and(|entry| communities.contains(&entry.channel.community))
        })
    }
}

/// How an index does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// In one word.
    pub state: IndexState,
    /// Up to which event everything is in what is searched.
    pub seq: Option<Seq>,
    /// How many events are in the log behind that, when this was last looked at.
    pub lag: u64,
    /// How many posts are in it.
    pub documents: u64,
    /// How many bytes it takes.
    pub bytes: u64,
    /// Why the last attempt to bring it up to date failed; `None` when it did not.
    pub failure: Option<String>,
}

/// How an index does, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    /// It follows the log.
    Ready,
    /// It cannot be brought up to date at present: what is new is not found.
    Failing,
    /// It is being built anew, and an older one is searched meanwhile.
    Rebuilding,
    /// There is nothing to search yet: nothing is found.
    Missing,
}

/// Why an index did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The engine has no index.
    #[error("this engine has no search index")]
    None,
    /// Nobody works at the index any more.
    #[error("the search index is no longer kept up to date")]
    Stopped,
    /// The index failed.
    #[error("the search index failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IndexError {
    /// An [`IndexError::Failed`].
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}
