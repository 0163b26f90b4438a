//! Which lists a feed is read from.

use std::collections::BTreeSet;

use community_core::query::{FeedRequest, Listing, ListingKey, Selection, Sort};
use community_core::time::{day_of, from_micros};
use community_core::{ChannelId, CommunityId, Slug, TopicId};

use super::Filter;
use super::walk::{Row, Rows, merge, walk};
use crate::state::State;

/// The longest window of which the days are merged.
const MOST_DAYS: i32 = 40;

/// Rows of a community's list that are looked at, for each topic of a page, before its channels are
/// merged instead.
const ROWS_PER_TOPIC: usize = 64;

/// All rows that may fit, and some that do not, in order and each once.
pub(super) fn rows<'a>(
    state: &'a State,
    request: &'a FeedRequest,
    filter: &Filter<'_>,
) -> Rows<'a> {
    let order = Order::new(state, request);
    let mut lists = BTreeSet::new();
    let mut rows = Vec::new();
    for selection in &request.selection {
        match order.shortest(filter, selection) {
            Source::Lists(of_selection) => lists.extend(of_selection),
            Source::Channels(community, channels) => rows.push(order.channels(community, channels)),
        }
        lists.extend(filter.own_author(selection).map(Listing::Author));
    }
    rows.extend(lists.iter().flat_map(|listing| order.walks(listing, order.after)));
    merge(rows, order.rising)
}

/// Lists that hold, together, everything of a selection that fits and is read whole.
enum Source<'a> {
    Lists(Vec<Listing>),
    Channels(CommunityId, &'a [ChannelId]),
}

/// The order of a request and the place where it goes on.
#[derive(Clone, Copy)]
struct Order<'a> {
    state: &'a State,
    key: ListingKey,
    /// The first and last day whose lists stand in for the one under `key`.
    days: Option<(i32, i32)>,
    rising: bool,
    after: Option<Row>,
    limit: usize,
}

impl<'a> Order<'a> {
    fn new(state: &'a State, request: &FeedRequest) -> Self {
        Self {
            state,
            key: ListingKey::of(request.sort),
            days: days(state, request),
            rising: request.sort == Sort::Oldest,
            after: request.after.map(|place| (place.key, TopicId::from_uuid(place.id))),
            limit: request.limit,
        }
    }

    /// The source with the fewest rows, of those that keep this order.
    fn shortest<'s>(&self, filter: &Filter<'_>, selection: &'s Selection) -> Source<'s> {
        let FeedRequest { author, kind, .. } = filter.request;
        let Selection { community, read, own: _, whole } = selection;
        let community = *community;
        let widest = match read.as_slice() {
            _ if *whole => Source::Lists(vec![Listing::Community(community)]),
            [] => return Source::Lists(Vec::new()),
            [channel] => Source::Lists(vec![Listing::Channel(*channel)]),
            // The days of a window hold few topics: going through all of them costs less than
            // opening a list for each channel and day.
            _ if self.days.is_some() => Source::Lists(vec![Listing::Community(community)]),
            channels => Source::Channels(community, channels),
        };
        let mut narrower = Vec::new();
        narrower.extend(author.map(|author| vec![Listing::Author(author)]));
        if let Some(labels) = filter.labels.get(&community) {
            let listing = |label: &Slug| self.of_label(selection, label);
            let cover = labels.cover(&|label| self.len(&listing(label)) as u64);
            narrower.extend(cover.map(|labels| labels.iter().map(listing).collect()));
        }
        narrower.extend(kind.clone().map(|kind| vec![Listing::Kind(community, kind)]));
        narrower.retain(|lists: &Vec<_>| lists.iter().all(|list| self.keeps(list)));
        if narrower.is_empty() {
            return widest;
        }
        let narrower = narrower.into_iter().map(Source::Lists);
        narrower
            .chain([widest])
            .min_by_key(|s| self.rows_in(s))
            .unwrap_or(Source::Lists(Vec::new()))
    }

    fn of_label(&self, selection: &Selection, label: &Slug) -> Listing {
        if let ([channel], false) = (selection.read.as_slice(), selection.whole) {
            let narrow = Listing::ChannelLabel(*channel, label.clone());
            if self.keeps(&narrow) {
                return narrow;
            }
        }
        Listing::Label(selection.community, label.clone())
    }

    /// Under which keys a list has to be read to come out in this order.
    fn keys(&self, listing: &Listing) -> impl Iterator<Item = ListingKey> + use<> {
        let days = self.days.filter(|(first, _)| listing.keeps(ListingKey::TopOfDay(*first)));
        let plain = (days.is_none() && self.keeps(listing)).then_some(self.key);
        let days = days.into_iter().flat_map(|(first, last)| first..=last);
        days.map(ListingKey::TopOfDay).chain(plain)
    }

    fn keeps(&self, listing: &Listing) -> bool {
        listing.keeps(self.key)
    }

    fn rows_in(&self, source: &Source<'_>) -> usize {
        match source {
            Source::Lists(lists) => lists.iter().map(|listing| self.len(listing)).sum(),
            Source::Channels(_, channels) => {
                channels.iter().map(|channel| self.len(&Listing::Channel(*channel))).sum()
            }
        }
    }

    fn len(&self, listing: &Listing) -> usize {
        let list = |key| self.state.index.listing(listing, key);
        self.keys(listing).filter_map(list).map(BTreeSet::len).sum()
    }

    /// The rows of a list behind a place; several streams when it is read day by day.
    fn walks(self, listing: &Listing, after: Option<Row>) -> Vec<Rows<'a>> {
        let lists = self.keys(listing).filter_map(|key| self.state.index.listing(listing, key));
        lists.map(|list| walk(list, self.rising, after)).collect()
    }

    /// The rows of many channels of one community, with others among them.
    fn channels(self, community: CommunityId, channels: &'a [ChannelId]) -> Rows<'a> {
        let mut near = merge(self.walks(&Listing::Community(community), self.after), self.rising);
        let mut left = self.limit.saturating_mul(ROWS_PER_TOPIC);
        let mut reached = self.after;
        let mut far = None;
        Box::new(std::iter::from_fn(move || {
            if left > 0 {
                left -= 1;
                // The end of the community's list is the end of its channels' lists.
                reached = Some(near.next()?);
                return reached;
            }
            let open = |channel: &ChannelId| self.walks(&Listing::Channel(*channel), reached);
            far.get_or_insert_with(|| merge(channels.iter().flat_map(open).collect(), self.rising))
                .next()
        }))
    }
}

/// The days whose lists of highest scores hold everything that is young enough; `None` when the
/// request is not for those, or for too many of them.
fn days(state: &State, request: &FeedRequest) -> Option<(i32, i32)> {
    let since = request.since.filter(|_| request.sort == Sort::Top)?;
    let millis = i64::try_from(since.uuid().as_u128() >> 80).ok()?;
    let first = day_of(from_micros(millis.checked_mul(1_000)?)?);
    // No clock here: the last day is that of the newest topic.
    let newest = request.selection.iter().filter_map(|selection| {
        let listing = Listing::Community(selection.community);
        state.index.listing(&listing, ListingKey::New)?.last().map(|(created, _)| *created)
    });
    let last = newest.max().and_then(from_micros).map_or(first, day_of);
    (last.saturating_sub(first) < MOST_DAYS).then_some((first, last))
}
