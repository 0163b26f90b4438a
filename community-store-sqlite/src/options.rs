//! Options: how a store uses memory, threads and the disk.

/// How a [`SqliteStore`](crate::SqliteStore) works. The default suits a server with one store.
///
/// ```
/// use community_store_sqlite::{Options, ReadOn};
/// let options = Options { read_on: ReadOn::Threads, readers: 2, ..Options::default() };
/// assert_eq!(options.group, 256);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// On which thread a read runs.
    pub read_on: ReadOn,
    /// Connections for reading, 1 or more: how many reads run at the same time. Opened when they
    /// are first needed. The default is the number of processors, 8 at most.
    pub readers: usize,
    /// When a commit is acknowledged.
    pub synchronous: Synchronous,
    /// Page cache of each connection in KiB.
    pub cache_kib: u32,
    /// How much of the file is read through a memory map, in MiB; 0 is none of it. Shared by all
    /// connections. A read that the disk fails then ends the process with a signal instead of an
    /// error, as with every memory map.
    pub mmap_mib: u32,
    /// Prepared statements that each connection keeps. Fewer than there are statements costs time.
    pub statement_cache: usize,
    /// The most change sets that one transaction takes together, 1 or more. More only wait when
    /// more than this many are committed at the same time.
    pub group: usize,
    /// How many places in feeds may have changed before some of them are written. Until then a reply
    /// or a vote, which changes eight to forty of them, is one short row, and its places are kept in
    /// memory, some two hundred bytes each. The more there are, the more of them share a page when
    /// they are written.
    pub moves: usize,
}

impl Default for Options {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            read_on: ReadOn::Caller,
            readers: processors.min(8),
            synchronous: Synchronous::Full,
            cache_kib: 16 * 1024,
            mmap_mib: 256,
            statement_cache: 128,
            group: 256,
            moves: 32_768,
        }
    }
}

/// On which thread a read runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadOn {
    /// On the caller's own, inside the first poll of the future. A read of a page takes some tens
    /// of microseconds, about as long as handing it to another thread and back; it blocks the
    /// thread when the file is not in memory.
    #[default]
    Caller,
    /// On threads of the store, one per connection. For callers whose thread may never wait for
    /// the disk.
    Threads,
}

/// When a commit is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When it is on the disk: it survives a power failure.
    #[default]
    Full,
    /// When the operating system has it: it survives the end of the process. A power failure may
    /// take the last commits with it, and leaves the store sound.
    Normal,
}
