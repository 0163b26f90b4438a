//! Reads. Each method is one job on one connection, in one transaction: all that it returns was
//! true at the same moment.

mod counts;
mod directory;
mod export;
mod feed;
mod members;
mod merge;
mod moved;
mod plan;
pub(crate) mod pool;
pub(crate) mod posts;
mod reactions;
mod revisions;
mod thread;
pub(crate) mod topics;

use std::cell::OnceCell;
use std::sync::Arc;

use async_trait::async_trait;
use community_core::fold::Folded;
use community_core::policy::Place;
use community_core::query::{FeedRequest, Position, ThreadRequest};
use community_core::store::{
    Card, FeedPage, MemberRow, PostRef, PostView, Reader, StoreInfo, ThreadPage, TopicRow,
};
use community_core::{
    AccessRev, ChannelId, CommunityId, Correction, CorrectionId, Directory, Key, Link, LinkKind,
    Member, MemberId, Membership, PostId, Reaction, Revision, Scope, Slot, Slug, StoreError,
    Timestamp, TopicId, Unchecked,
};
use rusqlite::{CachedStatement, Connection, Params};

use crate::error::Result;
use crate::moves::{self, AsOf, List};
use crate::row::Columns;
use crate::{Inner, SqliteStore, access, explain};

/// The statements of all files here, except those that read whole tables.
pub(crate) const STATEMENTS: [&[(&str, &str)]; 10] = [
    counts::STATEMENTS,
    export::STATEMENTS,
    feed::STATEMENTS,
    members::STATEMENTS,
    merge::STATEMENTS,
    posts::STATEMENTS,
    reactions::STATEMENTS,
    revisions::STATEMENTS,
    thread::STATEMENTS,
    topics::STATEMENTS,
];

/// The statements that are meant to read whole tables.
pub(crate) const WHOLE_TABLES: &[&str] = directory::STATEMENTS;

/// The store at one moment: a connection inside a transaction.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) inner: &'a Inner,
    last_move: OnceCell<i64>,
}

impl<'a> Snapshot<'a> {
    /// What has moved in a list and is not written there; `None` when nothing has. To be asked behind
    /// the first statement of the snapshot: from then on nothing can be added to what belongs to it.
    pub(crate) fn moves_in(&self, list: List) -> Result<Option<AsOf<'a>>> {
        if !self.inner.moves.are_in(list) {
            return Ok(None);
        }
        let last = match self.last_move.get() {
            Some(last) => *last,
            None => {
                let last = self.one(moves::LAST, [], |columns| columns.get())?;
                *self.last_move.get_or_init(|| last.unwrap_or(0))
            }
        };
        Ok(Some(self.inner.moves.as_of(last)))
    }

    pub(crate) fn prepare(&self, sql: &'static str) -> Result<CachedStatement<'a>> {
        debug_assert!(explain::is_listed(sql), "whoever reads with it lists it: {sql}");
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// The first row, if there is one.
    pub(crate) fn one<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        read: impl FnOnce(&mut Columns<'_, '_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        mut read: impl FnMut(&mut Columns<'_, '_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&mut Columns::of(row))?);
        }
        Ok(all)
    }
}

impl SqliteStore {
    /// Runs a job where the options want reads to run.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Snapshot<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.threads {
            None => self.inner.read(job),
            Some(threads) => {
                let inner = Arc::clone(&self.inner);
                threads.run(move || inner.read(job)).await
            }
        }
    }
}

impl Inner {
    /// Runs a job on a connection, in a transaction.
    pub(crate) fn read<T>(
        &self,
        job: impl FnOnce(&Snapshot<'_>) -> Result<T>,
    ) -> Result<T, StoreError> {
        let read = |conn: &Connection| {
            let _reading = self.moves.enter();
            conn.prepare_cached("BEGIN")?.execute([])?;
            let found = job(&Snapshot { conn, inner: self, last_move: OnceCell::new() });
            conn.prepare_cached("COMMIT")?.execute([])?;
            found
        };
        Ok(self.pool.lend()?.run(read)?)
    }
}

#[async_trait]
impl Reader for SqliteStore {
    async fn info(&self) -> Result<StoreInfo, StoreError> {
        let Inner { epoch, format, .. } = *self.inner;
        Ok(StoreInfo { backend: "sqlite", epoch, format })
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev, StoreError> {
        match self.inner.access.settled_for(member) {
            Some(rev) => Ok(rev),
            None => self.read(move |s| access::stored_rev_for(s.conn, member)).await,
        }
    }

    async fn directory(&self) -> Result<Directory, StoreError> {
        self.read(directory::directory).await
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |s| members::by_id(s, &ids)).await
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |s| members::by_key(s, &keys)).await
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>, StoreError> {
        self.read(move |s| members::memberships(s, member)).await
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>, StoreError> {
        let members = members.to_vec();
        self.read(move |s| members::memberships_in(s, community, &members)).await
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.read(move |s| members::of_community(s, community, after, limit)).await
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        let begins = begins.clone();
        self.read(move |s| members::named(s, community, &begins, limit)).await
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64, StoreError> {
        self.read(move |s| members::count(s, community)).await
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |s| topics::lookup(s, community, &keys)).await
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError> {
        let ids = ids.to_vec();
        self.read_as(scope, move |s, scope| topics::by_id(s, &ids, scope)).await
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError> {
        let ids = ids.to_vec();
        self.read_as(scope, move |s, scope| posts::by_id(s, &ids, scope)).await
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage, StoreError> {
        let request = request.clone();
        self.read_as(scope, move |s, scope| feed::page(s, &request, scope)).await
    }

    async fn pinned(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<Card>>, StoreError> {
        self.read_as(scope, move |s, scope| topics::pinned(s, community, scope)).await
    }

    async fn thread(
        &self,
        request: &ThreadRequest,
        scope: &Scope,
    ) -> Result<ThreadPage, StoreError> {
        let request = request.clone();
        self.read_as(scope, move |s, scope| thread::page(s, &request, scope)).await
    }

    async fn ancestors(
        &self,
        post: PostId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.read_as(scope, move |s, scope| posts::ancestors(s, post, scope)).await
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>, StoreError> {
        self.read_as(scope, move |s, scope| revisions::after(s, post, after, limit, scope)).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        self.read(move |s| revisions::correction(s, id)).await
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>, StoreError> {
        self.read(move |s| reactions::in_slot(s, post, slot, after, limit)).await
    }

    async fn reactions_of(
        &self,
        member: MemberId,
        posts: &[PostId],
    ) -> Result<Vec<Reaction>, StoreError> {
        let posts = posts.to_vec();
        self.read(move |s| reactions::of_member(s, member, &posts)).await
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.read(move |s| topics::links(s, topic, after, limit)).await
    }

    async fn link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
    ) -> Result<Option<Link>, StoreError> {
        self.read(move |s| topics::link(s, from, to, kind)).await
    }

    async fn label_use(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(Slug, u64)>, StoreError> {
        self.read_as(scope, move |s, scope| counts::label_use(s, community, scope)).await
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>, StoreError> {
        self.read_as(scope, move |s, scope| counts::channel_topics(s, community, scope)).await
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |s| counts::latest_bump(s, topic, except)).await
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>, StoreError> {
        self.read(move |s| counts::views(s, topic)).await
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>, StoreError> {
        self.read_as(scope, move |s, scope| export::topics(s, community, after, limit, scope)).await
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError> {
        self.read_as(scope, move |s, scope| export::posts(s, topic, after, limit, scope)).await
    }

    async fn posts_to_erase(
        &self,
        author: MemberId,
        limit: usize,
    ) -> Result<Vec<PostId>, StoreError> {
        self.read(move |s| posts::to_erase(s, author, limit)).await
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>, StoreError> {
        self.read(move |s| revisions::corrections(s, post)).await
    }

    async fn members_by_id(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.read(move |s| members::in_order(s, after, limit)).await
    }
}
