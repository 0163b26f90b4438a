//! Threads: the posts of a topic in pre-order.
//!
//! A thread is walked without a stack: from a post the next one is its first reply, or else the
//! sibling behind it, or else the sibling behind the nearest post above that has one. Every post
//! knows its parent, and the replies to a post are a sorted list, so a page needs nothing of the
//! page before but the last post and the key that it had.

use std::ops::Bound;

use community_core::policy::{Place, Scope, Unchecked};
use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{Placeholder, ThreadItem, ThreadPage};
use community_core::{Post, PostId, StoreError};

use super::{behind, posts};
use crate::state::State;

/// A page of a thread.
///
/// A post whose text the scope does not admit is in it as a placeholder. The page is empty when the
/// start is not, or no longer, below the root.
pub(super) fn page(
    state: &State,
    request: &ThreadRequest,
    scope: &Scope,
) -> Result<ThreadPage, StoreError> {
    let mut page = ThreadPage { items: Vec::new(), more: false };
    let Some(topic) = state.admitted_topic(request.topic, scope) else { return Ok(page) };
    let mut walk = Walk { tree: Tree { state, request }, stood: None };
    let mut next = walk.start();
    while let Some(post) = next {
        if page.items.len() == request.limit {
            page.more = true;
            break;
        }
        let is_admitted = scope.admits(topic.place(), post.author, post.state);
        let position = request.order.place_told(post, is_admitted);
        page.items.push((position, item(state, post, topic.place(), is_admitted)?));
        next = walk.following(post);
    }
    Ok(page)
}

fn item(
    state: &State,
    post: &Post,
    place: Place,
    is_admitted: bool,
) -> Result<Unchecked<ThreadItem>, StoreError> {
    let item = if is_admitted {
        ThreadItem::Post(Box::new(posts::view(state, post, place)?))
    } else {
        ThreadItem::Placeholder(Placeholder {
            id: post.id,
            parent: post.parent,
            depth: post.depth,
            children: post.counters.children,
        })
    };
    Ok(Unchecked::new(item))
}

/// A walk through the tree that a request is about.
struct Walk<'a> {
    tree: Tree<'a>,
    /// The post with which the page before ended, and where it stood then, until the walk has gone
    /// past that place: so that none of those that stood behind it is left out or comes twice
    /// because of a vote.
    stood: Option<(PostId, i64)>,
}

impl<'a> Walk<'a> {
    /// The first post of the page.
    fn start(&mut self) -> Option<&'a Post> {
        let Tree { request, .. } = self.tree;
        let root = self.tree.post(request.root).filter(|root| self.tree.shows(root))?;
        let post_in_tree = |id| self.tree.post(id).filter(|post| self.tree.is_below_root(post));
        match request.start {
            ThreadStart::Root => Some(root),
            ThreadStart::At(id) => post_in_tree(id).filter(|post| self.tree.shows(post)),
            // It need not be shown any more: its place among its siblings is known without it.
            ThreadStart::After(Position { key, id }) => {
                let post = post_in_tree(PostId::from_uuid(id))?;
                self.stood = (key != Position::UNTOLD).then_some((post.id, key));
                self.following(post)
            }
        }
    }

    /// The post behind `post` in pre-order.
    fn following(&mut self, post: &'a Post) -> Option<&'a Post> {
        let Tree { request, .. } = self.tree;
        if post.depth < request.max_depth
            && let Some(first) = self.tree.reply(post.id, None)
        {
            return Some(first);
        }
        let mut post = post;
        while post.id != request.root {
            let parent = self.tree.post(post.parent?)?;
            let stood = self.stood.take_if(|(id, _)| *id == post.id);
            let key = stood.map_or_else(|| request.order.key(post), |(_, key)| key);
            if let Some(sibling) = self.tree.reply(parent.id, Some((key, post.id))) {
                return Some(sibling);
            }
            post = parent;
        }
        None
    }
}

/// The root and the shown posts below it, down to a depth.
#[derive(Clone, Copy)]
struct Tree<'a> {
    state: &'a State,
    request: &'a ThreadRequest,
}

impl<'a> Tree<'a> {
    /// The first shown reply to a post, or the first behind a place among them.
    fn reply(&self, parent: PostId, after: Option<(i64, PostId)>) -> Option<&'a Post> {
        let replies = self.state.index.children(parent)?;
        let (_, id) = match self.request.order {
            PostOrder::Best => replies.best.range(behind(after)).next(),
            PostOrder::Oldest => replies.oldest.range(behind(after)).next(),
            PostOrder::Newest => {
                let before = after.map_or(Bound::Unbounded, Bound::Excluded);
                replies.oldest.range((Bound::Unbounded, before)).next_back()
            }
        }?;
        self.state.posts.get(id)
    }

    fn post(&self, id: PostId) -> Option<&'a Post> {
        self.state.posts.get(&id).filter(|post| post.topic == self.request.topic)
    }

    fn shows(&self, post: &Post) -> bool {
        post.is_shown() && post.depth <= self.request.max_depth
    }

    fn is_below_root(&self, post: &'a Post) -> bool {
        let mut line = std::iter::successors(Some(post), |post| self.post(post.parent?));
        line.any(|post| post.id == self.request.root)
    }
}
