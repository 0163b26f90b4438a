//! What a feed or a thread has to be, worked out from all topics or posts there are.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::{FeedRequest, ListingKey, Position, PostOrder, ThreadRequest};
use community_core::{Post, PostId, Scope, Slug, Sort, State, Topic};

/// A whole feed, in its order: the places of all topics that belong to it, without regard to
/// `after` and `limit`.
pub(crate) fn feed<'a>(
    request: &FeedRequest,
    scope: &Scope,
    topics: impl IntoIterator<Item = &'a Topic>,
) -> Vec<Position> {
    let belonging = topics.into_iter().filter(|topic| belongs(request, topic, scope));
    let mut places: Vec<Position> = belonging
        .filter_map(|topic| {
            let key = ListingKey::of(request.sort).key(topic)?;
            Some(Position { key, id: topic.id.uuid() })
        })
        .collect();
    places.sort();
    if request.sort != Sort::Oldest {
        places.reverse();
    }
    places
}

/// Whether one place of a feed lies behind another.
pub(crate) fn is_behind(sort: Sort, place: Position, other: Position) -> bool {
    match sort {
        Sort::Oldest => place > other,
        _ => place < other,
    }
}

/// Whether a topic belongs to a feed.
fn belongs(request: &FeedRequest, topic: &Topic, scope: &Scope) -> bool {
    let is_own = scope.viewer().member() == Some(topic.author);
    let selected = request.selection.iter().any(|selection| {
        selection.community == topic.community
            && (selection.read.contains(&topic.channel)
                || (is_own && selection.own.contains(&topic.channel)))
    });
    let sees = |label: &Slug| scope.sees_label(topic.community, label);
    let labels: Vec<Slug> = topic.labels.iter().filter(|label| sees(label)).cloned().collect();
    selected
        && topic.state == State::Published
        && scope.admits(topic.place(), topic.author, topic.state)
        && request.labels.as_ref().is_none_or(|labelled| labelled.holds(&labels))
        && request.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
        && request.author.is_none_or(|author| topic.author == author)
        && request.since.is_none_or(|since| topic.id >= since)
}

/// A whole thread as its pages tell a viewer the places: without the keys of the posts that are
/// hidden from them.
pub(crate) fn thread_for<'a>(
    request: &ThreadRequest,
    topic: &Topic,
    posts: impl IntoIterator<Item = &'a Post> + Clone,
    scope: &Scope,
) -> Vec<Position> {
    let is_hidden = |post: &&Post| !scope.admits(topic.place(), post.author, post.state);
    let hidden: BTreeSet<_> =
        posts.clone().into_iter().filter(is_hidden).map(|post| post.id.uuid()).collect();
    let mut places = thread(request, posts);
    for place in places.iter_mut().filter(|place| hidden.contains(&place.id)) {
        place.key = Position::UNTOLD;
    }
    places
}

/// A whole thread from its root, in pre-order: the places of all posts that it shows, without
/// regard to `start` and `limit`.
pub(crate) fn thread<'a>(
    request: &ThreadRequest,
    posts: impl IntoIterator<Item = &'a Post>,
) -> Vec<Position> {
    let mut root = None;
    let mut replies: BTreeMap<PostId, Vec<Position>> = BTreeMap::new();
    for post in posts.into_iter().filter(|post| post.is_shown()) {
        let place = Position { key: request.order.key(post), id: post.id.uuid() };
        if post.id == request.root {
            root = Some(place);
        } else if let Some(parent) = post.parent
            && post.depth <= request.max_depth
        {
            replies.entry(parent).or_default().push(place);
        }
    }
    // The stack holds what comes next last, so siblings go onto it in reverse.
    let mut stack: Vec<Position> = root.into_iter().collect();
    let mut places = Vec::new();
    while let Some(place) = stack.pop() {
        places.push(place);
        let mut below = replies.remove(&PostId::from_uuid(place.id)).unwrap_or_default();
        below.sort();
        if request.order != PostOrder::Newest {
            below.reverse();
        }
        stack.extend(below);
    }
    places
}
