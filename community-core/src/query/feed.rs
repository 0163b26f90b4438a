//! Feeds: lists of topics.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{LabelExpr, Position};
use crate::error::Error;
use crate::id::{ChannelId, CommunityId, MemberId, TopicId};
use crate::text::Slug;

/// The order of a feed. Every order is by one whole number, then by id, both falling, except
/// [`Sort::Oldest`], which is [`Sort::New`] read backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    New,
    /// Last activity first.
    Active,
    /// By [`rank::hot`](crate::rank::hot).
    Hot,
    /// Highest score first.
    Top,
    /// Most views first.
    Views,
    /// Topics that take answers and have none, newest first.
    Unanswered,
    /// Topics that take answers and have no accepted one, newest first.
    Unsolved,
    /// Oldest first.
    Oldest,
}

impl Sort {
    /// All orders.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Active,
        Self::Hot,
        Self::Top,
        Self::Views,
        Self::Unanswered,
        Self::Unsolved,
        Self::Oldest,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Hot => "hot",
            Self::Top => "top",
            Self::Views => "views",
            Self::Unanswered => "unanswered",
            Self::Unsolved => "unsolved",
            Self::Oldest => "oldest",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sort {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|sort| sort.as_str() == text)
            .ok_or_else(|| Error::invalid(format!("there is no sort `{}`", text.escape_debug())))
    }
}

/// How old topics may be, counted back from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Any age.
    #[default]
    All,
    /// So many days, from 1 to 3,660.
    Days(u16),
}

impl Window {
    /// The most days.
    const MOST: u16 = 3_660;

    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Days(days) if !(1..=Self::MOST).contains(&days) => {
                Err(Error::invalid("a window is `all` or a number of days like `30d`"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Days(days) => write!(f, "{days}d"),
        }
    }
}

impl FromStr for Window {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "all" {
            return Ok(Self::All);
        }
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        let window = Self::Days(days.unwrap_or(0));
        window.check().map(|()| window)
    }
}

/// Which feed a caller wants.
///
/// ```
/// use community_core::{FeedQuery, Sort};
/// # fn main() -> Result<(), community_core::Error> {
/// let query = FeedQuery::community("garden".parse()?)
///     .channel("vegetables".parse()?)
///     .labels("tomatoes and not (greenhouse or balcony)".parse()?)
///     .sort(Sort::Hot)
///     .limit(50);
/// assert_eq!(query.limit, Some(50));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedQuery {
    /// The communities, by key; none is every community that the viewer sees. What a community
    /// offers, and what it pins, holds for feeds of that community alone.
    pub communities: Vec<Slug>,
    /// The channels, each with those below it; none is every channel. Needs one community, named.
    pub channels: Vec<Slug>,
    /// The labels. Needs one community, named.
    pub labels: Option<LabelExpr>,
    /// The kind.
    pub kind: Option<Slug>,
    /// The author.
    pub author: Option<MemberId>,
    /// The order; `None` is the first one that the channel or community offers, and across
    /// communities [`Sort::New`].
    pub sort: Option<Sort>,
    /// How old topics may be. Only with [`Sort::Top`], [`Sort::Hot`] and [`Sort::Views`].
    pub window: Window,
    /// Topics a page; `None` is 20.
    pub limit: Option<usize>,
    /// The cursor of the page before.
    pub after: Option<String>,
}

impl FeedQuery {
    /// Everything of one community.
    #[must_use]
    pub fn community(key: Slug) -> Self {
        Self { communities: vec![key], ..Self::default() }
    }

    /// Everything of every community that the viewer sees.
    #[must_use]
    pub fn home() -> Self {
        Self::default()
    }

    /// Only this channel and those below it; may be called for several.
    #[must_use]
    pub fn channel(mut self, key: Slug) -> Self {
        self.channels.push(key);
        self
    }

    /// Only topics with these labels.
    #[must_use]
    pub fn labels(mut self, labels: LabelExpr) -> Self {
        self.labels = Some(labels);
        self
    }

    /// Only this kind.
    #[must_use]
    pub fn kind(mut self, kind: Slug) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only topics of this author.
    #[must_use]
    pub fn author(mut self, author: MemberId) -> Self {
        self.author = Some(author);
        self
    }

    /// In this order.
    #[must_use]
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = Some(sort);
        self
    }

    /// Only topics of the last days.
    #[must_use]
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// So many a page.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The page behind this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }
}

/// Which feed a store is asked for: a [`FeedQuery`] worked out under a scope.
///
/// A topic belongs to it when all of this holds: the scope admits it; it is published; the
/// selection holds its channel; its labels, kind, author and age fit. Topics come in the order of
/// `sort`, strictly behind `after`.
///
/// A label that does not exist for the viewer is on no topic, as far as `labels` can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// From where.
    pub selection: Vec<Selection>,
    /// With which labels.
    pub labels: Option<LabelExpr>,
    /// Of which kind.
    pub kind: Option<Slug>,
    /// By whom.
    pub author: Option<MemberId>,
    /// In which order.
    pub sort: Sort,
    /// Not created before this id could have been minted: with this id or a greater one.
    pub since: Option<TopicId>,
    /// Behind this place.
    pub after: Option<Position>,
    /// At most so many, 1 or more.
    pub limit: usize,
    /// The community whose pinned topics are wanted beside the page, whatever the page is drawn
    /// from.
    pub pins_of: Option<CommunityId>,
}

/// Channels of one community from which a feed is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The community.
    pub community: CommunityId,
    /// The channels that are read whole. They lie inside the scope already, as the engine has
    /// worked it out; a store checks again.
    pub read: Vec<ChannelId>,
    /// The channels in which the viewer reads own topics only: only topics that the scope's viewer
    /// started are drawn from these.
    pub own: Vec<ChannelId>,
    /// Whether `read` is every channel of the community, so that one index can serve it.
    pub whole: bool,
}
