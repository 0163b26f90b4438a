//! Points that somebody decides on, and posts that become the community's.

use super::nothing;
use crate::change::{EntityRef, EventKind, Expect, NewEvent, Op};
use crate::domain::{Grant, Post, Rev};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::{GrantId, MemberId, PostId};
use crate::policy::Action;
use crate::reputation::RuleSet;
use crate::text::Slug;

/// A grant to be made.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Whose points they are.
    pub member: MemberId,
    /// What for, in one word.
    pub reason: Slug,
    /// How many; below zero they are taken.
    pub points: i64,
    /// The post that it is about.
    pub post: Option<PostId>,
    /// What for, in words.
    pub note: String,
}

impl NewGrant {
    /// A grant about nothing in particular.
    #[must_use]
    pub fn new(member: MemberId, reason: Slug, points: i64) -> Self {
        Self { member, reason, points, post: None, note: String::new() }
    }
}

impl Session {
    /// Grants points to somebody, or takes some. It cannot be changed: what is to be undone is
    /// another grant with the sign turned.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community, member or post that is not there for the viewer;
    /// [`Error::Denied`] without the right to manage; [`Error::Invalid`] for too many points;
    /// [`Error::Limit`].
    pub async fn grant(&self, community: &Slug, new: NewGrant) -> Result<GrantId> {
        let env = self.engine().env();
        env.limits().reason(new.note.len())?;
        check_points(new.points)?;
        let id = command!(self, ("grant", community, &new), |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let exists = self.known_member(new.member).await?;
            let mut event = rights.event_in(
                EventKind::Granted { reason: new.reason.clone(), points: new.points },
                community,
            );
            if let Some(post) = new.post {
                let view = self.visible_post(&rights, post).await?;
                if view.place.community != community.id {
                    return Err(Error::NotFound("post"));
                }
                event.channel = Some(view.place.channel);
                event.topic = Some(view.post.topic);
                event.post = Some(post);
            }
            event.member = Some(new.member);
            let grant = Grant {
                id: GrantId::from_uuid(env.mint(rights.now)),
                community: community.id,
                member: new.member,
                reason: new.reason.clone(),
                points: new.points,
                tier: None,
                post: new.post,
                by: rights.actor(),
                note: new.note.clone(),
                at: rights.now,
            };
            let mut changes = rights.changes();
            changes.expect(exists);
            let id = grant.id;
            changes.put_grant(grant, event);
            Ok((Some(id.uuid()), changes))
        });
        id.map(GrantId::from_uuid).ok_or(Error::NotFound("grant"))
    }

    /// Makes a post the community's: from then on votes on it earn its author nothing. It cannot
    /// be undone. Whoever may edit the post may do it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] for one that is not published.
    pub async fn share_post(&self, id: PostId) -> Result<()> {
        command!(self, ("share", id), |rights| {
            let (view, topic) = self.post_to_add_to(&rights, id).await?;
            rights.require_in_topic(&Action::Edit, &topic, Some(view.post.author), "post")?;
            if view.post.shared_at.is_some() {
                return nothing(&rights, None);
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            let after = Post { shared_at: Some(rights.now), ..view.post.clone() };
            changes.change_post(&view.post, after);
            changes.events.push(rights.event_on(EventKind::Shared, &topic, Some(id)));
            Ok((None, changes))
        });
        Ok(())
    }
}

impl crate::change::ChangeSet {
    /// A new grant.
    pub(super) fn put_grant(&mut self, grant: Grant, event: NewEvent) {
        self.expect(Expect::Rev(EntityRef::Grant(grant.id), Rev(0)));
        self.ops.push(Op::PutGrant(Box::new(grant)));
        self.events.push(event);
    }
}

/// Refuses more points than can be counted.
pub(super) fn check_points(points: i64) -> Result<()> {
    if points == 0 || points.unsigned_abs() > RuleSet::MOST_POINTS.unsigned_abs() {
        return Err(Error::invalid(format!("a grant is of 1 to {} points", RuleSet::MOST_POINTS)));
    }
    Ok(())
}
