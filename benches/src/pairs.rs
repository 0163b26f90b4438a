//! Two ways of doing the same, timed in turn.

use std::time::{Duration, Instant};

/// Times two closures in turn and prints medians and their ratio.
///
/// Both are called some times first. Turns keep the comparison fair when the machine's speed
/// drifts. Returns the ratio `ours / theirs` of the medians.
pub fn compare(what: &str, rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> f64 {
    for _ in 0..rounds / 10 + 1 {
        ours();
        theirs();
    }
    let (mut a, mut b) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for _ in 0..rounds {
        a.push(time(&mut ours));
        b.push(time(&mut theirs));
    }
    let (a, b) = (median(a), median(b));
    let ratio = a.as_secs_f64() / b.as_secs_f64();
    println!("{what:<44} engine {:>9.1?}  by hand {:>9.1?}  ratio {ratio:.2}", a, b);
    ratio
}

/// The time of one call.
pub fn time(f: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

/// The median of some times; zero of none.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
