//! Threads: pages put together are the whole tree in pre-order.

use community_core::change::{Counter, Op};
use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{Reader, ThreadItem};
use community_core::{Mark, Post, PostId, State, Topic, Viewer};
use pollster::block_on;
use proptest::prelude::*;
use proptest::sample::select;

use super::world::{World, at, reply, text, topic};

/// One reply: to which post, counted round; when; and what became of it.
#[derive(Debug, Clone)]
struct Plan {
    parent: usize,
    minute: i64,
    ups: i64,
    downs: i64,
    accepted: bool,
    published: bool,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let plan =
        (0..100usize, 0..4i64, 0..3i64, 0..3i64, any::<bool>(), proptest::bool::weighted(0.7));
    let plan = plan.prop_map(|(parent, minute, ups, downs, accepted, published)| Plan {
        parent,
        minute,
        ups,
        downs,
        accepted,
        published,
    });
    proptest::collection::vec(plan, 0..40)
}

/// A topic with these replies.
fn thread(plans: &[Plan]) -> (World, Topic) {
    let world = World::new();
    let [ann, bob] = [0, 1].map(|member| &world.members[member]);
    let topic = topic(&world.channels[0], ann, 0, at(0));
    world.start(&topic);
    let mut posts = vec![world.post(topic.opening)];
    let mut ops = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        let parent = &posts[plan.parent % posts.len()];
        let mut post = reply(parent, bob, number, at(plan.minute));
        post.accepted = plan.accepted.then(|| Mark { by: None, at: at(9), reason: None });
        post.state = if plan.published { State::Published } else { State::Removed };
        ops.push(Op::PutPost(Box::new(post.clone())));
        ops.push(Op::PutRevision(Box::new(text(&post))));
        ops.push(Op::Bump(Counter::PostUps(post.id), plan.ups));
        ops.push(Op::Bump(Counter::PostDowns(post.id), plan.downs));
        posts.push(post);
    }
    // From the last reply to the first: whether a post is shown depends on those below it.
    for at in (1..posts.len()).rev() {
        if posts[at].is_shown() {
            let parent = posts[at].parent.unwrap();
            ops.push(Op::Bump(Counter::PostChildren(parent), 1));
            posts.iter_mut().find(|post| post.id == parent).unwrap().counters.children += 1;
        }
    }
    world.commit(ops);
    (world, topic)
}

fn request(topic: &Topic) -> ThreadRequest {
    ThreadRequest {
        topic: topic.id,
        root: topic.opening,
        order: PostOrder::Best,
        max_depth: 1_000,
        start: ThreadStart::Root,
        limit: 3,
    }
}

/// The tree below a post, by plain recursion.
fn pre_order(posts: &[Post], post: &Post, request: &ThreadRequest, into: &mut Vec<Position>) {
    if !post.is_shown() || post.depth > request.max_depth {
        return;
    }
    into.push(Position { key: request.order.key(post), id: post.id.uuid() });
    let mut replies: Vec<_> = posts.iter().filter(|reply| reply.parent == Some(post.id)).collect();
    replies.sort_by_key(|reply| (request.order.key(reply), reply.id));
    if request.order == PostOrder::Newest {
        replies.reverse();
    }
    for reply in replies {
        pre_order(posts, reply, request, into);
    }
}

fn walked(world: &World, request: &ThreadRequest, viewer: Viewer) -> Vec<Position> {
    let scope = world.scope(viewer);
    let mut request = request.clone();
    let mut all = Vec::new();
    loop {
        let page = block_on(world.store.thread(&request, &scope)).unwrap();
        for (position, item) in page.items.iter().cloned() {
            let item = scope.admit(item).expect("a thread holds only what its viewer may see");
            let id = match &*item {
                ThreadItem::Post(view) => view.post.id,
                ThreadItem::Placeholder(placeholder) => placeholder.id,
            };
            let is_text = matches!(&*item, ThreadItem::Post(_));
            let may_read = viewer == Viewer::System || world.post(id).state == State::Published;
            assert_eq!(is_text, may_read);
            assert_eq!(id.uuid(), position.id);
            all.push(position);
        }
        if !page.more {
            return all;
        }
        assert_eq!(page.items.len(), request.limit);
        request.start = ThreadStart::After(*all.last().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pages_put_together_are_the_tree_in_pre_order(
        plans in plans(),
        root in 0..100usize,
        from in 0..100usize,
        order in select(&PostOrder::ALL[..]),
        max_depth in 0..6u32,
        limit in 1..5usize,
    ) {
        let (world, topic) = thread(&plans);
        let posts: Vec<_> = world.store.read().posts.values().cloned().collect();
        let root = &posts[root % posts.len()];
        let request = ThreadRequest { root: root.id, order, max_depth, limit, ..request(&topic) };
        let mut expected = Vec::new();
        pre_order(&posts, root, &request, &mut expected);
        prop_assert_eq!(&walked(&world, &request, Viewer::System), &expected);
        // Others are not told by what a hidden post is sorted.
        for position in &mut expected {
            if world.post(PostId::from_uuid(position.id)).state != State::Published {
                position.key = Position::UNTOLD;
            }
        }
        prop_assert_eq!(&walked(&world, &request, Viewer::Anonymous), &expected);

        // From any post on: the rest of it; from one that is not in it: nothing.
        let from = &posts[from % posts.len()];
        let start = ThreadStart::At(from.id);
        let place = expected.iter().position(|position| position.id == from.id.uuid());
        let rest = place.map(|place| &expected[place..]).unwrap_or_default();
        let request = ThreadRequest { start, ..request };
        prop_assert_eq!(&walked(&world, &request, Viewer::Anonymous)[..], rest);
    }
}

/// Three answers with two, one and no votes, and a comment to each.
fn three_answers() -> (World, Topic, Vec<PostId>) {
    let plan =
        |parent, ups| Plan { parent, minute: 1, ups, downs: 0, accepted: false, published: true };
    let (world, topic) =
        thread(&[plan(0, 2), plan(0, 1), plan(0, 0), plan(1, 0), plan(2, 0), plan(3, 0)]);
    let walked = walked(&world, &request(&topic), Viewer::Anonymous);
    (world, topic, walked.iter().map(|position| PostId::from_uuid(position.id)).collect())
}

fn page(world: &World, request: &ThreadRequest) -> Vec<PostId> {
    let page = block_on(world.store.thread(request, &world.scope(Viewer::System))).unwrap();
    page.items.iter().map(|(position, _)| PostId::from_uuid(position.id)).collect()
}

#[test]
fn a_page_goes_on_where_the_post_stood_although_its_score_has_changed() {
    let (world, topic, order) = three_answers();
    // The page ended with the comment below the second answer; that answer then sinks to the end.
    let position = Position { key: 0, id: order[4].uuid() };
    let rest = ThreadRequest { start: ThreadStart::After(position), ..request(&topic) };
    assert_eq!(page(&world, &rest), order[5..]);
    // Above the comment, the answer's present place counts: nothing is behind it any more.
    world.commit(vec![Op::Bump(Counter::PostDowns(order[3]), 5)]);
    assert_eq!(page(&world, &rest), []);

    // The page ended with the second answer itself: its comment still follows, then the last
    // answer, as it stood. At the end the walk meets it where it stands now.
    let position = Position { key: -1, id: order[3].uuid() };
    let start = ThreadStart::After(position);
    let rest = ThreadRequest { start, limit: 9, ..request(&topic) };
    let expected = [order[4], order[5], order[6], order[3], order[4]];
    assert_eq!(page(&world, &rest), expected);
}

#[test]
fn a_page_goes_on_behind_a_post_that_is_gone() {
    let (world, topic, order) = three_answers();
    let gone = world.post(order[4]);
    let answer = order[3];
    world.commit(vec![
        Op::PutPost(Box::new(Post { state: State::Removed, ..gone })),
        Op::Bump(Counter::PostChildren(answer), -1),
    ]);
    let position = Position { key: 0, id: order[4].uuid() };
    let rest = ThreadRequest { start: ThreadStart::After(position), ..request(&topic) };
    assert_eq!(page(&world, &rest), order[5..]);
}

#[test]
fn a_page_behind_a_post_of_elsewhere_is_empty() {
    let (world, thread, order) = three_answers();
    let other = topic(&world.channels[0], &world.members[0], 1, at(5));
    world.start(&other);
    for id in [other.opening.uuid(), thread.id.uuid()] {
        let start = ThreadStart::After(Position { key: 0, id });
        assert_eq!(page(&world, &ThreadRequest { start, ..request(&thread) }), []);
    }
    // Above the root is elsewhere too.
    let start = ThreadStart::After(Position { key: 0, id: order[0].uuid() });
    let below = ThreadRequest { root: order[1], start, ..request(&thread) };
    assert_eq!(page(&world, &below), []);
    assert_eq!(page(&world, &ThreadRequest { root: other.opening, ..request(&thread) }), []);
}

#[test]
fn a_chain_of_ten_thousand_replies_is_walked_without_recursion() {
    let plan =
        |parent| Plan { parent, minute: 0, ups: 0, downs: 0, accepted: false, published: true };
    let plans: Vec<_> = (0..10_000).map(plan).collect();
    let (world, topic) = thread(&plans);
    let all = ThreadRequest { max_depth: u32::MAX, limit: 20_000, ..request(&topic) };
    let walked = page(&world, &all);
    assert_eq!(walked.len(), 10_001);
    let last = *walked.last().unwrap();
    let above = block_on(world.store.ancestors(last, &world.scope(Viewer::Anonymous))).unwrap();
    assert_eq!(above.len(), 10_000);
}
