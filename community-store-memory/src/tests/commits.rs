//! Commits: all or nothing, access revisions, and what the conformance suite cannot look into.

use std::sync::Arc;
use std::thread;

use community_core::change::{
    ChangeSet, Counter, EventKind, Expect, NewEvent, Op, Request, Seq, UniqueKey,
};
use community_core::store::{CommitError, Committer, Conflict, EventLog, Reader};
use community_core::{
    Channel, Community, Correction, CorrectionId, IdSource, Link, LinkKind, Member, Membership,
    Post, Reaction, RequestId, Rev, Slot, State, StoreError, Topic, Viewer,
};
use pollster::block_on;

use super::rebuilt;
use super::world::{World, at, channel, community, key, member, opening, reply, slug, text, topic};

/// A change set that touches every table, and sound down to its last operation.
fn everything(world: &World) -> Vec<Op> {
    let garden = &world.communities[0];
    let [ann, bob] = [0, 1].map(|member| &world.members[member]);
    let new = Topic { key: Some(key("t:1")), ..topic(&world.channels[0], ann, 1, at(1)) };
    let first = match &opening(&new)[0] {
        Op::PutPost(post) => (**post).clone(),
        _ => unreachable!("the first post is put first"),
    };
    let answer = Post { key: Some(key("p:1")), ..reply(&first, bob, 1, at(2)) };
    let mut ops = vec![
        Op::PutCommunity(Box::new(Community { archived: true, ..garden.clone() })),
        Op::PutChannel(Box::new(channel(garden, "new"))),
        Op::PutMember(Box::new(member("dee"))),
        Op::PutMembership(Box::new(Membership {
            joined_at: Some(at(3)),
            ..Membership::stranger(garden.id, ann.id)
        })),
        Op::PutTopic(Box::new(new.clone())),
    ];
    ops.extend(opening(&new));
    ops.extend([
        Op::PutPost(Box::new(answer.clone())),
        Op::PutRevision(Box::new(text(&answer))),
        Op::PutCorrection(Box::new(Correction {
            id: CorrectionId::from_uuid(IdSource::named(at(3), "correction:1")),
            post: answer.id,
            range: None,
            revision: 1,
            body: "In March.".into(),
            author: ann.id,
            at: at(3),
            withdrawn_at: None,
            rev: Rev::FIRST,
        })),
        Op::PutLink(Link { from: new.id, to: new.id, kind: LinkKind::Related, at: at(3) }),
        Op::PutReaction(Reaction {
            post: answer.id,
            member: ann.id,
            slot: Slot::Vote,
            key: slug("up"),
            at: at(3),
        }),
        Op::Bump(Counter::PostUps(answer.id), 1),
        Op::Bump(Counter::Tally(answer.id, slug("thanks")), 1),
        Op::Bump(Counter::LabelUse(garden.id, slug("a"), new.channel), 1),
        Op::AddViews { topic: new.id, day: 1, views: 1 },
        Op::Checkpoint(slug("search"), Seq(1)),
    ]);
    ops
}

/// Everything that the store holds, as text. Not for order: tables without one are sorted by it.
fn contents(world: &World) -> String {
    let text = format!("{:#?}", world.store.read());
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn a_change_set_that_fails_at_its_last_operation_leaves_no_trace() {
    let world = World::new();
    let [open, other] = [&world.channels[0], &world.channels[5]];
    let ann = &world.members[0];
    let nobody = member("nobody");
    let unknown = topic(open, ann, 9, at(9));
    let unknown_post = match &opening(&unknown)[0] {
        Op::PutPost(post) => (**post).clone(),
        _ => unreachable!("the first post is put first"),
    };
    let t1 = topic(open, ann, 1, at(1));
    let nowhere = community("nowhere");
    let bad: Vec<Op> = vec![
        // Nothing there.
        Op::PutChannel(Box::new(channel(&nowhere, "x"))),
        Op::PutMembership(Box::new(Membership::stranger(nowhere.id, ann.id))),
        Op::PutMembership(Box::new(Membership::stranger(open.community, nobody.id))),
        Op::PutTopic(Box::new(topic(&channel(&nowhere, "x"), ann, 2, at(2)))),
        Op::PutTopic(Box::new(topic(open, &nobody, 2, at(2)))),
        Op::PutPost(Box::new(unknown_post.clone())),
        Op::PutPost(Box::new(Post {
            topic: t1.id,
            parent: Some(unknown_post.id),
            ..reply(&unknown_post, ann, 3, at(3))
        })),
        Op::PutRevision(Box::new(text(&unknown_post))),
        Op::PutLink(Link { from: t1.id, to: unknown.id, kind: LinkKind::Duplicate, at: at(3) }),
        Op::PutReaction(Reaction {
            post: unknown_post.id,
            member: ann.id,
            slot: Slot::Vote,
            key: slug("up"),
            at: at(3),
        }),
        Op::PutReaction(Reaction {
            post: t1.opening,
            member: nobody.id,
            slot: Slot::Vote,
            key: slug("up"),
            at: at(3),
        }),
        Op::Bump(Counter::TopicUps(unknown.id), 1),
        Op::Bump(Counter::PostUps(unknown_post.id), 1),
        Op::Bump(Counter::Participation(unknown.id, ann.id), 1),
        Op::Bump(Counter::Participation(t1.id, nobody.id), 1),
        Op::Bump(Counter::Tally(unknown_post.id, slug("thanks")), 1),
        Op::Bump(Counter::Members(nowhere.id), 1),
        Op::Bump(Counter::ChannelTopics(channel(&nowhere, "x").id), 1),
        Op::RaiseActive(unknown.id, at(3)),
        Op::SetActive(unknown.id, at(3)),
        Op::AddViews { topic: unknown.id, day: 1, views: 1 },
        // A key for two.
        Op::PutCommunity(Box::new(Community { key: slug("workshop"), ..community("twin") })),
        Op::PutChannel(Box::new(Channel {
            key: slug("new"),
            ..channel(&world.communities[0], "twin")
        })),
        Op::PutMember(Box::new(Member { key: key("dee"), ..member("twin") })),
        Op::PutTopic(Box::new(Topic { key: Some(key("p:1")), ..topic(open, ann, 2, at(2)) })),
        Op::PutPost(Box::new(Post {
            key: Some(key("t:1")),
            ..reply(&Post { topic: t1.id, id: t1.opening, ..unknown_post.clone() }, ann, 3, at(3))
        })),
        // Below zero, or beyond all counting.
        Op::Bump(Counter::PostUps(t1.opening), -1),
        Op::Bump(Counter::LabelUse(open.community, slug("a"), open.id), -2),
        Op::Bump(Counter::LabelUse(open.community, slug("a"), open.id), i64::MAX),
        Op::AddViews { topic: t1.id, day: 1, views: -2 },
        Op::AddViews { topic: t1.id, day: 1, views: i64::MAX },
        // The keys of its posts would stay behind.
        Op::PutTopic(Box::new(Topic {
            community: other.community,
            channel: other.id,
            ..t1.clone()
        })),
        // A post below itself.
        Op::PutPost(Box::new(Post {
            id: t1.opening,
            topic: t1.id,
            parent: Some(reply(&unknown_post, &world.members[1], 1, at(2)).id),
            ..unknown_post.clone()
        })),
    ];
    let before = contents(&world);
    for op in bad {
        let mut ops = everything(&world);
        let name = format!("{op:?}");
        ops.push(op);
        let id = RequestId::from_uuid(IdSource::named(at(1), "request:1"));
        let changes = ChangeSet {
            request: Some(Request { id, subject: None, fingerprint: 1 }),
            ops,
            events: vec![event()],
            ..ChangeSet::default()
        };
        match world.try_commit(changes) {
            Err(CommitError::Store(StoreError::Failed(_))) => {}
            other => panic!("{name} gave {other:?}"),
        }
        assert_eq!(contents(&world), before, "{name}");
    }
    // And the same without the last operation is sound.
    world.commit(everything(&world));
    let state = world.store.read();
    assert_eq!(state.index, rebuilt::index(&state));
}

fn event() -> NewEvent {
    NewEvent {
        kind: EventKind::CommunityChanged,
        actor: None,
        at: at(1),
        community: None,
        channel: None,
        topic: None,
        post: None,
        member: None,
    }
}

#[test]
fn keys_can_change_hands_within_one_change_set() {
    let world = World::new();
    let [ann, bob] = [0, 1].map(|member| world.members[member].clone());
    let (ann_key, bob_key) = (ann.key.clone(), bob.key.clone());
    let put = |member: &Member, key| Op::PutMember(Box::new(Member { key, ..member.clone() }));
    world.commit(vec![
        put(&ann, key("third")),
        put(&bob, ann_key.clone()),
        put(&ann, bob_key.clone()),
    ]);
    let keys = [ann_key, bob_key, key("third")];
    let found = block_on(world.store.members_by_key(&keys)).unwrap();
    let found: Vec<_> = found.into_iter().map(|member| Some(member?.id)).collect();
    assert_eq!(found, [Some(bob.id), Some(ann.id), None]);
    let state = world.store.read();
    assert_eq!(state.index, rebuilt::index(&state));
}

#[test]
fn indexes_follow_what_is_replaced_and_taken_away() {
    let world = World::new();
    world.commit(everything(&world));
    let garden = &world.communities[0];
    let ann = &world.members[0];
    let state = world.store.read();
    let t1 = state.index.topics(garden.id).unwrap().first().copied().unwrap();
    let answer = state.posts.values().find(|post| post.parent.is_some()).unwrap().clone();
    let correction = state.corrections.values().next().unwrap().clone();
    drop(state);
    let taken =
        |key| Reaction { post: answer.id, member: ann.id, slot: Slot::Vote, key, at: at(8) };
    for ops in [
        vec![Op::PutReaction(taken(slug("down")))],
        vec![Op::PutCorrection(Box::new(Correction { at: at(9), ..correction }))],
        vec![Op::PutMembership(Box::new(Membership::stranger(garden.id, ann.id)))],
        vec![Op::PutPost(Box::new(Post { key: Some(key("p:2")), ..answer.clone() }))],
        vec![Op::PutPost(Box::new(Post { key: None, state: State::Withdrawn, ..answer.clone() }))],
        vec![Op::Bump(Counter::Tally(answer.id, slug("thanks")), -1)],
        vec![Op::DropReaction { post: answer.id, member: ann.id, slot: Slot::Vote }; 2],
        vec![Op::DropLink { from: t1, to: t1, kind: LinkKind::Related }; 2],
    ] {
        world.commit(ops);
        let state = world.store.read();
        assert_eq!(state.index, rebuilt::index(&state));
    }
    assert_eq!(block_on(world.store.links(t1, None, 9)).unwrap(), []);
    assert_eq!(block_on(world.store.reactions(answer.id, Slot::Vote, None, 9)).unwrap(), []);
    let item = block_on(world.store.lookup(garden.id, &[key("p:1"), key("t:1")])).unwrap();
    assert_eq!(item, [None, Some((t1, None))]);
}

#[test]
fn participants_follow_participation() {
    let world = World::new();
    let t1 = topic(&world.channels[0], &world.members[0], 1, at(1));
    world.start(&t1);
    let bob = world.members[1].id;
    let bump = |step| Op::Bump(Counter::Participation(t1.id, bob), step);
    for (steps, participants) in
        [(vec![1], 1), (vec![1], 1), (vec![-1], 1), (vec![-1], 0), (vec![1, -1, 2], 1)]
    {
        world.commit(steps.into_iter().map(bump).collect());
        assert_eq!(world.topic(t1.id).counters.participants, participants);
    }
}

#[test]
fn only_what_rights_rest_on_makes_a_scope_stale() {
    let world = World::new();
    let [ann, bob] = [0, 1].map(|member| world.members[member].clone());
    let t1 = topic(&world.channels[0], &ann, 1, at(1));
    let garden = world.communities[0].id;
    let scope = world.scope(Viewer::Member(ann.id));
    let fresh = || block_on(world.store.topics(&[t1.id], &scope)).map(|_| ());

    world.start(&t1);
    world.commit(vec![Op::PutMember(Box::new(bob.clone()))]);
    world.commit(vec![Op::PutMembership(Box::new(Membership::stranger(garden, bob.id)))]);
    fresh().unwrap();

    world.commit(vec![Op::PutMembership(Box::new(Membership::stranger(garden, ann.id)))]);
    assert!(matches!(fresh(), Err(StoreError::StaleScope)));
    let scope = world.scope(Viewer::Anonymous);
    let fresh = || block_on(world.store.topics(&[t1.id], &scope)).map(|_| ());
    fresh().unwrap();
    world.commit(vec![Op::PutMember(Box::new(ann))]);
    fresh().unwrap();
    world.commit(vec![Op::PutChannel(Box::new(world.channels[0].clone()))]);
    assert!(matches!(fresh(), Err(StoreError::StaleScope)));

    let old = community_core::policy::Scope::system(community_core::AccessRev::default());
    block_on(world.store.topics(&[t1.id], &old)).unwrap();
}

#[test]
fn a_member_who_is_not_known_yet_has_an_access_revision_that_ends_with_the_first_write() {
    let world = World::new();
    let dee = member("dee");
    let rev = || block_on(world.store.access_rev(Some(dee.id))).unwrap();
    let before = rev();
    assert!(before.member > 0);
    assert_eq!(rev(), before);
    let expecting = |rev| ChangeSet {
        expect: vec![Expect::Access(Some(dee.id), rev)],
        ops: vec![Op::PutMember(Box::new(dee.clone()))],
        ..ChangeSet::default()
    };
    world.try_commit(expecting(before)).unwrap();
    assert_ne!(rev(), before);
    let refused = world.try_commit(expecting(before)).unwrap_err();
    let expected = Expect::Access(Some(dee.id), before);
    assert!(matches!(refused, CommitError::Conflict(Conflict(e)) if e == expected));
}

#[test]
fn a_request_is_replayed_before_its_expectations_are_looked_at() {
    let world = World::new();
    let id = RequestId::from_uuid(IdSource::named(at(1), "request:1"));
    let request = |fingerprint| Request { id, subject: Some(id.uuid()), fingerprint };
    let changes = |fingerprint| ChangeSet {
        request: Some(request(fingerprint)),
        expect: vec![Expect::Absent(UniqueKey::Member(key("dee")))],
        ops: vec![Op::PutMember(Box::new(member("dee")))],
        events: vec![event(), event()],
    };
    let first = world.try_commit(changes(7)).unwrap();
    assert_eq!((first.seq, first.replayed), (Seq(2), None));
    world.try_commit(ChangeSet { events: vec![event()], ..ChangeSet::default() }).unwrap();

    let again = world.try_commit(changes(7)).unwrap();
    assert_eq!((again.seq, again.replayed), (Seq(2), Some(request(7))));
    assert_eq!(block_on(world.store.replay(id)).unwrap(), Some(again));
    assert!(matches!(world.try_commit(changes(8)), Err(CommitError::RequestReused)));
    assert_eq!(block_on(world.store.head()).unwrap(), Seq(3));
    assert_eq!(block_on(world.store.events_after(Seq(u64::MAX), 9)).unwrap(), []);
}

#[test]
fn threads_that_race_for_the_last_place_never_exceed_it() {
    const PLACES: i64 = 50;
    let world = Arc::new(World::new());
    let members = Counter::Members(world.communities[0].id);
    let join = || ChangeSet {
        expect: vec![Expect::Below(members.clone(), PLACES)],
        ops: vec![Op::Bump(members.clone(), 1)],
        events: vec![event()],
        ..ChangeSet::default()
    };
    let joined: usize = thread::scope(|threads| {
        let racer = || (0..40).filter(|_| world.try_commit(join()).is_ok()).count();
        let racers: Vec<_> = (0..4).map(|_| threads.spawn(racer)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(joined, PLACES as usize);
    let count = block_on(world.store.member_count(world.communities[0].id)).unwrap();
    assert_eq!(count, PLACES as u64);
    assert_eq!(block_on(world.store.head()).unwrap(), Seq(PLACES as u64));
}
