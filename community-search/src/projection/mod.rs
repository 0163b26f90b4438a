//! The index as a projection of the log.
//!
//! A [`Projection`] reads which topics and posts the events behind its mark touch, reads these from
//! the store as they are now, and writes their documents anew. Because it reads what is there and
//! not what happened, reading an event twice does no harm, and because the mark is part of the same
//! commit as the documents, no event is left out: the index is the same whenever the process was
//! killed.
//!
//! What can go wrong with the files of an index never has to be repaired, since everything in it is
//! a copy. A generation that is damaged, that was written by another version or under other
//! settings, that belongs to another store or to another history of the same store (a backup was
//! put back) is replaced: a new one is built beside it and takes its place when it is complete.
//! Until then the old one is served, if it can be read.
//!
//! The projection starts no thread and waits for nothing: [`Projection::catch_up`] does a bounded
//! piece of work for whoever polls it. Reading the store is asynchronous and needs an executor,
//! which is the host's; writing is not, so a poll of `catch_up` may take as long as a commit does,
//! and belongs where blocking is allowed. The index library brings threads of its own for writing
//! segments and for merging them. An [`IndexHandle`] can be cloned and searched from everywhere
//! meanwhile.
//!
//! Not here: who may see what. Documents of removed and withdrawn posts stay, with their states,
//! because moderators find them.

mod answers;
mod disk;
mod generation;
mod mark;
mod reading;
mod served;
mod snapshot;
mod touched;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use community_core::store::StoreInfo;
use community_core::{Directory, DocumentId, Env, Event, EventKind, Seq, Store};
use event_listener::Event as Wakeup;

use crate::contents::{Contents, Pages, Plan};
use crate::{SearchError, Settings};
use generation::Generation;
use mark::Mark;
use reading::Reading;
use touched::Touched;

pub(crate) use disk::{Disk, Folder, Memory};
pub use snapshot::Snapshot;

/// Keeps an index up to date with a store.
///
/// Whoever polls [`catch_up`](Self::catch_up) does the work: a task or a thread of the host. The
/// index is complete in itself and never has to be repaired: what is damaged, or belongs to another
/// store, is built anew beside the old index, which is searched until the new one is complete.
///
/// ```
/// use community_core::{NewChannel, NewCommunity, NewTopic, Policy};
/// use community_search::{Projection, Settings};
///
/// # pollster::block_on(async {
/// let engine = community_core::Engine::new(std::sync::Arc::new(
///     community_store_memory::MemoryStore::new(),
/// ));
/// let garden = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
/// engine.as_system().create_community(garden).await?;
///
/// let mut projection = Projection::in_memory(Settings::default(), engine.env().clone());
/// let index = projection.index();
/// while projection.catch_up(engine.store(), 1_000).await?.lag > 0 {}
/// projection.flush()?;
/// assert_eq!(index.snapshot().unwrap().seq(), engine.store().head().await?);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Projection {
    disk: Arc<dyn Disk>,
    plan: Plan,
    env: Env,
    index: IndexHandle,
    /// The current generation.
    live: Option<Generation>,
    /// The one that is being built to take its place.
    next: Option<Generation>,
    directory: Option<Arc<Directory>>,
    /// Whether what is shown was found to be of the store that is followed.
    is_ours: bool,
}

/// How far a projection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Up to which event the index has been written; what waits for a commit counts.
    pub seq: Seq,
    /// Events in the log behind that.
    pub lag: u64,
    /// Whether this is an index that is built anew, and not searched until it is complete.
    pub rebuilding: bool,
}

/// What can be searched: a handle on the index that a [`Projection`] keeps. Clones share it.
///
/// It is a [`SearchIndex`](community_core::search::SearchIndex): an engine can be given it.
#[derive(Debug, Clone, Default)]
pub struct IndexHandle {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    shown: RwLock<Option<Arc<Snapshot>>>,
    committed: Wakeup,
}

/// Events in one read of the log.
const EVENTS: usize = 500;

/// Who is behind commits less often: what is committed is out of date already.
const PATIENCE: u32 = 10;

impl Projection {
    /// Opens the index in a directory, which is made when there is none. What is there is checked
    /// against its checksums, so all of it is read.
    ///
    /// Damage is no error: the index is then built anew.
    ///
    /// # Errors
    /// [`SearchError::InUse`] when the index is open elsewhere; [`SearchError::Index`] when the
    /// directory cannot be made or read.
    pub fn open(path: &Path, settings: Settings, env: Env) -> Result<Self, SearchError> {
        Ok(Self::on(Arc::new(Folder::open(path)?), settings, env))
    }

    /// An empty index in memory.
    #[must_use]
    pub fn in_memory(settings: Settings, env: Env) -> Self {
        Self::on(Arc::new(Memory::default()), settings, env)
    }

    /// An index of topics that have an answer, and of pages beside them: in a directory, or in memory
    /// where there is none. A topic is one document, with its answers; replies are not hits.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_pages(
        pages: Arc<dyn Pages>,
        path: Option<&Path>,
        settings: Settings,
        env: Env,
    ) -> Result<Self, SearchError> {
        let disk: Arc<dyn Disk> = match path {
            Some(path) => Arc::new(Folder::open(path)?),
            None => Arc::new(Memory::default()),
        };
        let plan = Plan { contents: Contents::Answers(pages), settings };
        Ok(Self::behind(IndexHandle::default(), disk, plan, env))
    }

    fn on(disk: Arc<dyn Disk>, settings: Settings, env: Env) -> Self {
        Self::behind(IndexHandle::default(), disk, settings.into(), env)
    }

    /// Opens what is on a disk behind a handle, which shows what it showed until there is something
    /// else.
    pub(crate) fn behind(index: IndexHandle, disk: Arc<dyn Disk>, plan: Plan, env: Env) -> Self {
        let (live, next, directory, is_ours) = (None, None, None, false);
        let mut projection = Self { disk, plan, env, index, live, next, directory, is_ours };
        projection.open_live();
        // One that took its place was not able to delete it.
        let current = projection.disk.current();
        projection.remove(|generation| current.is_some_and(|current| generation < current));
        projection
    }

    /// What can be searched.
    #[must_use]
    pub fn index(&self) -> IndexHandle {
        self.index.clone()
    }

    /// Reads at most `events` events of the log and brings what they touch up to date. Commits by
    /// the [`CommitPolicy`](crate::CommitPolicy), and when a new generation is complete.
    ///
    /// A poll may block as long as a commit takes, some milliseconds up to seconds; at the end of a
    /// new generation as long as it takes to read and write the whole index, and after an error and
    /// after damage as long as it takes to read it. The future may be
    /// dropped: what was not committed is read again.
    ///
    /// # Errors
    /// [`SearchError`] when the store, the disk or the library fails. The next call goes on from
    /// the last commit.
    pub async fn catch_up(
        &mut self,
        store: &dyn Store,
        events: usize,
    ) -> Result<Progress, SearchError> {
        // Taken out while it is worked on: whatever ends this early also drops the writer, and with
        // it what was half done.
        let target = self.target(store).await?;
        match target {
            Target::Live(generation) => {
                self.is_ours = true;
                let (generation, progress) = self.advance(store, generation, events).await?;
                let shown = self.index.snapshot().map(|snapshot| snapshot.seq());
                let is_new = shown != Some(generation.committed());
                self.live = Some(generation);
                if is_new {
                    self.show();
                }
                Ok(progress)
            }
            Target::Next(generation) => {
                self.is_ours = self.shows_store(store).await?;
                let (generation, progress) = self.advance(store, generation, events).await?;
                self.next = Some(generation);
                if progress.lag == 0 {
                    self.switch()?;
                }
                Ok(Progress { rebuilding: progress.lag > 0, ..progress })
            }
        }
    }

    /// Commits what waits, whatever the policy says.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the disk or the library fails. What was not committed is read
    /// again.
    pub fn flush(&mut self) -> Result<(), SearchError> {
        let is_waiting = |generation: &&mut Generation| generation.waiting_since().is_some();
        if let Some(generation) = self.live.as_mut().filter(is_waiting) {
            let committed = generation.commit();
            self.after_commit_of_live(committed)?;
        }
        if let Some(generation) = self.next.as_mut().filter(is_waiting) {
            let committed = generation.commit();
            self.next = self.next.take().filter(|_| committed.is_ok());
            committed?;
        }
        Ok(())
    }

    /// Begins a new generation, although nothing is wrong with the one there is. It is built with
    /// the next calls of [`catch_up`](Self::catch_up).
    ///
    /// # Errors
    /// [`SearchError`] when the store, the disk or the library fails.
    pub async fn rebuild(&mut self, store: &dyn Store) -> Result<(), SearchError> {
        self.next = None;
        let info = store.info().await?;
        self.next = Some(self.begin(store, &info).await?);
        Ok(())
    }

    /// Up to which event of the store everything can be searched; `None` while there is nothing to
    /// search, or what there is belongs to another store.
    pub(crate) fn searched(&self) -> Option<Seq> {
        self.index.snapshot().filter(|_| self.is_ours).map(|snapshot| snapshot.seq())
    }

    /// Whether something was read that is not committed.
    pub(crate) fn is_waiting(&self) -> bool {
        let generations = [&self.live, &self.next].into_iter().flatten();
        generations.into_iter().any(|generation| generation.waiting_since().is_some())
    }

    /// How many bytes the index takes, a generation that is being built included.
    ///
    /// # Errors
    /// [`SearchError::Index`] when the directory cannot be read.
    pub fn bytes(&self) -> Result<u64, SearchError> {
        let mut bytes = 0;
        for generation in self.disk.generations()? {
            bytes += self.disk.bytes(generation)?;
        }
        Ok(bytes)
    }
}

/// The generation that events go to.
enum Target {
    Live(Generation),
    Next(Generation),
}

impl Projection {
    /// Takes out the generation to go on with; begins one when there is none that fits the store.
    async fn target(&mut self, store: &dyn Store) -> Result<Target, SearchError> {
        let info = store.info().await?;
        // While another takes its place, one that cannot be opened is not tried again.
        if self.live.is_none() && self.next.is_none() {
            self.open_live();
        }
        if let Some(number) = self.beside()? {
            let open = || Some(Generation::open(&*self.disk, number, &self.plan)?.unseen());
            match self.next.take().or_else(open) {
                Some(next) if continues(&next, store, &info).await? => {
                    return Ok(Target::Next(next));
                }
                _ => self.remove(|generation| generation == number),
            }
        }
        if let Some(live) = self.live.take() {
            if continues(&live, store, &info).await? {
                return Ok(Target::Live(live));
            }
            self.live = Some(live);
        }
        Ok(Target::Next(self.begin(store, &info).await?))
    }

    /// Whether the current generation, which is served meanwhile, is of this store.
    async fn shows_store(&self, store: &dyn Store) -> Result<bool, SearchError> {
        let Some(live) = &self.live else { return Ok(false) };
        continues(live, store, &store.info().await?).await
    }

    /// Opens the current generation, and shows it.
    fn open_live(&mut self) {
        let current = self.disk.current();
        self.live = current.and_then(|number| Generation::open(&*self.disk, number, &self.plan));
        self.show();
    }

    /// The number of the generation that is being built, if one is.
    fn beside(&self) -> Result<Option<u64>, SearchError> {
        let current = self.disk.current();
        let latest = self.disk.generations()?.into_iter().next_back();
        Ok(latest.filter(|latest| current.is_none_or(|current| *latest > current)))
    }

    /// Begins a generation, in place of all that are neither complete nor current.
    async fn begin(
        &mut self,
        store: &dyn Store,
        info: &StoreInfo,
    ) -> Result<Generation, SearchError> {
        let head = store.head().await?;
        let there = self.disk.generations()?;
        let current = self.disk.current();
        self.remove(|generation| Some(generation) != current);
        let number = there.last().copied().max(self.disk.current()).map_or(1, |last| last + 1);
        let mark = Mark::new(&self.plan, info, head);
        Generation::create(&*self.disk, number, &self.plan, mark)
    }

    /// Reads on from a generation's mark.
    async fn advance(
        &mut self,
        store: &dyn Store,
        mut generation: Generation,
        events: usize,
    ) -> Result<(Generation, Progress), SearchError> {
        let mut left = events.max(1);
        while left > 0 {
            let page = store.events_after(generation.mark.seq(), left.min(EVENTS)).await?;
            let Some(last) = page.last().cloned() else { break };
            left = left.saturating_sub(page.len());
            let directory = self.directory(store).await?;
            let plan = &self.plan;
            let mut touched = Touched::by(&page, generation.mark.begun_at);
            if let Some(pages) = plan.contents.pages() {
                touched.pages = touched_pages(pages, store, &page, &mut generation).await?;
            }
            let generation = &mut generation;
            let mut reading = Reading { store, directory, plan, generation };
            reading.refresh(touched).await?;
            generation.reached(last, self.env.now());
            self.commit_when_due(generation, PATIENCE)?;
        }
        let (seq, head) = (generation.mark.seq(), store.head().await?);
        let lag = head.0.saturating_sub(seq.0);
        self.commit_when_due(&mut generation, if lag == 0 { 1 } else { PATIENCE })?;
        Ok((generation, Progress { seq, lag, rebuilding: false }))
    }

    /// Commits when enough waits, or so many times the policy's age has passed.
    fn commit_when_due(
        &self,
        generation: &mut Generation,
        patience: u32,
    ) -> Result<(), SearchError> {
        let (policy, now) = (self.plan.settings.commit, self.env.now());
        let Some(since) = generation.waiting_since() else { return Ok(()) };
        let age = (now - since).to_std().unwrap_or_default();
        if age >= policy.age.saturating_mul(patience) || generation.waiting() >= policy.documents {
            generation.commit()?;
        }
        Ok(())
    }

    /// Makes the generation that is complete the current one.
    fn switch(&mut self) -> Result<(), SearchError> {
        let Some(mut next) = self.next.take() else { return Ok(()) };
        next.commit()?;
        // Everything is there and can be found. Lying in one segment is only faster.
        let _merged = next.settle();
        self.disk.switch(next.number)?;
        let number = next.number;
        self.live = Some(next);
        self.is_ours = true;
        self.show();
        self.remove(|generation| generation != number);
        Ok(())
    }

    /// Shows what the live generation has committed, or goes back to its last commit.
    fn after_commit_of_live(
        &mut self,
        committed: Result<(), SearchError>,
    ) -> Result<(), SearchError> {
        if committed.is_err() {
            self.live = None;
        } else {
            self.show();
        }
        committed
    }

    fn show(&self) {
        // What is shown stays until there is something else: a generation that fails is not gone.
        if let Some(generation) = &self.live {
            let snapshot = generation.snapshot();
            // Opened here, so that no search has to wait for it. Why it cannot be, whoever searches
            // is told.
            let _told_later = snapshot.columns();
            self.index.show(Arc::new(snapshot));
        }
    }

    /// Deletes generations. What cannot be deleted now, such as files that are being searched on
    /// some systems, is deleted another time.
    fn remove(&self, which: impl Fn(u64) -> bool) {
        let there = self.disk.generations().unwrap_or_default();
        for generation in there.into_iter().filter(|generation| which(*generation)) {
            let _retried_later = self.disk.remove(generation);
        }
    }

    /// The directory as it is now.
    async fn directory(&mut self, store: &dyn Store) -> Result<Arc<Directory>, SearchError> {
        let rev = store.access_rev(None).await?.directory;
        let known = self.directory.take().filter(|directory| directory.rev == rev);
        let directory = match known {
            Some(directory) => directory,
            None => Arc::new(store.directory().await?),
        };
        self.directory = Some(Arc::clone(&directory));
        Ok(directory)
    }
}

/// The documents of pages that events put out of date.
///
/// Whatever happened before the generation was begun shows in what is read of a document the first
/// time.
async fn touched_pages(
    pages: &dyn Pages,
    store: &dyn Store,
    events: &[Event],
    generation: &mut Generation,
) -> Result<BTreeSet<DocumentId>, SearchError> {
    let begun_at = generation.mark.begun_at;
    let (before, behind) = events.split_at(events.partition_point(|event| event.seq <= begun_at));
    let is_change = |event: &&Event| matches!(event.event.kind, EventKind::DocumentChanged { .. });
    let changes: Vec<Event> = before.iter().filter(is_change).cloned().collect();
    let mut touched = BTreeSet::new();
    if !changes.is_empty() {
        touched = pages.touched(store, &changes).await.map_err(SearchError::of_pages)?;
        touched.retain(|document| generation.pages_read.insert(*document));
    }
    if !behind.is_empty() {
        generation.pages_read.clear();
        touched.extend(pages.touched(store, behind).await.map_err(SearchError::of_pages)?);
    }
    Ok(touched)
}

/// Whether the log of this store goes on where a generation ends.
async fn continues(
    generation: &Generation,
    store: &dyn Store,
    info: &StoreInfo,
) -> Result<bool, SearchError> {
    let Mark { begun_at, ref last, .. } = generation.mark;
    if !generation.mark.is_of(info) || store.head().await? < begun_at {
        return Ok(false);
    }
    let Some(last) = last else { return Ok(true) };
    let there = store.events_after(Seq(last.seq.0.saturating_sub(1)), 1).await?;
    Ok(there.first() == Some(last))
}

impl IndexHandle {
    /// What can be searched now; `None` while the first generation is being built.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.shared.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything up to a position of the log can be searched.
    ///
    /// It does not end when nobody keeps the index up to date.
    pub async fn wait_for(&self, seq: Seq) -> Arc<Snapshot> {
        loop {
            let listener = self.shared.committed.listen();
            if let Some(snapshot) = self.snapshot().filter(|snapshot| snapshot.seq() >= seq) {
                return snapshot;
            }
            listener.await;
        }
    }

    fn show(&self, snapshot: Arc<Snapshot>) {
        *self.shared.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
        self.shared.committed.notify(usize::MAX);
    }
}
