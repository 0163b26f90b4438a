//! Rule sets: what earns points, as versioned data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BadgeSetId, Badges, BoardRule, Decay, SuperUserRule};
use crate::domain::{PostKind, Vote};
use crate::error::{Error, Result};
use crate::text::{Name, Slug, TextError};

/// Names a version of a rule set, as text `balanced@1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleSetId {
    /// The rule set.
    pub key: Slug,
    /// Its version, from 1.
    pub version: u32,
}

impl RuleSetId {
    /// The most bytes of a rule set's key.
    pub const KEY_BYTES: usize = 24;

    /// The highest version.
    pub const MOST_VERSIONS: u32 = 9_999;

    /// Whether what it gives is summed up by days and on [boards](super::Board): not what only
    /// counts for badges.
    #[must_use]
    pub fn has_boards(&self) -> bool {
        !self.key.as_str().starts_with(BadgeSetId::COUNTING)
    }
}

impl fmt::Display for RuleSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.key, self.version)
    }
}

impl FromStr for RuleSetId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("`{text}` is not a rule set, such as `balanced@1`"));
        let (key, version) = text.split_once('@').ok_or_else(wrong)?;
        let version = version.parse().map_err(|_| wrong())?;
        let id = Self { key: Slug::new(key).map_err(|_: TextError| wrong())?, version };
        if id.key.as_str().len() > Self::KEY_BYTES || !(1..=Self::MOST_VERSIONS).contains(&version)
        {
            return Err(wrong());
        }
        Ok(id)
    }
}

impl TryFrom<String> for RuleSetId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RuleSetId> for String {
    fn from(id: RuleSetId) -> Self {
        id.to_string()
    }
}

/// What earns points in a community, and what points lead to.
///
/// A version of a rule set never changes: other rules are another version, with a ledger of its
/// own.
///
/// ```
/// use community_core::reputation::RuleSet;
///
/// let rules: RuleSet = serde_json::from_str(r#"{
///     "id": "thanks@1",
///     "name": "Thanks",
///     "groups": {"votes": {"per_day": 100, "per_giver": 50}},
///     "rules": [
///         {"key": "vote-up", "group": "votes", "when": {"on": "voted", "vote": "up"}, "points": 5}
///     ]
/// }"#)?;
/// rules.check().unwrap();
/// assert_eq!(rules.shown(0), 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Its name and version.
    pub id: RuleSetId,
    /// Its name for people.
    pub name: Name,
    /// What everybody begins with.
    #[serde(default)]
    pub start: i64,
    /// Points are never taken below it. What would go below is forgiven, not owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<i64>,
    /// Whose votes and reactions count.
    #[serde(default)]
    pub giver: GiverRule,
    /// Kinds of contribution, each with its caps.
    #[serde(default)]
    pub groups: BTreeMap<Slug, Group>,
    /// What earns points. All rules that fit an event apply.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// How points fade, for whoever wants to show who is active now. Levels, caps, boards and the
    /// order of standings go by points that do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<Decay>,
    /// What members of level 0 may put into one post, and write in one day.
    #[serde(default)]
    pub newcomers: PostLimits,
    /// The levels above 0, rising.
    #[serde(default)]
    pub levels: Vec<LevelRule>,
}

/// Whose votes and reactions count. Those of others earn nobody anything, and cost nobody anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GiverRule {
    /// The least points, as shown, that the giver has at that moment.
    pub points: i64,
    /// The least age of the giver's account, in days.
    pub days: u32,
}

/// A kind of contribution. Caps are on sums: what was taken back makes room again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// The most points that a member gets in one day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<i64>,
    /// The most of them that come from one other member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_giver_and_day: Option<i64>,
    /// The most points that a member ever has from one other member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_giver: Option<i64>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique in the set.
    pub key: Slug,
    /// The kind of contribution that it counts as.
    pub group: Slug,
    /// On what.
    pub when: Trigger,
    /// Who gets the points.
    #[serde(default)]
    pub to: Credit,
    /// How many; for a grant, how many for each of its points.
    pub points: i64,
    /// The kinds of topics in which it applies; all when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<BTreeSet<Slug>>,
    /// The channels in which it applies, by key, as they are when it happens; all when it is
    /// missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<BTreeSet<Slug>>,
    /// The labels of topics in which it applies, by key: those that have any of them when it
    /// happens; all when it is missing. What a log says that was written before events named labels
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeSet<Slug>>,
}

/// What a rule applies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// A topic is started.
    Started,
    /// A reply or an answer is written. Not by whoever answers their own topic.
    Written {
        /// Which: an answer, or a reply.
        post: PostKind,
    },
    /// Somebody else votes.
    Voted {
        /// How.
        vote: Vote,
        /// On which posts; all when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        posts: Option<BTreeSet<PostKind>>,
    },
    /// Somebody else reacts.
    Reacted {
        /// How; in any way when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reaction: Option<Slug>,
    },
    /// An answer is accepted. Not one by whoever started the topic.
    Accepted,
    /// An answer by somebody else is made the official one.
    Official,
    /// Somebody corrects somebody else's post.
    Corrected,
    /// A topic reaches a status by somebody else's word: an idea is adopted, an article published.
    Reached {
        /// Which status.
        status: Slug,
    },
    /// Points are granted.
    Granted {
        /// For what; for anything when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Slug>,
    },
}

/// Who gets the points of a rule.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// Who wrote the post, or started the topic; to whom something is granted.
    #[default]
    Author,
    /// Who acts: votes, accepts, corrects.
    Actor,
    /// Who started the topic.
    Starter,
}

/// A level, and what it takes to be on it. A member is on the highest level all of whose conditions
/// hold, with those of the levels below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    /// Its number, from 1, one more than that of the level below.
    pub level: u32,
    /// Its name for people.
    pub name: Name,
    /// The least points, as shown.
    #[serde(default)]
    pub points: i64,
    /// The least points in each of these groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<Slug, i64>,
    /// The least days that somebody has belonged to the community, from midnight to midnight (UTC).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub days: u32,
    /// The least days with a visit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visits: u32,
    /// What members of this level may write; what the level below may when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posts: Option<PostLimits>,
}

/// How long somebody has been in a community, as levels ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tenure {
    /// Days since the member joined: midnights (UTC) that have passed.
    pub days: u32,
    /// Days with a visit.
    pub visits: u32,
}

impl Tenure {
    /// More than any level asks for.
    pub const MOST: Self = Self { days: u32::MAX, visits: u32::MAX };
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What somebody may put into one post, and write in one day; `None` is any number. Those who
/// moderate the place are not bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostLimits {
    /// Addresses, `http://` or `https://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<u32>,
    /// Images, `![` of Markdown or `<img`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
    /// Mentions, `@` before a letter where no word goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<u32>,
    /// Posts in one day (UTC) in the community, the first ones of topics too. Those that were taken
    /// back count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts_per_day: Option<u32>,
    /// Topics in one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics_per_day: Option<u32>,
}

impl PostLimits {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Error::NewMember`] for the first that is exceeded.
    pub fn check(&self, text: &str) -> Result<()> {
        let Self { links, images, mentions, posts_per_day: _, topics_per_day: _ } = *self;
        let of_links = text.matches("http://").count() + text.matches("https://").count();
        let of_images = text.matches("![").count() + text.matches("<img").count();
        for (what, most, found) in [
            ("links", links, of_links),
            ("images", images, of_images),
            ("mentions", mentions, count_mentions(text)),
        ] {
            if let Some(most) = most
                && u32::try_from(found).unwrap_or(u32::MAX) > most
            {
                return Err(Error::NewMember { what, most });
            }
        }
        Ok(())
    }
}

fn count_mentions(text: &str) -> usize {
    let begins = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + 1..).and_then(|behind| behind.chars().next());
        // Not the middle of a mail address.
        !before.is_some_and(char::is_alphanumeric) && behind.is_some_and(char::is_alphanumeric)
    };
    text.match_indices('@').filter(|(at, _)| begins(*at)).count()
}

/// Something that happened, as rules are asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion<'a> {
    /// See [`Trigger::Started`].
    Started,
    /// See [`Trigger::Written`].
    Written(PostKind),
    /// See [`Trigger::Voted`].
    Voted(Vote, PostKind),
    /// See [`Trigger::Reacted`].
    Reacted(&'a Slug),
    /// See [`Trigger::Accepted`].
    Accepted,
    /// See [`Trigger::Official`].
    Official,
    /// See [`Trigger::Corrected`].
    Corrected,
    /// See [`Trigger::Reached`].
    Reached(&'a Slug),
    /// See [`Trigger::Granted`], with the points.
    Granted(&'a Slug, i64),
}

impl Trigger {
    /// Whether a rule with it speaks of this.
    #[must_use]
    pub fn fits(&self, occasion: Occasion<'_>) -> bool {
        match (self, occasion) {
            (Self::Started, Occasion::Started)
            | (Self::Accepted, Occasion::Accepted)
            | (Self::Official, Occasion::Official)
            | (Self::Corrected, Occasion::Corrected) => true,
            (Self::Written { post }, Occasion::Written(kind)) => *post == kind,
            (Self::Voted { vote, posts }, Occasion::Voted(given, kind)) => {
                *vote == given && posts.as_ref().is_none_or(|posts| posts.contains(&kind))
            }
            (Self::Reacted { reaction }, Occasion::Reacted(key)) => {
                reaction.as_ref().is_none_or(|reaction| reaction == key)
            }
            (Self::Reached { status }, Occasion::Reached(reached)) => status == reached,
            (Self::Granted { reason }, Occasion::Granted(given, _)) => {
                reason.as_ref().is_none_or(|reason| reason == given)
            }
            _ => false,
        }
    }
}

impl RuleSet {
    /// The most rules, and the most groups and levels.
    pub const MOST: usize = 64;

    /// The most points of one rule, cap, condition, or grant: so many that sums of them can be
    /// counted.
    pub const MOST_POINTS: i64 = 1_000_000;

    /// The most days that a level asks for.
    pub const MOST_DAYS: u32 = 36_600;

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a key that is there twice, a group that is not there, or numbers out
    /// of range, those of [`Decay`] included.
    pub fn check(&self) -> Result<()> {
        let in_range = |number: i64| (-Self::MOST_POINTS..=Self::MOST_POINTS).contains(&number);
        let caps = self.groups.values().flat_map(|group| {
            let Group { per_day, per_giver_and_day, per_giver } = *group;
            [per_day, per_giver_and_day, per_giver]
        });
        if caps.clone().flatten().any(|cap| cap < 0) {
            return Err(Error::invalid("a cap is not below zero"));
        }
        let numbers = caps
            .chain([Some(self.start), self.floor, Some(self.giver.points)])
            .chain(self.rules.iter().map(|rule| Some(rule.points)))
            .chain(self.levels.iter().map(|level| Some(level.points)));
        if !numbers.flatten().all(in_range) {
            return Err(Error::invalid(format!(
                "points are between -{0} and {0}",
                Self::MOST_POINTS
            )));
        }
        if !self.id.has_boards() {
            return Err(Error::invalid("names that begin so count for badges"));
        }
        if self.floor.is_some_and(|floor| floor > self.start) {
            return Err(Error::invalid("nobody begins below the floor"));
        }
        let parts = [self.rules.len(), self.groups.len(), self.levels.len()];
        if parts.into_iter().any(|count| count > Self::MOST) {
            return Err(Error::invalid(format!(
                "a rule set has at most {} rules, groups and levels each",
                Self::MOST
            )));
        }
        let mut keys = BTreeSet::new();
        for rule in &self.rules {
            if rule.key == *super::Entry::MARK || !keys.insert(&rule.key) {
                return Err(Error::invalid(format!("`{}` cannot name this rule", rule.key)));
            }
            if !self.groups.contains_key(&rule.group) {
                return Err(Error::invalid(format!("there is no group `{}`", rule.group)));
            }
        }
        if let Some(unknown) = self.groups_of_levels().find(|key| !self.groups.contains_key(*key)) {
            return Err(Error::invalid(format!("there is no group `{unknown}`")));
        }
        if self.levels.iter().any(|level| level.days.max(level.visits) > Self::MOST_DAYS) {
            return Err(Error::invalid(format!(
                "a level asks for {} days at most",
                Self::MOST_DAYS
            )));
        }
        let mut points = i64::MIN;
        for (level, number) in self.levels.iter().zip(1..) {
            if level.level != number || level.points < points {
                return Err(Error::invalid("levels rise by one, and so do their points"));
            }
            points = level.points;
        }
        self.decay.map_or(Ok(()), |decay| decay.check())
    }

    /// The points of somebody whose entries have this sum, as they are shown: with what everybody
    /// begins with, and never below the floor.
    #[must_use]
    pub fn shown(&self, sum: i64) -> i64 {
        let points = self.start.saturating_add(sum);
        self.floor.map_or(points, |floor| points.max(floor))
    }

    /// The level that these points, as shown, and this time lead to; `in_group` says how many points
    /// there are of a group.
    #[must_use]
    pub fn level(
        &self,
        points: i64,
        tenure: Tenure,
        mut in_group: impl FnMut(&Slug) -> i64,
    ) -> u32 {
        let reached = self.levels.iter().take_while(|level| {
            let LevelRule { level: _, name: _, points: least, groups, days, visits, posts: _ } =
                *level;
            *least <= points
                && groups.iter().all(|(group, least)| in_group(group) >= *least)
                && *days <= tenure.days
                && *visits <= tenure.visits
        });
        reached.last().map_or(0, |level| level.level)
    }

    /// The same for somebody who has been there for as long as one likes.
    #[must_use]
    pub fn level_by_points(&self, points: i64, in_group: impl FnMut(&Slug) -> i64) -> u32 {
        self.level(points, Tenure::MOST, in_group)
    }

    /// Whether levels ask for days since somebody joined.
    #[must_use]
    pub fn asks_for_days(&self) -> bool {
        self.levels.iter().any(|level| level.days > 0)
    }

    /// Whether levels ask for days with a visit.
    #[must_use]
    pub fn asks_for_visits(&self) -> bool {
        self.levels.iter().any(|level| level.visits > 0)
    }

    /// The groups that levels ask for.
    pub fn groups_of_levels(&self) -> impl Iterator<Item = &Slug> {
        let all: BTreeSet<&Slug> = self.levels.iter().flat_map(|l| l.groups.keys()).collect();
        all.into_iter()
    }

    /// What members of a level may put into one post, and write in one day.
    #[must_use]
    pub fn post_limits(&self, level: u32) -> PostLimits {
        let reached = self.levels.iter().filter(|rule| rule.level <= level);
        reached.filter_map(|rule| rule.posts).next_back().unwrap_or(self.newcomers)
    }

    /// The most points that one member can ever give another, however they go about it: the bound
    /// for rings of accounts that vote for each other and accept each other's answers. `None` when
    /// there is none. Grants are not in it: those are decided on.
    #[must_use]
    pub fn most_from_one_giver(&self) -> Option<i64> {
        let given = |rule: &&Rule| {
            use Trigger::{Accepted, Corrected, Official, Reached, Reacted, Voted};
            let by_somebody = matches!(rule.when, Accepted | Corrected | Official)
                || matches!(rule.when, Reached { .. } | Reacted { .. } | Voted { .. });
            by_somebody && rule.points > 0
        };
        let groups: BTreeSet<&Slug> =
            self.rules.iter().filter(given).map(|rule| &rule.group).collect();
        groups.into_iter().map(|group| self.caps(group).per_giver).sum()
    }

    /// The group of a rule, as its caps are asked for.
    pub(super) fn caps(&self, group: &Slug) -> Group {
        self.groups.get(group).copied().unwrap_or_default()
    }
}

/// Which rule set is in force in a community, and those that it has of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reputation {
    /// The rule set in force: one of the community's own, or one that comes with the engine.
    pub active: RuleSetId,
    /// Rule sets of its own, every version that it has had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<RuleSet>,
    /// Who is to be proposed as a super user.
    #[serde(skip_serializing_if = "SuperUserRule::is_default")]
    pub super_users: SuperUserRule,
    /// Who competes on leaderboards.
    #[serde(skip_serializing_if = "BoardRule::is_default")]
    pub boards: BoardRule,
    /// What members are given badges for.
    #[serde(skip_serializing_if = "Badges::is_default")]
    pub badges: Badges,
}

impl Default for Reputation {
    fn default() -> Self {
        let key = Slug::new("balanced").unwrap_or_else(|_| Slug::placeholder());
        let active = RuleSetId { key, version: 1 };
        Self {
            active,
            own: Vec::new(),
            super_users: SuperUserRule::default(),
            boards: BoardRule::default(),
            badges: Badges::default(),
        }
    }
}

impl Reputation {
    /// The most rule sets, each version counted, that a community may have of its own.
    pub const MOST_OWN: usize = 16;

    /// Whether it is what a new community has.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A rule set of this name: one of the community's own, or one that comes with the engine.
    #[must_use]
    pub fn rule_set(&self, id: &RuleSetId) -> Option<&RuleSet> {
        self.own.iter().find(|set| set.id == *id).or_else(|| RuleSet::shipped_as(id))
    }

    /// The rule set in force; `None` when it is one that this version of the engine does not know.
    #[must_use]
    pub fn active_rules(&self) -> Option<&RuleSet> {
        self.rule_set(&self.active)
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unsound rule set, one that is there twice or has the name of one
    /// that comes with the engine, too many of them, or an active one that is not there; for an
    /// unsound rule of super users or of boards, or an unsound badge set.
    pub fn check(&self) -> Result<()> {
        if self.own.len() > Self::MOST_OWN {
            return Err(Error::invalid(format!(
                "a community has at most {} rule sets of its own",
                Self::MOST_OWN
            )));
        }
        for (at, set) in self.own.iter().enumerate() {
            set.check()?;
            let shipped = RuleSet::shipped().iter().any(|known| known.id.key == set.id.key);
            if shipped || self.own.iter().skip(at + 1).any(|other| other.id == set.id) {
                return Err(Error::invalid(format!("the rule set `{}` is there already", set.id)));
            }
        }
        if self.active_rules().is_none() {
            return Err(Error::invalid(format!("there is no rule set `{}`", self.active)));
        }
        self.check_badges()?;
        self.super_users.check()?;
        self.boards.check()
    }
}
