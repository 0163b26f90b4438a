//! Documents: rows, and every list worked out from what they declare.

use std::collections::BTreeSet;

use async_trait::async_trait;
use community_core::query::Position;
use community_core::store::DocumentReader;
use community_core::{CommunityId, Document, DocumentId, DocumentList, StoreError, Unchecked};

use super::ModelStore;

#[async_trait]
impl DocumentReader for ModelStore {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        let state = self.state();
        let found = ids.iter().map(|id| state.documents.get(id).cloned());
        Ok(found.map(|found| found.map(Unchecked::new)).collect())
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        let state = self.state();
        let all = state.documents.values();
        let mut found: Vec<(Position, &Document)> =
            all.filter_map(|document| Some((document.place_in(list)?, document))).collect();
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let behind =
            found.into_iter().filter(|(place, _)| after.is_none_or(|after| *place < after));
        let page = behind.take(limit);
        Ok(page.map(|(place, found)| (place, Unchecked::new(found.clone()))).collect())
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        let state = self.state();
        let of = state.documents.values().filter(|document| document.community == community);
        let lists: BTreeSet<DocumentList> = of.flat_map(Document::lists).collect();
        let behind = lists.into_iter().filter(|list| after.is_none_or(|after| list > after));
        Ok(behind.take(limit).collect())
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        let state = self.state();
        let of = state.documents.values().filter(|document| document.community == community);
        let behind = of.filter(|document| after.is_none_or(|after| document.id > after));
        Ok(behind.take(limit).cloned().map(Unchecked::new).collect())
    }
}
