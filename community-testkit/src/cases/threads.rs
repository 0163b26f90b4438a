//! G7: a thread is the tree of its posts in pre-order, in every order of siblings, from every
//! beginning and at every page size.

use std::collections::BTreeMap;
use std::time::Duration;

use community_core::change::{Counter, Op};
use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{Placeholder, ThreadItem};
use community_core::{Member, Membership, Post, PostId, Rev, RoleGrant, Scope, State, TopicId};

use crate::check::{Failure, Outcome, equal, holds, same_list, some};
use crate::expected;
use crate::fixture::{Draft, Home, Reply, accepted, corrected, given, hidden, slug, topic_state};
use crate::walk::{self, SIZES, whole};
use crate::world::World;

/// The places of a walk.
async fn places(
    w: &World,
    request: &ThreadRequest,
    scope: &Scope,
    size: usize,
) -> Outcome<Vec<Position>> {
    let walked = walk::thread(&*w.store, request, scope, size).await?;
    Ok(walked.into_iter().map(|(place, _)| place).collect())
}

/// The ids of a walk through a whole thread.
async fn ids(w: &World, draft: &Draft, order: PostOrder, scope: &Scope) -> Outcome<Vec<PostId>> {
    let places = places(w, &whole(&draft.topic, order), scope, 3).await?;
    Ok(places.into_iter().map(|place| PostId::from_uuid(place.id)).collect())
}

/// A topic with a tree of posts below it: ties in time and score, accepted answers, posts that are
/// withdrawn or removed, with and without replies.
struct Tree {
    home: Home,
    draft: Draft,
    posts: Vec<Post>,
}

const POSTS: u64 = 61;

async fn tree(w: &World) -> Outcome<Tree> {
    let home = w.home().await?;
    let draft = w.new_topic(&home.channel, home.ann.id);
    let mut replies: Vec<Reply> = Vec::new();
    for i in 0..POSTS {
        // Every fourth answers the topic; the others reply to one of those before them.
        let parent = usize::try_from(i * i + 3 * i).unwrap_or(0) % (replies.len() + 1);
        let to = replies.get(parent).filter(|_| i % 4 != 0).map_or(&draft.opening, |r| &r.post);
        let author = if i % 3 == 0 { home.ann.id } else { home.bob.id };
        let mut reply = if to.depth == 0 && i % 8 == 0 {
            w.new_answer(to, author)
        } else {
            w.new_reply(to, author)
        };
        // Three posts share each moment.
        let at = draft.topic.created_at + Duration::from_secs(i / 3);
        let id = PostId::from_uuid(w.mint(at));
        (reply.post.id, reply.text.post, reply.post.created_at) = (id, id, at);
        reply.post.state = match i % 7 {
            3 => State::Removed,
            6 => State::Withdrawn,
            _ => State::Published,
        };
        if i % 16 == 0 {
            reply.post.accepted = Some(w.mark());
        }
        replies.push(reply);
    }
    let mut ops = draft.ops();
    for Reply { post, text } in &replies {
        ops.push(Op::PutPost(Box::new(post.clone())));
        ops.push(Op::PutRevision(Box::new(text.clone())));
    }
    ops.extend(
        shown_replies(&replies)
            .into_iter()
            .map(|(post, shown)| Op::Bump(Counter::PostChildren(post), shown)),
    );
    for (reply, i) in replies.iter().zip(0i64..) {
        ops.push(Op::Bump(Counter::PostUps(reply.post.id), i * 5 % 4));
        ops.push(Op::Bump(Counter::PostDowns(reply.post.id), i % 3));
    }
    w.apply(ops).await?;
    let posts = w.all_posts(draft.topic.id).await?;
    Ok(Tree { home, draft, posts })
}

/// How many replies of each post are shown.
fn shown_replies(replies: &[Reply]) -> BTreeMap<PostId, i64> {
    let mut shown: BTreeMap<PostId, i64> = BTreeMap::new();
    // Children stand behind their parents, so they are settled first.
    for Reply { post, .. } in replies.iter().rev() {
        let has_replies = shown.get(&post.id).is_some_and(|replies| *replies > 0);
        if let Some(parent) = post.parent
            && (post.state == State::Published || has_replies)
        {
            *shown.entry(parent).or_default() += 1;
        }
    }
    shown
}

/// Those who read a thread most differently: the system, a visitor, the author of much of it.
async fn readers(w: &World, home: &Home) -> Outcome<[Scope; 3]> {
    Ok([w.system().await?, w.anonymous().await?, w.scope_of(home.bob.id).await?])
}

pub(crate) async fn a_thread_is_read_in_every_order_and_by_every_page_size(w: World) -> Outcome {
    let Tree { home, draft, posts } = tree(&w).await?;
    for scope in readers(&w, &home).await? {
        for order in PostOrder::ALL {
            let request = whole(&draft.topic, order);
            let expected = expected::thread_for(&request, &draft.topic, &posts, &scope);
            holds("there is enough to see", expected.len() > 40)?;
            for size in SIZES {
                let found = places(&w, &request, &scope, size).await?;
                same_list(&format!("{order} by {size}"), &found, &expected)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_thread_ends_at_a_depth(w: World) -> Outcome {
    let Tree { home, draft, posts } = tree(&w).await?;
    let deepest = posts.iter().map(|post| post.depth).max().unwrap_or(0);
    holds("the tree is deep", deepest >= 4)?;
    for scope in readers(&w, &home).await? {
        for order in PostOrder::ALL {
            for max_depth in 0..=deepest {
                let request = ThreadRequest { max_depth, ..whole(&draft.topic, order) };
                let expected = expected::thread_for(&request, &draft.topic, &posts, &scope);
                for size in [2, 50] {
                    let found = places(&w, &request, &scope, size).await?;
                    same_list(&format!("{order} to depth {max_depth}"), &found, &expected)?;
                }
            }
        }
    }
    Ok(())
}

pub(crate) async fn the_subtree_of_a_post_is_read(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.system().await?;
    for order in PostOrder::ALL {
        for root in &posts {
            let root_only = ThreadRequest { root: root.id, ..whole(&draft.topic, order) };
            for max_depth in [u32::MAX, root.depth + 1] {
                let request = ThreadRequest { max_depth, ..root_only.clone() };
                let found = places(&w, &request, &scope, 7).await?;
                let expected = expected::thread(&request, &posts);
                same_list(&format!("{order} below {}", root.id), &found, &expected)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_thread_begins_at_any_post(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.system().await?;
    for order in PostOrder::ALL {
        let request = whole(&draft.topic, order);
        let all = expected::thread(&request, &posts);
        for (i, place) in all.iter().enumerate() {
            let start = ThreadStart::At(PostId::from_uuid(place.id));
            let found = places(&w, &ThreadRequest { start, ..request.clone() }, &scope, 50).await?;
            same_list(&format!("{order} at {i}"), &found, all.get(i..).unwrap_or(&[]))?;
        }
    }
    Ok(())
}

pub(crate) async fn a_page_begins_behind_any_post(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.anonymous().await?;
    for order in PostOrder::ALL {
        for max_depth in [2, u32::MAX] {
            let request = ThreadRequest { max_depth, ..whole(&draft.topic, order) };
            let all = expected::thread_for(&request, &draft.topic, &posts, &scope);
            for (i, place) in all.iter().enumerate() {
                let start = ThreadStart::After(*place);
                let request = ThreadRequest { start, ..request.clone() };
                let found = places(&w, &request, &scope, 50).await?;
                same_list(&format!("{order} behind {i}"), &found, all.get(i + 1..).unwrap_or(&[]))?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_subtree_begins_at_and_behind_its_own_posts_only(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.system().await?;
    let shown: Vec<&Post> = posts.iter().filter(|post| post.is_shown()).collect();
    for root in shown.iter().filter(|post| post.depth == 1 && post.counters.children > 1) {
        let request = ThreadRequest { root: root.id, ..whole(&draft.topic, PostOrder::Oldest) };
        let all = expected::thread(&request, &posts);
        for post in &shown {
            let at = all.iter().position(|place| place.id == post.id.uuid());
            let place = Position { key: request.order.key(post), id: post.id.uuid() };
            for (start, skip) in [(ThreadStart::At(post.id), 0), (ThreadStart::After(place), 1)] {
                let expected = at.and_then(|at| all.get(at + skip..)).unwrap_or(&[]);
                let request = ThreadRequest { start, ..request.clone() };
                let found = places(&w, &request, &scope, 50).await?;
                same_list(&format!("{start:?} below {}", root.id), &found, expected)?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn more_posts_are_said_exactly_when_there_are_more(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.anonymous().await?;
    for order in PostOrder::ALL {
        let request = whole(&draft.topic, order);
        let all = expected::thread(&request, &posts).len();
        for (limit, more) in [(all - 1, true), (all, false), (all + 1, false), (1_000, false)] {
            let page = w.store.thread(&ThreadRequest { limit, ..request.clone() }, &scope).await?;
            equal("more", (page.items.len(), page.more), (limit.min(all), more))?;
        }
    }
    Ok(())
}

/// A topic with answers of these scores, the oldest first. Every second and third of them is
/// accepted.
async fn scored(w: &World, scores: &[i64]) -> Outcome<(Home, Draft, Vec<Post>)> {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut answers = Vec::new();
    for score in scores {
        let answer = w.answer(&draft, &home.bob).await?;
        w.apply([
            Op::Bump(Counter::PostUps(answer.id), (*score).max(0)),
            Op::Bump(Counter::PostDowns(answer.id), (-score).max(0)),
        ])
        .await?;
        answers.push(answer);
    }
    for answer in answers.iter().skip(1).take(2) {
        w.apply(accepted(&w.post(answer.id).await?.post, w.now())).await?;
    }
    Ok((home, draft, answers))
}

/// The answers of a thread by their numbers.
async fn numbers(w: &World, draft: &Draft, of: &[Post], order: PostOrder) -> Outcome<Vec<usize>> {
    let ids = ids(w, draft, order, &w.anonymous().await?).await?;
    let number = |id| of.iter().position(|post| post.id == id);
    Ok(ids.into_iter().filter_map(number).collect())
}

pub(crate) async fn best_is_accepted_then_score_then_the_older(w: World) -> Outcome {
    let (_, draft, answers) = scored(&w, &[7, -3, 2, 0, 7, -1, 0, 9]).await?;
    let best = numbers(&w, &draft, &answers, PostOrder::Best).await?;
    equal("best first", best, vec![2, 1, 7, 0, 4, 3, 6, 5])
}

pub(crate) async fn oldest_and_newest_are_by_time_whatever_the_score(w: World) -> Outcome {
    let (_, draft, answers) = scored(&w, &[7, -3, 2, 0, 7]).await?;
    let oldest = numbers(&w, &draft, &answers, PostOrder::Oldest).await?;
    equal("oldest first", oldest, vec![0, 1, 2, 3, 4])?;
    let newest = numbers(&w, &draft, &answers, PostOrder::Newest).await?;
    equal("newest first", newest, vec![4, 3, 2, 1, 0])
}

pub(crate) async fn posts_of_one_moment_are_ordered_by_id(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let at = w.tick();
    let mut replies = Vec::new();
    for _ in 0..9 {
        let mut reply = w.new_reply(&draft.opening, home.bob.id);
        reply.post.id = PostId::from_uuid(w.mint(at));
        (reply.post.created_at, reply.text.post) = (at, reply.post.id);
        replies.push(reply);
    }
    w.apply(replies.iter().rev().flat_map(Reply::ops)).await?;
    let mut expected: Vec<_> = replies.iter().map(|reply| reply.post.id).collect();
    expected.sort();
    let scope = w.anonymous().await?;
    for order in PostOrder::ALL {
        if order == PostOrder::Newest {
            expected.reverse();
        }
        let found = ids(&w, &draft, order, &scope).await?;
        same_list(order.as_str(), found.get(1..).unwrap_or(&[]), &expected)?;
    }
    Ok(())
}

pub(crate) async fn posts_of_one_millisecond_are_ordered_by_id(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let at = w.tick();
    let mut ids = [w.mint(at), w.mint(at), w.mint(at)].map(PostId::from_uuid);
    for (id, micros) in ids.into_iter().zip([7, 9, 8]) {
        let mut reply = w.new_reply(&draft.opening, home.bob.id);
        (reply.post.id, reply.text.post) = (id, id);
        reply.post.created_at = at + Duration::from_micros(micros);
        w.apply(reply.ops()).await?;
    }
    let scope = w.anonymous().await?;
    for order in [PostOrder::Oldest, PostOrder::Newest] {
        let found = self::ids(&w, &draft, order, &scope).await?;
        same_list(order.as_str(), found.get(1..).unwrap_or(&[]), &ids)?;
        ids.reverse();
    }
    Ok(())
}

pub(crate) async fn a_vote_moves_a_post_in_best(w: World) -> Outcome {
    let (home, draft, answers) = scored(&w, &[1, 0, 0, 2, 0]).await?;
    equal("before", numbers(&w, &draft, &answers, PostOrder::Best).await?, vec![1, 2, 3, 0, 4])?;
    let [_, _, _, _, last] = &answers[..] else { return Err(Failure::new("five answers")) };
    for _ in 0..3 {
        let vote = w.new_reaction(last.id, home.ann.id, "up");
        w.apply(given(&draft.topic, &vote)).await?;
    }
    equal("after", numbers(&w, &draft, &answers, PostOrder::Best).await?, vec![1, 2, 4, 3, 0])
}

pub(crate) async fn an_acceptance_moves_a_post_in_best_and_back(w: World) -> Outcome {
    let (_, draft, answers) = scored(&w, &[5, 9, 0, 8]).await?;
    equal("before", numbers(&w, &draft, &answers, PostOrder::Best).await?, vec![1, 2, 3, 0])?;
    let first = some("the first", answers.first())?;
    w.apply(accepted(&w.post(first.id).await?.post, w.now())).await?;
    equal("accepted", numbers(&w, &draft, &answers, PostOrder::Best).await?, vec![1, 0, 2, 3])?;
    let undone = Post { accepted: None, rev: Rev(3), ..w.post(first.id).await?.post };
    w.apply([Op::PutPost(Box::new(undone))]).await?;
    equal("undone", numbers(&w, &draft, &answers, PostOrder::Best).await?, vec![1, 2, 3, 0])
}

/// A moderator of the home's community.
async fn moderator(w: &World, home: &Home) -> Outcome<Member> {
    let member = w.joiner(&home.community, "user:mo").await?;
    let membership = Membership {
        roles: vec![RoleGrant { role: slug("moderator"), channel: None }],
        ..w.new_membership(&home.community, &member)
    };
    w.apply([Op::PutMembership(Box::new(membership))]).await?;
    Ok(member)
}

/// What a scope reads of a thread: posts by their text, placeholders by a dash.
async fn texts(w: &World, draft: &Draft, scope: &Scope) -> Outcome<Vec<String>> {
    let walked = walk::thread(&*w.store, &whole(&draft.topic, PostOrder::Oldest), scope, 2).await?;
    let text = |item| match item {
        ThreadItem::Post(view) => view.body,
        ThreadItem::Placeholder(_) => "-".to_owned(),
    };
    Ok(walked.into_iter().map(|(_, item)| text(item)).collect())
}

/// A topic with a reply of Bob's, and replies to that, by their texts `b`, `b1` and `b2`.
async fn branch(w: &World) -> Outcome<(Home, Draft, Post, [Post; 2])> {
    let home = w.home().await?;
    let mut draft = w.new_topic(&home.channel, home.ann.id);
    draft.text.body = "a".to_owned();
    w.apply(draft.ops()).await?;
    let write = async |to: &Post, author: &Member, text: &str| -> Outcome<Post> {
        let mut reply = w.new_reply(to, author.id);
        reply.text.body = text.to_owned();
        w.apply(reply.ops()).await?;
        Ok(reply.post)
    };
    let reply = write(&draft.opening, &home.bob, "b").await?;
    let below = [write(&reply, &home.ann, "b1").await?, write(&reply, &home.ann, "b2").await?];
    Ok((home, draft, reply, below))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(crate) async fn a_removed_post_with_replies_leaves_a_placeholder(w: World) -> Outcome {
    let (home, draft, reply, _) = branch(&w).await?;
    let moderator = moderator(&w, &home).await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    for scope in [w.anonymous().await?, w.scope_of(home.bob.id).await?] {
        equal("to others", texts(&w, &draft, &scope).await?, words(&["a", "-", "b1", "b2"]))?;
    }
    let scope = w.scope_of(moderator.id).await?;
    equal("to a moderator", texts(&w, &draft, &scope).await?, words(&["a", "b", "b1", "b2"]))
}

pub(crate) async fn a_withdrawn_post_with_replies_is_a_placeholder_to_others(w: World) -> Outcome {
    let (home, draft, reply, _) = branch(&w).await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Withdrawn)).await?;
    for scope in [w.anonymous().await?, w.scope_of(home.ann.id).await?] {
        equal("to others", texts(&w, &draft, &scope).await?, words(&["a", "-", "b1", "b2"]))?;
    }
    let scope = w.scope_of(home.bob.id).await?;
    equal("to its author", texts(&w, &draft, &scope).await?, words(&["a", "b", "b1", "b2"]))
}

pub(crate) async fn a_placeholder_says_where_a_post_stood_and_nothing_of_it(w: World) -> Outcome {
    let (_, draft, reply, _) = branch(&w).await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    let scope = w.anonymous().await?;
    let request = whole(&draft.topic, PostOrder::Newest);
    let walked = walk::thread(&*w.store, &request, &scope, 50).await?;
    let item = walked.into_iter().nth(1).map(|(_, item)| item);
    let expected =
        Placeholder { id: reply.id, parent: Some(draft.opening.id), depth: 1, children: 2 };
    equal("the placeholder", item, Some(ThreadItem::Placeholder(expected)))
}

pub(crate) async fn a_hidden_post_without_replies_is_in_no_thread(w: World) -> Outcome {
    let (home, draft, _, [first, second]) = branch(&w).await?;
    let moderator = moderator(&w, &home).await?;
    w.apply(hidden(&first, State::Removed)).await?;
    w.apply(hidden(&second, State::Withdrawn)).await?;
    for viewer in [home.ann.id, home.bob.id, moderator.id] {
        let scope = w.scope_of(viewer).await?;
        equal("the thread", texts(&w, &draft, &scope).await?, words(&["a", "b"]))?;
    }
    Ok(())
}

pub(crate) async fn a_placeholder_goes_with_its_last_reply_and_comes_back_with_it(
    w: World,
) -> Outcome {
    let (_, draft, reply, [first, second]) = branch(&w).await?;
    let scope = w.anonymous().await?;
    w.apply(hidden(&w.post(reply.id).await?.post, State::Removed)).await?;
    w.apply(hidden(&first, State::Removed)).await?;
    equal("one left", texts(&w, &draft, &scope).await?, words(&["a", "-", "b2"]))?;
    let mut last = hidden(&second, State::Removed);
    last.push(Op::Bump(Counter::PostChildren(draft.opening.id), -1));
    w.apply(last).await?;
    equal("none left", texts(&w, &draft, &scope).await?, words(&["a"]))?;
    w.apply([
        Op::PutPost(Box::new(Post { rev: Rev(3), ..second })),
        Op::Bump(Counter::PostChildren(reply.id), 1),
        Op::Bump(Counter::PostChildren(draft.opening.id), 1),
    ])
    .await?;
    equal("back", texts(&w, &draft, &scope).await?, words(&["a", "-", "b2"]))
}

pub(crate) async fn a_removed_first_post_is_a_placeholder_on_top(w: World) -> Outcome {
    let (_, draft, _, _) = branch(&w).await?;
    let scope = w.anonymous().await?;
    let removed = Post { state: State::Removed, ..w.post(draft.opening.id).await?.post };
    w.apply([Op::PutPost(Box::new(removed))]).await?;
    equal("the thread", texts(&w, &draft, &scope).await?, words(&["-", "b", "b1", "b2"]))
}

pub(crate) async fn a_thread_whose_root_is_not_in_its_topic_is_empty(w: World) -> Outcome {
    let (home, draft, _, _) = branch(&w).await?;
    let other = w.question(&home).await?;
    let scope = w.system().await?;
    let absent = PostId::from_bytes([9; 16]);
    for order in PostOrder::ALL {
        let thread = whole(&draft.topic, order);
        let foreign = ThreadRequest { root: other.opening.id, ..thread.clone() };
        let missing = ThreadRequest { root: absent, ..thread.clone() };
        let nowhere = ThreadRequest { topic: TopicId::from_bytes([9; 16]), ..thread.clone() };
        let at = ThreadRequest { start: ThreadStart::At(other.opening.id), ..thread.clone() };
        let at_absent = ThreadRequest { start: ThreadStart::At(absent), ..thread.clone() };
        let place = Position { key: 0, id: other.opening.id.uuid() };
        let after = ThreadRequest { start: ThreadStart::After(place), ..thread };
        for request in [foreign, missing, nowhere, at, at_absent, after] {
            let page = w.store.thread(&request, &scope).await?;
            equal("the page", (page.items.len(), page.more), (0, false))?;
        }
    }
    Ok(())
}

pub(crate) async fn a_thread_does_not_begin_at_a_post_that_it_does_not_show(w: World) -> Outcome {
    let (_, draft, reply, [first, second]) = branch(&w).await?;
    w.apply(hidden(&first, State::Removed)).await?;
    for scope in [w.system().await?, w.anonymous().await?] {
        for order in PostOrder::ALL {
            let gone =
                ThreadRequest { start: ThreadStart::At(first.id), ..whole(&draft.topic, order) };
            let start = ThreadStart::At(second.id);
            let too_deep = ThreadRequest { start, max_depth: reply.depth, ..gone.clone() };
            for request in [gone, too_deep] {
                equal("the walk", places(&w, &request, &scope, 2).await?, vec![])?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn a_page_goes_on_behind_a_post_that_is_gone(w: World) -> Outcome {
    let Tree { draft, posts, .. } = tree(&w).await?;
    let scope = w.anonymous().await?;
    let leaves = |post: &&Post| post.counters.children == 0 && post.state == State::Published;
    for order in PostOrder::ALL {
        let request = whole(&draft.topic, order);
        let all = expected::thread_for(&request, &draft.topic, &posts, &scope);
        for leaf in posts.iter().filter(leaves).filter(|post| post.depth > 0).step_by(5) {
            let at = some("it", all.iter().position(|place| place.id == leaf.id.uuid()))?;
            let place = *some("its place", all.get(at))?;
            w.apply([Op::PutPost(Box::new(Post { state: State::Removed, ..leaf.clone() }))])
                .await?;
            let request = ThreadRequest { start: ThreadStart::After(place), ..request.clone() };
            let found = places(&w, &request, &scope, 7).await?;
            same_list(&format!("{order}"), &found, all.get(at + 1..).unwrap_or(&[]))?;
            w.apply([Op::PutPost(Box::new(leaf.clone()))]).await?;
        }
    }
    Ok(())
}

pub(crate) async fn a_page_goes_on_where_a_post_stood_that_was_voted_on_since(w: World) -> Outcome {
    let (home, draft, answers) = scored(&w, &[9, 0, 0, 7, 5, 3, 1]).await?;
    let scope = w.anonymous().await?;
    let request = ThreadRequest { limit: 5, ..whole(&draft.topic, PostOrder::Best) };
    let first = w.store.thread(&request, &scope).await?;
    let request = ThreadRequest { limit: 9, ..request };
    let (last, _) = some("the last", first.items.last())?;
    let fifth = some("the one with 7", answers.get(3))?;
    equal("the page ends with it", last.id, fifth.id.uuid())?;
    let behind: Vec<_> = answers.iter().skip(4).map(|answer| answer.id.uuid()).collect();
    // Its own reply follows, then what stood behind it, wherever it stands now.
    let comment = w.reply(fifth, &home.ann).await?.id.uuid();
    let behind = [vec![comment], behind].concat();
    // First it rises above all others, then it falls below them: there it is met again.
    let rises = (Counter::PostUps(fifth.id), 50, behind.clone());
    let again = vec![fifth.id.uuid(), comment];
    let falls = (Counter::PostDowns(fifth.id), 500, [behind, again].concat());
    for (counter, by, expected) in [rises, falls] {
        w.apply([Op::Bump(counter, by)]).await?;
        let next = ThreadRequest { start: ThreadStart::After(*last), ..request.clone() };
        let page = w.store.thread(&next, &scope).await?;
        let read: Vec<_> = page.items.iter().map(|(place, _)| place.id).collect();
        equal("behind it", read, expected)?;
    }
    Ok(())
}

pub(crate) async fn the_place_of_a_hidden_post_tells_nothing_of_its_votes(w: World) -> Outcome {
    let (home, draft, answers) = scored(&w, &[9, 0, 0, 7, 5, 3, 1]).await?;
    let hidden_one = some("the one with 5", answers.get(4))?;
    let comment = w.reply(hidden_one, &home.ann).await?;
    w.apply(hidden(&w.post(hidden_one.id).await?.post, State::Removed)).await?;
    let scope = w.anonymous().await?;
    for order in PostOrder::ALL {
        let all = ids(&w, &draft, order, &scope).await?;
        let at = some("it", all.iter().position(|id| *id == hidden_one.id))?;
        let request = ThreadRequest { limit: at + 1, ..whole(&draft.topic, order) };
        let told = async || -> Outcome<Option<Position>> {
            let page = w.store.thread(&request, &scope).await?;
            Ok(page.items.last().map(|(place, _)| *place))
        };
        // Not enough votes to bring it to another place in the thread.
        let before = some("its place", told().await?)?;
        equal("the page ends with it", before.id, hidden_one.id.uuid())?;
        for (counter, by) in
            [(Counter::PostUps(hidden_one.id), 1), (Counter::PostUps(hidden_one.id), -1)]
        {
            w.apply([Op::Bump(counter, by)]).await?;
            equal("its place", told().await?, Some(before))?;
        }
        // The next page begins with its own reply, and goes on where it stands now.
        let start = ThreadStart::After(before);
        let next = ThreadRequest { start, limit: 50, ..request.clone() };
        let page = w.store.thread(&next, &scope).await?;
        let read: Vec<_> = page.items.iter().map(|(p, _)| PostId::from_uuid(p.id)).collect();
        equal("its reply", read.first(), Some(&comment.id))?;
        same_list("behind it", &read, all.get(at + 1..).unwrap_or(&[]))?;
    }
    Ok(())
}

pub(crate) async fn a_reply_that_comes_between_two_pages_doubles_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut expected = vec![draft.opening.id];
    for _ in 0..9 {
        expected.push(w.reply(&draft.opening, &home.bob).await?.id);
    }
    let scope = w.anonymous().await?;
    let mut request = ThreadRequest { limit: 2, ..whole(&draft.topic, PostOrder::Oldest) };
    let mut seen = Vec::new();
    loop {
        let page = w.store.thread(&request, &scope).await?;
        seen.extend(page.items.iter().map(|(place, _)| PostId::from_uuid(place.id)));
        let Some((last, _)) = page.items.last().filter(|_| page.more && seen.len() < 30) else {
            break;
        };
        request.start = ThreadStart::After(*last);
        // Below the post that ended the page, where nobody has been yet.
        let last = w.post(PostId::from_uuid(last.id)).await?.post;
        if last.depth == 1 && expected.contains(&last.id) {
            let at = expected.iter().position(|id| *id == last.id).map_or(0, |at| at + 1);
            expected.insert(at, w.reply(&last, &home.ann).await?.id);
        }
    }
    equal("posts", seen, expected)
}

pub(crate) async fn a_chain_of_a_thousand_replies_is_read(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (mut chain, mut ops) = (vec![draft.opening.clone()], Vec::new());
    for _ in 0..1_000 {
        let Some(above) = chain.last() else { break };
        let reply = w.new_reply(above, home.bob.id);
        ops.extend(reply.ops());
        chain.push(reply.post);
    }
    w.apply(ops).await?;
    let expected: Vec<_> = chain.iter().map(|post| post.id).collect();
    let scope = w.anonymous().await?;
    for order in PostOrder::ALL {
        let found = places(&w, &whole(&draft.topic, order), &scope, 100).await?;
        let found: Vec<_> = found.into_iter().map(|p| PostId::from_uuid(p.id)).collect();
        same_list(order.as_str(), &found, &expected)?;
    }
    let (deepest, above) = some("the chain", expected.split_last())?;
    let ancestors = scope.admit_all(w.store.ancestors(*deepest, &scope).await?);
    let found: Vec<_> = ancestors.iter().map(|view| view.post.id).collect();
    same_list("above the deepest", &found, above)?;
    let start = ThreadStart::At(*deepest);
    let request = ThreadRequest { start, ..whole(&draft.topic, PostOrder::Best) };
    equal("at the deepest", places(&w, &request, &scope, 9).await?.len(), 1)
}

pub(crate) async fn two_thousand_replies_to_one_post_are_read(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (mut replies, mut ops) = (Vec::new(), Vec::new());
    for _ in 0..2_000 {
        let reply = w.new_reply(&draft.opening, home.bob.id);
        ops.extend(reply.ops());
        replies.push(reply.post.id);
    }
    w.apply(ops).await?;
    let scope = w.anonymous().await?;
    equal("children", w.post(draft.opening.id).await?.post.counters.children, 2_000)?;
    for order in PostOrder::ALL {
        if order == PostOrder::Newest {
            replies.reverse();
        }
        let found = places(&w, &whole(&draft.topic, order), &scope, 100).await?;
        let found: Vec<_> = found.into_iter().skip(1).map(|p| PostId::from_uuid(p.id)).collect();
        same_list(order.as_str(), &found, &replies)?;
    }
    Ok(())
}

pub(crate) async fn posts_of_a_thread_come_with_all_that_hangs_on_them(w: World) -> Outcome {
    let (home, draft, reply, _) = branch(&w).await?;
    w.apply(given(&draft.topic, &w.new_reaction(reply.id, home.ann.id, "up"))).await?;
    w.apply(given(&draft.topic, &w.new_reaction(reply.id, home.ann.id, "thanks"))).await?;
    w.apply(corrected(&w.new_correction(&reply, home.ann.id))).await?;
    let scope = w.anonymous().await?;
    let request = whole(&draft.topic, PostOrder::Best);
    let walked = walk::thread(&*w.store, &request, &scope, 3).await?;
    equal("posts", walked.len(), 4)?;
    for (place, item) in walked {
        let ThreadItem::Post(view) = item else { return Err(Failure::new("a placeholder")) };
        equal("the post", *view, w.post(PostId::from_uuid(place.id)).await?)?;
    }
    Ok(())
}

pub(crate) async fn the_posts_above_a_post_are_read_from_the_top(w: World) -> Outcome {
    let Tree { home, draft, posts } = tree(&w).await?;
    let by_id: BTreeMap<PostId, &Post> = posts.iter().map(|post| (post.id, post)).collect();
    let mut deep = 0;
    for scope in readers(&w, &home).await? {
        for post in &posts {
            let line = std::iter::successors(post.parent, |id| by_id.get(id)?.parent);
            let admits = |post: &Post| scope.admits(draft.topic.place(), post.author, post.state);
            let above = line.filter(|id| by_id.get(id).is_some_and(|post| admits(post)));
            let mut expected: Vec<PostId> = above.filter(|_| admits(post)).collect();
            expected.reverse();
            let found = scope.admit_all(w.store.ancestors(post.id, &scope).await?);
            let found: Vec<_> = found.into_iter().map(|view| view.post.id).collect();
            same_list("ancestors", &found, &expected)?;
            deep = deep.max(found.len());
        }
    }
    holds("some stand deep", deep >= 4)
}

pub(crate) async fn the_thread_of_a_withdrawn_topic_is_its_authors(w: World) -> Outcome {
    let (home, draft, _, _) = branch(&w).await?;
    w.apply(topic_state(&draft.topic, State::Withdrawn)).await?;
    let author = w.scope_of(home.ann.id).await?;
    equal("to Ann", texts(&w, &draft, &author).await?, words(&["a", "b", "b1", "b2"]))?;
    for scope in [w.anonymous().await?, w.scope_of(home.bob.id).await?] {
        equal("to others", texts(&w, &draft, &scope).await?, words(&[]))?;
    }
    Ok(())
}
