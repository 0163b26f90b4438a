//! Commands: one file per noun. Each looks at facts, asks the policy, and plans a
//! [`ChangeSet`]; the session commits it.
//!
//! A command that is sent again with the same [request id](crate::Session::request) has one effect
//! and one answer. A command that loses against a concurrent one is planned anew.

mod answer;
mod badge;
mod channel;
mod community;
mod correction;
mod document;
mod erase;
mod grant;
mod import;
mod label;
mod member;
mod membership;
mod post;
mod reaction;
mod reputation;
mod suggestion;
mod super_user;
mod topic;

pub use badge::NewAward;
pub use channel::{ChannelUpdate, NewChannel};
pub use community::{CommunityUpdate, NewCommunity};
pub use correction::NewCorrection;
pub(crate) use document::checkpoint_name;
pub use document::{About, DocumentChanges};
pub use erase::{Erased, Erasure};
pub use grant::NewGrant;
pub use import::{ErasedKeys, Imported};
pub use label::NewLabel;
pub use member::NewMember;
pub use membership::NewSanction;
pub use post::{NewPost, PostEdit};
pub use suggestion::NewSuggestion;
pub use super_user::NewPromotion;
pub use topic::{NewPin, NewTopic, TopicEdit};

use uuid::Uuid;

use crate::change::{ChangeSet, EventKind, Expect, NewEvent, Written};
use crate::domain::{Community, Topic, builtin_kinds};
use crate::engine::{Rights, Session};
use crate::error::{Error, Result};
use crate::id::{ChannelId, MemberId, PostId};
use crate::limits::Limits;
use crate::policy::{Action, Clause, Decision, Policy, Target, Viewer};
use crate::time::day_of;

/// What a plan comes to: what it is about, and what to write.
type Planned = Result<(Option<Uuid>, ChangeSet)>;

/// A plan that writes nothing, because what was asked for is so already.
fn nothing(rights: &Rights, subject: Option<Uuid>) -> Planned {
    Ok((subject, rights.changes()))
}

impl Rights {
    /// An event of this moment by this actor.
    fn event(&self, kind: EventKind) -> NewEvent {
        NewEvent {
            kind,
            actor: self.actor(),
            at: self.now,
            community: None,
            channel: None,
            topic: None,
            post: None,
            member: None,
        }
    }

    /// An event in a community.
    fn event_in(&self, kind: EventKind, community: &Community) -> NewEvent {
        NewEvent { community: Some(community.id), ..self.event(kind) }
    }

    /// An event about a topic, or a post in it.
    fn event_on(&self, kind: EventKind, topic: &Topic, post: Option<PostId>) -> NewEvent {
        NewEvent {
            community: Some(topic.community),
            channel: Some(topic.channel),
            topic: Some(topic.id),
            post,
            ..self.event(kind)
        }
    }

    /// Refuses a text that holds more than the author's level allows in one post. Those who
    /// moderate the place are not bound.
    fn check_new_member(&self, target: Target<'_>, texts: &[&str]) -> Result<()> {
        let Some(rules) = target.community.reputation.active_rules() else { return Ok(()) };
        let membership = self.facts.membership(target.community.id);
        let limits = rules.post_limits(membership.map_or(0, |known| known.level));
        match texts.iter().try_for_each(|text| limits.check(text)) {
            Err(_) if self.decide(&Action::Moderate, target).allowed => Ok(()),
            checked => checked,
        }
    }

    /// The same of a text in a topic.
    fn check_new_member_in(&self, topic: &Topic, texts: &[&str]) -> Result<()> {
        self.check_new_member(self.in_topic(topic)?, texts)
    }

    fn in_topic<'a>(&'a self, topic: &'a Topic) -> Result<Target<'a>> {
        let (community, channel) = self.place_of(topic)?;
        let (channel, topic, author) = (Some(&**channel), Some(topic), Some(topic.author));
        Ok(Target { community, channel, topic, author })
    }

    /// The member who acts, for what only a member can do.
    fn author(&self, action: &Action) -> Result<MemberId> {
        match self.viewer {
            Viewer::Member(id) => Ok(id),
            Viewer::Anonymous => Err(Error::Denied(Box::new(Decision {
                allowed: false,
                action: action.clone(),
                clause: Clause::Anonymous,
            }))),
            Viewer::System => {
                Err(Error::invalid("the system writes nothing of its own: act as a member"))
            }
        }
    }
}

impl Session {
    /// Refuses a post, or a topic with its first post, where the author's level allows no more on
    /// this day, and lets the commit rest on that there is room: of two at once that want the last
    /// place, one is planned again and refused. Those who moderate the place are not bound.
    async fn check_day(
        &self,
        rights: &Rights,
        target: Target<'_>,
        author: MemberId,
        what: Written,
        changes: &mut ChangeSet,
    ) -> Result<()> {
        let Some(rules) = target.community.reputation.active_rules() else { return Ok(()) };
        let membership = rights.facts.membership(target.community.id);
        let limits = rules.post_limits(membership.map_or(0, |known| known.level));
        let of_topics = limits.topics_per_day.filter(|_| what == Written::Topics);
        let bounds = [
            limits.posts_per_day.map(|most| (Written::Posts, "posts", most)),
            of_topics.map(|most| (Written::Topics, "topics", most)),
        ];
        if bounds.iter().all(Option::is_none) || rights.decide(&Action::Moderate, target).allowed {
            return Ok(());
        }
        let (community, day) = (target.community.id, day_of(rights.now));
        let store = self.engine().store();
        let (posts, topics) = store.written_on(community, author, day).await?;
        for (of, what, most) in bounds.into_iter().flatten() {
            let written = if of == Written::Posts { posts } else { topics };
            if written >= most {
                return Err(Error::DayFull { what, most });
            }
            changes.expect(Expect::WroteFewer {
                community,
                member: author,
                day,
                what: of,
                than: most,
            });
        }
        Ok(())
    }
}

/// Checks what a policy is made of: as many rules about one kind as there can be kinds.
fn check_policy(policy: &Policy, limits: &Limits) -> Result<()> {
    let of_kinds = policy.rules().filter(|(action, _)| matches!(action, Action::StartKind(_)));
    limits.kinds(of_kinds.count().saturating_sub(builtin_kinds().len()))?;
    policy.rules().try_for_each(|(_, audience)| audience.check_within(limits))
}

/// The event of a channel.
fn in_channel(event: NewEvent, channel: ChannelId) -> NewEvent {
    NewEvent { channel: Some(channel), ..event }
}
