//! An index that follows its store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use community_core::store::PostView;
use community_core::time::to_micros;
use community_core::{
    AccessRev, Event, EventKind, PostId, PostKind, Scope, Slug, State, Store, Topic,
};
use community_testkit::worlds::{Size, World, load};

use super::dump::{Document, dump_of};
use super::*;
use crate::projection::Snapshot;

const SEEDS: u64 = 12;

/// A number for the size of the next portion, not the same each time.
fn portion(seed: u64, step: u64) -> usize {
    let mixed = (seed * 31 + step + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    usize::try_from(1 + mixed % 17).unwrap()
}

#[test]
fn an_index_that_follows_a_script_in_portions_is_the_one_built_in_one_go() {
    let mut documents = 0;
    for seed in 0..SEEDS {
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut following = projection(&disk, portion(seed, 99));
        for step in 1..=10_u32 {
            let engine = after_part_of_script(seed, f64::from(step) / 10.0);
            catch_up(&mut following, engine.store(), portion(seed, step.into()));
            let whole = in_one_go(engine.store());
            assert_eq!(dump(&following), whole, "seed {seed}, after {step} tenths");
            documents += whole.documents.len();
        }
    }
    assert!(documents > 500, "{documents} documents");
}

#[test]
fn every_post_has_one_document_which_says_what_the_store_says() {
    let mut hidden = 0;
    for seed in 0..3 * SEEDS {
        let engine = after_script(seed);
        let index = in_one_go(engine.store()).documents;
        let expected = block_on(facts_of_everything(engine.store()));
        let is_hidden =
            |facts: &&Document| facts["state"] != ["0"] || facts["topic_state"] != ["0"];
        hidden += expected.values().filter(is_hidden).count();
        assert_eq!(index.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (post, facts) in expected {
            for (name, values) in facts {
                assert_eq!(index[&post][&name], values, "seed {seed}: {name} of {post}");
            }
        }
    }
    assert!(hidden > 20, "{hidden} hidden posts");
}

#[test]
fn a_generated_world_is_indexed_whole() {
    let engine = Engine::with_env(Arc::new(MemoryStore::with_epoch(1)), env().0);
    block_on(load(&engine.as_system(), &World::generate(Size::Hamlet, 5))).unwrap();
    let expected = block_on(facts_of_everything(engine.store()));
    assert_eq!(expected.len(), Size::Hamlet.params().posts);
    let whole = in_one_go(engine.store());
    for (post, facts) in expected {
        for (name, values) in facts {
            assert_eq!(whole.documents[&post][&name], values, "{name} of {post}");
        }
    }
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut portions = projection(&disk, 7);
    catch_up(&mut portions, engine.store(), 13);
    assert_eq!(dump(&portions), whole);
}

/// The facts of all posts, read plainly.
async fn facts_of_everything(store: &dyn Store) -> BTreeMap<PostId, Document> {
    let scope = Scope::system(AccessRev::default());
    let mut facts = BTreeMap::new();
    for community in store.directory().await.unwrap().communities() {
        let topics = store.topics_by_id(community.id, None, 10_000, &scope).await.unwrap();
        for topic in scope.admit_all(topics) {
            let topic = topic.into_inner().topic;
            let posts = store.posts_by_id(topic.id, None, 10_000, &scope).await.unwrap();
            let posts: Vec<PostView> =
                scope.admit_all(posts).into_iter().map(|post| post.into_inner()).collect();
            for view in &posts {
                facts.insert(view.post.id, facts_of(&topic, view, &posts));
            }
        }
    }
    facts
}

fn facts_of(topic: &Topic, view: &PostView, all: &[PostView]) -> Document {
    let post = &view.post;
    let published = |mark: fn(&PostView) -> bool| {
        let is_answer = |post: &&PostView| {
            post.post.kind == PostKind::Answer && post.post.state == State::Published
        };
        all.iter().filter(is_answer).any(mark)
    };
    let (answered, solved) = (published(|_| true), published(|view| view.post.accepted.is_some()));
    let official = post.official.is_some();
    let is_opening = post.id == topic.opening;
    let active = if is_opening { topic.counters.active_at } else { post.created_at };
    let corrected = view.corrections.iter().any(|correction| correction.withdrawn_at.is_none());
    let hex = |bytes: &[u8; 16]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let one = |name: &str, value: String| (name.to_owned(), vec![value]);
    Document::from([
        one("post", hex(post.id.as_bytes())),
        one("topic", hex(topic.id.as_bytes())),
        one("community", hex(topic.community.as_bytes())),
        one("channel", hex(topic.channel.as_bytes())),
        one("topic_author", hex(topic.author.as_bytes())),
        one("author", hex(view.author.id.as_bytes())),
        one("topic_state", topic.state.code().to_string()),
        one("state", post.state.code().to_string()),
        one("post_kind", post.kind.code().to_string()),
        one("kind", topic.kind.to_string()),
        ("label".to_owned(), topic.labels.iter().map(Slug::to_string).collect()),
        one("created", to_micros(post.created_at).to_string()),
        one("active", to_micros(active).to_string()),
        one("score", (post.counters.ups - post.counters.downs).to_string()),
        one("answerable", topic.answerable.to_string()),
        one("answered", answered.to_string()),
        one("solved", solved.to_string()),
        one("official", official.to_string()),
        one("corrected", corrected.to_string()),
    ])
}

#[test]
fn nothing_is_visible_before_its_commit_and_a_snapshot_stays_as_it_is() {
    // What has a label that changes is looked up in the index, which is committed before. So in this
    // second half none does.
    let is_quiet = |(half, whole): &(Engine, Engine)| {
        let head = block_on(half.store().head()).unwrap();
        let rest = block_on(whole.store().events_after(head, 1_000)).unwrap();
        let of_label = |event: &Event| matches!(event.event.kind, EventKind::LabelChanged { .. });
        rest.len() > 10 && !rest.iter().any(of_label)
    };
    let mut scripts = (1..).map(|seed| (after_part_of_script(seed, 0.5), after_script(seed)));
    let (half, whole) = scripts.find(is_quiet).unwrap();
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut projection = projection(&disk, usize::MAX);
    catch_up(&mut projection, half.store(), 5);
    let before: Arc<Snapshot> = projection.index().snapshot().unwrap();
    let held = dump_of(&before);
    block_on(async { while projection.catch_up(whole.store(), 5).await.unwrap().lag > 0 {} });
    assert_eq!(dump(&projection), held);
    projection.flush().unwrap();
    assert_eq!(dump(&projection), in_one_go(whole.store()));
    assert_eq!(dump_of(&before), held);
    assert_eq!(held, in_one_go(half.store()));
}

#[test]
fn a_generation_that_is_complete_lies_in_one_segment() {
    let engine = after_script(1);
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut projection = projection(&disk, 8);
    let segments = |projection: &Projection| {
        let shown = projection.index().snapshot().unwrap();
        shown.searcher().segment_readers().len()
    };
    catch_up(&mut projection, engine.store(), 5);
    assert_eq!(segments(&projection), 1);
    assert_eq!(dump(&projection), in_one_go(engine.store()));
    // What happens from then on stands beside it.
    let mut projection = Projection::in_memory(settings(8), env().0);
    catch_up(&mut projection, after_part_of_script(1, 0.5).store(), 5);
    catch_up(&mut projection, engine.store(), 5);
    assert!(segments(&projection) > 1);
}

#[test]
fn what_waits_is_committed_by_number_and_by_age() {
    let engine = after_script(2);
    let events = log(engine.store()).len();
    let (env, clock) = env();
    let policy = CommitPolicy { documents: usize::MAX, age: Duration::from_secs(5) };
    let settings = Settings { commit: policy, ..settings(0) };
    let mut projection = Projection::in_memory(settings.clone(), env.clone());
    let empty = Engine::with_env(Arc::new(MemoryStore::with_epoch(1)), env.clone());
    block_on(projection.catch_up(empty.store(), 1)).unwrap();
    let seq = |projection: &Projection| projection.index().snapshot().unwrap().seq();
    let catch_up = |projection: &mut Projection, by| {
        block_on(projection.catch_up(engine.store(), by)).unwrap();
    };
    catch_up(&mut projection, events - 1);
    assert_eq!(seq(&projection), Seq(0));
    clock.advance(Duration::from_secs(4));
    catch_up(&mut projection, 1);
    assert_eq!(seq(&projection), Seq(0));
    clock.advance(Duration::from_secs(1));
    catch_up(&mut projection, 1);
    assert_eq!(seq(&projection), Seq(events as u64));

    let few = CommitPolicy { documents: 1, ..policy };
    let mut projection = Projection::in_memory(Settings { commit: few, ..settings }, env);
    block_on(projection.catch_up(empty.store(), 1)).unwrap();
    catch_up(&mut projection, events - 1);
    assert_eq!(seq(&projection), Seq(events as u64 - 1));
}

#[test]
fn lag_counts_the_events_that_are_left() {
    let engine = after_script(3);
    let events = log(engine.store()).len() as u64;
    let mut projection = Projection::in_memory(settings(1), env().0);
    let progress = block_on(projection.catch_up(engine.store(), 10)).unwrap();
    assert_eq!((progress.seq, progress.lag), (Seq(10), events - 10));
    assert!(progress.rebuilding && projection.index().snapshot().is_none());
    let progress = block_on(projection.catch_up(engine.store(), usize::MAX)).unwrap();
    assert_eq!((progress.seq, progress.lag, progress.rebuilding), (Seq(events), 0, false));
    assert!(projection.bytes().unwrap() > 1_000);
    let index = projection.index();
    assert_eq!(block_on(index.wait_for(Seq(events))).seq(), Seq(events));
}

#[test]
fn a_rebuild_goes_on_behind_the_index_that_is_served() {
    let engine = after_script(4);
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut projection = projection(&disk, 1);
    catch_up(&mut projection, engine.store(), usize::MAX);
    let whole = dump(&projection);
    block_on(projection.rebuild(engine.store())).unwrap();
    let progress = block_on(projection.catch_up(engine.store(), 10)).unwrap();
    assert!(progress.rebuilding);
    assert_eq!(dump(&projection), whole);
    catch_up(&mut projection, engine.store(), 10);
    assert_eq!(dump(&projection), whole);
    assert_eq!(disk.generations().unwrap(), [2]);
    assert_eq!(disk.current(), Some(2));
}
