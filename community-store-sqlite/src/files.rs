//! The data directory: who may use it, and connections to the database in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use community_core::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, Result};
use crate::options::{Options, Synchronous};
use crate::schema;

/// The database in a data directory.
pub(crate) const DATABASE: &str = "community.db";
/// Held locked by the one process that has the store open.
pub(crate) const LOCK: &str = "lock";

/// How long a connection waits for another one that holds a lock.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// The first release without the bug that could corrupt a database while its WAL was reset.
const OLDEST_SQLITE: i32 = 3_051_003;

/// A data directory that belongs to this process until this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) database: PathBuf,
    _lock: File,
}

/// Takes a data directory, and makes it when it is not there.
///
/// # Errors
/// [`StoreError::InUse`] when another process, or another handle of this one, has it.
pub(crate) fn claim(dir: &Path) -> Result<Claim> {
    // Absolute, so that no directory's name is taken for an URI.
    let dir = std::path::absolute(dir)?;
    create_private_dir(&dir)?;
    let lock = private_file().truncate(false).open(dir.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => Ok(Claim { database: dir.join(DATABASE), _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse.into()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Checks that the linked SQLite can be trusted with data.
pub(crate) fn check_sqlite() -> Result<()> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(Fault::refused(format_args!(
            "SQLite {} is linked, which may corrupt databases; 3.51.3 or newer is needed, and \
             the feature `bundled` brings it",
            rusqlite::version()
        )));
    }
    Ok(())
}

/// Looks at what is there without touching it. `false` means that there is nothing yet.
///
/// # Errors
/// [`StoreError::TooNew`] for a store of a later version, [`StoreError::Damaged`] for anything
/// that is not a store.
pub(crate) fn inspect(database: &Path) -> Result<bool> {
    Ok(look(database)? == Found::Store)
}

/// Looks at what is in a data directory before it is opened, and undoes what a process has left
/// that ended while it made the store.
///
/// # Errors
/// As [`inspect`].
pub(crate) fn inspect_claimed(claim: &Claim) -> Result<()> {
    if look(&claim.database)? == Found::Unfinished {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&claim.database, flags)?;
        // Whoever reads and may write undoes it.
        conn.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0))?;
        drop(conn);
        look(&claim.database)?;
    }
    Ok(())
}

/// What there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A transaction that its process did not end, in a file without a WAL: not a store yet, which
    /// has one from its first table on.
    Unfinished,
    Store,
}

fn look(database: &Path) -> Result<Found> {
    if !database.try_exists()? || database.metadata()?.len() == 0 {
        return Ok(Found::Nothing);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    match schema::inspect(&conn) {
        Ok(true) => Ok(Found::Store),
        Ok(false) => Ok(Found::Nothing),
        Err(Fault::Sql(error)) if is_unfinished(&error) => Ok(Found::Unfinished),
        Err(fault) => Err(fault),
    }
}

/// Whether a file could not be read because something in it has to be undone first.
fn is_unfinished(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
}

/// The writer's connection.
pub(crate) fn connect_writer(database: &Path, options: &Options) -> Result<Connection> {
    // Made here, so that it is private from its first byte. SQLite gives the files beside it the
    // same permissions.
    private_file().truncate(false).open(database)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    prepare(&conn, options)?;
    conn.execute_batch(WRITER)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", synchronous)?;
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::refused(format_args!("journal mode `{mode}` instead of `wal`")));
    }
    Ok(conn)
}

/// A connection for reading.
pub(crate) fn connect_reader(database: &Path, options: &Options) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    prepare(&conn, options)?;
    conn.execute_batch("PRAGMA query_only = ON")?;
    Ok(conn)
}

/// - `foreign_keys`: off. What a change set refers to is checked as the change set is applied, in
///   the order of its operations; SQLite would check the same again, row by row, at a moment that
///   does not fit the order in which rows are written. The references are declared for readers of
///   the schema and for `PRAGMA foreign_key_check`, which the integrity check runs.
/// - `trusted_schema`: off, so that a file from elsewhere cannot call functions from its schema.
/// - `automatic_index`: off, so that a missing index is found by a test and not papered over.
const BOTH: &str = "
    PRAGMA foreign_keys = OFF;
    PRAGMA trusted_schema = OFF;
    PRAGMA automatic_index = OFF;
    PRAGMA temp_store = MEMORY;
";

/// - `secure_delete`: what is deleted is overwritten, so that erased text is not in the file.
/// - `wal_autocheckpoint`: off; see the module `commit::checkpoint`.
/// - `journal_size_limit`: a WAL that grew behind a long read is cut back to 64 MiB.
const WRITER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 67108864;
";

fn prepare(conn: &Connection, options: &Options) -> Result<()> {
    conn.execute_batch(BOTH)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    conn.pragma_update(None, "mmap_size", i64::from(options.mmap_mib) << 20)?;
    conn.set_prepared_statement_cache_capacity(options.statement_cache);
    // Plans do not depend on bound values. Without this, SQLite compiles a cached statement anew
    // each time a value is bound that a partial index or a LIMIT is compared with: a page of a feed
    // then costs ten times as much.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Makes a directory, with what is missing above it, that only its owner can enter. One that is
/// there is left as it is.
pub(crate) fn create_private_dir(dir: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(dir)?)
}

/// How to open a file for writing that only its owner can read; made when it is not there.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
