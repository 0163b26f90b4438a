//! What a projection has to know of a ledger to go on: sums, standings, and entries about things.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{About, Entry, EntryPlace, RuleSet, Standing, Tenure};
use crate::id::{MemberId, PostId, TopicId};
use crate::text::Slug;

/// A sum of points over the entries of one member and one group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SumOf {
    /// Whose entries.
    pub member: MemberId,
    /// The group.
    pub group: Slug,
    /// Only those with this giver; `None` is any, and none.
    pub giver: Option<MemberId>,
    /// Only those of this day; `None` is all days.
    pub day: Option<i32>,
}

impl SumOf {
    /// The sums that an entry counts into.
    pub fn of(entry: &Entry) -> impl Iterator<Item = Self> {
        let Entry { member, giver, group, day, .. } = entry;
        let of = |giver, day| Self { member: *member, group: group.clone(), giver, day };
        let of_member = [of(None, Some(*day)), of(None, None)];
        let of_giver = giver.map(|giver| [of(Some(giver), Some(*day)), of(Some(giver), None)]);
        of_member.into_iter().chain(of_giver.into_iter().flatten())
    }
}

/// A ledger in memory, whole or as far as somebody has looked it up.
///
/// A book of a part of a ledger notes what it is asked and does not know. Whoever projects with it
/// looks that up, tells it, and projects again: until nothing is missing, and so
/// without a second opinion on what a projection needs.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Whether what is not here is somewhere else. A whole book knows everything.
    partial: bool,
    standings: FxHashMap<MemberId, Standing>,
    sums: FxHashMap<SumOf, i64>,
    /// By topic and post, in the order of the ledger.
    about: BTreeMap<(TopicId, Option<PostId>), BTreeMap<EntryPlace, Entry>>,
    known: FxHashSet<About>,
    tenures: FxHashMap<MemberId, Tenure>,
    missing: Missing,
}

/// What a book was asked and does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) standings: BTreeSet<MemberId>,
    pub(crate) sums: BTreeSet<SumOf>,
    pub(crate) about: BTreeSet<About>,
    pub(crate) tenures: BTreeSet<MemberId>,
}

impl Missing {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { standings, sums, about, tenures } = self;
        standings.is_empty() && sums.is_empty() && about.is_empty() && tenures.is_empty()
    }
}

impl Book {
    /// A whole ledger without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A part of a ledger, of which nothing is known yet.
    pub(crate) fn partial() -> Self {
        Self { partial: true, ..Self::default() }
    }

    /// Takes an entry in.
    pub fn add(&mut self, entry: &Entry) {
        let Entry { member, topic, post, points, .. } = entry;
        // INVARIANT: what a part of a ledger does not know stays unknown. A sum that began here
        // would be taken for the whole.
        if !self.partial {
            self.standings.entry(*member).or_insert_with(|| Standing::new(*member));
        }
        if let Some(standing) = self.standings.get_mut(member) {
            standing.add(entry);
        }
        for sum in SumOf::of(entry).filter(|_| *points != 0) {
            if !self.partial {
                *self.sums.entry(sum).or_default() += points;
            } else if let Some(known) = self.sums.get_mut(&sum) {
                *known += points;
            }
        }
        if let Some(topic) = topic {
            let about = self.about.entry((*topic, *post)).or_default();
            about.insert(entry.place(), entry.clone());
        }
    }

    /// All standings that it knows, in no order.
    pub fn standings(&self) -> impl Iterator<Item = &Standing> {
        self.standings.values()
    }

    /// The levels that members have reached.
    pub(crate) fn levels(
        &mut self,
        rules: &RuleSet,
        members: impl Iterator<Item = MemberId>,
    ) -> BTreeMap<MemberId, u32> {
        let mut levels = BTreeMap::new();
        for member in members {
            if rules.levels.is_empty() || levels.contains_key(&member) {
                continue;
            }
            let points = rules.shown(self.points(member));
            let in_group = |group: &Slug| {
                self.sum(SumOf { member, group: group.clone(), giver: None, day: None })
            };
            let level = rules.level_by_points(points, in_group);
            if level == 0 || !(rules.asks_for_days() || rules.asks_for_visits()) {
                levels.insert(member, level);
                continue;
            }
            let tenure = self.tenure(member);
            let in_group = |group: &Slug| {
                self.sum(SumOf { member, group: group.clone(), giver: None, day: None })
            };
            levels.insert(member, rules.level(points, tenure, in_group));
        }
        levels
    }

    /// The sum of a member's points.
    pub(super) fn points(&mut self, member: MemberId) -> i64 {
        match self.standings.get(&member) {
            Some(standing) => standing.points,
            None if self.partial => {
                self.missing.standings.insert(member);
                0
            }
            None => 0,
        }
    }

    /// How long a member has been there.
    fn tenure(&mut self, member: MemberId) -> Tenure {
        match self.tenures.get(&member) {
            Some(tenure) => *tenure,
            None if self.partial => {
                self.missing.tenures.insert(member);
                Tenure::MOST
            }
            None => Tenure::default(),
        }
    }

    pub(super) fn sum(&mut self, of: SumOf) -> i64 {
        match self.sums.get(&of) {
            Some(sum) => *sum,
            None if self.partial => {
                self.missing.sums.insert(of);
                0
            }
            None => 0,
        }
    }

    /// Entries about something, in the order of the ledger.
    pub(super) fn entries(&mut self, about: About) -> Vec<Entry> {
        if self.partial && !self.knows(about) {
            self.missing.about.insert(about);
            return Vec::new();
        }
        let (topic, from, to) = match about {
            About::Topic(topic) => (topic, None, Some(PostId::from_bytes([0xff; 16]))),
            About::Post(topic, post) | About::Marks(topic, post) => (topic, post, post),
        };
        let found = self.about.range((topic, from)..=(topic, to)).flat_map(|(_, all)| all.values());
        let marks_only = matches!(about, About::Marks(..));
        let mut found: Vec<Entry> =
            found.filter(|entry| !marks_only || entry.is_mark()).cloned().collect();
        found.sort_by_key(Entry::place);
        found
    }

    fn knows(&self, about: About) -> bool {
        let (topic, post) = match about {
            About::Topic(topic) => return self.known.contains(&About::Topic(topic)),
            About::Post(topic, post) | About::Marks(topic, post) => (topic, post),
        };
        self.known.contains(&about)
            || self.known.contains(&About::Post(topic, post))
            || self.known.contains(&About::Topic(topic))
    }

    /// What it was asked and does not know.
    pub(crate) fn missing(&self) -> &Missing {
        &self.missing
    }

    pub(crate) fn know_standing(&mut self, member: MemberId, standing: Option<Standing>) {
        self.standings.insert(member, standing.unwrap_or_else(|| Standing::new(member)));
    }

    pub(crate) fn know_tenure(&mut self, member: MemberId, tenure: Tenure) {
        self.tenures.insert(member, tenure);
    }

    pub(crate) fn know_sum(&mut self, of: SumOf, sum: i64) {
        self.sums.insert(of, sum);
    }

    pub(crate) fn know_about(&mut self, about: About, entries: Vec<Entry>) {
        for entry in entries {
            if let Some(topic) = entry.topic {
                let known = self.about.entry((topic, entry.post)).or_default();
                known.insert(entry.place(), entry);
            }
        }
        self.known.insert(about);
    }
}
