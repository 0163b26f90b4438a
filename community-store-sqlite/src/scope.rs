//! Scopes: a read of content is good only if its scope still held when it was made.

use community_core::{Scope, StoreError, Topic, Viewer};

use crate::error::Result;
use crate::read::Snapshot;
use crate::{Inner, SqliteStore, access};

impl SqliteStore {
    /// Reads content for a viewer: see [`access`].
    pub(crate) async fn read_as<T: Send + 'static>(
        &self,
        scope: &Scope,
        job: impl FnOnce(&Snapshot<'_>, &Scope) -> Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.inner.is_stale(scope) {
            return Err(StoreError::StaleScope);
        }
        let scope = scope.clone();
        self.read(move |snapshot| {
            let found = job(snapshot, &scope)?;
            // INVARIANT: this comes after the read, when the snapshot is fixed for certain.
            snapshot.check(&scope)?;
            Ok(found)
        })
        .await
    }
}

impl Inner {
    /// Whether it is certain without looking that a scope does not hold any more.
    fn is_stale(&self, scope: &Scope) -> bool {
        scope.viewer() != Viewer::System
            && self
                .access
                .settled_for(scope.viewer().member())
                .is_some_and(|now| now != scope.access())
    }
}

impl Snapshot<'_> {
    /// # Errors
    /// [`StoreError::StaleScope`] when the rights of the viewer may have changed before this
    /// snapshot.
    fn check(&self, scope: &Scope) -> Result<()> {
        let viewer = scope.viewer();
        if viewer == Viewer::System {
            return Ok(());
        }
        let now = match self.inner.access.settled_for(viewer.member()) {
            Some(now) => now,
            None => access::stored_rev_for(self.conn, viewer.member())?,
        };
        if now == scope.access() { Ok(()) } else { Err(StoreError::StaleScope.into()) }
    }
}

/// Whether a scope admits a topic.
pub(crate) fn admits(scope: &Scope, topic: &Topic) -> bool {
    scope.admits(topic.place(), topic.author, topic.state)
}
