//! Posts.

use super::nothing;
use super::topic::state_action;
use crate::change::{ChangeSet, EntityRef, EventKind, Expect, UniqueKey, Written};
use crate::domain::{Post, PostCounters, PostKind, Rev, Revision, State, Topic};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{PostId, TopicId};
use crate::policy::{Action, Visible};
use crate::store::PostView;
use crate::text::Key;

/// A reply to be written.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// The topic.
    pub topic: TopicId,
    /// The post it replies to; `None` is the topic's first post.
    pub parent: Option<PostId>,
    /// Its text.
    pub body: String,
    /// Answer or comment; `None` is an answer where it replies to the first post of a topic that
    /// takes answers, and a comment elsewhere.
    pub kind: Option<PostKind>,
    /// The host's own key.
    pub key: Option<Key>,
}

impl NewPost {
    /// A reply to a topic.
    #[must_use]
    pub fn new(topic: TopicId, body: impl Into<String>) -> Self {
        Self { topic, parent: None, body: body.into(), kind: None, key: None }
    }

    /// The same to a post in it.
    #[must_use]
    pub fn to(mut self, parent: PostId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same as an answer or as a comment.
    #[must_use]
    pub fn kind(mut self, kind: PostKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same with the host's own key.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }
}

/// An edit of a post's text.
#[derive(Debug, Clone)]
pub struct PostEdit {
    /// The new text.
    pub body: String,
    /// Why.
    pub reason: Option<String>,
    /// The number of the revision that the edit rests on; `None` is whichever is current.
    pub expected: Option<u32>,
}

impl PostEdit {
    /// A new text.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), reason: None, expected: None }
    }
}

impl Session {
    /// Replies to a topic, or to a post in it.
    ///
    /// Replies never conflict with each other, however many are written at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a topic or parent that the member does not see, or a parent that is
    /// not published; [`Error::Denied`] by the policy, or in a locked topic; [`Error::Invalid`] for
    /// an answer where none is taken; [`Error::Conflict`] when the key is taken; [`Error::Limit`]
    /// for a text too long or a reply too deep; [`Error::NewMember`] and [`Error::DayFull`] for what
    /// the member's level does not allow.
    pub async fn reply(&self, new: NewPost) -> Result<PostId> {
        let env = self.engine().env();
        env.limits().check_body(&new.body)?;
        let id = command!(self, new, |rights| {
            let row = self.visible_topic(&rights, new.topic).await?;
            let topic = &row.topic;
            let parent = self.visible_post(&rights, new.parent.unwrap_or(topic.opening)).await?;
            let parent = &parent.post;
            if parent.topic != topic.id || parent.state != State::Published {
                return Err(Error::NotFound("post"));
            }
            let kind = kind_of_reply(topic, parent, new.kind)?;
            let action = match kind {
                PostKind::Answer => Action::Answer,
                PostKind::Opening | PostKind::Reply => Action::Reply,
            };
            rights.require_in_topic(&action, topic, Some(topic.author), "topic")?;
            if topic.state != State::Published {
                return Err(Error::NotFound("topic"));
            }
            rights.check_new_member_in(topic, &[&new.body])?;
            let author = rights.author(&action)?;
            let depth = parent.depth + 1;
            env.limits().depth(usize::try_from(depth).unwrap_or(usize::MAX))?;
            let post = Post {
                id: PostId::from_uuid(env.mint(rights.now)),
                topic: topic.id,
                parent: Some(parent.id),
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
                created_at: rights.now,
                edited_at: None,
                revision: 1,
                rev: Rev::FIRST,
                counters: PostCounters::default(),
            };
            let mut changes = rights.changes();
            let target = rights.in_topic(topic)?;
            self.check_day(&rights, target, author, Written::Posts, &mut changes).await?;
            changes.expect(Expect::Gate(topic.id, topic.gate));
            if let Some(key) = &new.key {
                let (community, _) = rights.place_of(topic)?;
                self.require_free(&rights, community, key).await?;
                changes.expect(Expect::Absent(UniqueKey::Item(topic.community, key.clone())));
            }
            let text = Revision {
                post: post.id,
                number: 1,
                body: new.body.clone(),
                title: None,
                labels: None,
                editor: Some(author),
                at: rights.now,
                reason: None,
            };
            changes.add_post(topic.id, std::slice::from_ref(parent), &post, text);
            changes.events.push(rights.event_on(EventKind::PostWritten, topic, Some(post.id)));
            Ok((Some(post.id.uuid()), changes))
        });
        id.map(PostId::from_uuid).ok_or(Error::NotFound("post"))
    }

    /// Edits a post: a new revision; the old ones stay. The first post's text can be edited here
    /// too, its topic's title and labels with [`Session::edit_topic`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to edit; [`Error::Conflict`] when the
    /// expected revision is not the current one; [`Error::Erased`]; [`Error::Limit`].
    pub async fn edit_post(&self, id: PostId, edit: PostEdit) -> Result<()> {
        let limits = self.engine().env().limits();
        limits.check_body(&edit.body)?;
        limits.reason(edit.reason.as_ref().map_or(0, String::len))?;
        command!(self, (id, &edit), |rights| {
            let view = self.visible_post(&rights, id).await?;
            let topic = self.whole_topic(&rights, view.post.topic).await?;
            rights.require_in_topic(&Action::Edit, &topic, Some(view.post.author), "post")?;
            if view.post.erased_at.is_some() {
                return Err(Error::Erased("post"));
            }
            if edit.expected.is_some_and(|expected| expected != view.post.revision) {
                return Err(Error::Conflict("the post has changed meanwhile"));
            }
            if view.body == edit.body {
                return nothing(&rights, None);
            }
            rights.check_new_member_in(&topic, &[&edit.body])?;
            let opening = view.post.kind == PostKind::Opening;
            let revision = view.post.revision + 1;
            let text = Revision {
                post: id,
                number: revision,
                body: edit.body.clone(),
                title: opening.then(|| topic.title.clone()),
                labels: opening.then(|| topic.labels.clone()),
                editor: rights.actor(),
                at: rights.now,
                reason: edit.reason.clone(),
            };
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            if opening {
                // The revision keeps the topic's title and labels: they may not change meanwhile.
                changes.expect(Expect::Rev(EntityRef::Topic(topic.id), topic.rev));
            }
            changes.add_revision(&view.post, text, limits)?;
            let kind = EventKind::PostEdited { revision };
            changes.events.push(rights.event_on(kind, &topic, Some(id)));
            Ok((None, changes))
        });
        Ok(())
    }

    /// Takes back a reply that one wrote. Replies to it stay, below a placeholder.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] for a first post, which goes with
    /// its topic; [`Error::Erased`].
    pub async fn withdraw_post(&self, id: PostId) -> Result<()> {
        self.change_post_state(id, State::Withdrawn).await
    }

    /// Removes a reply, as a moderator. Replies to it stay, below a placeholder.
    ///
    /// # Errors
    /// As [`Session::withdraw_post`].
    pub async fn remove_post(&self, id: PostId) -> Result<()> {
        self.change_post_state(id, State::Removed).await
    }

    /// Brings back a reply: its author what the author took back, a moderator everything that is not
    /// [erased](Self::erase_post).
    ///
    /// # Errors
    /// As [`Session::withdraw_post`].
    pub async fn restore_post(&self, id: PostId) -> Result<()> {
        self.change_post_state(id, State::Published).await
    }

    async fn change_post_state(&self, id: PostId, state: State) -> Result<()> {
        command!(self, ("post state", id, state), |rights| {
            let view = self.visible_post(&rights, id).await?;
            let topic = self.whole_topic(&rights, view.post.topic).await?;
            // Read again behind the topic, whose gate then tells whether it is still so.
            let view = self.visible_post(&rights, id).await?;
            let post = &view.post;
            let action = state_action(post.state, state, rights.actor() == Some(post.author));
            rights.require_in_topic(&action, &topic, Some(post.author), "post")?;
            if post.kind == PostKind::Opening {
                return Err(Error::invalid("a first post goes with its topic"));
            }
            if post.state == state {
                return nothing(&rights, None);
            }
            if post.erased_at.is_some() {
                return Err(Error::Erased("post"));
            }
            let mut changes = rights.changes();
            let after = Post { state, ..post.clone() };
            self.show_reply(&mut changes, &topic, post, after).await?;
            let kind = EventKind::PostStateChanged { state };
            changes.events.push(rights.event_on(kind, &topic, Some(id)));
            Ok((None, changes))
        });
        Ok(())
    }

    /// Plans that a reply comes to be in another state, and moves the gate of its topic.
    pub(super) async fn show_reply(
        &self,
        changes: &mut ChangeSet,
        topic: &Topic,
        before: &Post,
        after: Post,
    ) -> Result<()> {
        let (store, system) = (self.engine().store(), self.unscoped());
        let above = system.admit_all(store.ancestors(before.id, &system).await?);
        let above: Vec<Post> = above.into_iter().rev().map(|view| view.into_inner().post).collect();
        let others = store.latest_bump(topic.id, Some(before.id)).await?;
        let others = others.unwrap_or(topic.bumped_at).max(topic.bumped_at);
        changes.change_post_state(topic, before, after, &above, others);
        changes.change_topic(topic, Topic { gate: topic.gate + 1, ..topic.clone() });
        Ok(())
    }

    /// A published post with its topic, for commands that add something to it.
    pub(super) async fn post_to_add_to(
        &self,
        rights: &crate::engine::Rights,
        id: PostId,
    ) -> Result<(Visible<PostView>, Topic)> {
        let view = self.visible_post(rights, id).await?;
        let topic = self.whole_topic(rights, view.post.topic).await?;
        if view.post.state != State::Published || topic.state != State::Published {
            return Err(Error::invalid("it is not published"));
        }
        Ok((view, topic))
    }
}

fn kind_of_reply(topic: &Topic, parent: &Post, wish: Option<PostKind>) -> Result<PostKind> {
    let takes_answer = topic.answerable && parent.kind == PostKind::Opening;
    match wish {
        None if takes_answer => Ok(PostKind::Answer),
        None | Some(PostKind::Reply) => Ok(PostKind::Reply),
        Some(PostKind::Answer) if takes_answer => Ok(PostKind::Answer),
        Some(PostKind::Answer) => {
            Err(Error::invalid("an answer replies to the first post of a topic that takes answers"))
        }
        Some(PostKind::Opening) => Err(Error::invalid("a topic has one first post")),
    }
}
