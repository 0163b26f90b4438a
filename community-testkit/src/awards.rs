//! Badges, awarded by somebody who reads everything again each time: what the engine's awards are
//! compared with.
//!
//! A list of what happened, each with whether it still stands, is gone through for every badge and
//! member at every event. Nothing is summed up, and nothing of the engine is used but the points
//! that badges measure.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{Event, EventKind, Seq};
use community_core::domain::{State, Vote};
use community_core::reputation::{
    Award, Badge, BadgeSet, Book, Counted, Credit, Entry, Facts, Measure, Occasion, Per, PostFacts,
    RuleSet, TopicFacts, Trigger, project,
};
use community_core::store::Store;
use community_core::time::{day_of, from_micros};
use community_core::{
    Community, MemberId, PostId, PostKind, Scope, Slug, StoreError, Timestamp, TopicId,
};

/// Everything that awards of a community follow from.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The events of the community, in order.
    pub events: Vec<Event>,
    /// What never changes of what they speak of.
    pub facts: Facts,
    /// The days on which members visited.
    pub visits: BTreeMap<MemberId, BTreeSet<i32>>,
    /// The rules whose points are measured.
    pub rules: Option<RuleSet>,
}

/// A change of what somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The event that caused it.
    pub cause: Seq,
    /// When that was.
    pub at: Timestamp,
    /// The badge.
    pub badge: Slug,
    /// Who.
    pub member: MemberId,
    /// The tier before.
    pub from: u32,
    /// The tier now.
    pub to: u32,
}

impl History {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn read(
        store: &dyn Store,
        community: &Community,
        set: &BadgeSet,
    ) -> Result<Self, StoreError> {
        const ALL: usize = 1_000_000;
        let scope = Scope::system(store.access_rev(None).await?);
        let rules = set.rules.as_ref().and_then(|id| community.reputation.rule_set(id)).cloned();
        let mut history = Self { rules, ..Self::default() };
        for event in store.events_after(Seq(0), ALL).await? {
            if event.event.community == Some(community.id) {
                history.events.push(event);
            }
        }
        for member in store.members_by_id(None, ALL).await? {
            history.facts.members.insert(member.id, member.created_at);
        }
        for entry in store.directory().await?.channels(community.id) {
            history.facts.channels.insert(entry.channel.id, entry.channel.key.clone());
        }
        let topics = store.topics_by_id(community.id, None, ALL, &scope).await?;
        for row in scope.admit_all(topics) {
            let topic = &row.topic;
            let known = TopicFacts { author: topic.author, kind: topic.kind.clone() };
            history.facts.topics.insert(topic.id, known);
            let posts = store.posts_by_id(topic.id, None, ALL, &scope).await?;
            for view in scope.admit_all(posts) {
                let known = PostFacts { author: view.post.author, kind: view.post.kind };
                history.facts.posts.insert(view.post.id, known);
            }
        }
        for (day, member) in store.visits_by_day(community.id, None, ALL).await? {
            history.visits.entry(member).or_default().insert(day);
        }
        Ok(history)
    }
}

/// Something that happened and that a badge counts.
#[derive(Debug, Clone)]
struct Claim {
    badge: Slug,
    when: Trigger,
    origin: Seq,
    member: MemberId,
    giver: Option<MemberId>,
    topic: TopicId,
    post: Option<PostId>,
    item: Option<String>,
    withdrawn: bool,
}

/// What a badge set makes of a history: the rows, by badge and member, and what changed in them
/// because of events, in order.
#[must_use]
pub fn awards(set: &BadgeSet, history: &History) -> (Vec<Award>, Vec<Moved>) {
    let mut awarding = Naive::of(set, history);
    let mut book = Book::empty();
    for event in &history.events {
        awarding.happens(event);
        if let Some(rules) = &history.rules {
            awarding.ledger.extend(project(rules, event, &history.facts, &mut book));
        }
        awarding.award(event);
    }
    for (member, days) in &history.visits {
        awarding.visits(*member, days);
    }
    (awarding.rows.into_values().collect(), awarding.moved)
}

/// What a badge measures of a member, with what was looked at up to a position of the log.
#[must_use]
pub fn measured(
    set: &BadgeSet,
    history: &History,
    until: Seq,
    badge: &Badge,
    member: MemberId,
) -> i64 {
    if let Measure::Visited { per } = badge.measure {
        return history.visits.get(&member).map_or(0, |days| of_days(per, days));
    }
    let mut history = history.clone();
    history.events.retain(|event| event.seq <= until);
    let mut naive = Naive::of(set, &history);
    let mut book = Book::empty();
    for event in &history.events {
        naive.happens(event);
        if let Some(rules) = &history.rules {
            naive.ledger.extend(project(rules, event, &history.facts, &mut book));
        }
    }
    match &badge.measure {
        Measure::Counted(counted) => naive.count(badge, counted.per, member),
        other => naive.points(other, member),
    }
}

struct Naive<'a> {
    set: &'a BadgeSet,
    history: &'a History,
    claims: Vec<Claim>,
    /// Topics as a whole, and posts, that are not to be seen.
    hidden: BTreeSet<(TopicId, Option<PostId>)>,
    /// Since which day posts belong to the community.
    shared: BTreeMap<(TopicId, Option<PostId>), i32>,
    ledger: Vec<Entry>,
    rows: BTreeMap<(Slug, MemberId), Award>,
    moved: Vec<Moved>,
}

impl<'a> Naive<'a> {
    fn of(set: &'a BadgeSet, history: &'a History) -> Self {
        Self {
            set,
            history,
            claims: Vec::new(),
            hidden: BTreeSet::new(),
            shared: BTreeMap::new(),
            ledger: Vec::new(),
            rows: BTreeMap::new(),
            moved: Vec::new(),
        }
    }
}

impl Naive<'_> {
    fn happens(&mut self, event: &Event) {
        let what = &event.event;
        let Some(topic) = what.topic else { return };
        let kind_of = |post: Option<PostId>| match post {
            Some(post) => self.history.facts.posts.get(&post).map(|facts| facts.kind),
            None => Some(PostKind::Opening),
        };
        match &what.kind {
            EventKind::TopicStarted { .. } => self.counts(event, None, Occasion::Started),
            EventKind::PostWritten => {
                if let Some(kind) = kind_of(what.post) {
                    self.counts(event, what.post, Occasion::Written(kind));
                }
            }
            EventKind::Reacted { from, to } => {
                let Some(kind) = what.post.and_then(|post| kind_of(Some(post))) else { return };
                let occasion = |key| match Vote::parse(Slug::as_str(key)) {
                    Some(vote) => Occasion::Voted(vote, kind),
                    None => Occasion::Reacted(key),
                };
                if let Some(from) = from {
                    self.ends((topic, what.post), occasion(from), what.actor);
                }
                if let Some(to) = to {
                    self.counts(event, what.post, occasion(to));
                }
            }
            EventKind::Accepted { accepted: true } => {
                self.counts(event, what.post, Occasion::Accepted);
            }
            EventKind::Accepted { accepted: false } => {
                self.ends((topic, what.post), Occasion::Accepted, None);
            }
            EventKind::MadeOfficial { official: true } => {
                self.counts(event, what.post, Occasion::Official);
            }
            EventKind::MadeOfficial { official: false } => {
                self.ends((topic, what.post), Occasion::Official, None);
            }
            EventKind::Corrected { stands: true } => {
                self.counts(event, what.post, Occasion::Corrected);
            }
            EventKind::Corrected { stands: false } => {
                let place = (topic, what.post);
                let by = what.member;
                let fits = |claim: &Claim| is_of(claim, place, Occasion::Corrected, by);
                let latest = self.claims.iter().filter(|claim| fits(claim)).map(|c| c.origin).max();
                for claim in &mut self.claims {
                    if is_of(claim, place, Occasion::Corrected, by) && Some(claim.origin) == latest
                    {
                        claim.withdrawn = true;
                    }
                }
            }
            EventKind::StatusChanged { from, to } => {
                self.ends((topic, None), Occasion::Reached(from), None);
                self.counts(event, None, Occasion::Reached(to));
            }
            EventKind::TopicStateChanged { state } => self.shows((topic, None), *state),
            EventKind::PostStateChanged { state } => self.shows((topic, what.post), *state),
            EventKind::Shared => {
                self.shared.entry((topic, what.post)).or_insert(day_of(what.at));
            }
            _ => {}
        }
    }

    fn shows(&mut self, place: (TopicId, Option<PostId>), state: State) {
        if state == State::Published {
            self.hidden.remove(&place);
        } else {
            self.hidden.insert(place);
        }
    }

    fn is_hidden(&self, topic: TopicId, post: Option<PostId>) -> bool {
        self.hidden.contains(&(topic, None)) || self.hidden.contains(&(topic, post))
    }

    fn ends(
        &mut self,
        place: (TopicId, Option<PostId>),
        occasion: Occasion<'_>,
        by: Option<MemberId>,
    ) {
        for claim in self.claims.iter_mut().filter(|claim| is_of(claim, place, occasion, by)) {
            claim.withdrawn = true;
        }
    }

    /// Notes what happened for each badge that counts it.
    fn counts(&mut self, event: &Event, post: Option<PostId>, occasion: Occasion<'_>) {
        let (what, facts) = (&event.event, &self.history.facts);
        let Some(topic) = what.topic else { return };
        let Some(topic_facts) = facts.topics.get(&topic) else { return };
        let starter = topic_facts.author;
        let author = match post {
            Some(post) => match facts.posts.get(&post) {
                Some(facts) => facts.author,
                None => return,
            },
            None => starter,
        };
        let own = what.actor == Some(author);
        let for_oneself = match occasion {
            Occasion::Started | Occasion::Granted(..) => false,
            Occasion::Written(kind) => kind == PostKind::Answer && author == starter,
            Occasion::Accepted => author == starter,
            Occasion::Official => author == starter || own,
            Occasion::Voted(..)
            | Occasion::Reacted(_)
            | Occasion::Corrected
            | Occasion::Reached(_) => own,
        };
        if for_oneself || self.is_hidden(topic, post) {
            return;
        }
        if matches!(occasion, Occasion::Voted(..) | Occasion::Reacted(_)) {
            let since = what.actor.and_then(|actor| facts.members.get(&actor));
            let days = since.map(|since| (what.at - *since).num_days());
            let counts = days.is_some_and(|days| days >= i64::from(self.set.giver_days));
            let shared = self.shared.get(&(topic, post));
            if !counts || shared.is_some_and(|since| *since <= day_of(what.at)) {
                return;
            }
        }
        for badge in &self.set.badges {
            let Measure::Counted(Counted { when, to, per, kinds, channels }) = &badge.measure
            else {
                continue;
            };
            let channel = what.channel.and_then(|channel| facts.channels.get(&channel));
            if kinds.as_ref().is_some_and(|kinds| !kinds.contains(&topic_facts.kind))
                || channels.as_ref().is_some_and(|all| !channel.is_some_and(|c| all.contains(c)))
            {
                continue;
            }
            for when in when.iter().filter(|when| when.fits(occasion)) {
                let member = match to {
                    Credit::Author => Some(author),
                    Credit::Actor => what.actor,
                    Credit::Starter => Some(starter),
                };
                let Some(member) = member else { continue };
                let giver = match occasion {
                    Occasion::Started | Occasion::Written(_) => None,
                    _ => [what.actor, Some(author)].into_iter().flatten().find(|m| *m != member),
                };
                let item = match per {
                    Per::Each => Some(String::new()),
                    Per::Topics => Some(topic.to_string()),
                    Per::Channels => what.channel.map(|channel| channel.to_string()),
                    Per::Members => giver.map(|giver| giver.to_string()),
                    Per::Days | Per::Run | Per::Within(_) => Some(day_of(what.at).to_string()),
                };
                self.claims.push(Claim {
                    badge: badge.key.clone(),
                    when: when.clone(),
                    origin: event.seq,
                    member,
                    giver,
                    topic,
                    post,
                    item,
                    withdrawn: false,
                });
            }
        }
    }

    /// Looks at every badge of everybody.
    fn award(&mut self, event: &Event) {
        if let EventKind::BadgeDecided { badge, tier } = &event.event.kind
            && let Some(member) = event.event.member
            && let Some(known) = self.set.badges.iter().find(|known| known.key == *badge)
        {
            let at = Some(event.event.at);
            let tier = (*tier).min(known.most());
            self.change(event, badge, member, |award| {
                award.decided = Some(tier);
                award.decided_at = at;
            });
        }
        let everybody: BTreeSet<MemberId> = self.history.facts.members.keys().copied().collect();
        let set = self.set;
        let mut badges: Vec<&Badge> = set.badges.iter().collect();
        badges.sort_by_key(|badge| &badge.key);
        for badge in badges {
            for member in &everybody {
                // Nothing is earned by what everybody begins with.
                let begun = self.ledger.iter().any(|e| e.member == *member && e.points != 0);
                let measured = match &badge.measure {
                    Measure::Counted(counted) => self.count(badge, counted.per, *member),
                    Measure::Points { .. } | Measure::Level if begun => {
                        self.points(&badge.measure, *member)
                    }
                    _ => continue,
                };
                let tier = tier(badge, measured);
                let at = Some(event.event.at);
                self.change(event, &badge.key, *member, |award| {
                    let earned = if badge.revoked { tier } else { award.earned.max(tier) };
                    if earned != award.earned {
                        award.earned = earned;
                        award.earned_at = at;
                    }
                });
            }
        }
    }

    fn count(&self, badge: &Badge, per: Per, member: MemberId) -> i64 {
        let standing = self.claims.iter().filter(|claim| {
            claim.badge == badge.key
                && claim.member == member
                && !claim.withdrawn
                && !self.is_hidden(claim.topic, claim.post)
        });
        let items: Vec<&String> = standing.filter_map(|claim| claim.item.as_ref()).collect();
        if per == Per::Each {
            return number(items.len());
        }
        let differing: BTreeSet<&String> = items.into_iter().collect();
        if !per.is_of_days() {
            return number(differing.len());
        }
        let days: BTreeSet<i32> =
            differing.into_iter().filter_map(|day| day.parse().ok()).collect();
        of_days(per, &days)
    }

    fn points(&self, measure: &Measure, member: MemberId) -> i64 {
        let Some(rules) = &self.history.rules else { return 0 };
        let sum = |group: Option<&Slug>| -> i64 {
            let of = self.ledger.iter().filter(|entry| entry.member == member);
            let of = of.filter(|entry| group.is_none_or(|group| entry.group == *group));
            of.map(|entry| entry.points).sum()
        };
        match measure {
            Measure::Points { group: Some(group) } => sum(Some(group)),
            Measure::Level => {
                let mut level = 0;
                for rule in &rules.levels {
                    let enough =
                        rule.groups.iter().all(|(group, least)| sum(Some(group)) >= *least);
                    if !enough || rules.shown(sum(None)) < rule.points {
                        break;
                    }
                    level = rule.level;
                }
                i64::from(level)
            }
            _ => rules.shown(sum(None)),
        }
    }

    fn change(
        &mut self,
        event: &Event,
        badge: &Slug,
        member: MemberId,
        change: impl FnOnce(&mut Award),
    ) {
        let none = || Award::none(badge.clone(), member);
        let mut award = self.rows.get(&(badge.clone(), member)).cloned().unwrap_or_else(none);
        let before = award.clone();
        change(&mut award);
        if award == before {
            return;
        }
        let (from, to) = (held(&before), held(&award));
        if from != to {
            let (cause, at) = (event.seq, event.event.at);
            self.moved.push(Moved { cause, at, badge: badge.clone(), member, from, to });
        }
        self.rows.insert((badge.clone(), member), award);
    }

    /// What is earned by days that only become more: from the first day on which they are enough.
    fn visits(&mut self, member: MemberId, days: &BTreeSet<i32>) {
        for badge in &self.set.badges {
            let Measure::Visited { per } = badge.measure else { continue };
            let highest = tier(badge, of_days(per, days));
            let mut known = BTreeSet::new();
            for day in days {
                known.insert(*day);
                if highest > 0 && tier(badge, of_days(per, &known)) == highest {
                    let none = || Award::none(badge.key.clone(), member);
                    let row = self.rows.entry((badge.key.clone(), member)).or_insert_with(none);
                    row.earned = highest;
                    row.earned_at = from_micros(i64::from(*day) * 86_400_000_000);
                    break;
                }
            }
        }
    }
}

/// Whether a claim stands and is one of these.
fn is_of(
    claim: &Claim,
    place: (TopicId, Option<PostId>),
    occasion: Occasion<'_>,
    by: Option<MemberId>,
) -> bool {
    (claim.topic, claim.post) == place
        && claim.when.fits(occasion)
        && !claim.withdrawn
        && (by.is_none() || claim.giver == by || Some(claim.member) == by)
}

fn held(award: &Award) -> u32 {
    match award.decided {
        Some(0) => 0,
        Some(given) if given > award.earned => given,
        _ => award.earned,
    }
}

fn tier(badge: &Badge, measured: i64) -> u32 {
    let reached = |tier: &u32| match badge.every {
        Some(step) => measured >= step * i64::from(*tier),
        None => {
            let at = badge.tiers.get(*tier as usize - 1).map(|tier| tier.at);
            at.is_some_and(|at| measured >= at)
        }
    };
    (1..).take_while(reached).last().unwrap_or(0)
}

fn of_days(per: Per, days: &BTreeSet<i32>) -> i64 {
    match per {
        Per::Run => {
            let run = |first: &i32| (*first..).take_while(|day| days.contains(day)).count();
            number(days.iter().map(run).max().unwrap_or(0))
        }
        Per::Within(width) => {
            let inside = |first: &i32| {
                let last = i64::from(*first) + i64::from(width);
                days.iter().filter(|day| **day >= *first && i64::from(**day) < last).count()
            };
            number(days.iter().map(inside).max().unwrap_or(0))
        }
        _ => number(days.len()),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
