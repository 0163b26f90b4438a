//! A small world to test in.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{ChangeSet, Counter, Op, Receipt};
use community_core::policy::{Facts, Scope};
use community_core::store::{CommitError, Committer, Reader};
use community_core::time::{Timestamp, from_micros};
use community_core::{
    Action, Audience, Channel, ChannelId, Community, CommunityId, IdSource, Key, Label, Member,
    MemberId, Name, Policy, Post, PostCounters, PostId, PostKind, Rev, Revision, Settings, Slug,
    State, Title, Topic, TopicCounters, TopicId, Viewer,
};
use pollster::block_on;

use crate::MemoryStore;

/// Two communities. The first has a channel for everybody, two more of those, one in which people
/// read their own topics only, and one that nobody reads; and the labels `a` to `c`, and `hidden`,
/// which exists for nobody.
pub(super) struct World {
    pub(super) store: MemoryStore,
    pub(super) communities: Vec<Community>,
    pub(super) channels: Vec<Channel>,
    pub(super) members: Vec<Member>,
}

pub(super) const LABELS: [&str; 4] = ["a", "b", "c", "hidden"];
pub(super) const KINDS: [&str; 2] = ["question", "discussion"];

impl World {
    pub(super) fn new() -> Self {
        let communities = vec![community("garden"), community("workshop")];
        let views = [
            ("open", Audience::Everyone),
            ("seeds", Audience::Everyone),
            ("tools", Audience::Everyone),
            ("mine", Audience::Author),
            ("closed", Audience::Nobody),
        ];
        let garden = views.map(|(key, view)| {
            let policy = Policy::inherit().with(Action::View, view);
            Channel { policy, ..channel(&communities[0], key) }
        });
        let mut channels = Vec::from(garden);
        channels.push(channel(&communities[1], "wood"));
        let members = ["ann", "bob", "cy"].map(member).to_vec();
        let garden = communities[0].id;
        let label = |key| Label {
            community: garden,
            key: slug(key),
            name: Name::new(key).unwrap(),
            description: String::new(),
            audience: if key == "hidden" { Audience::Nobody } else { Audience::Everyone },
            rev: Rev::FIRST,
        };
        let world = Self { store: MemoryStore::with_epoch(1), communities, channels, members };
        let mut ops: Vec<Op> = Vec::new();
        ops.extend(world.communities.iter().cloned().map(|c| Op::PutCommunity(Box::new(c))));
        ops.extend(world.channels.iter().cloned().map(|c| Op::PutChannel(Box::new(c))));
        ops.extend(world.members.iter().cloned().map(|m| Op::PutMember(Box::new(m))));
        ops.extend(LABELS.map(label).map(|label| Op::PutLabel(Box::new(label))));
        world.commit(ops);
        world
    }

    pub(super) fn commit(&self, ops: Vec<Op>) -> Receipt {
        self.try_commit(ChangeSet { ops, ..ChangeSet::default() }).unwrap()
    }

    pub(super) fn try_commit(&self, changes: ChangeSet) -> Result<Receipt, CommitError> {
        block_on(self.store.commit(changes))
    }

    /// What a viewer may read now.
    pub(super) fn scope(&self, viewer: Viewer) -> Scope {
        block_on(async {
            let access = self.store.access_rev(viewer.member()).await.unwrap();
            let directory = self.store.directory().await.unwrap();
            let mut facts = Facts::default();
            if let Some(id) = viewer.member() {
                facts.member = self.store.members(&[id]).await.unwrap().remove(0);
                facts.memberships = self.store.memberships(id).await.unwrap();
            }
            Scope::resolve(viewer, &facts, &directory, at(0), access)
        })
    }

    /// The topic as it stands.
    pub(super) fn topic(&self, id: TopicId) -> Topic {
        self.store.read().topics[&id].clone()
    }

    /// The post as it stands.
    pub(super) fn post(&self, id: PostId) -> Post {
        self.store.read().posts[&id].clone()
    }

    /// Starts a topic, as a command would.
    pub(super) fn start(&self, topic: &Topic) {
        let mut ops = vec![Op::PutTopic(Box::new(topic.clone()))];
        ops.extend(opening(topic));
        ops.extend(listed(topic, 1));
        self.commit(ops);
    }

    /// Writes a topic's facts, as a command would.
    pub(super) fn change(&self, topic: Topic) {
        let mut ops: Vec<_> = listed(&self.topic(topic.id), -1).collect();
        ops.extend(listed(&topic, 1));
        ops.push(Op::PutTopic(Box::new(topic)));
        self.commit(ops);
    }
}

/// The first post of a topic and its text.
pub(super) fn opening(topic: &Topic) -> [Op; 2] {
    let post = Post {
        id: topic.opening,
        topic: topic.id,
        parent: None,
        depth: 0,
        kind: PostKind::Opening,
        key: None,
        author: topic.author,
        state: State::Published,
        bumps: true,
        accepted: None,
        official: None,
        shared_at: None,
        erased_at: None,
        created_at: topic.created_at,
        edited_at: None,
        revision: 1,
        rev: Rev::FIRST,
        counters: PostCounters::default(),
    };
    let text = text(&post);
    [Op::PutPost(Box::new(post)), Op::PutRevision(Box::new(text))]
}

/// The counters that follow a topic's being published.
fn listed(topic: &Topic, step: i64) -> impl Iterator<Item = Op> {
    let labels = topic.labels.iter().cloned();
    let uses = labels.map(|label| Counter::LabelUse(topic.community, label, topic.channel));
    let counters: Vec<_> = uses.chain([Counter::ChannelTopics(topic.channel)]).collect();
    let counters = counters.into_iter().filter(|_| topic.state == State::Published);
    counters.map(move |counter| Op::Bump(counter, step))
}

pub(super) fn text(post: &Post) -> Revision {
    Revision {
        post: post.id,
        number: post.revision,
        body: format!("The text of {}", post.id),
        title: None,
        labels: None,
        editor: Some(post.author),
        at: post.created_at,
        reason: None,
    }
}

/// So many minutes after the beginning of 2024.
pub(super) fn at(minutes: i64) -> Timestamp {
    from_micros((1_704_067_200 + minutes * 60) * 1_000_000).unwrap()
}

pub(super) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(super) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

pub(super) fn community(key: &str) -> Community {
    Community {
        id: CommunityId::from_uuid(IdSource::named(at(0), &format!("community:{key}"))),
        key: slug(key),
        name: Name::new(key).unwrap(),
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
        created_at: at(0),
        rev: Rev::FIRST,
    }
}

pub(super) fn channel(community: &Community, key: &str) -> Channel {
    Channel {
        id: ChannelId::from_uuid(IdSource::named(at(0), &format!("channel:{key}"))),
        community: community.id,
        parent: None,
        key: slug(key),
        name: Name::new(key).unwrap(),
        description: String::new(),
        position: 0,
        policy: Policy::inherit(),
        settings: Settings::default(),
        archived: false,
        created_at: at(0),
        rev: Rev::FIRST,
    }
}

pub(super) fn member(name: &str) -> Member {
    Member {
        id: MemberId::from_uuid(IdSource::named(at(0), &format!("member:{name}"))),
        key: key(name),
        name: Name::new(name).unwrap(),
        attributes: BTreeMap::new(),
        lists: BTreeSet::new(),
        profile: BTreeMap::new(),
        listed: true,
        created_at: at(0),
        erased_at: None,
        rev: Rev::FIRST,
    }
}

/// A question, the `number`th that is made.
pub(super) fn topic(channel: &Channel, author: &Member, number: usize, at: Timestamp) -> Topic {
    Topic {
        id: TopicId::from_uuid(IdSource::named(at, &format!("topic:{number}"))),
        community: channel.community,
        channel: channel.id,
        key: None,
        kind: slug("question"),
        answerable: true,
        title: Title::new(&format!("Topic {number}")).unwrap(),
        labels: Vec::new(),
        author: author.id,
        opening: PostId::from_uuid(IdSource::named(at, &format!("opening:{number}"))),
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
    }
}

/// A reply, the `number`th that is made.
pub(super) fn reply(parent: &Post, author: &Member, number: usize, at: Timestamp) -> Post {
    Post {
        id: PostId::from_uuid(IdSource::named(at, &format!("post:{number}"))),
        parent: Some(parent.id),
        depth: parent.depth + 1,
        kind: PostKind::Reply,
        author: author.id,
        created_at: at,
        counters: PostCounters::default(),
        ..parent.clone()
    }
}
