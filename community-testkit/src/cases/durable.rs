//! G5: a durable store keeps what it has committed. Here it is closed and opened again; killing a
//! process and cutting its power is for a harness of processes.

use community_core::change::{ChangeSet, Counter, EventKind, Expect, Op, Request, UniqueKey};
use community_core::store::CommitError;
use community_core::{AccessRev, Link, LinkKind, Post, Rev, Seq, Slot, State, StoreError, Topic};

use super::documents::some_documents;
use crate::check::{Failure, Outcome, differ, equal, holds, same_list};
use crate::fixture::{
    accepted, changed, corrected, given, hidden, key, slug, tallied, title, topic_state,
};
use crate::meadow::selection;
use crate::snapshot::{checkpoint, feed, snapshot};
use crate::walk;
use crate::world::World;

/// Closes the store, opens it again, and expects everything to be as it was.
async fn stays(w: World) -> Outcome<World> {
    let before = snapshot(&*w.store).await?;
    let w = w.reopened().await;
    same_list("everything", &snapshot(&*w.store).await?, &before)?;
    Ok(w)
}

pub(crate) async fn an_empty_store_opens_again(w: World) -> Outcome {
    let w = stays(w).await?;
    w.home().await?;
    stays(w).await.map(drop)
}

pub(crate) async fn what_a_store_is_stays(w: World) -> Outcome {
    let before = w.store.info().await?;
    let w = w.reopened().await;
    equal("the epoch and format", w.store.info().await?, before)
}

pub(crate) async fn the_directory_stays(w: World) -> Outcome {
    let home = w.home().await?;
    w.channel(&home.community, "fruit").await?;
    w.labels(&home.community, &["pests", "soil"]).await?;
    stays(w).await.map(drop)
}

pub(crate) async fn members_and_memberships_stay(w: World) -> Outcome {
    let home = w.home().await?;
    let mut cleo = w.joiner(&home.community, "user:cleo").await?;
    (cleo.listed, cleo.key) = (false, key("user:c"));
    w.apply([Op::PutMember(Box::new(cleo))]).await?;
    let w = stays(w).await?;
    let found = w.store.members_by_key(&[key("user:c"), key("user:cleo")]).await?;
    equal("by key", found.iter().map(Option::is_some).collect(), vec![true, false])
}

pub(crate) async fn topics_posts_and_texts_stay(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    draft.topic.payload = Some(serde_json::json!({"a": [1, "x"]}));
    w.apply(draft.ops()).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    w.reply(&reply, &home.ann).await?;
    let w = stays(w).await?;
    let found = w.store.lookup(home.community.id, &[key("question:1")]).await?;
    equal("by key", found, vec![Some((draft.topic.id, None))])
}

pub(crate) async fn what_was_changed_and_hidden_stays_so(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    w.reply(&reply, &home.ann).await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    let before = w.topic(draft.topic.id).await?;
    let moved = Topic { channel: fruit.id, title: title("Moved"), rev: Rev(2), ..before.clone() };
    w.apply(changed(&before, &moved)).await?;
    let other = w.question(&home).await?;
    w.apply(topic_state(&other.topic, State::Withdrawn)).await?;
    stays(w).await.map(drop)
}

pub(crate) async fn reactions_and_counters_stay(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let answer = w.answer(&draft, &home.bob).await?;
    for (member, given_key) in [(&home.ann, "up"), (&home.bob, "thanks"), (&home.bob, "down")] {
        let reaction = w.new_reaction(draft.opening.id, member.id, given_key);
        w.apply(given(&draft.topic, &reaction)).await?;
    }
    w.apply(accepted(&answer, w.now())).await?;
    stays(w).await.map(drop)
}

pub(crate) async fn what_was_taken_back_stays_away(w: World) -> Outcome {
    let home = w.home().await?;
    let (one, other) = (w.question(&home).await?, w.question(&home).await?);
    let (from, to, kind) = (one.topic.id, other.topic.id, LinkKind::Related);
    let reaction = w.new_reaction(one.opening.id, home.bob.id, "thanks");
    let (post, member, slot) = (reaction.post, reaction.member, Slot::Reaction);
    w.apply(given(&one.topic, &reaction)).await?;
    w.apply([Op::PutLink(Link { from, to, kind, at: w.now() })]).await?;
    let mut back = tallied(&one.topic, &reaction, -1);
    back.extend([Op::DropReaction { post, member, slot }, Op::DropLink { from, to, kind }]);
    w.apply(back).await?;
    let w = stays(w).await?;
    equal("links", w.store.links(to, None, 9).await?, vec![])?;
    equal("reactions", w.store.reactions_of(member, &[post]).await?, vec![])?;
    equal("tallies", w.post(post).await?.tallies, vec![])
}

pub(crate) async fn corrections_and_links_stay(w: World) -> Outcome {
    let home = w.home().await?;
    let (one, other) = (w.question(&home).await?, w.question(&home).await?);
    let mut withdrawn = w.new_correction(&one.opening, home.bob.id);
    withdrawn.withdrawn_at = Some(w.now());
    w.apply(corrected(&w.new_correction(&one.opening, home.bob.id))).await?;
    w.apply(corrected(&withdrawn)).await?;
    let (from, to) = (one.topic.id, other.topic.id);
    let link = Link { from, to, kind: LinkKind::Duplicate, at: w.now() };
    w.apply([Op::PutLink(link)]).await?;
    stays(w).await.map(drop)
}

pub(crate) async fn views_and_activity_stay(w: World) -> Outcome {
    let home = w.home().await?;
    let (one, other) = (w.question(&home).await?.topic, w.question(&home).await?.topic);
    w.apply([
        Op::AddViews { topic: one.id, day: 19_675, views: 3 },
        Op::AddViews { topic: one.id, day: 0, views: 4 },
        Op::RaiseActive(one.id, w.tick()),
        Op::SetActive(other.id, one.created_at),
    ])
    .await?;
    stays(w).await.map(drop)
}

pub(crate) async fn documents_stay(w: World) -> Outcome {
    let home = w.home().await?;
    some_documents(&w, &home).await?;
    stays(w).await.map(drop)
}

pub(crate) async fn the_log_and_checkpoints_stay_and_go_on(w: World) -> Outcome {
    w.home().await?;
    let step = |w: &World, to| {
        let mut changes = crate::fixture::writing([Op::Checkpoint(checkpoint(), Seq(to))]);
        changes.events.push(w.new_event(EventKind::TopicStarted));
        changes
    };
    for to in 1..=3 {
        w.store.commit(step(&w, to)).await?;
    }
    let w = stays(w).await?;
    equal("the next position", w.store.commit(step(&w, 4)).await?.seq, Seq(4))?;
    let w = stays(w).await?;
    equal("the checkpoint", w.store.checkpoint(&checkpoint()).await?, Some(Seq(4)))
}

pub(crate) async fn requests_are_replayed_after_opening_again(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let request =
        Request { id: w.new_request(), subject: Some(topic.uuid()), fingerprint: u64::MAX };
    let vote = || ChangeSet {
        request: Some(request),
        ops: vec![Op::Bump(Counter::TopicUps(topic), 1)],
        ..ChangeSet::default()
    };
    let first = w.store.commit(vote()).await?;
    let w = stays(w).await?;
    let again = w.store.commit(vote()).await?;
    equal("again", (again.seq, again.replayed), (first.seq, Some(request)))?;
    equal("its receipt", w.store.replay(request.id).await?, Some(again))?;
    let mut other = vote();
    other.request = Some(Request { fingerprint: 1, ..request });
    match w.store.commit(other).await {
        Err(CommitError::RequestReused) => {}
        other => return Err(Failure::new(format!("not refused: {other:?}"))),
    }
    equal("ups", w.topic(topic).await?.counters.ups, 1)
}

pub(crate) async fn rights_stay_and_go_on_from_there(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let ann = Some(home.ann.id);
    let first: AccessRev = w.store.access_rev(ann).await?;
    let scope = w.scope_of(home.ann.id).await?;
    let w = stays(w).await?;
    let rows = w.store.topics(&[draft.topic.id], &scope).await?;
    holds("a scope from before is still good", rows.iter().all(Option::is_some))?;
    w.channel(&home.community, "fruit").await?;
    w.apply([Op::PutMember(Box::new(home.ann.clone()))]).await?;
    let second = w.store.access_rev(ann).await?;
    differ("the directory", second.directory, first.directory)?;
    differ("the member", second.member, first.member)?;
    match w.store.topics(&[draft.topic.id], &scope).await {
        Err(StoreError::StaleScope) => Ok(()),
        other => Err(Failure::new(format!("not refused: {other:?}"))),
    }
}

pub(crate) async fn expectations_hold_and_fail_as_before(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "up"))).await?;
    let (post, member, slot) = (draft.opening.id, home.bob.id, Slot::Vote);
    let access = w.store.access_rev(Some(member)).await?;
    let w = stays(w).await?;
    let holding = [
        Expect::Absent(UniqueKey::Member(key("user:cleo"))),
        Expect::Rev(community_core::change::EntityRef::Topic(draft.topic.id), Rev(1)),
        Expect::Gate(draft.topic.id, 0),
        Expect::Access(Some(member), access),
        Expect::ReactionIs { post, member, slot, key: Some(slug("up")) },
        Expect::Below(Counter::Members(home.community.id), 3),
        Expect::CheckpointAt(checkpoint(), None),
    ];
    w.store.commit(ChangeSet { expect: holding.into(), ..ChangeSet::default() }).await?;
    let failing = [
        Expect::Absent(UniqueKey::Member(key("user:ann"))),
        Expect::Gate(draft.topic.id, 1),
        Expect::ReactionIs { post, member, slot, key: None },
        Expect::Below(Counter::Members(home.community.id), 2),
    ];
    for expect in failing {
        let changes = ChangeSet { expect: vec![expect.clone()], ..ChangeSet::default() };
        match w.store.commit(changes).await {
            Err(CommitError::Conflict(conflict)) => equal("named", conflict.0, expect)?,
            other => return Err(Failure::new(format!("no conflict over {expect:?}: {other:?}"))),
        }
    }
    Ok(())
}

pub(crate) async fn what_was_refused_is_not_there(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.new_topic(&home.channel, home.ann.id);
    let before = snapshot(&*w.store).await?;
    let mut ops = draft.ops();
    ops.push(Op::Bump(Counter::TopicAnswers(draft.topic.id), -1));
    let refused = ChangeSet {
        ops,
        events: vec![w.new_event(EventKind::TopicStarted)],
        ..ChangeSet::default()
    };
    holds("it is refused", w.store.commit(refused).await.is_err())?;
    let w = w.reopened().await;
    same_list("everything", &snapshot(&*w.store).await?, &before)
}

pub(crate) async fn every_commit_that_returned_is_there(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let mut w = w;
    for round in 1..=10 {
        // Nothing is read between the commit and the closing.
        w.apply([Op::Bump(Counter::TopicUps(topic), 1)]).await?;
        w = w.reopened().await;
        equal("ups", w.topic(topic).await?.counters.ups, round)?;
    }
    Ok(())
}

pub(crate) async fn concurrent_commits_that_returned_are_there(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let replies: Vec<_> = (0..32).map(|_| w.new_reply(&draft.opening, home.bob.id)).collect();
    let store = &*w.store;
    let committed: Outcome = std::thread::scope(|threads| {
        let spawn = |part: &[crate::fixture::Reply]| {
            let part: Vec<_> =
                part.iter().map(|reply| crate::fixture::writing(reply.ops())).collect();
            threads.spawn(move || {
                part.into_iter().try_for_each(|changes| {
                    pollster::block_on(store.commit(changes)).map(|_| ()).map_err(Failure::from)
                })
            })
        };
        let writers: Vec<_> = replies.chunks(4).map(spawn).collect();
        writers.into_iter().try_for_each(|writer| {
            writer.join().unwrap_or_else(|_| Err(Failure::new("a commit panicked")))
        })
    });
    committed?;
    let w = w.reopened().await;
    let ids: Vec<_> = replies.iter().map(|reply| reply.post.id).collect();
    let scope = w.system().await?;
    let found = w.store.posts(&ids, &scope).await?;
    holds("every reply", found.iter().all(Option::is_some))?;
    equal("posts", w.topic(draft.topic.id).await?.counters.posts, 33)
}

pub(crate) async fn feeds_of_a_whole_world_stay(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let w = stays(w).await?;
    let topics = w.all_topics().await?;
    for scope in meadow.scopes(&w).await? {
        for sort in community_core::Sort::ALL {
            let garden = selection(&w, &scope, meadow.garden.id, None).await?;
            let request = feed(vec![garden], sort, 1);
            let walked = walk::feed(&*w.store, &request, &scope, 7).await?;
            let places: Vec<_> = walked.into_iter().map(|(place, _)| place).collect();
            let expected = crate::expected::feed(&request, &scope, &topics);
            same_list(sort.as_str(), &places, &expected)?;
        }
    }
    Ok(())
}

pub(crate) async fn work_goes_on_after_opening_again(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut w = w;
    for _ in 0..3 {
        w = stays(w).await?;
        let reply = w.reply(&draft.opening, &home.bob).await?;
        w.apply(given(&draft.topic, &w.new_reaction(reply.id, home.ann.id, "up"))).await?;
        let post = w.post(reply.id).await?.post;
        let edited = Post { rev: Rev(2), edited_at: Some(w.tick()), ..post };
        w.apply([Op::PutPost(Box::new(edited))]).await?;
    }
    equal("posts", w.topic(draft.topic.id).await?.counters.posts, 4)?;
    equal("listed", w.listed(&home.community, community_core::Sort::Active).await?.len(), 1)?;
    stays(w).await.map(drop)
}
