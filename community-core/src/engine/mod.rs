//! The engine: sessions on a store.
//!
//! An [`Engine`] holds a store and an environment; a [`Session`] is one viewer on it. Everything is
//! `async` and bound to no runtime: futures do their work when they are polled, on whatever polls
//! them.

mod badges;
mod extension;
mod facts;
mod project;
mod read;
mod read_badges;
mod read_board;
mod read_complete;
mod read_feeds;
mod read_ledger;
mod read_people;
mod read_search;
mod read_standing;
mod read_suggestions;
mod read_super_users;
mod session;
mod system;
mod tell;
mod view;
mod view_search;
mod views;
mod visits;

pub use extension::{DocumentView, Planning, Reading};
pub use project::Pumped;
pub use read::Read;
pub use read_badges::{BadgeView, HeldBadge, HolderView, MemberBadgesView, Progress, TierCount};
pub use read_board::{BoardItem, BoardView, OwnRank};
pub use read_ledger::LedgerItem;
pub use read_search::HitView;
pub use read_standing::{Condition, LevelStep, LevelView, Needed, Projection, StandingView};
pub use read_suggestions::{VisitStep, VisitStepKind};
pub use read_super_users::SuperUserView;
pub use session::Session;
pub use system::Export;
pub use tell::AwardHook;
pub use view::{
    ChannelView, CommunityView, Completions, FeedView, LabelView, LinkView, MemberView, Page,
    PlaceView, ThreadView,
};

pub use view_search::{FacetValue, Facets, NamedPlace, SearchHit, SearchView};

pub(crate) use facts::Rights;
pub(crate) use session::command;

use std::any::Any;
use std::sync::Arc;

use event_listener::Event as Wakeup;

use crate::change::Seq;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::policy::Viewer;
use crate::search::SearchIndex;
use crate::store::Store;
use crate::text::Key;

use facts::RightsCache;
use views::ViewBuffer;
use visits::VisitBuffer;

/// The community engine on one store, that is for one tenant.
///
/// Cheap to clone; clones share everything.
///
/// ```
/// use community::{NewCommunity, NewMember, Policy, Viewer};
///
/// # pollster::block_on(async {
/// let engine = community::in_memory();
/// let garden = NewCommunity::new("garden".parse()?, "Garden".parse()?, Policy::public());
/// engine.as_system().create_community(garden).await?;
///
/// // The host hands in its people under its own keys, and finds them by these.
/// let ana = NewMember::new("user:1".parse()?, "Ana".parse()?);
/// let id = engine.as_system().sync_member(ana).await?;
/// let ana = engine.member_by_key(&"user:1".parse()?).await?;
/// assert_eq!(ana.viewer(), Viewer::Member(id));
/// assert_eq!(ana.communities().await?.len(), 1);
/// # Ok::<(), community::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Before the store: it may hold on to the store until it is dropped.
    index: Option<Arc<dyn SearchIndex>>,
    store: Arc<dyn Store>,
    env: Env,
    rights: RightsCache,
    views: ViewBuffer,
    visits: VisitBuffer,
    committed: Wakeup,
}

impl Engine {
    /// An engine on a store, with the system's clock and randomness and default limits.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with_env(store, Env::default())
    }

    /// An engine on a store in an environment of the host's choice.
    #[must_use]
    pub fn with_env(store: Arc<dyn Store>, env: Env) -> Self {
        Self::assemble(store, env, None)
    }

    /// An engine on a store that can be searched. The index is told of every commit.
    #[must_use]
    pub fn with_index(store: Arc<dyn Store>, env: Env, index: Arc<dyn SearchIndex>) -> Self {
        Self::assemble(store, env, Some(index))
    }

    fn assemble(store: Arc<dyn Store>, env: Env, index: Option<Arc<dyn SearchIndex>>) -> Self {
        let inner = Inner {
            index,
            store,
            env,
            rights: RightsCache::default(),
            views: ViewBuffer::default(),
            visits: VisitBuffer::default(),
            committed: Wakeup::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Tells everybody who waits for it that something was committed.
    fn committed(&self) {
        self.inner.committed.notify(usize::MAX);
        if let Some(index) = &self.inner.index {
            index.wake();
        }
    }

    /// Ends when something is committed from now on.
    fn next_commit(&self) -> event_listener::EventListener {
        self.inner.committed.listen()
    }

    /// A session of a visitor whom the host did not name.
    #[must_use]
    pub fn anonymous(&self) -> Session {
        self.session(Viewer::Anonymous)
    }

    /// A session of a member for whom the host vouches.
    ///
    /// An id that this tenant does not know, or has erased, acts and reads like an anonymous visitor.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Session {
        self.session(Viewer::Member(id))
    }

    /// A session of the member with the host's key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no member has it; create one with
    /// [`Session::sync_member`](Session::sync_member).
    pub async fn member_by_key(&self, key: &Key) -> Result<Session> {
        let found = self.store().members_by_key(std::slice::from_ref(key)).await?;
        let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
        Ok(self.member(member.id))
    }

    /// A session of the host itself, which sees and may do everything.
    #[must_use]
    pub fn as_system(&self) -> Session {
        self.session(Viewer::System)
    }

    /// A session of any viewer.
    #[must_use]
    pub fn session(&self, viewer: Viewer) -> Session {
        Session::new(self.clone(), viewer)
    }

    /// The environment: clock, randomness, limits.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// The store beneath. What it returns is unchecked.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.inner.store
    }

    /// The same to keep: for background work that follows the log, such as an index of an extension.
    #[must_use]
    pub fn store_handle(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.store)
    }

    /// The store beneath, for what only this kind of store can do; `None` when it is another one.
    #[must_use]
    pub fn store_as<T: Store>(&self) -> Option<&T> {
        let store: &dyn Any = &*self.inner.store;
        store.downcast_ref()
    }

    /// Waits until the log has reached a position.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn wait_for(&self, seq: Seq) -> Result<()> {
        loop {
            let listener = self.inner.committed.listen();
            if self.store().head().await? >= seq {
                return Ok(());
            }
            listener.await;
        }
    }
}
