//! Scopes: a read of content begins with the question whether its scope still holds.

use std::sync::RwLockReadGuard;

use community_core::policy::{Place, Scope};
use community_core::{Post, PostId, StoreError, Topic, TopicId, Viewer};

use crate::MemoryStore;
use crate::state::State;

impl MemoryStore {
    /// The content, for as long as the scope holds: nothing is written while the guard lives.
    ///
    /// # Errors
    /// [`StoreError::StaleScope`] when the viewer's rights have changed since.
    pub(crate) fn under(&self, scope: &Scope) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.read();
        let viewer = scope.viewer();
        if viewer == Viewer::System || scope.access() == state.access_rev(viewer.member()) {
            Ok(state)
        } else {
            Err(StoreError::StaleScope)
        }
    }
}

impl State {
    /// A topic, if there is one and the scope admits it.
    pub(crate) fn admitted_topic(&self, id: TopicId, scope: &Scope) -> Option<&Topic> {
        self.topics.get(&id).filter(|topic| scope.admits(topic.place(), topic.author, topic.state))
    }

    /// A post and where its topic stands, if there is one and the scope admits it.
    pub(crate) fn admitted_post(&self, id: PostId, scope: &Scope) -> Option<(&Post, Place)> {
        let post = self.posts.get(&id)?;
        let place = self.topics.get(&post.topic)?.place();
        scope.admits(place, post.author, post.state).then_some((post, place))
    }
}
