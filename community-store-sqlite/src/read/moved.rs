//! Topics that have moved in a listing since it was written, in the order of a walk along it.

use community_core::TopicId;

use super::Snapshot;
use super::merge::{Direction, Entry};
use crate::error::Result;
use crate::moves::List;

/// A walk along the topics that have moved in one order of one listing, to be begun when the listing
/// has been read.
#[derive(Debug)]
pub(super) struct Movers {
    list: List,
    direction: Direction,
    /// Where the last portion ended.
    behind: (i64, [u8; 16]),
    fetched: std::vec::IntoIter<Entry>,
    done: bool,
}

impl Movers {
    const PORTION: usize = 64;

    /// From behind a key and topic on.
    pub(super) fn new(list: List, direction: Direction, behind: (i64, [u8; 16])) -> Self {
        Self { list, direction, behind, fetched: Vec::new().into_iter(), done: false }
    }

    /// The next one, when it comes before an entry of the listing.
    pub(super) fn next_before(
        &mut self,
        entry: &Entry,
        snapshot: &Snapshot<'_>,
    ) -> Result<Option<Entry>> {
        let first = self.peek(snapshot)?;
        let is_first = |next: &Entry| self.direction.is_before(next, entry);
        Ok(if first.is_some_and(|next| is_first(&next)) { self.fetched.next() } else { None })
    }

    /// The next one, when the listing has no more entries.
    pub(super) fn next(&mut self, snapshot: &Snapshot<'_>) -> Result<Option<Entry>> {
        self.peek(snapshot)?;
        Ok(self.fetched.next())
    }

    fn peek(&mut self, snapshot: &Snapshot<'_>) -> Result<Option<Entry>> {
        if self.fetched.as_slice().is_empty() && !self.done {
            self.fetch(snapshot)?;
        }
        Ok(self.fetched.as_slice().first().copied())
    }

    fn fetch(&mut self, snapshot: &Snapshot<'_>) -> Result<()> {
        let Some(moves) = snapshot.moves_in(self.list)? else {
            self.done = true;
            return Ok(());
        };
        let (key, topic) = self.behind;
        let behind = (key, TopicId::from_bytes(topic));
        let found = match self.direction {
            Direction::Falling => moves.below(self.list, behind, Self::PORTION),
            Direction::Rising => moves.above(self.list, behind, Self::PORTION),
        };
        self.done = found.len() < Self::PORTION;
        if let Some((key, topic, _)) = found.last() {
            self.behind = (*key, *topic.as_bytes());
        }
        let entries = found.into_iter().map(|(key, topic, channel)| Entry { key, topic, channel });
        self.fetched = entries.collect::<Vec<_>>().into_iter();
        Ok(())
    }
}
