//! A store on SQLite for the community engine: one file per tenant, in a directory of its own.
//!
//! [`SqliteStore`] fulfils the contract of [`community_core::store`], durably: a commit is on the
//! disk before it is acknowledged. One thread of the store writes, and gathers what is committed
//! at the same time into one transaction; reads run on the caller's thread or on threads of the
//! store, as [`Options`] say. No async runtime is needed.
//!
//! ```
//! use community_core::store::EventLog;
//! use community_core::Seq;
//! use community_store_sqlite::{Options, SqliteStore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let store = SqliteStore::open(dir.path(), Options::default())?;
//! assert_eq!(pollster::block_on(store.head())?, Seq(0));
//! # Ok(()) }
//! ```
//!
//! The tables can be read with plain SQL while the store is open, best through the views whose
//! names begin with `readable_`. Nobody else may write: permissions are judged in this process. Where
//! topics stand in feeds is written a little later than the rest: it is there when nothing was committed
//! for half a second, and in a closed file.
//!
//! Deliberately not here: rules about who may do what, ranks, limits, and search. They belong to
//! the engine and to other crates; a store keeps and finds.

mod access;
mod award;
mod backup;
mod boards;
mod commit;
mod document;
mod error;
mod explain;
mod files;
mod ledger;
mod listings;
mod log;
mod moves;
mod names;
mod options;
mod read;
mod row;
mod schema;
mod scope;

pub use explain::Plan;
pub use options::{Options, ReadOn, Synchronous};

use std::path::Path;
use std::sync::Arc;

use community_core::StoreError;

use access::Access;
use commit::Writer;
use error::Result;
use files::Claim;
use listings::Known;
use moves::Moves;
use read::pool::{Pool, Threads};

/// A store in a directory.
///
/// Dropping it waits for commits that are under way, and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    threads: Option<Threads>,
    writer: Writer,
    inner: Arc<Inner>,
}

/// What readers and the writer share.
#[derive(Debug)]
struct Inner {
    epoch: u64,
    format: u32,
    access: Access,
    listings: Known,
    moves: Moves,
    // Dropped in this order: the directory is given up when the last connection is closed.
    pool: Pool,
    claim: Claim,
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Nobody reads any more, so the writer, which comes next, is the last one to close the file
        // and leaves one file behind.
        drop(self.threads.take());
        self.inner.pool.close();
    }
}

impl SqliteStore {
    /// Opens the store in a directory, and makes both when they are not there. A store of an older
    /// format is brought to the newest.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process, or another handle of this one, has it open;
    /// [`StoreError::TooNew`] when a later version wrote it, which leaves it untouched;
    /// [`StoreError::Damaged`] when the file is not a store; [`StoreError::Failed`] for everything
    /// else, such as missing permissions or a SQLite older than 3.51.3.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        Ok(Self::open_in(dir.as_ref(), options)?)
    }

    /// Whether there is a store in a directory. Touches nothing.
    ///
    /// # Errors
    /// As [`SqliteStore::open`] for something that is there and cannot be opened.
    pub fn exists(dir: impl AsRef<Path>) -> Result<bool, StoreError> {
        Ok(files::inspect(&dir.as_ref().join(files::DATABASE))?)
    }

    fn open_in(dir: &Path, options: Options) -> Result<Self> {
        files::check_sqlite()?;
        let claim = files::claim(dir)?;
        files::inspect_claimed(&claim)?;
        let mut conn = files::connect_writer(&claim.database, &options)?;
        let format = schema::migrate(&mut conn, schema::MIGRATIONS)?;
        let threads = match options.read_on {
            ReadOn::Caller => None,
            ReadOn::Threads => Some(Threads::start(options.readers)?),
        };
        let inner = Arc::new(Inner {
            epoch: schema::epoch(&conn)?,
            format,
            access: Access::load(&conn)?,
            listings: Known::default(),
            moves: Moves::load(&conn)?,
            pool: Pool::new(claim.database.clone(), options.clone()),
            claim,
        });
        let writer = Writer::start(conn, Arc::clone(&inner), options)?;
        Ok(Self { threads, writer, inner })
    }
}
