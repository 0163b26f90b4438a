//! What is remembered of rows that were read, so that other reads can be compared with them.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};
use std::io;

use community_core::{MemberId, PostId, TopicId};
use serde::Serialize;

/// Every member, topic and post that was read by id.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The prints of members as authors.
    pub(super) authors: HashMap<MemberId, Print>,
    /// The prints of topics as feeds show them; `None` when no feed does.
    pub(super) cards: HashMap<TopicId, Option<Print>>,
    pub(super) posts: HashSet<PostId>,
}

/// A fingerprint of a row: equal rows have equal ones, and others have others, but for one pair in
/// 2⁶⁴.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print(u64);

impl Print {
    pub(super) fn of(row: &impl Serialize) -> Self {
        let mut ink = Ink(DefaultHasher::new());
        // A row that cannot be written is told from its beginning.
        let _ = serde_json::to_writer(&mut ink, row);
        Self(ink.0.finish())
    }
}

/// Hashes what is written to it.
struct Ink(DefaultHasher);

impl io::Write for Ink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
