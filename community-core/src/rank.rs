//! Ranks: whole numbers, so that every store and every machine agrees on every order.

/// The hot rank: `sign(s) * log10(max(|s|, 1)) + t / scale`, in billionths.
///
/// `s` is the score, `t` the creation time (here in microseconds since 1970), `scale` the seconds
/// that outweigh a factor of ten in score. This is the formula that Reddit published with its
/// source code in 2008. It depends on nothing that changes by itself, so nothing is ever re-ranked
/// in the background.
///
/// ```
/// use community_core::rank::hot;
/// // Ten times the score makes up for one scale of age.
/// assert_eq!(hot(10, 0, 45_000), hot(1, 45_000_000_000, 45_000));
/// assert!(hot(-5, 0, 45_000) < hot(0, 0, 45_000));
/// ```
#[must_use]
pub fn hot(score: i64, created_micros: i64, scale_seconds: u32) -> i64 {
    let votes = score.signum() * log10(score.unsigned_abs().max(1));
    let age = (i128::from(created_micros) * 1_000).div_euclid(i128::from(scale_seconds.max(1)));
    let rank = age + i128::from(votes);
    i64::try_from(rank).unwrap_or(if rank < 0 { i64::MIN } else { i64::MAX })
}

/// `log10(n)` in billionths for `n >= 1`, by integer arithmetic alone: the nearest one, and never
/// falling.
///
/// The digits before the point are counted. Those behind it come bit by bit: squaring a number
/// doubles its logarithm, and the integer part of what comes out is the next bit. Every step keeps
/// the order of its inputs, rounding included, therefore so does the whole.
fn log10(n: u64) -> i64 {
    // A number below 10 is kept with so many bits behind the point; 100, the most that a square
    // can be, just fits into 64 bits.
    const POINT: u32 = 57;
    const TEN: u64 = 10 << POINT;
    const BITS: u32 = 50;

    let digits = n.checked_ilog10().unwrap_or(0);
    let scaled = (u128::from(n) << POINT) / 10u128.pow(digits);
    let mut rest = scaled as u64;
    let mut fraction = 0u128;
    for _ in 0..BITS {
        rest = ((u128::from(rest) * u128::from(rest)) >> POINT) as u64;
        fraction <<= 1;
        if rest >= TEN {
            rest /= 10;
            fraction |= 1;
        }
    }
    let billionths = (fraction * 1_000_000_000 + (1 << (BITS - 1))) >> BITS;
    i64::from(digits) * 1_000_000_000 + billionths as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::LAST_MICROS;
    use proptest::prelude::*;

    const BILLION: i64 = 1_000_000_000;

    /// Whether `log10` is what floating point says, which is a hundred-thousandth off at most.
    fn is_close(n: u64) -> bool {
        (log10(n) as f64 - (n as f64).log10() * 1e9).abs() <= 0.500_01
    }

    #[test]
    fn powers_of_ten_are_exact() {
        for digits in 0..=19 {
            let power = 10u64.pow(digits);
            assert_eq!(log10(power), i64::from(digits) * BILLION);
            assert!(digits == 0 || log10(power - 1) <= log10(power));
            assert!(log10(power + 1) >= log10(power));
        }
    }

    #[test]
    fn logarithms_are_right_and_never_fall() {
        let known = [(2, 301_029_996), (3, 477_121_255), (7, 845_098_040), (999, 2_999_565_488)];
        for (n, expected) in known {
            assert_eq!(log10(n), expected);
        }
        let mut last = -1;
        for n in 1..200_000 {
            assert!(is_close(n), "{n}");
            assert!(log10(n) > last, "{n}");
            last = log10(n);
        }
        for bits in 1..64 {
            let around = (1u64 << bits).saturating_sub(100).max(1)..(1 << bits) + 100;
            assert!(around.clone().all(is_close));
            assert!(around.clone().zip(around.skip(1)).all(|(a, b)| log10(a) <= log10(b)));
        }
        assert!(is_close(u64::MAX));
    }

    #[test]
    fn the_ends_of_all_ranges_are_finite() {
        for score in [i64::MIN, -1, 0, 1, i64::MAX] {
            for scale in [0, 1, u32::MAX] {
                assert_eq!(hot(score, i64::MIN, 1), i64::MIN);
                assert_eq!(hot(score, i64::MAX, 1), i64::MAX);
                assert!(hot(score, 0, scale).abs() < 19 * BILLION);
            }
        }
    }

    proptest! {
        #[test]
        fn any_logarithm_is_right(n in 1u64.., zeros in 0u32..64) {
            prop_assert!(is_close((n >> zeros).max(1)));
        }

        #[test]
        fn logarithms_keep_order(a in 1u64.., b in 1u64.., near in 0u64..5) {
            prop_assert!(log10(a.min(b)) <= log10(a.max(b)));
            prop_assert!(log10(a) <= log10(a.saturating_add(near)));
        }

        #[test]
        fn hot_rises_with_score_and_time(
            scores: (i64, i64), times: (i64, i64), scale: u32, near in 0i64..1_000
        ) {
            let (low, high) = (scores.0.min(scores.1), scores.0.max(scores.1));
            let (early, late) = (times.0.min(times.1), times.0.max(times.1));
            prop_assert!(hot(low, early, scale) <= hot(high, early, scale));
            prop_assert!(hot(low, early, scale) <= hot(low, late, scale));
            let later = early.saturating_add(near);
            prop_assert!(hot(low, early, scale) <= hot(low, later, scale));
        }

        #[test]
        fn no_rank_is_a_trap(
            score in -1_000_000_000_000i64..1_000_000_000_000,
            created in 0..=LAST_MICROS,
            scale in 1u32..,
        ) {
            let rank = hot(score, created, scale);
            // Ten times the votes always move a topic by one, up or down.
            let (up, down) = (score.abs().max(1) * 10, -score.abs().max(1) * 10);
            prop_assert!(hot(up, created, scale) >= rank + BILLION);
            prop_assert!(hot(down, created, scale) <= rank - BILLION);
            // And one scale of time outweighs ten times the votes, so nothing stays on top.
            let later = created + i64::from(scale) * 1_000_000;
            if later <= LAST_MICROS {
                prop_assert!((hot(score, later, scale) - rank - BILLION).abs() <= 1);
            }
        }
    }
}
