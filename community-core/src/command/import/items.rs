//! Topics, posts and their revisions.

use super::state::{Batch, Item, id_in};
use crate::change::{EntityRef, EventKind, Expect, Op, UniqueKey};
use crate::command::topic::{check_payload_size, opening_of};
use crate::domain::{
    Pin, Post, PostCounters, PostKind, Rev, Revision, State, Topic, TopicCounters,
};
use crate::error::{Error, Result};
use crate::id::{PostId, TopicId};
use crate::limits::Limits;
use crate::record::{PostRecord, RevisionRecord, TopicRecord};
use crate::text::{Key, Slug};
use crate::time::Timestamp;

/// The text of a topic or post as its record gives it.
struct Text<'r> {
    body: &'r str,
    number: u32,
    edited_at: Option<Timestamp>,
    editor: Option<&'r Key>,
    reason: Option<&'r String>,
}

impl Batch<'_> {
    pub(super) async fn topic(&mut self, record: &TopicRecord) -> Result<()> {
        let limits = self.env.limits();
        limits.check_title(record.title.as_str())?;
        check_text(limits, &record.body, record.erased_at, record.state)?;
        check_payload_size(limits, record.payload.as_ref())?;
        let is_left = record.title == *Topic::ERASED && record.payload.is_none();
        if record.erased_at.is_some() && !is_left {
            let title = Topic::ERASED;
            return Err(Error::invalid(format!(
                "an erased topic is called `{title}`, and no more"
            )));
        }
        let text = Text {
            body: &record.body,
            number: record.revision,
            edited_at: record.edited_at,
            editor: record.editor.as_ref(),
            reason: record.reason.as_ref(),
        };
        match self.items.get(&record.key) {
            Some(Item::Post(_)) => {
                Err(Error::invalid(format!("`{}` is a post, not a topic", record.key)))
            }
            Some(Item::Topic(id)) => {
                let old = self.topic_by_id(*id)?;
                self.change_topic(&old, record, &text).await
            }
            None => self.add_topic(record, &text),
        }
    }

    fn add_topic(&mut self, record: &TopicRecord, text: &Text<'_>) -> Result<()> {
        let at = record.created_at.unwrap_or(self.rights.now);
        let author = self.author_of(record.author.as_ref(), at)?;
        let (id, key) = match self.own_id(&record.key, at) {
            Some(id) => (id, None),
            None => (self.id_of(at, record.key.as_str()), Some(record.key.clone())),
        };
        let opening = match &record.opening {
            Some(key) if id_in(key, at).is_none() => {
                let why = "the first post is named by its id, which begins with its time";
                return Err(Error::invalid(why));
            }
            Some(key) => self.own_id(key, at),
            None => None,
        };
        let opening = opening.unwrap_or_else(|| self.id_of(at, &format!("{}#opening", record.key)));
        if self.posts.contains_key(&PostId::from_uuid(opening)) {
            return Err(Error::invalid(format!("the first post of `{}` exists", record.key)));
        }
        let base = Topic {
            id: TopicId::from_uuid(id),
            community: self.community.id,
            channel: self.channel_of(&record.channel)?,
            key: key.clone(),
            kind: Slug::new("discussion")?,
            answerable: false,
            title: record.title.clone(),
            labels: Vec::new(),
            author,
            opening: PostId::from_uuid(opening),
            status: Slug::new("open")?,
            payload: None,
            state: State::Published,
            locked: false,
            pin: None,
            hot_scale: self.community.hot_scale,
            created_at: at,
            bumped_at: at,
            rev: Rev::FIRST,
            gate: 0,
            counters: TopicCounters::new(at),
        };
        let topic = self.topic_facts(base, record)?;
        let mut post = opening_of(&topic);
        post.revision = text.number;
        post.edited_at = text.edited_at;
        post.shared_at = record.shared_at;
        post.erased_at = record.erased_at;
        let revision = self.revision_of(&post, text, author)?;
        let revision = Revision {
            title: Some(topic.title.clone()).filter(|_| post.erased_at.is_none()),
            labels: Some(topic.labels.clone()),
            ..revision
        };
        let absent = self.absent(key, EntityRef::Topic(topic.id));
        let kind = EventKind::TopicStarted { labels: topic.labels.clone() };
        let mut events = vec![self.event(kind, &topic, Some(post.id), Some(author), at)];
        events.extend(self.events_of_new(&topic, &post));
        if topic.state != State::Published && post.erased_at.is_none() {
            let kind = EventKind::TopicStateChanged { state: topic.state };
            events.push(self.event(kind, &topic, None, None, self.rights.now));
        }
        let plan = self.plan_mut();
        plan.expect(absent);
        plan.expect(Expect::Rev(EntityRef::Post(post.id), Rev(0)));
        plan.add_topic(&topic, &post, revision);
        plan.events.extend(events);
        self.posts.insert(post.id, (post, record.body.clone()));
        self.items.insert(record.key.clone(), Item::Topic(topic.id));
        let (id, active_at) = (topic.id, topic.bumped_at);
        self.topics.insert(id, topic);
        self.counted(id, 1, active_at);
        Ok(())
    }

    /// That a new item is not there yet: by its key, or else by its id.
    fn absent(&self, key: Option<Key>, item: EntityRef) -> Expect {
        match key {
            Some(key) => Expect::Absent(UniqueKey::Item(self.community.id, key)),
            None => Expect::Rev(item, Rev(0)),
        }
    }

    /// A topic with the facts of a record laid over it.
    fn topic_facts(&mut self, base: Topic, record: &TopicRecord) -> Result<Topic> {
        let kind = record.kind.as_ref().unwrap_or(&base.kind).clone();
        let kind = self
            .community
            .kind(&kind)
            .ok_or_else(|| Error::invalid(format!("there is no kind `{kind}`")))?
            .clone();
        if record.erased_at.is_none() {
            kind.check_payload(record.payload.as_ref())?;
        }
        let status = record.status.clone().unwrap_or_else(|| {
            if base.kind == kind.name { base.status.clone() } else { kind.initial.clone() }
        });
        let status = if kind.has_status(&status) {
            status
        } else if record.status.is_none() {
            kind.initial.clone()
        } else {
            return Err(Error::invalid(format!(
                "a topic of kind `{}` has no status `{status}`",
                kind.name
            )));
        };
        if let Some(pin) = &record.pin {
            pin.audience.check_within(self.env.limits())?;
        }
        let labels = self.labels_of(&record.labels)?;
        let channel = self.channel_of(&record.channel)?;
        let bumped_at = record.bumped_at.unwrap_or(base.bumped_at);
        let author = match &record.author {
            Some(key) => self.member_of(key, base.created_at)?,
            None => base.author,
        };
        Ok(Topic {
            channel,
            kind: kind.name,
            answerable: kind.answers,
            title: record.title.clone(),
            labels,
            author,
            status,
            payload: record.payload.clone(),
            state: record.state,
            locked: record.locked,
            pin: record.pin.as_ref().map(|pin| Pin {
                place: pin.place,
                position: pin.position,
                audience: pin.audience.clone().canonical(),
                since: pin.since,
                until: pin.until,
            }),
            bumped_at,
            ..base
        })
    }

    async fn change_topic(
        &mut self,
        old: &Topic,
        record: &TopicRecord,
        text: &Text<'_>,
    ) -> Result<()> {
        if is_erased(&self.post_by_id(old.opening)?.0, record.erased_at)? {
            return Ok(());
        }
        let mut new = self.topic_facts(old.clone(), record)?;
        if new.author != old.author {
            return Err(Error::invalid("a topic keeps its author"));
        }
        // What it earns rests on it.
        if new.kind != old.kind {
            return Err(Error::invalid("a topic keeps its kind"));
        }
        if record.created_at.is_some_and(|at| at != old.created_at) {
            return Err(Error::invalid("a topic keeps the moment of its creation"));
        }
        if new.channel != old.channel || new.state != old.state || new.locked != old.locked {
            new.gate += 1;
        }
        let (opening, body) = self.post_by_id(old.opening)?;
        let retitled = new.title != old.title || new.labels != old.labels;
        if body != record.body || (retitled && text.number > opening.revision) {
            let (mut post, mut revision) = self.next_revision(&opening, text, old.author)?;
            revision.title = Some(new.title.clone());
            revision.labels = Some(new.labels.clone());
            post.edited_at = Some(revision.at);
            self.put_revision(&opening, post, revision, record.body.clone());
        }
        if record.shared_at.is_some() && self.post_by_id(old.opening)?.0.shared_at.is_none() {
            self.settle()?;
            let (opening, _) = self.post_by_id(old.opening)?;
            self.share(old, opening, record.shared_at)?;
        }
        if new == *old {
            return Ok(());
        }
        let at = text.edited_at.unwrap_or(self.rights.now);
        let labels = (new.labels != old.labels).then(|| new.labels.clone());
        let kind = EventKind::TopicEdited { labels };
        let mut events = vec![self.event(kind, &new, None, None, at)];
        let now = self.rights.now;
        if new.channel != old.channel {
            let kind = EventKind::TopicMoved { from: old.channel };
            events.push(self.event(kind, &new, None, None, now));
        }
        if new.status != old.status {
            let (from, to) = (old.status.clone(), new.status.clone());
            let kind = EventKind::StatusChanged { from, to };
            events.push(self.event(kind, &new, None, None, now));
        }
        if new.state != old.state {
            let kind = EventKind::TopicStateChanged { state: new.state };
            events.push(self.event(kind, &new, None, None, now));
        }
        let active_at = old.counters.active_at;
        let fell = new.bumped_at < old.bumped_at && old.bumped_at >= active_at;
        let active_at = if fell {
            self.activity_without(&new, None).await?
        } else {
            active_at.max(new.bumped_at)
        };
        let plan = self.plan_mut();
        if fell {
            plan.lower_active(old, active_at);
        } else if active_at != old.counters.active_at {
            plan.ops.push(Op::RaiseActive(old.id, active_at));
        }
        plan.events.extend(events);
        let new = plan.change_topic(old, new);
        self.topics.insert(new.id, new);
        self.counted(old.id, 0, active_at);
        Ok(())
    }

    pub(super) async fn post(&mut self, record: &PostRecord) -> Result<()> {
        check_text(self.env.limits(), &record.body, record.erased_at, record.state)?;
        let topic = self.topic_by_id(self.topic_of(&record.topic)?)?;
        let text = Text {
            body: &record.body,
            number: record.revision,
            edited_at: record.edited_at,
            editor: record.editor.as_ref(),
            reason: record.reason.as_ref(),
        };
        match self.items.get(&record.key) {
            Some(Item::Topic(_)) => {
                Err(Error::invalid(format!("`{}` is a topic, not a post", record.key)))
            }
            Some(Item::Post(id)) => {
                let (old, body) = self.post_by_id(*id)?;
                self.change_post(&topic, old, &body, record, &text).await
            }
            None => self.add_post(&topic, record, &text).await,
        }
    }

    async fn add_post(
        &mut self,
        topic: &Topic,
        record: &PostRecord,
        text: &Text<'_>,
    ) -> Result<()> {
        let at = record.created_at.unwrap_or(self.rights.now);
        let author = self.author_of(record.author.as_ref(), at)?;
        let parent = match &record.parent {
            Some(key) => self.post_of(key)?,
            None => topic.opening,
        };
        let (parent, _) = self.post_by_id(parent)?;
        if parent.topic != topic.id {
            return Err(Error::invalid("a reply is in the topic of what it replies to"));
        }
        let takes_answer = topic.answerable && parent.kind == PostKind::Opening;
        let kind = match record.kind {
            None if takes_answer => PostKind::Answer,
            None | Some(PostKind::Reply) => PostKind::Reply,
            Some(PostKind::Answer) if takes_answer => PostKind::Answer,
            Some(_) => {
                return Err(Error::invalid(
                    "an answer replies to the first post of a topic that takes answers",
                ));
            }
        };
        let depth = parent.depth + 1;
        self.env.limits().depth(usize::try_from(depth).unwrap_or(usize::MAX))?;
        let (id, key) = match self.own_id(&record.key, at) {
            Some(id) => (id, None),
            None => (self.id_of(at, record.key.as_str()), Some(record.key.clone())),
        };
        let post = Post {
            id: PostId::from_uuid(id),
            topic: topic.id,
            parent: Some(parent.id),
            depth,
            kind,
            key: key.clone(),
            author,
            state: record.state,
            bumps: record.bumps,
            accepted: self.mark(record.accepted.as_ref(), kind)?,
            official: self.mark(record.official.as_ref(), kind)?,
            shared_at: record.shared_at,
            erased_at: None,
            created_at: at,
            edited_at: text.edited_at,
            revision: text.number,
            rev: Rev::FIRST,
            counters: PostCounters::default(),
        };
        let post = match record.erased_at {
            Some(at) => post.erased(at),
            None => post,
        };
        let revision = self.revision_of(&post, text, author)?;
        let absent = self.absent(key, EntityRef::Post(post.id));
        let above = self.ancestors(&post).await?;
        let mut events =
            vec![self.event(EventKind::PostWritten, topic, Some(post.id), Some(author), at)];
        events.extend(self.events_of_new(topic, &post));
        let plan = self.plan_mut();
        plan.expect(absent);
        // What is above it stands as it was read: who changes that moves the gate.
        plan.expect(Expect::Gate(topic.id, topic.gate));
        let moved = plan.add_post(topic.id, &above, &post, revision);
        plan.events.extend(events);
        self.moved(moved);
        if post.state == State::Published {
            let bumped = if post.bumps { post.created_at } else { topic.bumped_at };
            self.counted(topic.id, 1, topic.counters.active_at.max(bumped));
        }
        self.items.insert(record.key.clone(), Item::Post(post.id));
        self.posts.insert(post.id, (post, record.body.clone()));
        Ok(())
    }

    async fn change_post(
        &mut self,
        topic: &Topic,
        old: Post,
        body: &str,
        record: &PostRecord,
        text: &Text<'_>,
    ) -> Result<()> {
        if is_erased(&old, record.erased_at)? {
            return Ok(());
        }
        let mut post = old;
        let parent = match &record.parent {
            Some(key) => self.post_of(key)?,
            None => topic.opening,
        };
        let author = match &record.author {
            Some(key) => self.member_of(key, post.created_at)?,
            None => post.author,
        };
        let kind = record.kind.unwrap_or(post.kind);
        let created_at = record.created_at.unwrap_or(post.created_at);
        if (post.topic, post.parent, post.author, post.kind, post.created_at)
            != (topic.id, Some(parent), author, kind, created_at)
        {
            return Err(Error::invalid(
                "a post keeps its topic, its parent, its author, its kind and the moment of its \
                 creation",
            ));
        }
        if body != record.body {
            let (next, revision) = self.next_revision(&post, text, post.author)?;
            post = self.put_revision(&post, next, revision, record.body.clone());
            self.settle()?;
        }
        let accepted = match &record.accepted {
            Some(_) if record.accepted_later => {
                return Err(Error::invalid("what was accepted is not accepted later"));
            }
            None if record.accepted_later => post.accepted.clone(),
            accepted => self.mark(accepted.as_ref(), post.kind)?,
        };
        let official = self.mark(record.official.as_ref(), post.kind)?;
        post = self.set_marks(topic, post, accepted, official)?;
        post = self.share(topic, post, record.shared_at)?;
        if post.state != record.state {
            let above = self.ancestors(&post).await?;
            let others = self.activity_without(topic, Some(post.id)).await?;
            let kind = EventKind::PostStateChanged { state: record.state };
            let event = self.event(kind, topic, Some(post.id), None, self.rights.now);
            let changed = Post { state: record.state, ..post.clone() };
            let plan = self.plan_mut();
            let (after, moved) = plan.change_post_state(topic, &post, changed, &above, others);
            plan.events.push(event);
            let moved_gate =
                plan.change_topic(topic, Topic { gate: topic.gate + 1, ..topic.clone() });
            self.topics.insert(topic.id, moved_gate);
            let published = |post: &Post| i64::from(post.state == State::Published);
            let active_at = if after.state == State::Published && after.bumps {
                others.max(after.created_at)
            } else {
                others
            };
            self.counted(topic.id, published(&after) - published(&post), active_at);
            self.moved(moved);
            post = after;
        }
        self.posts.insert(post.id, (post, record.body.clone()));
        Ok(())
    }

    /// The text of a post as its revision.
    fn revision_of(
        &mut self,
        post: &Post,
        text: &Text<'_>,
        author: crate::MemberId,
    ) -> Result<Revision> {
        let limits = self.env.limits();
        limits.revisions(usize::try_from(text.number).unwrap_or(usize::MAX))?;
        limits.reason(text.reason.map_or(0, String::len))?;
        if text.number == 0 {
            return Err(Error::invalid("revisions are numbered from 1"));
        }
        let at = text.edited_at.unwrap_or(post.created_at);
        let editor = match text.editor {
            Some(key) => self.member_of(key, at)?,
            None => author,
        };
        Ok(Revision {
            post: post.id,
            number: text.number,
            body: text.body.to_owned(),
            title: None,
            labels: None,
            editor: Some(editor),
            at,
            reason: text.reason.cloned().filter(|_| post.erased_at.is_none()),
        })
    }

    /// A post with a text that is newer than its latest revision.
    fn next_revision(
        &mut self,
        post: &Post,
        text: &Text<'_>,
        author: crate::MemberId,
    ) -> Result<(Post, Revision)> {
        let number = text.number.max(post.revision + 1);
        let edited_at = text.edited_at.or(Some(self.rights.now));
        let text = Text { number, edited_at, ..*text };
        let revision = self.revision_of(post, &text, author)?;
        Ok((Post { revision: number, edited_at, ..post.clone() }, revision))
    }

    fn put_revision(&mut self, old: &Post, new: Post, revision: Revision, body: String) -> Post {
        let topic = self.topics.get(&old.topic).cloned();
        let kind = EventKind::PostEdited { revision: revision.number };
        let event =
            topic.map(|topic| self.event(kind, &topic, Some(old.id), revision.editor, revision.at));
        let plan = self.plan_mut();
        plan.events.extend(event);
        plan.ops.push(Op::PutRevision(Box::new(revision)));
        let post = plan.change_post(old, new);
        self.posts.insert(post.id, (post.clone(), body));
        post
    }

    pub(super) async fn revision(&mut self, record: &RevisionRecord) -> Result<()> {
        let limits = self.env.limits();
        let (post, _) = self.post_by_id(self.post_of(&record.post)?)?;
        check_left(limits, &record.body)?;
        limits.reason(record.reason.as_ref().map_or(0, String::len))?;
        limits.labels(record.labels.as_ref().map_or(0, Vec::len))?;
        if record.number == 0 || record.number >= post.revision {
            return Err(Error::invalid(format!(
                "an earlier revision of `{}` has a number from 1 to {}",
                record.post,
                post.revision - 1
            )));
        }
        let editor = match &record.editor {
            Some(key) => Some(self.member_of(key, record.at)?),
            None => None,
        };
        let revision = Revision {
            post: post.id,
            number: record.number,
            body: record.body.clone(),
            title: record.title.clone(),
            labels: record.labels.clone(),
            editor,
            at: record.at,
            reason: record.reason.clone(),
        };
        // What is erased stays so, whatever comes in again.
        let revision = if post.erased_at.is_some() { revision.erased() } else { revision };
        let store = self.session.engine().store();
        let known = store.revisions(post.id, record.number - 1, 1, self.scope()).await?;
        let known = self.scope().admit_all(known).into_iter().next();
        if known.is_some_and(|known| known.2 == revision) {
            return Ok(());
        }
        self.rest_on_post(&post);
        self.plan_mut().ops.push(Op::PutRevision(Box::new(revision)));
        Ok(())
    }
}

/// Checks a text beside a post. It is empty where the post was erased, which an export that was made
/// at that moment may not have seen.
pub(super) fn check_left(limits: &Limits, body: &str) -> Result<()> {
    if body.is_empty() { Ok(()) } else { Ok(limits.check_body(body)?) }
}

/// Checks a text that is there, or that nothing is where it is erased.
fn check_text(
    limits: &Limits,
    body: &str,
    erased_at: Option<Timestamp>,
    state: State,
) -> Result<()> {
    match erased_at {
        None => limits.check_body(body),
        Some(_) if body.is_empty() && state == State::Removed => Ok(()),
        Some(_) => Err(Error::invalid("what is erased is removed, and has no text")),
    }
}

/// Whether a post that is there is erased: records of it then change nothing.
fn is_erased(known: &Post, erased_at: Option<Timestamp>) -> Result<bool> {
    match (known.erased_at, erased_at) {
        (Some(_), _) => Ok(true),
        (None, None) => Ok(false),
        (None, Some(_)) => Err(Error::invalid("what is there is not erased by an import")),
    }
}
