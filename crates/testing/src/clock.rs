//! A clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The time at which tests begin, Unix seconds.
pub const START: i64 = 1_780_000_000;

/// A clock that stands still until a test moves it. Clones share the time.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl TestClock {
    /// Makes a clock that says [`START`].
    pub fn new() -> Self {
        TestClock(Arc::new(AtomicI64::new(START)))
    }

    /// Moves the clock to a time, Unix seconds.
    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Returns the clock as the service takes it.
    pub fn clock(&self) -> holdfast_screening::service::Clock {
        let time = self.0.clone();
        Arc::new(move || time.load(Ordering::SeqCst))
    }
}
