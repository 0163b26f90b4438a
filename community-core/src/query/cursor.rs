//! Cursors: where a page ended, and of which query.
//!
//! A cursor carries values, no rights: the next page is read under the scope of whoever asks.
//! Written it is 48 characters of base64url: 8 bytes of key, 16 of id, 8 of the query's
//! fingerprint, 4 of a checksum.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A place in a list that is sorted by `(key, id)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The sort key.
    pub key: i64,
    /// The id that breaks ties.
    pub id: Uuid,
}

impl Position {
    /// The key of a place that is given to a viewer who must not learn the key: what is sorted by
    /// it is hidden from them. No item has this key. See [`ThreadStart::After`].
    ///
    /// [`ThreadStart::After`]: super::ThreadStart::After
    pub const UNTOLD: i64 = i64::MIN;
}

/// A [`Position`] bound to the query that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    position: Position,
    query: u64,
}

/// A text that is not a cursor of this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is not a cursor of this list")]
pub struct CursorError;

impl From<CursorError> for crate::Error {
    fn from(error: CursorError) -> Self {
        Self::invalid(error.to_string())
    }
}

const BYTES: usize = 36;

impl Cursor {
    /// A cursor behind `position` in the list that `query` describes. Any text that tells one list
    /// from another will do.
    #[must_use]
    pub fn new(position: Position, query: &str) -> Self {
        Self { position, query: hash(query.as_bytes()) }
    }

    /// Reads a cursor back.
    ///
    /// Total: any text gives a position or an error.
    ///
    /// # Errors
    /// [`CursorError`] for everything that [`Cursor::new`] did not make for the same query.
    pub fn decode(text: &str, query: &str) -> Result<Position, CursorError> {
        // The length is checked first: nothing long is decoded.
        if text.len() != BYTES.div_ceil(3) * 4 {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let (body, check) = bytes.split_at_checked(32).ok_or(CursorError)?;
        if checksum(body) != check {
            return Err(CursorError);
        }
        let key = i64::from_be_bytes(part(body, 0).ok_or(CursorError)?);
        let id = Uuid::from_bytes(part(body, 8).ok_or(CursorError)?);
        let of = u64::from_be_bytes(part(body, 24).ok_or(CursorError)?);
        (of == hash(query.as_bytes())).then_some(Position { key, id }).ok_or(CursorError)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend(self.position.key.to_be_bytes());
        bytes.extend(self.position.id.as_bytes());
        bytes.extend(self.query.to_be_bytes());
        bytes.extend(checksum(&bytes));
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn part<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from + N)?.try_into().ok()
}

fn hash(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(0, |acc, byte| acc << 8 | u64::from(*byte))
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    part(&Sha256::digest(bytes), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_for_its_own_query_only(key: i64, id: u128) {
            let position = Position { key, id: Uuid::from_u128(id) };
            let text = Cursor::new(position, "feed a").to_string();
            prop_assert_eq!(text.len(), 48);
            prop_assert_eq!(Cursor::decode(&text, "feed a"), Ok(position));
            prop_assert_eq!(Cursor::decode(&text, "feed b"), Err(CursorError));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,64}") {
            prop_assert_eq!(Cursor::decode(&text, "feed a"), Err(CursorError));
        }

        #[test]
        fn a_changed_byte_is_noticed(key: i64, at in 0usize..48) {
            let text = Cursor::new(Position { key, id: Uuid::from_u128(7) }, "q").to_string();
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(Cursor::decode(&changed, "q"), Err(CursorError));
        }
    }
}
