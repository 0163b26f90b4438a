//! The tables `moves` and `moves_written`: what is left of moves when a process ends.

use community_core::time::to_micros;
use community_core::{TopicCounters, TopicId};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::row::Columns;

/// The end of the table, which is never empty.
pub(crate) const LAST: &str = "SELECT max(id) FROM moves";

const ADD: &str = "INSERT INTO moves (id, topic, ups, downs, answers, accepted, views, active_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const SETTLE: &str = "INSERT INTO moves (id, topic) VALUES (?1, ?2)";

const COUNT: &str = "INSERT INTO moves (id) VALUES (?1)";

/// The whole table, which is as long as [`Options::moves`](crate::Options::moves) lets it become.
const ALL: &str = "SELECT id, topic, ups, downs, answers, accepted, views, active_at FROM moves
    WHERE topic IS NOT NULL ORDER BY id";

const FORGET: &str = "DELETE FROM moves WHERE id <= ?1";

const WRITTEN: &str = "SELECT shard, id FROM moves_written";

const WRITE: &str = "INSERT INTO moves_written (shard, id) VALUES (?1, ?2)
    ON CONFLICT DO UPDATE SET id = excluded.id";

/// The highest number of a snapshot.
pub(crate) fn last(conn: &Connection) -> Result<i64> {
    Ok(conn.prepare_cached(LAST)?.query_row([], |row| row.get(0))?)
}

/// Adds a row for a topic that moves: its counters before.
pub(super) fn add(conn: &Connection, id: i64, topic: TopicId, was: &TopicCounters) -> Result<()> {
    let TopicCounters { ups, downs, answers, accepted, views, active_at, .. } = was;
    let active_at = to_micros(*active_at);
    let row = (id, topic.as_bytes(), ups, downs, answers, accepted, views, active_at);
    conn.prepare_cached(ADD)?.execute(row)?;
    Ok(())
}

/// Adds a row for a topic that is written in all of its lists.
pub(super) fn settle(conn: &Connection, id: i64, topic: TopicId) -> Result<()> {
    conn.prepare_cached(SETTLE)?.execute((id, topic.as_bytes()))?;
    Ok(())
}

/// Adds a row that says up to where some shards are written: up to itself.
pub(super) fn write(conn: &Connection, id: i64, shards: &[i64]) -> Result<()> {
    conn.prepare_cached(COUNT)?.execute([id])?;
    for shard in shards {
        conn.prepare_cached(WRITE)?.execute((shard, id))?;
    }
    Ok(())
}

/// Deletes the rows up to one.
pub(super) fn forget(conn: &Connection, id: i64) -> Result<()> {
    conn.prepare_cached(FORGET)?.execute([id])?;
    Ok(())
}

/// Up to which row each shard is written; those of which nothing is said from the beginning on.
pub(super) fn written(conn: &Connection) -> Result<FxHashMap<i64, i64>> {
    let mut statement = conn.prepare_cached(WRITTEN)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The moves of each topic since it was written as a whole: their numbers, and the counters before.
pub(super) type Rows = FxHashMap<TopicId, Vec<(i64, TopicCounters)>>;

pub(super) fn by_topic(conn: &Connection) -> Result<Rows> {
    let mut by_topic = Rows::default();
    let mut statement = conn.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of(row);
        let (id, topic) = (columns.get()?, columns.id()?);
        let Some(ups) = columns.get::<Option<i64>>()? else {
            by_topic.remove(&topic);
            continue;
        };
        let counters = TopicCounters {
            ups,
            downs: columns.get()?,
            answers: columns.get()?,
            accepted: columns.get()?,
            views: columns.get()?,
            ..TopicCounters::new(columns.time()?)
        };
        by_topic.entry(topic).or_default().push((id, counters));
    }
    Ok(by_topic)
}
