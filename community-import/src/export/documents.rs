//! What extensions keep.

use std::io::Write;

use community_core::Document;
use community_core::record::{DocumentRecord, Record};

use super::{Exporter, PAGE, Result};

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    pub(super) async fn documents(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let (export, of) = (&self.export, self.community.id);
            let page = export.store.documents_by_id(of, after, PAGE).await?;
            let page = export.scope.admit_all(page);
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for document in page {
                let Document {
                    id,
                    community: _,
                    collection,
                    body,
                    keys,
                    created_at,
                    updated_at,
                    rev: _,
                } = document.into_inner();
                let updated_at = Some(updated_at).filter(|at| *at != created_at);
                let record = DocumentRecord { id, collection, body, keys, created_at, updated_at };
                self.write(&Record::Document(Box::new(record)))?;
            }
        }
    }
}
