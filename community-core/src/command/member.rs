//! Members, as the host hands them in.

use std::collections::{BTreeMap, BTreeSet};

use super::nothing;
use crate::change::{EntityRef, EventKind, Expect, NewEvent, Op, UniqueKey};
use crate::domain::{Attribute, Member, Rev};
use crate::engine::Session;
use crate::engine::command;
use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::limits::Limits;
use crate::text::{Key, Name, Slug};

/// What the host knows of a person.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The host's key.
    pub key: Key,
    /// The name that others see.
    pub name: Name,
    /// What audiences test.
    pub attributes: BTreeMap<Slug, Attribute>,
    /// The host's lists that the person is on.
    pub lists: BTreeSet<Slug>,
    /// Profile fields that anybody may read who sees the member.
    pub profile: BTreeMap<Slug, String>,
    /// Whether directories list the person.
    pub listed: bool,
}

impl NewMember {
    /// A person without attributes.
    #[must_use]
    pub fn new(key: Key, name: Name) -> Self {
        Self {
            key,
            name,
            attributes: BTreeMap::new(),
            lists: BTreeSet::new(),
            profile: BTreeMap::new(),
            listed: true,
        }
    }

    /// The same with one attribute more.
    #[must_use]
    pub fn attribute(mut self, name: Slug, value: Attribute) -> Self {
        self.attributes.insert(name, value);
        self
    }

    /// The same on one list more.
    #[must_use]
    pub fn list(mut self, list: Slug) -> Self {
        self.lists.insert(list);
        self
    }
}

impl Session {
    /// Makes the engine's picture of a person equal to the host's: creates the member, or replaces
    /// name, attributes, lists and profile. For the system only. What it changes counts with the
    /// member's next read and write.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody but the system; [`Error::Erased`] for the key that an erased
    /// member has; [`Error::Limit`].
    pub async fn sync_member(&self, new: NewMember) -> Result<MemberId> {
        let env = self.engine().env();
        let id = command!(self, new, |rights| {
            rights.require_system()?;
            check_member(&new, env.limits())?;
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(&new.key)).await?;
            let mut changes = rights.changes();
            let member = match found.into_iter().flatten().next() {
                Some(old) if old.erased_at.is_some() => return Err(Error::Erased("member")),
                Some(old) => {
                    let member = new.applied_to(&old);
                    if member == old {
                        return nothing(&rights, Some(old.id.uuid()));
                    }
                    changes.expect(Expect::Rev(EntityRef::Member(old.id), old.rev));
                    Member { rev: old.rev.next(), ..member }
                }
                None => {
                    changes.expect(Expect::Absent(UniqueKey::Member(new.key.clone())));
                    let id = MemberId::from_uuid(env.mint(rights.now));
                    new.created(id, rights.now)
                }
            };
            let kind = match member.rev {
                Rev::FIRST => EventKind::MemberCreated,
                _ => EventKind::MemberChanged,
            };
            changes.events.push(NewEvent { member: Some(member.id), ..rights.event(kind) });
            let id = member.id.uuid();
            changes.ops.push(Op::PutMember(Box::new(member)));
            Ok((Some(id), changes))
        });
        id.map(MemberId::from_uuid).ok_or(Error::NotFound("member"))
    }
}

impl NewMember {
    /// The member that this creates.
    pub(super) fn created(&self, id: MemberId, now: crate::Timestamp) -> Member {
        let Self { key, name, attributes, lists, profile, listed } = self.clone();
        Member {
            id,
            key,
            name,
            attributes,
            lists,
            profile,
            listed,
            created_at: now,
            erased_at: None,
            rev: Rev::FIRST,
        }
    }

    /// A member with these facts in place of its own.
    pub(super) fn applied_to(&self, old: &Member) -> Member {
        let rev = old.rev;
        Member { rev, ..self.created(old.id, old.created_at) }
    }
}

/// Checks what a member is made of.
pub(super) fn check_member(new: &NewMember, limits: &Limits) -> Result<()> {
    limits.attributes(new.attributes.len())?;
    limits.attributes(new.profile.len())?;
    limits.lists(new.lists.len())?;
    for value in new.attributes.values() {
        match value {
            Attribute::Text(text) => limits.attribute(text.len())?,
            Attribute::Texts(texts) => {
                limits.attribute(texts.iter().map(|text| text.len() + 1).sum())?;
            }
            Attribute::Boolean(_) | Attribute::Integer(_) => {}
        }
    }
    for text in new.profile.values() {
        limits.body(text.len())?;
    }
    Ok(())
}
