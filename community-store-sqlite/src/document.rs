//! Documents.

use async_trait::async_trait;
use community_core::domain::{Document, DocumentList};
use community_core::query::Position;
use community_core::store::DocumentReader;
use community_core::{CommunityId, DocumentId, StoreError, Unchecked};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::error::Result;
use crate::row::{Columns, rows};

macro_rules! document {
    () => {
        "SELECT d.id, d.community, d.collection, d.body, d.keys, d.created_at, d.updated_at, d.rev "
    };
}

/// By the primary key.
const DOCUMENT: &str = concat!(document!(), "FROM documents d WHERE d.id = ?1");

/// Along `document_lists` alone, backwards; then each document by its primary key.
const FIRST_IN: &str = concat!(
    document!(),
    ", k.key FROM document_keys k INDEXED BY document_lists CROSS JOIN documents d ON d.id = k.document
     WHERE k.community = ?1 AND k.collection = ?2 AND k.list = ?3 AND k.grp = ?4
     ORDER BY k.key DESC, k.document DESC LIMIT ?5"
);

/// The same behind a place.
const IN: &str = concat!(
    document!(),
    ", k.key FROM document_keys k INDEXED BY document_lists CROSS JOIN documents d ON d.id = k.document
     WHERE k.community = ?1 AND k.collection = ?2 AND k.list = ?3 AND k.grp = ?4
       AND (k.key, k.document) < (?6, ?7)
     ORDER BY k.key DESC, k.document DESC LIMIT ?5"
);

/// One step along `document_lists`: the first entry behind all entries of a list.
const NEXT_LIST: &str = "SELECT collection, list, grp FROM document_keys INDEXED BY document_lists
    WHERE community = ?1 AND (collection, list, grp) > (?2, ?3, ?4)
    ORDER BY collection, list, grp LIMIT 1";

/// Along `documents_of_community`.
const BY_ID: &str = concat!(
    document!(),
    "FROM documents d INDEXED BY documents_of_community
     WHERE d.community = ?1 AND d.id > ?2 ORDER BY d.id LIMIT ?3"
);

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("a document", DOCUMENT),
    ("the first documents of a list", FIRST_IN),
    ("documents of a list", IN),
    ("the next list of documents", NEXT_LIST),
    ("documents of a community", BY_ID),
];

#[async_trait]
impl DocumentReader for SqliteStore {
    async fn documents(
        &self,
        ids: &[DocumentId],
    ) -> Result<Vec<Option<Unchecked<Document>>>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |s| {
            let found = ids.iter().map(|id| s.one(DOCUMENT, [id.as_bytes()], read_document));
            found.map(|found| Ok(found?.map(Unchecked::new))).collect()
        })
        .await
    }

    async fn documents_in(
        &self,
        list: &DocumentList,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(Position, Unchecked<Document>)>, StoreError> {
        let DocumentList { community, collection, list, group } = list.clone();
        self.read(move |s| {
            let read = |columns: &mut Columns<'_, '_>| {
                let document = read_document(columns)?;
                let place = Position { key: columns.get()?, id: document.id.uuid() };
                Ok((place, Unchecked::new(document)))
            };
            let (of, list) = (community.as_bytes(), list.as_str());
            let (collection, limit) = (collection.as_str(), rows(limit));
            match after {
                None => s.all(FIRST_IN, (of, collection, list, &group, limit), read),
                Some(Position { key, id }) => {
                    let params = (of, collection, list, &group, limit, key, id.as_bytes());
                    s.all(IN, params, read)
                }
            }
        })
        .await
    }

    async fn document_lists(
        &self,
        community: CommunityId,
        after: Option<&DocumentList>,
        limit: usize,
    ) -> Result<Vec<DocumentList>, StoreError> {
        let mut after = after.cloned();
        self.read(move |s| {
            let mut found = Vec::new();
            while found.len() < limit {
                let (collection, list, group) = match &after {
                    Some(last) => (last.collection.as_str(), last.list.as_str(), &*last.group),
                    None => ("", "", ""),
                };
                let params = (community.as_bytes(), collection, list, group);
                let next = s.one(NEXT_LIST, params, |columns| {
                    let (collection, list) = (columns.text()?, columns.text()?);
                    Ok(DocumentList { community, collection, list, group: columns.get()? })
                })?;
                let Some(next) = next else { break };
                after = Some(next.clone());
                found.push(next);
            }
            Ok(found)
        })
        .await
    }

    async fn documents_by_id(
        &self,
        community: CommunityId,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Unchecked<Document>>, StoreError> {
        self.read(move |s| {
            let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
            let found = s.all(BY_ID, (community.as_bytes(), after, rows(limit)), read_document)?;
            Ok(found.into_iter().map(Unchecked::new).collect())
        })
        .await
    }
}

fn read_document(columns: &mut Columns<'_, '_>) -> Result<Document> {
    Ok(Document {
        id: columns.id()?,
        community: columns.id()?,
        collection: columns.text()?,
        body: columns.json()?,
        keys: columns.json()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        rev: columns.rev()?,
    })
}

/// A document as it is stored, for the writer.
pub(crate) fn find(conn: &Connection, id: DocumentId) -> Result<Option<Document>> {
    let mut statement = conn.prepare_cached(DOCUMENT)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(|row| read_document(&mut Columns::of(row))).transpose()
}
