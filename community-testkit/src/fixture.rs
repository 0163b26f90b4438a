//! Things to store, and the change sets that store them with every counter that goes with them.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{ChangeSet, Counter, EventKind, NewEvent, Op, Receipt};
use community_core::{
    Audience, Channel, ChannelId, Community, CommunityId, Correction, CorrectionId, Key, Label,
    Mark, Member, MemberId, Membership, Name, Policy, Post, PostCounters, PostId, PostKind,
    Reaction, RequestId, Rev, Revision, Settings, Slot, Slug, State, Timestamp, Title, Topic,
    TopicCounters, TopicId,
};

use crate::check::Outcome;
use crate::world::World;

/// A community with one channel and two members who have joined.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) community: Community,
    pub(crate) channel: Channel,
    pub(crate) ann: Member,
    pub(crate) bob: Member,
}

/// A topic with its first post and that post's text.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) topic: Topic,
    pub(crate) opening: Post,
    pub(crate) text: Revision,
}

/// A reply with its text.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) post: Post,
    pub(crate) text: Revision,
}

macro_rules! literals {
    ($($name:ident -> $type:ty),+) => {$(
        #[doc = concat!("A literal of this crate as a [`", stringify!($type), "`].")]
        #[allow(clippy::expect_used, reason = "the literals of this crate are valid")]
        pub(crate) fn $name(text: &str) -> $type {
            <$type>::new(text).expect("a valid literal")
        }
    )+};
}

literals! { slug -> Slug, key -> Key, name -> Name, title -> Title }

/// Things, not yet stored. Each is created a second after the one before.
impl World {
    pub(crate) fn new_community(&self, key: &str) -> Community {
        let at = self.tick();
        Community {
            id: CommunityId::from_uuid(self.mint(at)),
            key: slug(key),
            name: name(key),
            description: format!("About {key}"),
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
        }
    }

    pub(crate) fn new_channel(&self, community: &Community, key: &str) -> Channel {
        let at = self.tick();
        Channel {
            id: ChannelId::from_uuid(self.mint(at)),
            community: community.id,
            parent: None,
            key: slug(key),
            name: name(key),
            description: String::new(),
            position: 0,
            policy: Policy::inherit(),
            settings: Settings::default(),
            archived: false,
            created_at: at,
            rev: Rev::FIRST,
        }
    }

    pub(crate) fn new_label(&self, community: &Community, key: &str) -> Label {
        Label {
            community: community.id,
            key: slug(key),
            name: name(key),
            description: String::new(),
            audience: Audience::Everyone,
            rev: Rev::FIRST,
        }
    }

    pub(crate) fn new_member(&self, member: &str) -> Member {
        let at = self.tick();
        Member {
            id: MemberId::from_uuid(self.mint(at)),
            key: key(member),
            name: name(member),
            attributes: BTreeMap::new(),
            lists: BTreeSet::new(),
            profile: BTreeMap::new(),
            listed: true,
            created_at: at,
            erased_at: None,
            rev: Rev::FIRST,
        }
    }

    /// The membership of somebody who joins now.
    pub(crate) fn new_membership(&self, community: &Community, member: &Member) -> Membership {
        let stranger = Membership::stranger(community.id, member.id);
        Membership { joined_at: Some(self.tick()), rev: Rev::FIRST, ..stranger }
    }

    pub(crate) fn new_topic(&self, channel: &Channel, author: MemberId) -> Draft {
        let at = self.tick();
        let id = TopicId::from_uuid(self.mint(at));
        let opening = self.new_post(id, at, author);
        let topic = Topic {
            id,
            community: channel.community,
            channel: channel.id,
            key: None,
            kind: slug("question"),
            answerable: true,
            title: title("When to sow leeks?"),
            labels: Vec::new(),
            author,
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
        let text = Revision {
            title: Some(topic.title.clone()),
            labels: Some(Vec::new()),
            ..new_text(&opening, "Is March too early?")
        };
        Draft { topic, opening, text }
    }

    /// A comment to a post.
    pub(crate) fn new_reply(&self, to: &Post, author: MemberId) -> Reply {
        let at = self.tick();
        let post = Post {
            parent: Some(to.id),
            depth: to.depth + 1,
            kind: PostKind::Reply,
            ..self.new_post(to.topic, at, author)
        };
        Reply { text: new_text(&post, "In a cold frame it is not."), post }
    }

    /// An answer to a topic's first post.
    pub(crate) fn new_answer(&self, opening: &Post, author: MemberId) -> Reply {
        let Reply { post, text } = self.new_reply(opening, author);
        Reply { post: Post { kind: PostKind::Answer, ..post }, text }
    }

    fn new_post(&self, topic: TopicId, at: Timestamp, author: MemberId) -> Post {
        Post {
            id: PostId::from_uuid(self.mint(at)),
            topic,
            parent: None,
            depth: 0,
            kind: PostKind::Opening,
            key: None,
            author,
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

    pub(crate) fn new_correction(&self, post: &Post, author: MemberId) -> Correction {
        let at = self.tick();
        Correction {
            id: CorrectionId::from_uuid(self.mint(at)),
            post: post.id,
            range: None,
            revision: post.revision,
            body: "It is, north of the river.".to_owned(),
            author,
            at,
            withdrawn_at: None,
            rev: Rev::FIRST,
        }
    }

    pub(crate) fn new_reaction(&self, post: PostId, member: MemberId, key: &str) -> Reaction {
        let slot = if matches!(key, "up" | "down") { Slot::Vote } else { Slot::Reaction };
        Reaction { post, member, slot, key: slug(key), at: self.tick() }
    }

    pub(crate) fn new_event(&self, kind: EventKind) -> NewEvent {
        NewEvent {
            kind,
            actor: None,
            at: self.now(),
            community: None,
            channel: None,
            topic: None,
            post: None,
            member: None,
        }
    }

    pub(crate) fn new_request(&self) -> RequestId {
        RequestId::from_uuid(self.mint(self.now()))
    }
}

/// The first text of a post.
pub(crate) fn new_text(post: &Post, body: &str) -> Revision {
    Revision {
        post: post.id,
        number: post.revision,
        body: body.to_owned(),
        title: None,
        labels: None,
        editor: Some(post.author),
        at: post.created_at,
        reason: None,
    }
}

impl Draft {
    /// The same topic with labels.
    pub(crate) fn labelled(mut self, labels: &[&str]) -> Self {
        self.topic.labels = labels.iter().map(|label| slug(label)).collect();
        self.topic.labels.sort();
        self.text.labels = Some(self.topic.labels.clone());
        self
    }

    /// The topic, its first post, the text, and what they count for.
    pub(crate) fn ops(&self) -> Vec<Op> {
        let Self { topic, opening, text } = self;
        let mut ops = vec![
            Op::PutTopic(Box::new(topic.clone())),
            Op::PutPost(Box::new(opening.clone())),
            Op::PutRevision(Box::new(text.clone())),
            Op::Bump(Counter::TopicPosts(topic.id), 1),
            Op::Bump(Counter::Participation(topic.id, opening.author), 1),
            Op::RaiseActive(topic.id, opening.created_at),
        ];
        if topic.state == State::Published {
            ops.extend(listed(topic, 1));
        }
        ops
    }
}

impl Reply {
    /// The post, its text, and what they count for.
    pub(crate) fn ops(&self) -> Vec<Op> {
        let Self { post, text } = self;
        let mut ops =
            vec![Op::PutPost(Box::new(post.clone())), Op::PutRevision(Box::new(text.clone()))];
        if post.state == State::Published {
            ops.extend(counted(post, 1));
            if post.bumps {
                ops.push(Op::RaiseActive(post.topic, post.created_at));
            }
        }
        ops
    }
}

/// What a published topic counts for.
pub(crate) fn listed(topic: &Topic, by: i64) -> Vec<Op> {
    let mut ops = vec![Op::Bump(Counter::ChannelTopics(topic.channel), by)];
    for label in &topic.labels {
        let counter = Counter::LabelUse(topic.community, label.clone(), topic.channel);
        ops.push(Op::Bump(counter, by));
    }
    ops
}

/// What a published reply counts for.
pub(crate) fn counted(post: &Post, by: i64) -> Vec<Op> {
    let mut ops = vec![
        Op::Bump(Counter::TopicPosts(post.topic), by),
        Op::Bump(Counter::Participation(post.topic, post.author), by),
    ];
    if let Some(parent) = post.parent {
        ops.push(Op::Bump(Counter::PostChildren(parent), by));
    }
    if post.kind == PostKind::Answer {
        ops.push(Op::Bump(Counter::TopicAnswers(post.topic), by));
        if post.accepted.is_some() {
            ops.push(Op::Bump(Counter::TopicAccepted(post.topic), by));
        }
    }
    ops
}

/// A vote or reaction that was not there before, and what it counts for.
pub(crate) fn given(topic: &Topic, reaction: &Reaction) -> Vec<Op> {
    let mut ops = vec![Op::PutReaction(reaction.clone())];
    ops.extend(tallied(topic, reaction, 1));
    ops
}

/// What a vote or reaction counts for.
pub(crate) fn tallied(topic: &Topic, reaction: &Reaction, by: i64) -> Vec<Op> {
    let post = reaction.post;
    let opens = post == topic.opening;
    let (of_post, of_topic) = match (reaction.slot, reaction.key.as_str()) {
        (Slot::Vote, "up") => (Counter::PostUps(post), Some(Counter::TopicUps(topic.id))),
        (Slot::Vote, _) => (Counter::PostDowns(post), Some(Counter::TopicDowns(topic.id))),
        (Slot::Reaction, _) => (Counter::Tally(post, reaction.key.clone()), None),
    };
    let of_topic = of_topic.filter(|_| opens);
    std::iter::once(of_post).chain(of_topic).map(|counter| Op::Bump(counter, by)).collect()
}

/// A published topic that comes to another state, and back.
pub(crate) fn topic_state(before: &Topic, state: State) -> Vec<Op> {
    let after = Topic { state, rev: before.rev.next(), gate: before.gate + 1, ..before.clone() };
    changed(before, &after)
}

/// New facts of a topic, and what they count for.
pub(crate) fn changed(before: &Topic, after: &Topic) -> Vec<Op> {
    let mut ops = vec![Op::PutTopic(Box::new(after.clone()))];
    if before.state == State::Published {
        ops.extend(listed(before, -1));
    }
    if after.state == State::Published {
        ops.extend(listed(after, 1));
    }
    ops
}

/// A published reply that is taken back or removed. When replies hang below it, a placeholder stays
/// and its parent counts it as before.
pub(crate) fn hidden(before: &Post, state: State) -> Vec<Op> {
    let after = Post { state, rev: before.rev.next(), ..before.clone() };
    let mut ops = vec![Op::PutPost(Box::new(after))];
    ops.extend(counted(before, -1).into_iter().filter(|op| {
        before.counters.children == 0 || !matches!(op, Op::Bump(Counter::PostChildren(_), _))
    }));
    ops
}

/// An answer that is accepted.
pub(crate) fn accepted(before: &Post, at: Timestamp) -> Vec<Op> {
    let mark = Mark { by: None, at, reason: None };
    let after = Post { accepted: Some(mark), rev: before.rev.next(), ..before.clone() };
    vec![Op::PutPost(Box::new(after)), Op::Bump(Counter::TopicAccepted(before.topic), 1)]
}

/// A new correction, and what it counts for while it stands.
pub(crate) fn corrected(correction: &Correction) -> Vec<Op> {
    let stands = i64::from(correction.withdrawn_at.is_none());
    let counter = Counter::PostCorrections(correction.post);
    vec![Op::PutCorrection(Box::new(correction.clone())), Op::Bump(counter, stands)]
}

/// A membership of somebody who joins.
pub(crate) fn joined(membership: &Membership) -> Vec<Op> {
    vec![
        Op::PutMembership(Box::new(membership.clone())),
        Op::Bump(Counter::Members(membership.community), 1),
    ]
}

/// Things, stored.
impl World {
    /// A community `garden` with a channel `vegetables` and its members `ann` and `bob`.
    pub(crate) async fn home(&self) -> Outcome<Home> {
        let community = self.new_community("garden");
        let channel = self.new_channel(&community, "vegetables");
        let (ann, bob) = (self.new_member("user:ann"), self.new_member("user:bob"));
        self.apply([
            Op::PutCommunity(Box::new(community.clone())),
            Op::PutChannel(Box::new(channel.clone())),
            Op::PutMember(Box::new(ann.clone())),
            Op::PutMember(Box::new(bob.clone())),
        ])
        .await?;
        for member in [&ann, &bob] {
            self.apply(joined(&self.new_membership(&community, member))).await?;
        }
        Ok(Home { community, channel, ann, bob })
    }

    /// A question of Ann's.
    pub(crate) async fn question(&self, home: &Home) -> Outcome<Draft> {
        let draft = self.new_topic(&home.channel, home.ann.id);
        self.apply(draft.ops()).await?;
        Ok(draft)
    }

    /// A comment to a post.
    pub(crate) async fn reply(&self, to: &Post, author: &Member) -> Outcome<Post> {
        let reply = self.new_reply(to, author.id);
        self.apply(reply.ops()).await?;
        Ok(reply.post)
    }

    /// An answer to a question.
    pub(crate) async fn answer(&self, to: &Draft, author: &Member) -> Outcome<Post> {
        let answer = self.new_answer(&to.opening, author.id);
        self.apply(answer.ops()).await?;
        Ok(answer.post)
    }

    /// One more member who has joined.
    pub(crate) async fn joiner(&self, community: &Community, key: &str) -> Outcome<Member> {
        let member = self.new_member(key);
        self.apply([Op::PutMember(Box::new(member.clone()))]).await?;
        self.apply(joined(&self.new_membership(community, &member))).await?;
        Ok(member)
    }

    /// One more channel.
    pub(crate) async fn channel(&self, community: &Community, key: &str) -> Outcome<Channel> {
        let channel = self.new_channel(community, key);
        self.apply([Op::PutChannel(Box::new(channel.clone()))]).await?;
        Ok(channel)
    }

    /// Labels of a community.
    pub(crate) async fn labels(&self, community: &Community, keys: &[&str]) -> Outcome<Receipt> {
        let labels = keys.iter().map(|key| self.new_label(community, key));
        self.apply(labels.map(|label| Op::PutLabel(Box::new(label)))).await
    }
}

/// A change set of operations only.
pub(crate) fn writing(ops: impl IntoIterator<Item = Op>) -> ChangeSet {
    ChangeSet { ops: ops.into_iter().collect(), ..ChangeSet::default() }
}
