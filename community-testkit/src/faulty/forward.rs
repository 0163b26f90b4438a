//! What reaches the store beneath.

#![deny(clippy::missing_trait_methods)]

use async_trait::async_trait;
use community_core::change::{ChangeSet, Event, Receipt, Seq};
use community_core::fold::Folded;
use community_core::policy::{AccessRev, Place, Scope, Unchecked};
use community_core::query::{FeedRequest, Position, ThreadRequest};
use community_core::store::{
    Card, CommitError, Committer, EventLog, FeedPage, MemberRow, PostRef, PostView, Reader, Store,
    StoreInfo, ThreadPage, TopicRow,
};
use community_core::{
    ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link, LinkKind, Member,
    MemberId, Membership, PostId, Reaction, RequestId, Revision, Slot, Slug, StoreError, Timestamp,
    TopicId,
};

use super::{CommitFault, FaultyStore, unknown};

#[async_trait]
impl<S: Store> Reader for FaultyStore<S> {
    async fn info(&self) -> Result<StoreInfo, StoreError> {
        self.enter()?;
        self.inner.info().await
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev, StoreError> {
        self.enter()?;
        self.inner.access_rev(member).await
    }

    async fn directory(&self) -> Result<Directory, StoreError> {
        self.enter()?;
        self.inner.directory().await
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>, StoreError> {
        self.enter()?;
        self.inner.members(ids).await
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>, StoreError> {
        self.enter()?;
        self.inner.members_by_key(keys).await
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>, StoreError> {
        self.enter()?;
        self.inner.memberships(member).await
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>, StoreError> {
        self.enter()?;
        self.inner.memberships_in(community, members).await
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.enter()?;
        self.inner.members_of(community, after, limit).await
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.enter()?;
        self.inner.members_named(community, begins, limit).await
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64, StoreError> {
        self.enter()?;
        self.inner.member_count(community).await
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>, StoreError> {
        self.enter()?;
        self.inner.lookup(community, keys).await
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError> {
        self.enter()?;
        self.inner.topics(ids, scope).await
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError> {
        self.enter()?;
        self.inner.posts(ids, scope).await
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage, StoreError> {
        self.enter()?;
        self.inner.feed(request, scope).await
    }

    async fn pinned(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<Card>>, StoreError> {
        self.enter()?;
        self.inner.pinned(community, scope).await
    }

    async fn thread(
        &self,
        request: &ThreadRequest,
        scope: &Scope,
    ) -> Result<ThreadPage, StoreError> {
        self.enter()?;
        self.inner.thread(request, scope).await
    }

    async fn ancestors(
        &self,
        post: PostId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.enter()?;
        self.inner.ancestors(post, scope).await
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>, StoreError> {
        self.enter()?;
        self.inner.revisions(post, after, limit, scope).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.enter()?;
        self.inner.correction(id).await
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>, StoreError> {
        self.enter()?;
        self.inner.reactions(post, slot, after, limit).await
    }

    async fn reactions_of(
        &self,
        member: MemberId,
        posts: &[PostId],
    ) -> Result<Vec<Reaction>, StoreError> {
        self.enter()?;
        self.inner.reactions_of(member, posts).await
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.enter()?;
        self.inner.links(topic, after, limit).await
    }

    async fn link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
    ) -> Result<Option<Link>, StoreError> {
        self.enter()?;
        self.inner.link(from, to, kind).await
    }

    async fn label_use(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(Slug, u64)>, StoreError> {
        self.enter()?;
        self.inner.label_use(community, scope).await
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>, StoreError> {
        self.enter()?;
        self.inner.channel_topics(community, scope).await
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.enter()?;
        self.inner.latest_bump(topic, except).await
    }

    async fn posts_to_erase(
        &self,
        author: MemberId,
        limit: usize,
    ) -> Result<Vec<PostId>, StoreError> {
        self.enter()?;
        self.inner.posts_to_erase(author, limit).await
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>, StoreError> {
        self.enter()?;
        self.inner.views(topic).await
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>, StoreError> {
        self.enter()?;
        self.inner.topics_by_id(community, after, limit, scope).await
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.enter()?;
        self.inner.posts_by_id(topic, after, limit, scope).await
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>, StoreError> {
        self.enter()?;
        self.inner.corrections(post).await
    }

    async fn members_by_id(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.enter()?;
        self.inner.members_by_id(after, limit).await
    }
}

#[async_trait]
impl<S: Store> Committer for FaultyStore<S> {
    async fn commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        let fault = self.enter_commit()?;
        let receipt = self.habits.commit(&self.inner, changes).await?;
        match fault {
            Some(CommitFault::Unheard) => Err(unknown("a planned silence after a commit").into()),
            _ => Ok(receipt),
        }
    }

    async fn replay(&self, request: RequestId) -> Result<Option<Receipt>, StoreError> {
        self.enter()?;
        self.inner.replay(request).await
    }
}

#[async_trait]
impl<S: Store> EventLog for FaultyStore<S> {
    async fn head(&self) -> Result<Seq, StoreError> {
        self.enter()?;
        self.inner.head().await
    }

    async fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.enter()?;
        self.inner.events_after(after, limit).await
    }

    async fn checkpoint(&self, name: &Slug) -> Result<Option<Seq>, StoreError> {
        self.enter()?;
        self.inner.checkpoint(name).await
    }
}
