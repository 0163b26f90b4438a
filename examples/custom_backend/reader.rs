//! Reading.

use async_trait::async_trait;
use community::fold::Folded;
use community::policy::{AccessRev, Place};
use community::query::{FeedRequest, Position, ThreadRequest};
use community::store::{FeedPage, MemberRow, PostRef, Reader, StoreInfo, ThreadPage};
use community::{
    Card, ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link, LinkKind, Member,
    MemberId, Membership, PostId, PostView, Reaction, Revision, Scope, Slot, Slug, StoreError,
    Timestamp, TopicId, TopicRow, Unchecked,
};

use super::CountingStore;

#[async_trait]
impl Reader for CountingStore {
    async fn info(&self) -> Result<StoreInfo, StoreError> {
        self.called("info");
        self.inner.info().await
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev, StoreError> {
        self.called("access_rev");
        self.inner.access_rev(member).await
    }

    async fn directory(&self) -> Result<Directory, StoreError> {
        self.called("directory");
        self.inner.directory().await
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>, StoreError> {
        self.called("members");
        self.inner.members(ids).await
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>, StoreError> {
        self.called("members_by_key");
        self.inner.members_by_key(keys).await
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>, StoreError> {
        self.called("memberships");
        self.inner.memberships(member).await
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>, StoreError> {
        self.called("memberships_in");
        self.inner.memberships_in(community, members).await
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.called("members_of");
        self.inner.members_of(community, after, limit).await
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.called("members_named");
        self.inner.members_named(community, begins, limit).await
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64, StoreError> {
        self.called("member_count");
        self.inner.member_count(community).await
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>, StoreError> {
        self.called("lookup");
        self.inner.lookup(community, keys).await
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError> {
        self.called("topics");
        self.inner.topics(ids, scope).await
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError> {
        self.called("posts");
        self.inner.posts(ids, scope).await
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage, StoreError> {
        self.called("feed");
        self.inner.feed(request, scope).await
    }

    async fn pinned(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<Card>>, StoreError> {
        self.called("pinned");
        self.inner.pinned(community, scope).await
    }

    async fn thread(
        &self,
        request: &ThreadRequest,
        scope: &Scope,
    ) -> Result<ThreadPage, StoreError> {
        self.called("thread");
        self.inner.thread(request, scope).await
    }

    async fn ancestors(
        &self,
        post: PostId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.called("ancestors");
        self.inner.ancestors(post, scope).await
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>, StoreError> {
        self.called("revisions");
        self.inner.revisions(post, after, limit, scope).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.called("correction");
        self.inner.correction(id).await
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>, StoreError> {
        self.called("reactions");
        self.inner.reactions(post, slot, after, limit).await
    }

    async fn reactions_of(
        &self,
        member: MemberId,
        posts: &[PostId],
    ) -> Result<Vec<Reaction>, StoreError> {
        self.called("reactions_of");
        self.inner.reactions_of(member, posts).await
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.called("links");
        self.inner.links(topic, after, limit).await
    }

    async fn link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
    ) -> Result<Option<Link>, StoreError> {
        self.called("links");
        self.inner.link(from, to, kind).await
    }

    async fn label_use(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(Slug, u64)>, StoreError> {
        self.called("label_use");
        self.inner.label_use(community, scope).await
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>, StoreError> {
        self.called("channel_topics");
        self.inner.channel_topics(community, scope).await
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.called("latest_bump");
        self.inner.latest_bump(topic, except).await
    }

    async fn posts_to_erase(
        &self,
        author: MemberId,
        limit: usize,
    ) -> Result<Vec<PostId>, StoreError> {
        self.called("posts_to_erase");
        self.inner.posts_to_erase(author, limit).await
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>, StoreError> {
        self.called("views");
        self.inner.views(topic).await
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>, StoreError> {
        self.called("topics_by_id");
        self.inner.topics_by_id(community, after, limit, scope).await
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.called("posts_by_id");
        self.inner.posts_by_id(topic, after, limit, scope).await
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>, StoreError> {
        self.called("corrections");
        self.inner.corrections(post).await
    }

    async fn members_by_id(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.called("members_by_id");
        self.inner.members_by_id(after, limit).await
    }
}
