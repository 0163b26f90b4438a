//! Changes as values: what a command wants written, and under which conditions.
//!
//! A command plans a [`ChangeSet`]; a store checks all of its expectations and applies all of its
//! operations in one step, or does nothing. The vocabulary is closed: a store that compiles
//! against this version knows every word.

mod effects;
mod event;
mod expect;
mod op;
mod times;

pub use event::{Event, EventKind, NewEvent, Seq};
pub use expect::{EntityRef, Expect, UniqueKey, Written};
pub use op::{Counter, Op};

use serde::{Deserialize, Serialize};

use crate::id::RequestId;

/// What one command writes: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeSet {
    /// Makes a retry harmless: a store that has applied this request gives its receipt again.
    pub request: Option<Request>,
    /// What has to hold at the moment of the commit.
    pub expect: Vec<Expect>,
    /// What to write, in this order.
    pub ops: Vec<Op>,
    /// What to add to the log, in this order.
    pub events: Vec<NewEvent>,
}

/// One request of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id, chosen by the caller.
    pub id: RequestId,
    /// What the request created or changed, so that a replay can name it again.
    pub subject: Option<EntityId>,
    /// Tells commands apart, so that one id cannot stand for two of them.
    pub fingerprint: u64,
}

/// The id of what a request is about.
pub type EntityId = uuid::Uuid;

/// What a store answers to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The last position in the log that the commit took, or the head when it took none.
    pub seq: Seq,
    /// Set when the request had been applied before: then nothing was written now, and this is
    /// what was recorded then.
    pub replayed: Option<Request>,
}

impl ChangeSet {
    /// Whether it writes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.events.is_empty()
    }

    /// Adds what is to happen after this in the same step. What `next` expects of an entity that
    /// this change set has written itself is known already, and dropped; what it expects of a
    /// counter is said of the counter as it stands before this change set moves it.
    pub fn then(&mut self, next: Self) {
        let Self { request, expect, ops, events } = next;
        self.request = self.request.or(request);
        for mut expectation in expect {
            if let Expect::Below(counter, bound) = &mut expectation {
                *bound -= self.moves(counter);
            }
            let settled = match &expectation {
                Expect::Rev(entity, _) => self.ops.iter().any(|op| op.writes() == Some(*entity)),
                Expect::Gate(topic, _) => {
                    let topic = Some(EntityRef::Topic(*topic));
                    self.ops.iter().any(|op| op.writes() == topic)
                }
                Expect::ReactionIs { post, member, slot, .. } => self.ops.iter().any(|op| {
                    matches!(op, Op::PutReaction(r)
                        if r.post == *post && r.member == *member && r.slot == *slot)
                }),
                _ => false,
            };
            if !settled {
                self.expect(expectation);
            }
        }
        self.ops.extend(ops);
        self.events.extend(events);
    }

    /// By how much this change set moves a counter.
    fn moves(&self, counter: &Counter) -> i64 {
        let moves = self.ops.iter().filter_map(|op| match op {
            Op::Bump(moved, step) if moved == counter => Some(step),
            _ => None,
        });
        moves.sum()
    }

    /// Adds an expectation, once.
    pub fn expect(&mut self, expectation: Expect) {
        if !self.expect.contains(&expectation) {
            self.expect.push(expectation);
        }
    }
}
