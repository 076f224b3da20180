//! Parsing and sources of Bitcoin-family blocks.
//!
//! This crate turns bytes into blocks, transactions, outputs and addresses, and finds those bytes
//! in node block files ([`files`]), undo files ([`undo`]) and live nodes ([`node`]). It stores nothing.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless, clippy::cast_possible_truncation)]
#![cfg_attr(
    test,
    allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless, clippy::cast_possible_truncation)
)]

pub mod block;
pub mod files;
pub mod header;
pub mod mempool;
pub mod node;
pub mod ownerless;
pub mod read;
pub mod script;
pub mod undo;

pub use block::{Block, BlockError};
pub use header::Header;
pub use holdfast_types::{
    AddressKey, BlockHash, Hash32, Network, ScriptClass, Txid, address_key as address, display_hash, hash, network,
    parse_hash,
};
