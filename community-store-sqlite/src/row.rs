//! Rows as values: reading columns in their order, and the forms in which values are kept.

use std::fmt::Display;
use std::str::FromStr;

use community_core::change::EntityId;
use community_core::reputation::Step;
use community_core::time::{from_micros, to_micros};
use community_core::{
    ChannelId, CommunityId, CorrectionId, DocumentId, GrantId, LinkKind, MemberId, PostId,
    PostKind, RequestId, Rev, Slot, Slug, State, Timestamp, TopicId,
};
use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};
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
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    pub(crate) fn id<T: Id>(&mut self) -> Result<T> {
        self.get().map(T::of)
    }

    pub(crate) fn opt_id<T: Id>(&mut self) -> Result<Option<T>> {
        Ok(self.get::<Option<[u8; 16]>>()?.map(T::of))
    }

    /// The revision of an entity.
    pub(crate) fn rev(&mut self) -> Result<Rev> {
        self.whole().map(Rev)
    }

    /// A number that is never negative.
    pub(crate) fn whole<T: TryFrom<i64, Error: Display>>(&mut self) -> Result<T> {
        self.read(whole)
    }

    pub(crate) fn opt_whole<T: TryFrom<i64, Error: Display>>(&mut self) -> Result<Option<T>> {
        self.read_opt(whole)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.read(time)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        self.read_opt(time)
    }

    /// A validated text.
    pub(crate) fn text<T: FromStr<Err: Display>>(&mut self) -> Result<T> {
        self.read(text)
    }

    pub(crate) fn opt_text<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>> {
        self.read_opt(text)
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        self.read(from_json)
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        self.read_opt(from_json)
    }

    /// A short name of which there are few.
    pub(crate) fn word(&mut self, words: &mut Words) -> Result<Slug> {
        self.read(|value| words.get(as_str(value)?))
    }

    /// A list of such names, as JSON.
    pub(crate) fn words(&mut self, words: &mut Words) -> Result<Vec<Slug>> {
        self.read(|value| {
            let list = as_str(value)?;
            // Written by this store: no name holds a quote, a comma or a backslash.
            let inner = list.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let inner = inner.ok_or("no list")?;
            if inner.is_empty() {
                return Ok(Vec::new());
            }
            inner.split(',').map(|quoted| words.get(quoted.trim().trim_matches('"'))).collect()
        })
    }

    /// A value that is kept as a code.
    pub(crate) fn code<T: Code>(&mut self) -> Result<T> {
        self.read(|value| {
            let code = value.as_i64().map_err(in_words)?;
            u8::try_from(code).ok().and_then(T::of).ok_or_else(|| "an unknown code".to_owned())
        })
    }

    /// A value that is kept by its name.
    pub(crate) fn named<T>(&mut self, of: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        self.read(|value| of(as_str(value)?).ok_or_else(|| "an unknown name".to_owned()))
    }

    fn read<T>(&mut self, read: impl FnOnce(ValueRef<'_>) -> Result<T, String>) -> Result<T> {
        let at = self.next;
        self.next += 1;
        read(self.row.get_ref(at)?).map_err(|reason| {
            let column = self.row.as_ref().column_name(at).unwrap_or("?").to_owned();
            Fault::Row { column, reason }
        })
    }

    fn read_opt<T>(
        &mut self,
        read: impl FnOnce(ValueRef<'_>) -> Result<T, String>,
    ) -> Result<Option<T>> {
        self.read(|value| match value {
            ValueRef::Null => Ok(None),
            value => read(value).map(Some),
        })
    }
}

fn whole<T: TryFrom<i64, Error: Display>>(value: ValueRef<'_>) -> Result<T, String> {
    T::try_from(value.as_i64().map_err(in_words)?).map_err(in_words)
}

fn time(value: ValueRef<'_>) -> Result<Timestamp, String> {
    let micros = value.as_i64().map_err(in_words)?;
    from_micros(micros).ok_or_else(|| "no time in the years 1970 to 2199".to_owned())
}

fn text<T: FromStr<Err: Display>>(value: ValueRef<'_>) -> Result<T, String> {
    as_str(value)?.parse().map_err(in_words)
}

fn from_json<T: DeserializeOwned>(value: ValueRef<'_>) -> Result<T, String> {
    serde_json::from_str(as_str(value)?).map_err(in_words)
}

fn as_str(value: ValueRef<'_>) -> Result<&str, String> {
    value.as_str().map_err(in_words)
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}

/// Names that were read lately: labels, kinds and statuses come again and again, and are checked
/// and allocated once.
#[derive(Debug, Default)]
pub(crate) struct Words(Vec<Slug>);

impl Words {
    /// Beyond so many, looking takes longer than making.
    const MOST: usize = 64;

    fn get(&mut self, text: &str) -> Result<Slug, String> {
        if let Some(known) = self.0.iter().find(|known| known.as_str() == text) {
            return Ok(known.clone());
        }
        let word = Slug::new(text).map_err(in_words)?;
        if self.0.len() == Self::MOST {
            self.0.clear();
        }
        self.0.push(word.clone());
        Ok(word)
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

ids!(
    ChannelId,
    CommunityId,
    CorrectionId,
    DocumentId,
    GrantId,
    MemberId,
    PostId,
    RequestId,
    TopicId,
    EntityId
);

/// A value of a small closed set, kept as a number.
pub(crate) trait Code: Copy {
    fn of(code: u8) -> Option<Self>;
}

impl Code for State {
    fn of(code: u8) -> Option<Self> {
        Self::from_code(code)
    }
}

impl Code for Step {
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
