//! Members: the host's people, as far as the engine needs them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Rev;
use crate::id::MemberId;
use crate::text::{Key, Name, Slug, TextError};
use crate::time::Timestamp;

/// A person of this tenant, known by the host's key and the attributes that the host hands in.
/// The engine stores no password and no login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The id.
    pub id: MemberId,
    /// The host's own key, unique in the tenant.
    pub key: Key,
    /// The name that others see.
    pub name: Name,
    /// What audiences test, such as `department = "care"`.
    pub attributes: BTreeMap<Slug, Attribute>,
    /// The host's named lists that this person is on.
    pub lists: BTreeSet<Slug>,
    /// Profile fields that anybody may read who sees the member.
    pub profile: BTreeMap<Slug, String>,
    /// Whether directories list the member. Voters that an importer stands in for are not listed.
    pub listed: bool,
    /// Since when the member exists.
    pub created_at: Timestamp,
    /// Since when the member is erased: what is left is an id, under which what others rest on
    /// stands. Nobody acts as such a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The revision.
    pub rev: Rev,
}

impl Member {
    /// The name that an erased member has.
    pub const ERASED: &'static str = "erased member";

    /// The key that the member has once it is erased; its own is then free again.
    pub(crate) fn erased_key(&self) -> Result<Key, TextError> {
        Key::new(&format!("erased-{}", self.id))
    }

    /// What is left of the member when it is erased.
    pub(crate) fn erased(&self, at: Timestamp) -> Result<Self, TextError> {
        Ok(Self {
            id: self.id,
            key: self.erased_key()?,
            name: Name::new(Self::ERASED)?,
            attributes: BTreeMap::new(),
            lists: BTreeSet::new(),
            profile: BTreeMap::new(),
            listed: false,
            created_at: self.created_at,
            erased_at: Some(at),
            rev: self.rev.next(),
        })
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Attribute {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text; compared exactly.
    Text(String),
    /// Several texts; a test holds when it holds for one of them.
    Texts(Vec<String>),
}

/// What a reader sees of somebody who wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// The id.
    pub id: MemberId,
    /// The host's key.
    pub key: Key,
    /// The name.
    pub name: Name,
}

impl From<&Member> for Author {
    fn from(member: &Member) -> Self {
        Self { id: member.id, key: member.key.clone(), name: member.name.clone() }
    }
}
