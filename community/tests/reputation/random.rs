//! Whatever happens, in whatever order, with whatever failures in between: the ledger adds up, and
//! projecting it anew gives the same.

use std::sync::Arc;

use community::time::ManualClock;
use community::*;
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore, Synchronous};
use community_testkit::worlds::Dice;
use community_testkit::{CommitFault, FaultyStore};
use pollster::block_on;

use crate::stage::{DAY, Stage, garden, slug};

/// Performs so many random acts, pumping at random moments on a store that fails at random moments.
/// Returns how many entries reverse something, and how many members were erased.
fn live<S: Store>(seed: u64, acts: usize, store: S) -> (usize, usize) {
    let faulty = Arc::new(FaultyStore::new(store));
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
    let store: Arc<dyn Store> = Arc::<FaultyStore<S>>::clone(&faulty);
    let env = Env::manual(Arc::clone(&clock), seed);
    // Small steps, so that there are many to be killed in.
    let limits = Limits { projected: 7, ..Limits::default() };
    let engine = Engine::with_env(Arc::clone(&store), env.clone().with_limits(limits));
    let mut stage = Stage::on(engine, clock, 6);
    let host = stage.engine.as_system();
    let pots = NewChannel::new(slug("pots"), "Pots".parse().unwrap());
    block_on(host.create_channel(&garden(), pots)).unwrap();
    for key in ["red", "blue"] {
        let label = NewLabel::new(slug(key), key.parse().unwrap());
        block_on(host.put_label(&garden(), label)).unwrap();
    }
    let mut dice = Dice::new(seed);
    let (mut topics, mut posts): (Vec<TopicId>, Vec<PostId>) = (Vec::new(), Vec::new());
    let mut erased = 0;
    for _ in 0..acts {
        let who = stage.people[dice.below(stage.people.len())].clone();
        let host = stage.engine.as_system();
        let post = posts.get(dice.below(posts.len())).copied();
        let topic = topics.get(dice.below(topics.len())).copied();
        // Much of it is refused, which is as good.
        match (dice.below(30), topic, post) {
            (0..2, _, _) | (_, None, _) => {
                let kind = ["question", "idea", "discussion"][dice.below(3)];
                let topic = stage.start(&who, kind);
                topics.push(topic);
                posts.push(stage.opening(topic));
            }
            (2..5, Some(topic), _) => {
                posts.extend(block_on(who.reply(NewPost::new(topic, "So."))));
            }
            (5..12, _, Some(post)) => {
                let vote = [Some(Vote::Up), Some(Vote::Up), Some(Vote::Down), None][dice.below(4)];
                let _ = block_on(who.vote(post, vote));
            }
            (12, _, Some(post)) => {
                let thanks = slug("thanks");
                let _ = block_on(who.react(post, Some(&thanks).filter(|_| dice.below(3) > 0)));
            }
            (13..15, _, Some(post)) => {
                let _ = if dice.below(2) == 0 {
                    block_on(host.accept(post, None))
                } else {
                    block_on(host.unaccept(post))
                };
            }
            (15, _, Some(post)) => {
                let _ = block_on(host.set_official(post, dice.below(2) == 0, None));
            }
            (16..18, _, Some(post)) => {
                let _ = match dice.below(3) {
                    0 => block_on(host.remove_post(post)),
                    1 => block_on(who.withdraw_post(post)),
                    _ => block_on(host.restore_post(post)),
                };
            }
            (18, Some(topic), _) => {
                let _ = if dice.below(3) == 0 {
                    block_on(host.remove_topic(topic))
                } else {
                    block_on(host.restore_topic(topic))
                };
            }
            (19, Some(topic), _) => {
                let status = ["in-review", "planned", "done", "declined"][dice.below(4)];
                let _ = block_on(host.set_status(topic, &slug(status)));
            }
            (20, _, Some(post)) if dice.below(6) == 0 => {
                let _ = block_on(host.share_post(post));
            }
            (20, _, post) => {
                let member = who.viewer().member().unwrap();
                let points = i64::try_from(dice.below(60)).unwrap() - 30;
                let grant = NewGrant { post, ..NewGrant::new(member, slug("award"), points) };
                let _ = block_on(host.grant(&garden(), grant));
            }
            (21, _, _) => stage.clock.advance(DAY / 3),
            (22..25, Some(topic), _) => {
                let keys = [&["red"][..], &["red", "blue"], &["blue"], &[]][dice.below(4)];
                let labels = Some(keys.iter().map(|key| slug(key)).collect());
                let edit = TopicEdit { labels, ..TopicEdit::default() };
                let _ = block_on(host.edit_topic(topic, edit));
            }
            (26, _, Some(post)) if dice.below(3) == 0 => {
                let _ = block_on(host.erase_post(post));
            }
            (27, _, _) if dice.below(6) == 0 => {
                let member = who.viewer().member().unwrap();
                let erasure = [Erasure::Anonymise, Erasure::Remove][dice.below(2)];
                // It may be killed between steps, or in the middle of one, and goes on later.
                if dice.below(2) == 0 {
                    faulty.fail_call(1 + dice.below(30) as u64);
                }
                let failed = block_on(host.erase_member(member, erasure)).is_err();
                faulty.relax();
                if failed {
                    while block_on(host.erase_member(member, erasure)).unwrap().more {}
                }
                erased += 1;
                let place = stage.people.iter().position(|them| them.viewer() == who.viewer());
                stage.people[place.unwrap()] = stage.join(&format!("user:new:{erased}"));
            }
            (25, Some(topic), _) => {
                let channel = ["beds", "pots"][dice.below(2)];
                let _ = block_on(host.move_topic(topic, &slug(channel)));
            }
            _ => {
                // Killed in the middle: at a read, before a commit, or after one.
                match dice.below(4) {
                    0 => faulty.fail_call(1 + dice.below(12) as u64),
                    1 => faulty.fail_commit(1, CommitFault::Lost),
                    2 => faulty.fail_commit(1, CommitFault::Unheard),
                    _ => {}
                }
                let _ = block_on(stage.engine.pump());
                faulty.relax();
                // The next process knows nothing of this one.
                let env = env.clone().with_limits(Limits { projected: 7, ..Limits::default() });
                stage.engine = Engine::with_env(Arc::clone(&store), env);
                let ids = stage.people.iter().map(|who| who.viewer());
                stage.people = ids.map(|viewer| stage.engine.session(viewer)).collect();
            }
        }
    }
    stage.check();
    let moved = stage.ledger().iter().filter(|entry| entry.origin != entry.cause).count();
    let places: std::collections::BTreeSet<_> =
        stage.ledger().into_iter().map(|entry| (entry.channel, entry.labels)).collect();
    assert!(acts < 200 || places.len() > 2, "only {places:?}");
    (moved, erased)
}

#[test]
fn the_ledger_in_memory_is_what_a_second_projection_gives_after_anything() {
    let lives: Vec<_> = (0..40).map(|seed| live(seed, 320, MemoryStore::new())).collect();
    let moved: usize = lives.iter().map(|(moved, _)| moved).sum();
    let erased: usize = lives.iter().map(|(_, erased)| erased).sum();
    assert!(moved > 200, "only {moved} entries that reverse something");
    assert!(erased > 30, "only {erased} members were erased");
}

#[test]
fn the_ledger_in_a_file_is_what_a_second_projection_gives_after_anything() {
    let (mut moved, mut erased) = (0, 0);
    for seed in 100..108 {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
        let lived = live(seed, 320, SqliteStore::open(dir.path(), options).unwrap());
        (moved, erased) = (moved + lived.0, erased + lived.1);
    }
    assert!(moved > 40, "only {moved} entries that reverse something");
    assert!(erased > 5, "only {erased} members were erased");
}

#[test]
fn both_stores_come_to_the_same_ledger() {
    let ledger = |store: Arc<dyn Store>| {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let env = Env::manual(Arc::clone(&clock), 3);
        let stage = Stage::on(Engine::with_env(store, env), clock, 3);
        for round in 0..20 {
            let topic = stage.start(&stage.people[round % 3], "question");
            let answer = stage.answer(&stage.people[(round + 1) % 3], topic);
            stage.up(&stage.people[(round + 2) % 3], answer);
            stage.up(&stage.people[round % 3], answer);
            let _ = block_on(stage.people[round % 3].accept(answer, None));
            stage.clock.advance(DAY / 4);
        }
        stage.check();
        stage.ledger()
    };
    let dir = tempfile::tempdir().unwrap();
    let options = Options { synchronous: Synchronous::Normal, ..Options::default() };
    let file = ledger(Arc::new(SqliteStore::open(dir.path(), options).unwrap()));
    assert_eq!(ledger(Arc::new(MemoryStore::new())), file);
    assert!(file.len() > 50);
}
