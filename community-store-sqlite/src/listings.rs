//! Listings by number.
//!
//! A listing is named by a kind, an owner and sometimes a name. Entries of listings are the most
//! numerous rows of all, so the table `listings` gives each listing a small number, once. Numbers
//! are never changed or taken back, and are kept in memory by those who have looked one up.

use std::sync::{PoisonError, RwLock};

use community_core::query::{Listing, ListingKey};
use community_core::{ChannelId, Slug};
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use crate::error::Result;

/// By the unique key (kind, owner, name).
pub(crate) const FIND: &str =
    "SELECT id FROM listings WHERE kind = ?1 AND owner = ?2 AND name = ?3";

const ADD: &str = "INSERT INTO listings (kind, owner, name) VALUES (?1, ?2, ?3)";

/// Numbers that were looked up. All are committed.
#[derive(Debug, Default)]
pub(crate) struct Known(RwLock<FxHashMap<Listing, i64>>);

impl Known {
    /// Beyond so many, all are forgotten: some 6 MiB.
    const MOST: usize = 1 << 16;

    pub(crate) fn get(&self, listing: &Listing) -> Option<i64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(listing).copied()
    }

    pub(crate) fn learn(&self, numbers: impl IntoIterator<Item = (Listing, i64)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(numbers);
        if known.len() > Self::MOST {
            known.clear();
        }
    }
}

/// The number of a listing, as far as this connection's snapshot knows one.
pub(crate) fn find(conn: &Connection, listing: &Listing) -> Result<Option<i64>> {
    let (kind, owner, name) = columns(listing);
    let mut statement = conn.prepare_cached(FIND)?;
    Ok(statement.query_row((kind, owner, name), |row| row.get(0)).optional()?)
}

/// Gives a listing a number.
pub(crate) fn add(conn: &Connection, listing: &Listing) -> Result<i64> {
    conn.prepare_cached(ADD)?.execute(columns(listing))?;
    Ok(conn.last_insert_rowid())
}

fn columns(listing: &Listing) -> (&'static str, &[u8; 16], &str) {
    match listing {
        Listing::Community(id) => ("community", id.as_bytes(), ""),
        Listing::Channel(id) => ("channel", id.as_bytes(), ""),
        Listing::Label(id, label) => ("label", id.as_bytes(), Slug::as_str(label)),
        Listing::ChannelLabel(id, label) => ("channel_label", id.as_bytes(), Slug::as_str(label)),
        Listing::Kind(id, kind) => ("kind", id.as_bytes(), Slug::as_str(kind)),
        Listing::Author(id) => ("author", id.as_bytes(), ""),
    }
}

/// The channel of which all topics of a listing are.
pub(crate) fn channel_of(listing: &Listing) -> Option<ChannelId> {
    match listing {
        Listing::Channel(channel) | Listing::ChannelLabel(channel, _) => Some(*channel),
        Listing::Community(_) | Listing::Label(..) | Listing::Kind(..) | Listing::Author(_) => None,
    }
}

/// The number under which the entries of one order are kept.
pub(crate) fn sort_code(key: ListingKey) -> i64 {
    match key {
        ListingKey::New => 0,
        ListingKey::Active => 1,
        ListingKey::Hot => 2,
        ListingKey::Top => 3,
        ListingKey::Views => 4,
        ListingKey::Unanswered => 5,
        ListingKey::Unsolved => 6,
        ListingKey::TopOfDay(day) => 1_000 + i64::from(day),
    }
}
