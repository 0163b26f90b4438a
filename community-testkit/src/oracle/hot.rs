//! The hot rank, from its formula.

/// `sign(s) * log10(max(|s|, 1)) + t / scale` in billionths.
///
/// The logarithm is rounded to the nearest billionth, the age cut off. The engine works without
/// floating point; [`tests`] checks that both agree on any score that a script can reach.
pub(super) fn hot(score: i64, created_micros: i64, scale_seconds: u32) -> i64 {
    let votes = score.unsigned_abs().max(1);
    let rounded = ((votes as f64).log10() * 1e9).round() as i64;
    let age = i128::from(created_micros) * 1_000 / i128::from(scale_seconds);
    i64::try_from(age).unwrap_or(i64::MAX).saturating_add(score.signum() * rounded)
}

#[cfg(test)]
mod tests {
    use super::hot;

    #[test]
    fn the_engine_ranks_as_its_formula_says() {
        for score in -2_000..=2_000 {
            for (created, scale) in [(0, 1), (1_700_000_000_123_456, 45_000), (999, 7)] {
                let ranked = community_core::rank::hot(score, created, scale);
                assert_eq!(ranked, hot(score, created, scale), "{score} {created} {scale}");
            }
        }
    }
}
