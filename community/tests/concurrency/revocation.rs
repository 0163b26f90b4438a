//! A right that was taken away is gone with the very next read and write.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use community::{
    Attribute, Decision, Error, Event, EventKind, FeedQuery, MemberId, NewMember, NewPost,
    NewSanction, NewTopic, PostId, SanctionKind, Session, Sort, ThreadQuery, TopicId, Vote,
};
use pollster::block_on;

use crate::home::{Crew, Home, only, slug};
use crate::on_each_store;

on_each_store! {
    an_attribute_that_was_taken_away_opens_nothing_any_more(3_000, 3_000)
    a_list_that_somebody_left_opens_nothing_any_more(1_000, 1_000)
    a_role_that_was_taken_away_opens_nothing_any_more(3_000, 3_000)
    a_membership_that_ended_opens_nothing_any_more(1_000, 1_000)
    a_suspension_counts_with_the_next_read_and_write(2_000, 2_000)
    nobody_writes_between_the_loss_of_a_right_and_its_return(1_000, 300)
    a_secret_told_after_a_revocation_is_never_seen(1_000, 300)
}

/// What a test gives and takes.
trait Right: Sync {
    /// Who may come into the channel.
    const AUDIENCE: &'static str;

    fn give(&self, home: &Home, member: MemberId, round: usize);
    fn take(&self, home: &Home, member: MemberId, round: usize);
}

struct Department;
struct OnList;
struct Role;
struct Joined;
struct NotSuspended;

fn known(round: usize) -> NewMember {
    let number = number_of(round);
    NewMember::new(
        format!("user:{number}").parse().unwrap(),
        format!("User {number}").parse().unwrap(),
    )
}

/// Sanctions stay on record, and a record has an end: every so often it is somebody else's turn.
fn number_of(round: usize) -> usize {
    round / 50
}

impl Right for Department {
    const AUDIENCE: &'static str = "department = care";

    fn give(&self, home: &Home, _: MemberId, round: usize) {
        let care = Attribute::Text("care".to_owned());
        let with = known(round).attribute(slug("department"), care);
        block_on(home.host().sync_member(with)).unwrap();
    }

    fn take(&self, home: &Home, _: MemberId, round: usize) {
        block_on(home.host().sync_member(known(round))).unwrap();
    }
}

impl Right for OnList {
    const AUDIENCE: &'static str = "list(customers)";

    fn give(&self, home: &Home, _: MemberId, round: usize) {
        block_on(home.host().sync_member(known(round).list(slug("customers")))).unwrap();
    }

    fn take(&self, home: &Home, _: MemberId, round: usize) {
        block_on(home.host().sync_member(known(round))).unwrap();
    }
}

impl Right for Role {
    const AUDIENCE: &'static str = "role(employee)";

    fn give(&self, home: &Home, member: MemberId, _: usize) {
        let role = slug("employee");
        block_on(home.host().grant_role(&home.key, member, &role, None)).unwrap();
    }

    fn take(&self, home: &Home, member: MemberId, _: usize) {
        let role = slug("employee");
        block_on(home.host().revoke_role(&home.key, member, &role, None)).unwrap();
    }
}

impl Right for Joined {
    const AUDIENCE: &'static str = "members";

    fn give(&self, home: &Home, member: MemberId, _: usize) {
        block_on(home.host().set_member(&home.key, member, true)).unwrap();
    }

    fn take(&self, home: &Home, member: MemberId, _: usize) {
        block_on(home.host().set_member(&home.key, member, false)).unwrap();
    }
}

impl Right for NotSuspended {
    const AUDIENCE: &'static str = "signed_in";

    fn give(&self, home: &Home, member: MemberId, _: usize) {
        let kind = SanctionKind::Suspension;
        block_on(home.host().lift_sanction(&home.key, member, kind, None)).unwrap();
    }

    fn take(&self, home: &Home, member: MemberId, _: usize) {
        let new = NewSanction {
            kind: SanctionKind::Suspension,
            channel: None,
            until: None,
            reason: String::new(),
        };
        block_on(home.host().sanction(&home.key, member, new)).unwrap();
    }
}

fn an_attribute_that_was_taken_away_opens_nothing_any_more(home: &Home, rounds: usize) {
    alternate(home, rounds, &Department);
}

fn a_list_that_somebody_left_opens_nothing_any_more(home: &Home, rounds: usize) {
    alternate(home, rounds, &OnList);
}

fn a_role_that_was_taken_away_opens_nothing_any_more(home: &Home, rounds: usize) {
    alternate(home, rounds, &Role);
}

fn a_membership_that_ended_opens_nothing_any_more(home: &Home, rounds: usize) {
    alternate(home, rounds, &Joined);
}

fn a_suspension_counts_with_the_next_read_and_write(home: &Home, rounds: usize) {
    alternate(home, rounds, &NotSuspended);
}

/// The room behind the door: a channel that a right opens, and what is in it.
#[derive(Debug, Clone, Copy)]
struct Room {
    topic: TopicId,
    opening: PostId,
}

fn room<R: Right>(home: &Home) -> Room {
    home.channel("room", only(R::AUDIENCE));
    let keeper = home.manager();
    let community::Viewer::Member(keeper) = keeper.viewer() else { panic!() };
    let topic = home.topic(keeper, "room", "Behind the door");
    Room { topic, opening: home.opening(topic) }
}

/// Gives and takes a right in turns; after each, another thread's next read and next write tell
/// the same. All the while a third one reads for the same member, so that whatever is kept of the
/// member's rights is worked out at every moment.
fn alternate<R: Right>(home: &Home, rounds: usize, right: &R) {
    let room = room::<R>(home);
    let members: Vec<MemberId> =
        (0..=number_of(rounds)).map(|number| home.stranger(number)).collect();
    let done = AtomicBool::new(false);
    let turn = AtomicUsize::new(0);
    let (ask, asked) = sync_channel::<(usize, bool)>(0);
    let (answer, answered) = sync_channel::<()>(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let member = members[number_of(turn.load(Ordering::SeqCst))];
                let _ = block_on(home.engine.member(member).topic(room.topic));
            }
        });
        let (members, engine) = (&members, &home.engine);
        scope.spawn(move || {
            for (round, open) in asked {
                let session = engine.member(members[number_of(round)]);
                block_on(check(home, &session, room, round, open));
                answer.send(()).unwrap();
            }
        });
        act(home, rounds, right, members, &turn, ask, &answered);
        done.store(true, Ordering::SeqCst);
    });
    home.verify();
}

fn act<R: Right>(
    home: &Home,
    rounds: usize,
    right: &R,
    members: &[MemberId],
    turn: &AtomicUsize,
    ask: SyncSender<(usize, bool)>,
    answered: &Receiver<()>,
) {
    for round in 0..rounds {
        turn.store(round, Ordering::SeqCst);
        let member = members[number_of(round)];
        let open = round % 2 == 0;
        if open {
            right.give(home, member, round);
        } else {
            right.take(home, member, round);
        }
        ask.send((round, open)).unwrap();
        // The other thread is gone when it has panicked, and the scope tells why.
        if answered.recv().is_err() {
            break;
        }
    }
    // Nobody asks any more: the other thread goes home.
    drop(ask);
}

/// The very next read, and the very next write. Which ones they are differs from round to round.
async fn check(home: &Home, session: &Session, room: Room, round: usize, open: bool) {
    let key = &home.key;
    let feed = FeedQuery::community(key.clone()).sort(Sort::New);
    let read = match round / 2 % 6 {
        0 => session.topic(room.topic).await.map(drop),
        1 => session.post(room.opening).await.map(drop),
        2 => session.thread(room.topic, &ThreadQuery::default()).await.map(drop),
        3 => session.feed(&feed.channel(slug("room"))).await.map(drop),
        4 => match session.feed(&feed).await {
            Ok(page) if page.items.is_empty() => Err(Error::NotFound("topic")),
            other => other.map(drop),
        },
        _ => session.revisions(room.opening, 0, None).await.map(drop),
    };
    tells(read, open, round, "read");
    let vote = if round % 4 < 2 { Vote::Up } else { Vote::Down };
    let write = match round / 2 % 3 {
        0 => session.vote(room.opening, Some(vote)).await,
        1 => session.reply(NewPost::new(room.topic, "Still here.")).await.map(drop),
        _ => {
            let kind = slug("discussion");
            let new = NewTopic::new(key.clone(), slug("room"), kind, "Mine", "A text.");
            session.start_topic(new).await.map(drop)
        }
    };
    tells(write, open, round, "write");
}

fn tells(outcome: Result<(), Error>, open: bool, round: usize, what: &str) {
    match outcome {
        Ok(()) => assert!(open, "round {round}: a {what} went through a closed door"),
        Err(Error::NotFound(_)) => assert!(!open, "round {round}: an open door denied a {what}"),
        Err(Error::Denied(decision)) => {
            let Decision { allowed, .. } = *decision;
            assert!(!open && !allowed, "round {round}: an open door denied a {what}");
        }
        Err(other) => panic!("round {round}: {other:?}"),
    }
}

/// Somebody writes as fast as can be while the right to it comes and goes. In the log, which is in
/// the order in which things happened, nothing of it stands where the right was gone.
fn nobody_writes_between_the_loss_of_a_right_and_its_return(home: &Home, rounds: usize) {
    let room = room::<Role>(home);
    let alice = home.stranger(0);
    let done = AtomicBool::new(false);
    let written = AtomicUsize::new(0);
    let crew = Crew::of(3);
    thread::scope(|scope| {
        for writer in 0..3 {
            let (done, written, crew) = (&done, &written, &crew);
            scope.spawn(move || {
                let _shift = crew.shift();
                let session = home.engine.member(alice);
                let mut up = true;
                while !done.load(Ordering::SeqCst) {
                    up = !up;
                    let vote = Some(if up { Vote::Up } else { Vote::Down });
                    let outcome = match writer {
                        0 => block_on(session.vote(room.opening, vote)),
                        _ => {
                            let new = NewPost::new(room.topic, "Quick!");
                            block_on(session.reply(new)).map(drop)
                        }
                    };
                    match outcome {
                        Ok(()) => drop(written.fetch_add(1, Ordering::SeqCst)),
                        Err(Error::NotFound("topic" | "post")) => thread::yield_now(),
                        Err(other) => panic!("{other:?}"),
                    }
                }
            });
        }
        for round in 0..rounds {
            Role.give(home, alice, round);
            let before = written.load(Ordering::SeqCst);
            crew.wait_for(|| written.load(Ordering::SeqCst) > before);
            Role.take(home, alice, round);
        }
        done.store(true, Ordering::SeqCst);
    });
    let mut open = false;
    let mut turns = 0;
    for Event { seq, event } in home.log() {
        match event.kind {
            EventKind::StandingChanged if event.member == Some(alice) => {
                open = !open;
                turns += 1;
            }
            kind if event.actor == Some(alice) => {
                assert!(open, "{seq:?}: {kind:?} without the right to it");
            }
            _ => {}
        }
    }
    assert_eq!((turns, open), (2 * rounds, false));
    home.verify();
}

/// After a right is gone, somebody tells a secret, and takes it back before the right is given
/// again. Whoever reads all the time as the one whose right it was must never see it.
fn a_secret_told_after_a_revocation_is_never_seen(home: &Home, rounds: usize) {
    let room = room::<Role>(home);
    let keeper = home.manager();
    let alice = home.stranger(0);
    let done = AtomicBool::new(false);
    let seen_open = AtomicUsize::new(0);
    let crew = Crew::of(3);
    thread::scope(|scope| {
        for reader in 0..3 {
            let (done, seen_open, crew) = (&done, &seen_open, &crew);
            scope.spawn(move || {
                let _shift = crew.shift();
                let session = home.engine.member(alice);
                while !done.load(Ordering::SeqCst) {
                    if let Some(texts) = block_on(everything(home, &session, room, reader)) {
                        seen_open.fetch_add(1, Ordering::SeqCst);
                        assert!(!texts.contains("secret"), "a secret was seen: {texts}");
                    }
                }
            });
        }
        for round in 0..rounds {
            Role.give(home, alice, round);
            // The readers come in.
            let before = seen_open.load(Ordering::SeqCst);
            crew.wait_for(|| seen_open.load(Ordering::SeqCst) > before);
            Role.take(home, alice, round);
            block_on(async {
                let kind = slug("discussion");
                let title = format!("The secret of round {round}");
                let new = NewTopic::new(home.key.clone(), slug("room"), kind, title, "A secret.");
                let topic = keeper.start_topic(new).await.unwrap();
                let reply = keeper.reply(NewPost::new(room.topic, "A secret.")).await.unwrap();
                keeper.remove_topic(topic).await.unwrap();
                keeper.remove_post(reply).await.unwrap();
            });
        }
        done.store(true, Ordering::SeqCst);
    });
    home.verify();
}

/// All that a member reads of the room, as text; `None` when the door is closed.
async fn everything(home: &Home, session: &Session, room: Room, reader: usize) -> Option<String> {
    if reader == 0 {
        let feed = FeedQuery::community(home.key.clone()).sort(Sort::New);
        let page = session.feed(&feed).await.unwrap();
        return (!page.items.is_empty()).then(|| serde_json::to_string(&page.items).unwrap());
    }
    let newest = ThreadQuery { order: community::PostOrder::Newest, ..ThreadQuery::default() };
    match session.thread(room.topic, &newest).await {
        Ok(page) => Some(serde_json::to_string(&page).unwrap()),
        Err(Error::NotFound("topic")) => None,
        Err(other) => panic!("{other:?}"),
    }
}
