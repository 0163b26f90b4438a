//! Listings: the sorted lists in which a topic stands.
//!
//! A feed page is a walk along one listing, or a merge of a few. Which listings a topic stands in,
//! and under which key, is a pure function of the topic: a store applies the difference between
//! before and after a commit, and verification recomputes it.

use crate::domain::{State, Topic};
use crate::id::{ChannelId, CommunityId, MemberId};
use crate::rank;
use crate::text::Slug;
use crate::time::{day_of, to_micros};

use super::Sort;

/// What a listing lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Listing {
    /// All topics of a community.
    Community(CommunityId),
    /// The topics of one channel, without those of channels below it.
    Channel(ChannelId),
    /// The topics of a community with a label.
    Label(CommunityId, Slug),
    /// The topics of one channel with a label.
    ChannelLabel(ChannelId, Slug),
    /// The topics of a community of one kind.
    Kind(CommunityId, Slug),
    /// The topics that a member started, in all communities.
    Author(MemberId),
}

/// By what a listing is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListingKey {
    /// Creation, in microseconds.
    New,
    /// Last activity, in microseconds.
    Active,
    /// [`rank::hot`].
    Hot,
    /// Score.
    Top,
    /// Score, of topics created on one day (counted from 1970-01-01).
    TopOfDay(i32),
    /// Views.
    Views,
    /// Creation, of topics that take answers and have none.
    Unanswered,
    /// Creation, of topics that take answers and have accepted none.
    Unsolved,
}

impl ListingKey {
    /// All orders in which a topic can stand.
    #[must_use]
    pub fn all(topic: &Topic) -> [Self; 8] {
        let day = day_of(topic.created_at);
        let (top, of_day) = (Self::Top, Self::TopOfDay(day));
        [
            Self::New,
            Self::Active,
            Self::Hot,
            top,
            of_day,
            Self::Views,
            Self::Unanswered,
            Self::Unsolved,
        ]
    }

    /// The listing that serves a sort order.
    #[must_use]
    pub const fn of(sort: Sort) -> Self {
        match sort {
            Sort::New | Sort::Oldest => Self::New,
            Sort::Active => Self::Active,
            Sort::Hot => Self::Hot,
            Sort::Top => Self::Top,
            Sort::Views => Self::Views,
            Sort::Unanswered => Self::Unanswered,
            Sort::Unsolved => Self::Unsolved,
        }
    }

    /// The key of a topic in this order; `None` when the topic does not belong there.
    #[must_use]
    pub fn key(self, topic: &Topic) -> Option<i64> {
        let created = to_micros(topic.created_at);
        match self {
            Self::New => Some(created),
            Self::Active => Some(to_micros(topic.counters.active_at)),
            Self::Hot => Some(rank::hot(topic.score(), created, topic.hot_scale)),
            Self::Top => Some(topic.score()),
            Self::TopOfDay(day) => (day == day_of(topic.created_at)).then(|| topic.score()),
            Self::Views => Some(topic.counters.views),
            Self::Unanswered => {
                (topic.answerable && topic.counters.answers == 0).then_some(created)
            }
            Self::Unsolved => (topic.answerable && topic.counters.accepted == 0).then_some(created),
        }
    }
}

impl Listing {
    /// The listings in which a topic stands, in one order or more. A topic that is not published
    /// stands in none.
    #[must_use]
    pub fn of(topic: &Topic) -> Vec<Self> {
        if topic.state != State::Published {
            return Vec::new();
        }
        let mut listings = vec![
            Self::Community(topic.community),
            Self::Channel(topic.channel),
            Self::Kind(topic.community, topic.kind.clone()),
            Self::Author(topic.author),
        ];
        for label in &topic.labels {
            listings.push(Self::Label(topic.community, label.clone()));
            listings.push(Self::ChannelLabel(topic.channel, label.clone()));
        }
        listings
    }

    /// Whether a listing of this sort keeps an order; what it does not keep is found by walking an
    /// order that it or a wider listing does keep.
    #[must_use]
    pub fn keeps(&self, key: ListingKey) -> bool {
        use ListingKey::{Active, Hot, New, Top, TopOfDay};
        match self {
            Self::Community(_) | Self::Channel(_) => true,
            // A day's top is kept where windows are asked for most; elsewhere the walk is short.
            Self::Label(..) | Self::Author(_) => !matches!(key, TopOfDay(_)),
            Self::ChannelLabel(..) | Self::Kind(..) => matches!(key, New | Active | Hot | Top),
        }
    }
}

/// The places of a topic: each listing in which it stands, with the order and its key there.
#[must_use]
pub fn listings(topic: &Topic) -> Vec<(Listing, ListingKey, i64)> {
    let mut places = Vec::new();
    let keys = ListingKey::all(topic).map(|order| (order, order.key(topic)));
    for listing in Listing::of(topic) {
        for (order, key) in keys {
            if let Some(key) = key.filter(|_| listing.keeps(order)) {
                places.push((listing.clone(), order, key));
            }
        }
    }
    places
}
