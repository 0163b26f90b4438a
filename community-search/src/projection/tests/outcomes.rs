//! What each document says of its topic, and how much is read and written for it.

use community_core::{NewPost, PostId, PostKind};
use community_testkit::{FaultyStore, ModelStore};

use super::texts::Shed;
use super::*;

/// An index that nothing commits.
fn following(engine: &Engine) -> Projection {
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut following = projection(&disk, usize::MAX);
    catch_up(&mut following, engine.store(), usize::MAX);
    following
}

fn comment(shed: &Shed) -> PostId {
    let comment = NewPost::new(shed.question, "Same here.").kind(PostKind::Reply);
    block_on(shed.ana.reply(comment)).unwrap()
}

/// What the documents of the only topic say of it, each the same.
fn outcome(projection: &Projection) -> [bool; 3] {
    let documents = dump(projection).documents;
    let fact = |name: &str| {
        let mut values: Vec<&Vec<String>> =
            documents.values().map(|document| &document[name]).collect();
        values.dedup();
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0] == &["true"]
    };
    ["answerable", "answered", "solved"].map(fact)
}

#[test]
fn every_document_says_how_its_topic_does() {
    let shed = Shed::new();
    let system = shed.engine.as_system();
    let mut following = following(&shed.engine);
    let mut after = |what: &dyn Fn()| {
        what();
        catch_up(&mut following, shed.engine.store(), 1);
        assert_eq!(dump(&following), in_one_go(shed.engine.store()));
        outcome(&following)
    };
    assert_eq!(after(&|| _ = comment(&shed)), [true, false, false]);
    let mut answers = Vec::new();
    assert_eq!(after(&|| _ = comment(&shed)), [true, false, false]);
    answers.push(shed.answer("Grease it."));
    assert_eq!(after(&|| {}), [true, true, false]);
    answers.push(shed.answer("Tighten it."));
    assert_eq!(after(&|| {}), [true, true, false]);
    let [first, second] = answers[..] else { unreachable!() };
    let system = &system;
    assert_eq!(after(&|| block_on(system.accept(second, None)).unwrap()), [true, true, true]);
    assert_eq!(after(&|| block_on(system.remove_post(second)).unwrap()), [true, true, false]);
    assert_eq!(after(&|| block_on(system.remove_post(first)).unwrap()), [true, false, false]);
    assert_eq!(after(&|| block_on(system.restore_post(second)).unwrap()), [true, true, true]);
    assert_eq!(after(&|| block_on(system.unaccept(second)).unwrap()), [true, true, false]);
}

#[test]
fn a_post_that_is_read_between_two_changes_of_its_topic_says_what_the_others_say() {
    let shed = Shed::new();
    let (system, comment) = (shed.engine.as_system(), comment(&shed));
    let answer = shed.answer("Grease it.");
    let mut following = following(&shed.engine);
    // The vote is read when the answer is accepted, and the two changes when it no longer is.
    let voter = community_core::NewMember::new("user:2".parse().unwrap(), "Bo".parse().unwrap());
    let voter = block_on(system.sync_member(voter)).unwrap();
    let voter = shed.engine.member(voter);
    block_on(voter.join(&"shed".parse().unwrap())).unwrap();
    catch_up(&mut following, shed.engine.store(), usize::MAX);
    block_on(voter.vote(comment, Some(community_core::Vote::Up))).unwrap();
    block_on(system.accept(answer, None)).unwrap();
    block_on(following.catch_up(shed.engine.store(), 1)).unwrap();
    block_on(system.unaccept(answer)).unwrap();
    catch_up(&mut following, shed.engine.store(), 1);
    assert_eq!(outcome(&following), [true, true, false]);
    assert_eq!(dump(&following), in_one_go(shed.engine.store()));
}

#[test]
fn a_topic_is_written_anew_only_when_what_is_said_of_it_changes() {
    let shed = Shed::new();
    let system = shed.engine.as_system();
    (0..10).for_each(|_| _ = comment(&shed));
    let mut following = following(&shed.engine);
    let mut waiting = 0;
    let mut written = || {
        block_on(following.catch_up(shed.engine.store(), usize::MAX)).unwrap();
        let before = std::mem::replace(
            &mut waiting,
            following.live.as_ref().map_or(0, |generation| generation.waiting()),
        );
        waiting - before
    };
    comment(&shed);
    assert_eq!(written(), 2, "a comment");
    let answer = shed.answer("Grease it.");
    assert_eq!(written(), 13, "the first answer");
    let other = shed.answer("Tighten it.");
    assert_eq!(written(), 2, "the second answer");
    block_on(system.accept(answer, None)).unwrap();
    assert_eq!(written(), 14, "the first that is accepted");
    block_on(system.set_official(other, true, None)).unwrap();
    assert_eq!(written(), 2, "an official answer");
    block_on(system.remove_post(other)).unwrap();
    assert_eq!(written(), 2, "one answer less");
}

#[test]
fn an_answer_in_a_long_topic_does_not_read_all_answers_again() {
    let model = ModelStore::new();
    let shed = Shed::on(Engine::with_env(Arc::new(model.clone()), env().0));
    let store = FaultyStore::new(model.clone());
    let answers: Vec<PostId> = (0..1_050).map(|_| shed.answer("Grease it.")).collect();
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut following = projection(&disk, usize::MAX);
    catch_up(&mut following, &store, usize::MAX);
    let mut calls = |what: &dyn Fn()| {
        what();
        let before = store.calls();
        block_on(following.catch_up(&store, usize::MAX)).unwrap();
        let calls = store.calls() - before;
        following.flush().unwrap();
        assert_eq!(dump(&following), in_one_go(&model));
        calls
    };
    let few = calls(&|| _ = shed.answer("Tighten it."));
    assert!(few < 16, "{few} calls");
    assert_eq!(calls(&|| _ = shed.answer("Oil the rails.")), few);
    assert_eq!(calls(&|| _ = comment(&shed)), few);
    // What was read is no longer so.
    let edit = || block_on(shed.ana.edit_post(answers[3], community_core::PostEdit::new("Wax.")));
    assert!(calls(&|| edit().unwrap()) > few + 8);
    assert_eq!(calls(&|| _ = shed.answer("Oil the seat.")), few);
    assert!(calls(&|| block_on(shed.ana.withdraw_post(answers[7])).unwrap()) > few + 8);
}
