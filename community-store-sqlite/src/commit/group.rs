//! One transaction with the change sets of several callers.
//!
//! A change set is refused before it has written anything, when what it expects does not hold. One
//! that fails half-way, which no command of the engine should, costs the transaction: the others
//! are applied again without it. That is rare, and a savepoint for each of them would cost every
//! commit a copy of every page that it touches. What happens at the end, when topics and posts are
//! written and at COMMIT, happens to all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use community_core::StoreError;
use community_core::change::{ChangeSet, Receipt, Seq};
use community_core::query::Listing;
use community_core::store::{CommitError, Conflict};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Answer;
use super::change::Change;
use super::checkpoint::Checkpoints;
use super::entities::Touched;
use crate::access::{self, AccessSlot};
use crate::error::{Fault, Result};
use crate::moves::{self, Size};
use crate::options::Options;
use crate::{Inner, log};

/// When nothing else is to be done, so much is brought in at a time.
const AT_ONCE: usize = 4_096;

/// Everything that the writer holds.
#[derive(Debug)]
pub(super) struct Writing {
    conn: Connection,
    inner: Arc<Inner>,
    head: Seq,
    /// The highest number of a move.
    number: i64,
    /// How much may have moved before it is brought in.
    most: usize,
    /// Set by a failure of the disk: what is on it cannot be told, and writing on could make it
    /// worse.
    poisoned: bool,
    checkpoints: Checkpoints,
}

/// What the transaction so far adds to what is committed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) head: Seq,
    pub(super) revs: BTreeMap<AccessSlot, u64>,
    /// Listings that it gave a number.
    pub(super) listings: FxHashMap<Listing, i64>,
    /// Topics and posts that are not written yet.
    pub(super) touched: Touched,
    /// The highest number of a move.
    pub(super) number: i64,
    /// What was found to exist. Nothing of it is ever deleted.
    pub(super) found: FxHashSet<(&'static str, [u8; 16])>,
}

/// Why a change set was not applied.
#[derive(Debug)]
pub(super) enum Refusal {
    Conflict(Conflict),
    RequestReused,
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Refusal> for CommitError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Conflict(conflict) => Self::Conflict(conflict),
            Refusal::RequestReused => Self::RequestReused,
            Refusal::Fault(fault) => Self::Store(fault.into()),
        }
    }
}

/// Why a transaction came to nothing.
#[derive(Debug)]
enum Ended {
    /// The change set at this place cost the transaction. The others can be applied without it.
    By(usize, CommitError),
    /// Nothing was written.
    Failed(Arc<StoreError>),
    /// Nobody knows whether it was written.
    Unknown(Arc<StoreError>),
    /// Nothing is written any more.
    Poisoned,
}

/// The error of a transaction, for each of those who shared it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the transaction failed")]
struct Shared(#[source] Arc<StoreError>);

impl Writing {
    pub(super) fn new(conn: Connection, inner: Arc<Inner>, options: Options) -> Result<Self> {
        let head = log::head(&conn)?;
        let (number, most) = (moves::last(&conn)?, options.moves);
        let checkpoints = Checkpoints::new(inner.claim.database.clone(), options, &conn);
        Ok(Self { conn, inner, head, number, most, poisoned: false, checkpoints })
    }

    /// Commits change sets together: `first`, and what `more` gives while the transaction is still
    /// open. The answers come in their order.
    pub(super) fn commit(
        &mut self,
        first: ChangeSet,
        mut more: impl FnMut() -> Option<ChangeSet>,
    ) -> Vec<Answer> {
        let mut all = vec![first];
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        loop {
            let error: Box<dyn Fn() -> StoreError> =
                match self.transact(&answers, &mut all, &mut more) {
                    Ok(given) => {
                        answers.extend(given);
                        break;
                    }
                    Err(Ended::By(culprit, error)) => {
                        answers.insert(culprit, Err(error));
                        continue;
                    }
                    Err(Ended::Failed(error)) => {
                        Box::new(move || StoreError::failed(Shared(Arc::clone(&error))))
                    }
                    Err(Ended::Unknown(error)) => Box::new(move || {
                        StoreError::OutcomeUnknown(Shared(Arc::clone(&error)).into())
                    }),
                    Err(Ended::Poisoned) => Box::new(|| StoreError::Poisoned),
                };
            for place in 0..all.len() {
                answers.entry(place).or_insert_with(|| Err(error().into()));
            }
            break;
        }
        answers.into_values().collect()
    }

    /// One transaction with the change sets that are not answered yet, and those that come in the
    /// meantime.
    fn transact(
        &mut self,
        answered: &BTreeMap<usize, Answer>,
        all: &mut Vec<ChangeSet>,
        more: &mut impl FnMut() -> Option<ChangeSet>,
    ) -> Result<Vec<(usize, Answer)>, Ended> {
        if self.poisoned {
            return Err(Ended::Poisoned);
        }
        self.run("BEGIN IMMEDIATE").map_err(|fault| Ended::Failed(Arc::new(fault.into())))?;
        let mut group = Group::new(self.head, self.number);
        let mut answers = Vec::with_capacity(all.len());
        let mut place = 0;
        loop {
            if place == all.len() {
                all.extend(more());
            }
            let Some(changes) = all.get(place) else { break };
            if !answered.contains_key(&place) {
                match self.apply(&mut group, changes) {
                    Ok(receipt) => answers.push((place, Ok(receipt))),
                    Err(Refusal::Fault(fault)) => {
                        self.poisoned |= fault.is_damage();
                        return Err(Ended::By(place, CommitError::Store(fault.into())));
                    }
                    Err(refusal) => answers.push((place, Err(refusal.into()))),
                }
            }
            place += 1;
        }
        self.finish(group)?;
        Ok(answers)
    }

    /// Applies one change set. When it fails, nothing of the whole transaction is left.
    fn apply(&self, group: &mut Group, changes: &ChangeSet) -> Result<Receipt, Refusal> {
        let applied = Change::new(&self.conn, &self.inner, group).apply(changes);
        applied.inspect_err(|refusal| {
            if matches!(refusal, Refusal::Fault(_)) {
                self.undo();
            }
        })
    }

    /// Commits what has been applied. What happens here happens to all of the group.
    fn finish(&mut self, mut group: Group) -> Result<(), Ended> {
        let written = Change::new(&self.conn, &self.inner, &mut group).write_touched();
        let Group { head, revs, listings, number, .. } = group;
        let mut raised = revs.iter();
        let stored = written.and_then(|()| {
            raised.try_for_each(|(slot, rev)| access::store_rev(&self.conn, *slot, *rev))
        });
        if let Err(fault) = stored {
            self.poisoned |= fault.is_damage();
            self.undo();
            return Err(Ended::Failed(Arc::new(fault.into())));
        }
        let inner = Arc::clone(&self.inner);
        revs.keys().for_each(|slot| inner.access.doubt(*slot));
        let outcome = self.end(number);
        match outcome {
            Ok(()) => {
                revs.iter().for_each(|(slot, rev)| inner.access.settle(*slot, *rev));
                inner.listings.learn(listings);
                self.head = head;
            }
            Err(Ended::Failed(_)) => {
                let access = &inner.access;
                revs.keys().for_each(|slot| access.settle(*slot, access.last(*slot)));
            }
            // The slots stay in doubt: readers ask the file.
            Err(_) => {}
        }
        outcome
    }

    /// COMMIT, of a transaction with moves up to a number.
    fn end(&mut self, number: i64) -> Result<(), Ended> {
        match self.run("COMMIT") {
            Ok(()) => {
                self.number = number;
                self.inner.moves.committed(number);
                Ok(())
            }
            // SQLite has undone the transaction, or it still stands and can be undone.
            Err(fault)
                if will_pass(&fault)
                    && (self.conn.is_autocommit() || self.run("ROLLBACK").is_ok()) =>
            {
                self.undo();
                Err(Ended::Failed(Arc::new(fault.into())))
            }
            // Whether the moves belong to it a reader tells by the numbers in its snapshot.
            Err(fault) => {
                self.poisoned = true;
                self.roll_back();
                Err(Ended::Unknown(Arc::new(fault.into())))
            }
        }
    }

    /// Whether there are moves to bring in.
    pub(super) fn has_moves(&self) -> bool {
        !self.poisoned && self.inner.moves.size(self.number).waiting > 0
    }

    /// Brings moves in when there are many. Called when nobody waits for an answer any more.
    pub(super) fn bring_in_many(&mut self) {
        let Size { waiting, age, past } = self.inner.moves.size(self.number);
        let is_old = usize::try_from(age).is_ok_and(|age| age > self.most);
        if waiting > self.most || is_old {
            // What is oldest comes first: of that, some at least.
            self.bring_in(self.most.min(waiting.saturating_sub(1)));
        } else if past > self.most {
            self.inner.moves.forget_all();
        }
    }

    /// Brings in a part of the moves, when nothing else is to be done.
    pub(super) fn bring_in_some(&mut self) {
        let waiting = self.inner.moves.size(self.number).waiting;
        self.bring_in(waiting.saturating_sub(AT_ONCE));
    }

    /// Brings moves in until no more than so many wait, in a transaction of its own. When there is no
    /// room for that they stay what they are, and it is tried again later.
    fn bring_in(&mut self, down_to: usize) {
        if !self.has_moves() {
            return;
        }
        let mut group = Group::new(self.head, self.number);
        let written = self
            .run("BEGIN IMMEDIATE")
            .and_then(|()| Change::new(&self.conn, &self.inner, &mut group).bring_in(down_to));
        match written {
            Ok(shards) => {
                if self.end(group.number).is_ok() {
                    self.inner.moves.forget(&shards);
                }
            }
            Err(fault) => {
                self.poisoned |= !will_pass(&fault);
                self.undo();
            }
        }
    }

    /// Does what is due for the WAL, behind a transaction of so many change sets. Called when nobody
    /// of it waits for an answer any more.
    pub(super) fn checkpoint(&mut self, sets: usize) {
        if !self.poisoned {
            self.poisoned = self.checkpoints.go_on(&mut self.conn, sets).is_err();
        }
    }

    /// Leaves everything in the database itself, unless the disk is not to be trusted: then the WAL
    /// stays as it is, for whoever opens the store again.
    pub(super) fn close(mut self) {
        self.bring_in(0);
        let is_sound = self.checkpoints.close().is_ok() && !self.poisoned;
        let outcome = if is_sound {
            self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        } else {
            self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
        };
        // Nobody is left to tell; the WAL holds what the database does not.
        let _ = outcome;
    }

    /// Ends the transaction, if there still is one, without a trace.
    fn undo(&self) {
        self.roll_back();
        self.inner.moves.undone(self.number);
    }

    fn roll_back(&self) {
        if !self.conn.is_autocommit() {
            // When even this fails, the connection stays inside the transaction: then BEGIN fails
            // as well, and nothing is written any more.
            let _ = self.run("ROLLBACK");
        }
    }

    fn run(&self, sql: &'static str) -> Result<()> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// Whether a failure says nothing bad of what is on the disk: somebody else held a lock for too
/// long, or there was no room. SQLite says the latter of a write that was not done, so the last
/// page of a transaction was not written whole; of a sync it never does.
pub(super) fn will_pass(fault: &Fault) -> bool {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
    matches!(fault.code(), Some(DatabaseBusy | DatabaseLocked | DiskFull))
}

impl Group {
    fn new(head: Seq, number: i64) -> Self {
        Self {
            head,
            number,
            revs: BTreeMap::new(),
            listings: FxHashMap::default(),
            touched: Touched::default(),
            found: FxHashSet::default(),
        }
    }

    /// The revision of a slot, with what this transaction has done to it.
    pub(super) fn rev(&self, access: &access::Access, slot: AccessSlot) -> u64 {
        self.revs.get(&slot).copied().unwrap_or_else(|| access.last(slot))
    }
}

#[cfg(test)]
mod tests;
