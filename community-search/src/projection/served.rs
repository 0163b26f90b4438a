//! An index that is served by whoever keeps it with a [`Projection`](super::Projection).

use std::ops::Range;

use async_trait::async_trait;
use community_core::Seq;
use community_core::search::{
    Find, Found, IndexError, IndexState, IndexStatus, SearchIndex, Wanted,
};

use super::IndexHandle;
use crate::find::nothing;

/// What an engine, or a knowledge base, is given by a host that runs the projection itself.
///
/// It serves what was committed last and brings nothing about: [`wake`](SearchIndex::wake) does
/// nothing, [`wait_for`](SearchIndex::wait_for) waits for the host, and
/// [`rebuild`](SearchIndex::rebuild) is the host's as well. Of the log it knows nothing but how far it
/// has come, so its lag is always zero.
#[async_trait]
impl SearchIndex for IndexHandle {
    async fn find(&self, request: &Find<'_>) -> Result<Found, IndexError> {
        match self.snapshot() {
            Some(snapshot) => snapshot.find(request).map_err(IndexError::failed),
            None => Ok(nothing(request.count)),
        }
    }

    fn marks(&self, wanted: &Wanted, texts: &[&str]) -> Vec<Vec<Range<usize>>> {
        match self.snapshot() {
            Some(snapshot) => snapshot.marks(wanted, texts),
            None => vec![Vec::new(); texts.len()],
        }
    }

    fn wake(&self) {}

    async fn wait_for(&self, seq: Seq) -> Result<(), IndexError> {
        let _snapshot = Self::wait_for(self, seq).await;
        Ok(())
    }

    /// # Errors
    /// [`IndexError::Stopped`]: the host rebuilds, with
    /// [`Projection::rebuild`](super::Projection::rebuild).
    async fn rebuild(&self) -> Result<(), IndexError> {
        Err(IndexError::Stopped)
    }

    fn status(&self) -> IndexStatus {
        let snapshot = self.snapshot();
        let state = if snapshot.is_some() { IndexState::Ready } else { IndexState::Missing };
        let documents = snapshot.as_ref().map_or(0, |snapshot| snapshot.documents());
        let seq = snapshot.map(|snapshot| snapshot.seq());
        IndexStatus { state, seq, lag: 0, documents, bytes: 0, failure: None }
    }
}
