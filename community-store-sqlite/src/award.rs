//! Badges, visitors, and what is counted by day and by time.

use async_trait::async_trait;
use community_core::change::{Event, Seq, Written};
use community_core::reputation::{Award, AwardsId, BadgeSetId, LedgerId};
use community_core::store::AwardReader;
use community_core::time::to_micros;
use community_core::{CommunityId, MemberId, Slug, StoreError, Timestamp};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::error::Result;
use crate::ledger::find;
use crate::log::read_event;
use crate::row::{Columns, rows, signed};

macro_rules! award {
    () => {
        "SELECT badge, member, earned, earned_at, decided, decided_at FROM awards "
    };
}

/// By the primary key.
const AWARD: &str = concat!(
    award!(),
    "WHERE community = ?1 AND badge_set = ?2 AND version = ?3 AND badge = ?4 AND member = ?5"
);

/// Along `awards_of_member`.
const AWARDS_OF: &str = concat!(
    award!(),
    "INDEXED BY awards_of_member
     WHERE community = ?1 AND badge_set = ?2 AND version = ?3 AND member = ?4 ORDER BY badge"
);

/// Along the primary key.
const AWARDS_BY_BADGE: &str = concat!(
    award!(),
    "WHERE community = ?1 AND badge_set = ?2 AND version = ?3 AND (badge, member) > (?4, ?5)
     ORDER BY badge, member LIMIT ?6"
);

/// In `awards_held` alone.
const COUNTS: &str = "SELECT badge, held, count(*) FROM awards INDEXED BY awards_held
    WHERE community = ?1 AND badge_set = ?2 AND version = ?3 AND held > 0
    GROUP BY badge, held ORDER BY badge, held";

/// In `ledger_days` alone.
const SUMS_BY_GROUP: &str = "SELECT grp, sum(points) FROM ledger_entries INDEXED BY ledger_days
    WHERE ledger = ?1 AND member = ?2 AND grp >= ?3 AND grp < ?4
    GROUP BY grp HAVING sum(points) <> 0 ORDER BY grp";

// Along `ledger_of_member`.
const POINTS_AT: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_of_member
    WHERE ledger = ?1 AND member = ?2 AND cause <= ?3";
const POINTS_OF_GROUP_AT: &str =
    "SELECT coalesce(sum(points), 0) FROM ledger_entries INDEXED BY ledger_of_member
    WHERE ledger = ?1 AND member = ?2 AND cause <= ?3 AND grp = ?4";

/// Along `visitors_by_number`.
const VISITORS: &str = "SELECT number, member FROM visitors INDEXED BY visitors_by_number
    WHERE community = ?1 AND number > ?2 ORDER BY number LIMIT ?3";

/// Along `posts_of_author`; each post's topic by its primary key. First posts are of kind 0.
const WRITTEN_ON: &str = "SELECT count(*), coalesce(sum(p.kind = 0), 0)
    FROM posts p INDEXED BY posts_of_author CROSS JOIN topics t ON t.id = p.topic
    WHERE p.author = ?1 AND p.created_at BETWEEN ?2 AND ?3 AND t.community = ?4";

/// Along `events_by_time`, which ends in the position.
const EVENTS_SINCE: &str =
    "SELECT seq, event, actor, at, community, channel, topic, post, member, data
    FROM events INDEXED BY events_by_time
    WHERE community = ?1 AND (at, seq) > (?2, ?3) ORDER BY at, seq LIMIT ?4";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("an award", AWARD),
    ("awards of a member", AWARDS_OF),
    ("awards by badge", AWARDS_BY_BADGE),
    ("how many have a badge", COUNTS),
    ("points by group", SUMS_BY_GROUP),
    ("points at a position", POINTS_AT),
    ("points of a group at a position", POINTS_OF_GROUP_AT),
    ("visitors", VISITORS),
    ("what was written on a day", WRITTEN_ON),
    ("events since", EVENTS_SINCE),
];

#[async_trait]
impl AwardReader for SqliteStore {
    async fn awards(
        &self,
        of: &AwardsId,
        keys: &[(Slug, MemberId)],
    ) -> Result<Vec<Option<Award>>, StoreError> {
        let (of, keys) = (of.clone(), keys.to_vec());
        self.read(move |s| {
            let AwardsId { community, set: BadgeSetId { key, version } } = &of;
            let award = |(badge, member): &(Slug, MemberId)| {
                let (badge, member) = (badge.as_str(), member.as_bytes());
                s.one(
                    AWARD,
                    (community.as_bytes(), key.as_str(), version, badge, member),
                    read_award,
                )
            };
            keys.iter().map(award).collect()
        })
        .await
    }

    async fn awards_of(&self, of: &AwardsId, member: MemberId) -> Result<Vec<Award>, StoreError> {
        let of = of.clone();
        self.read(move |s| {
            let AwardsId { community, set: BadgeSetId { key, version } } = &of;
            let params = (community.as_bytes(), key.as_str(), version, member.as_bytes());
            s.all(AWARDS_OF, params, read_award)
        })
        .await
    }

    async fn awards_by_badge(
        &self,
        of: &AwardsId,
        after: Option<(Slug, MemberId)>,
        limit: usize,
    ) -> Result<Vec<Award>, StoreError> {
        let of = of.clone();
        self.read(move |s| {
            let AwardsId { community, set: BadgeSetId { key, version } } = &of;
            // No badge is called nothing.
            let nothing = MemberId::from_bytes([0; 16]);
            let badge = after.as_ref().map_or("", |(badge, _)| badge.as_str());
            let member = after.as_ref().map_or(nothing, |(_, member)| *member);
            let (community, limit) = (community.as_bytes(), rows(limit));
            let params = (community, key.as_str(), version, badge, member.as_bytes(), limit);
            s.all(AWARDS_BY_BADGE, params, read_award)
        })
        .await
    }

    async fn award_counts(&self, of: &AwardsId) -> Result<Vec<(Slug, u32, u64)>, StoreError> {
        let of = of.clone();
        self.read(move |s| {
            let AwardsId { community, set: BadgeSetId { key, version } } = &of;
            s.all(COUNTS, (community.as_bytes(), key.as_str(), version), |columns| {
                Ok((columns.text()?, columns.whole()?, columns.whole()?))
            })
        })
        .await
    }

    async fn sums_by_group(
        &self,
        ledger: &LedgerId,
        of: &[(MemberId, Slug)],
    ) -> Result<Vec<Vec<(Slug, i64)>>, StoreError> {
        let (ledger, of) = (ledger.clone(), of.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else {
                return Ok(vec![Vec::new(); of.len()]);
            };
            let sums = |(member, prefix): &(MemberId, Slug)| {
                // Behind everything that begins so: no character comes behind this one.
                let end = format!("{prefix}\u{10ffff}");
                let params = (ledger, member.as_bytes(), prefix.as_str(), end);
                s.all(SUMS_BY_GROUP, params, |columns| Ok((columns.text()?, columns.get()?)))
            };
            of.iter().map(sums).collect()
        })
        .await
    }

    async fn points_at(
        &self,
        ledger: &LedgerId,
        at: Seq,
        of: &[(MemberId, Option<Slug>)],
    ) -> Result<Vec<i64>, StoreError> {
        let (ledger, of) = (ledger.clone(), of.to_vec());
        self.read(move |s| {
            let Some(ledger) = find(s.conn, &ledger)? else { return Ok(vec![0; of.len()]) };
            let at = signed(at.0).unwrap_or(i64::MAX);
            let read = |columns: &mut Columns<'_, '_>| columns.get();
            let points = |(member, group): &(MemberId, Option<Slug>)| {
                let member = member.as_bytes();
                let found = match group {
                    None => s.one(POINTS_AT, (ledger, member, at), read),
                    Some(group) => {
                        s.one(POINTS_OF_GROUP_AT, (ledger, member, at, group.as_str()), read)
                    }
                };
                Ok(found?.unwrap_or(0))
            };
            of.iter().map(points).collect()
        })
        .await
    }

    async fn visitors(
        &self,
        community: CommunityId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, MemberId)>, StoreError> {
        let after = signed(after).unwrap_or(i64::MAX);
        self.read(move |s| {
            let params = (community.as_bytes(), after, rows(limit));
            s.all(VISITORS, params, |columns| Ok((columns.whole()?, columns.id()?)))
        })
        .await
    }

    async fn written_on(
        &self,
        community: CommunityId,
        member: MemberId,
        day: i32,
    ) -> Result<(u32, u32), StoreError> {
        self.read(move |s| written(s.conn, community, member, day)).await
    }

    async fn events_since(
        &self,
        community: CommunityId,
        from: Timestamp,
        after: Option<(Timestamp, Seq)>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        // Behind everything that happened before.
        let first = (to_micros(from).saturating_sub(1), i64::MAX);
        let after = after.map(|(at, seq)| (to_micros(at), signed(seq.0).unwrap_or(i64::MAX)));
        let (at, seq) = after.map_or(first, |after| after.max(first));
        self.read(move |s| {
            s.all(EVENTS_SINCE, (community.as_bytes(), at, seq, rows(limit)), read_event)
        })
        .await
    }
}

/// How many posts and topics somebody wrote on a day.
fn written(
    conn: &Connection,
    community: CommunityId,
    member: MemberId,
    day: i32,
) -> Result<(u32, u32)> {
    const DAY: i64 = 86_400_000_000;
    let from = i64::from(day).saturating_mul(DAY);
    let params = (member.as_bytes(), from, from.saturating_add(DAY - 1), community.as_bytes());
    let mut statement = conn.prepare_cached(WRITTEN_ON)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else { return Ok((0, 0)) };
    let mut columns = Columns::of(row);
    Ok((columns.whole()?, columns.whole()?))
}

/// Whether somebody wrote fewer on a day than so many.
pub(crate) fn wrote_fewer(
    conn: &Connection,
    (community, member, day): (CommunityId, MemberId, i32),
    what: Written,
    than: u32,
) -> Result<bool> {
    let (posts, topics) = written(conn, community, member, day)?;
    Ok(match what {
        Written::Posts => posts < than,
        Written::Topics => topics < than,
    })
}

fn read_award(columns: &mut Columns<'_, '_>) -> Result<Award> {
    Ok(Award {
        badge: columns.text()?,
        member: columns.id()?,
        earned: columns.whole()?,
        earned_at: columns.opt_time()?,
        decided: columns.opt_whole()?,
        decided_at: columns.opt_time()?,
    })
}
