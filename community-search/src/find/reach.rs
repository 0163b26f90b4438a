//! Who may see what, asked of each document.
//!
//! The filter stands where the search decides whether a document can be among the best, and not in
//! the query: so it is asked of few documents, and the search goes on to skip all that cannot be
//! among the best.

use community_core::TopicId;
use community_core::policy::Place;
use community_core::search::{ChannelReach, Reach};
use tantivy::{DocId, SegmentReader};

use super::columns::Columns;

/// What may be a hit.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub(super) reach: &'a Reach<'a>,
    /// Only openings, of any topic but this one.
    pub(super) openings: Option<Option<TopicId>>,
}

/// [`Allowed`] for one segment.
pub(super) struct Gate<'a> {
    allowed: Allowed<'a>,
    segment: &'a SegmentReader,
    columns: &'a Columns,
    /// By the number of a channel, as soon as one of its documents was looked at.
    channels: Vec<Option<ChannelReach>>,
}

impl<'a> Gate<'a> {
    pub(super) fn new(
        allowed: Allowed<'a>,
        segment: &'a SegmentReader,
        columns: &'a Columns,
    ) -> Self {
        Self { allowed, segment, columns, channels: vec![None; columns.channel.len()] }
    }

    /// Whether a document may be a hit.
    #[inline]
    pub(super) fn admits(&mut self, doc: DocId) -> bool {
        let number = self.columns.channel.number(doc);
        let Some(known) = self.channels.get_mut(number) else { return false };
        let reach = match known {
            Some(reach) => *reach,
            None => {
                let channel = self.columns.channel.by_number(number);
                let reach = channel.map(|channel| self.allowed.reach.channel(channel));
                *known.insert(reach.unwrap_or(ChannelReach::Nothing))
            }
        };
        let to_be_seen = match reach {
            ChannelReach::Nothing => false,
            ChannelReach::Published if self.columns.published.get(doc) => true,
            _ => self.looked_at(doc).unwrap_or(false),
        };
        to_be_seen && self.is_allowed(doc) && !self.segment.is_deleted(doc)
    }

    /// What the rule itself says of a document.
    fn looked_at(&self, doc: DocId) -> Option<bool> {
        let columns = self.columns;
        let place = Place {
            community: columns.community.get(doc)?,
            channel: columns.channel.get(doc)?,
            author: columns.topic_author.get(doc)?,
            state: columns.topic_state(doc)?,
        };
        let (author, state) = (columns.author.get(doc)?, columns.state(doc)?);
        Some(self.allowed.reach.admits(place, author, state))
    }

    #[inline]
    fn is_allowed(&self, doc: DocId) -> bool {
        let Some(except) = self.allowed.openings else { return true };
        let topic = |except: TopicId| u128::from_be_bytes(*except.as_bytes());
        self.columns.is_opening(doc)
            && except.is_none_or(|except| topic(except) != self.columns.topic(doc))
    }
}
