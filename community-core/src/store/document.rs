//! Documents: what extensions keep.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Document, DocumentList};
use crate::id::{CommunityId, DocumentId};
use crate::policy::{Guarded, Scope, Unchecked, Viewer};
use crate::query::Position;

/// Contract between the engine and a store: documents. Without a scope: what of a document somebody
/// may see is for its extension to say, and the engine opens it for nobody else but the system.
#[async_trait]
pub trait DocumentReader: Send + Sync + std::fmt::Debug {
    /// Documents by id, in the order of the request.
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError>;

    /// The documents of a list behind a position, with their places in it: the greatest key first,
    /// and the greatest id among equals; at most `limit`. Costs what it returns.
    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError>;

    /// The lists of a community in which at least one document stands, behind the given one, in
    /// their order; at most `limit`. Costs what it returns, however many documents stand in one.
    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError>;

    /// All documents of a community by id, behind the given one, at most `limit`.
    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError>;
}

/// As it is stored, a document is for the system alone. Everybody else sees what its extension makes
/// of it.
impl Guarded for Document {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        (scope.viewer() == Viewer::System).then_some(self)
    }
}
