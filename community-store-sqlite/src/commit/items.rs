//! The directory, people, and who has which key.

use community_core::time::to_micros;
use community_core::{
    Channel, ChannelId, Community, CommunityId, Key, Label, Member, MemberId, Membership, PostId,
    TopicId,
};
use rusqlite::params;

use super::change::Change;
use crate::access::AccessSlot;
use crate::error::{Fault, Result};
use crate::names;
use crate::row::{json, opt_micros, signed};

const PUT_COMMUNITY: &str = "INSERT INTO communities (id, key, name, description, policy, settings,
     reactions, kinds, synonyms, reputation, hot_scale, capacity, archived, created_at, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
    ON CONFLICT (id) DO UPDATE SET key = excluded.key, name = excluded.name,
     description = excluded.description, policy = excluded.policy, settings = excluded.settings,
     reactions = excluded.reactions, kinds = excluded.kinds, synonyms = excluded.synonyms,
     reputation = excluded.reputation,
     hot_scale = excluded.hot_scale, capacity = excluded.capacity, archived = excluded.archived,
     created_at = excluded.created_at, rev = excluded.rev";

const PUT_CHANNEL: &str = "INSERT INTO channels (id, community, parent, key, name, description,
     position, policy, settings, archived, created_at, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (id) DO UPDATE SET community = excluded.community, parent = excluded.parent,
     key = excluded.key, name = excluded.name, description = excluded.description,
     position = excluded.position, policy = excluded.policy, settings = excluded.settings,
     archived = excluded.archived, created_at = excluded.created_at, rev = excluded.rev";

const PUT_LABEL: &str = "INSERT INTO labels (community, key, name, description, audience, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (community, key) DO UPDATE SET name = excluded.name,
     description = excluded.description, audience = excluded.audience, rev = excluded.rev";

const PUT_MEMBER: &str = "INSERT INTO members
    (id, key, name, attributes, lists, profile, listed, created_at, erased_at, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (id) DO UPDATE SET key = excluded.key, name = excluded.name,
     attributes = excluded.attributes, lists = excluded.lists, profile = excluded.profile,
     listed = excluded.listed, created_at = excluded.created_at, erased_at = excluded.erased_at,
     rev = excluded.rev";

const PUT_MEMBERSHIP: &str = "INSERT INTO memberships
    (community, member, joined_at, roles, level, pinned, off_boards, sanctions, rev)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (member, community) DO UPDATE SET joined_at = excluded.joined_at,
     roles = excluded.roles, level = excluded.level,
     pinned = excluded.pinned, off_boards = excluded.off_boards, sanctions = excluded.sanctions,
     rev = excluded.rev";

const ADD_ITEM: &str = "INSERT INTO items (community, key, topic, post) VALUES (?1, ?2, ?3, ?4)";

/// By the primary key.
const DROP_ITEM: &str = "DELETE FROM items WHERE community = ?1 AND key = ?2";

// By their primary keys.
const COMMUNITY: &str = "SELECT 1 FROM communities WHERE id = ?1";
const CHANNEL: &str = "SELECT 1 FROM channels WHERE id = ?1";
const MEMBER: &str = "SELECT 1 FROM members WHERE id = ?1";

impl Change<'_> {
    pub(super) fn put_community(&mut self, community: &Community) -> Result<()> {
        let Community {
            id,
            key,
            name,
            description,
            policy,
            settings,
            reactions,
            kinds,
            synonyms,
            reputation,
            hot_scale,
            capacity,
            archived,
            created_at,
            rev,
        } = community;
        self.raised.insert(AccessSlot::DIRECTORY);
        self.conn.prepare_cached(PUT_COMMUNITY)?.execute((
            id.as_bytes(),
            key.as_str(),
            name.as_str(),
            description,
            json(policy)?,
            json(settings)?,
            json(reactions)?,
            json(kinds)?,
            json(synonyms)?,
            json(reputation)?,
            hot_scale,
            capacity.map(signed).transpose()?,
            archived,
            to_micros(*created_at),
            signed(rev.0)?,
        ))?;
        Ok(())
    }

    pub(super) fn put_channel(&mut self, channel: &Channel) -> Result<()> {
        let Channel {
            id,
            community,
            parent,
            key,
            name,
            description,
            position,
            policy,
            settings,
            archived,
            created_at,
            rev,
        } = channel;
        // The channel above may still be to come; until then nobody sees this one.
        self.need_community(*community)?;
        self.raised.insert(AccessSlot::DIRECTORY);
        self.conn.prepare_cached(PUT_CHANNEL)?.execute((
            id.as_bytes(),
            community.as_bytes(),
            parent.as_ref().map(|id| id.as_bytes()),
            key.as_str(),
            name.as_str(),
            description,
            position,
            json(policy)?,
            json(settings)?,
            archived,
            to_micros(*created_at),
            signed(rev.0)?,
        ))?;
        Ok(())
    }

    pub(super) fn put_label(&mut self, label: &Label) -> Result<()> {
        let Label { community, key, name, description, audience, rev } = label;
        self.need_community(*community)?;
        self.raised.insert(AccessSlot::DIRECTORY);
        let audience = audience.to_string();
        self.conn.prepare_cached(PUT_LABEL)?.execute(params![
            community.as_bytes(),
            key.as_str(),
            name.as_str(),
            description,
            audience,
            signed(rev.0)?,
        ])?;
        Ok(())
    }

    pub(super) fn put_member(&mut self, member: &Member) -> Result<()> {
        let Member {
            id,
            key,
            name,
            attributes,
            lists,
            profile,
            listed,
            created_at,
            erased_at,
            rev,
        } = member;
        self.raised.insert(AccessSlot::of(*id));
        let was = names::of(self.conn, *id)?;
        let is = listed.then(|| (key.clone(), name.clone()));
        names::rename(self.conn, *id, was.as_ref(), is.as_ref())?;
        self.conn.prepare_cached(PUT_MEMBER)?.execute((
            id.as_bytes(),
            key.as_str(),
            name.as_str(),
            json(attributes)?,
            json(lists)?,
            json(profile)?,
            listed,
            to_micros(*created_at),
            opt_micros(*erased_at),
            signed(rev.0)?,
        ))?;
        Ok(())
    }

    pub(super) fn put_membership(&mut self, membership: &Membership) -> Result<()> {
        let Membership {
            community,
            member,
            joined_at,
            roles,
            level,
            pinned,
            off_boards,
            sanctions,
            rev,
        } = membership;
        self.need_community(*community)?;
        self.need_member(Some(*member))?;
        let of_roles = roles.iter().map(|grant| grant.channel);
        let of_sanctions = sanctions.iter().map(|sanction| sanction.channel);
        for channel in of_roles.chain(of_sanctions).flatten() {
            self.need_channel(channel)?;
        }
        for sanction in sanctions {
            self.need_member(sanction.by)?;
        }
        self.raised.insert(AccessSlot::of(*member));
        if names::has_joined(self.conn, *member, *community)? != joined_at.is_some()
            && let Some(named) = names::of(self.conn, *member)?
        {
            match joined_at {
                Some(_) => names::add(self.conn, *community, *member, &named)?,
                None => names::remove(self.conn, *community, *member, &named)?,
            }
        }
        self.conn.prepare_cached(PUT_MEMBERSHIP)?.execute((
            community.as_bytes(),
            member.as_bytes(),
            opt_micros(*joined_at),
            json(roles)?,
            level,
            pinned,
            off_boards,
            json(sanctions)?,
            signed(rev.0)?,
        ))?;
        Ok(())
    }

    /// Gives a topic or post another key, or its first, or none.
    pub(super) fn rename(
        &self,
        community: CommunityId,
        was: Option<&Key>,
        is: Option<&Key>,
        topic: TopicId,
        post: Option<PostId>,
    ) -> Result<()> {
        if was == is {
            return Ok(());
        }
        if let Some(key) = was {
            self.conn.prepare_cached(DROP_ITEM)?.execute((community.as_bytes(), key.as_str()))?;
        }
        if let Some(key) = is {
            let post = post.as_ref().map(|id| id.as_bytes());
            let params = (community.as_bytes(), key.as_str(), topic.as_bytes(), post);
            self.conn.prepare_cached(ADD_ITEM)?.execute(params)?;
        }
        Ok(())
    }

    pub(super) fn need_community(&mut self, id: CommunityId) -> Result<()> {
        self.need(COMMUNITY, "community", id.as_bytes())
    }

    pub(super) fn need_channel(&mut self, id: ChannelId) -> Result<()> {
        self.need(CHANNEL, "channel", id.as_bytes())
    }

    /// `None` is the system, which always exists.
    pub(super) fn need_member(&mut self, id: Option<MemberId>) -> Result<()> {
        id.map_or(Ok(()), |id| self.need(MEMBER, "member", id.as_bytes()))
    }

    fn need(&mut self, sql: &'static str, what: &'static str, id: &[u8; 16]) -> Result<()> {
        if self.group.found.contains(&(what, *id)) {
            return Ok(());
        }
        if !self.conn.prepare_cached(sql)?.exists([id])? {
            return Err(Fault::refused(format_args!("a {what} that does not exist")));
        }
        self.group.found.insert((what, *id));
        Ok(())
    }
}
