//! Engines on a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use community_core::time::Clock;
use community_core::{Engine, Env, Error, Limits, Result, StoreError};
#[cfg(feature = "search")]
use community_search::{Keeper, Settings};
use community_store_sqlite::{self as sqlite, ReadOn, SqliteStore, Synchronous};

/// Opens the community data in a directory, and makes both when they are not there.
///
/// What a command wrote is on the disk when its future is done. The engine is for one process at a
/// time; whoever opens the same directory meanwhile is refused.
///
/// With the feature `search` the content can be searched: a thread of the engine keeps an index in
/// the same directory up to date. The index is a copy: without it, or with one that is damaged, the
/// engine opens all the same and builds it anew.
///
/// ```
/// use community::{NewMember, OpenError, StoreError};
///
/// # let dir = tempfile::tempdir()?;
/// # let data = dir.path();
/// # pollster::block_on(async {
/// let engine = community::open(data)?;
/// let ana = NewMember::new("user:1".parse()?, "Ana".parse()?);
/// let id = engine.as_system().sync_member(ana).await?;
///
/// let second = community::open(data);
/// assert!(matches!(second, Err(OpenError::Store { source: StoreError::InUse, .. })));
///
/// drop(engine);
/// let engine = community::open(data)?;
/// let ana = engine.member_by_key(&"user:1".parse()?).await?;
/// assert_eq!(ana.viewer().member(), Some(id));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`OpenError::Store`] with [`StoreError::InUse`], [`StoreError::TooNew`],
/// [`StoreError::Damaged`], or [`StoreError::Failed`] for everything else, such as missing
/// permissions.
pub fn open(dir: impl AsRef<Path>) -> Result<Engine, OpenError> {
    open_with(dir, Options::new())
}

/// As [`open`], with options.
///
/// # Errors
/// As [`open`], and [`OpenError::Missing`] with [`Options::existing`].
pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<Engine, OpenError> {
    let dir = dir.as_ref();
    let Options {
        env,
        store,
        existing,
        #[cfg(feature = "search")]
        search,
    } = options;
    let failed = |source| OpenError::Store { dir: dir.to_owned(), source };
    if existing && !SqliteStore::exists(dir).map_err(failed)? {
        return Err(OpenError::Missing { dir: dir.to_owned() });
    }
    let store = Arc::new(SqliteStore::open(dir, store).map_err(failed)?);
    #[cfg(feature = "search")]
    if let Some(settings) = search {
        let index = dir.join(INDEX);
        let index = Keeper::open(index, settings, env.clone(), Arc::<SqliteStore>::clone(&store));
        let index = index.map_err(|source| failed(StoreError::failed(source)))?;
        return Ok(Engine::with_index(store, env, Arc::new(index)));
    }
    Ok(Engine::with_env(store, env))
}

/// Where the search index is, below the data.
#[cfg(feature = "search")]
const INDEX: &str = "search";

/// How to open an engine on a directory.
///
/// ```
/// use community::sqlite::Synchronous;
/// use community::{Limits, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let data = dir.path();
/// let options = Options::new()
///     .limits(Limits { page: 50, ..Limits::default() })
///     .read_threads(2)
///     .synchronous(Synchronous::Normal);
/// let engine = community::open_with(data, options)?;
/// assert_eq!(engine.env().limits().page, 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
#[derive(Debug, Clone)]
pub struct Options {
    env: Env,
    store: sqlite::Options,
    existing: bool,
    #[cfg(feature = "search")]
    search: Option<Settings>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            env: Env::default(),
            store: sqlite::Options::default(),
            existing: false,
            #[cfg(feature = "search")]
            search: Some(Settings::default()),
        }
    }
}

impl Options {
    /// The system's clock and randomness, default limits, reads on the caller's thread, commits that
    /// survive a power failure, and a search index that finds the languages out by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// In this environment: clock, randomness and limits together.
    pub fn env(mut self, env: Env) -> Self {
        self.env = env;
        self
    }

    /// With this clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.env = self.env.with_clock(clock);
        self
    }

    /// With these limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.env = self.env.with_limits(limits);
        self
    }

    /// With reads on so many threads of the store, for hosts whose own threads may never wait for
    /// the disk.
    pub fn read_threads(mut self, threads: usize) -> Self {
        self.store.read_on = ReadOn::Threads;
        self.store.readers = threads;
        self
    }

    /// With commits acknowledged at this point.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.store.synchronous = synchronous;
        self
    }

    /// With these options of the store, in place of all that were set before.
    pub fn store(mut self, store: sqlite::Options) -> Self {
        self.store = store;
        self
    }

    /// With a search index that is built so.
    #[cfg(feature = "search")]
    pub fn search(mut self, settings: Settings) -> Self {
        self.search = Some(settings);
        self
    }

    /// Without a search index. One that is there stays, and goes on where it stopped when it is
    /// opened again.
    #[cfg_attr(
        not(feature = "search"),
        allow(unused_mut, reason = "there is nothing to leave out")
    )]
    pub fn without_search(mut self) -> Self {
        #[cfg(feature = "search")]
        {
            self.search = None;
        }
        self
    }

    /// Only where there is data already: a directory without any is refused and not filled.
    pub fn existing(mut self) -> Self {
        self.existing = true;
        self
    }
}

/// Why an engine could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no data, and [`Options::existing`] was asked for.
    #[error("there is no community data in `{}`", dir.display())]
    Missing {
        /// The directory.
        dir: PathBuf,
    },
    /// The store in it could not be opened.
    #[error("cannot open the community data in `{}`", dir.display())]
    Store {
        /// The directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Writes everything that is committed now into a new file, which only its owner can read. Others
/// read and write meanwhile. Blocks the calling thread until the file is on the disk.
///
/// ```
/// use community::NewMember;
///
/// # let dir = tempfile::tempdir()?;
/// # let data = dir.path();
/// # pollster::block_on(async {
/// let engine = community::open(data.join("live"))?;
/// let ana = NewMember::new("user:1".parse()?, "Ana".parse()?);
/// engine.as_system().sync_member(ana).await?;
/// community::backup(&engine, data.join("monday.db"))?;
///
/// community::restore(data.join("monday.db"), data.join("restored"))?;
/// let restored = community::open(data.join("restored"))?;
/// assert!(restored.member_by_key(&"user:1".parse()?).await.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Invalid`] for an engine that is not on SQLite; [`Error::Store`] when there is something
/// at `to` already, or it cannot be written.
pub fn backup(engine: &Engine, to: impl AsRef<Path>) -> Result<()> {
    let store: &SqliteStore = engine
        .store_as()
        .ok_or_else(|| Error::invalid("only a store on SQLite is backed up into a file"))?;
    Ok(store.backup(to)?)
}

/// Makes community data in `dir`, which has to be empty or absent, out of a backup; then [`open`]
/// it.
///
/// # Errors
/// [`StoreError::Failed`] when `dir` is not empty; [`StoreError::Damaged`] when the backup is not
/// sound; [`StoreError::TooNew`] when a later version wrote it.
pub fn restore(backup: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<(), StoreError> {
    SqliteStore::restore(backup, dir)
}
