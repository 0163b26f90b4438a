//! Who has which badge: rows that follow from the log, from visits, and from what somebody decided.
//!
//! What is awarded for what happened follows from the log, event by event: not from how many events
//! were looked at together, so that working it out later gives the same as working it out at once.
//! What is awarded for visits follows from the days that are known, which only become more: a tier
//! is reached on the first day on which they reach it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Badge, BadgeSet, BadgeSetId, Entry, LedgerId, Measure, Per, RuleSet};
use crate::change::{Event, EventKind, Seq};
use crate::id::{CommunityId, MemberId, PostId, TopicId};
use crate::text::Slug;
use crate::time::{Timestamp, day_of, from_micros};

/// Names the awards that one version of a badge set makes of one community.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AwardsId {
    /// The community.
    pub community: CommunityId,
    /// The badge set.
    pub set: BadgeSetId,
}

impl AwardsId {
    /// The ledger in which is counted for them.
    #[must_use]
    pub fn counting(&self) -> LedgerId {
        LedgerId { community: self.community, rules: self.set.counting() }
    }

    /// The name of the checkpoint that says how far they have followed the log: that of the ledger
    /// in which is counted for them, which moves with them.
    #[must_use]
    pub fn checkpoint(&self) -> Slug {
        self.counting().checkpoint()
    }

    /// The name of the checkpoint that says how far they have followed visitors.
    #[must_use]
    pub fn visitors(&self) -> Slug {
        self.counting().visitors()
    }

    /// The name of the checkpoint up to which nothing is told of what they come to: where the log
    /// ended when an import put the set in force, or brought history before anything was awarded.
    #[must_use]
    pub fn silent(&self) -> Slug {
        self.counting().silent()
    }

    /// The name of the checkpoint that says on which day that was. Of visits before it nothing is
    /// told.
    #[must_use]
    pub fn silent_days(&self) -> Slug {
        self.counting().silent_days()
    }
}

/// What a member has of a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// The badge.
    pub badge: Slug,
    /// Who.
    pub member: MemberId,
    /// The tier that follows from the rule; 0 is none.
    pub earned: u32,
    /// When that was last changed; for what is earned by visits, the beginning of the day on which
    /// it was reached.
    pub earned_at: Option<Timestamp>,
    /// The tier that somebody has given, or 0 when the badge was taken away.
    pub decided: Option<u32>,
    /// When that was decided.
    pub decided_at: Option<Timestamp>,
}

impl Award {
    /// The highest tier of a badge that is given again and again.
    pub const MOST_TIER: u32 = 1_000_000;

    /// What somebody has who has nothing.
    #[must_use]
    pub fn none(badge: Slug, member: MemberId) -> Self {
        Self { badge, member, earned: 0, earned_at: None, decided: None, decided_at: None }
    }

    /// The tier that the member has; 0 is none. What was taken away stays so until it is given
    /// again; what was given is a lower bound.
    #[must_use]
    pub fn held(&self) -> u32 {
        match self.decided {
            Some(0) => 0,
            Some(given) => given.max(self.earned),
            None => self.earned,
        }
    }

    /// Since when the member has that tier.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        match self.decided {
            Some(given) if given == 0 || given > self.earned => self.decided_at,
            _ => self.earned_at,
        }
    }
}

/// A change of what somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) badge: Slug,
    pub(crate) member: MemberId,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) at: Timestamp,
    /// The event that caused it; `None` for visits, which are not in the log.
    pub(crate) cause: Option<Seq>,
}

impl Change {
    /// What the log says of it.
    pub(crate) fn kind(&self) -> EventKind {
        let (badge, tier) = (self.badge.clone(), self.to);
        if self.to > self.from {
            EventKind::Awarded { badge, tier }
        } else {
            EventKind::Revoked { badge, tier }
        }
    }
}

/// What was counted for a member and a badge: how often, by what is told apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tallies(BTreeMap<Slug, i64>);

impl Tallies {
    /// The group of something that is counted: the badge and what tells it apart.
    pub(super) fn group(
        badge: &Slug,
        per: Per,
        event: &Event,
        subject: Option<(TopicId, Option<PostId>)>,
        giver: Option<MemberId>,
    ) -> Slug {
        let item = match per {
            Per::Each => "e".to_owned(),
            Per::Topics => {
                subject.map_or_else(String::new, |(id, _)| id.uuid().simple().to_string())
            }
            Per::Channels => {
                let channel = event.event.channel;
                channel.map_or_else(String::new, |id| id.uuid().simple().to_string())
            }
            Per::Members => giver.map_or_else(String::new, |id| id.uuid().simple().to_string()),
            Per::Days | Per::Run | Per::Within(_) => day_of(event.event.at).to_string(),
        };
        // INVARIANT: a badge's key has at most `Badge::KEY_BYTES`, and what comes behind it 33.
        Slug::new(&format!("{badge}.{item}")).unwrap_or_else(|_| Slug::placeholder())
    }

    /// What the groups of a badge begin with.
    pub(crate) fn prefix(badge: &Slug) -> Slug {
        Slug::new(&format!("{badge}.")).unwrap_or_else(|_| Slug::placeholder())
    }

    /// What it comes to.
    fn measure(&self, badge: &Slug, per: Per) -> i64 {
        let standing = self.0.iter().filter(|(_, count)| **count > 0);
        // What is told apart by something that it does not have counts for nothing.
        let named = standing.filter_map(|(group, count)| {
            let item = group.as_str().strip_prefix(badge.as_str())?.strip_prefix('.')?;
            (!item.is_empty()).then_some((item, *count))
        });
        match per {
            Per::Each => named.map(|(_, count)| count).sum(),
            Per::Topics | Per::Channels | Per::Members => {
                i64::try_from(named.count()).unwrap_or(i64::MAX)
            }
            Per::Days | Per::Run | Per::Within(_) => {
                let days: BTreeSet<i32> = named.filter_map(|(day, _)| day.parse().ok()).collect();
                per.of_days(&days.into_iter().collect::<Vec<_>>())
            }
        }
    }
}

/// Works out awards, event by event, from what was known before the first.
#[derive(Debug)]
pub(crate) struct Awarding<'a> {
    set: &'a BadgeSet,
    /// The rules whose points are measured.
    rules: Option<&'a RuleSet>,
    tallies: BTreeMap<(Slug, MemberId), Tallies>,
    points: BTreeMap<(MemberId, Option<Slug>), i64>,
    awards: BTreeMap<(Slug, MemberId), Award>,
    touched: BTreeSet<(Slug, MemberId)>,
    changes: Vec<Change>,
    /// The event that is taken into account.
    cause: Option<Seq>,
}

impl<'a> Awarding<'a> {
    pub(crate) fn new(set: &'a BadgeSet, rules: Option<&'a RuleSet>) -> Self {
        Self {
            set,
            rules,
            tallies: BTreeMap::new(),
            points: BTreeMap::new(),
            awards: BTreeMap::new(),
            touched: BTreeSet::new(),
            changes: Vec::new(),
            cause: None,
        }
    }

    /// The rules whose points are measured.
    pub(crate) fn rules(&self) -> Option<&'a RuleSet> {
        self.rules
    }

    /// The badges that measure points or levels.
    pub(crate) fn of_points(&self) -> Vec<Slug> {
        let of_points = self
            .set
            .badges
            .iter()
            .filter(|badge| matches!(badge.measure, Measure::Points { .. } | Measure::Level));
        of_points.map(|badge| badge.key.clone()).collect()
    }

    /// The sums of points that badges rest on: of which groups, for one member.
    pub(crate) fn groups(&self) -> Vec<Option<Slug>> {
        let of = |badge: &Badge| match &badge.measure {
            Measure::Points { group } => vec![group.clone()],
            Measure::Level => {
                let groups = self.rules.into_iter().flat_map(RuleSet::groups_of_levels);
                groups.map(|group| Some(group.clone())).chain([None]).collect()
            }
            Measure::Counted(_) | Measure::Visited { .. } => Vec::new(),
        };
        let all: BTreeSet<Option<Slug>> = self.set.badges.iter().flat_map(of).collect();
        all.into_iter().collect()
    }

    pub(crate) fn know_tallies(&mut self, badge: Slug, member: MemberId, sums: Vec<(Slug, i64)>) {
        self.tallies.insert((badge, member), Tallies(sums.into_iter().collect()));
    }

    pub(crate) fn know_points(&mut self, member: MemberId, group: Option<Slug>, sum: i64) {
        self.points.insert((member, group), sum);
    }

    pub(crate) fn know_award(&mut self, award: Award) {
        self.awards.insert((award.badge.clone(), award.member), award);
    }

    /// Takes an event into account: what it caused to be counted, and the points that it moved.
    pub(crate) fn event(&mut self, event: &Event, counted: &[Entry], moved: &[Entry]) {
        let at = event.event.at;
        self.cause = Some(event.seq);
        // Decided in another version, or where history was imported from: the set may not have it.
        if let EventKind::BadgeDecided { badge, tier } = &event.event.kind
            && let Some(member) = event.event.member
            && let Some(most) = self.set.badge(badge.as_str()).map(Badge::most)
        {
            self.change(badge, member, at, |award| {
                award.decided = Some((*tier).min(most));
                award.decided_at = Some(at);
            });
        }
        let mut concerned: BTreeSet<(Slug, MemberId)> = BTreeSet::new();
        for entry in counted.iter().filter(|entry| !entry.is_mark()) {
            let Some((badge, _)) = entry.group.as_str().split_once('.') else { continue };
            let Ok(badge) = Slug::new(badge) else { continue };
            let place = (badge, entry.member);
            let tallies = self.tallies.entry(place.clone()).or_default();
            *tallies.0.entry(entry.group.clone()).or_default() += entry.points;
            concerned.insert(place);
        }
        for entry in moved.iter().filter(|entry| entry.points != 0) {
            for group in [None, Some(entry.group.clone())] {
                *self.points.entry((entry.member, group)).or_default() += entry.points;
            }
            concerned.extend(self.of_points().into_iter().map(|badge| (badge, entry.member)));
        }
        for (badge, member) in concerned {
            self.earn(&badge, member, at);
        }
    }

    /// Takes into account on which days a member visited. They rise.
    pub(crate) fn visits(&mut self, member: MemberId, days: &[i32]) {
        let set = self.set;
        self.cause = None;
        for (badge, per) in set.of_visits() {
            let tier = badge.tier(per.of_days(days));
            if tier == 0 {
                continue;
            }
            let Some(day) = first_day(days, |known| badge.tier(per.of_days(known)) >= tier) else {
                continue;
            };
            let Some(at) = from_micros(i64::from(day) * 86_400_000_000) else { continue };
            self.change(&badge.key, member, at, |award| {
                // A day that became known later can only make it earlier.
                award.earned = tier;
                award.earned_at = Some(at);
            });
        }
    }

    /// Lets what is earned follow from what is measured.
    fn earn(&mut self, key: &Slug, member: MemberId, at: Timestamp) {
        let set = self.set;
        let Some(badge) = set.badge(key.as_str()) else { return };
        let Some(measured) = self.measured(badge, member) else { return };
        let tier = badge.tier(measured);
        self.change(key, member, at, |award| {
            let earned = if badge.revoked { tier } else { tier.max(award.earned) };
            if earned != award.earned {
                award.earned = earned;
                award.earned_at = Some(at);
            }
        });
    }

    /// What a badge measures now; `None` when that is visits.
    pub(crate) fn measured(&self, badge: &Badge, member: MemberId) -> Option<i64> {
        let points = |group: Option<Slug>| self.points.get(&(member, group)).copied().unwrap_or(0);
        match &badge.measure {
            Measure::Counted(counted) => {
                let tallies = self.tallies.get(&(badge.key.clone(), member));
                Some(tallies.map_or(0, |tallies| tallies.measure(&badge.key, counted.per)))
            }
            Measure::Points { group: None } => Some(self.rules?.shown(points(None))),
            Measure::Points { group } => Some(points(group.clone())),
            Measure::Level => {
                let rules = self.rules?;
                let shown = rules.shown(points(None));
                let level = rules.level_by_points(shown, |group| points(Some(group.clone())));
                Some(i64::from(level))
            }
            Measure::Visited { .. } => None,
        }
    }

    fn change(
        &mut self,
        badge: &Slug,
        member: MemberId,
        at: Timestamp,
        change: impl FnOnce(&mut Award),
    ) {
        let place = (badge.clone(), member);
        let new = || Award::none(badge.clone(), member);
        let award = self.awards.entry(place.clone()).or_insert_with(new);
        let before = award.clone();
        change(award);
        if *award == before {
            return;
        }
        let (from, to) = (before.held(), award.held());
        if from != to {
            let (badge, cause) = (badge.clone(), self.cause);
            self.changes.push(Change { badge, member, from, to, at, cause });
        }
        self.touched.insert(place);
    }

    /// The rows that changed, and what changed of what is held, in the order in which it did.
    pub(crate) fn finish(self) -> (Vec<Award>, Vec<Change>) {
        let Self { awards, touched, changes, .. } = self;
        let rows = awards.into_iter().filter(|(place, _)| touched.contains(place));
        (rows.map(|(_, award)| award).collect(), changes)
    }
}

/// The first of rising days by which something holds that holds from then on.
fn first_day(days: &[i32], holds: impl Fn(&[i32]) -> bool) -> Option<i32> {
    let (mut before, mut until) = (0, days.len());
    while before + 1 < until {
        let middle = before.midpoint(until);
        if holds(days.get(..middle)?) { until = middle } else { before = middle }
    }
    days.get(until.checked_sub(1)?).copied()
}
