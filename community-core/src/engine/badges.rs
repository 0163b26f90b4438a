//! Badges are awarded here: behind the log and behind visitors, step by step, each step one commit.
//!
//! Two checkpoints belong to the awards of a badge set. A step moves one of them and expects both,
//! as both write the same rows: so an award is made once however many pump, and whatever is killed
//! between two steps.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::project::STEP;
use crate::change::{ChangeSet, EntityRef, Event, EventKind, Expect, NewEvent, Op, Seq};
use crate::directory::Directory;
use crate::domain::Community;
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::reputation::{
    Award, Awarding, AwardsId, BadgeSet, BadgeSetId, Book, Change, Entry, EntryPlace, Facts,
    LedgerId, Tallies, project_apart,
};
use crate::text::Slug;
use crate::time::day_of;

/// What a stretch of awarding came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Awarded {
    pub(super) events: usize,
    pub(super) changes: usize,
}

/// How a step ended.
enum Stepped {
    /// There was nothing to do.
    Idle,
    Done(Awarded),
    /// Somebody else was faster.
    Lost,
}

/// Up to where nothing is told.
struct Silence {
    until: Seq,
    day: i32,
    rests_on: [Expect; 2],
}

impl Silence {
    fn ends_before(&self, change: &Change) -> bool {
        match change.cause {
            Some(cause) => cause > self.until,
            None => day_of(change.at) >= self.day,
        }
    }
}

impl Engine {
    /// Awards the badges of the set in force.
    pub(super) async fn award(&self, community: &Community, budget: usize) -> Result<Awarded> {
        match &community.reputation.badges.active {
            Some(set) => self.award_set(community.id, set, budget).await,
            None => Ok(Awarded::default()),
        }
    }

    /// Brings the awards of a badge set of a community up to the end of the log, whether the set is
    /// in force or not: what it comes to is the same as if it had been in force from the beginning.
    /// Returns how many events it took.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a community or badge set that is not there; [`Error::Store`].
    pub async fn project_badges(&self, community: &Slug, set: &BadgeSetId) -> Result<usize> {
        let directory = self.whole_directory().await?;
        let community = super::project::known_community(&directory, community)?;
        community.reputation.badges.set(set).ok_or(Error::NotFound("badge set"))?;
        Ok(self.award_set(community.id, set, usize::MAX).await?.events)
    }

    async fn award_set(
        &self,
        community: CommunityId,
        set: &BadgeSetId,
        budget: usize,
    ) -> Result<Awarded> {
        self.begin_telling().await?;
        let mut done = Awarded::default();
        let attempts = self.env().limits().attempts;
        let mut left = attempts;
        let (mut logged, mut visited) = (false, false);
        while !(logged && visited) {
            // Read again each time: what a step rests on may have changed.
            let directory = &*self.whole_directory().await?;
            let Some(community) = directory.community(community) else { break };
            // Sets and rules that a later version of the engine defined are for that version.
            let Some(set) = community.reputation.badges.set(set) else { break };
            let step = if logged {
                self.award_visits(community, set).await?
            } else {
                let limit = STEP.min(budget.saturating_sub(done.events));
                self.award_events(directory, community, set, limit).await?
            };
            match step {
                Stepped::Idle if logged => visited = true,
                Stepped::Idle => logged = true,
                Stepped::Done(step) => {
                    done.events += step.events;
                    done.changes += step.changes;
                    logged |= done.events >= budget;
                    left = attempts;
                }
                Stepped::Lost => left = left.checked_sub(1).ok_or(Error::Contended)?,
            }
        }
        Ok(done)
    }

    /// A step behind the log.
    async fn award_events(
        &self,
        directory: &Directory,
        community: &Community,
        set: &BadgeSet,
        limit: usize,
    ) -> Result<Stepped> {
        let store = self.store();
        let rules = match &set.rules {
            Some(id) if set.measures_points() => match community.reputation.rule_set(id) {
                Some(rules) => Some(rules),
                None => return Ok(Stepped::Idle),
            },
            _ => None,
        };
        let id = AwardsId { community: community.id, set: set.id.clone() };
        let at = store.checkpoint(&id.checkpoint()).await?;
        let visited = store.checkpoint(&id.visitors()).await?;
        let from = at.unwrap_or_default();
        let mut events = store.events_of(community.id, from, limit).await?;
        let mut moved: Vec<Entry> = Vec::new();
        if let Some(rules) = rules {
            let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
            // Points are known as far as their own ledger has come.
            self.follow(&ledger, rules, limit).await?;
            let known = store.checkpoint(&ledger.checkpoint()).await?.unwrap_or_default();
            events.retain(|event| event.seq <= known);
            if let Some(last) = events.last() {
                moved = self.entries_between(&ledger, from, last.seq).await?;
            }
        }
        let Some(last) = events.last() else { return Ok(Stepped::Idle) };
        let facts = self.facts_of(directory, &events).await?;
        let counting = id.counting();
        let counted = self.count(&counting, set, &facts, &events).await?;

        let mut awarding = Awarding::new(set, rules);
        self.know(&mut awarding, &id, from, &events, &counted, &moved).await?;
        let (of_counts, of_points) = (by_cause(&counted), by_cause(&moved));
        for event in &events {
            let of = |all: &BTreeMap<Seq, Vec<Entry>>| all.get(&event.seq).cloned();
            let counted = of(&of_counts).unwrap_or_default();
            awarding.event(event, &counted, &of(&of_points).unwrap_or_default());
        }
        let mut changes = ChangeSet::default();
        changes.expect(Expect::CheckpointAt(id.checkpoint(), at));
        changes.expect(Expect::CheckpointAt(id.visitors(), visited));
        let append = |entry| Op::AppendLedger(Box::new(counting.clone()), Box::new(entry));
        changes.ops.extend(counted.into_iter().map(append));
        changes.ops.push(Op::Checkpoint(id.checkpoint(), last.seq));
        let silence = self.silence(&id).await?;
        let awards = plan(community, &id, awarding, &silence, &mut changes);
        if !self.commit_step(changes).await? {
            return Ok(Stepped::Lost);
        }
        Ok(Stepped::Done(Awarded { events: events.len(), changes: awards }))
    }

    /// A step behind visitors.
    async fn award_visits(&self, community: &Community, set: &BadgeSet) -> Result<Stepped> {
        if set.of_visits().next().is_none() {
            return Ok(Stepped::Idle);
        }
        let store = self.store();
        let id = AwardsId { community: community.id, set: set.id.clone() };
        let at = store.checkpoint(&id.visitors()).await?;
        let logged = store.checkpoint(&id.checkpoint()).await?;
        let after = at.map_or(0, |at| at.0);
        let visitors = store.visitors(community.id, after, STEP).await?;
        let Some((last, _)) = visitors.last() else { return Ok(Stepped::Idle) };
        let members: Vec<MemberId> = visitors.iter().map(|(_, member)| *member).collect();
        let days = store.visits(community.id, &members, 0, i32::MAX).await?;
        let mut awarding = Awarding::new(set, None);
        let badges: Vec<Slug> = set.of_visits().map(|(badge, _)| badge.key.clone()).collect();
        let pair = |member: &MemberId| {
            badges.iter().map(|badge| (badge.clone(), *member)).collect::<Vec<_>>()
        };
        let keys: Vec<(Slug, MemberId)> = members.iter().flat_map(pair).collect();
        for award in store.awards(&id, &keys).await?.into_iter().flatten() {
            awarding.know_award(award);
        }
        for (member, days) in members.iter().zip(&days) {
            awarding.visits(*member, days);
        }
        let mut changes = ChangeSet::default();
        changes.expect(Expect::CheckpointAt(id.visitors(), at));
        changes.expect(Expect::CheckpointAt(id.checkpoint(), logged));
        changes.ops.push(Op::Checkpoint(id.visitors(), Seq(*last)));
        let silence = self.silence(&id).await?;
        let awards = plan(community, &id, awarding, &silence, &mut changes);
        if !self.commit_step(changes).await? {
            return Ok(Stepped::Lost);
        }
        Ok(Stepped::Done(Awarded { events: 0, changes: awards }))
    }

    /// Up to where nothing is told of what a set comes to.
    async fn silence(&self, id: &AwardsId) -> Result<Silence> {
        let (seq, days) = (id.silent(), id.silent_days());
        let (until, day) =
            (self.store().checkpoint(&seq).await?, self.store().checkpoint(&days).await?);
        Ok(Silence {
            until: until.unwrap_or_default(),
            day: day.map_or(0, |day| i32::try_from(day.0).unwrap_or(i32::MAX)),
            rests_on: [Expect::CheckpointAt(seq, until), Expect::CheckpointAt(days, day)],
        })
    }

    /// Lets nothing be told of what a badge set makes of all that has happened up to now.
    pub(crate) async fn silence_now(&self, id: &AwardsId) -> Result<[Op; 2]> {
        let today = u64::try_from(day_of(self.env().now())).unwrap_or(0);
        let head = self.store().head().await?;
        Ok([Op::Checkpoint(id.silent(), head), Op::Checkpoint(id.silent_days(), Seq(today))])
    }

    /// Does so behind an import, as long as nothing was awarded yet: history that comes with a
    /// community is no news.
    pub(crate) async fn silence_history(&self, community: &Community) -> Result<()> {
        let Some(set) = community.reputation.badges.active.clone() else { return Ok(()) };
        let id = AwardsId { community: community.id, set };
        if self.store().checkpoint(&id.checkpoint()).await?.is_some() {
            return Ok(());
        }
        let mut changes = ChangeSet::default();
        changes.expect(Expect::CheckpointAt(id.checkpoint(), None));
        changes.ops.extend(self.silence_now(&id).await?);
        // Whoever was faster awards already.
        self.commit_step(changes).await.map(|_| ())
    }

    /// What events cause to be counted, as entries of the counting ledger.
    async fn count(
        &self,
        ledger: &LedgerId,
        set: &BadgeSet,
        facts: &Facts,
        events: &[Event],
    ) -> Result<Vec<Entry>> {
        let (rules, apart) = set.counting();
        let mut known = Book::partial();
        loop {
            let mut book = known.clone();
            let entries = events
                .iter()
                .flat_map(|event| project_apart(&rules, &apart, event, facts, &mut book))
                .collect();
            if book.missing().is_empty() {
                return Ok(entries);
            }
            self.look_up(ledger, &book, &mut known).await?;
        }
    }

    /// The entries of a ledger that were caused behind one position and up to another.
    async fn entries_between(&self, ledger: &LedgerId, from: Seq, to: Seq) -> Result<Vec<Entry>> {
        let mut after = Some(EntryPlace { cause: from, number: u32::MAX });
        let mut found: Vec<Entry> = Vec::new();
        loop {
            let page = self.store().entries(ledger, after, STEP).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.place());
            let is_last = last.cause > to || page.len() < STEP;
            found.extend(page.into_iter().filter(|entry| entry.cause <= to));
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Tells what was known before a step of whatever the step can change.
    async fn know(
        &self,
        awarding: &mut Awarding<'_>,
        id: &AwardsId,
        from: Seq,
        events: &[Event],
        counted: &[Entry],
        moved: &[Entry],
    ) -> Result<()> {
        let store = self.store();
        let mut keys: BTreeSet<(Slug, MemberId)> = BTreeSet::new();
        for entry in counted.iter().filter(|entry| !entry.is_mark()) {
            let badge = entry.group.as_str().split_once('.').map(|(badge, _)| badge);
            let badge = badge.and_then(|badge| Slug::new(badge).ok());
            keys.extend(badge.map(|badge| (badge, entry.member)));
        }
        let counted: Vec<_> = keys.iter().cloned().collect();
        let of: Vec<(MemberId, Slug)> =
            counted.iter().map(|(badge, member)| (*member, Tallies::prefix(badge))).collect();
        let counting = id.counting();
        let sums = store.sums_by_group(&counting, &of).await?;
        for ((badge, member), sums) in counted.into_iter().zip(sums) {
            awarding.know_tallies(badge, member, sums);
        }
        let members: BTreeSet<MemberId> = moved.iter().map(|entry| entry.member).collect();
        if let Some(rules) = awarding.rules() {
            let ledger = LedgerId { community: id.community, rules: rules.id.clone() };
            let groups = awarding.groups();
            let of: Vec<(MemberId, Option<Slug>)> = members
                .iter()
                .flat_map(|member| groups.iter().map(|group| (*member, group.clone())))
                .collect();
            let sums = store.points_at(&ledger, from, &of).await?;
            for ((member, group), sum) in of.into_iter().zip(sums) {
                awarding.know_points(member, group, sum);
            }
            let badges = awarding.of_points();
            for member in &members {
                keys.extend(badges.iter().map(|badge| (badge.clone(), *member)));
            }
        }
        for event in events.iter().map(|event| &event.event) {
            if let EventKind::BadgeDecided { badge, .. } = &event.kind {
                keys.extend(event.member.map(|member| (badge.clone(), member)));
            }
        }
        let keys: Vec<_> = keys.into_iter().collect();
        for award in store.awards(id, &keys).await?.into_iter().flatten() {
            awarding.know_award(award);
        }
        Ok(())
    }

    /// What a badge set makes of the whole log of a community and of all visits, in memory. Writes
    /// nothing.
    pub(super) async fn award_aside(
        &self,
        directory: &Directory,
        community: &Community,
        set: &BadgeSet,
    ) -> Result<Vec<Award>> {
        let store = self.store();
        let rules = set.rules.as_ref().and_then(|id| community.reputation.rule_set(id));
        let (counting, apart) = set.counting();
        let (mut counts, mut points) = (Book::empty(), Book::empty());
        let mut awarding = Awarding::new(set, rules);
        let mut at = Seq(0);
        loop {
            let events = store.events_of(community.id, at, STEP).await?;
            let Some(last) = events.last() else { break };
            at = last.seq;
            let facts = self.facts_of(directory, &events).await?;
            for event in &events {
                let counted = project_apart(&counting, &apart, event, &facts, &mut counts);
                let moved = match rules {
                    Some(rules) => crate::reputation::project(rules, event, &facts, &mut points),
                    None => Vec::new(),
                };
                awarding.event(event, &counted, &moved);
            }
        }
        let (mut days, mut after): (BTreeMap<MemberId, Vec<i32>>, _) = (BTreeMap::new(), None);
        loop {
            let page = store.visits_by_day(community.id, after, STEP).await?;
            after = page.last().copied();
            let is_last = page.len() < STEP;
            for (day, member) in page {
                days.entry(member).or_default().push(day);
            }
            if is_last {
                break;
            }
        }
        for (member, days) in days {
            awarding.visits(member, &days);
        }
        Ok(awarding.finish().0)
    }
}

fn by_cause(entries: &[Entry]) -> BTreeMap<Seq, Vec<Entry>> {
    let mut found: BTreeMap<Seq, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        found.entry(entry.cause).or_default().push(entry.clone());
    }
    found
}

/// Writes what awarding came to. What the set in force changes is told in the log; what is worked
/// out for another one is not, as it is not so yet. Returns how many changes it tells.
fn plan(
    community: &Community,
    id: &AwardsId,
    awarding: Awarding<'_>,
    silence: &Silence,
    changes: &mut ChangeSet,
) -> usize {
    let (rows, moved) = awarding.finish();
    let put = |award| Op::PutAward(Box::new(id.clone()), Box::new(award));
    changes.ops.extend(rows.into_iter().map(put));
    // Which set is in force may not change meanwhile.
    changes.expect(Expect::Rev(EntityRef::Community(community.id), community.rev));
    if community.reputation.badges.active.as_ref() != Some(&id.set) {
        return 0;
    }
    silence.rests_on.iter().cloned().for_each(|expected| changes.expect(expected));
    let news: Vec<&Change> = moved.iter().filter(|change| silence.ends_before(change)).collect();
    changes.events.extend(news.iter().map(|change| NewEvent {
        kind: change.kind(),
        actor: None,
        at: change.at,
        community: Some(community.id),
        channel: None,
        topic: None,
        post: None,
        member: Some(change.member),
    }));
    news.len()
}
