//! What posts are marked as: accepted, official, the community's.

use super::state::Batch;
use crate::change::{EventKind, NewEvent};
use crate::domain::{Mark, Post, PostKind, State, Topic};
use crate::error::{Error, Result};
use crate::record::MarkRecord;
use crate::time::Timestamp;

impl Batch<'_> {
    /// Changes what a post is marked as.
    pub(super) fn set_marks(
        &mut self,
        topic: &Topic,
        post: Post,
        accepted: Option<Mark>,
        official: Option<Mark>,
    ) -> Result<Post> {
        if (&post.accepted, &post.official) == (&accepted, &official) {
            return Ok(post);
        }
        let changes = [
            (&post.accepted, &accepted, EventKind::Accepted { accepted: accepted.is_some() }),
            (&post.official, &official, EventKind::MadeOfficial { official: official.is_some() }),
        ];
        let changed = changes.into_iter().filter(|(was, is, _)| was.is_some() != is.is_some());
        let events: Vec<_> = changed
            .filter_map(|(was, is, kind)| {
                let mark = is.as_ref().or(was.as_ref())?;
                Some(self.event(kind, topic, Some(post.id), mark.by, mark.at))
            })
            .collect();
        let after = Post { accepted, official, ..post.clone() };
        let plan = self.plan_mut();
        plan.events.extend(events);
        let post = plan.change_accepted(&post, after);
        self.keep_post(&post);
        self.settle()?;
        Ok(post)
    }

    /// Makes a post the community's; that is never undone.
    pub(super) fn share(
        &mut self,
        topic: &Topic,
        post: Post,
        at: Option<Timestamp>,
    ) -> Result<Post> {
        let Some(at) = at.filter(|_| post.shared_at.is_none()) else { return Ok(post) };
        let event = self.event(EventKind::Shared, topic, Some(post.id), None, at);
        let after = Post { shared_at: Some(at), ..post.clone() };
        let plan = self.plan_mut();
        plan.events.push(event);
        let post = plan.change_post(&post, after);
        self.keep_post(&post);
        self.settle()?;
        Ok(post)
    }

    /// Takes over a post as the batch leaves it.
    fn keep_post(&mut self, post: &Post) {
        if let Some((known, _)) = self.posts.get_mut(&post.id) {
            *known = post.clone();
        }
    }

    /// The events of what something new is from its beginning.
    pub(super) fn events_of_new(&self, topic: &Topic, post: &Post) -> Vec<NewEvent> {
        let mut events = Vec::new();
        let mut add = |kind, by, at| {
            events.push(self.event(kind, topic, Some(post.id), by, at));
        };
        if let Some(at) = post.shared_at {
            add(EventKind::Shared, None, at);
        }
        if let Some(mark) = &post.accepted {
            add(EventKind::Accepted { accepted: true }, mark.by, mark.at);
        }
        if let Some(mark) = &post.official {
            add(EventKind::MadeOfficial { official: true }, mark.by, mark.at);
        }
        if let Some(at) = post.erased_at {
            let opening = post.kind == PostKind::Opening;
            add(EventKind::PostErased { opening }, None, at);
        } else if post.state != State::Published && post.kind != PostKind::Opening {
            add(EventKind::PostStateChanged { state: post.state }, None, self.rights.now);
        }
        events
    }

    pub(super) fn mark(
        &mut self,
        mark: Option<&MarkRecord>,
        kind: PostKind,
    ) -> Result<Option<Mark>> {
        let Some(MarkRecord { by, at, reason }) = mark else { return Ok(None) };
        if kind != PostKind::Answer {
            return Err(Error::invalid("only an answer is accepted or official"));
        }
        self.env.limits().reason(reason.as_ref().map_or(0, String::len))?;
        let by = match by {
            Some(key) => Some(self.member_of(key, *at)?),
            None => None,
        };
        Ok(Some(Mark { by, at: *at, reason: reason.clone() }))
    }
}
