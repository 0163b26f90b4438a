//! Topics.

use serde_json::Value;

use super::nothing;
use crate::change::{ChangeSet, EventKind, Expect, UniqueKey, Written};
use crate::domain::{
    Community, Link, LinkKind, Pin, PinPlace, Post, PostCounters, PostKind, Rev, Revision, State,
    Topic, TopicCounters, TransitionBy,
};
use crate::engine::{Rights, Session, command};
use crate::error::{Error, Result};
use crate::id::{PostId, TopicId};
use crate::limits::Limits;
use crate::policy::{Action, Audience, Target};
use crate::store::StoreError;
use crate::text::{Key, Slug, Title};
use crate::time::Timestamp;

/// A topic to be started.
#[derive(Debug, Clone)]
pub struct NewTopic {
    /// The key of its community.
    pub community: Slug,
    /// The key of its channel.
    pub channel: Slug,
    /// Its kind.
    pub kind: Slug,
    /// Its title.
    pub title: String,
    /// The text of its first post.
    pub body: String,
    /// Its labels.
    pub labels: Vec<Slug>,
    /// The fields of its kind.
    pub payload: Option<Value>,
    /// The host's own key, for a topic that stands for something of the host's.
    pub key: Option<Key>,
}

impl NewTopic {
    /// A topic of a kind, with a title and a text.
    #[must_use]
    pub fn new(
        community: Slug,
        channel: Slug,
        kind: Slug,
        title: impl Into<String>,
        body: impl Into<String>,
    ) -> Self {
        Self {
            community,
            channel,
            kind,
            title: title.into(),
            body: body.into(),
            labels: Vec::new(),
            payload: None,
            key: None,
        }
    }

    /// The same with a label more.
    #[must_use]
    pub fn label(mut self, label: Slug) -> Self {
        self.labels.push(label);
        self
    }

    /// The same with the fields of its kind.
    #[must_use]
    pub fn payload(mut self, payload: Value) -> Self {
        self.payload = Some(payload);
        self
    }

    /// The same with the host's own key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }
}

/// Changes of a topic; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct TopicEdit {
    /// A new title.
    pub title: Option<String>,
    /// New labels, in place of all old ones that the editor sees.
    pub labels: Option<Vec<Slug>>,
    /// New fields, in place of all old ones.
    pub payload: Option<Value>,
    /// A new text of the first post.
    pub body: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The revision of the topic that the edit rests on; `None` is whichever is current.
    pub expected: Option<Rev>,
}

/// A pin to be set.
#[derive(Debug, Clone)]
pub struct NewPin {
    /// In which feeds.
    pub place: PinPlace,
    /// The order among several, smallest first.
    pub position: i64,
    /// For whom.
    pub audience: Audience,
    /// Until when; `None` is until it is taken off.
    pub until: Option<Timestamp>,
}

impl Session {
    /// Starts a topic.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or channel that the member does not see;
    /// [`Error::Denied`] by the policy; [`Error::Invalid`] for an unknown kind or label or a payload
    /// that does not fit; [`Error::Conflict`] when the key is taken; [`Error::Limit`];
    /// [`Error::NewMember`] and [`Error::DayFull`] for what the member's level does not allow.
    pub async fn start_topic(&self, new: NewTopic) -> Result<TopicId> {
        let env = self.engine().env();
        let limits = env.limits();
        let title = limits.check_title(&new.title)?;
        limits.check_body(&new.body)?;
        check_payload_size(limits, new.payload.as_ref())?;
        limits.labels(new.labels.len())?;
        let id = command!(self, new, |rights| {
            let community = rights.community(&new.community)?;
            let entry = rights.channel(community, &new.channel)?;
            let kind = known_kind(community, &new.kind)?;
            let target = Target { community, channel: Some(entry), topic: None, author: None };
            rights.require(&Action::StartKind(new.kind.clone()), target, "channel")?;
            let author = rights.author(&Action::Start)?;
            rights.check_new_member(target, &[title.as_str(), &new.body])?;
            kind.check_payload(new.payload.as_ref())?;
            let labels = rights.known_labels(community, &new.labels)?;
            let topic = Topic {
                id: TopicId::from_uuid(env.mint(rights.now)),
                community: community.id,
                channel: entry.channel.id,
                key: new.key.clone(),
                kind: kind.name.clone(),
                answerable: kind.answers,
                title: title.clone(),
                labels,
                author,
                opening: PostId::from_uuid(env.mint(rights.now)),
                status: kind.initial.clone(),
                payload: new.payload.clone(),
                state: State::Published,
                locked: false,
                pin: None,
                hot_scale: community.hot_scale,
                created_at: rights.now,
                bumped_at: rights.now,
                rev: Rev::FIRST,
                gate: 0,
                counters: TopicCounters::new(rights.now),
            };
            let mut changes = rights.changes();
            self.check_day(&rights, target, author, Written::Topics, &mut changes).await?;
            if let Some(key) = &new.key {
                self.require_free(&rights, community, key).await?;
                changes.expect(Expect::Absent(UniqueKey::Item(community.id, key.clone())));
            }
            let opening = opening_of(&topic);
            let text = Revision {
                post: opening.id,
                number: 1,
                body: new.body.clone(),
                title: Some(topic.title.clone()),
                labels: Some(topic.labels.clone()),
                editor: Some(author),
                at: rights.now,
                reason: None,
            };
            changes.add_topic(&topic, &opening, text);
            let kind = EventKind::TopicStarted { labels: topic.labels.clone() };
            changes.events.push(rights.event_on(kind, &topic, Some(opening.id)));
            Ok((Some(topic.id.uuid()), changes))
        });
        id.map(TopicId::from_uuid).ok_or(Error::NotFound("topic"))
    }

    /// Edits a topic: a new revision of its first post, which keeps title and labels too.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to edit; [`Error::Conflict`] when the
    /// expected revision is not the current one; [`Error::Erased`]; [`Error::Invalid`];
    /// [`Error::Limit`].
    pub async fn edit_topic(&self, id: TopicId, edit: TopicEdit) -> Result<()> {
        let limits = self.engine().env().limits();
        let title = edit.title.as_deref().map(|title| limits.check_title(title)).transpose()?;
        edit.body.as_deref().map_or(Ok(()), |body| limits.check_body(body))?;
        check_payload_size(limits, edit.payload.as_ref())?;
        limits.labels(edit.labels.as_ref().map_or(0, Vec::len))?;
        limits.reason(edit.reason.as_ref().map_or(0, String::len))?;
        command!(self, (id, &edit), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            rights.require_in_topic(&Action::Edit, &topic, Some(topic.author), "topic")?;
            if edit.expected.is_some_and(|expected| expected != topic.rev) {
                return Err(Error::Conflict("the topic has changed meanwhile"));
            }
            let (community, _) = rights.place_of(&topic)?;
            let mut after = topic.clone();
            if let Some(title) = &title {
                after.title = title.clone();
            }
            if let Some(labels) = &edit.labels {
                // Labels that the editor does not see stay where they are.
                let hidden =
                    topic.labels.iter().filter(|l| !rights.scope.sees_label(community.id, l));
                after.labels = rights.known_labels(community, labels)?;
                after.labels.extend(hidden.cloned());
                after.labels.sort();
            }
            if let Some(payload) = &edit.payload {
                known_kind(community, &topic.kind)?.check_payload(Some(payload))?;
                after.payload = Some(payload.clone());
            }
            let mut changes = rights.changes();
            let view = self.visible_post(&rights, topic.opening).await?;
            if view.post.erased_at.is_some() {
                return Err(Error::Erased("topic"));
            }
            let body = edit.body.as_ref().filter(|body| **body != view.body);
            if after == topic && body.is_none() {
                return nothing(&rights, None);
            }
            let texts = [title.as_ref().map(Title::as_str), body.map(String::as_str)];
            let texts: Vec<&str> = texts.into_iter().flatten().collect();
            rights.check_new_member_in(&topic, &texts)?;
            if after.title != topic.title || after.labels != topic.labels || body.is_some() {
                let text = Revision {
                    post: topic.opening,
                    number: view.post.revision + 1,
                    body: body.unwrap_or(&view.body).clone(),
                    title: Some(after.title.clone()),
                    labels: Some(after.labels.clone()),
                    editor: rights.actor(),
                    at: rights.now,
                    reason: edit.reason.clone(),
                };
                changes.add_revision(&view.post, text, limits)?;
            }
            let labels = (after.labels != topic.labels).then(|| after.labels.clone());
            changes.events.push(rights.event_on(EventKind::TopicEdited { labels }, &topic, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Moves a topic to another channel of its community. Its id and key stay, and with them every
    /// permalink.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to moderate in both channels, or
    /// where the channel does not take topics of this kind.
    pub async fn move_topic(&self, id: TopicId, channel: &Slug) -> Result<()> {
        command!(self, ("move", id, channel), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            rights.require_in_topic(&Action::Moderate, &topic, Some(topic.author), "topic")?;
            let (community, _) = rights.place_of(&topic)?;
            let entry = rights.channel(community, channel)?;
            let target = Target { community, channel: Some(entry), topic: None, author: None };
            rights.require(&Action::Moderate, target, "channel")?;
            if entry.channel.id == topic.channel {
                return nothing(&rights, None);
            }
            if !entry.settings.allows_kind(&topic.kind) {
                return Err(Error::invalid(format!(
                    "the channel `{}` does not take topics of kind `{}`",
                    entry.channel.key, topic.kind
                )));
            }
            let after = Topic { channel: entry.channel.id, gate: topic.gate + 1, ..topic.clone() };
            let mut changes = rights.changes();
            let kind = EventKind::TopicMoved { from: topic.channel };
            changes.events.push(rights.event_on(kind, &after, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Locks a topic against replies, or opens it again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to moderate.
    pub async fn set_locked(&self, id: TopicId, locked: bool) -> Result<()> {
        command!(self, ("lock", id, locked), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            rights.require_in_topic(&Action::Moderate, &topic, Some(topic.author), "topic")?;
            if topic.locked == locked {
                return nothing(&rights, None);
            }
            let after = Topic { locked, gate: topic.gate + 1, ..topic.clone() };
            let mut changes = rights.changes();
            let kind = EventKind::TopicLocked { locked };
            changes.events.push(rights.event_on(kind, &topic, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Pins a topic, in place of an older pin of it, or takes the pin off.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to moderate; [`Error::Limit`] for too
    /// many pins in the community, those that have ended included.
    pub async fn set_pin(&self, id: TopicId, pin: Option<NewPin>) -> Result<()> {
        let limits = self.engine().env().limits();
        if let Some(pin) = &pin {
            pin.audience.check_within(limits)?;
        }
        command!(self, ("pin", id, &pin), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            rights.require_in_topic(&Action::Moderate, &topic, Some(topic.author), "topic")?;
            if pin.is_none() && topic.pin.is_none() {
                return nothing(&rights, None);
            }
            if topic.pin.is_none() {
                let system = self.unscoped();
                let others = self.engine().store().pinned(topic.community, &system).await?;
                limits.pins(others.len() + 1)?;
            }
            let after = Topic {
                pin: pin.clone().map(|NewPin { place, position, audience, until }| Pin {
                    place,
                    position,
                    audience: audience.canonical(),
                    since: rights.now,
                    until,
                }),
                ..topic.clone()
            };
            let mut changes = rights.changes();
            let kind = EventKind::TopicPinned { pinned: after.pin.is_some() };
            changes.events.push(rights.event_on(kind, &topic, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Changes a topic's status along its kind's state machine.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] for a change that the machine does
    /// not have.
    pub async fn set_status(&self, id: TopicId, status: &Slug) -> Result<()> {
        command!(self, ("status", id, status), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            let (community, _) = rights.place_of(&topic)?;
            let kind = known_kind(community, &topic.kind)?;
            let transition = kind.transition(&topic.status, status);
            // Who may not change it at all learns nothing about the machine first.
            let action = match transition.map_or(TransitionBy::Editor, |t| t.by) {
                TransitionBy::Editor => Action::Edit,
                TransitionBy::Moderator => Action::Moderate,
            };
            rights.require_in_topic(&action, &topic, Some(topic.author), "topic")?;
            if transition.is_none() {
                return Err(Error::invalid(format!(
                    "a topic of kind `{}` does not go from `{}` to `{status}`",
                    topic.kind, topic.status
                )));
            }
            let after = Topic { status: status.clone(), ..topic.clone() };
            let mut changes = rights.changes();
            let kind = EventKind::StatusChanged { from: topic.status.clone(), to: status.clone() };
            changes.events.push(rights.event_on(kind, &topic, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Takes back a topic that one started.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Erased`].
    pub async fn withdraw_topic(&self, id: TopicId) -> Result<()> {
        self.change_topic_state(id, State::Withdrawn).await
    }

    /// Removes a topic, as a moderator.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub async fn remove_topic(&self, id: TopicId) -> Result<()> {
        self.change_topic_state(id, State::Removed).await
    }

    /// Brings back a topic: its author what the author took back, a moderator everything that is not
    /// [erased](Self::erase_post).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Erased`].
    pub async fn restore_topic(&self, id: TopicId) -> Result<()> {
        self.change_topic_state(id, State::Published).await
    }

    async fn change_topic_state(&self, id: TopicId, state: State) -> Result<()> {
        command!(self, ("topic state", id, state), |rights| {
            let topic = self.whole_topic(&rights, id).await?;
            let action = state_action(topic.state, state, rights.actor() == Some(topic.author));
            rights.require_in_topic(&action, &topic, Some(topic.author), "topic")?;
            if topic.state == state {
                return nothing(&rights, None);
            }
            // What is erased is removed, and stays so.
            if topic.state == State::Removed
                && self.visible_post(&rights, topic.opening).await?.post.erased_at.is_some()
            {
                return Err(Error::Erased("topic"));
            }
            let after = Topic { state, gate: topic.gate + 1, ..topic.clone() };
            let mut changes = rights.changes();
            let kind = EventKind::TopicStateChanged { state };
            changes.events.push(rights.event_on(kind, &topic, None));
            changes.change_topic(&topic, after);
            Ok((None, changes))
        });
        Ok(())
    }

    /// Links two topics that the viewer sees, or takes the link away. There is one link however
    /// many set it; of those who do at the same moment each may leave an event.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Denied`] without the right to edit the topic that points.
    pub async fn set_link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
        linked: bool,
    ) -> Result<()> {
        command!(self, ("link", from, to, kind, linked), |rights| {
            let topic = self.whole_topic(&rights, from).await?;
            rights.require_in_topic(&Action::Edit, &topic, Some(topic.author), "topic")?;
            let other = self.visible_topic(&rights, to).await?;
            if from == to {
                return Err(Error::invalid("a topic is not linked to itself"));
            }
            let known = self.engine().store().link(from, to, kind).await?;
            if known.is_some() == linked {
                return nothing(&rights, None);
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            changes.expect(Expect::Gate(other.topic.id, other.topic.gate));
            changes.ops.push(if linked {
                crate::change::Op::PutLink(Link { from, to, kind, at: rights.now })
            } else {
                crate::change::Op::DropLink { from, to, kind }
            });
            let kind = EventKind::Linked { to: other.topic.id, linked };
            changes.events.push(rights.event_on(kind, &topic, None));
            Ok((None, changes))
        });
        Ok(())
    }

    /// A topic that the viewer sees, with all of its labels and its pin: what a command changes has to be
    /// whole.
    pub(super) async fn whole_topic(&self, rights: &Rights, id: TopicId) -> Result<Topic> {
        let seen = self.visible_topic(rights, id).await?;
        let sees_pins = rights.scope.moderated().contains(seen.topic.channel);
        if sees_pins && !rights.scope.hides_labels() {
            return Ok(seen.into_inner().topic);
        }
        let rows = self.engine().store().topics(&[id], &self.unscoped()).await?;
        let row = rows.into_iter().flatten().next();
        let row = row.and_then(|row| self.unscoped().admit(row)).ok_or(Error::NotFound("topic"))?;
        let whole = row.into_inner().topic;
        // What was allowed is what was seen: a topic that has changed in between is looked at anew.
        if (whole.rev, whole.gate) != (seen.topic.rev, seen.topic.gate) {
            return Err(StoreError::StaleScope.into());
        }
        Ok(whole)
    }

    /// Goes on only when no item of the community has a key.
    pub(super) async fn require_free(
        &self,
        _rights: &Rights,
        community: &Community,
        key: &Key,
    ) -> Result<()> {
        let store = self.engine().store();
        let found = store.lookup(community.id, std::slice::from_ref(key)).await?;
        match found.into_iter().flatten().next() {
            None => Ok(()),
            Some(_) => Err(Error::Conflict("something has this key already")),
        }
    }
}

/// The right that a change of state needs.
pub(super) fn state_action(from: State, to: State, is_author: bool) -> Action {
    match (from, to) {
        (_, State::Removed) | (State::Removed, _) => Action::Moderate,
        (_, State::Withdrawn) => Action::Withdraw,
        (State::Withdrawn, State::Published) if is_author => Action::Withdraw,
        _ => Action::Moderate,
    }
}

/// The first post of a new topic.
pub(super) fn opening_of(topic: &Topic) -> Post {
    Post {
        id: topic.opening,
        topic: topic.id,
        parent: None,
        depth: 0,
        kind: PostKind::Opening,
        key: None,
        author: topic.author,
        state: State::Published,
        bumps: true,
        accepted: None,
        official: None,
        shared_at: None,
        erased_at: None,
        created_at: topic.created_at,
        edited_at: None,
        revision: 1,
        rev: Rev::FIRST,
        counters: PostCounters::default(),
    }
}

fn known_kind<'a>(community: &'a Community, kind: &Slug) -> Result<&'a crate::Kind> {
    community.kind(kind).ok_or_else(|| Error::invalid(format!("there is no kind `{kind}`")))
}

/// A payload is JSON text in the store: that text is what is limited.
pub(super) fn check_payload_size(limits: &Limits, payload: Option<&Value>) -> Result<()> {
    let size = payload.map_or(0, |payload| payload.to_string().len());
    Ok(limits.payload(size)?)
}

impl Rights {
    /// Labels that the viewer may use, sorted, each once.
    pub(super) fn known_labels(&self, community: &Community, keys: &[Slug]) -> Result<Vec<Slug>> {
        for key in keys {
            let known = self.directory.label(community.id, key).is_some();
            if !known || !self.scope.sees_label(community.id, key) {
                return Err(Error::invalid(format!("there is no label `{key}`")));
            }
        }
        let mut labels = keys.to_vec();
        labels.sort();
        labels.dedup();
        Ok(labels)
    }
}

impl ChangeSet {
    /// A new version of a post's text.
    pub(super) fn add_revision(
        &mut self,
        post: &Post,
        text: Revision,
        limits: &Limits,
    ) -> Result<()> {
        limits.revisions(usize::try_from(text.number).unwrap_or(usize::MAX))?;
        let after = Post { revision: text.number, edited_at: Some(text.at), ..post.clone() };
        self.ops.push(crate::change::Op::PutRevision(Box::new(text)));
        self.change_post(post, after);
        Ok(())
    }
}
