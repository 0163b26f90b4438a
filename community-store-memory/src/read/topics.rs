//! Topics: by id, by key, pinned, and as feeds show them.

use community_core::change::{EntityRef, UniqueKey};
use community_core::policy::{Scope, Unchecked};
use community_core::query::Position;
use community_core::store::{Card, TopicRow};
use community_core::{CommunityId, Key, Link, PostId, StoreError, Topic, TopicId};

use super::{behind, members, posts};
use crate::state::State;

/// What stands under a key: the topic, and the post for a post's key.
pub(super) fn lookup(
    state: &State,
    community: CommunityId,
    keys: &[Key],
) -> Vec<Option<(TopicId, Option<PostId>)>> {
    let find = |key: &Key| match state.index.holder(&UniqueKey::Item(community, key.clone()))? {
        EntityRef::Topic(id) => Some((id, None)),
        EntityRef::Post(id) => Some((state.posts.get(&id)?.topic, Some(id))),
        _ => None,
    };
    keys.iter().map(find).collect()
}

/// Topics by id.
pub(super) fn by_id(
    state: &State,
    ids: &[TopicId],
    scope: &Scope,
) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError> {
    let rows = ids.iter().map(|id| state.admitted_topic(*id, scope));
    rows.map(|topic| topic.map(|topic| row(state, topic)).transpose()).collect()
}

/// All topics of a community by id.
pub(super) fn all(
    state: &State,
    community: CommunityId,
    after: Option<TopicId>,
    limit: usize,
    scope: &Scope,
) -> Result<Vec<Unchecked<TopicRow>>, StoreError> {
    let ids = state.index.topics(community);
    let ids = ids.into_iter().flat_map(|ids| ids.range(behind(after)));
    let topics = ids.filter_map(|id| state.admitted_topic(*id, scope));
    topics.take(limit).map(|topic| row(state, topic)).collect()
}

/// Published topics of a community that have a pin.
pub(super) fn pinned(
    state: &State,
    community: CommunityId,
    scope: &Scope,
) -> Result<Vec<Unchecked<Card>>, StoreError> {
    let topics = state.index.pinned(community);
    let topics = topics.filter_map(|id| state.admitted_topic(id, scope));
    topics.map(|topic| card(state, topic)).collect()
}

/// The links from and to a topic.
pub(super) fn links(
    state: &State,
    topic: TopicId,
    after: Option<Position>,
    limit: usize,
) -> Vec<Link> {
    let ids = state.index.links(topic, after).take(limit);
    ids.filter_map(|id| state.links.get(id)).cloned().collect()
}

/// A topic with its author.
fn row(state: &State, topic: &Topic) -> Result<Unchecked<TopicRow>, StoreError> {
    let author = members::author(state, topic.author)?;
    Ok(Unchecked::new(TopicRow { topic: topic.clone(), author }))
}

/// A topic as a feed shows it.
pub(super) fn card(state: &State, topic: &Topic) -> Result<Unchecked<Card>, StoreError> {
    let author = members::author(state, topic.author)?;
    let corrections = posts::standing_corrections(state, topic.opening);
    Ok(Unchecked::new(Card { topic: topic.clone(), author, corrections }))
}
