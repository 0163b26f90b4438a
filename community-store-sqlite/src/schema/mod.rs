//! The format of the file, and how a file of an older format becomes one of this format.
//!
//! A migration is an entry in a table. The runner applies each in a transaction of its own and
//! writes its version in the same transaction, so a file is always of one format, whole.

use community_core::StoreError;
use community_core::entropy::{Entropy, SystemEntropy};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Result;
use crate::{boards, names};

/// A step from one format to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// The format that it leads to: 1, 2, 3, ...
    pub(crate) version: u32,
    /// What it does.
    pub(crate) sql: &'static str,
    /// What SQL cannot say: it comes after, in the same transaction.
    pub(crate) then: fn(&Connection) -> Result<()>,
}

/// All steps, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("0001_base.sql"), then: nothing },
    Migration { version: 2, sql: include_str!("0002_names.sql"), then: names::fill },
    Migration { version: 3, sql: include_str!("0003_reputation.sql"), then: nothing },
    Migration { version: 4, sql: include_str!("0004_documents.sql"), then: nothing },
    Migration { version: 5, sql: include_str!("0005_boards.sql"), then: boards::fill },
    Migration { version: 6, sql: include_str!("0006_badges.sql"), then: nothing },
    Migration { version: 7, sql: include_str!("0007_erasure.sql"), then: nothing },
    Migration { version: 8, sql: include_str!("0008_moves.sql"), then: nothing },
    Migration { version: 9, sql: include_str!("0009_posts.sql"), then: nothing },
    Migration { version: 10, sql: include_str!("0010_first_posts.sql"), then: nothing },
];

/// Tells a store from any other SQLite database: "comm" in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x636f_6d6d;

const EPOCH: &str = "SELECT value FROM meta WHERE key = 'epoch'";
const SET_EPOCH: &str = "INSERT INTO meta (key, value) VALUES ('epoch', ?1)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/// Looks at a database without touching it. `false` means that it is still empty.
///
/// # Errors
/// [`StoreError::TooNew`] for a store of a later version, [`StoreError::Damaged`] for a database
/// of somebody else.
pub(crate) fn inspect(conn: &Connection) -> Result<bool> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        let objects: i64 =
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if application == 0 && objects == 0 {
            return Ok(false);
        }
        return Err(StoreError::Damaged("this database is not a community store".into()).into());
    }
    let (found, known) = (format(conn)?, newest(MIGRATIONS));
    if found > known {
        return Err(StoreError::TooNew { found, known }.into());
    }
    Ok(true)
}

/// The format of a database; 0 when it is still empty.
pub(crate) fn format(conn: &Connection) -> Result<u32> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a database to the newest format, which is returned.
pub(crate) fn migrate(conn: &mut Connection, migrations: &[Migration]) -> Result<u32> {
    let found = format(conn)?;
    for Migration { version, sql, then } in migrations.iter().filter(|m| m.version > found) {
        let transaction =
            conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        then(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(newest(migrations).max(found))
}

/// The epoch of a store, which gets one when it has none.
pub(crate) fn epoch(conn: &Connection) -> Result<u64> {
    let found: Option<i64> = conn.query_row(EPOCH, [], |row| row.get(0)).optional()?;
    found.map_or_else(|| new_epoch(conn), |epoch| Ok(epoch.cast_unsigned()))
}

/// Gives a store a new epoch.
pub(crate) fn new_epoch(conn: &Connection) -> Result<u64> {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    let epoch = u64::from_ne_bytes(bytes);
    conn.execute(SET_EPOCH, [epoch.cast_signed()])?;
    Ok(epoch)
}

fn nothing(_: &Connection) -> Result<()> {
    Ok(())
}

fn newest(migrations: &[Migration]) -> u32 {
    migrations.last().map_or(0, |migration| migration.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_STEPS: &[Migration] = &[
        Migration {
            version: 1,
            sql: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7)",
            then: nothing,
        },
        Migration {
            version: 2,
            sql: "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 8",
            then: |conn| Ok(conn.execute_batch("UPDATE a SET x = x + y")?),
        },
    ];

    fn columns_of_a(conn: &Connection) -> i64 {
        conn.query_row("SELECT count(*) FROM pragma_table_info('a')", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_file_is_brought_up_step_by_step_and_keeps_its_rows() {
        let mut conn = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut conn, &TWO_STEPS[..1]).unwrap(), 1);
        assert_eq!(migrate(&mut conn, TWO_STEPS).unwrap(), 2);
        let row: (i64, i64) =
            conn.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((row, format(&conn).unwrap()), ((15, 8), 2));
    }

    #[test]
    fn a_step_that_fails_leaves_the_format_before_it() {
        let mut conn = Connection::open_in_memory().unwrap();
        let second = Migration { sql: "ALTER TABLE a ADD COLUMN y INTEGER", ..TWO_STEPS[1] };
        for broken in [
            Migration { sql: "ALTER TABLE a ADD COLUMN y INTEGER; SELECT nonsense()", ..second },
            Migration { then: |conn| Ok(conn.execute_batch("SELECT nonsense()")?), ..second },
        ] {
            assert!(migrate(&mut conn, &[TWO_STEPS[0], broken]).is_err());
            assert_eq!((format(&conn).unwrap(), columns_of_a(&conn)), (1, 1));
        }
        assert_eq!(migrate(&mut conn, TWO_STEPS).unwrap(), 2);
        assert_eq!(columns_of_a(&conn), 2);
    }

    #[test]
    fn the_versions_rise_by_one() {
        for (migration, expected) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.version, expected);
        }
    }

    #[test]
    fn an_empty_database_is_nothing_yet_and_a_foreign_one_is_refused() {
        let conn = Connection::open_in_memory().unwrap();
        assert!(!inspect(&conn).unwrap());
        conn.execute_batch("CREATE TABLE other (x)").unwrap();
        let refused = StoreError::from(inspect(&conn).unwrap_err());
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    }
}
