//! A store that fails, or is interrupted, when it is told to.
//!
//! [`FaultyStore`] wraps any store and counts the calls that reach it. One of them can be made to
//! fail, before or after it took effect, in the ways that the contract knows; or something else can
//! be made to happen just before it, which puts two commands into any order without a thread. With
//! nothing planned it only counts, which shows what a request costs, or that it never got this far.
//! A store with a [`Habit`] does one thing wrong all the time: the control of a test that kills its
//! process.
//!
//! Not here: faults below a store, such as a disk that is full.

mod award;
mod document;
mod forward;
mod habit;
mod ledger;

pub use habit::Habit;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use community_core::StoreError;
use community_core::store::Store;

use habit::Habits;

/// What happens to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// Nothing is written, and the store says so: [`StoreError::Failed`].
    Failed,
    /// Nothing is written, and the store does not know: [`StoreError::OutcomeUnknown`].
    Lost,
    /// Everything is written, and the store does not know: [`StoreError::OutcomeUnknown`].
    Unheard,
    /// Nothing is written, now or later, until the store is [opened
    /// again](FaultyStore::reopen): [`StoreError::Poisoned`].
    Poisoned,
}

impl CommitFault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Lost, Self::Unheard, Self::Poisoned];
}

/// A store that fails, or is interrupted, when it is told to. One thing can be planned at a time: a
/// new plan takes the place of the one before.
///
/// ```
/// use std::sync::Arc;
/// use community_core::store::Reader;
/// use community_testkit::{FaultyStore, ModelStore};
///
/// let store = FaultyStore::new(ModelStore::new());
/// store.fail_call(2);
/// pollster::block_on(async {
///     assert!(store.info().await.is_ok());
///     assert!(store.info().await.is_err());
///     assert!(store.info().await.is_ok());
/// });
/// assert_eq!(store.calls(), 3);
/// ```
pub struct FaultyStore<S> {
    inner: S,
    habits: Habits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: u64,
    commits: u64,
    plan: Option<Plan>,
    poisoned: bool,
}

/// What is to happen, and at which call or commit from now on.
enum Plan {
    FailCall(u64),
    FailCommit(u64, CommitFault),
    Interrupt(u64, Interruption),
}

type Interruption = Box<dyn FnOnce() + Send>;

impl<S> FaultyStore<S> {
    /// A store that works, until it is told otherwise.
    pub fn new(inner: S) -> Self {
        Self { inner, habits: Habits::default(), state: Mutex::default() }
    }

    /// A store that does one thing wrong at every commit.
    pub fn with_habit(inner: S, habit: Habit) -> Self {
        Self { inner, habits: Habits::of(habit), state: Mutex::default() }
    }

    /// The store beneath, past everything that is planned.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Makes the `n`-th call from now on fail, from 1, with [`StoreError::Failed`] and without
    /// effect, be it a read, a commit or anything else.
    pub fn fail_call(&self, n: u64) {
        self.plan(Plan::FailCall(n));
    }

    /// Makes the `n`-th commit from now on fail, from 1.
    pub fn fail_commit(&self, n: u64, fault: CommitFault) {
        self.plan(Plan::FailCommit(n, fault));
    }

    /// Makes something happen just before the `n`-th call from now on, from 1. It may use the store
    /// itself.
    pub fn interrupt(&self, n: u64, interruption: impl FnOnce() + Send + 'static) {
        self.plan(Plan::Interrupt(n, Box::new(interruption)));
    }

    /// Whether something is planned that has not happened yet.
    pub fn is_pending(&self) -> bool {
        self.with(|state| state.plan.is_some())
    }

    /// Forgets what was planned and has not happened.
    pub fn relax(&self) {
        self.with(|state| state.plan = None);
    }

    /// Takes writes again after [`CommitFault::Poisoned`].
    pub fn reopen(&self) {
        self.with(|state| state.poisoned = false);
    }

    /// How many calls have come, failed ones included.
    pub fn calls(&self) -> u64 {
        self.with(|state| state.calls)
    }

    /// How many of them were commits.
    pub fn commits(&self) -> u64 {
        self.with(|state| state.commits)
    }

    fn plan(&self, plan: Plan) {
        self.with(|state| state.plan = Some(plan));
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Store> FaultyStore<S> {
    /// A call comes.
    fn enter(&self) -> Result<(), StoreError> {
        self.habits.catch_up(&self.inner);
        let due = self.with(|state| {
            state.calls += 1;
            let due = match &mut state.plan {
                Some(Plan::FailCall(n) | Plan::Interrupt(n, _)) => {
                    *n = n.saturating_sub(1);
                    *n == 0
                }
                Some(Plan::FailCommit(..)) | None => false,
            };
            due.then(|| state.plan.take()).flatten()
        });
        match due {
            Some(Plan::Interrupt(_, interruption)) => interruption(),
            Some(_) => return Err(StoreError::failed("a planned failure of a call")),
            None => {}
        }
        Ok(())
    }

    /// A commit comes. What is to happen to it, unless it is refused at once.
    fn enter_commit(&self) -> Result<Option<CommitFault>, StoreError> {
        self.enter()?;
        let due = self.with(|state| {
            state.commits += 1;
            if state.poisoned {
                return Err(StoreError::Poisoned);
            }
            match &mut state.plan {
                Some(Plan::FailCommit(n, fault)) => {
                    let fault = *fault;
                    *n = n.saturating_sub(1);
                    if *n > 0 {
                        return Ok(None);
                    }
                    state.plan = None;
                    state.poisoned = fault == CommitFault::Poisoned;
                    Ok(Some(fault))
                }
                _ => Ok(None),
            }
        })?;
        match due {
            Some(CommitFault::Failed) => Err(StoreError::failed("a planned failure of a commit")),
            Some(CommitFault::Lost) => Err(unknown("a planned loss of a commit")),
            Some(CommitFault::Poisoned) => Err(StoreError::Poisoned),
            other => Ok(other),
        }
    }
}

fn unknown(why: &'static str) -> StoreError {
    StoreError::OutcomeUnknown(why.into())
}

impl<S: fmt::Debug> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore")
            .field("inner", &self.inner)
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
