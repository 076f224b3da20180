//! A clock that a test moves.

use holdfast_types::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The time at which tests begin.
pub const START: Timestamp = Timestamp::from_unix(1_780_000_000);

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
        TestClock(Arc::new(AtomicI64::new(START.unix())))
    }

    /// Moves the clock to a time.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix(), Ordering::SeqCst);
    }

    /// Returns the clock as the service takes it.
    pub fn clock(&self) -> holdfast_screening::service::Clock {
        let time = self.0.clone();
        Arc::new(move || Timestamp::from_unix(time.load(Ordering::SeqCst)))
    }
}
