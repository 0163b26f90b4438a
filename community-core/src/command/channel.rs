//! Channels.

use super::community::check_settings;
use super::{check_policy, in_channel, nothing};
use crate::change::{EntityRef, EventKind, Expect, Op, UniqueKey};
use crate::domain::{Channel, Rev, Settings};
use crate::engine::command;
use crate::engine::{Rights, Session};
use crate::error::{Error, Result};
use crate::id::ChannelId;
use crate::policy::{Action, Policy};
use crate::text::{Name, Slug};

/// A channel to be created.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Its key.
    pub key: Slug,
    /// Its name.
    pub name: Name,
    /// The key of the channel above it.
    pub parent: Option<Slug>,
    /// What it is about.
    pub description: String,
    /// Its place among its siblings.
    pub position: i64,
    /// What it overrides of the policy above it.
    pub policy: Policy,
    /// What it overrides of the settings above it.
    pub settings: Settings,
}

impl NewChannel {
    /// A top-level channel that inherits everything.
    #[must_use]
    pub fn new(key: Slug, name: Name) -> Self {
        Self {
            key,
            name,
            parent: None,
            description: String::new(),
            position: 0,
            policy: Policy::inherit(),
            settings: Settings::default(),
        }
    }

    /// The same with a policy of its own.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The same below another channel.
    #[must_use]
    pub fn below(mut self, parent: Slug) -> Self {
        self.parent = Some(parent);
        self
    }
}

/// Changes of a channel; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ChannelUpdate {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
    /// A new place among its siblings.
    pub position: Option<i64>,
    /// What it overrides of the policy, in place of the whole old one.
    pub policy: Option<Policy>,
    /// What it overrides of the settings, in place of all old ones.
    pub settings: Option<Settings>,
    /// Whether it is archived.
    pub archived: Option<bool>,
    /// The revision that the change rests on, from [`Session::managed_channel`]; `None` is
    /// whichever is current.
    pub expected: Option<Rev>,
}

impl Session {
    /// Creates a channel.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Conflict`] when
    /// the key is taken; [`Error::Invalid`] below a third-level channel; [`Error::Limit`].
    pub async fn create_channel(&self, community: &Slug, new: NewChannel) -> Result<ChannelId> {
        let env = self.engine().env();
        let id = command!(self, (community, &new), |rights| {
            let (community, parent) =
                rights.place_to(&Action::Manage, community, new.parent.as_ref())?;
            if parent.is_some_and(|parent| parent.path.len() >= Channel::MAX_LEVEL) {
                return Err(Error::invalid("channels are nested up to three levels"));
            }
            let count = rights.directory.channels(community.id).count();
            env.limits().channels(count + 1)?;
            env.limits().body(new.description.len())?;
            check_policy(&new.policy, env.limits())?;
            check_settings(&new.settings, community)?;
            if rights.directory.channel_by_key(community.id, &new.key).is_some() {
                return Err(Error::Conflict("a channel has this key already"));
            }
            let channel = Channel {
                id: ChannelId::from_uuid(env.mint(rights.now)),
                community: community.id,
                parent: parent.map(|parent| parent.channel.id),
                key: new.key.clone(),
                name: new.name.clone(),
                description: new.description.clone(),
                position: new.position,
                policy: new.policy.clone().canonical(),
                settings: new.settings.clone(),
                archived: false,
                created_at: rights.now,
                rev: Rev::FIRST,
            };
            let mut changes = rights.changes();
            let key = UniqueKey::Channel(community.id, new.key.clone());
            changes.expect(Expect::Absent(key));
            let event = rights.event_in(EventKind::ChannelCreated, community);
            changes.events.push(in_channel(event, channel.id));
            let id = channel.id.uuid();
            changes.ops.push(Op::PutChannel(Box::new(channel)));
            Ok((Some(id), changes))
        });
        id.map(ChannelId::from_uuid).ok_or(Error::NotFound("channel"))
    }

    /// Changes a channel.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Conflict`] when
    /// the expected revision is not the current one.
    pub async fn update_channel(
        &self,
        community: &Slug,
        key: &Slug,
        update: ChannelUpdate,
    ) -> Result<()> {
        let env = self.engine().env();
        command!(self, (community, key, &update), |rights| {
            let (community, entry) = rights.place_to(&Action::Manage, community, Some(key))?;
            let entry = entry.ok_or(Error::NotFound("channel"))?;
            let old = &entry.channel;
            if update.expected.is_some_and(|expected| expected != old.rev) {
                return Err(Error::Conflict("the channel has changed meanwhile"));
            }
            let ChannelUpdate {
                name,
                description,
                position,
                policy,
                settings,
                archived,
                expected: _,
            } = update.clone();
            let mut channel = Channel {
                name: name.unwrap_or_else(|| old.name.clone()),
                description: description.unwrap_or_else(|| old.description.clone()),
                position: position.unwrap_or(old.position),
                policy: policy.unwrap_or_else(|| old.policy.clone()),
                settings: settings.unwrap_or_else(|| old.settings.clone()),
                archived: archived.unwrap_or(old.archived),
                ..old.clone()
            };
            env.limits().body(channel.description.len())?;
            check_policy(&channel.policy, env.limits())?;
            check_settings(&channel.settings, community)?;
            channel.policy = channel.policy.canonical();
            put_channel(&rights, old, channel)
        });
        Ok(())
    }
}

fn put_channel(rights: &Rights, old: &Channel, mut channel: Channel) -> super::Planned {
    let subject = Some(channel.id.uuid());
    if channel == *old {
        return nothing(rights, subject);
    }
    let mut changes = rights.changes();
    changes.expect(Expect::Rev(EntityRef::Channel(old.id), old.rev));
    channel.rev = old.rev.next();
    let mut event = rights.event(EventKind::ChannelChanged);
    event.community = Some(old.community);
    changes.events.push(in_channel(event, old.id));
    changes.ops.push(Op::PutChannel(Box::new(channel)));
    Ok((subject, changes))
}
