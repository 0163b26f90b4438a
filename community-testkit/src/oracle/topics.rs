//! Commands on topics.

use community_core::change::EventKind;
use community_core::{
    Action, Community, Kind, Link, LinkKind, MemberId, NewPin, NewTopic, Pin, Post, PostCounters,
    PostId, PostKind, Rev, Revision, Slug, State, Topic, TopicCounters, TopicEdit, TopicId,
    TransitionBy, builtin_kinds,
};
use serde_json::json;

use super::rules::About as Asked;
use super::{About, Act, Oracle, Result, conflict, done, erased, invalid, not_found, within};
use crate::observe::{Answer, Refusal};

impl Oracle {
    pub(super) fn start_topic(&mut self, act: Act, new: &NewTopic) -> Answer {
        let title = self.check_title(&new.title)?;
        let community = self.community(act, &new.community)?;
        let channel = self.channel(act, community, &new.channel)?;
        let kind = kind_of(community, &new.kind)?;
        let action = Action::StartKind(new.kind.clone());
        self.require(act, &action, Asked::place(community, Some(channel)), "channel")?;
        let author = self.author(act, &Action::Start)?;
        kind.check_payload(new.payload.as_ref()).map_err(Refusal::from)?;
        let labels = self.usable_labels(act, community, &new.labels)?;
        if let Some(key) = &new.key {
            self.require_free(community, key)?;
        }
        let topic = Topic {
            id: TopicId::from_uuid(act.given.id),
            community: community.id,
            channel: channel.id,
            key: new.key.clone(),
            kind: kind.name.clone(),
            answerable: kind.answers,
            title: title.clone(),
            labels: labels.clone(),
            author,
            opening: PostId::from_uuid(act.given.opening),
            status: kind.initial.clone(),
            payload: new.payload.clone(),
            state: State::Published,
            locked: false,
            pin: None,
            hot_scale: community.hot_scale,
            created_at: act.now,
            bumped_at: act.now,
            rev: Rev(1),
            gate: 0,
            counters: TopicCounters::new(act.now),
        };
        self.posts.push(Post {
            id: topic.opening,
            topic: topic.id,
            parent: None,
            depth: 0,
            kind: PostKind::Opening,
            key: None,
            author,
            state: State::Published,
            bumps: true,
            accepted: None,
            official: None,
            shared_at: None,
            erased_at: None,
            created_at: act.now,
            edited_at: None,
            revision: 1,
            rev: Rev(1),
            counters: PostCounters::default(),
        });
        self.revisions.push(Revision {
            post: topic.opening,
            number: 1,
            body: new.body.clone(),
            title: Some(title),
            labels: Some(labels),
            editor: Some(author),
            at: act.now,
            reason: None,
        });
        let id = topic.id;
        let kind = EventKind::TopicStarted { labels: topic.labels.clone() };
        self.log(act, kind, About::post(&topic, topic.opening));
        self.topics.push(topic);
        Ok(json!(id))
    }

    pub(super) fn require_free(&self, community: &Community, key: &community_core::Key) -> Result {
        let of_topic = self
            .topics
            .iter()
            .any(|topic| topic.community == community.id && topic.key.as_ref() == Some(key));
        let of_post = self.posts.iter().any(|post| {
            let topic = self.topics.iter().find(|topic| topic.id == post.topic);
            post.key.as_ref() == Some(key)
                && topic.is_some_and(|topic| topic.community == community.id)
        });
        if of_topic || of_post {
            return Err(conflict("something has this key already"));
        }
        Ok(())
    }

    /// Labels that the viewer may use, sorted, each once.
    fn usable_labels(&self, act: Act, community: &Community, keys: &[Slug]) -> Result<Vec<Slug>> {
        for key in keys {
            let exists = self.label_row(community.id, key).is_some();
            if !exists || !self.sees_label(act, community.id, key) {
                return Err(invalid(format!("there is no label `{key}`")));
            }
        }
        let mut labels = keys.to_vec();
        labels.sort();
        labels.dedup();
        Ok(labels)
    }

    /// A topic that the viewer sees, with all of its labels.
    pub(super) fn seen_topic(&self, act: Act, id: TopicId) -> Result<Topic> {
        self.topic_row(id)
            .filter(|topic| self.sees_topic(act, topic))
            .ok_or_else(|| not_found("topic"))
    }

    /// A post that the viewer sees.
    pub(super) fn seen_post(&self, act: Act, id: PostId) -> Result<Post> {
        self.post_row(id).filter(|post| self.sees_post(act, post)).ok_or_else(|| not_found("post"))
    }

    pub(super) fn body_of(&self, post: &Post) -> String {
        let text = self.revisions.iter().find(|r| r.post == post.id && r.number == post.revision);
        text.map(|revision| revision.body.clone()).unwrap_or_default()
    }

    pub(super) fn edit_topic(&mut self, act: Act, id: TopicId, edit: &TopicEdit) -> Answer {
        let title = edit.title.as_deref().map(|title| self.check_title(title)).transpose()?;
        let old = self.seen_topic(act, id)?;
        self.require_in_topic(act, &Action::Edit, &old, Some(old.author), "topic")?;
        if edit.expected.is_some_and(|expected| expected != old.rev) {
            return Err(conflict("the topic has changed meanwhile"));
        }
        let community = self.community_row(old.community).ok_or_else(|| not_found("topic"))?;
        let mut new = old.clone();
        if let Some(title) = title {
            new.title = title;
        }
        if let Some(labels) = &edit.labels {
            new.labels = self.usable_labels(act, community, labels)?;
            let unseen = old.labels.iter().filter(|l| !self.sees_label(act, community.id, l));
            new.labels.extend(unseen.cloned());
            new.labels.sort();
            within(self.limits().labels(new.labels.len()))?;
        }
        if let Some(payload) = &edit.payload {
            let kind = kind_of(community, &old.kind)?;
            kind.check_payload(Some(payload)).map_err(Refusal::from)?;
            new.payload = Some(payload.clone());
        }
        let opening = self.seen_post(act, old.opening)?;
        if opening.erased_at.is_some() {
            return Err(erased("topic"));
        }
        let before = self.body_of(&opening);
        let body = edit.body.clone().unwrap_or_else(|| before.clone());
        if new == old && body == before {
            return done();
        }
        if new.title != old.title || new.labels != old.labels || body != before {
            self.add_revision(Revision {
                post: opening.id,
                number: opening.revision + 1,
                body,
                title: Some(new.title.clone()),
                labels: Some(new.labels.clone()),
                editor: act.viewer.member(),
                at: act.now,
                reason: edit.reason.clone(),
            })?;
        }
        let labels = Some(new.labels.clone()).filter(|labels| *labels != old.labels);
        self.log(act, EventKind::TopicEdited { labels }, About::topic(&old));
        self.put_topic(new);
        done()
    }

    /// A new version of a post's text.
    pub(super) fn add_revision(&mut self, text: Revision) -> Result {
        within(self.limits().revisions(usize::try_from(text.number).unwrap_or(usize::MAX)))?;
        for post in self.posts.iter_mut().filter(|post| post.id == text.post) {
            post.revision = text.number;
            post.edited_at = Some(text.at);
            post.rev = Rev(post.rev.0 + 1);
        }
        self.revisions.push(text);
        Ok(())
    }

    /// Puts a topic's facts in place of the old ones, under the next revision.
    pub(super) fn put_topic(&mut self, mut topic: Topic) {
        topic.rev = Rev(topic.rev.0 + 1);
        self.topics.retain(|known| known.id != topic.id);
        self.topics.push(topic);
    }

    pub(super) fn move_topic(&mut self, act: Act, id: TopicId, channel: &Slug) -> Answer {
        let old = self.seen_topic(act, id)?;
        self.require_in_topic(act, &Action::Moderate, &old, Some(old.author), "topic")?;
        let community = self.community_row(old.community).ok_or_else(|| not_found("topic"))?;
        let to = self.channel(act, community, channel)?;
        self.require(act, &Action::Moderate, Asked::place(community, Some(to)), "channel")?;
        if to.id == old.channel {
            return done();
        }
        let kinds = self.settings_of(community, Some(to)).kinds;
        if kinds.is_some_and(|kinds| !kinds.contains(&old.kind)) {
            return Err(invalid(format!(
                "the channel `{}` does not take topics of kind `{}`",
                to.key, old.kind
            )));
        }
        let new = Topic { channel: to.id, gate: old.gate + 1, ..old.clone() };
        self.log(act, EventKind::TopicMoved { from: old.channel }, About::topic(&new));
        self.put_topic(new);
        done()
    }

    pub(super) fn set_locked(&mut self, act: Act, id: TopicId, locked: bool) -> Answer {
        let old = self.seen_topic(act, id)?;
        self.require_in_topic(act, &Action::Moderate, &old, Some(old.author), "topic")?;
        if old.locked != locked {
            self.log(act, EventKind::TopicLocked { locked }, About::topic(&old));
            self.put_topic(Topic { locked, gate: old.gate + 1, ..old });
        }
        done()
    }

    pub(super) fn set_pin(&mut self, act: Act, id: TopicId, pin: Option<&NewPin>) -> Answer {
        let old = self.seen_topic(act, id)?;
        self.require_in_topic(act, &Action::Moderate, &old, Some(old.author), "topic")?;
        if pin.is_none() && old.pin.is_none() {
            return done();
        }
        if old.pin.is_none() {
            let others = self.topics.iter().filter(|topic| {
                topic.community == old.community
                    && topic.state == State::Published
                    && topic.pin.is_some()
            });
            within(self.limits().pins(others.count() + 1))?;
        }
        let pin = pin.cloned().map(|NewPin { place, position, audience, until }| Pin {
            place,
            position,
            audience: super::places::written(&audience),
            since: act.now,
            until,
        });
        self.log(act, EventKind::TopicPinned { pinned: pin.is_some() }, About::topic(&old));
        self.put_topic(Topic { pin, ..old });
        done()
    }

    pub(super) fn set_status(&mut self, act: Act, id: TopicId, status: &Slug) -> Answer {
        let old = self.seen_topic(act, id)?;
        let community = self.community_row(old.community).ok_or_else(|| not_found("topic"))?;
        let kind = kind_of(community, &old.kind)?;
        let step = kind.transitions.iter().find(|t| t.from == old.status && t.to == *status);
        let action = match step.map(|step| step.by) {
            Some(TransitionBy::Moderator) => Action::Moderate,
            Some(TransitionBy::Editor) | None => Action::Edit,
        };
        self.require_in_topic(act, &action, &old, Some(old.author), "topic")?;
        if step.is_none() {
            return Err(invalid(format!(
                "a topic of kind `{}` does not go from `{}` to `{status}`",
                old.kind, old.status
            )));
        }
        let change = EventKind::StatusChanged { from: old.status.clone(), to: status.clone() };
        self.log(act, change, About::topic(&old));
        self.put_topic(Topic { status: status.clone(), ..old });
        done()
    }

    pub(super) fn set_topic_state(&mut self, act: Act, id: TopicId, state: State) -> Answer {
        let old = self.seen_topic(act, id)?;
        let action = right_to_change(old.state, state, act.viewer.member(), old.author);
        self.require_in_topic(act, &action, &old, Some(old.author), "topic")?;
        if old.state != state {
            if self.post_row(old.opening).is_some_and(|post| post.erased_at.is_some()) {
                return Err(erased("topic"));
            }
            self.log(act, EventKind::TopicStateChanged { state }, About::topic(&old));
            self.put_topic(Topic { state, gate: old.gate + 1, ..old });
        }
        done()
    }

    pub(super) fn set_link(
        &mut self,
        act: Act,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
        linked: bool,
    ) -> Answer {
        let topic = self.seen_topic(act, from)?;
        self.require_in_topic(act, &Action::Edit, &topic, Some(topic.author), "topic")?;
        self.seen_topic(act, to)?;
        if from == to {
            return Err(invalid("a topic is not linked to itself"));
        }
        let is_it = |link: &Link| link.from == from && link.to == to && link.kind == kind;
        if self.links.iter().any(is_it) == linked {
            return done();
        }
        self.links.retain(|link| !is_it(link));
        if linked {
            self.links.push(Link { from, to, kind, at: act.now });
        }
        self.log(act, EventKind::Linked { to, linked }, About::topic(&topic));
        done()
    }
}

/// The right that a change of state needs: what is or becomes removed is a moderator's; what is
/// taken back is its author's, to bring back a moderator's too.
pub(super) fn right_to_change(
    from: State,
    to: State,
    actor: Option<MemberId>,
    author: MemberId,
) -> Action {
    if from == State::Removed || to == State::Removed {
        return Action::Moderate;
    }
    if to == State::Withdrawn || (from == State::Withdrawn && actor == Some(author)) {
        return Action::Withdraw;
    }
    Action::Moderate
}

fn kind_of<'a>(community: &'a Community, name: &Slug) -> Result<&'a Kind> {
    let mut known = community.kinds.iter().chain(builtin_kinds());
    known
        .find(|kind| kind.name == *name)
        .ok_or_else(|| invalid(format!("there is no kind `{name}`")))
}
