//! Which listings a feed is read from.
//!
//! A feed of a whole community, of one channel, of an author or of a label is a walk along one
//! listing. A feed of some channels of a community can be read in two ways: along the community's
//! listing, leaving out entries of other channels, or along the channels' listings, merged. The
//! first is faster when most of what it meets belongs to the feed, the second when little does. How
//! much that is cannot be known beforehand, so the wide way is tried first, and given up when it has
//! met too much that does not belong.

use std::rc::Rc;

use community_core::query::{FeedRequest, Listing, ListingKey, Selection, Sort};
use community_core::time::{day_of, from_micros};
use community_core::{ChannelId, Scope, Slug, TopicId};
use rustc_hash::FxHashSet;

use super::merge::{Entry, Walk, number_of};
use super::{Snapshot, counts};
use crate::error::Result;

/// The most days of which the listings are merged; a longer window is a walk along all time.
const MOST_DAYS: i32 = 40;

/// The most walks that the narrow way may take when every day has its own.
const MOST_DAY_WALKS: usize = 128;

/// What was found out about a feed before reading it.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    request: &'a FeedRequest,
    scope: &'a Scope,
    /// The selections in which there can be something.
    selections: Vec<&'a Selection>,
    parts: Vec<Part<'a>>,
}

/// One selection.
#[derive(Debug)]
struct Part<'a> {
    selection: &'a Selection,
    kind: Option<&'a Slug>,
    /// Labels of which every topic in the feed has one; `None` when there is no such set.
    cover: Option<Vec<Slug>>,
    key: ListingKey,
    /// The days of the window, when they are few and the order is kept day by day.
    days: Option<Vec<ListingKey>>,
}

/// How a feed can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Wide,
    Narrow,
}

/// A listing to walk along, and which of its entries count.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) listing: Listing,
    /// The orders in which to walk along it, merged: one, or one for each day.
    pub(super) keys: Vec<ListingKey>,
    channels: Channels<'a>,
}

/// The channels of which the entries of a listing count.
#[derive(Debug, Clone)]
enum Channels<'a> {
    /// All: the listing is of a channel that counts.
    Any,
    /// Those that the scope reads whole: the selection is the whole community.
    Whole,
    /// Those that the scope and the selection read whole.
    Read(Rc<FxHashSet<ChannelId>>),
    /// Those from which the viewer's own topics are drawn: of a selection's own channels, and of
    /// channels that the scope reads less of than the selection.
    Own(&'a [Selection]),
    /// Those that are selected, as far as the scope reads them in any way. Whether the topic
    /// belongs is seen when it is read.
    Selected(FxHashSet<ChannelId>),
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        snapshot: &Snapshot<'_>,
        request: &'a FeedRequest,
        scope: &'a Scope,
    ) -> Result<Self> {
        let (mut selections, mut parts) = (Vec::new(), Vec::new());
        for selection in &request.selection {
            if !has_kind(snapshot, request, selection)? {
                continue;
            }
            selections.push(selection);
            if request.author.is_none() && !selection.read.is_empty() {
                parts.push(Part::new(snapshot, request, selection, scope)?);
            }
        }
        Ok(Self { request, scope, selections, parts })
    }

    /// The listings to walk along.
    pub(super) fn sources(&self, way: Way) -> Vec<Source<'a>> {
        let key = ListingKey::of(self.request.sort);
        if self.selections.is_empty() {
            return Vec::new();
        }
        if let Some(author) = self.request.author {
            let is_me = self.scope.viewer().member() == Some(author);
            let own = |of: &'a Selection| of.own.iter().filter(move |_| is_me);
            let selected = self.selections.iter().flat_map(|of| of.read.iter().chain(own(of)));
            let channels = Channels::Selected(selected.copied().collect());
            return vec![Source { listing: Listing::Author(author), keys: vec![key], channels }];
        }
        let mut sources = Vec::new();
        for part in &self.parts {
            let take_narrow = match way {
                Way::Wide => part.ways() == [Way::Narrow],
                Way::Narrow => part.ways().contains(&Way::Narrow),
            };
            if take_narrow {
                part.narrow(self.scope, &mut sources)
            } else {
                part.wide(&mut sources)
            }
        }
        let selections = self.request.selection.as_slice();
        let is_own = |id: &ChannelId| self.scope.own().contains(*id);
        let has_own = selections.iter().any(|selection| {
            !selection.own.is_empty()
                || (!self.scope.own().is_empty() && selection.read.iter().any(is_own))
        });
        if let Some(me) = self.scope.viewer().member().filter(|_| has_own) {
            let channels = Channels::Own(selections);
            sources.push(Source { listing: Listing::Author(me), keys: vec![key], channels });
        }
        sources
    }

    /// How long to go on with the wide way; `None` when there is no other.
    pub(super) fn patience(&self) -> Option<Patience> {
        let open = self.parts.iter().filter(|part| part.ways().len() == 2);
        let walks: usize = open.map(|part| part.narrow_walks()).sum();
        (walks > 0).then_some(Patience { walks, limit: self.request.limit })
    }
}

/// When to give up the wide way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The walks that the narrow way takes instead.
    walks: usize,
    limit: usize,
}

impl Patience {
    /// Beginning a walk costs as much as passing by so many entries.
    const ENTRIES_PER_WALK: usize = 16;
    /// Before so many entries of other channels nothing can be said.
    const SAMPLE: usize = 32;

    /// Whether the wide way has lost, after it has passed by some entries and found some: when
    /// what is left would cost more than the other way at the rate so far, or when it has cost
    /// twice as much already.
    pub(super) fn is_lost(self, passed: usize, found: usize) -> bool {
        let narrow = Self::ENTRIES_PER_WALK * self.walks;
        let left = (self.limit + 1).saturating_sub(found) * (passed + found) / (found + 1);
        passed > Self::SAMPLE && (left > narrow || passed > 2 * narrow + self.limit)
    }
}

impl<'a> Part<'a> {
    fn new(
        snapshot: &Snapshot<'_>,
        request: &'a FeedRequest,
        selection: &'a Selection,
        scope: &Scope,
    ) -> Result<Self> {
        let community = selection.community;
        let cover = match &request.labels {
            None => None,
            Some(labels) => {
                // Costs that cannot be read are reported when the listing is.
                let cost = |label: &Slug| {
                    counts::label_total(snapshot, community, label).unwrap_or(u64::MAX)
                };
                let mut cover = labels.cover(&cost);
                // A label that the viewer does not see is on no topic.
                if let Some(cover) = &mut cover {
                    cover.retain(|label| scope.sees_label(community, label));
                }
                cover
            }
        };
        let days = match (request.sort, request.since) {
            (Sort::Top, Some(since)) => days_since(snapshot, selection, since)?,
            _ => None,
        };
        let kind = request.kind.as_ref();
        Ok(Self { selection, kind, cover, key: ListingKey::of(request.sort), days })
    }

    /// In which ways it can sensibly be read.
    fn ways(&self) -> &'static [Way] {
        let Selection { read, whole, .. } = self.selection;
        let Some(channel) = read.first() else { return &[Way::Wide] };
        let is_kept = |label: &Slug| Listing::ChannelLabel(*channel, label.clone()).keeps(self.key);
        let labels_are_kept =
            self.cover.as_ref().and_then(|cover| cover.first()).is_none_or(is_kept);
        let too_many = self.days.is_some() && self.narrow_walks() > MOST_DAY_WALKS;
        if *whole || !labels_are_kept || too_many {
            &[Way::Wide]
        } else if read.len() == 1 && (self.cover.is_some() || self.kind.is_none()) {
            &[Way::Narrow]
        } else {
            &[Way::Wide, Way::Narrow]
        }
    }

    fn narrow_walks(&self) -> usize {
        let per_channel = match (&self.cover, &self.days) {
            (Some(labels), _) => labels.len(),
            (None, Some(days)) => days.len(),
            (None, None) => 1,
        };
        self.selection.read.len() * per_channel
    }

    fn wide(&self, sources: &mut Vec<Source<'a>>) {
        let Selection { community, read, whole, .. } = self.selection;
        let channels = if *whole {
            Channels::Whole
        } else {
            Channels::Read(Rc::new(read.iter().copied().collect()))
        };
        let of_kind = self.kind.map(|kind| Listing::Kind(*community, kind.clone()));
        match (&self.cover, of_kind.filter(|listing| listing.keeps(self.key))) {
            (Some(labels), _) => sources.extend(labels.iter().map(|label| {
                self.source(Listing::Label(*community, label.clone()), channels.clone())
            })),
            (None, Some(of_kind)) => sources.push(self.source(of_kind, channels)),
            (None, None) => sources.push(self.source(Listing::Community(*community), channels)),
        }
    }

    fn narrow(&self, scope: &Scope, sources: &mut Vec<Source<'a>>) {
        for channel in self.selection.read.iter().filter(|id| scope.read().contains(**id)) {
            match &self.cover {
                Some(labels) => sources.extend(labels.iter().map(|label| {
                    self.source(Listing::ChannelLabel(*channel, label.clone()), Channels::Any)
                })),
                None => sources.push(self.source(Listing::Channel(*channel), Channels::Any)),
            }
        }
    }

    fn source(&self, listing: Listing, channels: Channels<'a>) -> Source<'a> {
        let by_day = self.days.as_ref().filter(|_| listing.keeps(ListingKey::TopOfDay(0)));
        let keys = by_day.cloned().unwrap_or_else(|| vec![self.key]);
        Source { listing, keys, channels }
    }
}

impl Source<'_> {
    /// Whether it is one walk, on which there is next to nothing that does not count.
    pub(super) fn is_pure(&self) -> bool {
        self.keys.len() == 1 && matches!(self.channels, Channels::Any | Channels::Whole)
    }

    /// Whether an entry counts, as far as its channel says.
    pub(super) fn counts(&self, entry: &Entry, scope: &Scope) -> bool {
        let Some(channel) = entry.channel else { return true };
        match &self.channels {
            Channels::Any => true,
            Channels::Whole => scope.read().contains(channel),
            Channels::Read(channels) => {
                channels.contains(&channel) && scope.read().contains(channel)
            }
            Channels::Own(selections) => selections.iter().any(|selection| {
                (scope.sees_channel(channel) && selection.own.contains(&channel))
                    || (scope.own().contains(channel) && selection.read.contains(&channel))
            }),
            Channels::Selected(channels) => {
                channels.contains(&channel) && scope.sees_channel(channel)
            }
        }
    }

    /// Whether an entry that counts belongs to the feed without a look at the topic.
    pub(super) fn decides(&self, request: &FeedRequest) -> bool {
        request.labels.is_none()
            && (request.kind.is_none() || matches!(self.listing, Listing::Kind(..)))
            && !matches!(self.channels, Channels::Selected(_))
    }
}

/// Whether there has ever been a topic of the kind asked for in a community.
fn has_kind(snapshot: &Snapshot<'_>, request: &FeedRequest, selection: &Selection) -> Result<bool> {
    let Some(kind) = &request.kind else { return Ok(true) };
    let of_kind = Listing::Kind(selection.community, kind.clone());
    Ok(number_of(snapshot, &of_kind)?.is_some())
}

/// The days from the one of an id to the newest of a community, each with its order; `None` when
/// they are many.
fn days_since(
    snapshot: &Snapshot<'_>,
    selection: &Selection,
    since: TopicId,
) -> Result<Option<Vec<ListingKey>>> {
    let all = Listing::Community(selection.community);
    let walk = Walk::start(snapshot, &all, ListingKey::New, 1)?;
    let newest = match walk {
        Some(mut walk) => walk.next(snapshot)?,
        None => None,
    };
    let last = newest.and_then(|entry| from_micros(entry.key)).map(day_of);
    // The first six bytes of an id are its millisecond.
    let millis = since.as_bytes().iter().take(6).fold(0, |ms, byte| ms << 8 | i64::from(*byte));
    let first = millis.checked_mul(1_000).and_then(from_micros).map(day_of);
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    if last.saturating_sub(first) >= MOST_DAYS {
        return Ok(None);
    }
    Ok(Some((first..=last).map(ListingKey::TopOfDay).collect()))
}

#[cfg(test)]
mod tests {
    use community_core::time::from_micros;
    use community_core::{AccessRev, CommunityId, MemberId};

    use super::*;
    use crate::{Options, SqliteStore};

    const HOME: CommunityId = CommunityId::from_bytes([1; 16]);
    const GARDEN: ChannelId = ChannelId::from_bytes([2; 16]);
    const KITCHEN: ChannelId = ChannelId::from_bytes([3; 16]);

    fn request() -> FeedRequest {
        let selection =
            Selection { community: HOME, read: vec![GARDEN], own: Vec::new(), whole: false };
        FeedRequest {
            selection: vec![selection],
            labels: None,
            kind: None,
            author: None,
            sort: Sort::Views,
            since: None,
            after: None,
            limit: 10,
            pins_of: None,
        }
    }

    fn entry(channel: ChannelId) -> Entry {
        Entry { key: 0, topic: TopicId::earliest(from_micros(0).unwrap()), channel: Some(channel) }
    }

    /// Looks at the listings that a feed is read from.
    fn with_sources<T>(
        store: &SqliteStore,
        request: &FeedRequest,
        look: impl FnOnce(&[Source<'_>], &Scope) -> T,
    ) -> T {
        let scope = Scope::system(AccessRev::default());
        let read = |snapshot: &Snapshot<'_>| {
            Ok(look(&Plan::new(snapshot, request, &scope)?.sources(Way::Wide), &scope))
        };
        store.inner.read(read).unwrap()
    }

    #[test]
    fn a_feed_of_an_author_passes_by_other_channels_without_a_look_at_the_topics() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), Options::default()).unwrap();
        let author = Some(MemberId::from_bytes([4; 16]));
        let counts =
            with_sources(&store, &FeedRequest { author, ..request() }, |sources, scope| {
                let [source] = sources else { panic!("{sources:?}") };
                [GARDEN, KITCHEN].map(|channel| source.counts(&entry(channel), scope))
            });
        assert_eq!(counts, [true, false]);
    }

    #[test]
    fn a_feed_of_a_kind_that_there_never_was_reads_no_listing() {
        let idea = Slug::new("idea").unwrap();
        for author in [None, Some(MemberId::from_bytes([4; 16]))] {
            let dir = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(dir.path(), Options::default()).unwrap();
            let request = FeedRequest { kind: Some(idea.clone()), author, ..request() };
            let read = || with_sources(&store, &request, |sources, _| sources.len());
            assert_eq!(read(), 0);
            store.inner.listings.learn([(Listing::Kind(HOME, idea.clone()), 7)]);
            assert_eq!(read(), 1);
        }
    }
}
