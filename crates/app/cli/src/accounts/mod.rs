//! Account chains: reading blocks into a ledger, its upkeep, following a node, look-ups.

pub mod feed;
pub mod follower;
pub mod ledger;
mod print;
pub mod show;
pub mod traces;
pub mod who;

pub use feed::{AccountArgs, follow, ingest};
