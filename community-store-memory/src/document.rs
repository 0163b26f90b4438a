//! Documents, and the lists in which they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use community_core::query::Position;
use community_core::store::DocumentReader;
use community_core::{CommunityId, Document, DocumentId, DocumentList, StoreError, Unchecked};

use crate::MemoryStore;

/// All documents.
#[derive(Debug, Default)]
pub(crate) struct DocumentTable {
    rows: BTreeMap<DocumentId, Document>,
    /// The places in each list that has any.
    lists: BTreeMap<DocumentList, BTreeSet<(i64, DocumentId)>>,
}

impl DocumentTable {
    pub(crate) fn get(&self, id: DocumentId) -> Option<&Document> {
        self.rows.get(&id)
    }

    /// Puts a document in place of the one with its id, or takes that away.
    pub(crate) fn change(&mut self, id: DocumentId, document: Option<Document>) {
        for (list, key) in self.rows.remove(&id).iter().flat_map(places) {
            if let Some(places) = self.lists.get_mut(&list) {
                places.remove(&(key, id));
                if places.is_empty() {
                    self.lists.remove(&list);
                }
            }
        }
        if let Some(document) = document {
            for (list, key) in places(&document) {
                self.lists.entry(list).or_default().insert((key, id));
            }
            self.rows.insert(id, document);
        }
    }
}

fn places(document: &Document) -> impl Iterator<Item = (DocumentList, i64)> + '_ {
    document.lists().zip(document.keys.iter().map(|key| key.key))
}

#[async_trait]
impl DocumentReader for MemoryStore {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        let state = self.read();
        let found = ids.iter().map(|id| state.documents.get(*id).cloned());
        Ok(found.map(|found| found.map(Unchecked::new)).collect())
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        let state = self.read();
        let table = &state.documents;
        let Some(places) = table.lists.get(list) else { return Ok(Vec::new()) };
        let to = after.map_or(Bound::Unbounded, |after| {
            Bound::Excluded((after.key, DocumentId::from_uuid(after.id)))
        });
        let behind = places.range((Bound::Unbounded, to)).rev().take(limit);
        let row = |&(key, id): &(i64, DocumentId)| {
            let document = table.rows.get(&id)?.clone();
            Some((Position { key, id: id.uuid() }, Unchecked::new(document)))
        };
        Ok(behind.filter_map(row).collect())
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        let state = self.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = state.documents.lists.range((from, Bound::Unbounded));
        // Lists of one community stand together.
        let of = behind.map(|(list, _)| list).skip_while(|list| list.community < community);
        let of = of.take_while(|list| list.community == community);
        Ok(of.take(limit).cloned().collect())
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        let state = self.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = state.documents.rows.range((from, Bound::Unbounded));
        let of = behind.map(|(_, row)| row).filter(|row| row.community == community);
        Ok(of.take(limit).cloned().map(Unchecked::new).collect())
    }
}
