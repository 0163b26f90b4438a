//! Documents: they stand in the lists that they declare, and in no others.

use std::collections::{BTreeMap, BTreeSet};

use community_core::domain::{Document, DocumentList};
use community_core::query::Position;
use community_core::{Community, DocumentId, StoreError, Unchecked};

use super::{PAGE, Verifier};

/// What documents declare: their places in each list.
type Declared = BTreeMap<DocumentList, BTreeSet<Position>>;

impl Verifier<'_> {
    /// Checks the documents of every community.
    pub(super) async fn documents(&mut self) -> Result<(), StoreError> {
        let directory = self.directory;
        for community in directory.communities() {
            let declared = self.documents_of(community).await?;
            self.lists_of(community, &declared).await?;
            for (list, places) in &declared {
                self.documents_in(list, places).await?;
            }
        }
        Ok(())
    }

    /// Reads all documents of a community, and gathers what they declare.
    async fn documents_of(&mut self, community: &Community) -> Result<Declared, StoreError> {
        let mut declared = Declared::new();
        let mut after: Option<DocumentId> = None;
        loop {
            let page = self.store.documents_by_id(community.id, after, PAGE).await?;
            let page = self.scope.admit_all(page);
            let is_last = page.len() < PAGE;
            let ids: Vec<DocumentId> = page.iter().map(|document| document.id).collect();
            for document in &page {
                let subject = format!("document {}", document.id);
                let is_behind = after.is_none_or(|after| document.id > after);
                self.holds("documents are in order", &subject, "ids that rise", is_behind, after);
                if !is_behind {
                    return Ok(declared);
                }
                after = Some(document.id);
                self.belongs(&subject, &document.community, &community.id);
                let checked = document.check(&self.limits).map_err(|error| error.to_string());
                self.same("a document is well formed", &subject, &checked, &Ok(()));
                for list in document.lists() {
                    let place = document.place_in(&list);
                    declared.entry(list).or_default().extend(place);
                }
            }
            let found = self.store.documents(&ids).await?;
            for (document, found) in page.iter().zip(found) {
                self.read_again(document, found);
            }
            if is_last {
                return Ok(declared);
            }
        }
    }

    fn read_again(&mut self, document: &Document, found: Option<Unchecked<Document>>) {
        let subject = format!("document {}", document.id);
        let found = found.and_then(|found| self.scope.admit(found));
        let found = found.as_deref();
        self.same("a document is the same wherever it is read", subject, &found, &Some(document));
    }

    /// Compares the lists that there are with those that are declared.
    async fn lists_of(
        &mut self,
        community: &Community,
        declared: &Declared,
    ) -> Result<(), StoreError> {
        let subject = format!("documents of `{}`", community.key);
        let mut lists: Vec<DocumentList> = Vec::new();
        while lists.len() <= declared.len() {
            let page = self.store.document_lists(community.id, lists.last(), PAGE).await?;
            let is_last = page.len() < PAGE;
            lists.extend(page);
            if is_last {
                break;
            }
        }
        let expected: Vec<DocumentList> = declared.keys().cloned().collect();
        self.same("lists of documents are those declared", subject, &lists, &expected);
        Ok(())
    }

    /// Walks a list and compares it with what is declared.
    async fn documents_in(
        &mut self,
        list: &DocumentList,
        declared: &BTreeSet<Position>,
    ) -> Result<(), StoreError> {
        let subject = format!("list `{}/{}` of `{}`", list.list, list.group, list.collection);
        let (mut places, mut after): (Vec<Position>, Option<Position>) = (Vec::new(), None);
        while places.len() <= declared.len() {
            let page = self.store.documents_in(list, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for (place, document) in page {
                let document = self.scope.admit(document);
                let stands = document.as_ref().and_then(|document| document.place_in(list));
                self.same("a document stands as it declares", &subject, &stands, &Some(place));
                after = Some(place);
                places.push(place);
            }
            if is_last {
                break;
            }
        }
        let expected: Vec<Position> = declared.iter().rev().copied().collect();
        self.same("a list of documents is whole and in order", subject, &places, &expected);
        Ok(())
    }
}
