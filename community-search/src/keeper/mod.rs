//! An index that keeps itself up to date.
//!
//! A [`Keeper`] is a [`Projection`](crate::Projection) with a thread of its own: it follows the log
//! of a store, commits, sleeps until there is something new, and serves what is committed to whoever
//! asks. It is what an engine is given for its searches.
//!
//! Nothing that goes wrong with an index concerns anybody but those who search. The thread survives
//! every error of the disk, of the store and of the index library, panics of the library included:
//! it drops what is half done, says what failed in its [status](Keeper), waits, a little longer each
//! time, and goes on from the last commit. While there is nothing to search, nothing is found.
//!
//! The thread polls the store's futures itself, without a runtime. A store whose futures need the
//! runtime of the host cannot be kept so; for that there is [`Projection`](crate::Projection).

mod desk;
mod failure;
mod waiting;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use async_trait::async_trait;
use community_core::search::{
    Find, Found, IndexError, IndexState, IndexStatus, SearchIndex, Wanted,
};
use community_core::{Env, Seq, Store};

use crate::contents::{Contents, Pages, Plan};
use crate::find::nothing;
use crate::projection::{Disk, Folder, Memory, Snapshot};
use crate::{SearchError, Settings};
use desk::{Desk, Report};
use failure::Panicked;
use worker::Worker;

/// Keeps an index up to date with a store, on a thread of its own, and searches it.
///
/// The index is opened on that thread too, so that an index which is large, damaged, missing or in
/// use elsewhere never delays or fails whoever opens a store. Until it is open nothing is found;
/// [`wait_for`](SearchIndex::wait_for) waits until what is there is.
///
/// Dropping it ends the thread, which takes as long as the piece of work under way, and gives up the
/// store. What was not committed is read again by the next one.
///
/// ```
/// use std::sync::Arc;
///
/// use community_core::search::SearchIndex;
/// use community_core::{Engine, NewCommunity, Policy};
/// use community_search::{Keeper, Settings};
/// use community_store_memory::MemoryStore;
///
/// # pollster::block_on(async {
/// let store = Arc::new(MemoryStore::new());
/// let engine = Engine::new(store.clone());
/// let garden = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
/// engine.as_system().create_community(garden).await?;
///
/// let index = Keeper::in_memory(Settings::default(), engine.env().clone(), store)?;
/// let head = engine.store().head().await?;
/// index.wait_for(head).await?;
/// assert_eq!(index.status().seq, Some(head));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Keeper {
    desk: Arc<Desk>,
    thread: Thread,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Keeps the index in a directory, which is made when there is none.
    ///
    /// A directory that cannot be made, or is in use elsewhere, is no error: the keeper says so in
    /// its status and tries again.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the system gives no thread.
    pub fn open(
        path: impl AsRef<Path>,
        settings: Settings,
        env: Env,
        store: Arc<dyn Store>,
    ) -> Result<Self, SearchError> {
        Self::start(Place::Folder(path.as_ref().to_owned()), settings, env, store)
    }

    /// Keeps an index in memory, which begins empty.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the system gives no thread.
    pub fn in_memory(
        settings: Settings,
        env: Env,
        store: Arc<dyn Store>,
    ) -> Result<Self, SearchError> {
        Self::start(Place::Disk(Arc::new(Memory::default())), settings, env, store)
    }

    /// Keeps an index of topics that have an answer, and of pages beside them: in a directory, or in
    /// memory where there is none. A topic is one document, with its answers; replies are not hits.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the system gives no thread.
    pub fn of_pages(
        pages: Arc<dyn Pages>,
        path: Option<&Path>,
        settings: Settings,
        env: Env,
        store: Arc<dyn Store>,
    ) -> Result<Self, SearchError> {
        let place = match path {
            Some(path) => Place::Folder(path.to_owned()),
            None => Place::Disk(Arc::new(Memory::default())),
        };
        Self::start(place, Plan { contents: Contents::Answers(pages), settings }, env, store)
    }

    fn start(
        place: Place,
        plan: impl Into<Plan>,
        env: Env,
        store: Arc<dyn Store>,
    ) -> Result<Self, SearchError> {
        let desk = Arc::new(Desk::default());
        let worker = Worker::new(Arc::clone(&desk), place, plan.into(), env, store);
        let named = thread::Builder::new().name("community-search".to_owned());
        let running = named.spawn(move || worker.run())?;
        let thread = running.thread().clone();
        Ok(Self { desk, thread, running: Mutex::new(Some(running)) })
    }

    /// Ends the thread and waits until it has ended. What was committed can still be searched. The
    /// step that is under way is finished first: with an index that was just built, that is bringing
    /// it into one segment, which reads and writes all of it once.
    ///
    /// Dropping does the same.
    pub fn stop(&self) {
        self.desk.ask(|asked| asked.stop = true);
        self.thread.unpark();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            // It catches its panics; that it has ended is all that matters here.
            let _ended = running.join();
        }
    }

    /// What can be searched now; `None` when there is nothing yet.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.desk.index.snapshot()
    }

    /// Does something with a snapshot. A failure and a panic, which damaged files bring about, make
    /// the thread look at the files.
    fn with<T>(
        &self,
        snapshot: &Arc<Snapshot>,
        what: impl FnOnce(&Snapshot) -> Result<T, SearchError>,
    ) -> Result<T, IndexError> {
        let done = catch_unwind(AssertUnwindSafe(|| what(snapshot)));
        let done = done.unwrap_or_else(|payload| Err(Panicked::by(&*payload).into()));
        done.map_err(|error| {
            self.ask(|asked| asked.check = true);
            IndexError::failed(error)
        })
    }

    fn ask(&self, change: impl FnOnce(&mut desk::Asked)) {
        self.desk.ask(change);
        self.thread.unpark();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

#[async_trait]
impl SearchIndex for Keeper {
    async fn find(&self, request: &Find<'_>) -> Result<Found, IndexError> {
        let Some(snapshot) = self.snapshot() else { return Ok(nothing(request.count)) };
        self.with(&snapshot, |snapshot| snapshot.find(request))
    }

    fn marks(&self, wanted: &Wanted, texts: &[&str]) -> Vec<Vec<Range<usize>>> {
        let marks = self
            .snapshot()
            .and_then(|found| self.with(&found, |found| Ok(found.marks(wanted, texts))).ok());
        marks.unwrap_or_else(|| vec![Vec::new(); texts.len()])
    }

    fn wake(&self) {
        self.ask(|asked| asked.wake = true);
    }

    async fn wait_for(&self, seq: Seq) -> Result<(), IndexError> {
        let mut awaits = None;
        loop {
            let told = self.desk.listen();
            let Report { searched, ended, .. } = self.desk.report();
            if searched.is_some_and(|searched| searched >= seq) {
                return Ok(());
            }
            if ended {
                return Err(IndexError::Stopped);
            }
            if awaits.is_none() {
                awaits = Some(self.desk.awaits(seq));
                self.wake();
            }
            told.await;
        }
    }

    async fn rebuild(&self) -> Result<(), IndexError> {
        let mut ticket = 0;
        self.ask(|asked| {
            asked.rebuilds += 1;
            ticket = asked.rebuilds;
        });
        loop {
            let told = self.desk.listen();
            let Report { rebuilt, ended, .. } = self.desk.report();
            if rebuilt >= ticket {
                return Ok(());
            }
            if ended {
                return Err(IndexError::Stopped);
            }
            told.await;
        }
    }

    fn status(&self) -> IndexStatus {
        let Report { searched, head, rebuilding, rebuilt: _, bytes, failure, ended: _ } =
            self.desk.report();
        let snapshot = self.snapshot();
        let state = match (&snapshot, &failure) {
            (None, _) => IndexState::Missing,
            (Some(_), Some(_)) => IndexState::Failing,
            (Some(_), None) if rebuilding => IndexState::Rebuilding,
            (Some(_), None) => IndexState::Ready,
        };
        let lag = head.0.saturating_sub(searched.unwrap_or_default().0);
        let documents = snapshot.map_or(0, |snapshot| snapshot.documents());
        IndexStatus { state, seq: searched, lag, documents, bytes, failure }
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// Where an index is kept.
#[derive(Debug)]
enum Place {
    /// In a directory, which is claimed each time it is opened.
    Folder(PathBuf),
    /// On a disk that is open.
    Disk(Arc<dyn Disk>),
}

impl Place {
    fn open(&self) -> Result<Arc<dyn Disk>, SearchError> {
        match self {
            Self::Folder(path) => Ok(Arc::new(Folder::open(path)?)),
            Self::Disk(disk) => Ok(Arc::clone(disk)),
        }
    }
}
