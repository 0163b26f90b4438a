//! G8: one request id never applies twice.

use community_core::change::{ChangeSet, Counter, EventKind, Expect, Op, Request};
use community_core::store::CommitError;
use community_core::{PostId, Receipt, Rev, TopicId};

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::{Home, slug};
use crate::snapshot::snapshot;
use crate::world::World;

/// A vote in a change set of a request.
fn vote(w: &World, topic: TopicId, request: Request) -> ChangeSet {
    ChangeSet {
        request: Some(request),
        ops: vec![Op::Bump(Counter::TopicUps(topic), 1)],
        events: vec![w.new_event(EventKind::TopicEdited { labels: None })],
        ..ChangeSet::default()
    }
}

/// A topic and a request about it.
async fn ground(w: &World) -> Outcome<(Home, TopicId, Request)> {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let request = Request { id: w.new_request(), subject: Some(topic.uuid()), fingerprint: 7 };
    Ok((home, topic, request))
}

pub(crate) async fn a_request_that_is_sent_again_is_replayed(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    let first = w.store.commit(vote(&w, topic, request)).await?;
    equal("the first", first.replayed, None)?;
    w.store
        .commit(ChangeSet { events: vec![w.new_event(EventKind::Joined)], ..Default::default() })
        .await?;
    let before = snapshot(&*w.store).await?;
    for _ in 0..3 {
        let again = w.store.commit(vote(&w, topic, request)).await?;
        equal("again", again, Receipt { seq: first.seq, replayed: Some(request) })?;
    }
    equal("everything", snapshot(&*w.store).await?, before)?;
    equal("ups", w.topic(topic).await?.counters.ups, 1)
}

pub(crate) async fn a_replay_does_not_ask_for_expectations(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    let mut changes = vote(&w, topic, request);
    changes.expect.push(Expect::Below(Counter::TopicUps(topic), 1));
    w.store.commit(changes.clone()).await?;
    equal("again", w.store.commit(changes).await?.replayed, Some(request))
}

pub(crate) async fn a_replay_gives_what_was_recorded_first(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    w.store.commit(vote(&w, topic, request)).await?;
    // A retry plans anew and may well choose another id for what it creates.
    let retry = Request { subject: Some(PostId::from_bytes([9; 16]).uuid()), ..request };
    equal("again", w.store.commit(vote(&w, topic, retry)).await?.replayed, Some(request))
}

pub(crate) async fn a_request_id_of_another_command_is_refused(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    w.store.commit(vote(&w, topic, request)).await?;
    let before = snapshot(&*w.store).await?;
    for fingerprint in [0, 8, u64::MAX] {
        let other = vote(&w, topic, Request { fingerprint, ..request });
        match w.store.commit(other).await {
            Err(CommitError::RequestReused) => {}
            other => return Err(Failure::new(format!("not refused: {other:?}"))),
        }
    }
    equal("everything", snapshot(&*w.store).await?, before)
}

pub(crate) async fn change_sets_without_a_request_are_applied_each_time(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    for _ in 0..3 {
        let changes = ChangeSet { request: None, ..vote(&w, topic, request) };
        equal("new", w.store.commit(changes).await?.replayed, None)?;
    }
    equal("ups", w.topic(topic).await?.counters.ups, 3)
}

pub(crate) async fn requests_are_told_apart_by_their_ids(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    for _ in 0..3 {
        let request = Request { id: w.new_request(), ..request };
        equal("new", w.store.commit(vote(&w, topic, request)).await?.replayed, None)?;
    }
    equal("ups", w.topic(topic).await?.counters.ups, 3)
}

pub(crate) async fn a_request_that_writes_nothing_is_remembered_too(w: World) -> Outcome {
    let (_, _, request) = ground(&w).await?;
    let nothing = || ChangeSet { request: Some(request), ..ChangeSet::default() };
    let first = w.store.commit(nothing()).await?;
    equal("the first", first, Receipt { seq: w.store.head().await?, replayed: None })?;
    let again = w.store.commit(nothing()).await?;
    equal("again", again, Receipt { seq: first.seq, replayed: Some(request) })
}

pub(crate) async fn the_receipt_of_a_request_can_be_asked_for(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    equal("before", w.store.replay(request.id).await?, None)?;
    let receipt = w.store.commit(vote(&w, topic, request)).await?;
    let expected = Receipt { seq: receipt.seq, replayed: Some(request) };
    equal("after", w.store.replay(request.id).await?, Some(expected))?;
    equal("of another", w.store.replay(w.new_request()).await?, None)
}

pub(crate) async fn requests_keep_subjects_and_fingerprints_of_all_sizes(w: World) -> Outcome {
    let (_, topic, _) = ground(&w).await?;
    for subject in [None, Some(uuid::Uuid::nil()), Some(uuid::Uuid::max())] {
        for fingerprint in [0, 1, i64::MAX as u64, 1 << 63, u64::MAX] {
            let request = Request { id: w.new_request(), subject, fingerprint };
            w.store.commit(vote(&w, topic, request)).await?;
            let replayed = w.store.replay(request.id).await?.and_then(|receipt| receipt.replayed);
            equal("the request", replayed, Some(request))?;
        }
    }
    Ok(())
}

pub(crate) async fn one_request_sent_by_many_at_once_is_applied_once(w: World) -> Outcome {
    let (_, topic, request) = ground(&w).await?;
    let store = &*w.store;
    let all: Vec<_> = (0..8).map(|_| vote(&w, topic, request)).collect();
    let receipts: Outcome<Vec<Receipt>> = std::thread::scope(|threads| {
        let spawn = |changes| threads.spawn(move || pollster::block_on(store.commit(changes)));
        let commits: Vec<_> = all.into_iter().map(spawn).collect();
        let joined = commits.into_iter().map(|commit| match commit.join() {
            Ok(receipt) => Ok(receipt?),
            Err(_) => Err(Failure::new("a commit panicked")),
        });
        joined.collect()
    });
    let receipts = receipts?;
    let first = receipts.iter().filter(|receipt| receipt.replayed.is_none()).count();
    equal("applied", first, 1)?;
    let seq = w.store.head().await?;
    holds("all name the same position", receipts.iter().all(|receipt| receipt.seq == seq))?;
    equal("ups", w.topic(topic).await?.counters.ups, 1)
}

pub(crate) async fn a_commit_whose_caller_goes_away_is_applied_whole_or_not_at_all(
    w: World,
) -> Outcome {
    let (home, _, _) = ground(&w).await?;
    for _ in 0..20 {
        let draft = w.new_topic(&home.channel, home.ann.id);
        {
            // Polled once, then dropped.
            let changes = ChangeSet { ops: draft.ops(), ..ChangeSet::default() };
            let mut commit = w.store.commit(changes);
            let waker = std::task::Waker::noop();
            let _ = commit.as_mut().poll(&mut std::task::Context::from_waker(waker));
        }
        // A commit behind it returns after it was decided.
        let mut ann = home.ann.clone();
        ann.lists.insert(slug("seen"));
        w.apply([Op::PutMember(Box::new(community_core::Member { rev: Rev(2), ..ann }))]).await?;
        let scope = w.system().await?;
        let topics = w.store.topics(&[draft.topic.id], &scope).await?;
        let posts = w.store.posts(&[draft.opening.id], &scope).await?;
        let topic = topics.into_iter().flatten().find_map(|row| scope.admit(row));
        let post = posts.into_iter().flatten().find_map(|view| scope.admit(view));
        equal("both or none", topic.is_some(), post.is_some())?;
        if let (Some(topic), Some(post)) = (topic, post) {
            equal("posts", topic.topic.counters.posts, 1)?;
            equal("the text", &post.body, &draft.text.body)?;
        }
    }
    Ok(())
}
