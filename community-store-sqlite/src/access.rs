//! Access revisions: how the store knows that a viewer's rights have changed.
//!
//! Everything that rights rest on falls into slots: slot 0 is the directory, and every member has
//! one of the others by a hash of the id. A commit that writes a community, channel or label raises
//! the revision of slot 0, one that writes a member or a membership raises the member's. Two
//! members may share a slot; then one of them works out an equal scope anew, which is rare and
//! harmless.
//!
//! A revision is kept twice: as a row, written in the same transaction as what it stands for, and
//! as a number in memory, which costs nothing to look at. One process owns the file, so nobody else
//! moves either. Both together are a sequence lock around COMMIT:
//!
//! 1. the writer marks the slots of its transaction as *in doubt*;
//! 2. it commits;
//! 3. it settles them: on the new revisions, or on the old ones when it was surely rolled back;
//! 4. only then it answers.
//!
//! A reader looks at the slots **after** its snapshot is fixed. Slots that are settled on the
//! revision of its scope prove that no change of rights is in the snapshot, because the mark comes
//! before the commit can be seen. Where a slot is in doubt, the row in the snapshot decides. So no
//! reader meets data of a commit with rights from before it, not even when both change in one
//! transaction, and no reader ever waits for the disk of the writer. A commit with an unknown
//! outcome leaves its slots in doubt, and the rows keep telling the truth.
//!
//! Whoever works out a scope asks for the revision first and reads the facts after it. Facts that
//! are newer than their revision make a scope that is refused once too often; the other way round
//! it would be accepted once too often, and that cannot happen: a revision can be had only when
//! what it stands for can be read.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use community_core::{AccessRev, MemberId};
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHasher;

use crate::error::Result;
use crate::row::{Columns, signed};

const ALL: &str = "SELECT slot, rev FROM access_revs";

/// By the rowid.
pub(crate) const REV: &str = "SELECT rev FROM access_revs WHERE slot = ?1";

/// By the rowid.
const SET_REV: &str = "INSERT INTO access_revs (slot, rev) VALUES (?1, ?2)
    ON CONFLICT (slot) DO UPDATE SET rev = excluded.rev";

const MEMBER_BITS: u32 = 14;

/// Where a revision is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccessSlot(u16);

impl AccessSlot {
    pub(crate) const DIRECTORY: Self = Self(0);

    pub(crate) fn of(member: MemberId) -> Self {
        let mut hasher = FxHasher::default();
        member.hash(&mut hasher);
        let bits = hasher.finish() >> (64 - MEMBER_BITS);
        Self(1 + u16::try_from(bits).unwrap_or_default())
    }
}

/// The revisions in memory.
pub(crate) struct Access {
    /// Per slot: twice the revision, plus one while it is in doubt.
    slots: Box<[AtomicU64]>,
}

impl fmt::Debug for Access {
    /// Without the slots: there are thousands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    pub(crate) fn load(conn: &Connection) -> Result<Self> {
        let slots = (0..=1u32 << MEMBER_BITS).map(|_| AtomicU64::new(0)).collect();
        let access = Self { slots };
        let mut statement = conn.prepare(ALL)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut columns = Columns::of(row);
            access.settle(AccessSlot(columns.whole()?), columns.whole()?);
        }
        Ok(access)
    }

    /// The revision that a slot is settled on; `None` while it is in doubt.
    pub(crate) fn settled(&self, slot: AccessSlot) -> Option<u64> {
        let value = self.slot(slot).load(Ordering::SeqCst);
        value.is_multiple_of(2).then_some(value / 2)
    }

    /// The revision of everything that a viewer's rights rest on, unless some of it is in doubt.
    pub(crate) fn settled_for(&self, member: Option<MemberId>) -> Option<AccessRev> {
        let directory = self.settled(AccessSlot::DIRECTORY)?;
        let member = member.map_or(Some(0), |id| self.settled(AccessSlot::of(id)))?;
        Some(AccessRev { directory, member })
    }

    /// The last revision that a slot was settled on. For the writer, which alone moves them.
    pub(crate) fn last(&self, slot: AccessSlot) -> u64 {
        self.slot(slot).load(Ordering::SeqCst) / 2
    }

    pub(crate) fn doubt(&self, slot: AccessSlot) {
        self.slot(slot).fetch_or(1, Ordering::SeqCst);
    }

    pub(crate) fn settle(&self, slot: AccessSlot, rev: u64) {
        self.slot(slot).store(2 * rev, Ordering::SeqCst);
    }

    fn slot(&self, slot: AccessSlot) -> &AtomicU64 {
        // INVARIANT: there are as many numbers as an `AccessSlot` can name; the first one only
        // stands in for a file that names more, where it makes scopes stale too often.
        static NEVER: AtomicU64 = AtomicU64::new(1);
        self.slots.get(usize::from(slot.0)).unwrap_or(&NEVER)
    }
}

/// The revision of a slot in this connection's snapshot.
pub(crate) fn stored_rev(conn: &Connection, slot: AccessSlot) -> Result<u64> {
    let mut statement = conn.prepare_cached(REV)?;
    let rev = statement.query_row([slot.0], |row| row.get(0)).optional()?;
    Ok(rev.map(i64::cast_unsigned).unwrap_or_default())
}

/// The revision of everything that a viewer's rights rest on, in this connection's snapshot.
pub(crate) fn stored_rev_for(conn: &Connection, member: Option<MemberId>) -> Result<AccessRev> {
    let directory = stored_rev(conn, AccessSlot::DIRECTORY)?;
    let member = member.map_or(Ok(0), |id| stored_rev(conn, AccessSlot::of(id)))?;
    Ok(AccessRev { directory, member })
}

pub(crate) fn store_rev(conn: &Connection, slot: AccessSlot, rev: u64) -> Result<()> {
    conn.prepare_cached(SET_REV)?.execute((slot.0, signed(rev)?))?;
    Ok(())
}
