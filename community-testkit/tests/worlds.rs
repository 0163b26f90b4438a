//! Generated worlds are the same each time, as large as they say, varied, lawful, and load.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use community_core::record::{PostRecord, Record, TopicRecord};
use community_core::time::ManualClock;
use community_core::{
    Action, Engine, Env, FeedQuery, Imported, Key, PostKind, Sort, State, Viewer,
};
use community_testkit::worlds::{Access, Params, Size, World, load};
use community_testkit::{ModelStore, verify};
use pollster::block_on;

/// A hash of a world's records as lines of JSON.
fn fingerprint(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (community, record) in world.records() {
        community.as_str().hash(&mut hasher);
        serde_json::to_string(&record).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}

#[derive(Debug, Default)]
struct Counts {
    communities: usize,
    channels: usize,
    labels: usize,
    members: usize,
    topics: usize,
    posts: usize,
    votes: usize,
}

impl Counts {
    fn of(world: &World) -> Self {
        let mut counts = Self::default();
        for (_, record) in world.records() {
            match record {
                Record::Community(_) => counts.communities += 1,
                Record::Channel(_) => counts.channels += 1,
                Record::Label(_) => counts.labels += 1,
                Record::Member(_) => counts.members += 1,
                Record::Topic(_) => {
                    counts.topics += 1;
                    counts.posts += 1;
                }
                Record::Post(_) => counts.posts += 1,
                Record::Reaction(r) if r.slot == community_core::Slot::Vote => counts.votes += 1,
                _ => {}
            }
        }
        counts
    }

    fn check(&self, params: &Params) {
        let Self { communities, channels, labels, members, topics, posts, votes } = *self;
        let exact = [communities, channels, labels, members, topics, posts];
        let Params {
            communities,
            channels,
            labels,
            members,
            topics,
            posts,
            votes: votes_asked,
            ..
        } = *params;
        assert_eq!(exact, [communities, channels, labels, members, topics, posts]);
        // Where few people may vote, the most popular posts soon have everybody's vote.
        let least = votes_asked * 9 / 10;
        assert!((least..=votes_asked).contains(&votes), "{votes} of {votes_asked} votes");
    }
}

fn engine() -> Engine {
    let clock = Arc::new(ManualClock::at(World::end()));
    Engine::with_env(Arc::new(ModelStore::new()), Env::manual(clock, 1))
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let world = |seed| fingerprint(&World::generate(Size::Hamlet, seed));
    assert_eq!(world(1), world(1));
    assert_ne!(world(1), world(2));
}

#[test]
fn hamlets_and_towns_have_the_stated_counts() {
    for seed in 0..20 {
        let world = World::generate(Size::Hamlet, seed);
        Counts::of(&world).check(&Size::Hamlet.params());
    }
    let world = World::generate(Size::Town, 3);
    Counts::of(&world).check(&Size::Town.params());
    assert_eq!(world.params(), &Size::Town.params());
}

#[test]
#[ignore = "a minute without optimisation"]
fn a_city_has_the_stated_counts() {
    let world = World::generate(Size::City, 1);
    Counts::of(&world).check(&Size::City.params());
}

#[test]
fn a_world_has_as_many_topics_and_channels_as_a_benchmark_asks_for() {
    let params = Params::public(300, 7);
    let world = World::with_params(params.clone(), 1);
    Counts::of(&world).check(&params);
    assert_eq!(world.channels(0).len(), 7);
    let empty = Params {
        communities: 0,
        channels: 0,
        labels: 0,
        members: 0,
        topics: 0,
        posts: 0,
        votes: 0,
        access: Access::EveryPreset,
    };
    let world = World::with_params(empty, 1);
    assert_eq!(Counts::of(&world).communities, 1);
}

#[test]
fn a_town_has_one_of_everything() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut posts: BTreeMap<(String, Key), usize> = BTreeMap::new();
    let mut tell = |what: &str| {
        seen.insert(what.to_owned());
    };
    for (community, record) in World::generate(Size::Town, 5).records() {
        match record {
            Record::Community(r) => tell(&format!("community {}", r.policy.rules().count())),
            Record::Channel(r) => {
                let view = r.policy.rule(&Action::View).map(ToString::to_string);
                tell(&format!("channel {}", view.unwrap_or_default()));
                if r.archived {
                    tell("archived channel");
                }
                if r.parent.is_some() {
                    tell("nested channel");
                }
            }
            Record::Label(r) if r.audience != community_core::Audience::Everyone => {
                tell(&format!("label for {}", r.audience));
            }
            Record::Member(r) => {
                tell(if r.listed { "listed" } else { "unlisted" });
                r.lists.iter().for_each(|list| tell(list.as_str()));
            }
            Record::Membership(r) => {
                r.roles.iter().for_each(|r| tell(&format!("{} {}", r.role, r.channel.is_some())));
                r.sanctions.iter().for_each(|s| tell(&format!("{:?}", s.kind)));
            }
            Record::Topic(r) => {
                let TopicRecord { kind, state, locked, pin, status, revision, .. } = *r;
                tell(&format!("kind {}", kind.unwrap()));
                tell(&format!("topic {state:?}"));
                tell(&format!("status {}", status.unwrap()));
                tell(if locked { "locked" } else { "unlocked" });
                if let Some(pin) = pin {
                    tell(&format!("pin {:?} {}", pin.place, pin.until.is_some()));
                }
                if revision > 1 {
                    tell("edited topic");
                }
            }
            Record::Post(r) => {
                let PostRecord { topic, parent, kind, state, accepted, official, .. } = *r;
                tell(&format!("post {state:?}"));
                tell(if kind == Some(PostKind::Answer) { "answer" } else { "comment" });
                if accepted.is_some() {
                    tell("accepted");
                }
                if official.is_some() {
                    tell("official");
                }
                let above =
                    parent.and_then(|parent| posts.get(&(community.to_string(), parent)).copied());
                let depth = above.unwrap_or(0) + 1;
                posts.insert((community.to_string(), r.key), depth);
                if depth == 20 {
                    tell("deep thread");
                }
                if above.is_none() {
                    let wide = posts.entry((format!("wide {community}"), topic)).or_default();
                    *wide += 1;
                    if *wide == 20 {
                        tell("wide thread");
                    }
                }
            }
            Record::Revision(_) => tell("revision"),
            Record::Reaction(r) => tell(&format!("{:?} {}", r.slot, r.key)),
            Record::Correction(r) => {
                tell(&format!("correction {} {}", r.range.is_some(), r.withdrawn_at.is_some()));
            }
            Record::Link(r) => tell(&format!("{:?}", r.kind)),
            Record::Views(_) => tell("views"),
            Record::Acceptance(_) => tell("acceptance"),
            Record::Grant(_) => tell("grant"),
            Record::Visits(_) => tell("visits"),
            Record::Document(_) => tell("document"),
            Record::Label(_) => tell("label"),
        }
    }
    let expected = [
        "accepted",
        "answer",
        "archived channel",
        "channel ",
        "channel (department exists and country in [BE, NL]) or (role(moderator) or role(manager))",
        "channel author or (role(employee) or (role(moderator) or role(manager)))",
        "channel list(customers) or (role(moderator) or role(manager))",
        "channel members or (role(moderator) or role(manager))",
        "channel role(employee) or (role(moderator) or role(manager))",
        "comment",
        "correction false true",
        "correction true false",
        "customers",
        "Duplicate",
        "deep thread",
        "edited topic",
        "employee false",
        "expert false",
        "kind announcement",
        "kind article",
        "kind discussion",
        "kind event",
        "kind idea",
        "kind loan",
        "kind poll",
        "kind question",
        "label for level >= 2 or role(moderator)",
        "label for role(employee)",
        "locked",
        "manager false",
        "mentor false",
        "moderator false",
        "moderator true",
        "nested channel",
        "official",
        "partners",
        "pin Channel false",
        "pin Community true",
        "post Removed",
        "post Withdrawn",
        "Reaction thanks",
        "Related",
        "revision",
        "Silence",
        "status closed",
        "status lent",
        "Suspension",
        "topic Removed",
        "topic Withdrawn",
        "unlisted",
        "views",
        "vendor true",
        "Vote down",
        "Vote up",
        "wide thread",
    ];
    for what in expected {
        assert!(seen.contains(what), "no {what} in {seen:#?}");
    }
}

#[test]
fn a_hamlet_loads_and_loading_it_again_changes_nothing() {
    for seed in [1, 2] {
        let world = World::generate(Size::Hamlet, seed);
        let engine = engine();
        let session = engine.as_system();
        let records = world.records().count();
        let first = block_on(load(&session, &world)).unwrap();
        assert_eq!(first, Imported { changed: records, unchanged: 0 });
        let head = block_on(engine.store().head()).unwrap();
        let again = block_on(load(&session, &world)).unwrap();
        assert_eq!(again, Imported { changed: 0, unchanged: records });
        assert_eq!(block_on(engine.store().head()).unwrap(), head);
        let report = block_on(verify(engine.store())).unwrap();
        assert!(report.is_clean(), "{:#?}", report.findings);
    }
}

#[test]
fn whoever_wrote_something_may_read_it_at_the_end() {
    let world = World::generate(Size::Hamlet, 4);
    let engine = engine();
    block_on(async {
        load(&engine.as_system(), &world).await.unwrap();
        let community = &world.communities()[0];
        let mut topics = 0;
        for (_, record) in world.records() {
            let (topic, author) = match record {
                Record::Topic(r) if r.state != State::Removed => (r.key, r.author.unwrap()),
                Record::Post(r) => (r.topic, r.author.unwrap()),
                _ => continue,
            };
            let view = engine.as_system().topic_by_key(community, &topic).await.unwrap();
            let author = engine.member_by_key(&author).await.unwrap();
            let Viewer::Member(id) = author.viewer() else { panic!() };
            let memberships = engine.store().memberships(id).await.unwrap();
            let now = engine.env().now();
            let sanctioned = |s: &community_core::Sanction| s.is_active(now);
            let hidden = match view.topic.state {
                State::Published => false,
                State::Withdrawn => view.topic.author != id,
                State::Removed => true,
            };
            if hidden || memberships.iter().flat_map(|m| &m.sanctions).any(sanctioned) {
                continue;
            }
            let decision = author.can_in_topic(&Action::View, view.topic.id).await.unwrap();
            assert!(decision.allowed, "{decision}");
            topics += 1;
        }
        assert!(topics > 150, "{topics}");
    });
}

#[test]
fn the_cast_reads_what_its_parts_say() {
    let world = World::generate(Size::Hamlet, 1);
    let engine = engine();
    block_on(async {
        load(&engine.as_system(), &world).await.unwrap();
        let community = world.communities()[0].clone();
        let topics = |viewer: community_core::Session| {
            let query = FeedQuery::community(community.clone()).sort(Sort::New).limit(100);
            async move { viewer.feed(&query).await.unwrap().items.len() }
        };
        let cast = world.cast();
        let mut seen = Vec::new();
        for key in [&cast.outsider, &cast.customer, &cast.employee, &cast.manager] {
            seen.push(topics(engine.member_by_key(key).await.unwrap()).await);
        }
        let anonymous = topics(engine.anonymous()).await;
        let suspended = topics(engine.member_by_key(&cast.suspended).await.unwrap()).await;
        assert_eq!([anonymous, suspended], [seen[0], seen[0]]);
        assert!(seen[0] > 0 && seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
        let all = topics(engine.as_system()).await;
        assert_eq!(seen[3], all);
    });
}
