//! Accepted and official answers.

use super::{Planned, nothing};
use crate::change::{ChangeSet, Counter, EventKind, Expect};
use crate::domain::{Mark, Post, PostKind, Topic};
use crate::engine::{Rights, Session, command};
use crate::error::{Error, Result};
use crate::id::PostId;
use crate::policy::Action;

impl Session {
    /// Accepts an answer. A topic can have several, as many as the settings say.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] for a post that is not an answer;
    /// [`Error::Conflict`] when no more can be accepted.
    pub async fn accept(&self, answer: PostId, reason: Option<&str>) -> Result<()> {
        self.engine().env().limits().reason(reason.map_or(0, str::len))?;
        command!(self, ("accept", answer, reason), |rights| {
            let (post, topic) = self.answer(&rights, &Action::Accept, answer).await?;
            if post.accepted.is_some() {
                return nothing(&rights, None);
            }
            let (_, channel) = rights.place_of(&topic)?;
            let most = i64::from(channel.settings.max_accepted);
            if topic.counters.accepted >= most {
                return Err(Error::Conflict("no more answers can be accepted here"));
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Below(Counter::TopicAccepted(topic.id), most));
            let accepted = Some(rights.mark(reason));
            let after = Post { accepted, ..post.clone() };
            rights.change_mark(changes, &topic, &post, after)
        });
        Ok(())
    }

    /// Undoes an acceptance.
    ///
    /// # Errors
    /// As [`Session::accept`].
    pub async fn unaccept(&self, answer: PostId) -> Result<()> {
        command!(self, ("unaccept", answer), |rights| {
            let (post, topic) = self.answer(&rights, &Action::Accept, answer).await?;
            if post.accepted.is_none() {
                return nothing(&rights, None);
            }
            let after = Post { accepted: None, ..post.clone() };
            rights.change_mark(rights.changes(), &topic, &post, after)
        });
        Ok(())
    }

    /// Marks an answer as the official one, or takes the mark off. The policy says whose word is
    /// official.
    ///
    /// # Errors
    /// As [`Session::accept`].
    pub async fn set_official(
        &self,
        answer: PostId,
        official: bool,
        reason: Option<&str>,
    ) -> Result<()> {
        self.engine().env().limits().reason(reason.map_or(0, str::len))?;
        command!(self, ("official", answer, official, reason), |rights| {
            let (post, topic) = self.answer(&rights, &Action::Official, answer).await?;
            if post.official.is_some() == official {
                return nothing(&rights, None);
            }
            let official = official.then(|| rights.mark(reason));
            let after = Post { official, ..post.clone() };
            rights.change_mark(rights.changes(), &topic, &post, after)
        });
        Ok(())
    }

    /// An answer that the viewer may mark. Who may accept is a question about the topic's author,
    /// not about the answer's.
    async fn answer(&self, rights: &Rights, action: &Action, id: PostId) -> Result<(Post, Topic)> {
        let (view, topic) = self.post_to_add_to(rights, id).await?;
        rights.require_in_topic(action, &topic, Some(topic.author), "post")?;
        if view.post.kind != PostKind::Answer {
            return Err(Error::invalid("that is not an answer"));
        }
        Ok((view.into_inner().post, topic))
    }
}

impl Rights {
    fn mark(&self, reason: Option<&str>) -> Mark {
        Mark { by: self.actor(), at: self.now, reason: reason.map(str::to_owned) }
    }

    fn change_mark(
        &self,
        mut changes: ChangeSet,
        topic: &Topic,
        before: &Post,
        after: Post,
    ) -> Planned {
        changes.expect(Expect::Gate(topic.id, topic.gate));
        let kind = if before.accepted.is_some() == after.accepted.is_some() {
            EventKind::MadeOfficial { official: after.official.is_some() }
        } else {
            EventKind::Accepted { accepted: after.accepted.is_some() }
        };
        changes.events.push(self.event_on(kind, topic, Some(before.id)));
        changes.change_accepted(before, after);
        Ok((None, changes))
    }
}
