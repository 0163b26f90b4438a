//! Votes and reactions.

use community_core::query::Position;
use community_core::{MemberId, PostId, Reaction, Slot};

use super::behind;
use crate::state::State;

/// Who gave what in one slot of a post, oldest first.
pub(super) fn on(
    state: &State,
    post: PostId,
    slot: Slot,
    after: Option<Position>,
    limit: usize,
) -> Vec<Reaction> {
    let after = after.map(|position| (position.key, MemberId::from_uuid(position.id)));
    let given = state.index.reactions(post, slot);
    let given = given.into_iter().flat_map(|set| set.range(behind(after)));
    let rows = given.filter_map(|(_, member)| state.reactions.get(&(post, slot, *member)));
    rows.take(limit).cloned().collect()
}

/// What one member gave to these posts, the vote before the reaction.
pub(super) fn of(state: &State, member: MemberId, posts: &[PostId]) -> Vec<Reaction> {
    let slots = |post: &PostId| [(*post, Slot::Vote, member), (*post, Slot::Reaction, member)];
    let ids = posts.iter().flat_map(slots);
    ids.filter_map(|id| state.reactions.get(&id)).cloned().collect()
}
