//! What became of suggestions, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime};
use community_core::{Error, Slug, Timestamp, VisitStep};
use serde::{Deserialize, Serialize};

use super::interval::{Estimate, Rate};
use super::visits::{Side, Visit, Visits};

/// The visits to one community that began in a window, counted by period and by source.
///
/// A visit is in exactly one row of [`rows`](Self::rows), so that their sums are the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The community.
    pub community: Slug,
    /// Since when.
    pub from: Timestamp,
    /// Until when, that moment not included.
    pub to: Timestamp,
    /// How long a period is.
    pub by: Per,
    /// Everything.
    pub total: Row,
    /// Each source, by name. Visits with suggestions from several sources stand apart, under the
    /// names of all of them: what came of them cannot be told by source.
    pub sources: Vec<Row>,
    /// Each period in which a visit began, by time.
    pub periods: Vec<Row>,
    /// Each source in each period, by time and name.
    pub rows: Vec<Row>,
}

/// Some of the visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The first day of the period, by UTC; `None` is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<NaiveDate>,
    /// The sources; none is all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Slug>,
    /// Those whose suggestions were shown.
    pub shown: Group,
    /// Those whose suggestions were held back.
    pub held_out: Group,
    /// How many are on neither side, because their steps do not agree. They are compared with
    /// nothing; more than a few mean that the host draws more than once a visit.
    pub mixed: u64,
    /// What the suggestions do; `None` while there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// Visits of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// All of them.
    pub visits: u64,
    /// Those with something to suggest.
    pub offered: u64,
    /// Of those that were offered something, the ones that opened it. On the side that is held out
    /// there should be none.
    pub opened: u64,
    /// The same, that said that it was of help.
    pub helpful: u64,
    /// The same, that said that it was of no help.
    pub unhelpful: u64,
    /// The same, that posted the question.
    pub posted: u64,
    /// The same, that gave it up.
    pub abandoned: u64,
}

impl Group {
    fn add(&mut self, visit: &Visit) {
        self.visits += 1;
        if !visit.offered() {
            return;
        }
        self.offered += 1;
        self.opened += u64::from(visit.opened());
        self.helpful += u64::from(visit.helpful());
        self.unhelpful += u64::from(visit.unhelpful());
        self.posted += u64::from(visit.posted());
        self.abandoned += u64::from(visit.abandoned());
    }

    fn merge(&mut self, other: &Self) {
        let Self { visits, offered, opened, helpful, unhelpful, posted, abandoned } = other;
        self.visits += visits;
        self.offered += offered;
        self.opened += opened;
        self.helpful += helpful;
        self.unhelpful += unhelpful;
        self.posted += posted;
        self.abandoned += abandoned;
    }

    /// Of those that were offered something, how many posted their question.
    #[must_use]
    pub fn posting(&self) -> Rate {
        Rate { hits: self.posted, of: self.offered }
    }
}

/// What suggestions do to the rate at which questions are posted, each number with its 95 %
/// interval. A visit that never ended counts as not posted on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The rate of those whose suggestions were held back.
    pub held_out: Estimate,
    /// The rate of those whose suggestions were shown.
    pub shown: Estimate,
    /// The first less the second: the share of visits in which a question was not posted that would
    /// have been. It says nothing of why.
    pub avoided: Estimate,
}

impl Row {
    fn new(period: Option<NaiveDate>, sources: Vec<Slug>) -> Self {
        let (shown, held_out) = (Group::default(), Group::default());
        Self { period, sources, shown, held_out, mixed: 0, effect: None }
    }

    fn add(&mut self, visit: &Visit) {
        match visit.side() {
            Side::Shown => self.shown.add(visit),
            Side::HeldOut => self.held_out.add(visit),
            Side::Mixed => self.mixed += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.shown.merge(&other.shown);
        self.held_out.merge(&other.held_out);
        self.mixed += other.mixed;
    }

    fn done(mut self) -> Self {
        let (held_out, shown) = (self.held_out.posting(), self.shown.posting());
        self.effect = held_out
            .estimate()
            .zip(shown.estimate())
            .zip(held_out.less(shown))
            .map(|((held_out, shown), avoided)| Effect { held_out, shown, avoided });
        self
    }
}

impl Report {
    /// Counts visits, given as their steps in any order. Visits that did not begin in the window
    /// are left out.
    #[must_use]
    pub fn new<'a>(
        community: Slug,
        window: Range<Timestamp>,
        by: Per,
        steps: impl IntoIterator<Item = &'a VisitStep>,
    ) -> Self {
        let visits: Visits = steps.into_iter().collect();
        let mut cells: BTreeMap<(NaiveDate, &BTreeSet<Slug>), Row> = BTreeMap::new();
        for visit in visits.iter().filter(|visit| window.contains(&visit.began())) {
            let (day, of) = (by.first_day(visit.began()), visit.sources());
            let new = || Row::new(Some(day), of.iter().cloned().collect());
            cells.entry((day, of)).or_insert_with(new).add(visit);
        }
        let mut total = Row::new(None, Vec::new());
        let mut sources: BTreeMap<&BTreeSet<Slug>, Row> = BTreeMap::new();
        let mut periods: BTreeMap<NaiveDate, Row> = BTreeMap::new();
        for ((day, of), row) in &cells {
            let of_source = || Row::new(None, row.sources.clone());
            let of_period = || Row::new(Some(*day), Vec::new());
            total.merge(row);
            sources.entry(of).or_insert_with(of_source).merge(row);
            periods.entry(*day).or_insert_with(of_period).merge(row);
        }
        Self {
            community,
            from: window.start,
            to: window.end,
            by,
            total: total.done(),
            sources: sources.into_values().map(Row::done).collect(),
            periods: periods.into_values().map(Row::done).collect(),
            rows: cells.into_values().map(Row::done).collect(),
        }
    }
}

/// How long a period of a report is, by UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A day.
    Day,
    /// A week that begins on Monday.
    Week,
    /// A month.
    #[default]
    Month,
    /// A year.
    Year,
}

impl Per {
    /// All lengths.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The first day of the period that a moment is in.
    #[must_use]
    pub fn first_day(self, at: Timestamp) -> NaiveDate {
        let day = at.date_naive();
        let first = match self {
            Self::Day => Some(day),
            Self::Week => {
                day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))
            }
            Self::Month => day.with_day(1),
            Self::Year => day.with_ordinal(1),
        };
        first.unwrap_or(day)
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Per {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|per| per.as_str() == text);
        found.ok_or_else(|| Error::invalid(format!("there is no period `{}`", text.escape_debug())))
    }
}

/// The first moment of a day, by UTC.
#[must_use]
pub fn midnight(day: NaiveDate) -> Timestamp {
    DateTime::from_naive_utc_and_offset(day.and_time(NaiveTime::MIN), chrono::Utc)
}
