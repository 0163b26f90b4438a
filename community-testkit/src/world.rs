//! What a case works in: a fresh store, a clock that stands still, ids that follow from a seed.

use std::sync::Arc;
use std::time::Duration;

use community_core::change::{ChangeSet, Op, Receipt};
use community_core::policy::Facts;
use community_core::store::{Card, PostView};
use community_core::time::{ManualClock, from_micros};
use community_core::{
    Community, Env, MemberId, PostId, Scope, Sort, Store, Timestamp, Topic, TopicId, Viewer,
    Visible,
};

use crate::check::{Outcome, some};
use crate::conformance::Opener;
use crate::snapshot::{feed, whole_community};

/// A store with a clock and a source of ids, both the same in every run.
#[derive(Debug)]
pub struct World {
    /// The store that is tested.
    pub store: Arc<dyn Store>,
    opener: Opener,
    clock: Arc<ManualClock>,
    env: Env,
}

/// When every world begins: in the middle of a day in November 2023.
const BEGINNING: i64 = 1_700_000_000_000_000;

impl World {
    /// A world around a store that was just opened.
    pub async fn open(opener: Opener) -> Self {
        let beginning = from_micros(BEGINNING).unwrap_or(Timestamp::UNIX_EPOCH);
        let clock = Arc::new(ManualClock::at(beginning));
        let env = Env::manual(Arc::clone(&clock), 7);
        Self { store: opener.open().await, opener, clock, env }
    }

    /// The same world after its store was closed and opened again.
    pub(crate) async fn reopened(self) -> Self {
        let Self { store, opener, clock, env } = self;
        drop(store);
        Self { store: opener.open().await, opener, clock, env }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.env.now()
    }

    /// Moves the clock on by a second, and tells the time then.
    pub(crate) fn tick(&self) -> Timestamp {
        self.clock.advance(Duration::from_secs(1));
        self.now()
    }

    /// An id of something created at `at`.
    pub(crate) fn mint(&self, at: Timestamp) -> uuid::Uuid {
        self.env.mint(at)
    }

    /// Commits operations, without expectations or events.
    pub(crate) async fn apply(&self, ops: impl IntoIterator<Item = Op>) -> Outcome<Receipt> {
        let ops = ops.into_iter().collect();
        Ok(self.store.commit(ChangeSet { ops, ..ChangeSet::default() }).await?)
    }

    /// The scope of the system.
    pub(crate) async fn system(&self) -> Outcome<Scope> {
        Ok(Scope::system(self.store.access_rev(None).await?))
    }

    /// The scope of a viewer, worked out from what is stored.
    pub(crate) async fn scope(&self, viewer: Viewer) -> Outcome<Scope> {
        let access = self.store.access_rev(viewer.member()).await?;
        let directory = self.store.directory().await?;
        let facts = match viewer.member() {
            None => Facts::default(),
            Some(id) => Facts {
                member: self.store.members(&[id]).await?.into_iter().flatten().next(),
                memberships: self.store.memberships(id).await?,
            },
        };
        Ok(Scope::resolve(viewer, &facts, &directory, self.now(), access))
    }

    /// The scope of a visitor.
    pub(crate) async fn anonymous(&self) -> Outcome<Scope> {
        self.scope(Viewer::Anonymous).await
    }

    /// The scope of a member.
    pub(crate) async fn scope_of(&self, member: MemberId) -> Outcome<Scope> {
        self.scope(Viewer::Member(member)).await
    }

    /// A topic as it stands now.
    pub(crate) async fn topic(&self, id: TopicId) -> Outcome<Topic> {
        let scope = self.system().await?;
        let mut rows = self.store.topics(&[id], &scope).await?;
        let row = rows.pop().flatten().and_then(|row| scope.admit(row));
        Ok(some("the topic", row)?.into_inner().topic)
    }

    /// The topics of a community in one order, all on one page.
    pub(crate) async fn listed(&self, community: &Community, sort: Sort) -> Outcome<Vec<TopicId>> {
        let cards = self.cards(community, sort).await?;
        Ok(cards.into_iter().map(|card| card.topic.id).collect())
    }

    /// The same as a feed shows them.
    pub(crate) async fn cards(&self, community: &Community, sort: Sort) -> Outcome<Vec<Card>> {
        let scope = self.system().await?;
        let whole = whole_community(&*self.store, community.id).await?;
        let page = self.store.feed(&feed(vec![whole], sort, 500), &scope).await?;
        let cards = scope.admit_all(page.items.into_iter().map(|(_, card)| card));
        Ok(cards.into_iter().map(Visible::into_inner).collect())
    }

    /// A post as it stands now.
    pub(crate) async fn post(&self, id: PostId) -> Outcome<PostView> {
        let scope = self.system().await?;
        let mut views = self.store.posts(&[id], &scope).await?;
        let view = views.pop().flatten().and_then(|view| scope.admit(view));
        Ok(some("the post", view)?.into_inner())
    }
}
