//! The best hits so far.

use std::collections::BTreeSet;

use community_core::search::{Hit, Per};
use community_core::{PostId, TopicId};
use rustc_hash::FxHashMap;
use tantivy::Score;

/// How many of the lowest bits of a score are left out of its key.
///
/// A score is a sum of floats, and the order in which the library adds them up depends on how
/// documents lie in segments. Without these bits, which is a precision of one in 8,192, equal
/// texts have equal keys, nearly always, and come newest first.
const UNSURE_BITS: u32 = 10;

/// The library adds up its bounds in yet another order: so much lower a score is let through, in
/// units of the last place.
const SLACK: u32 = 16;

/// The best hits of those that were offered: of a topic its best post only, if hits are topics.
pub(super) struct Top {
    per: Per,
    room: usize,
    /// Worst first.
    hits: BTreeSet<Ranked>,
    /// Of each topic among the hits its post; empty when hits are posts.
    topics: FxHashMap<u128, Ranked>,
    threshold: Score,
}

/// By key, then by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    key: i64,
    post: u128,
    topic: u128,
}

/// The key of a score.
#[inline]
pub(super) fn key_of(score: Score) -> i64 {
    // Floats that are not negative are in the order of their bits.
    i64::from(score.max(0.0).to_bits() >> UNSURE_BITS)
}

impl Top {
    /// Room for so many hits.
    pub(super) fn new(per: Per, room: usize) -> Self {
        Self {
            per,
            room,
            hits: BTreeSet::new(),
            topics: FxHashMap::default(),
            threshold: Score::MIN,
        }
    }

    /// What has this score or less is not among the best.
    #[inline]
    pub(super) fn threshold(&self) -> Score {
        self.threshold
    }

    /// Whether a hit with this key can be among the best.
    #[inline]
    pub(super) fn has_room_for(&self, key: i64) -> bool {
        self.hits.len() < self.room || self.hits.first().is_some_and(|worst| key >= worst.key)
    }

    /// Takes a hit in, if it is among the best.
    pub(super) fn offer(&mut self, key: i64, post: u128, topic: u128) {
        let hit = Ranked { key, post, topic };
        let is_full = self.hits.len() >= self.room;
        if is_full && self.hits.first().is_none_or(|worst| hit < *worst) {
            return;
        }
        if self.per == Per::Topic
            && let Some(known) = self.topics.get(&topic)
        {
            if hit <= *known {
                return;
            }
            self.hits.remove(known);
        } else if is_full && let Some(worst) = self.hits.pop_first() {
            self.topics.remove(&worst.topic);
        }
        self.hits.insert(hit);
        if self.per == Per::Topic {
            self.topics.insert(topic, hit);
        }
        if self.hits.len() == self.room
            && let Some(worst) = self.hits.first()
        {
            self.threshold = below(worst.key);
        }
    }

    /// How many hits there are.
    pub(super) fn len(&self) -> usize {
        self.hits.len()
    }

    /// At most so many hits, best first.
    pub(super) fn into_hits(self, most: usize) -> Vec<Hit> {
        let best = self.hits.into_iter().rev().take(most);
        best.map(|hit| Hit {
            topic: TopicId::from_bytes(hit.topic.to_be_bytes()),
            post: PostId::from_bytes(hit.post.to_be_bytes()),
            key: hit.key,
        })
        .collect()
    }
}

/// A score below all that have this key.
fn below(key: i64) -> Score {
    let least = u32::try_from(key << UNSURE_BITS).unwrap_or(0);
    least.checked_sub(SLACK).map_or(Score::MIN, Score::from_bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_of_each_topic_stay_whatever_the_order_of_their_posts(
            posts in proptest::collection::vec((0..6_i64, 0..12_u128), 0..60),
            room in 0..8_usize,
            is_per_post in any::<bool>(),
        ) {
            let per = if is_per_post { Per::Post } else { Per::Topic };
            let mut top = Top::new(per, room);
            let mut sorted = Vec::new();
            for (post, (key, topic)) in (0..).zip(posts) {
                top.offer(key, post, topic);
                sorted.push((key, post, topic));
            }
            sorted.sort_by(|a, b| b.cmp(a));
            let mut seen = std::collections::BTreeSet::new();
            sorted.retain(|(_, _, topic)| is_per_post || seen.insert(*topic));
            sorted.truncate(room);
            let number = |bytes: &[u8; 16]| u128::from_be_bytes(*bytes);
            let hits: Vec<_> = top
                .into_hits(usize::MAX)
                .iter()
                .map(|hit| (hit.key, number(hit.post.as_bytes()), number(hit.topic.as_bytes())))
                .collect();
            prop_assert_eq!(hits, sorted);
        }

        #[test]
        fn a_threshold_lets_everything_through_that_has_the_same_key(score in 0.0_f32..1e9) {
            let threshold = below(key_of(score));
            prop_assert!(threshold < score);
            prop_assert!(key_of(threshold.max(0.0)) < key_of(score) || key_of(score) == 0);
        }
    }
}
