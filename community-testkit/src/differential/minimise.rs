//! Cutting a failing script down to the steps that it needs.

use super::{Backend, Difference, run};
use crate::script::Script;

/// Runs spent on one script.
const BUDGET: usize = 400;

/// The script with steps left out, ever smaller parts of it, for as long as some difference stays.
pub(super) fn minimised(
    script: &Script,
    backends: &[Backend],
    difference: Difference,
) -> (Script, Difference) {
    let (mut least, mut found) = (script.clone(), difference);
    // Nothing behind the difference is needed.
    least.steps.truncate(found.step + 1);
    if let Err(again) = run(&least, backends) {
        found = *again;
    } else {
        least = script.clone();
    }
    let mut runs = 0;
    let mut part = least.steps.len() / 2;
    while part > 0 && runs < BUDGET {
        let mut at = 0;
        while at < least.steps.len() && runs < BUDGET {
            let mut fewer = least.clone();
            let end = (at + part).min(fewer.steps.len());
            fewer.steps.drain(at..end);
            runs += 1;
            match run(&fewer, backends) {
                Err(again) => {
                    least = fewer;
                    found = *again;
                }
                Ok(_) => at += part,
            }
        }
        part /= 2;
    }
    (least, found)
}
