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
    let tree = Tree { state, request };
    let mut next = tree.start();
    while let Some(post) = next {
        if page.items.len() == request.limit {
            page.more = true;
            break;
        }
        let position = Position { key: request.order.key(post), id: post.id.uuid() };
        page.items.push((position, item(state, post, topic.place(), scope)?));
        next = tree.following(post, request.order.key(post));
    }
    Ok(page)
}

fn item(
    state: &State,
    post: &Post,
    place: Place,
    scope: &Scope,
) -> Result<Unchecked<ThreadItem>, StoreError> {
    let item = if scope.admits(place, post.author, post.state) {
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

/// The tree that a request is about: the root and the shown posts below it, down to a depth.
struct Tree<'a> {
    state: &'a State,
    request: &'a ThreadRequest,
}

impl<'a> Tree<'a> {
    /// The first post of the page.
    fn start(&self) -> Option<&'a Post> {
        let root = self.post(self.request.root).filter(|root| self.shows(root))?;
        match self.request.start {
            ThreadStart::Root => Some(root),
            ThreadStart::At(id) => {
                self.post(id).filter(|post| self.shows(post) && self.is_below_root(post))
            }
            // It need not be shown any more: its place among its siblings is known without it.
            ThreadStart::After(Position { key, id }) => {
                let post = self.post(PostId::from_uuid(id))?;
                self.is_below_root(post).then(|| self.following(post, key)).flatten()
            }
        }
    }

    /// The post behind `post` in pre-order. `key` is where `post` stands among its siblings, or, for
    /// the one with which the page before ended, where it stood then: so that none of those that
    /// stood behind it is left out or comes twice because of a vote.
    fn following(&self, post: &'a Post, key: i64) -> Option<&'a Post> {
        if post.depth < self.request.max_depth
            && let Some(first) = self.reply(post.id, None)
        {
            return Some(first);
        }
        let (mut post, mut key) = (post, key);
        while post.id != self.request.root {
            let parent = self.post(post.parent?)?;
            if let Some(sibling) = self.reply(parent.id, Some((key, post.id))) {
                return Some(sibling);
            }
            (post, key) = (parent, self.request.order.key(parent));
        }
        None
    }

    /// The first shown reply to a post, or the first behind a place among them.
    fn reply(&self, parent: PostId, after: Option<(i64, PostId)>) -> Option<&'a Post> {
        let replies = self.state.index.children(parent)?;
        let (_, id) = match self.request.order {
            PostOrder::Best => replies.best.range(behind(after)).next(),
            PostOrder::Oldest => replies.created.range(behind(after)).next(),
            PostOrder::Newest => {
                let before = after.map_or(Bound::Unbounded, Bound::Excluded);
                replies.created.range((Bound::Unbounded, before)).next_back()
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
