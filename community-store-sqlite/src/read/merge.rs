//! Walks along listings, and several walks merged into one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use community_core::query::{Listing, ListingKey, Position};
use community_core::{ChannelId, TopicId};

use super::Snapshot;
use super::moved::Movers;
use crate::error::Result;
use crate::listings;
use crate::row::{Columns, rows};

/// Backwards along the primary key.
const FALLING: &str = "SELECT key, topic, channel FROM listing_entries
    WHERE listing = ?1 AND sort = ?2 AND (key, topic) < (?3, ?4)
    ORDER BY key DESC, topic DESC LIMIT ?5";

/// Along the primary key.
const RISING: &str = "SELECT key, topic, channel FROM listing_entries
    WHERE listing = ?1 AND sort = ?2 AND (key, topic) > (?3, ?4)
    ORDER BY key, topic LIMIT ?5";

pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("a listing, falling", FALLING),
    ("a listing, rising", RISING),
    ("the number of a listing", listings::FIND),
];

/// In which direction a listing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Falling,
    Rising,
}

impl Direction {
    /// The key and id behind which to begin: after a position, or before everything.
    pub(super) fn behind(self, after: Option<Position>) -> (i64, [u8; 16]) {
        match (after, self) {
            (Some(after), _) => (after.key, after.id.into_bytes()),
            (None, Self::Falling) => (i64::MAX, [0xff; 16]),
            (None, Self::Rising) => (i64::MIN, [0; 16]),
        }
    }

    /// Whether one entry comes before another.
    pub(super) fn is_before(self, entry: &Entry, other: &Entry) -> bool {
        match self {
            Self::Falling => entry.position() > other.position(),
            Self::Rising => entry.position() < other.position(),
        }
    }
}

/// A topic in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: i64,
    pub(super) topic: TopicId,
    /// Its channel; `None` where all topics of the listing are of one.
    pub(super) channel: Option<ChannelId>,
}

impl Entry {
    /// Reads the columns key, topic and channel.
    pub(super) fn read(columns: &mut Columns<'_, '_>) -> Result<Self> {
        Ok(Self { key: columns.get()?, topic: columns.id()?, channel: columns.opt_id()? })
    }

    pub(super) fn position(&self) -> Position {
        Position { key: self.key, id: self.topic.uuid() }
    }
}

/// A walk along one order of one listing. Entries are fetched in portions that grow as the walk
/// goes on: a page often needs no more than the first.
#[derive(Debug)]
pub(super) struct Walk {
    listing: i64,
    sort: i64,
    direction: Direction,
    /// Where the last portion ended.
    behind: (i64, [u8; 16]),
    portion: usize,
    fetched: std::vec::IntoIter<Entry>,
    done: bool,
    /// What has moved since the listing was written.
    movers: Movers,
}

impl Walk {
    const LARGEST_PORTION: usize = 512;

    /// A walk from the greatest key down. `None` when there is no such listing.
    pub(super) fn start(
        snapshot: &Snapshot<'_>,
        listing: &Listing,
        key: ListingKey,
        portion: usize,
    ) -> Result<Option<Self>> {
        let number = number_of(snapshot, listing)?;
        Ok(number.map(|number| Self::along(number, key, Direction::Falling, None, portion)))
    }

    fn along(
        listing: i64,
        key: ListingKey,
        direction: Direction,
        after: Option<Position>,
        portion: usize,
    ) -> Self {
        let (sort, behind) = (listings::sort_code(key), direction.behind(after));
        Self {
            listing,
            sort,
            direction,
            behind,
            portion: portion.clamp(1, Self::LARGEST_PORTION),
            fetched: Vec::new().into_iter(),
            done: false,
            movers: Movers::new((listing, sort), direction, behind),
        }
    }

    pub(super) fn next(&mut self, snapshot: &Snapshot<'_>) -> Result<Option<Entry>> {
        while self.fetched.as_slice().is_empty() && !self.done {
            self.fetch(snapshot)?;
        }
        let Some(entry) = self.fetched.as_slice().first() else {
            return self.movers.next(snapshot);
        };
        match self.movers.next_before(entry, snapshot)? {
            None => Ok(self.fetched.next()),
            moved => Ok(moved),
        }
    }

    fn fetch(&mut self, snapshot: &Snapshot<'_>) -> Result<()> {
        let mut statement = snapshot.prepare(match self.direction {
            Direction::Falling => FALLING,
            Direction::Rising => RISING,
        })?;
        let (key, topic) = self.behind;
        let mut rows =
            statement.query((self.listing, self.sort, key, topic, rows(self.portion)))?;
        let mut fetched = Vec::with_capacity(self.portion);
        while let Some(row) = rows.next()? {
            fetched.push(Entry::read(&mut Columns::of(row))?);
        }
        if let Some(Entry { key, topic, .. }) = fetched.last() {
            self.behind = (*key, *topic.as_bytes());
        }
        self.done = fetched.len() < self.portion;
        let list = (self.listing, self.sort);
        if let Some(moves) = snapshot.moves_in(list)? {
            moves.leave_out(list, &mut fetched, |entry| entry.topic);
        }
        self.portion = (self.portion * 2).min(Self::LARGEST_PORTION);
        self.fetched = fetched.into_iter();
        Ok(())
    }
}

/// Several walks in one direction, as if they were one. A topic that stands in several of the
/// listings has the same key in each, so its entries come one after the other.
#[derive(Debug)]
pub(super) struct Merge {
    direction: Direction,
    after: Option<Position>,
    portion: usize,
    walks: Vec<Walk>,
    heads: BinaryHeap<Head>,
}

impl Merge {
    /// Walks that begin behind a position, or at the beginning. The first `portion` of each is
    /// fetched at once.
    pub(super) fn new(direction: Direction, after: Option<Position>, portion: usize) -> Self {
        Self { direction, after, portion, walks: Vec::new(), heads: BinaryHeap::new() }
    }

    /// Adds walks along a listing, when there is such a listing. `source` comes back with each
    /// entry of it.
    pub(super) fn add(
        &mut self,
        snapshot: &Snapshot<'_>,
        listing: &Listing,
        keys: &[ListingKey],
        source: usize,
    ) -> Result<()> {
        let Some(number) = number_of(snapshot, listing)? else { return Ok(()) };
        for key in keys {
            let walk = Walk::along(number, *key, self.direction, self.after, self.portion);
            self.walks.push(walk);
            self.advance(snapshot, self.walks.len() - 1, source)?;
        }
        Ok(())
    }

    /// The next entry, and the source that it came from.
    pub(super) fn next(&mut self, snapshot: &Snapshot<'_>) -> Result<Option<(Entry, usize)>> {
        let Some(Head { entry, walk, source, .. }) = self.heads.pop() else { return Ok(None) };
        self.advance(snapshot, walk, source)?;
        Ok(Some((entry, source)))
    }

    fn advance(&mut self, snapshot: &Snapshot<'_>, walk: usize, source: usize) -> Result<()> {
        let Some(stream) = self.walks.get_mut(walk) else { return Ok(()) };
        if let Some(entry) = stream.next(snapshot)? {
            self.heads.push(Head { entry, walk, source, direction: self.direction });
        }
        Ok(())
    }
}

/// The first entry of a walk that has not been taken yet.
#[derive(Debug)]
struct Head {
    entry: Entry,
    walk: usize,
    source: usize,
    direction: Direction,
}

impl Ord for Head {
    /// The greatest comes out of the heap first. Walks break ties, so that the order is total.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.entry.position().cmp(&other.entry.position());
        let by_key = match self.direction {
            Direction::Falling => by_key,
            Direction::Rising => by_key.reverse(),
        };
        by_key.then_with(|| other.walk.cmp(&self.walk))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// The number of a listing, from memory or from the table.
pub(super) fn number_of(snapshot: &Snapshot<'_>, listing: &Listing) -> Result<Option<i64>> {
    let known = &snapshot.inner.listings;
    if let Some(number) = known.get(listing) {
        return Ok(Some(number));
    }
    let number = listings::find(snapshot.conn, listing)?;
    known.learn(number.map(|number| (listing.clone(), number)));
    Ok(number)
}
