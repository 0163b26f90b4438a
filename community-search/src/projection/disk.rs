//! Where generations of an index lie.
//!
//! On disk an index is a directory of directories: `gen-7` holds one generation, whole, as the
//! library writes it; `current` names the one that is served; `lock` is held by whoever has the
//! index open. `current` is replaced by a rename, so at every moment one generation is current or
//! none is.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tantivy::directory::{Directory, MmapDirectory, RamDirectory};

use crate::SearchError;

/// Contract between [`Projection`](super::Projection) and the place where it keeps generations.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// Which generation is current; `None` when none is, or when it cannot be told.
    fn current(&self) -> Option<u64>;

    /// All generations, rising, whole or not.
    fn generations(&self) -> io::Result<Vec<u64>>;

    /// The directory of a generation, which is made when there is none.
    fn open(&self, generation: u64) -> Result<Box<dyn Directory>, SearchError>;

    /// Makes a generation current, lastingly and at once.
    fn switch(&self, generation: u64) -> io::Result<()>;

    /// Deletes a generation.
    fn remove(&self, generation: u64) -> io::Result<()>;

    /// How many bytes a generation takes.
    fn bytes(&self, generation: u64) -> io::Result<u64>;
}

/// Generations in a directory of the file system.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Lets go of the lock when it is dropped.
    _lock: File,
}

const CURRENT: &str = "current";
const PREFIX: &str = "gen-";

impl Folder {
    /// Opens a directory, which is made when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, SearchError> {
        fs::create_dir_all(path)?;
        let lock = File::create(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(SearchError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    fn generation(&self, generation: u64) -> PathBuf {
        self.path.join(format!("{PREFIX}{generation}"))
    }

    /// Makes what was created or renamed in the directory last.
    fn sync(&self) -> io::Result<()> {
        // Other systems do so by themselves, and open no directories.
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }
}

impl Disk for Folder {
    fn current(&self) -> Option<u64> {
        fs::read_to_string(self.path.join(CURRENT)).ok()?.trim().parse().ok()
    }

    fn generations(&self) -> io::Result<Vec<u64>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            found.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    fn open(&self, generation: u64) -> Result<Box<dyn Directory>, SearchError> {
        let path = self.generation(generation);
        fs::create_dir_all(&path)?;
        self.sync()?;
        let directory = MmapDirectory::open(&path);
        directory.map(Into::into).map_err(|error| SearchError::Index(Box::new(error)))
    }

    fn switch(&self, generation: u64) -> io::Result<()> {
        let beside = self.path.join("current.new");
        let mut file = File::create(&beside)?;
        writeln!(file, "{generation}")?;
        file.sync_all()?;
        fs::rename(&beside, self.path.join(CURRENT))?;
        self.sync()
    }

    fn remove(&self, generation: u64) -> io::Result<()> {
        match fs::remove_dir_all(self.generation(generation)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn bytes(&self, generation: u64) -> io::Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(self.generation(generation))? {
            // The library may delete a file meanwhile.
            bytes += entry?.metadata().map_or(0, |metadata| metadata.len());
        }
        Ok(bytes)
    }
}

/// Generations in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    current: Option<u64>,
    all: BTreeMap<u64, RamDirectory>,
}

impl Memory {
    fn with<T>(&self, f: impl FnOnce(&mut Generations) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Disk for Memory {
    fn current(&self) -> Option<u64> {
        self.with(|generations| generations.current)
    }

    fn generations(&self) -> io::Result<Vec<u64>> {
        Ok(self.with(|generations| generations.all.keys().copied().collect()))
    }

    fn open(&self, generation: u64) -> Result<Box<dyn Directory>, SearchError> {
        Ok(self.with(|generations| generations.all.entry(generation).or_default().clone()).into())
    }

    fn switch(&self, generation: u64) -> io::Result<()> {
        self.with(|generations| generations.current = Some(generation));
        Ok(())
    }

    fn remove(&self, generation: u64) -> io::Result<()> {
        self.with(|generations| generations.all.remove(&generation));
        Ok(())
    }

    fn bytes(&self, generation: u64) -> io::Result<u64> {
        let directory = self.with(|generations| generations.all.get(&generation).cloned());
        let bytes = directory.map_or(0, |directory| directory.total_mem_usage());
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}
