//! The naive store: the contract in its plainest form.
//!
//! Every row is a value in a map, every read walks all of them, every commit works on a copy. There
//! are no indexes, no listings and no caches that could be wrong. It is what other stores are
//! compared with, so it stays stupid; it is far too slow for anything else.

mod award;
mod commit;
mod document;
mod ledger;
mod read;
mod thread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use community_core::change::{ChangeSet, Counter, Event, Receipt, Request, Seq};
use community_core::reputation::{Award, AwardsId, Entry as LedgerEntry, LedgerId};
use community_core::store::{Committer, EventLog, StoreError};
use community_core::{
    AccessRev, Channel, ChannelId, Community, CommunityId, Correction, CorrectionId, Directory,
    Document, DocumentId, Grant, GrantId, Label, Link, LinkKind, Member, MemberId, Membership,
    Post, PostCounters, PostId, Reaction, RequestId, Revision, Scope, Slot, Slug, Timestamp, Topic,
    TopicCounters, TopicId, Viewer,
};

/// A store of the plainest kind, to compare others with.
///
/// Clones share what is stored.
///
/// ```
/// use community_core::store::Reader;
/// use community_testkit::ModelStore;
/// let store = ModelStore::new();
/// assert_eq!(pollster::block_on(store.info())?.backend, "model");
/// # Ok::<(), community_core::StoreError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ModelStore(Arc<Mutex<Arc<State>>>);

/// All rows. What is counted stands in `counters` and `views`, and topics and posts hold a copy of
/// what is counted of them.
#[derive(Debug, Clone, Default)]
struct State {
    communities: BTreeMap<CommunityId, Community>,
    channels: BTreeMap<ChannelId, Channel>,
    labels: BTreeMap<(CommunityId, Slug), Label>,
    members: BTreeMap<MemberId, Member>,
    memberships: BTreeMap<(CommunityId, MemberId), Membership>,
    topics: BTreeMap<TopicId, Topic>,
    posts: BTreeMap<PostId, Post>,
    revisions: BTreeMap<(PostId, u32), Revision>,
    corrections: BTreeMap<CorrectionId, Correction>,
    links: BTreeMap<(TopicId, TopicId, LinkKind), Link>,
    reactions: BTreeMap<(PostId, MemberId, Slot), Reaction>,
    counters: BTreeMap<Counter, i64>,
    views: BTreeMap<(TopicId, i32), i64>,
    visits: BTreeSet<(CommunityId, i32, MemberId)>,
    grants: BTreeMap<GrantId, Grant>,
    documents: BTreeMap<DocumentId, Document>,
    ledger: Vec<(LedgerId, LedgerEntry)>,
    awards: BTreeMap<(AwardsId, Slug, MemberId), Award>,
    visitors: Vec<(CommunityId, MemberId)>,
    checkpoints: BTreeMap<Slug, Seq>,
    requests: BTreeMap<RequestId, (Request, Seq)>,
    events: Vec<Event>,
    directory_rev: u64,
    member_revs: BTreeMap<MemberId, u64>,
}

impl ModelStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own that holds what this one holds now. It costs nothing until one of them is
    /// written to; a [clone](Clone), in contrast, is the same store.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state())))
    }

    /// What is stored now.
    fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is stored now, for the viewer of this scope.
    fn state_for(&self, scope: &Scope) -> Result<Arc<State>, StoreError> {
        let state = self.state();
        let fresh = scope.viewer() == Viewer::System
            || scope.access() == state.access_rev(scope.viewer().member());
        if fresh { Ok(state) } else { Err(StoreError::StaleScope) }
    }
}

impl State {
    fn access_rev(&self, member: Option<MemberId>) -> AccessRev {
        let member = member.and_then(|id| self.member_revs.get(&id)).copied().unwrap_or(0);
        AccessRev { directory: self.directory_rev, member }
    }

    fn directory(&self) -> Directory {
        Directory::new(
            self.directory_rev,
            self.communities.values().cloned().collect(),
            self.channels.values().cloned().collect(),
            self.labels.values().cloned().collect(),
        )
    }

    fn head(&self) -> Seq {
        self.events.last().map_or(Seq(0), |event| event.seq)
    }

    fn counter(&self, counter: &Counter) -> i64 {
        self.counters.get(counter).copied().unwrap_or(0)
    }

    /// Copies into a topic what is counted of it.
    fn recount_topic(&mut self, id: TopicId) {
        let members = |id| {
            Counter::Participation(id, MemberId::from_bytes([0; 16]))
                ..=Counter::Participation(id, MemberId::from_bytes([255; 16]))
        };
        let participants = self.counters.range(members(id)).filter(|(_, posts)| **posts > 0);
        let views = self.views.range((id, i32::MIN)..=(id, i32::MAX));
        let counters = TopicCounters {
            ups: self.counter(&Counter::TopicUps(id)),
            downs: self.counter(&Counter::TopicDowns(id)),
            posts: self.counter(&Counter::TopicPosts(id)),
            answers: self.counter(&Counter::TopicAnswers(id)),
            accepted: self.counter(&Counter::TopicAccepted(id)),
            participants: i64::try_from(participants.count()).unwrap_or(i64::MAX),
            views: views.map(|(_, views)| views).sum(),
            active_at: Timestamp::UNIX_EPOCH,
        };
        if let Some(topic) = self.topics.get_mut(&id) {
            topic.counters = TopicCounters { active_at: topic.counters.active_at, ..counters };
        }
    }

    /// Copies into a post what is counted of it.
    fn recount_post(&mut self, id: PostId) {
        let counters = PostCounters {
            ups: self.counter(&Counter::PostUps(id)),
            downs: self.counter(&Counter::PostDowns(id)),
            children: self.counter(&Counter::PostChildren(id)),
            corrections: self.counter(&Counter::PostCorrections(id)),
        };
        if let Some(post) = self.posts.get_mut(&id) {
            post.counters = counters;
        }
    }
}

#[async_trait]
impl Committer for ModelStore {
    async fn commit(
        &self,
        changes: ChangeSet,
    ) -> Result<Receipt, community_core::store::CommitError> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copy = State::clone(&stored);
        let receipt = copy.commit(changes)?;
        *stored = Arc::new(copy);
        Ok(receipt)
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        let found = self.state().requests.get(&request).copied();
        Ok(found.map(|(request, seq)| Receipt { seq, replayed: Some(request) }))
    }
}

#[async_trait]
impl EventLog for ModelStore {
    async fn head(&self) -> Result<Seq, StoreError> {
        Ok(self.state().head())
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        let state = self.state();
        let behind = state.events.iter().filter(|event| event.seq > after);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        Ok(self.state().checkpoints.get(name).copied())
    }
}
