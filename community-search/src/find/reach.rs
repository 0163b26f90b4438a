//! Who may see what, asked of each document.
//!
//! The filter stands where the search decides whether a document can be among the best, and not in
//! the query: so it is asked of few documents, and the search goes on to skip all that cannot be
//! among the best.

use community_core::policy::Place;
use community_core::search::{ChannelReach, Reach};
use community_core::{ChannelId, TopicId};
use tantivy::{DocId, SegmentReader};

use super::columns::{Opened, OpenedSegment, Places};
use super::door::{Chosen, Door};

/// What may be a hit.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub(super) reach: &'a Reach<'a>,
    /// Only openings, of any topic but this one.
    pub(super) openings: Option<Option<TopicId>>,
}

/// How much of each channel of a snapshot is within reach, as soon as one of its documents was
/// looked at. So a search asks once for each channel, however many segments there are.
pub(super) struct Channels<'a> {
    reach: &'a Reach<'a>,
    channels: &'a [ChannelId],
    known: Vec<Option<ChannelReach>>,
}

impl<'a> Channels<'a> {
    pub(super) fn new(allowed: Allowed<'a>, opened: &'a Opened) -> Self {
        let channels = opened.channels.as_slice();
        Self { reach: allowed.reach, channels, known: vec![None; channels.len()] }
    }

    #[inline]
    fn get(&mut self, place: usize) -> ChannelReach {
        match (self.known.get_mut(place), self.channels.get(place)) {
            (Some(Some(known)), _) => *known,
            (Some(unknown), Some(channel)) => *unknown.insert(self.reach.channel(*channel)),
            _ => ChannelReach::Nothing,
        }
    }
}

/// [`Allowed`] for one segment.
pub(super) struct Gate<'a, 'b> {
    allowed: Allowed<'a>,
    segment: &'a SegmentReader,
    opened: &'a OpenedSegment,
    channels: &'b mut Channels<'a>,
    /// By place, whether anything may be seen there, as far as it is known.
    open: Vec<bool>,
}

impl<'a, 'b> Gate<'a, 'b> {
    pub(super) fn new(
        allowed: Allowed<'a>,
        segment: &'a SegmentReader,
        opened: &'a OpenedSegment,
        channels: &'b mut Channels<'a>,
    ) -> Self {
        // What cannot be told at a glance has no entry, and so is never left out.
        let open = vec![true; (opened.channels.len() * 2).min(Places::ELSEWHERE.into())];
        Self { allowed, segment, opened, channels, open }
    }

    /// The number of a document's channel within the segment, and whether it is published.
    #[inline]
    fn place(&self, doc: DocId) -> (usize, bool) {
        let columns = &self.opened.columns;
        let place = Places::unpack(columns.places.get(doc));
        place.unwrap_or_else(|| (columns.channel.number(doc), columns.published.get(doc)))
    }

    /// What the rule itself says of a document, in a channel of which so much is within reach.
    fn looked_at(&self, doc: DocId, reach: ChannelReach) -> Option<bool> {
        let columns = &self.opened.columns;
        if columns.topic_author.get(doc).is_none() {
            // What is nobody's own is for those who read the channel.
            return Some(reach == ChannelReach::Published && self.is_within_bounds(doc));
        }
        let place = Place {
            community: columns.community.get(doc)?,
            channel: columns.channel.get(doc)?,
            author: columns.topic_author.get(doc)?,
            state: columns.topic_state(doc)?,
        };
        let (author, state) = (columns.author.get(doc)?, columns.state(doc)?);
        let reach = self.allowed.reach;
        Some(reach.admits(place, author, state) && self.is_within_bounds(doc))
    }

    /// Whether the viewer sees all that a page is made of; of a post nothing is asked.
    fn is_within_bounds(&self, doc: DocId) -> bool {
        let sees = |(place, author, state)| self.allowed.reach.sees(place, author, state);
        self.opened.columns.bounds(doc).all(|bound| bound.is_some_and(sees))
    }

    #[inline]
    fn is_allowed(&self, doc: DocId) -> bool {
        let Some(except) = self.allowed.openings else { return true };
        let topic = |except: TopicId| u128::from_be_bytes(*except.as_bytes());
        self.opened.columns.is_opening(doc)
            && except.is_none_or(|except| topic(except) != self.opened.columns.topic(doc))
    }
}

impl Door for Gate<'_, '_> {
    #[inline]
    fn admits(&mut self, doc: DocId) -> bool {
        let (number, is_published) = self.place(doc);
        let Some(place) = self.opened.channels.get(number) else { return false };
        let reach = self.channels.get(*place);
        let to_be_seen = match reach {
            ChannelReach::Nothing => {
                self.open.iter_mut().skip(number * 2).take(2).for_each(|open| *open = false);
                false
            }
            ChannelReach::Published if is_published => true,
            _ => self.looked_at(doc, reach).unwrap_or(false),
        };
        to_be_seen && self.is_allowed(doc) && !self.segment.is_deleted(doc)
    }

    #[inline]
    fn sift(&self, docs: &[DocId], chosen: &mut Chosen) {
        let places = &self.opened.columns.places;
        chosen.retain(|at| {
            let place = docs.get(at).map_or(Places::ELSEWHERE, |doc| places.get(*doc));
            self.open.get(usize::from(place)).is_none_or(|open| *open)
        });
    }
}
