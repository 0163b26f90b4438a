//! Who sees what of an article: the one place where it is decided.
//!
//! An article stands in a channel, so the one rule of visibility holds for it. It also holds words of
//! others: a version is read by whoever may read *all* that it was made from, as that stands at the
//! moment of the read. See decision 0018.
//!
//! - **Readers** see the published version when their scope admits the article in its channel, each
//!   topic that bounds that version, and each post that it cites. What only a later version was made
//!   from is no affair of theirs. A cited post that was removed
//!   or withdrawn takes the version from everybody who may not read that post, at once; so does a
//!   source that is moved to where they may not read.
//! - **Those at the desk** (whoever reviews or manages in the channel, and the article's authors while
//!   they may write articles there) see drafts, reviews, comments, concerns and history, when their
//!   scope admits the channels of the article and of the sources of all its versions. A source that was
//!   removed does not take the article from them: it is theirs to mend.
//! - A source that was *released*, explicitly and with a reason, bounds nobody by its channel any
//!   more. That its posts are published is asked all the same.
//! - Everybody else sees nothing, and what is hidden is no different from what is absent.

use std::collections::BTreeMap;

use community_core::policy::Place;
use community_core::{MemberId, PostId, Scope, State, TopicId, Viewer};

use crate::article::{Article, Published};

/// Where the sources of articles stand at this moment, whoever looks. What is not here is gone.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Topics.
    pub topics: BTreeMap<TopicId, Place>,
    /// Posts, each with its topic's place.
    pub posts: BTreeMap<PostId, CitedPost>,
}

/// Where a cited post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CitedPost {
    /// Where its topic stands.
    pub place: Place,
    /// Who wrote it.
    pub author: MemberId,
    /// Whether it is published.
    pub state: State,
}

/// What somebody may do with articles in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Desk {
    /// Whether the viewer may write articles there.
    pub drafts: bool,
    /// Whether the viewer reviews or manages there.
    pub reviews: bool,
}

/// Whether a viewer may read a version of an article that is published.
#[must_use]
pub fn is_readable(article: &Article, shown: &Published, scope: &Scope, sources: &Sources) -> bool {
    let admits = |bound: CitedPost| scope.admits(bound.place, bound.author, bound.state);
    // Who has written a later version is no affair of readers.
    admits_place(article, shown.authors.first(), scope)
        && bounds(article, shown, sources).is_some_and(|bounds| bounds.into_iter().all(admits))
}

/// What a reader of a version has to see beside the channel of the article: each topic that bounds it,
/// as if that were published, and each post that it cites. `None` when nobody reads it: a source is
/// gone, or was released and is not published any more.
#[must_use]
pub fn bounds(article: &Article, shown: &Published, sources: &Sources) -> Option<Vec<CitedPost>> {
    let topics = article.sources_up_to(shown.version).filter(|topic| article.is_bound_by(*topic));
    let topics = topics.map(|topic| Some(opening(*sources.topics.get(&topic)?)));
    let mut bounds: Vec<CitedPost> = topics.collect::<Option<_>>()?;
    for (post, cited) in &shown.face.cited {
        let post = *sources.posts.get(post)?;
        if article.is_bound_by(cited.topic) {
            bounds.push(post);
        } else if post.place.state != State::Published || post.state != State::Published {
            return None;
        }
    }
    Some(bounds)
}

/// A topic where it stands, as if it were published.
fn opening(place: Place) -> CitedPost {
    let place = Place { state: State::Published, ..place };
    CitedPost { place, author: place.author, state: State::Published }
}

/// Whether a viewer sees the work on an article: its drafts, reviews, comments and history.
#[must_use]
pub fn is_at_desk(article: &Article, scope: &Scope, desk: Desk, sources: &Sources) -> bool {
    let is_author = scope.viewer().member().is_some_and(|member| article.is_author(member));
    (desk.reviews || (desk.drafts && is_author))
        && admits_place(article, article.authors.first(), scope)
        && admits_sources(article, article.sources.keys().copied(), scope, sources)
}

/// Whether the scope admits the article where it stands, as if it were a topic of its first author.
fn admits_place(article: &Article, author: Option<&MemberId>, scope: &Scope) -> bool {
    let Some(author) = author.copied() else {
        // One that the system wrote is nobody's own.
        return scope.read().contains(article.channel);
    };
    let place = Place {
        community: article.community,
        channel: article.channel,
        author,
        state: State::Published,
    };
    scope.admits(place, author, State::Published)
}

/// Whether the scope admits each of some topics that bounds the article where it stands now, published
/// or not.
fn admits_sources(
    article: &Article,
    topics: impl Iterator<Item = TopicId>,
    scope: &Scope,
    sources: &Sources,
) -> bool {
    topics.filter(|topic| article.is_bound_by(*topic)).all(|topic| {
        match sources.topics.get(&topic) {
            Some(place) => {
                let CitedPost { place, author, state } = opening(*place);
                scope.admits(place, author, state)
            }
            // Who could read a topic that is gone for good, nobody knows any more.
            None => scope.viewer() == Viewer::System,
        }
    })
}
