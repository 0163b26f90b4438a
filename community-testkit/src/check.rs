//! Checks that return instead of panicking, so that a run over all cases can report each failure.

use std::fmt::{self, Debug};
use std::panic::Location;

use community_core::store::{CommitError, StoreError};

/// The outcome of a case or of a part of it.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Something that a store should have done otherwise.
#[derive(Debug)]
pub struct Failure {
    message: String,
    at: &'static Location<'static>,
}

impl Failure {
    /// A failure at the place of the caller.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at {}:{}", self.message, self.at.file(), self.at.line())
    }
}

impl std::error::Error for Failure {}

macro_rules! failure_from {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            #[track_caller]
            fn from(error: $error) -> Self {
                Self::new(chain(&error))
            }
        }
    )+};
}

failure_from!(StoreError, CommitError, community_core::Error, community_core::TextError);

/// An error with its sources, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Checks that something holds.
#[track_caller]
pub(crate) fn holds(what: &str, condition: bool) -> Outcome {
    if condition { Ok(()) } else { Err(Failure::new(format!("it does not hold that {what}"))) }
}

/// Checks that two values are equal.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "what is compared is often made for it")]
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = around_the_difference(&format!("{found:?}"), &format!("{expected:?}"));
    Err(Failure::new(format!("{what}: found `{found}` where `{expected}` is expected")))
}

/// Checks that two lists are equal, and names the first place where they part.
#[track_caller]
pub(crate) fn same_list<T: PartialEq + Debug>(what: &str, found: &[T], expected: &[T]) -> Outcome {
    let same = found.iter().zip(expected).take_while(|(a, b)| a == b).count();
    if same == found.len() && same == expected.len() {
        return Ok(());
    }
    let (found_len, expected_len) = (found.len(), expected.len());
    let (found, expected) = (found.get(same), expected.get(same));
    Err(Failure::new(format!(
        "{what}: {found_len} items where {expected_len} are expected; item {same} is {found:?} \
         where {expected:?} is expected"
    )))
}

/// Checks that two values differ.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "what is compared is often made for it")]
pub(crate) fn differ<T: PartialEq + Debug>(what: &str, one: T, other: T) -> Outcome {
    if one != other { Ok(()) } else { Err(Failure::new(format!("{what}: still {one:?}"))) }
}

/// What is there, or a failure.
#[track_caller]
pub(crate) fn some<T>(what: &str, value: Option<T>) -> Outcome<T> {
    value.ok_or_else(|| Failure::new(format!("{what} is not there")))
}

/// Checks that a list is long enough for the case to mean anything.
#[track_caller]
pub(crate) fn at_least<T>(what: &str, list: &[T], least: usize) -> Outcome {
    let len = list.len();
    if len >= least {
        return Ok(());
    }
    Err(Failure::new(format!("{what}: {len} where {least} at least are expected")))
}

/// The parts of two texts around the place where they part.
fn around_the_difference(one: &str, other: &str) -> (String, String) {
    const AROUND: usize = 200;
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let part =
        |text: &str| text.chars().skip(same.saturating_sub(AROUND)).take(2 * AROUND).collect();
    (part(one), part(other))
}
