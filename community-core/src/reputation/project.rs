//! The projection: one event in, entries out. Pure, and the only place where points are worked out.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::award::Tallies;
use super::{About, Book, Credit, Entry, Group, Occasion, Per, Rule, RuleSet, Step, SumOf};
use crate::change::{Event, EventKind, Seq};
use crate::domain::{PostKind, State, Vote};
use crate::id::{ChannelId, MemberId, PostId, TopicId};
use crate::text::Slug;
use crate::time::{Timestamp, day_of};

/// What never changes of what events speak of.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Topics.
    pub topics: FxHashMap<TopicId, TopicFacts>,
    /// Posts.
    pub posts: FxHashMap<PostId, PostFacts>,
    /// When the accounts of those who act were made.
    pub members: FxHashMap<MemberId, Timestamp>,
    /// The keys of channels.
    pub channels: FxHashMap<ChannelId, Slug>,
}

/// What never changes of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFacts {
    /// Who started it.
    pub author: MemberId,
    /// Its kind.
    pub kind: Slug,
}

/// What never changes of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostFacts {
    /// Who wrote it.
    pub author: MemberId,
    /// Its kind.
    pub kind: PostKind,
}

/// Points that somebody has before anything else happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Who.
    pub member: MemberId,
    /// How many.
    pub points: i64,
}

/// The entries that an event causes, in their order. The book has them too, afterwards.
///
/// An event that speaks of something that the facts do not hold causes none.
#[must_use]
pub fn project(rules: &RuleSet, event: &Event, facts: &Facts, book: &mut Book) -> Vec<Entry> {
    project_apart(rules, &BTreeMap::new(), event, facts, book)
}

/// The same, with a group for each thing that is told apart by rules that are named here.
pub(crate) fn project_apart(
    rules: &RuleSet,
    apart: &BTreeMap<Slug, Per>,
    event: &Event,
    facts: &Facts,
    book: &mut Book,
) -> Vec<Entry> {
    let mut projecting = Projecting { rules, apart, event, facts, book, entries: Vec::new() };
    projecting.event();
    projecting.entries
}

impl Book {
    /// The entries of a ledger that some begin with points in, in their order.
    #[must_use]
    pub fn open(&mut self, rules: &RuleSet, openings: &[Opening], at: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (Opening { member, points }, number) in openings.iter().zip(0..) {
            let entry = Entry {
                cause: Seq(0),
                number,
                origin: Seq(0),
                rule: Slug::new("opening").unwrap_or_else(|_| Slug::placeholder()),
                group: Slug::new("opening").unwrap_or_else(|_| Slug::placeholder()),
                step: Step::Given,
                member: *member,
                giver: None,
                topic: None,
                post: None,
                channel: None,
                labels: Vec::new(),
                points: above_floor(rules, *points, self.points(*member)),
                day: day_of(at),
                at,
            };
            self.add(&entry);
            entries.push(entry);
        }
        entries
    }
}

/// Points less what would take somebody with this sum below the floor.
fn above_floor(rules: &RuleSet, points: i64, sum: i64) -> i64 {
    match rules.floor {
        Some(floor) if points < 0 => points.max((floor - rules.start - sum).min(0)),
        _ => points,
    }
}

struct Projecting<'a> {
    rules: &'a RuleSet,
    apart: &'a BTreeMap<Slug, Per>,
    event: &'a Event,
    facts: &'a Facts,
    book: &'a mut Book,
    entries: Vec<Entry>,
}

/// What an event is about.
#[derive(Clone, Copy)]
struct Subject {
    topic: TopicId,
    /// `None` is the topic as a whole.
    post: Option<PostId>,
    /// Who started the topic.
    starter: MemberId,
    /// Who wrote the post, or else started the topic.
    author: MemberId,
    kind: PostKind,
}

/// Points that were given once, and what became of them.
struct Claim {
    /// The entry that gave them.
    given: Entry,
    /// What is left of them.
    sum: i64,
    last: Step,
    /// The points of the last entry.
    moved: i64,
}

impl Projecting<'_> {
    fn event(&mut self) {
        let event = &self.event.event;
        let post = self.subject(event.post);
        let topic = self.subject(None);
        match &event.kind {
            EventKind::TopicStarted { labels } => {
                self.label(topic, labels);
                self.give(topic, Occasion::Started);
            }
            EventKind::TopicEdited { labels: Some(labels) } => self.label(topic, labels),
            EventKind::PostWritten => {
                if let Some(subject) = post {
                    self.give(post, Occasion::Written(subject.kind));
                }
            }
            EventKind::Reacted { from, to } => {
                let Some(subject) = post else { return };
                if let Some(from) = from {
                    self.withdraw(subject, of_reaction(from, subject.kind), event.actor);
                }
                if let Some(to) = to {
                    self.give(post, of_reaction(to, subject.kind));
                }
            }
            EventKind::Accepted { accepted } => self.mark_made(post, Occasion::Accepted, *accepted),
            EventKind::MadeOfficial { official } => {
                self.mark_made(post, Occasion::Official, *official);
            }
            EventKind::Corrected { stands: true } => self.give(post, Occasion::Corrected),
            EventKind::Corrected { stands: false } => {
                // Who corrected is who takes back, or a moderator: the latest that stands goes.
                if let Some(subject) = post {
                    self.withdraw_latest(subject, Occasion::Corrected, event.member);
                }
            }
            EventKind::StatusChanged { from, to } => {
                if let Some(subject) = topic {
                    self.withdraw(subject, Occasion::Reached(from), None);
                }
                self.give(topic, Occasion::Reached(to));
            }
            EventKind::TopicStateChanged { state } => self.show(topic, *state),
            EventKind::PostStateChanged { state } => self.show(post, *state),
            EventKind::Shared => {
                if let Some(subject) = post {
                    self.mark(subject, Step::Shared);
                }
            }
            EventKind::Granted { reason, points } => self.grant(reason, *points),
            _ => {}
        }
    }

    /// What the event is about: the topic, or this post in it.
    fn subject(&self, post: Option<PostId>) -> Option<Subject> {
        let topic = self.event.event.topic?;
        let starter = self.facts.topics.get(&topic)?.author;
        let (author, kind) = match post {
            Some(post) => {
                let facts = self.facts.posts.get(&post)?;
                (facts.author, facts.kind)
            }
            None => (starter, PostKind::Opening),
        };
        Some(Subject { topic, post, starter, author, kind })
    }

    fn mark_made(&mut self, post: Option<Subject>, occasion: Occasion<'_>, made: bool) {
        match post {
            Some(subject) if !made => self.withdraw(subject, occasion, None),
            subject => self.give(subject, occasion),
        }
    }

    /// Gives what the rules say.
    fn give(&mut self, subject: Option<Subject>, occasion: Occasion<'_>) {
        let Some(subject) = subject else { return };
        let actor = self.event.event.actor;
        if is_own(&subject, occasion, actor) || self.is_hidden(&subject) {
            return;
        }
        if matches!(occasion, Occasion::Voted(..) | Occasion::Reacted(_))
            && (!self.may_give(actor) || self.is_shared(&subject))
        {
            return;
        }
        let labels = self.labels(subject.topic);
        for rule in self.rules.rules.iter().filter(|rule| rule.when.fits(occasion)) {
            if !self.applies(rule, subject.topic, &labels) {
                continue;
            }
            let member = match rule.to {
                Credit::Author => Some(subject.author),
                Credit::Actor => actor,
                Credit::Starter => Some(subject.starter),
            };
            let Some(member) = member else { continue };
            // The other one of the two: caps per pair count both ways of one deed.
            let giver = match (occasion, actor) {
                (Occasion::Started | Occasion::Written(_), _) => None,
                (_, Some(actor)) if actor != member => Some(actor),
                _ => Some(subject.author).filter(|author| *author != member),
            };
            let about = (Some(subject.topic), subject.post);
            self.put(rule, (member, giver), about, &labels, rule.points);
        }
    }

    fn grant(&mut self, reason: &Slug, points: i64) {
        let event = &self.event.event;
        let Some(member) = event.member else { return };
        let (topic, post) = (event.topic, event.post.filter(|_| event.topic.is_some()));
        let labels = topic.map_or_else(Vec::new, |topic| self.labels(topic));
        let occasion = Occasion::Granted(reason, points);
        for rule in self.rules.rules.iter().filter(|rule| rule.when.fits(occasion)) {
            let most = RuleSet::MOST_POINTS;
            let points = rule.points.saturating_mul(points).clamp(-most, most);
            self.put(rule, (member, None), (topic, post), &labels, points);
        }
    }

    /// Gives points within caps and floor.
    fn put(
        &mut self,
        rule: &Rule,
        (member, giver): (MemberId, Option<MemberId>),
        (topic, post): (Option<TopicId>, Option<PostId>),
        labels: &[Slug],
        points: i64,
    ) {
        let day = day_of(self.event.event.at);
        let points = if points > 0 {
            self.under_caps(rule, member, giver, day, points)
        } else {
            let sum = self.book.points(member);
            above_floor(self.rules, points, sum)
        };
        if points == 0 {
            return;
        }
        let subject = topic.map(|topic| (topic, post));
        let group = match self.apart.get(&rule.key) {
            Some(per) => Tallies::group(&rule.group, *per, self.event, subject, giver),
            None => rule.group.clone(),
        };
        self.append(Entry {
            cause: self.event.seq,
            number: 0,
            origin: self.event.seq,
            rule: rule.key.clone(),
            group,
            step: Step::Given,
            member,
            giver,
            topic,
            post,
            channel: self.event.event.channel,
            labels: labels.to_vec(),
            points,
            day,
            at: self.event.event.at,
        });
    }

    fn under_caps(
        &mut self,
        rule: &Rule,
        member: MemberId,
        giver: Option<MemberId>,
        day: i32,
        points: i64,
    ) -> i64 {
        let Group { per_day, per_giver_and_day, per_giver } = self.rules.caps(&rule.group);
        let of = |giver, day| SumOf { member, group: rule.group.clone(), giver, day };
        let mut caps = vec![(per_day, of(None, Some(day)))];
        if giver.is_some() {
            caps.push((per_giver_and_day, of(giver, Some(day))));
            caps.push((per_giver, of(giver, None)));
        }
        let mut points = points;
        for (cap, of) in caps {
            if let Some(cap) = cap {
                points = points.min((cap - self.book.sum(of)).max(0));
            }
        }
        points
    }

    /// Takes back what was given on this occasion, by this member where one is named.
    fn withdraw(&mut self, subject: Subject, occasion: Occasion<'_>, by: Option<MemberId>) {
        for claim in self.claims_on(subject, occasion, by) {
            self.end(&claim);
        }
    }

    /// The same of what was given last.
    fn withdraw_latest(&mut self, subject: Subject, occasion: Occasion<'_>, by: Option<MemberId>) {
        let claims = self.claims_on(subject, occasion, by);
        let latest = claims.iter().map(|claim| claim.given.origin).max();
        for claim in claims.into_iter().filter(|claim| Some(claim.given.origin) == latest) {
            self.end(&claim);
        }
    }

    fn claims_on(
        &mut self,
        subject: Subject,
        occasion: Occasion<'_>,
        by: Option<MemberId>,
    ) -> Vec<Claim> {
        let fitting = self.rules.rules.iter().filter(|rule| rule.when.fits(occasion));
        let fitting: FxHashSet<&Slug> = fitting.map(|rule| &rule.key).collect();
        if fitting.is_empty() {
            return Vec::new();
        }
        let mut claims = self.claims(About::Post(subject.topic, subject.post));
        claims.retain(|Claim { given, last, .. }| {
            let is_by = by.is_none() || given.giver == by || Some(given.member) == by;
            *last != Step::Withdrawn && is_by && fitting.contains(&given.rule)
        });
        claims
    }

    fn end(&mut self, claim: &Claim) {
        self.follow(claim, Step::Withdrawn, -claim.sum);
    }

    /// A post or topic is to be seen from here on, or is not.
    fn show(&mut self, subject: Option<Subject>, state: State) {
        let Some(subject) = subject else { return };
        let Subject { topic, post, .. } = subject;
        let shown = state == State::Published;
        if shown != self.is_marked_hidden(topic, post) {
            return;
        }
        self.mark(subject, if shown { Step::Restored } else { Step::Hidden });
        let about = if post.is_none() { About::Topic(topic) } else { About::Post(topic, post) };
        for claim in self.claims(about) {
            match claim.last {
                Step::Given | Step::Restored if !shown => {
                    self.follow(&claim, Step::Hidden, -claim.sum);
                }
                Step::Hidden if shown => {
                    let of_post = claim.given.post;
                    let still_hidden = self.is_marked_hidden(topic, None)
                        || (of_post.is_some() && self.is_marked_hidden(topic, of_post));
                    if !still_hidden {
                        self.follow(&claim, Step::Restored, -claim.moved);
                    }
                }
                _ => {}
            }
        }
    }

    /// What was given for something and what became of it, in the order of giving.
    fn claims(&mut self, about: About) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        let mut places: FxHashMap<(Seq, Slug), usize> = FxHashMap::default();
        for entry in self.book.entries(about) {
            if entry.is_mark() {
                continue;
            }
            let place = (entry.origin, entry.rule.clone());
            match places.get(&place).and_then(|at| claims.get_mut(*at)) {
                Some(claim) => {
                    claim.sum += entry.points;
                    claim.last = entry.step;
                    claim.moved = entry.points;
                }
                None => {
                    places.insert(place, claims.len());
                    let (sum, last) = (entry.points, entry.step);
                    claims.push(Claim { given: entry, sum, last, moved: sum });
                }
            }
        }
        claims
    }

    /// An entry that reverses or repeats what was given.
    fn follow(&mut self, claim: &Claim, step: Step, points: i64) {
        self.append(Entry {
            cause: self.event.seq,
            step,
            points,
            at: self.event.event.at,
            ..claim.given.clone()
        });
    }

    fn mark(&mut self, subject: Subject, step: Step) {
        self.mark_with(subject, step, Vec::new());
    }

    /// A topic has these labels from here on.
    fn label(&mut self, topic: Option<Subject>, labels: &[Slug]) {
        let Some(subject) = topic else { return };
        // Each once: a label counts once however often it is named.
        let labels: BTreeSet<Slug> = labels.iter().cloned().collect();
        let labels: Vec<Slug> = labels.into_iter().collect();
        if labels != self.labels(subject.topic) {
            self.mark_with(subject, Step::Labelled, labels);
        }
    }

    fn mark_with(&mut self, subject: Subject, step: Step, labels: Vec<Slug>) {
        let rule = || Slug::new(Entry::MARK).unwrap_or_else(|_| Slug::placeholder());
        self.append(Entry {
            cause: self.event.seq,
            number: 0,
            origin: self.event.seq,
            rule: rule(),
            group: rule(),
            step,
            member: subject.author,
            giver: None,
            topic: Some(subject.topic),
            post: subject.post,
            channel: self.event.event.channel,
            labels,
            points: 0,
            day: day_of(self.event.event.at),
            at: self.event.event.at,
        });
    }

    fn append(&mut self, entry: Entry) {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let entry = Entry { number, ..entry };
        self.book.add(&entry);
        self.entries.push(entry);
    }
}

impl Projecting<'_> {
    /// Whether a rule speaks of such topics and of this place.
    fn applies(&self, rule: &Rule, topic: TopicId, labels: &[Slug]) -> bool {
        let kind = self.facts.topics.get(&topic).map(|topic| &topic.kind);
        let channel = self.event.event.channel.and_then(|id| self.facts.channels.get(&id));
        let kinds = rule.kinds.as_ref();
        let channels = rule.channels.as_ref();
        let wanted = rule.labels.as_ref();
        wanted.is_none_or(|wanted| labels.iter().any(|label| wanted.contains(label)))
            && kinds.is_none_or(|kinds| kind.is_some_and(|kind| kinds.contains(kind)))
            && channels.is_none_or(|all| channel.is_some_and(|channel| all.contains(channel)))
    }

    /// Whether votes and reactions of this member count at this moment.
    fn may_give(&mut self, giver: Option<MemberId>) -> bool {
        let Some(giver) = giver else { return false };
        let conditions = self.rules.giver;
        let sum = self.book.points(giver);
        let age = self.facts.members.get(&giver).map(|since| self.event.event.at - *since);
        self.rules.shown(sum) >= conditions.points
            && age.is_some_and(|age| age.num_days() >= i64::from(conditions.days))
    }

    fn is_hidden(&mut self, subject: &Subject) -> bool {
        self.is_marked_hidden(subject.topic, None)
            || (subject.post.is_some() && self.is_marked_hidden(subject.topic, subject.post))
    }

    fn is_marked_hidden(&mut self, topic: TopicId, post: Option<PostId>) -> bool {
        let marks = self.book.entries(About::Marks(topic, post));
        let is_of_state = |mark: &&Entry| matches!(mark.step, Step::Hidden | Step::Restored);
        marks.iter().rfind(is_of_state).is_some_and(|mark| mark.step == Step::Hidden)
    }

    /// The labels of a topic at this moment, as far as the log says so.
    fn labels(&mut self, topic: TopicId) -> Vec<Slug> {
        let marks = self.book.entries(About::Marks(topic, None));
        let latest = marks.into_iter().rfind(|mark| mark.step == Step::Labelled);
        latest.map(|mark| mark.labels).unwrap_or_default()
    }

    /// Whether the post belonged to the community on the day of the event. By day: what comes from
    /// elsewhere often knows no more of votes.
    fn is_shared(&mut self, subject: &Subject) -> bool {
        let marks = self.book.entries(About::Marks(subject.topic, subject.post));
        let shared = marks.iter().find(|mark| mark.step == Step::Shared);
        shared.is_some_and(|mark| mark.day <= day_of(self.event.event.at))
    }
}

fn of_reaction(key: &Slug, post: PostKind) -> Occasion<'_> {
    match Vote::parse(key.as_str()) {
        Some(vote) => Occasion::Voted(vote, post),
        None => Occasion::Reacted(key),
    }
}

/// Whether somebody would earn points from what they do themselves.
fn is_own(subject: &Subject, occasion: Occasion<'_>, actor: Option<MemberId>) -> bool {
    let by_author = actor == Some(subject.author);
    match occasion {
        Occasion::Started | Occasion::Written(PostKind::Opening | PostKind::Reply) => false,
        Occasion::Written(PostKind::Answer) => subject.author == subject.starter,
        Occasion::Accepted | Occasion::Official => {
            subject.author == subject.starter || (by_author && occasion == Occasion::Official)
        }
        Occasion::Voted(..) | Occasion::Reacted(_) | Occasion::Corrected => by_author,
        Occasion::Reached(_) => by_author,
        Occasion::Granted(..) => false,
    }
}
