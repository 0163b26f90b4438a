//! Ledgers of reputation, grants, and visits.

use async_trait::async_trait;
use community_core::change::{Event, Seq};
use community_core::query::Position;
use community_core::reputation::{
    About, Board, Entry, EntryPlace, LedgerId, RuleSetId, Standing, Step, SumOf,
};
use community_core::store::LedgerReader;
use community_core::{CommunityId, Grant, GrantId, MemberId, StoreError};
use rusqlite::{Connection, OptionalExtension};

use crate::SqliteStore;
use crate::boards;
use crate::error::Result;
use crate::log::read_event;
use crate::read::Snapshot;
use crate::row::{Columns, rows, signed};

/// Along `events_of_community`, which ends in the position. It is named because a database that was
/// analysed and has one community would walk along the log instead.
const EVENTS: &str = "SELECT seq, event, actor, at, community, channel, topic, post, member, data
    FROM events INDEXED BY events_of_community
    WHERE community = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

/// Along the primary key.
const VISITS: &str = "SELECT day FROM visits
    WHERE community = ?1 AND member = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day";

/// Along `visits_by_day`.
const VISITS_BY_DAY: &str = "SELECT day, member FROM visits INDEXED BY visits_by_day
    WHERE community = ?1 AND (day, member) > (?2, ?3) ORDER BY day, member LIMIT ?4";

/// By the unique key.
const LEDGER: &str =
    "SELECT id FROM ledgers WHERE community = ?1 AND rule_set = ?2 AND version = ?3";

/// Along the unique key.
const LEDGERS: &str =
    "SELECT rule_set, version FROM ledgers WHERE community = ?1 ORDER BY rule_set, version";

/// By the primary key.
const STANDING: &str =
    "SELECT member, points, entries, moved FROM standings WHERE ledger = ?1 AND member = ?2";

/// Along `standings_ranked`, backwards.
const RANKED: &str = "SELECT member, points, entries, moved FROM standings
    WHERE ledger = ?1 AND (points, member) < (?2, ?3)
    ORDER BY points DESC, member DESC LIMIT ?4";

macro_rules! entry_columns {
    () => {
        "cause, number, origin, rule, grp, step, member, giver, topic, post, channel, labels, points,
         day, at"
    };
}

pub(crate) use entry_columns;

macro_rules! entry {
    () => {
        concat!("SELECT ", entry_columns!(), " FROM ledger_entries ")
    };
}

/// Along the primary key.
const ENTRIES: &str = concat!(
    entry!(),
    "WHERE ledger = ?1 AND (cause, number) > (?2, ?3) ORDER BY cause, number LIMIT ?4"
);

/// Along `ledger_of_member`, backwards.
const ENTRIES_OF: &str = concat!(
    entry!(),
    "INDEXED BY ledger_of_member WHERE ledger = ?1 AND member = ?2 AND (cause, number) < (?3, ?4)
     ORDER BY cause DESC, number DESC LIMIT ?5"
);

// Along `ledger_about`.
const ABOUT_TOPIC: &str =
    concat!(entry!(), "INDEXED BY ledger_about WHERE ledger = ?1 AND topic = ?2");
const ABOUT_POST: &str =
    concat!(entry!(), "INDEXED BY ledger_about WHERE ledger = ?1 AND topic = ?2 AND post IS ?3");
const MARKS: &str = concat!(
    entry!(),
    "INDEXED BY ledger_about WHERE ledger = ?1 AND topic = ?2 AND post IS ?3 AND rule = ?4"
);

/// In `ledger_days` alone.
const SUM_OF_DAY: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_days
    WHERE ledger = ?1 AND member = ?2 AND grp = ?3 AND day = ?4";
const SUM_OF_GROUP: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_days
    WHERE ledger = ?1 AND member = ?2 AND grp = ?3";

// In `ledger_pairs` alone.
const SUM_OF_PAIR: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_pairs
    WHERE ledger = ?1 AND member = ?2 AND giver = ?3 AND grp = ?4";
const SUM_OF_PAIR_AND_DAY: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_pairs
    WHERE ledger = ?1 AND member = ?2 AND giver = ?3 AND grp = ?4 AND day = ?5";

macro_rules! grant {
    () => {
        "SELECT id, community, member, reason, points, tier, post, granter, note, at FROM grants "
    };
}

/// By the primary key.
const GRANT: &str = concat!(grant!(), "WHERE id = ?1");

/// Along `grants_of_community`.
const GRANTS: &str = concat!(
    grant!(),
    "INDEXED BY grants_of_community WHERE community = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
);

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("events of a community", EVENTS),
    ("visits of a member", VISITS),
    ("visits by day", VISITS_BY_DAY),
    ("a ledger", LEDGER),
    ("ledgers of a community", LEDGERS),
    ("a standing", STANDING),
    ("standings by points", RANKED),
    ("entries", ENTRIES),
    ("entries of a member", ENTRIES_OF),
    ("entries about a topic", ABOUT_TOPIC),
    ("entries about a post", ABOUT_POST),
    ("marks of a post", MARKS),
    ("points of a day", SUM_OF_DAY),
    ("points of a group", SUM_OF_GROUP),
    ("points from one giver", SUM_OF_PAIR),
    ("points of a day from one giver", SUM_OF_PAIR_AND_DAY),
    ("a grant", GRANT),
    ("grants of a community", GRANTS),
];

#[async_trait]
impl LedgerReader for SqliteStore {
    async fn events_of(
        &self,
        community: CommunityId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let after = signed(after.0).unwrap_or(i64::MAX);
        self.read(move |s| s.all(EVENTS, (community.as_bytes(), after, rows(limit)), read_event))
            .await
    }

    async fn visits(
        &self,
        community: CommunityId,
        members: &[MemberId],
        from: i32,
        to: i32,
    ) -> Result<Vec<Vec<i32>>, StoreError> {
        let members = members.to_vec();
        self.read(move |s| {
            let days = |member: &MemberId| {
                let params = (community.as_bytes(), member.as_bytes(), from, to);
                s.all(VISITS, params, |columns| columns.get())
            };
            members.iter().map(days).collect()
        })
        .await
    }

    async fn visits_by_day(
        &self,
        community: CommunityId,
        after: Option<(i32, MemberId)>,
        limit: usize,
    ) -> Result<Vec<(i32, MemberId)>, StoreError> {
        self.read(move |s| {
            // Days are counted from zero.
            let (day, member) = after.unwrap_or((-1, MemberId::from_bytes([0; 16])));
            let params = (community.as_bytes(), day, member.as_bytes(), rows(limit));
            s.all(VISITS_BY_DAY, params, |columns| Ok((columns.get()?, columns.id()?)))
        })
        .await
    }

    async fn ledgers(&self, community: CommunityId) -> Result<Vec<RuleSetId>, StoreError> {
        self.read(move |s| {
            s.all(LEDGERS, [community.as_bytes()], |columns| {
                Ok(RuleSetId { key: columns.text()?, version: columns.whole()? })
            })
        })
        .await
    }

    async fn standings(
        &self,
        ledger: &LedgerId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Standing>>, StoreError> {
        let (ledger, members) = (ledger.clone(), members.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(vec![None; members.len()]) };
            members.iter().map(|member| standing(s.conn, ledger, *member)).collect()
        })
        .await
    }

    async fn ranked(
        &self,
        ledger: &LedgerId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let ledger = ledger.clone();
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            // Nobody has so many points.
            let (points, member) =
                after.map_or((i64::MAX, [0; 16]), |after| (after.key, after.id.into_bytes()));
            s.all(RANKED, (ledger, points, member, rows(limit)), read_standing)
        })
        .await
    }

    async fn entries(
        &self,
        ledger: &LedgerId,
        after: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let ledger = ledger.clone();
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            let (cause, number) = after.map_or((-1, 0), place);
            s.all(ENTRIES, (ledger, cause, number, rows(limit)), read_entry)
        })
        .await
    }

    async fn entries_of(
        &self,
        ledger: &LedgerId,
        member: MemberId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let ledger = ledger.clone();
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            let (cause, number) = before.map_or((i64::MAX, u32::MAX), place);
            let params = (ledger, member.as_bytes(), cause, number, rows(limit));
            s.all(ENTRIES_OF, params, read_entry)
        })
        .await
    }

    async fn entries_about(
        &self,
        ledger: &LedgerId,
        about: &[About],
    ) -> Result<Vec<Vec<Entry>>, StoreError> {
        let (ledger, about) = (ledger.clone(), about.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else {
                return Ok(vec![Vec::new(); about.len()]);
            };
            about.iter().map(|about| entries_about(s, ledger, *about)).collect()
        })
        .await
    }

    async fn sums(&self, ledger: &LedgerId, of: &[SumOf]) -> Result<Vec<i64>, StoreError> {
        let (ledger, of) = (ledger.clone(), of.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(vec![0; of.len()]) };
            of.iter().map(|of| sum(s, ledger, of)).collect()
        })
        .await
    }

    async fn days(
        &self,
        ledger: &LedgerId,
        member: MemberId,
    ) -> Result<Vec<(i32, i64)>, StoreError> {
        let ledger = ledger.clone();
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            boards::days(s, ledger, member)
        })
        .await
    }

    async fn board(
        &self,
        ledger: &LedgerId,
        board: &Board,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<(MemberId, i64)>, StoreError> {
        let (ledger, board) = (ledger.clone(), board.clone());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            boards::ranked(s, ledger, &board, after, limit)
        })
        .await
    }

    async fn board_points(
        &self,
        ledger: &LedgerId,
        board: &Board,
        members: &[MemberId],
    ) -> Result<Vec<i64>, StoreError> {
        let (ledger, board, members) = (ledger.clone(), board.clone(), members.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(vec![0; members.len()]) };
            boards::points(s, ledger, &board, &members)
        })
        .await
    }

    async fn boards(
        &self,
        ledger: &LedgerId,
        after: Option<&Board>,
        limit: usize,
    ) -> Result<Vec<Board>, StoreError> {
        let (ledger, after) = (ledger.clone(), after.cloned());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(Vec::new()) };
            boards::all(s, ledger, after.as_ref(), limit)
        })
        .await
    }

    async fn grants(&self, ids: &[GrantId]) -> Result<Vec<Option<Grant>>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |s| ids.iter().map(|id| s.one(GRANT, [id.as_bytes()], read_grant)).collect())
            .await
    }

    async fn grants_by_id(
        &self,
        community: CommunityId,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        self.read(move |s| {
            let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
            s.all(GRANTS, (community.as_bytes(), after, rows(limit)), read_grant)
        })
        .await
    }
}

/// The number of a ledger; `None` when it has no entry.
pub(crate) fn find(conn: &Connection, ledger: &LedgerId) -> Result<Option<i64>> {
    let LedgerId { community, rules: RuleSetId { key, version } } = ledger;
    let mut statement = conn.prepare_cached(LEDGER)?;
    let params = (community.as_bytes(), key.as_str(), version);
    Ok(statement.query_row(params, |row| row.get(0)).optional()?)
}

/// The standing of a member in the ledger with a number.
pub(crate) fn standing(
    conn: &Connection,
    ledger: i64,
    member: MemberId,
) -> Result<Option<Standing>> {
    let mut statement = conn.prepare_cached(STANDING)?;
    let mut rows = statement.query((ledger, member.as_bytes()))?;
    rows.next()?.map(|row| read_standing(&mut Columns::of(row))).transpose()
}

fn entries_about(snapshot: &Snapshot<'_>, ledger: i64, about: About) -> Result<Vec<Entry>> {
    let mut found = match about {
        About::Topic(topic) => snapshot.all(ABOUT_TOPIC, (ledger, topic.as_bytes()), read_entry)?,
        About::Post(topic, post) => {
            let post = post.as_ref().map(|id| id.as_bytes());
            snapshot.all(ABOUT_POST, (ledger, topic.as_bytes(), post), read_entry)?
        }
        About::Marks(topic, post) => {
            let post = post.as_ref().map(|id| id.as_bytes());
            snapshot.all(MARKS, (ledger, topic.as_bytes(), post, Entry::MARK), read_entry)?
        }
    };
    found.sort_by_key(Entry::place);
    Ok(found)
}

fn sum(snapshot: &Snapshot<'_>, ledger: i64, of: &SumOf) -> Result<i64> {
    let SumOf { member, group, giver, day } = of;
    let (member, group) = (member.as_bytes(), group.as_str());
    let read = |columns: &mut Columns<'_, '_>| columns.get();
    let found = match (giver, day) {
        (None, Some(day)) => snapshot.one(SUM_OF_DAY, (ledger, member, group, day), read),
        (None, None) => snapshot.one(SUM_OF_GROUP, (ledger, member, group), read),
        (Some(giver), None) => {
            snapshot.one(SUM_OF_PAIR, (ledger, member, giver.as_bytes(), group), read)
        }
        (Some(giver), Some(day)) => {
            let params = (ledger, member, giver.as_bytes(), group, day);
            snapshot.one(SUM_OF_PAIR_AND_DAY, params, read)
        }
    };
    Ok(found?.unwrap_or(0))
}

/// A place as the columns have it. Nothing has a position that the table could not hold.
fn place(place: EntryPlace) -> (i64, u32) {
    (signed(place.cause.0).unwrap_or(i64::MAX), place.number)
}

fn read_standing(columns: &mut Columns<'_, '_>) -> Result<Standing> {
    Ok(Standing {
        member: columns.id()?,
        points: columns.get()?,
        entries: columns.whole()?,
        moved: Seq(columns.whole()?),
    })
}

pub(crate) fn read_entry(columns: &mut Columns<'_, '_>) -> Result<Entry> {
    Ok(Entry {
        cause: Seq(columns.whole()?),
        number: columns.whole()?,
        origin: Seq(columns.whole()?),
        rule: columns.text()?,
        group: columns.text()?,
        step: columns.code::<Step>()?,
        member: columns.id()?,
        giver: columns.opt_id()?,
        topic: columns.opt_id()?,
        post: columns.opt_id()?,
        channel: columns.opt_id()?,
        labels: columns.opt_json()?.unwrap_or_default(),
        points: columns.get()?,
        day: columns.get()?,
        at: columns.time()?,
    })
}

fn read_grant(columns: &mut Columns<'_, '_>) -> Result<Grant> {
    Ok(Grant {
        id: columns.id()?,
        community: columns.id()?,
        member: columns.id()?,
        reason: columns.text()?,
        points: columns.get()?,
        tier: columns.opt_whole()?,
        post: columns.opt_id()?,
        by: columns.opt_id()?,
        note: columns.get()?,
        at: columns.time()?,
    })
}

/// Whether a grant is there.
pub(crate) fn has_grant(conn: &Connection, id: GrantId) -> Result<bool> {
    Ok(conn.prepare_cached(GRANT)?.exists([id.as_bytes()])?)
}
