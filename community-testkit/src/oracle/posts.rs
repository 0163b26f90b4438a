//! Commands on posts.

use community_core::change::EventKind;
use community_core::{
    Action, Post, PostCounters, PostEdit, PostId, PostKind, Rev, Revision, State, Topic, TopicId,
};
use serde_json::{Value, json};

use super::topics::right_to_change;
use super::{About, Act, Oracle, Result, conflict, done, erased, invalid, not_found, within};
use crate::observe::Answer;
use crate::script::Reply;

impl Oracle {
    pub(super) fn reply(&mut self, act: Act, new: &Reply) -> Answer {
        let topic = self.seen_topic(act, new.topic.topic())?;
        let above = new.parent.map_or(topic.opening, |parent| parent.post());
        let above = self.seen_post(act, above)?;
        if above.topic != topic.id || above.state != State::Published {
            return Err(not_found("post"));
        }
        let takes_answer = topic.answerable && above.kind == PostKind::Opening;
        let kind = match new.kind {
            Some(PostKind::Opening) => return Err(invalid("a topic has one first post")),
            Some(PostKind::Answer) if !takes_answer => {
                return Err(invalid(
                    "an answer replies to the first post of a topic that takes answers",
                ));
            }
            Some(kind) => kind,
            None if takes_answer => PostKind::Answer,
            None => PostKind::Reply,
        };
        let action = if kind == PostKind::Answer { Action::Answer } else { Action::Reply };
        self.require_in_topic(act, &action, &topic, Some(topic.author), "topic")?;
        if topic.state != State::Published {
            return Err(not_found("topic"));
        }
        let author = self.author(act, &action)?;
        let depth = above.depth + 1;
        within(self.limits().depth(usize::try_from(depth).unwrap_or(usize::MAX)))?;
        if let Some(key) = &new.key {
            let community = self.community_row(topic.community);
            self.require_free(community.ok_or_else(|| not_found("topic"))?, key)?;
        }
        let id = PostId::from_uuid(act.given.id);
        self.posts.push(Post {
            id,
            topic: topic.id,
            parent: Some(above.id),
            depth,
            kind,
            key: new.key.clone(),
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
            post: id,
            number: 1,
            body: new.body.clone(),
            title: None,
            labels: None,
            editor: Some(author),
            at: act.now,
            reason: None,
        });
        self.log(act, EventKind::PostWritten, About::post(&topic, id));
        Ok(json!(id))
    }

    pub(super) fn edit_post(&mut self, act: Act, id: PostId, edit: &PostEdit) -> Answer {
        let post = self.seen_post(act, id)?;
        let topic = self.seen_topic(act, post.topic)?;
        self.require_in_topic(act, &Action::Edit, &topic, Some(post.author), "post")?;
        if post.erased_at.is_some() {
            return Err(erased("post"));
        }
        if edit.expected.is_some_and(|expected| expected != post.revision) {
            return Err(conflict("the post has changed meanwhile"));
        }
        if self.body_of(&post) == edit.body {
            return done();
        }
        let opening = post.kind == PostKind::Opening;
        let revision = post.revision + 1;
        self.add_revision(Revision {
            post: id,
            number: revision,
            body: edit.body.clone(),
            title: opening.then(|| topic.title.clone()),
            labels: opening.then(|| topic.labels.clone()),
            editor: act.viewer.member(),
            at: act.now,
            reason: edit.reason.clone(),
        })?;
        self.log(act, EventKind::PostEdited { revision }, About::post(&topic, id));
        done()
    }

    pub(super) fn set_post_state(&mut self, act: Act, id: PostId, state: State) -> Answer {
        let post = self.seen_post(act, id)?;
        let topic = self.seen_topic(act, post.topic)?;
        let action = right_to_change(post.state, state, act.viewer.member(), post.author);
        self.require_in_topic(act, &action, &topic, Some(post.author), "post")?;
        if post.kind == PostKind::Opening {
            return Err(invalid("a first post goes with its topic"));
        }
        if post.state == state {
            return done();
        }
        if post.erased_at.is_some() {
            return Err(erased("post"));
        }
        self.log(act, EventKind::PostStateChanged { state }, About::post(&topic, id));
        self.put_post(Post { state, ..post });
        self.put_topic(Topic { gate: topic.gate + 1, ..topic });
        done()
    }

    /// Puts a post's facts in place of the old ones, under the next revision.
    pub(super) fn put_post(&mut self, mut post: Post) {
        post.rev = Rev(post.rev.0 + 1);
        self.posts.retain(|known| known.id != post.id);
        self.posts.push(post);
    }

    /// A published post in a published topic, both seen by the viewer.
    pub(super) fn post_to_add_to(&self, act: Act, id: PostId) -> Result<(Post, Topic)> {
        let post = self.seen_post(act, id)?;
        let topic = self.seen_topic(act, post.topic)?;
        if post.state != State::Published || topic.state != State::Published {
            return Err(invalid("it is not published"));
        }
        Ok((post, topic))
    }

    /// A view of a topic: each of a visitor's counts, a member's once a topic and day.
    pub(super) fn record_view(&mut self, act: Act, id: TopicId) -> Answer {
        self.seen_topic(act, id)?;
        let day = i32::try_from(act.now.timestamp() / 86_400).unwrap_or(i32::MAX);
        self.seen.retain(|(_, _, of)| *of == day);
        let mark = (id, act.viewer, day);
        if act.viewer == community_core::Viewer::Anonymous || !self.seen.contains(&mark) {
            self.seen.push(mark);
            self.waiting_views.push(id);
        }
        Ok(Value::Null)
    }
}
