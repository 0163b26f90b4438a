//! What searches return.

use serde::Serialize;

use crate::domain::Author;
use crate::policy::Visible;
use crate::search::{Highlights, IndexState, Total};
use crate::store::{PostView, TopicRow};
use crate::text::{Name, Slug};

/// A page of what a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchView<V = SearchHit> {
    /// The hits, best first.
    pub hits: Vec<Visible<V>>,
    /// How many there are on all pages together.
    pub total: Total,
    /// What they have in common, if that was asked for. None while the index is behind and has something
    /// on this page that the viewer may not see any more.
    pub facets: Option<Facets>,
    /// Whether words one edit away from those that were typed were taken in, because few hits have
    /// the words themselves.
    pub typos: bool,
    /// Whether the index is complete. While it is [`Missing`](IndexState::Missing) nothing is
    /// found; while it is failing or being built anew, what is new may not be.
    pub index: IndexState,
    /// The cursor of the next page; `None` on the last one, and where the
    /// [depth](crate::Limits::search_depth) ends.
    pub next: Option<String>,
}

/// A post that was found, in its topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchHit {
    /// The topic.
    pub topic: TopicRow,
    /// The post: of a topic that was found, the one that fits best.
    pub post: PostView,
    /// Which parts show why it was found.
    pub highlights: Highlights,
}

impl SearchHit {
    /// The title as HTML that is safe to put into a page, with `<mark>` around what was looked for.
    #[must_use]
    pub fn title_html(&self) -> String {
        self.highlights.title_html(self.topic.topic.title.as_str())
    }

    /// The fragments of the body as HTML that is safe to put into a page, with `<mark>` around what
    /// was looked for.
    #[must_use]
    pub fn fragments_html(&self) -> Vec<String> {
        self.highlights.fragments_html(&self.post.body)
    }
}

/// What hits have in common. The number of a value is what would be found if it were a condition of
/// the search.
///
/// Each list is in falling order of the number and has the most frequent values, at most
/// [`Limits::facet_values`](crate::Limits::facet_values).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Facets {
    /// Labels of the topics.
    pub labels: Vec<FacetValue<NamedPlace>>,
    /// Channels; what is in a channel counts for those above it too.
    pub channels: Vec<FacetValue<NamedPlace>>,
    /// Kinds of the topics.
    pub kinds: Vec<FacetValue<Slug>>,
    /// Authors of the posts.
    pub authors: Vec<FacetValue<Author>>,
    /// Years in which the posts were written, in UTC.
    pub years: Vec<FacetValue<i32>>,
    /// Whether the topic has an answer, where it takes answers.
    pub answered: Vec<FacetValue<bool>>,
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacetValue<T> {
    /// The value.
    pub value: T,
    /// What would be found if it were a condition.
    pub count: u64,
}

/// A label or a channel, with what one has to know to name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedPlace {
    /// The key of the community.
    pub community: Slug,
    /// The key.
    pub key: Slug,
    /// The name.
    pub name: Name,
}
