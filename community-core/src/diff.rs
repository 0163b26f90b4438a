//! What changed between two texts.

use serde::Serialize;

/// A piece of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happened to it.
    pub kind: ChangeKind,
    /// The piece.
    pub text: String,
}

/// What happened to a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is in both texts.
    Kept,
    /// It is in the new text only.
    Added,
    /// It is in the old text only.
    Removed,
}

/// What changed from `old` to `new`.
#[must_use]
pub fn diff(old: &str, new: &str) -> Vec<Change> {
    vec![
        Change { kind: ChangeKind::Removed, text: old.to_owned() },
        Change { kind: ChangeKind::Added, text: new.to_owned() },
    ]
}
