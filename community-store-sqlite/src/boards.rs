//! Leaderboards, and the sums of members by day: how they are named, kept and read.

use community_core::query::Position;
use community_core::reputation::{Board, BoardScope, BoardWindow, Entry, LedgerMoves, RuleSetId};
use community_core::{ChannelId, MemberId, Slug};
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use crate::error::{Fault, Result};
use crate::ledger::read_entry;
use crate::read::Snapshot;
use crate::row::{Columns, rows};

/// By the unique key.
const BOARD: &str = "SELECT id FROM boards
    WHERE ledger = ?1 AND span = ?2 AND first = ?3 AND scope = ?4 AND place = ?5 AND grp = ?6";

/// Along the unique key; whether somebody is on it by the first column of the primary key.
const BOARDS: &str = "SELECT span, first, scope, place, grp FROM boards b
    WHERE ledger = ?1 AND (span, first, scope, place, grp) > (?2, ?3, ?4, ?5, ?6)
      AND EXISTS (SELECT 1 FROM board_members p WHERE p.board = b.id)
    ORDER BY span, first, scope, place, grp LIMIT ?7";

/// In `boards_ranked` alone, backwards.
const RANKED: &str = "SELECT member, points FROM board_members INDEXED BY boards_ranked
    WHERE board = ?1 AND (points, member) < (?2, ?3)
    ORDER BY points DESC, member DESC LIMIT ?4";

/// By the primary key.
const POINTS: &str = "SELECT points FROM board_members WHERE board = ?1 AND member = ?2";

/// Along the primary key.
const DAYS: &str =
    "SELECT day, points FROM member_days WHERE ledger = ?1 AND member = ?2 ORDER BY day";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("a board", BOARD),
    ("boards of a ledger", BOARDS),
    ("a board by points", RANKED),
    ("points on a board", POINTS),
    ("points by day", DAYS),
];

const ADD_BOARD: &str = "INSERT INTO boards (ledger, span, first, scope, place, grp)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";

const MOVE_POINTS: &str = "INSERT INTO board_members (board, member, points) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET points = points + excluded.points RETURNING points";

/// By the primary key.
const DROP_POINTS: &str = "DELETE FROM board_members WHERE board = ?1 AND member = ?2";

const MOVE_DAY: &str = "INSERT INTO member_days (ledger, member, day, points)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET points = points + excluded.points RETURNING points";

/// By the primary key.
const DROP_DAY: &str = "DELETE FROM member_days WHERE ledger = ?1 AND member = ?2 AND day = ?3";

/// A whole table: for a file in which there are no boards yet.
const ALL_ENTRIES: &str = concat!(
    "SELECT ",
    crate::ledger::entry_columns!(),
    ", ledger FROM ledger_entries ORDER BY ledger, cause, number"
);

/// A board as the columns have it.
fn columns(board: &Board) -> (u8, i32, u8, &[u8], &str) {
    let Board { window, first, scope, group } = board;
    let (scope, place): (u8, &[u8]) = match scope {
        BoardScope::Community => (0, &[]),
        BoardScope::Channel(id) => (1, id.as_bytes()),
        BoardScope::Label(label) => (2, label.as_str().as_bytes()),
    };
    (window.code(), *first, scope, place, group.as_ref().map_or("", Slug::as_str))
}

fn read_board(columns: &mut Columns<'_, '_>) -> Result<Board> {
    let (window, first) = (columns.code::<BoardWindow>()?, columns.get()?);
    let (scope, place): (u8, Vec<u8>) = (columns.get()?, columns.get()?);
    let group: String = columns.get()?;
    let wrong = |reason: String| Fault::Row { column: "place".into(), reason };
    let scope = match scope {
        0 => BoardScope::Community,
        1 => {
            let id = place.try_into().map_err(|_| wrong("not an id".to_owned()))?;
            BoardScope::Channel(ChannelId::from_bytes(id))
        }
        _ => {
            let key = String::from_utf8(place).map_err(|error| wrong(error.to_string()))?;
            BoardScope::Label(Slug::new(&key).map_err(|error| wrong(error.to_string()))?)
        }
    };
    let group = match group.as_str() {
        "" => None,
        key => Some(Slug::new(key).map_err(|error| wrong(error.to_string()))?),
    };
    Ok(Board { window, first, scope, group })
}

/// The number of a board; `None` when nobody was ever on it.
fn find(conn: &Connection, ledger: i64, board: &Board) -> Result<Option<i64>> {
    let (span, first, scope, place, group) = columns(board);
    let mut statement = conn.prepare_cached(BOARD)?;
    let params = (ledger, span, first, scope, place, group);
    Ok(statement.query_row(params, |row| row.get(0)).optional()?)
}

/// The members on a board behind a position.
pub(crate) fn ranked(
    snapshot: &Snapshot<'_>,
    ledger: i64,
    board: &Board,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<(MemberId, i64)>> {
    let Some(board) = find(snapshot.conn, ledger, board)? else { return Ok(Vec::new()) };
    // Nobody has so many points.
    let (points, member) =
        after.map_or((i64::MAX, [0; 16]), |after| (after.key, after.id.into_bytes()));
    snapshot.all(RANKED, (board, points, member, rows(limit)), |columns| {
        Ok((columns.id()?, columns.get()?))
    })
}

/// The points of members on a board.
pub(crate) fn points(
    snapshot: &Snapshot<'_>,
    ledger: i64,
    board: &Board,
    members: &[MemberId],
) -> Result<Vec<i64>> {
    let Some(board) = find(snapshot.conn, ledger, board)? else {
        return Ok(vec![0; members.len()]);
    };
    let of = |member: &MemberId| {
        let found = snapshot.one(POINTS, (board, member.as_bytes()), |columns| columns.get())?;
        Ok(found.unwrap_or(0))
    };
    members.iter().map(of).collect()
}

/// The boards that somebody is on, behind the given one.
pub(crate) fn all(
    snapshot: &Snapshot<'_>,
    ledger: i64,
    after: Option<&Board>,
    limit: usize,
) -> Result<Vec<Board>> {
    let (span, first, scope, place, group) = after.map_or((0, i32::MIN, 0, &[][..], ""), columns);
    let params = (ledger, span, first, scope, place, group, rows(limit));
    snapshot.all(BOARDS, params, read_board)
}

/// The sums of a member by day.
pub(crate) fn days(
    snapshot: &Snapshot<'_>,
    ledger: i64,
    member: MemberId,
) -> Result<Vec<(i32, i64)>> {
    snapshot.all(DAYS, (ledger, member.as_bytes()), |columns| Ok((columns.get()?, columns.get()?)))
}

/// Lets boards and days follow new entries of the ledger with a number.
pub(crate) fn follow(conn: &Connection, ledger: i64, moves: &LedgerMoves) -> Result<()> {
    let LedgerMoves { boards, days } = moves;
    let mut step = conn.prepare_cached(MOVE_DAY)?;
    for ((member, day), points) in days {
        let params = (ledger, member.as_bytes(), day, points);
        if step.query_row(params, |row| row.get::<_, i64>(0))? == 0 {
            conn.prepare_cached(DROP_DAY)?.execute((ledger, member.as_bytes(), day))?;
        }
    }
    let mut step = conn.prepare_cached(MOVE_POINTS)?;
    for (board, members) in boards {
        let board = match find(conn, ledger, board)? {
            Some(number) => number,
            None => {
                let (span, first, scope, place, group) = columns(board);
                let params = (ledger, span, first, scope, place, group);
                conn.prepare_cached(ADD_BOARD)?.query_row(params, |row| row.get(0))?
            }
        };
        for (member, points) in members {
            let params = (board, member.as_bytes(), points);
            if step.query_row(params, |row| row.get::<_, i64>(0))? == 0 {
                conn.prepare_cached(DROP_POINTS)?.execute((board, member.as_bytes()))?;
            }
        }
    }
    Ok(())
}

/// By the primary key.
const RULES: &str = "SELECT rule_set, version FROM ledgers WHERE id = ?1";

/// Entries that are taken at once to fill boards.
const PART: usize = 20_000;

/// Fills the boards of a file that has none.
pub(crate) fn fill(conn: &Connection) -> Result<()> {
    let mut statement = conn.prepare(ALL_ENTRIES)?;
    let mut rows = statement.query([])?;
    let mut waiting: FxHashMap<i64, Vec<Entry>> = FxHashMap::default();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let columns = &mut Columns::of(row);
        let entry = read_entry(columns)?;
        waiting.entry(columns.get()?).or_default().push(entry);
        count += 1;
        if count % PART == 0 {
            follow_all(conn, &mut waiting)?;
        }
    }
    follow_all(conn, &mut waiting)
}

fn follow_all(conn: &Connection, waiting: &mut FxHashMap<i64, Vec<Entry>>) -> Result<()> {
    for (ledger, entries) in waiting.drain() {
        let mut statement = conn.prepare_cached(RULES)?;
        let mut rows = statement.query([ledger])?;
        let Some(row) = rows.next()? else { continue };
        let columns = &mut Columns::of(row);
        let rules = RuleSetId { key: columns.text()?, version: columns.whole()? };
        follow(conn, ledger, &LedgerMoves::of(&rules, &entries))?;
    }
    Ok(())
}
