//! Audiences: typed expressions that say who.

use std::collections::BTreeSet;

use crate::domain::Attribute;
use crate::text::{Key, Slug};

/// Who, as an expression over what is known of a viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, anonymous visitors included.
    Everyone,
    /// Nobody.
    Nobody,
    /// Everybody whom the host names.
    SignedIn,
    /// Members of the community.
    Members,
    /// Holders of a role, in the community or in the channel in question.
    Role(Slug),
    /// People on one of the host's lists.
    List(Slug),
    /// One member, by the host's key.
    Member(Key),
    /// The author of what is in question.
    Author,
    /// People of at least this level.
    Level(u32),
    /// People whose attribute compares so.
    Attribute(Slug, Comparison),
    /// Whoever is in all of these.
    All(Vec<Audience>),
    /// Whoever is in one of these.
    Any(Vec<Audience>),
    /// Whoever is not in this.
    Not(Box<Audience>),
}

/// How an attribute is compared. Without the attribute no comparison holds, `!=` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// `= value`
    Is(Attribute),
    /// `!= value`
    IsNot(Attribute),
    /// `in [a, b]`
    In(BTreeSet<Attribute>),
    /// `< 5`
    Less(i64),
    /// `<= 5`
    AtMost(i64),
    /// `> 5`
    More(i64),
    /// `>= 5`
    AtLeast(i64),
    /// `exists`
    Exists,
}

/// Whether an audience admits a viewer, and which part of it decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Whether it admits the viewer.
    pub holds: bool,
    /// The smallest part that decided, as text.
    pub part: String,
}

impl Audience {
    /// Whether a viewer belongs to it.
    #[must_use]
    pub fn admits(&self, known: &super::Known<'_>) -> bool {
        let _ = known;
        false
    }

    /// Whether a viewer belongs to it, and because of which part.
    #[must_use]
    pub fn explain(&self, known: &super::Known<'_>) -> Trace {
        Trace { holds: self.admits(known), part: self.to_string() }
    }
}

impl std::fmt::Display for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::str::FromStr for Audience {
    type Err = crate::Error;
    fn from_str(_: &str) -> Result<Self, crate::Error> {
        Ok(Self::Nobody)
    }
}

impl serde::Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
