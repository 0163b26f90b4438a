//! Leaderboards: every entry is looked at, each time.

use std::collections::BTreeMap;

use community_core::reputation::{BoardScope, BoardWindow, Entry, Step};
use community_core::{
    Author, BoardItem, BoardPlace, BoardQuery, Community, Key, LedgerItem, Member, MemberId,
    OwnRank, Slug, Viewer,
};
use serde_json::json;
use uuid::Uuid;

use super::ask::{Place, page, place_in, shown};
use super::rules::Access;
use super::{Act, Oracle, Result, invalid, not_found};
use crate::naive_boards::{boards_in, date, first_day, last_day};
use crate::observe::Answer;

impl Oracle {
    pub(super) fn leaderboard(&self, act: Act, query: &BoardQuery) -> Answer {
        let size = self.page_size(query.limit)?;
        let community = self.community(act, &query.community)?;
        let rules = community.reputation.active_rules().ok_or_else(|| not_found("rule set"))?;
        let scope = self.board_scope(act, community, &query.place)?;
        if let Some(group) = query.group.as_ref().filter(|key| !rules.groups.contains_key(*key)) {
            return Err(invalid(format!("there is no group `{group}`")));
        }
        let today = i32::try_from(act.now.timestamp() / 86_400).unwrap_or(i32::MAX);
        let day = query.day.unwrap_or(today);
        if !(0..=BoardWindow::LAST_DAY).contains(&day) {
            return Err(invalid("a day lies in the years 1970 to 2199"));
        }
        let first = first_day(query.window, day);
        let mut sums: BTreeMap<MemberId, i64> = BTreeMap::new();
        for entry in self.entries_of(community) {
            let on_it = boards_in(query.window, entry).into_iter().any(|board| {
                board.first == first && board.scope == scope && board.group == query.group
            });
            if on_it {
                *sums.entry(entry.member).or_default() += entry.points;
            }
        }
        let shown_here =
            |id: MemberId| self.member(id).filter(|m| self.is_on_boards(act, community, m));
        let all: Vec<(&Member, i64)> = sums
            .iter()
            .filter(|(_, points)| **points > 0)
            .filter_map(|(id, points)| Some((shown_here(*id)?, *points)))
            .collect();
        let rank = |points: i64| {
            let above = all.iter().filter(|(_, more)| *more > points).count();
            u64::try_from(above).unwrap_or(u64::MAX) + 1
        };
        let list = format!("board {} {} {:?} {scope:?}", community.id, rules.id, query.window);
        let list = format!("{list} {first} {:?}", query.group);
        let after = place_in(query.after.as_deref(), &list)?;
        let mut found: Vec<(Place, BoardItem)> = all
            .iter()
            .map(|(member, points)| {
                let place = Place { key: *points, id: member.id.uuid() };
                let (community, rank, member) =
                    (community.id, rank(*points), Author::from(*member));
                (place, BoardItem { community, rank, member, points: *points })
            })
            .filter(|(place, _)| after.is_none_or(|after| *place < after))
            .collect();
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let (items, next) = page(found, size, &list);
        let mine =
            all.iter().find(|(m, _)| act.viewer == Viewer::Member(m.id)).filter(|_| query.own);
        let own = mine.map(|(_, points)| {
            let (rank, points) = (rank(*points), *points);
            let most = u64::try_from(self.limits().board_rank).unwrap_or(u64::MAX);
            let on_page = items.iter().any(|item| act.viewer == Viewer::Member(item.member.id));
            if rank <= most || on_page {
                OwnRank { rank, exact: true, points }
            } else {
                OwnRank { rank: most + 1, exact: false, points }
            }
        });
        let mut answer = json!({
            "rules": rules.id,
            "window": query.window,
            "from": last_day(query.window, day).map(|_| date(first)),
            "until": last_day(query.window, day).map(date),
            "items": items,
            "next": next,
        });
        if let (Some(own), Some(answer)) = (own, answer.as_object_mut()) {
            answer.insert("own".to_owned(), json!(own));
        }
        Ok(answer)
    }

    /// What a board covers, if it exists for the viewer.
    fn board_scope(
        &self,
        act: Act,
        community: &Community,
        place: &BoardPlace,
    ) -> Result<BoardScope> {
        match place {
            BoardPlace::Community => Ok(BoardScope::Community),
            BoardPlace::Channel(key) => {
                let channel = self.channel(act, community, key)?;
                match self.access(act, community, Some(channel)) {
                    Access::Everything => Ok(BoardScope::Channel(channel.id)),
                    _ => Err(not_found("board")),
                }
            }
            BoardPlace::Label(key) => {
                let known = self.label_row(community.id, key).is_some();
                let seen = known && self.sees_label(act, community.id, key);
                if seen { Ok(BoardScope::Label(key.clone())) } else { Err(not_found("label")) }
            }
        }
    }

    /// Whether somebody is shown on boards to this viewer.
    fn is_on_boards(&self, act: Act, community: &Community, member: &Member) -> bool {
        let Some(known) = self.membership(community.id, member.id) else { return false };
        let without = &community.reputation.boards.without_roles;
        let is_staff = known.roles.iter().any(|grant| without.contains(&grant.role));
        let hides = known.off_boards && act.viewer != Viewer::Member(member.id);
        known.joined_at.is_some() && member.listed && !is_staff && !hides
    }

    /// The entries of a community, as of the last pump.
    pub(super) fn entries_of(&self, community: &Community) -> impl Iterator<Item = &Entry> {
        self.entries.get(&community.id).into_iter().flatten()
    }

    pub(super) fn ledger(
        &self,
        act: Act,
        community: &Slug,
        key: &Key,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let place = self.community(act, community)?;
        let found = self.members.iter().find(|member| member.key == *key);
        if !found.is_some_and(|member| act.viewer == Viewer::Member(member.id)) {
            self.place_to(act, &community_core::Action::Manage, community, None)?;
        }
        let member = found.ok_or_else(|| not_found("member"))?;
        self.membership(place.id, member.id).ok_or_else(|| not_found("member"))?;
        let rules = place.reputation.active_rules().ok_or_else(|| not_found("rule set"))?;
        let list = format!("ledger {} {} {}", place.id, rules.id, member.id);
        let after = place_in(after, &list)?;
        let mut found: Vec<(Place, LedgerItem)> = Vec::new();
        for entry in self.entries_of(place) {
            let is_mark = matches!(entry.step, Step::Shared | Step::Labelled) || entry.points == 0;
            let key = i64::try_from(entry.cause.0).unwrap_or(i64::MAX);
            let at = Place { key, id: Uuid::from_u128(u128::from(entry.number)) };
            if entry.member != member.id || is_mark || after.is_some_and(|after| at >= after) {
                continue;
            }
            let topic = entry.topic.and_then(|id| self.seen_topic(act, id).ok());
            let post = entry.post.and_then(|id| self.seen_post(act, id).ok());
            let item = LedgerItem {
                community: place.id,
                cause: entry.cause,
                rule: entry.rule.clone(),
                group: entry.group.clone(),
                step: entry.step,
                points: entry.points,
                at: entry.at,
                topic: topic.as_ref().map(|topic| topic.id),
                title: topic.map(|topic| topic.title),
                post: post.map(|post| post.id),
            };
            found.push((at, item));
        }
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }
}
