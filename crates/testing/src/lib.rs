//! What tests of several crates share: a clock that a test moves, both databases, events, a chain of accounts.
//!
//! A missing peer program fails a test in CI and skips it, loudly, elsewhere.

mod account_chain;
mod clock;
mod database;
mod events;

pub use account_chain::AccountChain;
pub use clock::{START, TestClock};
pub use database::TestDb;
pub use events::{deposit, withdrawal};
