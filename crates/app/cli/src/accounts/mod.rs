//! Account chains: reading blocks into a ledger, its upkeep, following a node, look-ups.

pub mod evidence;
pub mod feed;
pub mod follower;
mod freezes;
pub mod ledger;
mod print;
pub mod rebuild;
pub mod show;
pub mod traces;
pub mod who;

pub use feed::{AccountArgs, follow, ingest};
