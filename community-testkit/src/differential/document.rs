//! What is read of documents: as it is.

use async_trait::async_trait;
use community_core::query::Position;
use community_core::store::DocumentReader;
use community_core::{CommunityId, Document, DocumentId, DocumentList, StoreError, Unchecked};

use super::controls::MeddledStore;

#[async_trait]
impl DocumentReader for MeddledStore {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        self.inner.documents(ids).await
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        self.inner.documents_in(list, after, limit).await
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        self.inner.document_lists(community, after, limit).await
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        self.inner.documents_by_id(community, after, limit).await
    }
}
