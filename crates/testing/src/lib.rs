//! What tests of several crates share: a clock that a test moves, both databases, events.
//!
//! A missing peer program fails a test in CI and skips it, loudly, elsewhere.

mod clock;
mod database;
mod events;

pub use clock::{START, TestClock};
pub use database::TestDb;
pub use events::{deposit, withdrawal};
