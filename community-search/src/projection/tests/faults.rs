//! An index whose process is killed, or whose disk fails, after each single step.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use community_testkit::worlds::{Size, World, load};
use community_testkit::{FaultyStore, ModelStore};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

use super::*;
use crate::SearchError;

/// How many steps are still taken, and what comes then.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    left: Arc<AtomicU64>,
    then: Then,
    has_panicked: Arc<AtomicBool>,
}

/// What happens at each step behind the last one that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing changes on the disk any more, as if the process had been killed; what runs on sees
    /// errors.
    Fails,
    /// Whoever takes the first step panics, and the others see errors.
    Panics,
    /// The process ends on the spot.
    Aborts,
}

impl Steps {
    pub(crate) fn new(left: u64, then: Then) -> Self {
        Self { left: Arc::new(AtomicU64::new(left)), then, has_panicked: Arc::default() }
    }

    /// From now on so many are taken.
    pub(crate) fn set(&self, left: u64) {
        self.left.store(left, Ordering::SeqCst);
        self.has_panicked.store(false, Ordering::SeqCst);
    }

    /// How many are left.
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::SeqCst)
    }

    fn take(&self) -> io::Result<()> {
        let left =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match (left, self.then) {
            (Ok(_), _) => Ok(()),
            (Err(_), Then::Aborts) => std::process::abort(),
            // Panicking again while what panicked is cleaned up would end the process, and so does
            // the library when the thread panics on which it writes its list of segments.
            (Err(_), Then::Panics)
                if std::thread::current().name() != Some("segment_updater")
                    && !self.has_panicked.swap(true, Ordering::SeqCst) =>
            {
                panic!("the disk is gone")
            }
            (Err(_), _) => Err(io::Error::other("the disk is gone")),
        }
    }
}

#[derive(Debug)]
pub(crate) struct FailingDisk {
    pub(crate) inner: Arc<dyn Disk>,
    pub(crate) steps: Steps,
}

impl Disk for FailingDisk {
    fn current(&self) -> Option<u64> {
        self.inner.current()
    }

    fn generations(&self) -> io::Result<Vec<u64>> {
        self.inner.generations()
    }

    fn open(&self, generation: u64) -> Result<Box<dyn Directory>, SearchError> {
        self.steps.take()?;
        let inner = self.inner.open(generation)?;
        Ok(Box::new(FailingDirectory { inner, steps: self.steps.clone() }))
    }

    fn switch(&self, generation: u64) -> io::Result<()> {
        self.steps.take()?;
        self.inner.switch(generation)
    }

    fn remove(&self, generation: u64) -> io::Result<()> {
        self.steps.take()?;
        self.inner.remove(generation)
    }

    fn bytes(&self, generation: u64) -> io::Result<u64> {
        self.inner.bytes(generation)
    }
}

#[derive(Debug, Clone)]
struct FailingDirectory {
    inner: Box<dyn Directory>,
    steps: Steps,
}

impl Directory for FailingDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let error =
            |error| DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_owned() };
        self.steps.take().map_err(error)?;
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let error = |error| OpenWriteError::wrap_io_error(error, path.to_owned());
        self.steps.take().map_err(error)?;
        let inner = self.inner.open_write(path)?;
        let file = FailingFile { inner, steps: self.steps.clone() };
        Ok(WritePtr::new(Box::new(file)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.steps.take()?;
        self.inner.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.steps.take()?;
        self.inner.sync_directory()
    }

    /// A lock goes with its process, so it costs no step.
    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

struct FailingFile {
    inner: WritePtr,
    steps: Steps,
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.steps.take()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl TerminatingWrite for FailingFile {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.steps.take()?;
        self.inner.terminate_ref(token)
    }
}

/// A rebuild behind an index of another store, in portions, with a commit for each.
fn cycle(projection: &mut Projection, store: &dyn Store) -> Result<(), SearchError> {
    while block_on(projection.catch_up(store, 40))?.lag > 0 {}
    projection.flush()
}

#[test]
fn after_an_abort_at_any_step_the_index_is_the_one_built_in_one_go() {
    let (before, half, after) = (after_script(2), after_part_of_script(1, 0.5), after_script(1));
    let (old, whole) = (in_one_go(before.store()), in_one_go(after.store()));
    let mut taken = 0;
    loop {
        let inner: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut built = projection(&inner, usize::MAX);
        catch_up(&mut built, before.store(), usize::MAX);
        drop(built);

        let steps = Steps::new(taken, Then::Fails);
        let failing: Arc<dyn Disk> =
            Arc::new(FailingDisk { inner: Arc::clone(&inner), steps: steps.clone() });
        let mut projection = self::projection(&failing, 8);
        let first = cycle(&mut projection, half.store());
        let ended = first.and_then(|()| cycle(&mut projection, after.store()));
        drop(projection);

        let mut again = self::projection(&inner, 8);
        let served = dump(&again);
        let is_complete = served == old || served.seq >= block_on(half.store().head()).unwrap();
        assert!(is_complete, "a half-built index is served after {taken} steps");
        catch_up(&mut again, after.store(), 40);
        assert_eq!(dump(&again), whole, "after {taken} steps");
        assert_eq!(inner.generations().unwrap().len(), 1, "after {taken} steps");
        if ended.is_ok() {
            break;
        }
        taken += 1;
    }
    assert!(taken > 100, "{taken} steps");
}

#[test]
fn an_index_goes_on_after_each_failure_of_its_disk() {
    let engine = after_script(1);
    let whole = in_one_go(engine.store());
    for taken in (0..400).step_by(7) {
        let inner: Arc<dyn Disk> = Arc::new(Memory::default());
        let steps = Steps::new(taken, Then::Fails);
        let failing: Arc<dyn Disk> = Arc::new(FailingDisk { inner, steps: steps.clone() });
        let mut projection = projection(&failing, 8);
        let ended = cycle(&mut projection, engine.store());
        // The disk is back, and the same projection goes on.
        steps.set(u64::MAX);
        catch_up(&mut projection, engine.store(), 40);
        assert_eq!(dump(&projection), whole, "after {taken} steps, {ended:?}");
    }
}

#[test]
fn a_long_call_commits_on_its_way() {
    let model = ModelStore::new();
    let engine = Engine::with_env(Arc::new(model.clone()), env().0);
    block_on(load(&engine.as_system(), &World::generate(Size::Hamlet, 5))).unwrap();
    let events = log(&model).len() as u64;
    assert!(events > 600, "{events} events");
    let store = FaultyStore::new(model);
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    block_on(projection(&disk, usize::MAX).catch_up(&store, usize::MAX)).unwrap();
    // The last call asks for the head, the one before for the events behind the last page.
    let end_of_log = store.calls() - 1;
    for (documents, kept) in [(usize::MAX, 0), (1, 500)] {
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        store.fail_call(end_of_log);
        assert!(block_on(projection(&disk, documents).catch_up(&store, usize::MAX)).is_err());
        let progress = block_on(projection(&disk, documents).catch_up(&store, 1)).unwrap();
        assert!(progress.seq.0 > kept, "{progress:?}");
        assert_eq!(progress.seq == Seq(1), kept == 0);
    }
}

#[test]
fn an_index_goes_on_after_each_failure_of_its_store() {
    let script = Script::generate(1, MOST_STEPS);
    let backend = Backend::new("model", || {
        let store = ModelStore::new();
        Opener::new(move || {
            let store = store.clone();
            async move { Arc::new(store) as Arc<dyn Store> }
        })
    });
    let engine = engine_after(&script, backend).unwrap();
    let model: &ModelStore = engine.store_as().unwrap();
    let whole = in_one_go(model);
    let mut failures = 0;
    for call in 1_u64.. {
        let store = FaultyStore::new(model.clone());
        store.fail_call(call);
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut projection = projection(&disk, 8);
        let ended = cycle(&mut projection, &store);
        if ended.is_ok() && store.calls() < call {
            break;
        }
        assert!(matches!(ended, Err(SearchError::Store(_))), "call {call}: {ended:?}");
        failures += 1;
        catch_up(&mut projection, &store, 40);
        assert_eq!(dump(&projection), whole, "after the failure of call {call}");
    }
    assert!(failures > 20, "{failures} failures");
}
