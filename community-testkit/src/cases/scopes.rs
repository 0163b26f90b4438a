//! A query means what its scope means: every read of content returns what `Scope::admits` admits,
//! no less and no more, to everybody.

use std::collections::BTreeMap;

use community_core::change::Op;
use community_core::query::{FeedRequest, PostOrder, Sort};
use community_core::store::{Card, ThreadItem};
use community_core::{
    Audience, Channel, ChannelId, CommunityId, Label, Membership, Policy, Post, PostId, Rev,
    Sanction, SanctionKind, Scope, Slug, State, Topic, TopicId, Unchecked,
};

use crate::check::{Outcome, equal, holds, same_list};
use crate::fixture::{Reply, slug, topic_state};
use crate::meadow::{Meadow, selection};
use crate::snapshot::feed;
use crate::walk::{self, whole};
use crate::world::World;

/// The meadow with a conversation in every topic, and all of its topics and posts.
struct Ground {
    meadow: Meadow,
    topics: Vec<Topic>,
    posts: Vec<(Topic, Post)>,
}

async fn ground(w: &World) -> Outcome<Ground> {
    let meadow = w.meadow().await?;
    let topics = w.all_topics().await?;
    let (mut ops, authors) = (Vec::new(), [&meadow.bob, &meadow.dirk, &meadow.ann]);
    for ((i, topic), author) in topics.iter().enumerate().zip(authors.into_iter().cycle()) {
        let opening = w.post(topic.opening).await?.post;
        let mut reply = w.new_reply(&opening, author.id);
        reply.post.state = *State::ALL.iter().cycle().nth(i / 2).unwrap_or(&State::Published);
        let mut below = w.new_reply(&reply.post, meadow.cleo.id);
        if i % 5 == 0 {
            below.post.state = State::Removed;
        }
        ops.extend(reply.ops());
        ops.extend(below.ops());
        let shown = below.post.state == State::Published;
        if shown && reply.post.state != State::Published {
            // A placeholder counts at its parent.
            ops.push(Op::Bump(community_core::change::Counter::PostChildren(opening.id), 1));
        }
    }
    w.apply(ops).await?;
    let topics = w.all_topics().await?;
    let mut posts = Vec::new();
    for topic in &topics {
        let of_topic = w.all_posts(topic.id).await?;
        posts.extend(of_topic.into_iter().map(|post| (topic.clone(), post)));
    }
    Ok(Ground { meadow, topics, posts })
}

fn admits_topic(scope: &Scope, topic: &Topic) -> bool {
    scope.admits(topic.place(), topic.author, topic.state)
}

fn admits_post(scope: &Scope, topic: &Topic, post: &Post) -> bool {
    scope.admits(topic.place(), post.author, post.state)
}

pub(crate) async fn topics_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, topics, .. } = ground(&w).await?;
    let ids: Vec<_> = topics.iter().map(|topic| topic.id).collect();
    for scope in meadow.scopes(&w).await? {
        let rows = w.store.topics(&ids, &scope).await?;
        let found: Vec<_> = rows.into_iter().map(|row| row.is_some()).collect();
        let expected: Vec<_> = topics.iter().map(|topic| admits_topic(&scope, topic)).collect();
        same_list(&format!("{:?}", scope.viewer()), &found, &expected)?;
    }
    Ok(())
}

pub(crate) async fn posts_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, posts, .. } = ground(&w).await?;
    let ids: Vec<_> = posts.iter().map(|(_, post)| post.id).collect();
    for scope in meadow.scopes(&w).await? {
        let views = w.store.posts(&ids, &scope).await?;
        let found: Vec<_> = views.into_iter().map(|view| view.is_some()).collect();
        let expected: Vec<_> = posts.iter().map(|(t, post)| admits_post(&scope, t, post)).collect();
        same_list(&format!("{:?}", scope.viewer()), &found, &expected)?;
    }
    Ok(())
}

pub(crate) async fn pinned_topics_come_beside_a_feed_as_by_themselves(w: World) -> Outcome {
    let Ground { meadow, .. } = ground(&w).await?;
    let mut found = 0;
    for scope in meadow.scopes(&w).await? {
        for community in [meadow.garden.id, meadow.kitchen.id] {
            let sorted = |cards: Vec<Unchecked<Card>>| {
                let mut cards = scope.admit_all(cards);
                cards.sort_by_key(|card| card.topic.id);
                cards
            };
            let expected = sorted(w.store.pinned(community, &scope).await?);
            found += expected.len();
            // Whatever the page itself is drawn from.
            let request = feed(Vec::new(), Sort::New, 3);
            let with = FeedRequest { pins_of: Some(community), ..request.clone() };
            let page = w.store.feed(&with, &scope).await?;
            holds("nothing is selected", page.items.is_empty() && !page.more)?;
            equal("beside a feed", sorted(page.pinned), expected)?;
            let page = w.store.feed(&request, &scope).await?;
            holds("not asked for", page.pinned.is_empty())?;
        }
    }
    holds("there are pins", found > 0)
}

pub(crate) async fn pinned_topics_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, topics, .. } = ground(&w).await?;
    for scope in meadow.scopes(&w).await? {
        for community in [meadow.garden.id, meadow.kitchen.id] {
            let returned = w.store.pinned(community, &scope).await?;
            let returned_len = returned.len();
            let mut found: Vec<_> =
                scope.admit_all(returned).into_iter().map(|card| card.topic.id).collect();
            equal("all that is returned is admitted", found.len(), returned_len)?;
            found.sort();
            let mut expected: Vec<_> = topics
                .iter()
                .filter(|t| t.community == community && t.pin.is_some())
                .filter(|t| t.state == State::Published && admits_topic(&scope, t))
                .map(|topic| topic.id)
                .collect();
            expected.sort();
            same_list(&format!("{:?}", scope.viewer()), &found, &expected)?;
        }
    }
    Ok(())
}

pub(crate) async fn threads_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, topics, posts } = ground(&w).await?;
    let by_id: BTreeMap<PostId, &Post> = posts.iter().map(|(_, post)| (post.id, post)).collect();
    for scope in meadow.scopes(&w).await? {
        for topic in &topics {
            let request = whole(topic, PostOrder::Oldest);
            let walked = walk::thread(&*w.store, &request, &scope, 2).await?;
            let of_topic = posts.iter().filter(|(of, _)| of.id == topic.id).map(|(_, post)| post);
            let mut expected = crate::expected::thread_for(&request, topic, of_topic, &scope);
            if !admits_topic(&scope, topic) {
                expected.clear();
            }
            let places: Vec<_> = walked.iter().map(|(place, _)| *place).collect();
            same_list(&format!("{:?}", scope.viewer()), &places, &expected)?;
            for (place, item) in walked {
                let post = by_id.get(&PostId::from_uuid(place.id));
                let admitted = post.is_some_and(|post| admits_post(&scope, topic, post));
                let is_post = matches!(item, ThreadItem::Post(_));
                equal("a post to those who may read it", is_post, admitted)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn what_stands_above_a_post_is_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, posts, .. } = ground(&w).await?;
    let by_id: BTreeMap<PostId, &Post> = posts.iter().map(|(_, post)| (post.id, post)).collect();
    for scope in meadow.scopes(&w).await? {
        for (topic, post) in &posts {
            let line = std::iter::successors(post.parent, |id| by_id.get(id)?.parent);
            let readable = admits_post(&scope, topic, post);
            let mut expected: Vec<_> = line
                .filter(|id| {
                    readable && by_id.get(id).is_some_and(|p| admits_post(&scope, topic, p))
                })
                .collect();
            expected.reverse();
            let above = scope.admit_all(w.store.ancestors(post.id, &scope).await?);
            let found: Vec<_> = above.into_iter().map(|view| view.post.id).collect();
            same_list(&format!("{:?}", scope.viewer()), &found, &expected)?;
        }
    }
    Ok(())
}

pub(crate) async fn texts_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, posts, .. } = ground(&w).await?;
    for scope in meadow.scopes(&w).await? {
        for (topic, post) in &posts {
            let returned = w.store.revisions(post.id, 0, 9, &scope).await?.len();
            let expected = usize::from(admits_post(&scope, topic, post));
            equal("revisions", (returned, scope.viewer()), (expected, scope.viewer()))?;
        }
    }
    Ok(())
}

pub(crate) async fn posts_by_id_are_read_by_those_who_may(w: World) -> Outcome {
    let Ground { meadow, topics, posts } = ground(&w).await?;
    for scope in meadow.scopes(&w).await? {
        for topic in &topics {
            let returned = w.store.posts_by_id(topic.id, None, 50, &scope).await?;
            let found: Vec<_> =
                scope.admit_all(returned).into_iter().map(|view| view.post.id).collect();
            let expected: Vec<_> = posts
                .iter()
                .filter(|(of, post)| of.id == topic.id && admits_post(&scope, of, post))
                .map(|(_, post)| post.id)
                .collect();
            same_list(&format!("{:?}", scope.viewer()), &found, &expected)?;
        }
    }
    Ok(())
}

/// The published topics that count for a viewer.
fn counting<'a>(scope: &'a Scope, of: CommunityId, topics: &'a [Topic]) -> Vec<&'a Topic> {
    let published = |t: &&Topic| t.state == State::Published && t.community == of;
    topics.iter().filter(published).filter(|topic| admits_topic(scope, topic)).collect()
}

async fn labels(w: &World, of: CommunityId, scope: &Scope) -> Outcome<Vec<(Slug, u64)>> {
    let mut labels = w.store.label_use(of, scope).await?;
    labels.sort();
    Ok(labels)
}

async fn channels(w: &World, of: CommunityId, scope: &Scope) -> Outcome<Vec<(ChannelId, u64)>> {
    let mut channels = w.store.channel_topics(of, scope).await?;
    channels.sort();
    Ok(channels)
}

pub(crate) async fn labels_are_counted_over_what_a_viewer_reads(w: World) -> Outcome {
    let Ground { meadow, topics, .. } = ground(&w).await?;
    let mut most = 0;
    for scope in meadow.scopes(&w).await? {
        for community in [meadow.garden.id, meadow.kitchen.id] {
            let mut expected: BTreeMap<Slug, u64> = BTreeMap::new();
            for topic in counting(&scope, community, &topics) {
                for label in topic.labels.iter().filter(|l| scope.sees_label(community, l)) {
                    *expected.entry(label.clone()).or_default() += 1;
                }
            }
            let found = labels(&w, community, &scope).await?;
            most = most.max(found.len());
            same_list(&format!("{:?}", scope.viewer()), &found, &Vec::from_iter(expected))?;
        }
    }
    equal("somebody sees all labels", most, 3)
}

pub(crate) async fn channels_are_counted_over_what_a_viewer_reads(w: World) -> Outcome {
    let Ground { meadow, topics, .. } = ground(&w).await?;
    let mut most = 0;
    for scope in meadow.scopes(&w).await? {
        for community in [meadow.garden.id, meadow.kitchen.id] {
            let mut expected: BTreeMap<ChannelId, u64> = BTreeMap::new();
            for topic in counting(&scope, community, &topics) {
                *expected.entry(topic.channel).or_default() += 1;
            }
            let found = channels(&w, community, &scope).await?;
            most = most.max(found.len());
            same_list(&format!("{:?}", scope.viewer()), &found, &Vec::from_iter(expected))?;
        }
    }
    equal("somebody sees all channels", most, 5)
}

pub(crate) async fn what_is_hidden_counts_nowhere(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let scopes = [w.anonymous().await?, w.scope_of(meadow.ann.id).await?];
    let garden = meadow.garden.id;
    let mut before = Vec::new();
    for scope in &scopes {
        before.push((labels(&w, garden, scope).await?, channels(&w, garden, scope).await?));
    }
    for channel in [&meadow.office, &meadow.desk] {
        let draft = w.new_topic(channel, meadow.cleo.id).labelled(&["internal", "pests"]);
        w.apply(draft.ops()).await?;
    }
    for (scope, before) in scopes.iter().zip(before) {
        let after = (labels(&w, garden, scope).await?, channels(&w, garden, scope).await?);
        equal("the counts", after, before)?;
    }
    Ok(())
}

pub(crate) async fn own_topics_are_counted_and_forgotten_with_their_state(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let (garden, desk) = (meadow.garden.id, meadow.desk.id);
    let scope = w.scope_of(meadow.bob.id).await?;
    let count = async || -> Outcome<(u64, u64)> {
        let in_desk = channels(&w, garden, &scope).await?.into_iter().find(|(id, _)| *id == desk);
        let soil = labels(&w, garden, &scope).await?.into_iter().find(|(key, _)| *key == *"soil");
        Ok((in_desk.map_or(0, |(_, n)| n), soil.map_or(0, |(_, n)| n)))
    };
    let (topics, labelled) = count().await?;
    let draft = w.new_topic(&meadow.desk, meadow.bob.id).labelled(&["soil"]);
    w.apply(draft.ops()).await?;
    equal("one more", count().await?, (topics + 1, labelled + 1))?;
    w.apply(topic_state(&draft.topic, State::Withdrawn)).await?;
    equal("withdrawn", count().await?, (topics, labelled))
}

/// Everything that a scope reads of a community, as text.
async fn view_of(w: &World, scope: &Scope, of: CommunityId) -> Outcome<Vec<String>> {
    let mut seen = Vec::new();
    let selection = selection(w, scope, of, None).await?;
    let request = feed(vec![selection], community_core::Sort::New, 1);
    for (place, card) in walk::feed(&*w.store, &request, scope, 50).await? {
        seen.push(format!("{place:?} {card:?}"));
        let thread = whole(&card.topic, PostOrder::Best);
        for (place, item) in walk::thread(&*w.store, &thread, scope, 50).await? {
            seen.push(format!("{place:?} {item:?}"));
        }
    }
    seen.push(format!("{:?}", labels(w, of, scope).await?));
    seen.push(format!("{:?}", channels(w, of, scope).await?));
    for row in scope.admit_all(w.store.topics_by_id(of, None, 500, scope).await?) {
        seen.push(format!("{row:?}"));
    }
    Ok(seen)
}

pub(crate) async fn who_is_suspended_reads_what_a_visitor_reads(w: World) -> Outcome {
    let Ground { meadow, .. } = ground(&w).await?;
    let (dirk, visitor) = (w.scope_of(meadow.dirk.id).await?, w.anonymous().await?);
    let garden = meadow.garden.id;
    // What was withdrawn stays visible to its author, so that is left out of the comparison.
    let own = |scope: &Scope, topic: &Topic| {
        topic.author == meadow.dirk.id && {
            topic.state == State::Withdrawn && scope.viewer().member().is_some()
        }
    };
    for topic in w.all_topics().await? {
        let rows = w.store.topics(&[topic.id], &dirk).await?;
        let seen = rows.iter().any(Option::is_some) && !own(&dirk, &topic);
        let rows = w.store.topics(&[topic.id], &visitor).await?;
        equal("the topic", seen, rows.iter().any(Option::is_some))?;
    }
    equal("labels", labels(&w, garden, &dirk).await?, labels(&w, garden, &visitor).await?)?;
    equal("channels", channels(&w, garden, &dirk).await?, channels(&w, garden, &visitor).await?)
}

pub(crate) async fn a_stranger_reads_what_a_visitor_reads(w: World) -> Outcome {
    let Ground { meadow, .. } = ground(&w).await?;
    let (eva, visitor) = (w.scope_of(meadow.eva.id).await?, w.anonymous().await?);
    for community in [meadow.garden.id, meadow.kitchen.id] {
        let seen = view_of(&w, &eva, community).await?;
        same_list("the community", &seen, &view_of(&w, &visitor, community).await?)?;
    }
    Ok(())
}

pub(crate) async fn a_community_for_members_is_empty_for_others(w: World) -> Outcome {
    let Ground { meadow, .. } = ground(&w).await?;
    let kitchen = meadow.kitchen.id;
    let nothing = words(&["[]", "[]"]);
    for scope in [w.anonymous().await?, w.scope_of(meadow.bob.id).await?] {
        equal("to others", view_of(&w, &scope, kitchen).await?, nothing.clone())?;
    }
    let member = w.scope_of(meadow.ann.id).await?;
    holds("to a member", view_of(&w, &member, kitchen).await?.len() > 10)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(crate) async fn a_channel_below_a_closed_one_is_closed(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let below = Channel {
        parent: Some(meadow.office.id),
        policy: Policy::public(),
        ..w.new_channel(&meadow.garden, "archive")
    };
    w.apply([Op::PutChannel(Box::new(below.clone()))]).await?;
    let draft = w.new_topic(&below, meadow.cleo.id);
    w.apply(draft.ops()).await?;
    let topic = [draft.topic.id];
    let visitor = w.store.topics(&topic, &w.anonymous().await?).await?;
    holds("closed to a visitor", visitor.iter().all(Option::is_none))?;
    let employee = w.store.topics(&topic, &w.scope_of(meadow.cleo.id).await?).await?;
    holds("open to an employee", employee.iter().all(Option::is_some))
}

/// Which of two topics a scope reads.
async fn sees(w: &World, scope: &Scope, topics: [TopicId; 2]) -> Outcome<[bool; 2]> {
    let rows = w.store.topics(&topics, scope).await?;
    let seen: Vec<_> = rows.iter().map(Option::is_some).collect();
    Ok([seen.first() == Some(&true), seen.get(1) == Some(&true)])
}

pub(crate) async fn what_was_removed_is_seen_by_moderators_of_its_channel(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let mut topics = Vec::new();
    for channel in [&meadow.pears, &meadow.vegetables] {
        let mut draft = w.new_topic(channel, meadow.ann.id);
        draft.topic.state = State::Removed;
        w.apply(draft.ops()).await?;
        topics.push(draft.topic.id);
    }
    let [in_pears, in_vegetables] = topics[..] else { return holds("there are two", false) };
    let topics = [in_pears, in_vegetables];
    let scope = async |id| w.scope_of(id).await;
    equal("author", sees(&w, &scope(meadow.ann.id).await?, topics).await?, [false, false])?;
    equal(
        "moderator of one",
        sees(&w, &scope(meadow.bob.id).await?, topics).await?,
        [true, false],
    )?;
    equal("of both", sees(&w, &scope(meadow.cleo.id).await?, topics).await?, [true, true])?;
    equal("the system", sees(&w, &w.system().await?, topics).await?, [true, true])
}

pub(crate) async fn the_author_of_an_own_topic_reads_what_others_reply(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let draft = w.new_topic(&meadow.desk, meadow.bob.id);
    let Reply { post, text } = w.new_reply(&draft.opening, meadow.cleo.id);
    w.apply(draft.ops().into_iter().chain(Reply { post: post.clone(), text }.ops())).await?;
    for (viewer, reads) in
        [(&meadow.bob, true), (&meadow.cleo, true), (&meadow.ann, false), (&meadow.eva, false)]
    {
        let scope = w.scope_of(viewer.id).await?;
        let views = w.store.posts(&[post.id], &scope).await?;
        equal("the reply", views.iter().all(Option::is_some), reads)?;
    }
    Ok(())
}

pub(crate) async fn rights_that_change_hold_in_the_next_read(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let draft = w.new_topic(&meadow.vegetables, meadow.ann.id);
    w.apply(draft.ops()).await?;
    let reads = async || -> Outcome<[bool; 2]> {
        let (visitor, bob) = (w.anonymous().await?, w.scope_of(meadow.bob.id).await?);
        let [seen, _] = sees(&w, &visitor, [draft.topic.id; 2]).await?;
        let [by_bob, _] = sees(&w, &bob, [draft.topic.id; 2]).await?;
        Ok([seen, by_bob])
    };
    equal("open", reads().await?, [true, true])?;
    let mut channel = meadow.vegetables.clone();
    (channel.policy, channel.rev) = (Policy::members_only(), Rev(2));
    w.apply([Op::PutChannel(Box::new(channel.clone()))]).await?;
    equal("for members", reads().await?, [false, true])?;
    let sanction = Sanction {
        kind: SanctionKind::Suspension,
        channel: None,
        since: w.now(),
        until: None,
        reason: String::new(),
        by: None,
    };
    let suspended =
        Membership { sanctions: vec![sanction], ..w.new_membership(&meadow.garden, &meadow.bob) };
    w.apply([Op::PutMembership(Box::new(suspended))]).await?;
    equal("suspended", reads().await?, [false, false])?;
    w.open_up(&channel).await?;
    equal("open again", reads().await?, [true, true])
}

pub(crate) async fn a_label_for_some_is_on_no_topic_for_others(w: World) -> Outcome {
    let meadow = w.meadow().await?;
    let draft = w.new_topic(&meadow.vegetables, meadow.ann.id).labelled(&["internal", "soil"]);
    w.apply(draft.ops()).await?;
    let shown = async |scope: &Scope| -> Outcome<Vec<Slug>> {
        let rows = w.store.topics(&[draft.topic.id], scope).await?;
        let rows = scope.admit_all(rows.into_iter().flatten());
        Ok(rows.into_iter().flat_map(|row| row.into_inner().topic.labels).collect())
    };
    let (visitor, cleo) = (w.anonymous().await?, w.scope_of(meadow.cleo.id).await?);
    equal("to a visitor", shown(&visitor).await?, vec![slug("soil")])?;
    equal("to an employee", shown(&cleo).await?, vec![slug("internal"), slug("soil")])?;
    let counted = labels(&w, meadow.garden.id, &visitor).await?;
    holds("it is not counted", counted.iter().all(|(key, _)| *key != *"internal"))?;
    let open = Label { rev: Rev(2), ..w.new_label(&meadow.garden, "internal") };
    equal("it is opened", &open.audience, &Audience::Everyone)?;
    w.apply([Op::PutLabel(Box::new(open))]).await?;
    let visitor = w.anonymous().await?;
    equal("to all", shown(&visitor).await?, vec![slug("internal"), slug("soil")])
}
