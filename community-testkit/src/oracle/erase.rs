//! Erasing what somebody said, and who somebody was.

use community_core::change::EventKind;
use community_core::{
    Action, Erasure, Key, Mark, Member, MemberId, Membership, Name, Post, PostId, PostKind, Rev,
    State, Title, Topic,
};
use serde_json::json;

use super::{About, Act, Oracle, done, invalid, not_found};
use crate::observe::Answer;

impl Oracle {
    pub(super) fn erase_post(&mut self, act: Act, id: PostId) -> Answer {
        let post = self.seen_post(act, id)?;
        let topic = self.seen_topic(act, post.topic)?;
        self.require_in_topic(act, &Action::Manage, &topic, Some(post.author), "post")?;
        if post.erased_at.is_some() {
            return done();
        }
        for revision in self.revisions.iter_mut().filter(|revision| revision.post == id) {
            revision.body.clear();
            revision.title = None;
            revision.reason = None;
        }
        for correction in self.corrections.iter_mut().filter(|c| c.post == id) {
            correction.body.clear();
            correction.range = None;
            correction.rev = Rev(correction.rev.0 + 1);
        }
        let silent = |mark: Mark| Mark { reason: None, ..mark };
        let is_opening = post.kind == PostKind::Opening;
        self.put_post(Post {
            state: if is_opening { post.state } else { State::Removed },
            accepted: post.accepted.clone().map(silent),
            official: post.official.clone().map(silent),
            erased_at: Some(act.now),
            ..post
        });
        let kind = EventKind::PostErased { opening: is_opening };
        self.log(act, kind, About::post(&topic, id));
        let mut topic = Topic { gate: topic.gate + 1, ..topic };
        if is_opening {
            topic.title = Title::new("erased").map_err(|error| invalid(error.to_string()))?;
            topic.payload = None;
            topic.state = State::Removed;
        }
        self.put_topic(topic);
        done()
    }

    pub(super) fn erase_member(&mut self, act: Act, id: MemberId, erasure: Erasure) -> Answer {
        self.require_system(act)?;
        let old = self.member(id).ok_or_else(|| not_found("member"))?.clone();
        if old.erased_at.is_none() {
            let key = Key::new(&format!("erased-{id}"));
            let name = Name::new("erased member");
            self.members.retain(|member| member.id != id);
            self.members.push(Member {
                id,
                key: key.map_err(|error| invalid(error.to_string()))?,
                name: name.map_err(|error| invalid(error.to_string()))?,
                attributes: Default::default(),
                lists: Default::default(),
                profile: Default::default(),
                listed: false,
                created_at: old.created_at,
                erased_at: Some(act.now),
                rev: Rev(old.rev.0 + 1),
            });
            self.log(act, EventKind::MemberErased, About { member: Some(id), ..About::default() });
        }
        let mut known: Vec<Membership> =
            self.memberships.iter().filter(|known| known.member == id).cloned().collect();
        known.sort_by_key(|known| known.community);
        let mut communities = 0;
        for old in known {
            let new = Membership { rev: old.rev, ..Membership::stranger(old.community, id) };
            if new == old {
                continue;
            }
            let left = old.joined_at.is_some();
            let kind = if left { EventKind::Left } else { EventKind::StandingChanged };
            self.put_membership(&old, new);
            self.log(act, kind, About { member: Some(id), ..About::community(old.community) });
            communities += 1;
        }
        let mut posts: Vec<_> = self
            .posts
            .iter()
            .filter(|post| post.author == id && post.erased_at.is_none())
            .collect();
        posts.sort_by_key(|post| (post.created_at, post.id));
        let mut posts: Vec<PostId> = posts.into_iter().map(|post| post.id).collect();
        if erasure == Erasure::Anonymise {
            posts.clear();
        }
        for post in &posts {
            self.erase_post(act, *post)?;
        }
        Ok(json!({"communities": communities, "posts": posts.len()}))
    }
}
