//! G2 under concurrency: of several commits with the same expectation exactly one is applied, and
//! what does not conflict is not lost.

use std::sync::Barrier;

use community_core::change::{ChangeSet, Counter, EntityRef, Expect, Op, UniqueKey};
use community_core::store::{CommitError, Store};
use community_core::{Membership, Post, PostKind, Rev, Slot, State, Topic};

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::{given, joined, key, tallied, writing};
use crate::snapshot::checkpoint;
use crate::world::World;

const THREADS: usize = 8;

/// Commits change sets, each on a thread of its own, all at the same moment. True stands for one
/// that was applied, false for one that lost against another.
fn race(store: &dyn Store, all: Vec<ChangeSet>) -> Outcome<Vec<bool>> {
    let barrier = &Barrier::new(all.len());
    let outcomes: Vec<_> = std::thread::scope(|threads| {
        let commits: Vec<_> = all
            .into_iter()
            .map(|changes| {
                threads.spawn(move || {
                    barrier.wait();
                    pollster::block_on(store.commit(changes))
                })
            })
            .collect();
        commits.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let applied = |outcome| match outcome {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(CommitError::Conflict(_))) => Ok(false),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Failure::new("a commit panicked")),
    };
    outcomes.into_iter().map(applied).collect()
}

/// Expects that exactly so many were applied.
fn winners(applied: &[bool], expected: usize) -> Outcome {
    equal("applied", applied.iter().filter(|applied| **applied).count(), expected)
}

pub(crate) async fn of_commits_that_expect_one_revision_one_is_applied(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let topic = draft.topic.id;
    for round in 1..=10 {
        let edit = |locked| ChangeSet {
            expect: vec![Expect::Rev(EntityRef::Topic(topic), Rev(round))],
            ops: vec![
                Op::PutTopic(Box::new(Topic {
                    locked,
                    rev: Rev(round + 1),
                    ..draft.topic.clone()
                })),
                Op::Bump(Counter::TopicUps(topic), 1),
            ],
            ..ChangeSet::default()
        };
        let all = (0..THREADS).map(|i| edit(i % 2 == 0)).collect();
        winners(&race(&*w.store, all)?, 1)?;
    }
    equal("effects", w.topic(topic).await?.counters.ups, 10)
}

pub(crate) async fn of_commits_that_expect_a_free_key_one_is_applied(w: World) -> Outcome {
    w.home().await?;
    for round in 0..10 {
        let wanted = key(&format!("user:{round}"));
        let claim = |_| {
            let mut member = w.new_member("user:x");
            member.key = wanted.clone();
            let mut changes = writing([Op::PutMember(Box::new(member))]);
            changes.expect.push(Expect::Absent(UniqueKey::Member(wanted.clone())));
            changes
        };
        winners(&race(&*w.store, (0..THREADS).map(claim).collect())?, 1)?;
        holds("it is taken", w.store.members_by_key(&[wanted]).await?.iter().all(Option::is_some))?;
    }
    Ok(())
}

pub(crate) async fn of_clicks_on_one_vote_one_is_counted(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let vote = w.new_reaction(draft.opening.id, home.bob.id, "up");
    let (post, member, slot) = (vote.post, vote.member, Slot::Vote);
    let click = |_| {
        let mut changes = writing(given(&draft.topic, &vote));
        changes.expect.push(Expect::ReactionIs { post, member, slot, key: None });
        changes
    };
    winners(&race(&*w.store, (0..THREADS).map(click).collect())?, 1)?;
    equal("ups", w.post(post).await?.post.counters.ups, 1)
}

pub(crate) async fn of_projections_from_one_checkpoint_one_is_applied(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let step = |_| {
        let mut changes = writing([
            Op::Checkpoint(checkpoint(), community_core::Seq(5)),
            Op::Bump(Counter::TopicDowns(draft.topic.id), 1),
        ]);
        changes.expect.push(Expect::CheckpointAt(checkpoint(), None));
        changes
    };
    winners(&race(&*w.store, (0..THREADS).map(step).collect())?, 1)?;
    equal("effects", w.topic(draft.topic.id).await?.counters.downs, 1)
}

pub(crate) async fn a_capacity_is_filled_exactly(w: World) -> Outcome {
    let home = w.home().await?;
    let mut joins = Vec::new();
    for i in 0..THREADS {
        let member = w.new_member(&format!("user:{i}"));
        w.apply([Op::PutMember(Box::new(member.clone()))]).await?;
        let mut changes = writing(joined(&w.new_membership(&home.community, &member)));
        changes.expect.push(Expect::Below(Counter::Members(home.community.id), 5));
        joins.push(changes);
    }
    // Two have joined before, so there is room for three.
    winners(&race(&*w.store, joins)?, 3)?;
    equal("members", w.store.member_count(home.community.id).await?, 5)?;
    equal("rows", w.store.members_of(home.community.id, None, 50).await?.len(), 5)
}

pub(crate) async fn a_reply_and_a_lock_do_not_both_commit(w: World) -> Outcome {
    let home = w.home().await?;
    for _ in 0..10 {
        let draft = w.question(&home).await?;
        let gate = Expect::Gate(draft.topic.id, 0);
        let mut reply = writing(w.new_reply(&draft.opening, home.bob.id).ops());
        reply.expect.push(gate.clone());
        let locked = Topic { locked: true, gate: 1, rev: Rev(2), ..draft.topic.clone() };
        let mut lock = writing([Op::PutTopic(Box::new(locked))]);
        lock.expect.push(gate);
        lock.expect.push(Expect::Below(Counter::TopicPosts(draft.topic.id), 2));
        winners(&race(&*w.store, vec![reply, lock])?, 1)?;
        let topic = w.topic(draft.topic.id).await?;
        let posts = if topic.locked { 1 } else { 2 };
        equal("posts", topic.counters.posts, posts)?;
    }
    Ok(())
}

pub(crate) async fn a_suspension_and_a_reply_do_not_both_rest_on_the_old_rights(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    for _ in 0..10 {
        let before = w.store.access_rev(Some(home.bob.id)).await?;
        let stands = Expect::Access(Some(home.bob.id), before);
        let posts = w.topic(draft.topic.id).await?.counters.posts;
        let mut reply = writing(w.new_reply(&draft.opening, home.bob.id).ops());
        reply.expect.push(stands.clone());
        let stranger = Membership::stranger(home.community.id, home.bob.id);
        let mut suspend = writing([Op::PutMembership(Box::new(stranger))]);
        suspend.expect.push(Expect::Below(Counter::TopicPosts(draft.topic.id), posts + 1));
        winners(&race(&*w.store, vec![reply, suspend])?, 1)?;
    }
    Ok(())
}

pub(crate) async fn replies_to_one_topic_do_not_conflict(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut replies = Vec::new();
    for i in 0..THREADS {
        let author = if i % 2 == 0 { &home.ann } else { &home.bob };
        let mut changes = writing(w.new_reply(&draft.opening, author.id).ops());
        changes.expect.push(Expect::Gate(draft.topic.id, 0));
        replies.push(changes);
    }
    winners(&race(&*w.store, replies)?, THREADS)?;
    let counters = w.topic(draft.topic.id).await?.counters;
    equal("posts and participants", (counters.posts, counters.participants), (9, 2))?;
    equal("the last activity", counters.active_at, w.now())?;
    equal("children", w.post(draft.opening.id).await?.post.counters.children, 8)
}

pub(crate) async fn votes_of_many_are_all_counted(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut votes = Vec::new();
    for i in 0..THREADS {
        let member = w.joiner(&home.community, &format!("user:{i}")).await?;
        let vote = w.new_reaction(draft.opening.id, member.id, if i < 5 { "up" } else { "down" });
        votes.push(writing(given(&draft.topic, &vote)));
    }
    winners(&race(&*w.store, votes)?, THREADS)?;
    let topic = w.topic(draft.topic.id).await?;
    equal("votes", (topic.counters.ups, topic.counters.downs), (5, 3))?;
    let post = w.post(draft.opening.id).await?.post;
    equal("votes on the post", (post.counters.ups, post.counters.downs), (5, 3))
}

pub(crate) async fn views_of_many_add_up(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let views = |views| writing([Op::AddViews { topic, day: 19_675, views }]);
    winners(&race(&*w.store, (1..=8).map(views).collect())?, THREADS)?;
    equal("views", w.topic(topic).await?.counters.views, 36)
}

pub(crate) async fn a_vote_that_changes_and_one_that_is_taken_back_do_not_both_commit(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    for _ in 0..10 {
        let draft = w.question(&home).await?;
        let up = w.new_reaction(draft.opening.id, home.bob.id, "up");
        w.apply(given(&draft.topic, &up)).await?;
        let down = w.new_reaction(draft.opening.id, home.bob.id, "down");
        let (post, member, slot) = (up.post, up.member, Slot::Vote);
        let is_up = Expect::ReactionIs { post, member, slot, key: Some(up.key.clone()) };
        let mut turn = writing(tallied(&draft.topic, &up, -1));
        turn.ops.extend(given(&draft.topic, &down));
        turn.expect.push(is_up.clone());
        let mut take_back = writing(tallied(&draft.topic, &up, -1));
        take_back.ops.push(Op::DropReaction { post, member, slot });
        take_back.expect.push(is_up);
        winners(&race(&*w.store, vec![turn, take_back])?, 1)?;
        let left = w.store.reactions_of(member, &[post]).await?;
        let score = w.topic(draft.topic.id).await?.score();
        equal("the score", score, -i64::try_from(left.len()).unwrap_or(9))?;
    }
    Ok(())
}

pub(crate) async fn an_answer_is_accepted_by_one_of_two(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let answers = [w.answer(&draft, &home.bob).await?, w.answer(&draft, &home.ann).await?];
    let accept = |answer: Post| {
        let at = w.now();
        let mut changes = writing(crate::fixture::accepted(&answer, at));
        changes.expect.push(Expect::Below(Counter::TopicAccepted(draft.topic.id), 1));
        changes
    };
    winners(&race(&*w.store, answers.into_iter().map(accept).collect())?, 1)?;
    equal("accepted", w.topic(draft.topic.id).await?.counters.accepted, 1)?;
    let scope = w.system().await?;
    let posts = scope.admit_all(w.store.posts_by_id(draft.topic.id, None, 10, &scope).await?);
    let marked = posts.iter().filter(|view| view.post.accepted.is_some()).count();
    equal(
        "marked",
        (marked, posts.iter().filter(|v| v.post.kind == PostKind::Answer).count()),
        (1, 2),
    )
}

pub(crate) async fn readers_see_a_change_set_whole_or_not_at_all(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (topic, post) = (draft.topic.id, draft.opening.id);
    let scope = w.system().await?;
    let writes: Vec<_> = (0..40)
        .map(|i| {
            let state = if i % 2 == 0 { State::Removed } else { State::Published };
            let by = if i % 2 == 0 { -1 } else { 1 };
            let after = Post { state, ..draft.opening.clone() };
            writing([
                Op::PutPost(Box::new(after)),
                Op::Bump(Counter::PostUps(post), 1),
                Op::Bump(Counter::TopicPosts(topic), by),
            ])
        })
        .collect();
    let store = &*w.store;
    std::thread::scope(|threads| {
        let writer = threads.spawn(move || {
            writes.into_iter().try_for_each(|changes| {
                pollster::block_on(store.commit(changes)).map(|_| ()).map_err(Failure::from)
            })
        });
        let mut views = Vec::new();
        while !writer.is_finished() {
            views.extend(pollster::block_on(store.posts(&[post], &scope))?);
        }
        for view in scope.admit_all(views.into_iter().flatten()) {
            // Every second change set removes the post, and each counts one more.
            let published = view.post.counters.ups % 2 == 0;
            equal("the state", view.post.state == State::Published, published)?;
        }
        writer.join().unwrap_or_else(|_| Err(Failure::new("a commit panicked")))
    })
}
