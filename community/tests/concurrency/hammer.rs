//! Eight threads on the same few things.

use std::collections::{BTreeMap, BTreeSet};

use community::{
    CommunityUpdate, Error, Event, EventKind, MemberId, NewPost, PostEdit, PostId, Slot, State,
    TopicEdit, Vote,
};
use community_testkit::worlds::Dice;
use pollster::block_on;

use crate::home::{Crew, Home, at_once, slug};
use crate::on_each_store;

const THREADS: usize = 8;

on_each_store! {
    votes_are_neither_lost_nor_counted_twice(5_000, 400)
    never_more_answers_are_accepted_than_allowed(2_000, 200)
    of_many_who_accept_as_many_succeed_as_allowed(20, 5)
    a_community_takes_exactly_as_many_members_as_it_has_room_for(20, 5)
    a_full_community_is_never_overfilled_while_people_come_and_go(2_000, 200)
    of_edits_that_rest_on_one_revision_exactly_one_wins(200, 30)
    of_topic_edits_that_rest_on_one_revision_exactly_one_wins(200, 30)
    of_settings_that_rest_on_one_revision_exactly_one_wins(200, 30)
    replies_to_one_topic_are_all_there(200, 50)
    nobody_replies_to_or_votes_on_what_is_removed_or_locked(600, 100)
    posts_come_and_go_above_and_below_each_other(300, 60)
    reactions_and_votes_of_one_member_do_not_disturb_each_other(1_000, 100)
}

/// One vote, with the moments around it.
#[derive(Debug, Clone, Copy)]
struct Ballot {
    member: MemberId,
    post: PostId,
    vote: Option<Vote>,
    began: u64,
    ended: u64,
}

fn votes_are_neither_lost_nor_counted_twice(home: &Home, rounds: usize) {
    let members = home.members(40);
    let author = home.stranger(99);
    block_on(home.engine.member(author).join(&home.key)).unwrap();
    let topic = home.topic(author, "hall", "Which way?");
    let writer = home.engine.member(author);
    let mut posts = vec![home.opening(topic)];
    posts.extend((0..4).map(|_| block_on(writer.reply(NewPost::new(topic, "This way."))).unwrap()));

    let histories = at_once(THREADS, |thread| {
        let mut dice = Dice::of(1, "votes", thread);
        let mut history = Vec::new();
        for _ in 0..rounds {
            let (member, post) = (*dice.pick(&members), *dice.pick(&posts));
            let vote = *dice.pick(&[Some(Vote::Up), Some(Vote::Up), Some(Vote::Down), None]);
            let began = home.tick();
            block_on(home.engine.member(member).vote(post, vote)).unwrap();
            history.push(Ballot { member, post, vote, began, ended: home.tick() });
        }
        history
    });

    let history: Vec<Ballot> = histories.into_iter().flatten().collect();
    let mut last: BTreeMap<(PostId, MemberId), Vec<Ballot>> = BTreeMap::new();
    for ballot in history {
        last.entry((ballot.post, ballot.member)).or_default().push(ballot);
    }
    for post in &posts {
        let view = block_on(home.host().post(*post)).unwrap();
        let (mut ups, mut downs) = (0, 0);
        for member in &members {
            let own = block_on(home.engine.member(*member).own_reactions(&[*post])).unwrap();
            let found = own.iter().find(|r| r.slot == Slot::Vote);
            let found = found.and_then(|r| Vote::parse(r.key.as_str()));
            ups += i64::from(found == Some(Vote::Up));
            downs += i64::from(found == Some(Vote::Down));
            let ballots = last.get(&(*post, *member)).map(Vec::as_slice).unwrap_or_default();
            // The last word is one that no other one followed for certain.
            let begun_last = ballots.iter().map(|ballot| ballot.began).max();
            let possible = |ballot: &&Ballot| begun_last.is_none_or(|last| last <= ballot.ended);
            let last_words: Vec<Option<Vote>> =
                ballots.iter().filter(possible).map(|ballot| ballot.vote).collect();
            let never_voted = last_words.is_empty() && found.is_none();
            assert!(never_voted || last_words.contains(&found), "{found:?} of {last_words:?}");
        }
        assert_eq!((view.post.counters.ups, view.post.counters.downs), (ups, downs));
    }
    let row = block_on(home.host().topic(topic)).unwrap();
    let opening = block_on(home.host().post(posts[0])).unwrap();
    assert_eq!(row.topic.score(), opening.post.score());
    home.verify();
}

fn never_more_answers_are_accepted_than_allowed(home: &Home, rounds: usize) {
    let members = home.members(THREADS);
    let topic = home.topic(members[0], "hall", "Which are right?");
    let answers: Vec<PostId> = members
        .iter()
        .cycle()
        .take(12)
        .map(|m| block_on(home.engine.member(*m).reply(NewPost::new(topic, "Mine."))).unwrap())
        .collect();
    let asker = home.engine.member(members[0]);
    let crew = Crew::of(THREADS);
    let seen = at_once(THREADS + 1, |thread| {
        if thread == THREADS {
            let mut most = 0;
            while crew.at_work() > 0 {
                let row = block_on(home.host().topic(topic)).unwrap();
                most = most.max(row.topic.counters.accepted);
            }
            return most;
        }
        let _shift = crew.shift();
        let mut dice = Dice::of(2, "accept", thread);
        for _ in 0..rounds {
            let answer = *dice.pick(&answers);
            let outcome = block_on(async {
                if dice.chance(60) {
                    asker.accept(answer, None).await
                } else {
                    asker.unaccept(answer).await
                }
            });
            // Full, or too many at once: both say that it did not happen.
            assert!(
                matches!(outcome, Ok(()) | Err(Error::Conflict(_) | Error::Contended)),
                "{outcome:?}"
            );
        }
        0
    });
    assert!((1..=3).contains(&seen[THREADS]), "{seen:?}");
    let accepted =
        |answer: &&PostId| block_on(home.host().post(**answer)).unwrap().post.accepted.is_some();
    let count = answers.iter().filter(accepted).count();
    let row = block_on(home.host().topic(topic)).unwrap();
    assert_eq!(row.topic.counters.accepted, i64::try_from(count).unwrap());
    home.verify();
}

fn of_many_who_accept_as_many_succeed_as_allowed(home: &Home, rounds: usize) {
    let members = home.members(THREADS);
    for round in 0..rounds {
        let topic = home.topic(members[0], "hall", &format!("Round {round}"));
        let answers: Vec<PostId> = members
            .iter()
            .map(|m| block_on(home.engine.member(*m).reply(NewPost::new(topic, "Mine."))).unwrap())
            .collect();
        let outcomes = at_once(THREADS, |thread| {
            block_on(home.engine.member(members[0]).accept(answers[thread], None)).is_ok()
        });
        assert_eq!(outcomes.into_iter().filter(|accepted| *accepted).count(), 3);
        let row = block_on(home.host().topic(topic)).unwrap();
        assert_eq!(row.topic.counters.accepted, 3);
    }
    home.verify();
}

fn a_community_takes_exactly_as_many_members_as_it_has_room_for(home: &Home, rounds: usize) {
    let strangers: Vec<MemberId> = (0..40).map(|number| home.stranger(number)).collect();
    for capacity in 1..=rounds {
        let room = CommunityUpdate {
            capacity: Some(Some(u64::try_from(capacity).unwrap())),
            ..CommunityUpdate::default()
        };
        block_on(home.host().update_community(&home.key, room)).unwrap();
        let joined = at_once(THREADS, |thread| {
            let mine = strangers.iter().skip(thread).step_by(THREADS);
            mine.filter(|id| match block_on(home.engine.member(**id).join(&home.key)) {
                Ok(()) => true,
                Err(Error::Conflict("the community is full")) => false,
                other => panic!("{other:?}"),
            })
            .count()
        });
        assert_eq!(joined.iter().sum::<usize>(), capacity);
        let count = block_on(home.host().member_count(&home.key)).unwrap();
        assert_eq!(usize::try_from(count).unwrap(), capacity);
        for id in &strangers {
            block_on(home.engine.member(*id).leave(&home.key)).unwrap();
        }
        assert_eq!(block_on(home.host().member_count(&home.key)).unwrap(), 0);
    }
    home.verify();
}

fn a_full_community_is_never_overfilled_while_people_come_and_go(home: &Home, rounds: usize) {
    const ROOM: u64 = 5;
    let strangers: Vec<MemberId> = (0..40).map(|number| home.stranger(number)).collect();
    let room = CommunityUpdate { capacity: Some(Some(ROOM)), ..CommunityUpdate::default() };
    block_on(home.host().update_community(&home.key, room)).unwrap();
    at_once(THREADS, |thread| {
        let mut dice = Dice::of(3, "join", thread);
        let mine: Vec<_> = strangers.iter().skip(thread).step_by(THREADS).copied().collect();
        for _ in 0..rounds {
            let member = home.engine.member(*dice.pick(&mine));
            let outcome = block_on(async {
                if dice.chance(60) {
                    member.join(&home.key).await
                } else {
                    member.leave(&home.key).await
                }
            });
            assert!(
                matches!(outcome, Ok(()) | Err(Error::Conflict(_) | Error::Contended)),
                "{outcome:?}"
            );
            let count = block_on(home.host().member_count(&home.key)).unwrap();
            assert!(count <= ROOM, "{count}");
        }
    });
    let members = block_on(home.host().members(&home.key, None, Some(100))).unwrap().items.len();
    let count = block_on(home.host().member_count(&home.key)).unwrap();
    assert_eq!(u64::try_from(members).unwrap(), count);
    home.verify();
}

fn of_edits_that_rest_on_one_revision_exactly_one_wins(home: &Home, rounds: usize) {
    let author = home.members(1)[0];
    let topic = home.topic(author, "hall", "Edited");
    let post = home.opening(topic);
    let session = home.engine.member(author);
    let wins = at_once(THREADS, |thread| {
        let mut wins = Vec::new();
        for round in 0..rounds {
            let seen = block_on(session.post(post)).unwrap().post.revision;
            let body = format!("Text {round} of thread {thread}, on revision {seen}.");
            let edit = PostEdit { expected: Some(seen), ..PostEdit::new(body.clone()) };
            match block_on(session.edit_post(post, edit)) {
                Ok(()) => wins.push((seen + 1, body)),
                Err(Error::Conflict("the post has changed meanwhile")) => {}
                other => panic!("{other:?}"),
            }
        }
        wins
    });
    let wins: Vec<(u32, String)> = wins.into_iter().flatten().collect();
    let by_number: BTreeMap<u32, String> = wins.iter().cloned().collect();
    assert_eq!(by_number.len(), wins.len(), "two edits won one revision");
    let last = block_on(session.post(post)).unwrap();
    assert_eq!(usize::try_from(last.post.revision).unwrap(), wins.len() + 1);
    let kept = block_on(session.revisions(post, 1, Some(1_000))).unwrap();
    let mut after = 1;
    let mut all = kept;
    while let Some(revision) = all.first().cloned() {
        assert_eq!(revision.number, after + 1);
        assert_eq!(by_number[&revision.number], revision.body);
        after = revision.number;
        all.remove(0);
        if all.is_empty() {
            all = block_on(session.revisions(post, after, Some(1_000))).unwrap();
        }
    }
    assert_eq!(after, last.post.revision);
    home.verify();
}

fn of_topic_edits_that_rest_on_one_revision_exactly_one_wins(home: &Home, rounds: usize) {
    let author = home.members(1)[0];
    let topic = home.topic(author, "hall", "Edited");
    let session = home.engine.member(author);
    let wins = at_once(THREADS, |thread| {
        let mut wins = BTreeSet::new();
        for round in 0..rounds {
            let seen = block_on(session.topic(topic)).unwrap().topic.rev;
            let title = Some(format!("Title {round} of thread {thread}"));
            let edit = TopicEdit { title, expected: Some(seen), ..TopicEdit::default() };
            match block_on(session.edit_topic(topic, edit)) {
                Ok(()) => assert!(wins.insert(seen)),
                Err(Error::Conflict("the topic has changed meanwhile")) => {}
                other => panic!("{other:?}"),
            }
        }
        wins
    });
    let all: BTreeSet<_> = wins.iter().flatten().collect();
    assert_eq!(all.len(), wins.iter().map(BTreeSet::len).sum::<usize>());
    let row = block_on(session.topic(topic)).unwrap();
    assert_eq!(usize::try_from(row.topic.rev.0).unwrap(), all.len() + 1);
    home.verify();
}

fn of_settings_that_rest_on_one_revision_exactly_one_wins(home: &Home, rounds: usize) {
    let wins = at_once(THREADS, |thread| {
        let mut wins = 0u64;
        for round in 0..rounds {
            let export = block_on(home.host().export()).map(|export| export.directory);
            let seen = export.unwrap().community_by_key(&home.key).unwrap().rev;
            let description = Some(format!("Round {round} of thread {thread}"));
            let expected = Some(seen);
            let update = CommunityUpdate { description, expected, ..CommunityUpdate::default() };
            match block_on(home.host().update_community(&home.key, update)) {
                Ok(()) => wins += 1,
                Err(Error::Conflict("the community has changed meanwhile")) => {}
                other => panic!("{other:?}"),
            }
        }
        wins
    });
    let export = block_on(home.host().export()).map(|export| export.directory).unwrap();
    assert_eq!(export.community_by_key(&home.key).unwrap().rev.0, wins.iter().sum::<u64>() + 1);
    home.verify();
}

fn replies_to_one_topic_are_all_there(home: &Home, each: usize) {
    let members = home.members(THREADS);
    let topic = home.topic(members[0], "hall", "Everybody at once");
    let written = at_once(THREADS, |thread| {
        let session = home.engine.member(members[thread]);
        let reply = |number| {
            let new = NewPost::new(topic, format!("Reply {number} of thread {thread}."));
            block_on(session.reply(new)).unwrap()
        };
        (0..each).map(reply).collect::<Vec<PostId>>()
    });
    let ids: BTreeSet<PostId> = written.iter().flatten().copied().collect();
    assert_eq!(ids.len(), THREADS * each);
    let row = block_on(home.host().topic(topic)).unwrap();
    let counters = &row.topic.counters;
    let expected = i64::try_from(THREADS * each).unwrap();
    assert_eq!((counters.posts, counters.answers), (expected + 1, expected));
    assert_eq!(counters.participants, i64::try_from(THREADS).unwrap());
    let opening = block_on(home.host().post(row.topic.opening)).unwrap();
    assert_eq!(opening.post.counters.children, expected);
    let mut latest = row.topic.created_at;
    for (thread, posts) in written.iter().enumerate() {
        for (number, id) in posts.iter().enumerate() {
            let view = block_on(home.host().post(*id)).unwrap();
            assert_eq!(view.body, format!("Reply {number} of thread {thread}."));
            latest = latest.max(view.post.created_at);
        }
    }
    assert_eq!(counters.active_at, latest);
    home.verify();
}

fn nobody_replies_to_or_votes_on_what_is_removed_or_locked(home: &Home, rounds: usize) {
    let members = home.members(THREADS);
    let manager = home.manager();
    let topic = home.topic(members[0], "hall", "Open and shut");
    let new = NewPost::new(topic, "Here and gone.");
    let post = block_on(home.engine.member(members[0]).reply(new)).unwrap();
    let before = home.log().len();
    let crew = Crew::of(THREADS - 1);
    let refused = at_once(THREADS, |thread| {
        let mut dice = Dice::of(4, "state", thread);
        let mut refused = 0;
        if thread == 0 {
            while crew.at_work() > 0 {
                block_on(async {
                    if dice.chance(50) {
                        manager.remove_post(post).await.unwrap();
                        manager.restore_post(post).await.unwrap();
                    } else {
                        manager.set_locked(topic, true).await.unwrap();
                        manager.set_locked(topic, false).await.unwrap();
                    }
                });
            }
            return 0;
        }
        let _shift = crew.shift();
        let session = home.engine.member(members[thread]);
        for round in 0..rounds {
            let new = NewPost::new(topic, "In between.");
            let vote = if round % 2 == 0 { Vote::Up } else { Vote::Down };
            let outcome = match dice.below(3) {
                0 => block_on(session.reply(new)).map(drop),
                1 => block_on(session.reply(new.to(post))).map(drop),
                _ => block_on(session.vote(post, Some(vote))),
            };
            match outcome {
                Ok(()) => {}
                Err(
                    Error::NotFound("post")
                    | Error::Denied(_)
                    | Error::Conflict(_)
                    | Error::Contended,
                ) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        refused
    });
    assert!(refused.iter().sum::<usize>() > 0, "nobody came at the wrong moment");

    // The log is in the order in which things happened.
    let (mut locked, mut removed, mut replies) = (false, false, 0);
    for Event { seq, event } in &home.log()[before..] {
        match &event.kind {
            EventKind::TopicLocked { locked: now } => locked = *now,
            EventKind::PostStateChanged { state } => removed = *state == State::Removed,
            EventKind::PostWritten => {
                let view = block_on(home.host().post(event.post.unwrap())).unwrap();
                assert!(!locked, "{seq:?}: a reply to a locked topic");
                assert!(!removed || view.post.parent != Some(post), "{seq:?}: to a removed post");
                replies += 1;
            }
            EventKind::Reacted { .. } => assert!(!removed, "{seq:?}: a vote on a removed post"),
            other => panic!("{seq:?}: {other:?}"),
        }
    }
    let row = block_on(home.host().topic(topic)).unwrap();
    assert_eq!(row.topic.counters.posts, replies + 2);
    home.verify();
}

fn posts_come_and_go_above_and_below_each_other(home: &Home, rounds: usize) {
    let members = home.members(THREADS);
    let manager = home.manager();
    let topic = home.topic(members[0], "hall", "House of cards");
    let author = home.engine.member(members[0]);
    // Three chains of three.
    let mut posts: Vec<PostId> = Vec::new();
    for place in 0..9 {
        let new = NewPost::new(topic, format!("Post {place}."));
        let new = if place < 3 { new } else { new.to(posts[place - 3]) };
        posts.push(block_on(author.reply(new)).unwrap());
    }
    at_once(THREADS, |thread| {
        let mut dice = Dice::of(7, "cards", thread);
        for _ in 0..rounds {
            let post = *dice.pick(&posts);
            let outcome = block_on(async {
                match dice.below(8) {
                    0..=2 => manager.remove_post(post).await,
                    3..=6 => manager.restore_post(post).await,
                    _ => {
                        let new = NewPost::new(topic, "In between.").to(post);
                        home.engine.member(members[thread]).reply(new).await.map(drop)
                    }
                }
            });
            match outcome {
                Ok(()) | Err(Error::NotFound("post") | Error::Conflict(_) | Error::Contended) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    home.verify();
}

fn reactions_and_votes_of_one_member_do_not_disturb_each_other(home: &Home, rounds: usize) {
    let offer = community::ReactionDef { key: slug("thanks"), name: "Thanks".parse().unwrap() };
    let update = CommunityUpdate { reactions: Some(vec![offer]), ..CommunityUpdate::default() };
    block_on(home.host().update_community(&home.key, update)).unwrap();
    let members = home.members(2);
    let topic = home.topic(members[0], "hall", "Thanks");
    let post = home.opening(topic);
    let session = home.engine.member(members[1]);
    at_once(THREADS, |thread| {
        let mut dice = Dice::of(5, "reactions", thread);
        for _ in 0..rounds {
            let give = dice.chance(50);
            let outcome = block_on(async {
                if dice.chance(50) {
                    session.vote(post, give.then_some(Vote::Up)).await
                } else {
                    session.react(post, give.then_some(&slug("thanks"))).await
                }
            });
            assert!(
                matches!(outcome, Ok(()) | Err(Error::Conflict(_) | Error::Contended)),
                "{outcome:?}"
            );
        }
    });
    let own = block_on(session.own_reactions(&[post])).unwrap();
    let has = |slot| i64::from(own.iter().any(|reaction| reaction.slot == slot));
    let view = block_on(home.host().post(post)).unwrap();
    assert_eq!(view.post.counters.ups, has(Slot::Vote));
    let tallied: i64 = view.tallies.iter().map(|tally| tally.count).sum();
    assert_eq!(tallied, has(Slot::Reaction));
    home.verify();
}
