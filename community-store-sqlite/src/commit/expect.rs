//! Expectations: whether they hold at this very moment of the transaction.

use community_core::Rev;
use community_core::change::{EntityRef, Expect, UniqueKey};
use rusqlite::{OptionalExtension, Params};

use super::change::Change;
use crate::access::AccessSlot;
use crate::error::Result;
use crate::row::slot_code;
use crate::{award, ledger, log};

// By the unique keys.
const COMMUNITY_KEY: &str = "SELECT 1 FROM communities WHERE key = ?1";
const CHANNEL_KEY: &str = "SELECT 1 FROM channels WHERE community = ?1 AND key = ?2";
const LABEL_KEY: &str = "SELECT 1 FROM labels WHERE community = ?1 AND key = ?2";
const MEMBER_KEY: &str = "SELECT 1 FROM members WHERE key = ?1";
const ITEM_KEY: &str = "SELECT 1 FROM items WHERE community = ?1 AND key = ?2";

// By the primary keys.
const COMMUNITY_REV: &str = "SELECT rev FROM communities WHERE id = ?1";
const CHANNEL_REV: &str = "SELECT rev FROM channels WHERE id = ?1";
const MEMBER_REV: &str = "SELECT rev FROM members WHERE id = ?1";
const MEMBERSHIP_REV: &str = "SELECT rev FROM memberships WHERE member = ?1 AND community = ?2";
const CORRECTION_REV: &str = "SELECT rev FROM corrections WHERE id = ?1";
const DOCUMENT_REV: &str = "SELECT rev FROM documents WHERE id = ?1";
const REACTION: &str = "SELECT key FROM reactions WHERE post = ?1 AND member = ?2 AND slot = ?3";

impl Change<'_> {
    pub(super) fn holds(&mut self, expectation: &Expect) -> Result<bool> {
        Ok(match expectation {
            Expect::Absent(key) => !self.is_taken(key)?,
            Expect::Rev(entity, rev) => self.rev(*entity)? == *rev,
            Expect::Gate(topic, gate) => self.topic(*topic)?.is_some_and(|t| t.gate == *gate),
            Expect::Access(member, rev) => {
                let access = &self.inner.access;
                let of_member = member.map_or(0, |id| self.group.rev(access, AccessSlot::of(id)));
                rev.directory == self.group.rev(access, AccessSlot::DIRECTORY)
                    && rev.member == of_member
            }
            Expect::ReactionIs { post, member, slot, key } => {
                let params = (post.as_bytes(), member.as_bytes(), slot_code(*slot));
                let mut statement = self.conn.prepare_cached(REACTION)?;
                let found: Option<String> =
                    statement.query_row(params, |row| row.get(0)).optional()?;
                found.as_deref() == key.as_ref().map(|key| key.as_str())
            }
            Expect::Below(counter, bound) => self.count(counter)? < *bound,
            Expect::WroteFewer { community, member, day, what, than } => {
                // It counts rows, those of change sets before it in the group included.
                self.write_touched()?;
                award::wrote_fewer(self.conn, (*community, *member, *day), *what, *than)?
            }
            Expect::CheckpointAt(name, seq) => log::checkpoint(self.conn, name)? == *seq,
        })
    }

    fn is_taken(&self, key: &UniqueKey) -> Result<bool> {
        match key {
            UniqueKey::Community(key) => self.exists(COMMUNITY_KEY, [key.as_str()]),
            UniqueKey::Channel(of, key) => self.exists(CHANNEL_KEY, (of.as_bytes(), key.as_str())),
            UniqueKey::Label(of, key) => self.exists(LABEL_KEY, (of.as_bytes(), key.as_str())),
            UniqueKey::Member(key) => self.exists(MEMBER_KEY, [key.as_str()]),
            UniqueKey::Item(of, key) => self.exists(ITEM_KEY, (of.as_bytes(), key.as_str())),
        }
    }

    /// The revision of an entity; `Rev(0)` when it does not exist.
    fn rev(&mut self, entity: EntityRef) -> Result<Rev> {
        match entity {
            EntityRef::Community(id) => self.stored_rev(COMMUNITY_REV, [id.as_bytes()]),
            EntityRef::Channel(id) => self.stored_rev(CHANNEL_REV, [id.as_bytes()]),
            EntityRef::Member(id) => self.stored_rev(MEMBER_REV, [id.as_bytes()]),
            EntityRef::Membership(community, member) => {
                self.stored_rev(MEMBERSHIP_REV, (member.as_bytes(), community.as_bytes()))
            }
            EntityRef::Topic(id) => Ok(self.topic(id)?.map_or(Rev(0), |topic| topic.rev)),
            EntityRef::Post(id) => Ok(self.post(id)?.map_or(Rev(0), |post| post.rev)),
            EntityRef::Correction(id) => self.stored_rev(CORRECTION_REV, [id.as_bytes()]),
            EntityRef::Document(id) => self.stored_rev(DOCUMENT_REV, [id.as_bytes()]),
            EntityRef::Grant(id) => {
                let is_there = ledger::has_grant(self.conn, id)?;
                Ok(if is_there { Rev::FIRST } else { Rev(0) })
            }
        }
    }

    fn exists(&self, sql: &'static str, params: impl Params) -> Result<bool> {
        Ok(self.conn.prepare_cached(sql)?.exists(params)?)
    }

    fn stored_rev(&self, sql: &'static str, params: impl Params) -> Result<Rev> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rev: Option<i64> = statement.query_row(params, |row| row.get(0)).optional()?;
        Ok(Rev(rev.map_or(0, i64::cast_unsigned)))
    }
}
