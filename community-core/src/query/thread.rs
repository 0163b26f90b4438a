//! Threads: the posts of a topic as a tree, page by page.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Position;
use crate::domain::Post;
use crate::error::Error;
use crate::id::{PostId, TopicId};

/// The order of posts among their siblings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PostOrder {
    /// Accepted answers first, then by score, then the older one.
    #[default]
    Best,
    /// Oldest first. The older of two is the one with the smaller id: an id begins with the
    /// millisecond of creation.
    Oldest,
    /// Newest first.
    Newest,
}

impl PostOrder {
    /// All orders.
    pub const ALL: [Self; 3] = [Self::Best, Self::Oldest, Self::Newest];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Oldest => "oldest",
            Self::Newest => "newest",
        }
    }

    /// The key by which a post is sorted: rising for best and oldest, falling for newest; ids
    /// break ties in the same direction. By age all keys are 0, and ids alone decide.
    #[must_use]
    pub fn key(self, post: &Post) -> i64 {
        match self {
            Self::Best => best_key(post),
            Self::Oldest | Self::Newest => 0,
        }
    }

    /// The place that a cursor tells. By age the id says it all; cursors of earlier versions hold
    /// the time as well.
    pub(crate) fn place_of(self, told: Position) -> Position {
        match self {
            Self::Best => told,
            Self::Oldest | Self::Newest => Position { key: 0, ..told },
        }
    }

    /// The place of a post as a page tells it: under its key, or under [`Position::UNTOLD`] when
    /// the viewer gets a placeholder, since the key tells the score of the post and whether it is
    /// accepted.
    #[must_use]
    pub fn place_told(self, post: &Post, is_admitted: bool) -> Position {
        let key = if is_admitted { self.key(post) } else { Position::UNTOLD };
        Position { key, id: post.id.uuid() }
    }
}

impl fmt::Display for PostOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PostOrder {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|order| order.as_str() == text)
            .ok_or_else(|| Error::invalid(format!("there is no order `{}`", text.escape_debug())))
    }
}

/// The best-first key of a post, smallest first: accepted ones before all others, then the higher
/// score. Among equals the smaller, that is older, id comes first.
#[must_use]
pub fn best_key(post: &Post) -> i64 {
    const ACCEPTED: i64 = 1 << 40;
    let score = post.score().clamp(-ACCEPTED / 4, ACCEPTED / 4);
    -(score + if post.accepted.is_some() { ACCEPTED } else { 0 })
}

/// Which part of a thread a caller wants.
///
/// ```
/// use community_core::{PostOrder, ThreadQuery};
/// // The first answers with their comments, newest first, ten posts a page.
/// let query = ThreadQuery {
///     order: PostOrder::Newest,
///     depth: Some(2),
///     limit: Some(10),
///     ..ThreadQuery::default()
/// };
/// assert_eq!(query.after, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadQuery {
    /// The order among siblings.
    pub order: PostOrder,
    /// Levels below the root to show; `None` is all.
    pub depth: Option<u32>,
    /// The post whose subtree is wanted; `None` is the topic's first post.
    pub root: Option<PostId>,
    /// Begin at this post instead of at the root, as a permalink does. The page is empty when the
    /// thread does not show the post: taken back, without replies.
    pub around: Option<PostId>,
    /// Posts a page; `None` is 20.
    pub limit: Option<usize>,
    /// The cursor of the page before.
    pub after: Option<String>,
}

/// Which part of a thread a store is asked for.
///
/// The tree below `root` is read in pre-order: a post, then its replies in `order`, each with its
/// own replies. Only posts that a thread shows ([`Post::is_shown`]) are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadRequest {
    /// The topic.
    pub topic: TopicId,
    /// The post on top.
    pub root: PostId,
    /// The order among siblings.
    pub order: PostOrder,
    /// The greatest depth, counted from the topic's first post.
    pub max_depth: u32,
    /// Where to begin.
    pub start: ThreadStart,
    /// At most so many, 1 or more.
    pub limit: usize,
}

/// Where a page of a thread begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadStart {
    /// With the root.
    Root,
    /// With this post; with nothing when the thread does not show it.
    At(PostId),
    /// Behind this post, which stood at this place when the page before was read; with the key
    /// [`Position::UNTOLD`], behind the place where it stands now. It need not be shown any more.
    After(Position),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_age_the_key_of_a_cursor_is_of_no_account() {
        let told = Position { key: 1_700_000_000_000_000, id: uuid::Uuid::from_u128(7) };
        for order in [PostOrder::Oldest, PostOrder::Newest] {
            assert_eq!(order.place_of(told), Position { key: 0, ..told });
        }
        assert_eq!(PostOrder::Best.place_of(told), told);
    }
}
