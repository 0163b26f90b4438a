//! What a command that writes answers.

use std::fmt;

use community::{Key, Slug};
use serde::Serialize;

/// Something was created.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    /// What: `topic`, `post`, `correction`, ...
    pub(crate) created: &'static str,
    /// Its id.
    pub(crate) id: String,
    /// The key by which other commands find it.
    pub(crate) key: String,
}

impl Created {
    /// Something with a key of its own, or else its id for one.
    pub(crate) fn new(created: &'static str, id: &impl ToString, key: Option<&Key>) -> Self {
        let id = id.to_string();
        let key = key.map_or_else(|| id.clone(), ToString::to_string);
        Self { created, id, key }
    }

    /// Something that is named by a slug.
    pub(crate) fn named(created: &'static str, id: &impl ToString, key: &Slug) -> Self {
        Self { created, id: id.to_string(), key: key.to_string() }
    }
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "created {} {}", self.created, self.key)
    }
}

/// Something was done, or is so already.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    /// What: the command's name.
    pub(crate) done: &'static str,
    /// To what: a key.
    pub(crate) key: String,
}

impl Done {
    pub(crate) fn new(done: &'static str, key: &impl ToString) -> Self {
        Self { done, key: key.to_string() }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.done, self.key)
    }
}
