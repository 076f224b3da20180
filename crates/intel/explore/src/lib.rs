//! What an explorer of the money's graph asks, on chains of outputs and on account chains alike. Every list is bounded, and what it leaves out is
//! counted and summed, so that what is drawn and what is not are together what the ledger has.
//!
//! - [`chain`]: one view of both families; [`reports`]: the answers.
//! - [`neighbours`]: whom an address, an entity or a transaction dealt with; [`activity`]: when; [`figures`]: what was computed over the whole chain.
//! - [`transactions`]: several at once, and payments between addresses; [`lookup`]: lists of pasted items.
//! - [`bundle`]: a drawn graph as a signed bundle of all that is drawn.
//! - `entities`: clusters and actors; [`choose`]: the chain that a question is about.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod accounts;
pub mod activity;
pub mod bundle;
pub mod chain;
pub mod choose;
mod entities;
mod error;
pub mod figures;
mod flows;
pub mod lookup;
pub mod neighbours;
mod outputs;
pub mod reports;
pub mod transactions;

pub use chain::Chain;
pub use error::ExploreError;
pub use neighbours::NeighboursQuery;
