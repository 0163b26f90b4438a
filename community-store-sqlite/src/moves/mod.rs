//! Moves: places in the listings that have changed and are not written there yet.
//!
//! A reply moves its topic in eight sorted lists or more, a vote in twenty, each on a page of the
//! file of its own. So a move is only noted, as one row of the table `moves`, and its places are kept
//! here, in memory. When there are many, those of some lists are brought in together
//! (`commit::places`): places in one list share pages. Lists are divided among 64 shards, and
//! the one that has waited longest is next, so nobody waits for long while it is written.
//!
//! Moves are numbered, and so are the times when a shard was brought in. The highest number in the
//! table `moves` that a reader finds in its snapshot says what belongs to it: everything up to it, and
//! nothing behind. So what a reader sees is what was committed, whatever the writer is doing
//! meanwhile. What no reader can ask for any more is forgotten.

mod rows;
mod state;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use community_core::query::{Listing, ListingKey};
use community_core::{ChannelId, Topic, TopicId};
use rusqlite::Connection;

use crate::error::Result;
use crate::listings::{self, channel_of, sort_code};
use crate::read::topics;
use state::{State, shard_of};

pub(crate) use rows::{LAST, last};

/// What has moved and is not written.
#[derive(Debug)]
pub(crate) struct Moves {
    state: RwLock<State>,
    readers: Mutex<Readers>,
}

/// Which numbers are being read.
#[derive(Debug)]
struct Readers {
    /// The highest that was committed.
    committed: i64,
    /// How many readers there are that began when this was the highest.
    since: BTreeMap<i64, usize>,
}

/// A listing, by its number, in one order.
pub(crate) type List = (i64, i64);

/// A place that a topic leaves, enters, or both, in one list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shift {
    pub(crate) list: List,
    pub(crate) topic: TopicId,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    /// Its channel; `None` where all topics of the list are of one.
    pub(crate) channel: Option<ChannelId>,
}

/// How much has moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Topics that are not written where they stand, counted once in each list.
    pub(crate) waiting: usize,
    /// How many moves ago the first of them moved.
    pub(crate) age: i64,
    /// Entries that are kept for readers of what was.
    pub(crate) past: usize,
}

/// A place as a reader finds it: key, topic and channel.
pub(crate) type Found = (i64, TopicId, Option<ChannelId>);

impl Moves {
    /// What an earlier process has left.
    pub(crate) fn load(conn: &Connection) -> Result<Self> {
        let last = last(conn)?;
        let written = rows::written(conn)?;
        let written = |list: List| written.get(&shard_of(list)).copied().unwrap_or(0);
        let mut state = State::default();
        for (id, rows) in rows::by_topic(conn)? {
            let Some(now) = topics::topic(conn, id)? else { continue };
            for listing in Listing::of(&now) {
                let Some(number) = listings::find(conn, &listing)? else { continue };
                // The table has the topic as it was before the first move behind what was written.
                let is_first = |(id, _): &&(i64, _)| *id > written((number, 0));
                let Some((_, was)) = rows.iter().find(is_first) else { continue };
                let before = Topic { counters: was.clone(), ..now.clone() };
                let steps = steps(&before, &now);
                for shift in shifts((&listing, number), &now, &steps) {
                    state.add(last, shift);
                }
            }
        }
        // Until they are written, the rows are needed.
        state.all_written(|shard| written((shard, 0)));
        let readers = Readers { committed: last, since: BTreeMap::new() };
        Ok(Self { state: RwLock::new(state), readers: Mutex::new(readers) })
    }

    /// Notes that a topic has moved, in a transaction that is not committed yet: no reader sees it
    /// until then. `number` numbers listings.
    ///
    /// `last` is the highest number so far; the highest behind it is returned.
    pub(crate) fn note(
        &self,
        conn: &Connection,
        last: i64,
        (before, now): (&Topic, &Topic),
        mut number: impl FnMut(&Listing) -> Result<i64>,
    ) -> Result<i64> {
        let (steps, mut all) = (steps(before, now), Vec::new());
        for listing in Listing::of(now) {
            if steps.iter().any(|step| listing.keeps(step.order)) {
                all.extend(shifts((&listing, number(&listing)?), now, &steps));
            }
        }
        if all.is_empty() {
            return Ok(last);
        }
        let id = last + 1;
        rows::add(conn, id, now.id, &before.counters)?;
        let mut state = self.write();
        all.into_iter().for_each(|shift| state.add(id, shift));
        Ok(id)
    }

    /// Says that a topic, which stands at a key in a list, is being written where it stands. Returns
    /// the key with which the table has it, when it has moved; the change is then to be
    /// [counted](Self::settled).
    pub(crate) fn settle(
        &self,
        last: i64,
        list: List,
        topic: TopicId,
        stands: Option<i64>,
    ) -> Option<Option<i64>> {
        self.write().end(last + 1, list, topic, stands)
    }

    /// Writes that a topic has been written wherever it had moved, and returns the highest number.
    pub(crate) fn settled(&self, conn: &Connection, last: i64, topic: TopicId) -> Result<i64> {
        rows::settle(conn, last + 1, topic)?;
        Ok(last + 1)
    }

    /// Takes the shard that has waited longest, and says what is to be written. `None` when nothing
    /// waits.
    pub(crate) fn bring_in(&self, last: i64) -> Option<(i64, Vec<Shift>)> {
        self.write().bring_in(last + 1)
    }

    /// Writes that some shards have been brought in, and returns the highest number.
    pub(crate) fn brought_in(&self, conn: &Connection, last: i64, shards: &[i64]) -> Result<i64> {
        let id = last + 1;
        rows::write(conn, id, shards)?;
        let mut state = self.write();
        // What waits is told by the rows behind; when nothing does, none of them is needed.
        let written = state.written().unwrap_or(last);
        if state.may_forget_rows(written) {
            rows::forget(conn, written)?;
        }
        Ok(id)
    }

    /// A transaction was committed: readers may see everything up to this number.
    pub(crate) fn committed(&self, last: i64) {
        self.readers().committed = last;
    }

    /// A transaction was not committed: nothing behind this number has ever been.
    pub(crate) fn undone(&self, last: i64) {
        self.write().undo(last);
    }

    /// Forgets what no reader can ask for, in some shards.
    pub(crate) fn forget(&self, shards: &[i64]) {
        let floor = self.readers().floor();
        let mut state = self.write();
        shards.iter().for_each(|shard| state.forget(*shard, floor));
    }

    /// The same in all of them.
    pub(crate) fn forget_all(&self) {
        let shards = self.read().shards();
        self.forget(&shards);
    }

    /// How much there is.
    pub(crate) fn size(&self, last: i64) -> Size {
        self.read().size(last)
    }

    /// Begins to read. What was committed until now is kept until the reader is done.
    pub(crate) fn enter(&self) -> Reading<'_> {
        let mut readers = self.readers();
        let since = readers.committed;
        *readers.since.entry(since).or_default() += 1;
        Reading { moves: self, since }
    }

    /// Whether there may be any in a list, for whoever has entered.
    pub(crate) fn are_in(&self, list: List) -> bool {
        self.read().list(list).is_some()
    }

    /// What a snapshot has of which `last` is the highest number.
    pub(crate) fn as_of(&self, last: i64) -> AsOf<'_> {
        AsOf { moves: self, last }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From where to where a topic moves in an order, whatever the listing.
#[derive(Debug, Clone, Copy)]
struct Step {
    order: ListingKey,
    from: Option<i64>,
    to: Option<i64>,
}

/// What differs between a topic before and now, with other counters.
fn steps(before: &Topic, now: &Topic) -> Vec<Step> {
    let step = |order: ListingKey| Step { order, from: order.key(before), to: order.key(now) };
    ListingKey::all(now).into_iter().map(step).filter(|step| step.from != step.to).collect()
}

/// The steps of a topic that count in a listing, which has a number.
fn shifts(
    (listing, number): (&Listing, i64),
    topic: &Topic,
    steps: &[Step],
) -> impl Iterator<Item = Shift> {
    let (topic, channel) = (topic.id, channel_of(listing).is_none().then_some(topic.channel));
    let kept = steps.iter().filter(|step| listing.keeps(step.order));
    kept.map(move |Step { order, from, to }| {
        let list = (number, sort_code(*order));
        Shift { list, topic, from: *from, to: *to, channel }
    })
}

impl Readers {
    /// Nobody asks for what ended by this number.
    fn floor(&self) -> i64 {
        self.since.keys().next().copied().unwrap_or(self.committed)
    }
}

/// Somebody who reads.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    moves: &'a Moves,
    since: i64,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut readers = self.moves.readers();
        if let Some(count) = readers.since.get_mut(&self.since) {
            *count -= 1;
            if *count == 0 {
                readers.since.remove(&self.since);
            }
        }
    }
}

/// What had moved at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf<'a> {
    moves: &'a Moves,
    last: i64,
}

impl AsOf<'_> {
    /// Leaves out what does not stand where the table has it in a list.
    pub(crate) fn leave_out<T>(&self, list: List, all: &mut Vec<T>, topic: impl Fn(&T) -> TopicId) {
        if let Some(moved) = self.moves.read().list(list) {
            all.retain(|entry| !moved.hides(topic(entry), self.last));
        }
    }

    /// Where topics stand that have moved in a list: the first below a key and topic, falling.
    pub(crate) fn below(&self, list: List, behind: (i64, TopicId), limit: usize) -> Vec<Found> {
        let state = self.moves.read();
        let found = state.list(list).map(|moved| moved.below(behind, self.last).take(limit));
        found.into_iter().flatten().collect()
    }

    /// The same above, rising.
    pub(crate) fn above(&self, list: List, behind: (i64, TopicId), limit: usize) -> Vec<Found> {
        let state = self.moves.read();
        let found = state.list(list).map(|moved| moved.above(behind, self.last).take(limit));
        found.into_iter().flatten().collect()
    }
}
