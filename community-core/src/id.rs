//! Identifiers: one newtype per entity, all UUIDs of version 7.
//!
//! An id begins with the millisecond in which its entity was created, so ids sort by age and
//! "ties go to the newer one" is `(key, id)` everywhere. [`IdSource`] fills the bits behind the
//! millisecond with a counter first, so that two ids of one millisecond keep their order, and
//! with randomness after it, so that nobody can guess a neighbour.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Uuid, Variant};

use crate::entropy::Entropy;
use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id of these 16 bytes, as a store keeps it.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes; comparing them compares the ids.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// Names a [`Member`](crate::Member) of this tenant.
    MemberId,
    /// Names a [`Community`](crate::Community).
    CommunityId,
    /// Names a [`Channel`](crate::Channel).
    ChannelId,
    /// Names a [`Topic`](crate::Topic).
    TopicId,
    /// Names a [`Post`](crate::Post).
    PostId,
    /// Names a [`Correction`](crate::Correction).
    CorrectionId,
    /// Names a [`Grant`](crate::Grant).
    GrantId,
    /// Names a [`Document`](crate::Document).
    DocumentId,
    /// Names one visit of somebody to whom topics are suggested.
    VisitId,
    /// Names one request of a caller, so that a retry has one effect.
    RequestId,
}

impl TopicId {
    /// The smallest id that a topic created at `at` or later can have.
    ///
    /// Lets a walk over an index test a topic's age without reading the topic. Exact to the
    /// millisecond.
    #[must_use]
    pub fn earliest(at: Timestamp) -> Self {
        Self(Uuid::from_u128(u128::from(millis(at)) << 80))
    }
}

/// Mints version 7 UUIDs that increase within one millisecond.
#[derive(Debug, Default)]
pub struct IdSource {
    last: Mutex<(u64, u32)>,
}

/// Bits of an id that count within one millisecond: 12 of `rand_a` and 14 of `rand_b`.
const SEQUENCE_BITS: u32 = 26;
const SEQUENCE_MASK: u32 = (1 << SEQUENCE_BITS) - 1;

impl IdSource {
    /// An id for something created at `at`.
    pub fn mint(&self, at: Timestamp, entropy: &dyn Entropy) -> Uuid {
        let ms = millis(at);
        let sequence = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = if last.0 == ms { (ms, last.1 + 1) } else { (ms, 0) };
            last.1
        };
        let mut tail = [0; 6];
        entropy.fill(&mut tail);
        compose(ms, sequence, tail)
    }

    /// The same id each time for the same creation time and name.
    ///
    /// Importers use it, so that an import that was killed and begun again gives the same rows.
    /// A number at the end of the name (`answer:18`) orders the ids of one millisecond.
    #[must_use]
    pub fn named(at: Timestamp, name: &str) -> Uuid {
        let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let number: u32 = name.get(digits..).and_then(|n| n.parse().ok()).unwrap_or(0);
        let hash = Sha256::digest(name.as_bytes());
        let mut tail = [0; 6];
        for (to, from) in tail.iter_mut().zip(hash.iter()) {
            *to = *from;
        }
        compose(millis(at), number, tail)
    }
}

/// Whether something created at this time can have this id.
pub(crate) fn is_of(id: Uuid, at: Timestamp) -> bool {
    let begins = id.as_u128() >> 80 == u128::from(millis(at));
    begins && id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF
}

fn compose(ms: u64, sequence: u32, tail: [u8; 6]) -> Uuid {
    let sequence = u128::from(sequence & SEQUENCE_MASK);
    let tail = tail.iter().fold(0u128, |acc, byte| acc << 8 | u128::from(*byte));
    let bits = u128::from(ms) << 80
        | 0x7 << 76
        | (sequence >> 14) << 64
        | 0b10 << 62
        | (sequence & 0x3FFF) << 48
        | tail;
    Uuid::from_u128(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::time::from_micros;

    #[test]
    fn ids_of_one_millisecond_keep_their_order() {
        let source = IdSource::default();
        let entropy = SeededEntropy::new(1);
        let at = from_micros(1_700_000_000_000_000).unwrap();
        let ids: Vec<_> = (0..20_000).map(|_| source.mint(at, &entropy)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.iter().all(|id| *id >= TopicId::earliest(at).uuid()));
    }

    #[test]
    fn a_named_id_depends_on_time_and_name_only() {
        let at = from_micros(1_500_000_000_000_000).unwrap();
        assert_eq!(IdSource::named(at, "question:2"), IdSource::named(at, "question:2"));
        assert_ne!(IdSource::named(at, "question:2"), IdSource::named(at, "answer:2"));
        assert!(IdSource::named(at, "question:2") < IdSource::named(at, "question:10"));
    }
}
