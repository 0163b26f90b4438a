//! Badge sets: what members are given badges for, as versioned data.
//!
//! A badge measures one thing: how often something happened, on how many days in a row, how many
//! points somebody has. Its tiers are numbers that the measure reaches. One measure and no formula,
//! so that what is missing for the next tier is one number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Credit, GiverRule, Rule, RuleSet, RuleSetId, Trigger};
use crate::error::{Error, Result};
use crate::text::{Name, Slug};

/// Names a version of a badge set, as text `basics@1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BadgeSetId {
    /// The badge set.
    pub key: Slug,
    /// Its version, from 1.
    pub version: u32,
}

impl BadgeSetId {
    /// The most bytes of a badge set's key.
    pub const KEY_BYTES: usize = 18;

    /// What the names of rule sets begin with that only count for badges.
    pub const COUNTING: &'static str = "badge.";

    /// The rule set that counts for it. Its ledger holds one point for each time that something
    /// happened which a badge counts.
    #[must_use]
    pub fn counting(&self) -> RuleSetId {
        let name = format!("{}{}", Self::COUNTING, self.key);
        let key = Slug::new(&name).unwrap_or_else(|_| Slug::placeholder());
        RuleSetId { key, version: self.version }
    }
}

impl fmt::Display for BadgeSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.key, self.version)
    }
}

impl FromStr for BadgeSetId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("`{text}` is not a badge set, such as `basics@1`"));
        let RuleSetId { key, version } = text.parse().map_err(|_: Error| wrong())?;
        if key.as_str().len() > Self::KEY_BYTES {
            return Err(wrong());
        }
        Ok(Self { key, version })
    }
}

impl TryFrom<String> for BadgeSetId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<BadgeSetId> for String {
    fn from(id: BadgeSetId) -> Self {
        id.to_string()
    }
}

/// What members of a community are given badges for.
///
/// A version of a badge set never changes: other badges are another version, whose awards are worked
/// out from the beginning of the log before it is put in force.
///
/// ```
/// use community_core::reputation::BadgeSet;
///
/// let set: BadgeSet = serde_json::from_str(r#"{
///     "id": "thanks@1",
///     "name": "Thanks",
///     "badges": [
///         {"key": "helper", "name": "Helper",
///          "measure": {"of": "counted", "when": [{"on": "accepted"}]},
///          "tiers": [{"name": "Bronze", "at": 1}, {"name": "Silver", "at": 10}]},
///         {"key": "regular", "name": "Regular",
///          "measure": {"of": "visited", "per": "run"}, "every": 30}
///     ]
/// }"#)?;
/// set.check().unwrap();
/// assert_eq!(set.badge("helper").unwrap().tier(12), 2);
/// assert_eq!(set.badge("regular").unwrap().tier(95), 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadgeSet {
    /// Its name and version.
    pub id: BadgeSetId,
    /// Its name for people.
    pub name: Name,
    /// The rule set whose points and levels badges measure, whether it is in force or not. Needed
    /// when one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RuleSetId>,
    /// The least age, in days, of the account of whoever votes or reacts; what younger ones give
    /// does not count.
    #[serde(default)]
    pub giver_days: u32,
    /// The badges.
    pub badges: Vec<Badge>,
}

/// A badge, and what it is given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Badge {
    /// Its name in addresses and in the log, unique in the set. A badge of another version with the
    /// same key is the same badge.
    pub key: Slug,
    /// Its name for people.
    pub name: Name,
    /// What it is given for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What is measured.
    pub measure: Measure,
    /// The tiers, from the lowest, each with the number at which it is reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// In place of tiers: it is given again each time that the measure has grown by so much. Its
    /// tier is how many times it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<i64>,
    /// Whether it is taken away when the measure falls below it again: because posts are removed,
    /// votes withdrawn, points lost. Otherwise what was reached once is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

/// A tier of a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Its name for people.
    pub name: Name,
    /// The number at which it is reached.
    pub at: i64,
}

/// What a badge measures of a member in a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    /// What happened, as far as it stands: what is undone, taken back or hidden does not count.
    Counted(Counted),
    /// Visits, by day.
    Visited {
        /// How days are reckoned: by [`Per::Days`], [`Per::Run`] or [`Per::Within`].
        per: Per,
    },
    /// Points, as they are shown, or those of one group.
    Points {
        /// The group; all points when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<Slug>,
    },
    /// The level that points lead to. What levels ask for beside points does not matter, nor does a
    /// level that a manager has set.
    Level,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// What has to happen: any of these. What fits two counts twice.
    pub when: Vec<Trigger>,
    /// For whom it counts: who wrote the post ("received"), or who acted ("done").
    #[serde(default)]
    pub to: Credit,
    /// How it is counted.
    #[serde(default)]
    pub per: Per,
    /// The kinds of topics in which it counts; all when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<BTreeSet<Slug>>,
    /// The channels in which it counts, by key, as they are when it happens; all when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<BTreeSet<Slug>>,
}

/// How things are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each time.
    #[default]
    Each,
    /// Different topics.
    Topics,
    /// Different channels, as topics stood when it happened.
    Channels,
    /// Different other members: of whoever acted and whoever wrote the post, the other one. Not for
    /// topics that are started and posts that are written, which no other member is part of.
    Members,
    /// Different days (UTC).
    Days,
    /// The most days in a row.
    Run,
    /// The most days among any so many in a row.
    Within(u32),
}

impl Per {
    /// The most days of [`Per::Within`]: a year.
    pub const MOST_DAYS: u32 = 366;

    /// Whether it is about days.
    #[must_use]
    pub fn is_of_days(self) -> bool {
        matches!(self, Self::Days | Self::Run | Self::Within(_))
    }

    /// What days come to. They rise.
    #[must_use]
    pub fn of_days(self, days: &[i32]) -> i64 {
        let most = match self {
            Self::Run => {
                let (mut most, mut run, mut last) = (0, 0, None);
                for day in days {
                    run = if last.is_some_and(|last: i32| last.checked_add(1) == Some(*day)) {
                        run + 1
                    } else {
                        1
                    };
                    last = Some(*day);
                    most = most.max(run);
                }
                most
            }
            Self::Within(width) => {
                let width = i32::try_from(width).unwrap_or(i32::MAX);
                let from = |last: &i32| days.partition_point(|d| *d <= last.saturating_sub(width));
                let counts = days.iter().zip(1..).map(|(last, until)| until - from(last));
                counts.max().unwrap_or(0)
            }
            Self::Each | Self::Topics | Self::Channels | Self::Members | Self::Days => days.len(),
        };
        i64::try_from(most).unwrap_or(i64::MAX)
    }
}

impl Badge {
    /// The most bytes of a badge's key.
    pub const KEY_BYTES: usize = 24;

    /// The most tiers.
    pub const MOST_TIERS: usize = 16;

    /// The most bytes of a description.
    pub const DESCRIPTION_BYTES: usize = 1_000;

    /// The tier that a measure has reached; 0 when it has reached none.
    #[must_use]
    pub fn tier(&self, measured: i64) -> u32 {
        let reached = match self.every {
            Some(step) => measured.max(0).checked_div(step).unwrap_or(0),
            None => {
                let reached = self.tiers.iter().take_while(|tier| tier.at <= measured).count();
                i64::try_from(reached).unwrap_or(i64::MAX)
            }
        };
        u32::try_from(reached).unwrap_or(u32::MAX)
    }

    /// The number at which a tier, from 1, is reached; `None` for one that the badge does not have.
    #[must_use]
    pub fn needs(&self, tier: u32) -> Option<i64> {
        match self.every {
            Some(step) => Some(step.saturating_mul(i64::from(tier))),
            None => {
                let at = usize::try_from(tier).ok()?.checked_sub(1)?;
                self.tiers.get(at).map(|tier| tier.at)
            }
        }
    }

    /// The highest tier that can be given by hand.
    #[must_use]
    pub fn most(&self) -> u32 {
        match self.every {
            Some(_) => super::Award::MOST_TIER,
            None => u32::try_from(self.tiers.len()).unwrap_or(u32::MAX),
        }
    }

    fn check(&self) -> Result<()> {
        let Self { key, name: _, description, measure, tiers, every, revoked } = self;
        let wrong = |why: &str| Err(Error::invalid(format!("the badge `{key}` {why}")));
        if key.as_str().len() > Self::KEY_BYTES || key.as_str().contains('.') {
            return wrong("has a name that is too long, or a dot in it");
        }
        if description.len() > Self::DESCRIPTION_BYTES {
            return wrong("has too long a description");
        }
        let rising = tiers.iter().zip(tiers.iter().skip(1)).all(|(low, high)| low.at < high.at);
        let least = tiers.first().map(|tier| tier.at).or(*every).unwrap_or(0);
        let most = tiers.last().map(|tier| tier.at).or(*every).unwrap_or(0);
        if tiers.is_empty() != every.is_some()
            || tiers.len() > Self::MOST_TIERS
            || !rising
            || least < 1
            || most > RuleSet::MOST_POINTS
        {
            return wrong("has rising tiers above 0, or is given every so often, and not both");
        }
        let days =
            |per: Per| !matches!(per, Per::Within(days) if !(1..=Per::MOST_DAYS).contains(&days));
        match measure {
            Measure::Counted(Counted { when, to: _, per, kinds: _, channels: _ }) => {
                if when.is_empty() || when.len() > RuleSet::MOST || !days(*per) {
                    return wrong("counts nothing, or too much");
                }
                if when.iter().any(|trigger| matches!(trigger, Trigger::Granted { .. })) {
                    return wrong("does not count grants: points do");
                }
                let alone =
                    |when: &Trigger| matches!(when, Trigger::Started | Trigger::Written { .. });
                if *per == Per::Members && when.iter().any(alone) {
                    return wrong("counts members where no other one is part of it");
                }
            }
            Measure::Visited { per } => {
                if !per.is_of_days() || !days(*per) {
                    return wrong("counts visits by days");
                }
                if *revoked {
                    return wrong("is kept: visits do not become fewer");
                }
            }
            Measure::Points { .. } | Measure::Level => {}
        }
        Ok(())
    }
}

impl BadgeSet {
    /// The most badges.
    pub const MOST: usize = 64;

    /// A badge.
    #[must_use]
    pub fn badge(&self, key: &str) -> Option<&Badge> {
        self.badges.iter().find(|badge| badge.key == *key)
    }

    /// Whether a badge measures points or levels.
    #[must_use]
    pub fn measures_points(&self) -> bool {
        let of_points =
            |badge: &Badge| matches!(badge.measure, Measure::Points { .. } | Measure::Level);
        self.badges.iter().any(of_points)
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many badges, a key that is there twice, tiers that do not rise,
    /// what cannot be measured so, or points without a rule set.
    pub fn check(&self) -> Result<()> {
        if self.id.key.as_str().len() > BadgeSetId::KEY_BYTES {
            return Err(Error::invalid("the name of the badge set is too long"));
        }
        if self.badges.is_empty() || self.badges.len() > Self::MOST {
            return Err(Error::invalid(format!("a badge set has 1 to {} badges", Self::MOST)));
        }
        let mut keys = BTreeSet::new();
        for badge in &self.badges {
            if !keys.insert(&badge.key) {
                return Err(Error::invalid(format!("the badge `{}` is there twice", badge.key)));
            }
            badge.check()?;
        }
        if self.measures_points() && self.rules.is_none() {
            return Err(Error::invalid("a badge set that measures points names a rule set"));
        }
        Ok(())
    }

    /// The badges that measure visits.
    pub(crate) fn of_visits(&self) -> impl Iterator<Item = (&Badge, Per)> {
        self.badges.iter().filter_map(|badge| match badge.measure {
            Measure::Visited { per } => Some((badge, per)),
            Measure::Counted(_) | Measure::Points { .. } | Measure::Level => None,
        })
    }

    /// The badges that count, with what they count.
    pub(crate) fn of_counts(&self) -> impl Iterator<Item = (&Badge, &Counted)> {
        self.badges.iter().filter_map(|badge| match &badge.measure {
            Measure::Counted(counted) => Some((badge, counted)),
            Measure::Visited { .. } | Measure::Points { .. } | Measure::Level => None,
        })
    }

    /// The rules that count for it: a point for each time, in a group for each badge and what is
    /// told apart. What a group is called is in the second part, by rule.
    pub(crate) fn counting(&self) -> (RuleSet, BTreeMap<Slug, Per>) {
        let (mut rules, mut per) = (Vec::new(), BTreeMap::new());
        for (badge, counted) in self.of_counts() {
            for (when, number) in counted.when.iter().zip(0..) {
                // INVARIANT: the key of a badge leaves room in a name for what comes behind it.
                let key = format!("{}.{number}", badge.key);
                let key = Slug::new(&key).unwrap_or_else(|_| Slug::placeholder());
                per.insert(key.clone(), counted.per);
                rules.push(Rule {
                    key,
                    group: badge.key.clone(),
                    when: when.clone(),
                    to: counted.to,
                    points: 1,
                    kinds: counted.kinds.clone(),
                    channels: counted.channels.clone(),
                    labels: None,
                });
            }
        }
        let rules = RuleSet {
            id: self.id.counting(),
            name: self.name.clone(),
            start: 0,
            floor: None,
            giver: GiverRule { points: 0, days: self.giver_days },
            decay: None,
            groups: BTreeMap::new(),
            rules,
            newcomers: super::PostLimits::default(),
            levels: Vec::new(),
        };
        (rules, per)
    }
}

/// Which badge set is in force in a community, and those that it has of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Badges {
    /// The badge set in force; `None` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<BadgeSetId>,
    /// Badge sets of its own, every version that it has had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<BadgeSet>,
}

impl Badges {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A badge set of this name: one of the community's own, or one that comes with the engine.
    #[must_use]
    pub fn set(&self, id: &BadgeSetId) -> Option<&BadgeSet> {
        self.own.iter().find(|set| set.id == *id).or_else(|| BadgeSet::shipped_as(id))
    }

    /// The badge set in force; `None` when there is none, or one that this version of the engine
    /// does not know.
    #[must_use]
    pub fn active_set(&self) -> Option<&BadgeSet> {
        self.set(self.active.as_ref()?)
    }
}

impl super::Reputation {
    /// Checks its badge sets.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`BadgeSet::check`] says; for one that is there twice or has the name
    /// of one that comes with the engine, too many of them, an active one that is not there, or a
    /// rule set that is not there.
    pub fn check_badges(&self) -> Result<()> {
        let Badges { active, own } = &self.badges;
        if own.len() > Self::MOST_OWN {
            let most = Self::MOST_OWN;
            return Err(Error::invalid(format!("a community has at most {most} badge sets")));
        }
        for (at, set) in own.iter().enumerate() {
            set.check()?;
            let shipped = BadgeSet::shipped().iter().any(|known| known.id.key == set.id.key);
            if shipped || own.iter().skip(at + 1).any(|other| other.id == set.id) {
                return Err(Error::invalid(format!("the badge set `{}` is there already", set.id)));
            }
            if let Some(rules) = &set.rules
                && self.rule_set(rules).is_none()
            {
                return Err(Error::invalid(format!("there is no rule set `{rules}`")));
            }
        }
        match active {
            Some(active) if self.badges.set(active).is_none() => {
                Err(Error::invalid(format!("there is no badge set `{active}`")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn badge(json: &str) -> Badge {
        let base = r#""key": "b", "name": "B""#;
        serde_json::from_str(&format!("{{{base}, {json}}}")).unwrap()
    }

    fn set(badges: Vec<Badge>) -> BadgeSet {
        BadgeSet {
            id: "test@1".parse().unwrap(),
            name: "Test".parse().unwrap(),
            rules: None,
            giver_days: 0,
            badges,
        }
    }

    #[test]
    fn days_are_reckoned_as_a_walk_over_all_windows_says() {
        let days = [3, 4, 5, 9, 10, 12, 13, 14, 15, 30];
        assert_eq!(Per::Days.of_days(&days), 10);
        assert_eq!(Per::Run.of_days(&days), 4);
        assert_eq!(Per::Run.of_days(&[]), 0);
        for width in 1..40 {
            let count =
                |from: i32| days.iter().filter(|d| (from..from + width).contains(d)).count();
            let naive = (-40..40).map(count).max().unwrap();
            let found = Per::Within(width.unsigned_abs()).of_days(&days);
            assert_eq!(found, i64::try_from(naive).unwrap(), "{width}");
        }
    }

    #[test]
    fn tiers_are_reached_at_their_numbers_and_repeated_ones_at_every_multiple() {
        let tiers = badge(
            r#""measure": {"of": "level"}, "tiers": [{"name":"x","at":2},{"name":"y","at":5}]"#,
        );
        assert_eq!([-1, 1, 2, 4, 5, 99].map(|n| tiers.tier(n)), [0, 0, 1, 1, 2, 2]);
        assert_eq!([0, 1, 2, 3].map(|n| tiers.needs(n)), [None, Some(2), Some(5), None]);
        let again = badge(r#""measure": {"of": "level"}, "every": 7"#);
        assert_eq!([-9, 6, 7, 20, 21].map(|n| again.tier(n)), [0, 0, 1, 2, 3]);
        assert_eq!(again.needs(3), Some(21));
    }

    #[test]
    fn a_badge_that_makes_no_sense_is_refused() {
        let sound = r#""measure": {"of": "counted", "when": [{"on": "started"}]}, "every": 1"#;
        set(vec![badge(sound)]).check().unwrap();
        for unsound in [
            r#""measure": {"of": "counted", "when": []}, "every": 1"#,
            r#""measure": {"of": "counted", "when": [{"on": "started"}]}"#,
            r#""measure": {"of": "counted", "when": [{"on": "granted"}]}, "every": 1"#,
            r#""measure": {"of": "counted", "when": [{"on": "started"}]}, "every": 0"#,
            r#""measure": {"of": "counted", "when": [{"on": "started"}]}, "every": 1, "tiers": [{"name":"x","at":1}]"#,
            r#""measure": {"of": "visited", "per": "each"}, "every": 1"#,
            r#""measure": {"of": "counted", "when": [{"on": "started"}], "per": "members"}, "every": 1"#,
            r#""measure": {"of": "counted", "when": [{"on": "accepted"}, {"on": "written", "post": "reply"}], "per": "members"}, "every": 1"#,
            r#""measure": {"of": "visited", "per": {"within": 0}}, "every": 1"#,
            r#""measure": {"of": "visited", "per": "run"}, "every": 1, "revoked": true"#,
            r#""measure": {"of": "level"}, "every": 1"#,
            r#""measure": {"of": "visited", "per": "run"}, "tiers": [{"name":"x","at":2},{"name":"y","at":2}]"#,
        ] {
            assert!(set(vec![badge(unsound)]).check().is_err(), "{unsound}");
        }
        assert!(set(vec![badge(sound), badge(sound)]).check().is_err());
        assert!(set(Vec::new()).check().is_err());
    }

    #[test]
    fn names_that_a_badge_set_makes_fit() {
        let longest = BadgeSetId { key: "s".repeat(18).parse().unwrap(), version: 9_999 };
        assert!(longest.counting().to_string().parse::<RuleSetId>().is_ok());
        assert!("a.very-long-badge-set@1".parse::<BadgeSetId>().is_err());
        assert_eq!("basics@1".parse::<BadgeSetId>().unwrap().to_string(), "basics@1");
    }
}
