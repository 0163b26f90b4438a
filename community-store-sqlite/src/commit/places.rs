//! Places in listings: where a topic stood, and where it stands.
//!
//! A topic whose counters have changed has moved. That is only noted; see `moves`. What else may
//! change where a topic stands, such as a label, is written at once. What has been noted is brought
//! in when there is much of it, some lists at a time.

use community_core::query::{Listing, ListingKey, listings as places_of};
use community_core::{ChannelId, Topic};
use rustc_hash::FxHashMap;

use super::change::Change;
use crate::error::Result;
use crate::listings::{self, channel_of, sort_code};
use crate::moves::{List, Shift};

const ENTER: &str =
    "INSERT INTO listing_entries (listing, sort, key, topic, channel) VALUES (?1, ?2, ?3, ?4, ?5)";

/// By the primary key.
const MOVE: &str = "UPDATE listing_entries SET key = ?5, channel = ?6
    WHERE listing = ?1 AND sort = ?2 AND key = ?3 AND topic = ?4";

/// By the primary key.
const LEAVE: &str = "DELETE FROM listing_entries
    WHERE listing = ?1 AND sort = ?2 AND key = ?3 AND topic = ?4";

impl Change<'_> {
    /// Sees to it that a topic is found where it stands.
    pub(super) fn place(&mut self, before: Option<&Topic>, now: &Topic) -> Result<()> {
        if let Some(before) = before.filter(|before| stand_alike(before, now)) {
            let (conn, moves, last) = (self.conn, &self.inner.moves, self.group.number);
            let number = |listing: &Listing| self.number_of(listing);
            self.group.number = moves.note(conn, last, (before, now), number)?;
            return Ok(());
        }
        let mut written = match before {
            Some(before) => self.written(before)?,
            None => FxHashMap::default(),
        };
        let went_elsewhere = before.is_some_and(|before| before.channel != now.channel);
        for (listing, order, key) in places_of(now) {
            let channel = channel_of(&listing).is_none().then_some(now.channel);
            let list = (self.number_of(&listing)?, sort_code(order));
            let from = written.remove(&list);
            if from != Some(key) || (went_elsewhere && channel.is_some()) {
                self.shift(&Shift { list, topic: now.id, from, to: Some(key), channel })?;
            }
        }
        for (list, key) in written {
            let (from, to) = (Some(key), None);
            self.shift(&Shift { list, topic: now.id, from, to, channel: None })?;
        }
        Ok(())
    }

    /// Where the listings have a topic, by list; it will stand there, or be taken away.
    fn written(&mut self, topic: &Topic) -> Result<FxHashMap<List, i64>> {
        let (mut written, mut had_moved) = (FxHashMap::default(), false);
        for listing in Listing::of(topic) {
            let number = self.number_of(&listing)?;
            for order in ListingKey::all(topic).into_iter().filter(|order| listing.keeps(*order)) {
                let (list, stands) = ((number, sort_code(order)), order.key(topic));
                let moves = &self.inner.moves;
                let moved = moves.settle(self.group.number, list, topic.id, stands);
                had_moved |= moved.is_some();
                written.extend(moved.unwrap_or(stands).map(|key| (list, key)));
            }
        }
        if had_moved {
            let last = self.group.number;
            self.group.number = self.inner.moves.settled(self.conn, last, topic.id)?;
        }
        Ok(written)
    }

    /// Brings in what has waited longest, a shard at a time, until no more than so much waits. Returns
    /// which.
    pub(super) fn bring_in(&mut self, down_to: usize) -> Result<Vec<i64>> {
        let (moves, mut shards) = (&self.inner.moves, Vec::new());
        while moves.size(self.group.number).waiting > down_to
            && let Some((shard, shifts)) = moves.bring_in(self.group.number)
        {
            shifts.iter().try_for_each(|shift| self.shift(shift))?;
            shards.push(shard);
        }
        self.group.number = moves.brought_in(self.conn, self.group.number, &shards)?;
        Ok(shards)
    }

    fn shift(&self, shift: &Shift) -> Result<()> {
        let Shift { list: (listing, sort), topic, from, to, channel } = shift;
        let (topic, channel) = (topic.as_bytes(), channel.as_ref().map(ChannelId::as_bytes));
        match (from, to) {
            (Some(from), Some(to)) => {
                let params = (listing, sort, from, topic, to, channel);
                self.conn.prepare_cached(MOVE)?.execute(params)
            }
            (None, Some(to)) => {
                self.conn.prepare_cached(ENTER)?.execute((listing, sort, to, topic, channel))
            }
            (Some(from), None) => {
                self.conn.prepare_cached(LEAVE)?.execute((listing, sort, from, topic))
            }
            (None, None) => Ok(0),
        }?;
        Ok(())
    }

    /// The number of a listing, which gets one when it has none.
    fn number_of(&mut self, listing: &Listing) -> Result<i64> {
        let known = self.group.listings.get(listing).copied();
        let known = known.or_else(|| self.inner.listings.get(listing));
        if let Some(number) = known {
            return Ok(number);
        }
        let number = match listings::find(self.conn, listing)? {
            Some(number) => number,
            None => listings::add(self.conn, listing)?,
        };
        self.group.listings.insert(listing.clone(), number);
        Ok(number)
    }
}

/// Whether two states of a topic differ in counters only, as far as its places go.
fn stand_alike(before: &Topic, now: &Topic) -> bool {
    let place = |topic: &Topic| (topic.community, topic.channel, topic.author, topic.state);
    let rank = |topic: &Topic| (topic.answerable, topic.hot_scale, topic.created_at);
    place(before) == place(now)
        && rank(before) == rank(now)
        && before.kind == now.kind
        && before.labels == now.labels
}
