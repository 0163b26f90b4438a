//! Two ways of doing the same, timed.

use std::time::{Duration, Instant};

/// Times two named closures in turn and prints medians and their ratio.
///
/// Both are called some times first. Turns keep the comparison fair when the machine's speed
/// drifts.
pub fn compare(
    what: &str,
    rounds: usize,
    (one, mut first): (&str, impl FnMut()),
    (other, mut second): (&str, impl FnMut()),
) {
    for _ in 0..rounds / 10 + 1 {
        first();
        second();
    }
    let (mut a, mut b) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds {
        // Whoever comes second finds what both look at in the processor's caches.
        if round % 2 == 0 {
            a.push(time(&mut first));
            b.push(time(&mut second));
        } else {
            b.push(time(&mut second));
            a.push(time(&mut first));
        }
    }
    print(what, (one, median(a)), (other, median(b)));
}

/// Times two named closures, each by itself for so many rounds, and prints medians and their ratio.
///
/// For contenders of which one takes so long that the other finds nothing of its own in the
/// processor's caches when they take turns.
pub fn apart(
    what: &str,
    (one, times, mut first): (&str, usize, impl FnMut()),
    (other, other_times, mut second): (&str, usize, impl FnMut()),
) {
    let (a, b) = (alone(times, &mut first), alone(other_times, &mut second));
    print(what, (one, a), (other, b));
}

/// The median of so many rounds, behind some others.
fn alone(rounds: usize, f: &mut impl FnMut()) -> Duration {
    for _ in 0..rounds / 4 + 1 {
        f();
    }
    median((0..rounds).map(|_| time(f)).collect())
}

fn print(what: &str, (one, a): (&str, Duration), (other, b): (&str, Duration)) {
    let ratio = a.as_secs_f64() / b.as_secs_f64();
    println!("{what:<28} {one} {a:>9.1?}  {other} {b:>9.1?}  ratio {ratio:.2}");
}

fn time(f: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
