//! What follows from a fact: the one place where counters are moved.
//!
//! Commands say what happened (`add_post`, `set_reaction`, ...); the operations on counters that go
//! with it are added here, so that no command can forget one.

use super::expect::EntityRef;
use super::{ChangeSet, Counter, Expect, Op};
use crate::domain::{
    Correction, Post, PostKind, Reaction, Rev, Revision, Slot, State, Topic, Vote,
};
use crate::id::{MemberId, PostId, TopicId};
use crate::text::Slug;
use crate::time::Timestamp;

impl ChangeSet {
    /// A new topic with its first post and that post's text.
    pub fn add_topic(&mut self, topic: &Topic, opening: &Post, text: Revision) {
        self.ops.push(Op::PutTopic(Box::new(topic.clone())));
        self.ops.push(Op::PutPost(Box::new(opening.clone())));
        self.ops.push(Op::PutRevision(Box::new(text)));
        self.bump(Counter::TopicPosts(topic.id), 1);
        self.bump(Counter::Participation(topic.id, opening.author), 1);
        if topic.state == State::Published {
            self.list_topic(topic, 1);
        }
    }

    /// A new reply with its text. `ancestors` are the posts above it, its parent first; those above
    /// a published one may be left out. Returns the counts of children that moved.
    pub fn add_post(
        &mut self,
        topic: TopicId,
        ancestors: &[Post],
        post: &Post,
        text: Revision,
    ) -> Vec<(PostId, i64)> {
        self.ops.push(Op::PutPost(Box::new(post.clone())));
        self.ops.push(Op::PutRevision(Box::new(text)));
        if post.state == State::Published {
            self.count_post(topic, post, 1);
            if post.bumps {
                self.ops.push(Op::RaiseActive(topic, post.created_at));
            }
        }
        self.show((false, post.is_shown()), ancestors)
    }

    /// New facts of a topic, with its next revision. Counters that depend on its state, channel and
    /// labels follow.
    pub fn change_topic(&mut self, before: &Topic, mut after: Topic) -> Topic {
        self.expect(Expect::Rev(EntityRef::Topic(before.id), before.rev));
        after.rev = before.rev.next();
        if before.state == State::Published {
            self.list_topic(before, -1);
        }
        if after.state == State::Published {
            self.list_topic(&after, 1);
        }
        self.ops.push(Op::PutTopic(Box::new(after.clone())));
        after
    }

    /// New facts of a post, with its next revision. For everything but its state and marks.
    pub fn change_post(&mut self, before: &Post, mut after: Post) -> Post {
        self.expect(Expect::Rev(EntityRef::Post(before.id), before.rev));
        after.rev = before.rev.next();
        self.ops.push(Op::PutPost(Box::new(after.clone())));
        after
    }

    /// A post comes to be in another state, with everything else of `after`: published, withdrawn or
    /// removed. `ancestors` are the posts above it, its parent first; `others` is the topic's last activity without the post. Returns the post and
    /// the counts of children that moved.
    ///
    /// `topic` was read before everything else, and the caller moves its gate in the same change
    /// set: nothing that looks at the gate comes between. Replies look at it and do not move it;
    /// those that came meanwhile are noticed by what they count for.
    pub fn change_post_state(
        &mut self,
        topic: &Topic,
        before: &Post,
        after: Post,
        ancestors: &[Post],
        others: Timestamp,
    ) -> (Post, Vec<(PostId, i64)>) {
        match (before.state == State::Published, after.state == State::Published) {
            (true, false) => {
                self.expect_no_more(Counter::PostChildren(before.id), before.counters.children);
                if before.bumps && before.created_at >= topic.counters.active_at {
                    self.lower_active(topic, others);
                }
                self.count_post(topic.id, before, -1);
            }
            (false, true) => {
                if before.bumps {
                    self.ops.push(Op::RaiseActive(topic.id, before.created_at));
                }
                self.count_post(topic.id, before, 1);
            }
            _ => {}
        }
        let moved = self.show((before.is_shown(), after.is_shown()), ancestors);
        (self.change_post(before, after), moved)
    }

    /// A topic's last activity becomes an earlier one, because what it rested on is gone. Under the
    /// topic's gate.
    pub fn lower_active(&mut self, topic: &Topic, to: Timestamp) {
        self.expect_no_more(Counter::TopicPosts(topic.id), topic.counters.posts);
        self.ops.push(Op::SetActive(topic.id, to));
    }

    fn expect_no_more(&mut self, counter: Counter, count: i64) {
        self.expect(Expect::Below(counter, count + 1));
    }

    /// A post was shown or not, and is now or not: counts it at its parent. A parent that is only a
    /// placeholder may thereby come or go itself, and so on upwards; that it does rests on how many others it
    /// has.
    fn show(&mut self, mut shown: (bool, bool), ancestors: &[Post]) -> Vec<(PostId, i64)> {
        let mut moved = Vec::new();
        for ancestor in ancestors {
            let step = match shown {
                (true, false) => -1,
                (false, true) => 1,
                _ => break,
            };
            self.bump(Counter::PostChildren(ancestor.id), step);
            moved.push((ancestor.id, step));
            let mut changed = ancestor.clone();
            changed.counters.children += step;
            shown = (ancestor.is_shown(), changed.is_shown());
            if shown.0 != shown.1 {
                self.expect_no_more(Counter::PostChildren(ancestor.id), ancestor.counters.children);
            }
        }
        moved
    }

    /// A member's vote or reaction changes.
    pub fn change_reaction(
        &mut self,
        topic: &Topic,
        post: PostId,
        member: MemberId,
        slot: Slot,
        from: Option<&Slug>,
        to: Option<(Slug, Timestamp)>,
    ) {
        self.expect(Expect::ReactionIs { post, member, slot, key: from.cloned() });
        if let Some(key) = from {
            self.count_reaction(topic, post, slot, key, -1);
        }
        match to {
            Some((key, at)) => {
                self.count_reaction(topic, post, slot, &key, 1);
                self.ops.push(Op::PutReaction(Reaction { post, member, slot, key, at }));
            }
            None => self.ops.push(Op::DropReaction { post, member, slot }),
        }
    }

    /// An answer becomes accepted, or is not any more.
    pub fn change_accepted(&mut self, before: &Post, after: Post) -> Post {
        let step = i64::from(after.accepted.is_some()) - i64::from(before.accepted.is_some());
        if step != 0 && before.state == State::Published {
            self.bump(Counter::TopicAccepted(before.topic), step);
        }
        self.change_post(before, after)
    }

    /// A new correction, or one that is taken back. Returns it with its next revision.
    pub fn change_correction(
        &mut self,
        before: Option<&Correction>,
        mut after: Correction,
    ) -> Correction {
        let stands = |c: &Correction| c.withdrawn_at.is_none();
        let step = i64::from(stands(&after)) - i64::from(before.is_some_and(stands));
        if step != 0 {
            self.bump(Counter::PostCorrections(after.post), step);
        }
        let rev = before.map_or(Rev(0), |correction| correction.rev);
        self.expect(Expect::Rev(EntityRef::Correction(after.id), rev));
        after.rev = rev.next();
        self.ops.push(Op::PutCorrection(Box::new(after.clone())));
        after
    }

    /// What was said in a post, and beside it, is gone from everything that holds it: from all of its
    /// revisions and corrections. That no correction came meanwhile is noticed by their count.
    pub fn erase_texts(&mut self, post: &Post, revisions: &[Revision], corrections: &[Correction]) {
        self.expect_no_more(Counter::PostCorrections(post.id), post.counters.corrections);
        let texts = revisions.iter().map(|revision| Op::PutRevision(Box::new(revision.erased())));
        self.ops.extend(texts);
        for correction in corrections {
            self.change_correction(Some(correction), correction.erased());
        }
    }

    /// Moves a counter; two moves of one counter become one.
    pub fn bump(&mut self, counter: Counter, step: i64) {
        for (at, op) in self.ops.iter_mut().enumerate().rev() {
            match op {
                Op::Bump(known, sum) if *known == counter => {
                    *sum += step;
                    if *sum == 0 {
                        self.ops.remove(at);
                    }
                    return;
                }
                Op::Bump(..) => {}
                _ => break,
            }
        }
        self.ops.push(Op::Bump(counter, step));
    }

    fn list_topic(&mut self, topic: &Topic, step: i64) {
        self.bump(Counter::ChannelTopics(topic.channel), step);
        for label in &topic.labels {
            self.bump(Counter::LabelUse(topic.community, label.clone(), topic.channel), step);
        }
    }

    fn count_post(&mut self, topic: TopicId, post: &Post, step: i64) {
        self.bump(Counter::TopicPosts(topic), step);
        self.bump(Counter::Participation(topic, post.author), step);
        if post.kind == PostKind::Answer {
            self.bump(Counter::TopicAnswers(topic), step);
        }
        if post.accepted.is_some() {
            self.bump(Counter::TopicAccepted(topic), step);
        }
    }

    fn count_reaction(&mut self, topic: &Topic, post: PostId, slot: Slot, key: &Slug, step: i64) {
        let is_opening = post == topic.opening;
        match (slot, Vote::parse(key.as_str())) {
            (Slot::Vote, Some(Vote::Up)) => {
                self.bump(Counter::PostUps(post), step);
                if is_opening {
                    self.bump(Counter::TopicUps(topic.id), step);
                }
            }
            (Slot::Vote, _) => {
                self.bump(Counter::PostDowns(post), step);
                if is_opening {
                    self.bump(Counter::TopicDowns(topic.id), step);
                }
            }
            (Slot::Reaction, _) => self.bump(Counter::Tally(post, key.clone()), step),
        }
    }
}
