//! One transaction with the change sets of several callers.
//!
//! Each change set has a savepoint of its own: one that fails is undone alone. When SQLite has to
//! give up the whole transaction, the others are applied again without the one that was under way.
//! What happens at COMMIT happens to all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use community_core::StoreError;
use community_core::change::{ChangeSet, Receipt, Seq};
use community_core::query::Listing;
use community_core::store::{CommitError, Conflict};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use rustc_hash::FxHashMap;

use super::Answer;
use super::change::Change;
use crate::access::{self, AccessSlot};
use crate::error::{Fault, Result};
use crate::{Inner, log};

/// Rows written between two checkpoints. It bounds the WAL at some tens of megabytes, and a
/// checkpoint at some tens of milliseconds.
const ROWS_PER_CHECKPOINT: u64 = 8_192;

/// Everything that the writer holds.
#[derive(Debug)]
pub(super) struct Writing {
    conn: Connection,
    inner: Arc<Inner>,
    head: Seq,
    /// Set by a failure of the disk: what is on it cannot be told, and writing on could make it
    /// worse.
    poisoned: bool,
    rows_at_checkpoint: u64,
}

/// What the transaction so far adds to what is committed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) head: Seq,
    pub(super) revs: BTreeMap<AccessSlot, u64>,
    pub(super) listings: FxHashMap<Listing, i64>,
}

/// What one change set has added to its group.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) receipt: Receipt,
    pub(super) head: Seq,
    pub(super) raised: BTreeSet<AccessSlot>,
    pub(super) listings: FxHashMap<Listing, i64>,
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
    pub(super) fn new(conn: Connection, inner: Arc<Inner>) -> Result<Self> {
        let head = log::head(&conn)?;
        let rows_at_checkpoint = conn.total_changes();
        Ok(Self { conn, inner, head, poisoned: false, rows_at_checkpoint })
    }

    /// Commits change sets together; the answers come in their order.
    pub(super) fn commit(&mut self, all: &[ChangeSet]) -> Vec<Answer> {
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        loop {
            let left: Vec<usize> = (0..all.len()).filter(|i| !answers.contains_key(i)).collect();
            let error: Box<dyn Fn() -> StoreError> = match self.transact(all, &left) {
                Ok(given) => {
                    answers.extend(left.into_iter().zip(given));
                    break;
                }
                Err(Ended::By(culprit, error)) => {
                    answers.insert(culprit, Err(error));
                    continue;
                }
                Err(Ended::Failed(error)) => {
                    Box::new(move || StoreError::failed(Shared(Arc::clone(&error))))
                }
                Err(Ended::Unknown(error)) => {
                    Box::new(move || StoreError::OutcomeUnknown(Shared(Arc::clone(&error)).into()))
                }
                Err(Ended::Poisoned) => Box::new(|| StoreError::Poisoned),
            };
            answers.extend(left.into_iter().map(|i| (i, Err(error().into()))));
            break;
        }
        answers.into_values().collect()
    }

    /// One transaction with the change sets at these places.
    fn transact(&mut self, all: &[ChangeSet], places: &[usize]) -> Result<Vec<Answer>, Ended> {
        if self.poisoned {
            return Err(Ended::Poisoned);
        }
        self.run("BEGIN IMMEDIATE").map_err(|fault| Ended::Failed(Arc::new(fault.into())))?;
        let mut group =
            Group { head: self.head, revs: BTreeMap::new(), listings: FxHashMap::default() };
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            let Some(changes) = all.get(*place) else { continue };
            match self.apply(&mut group, changes) {
                Ok(receipt) => answers.push(Ok(receipt)),
                Err(Refusal::Fault(fault)) if fault.is_damage() => {
                    self.poisoned = true;
                    self.undo();
                    return Err(Ended::By(*place, CommitError::Store(fault.into())));
                }
                Err(refusal) if self.conn.is_autocommit() => {
                    return Err(Ended::By(*place, refusal.into()));
                }
                Err(refusal) => answers.push(Err(refusal.into())),
            }
        }
        self.finish(group)?;
        Ok(answers)
    }

    /// Applies one change set, or leaves no trace of it.
    fn apply(&self, group: &mut Group, changes: &ChangeSet) -> Result<Receipt, Refusal> {
        self.run("SAVEPOINT change")?;
        match Change::apply(&self.conn, &self.inner, group, changes) {
            Ok(Applied { receipt, head, raised, listings }) => {
                self.run("RELEASE change")?;
                group.head = head;
                group.listings.extend(listings);
                for slot in raised {
                    let rev = group.rev(&self.inner.access, slot) + 1;
                    group.revs.insert(slot, rev);
                }
                Ok(receipt)
            }
            Err(refusal) => {
                let undone =
                    self.run("ROLLBACK TO change").and_then(|()| self.run("RELEASE change"));
                if undone.is_err() {
                    self.undo();
                }
                Err(refusal)
            }
        }
    }

    /// Commits what has been applied.
    fn finish(&mut self, group: Group) -> Result<(), Ended> {
        let Group { head, revs, listings } = group;
        for (slot, rev) in &revs {
            if let Err(fault) = access::store_rev(&self.conn, *slot, *rev) {
                self.undo();
                return Err(Ended::Failed(Arc::new(fault.into())));
            }
        }
        let access = &self.inner.access;
        revs.keys().for_each(|slot| access.doubt(*slot));
        match self.run("COMMIT") {
            Ok(()) => {
                revs.iter().for_each(|(slot, rev)| access.settle(*slot, *rev));
                self.inner.listings.learn(listings);
                self.head = head;
                Ok(())
            }
            // Somebody else held a lock for too long. The transaction still stands, so it can be
            // undone for certain.
            Err(fault)
                if matches!(
                    fault.code(),
                    Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
                ) && self.run("ROLLBACK").is_ok() =>
            {
                revs.keys().for_each(|slot| access.settle(*slot, access.last(*slot)));
                Err(Ended::Failed(Arc::new(fault.into())))
            }
            // The slots stay in doubt: readers ask the file.
            Err(fault) => {
                self.poisoned = true;
                self.undo();
                Err(Ended::Unknown(Arc::new(fault.into())))
            }
        }
    }

    /// Copies the WAL into the database now and then. Done when nobody waits for an answer, and
    /// here instead of inside COMMIT, because a failure to sync must not be forgotten: a second try
    /// would report success for what the first one has lost.
    pub(super) fn checkpoint_when_due(&mut self) {
        let rows = self.conn.total_changes();
        if self.poisoned || rows - self.rows_at_checkpoint < ROWS_PER_CHECKPOINT {
            return;
        }
        self.rows_at_checkpoint = rows;
        if let Err(fault) = self.run("PRAGMA wal_checkpoint(PASSIVE)") {
            let is_busy =
                matches!(fault.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
            self.poisoned = !is_busy;
        }
    }

    /// Leaves everything in the database itself, unless the disk is not to be trusted: then the WAL
    /// stays as it is, for whoever opens the store again.
    pub(super) fn close(self) {
        let outcome = if self.poisoned {
            self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
        } else {
            self.conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        };
        // Nobody is left to tell; the WAL holds what the database does not.
        let _ = outcome;
    }

    /// Ends the transaction, if there still is one, without a trace.
    fn undo(&self) {
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

impl Group {
    /// The revision of a slot, with what this transaction has done to it.
    pub(super) fn rev(&self, access: &access::Access, slot: AccessSlot) -> u64 {
        self.revs.get(&slot).copied().unwrap_or_else(|| access.last(slot))
    }
}
