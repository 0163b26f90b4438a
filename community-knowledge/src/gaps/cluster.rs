//! Groups of questions that are like each other.
//!
//! Groups grow from pairs, the most alike first (agglomerative clustering by the mean similarity of
//! all pairs between two groups, UPGMA; R. R. Sokal and C. D. Michener, *University of Kansas Science
//! Bulletin* 38, 1958, 1409 to 1438). A pair that is not known counts as not alike at all. So a chain
//! of questions, each like its neighbours, does not run together into one group, as it would if one
//! similar pair were enough.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use community_core::TopicId;

use super::similar::Similarity;

/// The groups of two and more, each in the order of ids, in the order of their first ids. Two
/// groups are put together while the mean similarity between them is at least `least`.
///
/// ```
/// use community_core::TopicId;
/// use community_knowledge::gaps::clusters;
///
/// let [a, b, c, d] = [1, 2, 3, 4].map(|n| TopicId::from_bytes([n; 16]));
/// // `d` is like `c` alone, which is like two others already.
/// let pairs = [(a, b, 900), (a, c, 800), (b, c, 700), (c, d, 600)];
/// assert_eq!(clusters(&pairs, 300), [vec![a, b, c]]);
/// assert_eq!(clusters(&pairs, 200), [vec![a, b, c, d]]);
/// ```
#[must_use]
pub fn clusters(pairs: &[(TopicId, TopicId, Similarity)], least: Similarity) -> Vec<Vec<TopicId>> {
    let mut groups = Groups::default();
    for (one, other, similarity) in pairs {
        let (one, other) = (groups.of(*one), groups.of(*other));
        groups.alike(one, other, u64::from(*similarity));
    }
    let mut queue: BinaryHeap<Pair> = BinaryHeap::new();
    for at in 0..groups.all.len() {
        queue.extend(groups.pairs_of(at).filter(|pair| pair.one == at));
    }
    while let Some(pair) = queue.pop() {
        if pair.mean < u64::from(least) * SCALE {
            break;
        }
        // Of pairs that have changed since, newer ones are in the queue.
        if groups.mean(pair.one, pair.other) == Some(pair.mean) {
            let merged = groups.merge(pair.one, pair.other);
            queue.extend(groups.pairs_of(merged));
        }
    }
    let mut found: Vec<Vec<TopicId>> =
        groups.all.into_iter().map(|group| group.members).filter(|m| m.len() > 1).collect();
    found.iter_mut().for_each(|members| members.sort_unstable());
    found.sort_unstable();
    found
}

/// Means are kept in parts of a similarity.
const SCALE: u64 = 1_000;

#[derive(Debug, Default)]
struct Groups {
    numbers: BTreeMap<TopicId, usize>,
    all: Vec<Group>,
}

/// A group; one that became part of another has no members.
#[derive(Debug, Default)]
struct Group {
    members: Vec<TopicId>,
    /// The similarities to members of other groups, summed up.
    alike: BTreeMap<usize, u64>,
}

/// Two groups that may be put together. The most alike is the greatest, then the one of the lowest
/// numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    mean: u64,
    one: usize,
    other: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |pair: &Self| (pair.mean, Reverse(pair.one), Reverse(pair.other));
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Groups {
    /// The group of a question that stands alone so far.
    fn of(&mut self, id: TopicId) -> usize {
        let next = self.all.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.all.push(Group { members: vec![id], alike: BTreeMap::new() });
        }
        number
    }

    fn alike(&mut self, one: usize, other: usize, similarity: u64) {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(group) = self.all.get_mut(one).filter(|_| one != other) {
                *group.alike.entry(other).or_default() += similarity;
            }
        }
    }

    fn size(&self, at: usize) -> u64 {
        self.all.get(at).map_or(0, |group| group.members.len() as u64)
    }

    /// The mean similarity of all pairs between two groups.
    fn mean(&self, one: usize, other: usize) -> Option<u64> {
        let sum = self.all.get(one)?.alike.get(&other)?;
        let pairs = self.size(one) * self.size(other);
        (sum * SCALE).checked_div(pairs)
    }

    fn pairs_of(&self, at: usize) -> impl Iterator<Item = Pair> {
        let others = self.all.get(at).into_iter().flat_map(|group| group.alike.keys());
        others.filter_map(move |other| {
            let mean = self.mean(at, *other)?;
            Some(Pair { mean, one: at.min(*other), other: at.max(*other) })
        })
    }

    /// Puts two groups together, the one that knows fewer others into the other.
    fn merge(&mut self, one: usize, other: usize) -> usize {
        let known = |at: usize| self.all.get(at).map_or(0, |group| group.alike.len());
        let (into, from) = if known(one) < known(other) { (other, one) } else { (one, other) };
        let Group { members, alike } =
            self.all.get_mut(from).map(std::mem::take).unwrap_or_default();
        if let Some(group) = self.all.get_mut(into) {
            group.members.extend(members);
            group.alike.remove(&from);
        }
        for (third, similarity) in alike.into_iter().filter(|(third, _)| *third != into) {
            if let Some(group) = self.all.get_mut(third) {
                group.alike.remove(&from);
            }
            self.alike(into, third, similarity);
        }
        into
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> TopicId {
        TopicId::from_bytes([n; 16])
    }

    /// The same by looking at all groups again after each step; `None` when two pairs of groups are
    /// equally alike, so that either may come first.
    fn naive(pairs: &[(TopicId, TopicId, Similarity)], least: u64) -> Option<Vec<Vec<TopicId>>> {
        let mut groups: Vec<Vec<TopicId>> = Vec::new();
        for (one, other, _) in pairs {
            for id in [*one, *other] {
                if !groups.iter().any(|group| group.contains(&id)) {
                    groups.push(vec![id]);
                }
            }
        }
        loop {
            let (mut best, mut tie): (Option<(u64, usize, usize)>, bool) = (None, false);
            for one in 0..groups.len() {
                for other in one + 1..groups.len() {
                    let between = pairs.iter().filter(|(a, b, _)| {
                        let joins = |x: &TopicId, y: &TopicId| {
                            groups[one].contains(x) && groups[other].contains(y)
                        };
                        joins(a, b) || joins(b, a)
                    });
                    let sum: u64 = between.map(|(_, _, similarity)| u64::from(*similarity)).sum();
                    let mean = sum * SCALE / (groups[one].len() * groups[other].len()) as u64;
                    tie = best.is_some_and(|(most, _, _)| mean == most || (tie && mean < most));
                    if best.is_none_or(|(most, _, _)| mean > most) {
                        best = Some((mean, one, other));
                    }
                }
            }
            match best {
                Some((mean, _, _)) if tie && mean >= least * SCALE => return None,
                Some((mean, one, other)) if mean >= least * SCALE => {
                    let taken = groups.remove(other);
                    groups[one].extend(taken);
                }
                _ => break,
            }
        }
        groups.retain(|group| group.len() > 1);
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_unstable();
        Some(groups)
    }

    proptest! {
        #[test]
        fn groups_are_those_that_grow_by_looking_at_everything(
            similarities in prop::collection::btree_map((0_u8..12, 0_u8..12), 1_u16..60_000, 0..60),
            least in 1_u16..30_000,
        ) {
            let pairs: Vec<_> = similarities
                .into_iter()
                .filter(|((one, other), _)| one < other)
                .map(|((one, other), similarity)| (id(one), id(other), similarity))
                .collect();
            let expected = naive(&pairs, u64::from(least));
            prop_assume!(expected.is_some());
            let found = clusters(&pairs, least);
            let mut shuffled = pairs.clone();
            shuffled.reverse();
            prop_assert_eq!(&clusters(&shuffled, least), &found, "whatever the order");
            prop_assert_eq!(Some(found), expected);
        }
    }

    #[test]
    fn a_chain_does_not_run_together() {
        let chain: Vec<_> = (0..50).map(|n| (id(n), id(n + 1), 500)).collect();
        let found = clusters(&chain, 200);
        assert!(found.iter().all(|group| group.len() <= 5), "{found:?}");
        assert_eq!(clusters(&chain, 501), Vec::<Vec<TopicId>>::new());
        let all: Vec<_> =
            (0..20).flat_map(|a| (a + 1..20).map(move |b| (id(a), id(b), 500))).collect();
        assert_eq!(clusters(&all, 200).len(), 1);
    }
}
