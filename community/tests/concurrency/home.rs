//! A community to be crowded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use community::store::Store;
use community::{
    Audience, Engine, Env, Event, Limits, MemberId, NewChannel, NewCommunity, NewMember, NewTopic,
    Policy, PostId, Seq, Session, Settings, Slug, TopicId,
};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use pollster::block_on;
use tempfile::TempDir;

/// A public community `home` with a channel `hall`, on a store. Its limits are the hard caps.
pub(crate) struct Home {
    pub(crate) engine: Engine,
    pub(crate) key: Slug,
    store: Arc<dyn Store>,
    /// Counts, so that what happens on several threads can be ordered.
    clock: AtomicU64,
    _dir: Option<TempDir>,
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

impl Home {
    pub(crate) fn in_memory() -> Self {
        Self::on(Arc::new(MemoryStore::new()), None)
    }

    /// On a file. Whether a commit survives a power failure is not the question here, so that the
    /// disk is not waited for.
    pub(crate) fn on_sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
        let store = SqliteStore::open(dir.path(), options).unwrap();
        Self::on(Arc::new(store), Some(dir))
    }

    fn on(store: Arc<dyn Store>, dir: Option<TempDir>) -> Self {
        let limits = Limits::caps();
        let engine = Engine::with_env(Arc::clone(&store), Env::default().with_limits(limits));
        let home = Self { engine, key: slug("home"), store, clock: AtomicU64::new(0), _dir: dir };
        block_on(async {
            let host = home.host();
            let new = NewCommunity {
                settings: Settings { max_accepted: Some(3), ..Settings::default() },
                ..NewCommunity::new(home.key.clone(), "Home".parse().unwrap(), Policy::public())
            };
            host.create_community(new).await.unwrap();
        });
        home.channel("hall", Policy::inherit());
        home
    }

    /// An engine of its own on the same store.
    pub(crate) fn with_limits(&self, limits: Limits) -> Engine {
        Engine::with_env(Arc::clone(&self.store), Env::default().with_limits(limits))
    }

    pub(crate) fn host(&self) -> Session {
        self.engine.as_system()
    }

    pub(crate) fn channel(&self, key: &str, policy: Policy) {
        let new = NewChannel::new(slug(key), key.parse().unwrap()).policy(policy);
        block_on(self.host().create_channel(&self.key, new)).unwrap();
    }

    /// Somebody whom the host knows.
    pub(crate) fn stranger(&self, number: usize) -> MemberId {
        let new = NewMember::new(
            format!("user:{number}").parse().unwrap(),
            format!("User {number}").parse().unwrap(),
        );
        block_on(self.host().sync_member(new)).unwrap()
    }

    /// So many who have joined.
    pub(crate) fn members(&self, count: usize) -> Vec<MemberId> {
        let join = |number| {
            let id = self.stranger(number);
            block_on(self.engine.member(id).join(&self.key)).unwrap();
            id
        };
        (0..count).map(join).collect()
    }

    /// Somebody who manages.
    pub(crate) fn manager(&self) -> Session {
        let id = self.stranger(1_000_000);
        let member = self.engine.member(id);
        block_on(async {
            member.join(&self.key).await.unwrap();
            self.host().grant_role(&self.key, id, &slug("manager"), None).await.unwrap();
        });
        member
    }

    pub(crate) fn topic(&self, by: MemberId, channel: &str, title: &str) -> TopicId {
        let kind = slug("question");
        let new = NewTopic::new(self.key.clone(), slug(channel), kind, title, "A text.");
        block_on(self.engine.member(by).start_topic(new)).unwrap()
    }

    pub(crate) fn opening(&self, topic: TopicId) -> PostId {
        block_on(self.host().topic(topic)).unwrap().topic.opening
    }

    /// A moment that is later than every one that was told before.
    pub(crate) fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Everything that has happened, in order.
    pub(crate) fn log(&self) -> Vec<Event> {
        let mut log: Vec<Event> = Vec::new();
        loop {
            let after = log.last().map_or(Seq(0), |event| event.seq);
            let page = block_on(self.host().events(after, Some(1_000))).unwrap();
            if page.is_empty() {
                return log;
            }
            log.extend(page);
        }
    }

    /// Recomputes what is counted and sorted, and checks what has to hold of a store at any time.
    /// Nobody may write meanwhile.
    pub(crate) fn verify(&self) {
        let report = block_on(community_testkit::verify(&*self.store)).unwrap();
        assert!(report.checks > 0 && report.is_clean(), "{:#?}", report.findings);
    }
}

/// A policy that lets only an audience in, to read and to write.
pub(crate) fn only(audience: &str) -> Policy {
    let audience: Audience = audience.parse().unwrap();
    Policy::intranet(audience)
}

/// How many threads are at work: those that hold a [`Shift`], until they end in whatever way.
#[derive(Debug, Default)]
pub(crate) struct Crew(AtomicUsize);

/// One thread's part of a [`Crew`].
pub(crate) struct Shift<'a>(&'a Crew);

impl Crew {
    pub(crate) fn of(threads: usize) -> Self {
        Self(AtomicUsize::new(threads))
    }

    pub(crate) fn shift(&self) -> Shift<'_> {
        Shift(self)
    }

    pub(crate) fn at_work(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until something has happened that the crew does.
    pub(crate) fn wait_for(&self, happened: impl Fn() -> bool) {
        let threads = self.at_work();
        while !happened() {
            assert_eq!(self.at_work(), threads, "somebody gave up");
            thread::yield_now();
        }
    }
}

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs something on several threads and waits for all; a panic of one is a panic of all.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
