//! Places in listings: the difference between where a topic stood and where it stands.

use community_core::query::{Listing, ListingKey, listings as places_of};
use community_core::{ChannelId, Topic};
use rustc_hash::FxHashMap;

use super::change::Change;
use crate::error::Result;
use crate::listings::{self, channel_of, sort_code};

const ENTER: &str =
    "INSERT INTO listing_entries (listing, sort, key, topic, channel) VALUES (?1, ?2, ?3, ?4, ?5)";

/// By the primary key.
const MOVE: &str = "UPDATE listing_entries SET key = ?5, channel = ?6
    WHERE listing = ?1 AND sort = ?2 AND key = ?3 AND topic = ?4";

/// By the primary key.
const LEAVE: &str = "DELETE FROM listing_entries
    WHERE listing = ?1 AND sort = ?2 AND key = ?3 AND topic = ?4";

impl Change<'_> {
    /// Brings the listings up to date with a topic.
    pub(super) fn place(&mut self, before: Option<&Topic>, now: &Topic) -> Result<()> {
        let mut old: FxHashMap<(Listing, ListingKey), i64> = FxHashMap::default();
        for (listing, order, key) in before.map(places_of).unwrap_or_default() {
            old.insert((listing, order), key);
        }
        let id = now.id.as_bytes();
        let went_elsewhere = before.is_some_and(|before| before.channel != now.channel);
        for (listing, order, key) in places_of(now) {
            let channel = channel_of(&listing).is_none().then_some(now.channel);
            let channel = channel.as_ref().map(ChannelId::as_bytes);
            let place = (listing, order);
            let stood_at = old.remove(&place);
            if stood_at == Some(key) && !(went_elsewhere && channel.is_some()) {
                continue;
            }
            let (number, sort) = (self.number_of(&place.0)?, sort_code(place.1));
            match stood_at {
                None => self.conn.prepare_cached(ENTER)?.execute((number, sort, key, id, channel)),
                Some(old) => {
                    let params = (number, sort, old, id, key, channel);
                    self.conn.prepare_cached(MOVE)?.execute(params)
                }
            }?;
        }
        for ((listing, order), key) in old {
            let params = (self.number_of(&listing)?, sort_code(order), key, id);
            self.conn.prepare_cached(LEAVE)?.execute(params)?;
        }
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
