//! Following the log: reputation is brought up to date on the caller's task, step by step.

use std::collections::BTreeSet;

use super::Engine;
use crate::change::{ChangeSet, Event, Expect, Op, Seq};
use crate::directory::Directory;
use crate::domain::Community;
use crate::error::{Error, Result};
use crate::id::{MemberId, PostId, TopicId};
use crate::policy::{AccessRev, Scope};
use crate::reputation::{
    Book, Entry, Facts, LedgerId, Opening, PostFacts, RuleSet, RuleSetId, TopicFacts, project,
};
use crate::store::CommitError;
use crate::text::Slug;

/// What background work was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pumped {
    /// Topics of which views were written.
    pub views: usize,
    /// Events that reputation took into account.
    pub events: usize,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// Events in one step: one read of the log, one commit.
const STEP: usize = 500;

impl Engine {
    /// Does background work that is due, on the caller's task: writes buffered views, and brings
    /// the reputation of each community up to date, by at most
    /// [`Limits::projected`](crate::Limits) events in all.
    ///
    /// Call it every now and then, or again at once while there is [more](Pumped::more). Several may
    /// do so at the same time, in several processes too: each event counts once.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; the views then stay buffered, and reputation is as far
    /// as it came.
    pub async fn pump(&self) -> Result<Pumped> {
        let mut pumped = Pumped { views: self.flush_views().await?, ..Pumped::default() };
        let directory = self.whole_directory().await?;
        let mut budget = self.env().limits().projected;
        for community in directory.communities() {
            // Rules that a later version of the engine defined are for that version to follow.
            let Some(rules) = community.reputation.active_rules() else { continue };
            let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
            let events = self.follow(&directory, &ledger, rules, budget).await?;
            budget -= events.min(budget);
            pumped.events += events;
            if budget == 0 {
                pumped.more = true;
                break;
            }
        }
        Ok(pumped)
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
        self.follow(&directory, &ledger, rules, usize::MAX).await
    }

    /// Follows the log for at most so many events.
    async fn follow(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
        budget: usize,
    ) -> Result<usize> {
        let mut done = 0;
        let mut conflicts = self.env().limits().attempts;
        while done < budget {
            let (name, store) = (ledger.checkpoint(), self.store());
            let at = store.checkpoint(&name).await?;
            let limit = STEP.min(budget - done);
            let events = store.events_of(ledger.community, at.unwrap_or_default(), limit).await?;
            let Some(last) = events.last() else { break };
            let entries = self.entries_of(directory, ledger, rules, &events).await?;
            let mut changes = ChangeSet::default();
            changes.expect(Expect::CheckpointAt(name.clone(), at));
            let append = |entry| Op::AppendLedger(Box::new(ledger.clone()), Box::new(entry));
            changes.ops.extend(entries.into_iter().map(append));
            changes.ops.push(Op::Checkpoint(name, last.seq));
            match store.commit(changes).await {
                Ok(_) => done += events.len(),
                // Somebody else took this step: what comes next is another one.
                Err(CommitError::Conflict(_)) => {
                    conflicts = conflicts.checked_sub(1).ok_or(Error::Contended)?;
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(error) => return Err(crate::StoreError::failed(error).into()),
            }
            if events.len() < limit {
                break;
            }
        }
        Ok(done)
    }

    /// The entries of a stretch of the log, worked out with what they need to know of the ledger.
    async fn entries_of(
        &self,
        directory: &Directory,
        ledger: &LedgerId,
        rules: &RuleSet,
        events: &[Event],
    ) -> Result<Vec<Entry>> {
        let facts = self.facts_of(directory, events).await?;
        let mut known = Book::partial();
        loop {
            let mut book = known.clone();
            let entries: Vec<Entry> =
                events.iter().flat_map(|event| project(rules, event, &facts, &mut book)).collect();
            if book.missing().is_empty() {
                return Ok(entries);
            }
            self.look_up(ledger, &book, &mut known).await?;
        }
    }

    /// Looks up in a ledger what one book misses, for another.
    async fn look_up(&self, ledger: &LedgerId, book: &Book, known: &mut Book) -> Result<()> {
        let (store, missing) = (self.store(), book.missing());
        let members: Vec<MemberId> = missing.standings.iter().copied().collect();
        for (member, standing) in members.iter().zip(store.standings(ledger, &members).await?) {
            known.know_standing(*member, standing);
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
    async fn facts_of(&self, directory: &Directory, events: &[Event]) -> Result<Facts> {
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

    async fn whole_directory(&self) -> Result<std::sync::Arc<Directory>> {
        Ok(self.rights(crate::policy::Viewer::System).await?.directory)
    }
}

fn known_community<'a>(directory: &'a Directory, key: &Slug) -> Result<&'a Community> {
    directory
        .community_by_key(key)
        .map(|community| &**community)
        .ok_or(Error::NotFound("community"))
}
