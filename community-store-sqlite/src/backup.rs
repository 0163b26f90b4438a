//! Backups, and whether a store is sound.
//!
//! Copying the file of an open store misses what is in the WAL. A backup is a copy that SQLite
//! makes from one snapshot, while others read and write: one file, without a WAL, and without what
//! was erased.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use community_core::StoreError;
use rusqlite::{Connection, OpenFlags};

use crate::SqliteStore;
use crate::error::{Fault, Result};
use crate::files::{self, private_file};
use crate::schema;

const COPY: &str = "VACUUM INTO ?1";

impl SqliteStore {
    /// Writes everything that is committed now into a new file, which only its owner can read.
    ///
    /// Blocks the calling thread until the file is on the disk. Others read and write meanwhile;
    /// the WAL grows by what they write.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is something at `to` already, or under that name with
    /// `.partial` behind it, or it cannot be written.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        let to = std::path::absolute(to).map_err(StoreError::failed)?;
        let conn = open_read_only(&self.inner.claim.database)?;
        Ok(write_new(&to, |partial| copy(&conn, partial))?)
    }

    /// Makes a new store in `dir` out of a backup. It gets an epoch of its own, so that nobody
    /// takes a copy of the old one for a copy of it. Open it afterwards.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `dir` is not empty; [`StoreError::Damaged`] when the backup is
    /// not sound, or not a store; [`StoreError::TooNew`] when a later version wrote it;
    /// [`StoreError::InUse`] when somebody else is just about to use `dir`.
    pub fn restore(backup: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<(), StoreError> {
        Ok(restore(backup.as_ref(), dir.as_ref())?)
    }

    /// Looks at every page, index and reference of the store, and says what is wrong; nothing, as a
    /// rule. Takes as long as reading the whole file, and blocks the calling thread.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file is too damaged to be looked at,
    /// [`StoreError::Failed`] when it cannot be read.
    pub fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        Ok(findings(&open_read_only(&self.inner.claim.database)?)?)
    }
}

fn restore(backup: &Path, dir: &Path) -> Result<()> {
    files::check_sqlite()?;
    let backup = std::path::absolute(backup)?;
    let source = open_read_only(&backup)?;
    if !schema::inspect(&source)? {
        return Err(StoreError::Damaged("the backup is empty".into()).into());
    }
    files::create_private_dir(dir)?;
    for entry in fs::read_dir(dir)? {
        // A lock is what is left of a try that failed. Removing it would be wrong: another process
        // may be about to lock it.
        if entry?.file_name() != files::LOCK {
            return Err(Fault::refused("a store can be restored into an empty directory only"));
        }
    }
    let claim = files::claim(dir)?;
    write_new(&claim.database, |partial| {
        copy(&source, partial)?;
        let conn = Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if let Some(finding) = findings(&conn)?.into_iter().next() {
            return Err(StoreError::Damaged(finding).into());
        }
        schema::new_epoch(&conn)?;
        conn.close().map_err(|(_, error)| error)?;
        Ok(())
    })
}

fn open_read_only(database: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(conn)
}

fn copy(conn: &Connection, to: &Path) -> Result<()> {
    let to = to.to_str().ok_or_else(|| Fault::refused("a path that is not valid UTF-8"))?;
    conn.execute(COPY, [to])?;
    Ok(())
}

/// Makes a file under another name and fills it, brings it to the disk, and only then gives it its name: it is
/// there whole or not at all.
fn write_new(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.try_exists()? {
        return Err(Fault::refused(format_args!("there is a file at {} already", path.display())));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // SQLite fills a file that is there and empty; this one is private from its first byte. What
    // somebody else has put there stays as it is.
    private_file().create_new(true).open(&partial).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let partial = partial.display();
            Fault::refused(format_args!("there is a file at {partial} already"))
        }
        _ => error.into(),
    })?;
    let written = write(&partial).and_then(|()| {
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, path)?;
        sync_parent(path)
    });
    if written.is_err() {
        // What is left of it is of no use; the error that is returned says more than this one.
        let _ = fs::remove_file(&partial);
    }
    written
}

/// Makes a new name in a directory survive a power failure.
fn sync_parent(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    let _ = path;
    Ok(())
}

/// What SQLite finds wrong.
fn findings(conn: &Connection) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    conn.pragma_query(None, "integrity_check", |row| {
        findings.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    findings.retain(|finding| finding != "ok");
    conn.pragma_query(None, "foreign_key_check", |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        findings
            .push(format!("a row of `{table}` refers to a row of `{parent}` that is not there"));
        Ok(())
    })?;
    Ok(findings)
}
