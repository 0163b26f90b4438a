//! Which boards an entry of a ledger counts on, in the plainest form: days are walked one by one.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use community_core::MemberId;
use community_core::reputation::{Board, BoardScope, BoardWindow, Entry};

/// A day that is counted from 1970-01-01.
pub(crate) fn date(day: i32) -> NaiveDate {
    let epoch = NaiveDate::default();
    match u64::try_from(day) {
        Ok(on) => epoch + Days::new(on),
        Err(_) => epoch - Days::new(u64::from(day.unsigned_abs())),
    }
}

fn begins(window: BoardWindow, date: NaiveDate) -> bool {
    match window {
        BoardWindow::Day => true,
        BoardWindow::Week => date.weekday() == Weekday::Mon,
        BoardWindow::Month => date.day() == 1,
        BoardWindow::Quarter => date.day() == 1 && [1, 4, 7, 10].contains(&date.month()),
        BoardWindow::Year => date.day() == 1 && date.month() == 1,
        BoardWindow::All => false,
    }
}

/// The first day of the window that a day is in.
pub(crate) fn first_day(window: BoardWindow, day: i32) -> i32 {
    if window == BoardWindow::All {
        return 0;
    }
    let back = (0..).find(|back| begins(window, date(day - back)));
    day - back.unwrap_or(0)
}

/// The last day of the window that a day is in.
pub(crate) fn last_day(window: BoardWindow, day: i32) -> Option<i32> {
    if window == BoardWindow::All {
        return None;
    }
    let on = (1..).find(|on| begins(window, date(day + on)));
    Some(day + on.unwrap_or(1) - 1)
}

/// The boards of one window that an entry counts on.
pub(crate) fn boards_in(window: BoardWindow, entry: &Entry) -> Vec<Board> {
    let mut scopes = vec![BoardScope::Community];
    scopes.extend(entry.channel.map(BoardScope::Channel));
    scopes.extend(entry.labels.iter().cloned().map(BoardScope::Label));
    let first = first_day(window, entry.day);
    let mut boards = Vec::new();
    for scope in scopes {
        for group in [None, Some(entry.group.clone())] {
            boards.push(Board { window, first, scope: scope.clone(), group });
        }
    }
    boards
}

/// Who is on which board of one window with how many points. Nobody is there with none.
pub(crate) fn sums<'a>(
    window: BoardWindow,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> BTreeMap<Board, BTreeMap<MemberId, i64>> {
    let mut sums: BTreeMap<Board, BTreeMap<MemberId, i64>> = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| entry.points != 0) {
        for board in boards_in(window, entry) {
            *sums.entry(board).or_default().entry(entry.member).or_default() += entry.points;
        }
    }
    for members in sums.values_mut() {
        members.retain(|_, points| *points != 0);
    }
    sums.retain(|_, members| !members.is_empty());
    sums
}

/// The sums of each member by day. Nobody has none on a day.
pub(crate) fn days<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> BTreeMap<MemberId, BTreeMap<i32, i64>> {
    let mut days: BTreeMap<MemberId, BTreeMap<i32, i64>> = BTreeMap::new();
    for entry in entries {
        *days.entry(entry.member).or_default().entry(entry.day).or_default() += entry.points;
    }
    for of_member in days.values_mut() {
        of_member.retain(|_, points| *points != 0);
    }
    days
}
