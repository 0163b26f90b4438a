//! What the engine takes from outside: time, randomness, limits, and whom it tells of badges.

use std::sync::Arc;

use chrono::SubsecRound;
use uuid::Uuid;

use crate::engine::AwardHook;
use crate::entropy::{Entropy, SeededEntropy, SystemEntropy};
use crate::id::IdSource;
use crate::limits::Limits;
use crate::time::{Clock, ManualClock, SystemClock, Timestamp, from_micros};

/// The engine's only source of time, randomness and limits.
///
/// With a [`ManualClock`] and a seed, one script gives the same bytes each time.
///
/// ```
/// use std::sync::Arc;
/// use community_core::{Env, Limits, time::ManualClock};
///
/// let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse()?));
/// let env = Env::manual(clock.clone(), 7).with_limits(Limits { page: 50, ..Limits::default() });
/// let before = env.now();
/// clock.advance(std::time::Duration::from_secs(60));
/// assert_eq!((env.now() - before).num_seconds(), 60);
/// assert!(env.limits().page(51).is_err());
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    ids: Arc<IdSource>,
    limits: Arc<Limits>,
    award_hook: Option<Arc<dyn AwardHook>>,
}

impl Default for Env {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemEntropy), Limits::default())
    }
}

impl Env {
    /// An environment of these parts.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, limits: Limits) -> Self {
        Self {
            clock,
            entropy,
            ids: Arc::default(),
            limits: Arc::new(limits.capped()),
            award_hook: None,
        }
    }

    /// An environment for tests: the clock moves only when it is told, ids follow from the seed.
    #[must_use]
    pub fn manual(clock: Arc<ManualClock>, seed: u64) -> Self {
        Self::new(clock, Arc::new(SeededEntropy::new(seed)), Limits::default())
    }

    /// The same environment with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = Arc::new(limits.capped());
        self
    }

    /// The same environment with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same environment with somebody who is told of badges.
    #[must_use]
    pub fn with_award_hook(mut self, hook: Arc<dyn AwardHook>) -> Self {
        self.award_hook = Some(hook);
        self
    }

    /// Who is told of badges.
    pub(crate) fn award_hook(&self) -> Option<&dyn AwardHook> {
        self.award_hook.as_deref()
    }

    /// The present moment, in whole microseconds, inside the years that stores accept.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now().trunc_subsecs(6);
        from_micros(now.timestamp_micros()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// A new id for something created at `at`.
    #[must_use]
    pub fn mint(&self, at: Timestamp) -> Uuid {
        self.ids.mint(at, &*self.entropy)
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}
