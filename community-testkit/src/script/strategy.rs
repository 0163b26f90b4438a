//! Scripts as a proptest strategy that shrinks by leaving steps out.

use proptest::prelude::*;

use super::{Script, Step};

/// Scripts of 1 to `most` steps behind the founding of a small world.
///
/// What is left of a script when steps are taken out of it still means something, so a failing
/// script shrinks to the steps that it needs.
pub fn scripts(most: usize) -> impl Strategy<Value = Script> {
    let steps = prop::collection::vec(any::<u64>().no_shrink(), 1..=most.max(1));
    (any::<u64>().no_shrink(), steps).prop_map(|(seed, steps)| {
        let mut script = Script::founding_of(seed);
        script.steps.extend(steps.into_iter().map(Step::of_seed));
        script
    })
}
