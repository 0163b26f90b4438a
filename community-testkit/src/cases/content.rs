//! What topics, posts and what hangs on them are made of comes back whole.

use std::time::Duration;

use community_core::change::Op;
use community_core::query::Position;
use community_core::time::to_micros;
use community_core::{
    Audience, Correction, Link, LinkKind, Mark, MemberId, Pin, PinPlace, Post, PostId, PostKind,
    Reaction, Rev, Revision, Slot, State, Timestamp, Topic, TopicId,
};
use serde_json::json;

use crate::check::{Outcome, at_least, equal, holds};
use crate::fixture::{Draft, corrected, key, new_text, slug, title, topic_state};
use crate::world::World;

pub(crate) async fn every_field_of_a_topic_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    let draft = w.question(&home).await?;
    let at = |seconds: u64| draft.topic.created_at + Duration::from_micros(seconds * 1_000_001);
    let first = Topic {
        key: Some(key("question:1")),
        kind: slug("idea"),
        answerable: false,
        title: title("Een moestuin op het dak: ¿quién ayuda?"),
        labels: vec![slug("c++"), slug("soil")],
        status: slug("in-review"),
        payload: Some(json!({"product": "spade", "n": 3, "list": ["a", "b"], "no": null})),
        state: State::Withdrawn,
        locked: true,
        pin: Some(Pin {
            place: PinPlace::Community,
            position: -4,
            audience: Audience::Any(vec![Audience::Role(slug("mentor")), Audience::Level(3)]),
            since: at(1),
            until: Some(at(2)),
        }),
        hot_scale: 7,
        created_at: at(3),
        bumped_at: at(4),
        rev: Rev(9),
        gate: 5,
        ..draft.topic.clone()
    };
    let second = Topic {
        channel: fruit.id,
        key: None,
        labels: Vec::new(),
        author: home.bob.id,
        payload: None,
        pin: None,
        state: State::Removed,
        locked: false,
        rev: Rev(10),
        ..first.clone()
    };
    for topic in [first, second] {
        w.apply([Op::PutTopic(Box::new(topic.clone()))]).await?;
        let read = w.topic(topic.id).await?;
        equal("the topic", read.clone(), Topic { counters: read.counters, ..topic })?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_post_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    let at = |seconds: u64| reply.created_at + Duration::from_micros(seconds * 1_000_001);
    let first = Post {
        kind: PostKind::Answer,
        key: Some(key("answer:1")),
        state: State::Withdrawn,
        bumps: false,
        accepted: Some(Mark { by: Some(home.ann.id), at: at(1), reason: None }),
        official: Some(Mark { by: None, at: at(2), reason: Some("Ja.".to_owned()) }),
        shared_at: Some(at(5)),
        erased_at: Some(at(6)),
        created_at: at(3),
        edited_at: Some(at(4)),
        revision: 7,
        rev: Rev(9),
        ..reply.clone()
    };
    let second = Post {
        kind: PostKind::Reply,
        key: None,
        author: home.ann.id,
        state: State::Removed,
        bumps: true,
        accepted: None,
        official: None,
        shared_at: None,
        erased_at: None,
        edited_at: None,
        rev: Rev(10),
        ..first.clone()
    };
    for post in [first, second] {
        let text = new_text(&post, "…");
        w.apply([Op::PutPost(Box::new(post.clone())), Op::PutRevision(Box::new(text))]).await?;
        let read = w.post(post.id).await?.post;
        equal("the post", read.clone(), Post { counters: read.counters, ..post })?;
    }
    Ok(())
}

/// The revisions of a post above a number.
async fn revisions(w: &World, post: &Post, after: u32, limit: usize) -> Outcome<Vec<Revision>> {
    let scope = w.system().await?;
    let read = scope.admit_all(w.store.revisions(post.id, after, limit, &scope).await?);
    Ok(read.into_iter().map(|revision| revision.into_inner().2).collect())
}

pub(crate) async fn every_field_of_a_revision_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { opening, text, .. } = w.question(&home).await?;
    let second = Revision {
        number: 2,
        body: "Twee".to_owned(),
        title: Some(title("Twee")),
        labels: Some(vec![slug("c++"), slug("soil")]),
        editor: None,
        at: w.tick(),
        reason: Some("typo".to_owned()),
        ..text.clone()
    };
    let third = Revision {
        number: 3,
        title: None,
        labels: None,
        editor: Some(home.bob.id),
        reason: None,
        ..second.clone()
    };
    w.apply([&second, &third].map(|r| Op::PutRevision(Box::new(r.clone())))).await?;
    equal("revisions", revisions(&w, &opening, 0, 9).await?, vec![text, second, third])
}

pub(crate) async fn revisions_are_read_rising_and_page_by_page(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { opening, text, .. } = w.question(&home).await?;
    // Written out of order, with a gap, as an import may.
    let numbers = [9, 4, 12, 2, 5, 3, 10, 11];
    let all = numbers.map(|number| Revision { number, body: number.to_string(), ..text.clone() });
    w.apply(all.map(|revision| Op::PutRevision(Box::new(revision)))).await?;
    for size in [1, 2, 7, 50] {
        let (mut read, mut after) = (Vec::new(), 0);
        loop {
            let page = revisions(&w, &opening, after, size).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            let full = page.len() == size || after == 12;
            holds("a page is full where there is enough", full && page.len() <= size)?;
            read.extend(page.into_iter().map(|revision| revision.number));
        }
        equal("numbers", read, vec![1, 2, 3, 4, 5, 9, 10, 11, 12])?;
    }
    Ok(())
}

pub(crate) async fn a_revision_that_is_written_again_is_replaced(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { opening, mut text, .. } = w.question(&home).await?;
    text.body = "Erased.".to_owned();
    w.apply([Op::PutRevision(Box::new(text.clone()))]).await?;
    equal("revisions", revisions(&w, &opening, 0, 9).await?, vec![text.clone()])?;
    equal("the text", w.post(opening.id).await?.body, text.body)
}

pub(crate) async fn the_text_of_a_post_is_the_revision_that_it_names(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { opening, text, .. } = w.question(&home).await?;
    let second = Revision { number: 2, body: "Two".to_owned(), ..text.clone() };
    w.apply([Op::PutRevision(Box::new(second.clone()))]).await?;
    equal("the first still", w.post(opening.id).await?.body, text.body.clone())?;
    for (revision, body) in [(2, second.body), (1, text.body)] {
        w.apply([Op::PutPost(Box::new(Post { revision, ..opening.clone() }))]).await?;
        equal("the text", w.post(opening.id).await?.body, body)?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_correction_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let first = Correction {
        range: Some((3, u32::MAX)),
        revision: 4,
        rev: Rev(2),
        withdrawn_at: None,
        ..w.new_correction(&draft.opening, home.bob.id)
    };
    let second = Correction {
        range: None,
        body: "Nee.".to_owned(),
        author: home.ann.id,
        withdrawn_at: Some(w.tick()),
        rev: Rev(3),
        ..first.clone()
    };
    for correction in [first, second] {
        w.apply([Op::PutCorrection(Box::new(correction.clone()))]).await?;
        equal("it", w.store.correction(correction.id).await?, Some(correction))?;
    }
    Ok(())
}

pub(crate) async fn a_missing_correction_is_none(w: World) -> Outcome {
    w.home().await?;
    let absent = community_core::CorrectionId::from_bytes([9; 16]);
    equal("it", w.store.correction(absent).await?, None)
}

pub(crate) async fn corrections_that_stand_are_shown_oldest_first(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    let mut of_opening: Vec<_> =
        (0..5).map(|_| w.new_correction(&draft.opening, home.bob.id)).collect();
    // The third by id is the oldest by its moment; the second was taken back.
    for (i, correction) in of_opening.iter_mut().enumerate() {
        match i {
            1 => correction.withdrawn_at = Some(w.tick()),
            2 => correction.at = draft.topic.created_at,
            _ => {}
        }
    }
    let of_reply = w.new_correction(&reply, home.ann.id);
    let all = of_opening.iter().chain([&of_reply]).rev();
    w.apply(all.flat_map(corrected)).await?;

    of_opening.sort_by_key(|correction| correction.at);
    equal("all", w.store.corrections(draft.opening.id).await?, of_opening.clone())?;
    of_opening.retain(|correction| correction.withdrawn_at.is_none());
    equal("standing", w.post(draft.opening.id).await?.corrections, of_opening.clone())?;
    equal("of the reply", w.post(reply.id).await?.corrections, vec![of_reply])?;
    let cards = w.cards(&home.community, community_core::Sort::New).await?;
    equal("with the topic", cards.first().map(|c| &c.corrections), Some(&of_opening))
}

/// All links of a topic, by pages of a size.
async fn links(w: &World, topic: TopicId, size: usize) -> Outcome<Vec<Link>> {
    let mut all: Vec<Link> = Vec::new();
    loop {
        let after = all.last().map(|link| link.place(topic));
        let page = w.store.links(topic, after, size).await?;
        holds("a page is not too large", page.len() <= size)?;
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

pub(crate) async fn links_of_two_kinds_and_directions_come_in_order_and_by_pages(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let (a, b) = (w.question(&home).await?.topic.id, w.question(&home).await?.topic.id);
    let mut all = Vec::new();
    for (from, to) in [(a, b), (b, a)] {
        for kind in [LinkKind::Related, LinkKind::Duplicate] {
            all.push(Link { from, to, kind, at: w.tick() });
        }
    }
    let other = w.question(&home).await?.topic.id;
    all.push(Link { from: other, to: a, kind: LinkKind::Related, at: w.tick() });
    w.apply(all.iter().cloned().map(Op::PutLink)).await?;
    let dropped = [false, true];
    for is_dropped in dropped {
        if is_dropped {
            w.apply([Op::DropLink { from: a, to: b, kind: LinkKind::Duplicate }]).await?;
            all.retain(|link| !(link.from == a && link.kind == LinkKind::Duplicate));
        }
        for topic in [a, b, other] {
            let mut of_topic = all.clone();
            of_topic.retain(|link| [link.from, link.to].contains(&topic));
            of_topic.sort_by_key(|link| (link.place(topic).id, link.place(topic).key));
            for size in 1..=6 {
                equal("links in order", links(&w, topic, size).await?, of_topic.clone())?;
            }
        }
        for (from, to, kind) in [(a, b, LinkKind::Duplicate), (other, b, LinkKind::Related)] {
            let known = |link: &&Link| (link.from, link.to, link.kind) == (from, to, kind);
            equal("one", w.store.link(from, to, kind).await?, all.iter().find(known).cloned())?;
        }
    }
    Ok(())
}

pub(crate) async fn a_link_that_is_written_again_is_replaced(w: World) -> Outcome {
    let home = w.home().await?;
    let (from, to) = (w.question(&home).await?.topic.id, w.question(&home).await?.topic.id);
    for _ in 0..2 {
        let link = Link { from, to, kind: LinkKind::Related, at: w.tick() };
        w.apply([Op::PutLink(link.clone())]).await?;
        equal("links", links(&w, to, 9).await?, vec![link])?;
    }
    equal("of no topic", links(&w, TopicId::from_bytes([9; 16]), 9).await?, vec![])
}

pub(crate) async fn a_member_has_one_vote_and_one_reaction_per_post(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let post = draft.opening.id;
    for given in ["up", "thanks", "down", "helpful"] {
        let reaction = w.new_reaction(post, home.bob.id, given);
        w.apply([Op::PutReaction(reaction.clone())]).await?;
        equal(
            "in its slot",
            w.store.reactions(post, reaction.slot, None, 9).await?,
            vec![reaction],
        )?;
    }
    let both = w.store.reactions_of(home.bob.id, &[post]).await?;
    let keys: Vec<_> = both.iter().map(|reaction| reaction.key.as_str()).collect();
    equal("both, the vote first", keys, vec!["down", "helpful"])?;
    w.apply([Op::DropReaction { post, member: home.bob.id, slot: Slot::Vote }]).await?;
    let left = w.store.reactions_of(home.bob.id, &[post]).await?;
    equal("the other stays", left.iter().map(|r| r.key.as_str()).collect(), vec!["helpful"])
}

pub(crate) async fn what_a_member_gave_comes_in_the_order_of_the_request(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut posts = vec![draft.opening.id];
    for _ in 0..4 {
        posts.push(w.reply(&draft.opening, &home.ann).await?.id);
    }
    let mut expected = Vec::new();
    for (i, post) in posts.iter().enumerate() {
        // The second post has nothing, the fourth has both.
        let keys: &[&str] = match i {
            1 => &[],
            3 => &["up", "thanks"],
            _ => &["thanks"],
        };
        for text in keys {
            let reaction = w.new_reaction(*post, home.bob.id, text);
            w.apply([Op::PutReaction(reaction.clone())]).await?;
            w.apply([Op::PutReaction(Reaction { member: home.ann.id, ..reaction.clone() })])
                .await?;
            expected.push(reaction);
        }
    }
    posts.reverse();
    expected.reverse();
    expected.sort_by_key(|r| (posts.iter().position(|post| *post == r.post), r.slot));
    equal("reactions", w.store.reactions_of(home.bob.id, &posts).await?, expected)
}

/// Seven voters, two pairs of whom voted in one moment.
async fn votes(w: &World) -> Outcome<(Draft, Vec<Reaction>)> {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut votes = Vec::new();
    for i in 0..7u64 {
        let member = w.joiner(&home.community, &format!("voter:{i}")).await?;
        let mut vote = w.new_reaction(draft.opening.id, member.id, "up");
        vote.at = draft.topic.created_at + Duration::from_secs(20 - i / 2);
        votes.push(vote);
    }
    w.apply(votes.iter().cloned().map(Op::PutReaction)).await?;
    votes.sort_by_key(|vote| (vote.at, vote.member));
    Ok((draft, votes))
}

pub(crate) async fn reactions_are_read_oldest_first(w: World) -> Outcome {
    let (draft, votes) = votes(&w).await?;
    at_least("votes", &votes, 7)?;
    equal("votes", w.store.reactions(draft.opening.id, Slot::Vote, None, 50).await?, votes)?;
    let none = w.store.reactions(draft.opening.id, Slot::Reaction, None, 50).await?;
    equal("in the other slot", none, vec![])
}

pub(crate) async fn reactions_are_read_page_by_page(w: World) -> Outcome {
    let (draft, votes) = votes(&w).await?;
    for size in [1, 2, 7, 50] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = w.store.reactions(draft.opening.id, Slot::Vote, after, size).await?;
            let Some(last) = page.last() else { break };
            after = Some(Position { key: to_micros(last.at), id: last.member.uuid() });
            holds("a page is not larger than asked for", page.len() <= size)?;
            read.extend(page);
        }
        equal("votes", read, votes.clone())?;
    }
    Ok(())
}

pub(crate) async fn views_add_up_by_day(w: World) -> Outcome {
    let home = w.home().await?;
    let (topic, other) = (w.question(&home).await?.topic.id, w.question(&home).await?.topic.id);
    let add = |topic, day, views| Op::AddViews { topic, day, views };
    w.apply([add(topic, 19_676, 2), add(topic, 19_675, 3), add(other, 19_675, 9)]).await?;
    // Day 0 holds what was viewed before days were counted.
    w.apply([add(topic, 0, 100), add(topic, 19_676, 5), add(topic, 19_676, -1)]).await?;
    equal("by day", w.store.views(topic).await?, vec![(0, 100), (19_675, 3), (19_676, 6)])?;
    equal("of the topic", w.topic(topic).await?.counters.views, 109)?;
    equal("of the other", w.store.views(other).await?, vec![(19_675, 9)])
}

pub(crate) async fn the_latest_bump_is_of_a_published_post_that_bumps(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let topic = draft.topic.id;
    let write = async |state, bumps| -> Outcome<Post> {
        let mut reply = w.new_reply(&draft.opening, home.bob.id);
        (reply.post.state, reply.post.bumps) = (state, bumps);
        w.apply(reply.ops()).await?;
        Ok(reply.post)
    };
    let first = write(State::Published, true).await?.created_at;
    let Post { id: last, created_at: second, .. } = write(State::Published, true).await?;
    write(State::Removed, true).await?;
    write(State::Published, false).await?;
    equal("the latest", w.store.latest_bump(topic, None).await?, Some(second))?;
    equal("without it", w.store.latest_bump(topic, Some(last)).await?, Some(first))?;
    let removed = Post { state: State::Removed, ..w.post(last).await?.post };
    w.apply([Op::PutPost(Box::new(removed))]).await?;
    equal("with it removed", w.store.latest_bump(topic, None).await?, Some(first))
}

pub(crate) async fn within_a_millisecond_the_latest_bump_is_not_that_of_the_greatest_id(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let topic = draft.topic.id;
    let at = w.tick();
    let ids = [w.mint(at), w.mint(at), w.mint(at)].map(PostId::from_uuid);
    holds("the ids rise", ids.is_sorted())?;
    let write = async |id, micros| -> Outcome<Post> {
        let mut reply = w.new_reply(&draft.opening, home.bob.id);
        (reply.post.id, reply.text.post) = (id, id);
        reply.post.created_at = at + Duration::from_micros(micros);
        w.apply(reply.ops()).await?;
        Ok(reply.post)
    };
    let [first, second, third] = ids;
    write(first, 7).await?;
    let (latest, last) = (write(second, 9).await?, write(third, 8).await?);
    let found = w.store.latest_bump(topic, None).await?;
    equal("the latest", found, Some(latest.created_at))?;
    let found = w.store.latest_bump(topic, Some(latest.id)).await?;
    equal("without it", found, Some(last.created_at))?;
    let found = w.store.latest_bump(topic, Some(last.id)).await?;
    equal("without the greatest id", found, Some(latest.created_at))
}

pub(crate) async fn a_topic_in_which_nothing_bumps_has_no_latest_bump(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.opening.bumps = false;
    w.apply(draft.ops()).await?;
    equal("the latest", w.store.latest_bump(draft.topic.id, None).await?, None)?;
    let quiet = w.question(&home).await?;
    let latest = w.store.latest_bump(quiet.topic.id, Some(quiet.opening.id)).await?;
    equal("without the first post", latest, None)
}

pub(crate) async fn pinned_topics_are_published_ones_of_the_community(w: World) -> Outcome {
    let home = w.home().await?;
    let kitchen = w.new_community("kitchen");
    let stove = w.new_channel(&kitchen, "stove");
    w.apply([Op::PutCommunity(Box::new(kitchen.clone())), Op::PutChannel(Box::new(stove.clone()))])
        .await?;
    let pin = |until: Option<Timestamp>| Pin {
        place: PinPlace::Channel,
        position: 0,
        audience: Audience::Nobody,
        since: w.now(),
        until,
    };
    let mut ids = Vec::new();
    // Whether a pin is in force, and for whom, is not for the store to say.
    let expired = Some(pin(Some(w.now())));
    for (channel, pin, state) in [
        (&home.channel, Some(pin(None)), State::Published),
        (&home.channel, expired, State::Published),
        (&home.channel, None, State::Published),
        (&home.channel, Some(pin(None)), State::Withdrawn),
        (&home.channel, Some(pin(None)), State::Removed),
        (&stove, Some(pin(None)), State::Published),
    ] {
        let mut draft = w.new_topic(channel, home.ann.id);
        (draft.topic.pin, draft.topic.state) = (pin, state);
        w.apply(draft.ops()).await?;
        ids.push(draft.topic.id);
    }
    let scope = w.system().await?;
    let (here, there) = (ids.iter().take(2), ids.iter().skip(5));
    for (community, expected) in [
        (home.community.id, here.copied().collect::<Vec<_>>()),
        (kitchen.id, there.copied().collect()),
    ] {
        let pinned = scope.admit_all(w.store.pinned(community, &scope).await?);
        let mut found: Vec<_> = pinned.into_iter().map(|card| card.topic.id).collect();
        found.sort();
        equal("pinned", found, expected)?;
    }
    Ok(())
}

pub(crate) async fn what_a_topic_holds_stays_when_it_is_removed_and_restored(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    let before = (w.topic(draft.topic.id).await?, w.post(reply.id).await?);
    w.apply(topic_state(&draft.topic, State::Removed)).await?;
    w.apply(topic_state(&w.topic(draft.topic.id).await?, State::Published)).await?;
    let mut after = (w.topic(draft.topic.id).await?, w.post(reply.id).await?);
    (after.0.rev, after.0.gate) = (before.0.rev, before.0.gate);
    equal("topic and post", after, before)
}

pub(crate) async fn times_keep_their_microseconds(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.question(&home).await?;
    for micros in [0, 1, 999_999, 1_000_000, 1_699_999_999_999_999, 7_258_118_399_999_999] {
        let at = community_core::time::from_micros(micros).unwrap_or_default();
        (draft.topic.created_at, draft.topic.bumped_at) = (at, at);
        w.apply([Op::PutTopic(Box::new(draft.topic.clone())), Op::SetActive(draft.topic.id, at)])
            .await?;
        let topic = w.topic(draft.topic.id).await?;
        let read = [topic.created_at, topic.bumped_at, topic.counters.active_at];
        equal("times", read.map(to_micros), [micros; 3])?;
    }
    Ok(())
}

pub(crate) async fn what_a_member_wrote_and_is_not_erased_comes_earliest_first(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let [ann, bob] = [home.ann.id, home.bob.id];
    let first = w.reply(&draft.opening, &home.ann).await?;
    w.reply(&draft.opening, &home.bob).await?;
    let second = w.reply(&draft.opening, &home.ann).await?;
    let removed = Post { state: State::Removed, ..first.clone() };
    w.apply([Op::PutPost(Box::new(removed.clone()))]).await?;
    let [one, two, three] = [draft.opening.id, first.id, second.id];
    equal("all", w.store.posts_to_erase(ann, 9).await?, vec![one, two, three])?;
    equal("two", w.store.posts_to_erase(ann, 2).await?, vec![one, two])?;
    equal("of Bob", w.store.posts_to_erase(bob, 9).await?.len(), 1)?;
    let left = [vec![one, three], vec![three], Vec::new()];
    for (post, left) in [removed, draft.opening, second].into_iter().zip(left) {
        let erased = Post { erased_at: Some(w.now()), ..post };
        w.apply([Op::PutPost(Box::new(erased))]).await?;
        equal("what is left", w.store.posts_to_erase(ann, 9).await?, left)?;
    }
    equal("of nobody", w.store.posts_to_erase(MemberId::from_bytes([9; 16]), 9).await?, vec![])
}
