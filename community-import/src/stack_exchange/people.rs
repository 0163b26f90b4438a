//! Users, and those who have no account: guests and voters.

use std::collections::{BTreeMap, BTreeSet};

use community_core::record::{MemberRecord, MembershipRecord, Record};
use community_core::{Key, Name, Slug, Timestamp};
use rustc_hash::FxHashSet;

use super::mapper::{Mapper, Skip};
use super::posts::key;
use super::xml::Row;
use super::{Table, text};

/// Who has become a member so far.
#[derive(Debug, Default)]
pub(super) struct People {
    users: FxHashSet<i64>,
    guests: FxHashSet<Key>,
    voters: u32,
    began: Option<Timestamp>,
}

impl People {
    /// When the first user came: since then the site exists.
    pub(super) fn began(&self) -> Option<Timestamp> {
        self.began
    }
}

impl Mapper {
    /// A user becomes a member who has joined.
    pub(super) fn user(&mut self, row: &mut Row) -> Result<(), Skip> {
        const MAPPED: &[&str] =
            &["Id", "DisplayName", "CreationDate", "Location", "WebsiteUrl", "AboutMe"];
        let id = row.id("Id")?;
        let created_at = row.at("CreationDate")?;
        let key = key("user", id)?;
        if !self.people.users.insert(id) {
            return Err(Skip::Dropped("Users: the id was there before".into()));
        }
        self.count_fields(Table::Users, row, MAPPED);
        let given = row.get("DisplayName").unwrap_or_default();
        let name = text::name(given);
        if name.as_ref().is_none_or(|name| *name != given) {
            self.report.note(format!("the name of {key} was cleaned of what a name may not have"));
        }
        let mut profile = BTreeMap::new();
        for (field, slug) in
            [("Location", "location"), ("WebsiteUrl", "website"), ("AboutMe", "about")]
        {
            let Some(text) = row.take(field) else {
                continue;
            };
            match self.limits.body(text.len()) {
                Ok(()) => drop(profile.insert(Slug::new(slug)?, text)),
                Err(error) => self.report.refuse(format!("{key} {field}"), error.to_string()),
            }
        }
        self.people.began = self.people.began.into_iter().chain([created_at]).min();
        self.report.map("users");
        self.member(key.clone(), name, profile, true, created_at);
        self.records.push_back(Record::Membership(Box::new(MembershipRecord {
            member: key,
            joined_at: Some(created_at),
            roles: Vec::new(),
            level: 0,
            pinned: false,
            off_boards: false,
            sanctions: Vec::new(),
        })));
        Ok(())
    }

    /// The author that a row names by id, by name or not at all. Whoever has no account becomes an
    /// unlisted member at the first mention.
    pub(super) fn author(
        &mut self,
        row: &Row,
        id_field: &str,
        name_field: &str,
        at: Timestamp,
    ) -> Result<Key, Skip> {
        let name = row.get(name_field).and_then(text::name);
        if let Some(id) = row.number(id_field)? {
            let key = key("user", id)?;
            if self.people.users.insert(id) {
                self.report.map("users who are mentioned only");
                self.unlisted(key.clone(), name, at);
            }
            return Ok(key);
        }
        let name = match name {
            Some(name) => name,
            None => Name::new("unknown")?,
        };
        let key = Key::new(&format!("guest:{name}"))?;
        if self.people.guests.insert(key.clone()) {
            self.report.map("guests");
            self.unlisted(key.clone(), Some(name), at);
        }
        Ok(key)
    }

    /// The same, `None` when the row names nobody.
    pub(super) fn editor(
        &mut self,
        row: &Row,
        id_field: &str,
        name_field: &str,
        at: Timestamp,
    ) -> Result<Option<Key>, Skip> {
        if row.get(id_field).or(row.get(name_field)).is_none() {
            return Ok(None);
        }
        self.author(row, id_field, name_field, at).map(Some)
    }

    /// The voter with a number. A pool of as many as the most votes on one post serves all.
    pub(super) fn voter(&mut self, number: u32, at: Timestamp) -> Result<Key, Skip> {
        while self.people.voters < number {
            self.people.voters += 1;
            let next = self.people.voters;
            let name = Name::new(&format!("Voter {next}"))?;
            self.report.map("voters");
            self.unlisted(key("voter", i64::from(next))?, Some(name), at);
        }
        Ok(key("voter", i64::from(number))?)
    }

    /// Adds a member whom directories do not list, met first at `at`. Such a member exists since
    /// the site does: so it does not depend on what else the dump holds.
    fn unlisted(&mut self, key: Key, name: Option<Name>, at: Timestamp) {
        let created_at = self.people.began.unwrap_or(at);
        self.member(key, name, BTreeMap::new(), false, created_at);
    }

    fn member(
        &mut self,
        key: Key,
        name: Option<Name>,
        profile: BTreeMap<Slug, String>,
        listed: bool,
        created_at: Timestamp,
    ) {
        // `user:4` becomes `user 4`.
        let name = name.or_else(|| Name::new(&key.as_str().replacen(':', " ", 1)).ok());
        self.records.push_back(Record::Member(Box::new(MemberRecord {
            key,
            name,
            attributes: BTreeMap::new(),
            lists: BTreeSet::new(),
            profile,
            listed,
            created_at: Some(created_at),
            erased_at: None,
        })));
    }
}
