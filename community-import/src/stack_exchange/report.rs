//! What an import mapped, what it left out, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::Table;

/// How many different refusals, notes and unknown fields are kept word by word. What comes on top
/// is counted.
const KEPT: usize = 1_000;

/// What a dump gave, and what of it was not carried over.
///
/// Nothing is left out without a line here: a field without a counterpart, a row that hangs on
/// something absent, a text over a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many of what became records.
    pub mapped: BTreeMap<&'static str, u64>,
    /// How many fields and rows have no counterpart, by what they are and why.
    pub dropped: BTreeMap<String, u64>,
    /// Rows that a reader of the dump would expect to find, and that could not be taken over.
    pub refused: Vec<Refusal>,
    /// How many more were refused than are listed.
    pub refused_more: u64,
    /// Sums that a dump carries, compared with its rows.
    pub checks: BTreeMap<&'static str, Check>,
    /// What a reader should know about the result.
    pub notes: BTreeSet<String>,
}

/// Something that could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The key that it would have had.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// How often a sum that a dump carries is what its rows give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// So often it is equal.
    pub equal: u64,
    /// So often it is not.
    pub different: u64,
}

impl Report {
    pub(super) fn map(&mut self, what: &'static str) {
        *self.mapped.entry(what).or_default() += 1;
    }

    pub(super) fn drop(&mut self, what: String) {
        self.drop_many(what, 1);
    }

    pub(super) fn drop_many(&mut self, what: String, count: u64) {
        if count > 0 {
            *self.dropped.entry(what).or_default() += count;
        }
    }

    pub(super) fn refuse(&mut self, key: String, reason: String) {
        if self.refused.len() < KEPT {
            self.refused.push(Refusal { key, reason });
        } else {
            self.refused_more += 1;
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if self.notes.len() < KEPT {
            self.notes.insert(note);
        }
    }

    pub(super) fn check(&mut self, what: &'static str, equal: bool) {
        let check = self.checks.entry(what).or_default();
        if equal {
            check.equal += 1;
        } else {
            check.different += 1;
        }
    }

    /// Counts a field that was not mapped.
    pub(super) fn field(&mut self, table: Table, name: &str) {
        let known = FIELDS.iter().find(|(of, field, _)| *of == table && *field == name);
        self.drop(match known {
            Some((_, _, why)) => format!("{table}.{name}: {why}"),
            None if self.dropped.len() < KEPT => {
                format!("{table}.{}: not known to this importer", name.escape_debug())
            }
            None => format!("{table}: more fields that are not known to this importer"),
        });
    }
}

/// Fields without a counterpart, and why they need none.
const FIELDS: &[(Table, &str, &str)] = &[
    (Table::Users, "Reputation", "follows from votes"),
    (Table::Users, "LastAccessDate", "visits are not kept"),
    (Table::Users, "Views", "views of profiles are not kept"),
    (Table::Users, "UpVotes", "a dump does not say on what"),
    (Table::Users, "DownVotes", "a dump does not say on what"),
    (Table::Users, "AccountId", "means something on the source's network only"),
    (Table::Users, "ProfileImageUrl", "the host has the pictures"),
    (Table::Users, "EmailHash", "identity is the host's"),
    (Table::Users, "Age", "identity is the host's"),
    (Table::Tags, "Count", "follows from topics"),
    (Table::Tags, "WikiPostId", "labels have a description only"),
    (Table::Tags, "IsRequired", "labels have no such rule"),
    (Table::Tags, "IsModeratorOnly", "labels have no such rule"),
    (Table::Posts, "Score", "follows from votes"),
    (Table::Posts, "AnswerCount", "follows from answers"),
    (Table::Posts, "CommentCount", "follows from comments"),
    (Table::Posts, "FavoriteCount", "bookmarks are not kept"),
    (Table::Posts, "CommunityOwnedDate", "posts have one author"),
    (Table::Posts, "OwnerDisplayName", "the author has a name"),
    (Table::Posts, "LastEditorDisplayName", "the editor has a name"),
    (Table::Posts, "LastActivityDate", "activity is kept for topics only"),
    (Table::Posts, "ContentLicense", "posts carry no licence of their own"),
    (Table::Comments, "ContentLicense", "posts carry no licence of their own"),
    (Table::Comments, "UserDisplayName", "the author has a name"),
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mapped, dropped, refused, refused_more, checks, notes } = self;
        writeln!(f, "mapped")?;
        for (what, count) in mapped {
            writeln!(f, "{count:>10}  {what}")?;
        }
        if !checks.is_empty() {
            writeln!(f, "checked")?;
        }
        for (what, Check { equal, different }) in checks {
            writeln!(f, "{equal:>10}  {what}: equal; {different} different")?;
        }
        if !dropped.is_empty() {
            writeln!(f, "left out")?;
        }
        for (what, count) in dropped {
            writeln!(f, "{count:>10}  {what}")?;
        }
        if !refused.is_empty() {
            writeln!(f, "refused")?;
        }
        for Refusal { key, reason } in refused {
            writeln!(f, "            {}: {}", key.escape_debug(), reason.escape_debug())?;
        }
        if *refused_more > 0 {
            writeln!(f, "{refused_more:>10}  more")?;
        }
        if !notes.is_empty() {
            writeln!(f, "notes")?;
        }
        for note in notes {
            writeln!(f, "            {note}")?;
        }
        Ok(())
    }
}
