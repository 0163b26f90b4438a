//! Flaws in what is read of documents.

use async_trait::async_trait;
use community_core::query::Position;
use community_core::store::DocumentReader;
use community_core::{
    AccessRev, CommunityId, Document, DocumentId, DocumentKey, DocumentList, Rev, Scope,
    StoreError, Unchecked,
};

use super::{Flaw, Flawed};

#[async_trait]
impl DocumentReader for Flawed {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        let mut found = self.inner.documents(ids).await?;
        if self.is(Flaw::FindsNoDocuments) {
            found.retain(Option::is_some);
        }
        if self.is(Flaw::ReadsOldDocuments) {
            let old = |document| Document { rev: Rev(0), ..document };
            found = found.into_iter().map(|found| found.map(|found| found.map(old))).collect();
        }
        Ok(found)
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        if self.is(Flaw::HasOneGroup) {
            return self.documents_of_all_groups(list, after, limit).await;
        }
        let mut found = self.inner.documents_in(list, after, limit).await?;
        if self.is(Flaw::ForgetsDocumentPlace) && after.is_some() && !found.is_empty() {
            found.remove(0);
        }
        match self.flaw {
            Flaw::TurnsDocumentsAround => found.reverse(),
            Flaw::ShortDocumentPages if found.len() == limit && limit > 1 => drop(found.pop()),
            _ => {}
        }
        Ok(found)
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        let mut found = self.inner.document_lists(community, after, limit).await?;
        if self.is(Flaw::ListsNoGroups) {
            found.retain(|list| list.group.is_empty());
        }
        Ok(found)
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        let mut found = self.inner.documents_by_id(community, after, limit).await?;
        if self.is(Flaw::TurnsAllDocumentsAround) {
            found.reverse();
        }
        Ok(found)
    }
}

impl Flawed {
    async fn documents_of_all_groups(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        let mut all = Vec::new();
        for other in self.inner.document_lists(list.community, None, usize::MAX).await? {
            if (&other.collection, &other.list) == (&list.collection, &list.list) {
                all.extend(self.inner.documents_in(&other, after, usize::MAX).await?);
            }
        }
        all.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        all.truncate(limit);
        Ok(all)
    }

    /// What is written in place of a document, when the old places stay.
    pub(super) async fn with_old_keys(&self, document: &mut Document) -> Result<(), StoreError> {
        let scope = Scope::system(AccessRev::default());
        let before = self.inner.documents(&[document.id]).await?.into_iter().flatten().next();
        let Some(before) = before.and_then(|before| scope.admit(before)) else { return Ok(()) };
        let place = |key: &DocumentKey| (key.list.clone(), key.group.clone());
        for key in &before.keys {
            if document.keys.iter().all(|other| place(other) != place(key)) {
                document.keys.push(key.clone());
            }
        }
        document.keys.sort();
        Ok(())
    }
}
