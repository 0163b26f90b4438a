//! Points that fade: how much of what was earned counts still. Worked out when somebody looks, and
//! kept nowhere.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How points fade.
///
/// After `half_life_days` half of what was earned on a day counts, after twice as long a quarter,
/// and in between it falls evenly. What was earned `age` days ago counts, with `h` for the half-life,
/// `k` for `age / h` and `r` for the rest of that division, as
///
/// ```text
/// points * (2 h - r) / (2 h * 2^k)
/// ```
///
/// Only whole numbers are reckoned with: each day's part is kept to 1/1,048,576 of a point, and the
/// sum of them cut towards zero. So the same ledger gives the same points everywhere.
///
/// ```
/// use community_core::reputation::Decay;
///
/// let decay = Decay { half_life_days: 90 };
/// let now = 20_000;
/// assert_eq!(decay.sum(now, [(now, 100)]), 100);
/// assert_eq!(decay.sum(now, [(now - 45, 100)]), 75);
/// assert_eq!(decay.sum(now, [(now - 90, 100)]), 50);
/// assert_eq!(decay.sum(now, [(now - 180, 100), (now, -5)]), 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decay {
    /// After how many days half of it counts.
    pub half_life_days: u32,
}

/// Bits behind the point.
const FRACTION: u32 = 20;

impl Decay {
    /// The longest half-life: ten years.
    pub const MOST_DAYS: u32 = 3_660;

    /// What sums of days, counted from 1970-01-01, count as on the day `today`. What lies ahead
    /// counts in full.
    #[must_use]
    pub fn sum(&self, today: i32, days: impl IntoIterator<Item = (i32, i64)>) -> i64 {
        let half_life = i128::from(self.half_life_days.max(1));
        let part = |(day, points): (i32, i64)| {
            let age = (i128::from(today) - i128::from(day)).max(0);
            // Beyond so many halvings nothing is left of any sum.
            let halvings = u32::try_from(age / half_life).unwrap_or(u32::MAX).min(64 + FRACTION);
            let left = 2 * half_life - age % half_life;
            // At most 63 bits of points, 20 of a fraction and 13 of a half-life.
            (i128::from(points) << FRACTION) * left / (2 * half_life) / (1_i128 << halvings)
        };
        let sum: i128 = days.into_iter().map(part).sum();
        let whole = sum / (1 << FRACTION);
        i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
    }

    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a half-life of no days or too many.
    pub fn check(&self) -> Result<()> {
        if !(1..=Self::MOST_DAYS).contains(&self.half_life_days) {
            let most = Self::MOST_DAYS;
            return Err(Error::invalid(format!("a half-life has 1 to {most} days")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_earned_only_ever_fades(
            half_life_days in 1..=Decay::MOST_DAYS,
            points in 0..1_000_000_000_i64,
            age in 0..80_000,
        ) {
            let decay = Decay { half_life_days };
            let left = |age| decay.sum(80_000, [(80_000 - age, points)]);
            prop_assert!(left(age) >= left(age + 1));
            prop_assert!((0..=points).contains(&left(age)));
            prop_assert_eq!(decay.sum(80_000, [(80_000 - age, -points)]), -left(age));
        }

        #[test]
        fn after_each_half_life_half_is_left(half_life_days in 1..=1_000_u32, halvings in 0..10_u32) {
            let decay = Decay { half_life_days };
            let age = i32::try_from(half_life_days * halvings).unwrap();
            prop_assert_eq!(decay.sum(age, [(0, 1 << 20)]), 1 << (20 - halvings));
        }
    }

    #[test]
    fn no_numbers_make_a_panic() {
        for half_life_days in [0, 1, u32::MAX] {
            let decay = Decay { half_life_days };
            for day in [i32::MIN, 0, i32::MAX] {
                let days = [(day, i64::MAX), (day, i64::MAX), (day, i64::MIN)];
                let _ = decay.sum(i32::MAX, days);
                let _ = decay.sum(i32::MIN, days);
            }
        }
    }
}
