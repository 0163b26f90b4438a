//! What is read of documents beneath.

#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use community_core::query::Position;
use community_core::store::{DocumentReader, Store};
use community_core::{CommunityId, Document, DocumentId, DocumentList, StoreError, Unchecked};

use super::FaultyStore;

#[async_trait]
impl<S: Store> DocumentReader for FaultyStore<S> {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        self.enter()?;
        self.inner.documents(ids).await
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        self.enter()?;
        self.inner.documents_in(list, after, limit).await
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        self.enter()?;
        self.inner.document_lists(community, after, limit).await
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        self.enter()?;
        self.inner.documents_by_id(community, after, limit).await
    }
}
