//! Leaderboards: on which boards an entry of a ledger counts, and who is shown on them.
//!
//! A board is a sorted list that a store keeps beside the ledger: the members who have earned
//! something in a stretch of days, in one place, by one kind of contribution, with the sum of it.
//! What is on which board follows from the entries by [`LedgerMoves::of`] alone. Who of them is
//! shown to whom is not decided here but when a board is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Entry, RuleSetId};
use crate::domain::{Member, Membership};
use crate::error::{Error, Result};
use crate::id::{ChannelId, MemberId};
use crate::text::Slug;

/// The days that one board covers, in UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BoardWindow {
    /// One day.
    Day,
    /// Seven days from a Monday on.
    Week,
    /// A month of the calendar.
    Month,
    /// Three months, from January, April, July or October on.
    Quarter,
    /// A year of the calendar.
    Year,
    /// All days that there are.
    #[default]
    All,
}

impl BoardWindow {
    /// All windows, each at its [`BoardWindow::code`].
    pub const ALL: [Self; 6] =
        [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year, Self::All];

    /// The last day that the engine knows, counted from 1970-01-01: 2199-12-31.
    pub const LAST_DAY: i32 = 84_005;

    /// The number under which stores keep it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
            Self::Quarter => 3,
            Self::Year => 4,
            Self::All => 5,
        }
    }

    /// The window of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::All => "all",
        }
    }

    /// The first day of the one that a day lies in, both counted from 1970-01-01; 0 for all days.
    ///
    /// ```
    /// use community_core::reputation::BoardWindow;
    ///
    /// // 2026-11-29 is a Sunday.
    /// let day = 20_786;
    /// let first = |window: BoardWindow| window.first_day(day);
    /// assert_eq!(first(BoardWindow::Week), 20_780); // Monday, 2026-11-23
    /// assert_eq!(first(BoardWindow::Month), 20_758); // 2026-11-01
    /// assert_eq!(first(BoardWindow::Quarter), 20_727); // 2026-10-01
    /// assert_eq!(first(BoardWindow::Year), 20_454); // 2026-01-01
    /// assert_eq!(first(BoardWindow::All), 0);
    /// ```
    #[must_use]
    pub fn first_day(self, day: i32) -> i32 {
        let first_of = |month: fn(u32) -> u32| {
            let date = date_of(day)?;
            let first = NaiveDate::from_ymd_opt(date.year(), month(date.month()), 1)?;
            i32::try_from(first.signed_duration_since(NaiveDate::default()).num_days()).ok()
        };
        let first = match self {
            Self::Day => Some(day),
            // 1970-01-01 was a Thursday.
            Self::Week => Some(day.saturating_sub(day.saturating_add(3).rem_euclid(7))),
            Self::Month => first_of(|month| month),
            Self::Quarter => first_of(|month| (month - 1) / 3 * 3 + 1),
            Self::Year => first_of(|_| 1),
            Self::All => Some(0),
        };
        first.unwrap_or(day)
    }

    /// The last day of the one that begins with a day; `None` for all days.
    #[must_use]
    pub fn last_day(self, first: i32) -> Option<i32> {
        // So many days on it is the next one, however long this one is.
        let beyond = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
            Self::All => return None,
        };
        Some(self.first_day(first.saturating_add(beyond)).saturating_sub(1))
    }
}

/// A day, counted from 1970-01-01, as a date.
pub(crate) fn date_of(day: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(day)))
}

impl fmt::Display for BoardWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BoardWindow {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|window| window.as_str() == text);
        known.ok_or_else(|| {
            Error::invalid(format!("`{text}` is not day, week, month, quarter, year or all"))
        })
    }
}

/// What of a community one board covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoardScope {
    /// All of it.
    Community,
    /// One channel, without those below it.
    Channel(ChannelId),
    /// What has a label.
    Label(Slug),
}

/// Names a board of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Board {
    /// How many days it covers.
    pub window: BoardWindow,
    /// The first of them, counted from 1970-01-01; 0 for all days.
    pub first: i32,
    /// What of the community.
    pub scope: BoardScope,
    /// The group of rules whose points count; `None` is all.
    pub group: Option<Slug>,
}

/// What entries move beside the ledger that they are appended to. The one place where this is worked
/// out: stores call it once for all entries of a change set.
///
/// ```
/// use community_core::reputation::LedgerMoves;
///
/// let nothing = LedgerMoves::of(&"balanced@1".parse()?, []);
/// assert!(nothing.boards.is_empty() && nothing.days.is_empty());
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerMoves {
    /// How many points more each member has on each board. What does not move is not in it.
    pub boards: BTreeMap<Board, BTreeMap<MemberId, i64>>,
    /// How many points more each member has on each day.
    pub days: BTreeMap<(MemberId, i32), i64>,
}

impl LedgerMoves {
    /// What these entries of a ledger of a rule set move: nothing where it [has no
    /// boards](RuleSetId::has_boards).
    ///
    /// An entry counts on the days of its [`day`](Entry::day), so that what is taken back goes from
    /// where it was given; on the board of the community, on that of its channel, and on that of
    /// each of its labels; and on each of these with all points, and with those of its group.
    #[must_use]
    pub fn of<'a>(rules: &RuleSetId, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        if !rules.has_boards() {
            return Self::default();
        }
        // Votes on one post differ in nothing of this, so there is less to spread.
        let mut alike: FxHashMap<Alike<'a>, i64> = FxHashMap::default();
        for entry in entries.into_iter().filter(|entry| entry.points != 0) {
            let Entry { member, day, channel, labels, group, points, .. } = entry;
            let alike = alike
                .entry(Alike { member: *member, day: *day, channel: *channel, labels, group })
                .or_default();
            *alike = alike.saturating_add(*points);
        }
        let mut moves = Self::default();
        for (Alike { member, day, channel, labels, group }, points) in alike {
            let of_day = moves.days.entry((member, day)).or_default();
            *of_day = of_day.saturating_add(points);
            let scopes = std::iter::once(BoardScope::Community)
                .chain(channel.map(BoardScope::Channel))
                .chain(labels.iter().cloned().map(BoardScope::Label));
            for scope in scopes {
                for window in BoardWindow::ALL {
                    for group in [None, Some(group)] {
                        let board = Board {
                            window,
                            first: window.first_day(day),
                            scope: scope.clone(),
                            group: group.cloned(),
                        };
                        let sum = moves.boards.entry(board).or_default().entry(member).or_default();
                        *sum = sum.saturating_add(points);
                    }
                }
            }
        }
        moves.days.retain(|_, points| *points != 0);
        moves.boards.retain(|_, members| {
            members.retain(|_, points| *points != 0);
            !members.is_empty()
        });
        moves
    }
}

/// What entries have in common that count on the same boards.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Alike<'a> {
    member: MemberId,
    day: i32,
    channel: Option<ChannelId>,
    labels: &'a [Slug],
    group: &'a Slug,
}

/// Who competes on the leaderboards of a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoardRule {
    /// Whoever holds one of these roles, in the community or in any channel of it, is on no board.
    pub without_roles: BTreeSet<Slug>,
}

impl Default for BoardRule {
    fn default() -> Self {
        let staff = ["employee", "manager", "moderator"];
        Self { without_roles: staff.into_iter().filter_map(|role| Slug::new(role).ok()).collect() }
    }
}

impl BoardRule {
    /// The most roles.
    pub const MOST_ROLES: usize = 32;

    /// Whether a member is shown on boards to this viewer: one who has joined, whom directories
    /// list, who holds none of the roles, and who has not chosen to be left out. That choice is
    /// about others: to themselves such members are shown.
    #[must_use]
    pub fn shows(&self, member: &Member, known: &Membership, viewer: Option<MemberId>) -> bool {
        let holds = |role: &Slug| known.roles.iter().any(|grant| grant.role == *role);
        known.joined_at.is_some()
            && member.listed
            && !self.without_roles.iter().any(holds)
            && (!known.off_boards || viewer == Some(member.id))
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many roles.
    pub fn check(&self) -> Result<()> {
        if self.without_roles.len() > Self::MOST_ROLES {
            return Err(Error::invalid(format!("there are at most {} roles", Self::MOST_ROLES)));
        }
        Ok(())
    }

    /// Whether it is what a new community has.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Seq;
    use crate::reputation::{BadgeSetId, Step};
    use proptest::prelude::*;

    fn slug(text: &str) -> Slug {
        Slug::new(text).unwrap()
    }

    fn entry(points: i64, day: i32, labels: &[&str]) -> Entry {
        Entry {
            cause: Seq(1),
            number: 0,
            origin: Seq(1),
            rule: slug("answer-up"),
            group: slug("votes"),
            step: Step::Given,
            member: MemberId::from_bytes([1; 16]),
            giver: None,
            topic: None,
            post: None,
            channel: Some(ChannelId::from_bytes([2; 16])),
            labels: labels.iter().map(|label| slug(label)).collect(),
            points,
            day,
            at: crate::Timestamp::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn windows_follow_each_other_without_a_gap(day in 0..=BoardWindow::LAST_DAY) {
            for window in BoardWindow::ALL {
                let first = window.first_day(day);
                prop_assert!(first <= day);
                prop_assert_eq!(window.first_day(first), first);
                if let Some(last) = window.last_day(first) {
                    prop_assert!(last >= day);
                    prop_assert_eq!(window.first_day(last), first);
                    prop_assert_eq!(window.first_day(last + 1), last + 1);
                }
                if first > 0 {
                    prop_assert!(window.first_day(first - 1) < first);
                }
            }
        }
    }

    #[test]
    fn the_last_day_is_that_of_the_last_time() {
        let last = crate::time::from_micros(crate::time::LAST_MICROS).unwrap();
        assert_eq!(crate::time::day_of(last), BoardWindow::LAST_DAY);
        assert_eq!(date_of(BoardWindow::LAST_DAY).unwrap().to_string(), "2199-12-31");
    }

    #[test]
    fn weeks_begin_on_mondays_and_no_day_makes_a_panic() {
        for day in [0, 3, 4, 10, 11, 20_786] {
            let first = date_of(BoardWindow::Week.first_day(day)).unwrap();
            assert_eq!(first.weekday(), chrono::Weekday::Mon, "{day}");
        }
        for day in [i32::MIN, -1, i32::MAX] {
            for window in BoardWindow::ALL {
                let _ = window.last_day(window.first_day(day));
            }
        }
    }

    #[test]
    fn an_entry_counts_once_for_each_window_place_and_group() {
        let moves = LedgerMoves::of(&rules(), [&entry(5, 20_786, &["a", "b"])]);
        assert_eq!(moves.boards.len(), 6 * 4 * 2);
        assert!(moves.boards.values().flat_map(BTreeMap::values).all(|points| *points == 5));
        assert_eq!(moves.days.into_iter().collect::<Vec<_>>(), [((member(), 20_786), 5)]);
    }

    #[test]
    fn what_only_counts_for_badges_is_on_no_board() {
        let counting = BadgeSetId { key: Slug::new("basics").unwrap(), version: 1 }.counting();
        let moves = LedgerMoves::of(&counting, [&entry(5, 20_786, &["a"])]);
        assert_eq!(moves, LedgerMoves::default());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let there = entry(5, 20_786, &["a"]);
        let back = Entry { points: -5, step: Step::Withdrawn, ..there.clone() };
        assert_eq!(LedgerMoves::of(&rules(), [&there, &back]), LedgerMoves::default());
        // What goes on another day, or has other labels, is something else.
        let other = Entry { day: 20_787, ..back };
        let moves = LedgerMoves::of(&rules(), [&there, &other]);
        let windows: BTreeSet<BoardWindow> = moves.boards.keys().map(|b| b.window).collect();
        assert_eq!(windows.into_iter().collect::<Vec<_>>(), [BoardWindow::Day, BoardWindow::Week]);
    }

    fn rules() -> RuleSetId {
        "balanced@1".parse().unwrap()
    }

    fn member() -> MemberId {
        MemberId::from_bytes([1; 16])
    }
}
