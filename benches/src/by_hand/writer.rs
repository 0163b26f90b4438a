//! Commits by hand: a reply with everything that goes with it, one transaction each.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// A reply to be written.
#[derive(Debug, Clone)]
pub struct HandReply {
    /// The id of the new post.
    pub id: [u8; 16],
    /// The topic.
    pub topic: [u8; 16],
    /// Who writes.
    pub author: [u8; 16],
    /// The text.
    pub body: String,
    /// Now, in microseconds.
    pub at: i64,
}

/// A writer that knows its statements by heart.
#[derive(Debug)]
pub struct HandWriter {
    conn: Connection,
}

const TOPIC: &str = "SELECT opening, community, channel, kind, labels, author, active_at, answers
    FROM topics WHERE id = ?1";
const LISTING: &str = "SELECT id FROM listings WHERE kind = ?1 AND owner = ?2 AND name = ?3";
const POST: &str = "INSERT INTO posts
    (id, topic, parent, depth, kind, author, state, bumps, created_at, revision, rev, ups, downs,
     children, corrections, best_key, shown)
    VALUES (?1, ?2, ?3, 1, 1, ?4, 0, 1, ?5, 1, 1, 0, 0, 0, 0, 0, 1)";
const REVISION: &str =
    "INSERT INTO revisions (post, number, body, editor, at) VALUES (?1, 1, ?2, ?3, ?4)";
const JOINED: &str = "INSERT INTO participations (topic, member, count) VALUES (?1, ?2, 1)
    ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count";
const COUNT: &str = "UPDATE topics SET posts = posts + 1, answers = answers + 1,
    replies = replies + 1, participants = participants + ?2, active_at = ?3 WHERE id = ?1";
const LEAVE: &str =
    "DELETE FROM listing_entries WHERE listing = ?1 AND sort = ?2 AND key = ?3 AND topic = ?4";
const ENTER: &str = "INSERT INTO listing_entries (listing, sort, key, topic, channel)
    VALUES (?1, 1, ?2, ?3, ?4)";
const UNANSWERED: &str = "DELETE FROM listing_entries
    WHERE listing = ?1 AND sort = 5 AND key = (SELECT created_at FROM topics WHERE id = ?2)
    AND topic = ?2";
const EVENT: &str = "INSERT INTO events (event, actor, at, community, channel, topic, post)
    VALUES ('post_written', ?1, ?2, ?3, ?4, ?5, ?6)";

impl HandWriter {
    /// Opens a file that the engine has written, with the engine's settings.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let conn = Connection::open(file)?;
        conn.busy_timeout(std::time::Duration::from_secs(60))?;
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "cache_size", -16 * 1024)?;
        conn.pragma_update(None, "mmap_size", 256 << 20)?;
        conn.pragma_update(None, "secure_delete", true)?;
        conn.pragma_update(None, "foreign_keys", false)?;
        conn.set_prepared_statement_cache_capacity(64);
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Self { conn })
    }

    /// Some topics of the file, oldest first.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn topics(&self, limit: usize) -> rusqlite::Result<Vec<[u8; 16]>> {
        let mut statement = self.conn.prepare("SELECT id FROM topics ORDER BY id LIMIT ?1")?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        statement.query_map([limit], |row| row.get(0))?.collect()
    }

    /// A member of the file.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn member(&self) -> rusqlite::Result<[u8; 16]> {
        self.conn.query_row("SELECT id FROM members LIMIT 1", [], |row| row.get(0))
    }

    /// Writes a reply in a transaction of its own.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn reply(&mut self, reply: &HandReply) -> rusqlite::Result<()> {
        self.replies([reply])
    }

    /// Writes replies in one transaction.
    ///
    /// # Errors
    /// Whatever SQLite refuses.
    pub fn replies<'a>(
        &mut self,
        replies: impl IntoIterator<Item = &'a HandReply>,
    ) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        replies.into_iter().try_for_each(|reply| reply.write(&tx))?;
        tx.commit()
    }
}

impl HandReply {
    fn write(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        let Self { id, topic, author, body, at } = self;
        let (opening, community, channel, kind, labels, starter, active_at, answers) =
            tx.prepare_cached(TOPIC)?.query_row([topic], |row| {
                Ok((
                    row.get::<_, [u8; 16]>(0)?,
                    row.get::<_, [u8; 16]>(1)?,
                    row.get::<_, [u8; 16]>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, String>(4)?,
                    row.get::<_, [u8; 16]>(5)?,
                    row.get::<_, i64>(6)?,
                    row.get::<_, i64>(7)?,
                ))
            })?;
        tx.prepare_cached(POST)?.execute(params![id, topic, opening, author, at])?;
        tx.prepare_cached(REVISION)?.execute(params![id, body, author, at])?;
        let count: i64 = tx.prepare_cached(JOINED)?.query_row([topic, author], |row| row.get(0))?;
        let active = active_at.max(*at);
        tx.prepare_cached(COUNT)?.execute(params![topic, i64::from(count == 1), active])?;
        let mut places = vec![
            ("community", community, String::new(), Some(channel)),
            ("channel", channel, String::new(), None),
            ("kind", community, kind, Some(channel)),
            ("author", starter, String::new(), Some(channel)),
        ];
        for label in labels.trim_matches(['[', ']', '"']).split("\",\"").filter(|l| !l.is_empty()) {
            places.push(("label", community, label.to_owned(), Some(channel)));
            places.push(("channel_label", channel, label.to_owned(), None));
        }
        for (kind, owner, name, channel) in places {
            let listing: Option<i64> = tx
                .prepare_cached(LISTING)?
                .query_row(params![kind, owner, name], |row| row.get(0))
                .optional()?;
            if active != active_at {
                tx.prepare_cached(LEAVE)?.execute(params![listing, 1, active_at, topic])?;
                tx.prepare_cached(ENTER)?.execute(params![listing, active, topic, channel])?;
            }
            if answers == 0 {
                tx.prepare_cached(UNANSWERED)?.execute(params![listing, topic])?;
            }
        }
        tx.prepare_cached(EVENT)?.execute(params![author, at, community, channel, topic, id])?;
        Ok(())
    }
}
