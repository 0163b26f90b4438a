//! Members and memberships.

use std::io::Write;

use community_core::record::{MemberRecord, MembershipRecord, Record, RoleRecord, SanctionRecord};
use community_core::{
    ChannelId, Key, Member, MemberId, Membership, RoleGrant, Sanction, Slug, StoreError,
};

use super::{Exporter, PAGE, Result};

/// A member who is mentioned.
pub(super) struct Person {
    key: Key,
    /// What is to be written at the first mention.
    unwritten: Option<Box<Member>>,
}

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    /// Writes the members who are something in the community, by key.
    pub(super) async fn members(&mut self) -> Result<Vec<MemberId>> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.export.store.members_by_id(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for member in page {
                if self.membership_of(member.id).await?.is_some() {
                    found.push((member.key, member.id));
                }
            }
        }
        found.sort_unstable();
        let ids: Vec<MemberId> = found.into_iter().map(|(_, id)| id).collect();
        for page in ids.chunks(PAGE) {
            self.learn(page.iter().copied()).await?;
            for id in page {
                self.mention(*id).await?;
            }
        }
        Ok(ids)
    }

    /// Writes what the members are in the community.
    pub(super) async fn memberships(&mut self, members: &[MemberId]) -> Result<()> {
        for id in members {
            let Some(membership) = self.membership_of(*id).await? else { continue };
            let Membership {
                community: _,
                member,
                joined_at,
                roles,
                level,
                pinned,
                off_boards,
                sanctions,
                rev: _,
            } = membership;
            let mut roles: Vec<RoleRecord> = roles
                .into_iter()
                .map(|RoleGrant { role, channel }| RoleRecord {
                    role,
                    channel: self.channel(channel),
                })
                .collect();
            roles.sort_by(|a, b| (&a.role, &a.channel).cmp(&(&b.role, &b.channel)));
            let mut records = Vec::new();
            for Sanction { kind, channel, since, until, reason, by } in sanctions {
                let by = self.mention_one_of(by).await?;
                let channel = self.channel(channel);
                records.push(SanctionRecord { kind, channel, since, until, reason, by });
            }
            let member = self.mention(member).await?;
            self.write(&Record::Membership(Box::new(MembershipRecord {
                member,
                joined_at,
                roles,
                // One that follows from what was earned follows again where this is imported.
                level: if pinned { level } else { 0 },
                pinned: pinned && level == 0,
                off_boards,
                sanctions: records,
            })))?;
        }
        Ok(())
    }

    /// A membership that says something.
    async fn membership_of(&self, member: MemberId) -> Result<Option<Membership>> {
        let all = self.export.store.memberships(member).await?;
        Ok(all.into_iter().find(|membership| {
            membership.community == self.community.id
                && (membership.joined_at.is_some()
                    || membership.pinned
                    || membership.off_boards
                    || !membership.roles.is_empty()
                    || !membership.sanctions.is_empty())
        }))
    }

    fn channel(&self, id: Option<ChannelId>) -> Option<Slug> {
        Some(self.export.directory.channel(id?)?.channel.key.clone())
    }

    /// Reads members who will be mentioned, in one go.
    pub(super) async fn learn(&mut self, ids: impl IntoIterator<Item = MemberId>) -> Result<()> {
        let mut ids: Vec<MemberId> =
            ids.into_iter().filter(|id| !self.people.contains_key(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        for member in self.export.store.members(&ids).await?.into_iter().flatten() {
            let key = member.key.clone();
            self.people.insert(member.id, Person { key, unwritten: Some(Box::new(member)) });
        }
        Ok(())
    }

    /// The key of a member.
    pub(super) async fn key_of_member(&mut self, id: MemberId) -> Result<Key> {
        self.learn([id]).await?;
        match self.people.get(&id) {
            Some(person) => Ok(person.key.clone()),
            None => Err(StoreError::Damaged(format!("there is no member {id}")).into()),
        }
    }

    /// The key of a member, who is written now if that has not happened yet.
    pub(super) async fn mention(&mut self, id: MemberId) -> Result<Key> {
        let key = self.key_of_member(id).await?;
        let unwritten = self.people.get_mut(&id).and_then(|person| person.unwritten.take());
        if let Some(member) = unwritten {
            let Member {
                id: _,
                key,
                name,
                attributes,
                lists,
                profile,
                listed,
                created_at,
                erased_at,
                rev: _,
            } = *member;
            self.write(&Record::Member(Box::new(MemberRecord {
                name: (name.as_str() != key.as_str()).then_some(name),
                key,
                attributes,
                lists,
                profile,
                listed,
                created_at: Some(created_at),
                erased_at,
            })))?;
        }
        Ok(key)
    }

    /// The same for somebody who may be nobody.
    pub(super) async fn mention_one_of(&mut self, id: Option<MemberId>) -> Result<Option<Key>> {
        match id {
            Some(id) => self.mention(id).await.map(Some),
            None => Ok(None),
        }
    }
}
