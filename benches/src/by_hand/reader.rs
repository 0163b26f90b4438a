//! Pages by hand.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, params};
use rustc_hash::FxHashSet;

/// What a hand-written page returns of a topic: what the engine's card holds.
#[derive(Debug, Clone, PartialEq)]
pub struct HandCard {
    /// The sort key and the id, where the next page begins.
    pub position: (i64, [u8; 16]),
    /// The title.
    pub title: String,
    /// The labels as JSON.
    pub labels: String,
    /// The kind.
    pub kind: String,
    /// The topic's key.
    pub key: Option<String>,
    /// The status.
    pub status: String,
    /// The channel.
    pub channel: [u8; 16],
    /// The author's id, key and name.
    pub author: ([u8; 16], String, String),
    /// State, locked, created, active, ups, downs, posts, answers, accepted, participants, views.
    pub numbers: [i64; 11],
    /// The pin and the payload as JSON.
    pub rest: (Option<String>, Option<String>),
}

/// A reader that knows its statements by heart.
#[derive(Debug)]
pub struct HandReader {
    conn: Connection,
}

/// Which order of which listing.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The number of the listing in the table `listings`.
    pub listing: i64,
    /// The number of the order: 0 new, 1 active, 2 hot, 3 top.
    pub sort: i64,
}

const PAGE: &str = "
SELECT e.key, e.topic, t.title, t.labels, t.kind, t.key, t.status, t.channel, m.id, m.key, m.name,
       t.state, t.locked, t.created_at, t.active_at, t.ups, t.downs, t.posts, t.answers,
       t.accepted, t.participants, t.views, t.pin, t.payload
FROM listing_entries e
JOIN topics t ON t.id = e.topic
JOIN members m ON m.id = t.author
WHERE e.listing = ?1 AND e.sort = ?2 AND (e.key, e.topic) < (?3, ?4)
ORDER BY e.key DESC, e.topic DESC LIMIT ?5";

const WALK: &str = "
SELECT topic, channel FROM listing_entries
WHERE listing = ?1 AND sort = ?2 AND (key, topic) < (?3, ?4)
ORDER BY key DESC, topic DESC";

const CARD: &str = "
SELECT 0, t.id, t.title, t.labels, t.kind, t.key, t.status, t.channel, m.id, m.key, m.name,
       t.state, t.locked, t.created_at, t.active_at, t.ups, t.downs, t.posts, t.answers,
       t.accepted, t.participants, t.views, t.pin, t.payload
FROM topics t JOIN members m ON m.id = t.author WHERE t.id = ?1";

impl HandReader {
    /// Opens a file that the engine has written.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        conn.pragma_update(None, "cache_size", -16 * 1024)?;
        conn.pragma_update(None, "mmap_size", 256 << 20)?;
        conn.pragma_update(None, "query_only", true)?;
        conn.set_prepared_statement_cache_capacity(64);
        // Otherwise the LIMIT makes SQLite compile the statement anew with each page.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Self { conn })
    }

    /// The number of a listing.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn listing(&self, kind: &str, owner: &[u8; 16], name: &str) -> rusqlite::Result<i64> {
        let sql = "SELECT id FROM listings WHERE kind = ?1 AND owner = ?2 AND name = ?3";
        self.conn.query_row(sql, params![kind, owner, name], |row| row.get(0))
    }

    /// A page of a feed that one listing serves.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn page(&self, order: Order, limit: usize) -> rusqlite::Result<Vec<HandCard>> {
        let mut statement = self.conn.prepare_cached(PAGE)?;
        let end = [0xFF_u8; 16];
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows =
            statement.query_map(params![order.listing, order.sort, i64::MAX, end, limit], card)?;
        rows.collect()
    }

    /// A page over some channels: the community's order is walked, the channel tested here.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn home(
        &self,
        order: Order,
        channels: &FxHashSet<[u8; 16]>,
        limit: usize,
    ) -> rusqlite::Result<Vec<HandCard>> {
        let mut walk = self.conn.prepare_cached(WALK)?;
        let mut one = self.conn.prepare_cached(CARD)?;
        let mut rows = walk.query(params![order.listing, order.sort, i64::MAX, [0xFF_u8; 16]])?;
        let mut page = Vec::with_capacity(limit);
        while let Some(row) = rows.next()? {
            let channel: [u8; 16] = row.get(1)?;
            if channels.contains(&channel) {
                let topic: [u8; 16] = row.get(0)?;
                page.push(one.query_row(params![topic], card)?);
                if page.len() == limit {
                    break;
                }
            }
        }
        Ok(page)
    }
}

fn card(row: &Row<'_>) -> rusqlite::Result<HandCard> {
    let mut numbers = [0; 11];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = row.get(11 + at)?;
    }
    Ok(HandCard {
        position: (row.get(0)?, row.get(1)?),
        title: row.get(2)?,
        labels: row.get(3)?,
        kind: row.get(4)?,
        key: row.get(5)?,
        status: row.get(6)?,
        channel: row.get(7)?,
        author: (row.get(8)?, row.get(9)?, row.get(10)?),
        numbers,
        rest: (row.get(22)?, row.get(23)?),
    })
}
