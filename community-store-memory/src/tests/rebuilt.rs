//! The indexes, built once more from the tables alone.

use community_core::change::{EntityRef, UniqueKey};

use crate::index::Index;
use crate::state::State;

/// The index that belongs to these tables.
pub(super) fn index(state: &State) -> Index {
    let mut index = Index::default();
    for (id, row) in &state.communities {
        let key = UniqueKey::Community(row.key.clone());
        index.key_changed(key, Some(EntityRef::Community(*id)));
    }
    for (id, row) in &state.channels {
        let key = UniqueKey::Channel(row.community, row.key.clone());
        index.key_changed(key, Some(EntityRef::Channel(*id)));
    }
    for (id, row) in &state.members {
        index.key_changed(UniqueKey::Member(row.key.clone()), Some(EntityRef::Member(*id)));
    }
    for row in state.memberships.values().flat_map(|rows| rows.values()) {
        index.membership_changed(None, row, &state.members[&row.member]);
    }
    for (id, row) in &state.topics {
        index.topic_changed(None, row);
        if let Some(key) = row.key.clone() {
            index.key_changed(UniqueKey::Item(row.community, key), Some(EntityRef::Topic(*id)));
        }
    }
    for (id, row) in &state.posts {
        index.post_changed(None, row);
        if let Some(key) = row.key.clone() {
            let community = state.topics[&row.topic].community;
            index.key_changed(UniqueKey::Item(community, key), Some(EntityRef::Post(*id)));
        }
    }
    for row in state.corrections.values() {
        index.correction_changed(None, row);
    }
    for link in state.links.values() {
        index.link_changed(None, Some(link));
    }
    for (id, row) in &state.reactions {
        index.reaction_changed(*id, None, Some(row));
    }
    for (counter, count) in &state.counts {
        index.count_changed(counter, *count);
    }
    index
}
