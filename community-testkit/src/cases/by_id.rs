//! G6: reads by id keep the order of the request, and what is hidden is as what is absent.

use community_core::change::Op;
use community_core::{Key, Member, MemberId, PostId, Scope, State, Topic, TopicId, Viewer};

use crate::check::{Failure, Outcome, equal, holds};
use crate::fixture::{Draft, Home, hidden, key, topic_state};
use crate::world::World;

/// Several questions of Ann's, each with a reply of Bob's.
async fn ground(w: &World) -> Outcome<(Home, [Draft; 5], [PostId; 5])> {
    let home = w.home().await?;
    let (mut drafts, mut replies) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let draft = w.question(&home).await?;
        replies.push(w.reply(&draft.opening, &home.bob).await?.id);
        drafts.push(draft);
    }
    let replies = replies.try_into().map_err(|_| Failure::new("there are five"))?;
    Ok((home, drafts.try_into().map_err(|_| Failure::new("there are five"))?, replies))
}

/// A request over some ids: backwards, one of them twice, with an absent one in between.
fn shuffled<T: Copy>(ids: &[T], absent: T) -> Vec<T> {
    let mut request: Vec<T> = ids.iter().rev().copied().collect();
    request.insert(2, absent);
    request.extend(ids.iter().skip(1).take(1));
    request
}

/// The same with what is expected for it.
fn expected<T: Copy + PartialEq>(request: &[T], absent: T) -> Vec<Option<T>> {
    request.iter().map(|id| (*id != absent).then_some(*id)).collect()
}

async fn topic_ids(w: &World, ids: &[TopicId], scope: &Scope) -> Outcome<Vec<Option<TopicId>>> {
    let rows = w.store.topics(ids, scope).await?;
    Ok(rows.into_iter().map(|row| Some(scope.admit(row?)?.topic.id)).collect())
}

async fn post_ids(w: &World, ids: &[PostId], scope: &Scope) -> Outcome<Vec<Option<PostId>>> {
    let views = w.store.posts(ids, scope).await?;
    Ok(views.into_iter().map(|view| Some(scope.admit(view?)?.post.id)).collect())
}

pub(crate) async fn topics_come_back_in_the_order_of_the_request(w: World) -> Outcome {
    let (_, drafts, _) = ground(&w).await?;
    let ids: Vec<_> = drafts.iter().map(|draft| draft.topic.id).collect();
    let absent = TopicId::from_bytes([9; 16]);
    let request = shuffled(&ids, absent);
    let read = topic_ids(&w, &request, &w.system().await?).await?;
    equal("topics", read, expected(&request, absent))
}

pub(crate) async fn posts_come_back_in_the_order_of_the_request(w: World) -> Outcome {
    let (_, _, ids) = ground(&w).await?;
    let absent = PostId::from_bytes([9; 16]);
    let request = shuffled(&ids, absent);
    let read = post_ids(&w, &request, &w.system().await?).await?;
    equal("posts", read, expected(&request, absent))
}

/// Some members beside Ann and Bob.
async fn people(w: &World) -> Outcome<Vec<Member>> {
    let home = w.home().await?;
    let mut people = vec![home.ann, home.bob];
    for text in ["user:cleo", "user:dirk", "user:eva"] {
        people.push(w.joiner(&home.community, text).await?);
    }
    Ok(people)
}

pub(crate) async fn members_come_back_in_the_order_of_the_request(w: World) -> Outcome {
    let ids: Vec<_> = people(&w).await?.iter().map(|member| member.id).collect();
    let absent = MemberId::from_bytes([9; 16]);
    let request = shuffled(&ids, absent);
    let read = w.store.members(&request).await?;
    let read = read.into_iter().map(|member| member.map(|m| m.id)).collect();
    equal("members", read, expected(&request, absent))
}

pub(crate) async fn members_by_key_come_back_in_the_order_of_the_request(w: World) -> Outcome {
    let people = people(&w).await?;
    let ids: Vec<_> = people.iter().map(|member| member.id).collect();
    let absent = MemberId::from_bytes([9; 16]);
    let request = shuffled(&ids, absent);
    let key_of = |id: &MemberId| {
        people.iter().find(|m| m.id == *id).map_or_else(|| key("nobody"), |m| m.key.clone())
    };
    let keys: Vec<Key> = request.iter().map(key_of).collect();
    let read = w.store.members_by_key(&keys).await?;
    let read = read.into_iter().map(|member| member.map(|m| m.id)).collect();
    equal("members", read, expected(&request, absent))
}

pub(crate) async fn keys_are_looked_up_in_the_order_of_the_request(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    let mut reply = w.new_reply(&draft.opening, home.bob.id);
    reply.post.key = Some(key("answer:2"));
    w.apply(draft.ops().into_iter().chain(reply.ops())).await?;
    let keys = ["answer:2", "nothing", "question:1", "answer:2"].map(key);
    let (topic, post) = ((draft.topic.id, None), (draft.topic.id, Some(reply.post.id)));
    let found = w.store.lookup(home.community.id, &keys).await?;
    equal("found", found, vec![Some(post), None, Some(topic), Some(post)])
}

pub(crate) async fn a_first_post_is_looked_up_by_its_own_key(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.opening.key = Some(key("text:1"));
    w.apply(draft.ops()).await?;
    let found = w.store.lookup(home.community.id, &[key("text:1")]).await?;
    equal("found", found, vec![Some((draft.topic.id, Some(draft.opening.id)))])
}

pub(crate) async fn a_key_leads_to_what_is_hidden_too(w: World) -> Outcome {
    let home = w.home().await?;
    for state in State::ALL {
        let mut draft = w.new_topic(&home.channel, home.ann.id);
        let text = format!("question:{}", state.code());
        (draft.topic.state, draft.topic.key) = (state, Some(key(&text)));
        w.apply(draft.ops()).await?;
        let found = w.store.lookup(home.community.id, &[key(&text)]).await?;
        equal("found", found, vec![Some((draft.topic.id, None))])?;
    }
    Ok(())
}

pub(crate) async fn a_key_that_changed_leads_no_more_to_its_item(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.topic.key = Some(key("question:1"));
    w.apply(draft.ops()).await?;
    for next in [Some(key("question:2")), None] {
        draft.topic.key = next.clone();
        w.apply([Op::PutTopic(Box::new(draft.topic.clone()))]).await?;
        let keys = [key("question:1"), key("question:2")];
        let found = w.store.lookup(home.community.id, &keys).await?;
        equal("found", found, vec![None, next.map(|_| (draft.topic.id, None))])?;
    }
    Ok(())
}

pub(crate) async fn who_asks_for_nothing_gets_nothing(w: World) -> Outcome {
    let (home, _, _) = ground(&w).await?;
    let scope = w.system().await?;
    let none = w.store.topics(&[], &scope).await?.is_empty()
        && w.store.posts(&[], &scope).await?.is_empty()
        && w.store.members(&[]).await?.is_empty()
        && w.store.members_by_key(&[]).await?.is_empty()
        && w.store.lookup(home.community.id, &[]).await?.is_empty()
        && w.store.reactions_of(home.ann.id, &[]).await?.is_empty();
    holds("an empty request has an empty answer", none)
}

pub(crate) async fn large_requests_are_answered_whole(w: World) -> Outcome {
    let (home, drafts, replies) = ground(&w).await?;
    let scope = w.system().await?;
    let many = |i: usize| (!i.is_multiple_of(3)).then_some(i % 5);
    let absent = [9; 16];

    let pick = |i| many(i).and_then(|i| drafts.get(i)).map(|draft| draft.topic.id);
    let wanted: Vec<_> = (0..4_000).map(pick).collect();
    let ids: Vec<_> = wanted.iter().map(|id| id.unwrap_or(TopicId::from_bytes(absent))).collect();
    equal("topics", topic_ids(&w, &ids, &scope).await?, wanted)?;

    let pick = |i| many(i).and_then(|i| replies.get(i)).copied();
    let wanted: Vec<_> = (0..4_000).map(pick).collect();
    let ids: Vec<_> = wanted.iter().map(|id| id.unwrap_or(PostId::from_bytes(absent))).collect();
    equal("posts", post_ids(&w, &ids, &scope).await?, wanted)?;
    equal("reactions", w.store.reactions_of(home.ann.id, &ids).await?, vec![])?;

    let wanted: Vec<_> = (0..4_000).map(|i| many(i).map(|_| home.bob.id)).collect();
    let ids: Vec<_> = wanted.iter().map(|id| id.unwrap_or(MemberId::from_bytes(absent))).collect();
    let read = w.store.members(&ids).await?;
    equal("members", read.into_iter().map(|member| member.map(|m| m.id)).collect(), wanted)?;
    let keys: Vec<_> = (0..4_000).map(|i| key(&format!("nobody:{i}"))).collect();
    holds("keys", w.store.members_by_key(&keys).await?.iter().all(Option::is_none))?;
    holds("lookups", w.store.lookup(home.community.id, &keys).await?.iter().all(Option::is_none))
}

pub(crate) async fn a_hidden_topic_is_as_an_absent_one(w: World) -> Outcome {
    let (home, drafts, _) = ground(&w).await?;
    let [removed, withdrawn, ..] = &drafts;
    w.apply(topic_state(&removed.topic, State::Removed)).await?;
    w.apply(topic_state(&withdrawn.topic, State::Withdrawn)).await?;
    let ids = [removed.topic.id, TopicId::from_bytes([9; 16]), withdrawn.topic.id];
    let visitor = w.anonymous().await?;
    // The store itself says nothing of them: what it returns is checked again, but not needed.
    let rows = w.store.topics(&ids, &visitor).await?;
    holds("nothing is returned", rows.len() == 3 && rows.iter().all(Option::is_none))?;
    let author = w.scope_of(home.ann.id).await?;
    let read = topic_ids(&w, &ids, &author).await?;
    equal("to its author", read, vec![None, None, Some(withdrawn.topic.id)])
}

pub(crate) async fn a_hidden_post_is_as_an_absent_one(w: World) -> Outcome {
    let (home, drafts, replies) = ground(&w).await?;
    let [removed, withdrawn, in_removed, ..] = replies;
    let [_, _, third, ..] = drafts;
    w.apply(hidden(&w.post(removed).await?.post, State::Removed)).await?;
    w.apply(hidden(&w.post(withdrawn).await?.post, State::Withdrawn)).await?;
    w.apply(topic_state(&third.topic, State::Removed)).await?;
    let ids = [removed, PostId::from_bytes([9; 16]), withdrawn, in_removed];
    let visitor = w.anonymous().await?;
    let views = w.store.posts(&ids, &visitor).await?;
    holds("nothing is returned", views.len() == 4 && views.iter().all(Option::is_none))?;
    let author = w.scope_of(home.bob.id).await?;
    let read = post_ids(&w, &ids, &author).await?;
    equal("to its author", read, vec![None, None, Some(withdrawn), None])
}

pub(crate) async fn what_hangs_on_a_hidden_post_is_as_absent(w: World) -> Outcome {
    let (_, _, replies) = ground(&w).await?;
    let visitor = w.anonymous().await?;
    for reply in replies {
        let post = w.post(reply).await?.post;
        w.apply(hidden(&post, State::Removed)).await?;
        for id in [reply, PostId::from_bytes([9; 16])] {
            let revisions = w.store.revisions(id, 0, 9, &visitor).await?;
            equal("revisions", revisions.len(), 0)?;
            equal("what is above it", w.store.ancestors(id, &visitor).await?.len(), 0)?;
        }
    }
    Ok(())
}

pub(crate) async fn everything_in_a_hidden_topic_is_as_absent(w: World) -> Outcome {
    let (_, drafts, _) = ground(&w).await?;
    let scope = w.scope(Viewer::Anonymous).await?;
    for Draft { topic, opening, .. } in drafts {
        w.apply(topic_state(&topic, State::Removed)).await?;
        for (topic, post) in
            [(topic.id, opening.id), (TopicId::from_bytes([9; 16]), PostId::from_bytes([9; 16]))]
        {
            let request = crate::snapshot::thread(topic, post, Default::default(), 9);
            let page = w.store.thread(&request, &scope).await?;
            equal("its thread", (page.items.len(), page.more), (0, false))?;
            equal("its posts", w.store.posts_by_id(topic, None, 9, &scope).await?.len(), 0)?;
            equal("its texts", w.store.revisions(post, 0, 9, &scope).await?.len(), 0)?;
        }
    }
    Ok(())
}

pub(crate) async fn a_topic_that_is_restored_is_there_again(w: World) -> Outcome {
    let (_, drafts, _) = ground(&w).await?;
    let visitor = w.anonymous().await?;
    for Draft { topic, .. } in drafts {
        w.apply(topic_state(&topic, State::Removed)).await?;
        equal("removed", topic_ids(&w, &[topic.id], &visitor).await?, vec![None])?;
        let removed = w.topic(topic.id).await?;
        w.apply(topic_state(&removed, State::Published)).await?;
        equal("restored", topic_ids(&w, &[topic.id], &visitor).await?, vec![Some(topic.id)])?;
        let Topic { rev, gate, .. } = w.topic(topic.id).await?;
        equal("its revision and gate", (rev.0, gate), (3, 2))?;
    }
    Ok(())
}
