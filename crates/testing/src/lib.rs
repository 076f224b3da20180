//! Fixtures that tests of several crates share: a clock that a test moves, both databases, a node and a database that fail on command, events, a learned model, an
//! in-memory account chain, blocks by hand, the simulated economy's chains in a store, an authenticator in software, the bundled tag packs; and the measure of examples.
//!
//! A missing peer program fails a test in CI and skips it, loudly, elsewhere.

mod account_chain;
mod authenticator;
pub mod blocks;
mod clock;
mod database;
mod events;
mod models;
mod node;
mod proxy;
mod rpc;
mod simulated_accounts;
mod speed;
mod tag_packs;

pub use account_chain::AccountChain;
pub use authenticator::Authenticator;
pub use clock::{START, TestClock};
pub use database::TestDb;
pub use events::{deposit, withdrawal};
pub use models::{account_model, payments_model, value_model};
pub use node::{Fault, FaultyNode, NodeBlock};
pub use proxy::FaultyDatabase;
pub use rpc::rpc_node;
pub use simulated_accounts::SimulatedAccounts;
pub use speed::measure;
pub use tag_packs::bundled_tag_packs;
