//! The directory.

use community_core::Directory;

use crate::state::State;

/// All communities, channels and labels.
pub(super) fn whole(state: &State) -> Directory {
    Directory::new(
        state.directory_rev,
        state.communities.values().cloned().collect(),
        state.channels.values().cloned().collect(),
        state.labels.values().cloned().collect(),
    )
}
