//! A small community, for tests of what only this store does.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use community_core::change::{ChangeSet, Counter, EventKind, NewEvent, Op, Receipt};
use community_core::policy::AccessRev;
use community_core::query::{FeedRequest, Selection, Sort};
use community_core::store::{CommitError, Committer, Reader};
use community_core::time::from_micros;
use community_core::*;
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;

/// Ids and times that rise.
#[derive(Debug, Default)]
pub(crate) struct Mint {
    seconds: AtomicI64,
    count: AtomicU64,
}

impl Mint {
    pub(crate) fn now(&self) -> Timestamp {
        let seconds = self.seconds.fetch_add(1, Ordering::SeqCst);
        from_micros((1_700_000_000 + seconds) * 1_000_000).unwrap()
    }

    pub(crate) fn id(&self, at: Timestamp) -> uuid::Uuid {
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        IdSource::named(at, &format!("thing:{count}"))
    }
}

/// A community with two channels and two members.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) mint: Mint,
    pub(crate) community: Community,
    pub(crate) garden: Channel,
    pub(crate) kitchen: Channel,
    pub(crate) ann: Member,
    pub(crate) bob: Member,
}

impl Home {
    /// A document with the id of a byte and a number in it, that stands in one list.
    pub(crate) fn document(&self, id: u8, n: i64) -> Document {
        let (id, at) = (DocumentId::from_bytes([id; 16]), self.mint.now());
        let body = serde_json::json!({ "n": n, "in": [{ "text": format!("n: {n}") }] });
        let new = Document::new(id, self.community.id, slug("notes"), at, &body).unwrap();
        new.with_keys([DocumentKey::new(slug("by-state"), n).within("open")])
    }
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(crate) fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir, Options::default()).unwrap()
}

pub(crate) fn commit(store: &SqliteStore, changes: ChangeSet) -> Receipt {
    block_on(store.commit(changes)).unwrap()
}

pub(crate) fn try_commit(store: &SqliteStore, changes: ChangeSet) -> Result<Receipt, CommitError> {
    block_on(store.commit(changes))
}

impl Home {
    pub(crate) fn new() -> Self {
        let mint = Mint::default();
        let at = mint.now();
        let community = Community {
            id: CommunityId::from_uuid(mint.id(at)),
            key: slug("home"),
            name: Name::new("Home").unwrap(),
            description: String::new(),
            policy: Policy::inherit(),
            settings: Settings::default(),
            reactions: Vec::new(),
            kinds: Vec::new(),
            synonyms: Vec::new(),
            reputation: Default::default(),
            hot_scale: Community::DEFAULT_HOT_SCALE,
            capacity: None,
            archived: false,
            created_at: at,
            rev: Rev::FIRST,
        };
        let channel = |key: &str| Channel {
            id: ChannelId::from_uuid(mint.id(at)),
            community: community.id,
            parent: None,
            key: slug(key),
            name: Name::new(key).unwrap(),
            description: String::new(),
            position: 0,
            policy: Policy::inherit(),
            settings: Settings::default(),
            archived: false,
            created_at: at,
            rev: Rev::FIRST,
        };
        let (garden, kitchen) = (channel("garden"), channel("kitchen"));
        let (ann, bob) = (new_member(&mint, "ann"), new_member(&mint, "bob"));
        Self { garden, kitchen, ann, bob, community, mint }
    }

    /// The change set that makes it.
    pub(crate) fn found(&self) -> ChangeSet {
        ChangeSet {
            ops: vec![
                Op::PutCommunity(Box::new(self.community.clone())),
                Op::PutChannel(Box::new(self.garden.clone())),
                Op::PutChannel(Box::new(self.kitchen.clone())),
                Op::PutMember(Box::new(self.ann.clone())),
                Op::PutMember(Box::new(self.bob.clone())),
            ],
            events: vec![event(EventKind::CommunityCreated, self.mint.now())],
            ..ChangeSet::default()
        }
    }

    pub(crate) fn topic(&self, channel: &Channel, labels: &[&str]) -> (Topic, Post) {
        let at = self.mint.now();
        let id = TopicId::from_uuid(self.mint.id(at));
        let opening = self.post(id, None, at);
        let topic = Topic {
            id,
            community: self.community.id,
            channel: channel.id,
            key: None,
            kind: slug("question"),
            answerable: true,
            title: Title::new("When to sow leeks?").unwrap(),
            labels: labels.iter().map(|label| slug(label)).collect(),
            author: self.ann.id,
            opening: opening.id,
            status: slug("open"),
            payload: None,
            state: State::Published,
            locked: false,
            pin: None,
            hot_scale: Community::DEFAULT_HOT_SCALE,
            created_at: at,
            bumped_at: at,
            rev: Rev::FIRST,
            gate: 0,
            counters: TopicCounters::new(at),
        };
        (topic, opening)
    }

    pub(crate) fn post(&self, topic: TopicId, parent: Option<&Post>, at: Timestamp) -> Post {
        Post {
            id: PostId::from_uuid(self.mint.id(at)),
            topic,
            parent: parent.map(|parent| parent.id),
            depth: parent.map_or(0, |parent| parent.depth + 1),
            kind: if parent.is_some() { PostKind::Reply } else { PostKind::Opening },
            key: None,
            author: self.ann.id,
            state: State::Published,
            bumps: true,
            accepted: None,
            official: None,
            shared_at: None,
            erased_at: None,
            created_at: at,
            edited_at: None,
            revision: 1,
            rev: Rev::FIRST,
            counters: PostCounters::default(),
        }
    }

    /// The change set that starts a topic.
    pub(crate) fn start(&self, topic: &Topic, opening: &Post) -> ChangeSet {
        let mut ops = vec![Op::PutTopic(Box::new(topic.clone()))];
        ops.extend(self.write(opening, "Is March too early?"));
        ops.push(Op::Bump(Counter::ChannelTopics(topic.channel), 1));
        for label in &topic.labels {
            let counter = Counter::LabelUse(topic.community, label.clone(), topic.channel);
            ops.push(Op::Bump(counter, 1));
        }
        let events =
            vec![event(EventKind::TopicStarted { labels: topic.labels.clone() }, topic.created_at)];
        ChangeSet { ops, events, ..ChangeSet::default() }
    }

    /// The change set that writes a reply.
    pub(crate) fn reply(&self, post: &Post) -> ChangeSet {
        let mut ops = self.write(post, "In a cold frame it is not.");
        ops.extend(post.parent.map(|parent| Op::Bump(Counter::PostChildren(parent), 1)));
        ops.push(Op::RaiseActive(post.topic, post.created_at));
        let events = vec![event(EventKind::PostWritten, post.created_at)];
        ChangeSet { ops, events, ..ChangeSet::default() }
    }

    fn write(&self, post: &Post, body: &str) -> Vec<Op> {
        let revision = Revision {
            post: post.id,
            number: 1,
            body: body.to_owned(),
            title: None,
            labels: None,
            editor: Some(post.author),
            at: post.created_at,
            reason: None,
        };
        vec![
            Op::PutPost(Box::new(post.clone())),
            Op::PutRevision(Box::new(revision)),
            Op::Bump(Counter::TopicPosts(post.topic), 1),
            Op::Bump(Counter::Participation(post.topic, post.author), 1),
        ]
    }

    /// Starts a topic in a channel.
    pub(crate) fn started(
        &self,
        store: &SqliteStore,
        channel: &Channel,
        labels: &[&str],
    ) -> (Topic, Post) {
        let (topic, opening) = self.topic(channel, labels);
        commit(store, self.start(&topic, &opening));
        (topic, opening)
    }

    /// A request for everything, newest first.
    pub(crate) fn feed(&self) -> FeedRequest {
        FeedRequest {
            selection: vec![Selection {
                community: self.community.id,
                read: vec![self.garden.id, self.kitchen.id],
                own: Vec::new(),
                whole: true,
            }],
            labels: None,
            kind: None,
            author: None,
            sort: Sort::New,
            since: None,
            after: None,
            limit: 20,
            pins_of: None,
        }
    }
}

pub(crate) fn new_member(mint: &Mint, key: &str) -> Member {
    let at = mint.now();
    Member {
        id: MemberId::from_uuid(mint.id(at)),
        key: Key::new(key).unwrap(),
        name: Name::new(key).unwrap(),
        attributes: Default::default(),
        lists: Default::default(),
        profile: Default::default(),
        listed: true,
        created_at: at,
        erased_at: None,
        rev: Rev::FIRST,
    }
}

pub(crate) fn event(kind: EventKind, at: Timestamp) -> NewEvent {
    NewEvent {
        kind,
        actor: None,
        at,
        community: None,
        channel: None,
        topic: None,
        post: None,
        member: None,
    }
}

/// The scope of the system.
pub(crate) fn system() -> Scope {
    Scope::system(AccessRev::default())
}

/// The ids of a page, read as the system.
pub(crate) fn ids(store: &SqliteStore, request: &FeedRequest) -> Vec<TopicId> {
    let scope = system();
    let page = block_on(store.feed(request, &scope)).unwrap();
    let cards = scope.admit_all(page.items.into_iter().map(|(_, card)| card));
    cards.iter().map(|card| card.topic.id).collect()
}
