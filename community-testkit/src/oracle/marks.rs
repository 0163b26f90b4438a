//! Commands that put something beside a post: votes, reactions, acceptance, corrections.

use community_core::change::EventKind;
use community_core::{
    Action, Correction, CorrectionId, Mark, NewSuggestion, Post, PostId, PostKind, Reaction, Rev,
    Slot, Slug, State, Topic, VisitId, Vote,
};
use serde_json::json;

use super::{About, Act, Oracle, Result, conflict, done, invalid, not_found, within};
use crate::observe::{Answer, Refusal};

impl Oracle {
    pub(super) fn vote(&mut self, act: Act, post: PostId, vote: Option<Vote>) -> Answer {
        let key = match vote {
            None => None,
            Some(Vote::Up) => Some("up"),
            Some(Vote::Down) => Some("down"),
        };
        let key = key.map(Slug::new).transpose().map_err(|error| invalid(error.to_string()))?;
        self.give(act, post, Slot::Vote, key)
    }

    pub(super) fn react(&mut self, act: Act, post: PostId, reaction: Option<&Slug>) -> Answer {
        self.give(act, post, Slot::Reaction, reaction.cloned())
    }

    fn give(&mut self, act: Act, id: PostId, slot: Slot, key: Option<Slug>) -> Answer {
        let (post, topic) = self.post_to_add_to(act, id)?;
        let action = match slot {
            Slot::Vote => Action::Vote,
            Slot::Reaction => Action::React,
        };
        self.require_in_topic(act, &action, &topic, Some(post.author), "post")?;
        let me = self.author(act, &action)?;
        let community = self.community_row(topic.community).ok_or_else(|| not_found("topic"))?;
        let settings = self.settings_of(community, self.channel_row(topic.channel));
        if slot == Slot::Vote && me == post.author && !settings.self_vote {
            return Err(invalid("nobody votes on what they wrote"));
        }
        if let (Slot::Reaction, Some(key)) = (slot, &key)
            && !community.reactions.iter().any(|offered| offered.key == *key)
        {
            return Err(invalid(format!("there is no reaction `{key}`")));
        }
        let is_it = |r: &Reaction| r.post == id && r.member == me && r.slot == slot;
        let old = self.reactions.iter().find(|r| is_it(r)).map(|r| r.key.clone());
        if old == key {
            return done();
        }
        self.reactions.retain(|reaction| !is_it(reaction));
        if let Some(key) = key.clone() {
            self.reactions.push(Reaction { post: id, member: me, slot, key, at: act.now });
        }
        self.log(act, EventKind::Reacted { from: old, to: key }, About::post(&topic, id));
        done()
    }

    /// An answer that the viewer may mark.
    fn answer(&self, act: Act, action: &Action, id: PostId) -> Result<(Post, Topic)> {
        let (post, topic) = self.post_to_add_to(act, id)?;
        self.require_in_topic(act, action, &topic, Some(topic.author), "post")?;
        if post.kind != PostKind::Answer {
            return Err(invalid("that is not an answer"));
        }
        Ok((post, topic))
    }

    pub(super) fn accept(&mut self, act: Act, id: PostId, reason: Option<&str>) -> Answer {
        let (post, topic) = self.answer(act, &Action::Accept, id)?;
        if post.accepted.is_some() {
            return done();
        }
        let community = self.community_row(topic.community).ok_or_else(|| not_found("topic"))?;
        let settings = self.settings_of(community, self.channel_row(topic.channel));
        let accepted = self.posts.iter().filter(|other| {
            other.topic == topic.id && other.state == State::Published && other.accepted.is_some()
        });
        if accepted.count() >= usize::try_from(settings.max_accepted).unwrap_or(usize::MAX) {
            return Err(conflict("no more answers can be accepted here"));
        }
        let accepted = Some(mark(act, reason));
        self.log(act, EventKind::Accepted { accepted: true }, About::post(&topic, id));
        self.put_post(Post { accepted, ..post });
        done()
    }

    pub(super) fn unaccept(&mut self, act: Act, id: PostId) -> Answer {
        let (post, topic) = self.answer(act, &Action::Accept, id)?;
        if post.accepted.is_some() {
            self.log(act, EventKind::Accepted { accepted: false }, About::post(&topic, id));
            self.put_post(Post { accepted: None, ..post });
        }
        done()
    }

    pub(super) fn set_official(
        &mut self,
        act: Act,
        id: PostId,
        official: bool,
        reason: Option<&str>,
    ) -> Answer {
        let (post, topic) = self.answer(act, &Action::Official, id)?;
        if post.official.is_some() != official {
            self.log(act, EventKind::MadeOfficial { official }, About::post(&topic, id));
            self.put_post(Post { official: official.then(|| mark(act, reason)), ..post });
        }
        done()
    }

    pub(super) fn correct(
        &mut self,
        act: Act,
        id: PostId,
        range: Option<(u32, u32)>,
        body: &str,
    ) -> Answer {
        let (post, topic) = self.post_to_add_to(act, id)?;
        self.require_in_topic(act, &Action::Correct, &topic, Some(post.author), "post")?;
        let author = self.author(act, &Action::Correct)?;
        within(self.limits().corrections(self.corrections_of(id).len() + 1))?;
        if let Some((from, to)) = range {
            let text = self.body_of(&post);
            let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
            let (from, to) = (at(from), at(to));
            if from >= to || !text.is_char_boundary(from) || !text.is_char_boundary(to) {
                return Err(invalid("the part to correct is not in the text"));
            }
        }
        let correction = Correction {
            id: CorrectionId::from_uuid(act.given.id),
            post: id,
            range,
            revision: post.revision,
            body: body.to_owned(),
            author,
            at: act.now,
            withdrawn_at: None,
            rev: Rev(1),
        };
        let new = correction.id;
        self.corrections.push(correction);
        self.log(act, EventKind::Corrected { stands: true }, About::post(&topic, id));
        Ok(json!(new))
    }

    pub(super) fn withdraw_correction(&mut self, act: Act, id: CorrectionId) -> Answer {
        let missing = || not_found("correction");
        let old = self.correction_row(id).ok_or_else(missing)?.clone();
        let post = self.seen_post(act, old.post).map_err(|_: Refusal| missing())?;
        let topic = self.seen_topic(act, post.topic)?;
        let is_own = act.viewer.member() == Some(old.author);
        let action = if is_own { Action::Correct } else { Action::Moderate };
        self.require_in_topic(act, &action, &topic, Some(old.author), "correction")?;
        if old.withdrawn_at.is_none() {
            for correction in self.corrections.iter_mut().filter(|c| c.id == id) {
                correction.withdrawn_at = Some(act.now);
                correction.rev = Rev(correction.rev.0 + 1);
            }
            self.log(act, EventKind::Corrected { stands: false }, About::post(&topic, old.post));
        }
        done()
    }

    /// A step of a visit goes into the log, if the viewer sees everything that it speaks of.
    pub(super) fn record_suggestion(&mut self, act: Act, new: &NewSuggestion) -> Answer {
        let community = self.community(act, &new.community)?.id;
        for topic in new.step.topics() {
            self.seen_topic(act, *topic)?;
        }
        let visit = new.visit.unwrap_or(VisitId::from_uuid(act.given.id));
        let NewSuggestion { source, held_out, step, .. } = new.clone();
        let kind = EventKind::Suggested { visit, source, held_out, step };
        self.log(act, kind, About::community(community));
        Ok(json!(visit))
    }
}

fn mark(act: Act, reason: Option<&str>) -> Mark {
    Mark { by: act.viewer.member(), at: act.now, reason: reason.map(str::to_owned) }
}
