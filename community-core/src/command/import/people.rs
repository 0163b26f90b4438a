//! Members, memberships, channels and labels of an import.

use super::state::Batch;
use crate::change::{Counter, EntityRef, EventKind, Expect, NewEvent, Op, UniqueKey};
use crate::command::NewMember;
use crate::command::member::check_member;
use crate::command::{check_policy, community::check_settings};
use crate::domain::{Channel, Label, Member, Membership, Rev, RoleGrant, Sanction};
use crate::engine::Rights;
use crate::error::{Error, Result};
use crate::id::{ChannelId, MemberId};
use crate::policy::Audience;
use crate::record::{ChannelRecord, LabelRecord, MemberRecord, MembershipRecord};
use crate::text::{Key, Name, Slug};
use crate::time::Timestamp;

impl Batch<'_> {
    pub(super) fn member(&mut self, record: &MemberRecord) -> Result<()> {
        let MemberRecord { key, name, attributes, lists, profile, listed, created_at, erased_at } =
            record.clone();
        let name = match name {
            Some(name) => name,
            None => Name::new(key.as_str())?,
        };
        let new = NewMember { key, name, attributes, lists, profile, listed };
        check_member(&new, self.env.limits())?;
        match self.members.get(&new.key).cloned() {
            None => {
                if erased_at.is_some() && !is_nobody(&new) {
                    let why = "an erased member has no key, name or facts of its own";
                    return Err(Error::invalid(why));
                }
                self.create_member(&new, created_at.unwrap_or(self.rights.now), erased_at);
                Ok(())
            }
            // What is erased stays so, whatever comes in again.
            Some(old) if old.erased_at.is_some() => Ok(()),
            Some(_) if erased_at.is_some() => {
                Err(Error::invalid("who is there is not erased by an import"))
            }
            Some(old) => {
                let member = new.applied_to(&old);
                if member != old {
                    let expected = Expect::Rev(EntityRef::Member(old.id), old.rev);
                    self.plan_mut().expect(expected);
                    self.put_member(Member { rev: old.rev.next(), ..member });
                }
                Ok(())
            }
        }
    }

    fn create_member(
        &mut self,
        new: &NewMember,
        at: Timestamp,
        erased_at: Option<Timestamp>,
    ) -> MemberId {
        // Members belong to the tenant, not to the community that brings them in.
        let id = crate::IdSource::named(at, &format!("member/{}", new.key));
        let member = Member { erased_at, ..new.created(MemberId::from_uuid(id), at) };
        let id = member.id;
        self.plan_mut().expect(Expect::Absent(UniqueKey::Member(new.key.clone())));
        self.plan_mut().expect(Expect::Rev(EntityRef::Member(id), Rev(0)));
        self.created.push((new.key.clone(), id));
        self.put_member(member);
        id
    }

    fn put_member(&mut self, member: Member) {
        let kind = match member.rev {
            Rev::FIRST => EventKind::MemberCreated,
            _ => EventKind::MemberChanged,
        };
        let event = NewEvent { member: Some(member.id), ..self.rights.event(kind) };
        self.plan_mut().events.push(event);
        self.plan_mut().ops.push(Op::PutMember(Box::new(member.clone())));
        self.members.insert(member.key.clone(), member);
    }

    /// The member of a key, who is created when there is none yet.
    pub(super) fn member_of(&mut self, key: &Key, at: Timestamp) -> Result<MemberId> {
        if let Some(member) = self.members.get(key) {
            return Ok(member.id);
        }
        let new = NewMember::new(key.clone(), Name::new(key.as_str())?);
        Ok(self.create_member(&new, at, None))
    }

    /// Whether a member of the batch is erased.
    pub(super) fn is_erased(&self, key: &Key) -> bool {
        self.members.get(key).is_some_and(|member| member.erased_at.is_some())
    }

    /// The member of a key, or the importing one when there is no key.
    pub(super) fn author_of(&mut self, key: Option<&Key>, at: Timestamp) -> Result<MemberId> {
        match key {
            Some(key) => self.member_of(key, at),
            None => self.importer.ok_or_else(|| {
                Error::invalid("no author, and nobody imports: name one or the other")
            }),
        }
    }

    pub(super) async fn membership(&mut self, record: &MembershipRecord) -> Result<()> {
        // What is erased stays so, whatever comes in again.
        if self.is_erased(&record.member) {
            return Ok(());
        }
        let now = self.rights.now;
        let member = self.member_of(&record.member, record.joined_at.unwrap_or(now))?;
        let old = match self.memberships.get(&member) {
            Some(known) => known.clone(),
            None => {
                let known = self.session.engine().store().memberships(member).await?;
                Rights::membership_in(&known, self.community, member)
            }
        };
        let channel = |batch: &Self, key: &Option<Slug>| match key {
            None => Ok(None),
            Some(key) => batch
                .channels
                .get(key)
                .map(|channel| Some(channel.id))
                .ok_or_else(|| Error::invalid(format!("there is no channel `{key}`"))),
        };
        let mut roles = Vec::new();
        for role in &record.roles {
            let channel = channel(self, &role.channel)?;
            roles.push(RoleGrant { role: role.role.clone(), channel });
        }
        roles.sort();
        roles.dedup();
        self.env.limits().roles(roles.len())?;
        self.env.limits().sanctions(record.sanctions.len())?;
        let mut sanctions = Vec::new();
        for sanction in &record.sanctions {
            self.env.limits().reason(sanction.reason.len())?;
            let by = match &sanction.by {
                Some(key) => Some(self.member_of(key, sanction.since)?),
                None => None,
            };
            sanctions.push(Sanction {
                kind: sanction.kind,
                channel: channel(self, &sanction.channel)?,
                since: sanction.since,
                until: sanction.until,
                reason: sanction.reason.clone(),
                by,
            });
        }
        let pinned = record.pinned || record.level > 0;
        let mut new = Membership {
            joined_at: record.joined_at,
            roles,
            level: if pinned || old.pinned { record.level } else { old.level },
            pinned,
            off_boards: record.off_boards,
            sanctions,
            ..old.clone()
        };
        if new == old {
            return Ok(());
        }
        let step = i64::from(new.joined_at.is_some()) - i64::from(old.joined_at.is_some());
        let kind = match step {
            1 => EventKind::Joined,
            -1 => EventKind::Left,
            _ => EventKind::StandingChanged,
        };
        let mut event = self.rights.event_in(kind, self.community);
        event.member = Some(member);
        event.at = new.joined_at.unwrap_or(now);
        let entity = EntityRef::Membership(self.community.id, member);
        new.rev = old.rev.next();
        self.memberships.insert(member, new.clone());
        let members = Counter::Members(self.community.id);
        self.rest_on_member(&record.member);
        let plan = self.plan_mut();
        plan.expect(Expect::Rev(entity, old.rev));
        if step != 0 {
            plan.bump(members, step);
        }
        plan.events.push(event);
        plan.ops.push(Op::PutMembership(Box::new(new)));
        Ok(())
    }

    pub(super) fn channel(&mut self, record: &ChannelRecord) -> Result<()> {
        let parent = match &record.parent {
            None => None,
            Some(key) => {
                let parent = self.channels.get(key);
                let parent =
                    parent.ok_or_else(|| Error::invalid(format!("there is no channel `{key}`")))?;
                if self.level_of(parent) >= Channel::MAX_LEVEL {
                    return Err(Error::invalid("channels are nested up to three levels"));
                }
                Some(parent.id)
            }
        };
        let name = match &record.name {
            Some(name) => name.clone(),
            None => Name::new(record.key.as_str())?,
        };
        self.env.limits().body(record.description.len())?;
        check_policy(&record.policy, self.env.limits())?;
        check_settings(&record.settings, self.community)?;
        let old = self.channels.get(&record.key).cloned();
        let base = match &old {
            Some(old) if old.parent != parent => {
                return Err(Error::invalid("a channel stays below the channel it was created in"));
            }
            Some(old) => old.clone(),
            None => self.new_channel(&record.key, record.created_at)?,
        };
        let channel = Channel {
            parent,
            name,
            description: record.description.clone(),
            position: record.position,
            policy: record.policy.clone().canonical(),
            settings: record.settings.clone(),
            archived: record.archived,
            ..base
        };
        self.put_channel(old.as_ref(), channel);
        Ok(())
    }

    fn level_of(&self, channel: &Channel) -> usize {
        let mut level = 1;
        let mut above = channel.parent;
        while let Some(id) = above {
            level += 1;
            above = self.channels.values().find(|c| c.id == id).and_then(|c| c.parent);
        }
        level
    }

    fn new_channel(&self, key: &Slug, at: Option<Timestamp>) -> Result<Channel> {
        self.env.limits().channels(self.channels.len() + 1)?;
        let at = at.unwrap_or(self.rights.now);
        Ok(Channel {
            id: ChannelId::from_uuid(self.env.mint(at)),
            community: self.community.id,
            parent: None,
            key: key.clone(),
            name: Name::new(key.as_str())?,
            description: String::new(),
            position: 0,
            policy: crate::Policy::inherit(),
            settings: crate::Settings::default(),
            archived: false,
            created_at: at,
            rev: Rev::FIRST,
        })
    }

    fn put_channel(&mut self, old: Option<&Channel>, mut channel: Channel) {
        let (expected, kind) = match old {
            Some(old) if *old == channel => return,
            Some(old) => {
                channel.rev = old.rev.next();
                let expected = Expect::Rev(EntityRef::Channel(old.id), old.rev);
                (expected, EventKind::ChannelChanged)
            }
            None => {
                let key = UniqueKey::Channel(self.community.id, channel.key.clone());
                (Expect::Absent(key), EventKind::ChannelCreated)
            }
        };
        let event = self.rights.event_in(kind, self.community);
        let plan = self.plan_mut();
        plan.expect(expected);
        plan.events.push(NewEvent { channel: Some(channel.id), ..event });
        plan.ops.push(Op::PutChannel(Box::new(channel.clone())));
        self.channels.insert(channel.key.clone(), channel);
    }

    /// The channel of a key, which is created when there is none yet.
    pub(super) fn channel_of(&mut self, key: &Slug) -> Result<ChannelId> {
        if let Some(channel) = self.channels.get(key) {
            return Ok(channel.id);
        }
        let channel = self.new_channel(key, None)?;
        let id = channel.id;
        self.put_channel(None, channel);
        Ok(id)
    }

    pub(super) fn label(&mut self, record: &LabelRecord) -> Result<()> {
        let name = match &record.name {
            Some(name) => name.clone(),
            None => Name::new(record.key.as_str())?,
        };
        self.env.limits().body(record.description.len())?;
        record.audience.check_within(self.env.limits())?;
        let label = Label {
            community: self.community.id,
            key: record.key.clone(),
            name,
            description: record.description.clone(),
            audience: record.audience.clone().canonical(),
            rev: Rev::FIRST,
        };
        self.put_label(label)
    }

    /// Labels of a topic, sorted, each once; those that do not exist yet are created.
    pub(super) fn labels_of(&mut self, keys: &[Slug]) -> Result<Vec<Slug>> {
        self.env.limits().labels(keys.len())?;
        for key in keys {
            if !self.labels.contains_key(key) {
                self.put_label(Label {
                    community: self.community.id,
                    key: key.clone(),
                    name: Name::new(key.as_str())?,
                    description: String::new(),
                    audience: Audience::Everyone,
                    rev: Rev::FIRST,
                })?;
            }
        }
        let mut labels = keys.to_vec();
        labels.sort();
        labels.dedup();
        Ok(labels)
    }

    fn put_label(&mut self, mut label: Label) -> Result<()> {
        match self.labels.get(&label.key) {
            Some(old) => {
                label.rev = old.rev;
                if label == *old {
                    return Ok(());
                }
                label.rev = old.rev.next();
            }
            None => {
                self.env.limits().community_labels(self.labels.len() + 1)?;
                let key = UniqueKey::Label(self.community.id, label.key.clone());
                self.plan_mut().expect(Expect::Absent(key));
            }
        }
        let kind = EventKind::LabelChanged { label: label.key.clone() };
        let event = self.rights.event_in(kind, self.community);
        let plan = self.plan_mut();
        plan.events.push(event);
        plan.ops.push(Op::PutLabel(Box::new(label.clone())));
        self.labels.insert(label.key.clone(), label);
        Ok(())
    }
}

/// Whether it says of a member what erasing leaves.
fn is_nobody(member: &NewMember) -> bool {
    let NewMember { key, name, attributes, lists, profile, listed } = member;
    key.as_str().starts_with("erased-")
        && name.as_str() == Member::ERASED
        && attributes.is_empty()
        && lists.is_empty()
        && profile.is_empty()
        && !listed
}
