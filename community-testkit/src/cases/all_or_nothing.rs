//! G1: a change set is applied whole or leaves no trace.

use community_core::change::{ChangeSet, Counter, EventKind, Op, Request};
use community_core::store::CommitError;
use community_core::{
    ChannelId, CommunityId, Link, LinkKind, Member, MemberId, PostId, Slot, StoreError, Topic,
    TopicId,
};

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::{Draft, Home, given, key, slug, title, writing};
use crate::snapshot::{checkpoint, snapshot};
use crate::world::World;

pub(crate) async fn a_change_set_is_applied_whole(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let topic = w.topic(draft.topic.id).await?;
    equal("posts", topic.counters.posts, 1)?;
    equal("participants", topic.counters.participants, 1)?;
    let post = w.post(draft.opening.id).await?;
    equal("the text", post.body, draft.text.body)
}

pub(crate) async fn an_empty_change_set_writes_nothing(w: World) -> Outcome {
    w.question(&w.home().await?).await?;
    let before = snapshot(&*w.store).await?;
    let receipt = w.store.commit(ChangeSet::default()).await?;
    equal("the receipt", (receipt.seq, receipt.replayed), (w.store.head().await?, None))?;
    equal("everything", snapshot(&*w.store).await?, before)
}

pub(crate) async fn operations_are_applied_in_their_order(w: World) -> Outcome {
    let home = w.home().await?;
    let first = w.new_topic(&home.channel, home.ann.id);
    let second = Topic { title: title("When to sow beans?"), ..first.topic.clone() };
    let mut ops = first.ops();
    ops.push(Op::PutTopic(Box::new(second)));
    ops.push(Op::SetActive(first.topic.id, w.now()));
    ops.push(Op::SetActive(first.topic.id, first.topic.created_at));
    w.apply(ops).await?;
    let topic = w.topic(first.topic.id).await?;
    equal("the title", topic.title, title("When to sow beans?"))?;
    equal("the last activity", topic.counters.active_at, first.topic.created_at)
}

pub(crate) async fn what_comes_earlier_in_a_change_set_can_be_referred_to(w: World) -> Outcome {
    let community = w.new_community("garden");
    let channel = w.new_channel(&community, "vegetables");
    let ann = w.new_member("user:ann");
    let draft = w.new_topic(&channel, ann.id);
    let reply = w.new_reply(&draft.opening, ann.id);
    let vote = w.new_reaction(draft.opening.id, ann.id, "up");
    let mut ops = vec![
        Op::PutCommunity(Box::new(community.clone())),
        Op::PutChannel(Box::new(channel)),
        Op::PutMember(Box::new(ann.clone())),
        Op::PutMembership(Box::new(w.new_membership(&community, &ann))),
    ];
    ops.extend(draft.ops());
    ops.extend(reply.ops());
    ops.extend(given(&draft.topic, &vote));
    w.apply(ops).await?;
    let topic = w.topic(draft.topic.id).await?;
    equal("posts and ups", (topic.counters.posts, topic.counters.ups), (2, 1))
}

/// Commits `ops` between sound operations, and expects all of it to be refused without a trace.
async fn refused(w: &World, draft: &Draft, ops: impl IntoIterator<Item = Op>) -> Outcome {
    let before = snapshot(&*w.store).await?;
    let topic = draft.topic.id;
    let request = Request { id: w.new_request(), subject: None, fingerprint: 1 };
    let sound = [
        Op::PutMember(Box::new(w.new_member("user:newcomer"))),
        Op::PutTopic(Box::new(Topic { title: title("Changed"), ..draft.topic.clone() })),
        Op::Bump(Counter::TopicUps(topic), 5),
        Op::AddViews { topic, day: 19_675, views: 3 },
        Op::PutReaction(w.new_reaction(draft.opening.id, draft.topic.author, "thanks")),
        Op::Checkpoint(checkpoint(), community_core::Seq(1)),
    ];
    let behind = [Op::Bump(Counter::TopicDowns(topic), 2)];
    let mut changes = writing(sound.into_iter().chain(ops).chain(behind));
    changes.request = Some(request);
    changes.events.push(w.new_event(EventKind::TopicEdited { labels: None }));
    match w.store.commit(changes).await {
        Err(CommitError::Store(StoreError::Failed(_))) => {}
        other => return Err(Failure::new(format!("not refused as a failure: {other:?}"))),
    }
    equal("everything", snapshot(&*w.store).await?, before)?;
    holds("the request id is free", w.store.replay(request.id).await?.is_none())
}

/// A world with one question in it.
async fn ground(w: &World) -> Outcome<(Home, Draft)> {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    Ok((home, draft))
}

fn no_member() -> MemberId {
    MemberId::from_bytes([9; 16])
}

fn no_community() -> CommunityId {
    CommunityId::from_bytes([9; 16])
}

fn no_channel() -> ChannelId {
    ChannelId::from_bytes([9; 16])
}

fn no_topic() -> TopicId {
    TopicId::from_bytes([9; 16])
}

fn no_post() -> PostId {
    PostId::from_bytes([9; 16])
}

pub(crate) async fn a_channel_of_a_missing_community_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut channel = w.new_channel(&home.community, "fruit");
    channel.community = no_community();
    refused(&w, &draft, [Op::PutChannel(Box::new(channel))]).await
}

pub(crate) async fn a_label_of_a_missing_community_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut label = w.new_label(&home.community, "leeks");
    label.community = no_community();
    refused(&w, &draft, [Op::PutLabel(Box::new(label))]).await
}

pub(crate) async fn a_membership_in_a_missing_community_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut membership = w.new_membership(&home.community, &home.ann);
    membership.community = no_community();
    refused(&w, &draft, [Op::PutMembership(Box::new(membership))]).await
}

pub(crate) async fn a_membership_of_a_missing_member_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut membership = w.new_membership(&home.community, &home.ann);
    membership.member = no_member();
    refused(&w, &draft, [Op::PutMembership(Box::new(membership))]).await
}

pub(crate) async fn a_topic_in_a_missing_channel_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut topic = w.new_topic(&home.channel, home.ann.id).topic;
    topic.channel = no_channel();
    refused(&w, &draft, [Op::PutTopic(Box::new(topic))]).await
}

pub(crate) async fn a_topic_of_a_missing_member_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let topic = w.new_topic(&home.channel, no_member()).topic;
    refused(&w, &draft, [Op::PutTopic(Box::new(topic))]).await
}

pub(crate) async fn a_post_in_a_missing_topic_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut reply = w.new_reply(&draft.opening, home.ann.id);
    reply.post.topic = no_topic();
    refused(&w, &draft, [Op::PutPost(Box::new(reply.post))]).await
}

pub(crate) async fn a_reply_to_a_missing_post_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut reply = w.new_reply(&draft.opening, home.ann.id);
    reply.post.parent = Some(no_post());
    refused(&w, &draft, [Op::PutPost(Box::new(reply.post))]).await
}

pub(crate) async fn a_post_of_a_missing_member_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let reply = w.new_reply(&draft.opening, no_member());
    refused(&w, &draft, [Op::PutPost(Box::new(reply.post))]).await
}

pub(crate) async fn a_text_of_a_missing_post_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let mut text = draft.text.clone();
    text.post = no_post();
    refused(&w, &draft, [Op::PutRevision(Box::new(text))]).await
}

pub(crate) async fn a_correction_of_a_missing_post_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut correction = w.new_correction(&draft.opening, home.bob.id);
    correction.post = no_post();
    refused(&w, &draft, [Op::PutCorrection(Box::new(correction))]).await
}

pub(crate) async fn a_reaction_to_a_missing_post_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let reaction = w.new_reaction(no_post(), home.bob.id, "up");
    refused(&w, &draft, [Op::PutReaction(reaction)]).await
}

pub(crate) async fn a_reaction_of_a_missing_member_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let reaction = w.new_reaction(draft.opening.id, no_member(), "up");
    refused(&w, &draft, [Op::PutReaction(reaction)]).await
}

pub(crate) async fn a_link_to_or_from_a_missing_topic_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let topic = draft.topic.id;
    for (from, to) in [(topic, no_topic()), (no_topic(), topic)] {
        let link = Link { from, to, kind: LinkKind::Related, at: w.now() };
        refused(&w, &draft, [Op::PutLink(link)]).await?;
    }
    Ok(())
}

pub(crate) async fn a_counter_of_a_missing_topic_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let counters = [
        Counter::TopicUps(no_topic()),
        Counter::TopicDowns(no_topic()),
        Counter::TopicPosts(no_topic()),
        Counter::TopicAnswers(no_topic()),
        Counter::TopicAccepted(no_topic()),
        Counter::Participation(no_topic(), home.ann.id),
    ];
    for counter in counters {
        refused(&w, &draft, [Op::Bump(counter, 1)]).await?;
    }
    Ok(())
}

pub(crate) async fn a_counter_of_a_missing_post_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let counters = [
        Counter::PostUps(no_post()),
        Counter::PostDowns(no_post()),
        Counter::PostChildren(no_post()),
        Counter::PostCorrections(no_post()),
        Counter::Tally(no_post(), slug("thanks")),
    ];
    for counter in counters {
        refused(&w, &draft, [Op::Bump(counter, 1)]).await?;
    }
    Ok(())
}

pub(crate) async fn a_counter_of_a_missing_community_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    refused(&w, &draft, [Op::Bump(Counter::Members(no_community()), 1)]).await
}

pub(crate) async fn activity_of_a_missing_topic_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    refused(&w, &draft, [Op::RaiseActive(no_topic(), w.now())]).await?;
    refused(&w, &draft, [Op::SetActive(no_topic(), w.now())]).await
}

pub(crate) async fn views_of_a_missing_topic_apply_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    refused(&w, &draft, [Op::AddViews { topic: no_topic(), day: 1, views: 1 }]).await
}

pub(crate) async fn a_counter_below_zero_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let (topic, post) = (draft.topic.id, draft.opening.id);
    let label = Counter::LabelUse(home.community.id, slug("leeks"), home.channel.id);
    let below = [
        (Counter::Members(home.community.id), -3),
        (Counter::TopicUps(topic), -6),
        (Counter::TopicDowns(topic), -1),
        (Counter::TopicPosts(topic), -2),
        (Counter::TopicAnswers(topic), -1),
        (Counter::TopicAccepted(topic), -1),
        (Counter::Participation(topic, home.ann.id), -2),
        (Counter::Participation(topic, home.bob.id), -1),
        (Counter::PostUps(post), -1),
        (Counter::PostDowns(post), -1),
        (Counter::PostChildren(post), -1),
        (Counter::PostCorrections(post), -1),
        (Counter::Tally(post, slug("thanks")), -1),
        (label, -1),
        (Counter::ChannelTopics(home.channel.id), -2),
    ];
    for (counter, by) in below {
        refused(&w, &draft, [Op::Bump(counter, by)]).await?;
    }
    Ok(())
}

pub(crate) async fn views_below_zero_apply_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let topic = draft.topic.id;
    refused(&w, &draft, [Op::AddViews { topic, day: 19_675, views: -4 }]).await
}

pub(crate) async fn a_community_key_for_two_applies_nothing(w: World) -> Outcome {
    let (_, draft) = ground(&w).await?;
    let second = w.new_community("garden");
    refused(&w, &draft, [Op::PutCommunity(Box::new(second))]).await
}

pub(crate) async fn a_channel_key_for_two_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let second = w.new_channel(&home.community, "vegetables");
    refused(&w, &draft, [Op::PutChannel(Box::new(second))]).await
}

pub(crate) async fn a_member_key_for_two_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    refused(&w, &draft, [Op::PutMember(Box::new(w.new_member("user:ann")))]).await?;
    let renamed = Member { key: key("user:ann"), ..home.bob };
    refused(&w, &draft, [Op::PutMember(Box::new(renamed))]).await
}

pub(crate) async fn an_item_key_for_two_applies_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let mut keyed = w.new_topic(&home.channel, home.ann.id);
    keyed.topic.key = Some(key("item:1"));
    keyed.opening.key = Some(key("item:2"));
    w.apply(keyed.ops()).await?;

    let mut topic = w.new_topic(&home.channel, home.ann.id).topic;
    let mut reply = w.new_reply(&draft.opening, home.ann.id).post;
    // Topics and posts of a community share one space of keys.
    for taken in ["item:1", "item:2"] {
        topic.key = Some(key(taken));
        reply.key = Some(key(taken));
        refused(&w, &draft, [Op::PutTopic(Box::new(topic.clone()))]).await?;
        refused(&w, &draft, [Op::PutPost(Box::new(reply.clone()))]).await?;
    }
    Ok(())
}

pub(crate) async fn one_key_in_two_communities_is_two_keys(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    let channel = w.new_channel(&other, "vegetables");
    w.apply([
        Op::PutCommunity(Box::new(other.clone())),
        Op::PutChannel(Box::new(channel.clone())),
        Op::PutLabel(Box::new(w.new_label(&home.community, "leeks"))),
        Op::PutLabel(Box::new(w.new_label(&other, "leeks"))),
    ])
    .await?;
    let mut ids = Vec::new();
    for channel in [&home.channel, &channel] {
        let mut draft = w.new_topic(channel, home.ann.id);
        draft.topic.key = Some(key("question:1"));
        ids.push(Some((draft.topic.id, None)));
        w.apply(draft.ops()).await?;
    }
    let mut found = Vec::new();
    for community in [home.community.id, other.id] {
        found.extend(w.store.lookup(community, &[key("question:1")]).await?);
    }
    equal("the topics", found, ids)
}

pub(crate) async fn taking_away_what_is_not_there_does_nothing(w: World) -> Outcome {
    let (home, draft) = ground(&w).await?;
    let before = snapshot(&*w.store).await?;
    let (from, to) = (draft.topic.id, draft.topic.id);
    w.apply([
        Op::DropReaction { post: draft.opening.id, member: home.bob.id, slot: Slot::Vote },
        Op::DropLink { from, to, kind: LinkKind::Duplicate },
    ])
    .await?;
    equal("everything", snapshot(&*w.store).await?, before)
}

pub(crate) async fn a_refused_change_set_can_be_sent_again_when_it_is_mended(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.new_topic(&home.channel, home.ann.id);
    let request = Some(Request { id: w.new_request(), subject: None, fingerprint: 1 });
    let mut changes = writing(draft.ops());
    changes.request = request;
    changes.ops.push(Op::Bump(Counter::TopicAnswers(draft.topic.id), -1));
    holds("the first is refused", w.store.commit(changes.clone()).await.is_err())?;
    changes.ops.pop();
    let receipt = w.store.commit(changes).await?;
    equal("the second is new", receipt.replayed, None)?;
    equal("posts", w.topic(draft.topic.id).await?.counters.posts, 1)
}
