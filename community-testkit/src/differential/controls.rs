//! Controls: stores with a fault in them, each of which the differential or the leak test has to
//! find.

use std::sync::Arc;

use async_trait::async_trait;
use community_core::change::{ChangeSet, Counter, Event, Op, Receipt};
use community_core::fold::Folded;
use community_core::policy::Place;
use community_core::query::{FeedRequest, Position, PostOrder, Selection, Sort, ThreadRequest};
use community_core::store::{
    Card, CommitError, Committer, EventLog, FeedPage, MemberRow, PostRef, PostView, Reader,
    StoreInfo, ThreadPage, TopicRow,
};
use community_core::{
    AccessRev, ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link, LinkKind,
    Member, MemberId, Membership, PostId, Reaction, RequestId, Revision, Scope, Seq, Slot, Slug,
    Store, StoreError, Timestamp, TopicId, Unchecked,
};
use uuid::Uuid;

/// Something that a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Of two topics with one key the older one comes first.
    WrongTieBreak,
    /// A feed page that is just full says that there is more.
    PageOffByOne,
    /// A vote that is taken back is still counted.
    UndoNotCounted,
    /// A vote that turns from up to down counts on both sides.
    SwitchCountedOnce,
    /// Accepted answers do not come first.
    AcceptedNotFirst,
    /// A page begins behind everything that has the last key of the page before.
    CursorSkipsEqualKeys,
    /// A reply does not count as activity.
    ActivityForgotten,
    /// The texts of what is erased stay.
    KeepsErasedTexts,
    /// Topics are counted whoever asks.
    CountsEverything,
    /// A feed's last page leads on to topics that the viewer does not see.
    CursorHoldsHiddenId,
    /// A page of a leaderboard begins behind everybody who has the last points of the page before.
    BoardSkipsTies,
    /// Who has chosen not to be on leaderboards is on them.
    ForgetsChoices,
}

impl Fault {
    /// Faults of a store that computes wrong, which the differential finds.
    pub const WRONG: [Self; 9] = [
        Self::WrongTieBreak,
        Self::PageOffByOne,
        Self::UndoNotCounted,
        Self::SwitchCountedOnce,
        Self::AcceptedNotFirst,
        Self::CursorSkipsEqualKeys,
        Self::ActivityForgotten,
        Self::KeepsErasedTexts,
        Self::BoardSkipsTies,
    ];
}

/// A store with a fault.
#[derive(Debug)]
pub(super) struct MeddledStore {
    pub(super) inner: Arc<dyn Store>,
    pub(super) fault: Fault,
}

impl MeddledStore {
    pub(super) fn new(inner: Arc<dyn Store>, fault: Fault) -> Self {
        Self { inner, fault }
    }

    /// Topics of the same feed that the viewer does not see, in place of more pages.
    async fn hidden_behind(
        &self,
        request: &FeedRequest,
        page: &FeedPage,
    ) -> Result<Option<(Position, Unchecked<Card>)>, StoreError> {
        let directory = self.inner.directory().await?;
        let whole = |selection: &Selection| Selection {
            community: selection.community,
            read: directory.channels(selection.community).map(|c| c.channel.id).collect(),
            own: Vec::new(),
            whole: true,
        };
        let everything = FeedRequest {
            selection: request.selection.iter().map(whole).collect(),
            limit: request.limit + page.items.len() + 1,
            ..request.clone()
        };
        let system = Scope::system(self.inner.access_rev(None).await?);
        let all = self.inner.feed(&everything, &system).await?;
        let is_shown = |at: &Position| page.items.iter().any(|(position, _)| position == at);
        Ok(all.items.into_iter().find(|(position, _)| !is_shown(position)))
    }

    fn meddled_page(&self, request: &FeedRequest, mut page: FeedPage) -> FeedPage {
        match self.fault {
            Fault::WrongTieBreak => {
                page.items.sort_by_key(|(position, _)| match request.sort {
                    Sort::Oldest => (position.key, std::cmp::Reverse(position.id)),
                    _ => (position.key.saturating_neg(), std::cmp::Reverse(opposite(position.id))),
                });
            }
            Fault::PageOffByOne => page.more |= page.items.len() == request.limit,
            _ => {}
        }
        page
    }
}

/// Orders ids the other way round.
fn opposite(id: Uuid) -> Uuid {
    Uuid::from_u128(!id.as_u128())
}

fn is_vote_count(op: &Op) -> bool {
    matches!(
        op,
        Op::Bump(
            Counter::PostUps(_)
                | Counter::PostDowns(_)
                | Counter::TopicUps(_)
                | Counter::TopicDowns(_),
            step,
        ) if *step < 0
    )
}

#[async_trait]
impl Committer for MeddledStore {
    async fn commit(&self, mut changes: ChangeSet) -> Result<Receipt, CommitError> {
        let drops = changes.ops.iter().any(|op| matches!(op, Op::DropReaction { .. }));
        let puts = changes.ops.iter().any(|op| matches!(op, Op::PutReaction(_)));
        match self.fault {
            Fault::UndoNotCounted if drops => changes.ops.retain(|op| !is_vote_count(op)),
            Fault::SwitchCountedOnce if puts => changes.ops.retain(|op| !is_vote_count(op)),
            Fault::ActivityForgotten => {
                changes.ops.retain(|op| !matches!(op, Op::RaiseActive(..)));
            }
            Fault::KeepsErasedTexts => changes
                .ops
                .retain(|op| !matches!(op, Op::PutRevision(revision) if revision.body.is_empty())),
            _ => {}
        }
        self.inner.commit(changes).await
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        self.inner.replay(request).await
    }
}

#[async_trait]
impl EventLog for MeddledStore {
    async fn head(&self) -> Result<Seq, StoreError> {
        self.inner.head().await
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.inner.events_after(after, limit).await
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        self.inner.checkpoint(name).await
    }
}

#[async_trait]
impl Reader for MeddledStore {
    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage, StoreError> {
        let mut asked = request.clone();
        if self.fault == Fault::CursorSkipsEqualKeys
            && let Some(after) = &mut asked.after
        {
            after.id = match request.sort {
                Sort::Oldest => Uuid::max(),
                _ => Uuid::nil(),
            };
        }
        let page = self.inner.feed(&asked, scope).await?;
        let mut page = self.meddled_page(request, page);
        if self.fault == Fault::CursorHoldsHiddenId
            && !page.more
            && let Some(hidden) = self.hidden_behind(request, &page).await?
        {
            page.items.push(hidden);
            page.more = true;
        }
        Ok(page)
    }

    async fn thread(
        &self,
        request: &ThreadRequest,
        scope: &Scope,
    ) -> Result<ThreadPage, StoreError> {
        // By the time of writing instead of by acceptance and score.
        let order = match (self.fault, request.order) {
            (Fault::AcceptedNotFirst, PostOrder::Best) => PostOrder::Oldest,
            (_, order) => order,
        };
        self.inner.thread(&ThreadRequest { order, ..request.clone() }, scope).await
    }

    async fn label_use(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(Slug, u64)>, StoreError> {
        let system = Scope::system(self.inner.access_rev(None).await?);
        let whose = if self.fault == Fault::CountsEverything { &system } else { scope };
        self.inner.label_use(community, whose).await
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>, StoreError> {
        let system = Scope::system(self.inner.access_rev(None).await?);
        let whose = if self.fault == Fault::CountsEverything { &system } else { scope };
        self.inner.channel_topics(community, whose).await
    }

    async fn info(&self) -> Result<StoreInfo, StoreError> {
        self.inner.info().await
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev, StoreError> {
        self.inner.access_rev(member).await
    }

    async fn directory(&self) -> Result<Directory, StoreError> {
        self.inner.directory().await
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>, StoreError> {
        self.inner.members(ids).await
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>, StoreError> {
        self.inner.members_by_key(keys).await
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>, StoreError> {
        self.inner.memberships(member).await
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>, StoreError> {
        let mut found = self.inner.memberships_in(community, members).await?;
        if self.fault == Fault::ForgetsChoices {
            found.iter_mut().flatten().for_each(|known| known.off_boards = false);
        }
        Ok(found)
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.inner.members_of(community, after, limit).await
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.inner.members_named(community, begins, limit).await
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64, StoreError> {
        self.inner.member_count(community).await
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>, StoreError> {
        self.inner.lookup(community, keys).await
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError> {
        self.inner.topics(ids, scope).await
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError> {
        self.inner.posts(ids, scope).await
    }

    async fn pinned(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<Card>>, StoreError> {
        self.inner.pinned(community, scope).await
    }

    async fn ancestors(
        &self,
        post: PostId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.inner.ancestors(post, scope).await
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>, StoreError> {
        self.inner.revisions(post, after, limit, scope).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.inner.correction(id).await
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>, StoreError> {
        self.inner.reactions(post, slot, after, limit).await
    }

    async fn reactions_of(
        &self,
        member: MemberId,
        posts: &[PostId],
    ) -> Result<Vec<Reaction>, StoreError> {
        self.inner.reactions_of(member, posts).await
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.inner.links(topic, after, limit).await
    }

    async fn link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
    ) -> Result<Option<Link>, StoreError> {
        self.inner.link(from, to, kind).await
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.inner.latest_bump(topic, except).await
    }

    async fn posts_to_erase(
        &self,
        author: MemberId,
        limit: usize,
    ) -> Result<Vec<PostId>, StoreError> {
        self.inner.posts_to_erase(author, limit).await
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>, StoreError> {
        self.inner.views(topic).await
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>, StoreError> {
        self.inner.topics_by_id(community, after, limit, scope).await
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.inner.posts_by_id(topic, after, limit, scope).await
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>, StoreError> {
        self.inner.corrections(post).await
    }

    async fn members_by_id(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.inner.members_by_id(after, limit).await
    }
}
