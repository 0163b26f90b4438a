//! Following the log: reputation is brought up to date on the caller's task, step by step.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::badges::Awarded;
use crate::change::{ChangeSet, EntityRef, Event, EventKind, Expect, Op, Seq};
use crate::directory::Directory;
use crate::domain::{Community, Membership};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId, PostId, TopicId};
use crate::policy::{AccessRev, Scope};
use crate::reputation::{
    Book, Entry, Facts, LedgerId, Opening, PostFacts, RuleSet, RuleSetId, Tenure, TopicFacts,
    project,
};
use crate::store::CommitError;
use crate::text::Slug;
use crate::time::day_of;

/// What background work was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pumped {
    /// Topics of which views were written.
    pub views: usize,
    /// Visits that were written: members of a community on a day.
    pub visits: usize,
    /// Events that reputation took into account.
    pub events: usize,
    /// Badges that were given, or taken away.
    pub awards: usize,
    /// Events that were looked at for the host's [`AwardHook`](super::AwardHook).
    pub told: usize,
    /// Calls of that hook that panicked.
    pub failed: usize,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// Events in one step: one read of the log, one commit.
pub(super) const STEP: usize = 500;

impl Engine {
    /// Does background work that is due, on the caller's task: writes buffered views and visits,
    /// brings the reputation and then the badges of each community up to date, by at most
    /// [`Limits::projected`](crate::Limits) events in all, and tells the host's
    /// [`AwardHook`](super::AwardHook) last.
    ///
    /// Levels that ask for days or visits follow here too: once after each midnight (UTC), and when
    /// visits have been written.
    ///
    /// Call it every now and then, or again at once while there is [more](Pumped::more). Several may
    /// do so at the same time, in several processes too: each event counts once.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; the views and visits then stay buffered, and reputation
    /// is as far as it came.
    pub async fn pump(&self) -> Result<Pumped> {
        let (views, visits) = (self.flush_views().await?, self.flush_visits().await?);
        let mut pumped = Pumped { views, visits, ..Pumped::default() };
        self.begin_telling().await?;
        let directory = self.whole_directory().await?;
        let mut budget = self.env().limits().projected;
        for community in directory.communities() {
            match self.keep_up(&directory, community, budget).await {
                Ok((events, badges)) => {
                    budget -= (events + badges.events).min(budget);
                    pumped.events += events;
                    pumped.awards += badges.changes;
                }
                // Whoever was faster each time has done some of it. What is left is for the next.
                Err(Error::Contended) => pumped.more = true,
                Err(error) => return Err(error),
            }
            if budget == 0 {
                pumped.more = true;
                break;
            }
        }
        (pumped.told, pumped.failed) = self.tell_awards(budget).await?;
        pumped.more |= pumped.told >= budget.max(1);
        Ok(pumped)
    }

    /// Brings the reputation, the levels and the badges of a community up to date. Returns how many
    /// events reputation took, and what became of the badges.
    async fn keep_up(
        &self,
        directory: &Directory,
        community: &Community,
        budget: usize,
    ) -> Result<(usize, Awarded)> {
        // Rules that a later version of the engine defined are for that version to follow.
        let Some(rules) = community.reputation.active_rules() else {
            return Ok((0, Awarded::default()));
        };
        let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
        self.renew_levels(directory, &ledger, rules).await?;
        let events = self.follow(&ledger, rules, budget).await?;
        self.let_time_pass(directory, &ledger, rules).await?;
        let badges = match budget.saturating_sub(events) {
            0 => Awarded::default(),
            left => self.award(community, left).await?,
        };
        Ok((events, badges))
    }

    /// Does background work for as long as the future is polled: at once, and again whenever this
    /// engine has written something. Spawn it on any executor, or call [`pump`](Self::pump) where
    /// there is none; what other processes write is taken into account with the next pump here.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let engine = community::in_memory();
    /// let mut worker = Box::pin(engine.worker());
    /// // It has nothing to do and waits.
    /// let polled = worker.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert!(polled.is_pending());
    /// # use std::future::Future;
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails, and only then does it end. It can be called again.
    pub async fn worker(&self) -> Result<std::convert::Infallible> {
        loop {
            // Before the work: what is written meanwhile is not missed.
            let written = self.next_commit();
            while self.pump().await?.more {}
            written.await;
        }
    }

    /// Brings the ledger of a rule set of a community up to the end of the log, whether the set is
    /// in force or not. Returns how many events it took.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or rule set that is not there; [`Error::Store`].
    pub async fn project(&self, community: &Slug, rules: &RuleSetId) -> Result<usize> {
        let directory = self.whole_directory().await?;
        let community = known_community(&directory, community)?;
        let rules = community.reputation.rule_set(rules).ok_or(Error::NotFound("rule set"))?;
        let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
        self.follow(&ledger, rules, usize::MAX).await
    }

    /// Follows the log for at most so many events.
    pub(super) async fn follow(
        &self,
        ledger: &LedgerId,
        rules: &RuleSet,
        budget: usize,
    ) -> Result<usize> {
        let mut done = 0;
        let attempts = self.env().limits().attempts;
        let mut left = attempts;
        while done < budget {
            let (name, store) = (ledger.checkpoint(), self.store());
            let directory = &*self.whole_directory().await?;
            let at = store.checkpoint(&name).await?;
            let mut footing = self.time_passed(ledger, rules).await?;
            footing.push(Expect::CheckpointAt(name.clone(), at));
            let limit = STEP.min(budget - done);
            let events = store.events_of(ledger.community, at.unwrap_or_default(), limit).await?;
            let Some(last) = events.last() else { break };
            let (entries, levels) = self.entries_of(directory, ledger, rules, &events).await?;
            let mut changes = ChangeSet::default();
            changes.expect(Expect::CheckpointAt(name.clone(), at));
            self.change_levels(directory, ledger, levels, footing, &mut changes).await?;
            let append = |entry| Op::AppendLedger(Box::new(ledger.clone()), Box::new(entry));
            changes.ops.extend(entries.into_iter().map(append));
            changes.ops.push(Op::Checkpoint(name, last.seq));
            if !self.commit_step(changes).await? {
                // Somebody else took this step, or changed what it rests on.
                left = left.checked_sub(1).ok_or(Error::Contended)?;
                continue;
            }
            left = attempts;
            done += events.len();
            if events.len() < limit {
                break;
            }
        }
        Ok(done)
    }

    /// What levels rest on, to be read before they are worked out: how far the ledger has come, and
    /// what was made of days and visits. Whoever moves one of them has looked at levels too, so that
    /// the one who comes second has to look again.
    async fn footing(&self, ledger: &LedgerId, rules: &RuleSet) -> Result<Vec<Expect>> {
        let mut footing = self.time_passed(ledger, rules).await?;
        let name = ledger.checkpoint();
        let at = self.store().checkpoint(&name).await?;
        footing.push(Expect::CheckpointAt(name, at));
        Ok(footing)
    }

    /// The part of it that is about time: nothing for rules that do not ask for any.
    async fn time_passed(&self, ledger: &LedgerId, rules: &RuleSet) -> Result<Vec<Expect>> {
        let days = rules.asks_for_days().then(|| ledger.days());
        let visitors = rules.asks_for_visits().then(|| ledger.visitors());
        let mut passed = Vec::new();
        for name in days.into_iter().chain(visitors) {
            let at = self.store().checkpoint(&name).await?;
            passed.push(Expect::CheckpointAt(name, at));
        }
        Ok(passed)
    }

    /// Lets levels follow, if the rules of the ledger are in force. A level that is right already,
    /// or that a manager has set, stays; that it is right rests on the same footing.
    async fn change_levels(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        levels: BTreeMap<MemberId, u32>,
        footing: Vec<Expect>,
        changes: &mut ChangeSet,
    ) -> Result<()> {
        let Some(community) = directory.community(ledger.community) else { return Ok(()) };
        if community.reputation.active != ledger.rules {
            return Ok(());
        }
        if !levels.is_empty() {
            // Which rules are in force may not change meanwhile.
            let entity = EntityRef::Community(community.id);
            changes.expect(Expect::Rev(entity, community.rev));
            footing.into_iter().for_each(|expected| changes.expect(expected));
        }
        let members: Vec<MemberId> = levels.keys().copied().collect();
        let memberships = self.store().memberships_in(community.id, &members).await?;
        for (level, known) in levels.into_values().zip(memberships) {
            if let Some(known) = known
                && follows(&known)
                && known.level != level
            {
                changes.change_level(&known, level, self.env().now());
            }
        }
        Ok(())
    }

    /// Brings all levels of a community in line with rules that have come in force.
    async fn renew_levels(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
    ) -> Result<()> {
        let name = ledger.levels();
        if self.store().checkpoint(&name).await? != Some(Seq(0)) {
            return Ok(());
        }
        self.sweep_levels(directory, ledger, rules, (name, Some(Seq(0)), Seq(1))).await
    }

    /// Brings all levels of a community in line with the rules in force, and then moves a
    /// checkpoint. Costs what the members of the tenant cost to list, and the points of those who
    /// have joined.
    async fn sweep_levels(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
        (name, from, to): (Slug, Option<Seq>, Seq),
    ) -> Result<()> {
        let store = self.store();
        let attempts = self.env().limits().attempts;
        let (mut after, mut left) = (None, attempts);
        loop {
            let page = store.members_by_id(after, STEP).await?;
            let Some(last) = page.last() else { break };
            let ids: Vec<MemberId> = page.iter().map(|member| member.id).collect();
            let mut footing = self.footing(ledger, rules).await?;
            footing.push(Expect::CheckpointAt(name.clone(), from));
            let known = store.memberships_in(ledger.community, &ids).await?;
            let known = known.into_iter().flatten().filter(follows);
            let members = known.map(|known| known.member).collect();
            let mut changes = ChangeSet::default();
            let levels = self.levels_of(ledger, rules, members).await?;
            self.change_levels(directory, ledger, levels, footing, &mut changes).await?;
            if changes.ops.is_empty() || self.commit_step(changes).await? {
                (after, left) = (Some(last.id), attempts);
                continue;
            }
            // Whoever moved the checkpoint has done it all, and what else changed is looked at
            // again. What loses all the time is done with the next pump.
            let Some(fewer) = left.checked_sub(1) else { return Ok(()) };
            left = fewer;
            if store.checkpoint(&name).await? != from {
                return Ok(());
            }
        }
        let mut done = ChangeSet::default();
        done.expect(Expect::CheckpointAt(name.clone(), from));
        done.ops.push(Op::Checkpoint(name, to));
        self.commit_step(done).await.map(|_| ())
    }

    /// Lets levels follow that ask for time: all of them once a day, and those of members whose
    /// visits have become more. A level that is right already stays, so it does no harm to do it
    /// twice.
    async fn let_time_pass(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
    ) -> Result<()> {
        let store = self.store();
        if rules.asks_for_days() {
            let (name, today) = (ledger.days(), day_of(self.env().now()));
            let today = Seq(u64::try_from(today).unwrap_or(0));
            let at = store.checkpoint(&name).await?;
            if at.is_none_or(|at| at < today) {
                self.sweep_levels(directory, ledger, rules, (name, at, today)).await?;
            }
        }
        let attempts = self.env().limits().attempts;
        let mut left = attempts;
        while rules.asks_for_visits() {
            let name = ledger.visitors();
            let at = store.checkpoint(&name).await?;
            let mut footing = self.footing(ledger, rules).await?;
            footing.push(Expect::CheckpointAt(name.clone(), at));
            let after = at.map_or(0, |at| at.0);
            let visitors = store.visitors(ledger.community, after, STEP).await?;
            let Some((last, _)) = visitors.last() else { break };
            let mut changes = ChangeSet::default();
            changes.expect(Expect::CheckpointAt(name.clone(), at));
            changes.ops.push(Op::Checkpoint(name, Seq(*last)));
            let members = visitors.iter().map(|(_, member)| *member).collect();
            let levels = self.levels_of(ledger, rules, members).await?;
            self.change_levels(directory, ledger, levels, footing, &mut changes).await?;
            if self.commit_step(changes).await? {
                left = attempts;
                continue;
            }
            // What loses all the time is done with the next pump.
            let Some(fewer) = left.checked_sub(1) else { break };
            left = fewer;
        }
        Ok(())
    }

    /// How long members have been in a community.
    pub(super) async fn tenures(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Tenure>> {
        let today = day_of(self.env().now());
        let visits = self.store().visits(community, members, 0, i32::MAX).await?;
        let memberships = self.store().memberships_in(community, members).await?;
        let mut found = Vec::new();
        for (known, visits) in memberships.into_iter().zip(visits) {
            let days = known.and_then(|known| known.joined_at).map_or(0, |at| today - day_of(at));
            found.push(Tenure {
                days: u32::try_from(days).unwrap_or(0),
                visits: u32::try_from(visits.len()).unwrap_or(u32::MAX),
            });
        }
        Ok(found)
    }

    /// The levels of members by what a ledger holds now.
    async fn levels_of(
        &self,
        ledger: &LedgerId,
        rules: &RuleSet,
        members: Vec<MemberId>,
    ) -> Result<BTreeMap<MemberId, u32>> {
        let mut known = Book::partial();
        loop {
            let mut book = known.clone();
            let levels = book.levels(rules, members.iter().copied());
            if book.missing().is_empty() {
                return Ok(levels);
            }
            self.look_up(ledger, &book, &mut known).await?;
        }
    }

    /// The level that a member has earned by the rules in force, and what that rests on.
    pub(crate) async fn earned_level(
        &self,
        community: &Community,
        member: MemberId,
    ) -> Result<(u32, Vec<Expect>)> {
        let mut footing = vec![Expect::Rev(EntityRef::Community(community.id), community.rev)];
        let Some(rules) = community.reputation.active_rules() else { return Ok((0, footing)) };
        let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
        footing.extend(self.footing(&ledger, rules).await?);
        let levels = self.levels_of(&ledger, rules, vec![member]).await?;
        Ok((levels.get(&member).copied().unwrap_or(0), footing))
    }

    /// Commits a step, unless somebody else was faster. Tells whether it did.
    pub(super) async fn commit_step(&self, changes: ChangeSet) -> Result<bool> {
        match self.store().commit(changes).await {
            Ok(_) => {
                self.committed();
                Ok(true)
            }
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(error) => Err(crate::StoreError::failed(error).into()),
        }
    }

    /// The entries of a stretch of the log, and the levels of those whose points they move, worked
    /// out with what they need to know of the ledger.
    async fn entries_of(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
        events: &[Event],
    ) -> Result<(Vec<Entry>, BTreeMap<MemberId, u32>)> {
        let facts = self.facts_of(directory, events).await?;
        let mut known = Book::partial();
        loop {
            let mut book = known.clone();
            let entries: Vec<Entry> =
                events.iter().flat_map(|event| project(rules, event, &facts, &mut book)).collect();
            let moved = entries.iter().filter(|entry| entry.points != 0).map(|entry| entry.member);
            // Who has joined may have earned something before.
            let joined = events.iter().filter(|e| matches!(e.event.kind, EventKind::Joined));
            let joined = joined.filter_map(|event| event.event.member);
            let levels = book.levels(rules, moved.chain(joined));
            if book.missing().is_empty() {
                return Ok((entries, levels));
            }
            self.look_up(ledger, &book, &mut known).await?;
        }
    }

    /// Looks up in a ledger what one book misses, for another.
    pub(super) async fn look_up(
        &self,
        ledger: &LedgerId,
        book: &Book,
        known: &mut Book,
    ) -> Result<()> {
        let (store, missing) = (self.store(), book.missing());
        let members: Vec<MemberId> = missing.standings.iter().copied().collect();
        for (member, standing) in members.iter().zip(store.standings(ledger, &members).await?) {
            known.know_standing(*member, standing);
        }
        let tenures: Vec<MemberId> = missing.tenures.iter().copied().collect();
        for (member, tenure) in tenures.iter().zip(self.tenures(ledger.community, &tenures).await?)
        {
            known.know_tenure(*member, tenure);
        }
        let sums: Vec<_> = missing.sums.iter().cloned().collect();
        for (of, sum) in sums.iter().zip(store.sums(ledger, &sums).await?) {
            known.know_sum(of.clone(), sum);
        }
        let about: Vec<_> = missing.about.iter().copied().collect();
        for (about, entries) in about.iter().zip(store.entries_about(ledger, &about).await?) {
            known.know_about(*about, entries);
        }
        Ok(())
    }

    /// What never changes of what these events speak of.
    pub(super) async fn facts_of(&self, directory: &Directory, events: &[Event]) -> Result<Facts> {
        let (store, scope) = (self.store(), Scope::system(AccessRev::default()));
        let mut topics: BTreeSet<TopicId> = BTreeSet::new();
        let mut posts: BTreeSet<PostId> = BTreeSet::new();
        let mut members: BTreeSet<MemberId> = BTreeSet::new();
        let mut facts = Facts::default();
        for event in events.iter().map(|event| &event.event) {
            topics.extend(event.topic);
            posts.extend(event.post);
            members.extend(event.actor);
            if let Some(entry) = event.channel.and_then(|id| directory.channel(id)) {
                facts.channels.insert(entry.channel.id, entry.channel.key.clone());
            }
        }
        let topics: Vec<_> = topics.into_iter().collect();
        for row in scope.admit_all(store.topics(&topics, &scope).await?.into_iter().flatten()) {
            let topic = &row.topic;
            let known = TopicFacts { author: topic.author, kind: topic.kind.clone() };
            facts.topics.insert(topic.id, known);
        }
        let posts: Vec<_> = posts.into_iter().collect();
        for row in scope.admit_all(store.posts(&posts, &scope).await?.into_iter().flatten()) {
            let post = &row.post;
            facts.posts.insert(post.id, PostFacts { author: post.author, kind: post.kind });
        }
        let members: Vec<_> = members.into_iter().collect();
        for member in store.members(&members).await?.into_iter().flatten() {
            facts.members.insert(member.id, member.created_at);
        }
        Ok(facts)
    }

    /// What a rule set makes of the whole log of a community, in memory. Writes nothing.
    pub(super) async fn project_aside(
        &self,
        directory: &Directory,
        community: &Community,
        rules: &RuleSet,
        openings: &[Opening],
    ) -> Result<Vec<Entry>> {
        let mut book = Book::empty();
        let mut entries = book.open(rules, openings, community.created_at);
        let mut at = Seq(0);
        loop {
            let events = self.store().events_of(community.id, at, STEP).await?;
            let Some(last) = events.last() else { return Ok(entries) };
            at = last.seq;
            let facts = self.facts_of(directory, &events).await?;
            for event in &events {
                entries.extend(project(rules, event, &facts, &mut book));
            }
        }
    }

    pub(super) async fn whole_directory(&self) -> Result<std::sync::Arc<Directory>> {
        Ok(self.rights(crate::policy::Viewer::System).await?.directory)
    }
}

/// Whether a member has a level that follows from what they earn.
fn follows(known: &Membership) -> bool {
    known.joined_at.is_some() && !known.pinned
}

pub(super) fn known_community<'a>(directory: &'a Directory, key: &Slug) -> Result<&'a Community> {
    directory
        .community_by_key(key)
        .map(|community| &**community)
        .ok_or(Error::NotFound("community"))
}
