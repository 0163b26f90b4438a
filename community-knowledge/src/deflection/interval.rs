//! Rates, the difference of two rates, and how sure they are.
//!
//! The interval of a rate is Wilson's score interval (E. B. Wilson, *Journal of the American
//! Statistical Association* 22, 1927, 209 to 212). The interval of a difference is Newcombe's
//! hybrid score interval, his method 10, which puts two of Wilson's together (R. G. Newcombe,
//! *Statistics in Medicine* 17, 1998, 873 to 890). Both hold at few visits and at rates near 0 and 1
//! and need nothing but square roots, so that they come out the same on every machine. Decision 0021
//! says what they were compared with.

use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, DecimalError, Round};

/// The quantile of the normal distribution that leaves 2.5 of a hundred above it.
const Z: f64 = 1.959_963_984_540_054;

/// A number that is not known exactly: the most likely one between two that it hardly passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The lower bound.
    pub low: Decimal,
    /// The best guess.
    pub likely: Decimal,
    /// The upper bound.
    pub high: Decimal,
}

impl Estimate {
    /// A number that is known.
    #[must_use]
    pub fn exact(value: Decimal) -> Self {
        Self { low: value, likely: value, high: value }
    }

    /// The product: its bounds are the least and the most that any two numbers within the bounds
    /// give, rounded outwards.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`].
    pub fn times(&self, other: &Self) -> Result<Self, DecimalError> {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for one in [self.low, self.high] {
            for two in [other.low, other.high] {
                low.push(one.times(two, Round::Down)?);
                high.push(one.times(two, Round::Up)?);
            }
        }
        let likely = self.likely.times(other.likely, Round::Even)?;
        Ok(Self {
            low: low.into_iter().fold(likely, Ord::min),
            likely,
            high: high.into_iter().fold(likely, Ord::max),
        })
    }
}

/// How often something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// So often.
    pub hits: u64,
    /// Of so many times.
    pub of: u64,
}

impl Rate {
    /// The rate with Wilson's 95 % interval; `None` of nothing, and when there are more hits than
    /// times.
    #[must_use]
    pub fn estimate(self) -> Option<Estimate> {
        let (low, high) = wilson(self)?;
        let likely = Decimal::ratio(self.hits.into(), self.of.into(), Round::Even).ok()?;
        outward(low, likely, high)
    }

    /// This rate less another one, with Newcombe's 95 % interval; `None` when either has none.
    ///
    /// ```
    /// use community_knowledge::deflection::Rate;
    ///
    /// // The first example of table II of his paper.
    /// let difference = Rate { hits: 56, of: 70 }.less(Rate { hits: 48, of: 80 }).unwrap();
    /// let bounds = [difference.low, difference.likely, difference.high].map(|d| d.to_string());
    /// assert_eq!(bounds, ["0.052431", "0.2", "0.333873"]);
    /// ```
    #[must_use]
    pub fn less(self, other: Self) -> Option<Estimate> {
        let (low, high) = newcombe(self, other)?;
        let (a, m, b, n) = (self.hits, self.of, other.hits, other.of);
        let [a, m, b, n] = [a, m, b, n].map(i128::from);
        let cross = a.checked_mul(n)?.checked_sub(b.checked_mul(m)?)?;
        let likely = Decimal::ratio(cross, m.checked_mul(n)?, Round::Even).ok()?;
        outward(low, likely, high)
    }
}

fn outward(low: f64, likely: Decimal, high: f64) -> Option<Estimate> {
    let low = Decimal::of_binary(low, Round::Down).ok()?;
    let high = Decimal::of_binary(high, Round::Up).ok()?;
    Some(Estimate { low: low.min(likely), likely, high: high.max(likely) })
}

#[allow(clippy::cast_precision_loss, reason = "a count of visits")]
fn parts(rate: Rate) -> Option<(f64, f64)> {
    (rate.of > 0 && rate.hits <= rate.of).then_some((rate.hits as f64, rate.of as f64))
}

/// The bounds between which the true rate lies: those that differ from what was found by no more
/// than chance would explain if they were true.
pub(super) fn wilson(rate: Rate) -> Option<(f64, f64)> {
    let (hits, of) = parts(rate)?;
    let p = hits / of;
    let middle = p + Z * Z / (2.0 * of);
    let half = Z * (p * (1.0 - p) / of + Z * Z / (4.0 * of * of)).sqrt();
    let all = 1.0 + Z * Z / of;
    // At the ends the bound is the end itself, which the sum may miss by the last digit.
    let low = if rate.hits == 0 { 0.0 } else { ((middle - half) / all).max(0.0) };
    let high = if rate.hits == rate.of { 1.0 } else { ((middle + half) / all).min(1.0) };
    Some((low, high))
}

/// The bounds of a difference: the distances of the rates to their own bounds, on the side that
/// matters, put together as the sides of a right angle.
pub(super) fn newcombe(one: Rate, other: Rate) -> Option<(f64, f64)> {
    let ((a, m), (b, n)) = (parts(one)?, parts(other)?);
    let (p, q) = (a / m, b / n);
    let ((p_low, p_high), (q_low, q_high)) = (wilson(one)?, wilson(other)?);
    let together = |x: f64, y: f64| (x * x + y * y).sqrt();
    let low = p - q - together(p - p_low, q_high - q);
    let high = p - q + together(p_high - p, q - q_low);
    Some((low.max(-1.0), high.min(1.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(hits: u64, of: u64) -> Rate {
        Rate { hits, of }
    }

    /// To four places, as tables print them.
    fn printed((low, high): (f64, f64)) -> (String, String) {
        let text = |value: f64| format!("{:.4}", if value == 0.0 { 0.0 } else { value });
        (text(low), text(high))
    }

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", *Statistics in
    /// Medicine* 17, 1998, 857 to 872, table I, method 3.
    #[test]
    fn rates_are_as_newcombe_prints_them() {
        for (hits, of, low, high) in [
            (81, 263, "0.2553", "0.3662"),
            (15, 148, "0.0624", "0.1605"),
            (0, 20, "0.0000", "0.1611"),
            (1, 29, "0.0061", "0.1718"),
        ] {
            let found = printed(wilson(rate(hits, of)).unwrap());
            assert_eq!(found, (low.to_owned(), high.to_owned()), "{hits}/{of}");
        }
    }

    /// R. G. Newcombe, *Statistics in Medicine* 17, 1998, 873 to 890, table II, method 10.
    #[test]
    fn differences_are_as_newcombe_prints_them() {
        for ((a, m), (b, n), low, high) in [
            ((56, 70), (48, 80), "0.0524", "0.3339"),
            ((9, 10), (3, 10), "0.1705", "0.8090"),
            ((6, 7), (2, 7), "0.0582", "0.8062"),
            ((5, 56), (0, 29), "-0.0381", "0.1926"),
            ((0, 10), (0, 20), "-0.1611", "0.2775"),
            ((0, 10), (0, 10), "-0.2775", "0.2775"),
            ((10, 10), (0, 20), "0.6791", "1.0000"),
            ((10, 10), (0, 10), "0.6075", "1.0000"),
        ] {
            let found = printed(newcombe(rate(a, m), rate(b, n)).unwrap());
            assert_eq!(found, (low.to_owned(), high.to_owned()), "{a}/{m} - {b}/{n}");
        }
    }

    #[test]
    fn of_nothing_nothing_is_known() {
        for (one, other) in [(rate(0, 0), rate(1, 2)), (rate(1, 2), rate(0, 0))] {
            assert_eq!(one.less(other), None);
        }
        assert_eq!(rate(0, 0).estimate(), None);
        assert_eq!(rate(3, 2).estimate(), None, "more hits than times");
        let many = u64::from(u32::MAX);
        assert!(rate(many, many).less(rate(0, many)).is_some());
    }

    /// The chance of each number of hits.
    fn binomial(of: u64, p: f64) -> Vec<f64> {
        // In logarithms: the first of them is too small for a number.
        let mut chance = of as f64 * (1.0 - p).ln();
        let mut chances = vec![chance.exp()];
        for hits in 0..of {
            chance += ((of - hits) as f64 / (hits + 1) as f64).ln() + (p / (1.0 - p)).ln();
            chances.push(chance.exp());
        }
        chances
    }

    /// How often the interval covers the truth, summed over everything that can happen.
    fn coverage((m, p): (u64, f64), (n, q): (u64, f64)) -> f64 {
        let (ps, qs) = (binomial(m, p), binomial(n, q));
        let mut covered = 0.0;
        for (a, chance) in ps.iter().enumerate() {
            for (b, other) in qs.iter().enumerate() {
                let (low, high) = newcombe(rate(a as u64, m), rate(b as u64, n)).unwrap();
                // A bound that is the truth itself covers it, whatever the last digit says.
                if low <= p - q + 1e-12 && p - q <= high + 1e-12 {
                    covered += chance * other;
                }
            }
        }
        covered
    }

    #[test]
    fn few_visits_and_rates_near_the_ends_are_covered() {
        let (mut sum, mut least, mut cells) = (0.0, 1.0_f64, 0);
        for (m, n) in [(10, 10), (10, 90), (20, 180), (30, 30), (50, 450), (100, 100)] {
            for (p, q) in [
                (0.02, 0.01),
                (0.1, 0.05),
                (0.3, 0.2),
                (0.5, 0.5),
                (0.6, 0.45),
                (0.8, 0.6),
                (0.9, 0.85),
                (0.97, 0.95),
                (0.99, 0.98),
            ] {
                let covered = coverage((m, p), (n, q));
                println!("{m:4} at {p:.2}, {n:4} at {q:.2}: {:.2} %", 100.0 * covered);
                (sum, least, cells) = (sum + covered, least.min(covered), cells + 1);
            }
        }
        let mean = sum / f64::from(cells);
        println!("mean {:.2} %, least {:.2} %", 100.0 * mean, 100.0 * least);
        assert!(least > 0.93, "{least}");
        assert!(mean > 0.95 && mean < 0.97, "{mean}");
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_estimate_and_turns_with_its_sides(
            (m, a) in (1_u64..500).prop_flat_map(|m| (Just(m), 0..=m)),
            (n, b) in (1_u64..500).prop_flat_map(|n| (Just(n), 0..=n)),
        ) {
            let (one, other) = (rate(a, m), rate(b, n));
            let (there, back) = (one.less(other).unwrap(), other.less(one).unwrap());
            prop_assert!(there.low <= there.likely && there.likely <= there.high);
            let minus = |d: Decimal| Decimal::ZERO.cmp(&d);
            prop_assert_eq!(minus(there.likely), minus(back.likely).reverse());
            let opposite = Decimal::ratio(-1, 1, Round::Even).unwrap();
            prop_assert_eq!(there.low, back.high.times(opposite, Round::Even).unwrap());
            let one = one.estimate().unwrap();
            prop_assert!(Decimal::ZERO <= one.low && one.low <= one.likely);
            prop_assert!(one.likely <= one.high && one.high <= Decimal::ONE);
        }

        #[test]
        fn a_product_of_estimates_holds_every_product(
            a in -2_000_000_i128..2_000_000, b in 0_i128..2_000_000, c in 0_i128..2_000_000,
            x in -2_000_000_i128..2_000_000, y in 0_i128..2_000_000, z in 0_i128..2_000_000,
        ) {
            let make = |low: i128, more: i128, most: i128| {
                let at = |part| Decimal::ratio(part, 1_000_000, Round::Even).unwrap();
                Estimate { low: at(low), likely: at(low + more), high: at(low + more + most) }
            };
            let (one, other) = (make(a, b, c), make(x, y, z));
            let product = one.times(&other).unwrap();
            for p in [one.low, one.likely, one.high] {
                for q in [other.low, other.likely, other.high] {
                    prop_assert!(product.low <= p.times(q, Round::Up).unwrap());
                    prop_assert!(p.times(q, Round::Down).unwrap() <= product.high);
                }
            }
        }
    }
}
