//! What hangs on one post: texts, corrections, votes and reactions.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::{Listing, Position};
use community_core::store::{PostRef, PostView};
use community_core::time::to_micros;
use community_core::{
    Correction, PostId, PostKind, Reaction, Revision, Slot, Slug, State, StoreError, Topic, Vote,
};

use super::{PAGE, Verifier};

impl Verifier<'_> {
    /// Checks a post with everything that hangs on it.
    pub(super) async fn hanging_on(
        &mut self,
        subject: &str,
        topic: &Topic,
        view: &PostView,
    ) -> Result<(), StoreError> {
        self.marks(subject, view);
        self.erased(subject, topic, view).await?;
        self.revisions(subject, topic, view).await?;
        self.corrections(subject, view).await?;
        self.votes(subject, view).await?;
        self.reactions(subject, view).await
    }

    fn marks(&mut self, subject: &str, view: &PostView) {
        let post = &view.post;
        for mark in [&post.accepted, &post.official].into_iter().flatten() {
            let is_answer = post.kind == PostKind::Answer;
            self.holds("only answers are marked", subject, "an answer", is_answer, post.kind);
            let reason = mark.reason.as_ref().map_or(0, String::len);
            self.fits("a reason is within its limit", subject, reason, self.limits.reason);
            self.exist(subject, mark.by);
        }
    }

    /// Of what is erased nothing is to be read, by anybody.
    async fn erased(
        &mut self,
        subject: &str,
        topic: &Topic,
        view: &PostView,
    ) -> Result<(), StoreError> {
        let post = &view.post;
        if post.erased_at.is_none() {
            return Ok(());
        }
        let states = [post.state, topic.state];
        let is_removed = match post.kind {
            PostKind::Opening => {
                let is_left = topic.title == *Topic::ERASED && topic.payload.is_none();
                topic.state == State::Removed && is_left
            }
            PostKind::Answer | PostKind::Reply => post.state == State::Removed,
        };
        self.holds("what is erased is removed", subject, "removed", is_removed, states);
        let mut left = 0;
        for mark in [&post.accepted, &post.official].into_iter().flatten() {
            left += usize::from(mark.reason.is_some());
        }
        for correction in self.store.corrections(post.id).await? {
            left += usize::from(!correction.body.is_empty());
        }
        let mut after = 0;
        loop {
            let page = self.store.revisions(post.id, after, PAGE, &self.scope).await?;
            let page = self.scope.admit_all(page);
            let begin = after;
            for Revision { number, body, title, reason, .. } in page.iter().map(|found| &found.2) {
                after = after.max(*number);
                left += usize::from(!body.is_empty() || title.is_some() || reason.is_some());
            }
            // The end, or a store that does not come forward.
            if page.len() < PAGE || after <= begin {
                break;
            }
        }
        self.same("what is erased has no text", subject, &left, &0);
        Ok(())
    }

    async fn revisions(
        &mut self,
        subject: &str,
        topic: &Topic,
        view: &PostView,
    ) -> Result<(), StoreError> {
        let place = (topic.place(), PostRef { author: view.post.author, state: view.post.state });
        let (mut after, mut count, mut latest) = (0, 0, None);
        loop {
            let page = self.store.revisions(view.post.id, after, PAGE, &self.scope).await?;
            let page = self.scope.admit_all(page);
            let (begin, is_last) = (after, page.len() < PAGE);
            for revision in page {
                let (of, post, revision) = revision.into_inner();
                self.belongs(subject, &(of, post), &place);
                self.belongs(subject, &revision.post, &view.post.id);
                let is_behind = revision.number > after;
                let rule = "revisions rise";
                self.holds(rule, subject, "numbers that rise", is_behind, revision.number);
                after = revision.number;
                count += 1;
                self.text(subject, &revision);
                // A topic may have stood in the lists of labels that it had once.
                for label in revision.labels.iter().flatten() {
                    self.listed.touch(Listing::ChannelLabel(topic.channel, label.clone()));
                }
                latest = Some(revision);
            }
            // The end, or a store that does not come forward.
            if is_last || after <= begin {
                break;
            }
        }
        self.fits("revisions are within their limit", subject, count, self.limits.revisions);
        let number = latest.as_ref().map(|revision| revision.number);
        self.same("the latest revision is the post's", subject, &number, &Some(view.post.revision));
        let body = latest.map(|revision| revision.body);
        let rule = "a post's text is its latest revision";
        self.same(rule, subject, &Some(&view.body), &body.as_ref());
        Ok(())
    }

    fn text(&mut self, subject: &str, revision: &Revision) {
        let has_nul = revision.body.contains('\0');
        self.holds("a text has no NUL", subject, "no NUL", !has_nul, revision.number);
        let body = revision.body.len();
        self.fits("a text is within its limit", subject, body, self.limits.body);
        let reason = revision.reason.as_ref().map_or(0, String::len);
        self.fits("a reason is within its limit", subject, reason, self.limits.reason);
        self.exist(subject, revision.editor);
    }

    async fn corrections(&mut self, subject: &str, view: &PostView) -> Result<(), StoreError> {
        let all = self.store.corrections(view.post.id).await?;
        let in_order = all.is_sorted_by_key(|correction| (correction.at, correction.id));
        let rule = "corrections are read oldest first";
        self.holds(rule, subject, "corrections by age", in_order, all.len());
        for correction in &all {
            self.belongs(subject, &correction.post, &view.post.id);
            let by_id = self.store.correction(correction.id).await?;
            let rule = "a correction is found by its id";
            self.same(rule, subject, &by_id.as_ref(), &Some(correction));
            let body = correction.body.len();
            self.fits("a text is within its limit", subject, body, self.limits.body);
            self.exist(subject, [correction.author]);
        }
        let standing: Vec<Correction> =
            all.into_iter().filter(|correction| correction.withdrawn_at.is_none()).collect();
        let count = i64::try_from(standing.len()).unwrap_or(i64::MAX);
        self.same("corrections of a post", subject, &view.post.counters.corrections, &count);
        self.same("a post comes with its corrections", subject, &view.corrections, &standing);
        let most = self.limits.corrections;
        self.fits("corrections are within their limit", subject, standing.len(), most);
        Ok(())
    }

    async fn votes(&mut self, subject: &str, view: &PostView) -> Result<(), StoreError> {
        let counts = self.slot(subject, view.post.id, Slot::Vote).await?;
        let count = |key| counts.get(key).copied().unwrap_or(0);
        let found = (view.post.counters.ups, view.post.counters.downs);
        self.same("votes of a post", subject, &found, &(count("up"), count("down")));
        Ok(())
    }

    async fn reactions(&mut self, subject: &str, view: &PostView) -> Result<(), StoreError> {
        let counts = self.slot(subject, view.post.id, Slot::Reaction).await?;
        let mut tallies: Vec<_> = view.tallies.iter().map(|t| (t.key.clone(), t.count)).collect();
        tallies.sort();
        self.same("reactions of a post", subject, &tallies, &counts.into_iter().collect());
        Ok(())
    }

    /// Counts what members gave in one slot of a post, by key.
    async fn slot(
        &mut self,
        subject: &str,
        post: PostId,
        slot: Slot,
    ) -> Result<BTreeMap<Slug, i64>, StoreError> {
        let mut counts = BTreeMap::new();
        let mut members = BTreeSet::new();
        let mut after: Option<Position> = None;
        loop {
            let page = self.store.reactions(post, slot, after, PAGE).await?;
            let (begin, is_last) = (after, page.len() < PAGE);
            for reaction in page {
                let place = Position { key: to_micros(reaction.at), id: reaction.member.uuid() };
                let is_behind = after.is_none_or(|after| place > after);
                let rule = "reactions are read oldest first";
                self.holds(rule, subject, "oldest first", is_behind, place);
                after = Some(place);
                let Reaction { post: on, member, slot: of, key, at: _ } = reaction;
                self.belongs(subject, &(on, of), &(post, slot));
                let is_first = members.insert(member);
                let rule = "one reaction a member, post and slot";
                self.holds(rule, subject, "one of each member", is_first, member);
                self.exist(subject, [member]);
                let fits = Vote::parse(key.as_str()).is_some() == (slot == Slot::Vote);
                let rule = "votes are up or down, reactions are not";
                self.holds(rule, subject, "a key for its slot", fits, (slot, &key));
                *counts.entry(key).or_default() += 1;
            }
            // The end, or a store that does not come forward.
            if is_last || after <= begin {
                break;
            }
        }
        Ok(counts)
    }
}
