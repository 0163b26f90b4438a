//! Moves: places in the listings that have changed and are not written there yet.
//!
//! A reply moves its topic in eight sorted lists or more, a vote in twenty, each on a page of the
//! file of its own. So a move is only noted, as one row of the table `moves`, and its places are kept
//! here, in memory. When there are many, those of some lists are brought in together
//! (`commit::places`): places in one list share pages. Lists are divided among [`SHARDS`] shards, and
//! the one that has waited longest is next, so nobody waits for long while it is written.
//!
//! Moves are numbered, and so are the times when a shard was brought in. The highest number in the
//! table `moves` that a reader finds in its snapshot says what belongs to it: everything up to it, and
//! nothing behind. So what a reader sees is what was committed, whatever the writer is doing
//! meanwhile. What no reader can ask for any more is forgotten.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use community_core::query::{Listing, ListingKey};
use community_core::time::to_micros;
use community_core::{ChannelId, Topic, TopicCounters, TopicId};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::listings::{self, channel_of, sort_code};
use crate::read::topics;
use crate::row::Columns;

/// The end of the table, which is never empty.
pub(crate) const LAST: &str = "SELECT max(id) FROM moves";

const ADD: &str = "INSERT INTO moves (id, topic, ups, downs, answers, accepted, views, active_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const SETTLE: &str = "INSERT INTO moves (id, topic) VALUES (?1, ?2)";

const COUNT: &str = "INSERT INTO moves (id) VALUES (?1)";

/// The whole table, which is as long as [`Options::moves`](crate::Options::moves) lets it become.
const ALL: &str = "SELECT id, topic, ups, downs, answers, accepted, views, active_at FROM moves
    WHERE topic IS NOT NULL ORDER BY id";

const FORGET: &str = "DELETE FROM moves WHERE id <= ?1";

const WRITTEN: &str = "SELECT shard, id FROM moves_written";

const WRITE: &str = "INSERT INTO moves_written (shard, id) VALUES (?1, ?2)
    ON CONFLICT DO UPDATE SET id = excluded.id";

/// Among so many shards listings are divided, by their numbers.
const SHARDS: i64 = 64;

/// Rows of the table are deleted when they are so many.
const MANY_ROWS: i64 = 1_024;

/// What has moved and is not written.
#[derive(Debug)]
pub(crate) struct Moves {
    state: RwLock<State>,
    readers: Mutex<Readers>,
}

#[derive(Debug, Default)]
struct State {
    shards: BTreeMap<i64, Shard>,
    /// How many topics are not written where they stand, counted once in each list.
    waiting: usize,
    /// How many entries there are only for readers of what was.
    past: usize,
    /// The rows of the table up to it have been deleted.
    forgotten: i64,
}

/// The lists of the listings whose numbers leave the same rest.
#[derive(Debug, Default)]
struct Shard {
    /// All moves up to this one are written in its lists.
    written: i64,
    waiting: usize,
    lists: BTreeMap<List, Moved>,
}

/// A listing, by its number, in one order.
pub(crate) type List = (i64, i64);

/// What has moved in one list.
#[derive(Debug, Default)]
struct Moved {
    /// When the table does not have a topic where it stands in this list.
    waiting: FxHashMap<TopicId, Vec<Waiting>>,
    /// Where it stands instead: key, topic, and the number of the move that led there.
    places: BTreeMap<(i64, TopicId, i64), Standing>,
}

#[derive(Debug)]
struct Waiting {
    span: Span,
    /// The key with which the table has it; `None` when it does not.
    written: Option<i64>,
}

#[derive(Debug)]
struct Standing {
    span: Span,
    /// Its channel; `None` where all topics of the list are of one.
    channel: Option<ChannelId>,
}

/// From which number on, and before which, something holds.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: i64,
    until: i64,
}

/// Which numbers are being read.
#[derive(Debug)]
struct Readers {
    /// The highest that was committed.
    committed: i64,
    /// How many readers there are that began when this was the highest.
    since: BTreeMap<i64, usize>,
}

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
        let written: FxHashMap<i64, i64> = conn
            .prepare_cached(WRITTEN)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let written = |list: List| written.get(&shard_of(list)).copied().unwrap_or(0);
        let mut state = State::default();
        for (id, rows) in rows_by_topic(conn)? {
            let Some(now) = topics::topic(conn, id)? else { continue };
            for listing in Listing::of(&now) {
                let Some(number) = listings::find(conn, &listing)? else { continue };
                // The table has the topic as it was before the first move behind what was written.
                let is_first = |(id, _): &&(i64, _)| *id > written((number, 0));
                let Some((_, was)) = rows.iter().find(is_first) else { continue };
                let before = Topic { counters: was.clone(), ..now.clone() };
                for shift in shifts(&listing, number, &before, &now) {
                    state.add(last, shift);
                }
            }
        }
        // Until they are written, the rows are needed.
        for (number, shard) in &mut state.shards {
            shard.written = written((*number, 0));
        }
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
        let mut all = Vec::new();
        for listing in Listing::of(now) {
            all.extend(shifts(&listing, number(&listing)?, before, now));
        }
        if all.is_empty() {
            return Ok(last);
        }
        let id = last + 1;
        let TopicCounters { ups, downs, answers, accepted, views, active_at, .. } =
            &before.counters;
        let active_at = to_micros(*active_at);
        let row = (id, now.id.as_bytes(), ups, downs, answers, accepted, views, active_at);
        conn.prepare_cached(ADD)?.execute(row)?;
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
        conn.prepare_cached(SETTLE)?.execute((last + 1, topic.as_bytes()))?;
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
        conn.prepare_cached(COUNT)?.execute([id])?;
        for shard in shards {
            conn.prepare_cached(WRITE)?.execute((shard, id))?;
        }
        let mut state = self.write();
        let written = state.written().unwrap_or(last);
        if written - state.forgotten > MANY_ROWS || state.waiting == 0 {
            conn.prepare_cached(FORGET)?.execute([written])?;
            state.forgotten = written;
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

    /// Forgets what no reader can ask for.
    pub(crate) fn forget(&self) {
        let floor = self.readers().floor();
        self.write().forget(floor);
    }

    /// How much there is.
    pub(crate) fn size(&self, last: i64) -> Size {
        let state = self.read();
        let age = state.written().map_or(0, |written| last - written);
        Size { waiting: state.waiting, age, past: state.past }
    }

    /// Begins to read. What was committed until now is kept until the reader is done.
    pub(crate) fn enter(&self) -> Reading<'_> {
        let mut readers = self.readers();
        let since = readers.committed;
        *readers.since.entry(since).or_default() += 1;
        Reading { moves: self, since }
    }

    /// What a snapshot has of which `last` is the highest number; `None` when everything in it is
    /// written where it stands.
    pub(crate) fn as_of(&self, last: i64) -> Option<AsOf<'_>> {
        let State { waiting, past, .. } = *self.read();
        (waiting + past > 0).then_some(AsOf { moves: self, last })
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

/// The highest number of a snapshot.
pub(crate) fn last(conn: &Connection) -> Result<i64> {
    Ok(conn.prepare_cached(LAST)?.query_row([], |row| row.get(0))?)
}

/// The moves of each topic since it was written as a whole: their numbers, and the counters before.
type Rows = FxHashMap<TopicId, Vec<(i64, TopicCounters)>>;

fn rows_by_topic(conn: &Connection) -> Result<Rows> {
    let mut by_topic = Rows::default();
    let mut statement = conn.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut columns = Columns::of(row);
        let (id, topic) = (columns.get()?, columns.id()?);
        let Some(ups) = columns.get::<Option<i64>>()? else {
            by_topic.remove(&topic);
            continue;
        };
        let counters = TopicCounters {
            ups,
            downs: columns.get()?,
            answers: columns.get()?,
            accepted: columns.get()?,
            views: columns.get()?,
            ..TopicCounters::new(columns.time()?)
        };
        by_topic.entry(topic).or_default().push((id, counters));
    }
    Ok(by_topic)
}

/// What differs in a listing between a topic before and now, with other counters.
fn shifts(listing: &Listing, number: i64, before: &Topic, now: &Topic) -> Vec<Shift> {
    let (topic, channel) = (now.id, channel_of(listing).is_none().then_some(now.channel));
    let shift = |order: ListingKey| {
        let (from, to) = (order.key(before), order.key(now));
        let list = (number, sort_code(order));
        (from != to).then_some(Shift { list, topic, from, to, channel })
    };
    let kept = ListingKey::all(now).into_iter().filter(|order| listing.keeps(*order));
    kept.filter_map(shift).collect()
}

impl State {
    /// Everything up to this move is written in all lists; `None` when nothing waits at all.
    fn written(&self) -> Option<i64> {
        let waiting = self.shards.values().filter(|shard| shard.waiting > 0);
        waiting.map(|shard| shard.written).min()
    }

    fn add(&mut self, id: i64, shift: Shift) {
        let Shift { list, topic, from, to, channel } = shift;
        let shard = self.shards.entry(shard_of(list)).or_default();
        if shard.waiting == 0 {
            shard.written = id - 1;
        }
        let moved = shard.lists.entry(list).or_default();
        let (mut waiting, mut past) = (0, 0);
        let spans = moved.waiting.entry(topic).or_default();
        if spans.last().is_some_and(|waiting| waiting.span.is_open()) {
            past = moved.leave(id, topic, from);
        } else {
            waiting = 1;
            spans.push(Waiting { span: Span::since(id), written: from });
        }
        if let Some(key) = to {
            moved.places.insert((key, topic, id), Standing { span: Span::since(id), channel });
        }
        shard.waiting += waiting;
        self.waiting += waiting;
        self.past += past;
    }

    fn end(
        &mut self,
        id: i64,
        list: List,
        topic: TopicId,
        stands: Option<i64>,
    ) -> Option<Option<i64>> {
        let shard = self.shards.get_mut(&shard_of(list))?;
        let moved = shard.lists.get_mut(&list)?;
        let waiting = moved.waiting.get_mut(&topic)?.last_mut()?;
        if !waiting.span.is_open() {
            return None;
        }
        waiting.span.until = id;
        let written = waiting.written;
        let past = 1 + moved.leave(id, topic, stands);
        shard.waiting -= 1;
        self.waiting -= 1;
        self.past += past;
        Some(written)
    }

    fn bring_in(&mut self, id: i64) -> Option<(i64, Vec<Shift>)> {
        let waiting = self.shards.iter_mut().filter(|(_, shard)| shard.waiting > 0);
        let (number, shard) = waiting.min_by_key(|(_, shard)| shard.written)?;
        let (mut all, mut past) = (Vec::with_capacity(shard.waiting), 0);
        for (list, moved) in &mut shard.lists {
            let before = all.len();
            past += moved.bring_in(id, *list, &mut all);
            // In the order of the list, so that what shares a page is written together.
            if let Some(of_list) = all.get_mut(before..) {
                of_list.sort_unstable_by_key(|shift| (shift.from.or(shift.to), shift.topic));
            }
        }
        self.waiting -= shard.waiting;
        (shard.waiting, shard.written) = (0, id);
        self.past += past;
        Some((*number, all))
    }

    fn undo(&mut self, last: i64) {
        for Shard { written, lists, .. } in self.shards.values_mut() {
            for moved in lists.values_mut() {
                for spans in moved.waiting.values_mut() {
                    spans.retain_mut(|waiting| waiting.span.undo(last));
                    if let Some(waiting) = spans.last().filter(|waiting| waiting.span.is_open()) {
                        *written = (*written).min(waiting.span.from - 1);
                    }
                }
                moved.places.retain(|_, standing| standing.span.undo(last));
            }
        }
        self.count();
    }

    fn forget(&mut self, floor: i64) {
        for shard in self.shards.values_mut() {
            for moved in shard.lists.values_mut() {
                moved.waiting.retain(|_, spans| {
                    spans.retain(|waiting| waiting.span.until > floor);
                    !spans.is_empty()
                });
                moved.places.retain(|_, standing| standing.span.until > floor);
            }
            shard.lists.retain(|_, moved| !moved.waiting.is_empty() || !moved.places.is_empty());
        }
        self.count();
    }

    fn count(&mut self) {
        (self.waiting, self.past) = (0, 0);
        for shard in self.shards.values_mut() {
            shard.waiting = 0;
            for moved in shard.lists.values() {
                let spans = moved.waiting.values().flatten();
                let (open, past): (Vec<_>, Vec<_>) =
                    spans.partition(|waiting| waiting.span.is_open());
                shard.waiting += open.len();
                let left = moved.places.values().filter(|standing| !standing.span.is_open());
                self.past += past.len() + left.count();
            }
            self.waiting += shard.waiting;
        }
    }
}

impl Moved {
    /// Ends where a topic stands. Returns how many entries are past by that.
    fn leave(&mut self, id: i64, topic: TopicId, stands: Option<i64>) -> usize {
        let Some(key) = stands else { return 0 };
        let at_key = self.places.range_mut((key, topic, i64::MIN)..=(key, topic, i64::MAX));
        match at_key.map(|(_, standing)| &mut standing.span).find(|span| span.is_open()) {
            Some(span) => {
                span.until = id;
                1
            }
            None => 0,
        }
    }

    /// Ends all that waits. Returns how many entries are past by that.
    fn bring_in(&mut self, id: i64, list: List, all: &mut Vec<Shift>) -> usize {
        let mut now: FxHashMap<TopicId, (i64, Option<ChannelId>)> = FxHashMap::default();
        let mut past = 0;
        let open = self.places.iter_mut().filter(|(_, standing)| standing.span.is_open());
        for ((key, topic, _), standing) in open {
            standing.span.until = id;
            past += 1;
            now.insert(*topic, (*key, standing.channel));
        }
        for (topic, spans) in &mut self.waiting {
            let Some(waiting) = spans.last_mut().filter(|waiting| waiting.span.is_open()) else {
                continue;
            };
            waiting.span.until = id;
            past += 1;
            let (to, channel) = now.get(topic).map_or((None, None), |(key, of)| (Some(*key), *of));
            if waiting.written != to {
                all.push(Shift { list, topic: *topic, from: waiting.written, to, channel });
            }
        }
        past
    }
}

impl Span {
    fn since(from: i64) -> Self {
        Self { from, until: i64::MAX }
    }

    fn is_open(self) -> bool {
        self.until == i64::MAX
    }

    fn holds(self, at: i64) -> bool {
        self.from <= at && at < self.until
    }

    /// Takes back what was said behind a number. Says whether anything is left.
    fn undo(&mut self, last: i64) -> bool {
        if self.until > last {
            self.until = i64::MAX;
        }
        self.from <= last
    }
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
    /// Whether a topic does not stand where the table has it in a list.
    pub(crate) fn hides(&self, list: List, topic: TopicId) -> bool {
        self.in_list(list, false, |moved| {
            let spans = moved.waiting.get(&topic);
            spans.is_some_and(|all| all.iter().any(|waiting| waiting.span.holds(self.last)))
        })
    }

    /// Where topics stand that have moved in a list: the first below a key and topic, falling.
    pub(crate) fn below(
        &self,
        list: List,
        (key, topic): (i64, TopicId),
        limit: usize,
    ) -> Vec<Found> {
        self.in_list(list, Vec::new(), |moved| {
            let below = moved.places.range(..(key, topic, i64::MIN)).rev();
            below.filter_map(|place| self.found(place)).take(limit).collect()
        })
    }

    /// The same above, rising.
    pub(crate) fn above(
        &self,
        list: List,
        (key, topic): (i64, TopicId),
        limit: usize,
    ) -> Vec<Found> {
        self.in_list(list, Vec::new(), |moved| {
            let behind = Bound::Excluded((key, topic, i64::MAX));
            let above = moved.places.range((behind, Bound::Unbounded));
            above.filter_map(|place| self.found(place)).take(limit).collect()
        })
    }

    fn in_list<T>(&self, list: List, without: T, look: impl FnOnce(&Moved) -> T) -> T {
        let state = self.moves.read();
        let shard = state.shards.get(&shard_of(list));
        shard.and_then(|shard| shard.lists.get(&list)).map_or(without, look)
    }

    fn found(
        &self,
        ((key, topic, _), standing): (&(i64, TopicId, i64), &Standing),
    ) -> Option<Found> {
        standing.span.holds(self.last).then_some((*key, *topic, standing.channel))
    }
}

fn shard_of((listing, _): List) -> i64 {
    listing.rem_euclid(SHARDS)
}
