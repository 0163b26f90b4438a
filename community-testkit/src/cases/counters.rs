//! Counters: they move by operations of their own, and every list that is sorted by one follows.

use community_core::change::{Counter, Op};
use community_core::{
    Post, PostCounters, PostId, PostKind, Rev, Slug, Sort, State, Topic, TopicCounters, TopicId,
};

use crate::check::{Outcome, equal};
use crate::fixture::{
    Draft, Home, Reply, corrected, counted, given, hidden, slug, tallied, topic_state,
};
use crate::world::World;

/// Counters that nobody has counted.
fn made_up(topic: &Topic) -> TopicCounters {
    TopicCounters {
        ups: 11,
        downs: 12,
        posts: 13,
        answers: 14,
        accepted: 15,
        participants: 16,
        views: 17,
        active_at: topic.created_at + std::time::Duration::from_secs(3_600),
    }
}

pub(crate) async fn a_new_topic_starts_at_zero_whatever_it_says(w: World) -> Outcome {
    let home = w.home().await?;
    let mut topic = w.new_topic(&home.channel, home.ann.id).topic;
    topic.bumped_at = w.tick();
    topic.counters = made_up(&topic);
    w.apply([Op::PutTopic(Box::new(topic.clone()))]).await?;
    let counters = w.topic(topic.id).await?.counters;
    equal("the counters", counters, TopicCounters::new(topic.bumped_at))
}

pub(crate) async fn a_topic_that_is_written_again_keeps_its_counters(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    w.reply(&draft.opening, &home.bob).await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "up"))).await?;
    w.apply([Op::AddViews { topic: draft.topic.id, day: 19_675, views: 4 }]).await?;
    let before = w.topic(draft.topic.id).await?.counters;
    let again = Topic {
        counters: made_up(&draft.topic),
        bumped_at: w.tick(),
        rev: Rev(2),
        ..draft.topic.clone()
    };
    w.apply([Op::PutTopic(Box::new(again.clone()))]).await?;
    let topic = w.topic(draft.topic.id).await?;
    equal("the counters", topic.counters, before)?;
    equal("the facts", (topic.bumped_at, topic.rev), (again.bumped_at, again.rev))
}

pub(crate) async fn a_new_post_starts_at_zero_whatever_it_says(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let Reply { mut post, text } = w.new_reply(&draft.opening, home.bob.id);
    post.counters = PostCounters { ups: 1, downs: 2, children: 3, corrections: 4 };
    w.apply([Op::PutPost(Box::new(post.clone())), Op::PutRevision(Box::new(text))]).await?;
    equal("the counters", w.post(post.id).await?.post.counters, PostCounters::default())
}

pub(crate) async fn a_post_that_is_written_again_keeps_its_counters(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    w.reply(&draft.opening, &home.bob).await?;
    w.apply(given(&draft.topic, &w.new_reaction(draft.opening.id, home.bob.id, "down"))).await?;
    let again = Post { counters: PostCounters::default(), rev: Rev(2), ..draft.opening.clone() };
    w.apply([Op::PutPost(Box::new(again))]).await?;
    let post = w.post(draft.opening.id).await?.post;
    let expected = PostCounters { ups: 0, downs: 1, children: 1, corrections: 0 };
    equal("the counters", (post.counters, post.rev), (expected, Rev(2)))
}

pub(crate) async fn what_hangs_on_a_post_goes_with_it_to_another_topic(w: World) -> Outcome {
    let home = w.home().await?;
    let from = w.question(&home).await?;
    let moving = w.reply(&from.opening, &home.bob).await?;
    for _ in 0..2 {
        w.reply(&moving, &home.ann).await?;
    }
    let beside = [&from.opening, &moving].map(|post| w.new_correction(post, home.bob.id));
    w.apply(beside.iter().flat_map(corrected)).await?;
    let hung = async |opening: (i64, i64), moved: (i64, i64), cards: &[usize]| -> Outcome {
        for (name, post, expected) in [("opening", &from.opening, opening), ("it", &moving, moved)]
        {
            let PostCounters { children, corrections, .. } = w.post(post.id).await?.post.counters;
            equal(name, (children, corrections), expected)?;
        }
        let shown = w.cards(&home.community, Sort::New).await?;
        equal("cards", shown.iter().map(|c| c.corrections.len()).collect(), cards.to_vec())
    };
    hung((1, 1), (2, 1), &[1]).await?;

    // It becomes the first post of a topic; one more is written below it in the same change set.
    let mut to = w.new_topic(&home.channel, home.bob.id);
    to.topic.opening = moving.id;
    let (topic, rev) = (to.topic.id, Rev(2));
    let first = PostKind::Opening;
    let first = Post { topic, parent: None, depth: 0, kind: first, rev, ..moving.clone() };
    let mut ops = vec![Op::PutTopic(Box::new(to.topic)), Op::PutPost(Box::new(first.clone()))];
    ops.push(Op::Bump(Counter::PostChildren(from.opening.id), -1));
    ops.extend(w.new_reply(&first, home.ann.id).ops());
    w.apply(ops).await?;
    hung((0, 1), (3, 1), &[1, 1]).await?;
    w.apply(corrected(&w.new_correction(&first, home.ann.id))).await?;
    hung((0, 1), (3, 2), &[2, 1]).await?;

    // And it goes back: to the new topic something else becomes the first post.
    let Draft { opening, text, .. } = w.new_topic(&home.channel, home.bob.id);
    let again = Topic { opening: opening.id, ..w.topic(topic).await? };
    let other = Post { topic, ..opening };
    let back = Post { rev: Rev(3), ..moving.clone() };
    w.apply([
        Op::PutTopic(Box::new(again)),
        Op::PutPost(Box::new(other.clone())),
        Op::PutRevision(Box::new(text)),
        Op::PutPost(Box::new(back)),
        Op::Bump(Counter::PostChildren(from.opening.id), 1),
    ])
    .await?;
    hung((1, 1), (3, 2), &[0, 1]).await?;
    equal("the other", w.post(other.id).await?.post.counters, PostCounters::default())
}

/// Moves how many posts a member has in a topic, and tells the number of participants then.
async fn participants(w: &World, topic: TopicId, of: &Home, ann: i64, bob: i64) -> Outcome<i64> {
    let bump = |member, by| Op::Bump(Counter::Participation(topic, member), by);
    w.apply([bump(of.ann.id, ann), bump(of.bob.id, bob)]).await?;
    Ok(w.topic(topic).await?.counters.participants)
}

pub(crate) async fn a_member_participates_while_one_post_is_there(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    equal("Ann started it", w.topic(topic).await?.counters.participants, 1)?;
    equal("Bob's first", participants(&w, topic, &home, 0, 1).await?, 2)?;
    equal("Bob's second", participants(&w, topic, &home, 0, 1).await?, 2)?;
    equal("one of them gone", participants(&w, topic, &home, 0, -1).await?, 2)?;
    equal("both gone", participants(&w, topic, &home, 0, -1).await?, 1)?;
    equal("Ann's gone", participants(&w, topic, &home, -1, 0).await?, 0)?;
    equal("several at once", participants(&w, topic, &home, 2, 3).await?, 2)?;
    equal("all gone", participants(&w, topic, &home, -2, -3).await?, 0)
}

pub(crate) async fn participation_that_comes_and_goes_in_one_commit_is_none(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let bump = |by| Op::Bump(Counter::Participation(topic, home.bob.id), by);
    w.apply([bump(1), bump(-1), bump(2), bump(-2)]).await?;
    equal("none", w.topic(topic).await?.counters.participants, 1)?;
    w.apply([bump(1), bump(-1), bump(1)]).await?;
    equal("one", w.topic(topic).await?.counters.participants, 2)
}

pub(crate) async fn participation_is_counted_by_topic(w: World) -> Outcome {
    let home = w.home().await?;
    let (one, other) = (w.question(&home).await?, w.question(&home).await?);
    w.reply(&one.opening, &home.bob).await?;
    equal("one", w.topic(one.topic.id).await?.counters.participants, 2)?;
    equal("the other", w.topic(other.topic.id).await?.counters.participants, 1)
}

/// The tallies of a post, by key.
async fn tallies(w: &World, post: PostId) -> Outcome<Vec<(Slug, i64)>> {
    let mut tallies: Vec<_> =
        w.post(post).await?.tallies.into_iter().map(|tally| (tally.key, tally.count)).collect();
    tallies.sort();
    Ok(tallies)
}

pub(crate) async fn a_tally_is_gone_at_zero(w: World) -> Outcome {
    let home = w.home().await?;
    let post = w.question(&home).await?.opening.id;
    let bump = |text, by| Op::Bump(Counter::Tally(post, slug(text)), by);
    w.apply([bump("thanks", 2), bump("helpful", 1)]).await?;
    let both = vec![(slug("helpful"), 1), (slug("thanks"), 2)];
    equal("both", tallies(&w, post).await?, both)?;
    w.apply([bump("thanks", -1), bump("helpful", -1)]).await?;
    equal("one", tallies(&w, post).await?, vec![(slug("thanks"), 1)])?;
    w.apply([bump("thanks", -1)]).await?;
    equal("none", tallies(&w, post).await?, vec![])?;
    w.apply([bump("thanks", 1), bump("thanks", -1)]).await?;
    equal("none still", tallies(&w, post).await?, vec![])
}

pub(crate) async fn tallies_are_kept_by_post(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    w.apply([
        Op::Bump(Counter::Tally(draft.opening.id, slug("thanks")), 1),
        Op::Bump(Counter::Tally(reply.id, slug("thanks")), 2),
    ])
    .await?;
    equal("one", tallies(&w, draft.opening.id).await?, vec![(slug("thanks"), 1)])?;
    equal("the other", tallies(&w, reply.id).await?, vec![(slug("thanks"), 2)])
}

pub(crate) async fn label_use_is_summed_over_channels_and_gone_at_zero(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    w.labels(&home.community, &["pests", "soil"]).await?;
    let drafts = [
        w.new_topic(&home.channel, home.ann.id).labelled(&["pests", "soil"]),
        w.new_topic(&fruit, home.ann.id).labelled(&["pests"]),
    ];
    for draft in &drafts {
        w.apply(draft.ops()).await?;
    }
    let scope = w.system().await?;
    let community = home.community.id;
    let sorted = |mut labels: Vec<_>| {
        labels.sort();
        labels
    };
    let both = vec![(slug("pests"), 2), (slug("soil"), 1)];
    equal("both", sorted(w.store.label_use(community, &scope).await?), both)?;
    let [first, second] = &drafts;
    w.apply(topic_state(&first.topic, State::Removed)).await?;
    let one = vec![(slug("pests"), 1)];
    equal("one", sorted(w.store.label_use(community, &scope).await?), one)?;
    w.apply(topic_state(&second.topic, State::Withdrawn)).await?;
    equal("none", w.store.label_use(community, &scope).await?, vec![])
}

pub(crate) async fn topics_are_counted_by_channel(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    w.channel(&home.community, "empty").await?;
    let scope = w.system().await?;
    for (channel, topics) in [(&home.channel, 3), (&fruit, 2)] {
        for _ in 0..topics {
            w.apply(w.new_topic(channel, home.ann.id).ops()).await?;
        }
    }
    let mut counts = w.store.channel_topics(home.community.id, &scope).await?;
    counts.sort();
    equal("topics", counts, vec![(home.channel.id, 3), (fruit.id, 2)])
}

pub(crate) async fn members_are_counted_by_community(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    equal("members", w.store.member_count(home.community.id).await?, 2)?;
    equal("of another", w.store.member_count(other.id).await?, 0)?;
    w.apply([Op::Bump(Counter::Members(home.community.id), -2)]).await?;
    equal("all left", w.store.member_count(home.community.id).await?, 0)
}

pub(crate) async fn counters_of_topic_and_post_are_two(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (topic, post) = (draft.topic.id, draft.opening.id);
    w.apply([Op::Bump(Counter::TopicUps(topic), 3), Op::Bump(Counter::PostDowns(post), 2)]).await?;
    let of_topic = w.topic(topic).await?.counters;
    let of_post = w.post(post).await?.post.counters;
    equal("the topic", (of_topic.ups, of_topic.downs), (3, 0))?;
    equal("the post", (of_post.ups, of_post.downs), (0, 2))
}

pub(crate) async fn moves_of_one_counter_in_one_commit_add_up(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic.id;
    let bump = |by| Op::Bump(Counter::TopicUps(topic), by);
    w.apply([bump(5), bump(-3), bump(0), bump(7)]).await?;
    equal("ups", w.topic(topic).await?.counters.ups, 9)
}

pub(crate) async fn counters_hold_large_numbers(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (topic, post) = (draft.topic.id, draft.opening.id);
    let large = 1 << 52;
    w.apply([
        Op::Bump(Counter::TopicUps(topic), large),
        Op::Bump(Counter::PostUps(post), large + 1),
        Op::AddViews { topic, day: 19_675, views: large + 2 },
    ])
    .await?;
    let counters = w.topic(topic).await?.counters;
    equal("the topic", (counters.ups, counters.views), (large, large + 2))?;
    equal("the post", w.post(post).await?.post.counters.ups, large + 1)
}

pub(crate) async fn activity_is_only_ever_raised(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic;
    let (early, late) = (w.tick(), w.tick());
    for (at, expected) in [(early, early), (late, late), (early, late), (topic.created_at, late)] {
        w.apply([Op::RaiseActive(topic.id, at)]).await?;
        equal("the last activity", w.topic(topic.id).await?.counters.active_at, expected)?;
    }
    Ok(())
}

pub(crate) async fn activity_is_set_forwards_and_backwards(w: World) -> Outcome {
    let home = w.home().await?;
    let topic = w.question(&home).await?.topic;
    for at in [w.tick(), topic.created_at, w.tick()] {
        w.apply([Op::SetActive(topic.id, at)]).await?;
        equal("the last activity", w.topic(topic.id).await?.counters.active_at, at)?;
    }
    Ok(())
}

pub(crate) async fn a_vote_moves_a_topic_in_top_and_hot(w: World) -> Outcome {
    let home = w.home().await?;
    let (old, new) = (w.question(&home).await?, w.question(&home).await?);
    let both = vec![new.topic.id, old.topic.id];
    let turned = vec![old.topic.id, new.topic.id];
    let up = w.new_reaction(old.opening.id, home.bob.id, "up");
    for sort in [Sort::Top, Sort::Hot] {
        equal("before", w.listed(&home.community, sort).await?, both.clone())?;
    }
    // Ten at once: one vote weighs less in hot than nothing does, for a young topic.
    let (up, down): (Vec<_>, Vec<_>) =
        (0..10).map(|_| (given(&old.topic, &up), tallied(&old.topic, &up, -1))).unzip();
    w.apply(up.into_iter().flatten()).await?;
    for sort in [Sort::Top, Sort::Hot] {
        equal("voted up", w.listed(&home.community, sort).await?, turned.clone())?;
    }
    w.apply(down.into_iter().flatten()).await?;
    for sort in [Sort::Top, Sort::Hot] {
        equal("taken back", w.listed(&home.community, sort).await?, both.clone())?;
    }
    Ok(())
}

pub(crate) async fn an_answer_takes_a_topic_out_of_unanswered(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    equal("before", w.listed(&home.community, Sort::Unanswered).await?, vec![draft.topic.id])?;
    w.reply(&draft.opening, &home.bob).await?;
    equal("a comment", w.listed(&home.community, Sort::Unanswered).await?, vec![draft.topic.id])?;
    let answer = w.answer(&draft, &home.bob).await?;
    equal("an answer", w.listed(&home.community, Sort::Unanswered).await?, vec![])?;
    w.apply(hidden(&answer, State::Removed)).await?;
    equal("removed", w.listed(&home.community, Sort::Unanswered).await?, vec![draft.topic.id])
}

pub(crate) async fn an_accepted_answer_takes_a_topic_out_of_unsolved(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let answer = w.answer(&draft, &home.bob).await?;
    equal("before", w.listed(&home.community, Sort::Unsolved).await?, vec![draft.topic.id])?;
    w.apply(crate::fixture::accepted(&answer, w.now())).await?;
    equal("accepted", w.listed(&home.community, Sort::Unsolved).await?, vec![])?;
    w.apply([Op::Bump(Counter::TopicAccepted(draft.topic.id), -1)]).await?;
    equal("undone", w.listed(&home.community, Sort::Unsolved).await?, vec![draft.topic.id])
}

pub(crate) async fn topics_that_take_no_answers_are_in_neither(w: World) -> Outcome {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    (draft.topic.kind, draft.topic.answerable) = (slug("discussion"), false);
    w.apply(draft.ops()).await?;
    equal("unanswered", w.listed(&home.community, Sort::Unanswered).await?, vec![])?;
    equal("unsolved", w.listed(&home.community, Sort::Unsolved).await?, vec![])?;
    draft.topic.answerable = true;
    w.apply([Op::PutTopic(Box::new(draft.topic.clone()))]).await?;
    equal("unanswered", w.listed(&home.community, Sort::Unanswered).await?, vec![draft.topic.id])?;
    equal("unsolved", w.listed(&home.community, Sort::Unsolved).await?, vec![draft.topic.id])
}

pub(crate) async fn a_removed_reply_takes_its_counts_along(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let reply = w.reply(&draft.opening, &home.bob).await?;
    w.apply(hidden(&reply, State::Removed)).await?;
    let counters = w.topic(draft.topic.id).await?.counters;
    equal("posts and participants", (counters.posts, counters.participants), (1, 1))?;
    equal("children", w.post(draft.opening.id).await?.post.counters.children, 0)?;
    let mut back = vec![Op::PutPost(Box::new(reply.clone()))];
    back.extend(counted(&reply, 1));
    w.apply(back).await?;
    let counters = w.topic(draft.topic.id).await?.counters;
    equal("restored", (counters.posts, counters.participants), (2, 2))
}
