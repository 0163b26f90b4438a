//! Reading. Each file answers one kind of question from the tables and indexes; content is read
//! under a scope that was checked to hold.

mod counts;
mod directory;
mod feed;
mod members;
mod posts;
mod reactions;
mod thread;
mod topics;

use std::ops::Bound;

use async_trait::async_trait;
use community_core::fold::Folded;
use community_core::policy::{AccessRev, Place, Scope, Unchecked};
use community_core::query::{FeedRequest, Position, ThreadRequest};
use community_core::store::{
    Card, FeedPage, MemberRow, PostRef, PostView, Reader, StoreInfo, ThreadPage, TopicRow,
};
use community_core::time::Timestamp;
use community_core::{
    ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link, LinkKind, Member,
    MemberId, Membership, PostId, Reaction, Revision, Slot, Slug, StoreError, TopicId,
};

use crate::MemoryStore;

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl Reader for MemoryStore {
    async fn info(&self) -> Answer<StoreInfo> {
        Ok(StoreInfo { backend: "memory", epoch: self.epoch, format: 1 })
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Answer<AccessRev> {
        Ok(self.read().access_rev(member))
    }

    async fn directory(&self) -> Answer<Directory> {
        Ok(directory::whole(&self.read()))
    }

    async fn members(&self, ids: &[MemberId]) -> Answer<Vec<Option<Member>>> {
        Ok(members::by_id(&self.read(), ids))
    }

    async fn members_by_key(&self, keys: &[Key]) -> Answer<Vec<Option<Member>>> {
        Ok(members::by_key(&self.read(), keys))
    }

    async fn memberships(&self, member: MemberId) -> Answer<Vec<Membership>> {
        Ok(members::memberships(&self.read(), member))
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Answer<Vec<Option<Membership>>> {
        Ok(members::memberships_in(&self.read(), community, members))
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Answer<Vec<MemberRow>> {
        Ok(members::joined(&self.read(), community, after, limit))
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Answer<Vec<MemberRow>> {
        Ok(members::named(&self.read(), community, begins, limit))
    }

    async fn member_count(&self, community: CommunityId) -> Answer<u64> {
        Ok(counts::members(&self.read(), community))
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Answer<Vec<Option<(TopicId, Option<PostId>)>>> {
        Ok(topics::lookup(&self.read(), community, keys))
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Answer<Vec<Option<Unchecked<TopicRow>>>> {
        topics::by_id(&*self.under(scope)?, ids, scope)
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Answer<Vec<Option<Unchecked<PostView>>>> {
        posts::by_id(&*self.under(scope)?, ids, scope)
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Answer<FeedPage> {
        feed::page(&*self.under(scope)?, request, scope)
    }

    async fn pinned(&self, community: CommunityId, scope: &Scope) -> Answer<Vec<Unchecked<Card>>> {
        topics::pinned(&*self.under(scope)?, community, scope)
    }

    async fn thread(&self, request: &ThreadRequest, scope: &Scope) -> Answer<ThreadPage> {
        thread::page(&*self.under(scope)?, request, scope)
    }

    async fn ancestors(&self, post: PostId, scope: &Scope) -> Answer<Vec<Unchecked<PostView>>> {
        posts::ancestors(&*self.under(scope)?, post, scope)
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Answer<Vec<Unchecked<(Place, PostRef, Revision)>>> {
        Ok(posts::revisions(&*self.under(scope)?, post, after, limit, scope))
    }

    async fn correction(&self, id: CorrectionId) -> Answer<Option<Correction>> {
        Ok(self.read().corrections.get(&id).cloned())
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Answer<Vec<Reaction>> {
        Ok(reactions::on(&self.read(), post, slot, after, limit))
    }

    async fn reactions_of(&self, member: MemberId, posts: &[PostId]) -> Answer<Vec<Reaction>> {
        Ok(reactions::of(&self.read(), member, posts))
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Answer<Vec<Link>> {
        Ok(topics::links(&self.read(), topic, after, limit))
    }

    async fn link(&self, from: TopicId, to: TopicId, kind: LinkKind) -> Answer<Option<Link>> {
        Ok(self.read().links.get(&(from, to, kind)).cloned())
    }

    async fn label_use(&self, community: CommunityId, scope: &Scope) -> Answer<Vec<(Slug, u64)>> {
        Ok(counts::label_use(&*self.under(scope)?, community, scope))
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Answer<Vec<(ChannelId, u64)>> {
        Ok(counts::channel_topics(&*self.under(scope)?, community, scope))
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Answer<Option<Timestamp>> {
        Ok(posts::latest_bump(&self.read(), topic, except))
    }

    async fn posts_to_erase(&self, author: MemberId, limit: usize) -> Answer<Vec<PostId>> {
        Ok(posts::to_erase(&self.read(), author, limit))
    }

    async fn views(&self, topic: TopicId) -> Answer<Vec<(i32, i64)>> {
        Ok(counts::views(&self.read(), topic))
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Answer<Vec<Unchecked<TopicRow>>> {
        topics::all(&*self.under(scope)?, community, after, limit, scope)
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Answer<Vec<Unchecked<PostView>>> {
        posts::all(&*self.under(scope)?, topic, after, limit, scope)
    }

    async fn corrections(&self, post: PostId) -> Answer<Vec<Correction>> {
        Ok(posts::corrections(&self.read(), post))
    }

    async fn members_by_id(&self, after: Option<MemberId>, limit: usize) -> Answer<Vec<Member>> {
        Ok(members::all(&self.read(), after, limit))
    }
}

/// The part of a rising list behind a place in it.
fn behind<T>(after: Option<T>) -> (Bound<T>, Bound<T>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

/// A reference to something that is not there, which no commit lets in.
fn dangling(what: &str, id: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{what} {id} is missing"))
}
