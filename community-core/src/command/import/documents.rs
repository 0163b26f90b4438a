//! What extensions keep.

use super::state::Batch;
use crate::change::{EntityRef, EventKind, Expect, NewEvent, Op};
use crate::domain::{Document, Rev};
use crate::error::{Error, Result};
use crate::record::DocumentRecord;
use crate::text::Slug;

impl Batch<'_> {
    /// A document keeps its id wherever it goes, as others name it by that. Only beside its original,
    /// in another community of one store, it gets one of its own.
    pub(super) fn document(&mut self, record: &DocumentRecord) -> Result<()> {
        let DocumentRecord { id, collection, body, keys, created_at, updated_at } = record.clone();
        let id = self.id_of_document(id, created_at)?;
        let old = self.documents.get(&id).cloned();
        let new = Document {
            id,
            community: self.community.id,
            collection,
            body,
            keys: Vec::new(),
            created_at,
            updated_at: updated_at.unwrap_or(created_at),
            rev: old.as_ref().map_or(Rev(0), |old| old.rev),
        };
        let mut new = new.with_keys(keys);
        new.check(self.env.limits())?;
        match &old {
            Some(old) if *old == new => return Ok(()),
            Some(old) if old.collection != new.collection => {
                return Err(Error::invalid(format!("the document {id} keeps its collection")));
            }
            _ => {}
        }
        let event = NewEvent {
            kind: EventKind::DocumentChanged {
                collection: new.collection.clone(),
                document: id,
                change: Slug::new("imported")?,
            },
            actor: None,
            at: new.updated_at,
            community: Some(new.community),
            channel: None,
            topic: None,
            post: None,
            member: None,
        };
        let plan = self.plan_mut();
        plan.expect(Expect::Rev(EntityRef::Document(id), new.rev));
        new.rev = new.rev.next();
        plan.ops.push(Op::PutDocument(Box::new(new.clone())));
        plan.events.push(event);
        self.documents.insert(id, new);
        Ok(())
    }
}
