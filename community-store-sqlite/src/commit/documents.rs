//! Documents and their places in lists.

use community_core::time::to_micros;
use community_core::{Document, DocumentId};

use super::change::Change;
use crate::document::find;
use crate::error::{Fault, Result};
use crate::row::{json, signed};

const PUT: &str = "INSERT INTO documents
    (id, community, collection, body, keys, created_at, updated_at, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body, keys = excluded.keys,
      created_at = excluded.created_at, updated_at = excluded.updated_at, rev = excluded.rev";

const DROP: &str = "DELETE FROM documents WHERE id = ?1";

const ADD_KEY: &str = "INSERT INTO document_keys (document, list, grp, community, collection, key)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Along the primary key.
const DROP_KEYS: &str = "DELETE FROM document_keys WHERE document = ?1";

impl Change<'_> {
    pub(super) fn put_document(&mut self, document: &Document) -> Result<()> {
        let Document { id, community, collection, body: _, keys, created_at, updated_at, rev } =
            document;
        self.need_community(*community)?;
        let was = find(self.conn, *id)?;
        if was.as_ref().is_some_and(|w| w.community != *community || w.collection != *collection) {
            return Err(Fault::refused(format_args!("document {id} cannot go elsewhere")));
        }
        self.conn.prepare_cached(PUT)?.execute((
            id.as_bytes(),
            community.as_bytes(),
            collection.as_str(),
            document.body_text(),
            json(keys)?,
            to_micros(*created_at),
            to_micros(*updated_at),
            signed(rev.0)?,
        ))?;
        if was.is_some_and(|was| was.keys == *keys) {
            return Ok(());
        }
        self.conn.prepare_cached(DROP_KEYS)?.execute([id.as_bytes()])?;
        let mut add = self.conn.prepare_cached(ADD_KEY)?;
        for key in keys {
            add.execute((
                id.as_bytes(),
                key.list.as_str(),
                &key.group,
                community.as_bytes(),
                collection.as_str(),
                key.key,
            ))?;
        }
        Ok(())
    }

    pub(super) fn drop_document(&self, id: DocumentId) -> Result<()> {
        self.conn.prepare_cached(DROP_KEYS)?.execute([id.as_bytes()])?;
        self.conn.prepare_cached(DROP)?.execute([id.as_bytes()])?;
        Ok(())
    }
}
