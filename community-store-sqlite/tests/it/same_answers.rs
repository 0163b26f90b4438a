//! Reads of generated worlds give what the naive store gives: any feed, from any place, for anybody.

use std::sync::Arc;

use community_core::policy::Facts;
use community_core::query::{
    FeedRequest, Position, PostOrder, Selection, ThreadRequest, ThreadStart,
};
use community_core::store::{Reader, Store};
use community_core::time::ManualClock;
use community_core::*;
use community_store_sqlite::SqliteStore;
use community_testkit::ModelStore;
use community_testkit::worlds::{Dice, Params, Size, World, load};
use pollster::block_on;

use crate::common::open;

/// Which worlds. A change to feeds or threads deserves a run with a hundred of them.
const SEEDS: std::ops::Range<u64> = 0..2;

/// The same world in two stores.
struct Pair {
    model: ModelStore,
    store: Arc<SqliteStore>,
    directory: Directory,
    members: Vec<Member>,
    topics: Vec<Topic>,
    posts: Vec<Post>,
    _dir: tempfile::TempDir,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (model, store) = (ModelStore::new(), Arc::new(open(dir.path())));
        let params = Params { communities: 2, channels: 12, ..Size::Hamlet.params() };
        let world = World::with_params(params, seed);
        for store in [Arc::new(model.clone()) as Arc<dyn Store>, store.clone()] {
            let clock = Arc::new(ManualClock::at(World::end()));
            let engine = Engine::with_env(store, Env::manual(clock, seed));
            block_on(load(&engine.as_system(), &world)).unwrap();
        }
        let scope = Scope::system(AccessRev::default());
        let directory = block_on(model.directory()).unwrap();
        let (mut topics, mut posts) = (Vec::new(), Vec::new());
        for community in directory.communities() {
            let rows = block_on(model.topics_by_id(community.id, None, 10_000, &scope)).unwrap();
            topics.extend(scope.admit_all(rows).into_iter().map(|row| row.topic.clone()));
        }
        for topic in &topics {
            let views = block_on(model.posts_by_id(topic.id, None, 10_000, &scope)).unwrap();
            posts.extend(scope.admit_all(views).into_iter().map(|view| view.post.clone()));
        }
        let members = block_on(model.members_by_id(None, 10_000)).unwrap();
        Self { model, store, directory, members, topics, posts, _dir: dir }
    }

    /// The scope of somebody, worked out on one store.
    fn scope(&self, on: &dyn Store, viewer: Viewer) -> Scope {
        let access = block_on(on.access_rev(viewer.member())).unwrap();
        let mut facts = Facts::default();
        if let Some(id) = viewer.member() {
            facts.member = block_on(on.members(&[id])).unwrap().remove(0);
            facts.memberships = block_on(on.memberships(id)).unwrap();
        }
        Scope::resolve(viewer, &facts, &self.directory, World::end(), access)
    }

    fn viewer(&self, dice: &mut Dice) -> Viewer {
        match dice.below(10) {
            0 => Viewer::Anonymous,
            1 => Viewer::System,
            _ => Viewer::Member(dice.pick(&self.members).id),
        }
    }

    fn feed(&self, dice: &mut Dice, scope: &Scope) -> FeedRequest {
        let topic = dice.pick(&self.topics).clone();
        let mut selection = Vec::new();
        for community in self.directory.communities() {
            let all: Vec<_> = self.directory.channels(community.id).map(|e| e.channel.id).collect();
            let mut read: Vec<_> =
                all.iter().copied().filter(|id| scope.read().contains(*id)).collect();
            let mut own: Vec<_> = all
                .iter()
                .copied()
                .filter(|id| scope.own().contains(*id) && !scope.read().contains(*id))
                .collect();
            let is_part = dice.chance(60);
            if is_part {
                read.retain(|_| dice.chance(60));
                own.retain(|_| dice.chance(60));
            }
            let whole = read.len() == all.len();
            selection.push(Selection { community: community.id, read, own, whole });
        }
        let sort = *dice.pick(&Sort::ALL);
        let label = |dice: &mut Dice| match dice.pick(&self.topics).labels.first() {
            Some(label) => label.to_string(),
            None => "nothing".to_owned(),
        };
        let labels = match dice.below(8) {
            0 => Some(label(dice)),
            1 => Some(format!("{} or {}", label(dice), label(dice))),
            2 => Some(format!("{} and not {}", label(dice), label(dice))),
            3 => Some(format!("not {}", label(dice))),
            _ => None,
        };
        FeedRequest {
            selection,
            labels: labels.map(|labels| labels.parse().unwrap()),
            kind: dice.chance(25).then(|| topic.kind.clone()),
            author: dice.chance(15).then_some(topic.author),
            sort,
            since: dice.chance(30).then(|| TopicId::earliest(topic.created_at)),
            after: None,
            limit: dice.between(1, 12),
            pins_of: None,
        }
    }

    fn thread(&self, dice: &mut Dice) -> ThreadRequest {
        let post = dice.pick(&self.posts);
        let of_topic: Vec<_> = self.posts.iter().filter(|p| p.topic == post.topic).collect();
        let other = *dice.pick(&of_topic);
        let opening = of_topic.iter().find(|p| p.parent.is_none()).unwrap().id;
        let order = *dice.pick(&PostOrder::ALL);
        let key = match dice.below(4) {
            0 => Position::UNTOLD,
            _ => order.key(other) + dice.between(0, 2) as i64 - 1,
        };
        ThreadRequest {
            topic: post.topic,
            root: if dice.chance(70) { opening } else { post.id },
            order,
            max_depth: if dice.chance(60) { u32::MAX } else { dice.below(5) as u32 },
            start: match dice.below(3) {
                0 => ThreadStart::Root,
                1 => ThreadStart::At(other.id),
                _ => ThreadStart::After(Position { key, id: other.id.uuid() }),
            },
            limit: dice.between(1, 8),
        }
    }
}

#[test]
fn any_feed_of_anybody_is_the_same_page_by_page() {
    for seed in SEEDS {
        let pair = Pair::new(seed);
        let mut dice = Dice::new(seed);
        for _ in 0..120 {
            let viewer = pair.viewer(&mut dice);
            let (expected_of, of) =
                (pair.scope(&pair.model, viewer), pair.scope(&*pair.store, viewer));
            let mut request = pair.feed(&mut dice, &of);
            loop {
                let expected = block_on(pair.model.feed(&request, &expected_of)).unwrap();
                let page = block_on(pair.store.feed(&request, &of)).unwrap();
                assert_eq!(page, expected, "seed {seed}, {viewer:?}, {request:?}");
                let Some((last, _)) = page.items.last().filter(|_| page.more) else { break };
                request.after = Some(*last);
            }
        }
    }
}

#[test]
fn any_part_of_any_thread_is_the_same() {
    for seed in SEEDS {
        let pair = Pair::new(seed);
        let mut dice = Dice::new(seed);
        for _ in 0..200 {
            let viewer = pair.viewer(&mut dice);
            let (expected_of, of) =
                (pair.scope(&pair.model, viewer), pair.scope(&*pair.store, viewer));
            let request = pair.thread(&mut dice);
            let expected = block_on(pair.model.thread(&request, &expected_of)).unwrap();
            let page = block_on(pair.store.thread(&request, &of)).unwrap();
            assert_eq!(page, expected, "seed {seed}, {viewer:?}, {request:?}");
        }
    }
}

#[test]
fn counts_and_everything_by_id_are_the_same() {
    let pair = Pair::new(7);
    let mut dice = Dice::new(7);
    for _ in 0..60 {
        let viewer = pair.viewer(&mut dice);
        let (model, store) = (&pair.model as &dyn Store, &*pair.store as &dyn Store);
        let (expected_of, of) = (pair.scope(model, viewer), pair.scope(store, viewer));
        let topics: Vec<_> = (0..5).map(|_| dice.pick(&pair.topics).id).collect();
        let posts: Vec<_> = (0..5).map(|_| dice.pick(&pair.posts).id).collect();
        let member = dice.pick(&pair.members).id;
        macro_rules! same {
            ($($call:ident($($argument:expr),*),)+) => {$(
                assert_eq!(
                    block_on(store.$call($($argument,)* &of)).unwrap(),
                    block_on(model.$call($($argument,)* &expected_of)).unwrap(),
                    "{viewer:?}"
                );
            )+};
        }
        let community = pair.directory.communities().next().unwrap().id;
        same! {
            topics(&topics),
            posts(&posts),
            ancestors(posts[0]),
            revisions(posts[1], 0, 10),
            label_use(community),
            channel_topics(community),
            topics_by_id(community, Some(topics[0]), 4),
            posts_by_id(topics[0], Some(posts[0]), 4),
        }
        assert_eq!(
            block_on(store.reactions_of(member, &posts)).unwrap(),
            block_on(model.reactions_of(member, &posts)).unwrap()
        );
        assert_eq!(
            block_on(store.latest_bump(topics[0], Some(posts[0]))).unwrap(),
            block_on(model.latest_bump(topics[0], Some(posts[0]))).unwrap()
        );
    }
}
