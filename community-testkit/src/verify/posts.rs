//! The posts of one topic: the tree, the counters that follow from it, and the orders in which it
//! is read.

use std::collections::{BTreeMap, BTreeSet};

use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{PostView, ThreadItem};
use community_core::{
    Community, Correction, Key, MemberId, Post, PostId, PostKind, State, StoreError, Topic,
};

use super::seen::Print;
use super::{PAGE, Verifier};
use crate::expected;

/// The posts of a topic by id, each with the print of all that is shown of it.
type Posts = BTreeMap<PostId, (Post, Print)>;

impl Verifier<'_> {
    /// Checks the posts of a topic. Returns the corrections that stand beside the first one.
    pub(super) async fn posts(
        &mut self,
        subject: &str,
        community: &Community,
        topic: &Topic,
    ) -> Result<Vec<Correction>, StoreError> {
        let mut posts = Posts::new();
        let mut corrections = Vec::new();
        let mut after: Option<PostId> = None;
        loop {
            let page = self.store.posts_by_id(topic.id, after, PAGE, &self.scope).await?;
            let page: Vec<PostView> =
                self.scope.admit_all(page).into_iter().map(|view| view.into_inner()).collect();
            let (begin, is_last) = (after, page.len() < PAGE);
            self.found_posts(community, topic, &page).await?;
            for view in page {
                let id = view.post.id;
                let is_behind = after.is_none_or(|after| id > after);
                let subject = format!("post {id}");
                self.holds("posts are read by id", &subject, "ids that rise", is_behind, after);
                self.begins(&subject, id.uuid(), view.post.created_at);
                after = Some(id);
                self.belongs(&subject, &view.post.topic, &topic.id);
                self.belongs(&subject, &view.place, &topic.place());
                self.author(&subject, &view.author, view.post.author);
                self.hanging_on(&subject, topic, &view).await?;
                self.seen.posts.insert(id);
                let print = Print::of(&view);
                if id == topic.opening {
                    corrections = view.corrections;
                }
                posts.insert(id, (view.post, print));
            }
            // The end, or a store that does not come forward.
            if is_last || begin >= after {
                break;
            }
        }
        self.tree(topic, &posts);
        self.topic_counters(subject, topic, &posts).await?;
        for order in PostOrder::ALL {
            self.reading_order(subject, topic, &posts, order).await?;
        }
        self.above(topic, &posts).await?;
        Ok(corrections)
    }

    /// Checks that ids and keys lead to the posts of a page.
    async fn found_posts(
        &mut self,
        community: &Community,
        topic: &Topic,
        page: &[PostView],
    ) -> Result<(), StoreError> {
        let ids: Vec<PostId> = page.iter().map(|view| view.post.id).collect();
        let by_id = self.store.posts(&ids, &self.scope).await?;
        for (view, found) in page.iter().zip(by_id) {
            let found = found.and_then(|view| self.scope.admit(view)).map(|view| view.into_inner());
            let subject = format!("post {}", view.post.id);
            self.same("a post is found by its id", subject, &found.as_ref(), &Some(view));
        }
        let keyed = page.iter().filter_map(|view| Some((view.post.key.clone()?, view.post.id)));
        let (keys, ids): (Vec<Key>, Vec<PostId>) = keyed.unzip();
        let found = self.store.lookup(community.id, &keys).await?;
        for (id, found) in ids.into_iter().zip(found) {
            let expected = Some((topic.id, Some(id)));
            self.same("a post is found by its key", format!("post {id}"), &found, &expected);
        }
        Ok(())
    }

    /// The tree: parents, depths, kinds, and how many replies each post shows.
    fn tree(&mut self, topic: &Topic, posts: &Posts) {
        let subject = format!("topic {}", topic.id);
        let opening = posts.get(&topic.opening);
        let found = opening.map(|(post, _)| (post.depth, post.parent, post.kind, post.author));
        let expected = Some((0, None, PostKind::Opening, topic.author));
        self.same("the first post is its topic's", &subject, &found, &expected);

        let children = shown_replies(posts);
        for (id, (post, _)) in posts {
            let subject = format!("post {id}");
            let is_opening = *id == topic.opening;
            let plays = post.kind == PostKind::Opening;
            self.same("only the first post opens a topic", &subject, &plays, &is_opening);
            if !is_opening {
                // A parent one level up also rules out rings.
                let above = post.parent.and_then(|id| posts.get(&id));
                let is_there = above.is_some();
                self.holds("a parent is in the same topic", &subject, "one", is_there, post.parent);
                let depth = above.map_or(post.depth, |(parent, _)| parent.depth + 1);
                self.same("a reply is one deeper", &subject, &post.depth, &depth);
            }
            let may_answer = post.depth == 1 && topic.answerable;
            self.holds(
                "an answer replies to a topic that takes answers",
                &subject,
                "a reply to the first post of a topic that takes answers",
                post.kind != PostKind::Answer || may_answer,
                (post.depth, topic.answerable),
            );
            let depth = usize::try_from(post.depth).unwrap_or(usize::MAX);
            self.fits("a reply is within the limit of depth", &subject, depth, self.limits.depth);
            let shown = children.get(id).copied().unwrap_or(0);
            self.same("shown replies of a post", &subject, &post.counters.children, &shown);
        }
    }

    /// The counters of a topic that follow from its posts.
    async fn topic_counters(
        &mut self,
        subject: &str,
        topic: &Topic,
        posts: &Posts,
    ) -> Result<(), StoreError> {
        let all = || posts.values().map(|(post, _)| post);
        let published = || all().filter(|post| post.state == State::Published);
        let answers = || published().filter(|post| post.kind == PostKind::Answer);
        let authors: BTreeSet<MemberId> = published().map(|post| post.author).collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let counters = &topic.counters;
        self.same("posts of a topic", subject, &counters.posts, &count(published().count()));
        self.same("answers of a topic", subject, &counters.answers, &count(answers().count()));
        let accepted = count(answers().filter(|post| post.accepted.is_some()).count());
        self.same("accepted answers of a topic", subject, &counters.accepted, &accepted);
        let participants = count(authors.len());
        self.same("participants of a topic", subject, &counters.participants, &participants);
        let opening = posts.get(&topic.opening);
        let votes = opening.map(|(post, _)| (post.counters.ups, post.counters.downs));
        let found = Some((counters.ups, counters.downs));
        self.same("votes of a topic are its first post's", subject, &found, &votes);
        let bump = published().filter(|post| post.bumps).map(|post| post.created_at).max();
        let active_at = bump.map_or(topic.bumped_at, |bump| bump.max(topic.bumped_at));
        self.same("last activity of a topic", subject, &counters.active_at, &active_at);
        let found = self.store.latest_bump(topic.id, None).await?;
        self.same("the latest bump of a topic", subject, &found, &bump);
        Ok(())
    }

    /// Walks the whole thread in one order.
    async fn reading_order(
        &mut self,
        subject: &str,
        topic: &Topic,
        posts: &Posts,
        order: PostOrder,
    ) -> Result<(), StoreError> {
        let mut request = ThreadRequest {
            topic: topic.id,
            root: topic.opening,
            order,
            max_depth: u32::MAX,
            start: ThreadStart::Root,
            limit: PAGE,
        };
        let expected = expected::thread(&request, posts.values().map(|(post, _)| post));
        let mut walked: Vec<Position> = Vec::new();
        // A thread that goes round in a ring ends here.
        while walked.len() <= expected.len() {
            let page = self.store.thread(&request, &self.scope).await?;
            for (place, item) in page.items {
                let id = PostId::from_uuid(place.id);
                let item = self.scope.admit(item).map(|item| item.into_inner());
                let print = match &item {
                    Some(ThreadItem::Post(view)) => Some(Print::of(&**view)),
                    Some(ThreadItem::Placeholder(_)) | None => None,
                };
                let stands = posts.get(&id).map(|(_, print)| *print);
                let rule = "a thread shows posts as they are";
                let as_is = print.is_some() && print == stands;
                self.holds(rule, subject, "the post as it is by its id", as_is, &item);
                walked.push(place);
            }
            match walked.last().filter(|_| page.more) {
                Some(last) => request.start = ThreadStart::After(*last),
                None => break,
            }
        }
        let same = walked.iter().zip(&expected).take_while(|(a, b)| a == b).count();
        let whole = same == walked.len() && same == expected.len();
        self.report.checks += expected.len() as u64;
        let place = |of: &[Position]| format!("{} posts, then {:?}", of.len(), of.get(same));
        if !whole {
            let subject = format!("{subject}, {order} first");
            self.find("a thread is read in its order", subject, place(&expected), place(&walked));
        }
        Ok(())
    }

    /// Checks what stands above the deepest post.
    async fn above(&mut self, topic: &Topic, posts: &Posts) -> Result<(), StoreError> {
        let Some((deepest, _)) = posts.values().max_by_key(|(post, _)| post.depth) else {
            return Ok(());
        };
        let mut expected = Vec::new();
        let mut at = deepest.parent.and_then(|id| posts.get(&id));
        // Parents that form a ring have a finding of their own.
        while let Some((post, print)) = at.filter(|_| expected.len() < posts.len()) {
            expected.push((post.id, *print));
            at = post.parent.and_then(|id| posts.get(&id));
        }
        expected.reverse();
        let found = self.store.ancestors(deepest.id, &self.scope).await?;
        let found = self.scope.admit_all(found);
        let found: Vec<_> = found.iter().map(|view| (view.post.id, Print::of(&**view))).collect();
        let subject = format!("post {} in topic {}", deepest.id, topic.id);
        self.same("the posts above a post are those it replies to", subject, &found, &expected);
        Ok(())
    }
}

/// How many replies of each post a thread shows: published ones, and those that are kept for the
/// replies below them.
fn shown_replies(posts: &Posts) -> BTreeMap<PostId, i64> {
    let mut deepest_first: Vec<&Post> = posts.values().map(|(post, _)| post).collect();
    deepest_first.sort_by_key(|post| std::cmp::Reverse(post.depth));
    let mut shown: BTreeMap<PostId, i64> = BTreeMap::new();
    for post in deepest_first {
        let holds_replies = shown.get(&post.id).is_some_and(|replies| *replies > 0);
        if let Some(parent) = post.parent
            && (post.state == State::Published || holds_replies)
        {
            *shown.entry(parent).or_default() += 1;
        }
    }
    shown
}
