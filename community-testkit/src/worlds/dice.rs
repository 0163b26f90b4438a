//! Choices that follow from a seed.

/// A source of choices: the same seed gives the same choices on every machine.
///
/// SplitMix64 underneath, and nothing but whole numbers and square roots on top, so that no
/// rounding of a platform's mathematics shows. Good enough to make worlds and orders of events,
/// good for nothing that has to be secret.
///
/// ```
/// use community_testkit::worlds::Dice;
/// let (mut a, mut b) = (Dice::new(7), Dice::new(7));
/// assert_eq!(a.below(100), b.below(100));
/// assert_eq!(["x"], [*a.pick(&["x"])]);
/// ```
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that start at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice for one part of something that has a seed: other parts have others, and how often one
    /// is thrown does not matter to the rest.
    #[must_use]
    pub fn of(seed: u64, part: &str, number: usize) -> Self {
        let mut dice = Self(seed);
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        for word in part.bytes().map(u64::from).chain([number]) {
            dice.0 = dice.number() ^ word;
        }
        Self(dice.number())
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u128::try_from(bound).unwrap_or(u128::MAX);
        let chosen = (u128::from(self.number()) * bound) >> 64;
        usize::try_from(chosen).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Yes in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    ///
    /// # Panics
    /// When there is none to choose from.
    #[allow(clippy::indexing_slicing, reason = "`below` stays below the length")]
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A rank from 0 up to, not including, `count`, as Zipf found them: rank *n* comes about
    /// 1/(*n* + 1) times as often as the first, so that as many fall on 0 as on 1 and 2 together,
    /// as on 3 to 6 together, and so on.
    pub fn rank(&mut self, count: usize) -> usize {
        if count == 0 {
            return 0;
        }
        let octaves = usize::try_from(count.ilog2()).unwrap_or(0) + 1;
        loop {
            let octave = 1 << self.below(octaves);
            let rank = octave - 1 + self.below(octave);
            if rank < count {
                return rank;
            }
        }
    }

    /// A size with this mean and a heavy tail: most are small, one in a hundred is five times the
    /// mean, one in ten thousand fifty times (Pareto with exponent 2). A square root is the same on
    /// every machine, which other powers are not.
    pub fn size(&mut self, mean: f64) -> usize {
        let share = ((self.number() >> 12) + 1) as f64 / (1u64 << 52) as f64;
        let whole = mean / 2.0 / share.sqrt();
        let rest = ((self.number() >> 12) as f64 / (1u64 << 52) as f64) < whole.fract();
        whole as usize + usize::from(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_fall_evenly_on_the_octaves() {
        let mut dice = Dice::new(1);
        let mut octaves = [0usize; 7];
        for _ in 0..70_000 {
            octaves[usize::try_from((dice.rank(100) + 1).ilog2()).unwrap()] += 1;
        }
        // The last octave reaches to 127, of which 100 has only a part.
        for (octave, count) in octaves.iter().take(6).enumerate() {
            assert!((10_000..12_000).contains(count), "{octave}: {count}");
        }
        assert!(octaves[6] < 7_000, "{octaves:?}");
        assert_eq!(dice.rank(0), 0);
        assert_eq!(dice.rank(1), 0);
    }

    #[test]
    fn sizes_have_their_mean_and_a_tail() {
        let mut dice = Dice::new(2);
        let sizes: Vec<usize> = (0..100_000).map(|_| dice.size(4.0)).collect();
        let sum: usize = sizes.iter().sum();
        assert!((380_000..420_000).contains(&sum), "{sum}");
        assert!(sizes.iter().any(|size| *size > 200));
        assert!(sizes.iter().filter(|size| **size <= 4).count() > 70_000);
    }

    #[test]
    fn the_numbers_of_a_seed_are_the_same_on_every_machine() {
        // From the reference implementation of SplitMix64 in Java 8, with seed 1234567.
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.number(), 6_457_827_717_110_365_317);
        assert_eq!(dice.number(), 3_203_168_211_198_807_973);
        let throws: Vec<usize> = (0..8).map(|_| dice.rank(1_000)).collect();
        let sizes: Vec<usize> = (0..8).map(|_| dice.size(10.0)).collect();
        assert_eq!(throws, [38, 363, 39, 28, 22, 78, 8, 128]);
        assert_eq!(sizes, [7, 18, 13, 5, 6, 18, 9, 6]);
    }

    #[test]
    fn parts_of_one_seed_do_not_follow_each_other() {
        let first = |part, number| Dice::of(1, part, number).number();
        let all = [first("a", 0), first("a", 1), first("b", 0), first("ab", 0), first("ba", 0)];
        let distinct: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
