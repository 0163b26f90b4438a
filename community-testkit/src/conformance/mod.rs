//! The conformance table: what a store has to do, case by case.
//!
//! A backend runs all of it by one line in a test file of its own:
//!
//! ```
//! # mod tests {
//! use std::sync::Arc;
//!
//! use community_core::Store;
//! use community_testkit::ModelStore;
//!
//! community_testkit::conformance!(|| async { Arc::new(ModelStore::new()) as Arc<dyn Store> });
//! # }
//! ```
//!
//! Each case becomes a test with a name that says what it tests, in a module that says which
//! guarantee of [`community_core::store`] it belongs to. The closure opens a fresh, empty store; it
//! is called once per case. A store that keeps its data runs [`conformance_durable!`] instead, which
//! has more cases. [`run`] does the same as a call, for those who test outside of `cargo test`.
//!
//! [`conformance_durable!`]: crate::conformance_durable

mod table;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use community_core::Store;
use serde::Serialize;

use crate::check::Outcome;
use crate::world::World;

pub use table::CASES;

/// A boxed future.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One thing that every store has to do.
pub struct Case {
    /// Its name, which reads as a sentence.
    pub name: &'static str,
    /// What it tests.
    pub guarantee: Guarantee,
    /// Whether it closes the store and opens it again, which only durable stores stand.
    pub durable: bool,
    /// The case itself, on a world around a fresh store.
    pub run: fn(World) -> Boxed<Outcome>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, guarantee, durable, run: _ } = self;
        f.debug_struct("Case")
            .field("name", name)
            .field("guarantee", guarantee)
            .field("durable", durable)
            .finish_non_exhaustive()
    }
}

/// Which part of the [contract](community_core::store) a case tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// G1: all or nothing.
    AllOrNothing,
    /// G2: expectations are checked in the same step.
    Expectations,
    /// G3: the log is in commit order.
    Log,
    /// G4: what is committed is read.
    ReadYourWrites,
    /// G5: what is committed stays.
    Durable,
    /// G6: reads by id keep the order of the request, and hidden is as absent.
    ById,
    /// G7: pages are ordered, full and whole.
    Pages,
    /// G8: a request is applied once.
    Requests,
    /// G9: a store has no limits of its own.
    NoLimits,
    /// A query means what its scope means.
    Scopes,
    /// Operations and reads mean what they say.
    Meaning,
}

/// Where stores come from: opens one each time it is called.
pub struct Opener(Box<dyn Fn() -> Boxed<Arc<dyn Store>> + Send + Sync>);

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener")
    }
}

impl Opener {
    /// An opener out of an asynchronous closure.
    pub fn new<F, O>(open: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Arc<dyn Store>> + Send + 'static,
    {
        Self(Box::new(move || Box::pin(open())))
    }

    /// Opens a store.
    pub async fn open(&self) -> Arc<dyn Store> {
        (self.0)().await
    }
}

/// What a run over the table has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many cases were run.
    pub cases: usize,
    /// Those that failed.
    pub failures: Vec<CaseFailure>,
}

/// A case that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseFailure {
    /// The case's name.
    pub case: &'static str,
    /// What it tests.
    pub guarantee: Guarantee,
    /// What was seen, and what was expected.
    pub message: String,
}

impl Report {
    /// Whether no case failed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for CaseFailure { case, guarantee, message } in &self.failures {
            writeln!(f, "{guarantee:?}: {case}: {message}")?;
        }
        write!(f, "{} cases, {} failures", self.cases, self.failures.len())
    }
}

/// Runs every case that needs no second opening, each on a fresh store.
///
/// ```
/// use std::sync::Arc;
/// use community_core::Store;
/// use community_testkit::{ModelStore, conformance};
/// let report = conformance::run(|| async { Arc::new(ModelStore::new()) as Arc<dyn Store> });
/// assert!(report.is_clean(), "{report}");
/// ```
pub fn run<F, O>(open: F) -> Report
where
    F: Fn() -> O + Send + Sync + 'static,
    O: Future<Output = Arc<dyn Store>> + Send + 'static,
{
    let open = Arc::new(open);
    report(CASES.iter().filter(|case| !case.durable), &|| {
        let open = Arc::clone(&open);
        Opener::new(move || open())
    })
}

/// Runs every case. `home` makes a fresh place for a store; what it returns opens the store there,
/// the same data each time.
pub fn run_durable<H>(home: H) -> Report
where
    H: Fn() -> Opener,
{
    report(CASES.iter(), &home)
}

fn report<'a>(cases: impl Iterator<Item = &'a Case>, home: &dyn Fn() -> Opener) -> Report {
    let mut report = Report { cases: 0, failures: Vec::new() };
    for case in cases {
        report.cases += 1;
        if let Err(message) = attempt(case, home()) {
            let Case { name, guarantee, .. } = *case;
            report.failures.push(CaseFailure { case: name, guarantee, message });
        }
    }
    report
}

/// Runs one case; a panic of the store is a failure like others.
fn attempt(case: &Case, opener: Opener) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        pollster::block_on(async { (case.run)(World::open(opener).await).await })
    }));
    match outcome {
        Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
        Err(panic) => Err(match panic.downcast_ref::<&str>() {
            Some(text) => format!("the store panicked: {text}"),
            None => match panic.downcast_ref::<String>() {
                Some(text) => format!("the store panicked: {text}"),
                None => "the store panicked".to_owned(),
            },
        }),
    }
}

/// Runs one case by name and panics when it fails: what the generated tests call.
#[doc(hidden)]
#[track_caller]
pub fn pass(name: &str, opener: Opener) {
    let case = CASES.iter().find(|case| case.name == name);
    let outcome = match case {
        Some(case) => pollster::block_on(async {
            (case.run)(World::open(opener).await).await.map_err(|failure| failure.to_string())
        }),
        None => Err("there is no such case".to_owned()),
    };
    assert!(outcome.is_ok(), "{name}: {}", outcome.err().unwrap_or_default());
}
