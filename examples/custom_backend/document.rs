//! Reading documents: each method says that it was called.

use async_trait::async_trait;
use community::query::Position;
use community::store::DocumentReader;
use community::{CommunityId, Document, DocumentId, DocumentList, StoreError, Unchecked};

use super::CountingStore;

#[async_trait]
impl DocumentReader for CountingStore {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        self.called("documents");
        self.inner.documents(ids).await
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        self.called("documents_in");
        self.inner.documents_in(list, after, limit).await
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        self.called("document_lists");
        self.inner.document_lists(community, after, limit).await
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        self.called("documents_by_id");
        self.inner.documents_by_id(community, after, limit).await
    }
}
