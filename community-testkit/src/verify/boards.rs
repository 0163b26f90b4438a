//! Leaderboards and sums by day: what the entries of a ledger add up to, by the plainest reading of
//! which board is which.

use std::collections::{BTreeMap, VecDeque};

use community_core::query::Position;
use community_core::reputation::{Board, BoardWindow, Entry, LedgerId};
use community_core::{MemberId, StoreError};

use super::{PAGE, Verifier};
use crate::naive_boards::{days, first_day, sums};

impl Verifier<'_> {
    /// Compares days and boards with entries that say the same as those of the ledger.
    ///
    /// One window after the other, and in each one stretch of days after the other: what is kept in
    /// memory is the boards of one stretch.
    pub(super) async fn boards(
        &mut self,
        subject: &str,
        ledger: &LedgerId,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        for (member, expected) in days(entries) {
            let found = self.store.days(ledger, member).await?;
            let expected: Vec<(i32, i64)> = expected.into_iter().collect();
            let subject = format!("{member} in {subject}");
            self.same("a day has the sum of its entries", subject, &found, &expected);
        }
        let mut names = Names { ledger, last: None, page: VecDeque::new() };
        for window in BoardWindow::ALL {
            let mut stretches: BTreeMap<i32, Vec<&Entry>> = BTreeMap::new();
            let mut firsts: BTreeMap<i32, i32> = BTreeMap::new();
            for entry in entries {
                let first =
                    *firsts.entry(entry.day).or_insert_with(|| first_day(window, entry.day));
                stretches.entry(first).or_default().push(entry);
            }
            for entries in stretches.into_values() {
                for (board, members) in sums(window, entries) {
                    let found = names.next(self).await?;
                    let rule = "boards are those that somebody is on";
                    self.same(rule, subject, &found.as_ref(), &Some(&board));
                    if found.as_ref() != Some(&board) {
                        return Ok(());
                    }
                    self.board(subject, ledger, &board, &members).await?;
                }
            }
        }
        let found = names.next(self).await?;
        self.same("boards are those that somebody is on", subject, &found, &None);
        Ok(())
    }

    async fn board(
        &mut self,
        subject: &str,
        ledger: &LedgerId,
        board: &Board,
        members: &BTreeMap<MemberId, i64>,
    ) -> Result<(), StoreError> {
        let subject = format!("{board:?} of {subject}");
        let mut expected: Vec<(MemberId, i64)> =
            members.iter().map(|(member, points)| (*member, *points)).collect();
        expected.sort_by_key(|(member, points)| std::cmp::Reverse((*points, *member)));
        let (mut found, mut after): (Vec<(MemberId, i64)>, _) = (Vec::new(), None);
        while found.len() <= expected.len() {
            let page = self.store.board(ledger, board, after, PAGE).await?;
            let Some((member, points)) = page.last() else { break };
            after = Some(Position { key: *points, id: member.uuid() });
            let is_last = page.len() < PAGE;
            found.extend(page);
            if is_last {
                break;
            }
        }
        self.same("a board is a sum of entries, in order", &subject, &found, &expected);
        let ids: Vec<MemberId> = members.keys().copied().collect();
        for ids in ids.chunks(PAGE) {
            let found = self.store.board_points(ledger, board, ids).await?;
            let expected: Vec<i64> = ids.iter().filter_map(|id| members.get(id).copied()).collect();
            self.same("points on a board are a sum of entries", &subject, &found, &expected);
        }
        Ok(())
    }
}

/// The names of the boards of a ledger, one after the other.
struct Names<'a> {
    ledger: &'a LedgerId,
    last: Option<Board>,
    page: VecDeque<Board>,
}

impl Names<'_> {
    async fn next(&mut self, verifier: &Verifier<'_>) -> Result<Option<Board>, StoreError> {
        if self.page.is_empty() {
            let page = verifier.store.boards(self.ledger, self.last.as_ref(), PAGE).await?;
            self.page = page.into();
        }
        let next = self.page.pop_front();
        self.last.clone_from(&next);
        Ok(next)
    }
}
