//! The second lock: what a store returns is unchecked, what leaves the engine is visible.

use std::ops::Deref;

use serde::Serialize;

use super::Scope;

/// Something that a store returned and that nobody has checked yet.
///
/// Only [`Scope::admit`] opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked<T>(pub(super) T);

impl<T> Unchecked<T> {
    /// Wraps what a store read.
    pub fn new(value: T) -> Self {
        Self(value)
    }
}

/// Something that its viewer may see. Only the policy module makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Visible<T>(pub(super) T);

impl<T> Visible<T> {
    /// The thing itself.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// A part of it.
    pub(crate) fn map<U>(self, part: impl FnOnce(T) -> U) -> Visible<U> {
        Visible(part(self.0))
    }
}

impl<T> Deref for Visible<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Something that a viewer may see whole, in part, or not at all.
pub trait Guarded: Sized {
    /// What of it this scope admits; `None` when nothing.
    fn admitted(self, scope: &Scope) -> Option<Self>;
}

impl<T> Unchecked<T> {
    /// The same lock around something made of what is inside.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Unchecked<U> {
        Unchecked(f(self.0))
    }
}
