//! Leaderboards: who has earned most in some days, in some place, by some kind of contribution.

use chrono::NaiveDate;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::Rights;
use super::read::Read;
use super::read_standing::rules_of;
use super::session::{Session, reading};
use crate::domain::{Author, Community, Member};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::{Guarded, Scope, Unchecked, Visible};
use crate::query::{BoardPlace, BoardPosition, BoardQuery, Position};
use crate::reputation::{Board, BoardScope, BoardWindow, LedgerId, RuleSet, RuleSetId, date_of};
use crate::time::day_of;

/// A page of a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardView {
    /// The rule set in force.
    pub rules: RuleSetId,
    /// How many days it covers.
    pub window: BoardWindow,
    /// The first of them; `None` for all days.
    pub from: Option<NaiveDate>,
    /// The last of them.
    pub until: Option<NaiveDate>,
    /// The members, most points first; of equal points the younger account first.
    pub items: Vec<Visible<BoardItem>>,
    /// Where the viewer stands, if that was asked for and the viewer is on the board.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnRank>,
    /// The cursor of the next page; `None` when this is the last.
    pub next: Option<String>,
}

/// A member on a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardItem {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// One more than the number of members with more points: 1, 2, 2, 4.
    pub rank: u64,
    /// Who.
    pub member: Author,
    /// The points earned there and then. Without what a rule set begins with, and above zero: who
    /// has lost more than they earned is on no board.
    pub points: i64,
}

impl Guarded for BoardItem {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

/// Where a viewer stands on a leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OwnRank {
    /// The rank; when it is not exact, the real one is this or greater.
    pub rank: u64,
    /// Whether it is exact: up to [`Limits::board_rank`](crate::Limits).
    pub exact: bool,
    /// The points.
    pub points: i64,
}

impl Session {
    /// A leaderboard: the members who have earned most, as of the last [pump](crate::Engine::pump).
    ///
    /// Shown are those who compete by the [rule](crate::reputation::BoardRule) of the community and
    /// have not [chosen](Self::show_on_boards) to be left out. Ranks are among those who are shown:
    /// who is not takes nobody's place. Each page but the last is full, and ranks go on from the page
    /// before.
    ///
    /// A cursor is of one board. That of today ends at midnight (UTC): whoever pages on over it names
    /// the [day](BoardQuery::day()).
    ///
    /// The board of a channel is there for those who read the whole channel, the board of a label
    /// for those who see the label. Those of the community and of labels count what was earned in
    /// places that the viewer may not see, too.
    ///
    /// ```
    /// use community::{BoardQuery, NewCommunity, NewMember, NewTopic, Policy, NewChannel};
    /// use community::reputation::BoardWindow;
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let host = engine.as_system();
    /// # let id = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
    /// # let club: community::Slug = "club".parse()?;
    /// # let new = NewCommunity::new(club.clone(), "Club".parse()?, Policy::public());
    /// # host.create_community(new).await?;
    /// # host.create_channel(&club, NewChannel::new("talk".parse()?, "Talk".parse()?)).await?;
    /// let ana = engine.member(id);
    /// ana.join(&club).await?;
    /// let (talk, idea) = ("talk".parse()?, "idea".parse()?);
    /// ana.start_topic(NewTopic::new(club.clone(), talk, idea, "A bench", "In the sun.")).await?;
    /// engine.pump().await?;
    ///
    /// let query = BoardQuery::community(club).window(BoardWindow::Week).with_own_rank();
    /// let board = ana.leaderboard(&query).await?;
    /// assert_eq!((board.items[0].rank, board.items[0].member.key.as_str()), (1, "user:1"));
    /// assert_eq!(board.own.unwrap().rank, 1);
    /// # Ok::<(), community::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community, channel, label or board does not exist for this
    /// viewer; [`Error::Invalid`] for a group that the rules in force do not have, a day that the
    /// engine does not know, or a cursor of another board; [`Error::Limit`] for too large a page.
    pub async fn leaderboard(&self, query: &BoardQuery) -> Result<BoardView> {
        let limits = self.engine().env().limits();
        let limit = limits.page_size(query.limit)?;
        reading!(self, Read::Leaderboard, |rights| {
            let community = rights.community(&query.community)?;
            let rules = rules_of(community)?;
            let board = board_of(&rights, community, rules, query)?;
            let name = format!("board {} {} {board:?}", community.id, rules.id);
            let after = query.after.as_deref().map(|text| BoardPosition::decode(text, &name));
            let after = after.transpose()?;
            let walk = Walk {
                session: self,
                rights: &rights,
                community,
                ledger: LedgerId { community: community.id, rules: rules.id.clone() },
                board: &board,
            };
            let mut shown = walk.shown(after.map(|after| after.at), limit + 1, 0).await?;
            let more = shown.len() > limit;
            shown.truncate(limit);
            let mut place = after;
            let mut items = Vec::new();
            for (member, points) in shown {
                let at = Position { key: points, id: member.id.uuid() };
                let (before, tied) = place.map_or((0, None), |place| {
                    (place.shown, (place.at.key == points).then_some(place.rank))
                });
                let rank = tied.unwrap_or(before.saturating_add(1));
                place = Some(BoardPosition { at, rank, shown: before.saturating_add(1) });
                items.push(BoardItem {
                    community: community.id,
                    rank,
                    member: Author::from(&member),
                    points,
                });
            }
            let own = match rights.actor().filter(|_| query.own) {
                Some(me) => walk.own(me, &items, limits.board_rank).await?,
                None => None,
            };
            self.require_current(&rights).await?;
            let days = |day: i32| date_of(day).filter(|_| board.window != BoardWindow::All);
            Ok(BoardView {
                rules: rules.id.clone(),
                window: board.window,
                from: days(board.first),
                until: board.window.last_day(board.first).and_then(days),
                items: rights.scope.admit_all(items.into_iter().map(Unchecked::new)),
                own,
                next: place.filter(|_| more).map(|place| place.encode(&name)),
            })
        })
    }
}

/// The board that a query stands for, if it exists for the viewer.
fn board_of(
    rights: &Rights,
    community: &Community,
    rules: &RuleSet,
    query: &BoardQuery,
) -> Result<Board> {
    let scope = match &query.place {
        BoardPlace::Community => BoardScope::Community,
        BoardPlace::Channel(key) => {
            let channel = rights.channel(community, key)?.channel.id;
            // Who reads only their own topics there would learn of the others'.
            if !rights.scope.read().contains(channel) {
                return Err(Error::NotFound("board"));
            }
            BoardScope::Channel(channel)
        }
        BoardPlace::Label(key) => {
            let label = rights.directory.label(community.id, key);
            let label = label.filter(|label| rights.scope.sees_label(community.id, &label.key));
            BoardScope::Label(label.ok_or(Error::NotFound("label"))?.key.clone())
        }
    };
    if let Some(group) = query.group.as_ref().filter(|key| !rules.groups.contains_key(*key)) {
        return Err(Error::invalid(format!("there is no group `{group}`")));
    }
    let day = query.day.unwrap_or_else(|| day_of(rights.now));
    if !(0..=BoardWindow::LAST_DAY).contains(&day) {
        return Err(Error::invalid("a day lies in the years 1970 to 2199"));
    }
    let (window, group) = (query.window, query.group.clone());
    Ok(Board { window, first: window.first_day(day), scope, group })
}

/// A walk along one board, for one viewer.
struct Walk<'a> {
    session: &'a Session,
    rights: &'a Rights,
    community: &'a Community,
    ledger: LedgerId,
    board: &'a Board,
}

impl Walk<'_> {
    /// The members behind a place who are shown, with more than so many points, at most so many.
    async fn shown(
        &self,
        mut after: Option<Position>,
        most: usize,
        above: i64,
    ) -> Result<Vec<(Member, i64)>> {
        let (store, viewer) = (self.session.engine().store(), self.rights.actor());
        let rule = &self.community.reputation.boards;
        let (mut found, mut seen) = (Vec::new(), FxHashSet::default());
        // Those who are not shown make a page longer to find, and never shorter. Whoever loses points
        // between two pages comes again further down.
        loop {
            let page = store.board(&self.ledger, self.board, after, most).await?;
            let is_last = page.len() < most;
            let Some((member, points)) = page.last() else { return Ok(found) };
            after = Some(Position { key: *points, id: member.uuid() });
            let ids: Vec<MemberId> = page.iter().map(|(member, _)| *member).collect();
            let members = store.members(&ids).await?;
            let memberships = store.memberships_in(self.community.id, &ids).await?;
            for ((_, points), (member, known)) in
                page.into_iter().zip(members.into_iter().zip(memberships))
            {
                if points <= above || found.len() == most {
                    return Ok(found);
                }
                if let Some((member, known)) = member.zip(known)
                    && rule.shows(&member, &known, viewer)
                    && seen.insert(member.id)
                {
                    found.push((member, points));
                }
            }
            if is_last || found.len() == most {
                return Ok(found);
            }
        }
    }

    /// Where the viewer stands. What the page shows is not looked up again: it is the same.
    async fn own(&self, me: MemberId, items: &[BoardItem], most: usize) -> Result<Option<OwnRank>> {
        if let Some(item) = items.iter().find(|item| item.member.id == me) {
            return Ok(Some(OwnRank { rank: item.rank, exact: true, points: item.points }));
        }
        let (member, known) =
            (&self.rights.facts.member, self.rights.facts.membership(self.community.id));
        let rule = &self.community.reputation.boards;
        let competes = member
            .as_ref()
            .zip(known)
            .is_some_and(|(member, known)| rule.shows(member, known, Some(me)));
        if !competes {
            return Ok(None);
        }
        let store = self.session.engine().store();
        let points = store.board_points(&self.ledger, self.board, &[me]).await?;
        let Some(points) = points.into_iter().next().filter(|points| *points > 0) else {
            return Ok(None);
        };
        let above = self.shown(None, most, points).await?.len();
        let rank = u64::try_from(above).unwrap_or(u64::MAX).saturating_add(1);
        Ok(Some(OwnRank { rank, exact: above < most, points }))
    }
}
