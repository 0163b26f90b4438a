//! Threads: the whole tree in pre-order, then the part asked for.

use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{ThreadItem, ThreadPage};
use community_core::{Post, PostId, Scope, Unchecked};

use super::State;

impl State {
    /// A page of a thread.
    pub(super) fn thread(&self, request: &ThreadRequest, scope: &Scope) -> ThreadPage {
        let mut stack = self.start(request, scope);
        let mut items = Vec::new();
        while let Some(id) = stack.pop() {
            let Some(view) = self.view(id) else { continue };
            stack.extend(self.replies(request, id).into_iter().map(|post| post.id));
            if items.len() == request.limit {
                return ThreadPage { items, more: true };
            }
            let key = if scope.admits(view.place, view.post.author, view.post.state) {
                request.order.key(&view.post)
            } else {
                Position::UNTOLD
            };
            let position = Position { key, id: id.uuid() };
            items.push((position, Unchecked::new(ThreadItem::Post(Box::new(view)))));
        }
        ThreadPage { items, more: false }
    }

    /// What is still to be read at the beginning of the page, the next one last.
    fn start(&self, request: &ThreadRequest, scope: &Scope) -> Vec<PostId> {
        let in_topic = |id| self.posts.get(&id).filter(|post| post.topic == request.topic);
        let root = in_topic(request.root).filter(|root| root.is_shown());
        if self.topic_for(request.topic, scope).is_none() || root.is_none() {
            return Vec::new();
        }
        let (first, key) = match request.start {
            ThreadStart::Root => return vec![request.root],
            ThreadStart::At(id) => (id, None),
            ThreadStart::After(Position { key, id }) => {
                (PostId::from_uuid(id), Some(key).filter(|key| *key != Position::UNTOLD))
            }
        };
        let shows = |post: &Post| post.is_shown() && post.depth <= request.max_depth;
        let is_after = matches!(request.start, ThreadStart::After(_));
        let begins = is_after || self.posts.get(&first).is_some_and(shows);
        let Some(path) = self.path(request, first).filter(|_| begins) else { return Vec::new() };
        let mut stack = Vec::new();
        for step in path.windows(2) {
            let [parent, child] = step else { continue };
            let key = key.filter(|_| *child == first);
            stack.extend(self.behind(request, *parent, *child, key));
        }
        match request.start {
            ThreadStart::After(_) => {
                stack.extend(self.replies(request, first).iter().map(|p| p.id))
            }
            _ => stack.push(first),
        }
        stack
    }

    /// The posts from the root down to this one; `None` when it is not below the root.
    fn path(&self, request: &ThreadRequest, to: PostId) -> Option<Vec<PostId>> {
        let mut path = vec![to];
        let mut at = self.posts.get(&to)?;
        while at.id != request.root {
            at = self.posts.get(&at.parent?)?;
            path.push(at.id);
        }
        path.reverse();
        Some(path)
    }

    /// The replies to `parent` behind `child`, the first one last. `key` is where `child` stood,
    /// when that is not where it stands.
    fn behind(
        &self,
        request: &ThreadRequest,
        parent: PostId,
        child: PostId,
        key: Option<i64>,
    ) -> Vec<PostId> {
        let Some(key) = key.or_else(|| self.posts.get(&child).map(|post| request.order.key(post)))
        else {
            return Vec::new();
        };
        let place = Position { key, id: child.uuid() };
        let replies = self.replies(request, parent).into_iter();
        let behind = replies.filter(|post| {
            let other = Position { key: request.order.key(post), id: post.id.uuid() };
            match request.order {
                PostOrder::Best | PostOrder::Oldest => other > place,
                PostOrder::Newest => other < place,
            }
        });
        behind.map(|post| post.id).collect()
    }

    /// The replies to a post that the thread shows, the first one last.
    fn replies(&self, request: &ThreadRequest, parent: PostId) -> Vec<&Post> {
        let of_parent = self.posts.values().filter(|post| post.parent == Some(parent));
        let mut replies: Vec<&Post> = of_parent.collect();
        replies.retain(|post| post.is_shown() && post.depth <= request.max_depth);
        replies.sort_by_key(|post| (request.order.key(post), post.id));
        match request.order {
            PostOrder::Best | PostOrder::Oldest => replies.reverse(),
            PostOrder::Newest => {}
        }
        replies
    }
}
