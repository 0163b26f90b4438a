//! Time: UTC, whole microseconds, the years 1970 to 2200.
//!
//! The upper bound keeps every time representable as nanoseconds in an `i64`, which the search
//! index needs. Nothing in the engine reads a clock except through [`Clock`].

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC with microsecond precision.
pub type Timestamp = DateTime<Utc>;

/// The last microsecond that the engine accepts: the end of the year 2199.
pub const LAST_MICROS: i64 = 7_258_118_399_999_999;

/// Microseconds since 1970, the form in which stores keep a time.
#[must_use]
pub fn to_micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// The moment `micros` microseconds after 1970; `None` outside the years 1970 to 2199.
#[must_use]
pub fn from_micros(micros: i64) -> Option<Timestamp> {
    (0..=LAST_MICROS).contains(&micros).then(|| DateTime::from_timestamp_micros(micros)).flatten()
}

/// Whether stores keep this time as it is: in the years 1970 to 2199, in whole microseconds.
#[must_use]
pub fn is_kept(at: Timestamp) -> bool {
    from_micros(to_micros(at)) == Some(at)
}

/// The day of a moment, counted from 1970-01-01.
#[must_use]
pub fn day_of(at: Timestamp) -> i32 {
    i32::try_from(at.timestamp().div_euclid(86_400)).unwrap_or(i32::MAX)
}

/// Tells the time. The host may bring its own; tests bring a [`ManualClock`].
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment. Values below microseconds are cut off by the engine.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(to_micros(at)))
    }

    /// Moves the clock to `at`, forwards or backwards.
    pub fn set(&self, at: Timestamp) {
        self.0.store(to_micros(at), Ordering::SeqCst);
    }

    /// Moves the clock forward by `step`.
    pub fn advance(&self, step: std::time::Duration) {
        let micros = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        from_micros(self.0.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
    }
}
