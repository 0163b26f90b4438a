//! Threads: the tree of posts below a root, read in pre-order from any place in it.
//!
//! The walk keeps a stack of levels, each with some siblings fetched ahead. Where a page begins
//! inside the tree, the levels above it are not built in advance: when the stack is empty, the walk
//! climbs one step and goes on behind the post it came from. So a page costs what it shows, plus a
//! step for each level, wherever it begins.

use std::collections::VecDeque;

use community_core::query::{Position, PostOrder, ThreadRequest, ThreadStart};
use community_core::store::{PostView, ThreadItem, ThreadPage};
use community_core::{Post, PostId, Scope, Unchecked};

use super::{Snapshot, posts};
use crate::error::Result;
use crate::row::rows;

/// Along `posts_by_best`, and along `posts_below` for those that are not ranked: their key is 0, and
/// so is `ranked`, which unlike a number that is written here lets SQLite merge without sorting.
const BEST: &str = "SELECT id, best_key FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 1 AND (best_key, id) > (?2, ?3)
    UNION ALL SELECT id, ranked FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 0 AND id > ?4 ORDER BY best_key, id LIMIT ?5";

/// Along `posts_below`, at two places of it in turn.
const OLDEST: &str = "SELECT id, 0 FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 0 AND id > ?4
    UNION ALL SELECT id, 0 FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 1 AND id > ?4 ORDER BY id LIMIT ?5";

/// Backwards along `posts_below`, at two places of it in turn.
const NEWEST: &str = "SELECT id, 0 FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 0 AND id < ?4
    UNION ALL SELECT id, 0 FROM posts
    WHERE parent = ?1 AND shown = 1 AND ranked = 1 AND id < ?4 ORDER BY id DESC LIMIT ?5";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("replies, best first", BEST),
    ("replies, oldest first", OLDEST),
    ("replies, newest first", NEWEST),
];

pub(super) fn page(
    snapshot: &Snapshot<'_>,
    request: &ThreadRequest,
    scope: &Scope,
) -> Result<ThreadPage> {
    let mut page = ThreadPage { items: Vec::new(), more: false };
    let Some(root) = posts::view(snapshot, request.root)? else { return Ok(page) };
    let place = root.place;
    let is_readable = scope.admits(place, place.author, place.state);
    if root.post.topic != request.topic || !root.post.is_shown() || !is_readable {
        return Ok(page);
    }

    let mut walk = Walk { snapshot, request, levels: Vec::new(), climb: Vec::new().into_iter() };
    let mut next = match request.start {
        ThreadStart::Root => Some(root),
        ThreadStart::At(id) => match walk.begin_at(id, None)? {
            Some(post) if post.is_shown() && post.depth <= request.max_depth => {
                posts::view(snapshot, id)?
            }
            _ => return Ok(page),
        },
        ThreadStart::After(Position { key, id }) => {
            let stood = (key != Position::UNTOLD).then_some(key);
            match walk.begin_at(PostId::from_uuid(id), stood)? {
                Some(post) => walk.descend(&post),
                None => return Ok(page),
            }
            walk.next(request.limit)?
        }
    };
    while let Some(view) = next {
        if page.items.len() == request.limit {
            page.more = true;
            break;
        }
        walk.descend(&view.post);
        let is_admitted = scope.admits(view.place, view.post.author, view.post.state);
        let position = request.order.place_told(&view.post, is_admitted);
        page.items.push((position, Unchecked::new(ThreadItem::Post(Box::new(view)))));
        next = walk.next(request.limit - page.items.len())?;
    }
    Ok(page)
}

struct Walk<'a> {
    snapshot: &'a Snapshot<'a>,
    request: &'a ThreadRequest,
    /// From the one where the page began down to the present one.
    levels: Vec<Level>,
    /// Where to go on when there is no level left: behind each of these, from below.
    climb: std::vec::IntoIter<(Post, i64)>,
}

/// The replies to one post, as far as they have not been shown yet.
struct Level {
    parent: PostId,
    behind: (i64, [u8; 16]),
    fetched: VecDeque<PostId>,
    done: bool,
}

impl Walk<'_> {
    /// Prepares to go on behind a post, with what lies above it up to the root. `key` says where
    /// it stood when that is not where it stands. `None` when it is not below the root.
    fn begin_at(&mut self, id: PostId, key: Option<i64>) -> Result<Option<Post>> {
        let Some(first) = posts::post(self.snapshot.conn, id)? else { return Ok(None) };
        let mut path = Vec::new();
        let (mut at, mut at_key) = (first.clone(), key);
        // The depth of a post bounds the way to the top.
        for _ in 0..=first.depth {
            if at.id == self.request.root {
                self.climb = path.into_iter();
                return Ok(Some(first));
            }
            let Some(parent) = at.parent else { return Ok(None) };
            let key = at_key.take().unwrap_or_else(|| self.request.order.key(&at));
            path.push((at, key));
            let Some(above) = posts::post(self.snapshot.conn, parent)? else { return Ok(None) };
            at = above;
        }
        Ok(None)
    }

    /// Goes on with the replies to a post.
    fn descend(&mut self, post: &Post) {
        if post.counters.children > 0 && post.depth < self.request.max_depth {
            let behind = match self.request.order {
                PostOrder::Best | PostOrder::Oldest => (i64::MIN, [0; 16]),
                PostOrder::Newest => (i64::MAX, [0xff; 16]),
            };
            self.levels.push(Level::new(post.id, behind));
        }
    }

    /// The next post in pre-order; `room` says how many fit on the page.
    fn next(&mut self, room: usize) -> Result<Option<PostView>> {
        loop {
            if let Some(level) = self.levels.last_mut() {
                match level.next(self.snapshot, self.request.order, room + 1)? {
                    None => drop(self.levels.pop()),
                    Some(id) => {
                        if let Some(view) = posts::view(self.snapshot, id)? {
                            return Ok(Some(view));
                        }
                    }
                }
                continue;
            }
            let Some((from, key)) = self.climb.next() else { return Ok(None) };
            let parent = from.parent.filter(|_| from.depth <= self.request.max_depth);
            self.levels.extend(parent.map(|id| Level::new(id, (key, *from.id.as_bytes()))));
        }
    }
}

impl Level {
    fn new(parent: PostId, behind: (i64, [u8; 16])) -> Self {
        Self { parent, behind, fetched: VecDeque::new(), done: false }
    }

    fn next(
        &mut self,
        snapshot: &Snapshot<'_>,
        order: PostOrder,
        portion: usize,
    ) -> Result<Option<PostId>> {
        if self.fetched.is_empty() && !self.done {
            let mut statement = snapshot.prepare(match order {
                PostOrder::Best => BEST,
                PostOrder::Oldest => OLDEST,
                PostOrder::Newest => NEWEST,
            })?;
            let (key, id) = self.behind;
            let params =
                (self.parent.as_bytes(), key, id, self.behind_among_equals(), rows(portion));
            let mut found = statement.query(params)?;
            while let Some(row) = found.next()? {
                let (id, key) = (row.get(0)?, row.get(1)?);
                self.fetched.push_back(PostId::from_bytes(id));
                self.behind = (key, id);
            }
            self.done = self.fetched.len() < portion;
        }
        Ok(self.fetched.pop_front())
    }

    /// Behind which id to go on among those whose key is 0: those that are not ranked, and all by
    /// age.
    fn behind_among_equals(&self) -> [u8; 16] {
        let (key, id) = self.behind;
        match key {
            ..0 => [0; 16],
            0 => id,
            1.. => [0xff; 16],
        }
    }
}
