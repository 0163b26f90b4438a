//! The state that a batch is planned against: the store's, and what the batch has planned so far.

use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::ErasedKeys;
use crate::change::{ChangeSet, EntityRef, EventKind, Expect, NewEvent};
use crate::domain::{
    Channel, Community, Correction, Document, Label, Member, Membership, Post, Slot, State, Topic,
};
use crate::engine::{Rights, Session};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::id::{DocumentId, IdSource, MemberId, PostId, TopicId, is_of};
use crate::policy::Scope;
use crate::record::Record;
use crate::text::{Key, Slug};
use crate::time::Timestamp;

/// A batch that is being planned.
pub(super) struct Batch<'a> {
    pub(super) session: &'a Session,
    pub(super) env: &'a Env,
    pub(super) rights: &'a Rights,
    pub(super) community: &'a Community,
    pub(super) importer: Option<MemberId>,
    pub(super) members: FxHashMap<Key, Member>,
    pub(super) memberships: FxHashMap<MemberId, Membership>,
    pub(super) channels: FxHashMap<Slug, Channel>,
    pub(super) labels: FxHashMap<Slug, Label>,
    pub(super) items: FxHashMap<Key, Item>,
    pub(super) topics: FxHashMap<TopicId, Topic>,
    pub(super) posts: FxHashMap<PostId, (Post, String)>,
    /// Ids that the batch names, of topics, posts and documents of other communities.
    elsewhere: FxHashSet<Uuid>,
    pub(super) reactions: FxHashMap<(PostId, MemberId, Slot), Option<Slug>>,
    /// Of the posts that the batch corrects, all corrections.
    pub(super) corrections: FxHashMap<PostId, Vec<Correction>>,
    /// Views of a day that the batch writes.
    pub(super) views: FxHashMap<(TopicId, i32), i64>,
    /// The documents that the batch names, as it leaves them.
    pub(super) documents: FxHashMap<DocumentId, Document>,
    /// Visits that the batch writes.
    pub(super) visits: FxHashSet<(MemberId, i32)>,
    /// Members that the batch creates.
    pub(super) created: Vec<(Key, MemberId)>,
    changes: ChangeSet,
    plan: ChangeSet,
    writes: bool,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Topic(TopicId),
    Post(PostId),
}

impl<'a> Batch<'a> {
    /// Reads what the records refer to, in a few large reads.
    pub(super) async fn load(
        session: &'a Session,
        env: &'a Env,
        rights: &'a Rights,
        community: &'a Community,
        importer: Option<MemberId>,
        records: &[Record],
        erased: &ErasedKeys,
    ) -> Result<Self> {
        let directory = &rights.directory;
        let mut batch = Self {
            session,
            env,
            rights,
            community,
            importer,
            members: FxHashMap::default(),
            memberships: FxHashMap::default(),
            channels: directory
                .channels(community.id)
                .map(|entry| (entry.channel.key.clone(), entry.channel.clone()))
                .collect(),
            labels: directory
                .labels(community.id)
                .map(|label| (label.key.clone(), label.clone()))
                .collect(),
            items: FxHashMap::default(),
            topics: FxHashMap::default(),
            posts: FxHashMap::default(),
            elsewhere: FxHashSet::default(),
            reactions: FxHashMap::default(),
            corrections: FxHashMap::default(),
            views: FxHashMap::default(),
            documents: FxHashMap::default(),
            visits: FxHashSet::default(),
            created: Vec::new(),
            changes: rights.changes(),
            plan: ChangeSet::default(),
            writes: false,
        };
        let mut named = References::default();
        for record in records {
            named.collect(record);
        }
        batch.load_members(named.members, erased).await?;
        batch.load_items(named.items).await?;
        batch.load_reactions(&named.reactions).await?;
        batch.load_documents(&named.documents).await?;
        Ok(batch)
    }

    /// Members by key; what is left of those who are known to be erased, unless somebody has their key
    /// again.
    async fn load_members(&mut self, keys: FxHashSet<Key>, erased: &ErasedKeys) -> Result<()> {
        let store = self.session.engine().store();
        let keys: Vec<Key> = keys.into_iter().collect();
        let found = store.members_by_key(&keys).await?;
        let mut gone: Vec<(Key, MemberId)> = Vec::new();
        for (key, member) in keys.into_iter().zip(found) {
            match (member, erased.0.get(&key)) {
                (Some(member), _) => drop(self.members.insert(key, member)),
                (None, Some(id)) => gone.push((key, *id)),
                (None, None) => {}
            }
        }
        let ids: Vec<MemberId> = gone.iter().map(|(_, id)| *id).collect();
        let left = gone.into_iter().zip(store.members(&ids).await?);
        self.members.extend(left.filter_map(|((key, _), member)| Some((key, member?))));
        Ok(())
    }

    /// Those whom the batch would create a second time: one who was erased has the id still.
    pub(super) async fn tombstones(&self) -> Result<Vec<(Key, MemberId)>> {
        let ids: Vec<MemberId> = self.created.iter().map(|(_, id)| *id).collect();
        let found = self.session.engine().store().members(&ids).await?;
        let found = self.created.iter().zip(found);
        Ok(found.filter_map(|(created, member)| member.map(|_| created.clone())).collect())
    }

    async fn load_items(&mut self, keys: FxHashSet<Key>) -> Result<()> {
        let store = self.session.engine().store();
        let keys: Vec<Key> = keys.into_iter().collect();
        let ids = keys.iter().filter_map(|key| Some((key.clone(), key.as_str().parse().ok()?)));
        let by_id: Vec<(Key, Uuid)> = ids.collect();
        if !by_id.is_empty() {
            // Before all topics: whoever writes meanwhile, no post is found without its topic.
            let ids = by_id.iter().map(|(_, id)| PostId::from_uuid(*id));
            self.load_posts(ids.collect()).await?;
        }
        let found = store.lookup(self.community.id, &keys).await?;
        let (mut topics, mut posts) = (FxHashSet::default(), FxHashSet::default());
        for (key, found) in keys.into_iter().zip(found) {
            match found {
                Some((topic, None)) => {
                    topics.insert(topic);
                    self.items.insert(key, Item::Topic(topic));
                }
                Some((topic, Some(post))) => {
                    topics.insert(topic);
                    posts.insert(post);
                    self.items.insert(key, Item::Post(post));
                }
                None => {}
            }
        }
        topics.extend(by_id.iter().map(|(_, id)| TopicId::from_uuid(*id)));
        topics.extend(self.posts.values().map(|(post, _)| post.topic));
        self.load_topics(topics.into_iter().collect()).await?;
        posts.extend(self.topics.values().map(|topic| topic.opening));
        self.load_posts(posts.into_iter().collect()).await?;
        for (key, id) in by_id {
            if self.items.contains_key(&key) {
                continue;
            }
            let (topic, post) = (TopicId::from_uuid(id), PostId::from_uuid(id));
            if self.topics.contains_key(&topic) {
                self.items.insert(key, Item::Topic(topic));
            } else if self.posts.contains_key(&post) {
                self.items.insert(key, Item::Post(post));
            }
        }
        Ok(())
    }

    async fn load_topics(&mut self, ids: Vec<TopicId>) -> Result<()> {
        let rows = self.session.engine().store().topics(&ids, self.scope()).await?;
        for row in self.scope().admit_all(rows.into_iter().flatten()) {
            let topic = row.into_inner().topic;
            if topic.community == self.community.id {
                self.topics.insert(topic.id, topic);
            } else {
                self.elsewhere.insert(topic.id.uuid());
            }
        }
        Ok(())
    }

    pub(super) async fn load_posts(&mut self, ids: Vec<PostId>) -> Result<()> {
        let rows = self.session.engine().store().posts(&ids, self.scope()).await?;
        for row in self.scope().admit_all(rows.into_iter().flatten()) {
            let view = row.into_inner();
            if view.place.community == self.community.id {
                self.posts.insert(view.post.id, (view.post, view.body));
            } else {
                self.elsewhere.insert(view.post.id.uuid());
            }
        }
        Ok(())
    }

    async fn load_reactions(&mut self, named: &[(Key, Key)]) -> Result<()> {
        let mut wanted: FxHashMap<MemberId, Vec<PostId>> = FxHashMap::default();
        for (post, member) in named {
            if let (Some(post), Some(member)) =
                (self.known_post(post), self.members.get(member).map(|member| member.id))
            {
                wanted.entry(member).or_default().push(post);
            }
        }
        for (member, posts) in wanted {
            for found in self.session.engine().store().reactions_of(member, &posts).await? {
                let key = (found.post, found.member, found.slot);
                self.reactions.insert(key, Some(found.key));
            }
        }
        Ok(())
    }

    /// Documents that other communities have leave their ids to them: the batch's get others.
    async fn load_documents(&mut self, named: &[(DocumentId, Timestamp)]) -> Result<()> {
        let store = self.session.engine().store();
        let mut waiting: Vec<DocumentId> = named.iter().map(|(id, _)| *id).collect();
        while !waiting.is_empty() {
            let found = store.documents(&waiting).await?;
            let mut elsewhere = FxHashSet::default();
            for document in self.scope().admit_all(found.into_iter().flatten()) {
                if document.community == self.community.id {
                    self.documents.insert(document.id, document.into_inner());
                } else {
                    elsewhere.insert(document.id);
                }
            }
            self.elsewhere.extend(elsewhere.iter().map(|id| id.uuid()));
            let again = named.iter().filter(|(id, _)| elsewhere.contains(id));
            waiting = again.map(|(id, at)| self.id_of_copy(*id, *at)).collect();
        }
        Ok(())
    }

    /// The id that a document keeps: its own, unless a document of another community has it.
    pub(super) fn id_of_document(
        &self,
        id: DocumentId,
        created_at: Timestamp,
    ) -> Result<DocumentId> {
        if !self.elsewhere.contains(&id.uuid()) {
            return Ok(id);
        }
        let copy = self.id_of_copy(id, created_at);
        if self.elsewhere.contains(&copy.uuid()) {
            // It is made of the name of this community, so somebody has chosen it.
            return Err(Error::invalid(format!("another community has the document {copy}")));
        }
        Ok(copy)
    }

    fn id_of_copy(&self, id: DocumentId, created_at: Timestamp) -> DocumentId {
        DocumentId::from_uuid(self.id_of(created_at, &format!("document/{id}")))
    }

    /// Plans one record. Returns whether it writes something.
    pub(super) async fn plan(&mut self, record: &Record) -> Result<bool> {
        self.writes = false;
        match record {
            Record::Community(_) => {
                return Err(Error::invalid("the community stands on the first line"));
            }
            Record::Member(record) => self.member(record)?,
            Record::Membership(record) => self.membership(record).await?,
            Record::Channel(record) => self.channel(record)?,
            Record::Label(record) => self.label(record)?,
            Record::Topic(record) => self.topic(record).await?,
            Record::Post(record) => self.post(record).await?,
            Record::Revision(record) => self.revision(record).await?,
            Record::Reaction(record) => self.reaction(record)?,
            Record::Correction(record) => self.correction(record).await?,
            Record::Link(record) => self.link(record).await?,
            Record::Acceptance(record) => self.acceptance(record)?,
            Record::Grant(record) => self.grant(record).await?,
            Record::Visits(record) => self.visits(record).await?,
            Record::Document(record) => self.document(record)?,
            Record::Views(record) => {
                record.check()?;
                self.views(record).await?;
            }
        }
        self.settle()?;
        Ok(self.writes)
    }

    /// Ends a step: what is planned from here on rests on what was planned so far. A record that
    /// writes one entity twice ends a step in between.
    ///
    /// Times are looked at here and not only at the commit, so that the record is named that they
    /// are of.
    pub(super) fn settle(&mut self) -> Result<()> {
        let plan = std::mem::take(&mut self.plan);
        plan.check_times()?;
        self.writes |= !plan.is_empty();
        self.changes.then(plan);
        Ok(())
    }

    /// The change set of the whole batch.
    pub(super) fn finish(self) -> ChangeSet {
        self.changes
    }

    /// Rests on a member, who may be erased meanwhile.
    pub(super) fn rest_on_member(&mut self, key: &Key) {
        if let Some(member) = self.members.get(key) {
            let (entity, rev) = (EntityRef::Member(member.id), member.rev);
            // One whom the batch writes it rests on already.
            if !self.has_written(entity) && !self.created.iter().any(|(_, id)| *id == member.id) {
                self.plan_mut().expect(Expect::Rev(entity, rev));
            }
        }
    }

    /// Rests on a post, which may be erased meanwhile: texts of it are written without it.
    pub(super) fn rest_on_post(&mut self, post: &Post) {
        if !self.has_written(EntityRef::Post(post.id)) {
            let after = self.plan_mut().change_post(post, post.clone());
            if let Some((known, _)) = self.posts.get_mut(&post.id) {
                *known = after;
            }
        }
    }

    /// Whether the batch writes this entity so far.
    pub(super) fn has_written(&self, entity: EntityRef) -> bool {
        self.changes.ops.iter().any(|op| op.writes() == Some(entity))
    }

    /// What the record that is being planned writes.
    pub(super) fn plan_mut(&mut self) -> &mut ChangeSet {
        &mut self.plan
    }

    pub(super) fn scope(&self) -> &'a Scope {
        &self.rights.scope
    }

    /// A deterministic id for something with a key: the same in every run of an import.
    pub(super) fn id_of(&self, at: Timestamp, key: &str) -> Uuid {
        IdSource::named(at, &format!("{}/{key}", self.community.key))
    }

    /// The post that a key stands for; a topic's key stands for its first post.
    pub(super) fn known_post(&self, key: &Key) -> Option<PostId> {
        match self.items.get(key)? {
            Item::Post(post) => Some(*post),
            Item::Topic(topic) => self.topics.get(topic).map(|topic| topic.opening),
        }
    }

    pub(super) fn post_of(&self, key: &Key) -> Result<PostId> {
        self.known_post(key).ok_or_else(|| Error::invalid(format!("there is no post `{key}`")))
    }

    pub(super) fn topic_of(&self, key: &Key) -> Result<TopicId> {
        match self.items.get(key) {
            Some(Item::Topic(topic)) => Ok(*topic),
            _ => Err(Error::invalid(format!("there is no topic `{key}`"))),
        }
    }

    pub(super) fn topic_by_id(&self, id: TopicId) -> Result<Topic> {
        self.topics.get(&id).cloned().ok_or(Error::NotFound("topic"))
    }

    pub(super) fn post_by_id(&self, id: PostId) -> Result<(Post, String)> {
        self.posts.get(&id).cloned().ok_or(Error::NotFound("post"))
    }

    /// The id that a new item keeps: the one that it has where it comes from, and that its key is.
    /// Not if it comes from another community of this store.
    pub(super) fn own_id(&self, key: &Key, at: Timestamp) -> Option<Uuid> {
        id_in(key, at).filter(|id| !self.elsewhere.contains(id))
    }

    /// The posts above a post, its parent first; reads those that are not in the batch yet.
    pub(super) async fn ancestors(&mut self, post: &Post) -> Result<Vec<Post>> {
        let mut above = Vec::new();
        let mut next = post.parent;
        while let Some(id) = next {
            if !self.posts.contains_key(&id) {
                self.load_posts(vec![id]).await?;
            }
            let (parent, _) = self.post_by_id(id)?;
            next = parent.parent;
            above.push(parent);
        }
        Ok(above)
    }

    /// The last activity of a topic without one of its posts, as the batch leaves it. Looks at the
    /// whole thread: asked only when activity goes, which is rare.
    pub(super) async fn activity_without(
        &mut self,
        topic: &Topic,
        except: Option<PostId>,
    ) -> Result<Timestamp> {
        const PAGE: usize = 500;
        let store = self.session.engine().store();
        let mut after = None;
        loop {
            let rows = store.posts_by_id(topic.id, after, PAGE, self.scope()).await?;
            let full = rows.len() == PAGE;
            for row in self.scope().admit_all(rows) {
                let view = row.into_inner();
                after = Some(view.post.id);
                self.posts.entry(view.post.id).or_insert((view.post, view.body));
            }
            if !full {
                break;
            }
        }
        let posts = self.posts.values().map(|(post, _)| post);
        let bumps = posts.filter(|post| {
            let counts = post.bumps && post.state == State::Published;
            counts && post.topic == topic.id && Some(post.id) != except
        });
        Ok(bumps.map(|post| post.created_at).fold(topic.bumped_at, Timestamp::max))
    }

    /// Takes over what a plan has moved of a topic: posts that are published, the last activity.
    pub(super) fn counted(&mut self, topic: TopicId, posts: i64, active_at: Timestamp) {
        if let Some(topic) = self.topics.get_mut(&topic) {
            topic.counters.posts += posts;
            topic.counters.active_at = active_at;
        }
    }

    /// Takes over counts of children that a plan has moved.
    pub(super) fn moved(&mut self, children: Vec<(PostId, i64)>) {
        for (id, step) in children {
            if let Some((post, _)) = self.posts.get_mut(&id) {
                post.counters.children += step;
            }
        }
    }

    /// An event of imported history.
    pub(super) fn event(
        &self,
        kind: EventKind,
        topic: &Topic,
        post: Option<PostId>,
        actor: Option<MemberId>,
        at: Timestamp,
    ) -> NewEvent {
        NewEvent {
            kind,
            actor,
            at,
            community: Some(topic.community),
            channel: Some(topic.channel),
            topic: Some(topic.id),
            post,
            member: None,
        }
    }
}

/// The keys that records refer to.
#[derive(Default)]
struct References {
    members: FxHashSet<Key>,
    items: FxHashSet<Key>,
    reactions: Vec<(Key, Key)>,
    documents: Vec<(DocumentId, Timestamp)>,
}

impl References {
    fn collect(&mut self, record: &Record) {
        match record {
            Record::Community(_) | Record::Channel(_) | Record::Label(_) => {}
            Record::Member(record) => self.members.extend([record.key.clone()]),
            Record::Membership(record) => {
                self.members.insert(record.member.clone());
                self.members.extend(record.sanctions.iter().filter_map(|s| s.by.clone()));
            }
            Record::Topic(record) => {
                self.items.insert(record.key.clone());
                self.items.extend(record.opening.clone());
                self.members.extend(record.author.iter().chain(&record.editor).cloned());
            }
            Record::Post(record) => {
                self.items.extend([record.key.clone(), record.topic.clone()]);
                self.items.extend(record.parent.clone());
                self.members.extend(record.author.iter().chain(&record.editor).cloned());
                let marks = record.accepted.iter().chain(&record.official);
                self.members.extend(marks.filter_map(|mark| mark.by.clone()));
            }
            Record::Revision(record) => {
                self.items.insert(record.post.clone());
                self.members.extend(record.editor.clone());
            }
            Record::Reaction(record) => {
                self.items.insert(record.post.clone());
                self.members.insert(record.member.clone());
                self.reactions.push((record.post.clone(), record.member.clone()));
            }
            Record::Correction(record) => {
                self.items.insert(record.post.clone());
                self.members.insert(record.author.clone());
            }
            Record::Link(record) => self.items.extend([record.from.clone(), record.to.clone()]),
            Record::Views(record) => self.items.extend([record.topic.clone()]),
            Record::Visits(record) => self.members.extend(record.members.iter().cloned()),
            Record::Document(record) => self.documents.push((record.id, record.created_at)),
            Record::Acceptance(record) => {
                self.items.insert(record.post.clone());
                self.members.extend(record.by.clone());
            }
            Record::Grant(record) => {
                self.items.extend(record.post.clone());
                self.members.insert(record.member.clone());
                self.members.extend(record.by.clone());
            }
        }
    }
}

/// The id that a key is, if something created at this time can have it. Any other UUID is a key as
/// others are: ids tell an item's age.
pub(super) fn id_in(key: &Key, at: Timestamp) -> Option<Uuid> {
    key.as_str().parse().ok().filter(|id| is_of(*id, at))
}
