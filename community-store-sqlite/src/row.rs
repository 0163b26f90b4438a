//! Rows as values: reading columns in their order, and the forms in which values are kept.

use std::fmt::Display;
use std::str::FromStr;

use community_core::change::EntityId;
use community_core::time::{from_micros, to_micros};
use community_core::{
    ChannelId, CommunityId, CorrectionId, LinkKind, MemberId, PostId, PostKind, RequestId, Rev,
    Slot, State, Timestamp, TopicId,
};
use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Fault, Result};

/// The columns of a row, read one after the other.
///
/// The fields of a struct literal are evaluated as they are written, so a row is read by writing
/// the fields in the order of the columns.
pub(crate) struct Columns<'a, 's> {
    row: &'a Row<'s>,
    next: usize,
}

impl<'a, 's> Columns<'a, 's> {
    pub(crate) fn of(row: &'a Row<'s>) -> Self {
        Self { row, next: 0 }
    }

    /// A value that SQLite keeps as it is: a number, a flag, a text.
    pub(crate) fn get<T: FromSql>(&mut self) -> Result<T> {
        let at = self.step();
        Ok(self.row.get(at)?)
    }

    pub(crate) fn id<T: Id>(&mut self) -> Result<T> {
        self.get().map(T::of)
    }

    pub(crate) fn opt_id<T: Id>(&mut self) -> Result<Option<T>> {
        Ok(self.get::<Option<[u8; 16]>>()?.map(T::of))
    }

    /// A number that is never negative.
    pub(crate) fn whole<T: TryFrom<i64, Error: Display>>(&mut self) -> Result<T> {
        let at = self.step();
        T::try_from(self.row.get::<_, i64>(at)?).map_err(|error| self.unreadable(at, error))
    }

    pub(crate) fn opt_whole<T: TryFrom<i64, Error: Display>>(&mut self) -> Result<Option<T>> {
        if self.is_null()? { self.skip(None) } else { self.whole().map(Some) }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        let at = self.step();
        let micros = self.row.get(at)?;
        from_micros(micros).ok_or_else(|| self.unreadable(at, "no time in the years 1970 to 2199"))
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        if self.is_null()? { self.skip(None) } else { self.time().map(Some) }
    }

    /// A validated text.
    pub(crate) fn text<T: FromStr<Err: Display>>(&mut self) -> Result<T> {
        let at = self.step();
        let text = self.row.get_ref(at)?.as_str();
        text.map_err(|error| self.unreadable(at, error))?
            .parse()
            .map_err(|error| self.unreadable(at, error))
    }

    pub(crate) fn opt_text<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>> {
        if self.is_null()? { self.skip(None) } else { self.text().map(Some) }
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let at = self.step();
        let text = self.row.get_ref(at)?.as_str();
        let text = text.map_err(|error| self.unreadable(at, error))?;
        serde_json::from_str(text).map_err(|error| self.unreadable(at, error))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        if self.is_null()? { self.skip(None) } else { self.json().map(Some) }
    }

    /// The revision of an entity.
    pub(crate) fn rev(&mut self) -> Result<Rev> {
        self.whole().map(Rev)
    }

    /// A value that is kept as a code.
    pub(crate) fn code<T: Code>(&mut self) -> Result<T> {
        let at = self.step();
        T::of(self.row.get(at)?).ok_or_else(|| self.unreadable(at, "an unknown code"))
    }

    /// A value that is kept by its name.
    pub(crate) fn named<T>(&mut self, of: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let at = self.step();
        let text = self.row.get_ref(at)?.as_str();
        let text = text.map_err(|error| self.unreadable(at, error))?;
        of(text).ok_or_else(|| self.unreadable(at, "an unknown name"))
    }

    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn skip<T>(&mut self, value: T) -> Result<T> {
        self.next += 1;
        Ok(value)
    }

    fn is_null(&self) -> Result<bool> {
        Ok(self.row.get_ref(self.next)?.data_type() == rusqlite::types::Type::Null)
    }

    fn unreadable(&self, at: usize, reason: impl Display) -> Fault {
        let column = self.row.as_ref().column_name(at).unwrap_or("?").to_owned();
        Fault::Row { column, reason: reason.to_string() }
    }
}

/// An id as 16 bytes.
pub(crate) trait Id: Copy {
    fn of(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl Id for $id {
            fn of(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }
    )+};
}

ids!(ChannelId, CommunityId, CorrectionId, MemberId, PostId, RequestId, TopicId, EntityId);

/// A value of a small closed set, kept as a number.
pub(crate) trait Code: Copy {
    fn of(code: u8) -> Option<Self>;
}

impl Code for State {
    fn of(code: u8) -> Option<Self> {
        Self::from_code(code)
    }
}

impl Code for PostKind {
    fn of(code: u8) -> Option<Self> {
        Self::from_code(code)
    }
}

impl Code for Slot {
    fn of(code: u8) -> Option<Self> {
        [Self::Vote, Self::Reaction].into_iter().find(|slot| slot_code(*slot) == code)
    }
}

pub(crate) fn slot_code(slot: Slot) -> u8 {
    match slot {
        Slot::Vote => 0,
        Slot::Reaction => 1,
    }
}

pub(crate) fn link_name(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Related => "related",
        LinkKind::Duplicate => "duplicate",
    }
}

pub(crate) fn link_kind(name: &str) -> Option<LinkKind> {
    [LinkKind::Related, LinkKind::Duplicate].into_iter().find(|kind| link_name(*kind) == name)
}

pub(crate) fn opt_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(to_micros)
}

/// A value as JSON text.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Fault::refused)
}

pub(crate) fn opt_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(json).transpose()
}

/// An unsigned number as SQLite keeps it. Beyond 2^63 nothing is ever counted.
pub(crate) fn signed(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(Fault::refused)
}

/// How many rows to ask for.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
