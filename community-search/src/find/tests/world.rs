//! A small world of every kind of access, written by chance.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use community_core::policy::Facts;
use community_core::time::{ManualClock, from_micros};
use community_core::{
    AccessRev, Audience, Directory, Engine, Env, MemberId, NewChannel, NewCommunity, NewCorrection,
    NewLabel, NewMember, NewPost, NewTopic, Policy, PostId, PostKind, Scope, Session, Slug,
    TopicEdit, Viewer, Vote,
};
use community_store_memory::MemoryStore;
use pollster::block_on;

use crate::analysis::Language;
use crate::projection::Snapshot;
use crate::{CommitPolicy, Projection, Settings};

/// Words of posts and of queries, in several forms and scripts.
pub(super) const WORDS: [&str; 30] = [
    "bike",
    "bikes",
    "Biking",
    "fiets",
    "fietsen",
    "tyre",
    "tyres",
    "puncture",
    "café",
    "cafe",
    "Cafés",
    "the",
    "of",
    "de",
    "het",
    "wheel",
    "wheels",
    "flat",
    "repair",
    "repairing",
    "brake",
    "brakes",
    "break",
    "自転車",
    "自転",
    "車",
    "well-known",
    "known",
    "user's",
    "überholen",
];

pub(super) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// Numbers that look like chance, the same for each seed.
pub(in crate::find) struct Dice(pub(in crate::find) u64);

impl Dice {
    pub(in crate::find) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    pub(in crate::find) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(in crate::find) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn text(&mut self, most: usize) -> String {
        let words = 1 + self.below(most);
        let words: Vec<&str> = (0..words).map(|_| self.pick(&WORDS)).collect();
        words.join(if self.chance(80) { " " } else { ", " })
    }
}

/// A store, and an index of it.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) members: Vec<MemberId>,
    pub(super) snapshot: Arc<Snapshot>,
}

impl World {
    /// An empty world of communities, channels, labels and people.
    pub(super) fn places() -> (Engine, Vec<MemberId>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(from_micros(1_700_000_000_000_000).unwrap()));
        let env = Env::manual(Arc::clone(&clock), 3);
        let engine = Engine::with_env(Arc::new(MemoryStore::with_epoch(1)), env);
        let members = block_on(async {
            let system = engine.as_system();
            for (key, policy) in [("shed", Policy::public()), ("club", Policy::members_only())] {
                let community = NewCommunity::new(slug(key), key.parse().unwrap(), policy);
                system.create_community(community).await.unwrap();
                for (label, audience) in
                    [("tyres", Audience::Everyone), ("secret", Audience::Nobody)]
                {
                    let label = NewLabel::new(slug(label), "Wheels and parts".parse().unwrap());
                    system.put_label(&slug(key), label.audience(audience)).await.unwrap();
                }
            }
            let channel = |key: &str| NewChannel::new(slug(key), key.parse().unwrap());
            for (community, channel) in [
                ("shed", channel("bikes")),
                ("shed", channel("wheels").below(slug("bikes"))),
                ("shed", channel("spokes").below(slug("wheels"))),
                ("shed", channel("desk").policy(Policy::own_topics_only())),
                ("shed", channel("office").policy(Policy::employees())),
                ("club", channel("den")),
                ("club", channel("list").policy(Policy::closed_list(slug("vip")))),
            ] {
                system.create_channel(&slug(community), channel).await.unwrap();
            }
            let mut members = Vec::new();
            for (key, lists) in [("ana", &["vip"][..]), ("bob", &[]), ("cleo", &[]), ("dan", &[])] {
                let mut member = NewMember::new(key.parse().unwrap(), key.parse().unwrap());
                member.lists = lists.iter().map(|list| slug(list)).collect::<BTreeSet<Slug>>();
                members.push(system.sync_member(member).await.unwrap());
            }
            for (member, community) in [(0, "shed"), (0, "club"), (1, "shed"), (2, "shed")] {
                system.set_member(&slug(community), members[member], true).await.unwrap();
            }
            let mut roles = Vec::from([(1, "moderator"), (2, "employee")]);
            roles.push((2, "moderator"));
            for (member, role) in roles {
                let channel = (member == 1).then(|| slug("bikes"));
                let (shed, role) = (slug("shed"), slug(role));
                system.grant_role(&shed, members[member], &role, channel.as_ref()).await.unwrap();
            }
            members
        });
        (engine, members, clock)
    }

    /// A world with topics of a seed, in an index of several segments.
    pub(super) fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let topics = 4 + dice.below(20);
        let (engine, members) = Self::written(&mut dice, topics);
        Self::of(engine, members, 1 + dice.below(40))
    }

    /// One of so many topics that the postings of a word lie in several blocks of one segment.
    pub(super) fn large(seed: u64) -> Self {
        let (engine, members) = Self::written(&mut Dice(seed), 250);
        Self::of(engine, members, 100_000)
    }

    /// So many topics are tried to be written.
    fn written(dice: &mut Dice, topics: usize) -> (Engine, Vec<MemberId>) {
        let (engine, members, clock) = Self::places();
        for _ in 0..topics {
            clock.advance(Duration::from_secs(3_600 * (1 + dice.below(900) as u64)));
            block_on(topic(&engine, &members, dice));
        }
        (engine, members)
    }

    /// The index of what is written so far, with a commit after so many documents.
    pub(super) fn of(engine: Engine, members: Vec<MemberId>, documents: usize) -> Self {
        let commit = CommitPolicy { documents, age: Duration::from_secs(3_600) };
        let settings = Settings { language: Language::English, commit, ..Settings::default() };
        let mut projection = Projection::in_memory(settings, engine.env().clone());
        block_on(async { while projection.catch_up(engine.store(), 9).await.unwrap().lag > 0 {} });
        projection.flush().unwrap();
        let snapshot = projection.index().snapshot().unwrap();
        Self { engine, members, snapshot }
    }

    pub(super) fn directory(&self) -> Directory {
        block_on(self.engine.store().directory()).unwrap()
    }

    /// The scopes of a visitor, of each member, and of the system.
    pub(super) fn scopes(&self) -> Vec<Scope> {
        let members = self.members.iter().map(|member| self.scope(Viewer::Member(*member)));
        let others = [Viewer::Anonymous, Viewer::System].map(|viewer| self.scope(viewer));
        others.into_iter().chain(members).collect()
    }

    pub(super) fn scope(&self, viewer: Viewer) -> Scope {
        let store = self.engine.store();
        let facts = match viewer.member() {
            Some(id) => Facts {
                member: block_on(store.members(&[id])).unwrap().remove(0),
                memberships: block_on(store.memberships(id)).unwrap(),
            },
            None => Facts::default(),
        };
        let now = self.engine.env().now();
        Scope::resolve(viewer, &facts, &self.directory(), now, AccessRev::default())
    }
}

/// Writes a topic. What its author may not do is left undone.
async fn topic(engine: &Engine, members: &[MemberId], dice: &mut Dice) {
    let session = |member: usize| engine.member(members[member]);
    let system = engine.as_system();
    let (community, channel) = dice.pick(&[
        ("shed", "bikes"),
        ("shed", "wheels"),
        ("shed", "spokes"),
        ("shed", "desk"),
        ("shed", "desk"),
        ("shed", "office"),
        ("club", "den"),
        ("club", "list"),
    ]);
    let kind = dice.pick(&["question", "question", "discussion"]);
    let author = session(dice.below(3));
    let (title, body) = (dice.text(4), dice.text(12));
    let new = NewTopic::new(slug(community), slug(channel), slug(kind), title, body);
    let Ok(id) = author.start_topic(new).await else { return };
    let labels: Vec<Slug> =
        ["tyres", "secret"].into_iter().filter(|_| dice.chance(30)).map(slug).collect();
    let edit = TopicEdit { labels: Some(labels), ..TopicEdit::default() };
    system.edit_topic(id, edit).await.unwrap();
    let opening = opening(engine, id);
    let mut posts = vec![opening];
    for _ in 0..dice.below(7) {
        let kind =
            if kind == "question" && dice.chance(60) { PostKind::Answer } else { PostKind::Reply };
        let mut reply = NewPost::new(id, dice.text(10)).kind(kind);
        if kind == PostKind::Reply && dice.chance(50) {
            reply = reply.to(dice.pick(&posts));
        }
        let author = session(dice.below(3));
        let Ok(post) = author.reply(reply).await else { continue };
        posts.push(post);
        marks(&system, kind, post, dice).await;
        if dice.chance(15) {
            _ = author.withdraw_post(post).await;
        }
    }
    for post in &posts {
        let vote = dice.pick(&[None, Some(Vote::Up), Some(Vote::Down)]);
        _ = session(dice.below(3)).vote(*post, vote).await;
    }
    if dice.chance(15) {
        _ = author.withdraw_topic(id).await;
    } else if dice.chance(15) {
        system.remove_topic(id).await.unwrap();
    }
}

async fn marks(system: &Session, kind: PostKind, post: PostId, dice: &mut Dice) {
    if kind == PostKind::Answer && dice.chance(20) {
        system.accept(post, None).await.unwrap();
    }
    if kind == PostKind::Answer && dice.chance(20) {
        system.set_official(post, true, None).await.unwrap();
    }
    if dice.chance(10) {
        _ = system.correct(NewCorrection::new(post, "no")).await;
    }
    if dice.chance(15) {
        system.remove_post(post).await.unwrap();
    }
}

/// The first post of a topic.
pub(super) fn opening(engine: &Engine, topic: community_core::TopicId) -> PostId {
    let scope = Scope::system(AccessRev::default());
    let rows = block_on(engine.store().topics(&[topic], &scope)).unwrap();
    let row = rows.into_iter().flatten().find_map(|row| scope.admit(row)).unwrap();
    row.topic.opening
}
