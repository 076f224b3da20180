//! Blocks of EVM chains (Ethereum, OP Stack, Arbitrum, Polygon and others): read, proved against their own roots, and turned into transfers.
//!
//! Bytes or JSON become a [`Block`] and its [`Receipt`]s ([`rlp`], [`json`], [`era1`], [`node`]); [`verify()`] hashes the header again and recomputes
//! every root in it; [`transfers()`] lists what moved in a block that was verified. Traces ([`trace`]) are in no root: what comes from them is a
//! claim of the node that was read. [`proof`] makes and checks proofs of single transactions and receipts. The crate stores nothing.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless, clippy::cast_possible_truncation)]
#![cfg_attr(
    test,
    allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless, clippy::cast_possible_truncation)
)]

pub mod allocation;
pub mod block;
pub mod chain;
pub mod era1;
pub mod events;
#[cfg(test)]
mod expected;
mod fees;
pub mod found;
pub mod header;
mod issuers;
pub mod json;
pub mod node;
pub mod proof;
pub mod receipt;
mod rewards;
pub mod rlp;
mod scan;
pub mod trace;
pub mod transaction;
mod transfers;
mod verify;

pub use alloy_primitives::{Address, B256, Bloom, Bytes, U256, keccak256};
pub use block::{Block, Ommers, Withdrawal};
pub use chain::{Chain, Stack};
pub use header::Header;
pub use holdfast_node::{BlockError, Problem};
pub use receipt::{Log, Outcome, Receipt};
pub use trace::Trace;
pub use transaction::Transaction;
pub use transfers::{Single, transfers, transfers_of};
pub use verify::{Checks, VerifiedBlock, sender, verify};
