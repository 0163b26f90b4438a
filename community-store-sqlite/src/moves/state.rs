//! Moves in memory: of each list, what is not written as it is, from which number on and until which.

use std::collections::BTreeMap;
use std::ops::Bound;

use community_core::{ChannelId, TopicId};
use rustc_hash::FxHashMap;

use super::{Found, List, Shift, Size};

/// Rows of the table are deleted when they are so many.
const MANY_ROWS: i64 = 1_024;

/// Among so many shards listings are divided, by their numbers.
const SHARDS: i64 = 64;

/// All that has moved.
#[derive(Debug, Default)]
pub(super) struct State {
    shards: FxHashMap<i64, Shard>,
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
    lists: FxHashMap<List, Moved>,
}

/// What has moved in one list.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// When the table does not have a topic where it stands in this list.
    waiting: FxHashMap<TopicId, Vec<Waiting>>,
    /// Where it stands instead.
    places: BTreeMap<Place, Standing>,
}

/// Key, topic, and the number of the move that led there.
type Place = (i64, TopicId, i64);

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

impl State {
    pub(super) fn size(&self, last: i64) -> Size {
        let age = self.written().map_or(0, |written| last - written);
        Size { waiting: self.waiting, age, past: self.past }
    }

    pub(super) fn shards(&self) -> Vec<i64> {
        self.shards.keys().copied().collect()
    }

    pub(super) fn list(&self, list: List) -> Option<&Moved> {
        self.shards.get(&shard_of(list))?.lists.get(&list)
    }

    /// Says of all shards up to where they are written.
    pub(super) fn all_written(&mut self, up_to: impl Fn(i64) -> i64) {
        self.shards.iter_mut().for_each(|(number, shard)| shard.written = up_to(*number));
    }

    /// Whether it is worth while to delete the rows up to one.
    pub(super) fn may_forget_rows(&mut self, written: i64) -> bool {
        let are_many = written - self.forgotten > MANY_ROWS || self.waiting == 0;
        if are_many {
            self.forgotten = written;
        }
        are_many
    }

    /// Everything up to this move is written in all lists; `None` when nothing waits at all.
    pub(super) fn written(&self) -> Option<i64> {
        let waiting = self.shards.values().filter(|shard| shard.waiting > 0);
        waiting.map(|shard| shard.written).min()
    }

    /// A topic moves in a list.
    pub(super) fn add(&mut self, id: i64, shift: Shift) {
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

    /// A topic is written where it stands in a list. Returns with which key it was; `None` when it had
    /// not moved.
    pub(super) fn end(
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

    /// Everything in the shard that has waited longest is written where it stands.
    pub(super) fn bring_in(&mut self, id: i64) -> Option<(i64, Vec<Shift>)> {
        let waiting = self.shards.iter_mut().filter(|(_, shard)| shard.waiting > 0);
        let (number, shard) = waiting.min_by_key(|(number, shard)| (shard.written, **number))?;
        let (mut all, mut past) = (Vec::with_capacity(shard.waiting), 0);
        for (list, moved) in &mut shard.lists {
            past += moved.bring_in(id, *list, &mut all);
        }
        // List by list and in the order of each, so that what shares a page is written together.
        all.sort_unstable_by_key(|shift| (shift.list, shift.from.or(shift.to), shift.topic));
        self.waiting -= shard.waiting;
        (shard.waiting, shard.written) = (0, id);
        self.past += past;
        Some((*number, all))
    }

    /// Takes back everything behind a number.
    pub(super) fn undo(&mut self, last: i64) {
        for Shard { written, lists, .. } in self.shards.values_mut() {
            for moved in lists.values_mut() {
                moved.places.retain(|_, standing| standing.span.undo(last));
                moved.waiting.retain(|_, spans| {
                    spans.retain_mut(|waiting| waiting.span.undo(last));
                    if let Some(waiting) = spans.last().filter(|waiting| waiting.span.is_open()) {
                        *written = (*written).min(waiting.span.from - 1);
                    }
                    !spans.is_empty()
                });
            }
            lists.retain(|_, moved| !moved.is_empty());
        }
        self.count();
    }

    /// Forgets what ended by a number, in one shard.
    pub(super) fn forget(&mut self, shard: i64, floor: i64) {
        let Some(shard) = self.shards.get_mut(&shard) else { return };
        let mut forgotten = 0;
        let mut is_needed = |span: Span| {
            forgotten += usize::from(span.until <= floor);
            span.until > floor
        };
        for moved in shard.lists.values_mut() {
            moved.places.retain(|_, standing| is_needed(standing.span));
            moved.waiting.retain(|_, spans| {
                spans.retain(|waiting| is_needed(waiting.span));
                !spans.is_empty()
            });
        }
        shard.lists.retain(|_, moved| !moved.is_empty());
        self.past -= forgotten;
    }

    /// Counts anew what there is.
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
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.places.is_empty()
    }

    /// Whether the table does not have a topic where it stands at a number.
    pub(super) fn hides(&self, topic: TopicId, at: i64) -> bool {
        let spans = self.waiting.get(&topic);
        spans.is_some_and(|spans| spans.iter().any(|waiting| waiting.span.holds(at)))
    }

    /// Where topics stand at a number, below a key and topic, falling.
    pub(super) fn below(
        &self,
        (key, topic): (i64, TopicId),
        at: i64,
    ) -> impl Iterator<Item = Found> {
        let below = self.places.range(..(key, topic, i64::MIN)).rev();
        below.filter_map(move |place| found(place, at))
    }

    /// The same above, rising.
    pub(super) fn above(
        &self,
        (key, topic): (i64, TopicId),
        at: i64,
    ) -> impl Iterator<Item = Found> {
        let behind = Bound::Excluded((key, topic, i64::MAX));
        let above = self.places.range((behind, Bound::Unbounded));
        above.filter_map(move |place| found(place, at))
    }

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

fn found(((key, topic, _), standing): (&Place, &Standing), at: i64) -> Option<Found> {
    standing.span.holds(at).then_some((*key, *topic, standing.channel))
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

/// The shard of a list.
pub(super) fn shard_of((listing, _): List) -> i64 {
    listing.rem_euclid(SHARDS)
}
