//! Fixtures that tests of several crates share: a clock that a test moves, both databases, a node and a database that fail on command, events, an
//! in-memory account chain, an authenticator in software.
//!
//! A missing peer program fails a test in CI and skips it, loudly, elsewhere.

mod account_chain;
mod authenticator;
mod clock;
mod database;
mod events;
mod node;
mod proxy;

pub use account_chain::AccountChain;
pub use authenticator::Authenticator;
pub use clock::{START, TestClock};
pub use database::TestDb;
pub use events::{deposit, withdrawal};
pub use node::{Fault, FaultyNode, NodeBlock};
pub use proxy::FaultyDatabase;
