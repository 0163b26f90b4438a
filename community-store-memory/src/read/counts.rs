//! Counts, under the same rule as what they count.

use std::collections::BTreeMap;

use community_core::change::Counter;
use community_core::policy::Scope;
use community_core::query::{Listing, ListingKey};
use community_core::{ChannelId, CommunityId, Slug, Topic, TopicId};

use crate::state::State;

/// Members who have joined.
pub(super) fn members(state: &State, community: CommunityId) -> u64 {
    state.count(&Counter::Members(community)).unsigned_abs()
}

/// Published topics per label.
pub(super) fn label_use(state: &State, community: CommunityId, scope: &Scope) -> Vec<(Slug, u64)> {
    let mut sums = BTreeMap::<&Slug, u64>::new();
    for (label, channel, count) in state.index.label_use(community) {
        if scope.read().contains(channel) {
            *sums.entry(label).or_default() += count.unsigned_abs();
        }
    }
    for topic in own_topics(state, community, scope) {
        for label in &topic.labels {
            *sums.entry(label).or_default() += 1;
        }
    }
    let visible = sums.into_iter().filter(|(label, _)| scope.sees_label(community, label));
    visible.map(|(label, count)| (label.clone(), count)).collect()
}

/// Published topics per channel.
pub(super) fn channel_topics(
    state: &State,
    community: CommunityId,
    scope: &Scope,
) -> Vec<(ChannelId, u64)> {
    let channels = state.channels.values().filter(|channel| channel.community == community);
    let read = channels.map(|channel| channel.id).filter(|id| scope.read().contains(*id));
    let mut sums: BTreeMap<_, _> = read
        .map(|id| (id, state.count(&Counter::ChannelTopics(id)).unsigned_abs()))
        .filter(|(_, count)| *count > 0)
        .collect();
    for topic in own_topics(state, community, scope) {
        *sums.entry(topic.channel).or_default() += 1;
    }
    sums.into_iter().collect()
}

/// Views of a topic by day.
pub(super) fn views(state: &State, topic: TopicId) -> Vec<(i32, i64)> {
    let days = state.views.get(&topic);
    days.into_iter().flatten().map(|(day, views)| (*day, *views)).collect()
}

/// The viewer's own published topics in channels where only those are read.
fn own_topics<'a>(
    state: &'a State,
    community: CommunityId,
    scope: &'a Scope,
) -> impl Iterator<Item = &'a Topic> {
    let me = scope.viewer().member().filter(|_| !scope.own().is_empty());
    let mine = me.and_then(|me| state.index.listing(&Listing::Author(me), ListingKey::New));
    let topics = mine.into_iter().flatten().filter_map(|(_, id)| state.topics.get(id));
    topics.filter(move |topic| {
        topic.community == community
            && scope.own().contains(topic.channel)
            && !scope.read().contains(topic.channel)
    })
}
