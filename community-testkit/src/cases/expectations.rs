//! G2: expectations are checked in the step in which the operations are applied. Here one commit at
//! a time; `races.rs` has the concurrent ones.

use community_core::change::{
    ChangeSet, Counter, EntityRef, EventKind, Expect, Op, UniqueKey, Written,
};
use community_core::store::CommitError;
use community_core::time::day_of;
use community_core::{
    AccessRev, Document, DocumentId, MemberId, Membership, PostId, Rev, Seq, Slot, Topic, TopicId,
};
use serde_json::json;

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::{given, key, slug, title};
use crate::snapshot::{checkpoint, snapshot};
use crate::world::World;

/// A change set under expectations that writes something that the snapshot shows.
fn under(w: &World, expect: &[Expect]) -> ChangeSet {
    ChangeSet {
        expect: expect.to_vec(),
        events: vec![w.new_event(EventKind::MemberChanged)],
        ..ChangeSet::default()
    }
}

/// Expects that the change set is applied.
async fn passes(w: &World, expect: Expect) -> Outcome {
    let head = w.store.head().await?;
    w.store.commit(under(w, &[expect])).await?;
    equal("the head", w.store.head().await?, Seq(head.0 + 1))
}

/// Expects that the change set is refused for its expectation, without a trace.
async fn fails(w: &World, expect: Expect) -> Outcome {
    let before = snapshot(&*w.store).await?;
    let mut changes = under(w, std::slice::from_ref(&expect));
    changes.ops.push(Op::PutMember(Box::new(w.new_member("user:newcomer"))));
    conflicts(w, changes, &expect).await?;
    equal("everything", snapshot(&*w.store).await?, before)
}

/// Expects a conflict that names one expectation.
async fn conflicts(w: &World, changes: ChangeSet, named: &Expect) -> Outcome {
    match w.store.commit(changes).await {
        Err(CommitError::Conflict(conflict)) => equal("named", &conflict.0, named),
        other => Err(Failure::new(format!("no conflict over {named:?}: {other:?}"))),
    }
}

pub(crate) async fn a_community_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let absent = Expect::Absent(UniqueKey::Community(slug("garden")));
    passes(&w, absent.clone()).await?;
    w.home().await?;
    fails(&w, absent).await?;
    passes(&w, Expect::Absent(UniqueKey::Community(slug("gardens")))).await
}

pub(crate) async fn a_channel_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let home = w.home().await?;
    let absent = |key| Expect::Absent(UniqueKey::Channel(home.community.id, slug(key)));
    passes(&w, absent("fruit")).await?;
    w.channel(&home.community, "fruit").await?;
    fails(&w, absent("fruit")).await
}

pub(crate) async fn a_label_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let home = w.home().await?;
    let absent = |key| Expect::Absent(UniqueKey::Label(home.community.id, slug(key)));
    passes(&w, absent("leeks")).await?;
    w.labels(&home.community, &["leeks"]).await?;
    fails(&w, absent("leeks")).await
}

pub(crate) async fn a_member_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let home = w.home().await?;
    let absent = |text| Expect::Absent(UniqueKey::Member(key(text)));
    passes(&w, absent("user:cleo")).await?;
    w.joiner(&home.community, "user:cleo").await?;
    fails(&w, absent("user:cleo")).await
}

pub(crate) async fn a_topic_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let home = w.home().await?;
    let absent = Expect::Absent(UniqueKey::Item(home.community.id, key("question:1")));
    passes(&w, absent.clone()).await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    w.apply(draft.ops()).await?;
    fails(&w, absent).await
}

pub(crate) async fn a_post_key_is_absent_until_it_is_taken(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let absent = Expect::Absent(UniqueKey::Item(home.community.id, key("answer:1")));
    passes(&w, absent.clone()).await?;
    let mut reply = w.new_reply(&draft.opening, home.bob.id);
    reply.post.key = Some(key("answer:1"));
    w.apply(reply.ops()).await?;
    fails(&w, absent).await
}

pub(crate) async fn a_key_that_was_given_up_is_absent_again(w: World) -> Outcome {
    let home = w.home().await?;
    let mut ann = home.ann.clone();
    ann.key = key("user:anna");
    w.apply([Op::PutMember(Box::new(ann))]).await?;
    passes(&w, Expect::Absent(UniqueKey::Member(key("user:ann")))).await?;
    fails(&w, Expect::Absent(UniqueKey::Member(key("user:anna")))).await
}

pub(crate) async fn keys_are_compared_exactly(w: World) -> Outcome {
    w.home().await?;
    for other in ["user:Ann", "USER:ANN", "user:ann ", "user:an_", "user:an%", "user:änn"] {
        passes(&w, Expect::Absent(UniqueKey::Member(key(other)))).await?;
    }
    Ok(())
}

/// Checks the expectation of one entity: absent before `ops`, at revision 1 after them, at revision
/// 2 after `next`.
async fn moves(w: &World, entity: EntityRef, ops: Vec<Op>, next: Op) -> Outcome {
    let at = |rev| Expect::Rev(entity, Rev(rev));
    passes(w, at(0)).await?;
    fails(w, at(1)).await?;
    w.apply(ops).await?;
    fails(w, at(0)).await?;
    passes(w, at(1)).await?;
    w.apply([next]).await?;
    fails(w, at(1)).await?;
    passes(w, at(2)).await?;
    fails(w, at(3)).await
}

pub(crate) async fn the_revision_of_a_community_is_expected(w: World) -> Outcome {
    let mut community = w.new_community("kitchen");
    let first = vec![Op::PutCommunity(Box::new(community.clone()))];
    community.rev = Rev(2);
    let next = Op::PutCommunity(Box::new(community.clone()));
    moves(&w, EntityRef::Community(community.id), first, next).await
}

pub(crate) async fn the_revision_of_a_channel_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let mut channel = w.new_channel(&home.community, "fruit");
    let first = vec![Op::PutChannel(Box::new(channel.clone()))];
    channel.rev = Rev(2);
    let next = Op::PutChannel(Box::new(channel.clone()));
    moves(&w, EntityRef::Channel(channel.id), first, next).await
}

pub(crate) async fn the_revision_of_a_member_is_expected(w: World) -> Outcome {
    let mut member = w.new_member("user:cleo");
    let first = vec![Op::PutMember(Box::new(member.clone()))];
    member.rev = Rev(2);
    let next = Op::PutMember(Box::new(member.clone()));
    moves(&w, EntityRef::Member(member.id), first, next).await
}

pub(crate) async fn the_revision_of_a_membership_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let member = w.new_member("user:cleo");
    w.apply([Op::PutMember(Box::new(member.clone()))]).await?;
    let mut membership = w.new_membership(&home.community, &member);
    let first = vec![Op::PutMembership(Box::new(membership.clone()))];
    membership.rev = Rev(2);
    let next = Op::PutMembership(Box::new(membership));
    moves(&w, EntityRef::Membership(home.community.id, member.id), first, next).await
}

pub(crate) async fn the_revision_of_a_topic_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    let first = draft.ops();
    draft.topic.rev = Rev(2);
    let next = Op::PutTopic(Box::new(draft.topic.clone()));
    moves(&w, EntityRef::Topic(draft.topic.id), first, next).await
}

pub(crate) async fn the_revision_of_a_post_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut reply = w.new_reply(&draft.opening, home.bob.id);
    let first = reply.ops();
    reply.post.rev = Rev(2);
    let next = Op::PutPost(Box::new(reply.post.clone()));
    moves(&w, EntityRef::Post(reply.post.id), first, next).await
}

pub(crate) async fn the_revision_of_a_correction_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut correction = w.new_correction(&draft.opening, home.bob.id);
    let first = vec![Op::PutCorrection(Box::new(correction.clone()))];
    correction.rev = Rev(2);
    let next = Op::PutCorrection(Box::new(correction.clone()));
    moves(&w, EntityRef::Correction(correction.id), first, next).await
}

pub(crate) async fn the_revision_of_a_document_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let id = DocumentId::from_uuid(w.mint(w.now()));
    let new = Document::new(id, home.community.id, slug("notes"), w.now(), &json!({}))?;
    let next = Document { rev: Rev(2), ..new.clone() };
    let first = vec![Op::PutDocument(Box::new(new))];
    moves(&w, EntityRef::Document(id), first, Op::PutDocument(Box::new(next))).await?;
    w.apply([Op::DropDocument(id)]).await?;
    fails(&w, Expect::Rev(EntityRef::Document(id), Rev(2))).await?;
    passes(&w, Expect::Rev(EntityRef::Document(id), Rev(0))).await
}

pub(crate) async fn counting_does_not_move_a_revision(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "up"))).await?;
    w.reply(&draft.opening, &home.bob).await?;
    w.apply([Op::AddViews { topic: draft.topic.id, day: 19_675, views: 3 }]).await?;
    passes(&w, Expect::Rev(EntityRef::Topic(draft.topic.id), Rev(1))).await?;
    passes(&w, Expect::Rev(EntityRef::Post(draft.opening.id), Rev(1))).await?;
    passes(&w, Expect::Gate(draft.topic.id, 0)).await
}

pub(crate) async fn a_gate_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let at = |gate| Expect::Gate(draft.topic.id, gate);
    passes(&w, at(0)).await?;
    fails(&w, at(1)).await?;
    let locked = Topic { locked: true, gate: 1, rev: Rev(2), ..draft.topic.clone() };
    w.apply([Op::PutTopic(Box::new(locked))]).await?;
    fails(&w, at(0)).await?;
    passes(&w, at(1)).await
}

pub(crate) async fn a_missing_topic_has_no_gate(w: World) -> Outcome {
    w.home().await?;
    fails(&w, Expect::Gate(TopicId::from_bytes([9; 16]), 0)).await
}

pub(crate) async fn the_access_of_a_visitor_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let before = w.store.access_rev(None).await?;
    passes(&w, Expect::Access(None, before)).await?;
    w.channel(&home.community, "fruit").await?;
    fails(&w, Expect::Access(None, before)).await?;
    passes(&w, Expect::Access(None, w.store.access_rev(None).await?)).await
}

pub(crate) async fn the_access_of_a_member_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let ann = Some(home.ann.id);
    let before = w.store.access_rev(ann).await?;
    passes(&w, Expect::Access(ann, before)).await?;
    fails(&w, Expect::Access(ann, AccessRev { member: before.member + 1, ..before })).await?;
    let stranger = Membership::stranger(home.community.id, home.ann.id);
    w.apply([Op::PutMembership(Box::new(stranger))]).await?;
    fails(&w, Expect::Access(ann, before)).await?;
    passes(&w, Expect::Access(ann, w.store.access_rev(ann).await?)).await
}

pub(crate) async fn an_attribute_that_changed_is_another_access(w: World) -> Outcome {
    let home = w.home().await?;
    let ann = Some(home.ann.id);
    let before = w.store.access_rev(ann).await?;
    let mut member = home.ann.clone();
    member.lists.insert(slug("vendors"));
    w.apply([Op::PutMember(Box::new(member))]).await?;
    fails(&w, Expect::Access(ann, before)).await
}

pub(crate) async fn a_reaction_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (post, member) = (draft.opening.id, home.bob.id);
    let is = |slot, reaction: Option<&str>| Expect::ReactionIs {
        post,
        member,
        slot,
        key: reaction.map(slug),
    };
    passes(&w, is(Slot::Vote, None)).await?;
    fails(&w, is(Slot::Vote, Some("up"))).await?;
    w.apply(given(&draft.topic, &w.new_reaction(post, member, "up"))).await?;
    fails(&w, is(Slot::Vote, None)).await?;
    fails(&w, is(Slot::Vote, Some("down"))).await?;
    passes(&w, is(Slot::Vote, Some("up"))).await?;
    passes(&w, is(Slot::Reaction, None)).await?;
    w.apply([Op::DropReaction { post, member, slot: Slot::Vote }]).await?;
    passes(&w, is(Slot::Vote, None)).await?;
    fails(&w, is(Slot::Vote, Some("up"))).await
}

pub(crate) async fn the_reactions_of_others_do_not_matter(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let other = w.question(&home).await?;
    let post = draft.opening.id;
    w.apply(given(&draft.topic, &w.new_reaction(post, home.ann.id, "up"))).await?;
    w.apply(given(&other.topic, &w.new_reaction(other.opening.id, home.bob.id, "up"))).await?;
    let member = home.bob.id;
    passes(&w, Expect::ReactionIs { post, member, slot: Slot::Vote, key: None }).await
}

pub(crate) async fn a_counter_below_a_bound_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let members = || Counter::Members(home.community.id);
    passes(&w, Expect::Below(members(), 3)).await?;
    fails(&w, Expect::Below(members(), 2)).await?;
    fails(&w, Expect::Below(members(), 0)).await?;
    w.joiner(&home.community, "user:cleo").await?;
    fails(&w, Expect::Below(members(), 3)).await
}

pub(crate) async fn every_counter_can_be_bounded(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (topic, post) = (draft.topic.id, draft.opening.id);
    let counters = [
        Counter::Members(home.community.id),
        Counter::TopicUps(topic),
        Counter::TopicDowns(topic),
        Counter::TopicPosts(topic),
        Counter::TopicAnswers(topic),
        Counter::TopicAccepted(topic),
        Counter::Participation(topic, home.bob.id),
        Counter::PostUps(post),
        Counter::PostDowns(post),
        Counter::PostChildren(post),
        Counter::PostCorrections(post),
        Counter::Tally(post, slug("thanks")),
        Counter::LabelUse(home.community.id, slug("leeks"), home.channel.id),
        Counter::ChannelTopics(home.channel.id),
    ];
    for counter in counters {
        // Whatever it is now, it is 40 to 49 then.
        w.apply([Op::Bump(counter.clone(), 40)]).await?;
        fails(&w, Expect::Below(counter.clone(), 40)).await?;
        passes(&w, Expect::Below(counter, 50)).await?;
    }
    Ok(())
}

pub(crate) async fn a_counter_that_never_moved_is_zero(w: World) -> Outcome {
    let home = w.home().await?;
    let nothing = [
        Counter::Tally(PostId::from_bytes([9; 16]), slug("thanks")),
        Counter::Participation(TopicId::from_bytes([9; 16]), MemberId::from_bytes([9; 16])),
        Counter::LabelUse(home.community.id, slug("leeks"), home.channel.id),
    ];
    for counter in nothing {
        passes(&w, Expect::Below(counter.clone(), 1)).await?;
        fails(&w, Expect::Below(counter, 0)).await?;
    }
    Ok(())
}

pub(crate) async fn a_checkpoint_is_expected(w: World) -> Outcome {
    w.home().await?;
    let at = |seq| Expect::CheckpointAt(checkpoint(), seq);
    passes(&w, at(None)).await?;
    fails(&w, at(Some(Seq(0)))).await?;
    w.apply([Op::Checkpoint(checkpoint(), Seq(2))]).await?;
    fails(&w, at(None)).await?;
    fails(&w, at(Some(Seq(1)))).await?;
    passes(&w, at(Some(Seq(2)))).await?;
    passes(&w, Expect::CheckpointAt(slug("other"), None)).await
}

pub(crate) async fn how_much_was_written_on_a_day_is_expected(w: World) -> Outcome {
    let home = w.home().await?;
    let fewer = |what, than, after: i32| Expect::WroteFewer {
        community: home.community.id,
        member: home.ann.id,
        day: day_of(w.now()) + after,
        what,
        than,
    };
    fails(&w, fewer(Written::Posts, 0, 0)).await?;
    passes(&w, fewer(Written::Posts, 1, 0)).await?;
    let draft = w.question(&home).await?;
    equal("the author", draft.topic.author, home.ann.id)?;
    w.reply(&draft.opening, &home.ann).await?;
    fails(&w, fewer(Written::Posts, 2, 0)).await?;
    passes(&w, fewer(Written::Posts, 3, 0)).await?;
    fails(&w, fewer(Written::Topics, 1, 0)).await?;
    passes(&w, fewer(Written::Topics, 2, 0)).await?;
    passes(&w, fewer(Written::Posts, 1, 1)).await?;
    passes(&w, fewer(Written::Posts, 1, -1)).await
}

pub(crate) async fn the_first_expectation_that_fails_is_named(w: World) -> Outcome {
    let home = w.home().await?;
    let sound = Expect::Rev(EntityRef::Member(home.ann.id), Rev(1));
    let absent = Expect::Absent(UniqueKey::Member(key("user:bob")));
    let below = Expect::Below(Counter::Members(home.community.id), 1);
    let gate = Expect::Gate(TopicId::from_bytes([9; 16]), 0);
    for failing in [[&absent, &below, &gate], [&gate, &absent, &below], [&below, &gate, &absent]] {
        let [first, second, third] = failing.map(Clone::clone);
        let changes = under(&w, &[sound.clone(), first.clone(), second, sound.clone(), third]);
        conflicts(&w, changes, &first).await?;
    }
    Ok(())
}

pub(crate) async fn expectations_look_at_what_was_before_the_operations(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    let mut changes = under(
        &w,
        &[
            Expect::Absent(UniqueKey::Item(home.community.id, key("question:1"))),
            Expect::Rev(EntityRef::Topic(draft.topic.id), Rev(0)),
            Expect::Below(Counter::ChannelTopics(home.channel.id), 1),
        ],
    );
    changes.ops = draft.ops();
    w.store.commit(changes).await?;
    equal("posts", w.topic(draft.topic.id).await?.counters.posts, 1)
}

pub(crate) async fn expectations_without_operations_are_checked(w: World) -> Outcome {
    let home = w.home().await?;
    let at = |rev| Expect::Rev(EntityRef::Member(home.ann.id), Rev(rev));
    let only = |expect| ChangeSet { expect: vec![expect], ..ChangeSet::default() };
    let receipt = w.store.commit(only(at(1))).await?;
    equal("the position", receipt.seq, w.store.head().await?)?;
    conflicts(&w, only(at(2)), &at(2)).await
}

pub(crate) async fn a_failed_expectation_leaves_the_request_id_free(w: World) -> Outcome {
    let home = w.home().await?;
    let mut changes = under(&w, &[Expect::Rev(EntityRef::Member(home.ann.id), Rev(7))]);
    let id = w.new_request();
    changes.request = Some(community_core::change::Request { id, subject: None, fingerprint: 1 });
    holds("it is refused", w.store.commit(changes.clone()).await.is_err())?;
    equal("no receipt", w.store.replay(id).await?, None)?;
    changes.expect.clear();
    equal("it is new", w.store.commit(changes).await?.replayed, None)
}

pub(crate) async fn an_edit_over_an_older_revision_is_refused(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let edit = |text: &str| ChangeSet {
        expect: vec![Expect::Rev(EntityRef::Topic(draft.topic.id), Rev(1))],
        ops: vec![Op::PutTopic(Box::new(Topic {
            title: title(text),
            rev: Rev(2),
            ..draft.topic.clone()
        }))],
        ..ChangeSet::default()
    };
    w.store.commit(edit("Ann's")).await?;
    let expected = Expect::Rev(EntityRef::Topic(draft.topic.id), Rev(1));
    conflicts(&w, edit("Bob's"), &expected).await?;
    equal("the title", w.topic(draft.topic.id).await?.title, title("Ann's"))
}
