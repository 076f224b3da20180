//! Blocks of Tron: read, proved against their own ids and transactions roots, and turned into transfers.
//!
//! JSON of a node ([`json`], [`node`]) becomes a [`Block`] and the [`Info`]s of its transactions; [`verify()`] hashes the header again and recomputes the
//! transactions root; [`transfers()`] lists what moved in a block that was verified. [`proof`] makes and checks proofs of single transactions.
//! [`rpc`] reads the Ethereum form of java-tron, which has logs of tokens but no fees, and does not distinguish coin from TRC-10 tokens.
//!
//! A block's id commits to its transactions with their signatures and results, and to nothing else: logs (all TRC-20 tokens), calls inside
//! transactions, fees and rewards are claims of the node that was read. The crate stores nothing.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless, clippy::cast_possible_truncation)]
#![cfg_attr(
    test,
    allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless, clippy::cast_possible_truncation)
)]

mod block;
pub mod chain;
pub mod contract;
pub mod header;
pub mod info;
pub mod json;
pub mod node;
pub mod proof;
mod proto;
pub mod rpc;
pub mod transaction;
mod transfers;
mod verify;

pub use block::Block;
pub use chain::Chain;
pub use contract::Contract;
pub use header::Header;
pub use holdfast_node::{BlockError, NodeError, Problem};
pub use info::Info;
pub use proto::address;
pub use transaction::Transaction;
pub use transfers::{Single, transfers, transfers_of};
pub use verify::{VerifiedBlock, check_info, verify};
