//! Commits: a change set is checked, worked out aside, and put in place.
//!
//! The order is the contract's: request, expectations, operations, events. Until the last
//! operation is worked out, nothing is written ([`draft`]); from there on nothing can fail
//! ([`install`]).

mod draft;
mod install;

use async_trait::async_trait;
use community_core::change::{ChangeSet, Expect, Receipt};
use community_core::store::{CommitError, Committer, Conflict};
use community_core::{RequestId, StoreError};

use crate::MemoryStore;
use crate::state::State;

#[async_trait]
impl Committer for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        self.write().commit(changes)
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        Ok(self.read().receipt(request))
    }
}

impl State {
    fn commit(&mut self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        let ChangeSet { request, expect, ops, events } = changes;
        if let Some(request) = request
            && let Some(receipt) = self.receipt(request.id)
        {
            let same = receipt.replayed.is_some_and(|old| old.fingerprint == request.fingerprint);
            return if same { Ok(receipt) } else { Err(CommitError::RequestReused) };
        }
        if let Some(failed) = expect.into_iter().find(|expectation| !self.holds(expectation)) {
            return Err(Conflict(failed).into());
        }
        let draft = draft::work_out(self, ops)?;

        // INVARIANT: nothing from here on fails or looks at a condition.
        self.install(draft);
        let head = self.head();
        self.events.extend(events);
        self.note_events(head);
        let seq = self.head();
        if let Some(request) = request {
            self.requests.insert(request.id, (request, seq));
        }
        Ok(Receipt { seq, replayed: None })
    }

    /// What was answered to a request that was applied before.
    fn receipt(&self, request: RequestId) -> Option<Receipt> {
        let (request, seq) = *self.requests.get(&request)?;
        Some(Receipt { seq, replayed: Some(request) })
    }

    fn holds(&self, expectation: &Expect) -> bool {
        match expectation {
            Expect::Absent(key) => !self.has_key(key),
            Expect::Rev(entity, rev) => self.rev(*entity) == *rev,
            Expect::Gate(id, gate) => self.topics.get(id).is_some_and(|t| t.gate == *gate),
            Expect::Access(member, rev) => self.access_rev(*member) == *rev,
            Expect::ReactionIs { post, member, slot, key } => {
                let reaction = self.reactions.get(&(*post, *slot, *member));
                reaction.map(|reaction| &reaction.key) == key.as_ref()
            }
            Expect::Below(counter, bound) => self.count(counter) < *bound,
            Expect::WroteFewer { community, member, day, what, than } => {
                self.wrote_fewer((*community, *member, *day), *what, *than)
            }
            Expect::CheckpointAt(name, seq) => self.checkpoints.get(name).copied() == *seq,
        }
    }
}
