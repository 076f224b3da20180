//! What blockchains say: parsing and sources of Bitcoin-family blocks.
//!
//! This crate turns bytes into blocks, transactions, outputs and addresses, and finds those bytes
//! in node block files ([`files`]), undo files ([`undo`]) and live nodes ([`node`]). It stores nothing.

pub mod address;
pub mod block;
pub mod files;
pub mod hash;
pub mod header;
pub mod mempool;
pub mod network;
pub mod node;
pub mod ownerless;
pub mod read;
pub mod script;
pub mod undo;

pub use address::AddressKey;
pub use block::{Block, BlockError};
pub use header::Header;
pub use network::Network;
pub use script::ScriptClass;

/// A 32-byte hash in internal byte order (as hashed; explorers print it reversed).
pub type Hash32 = [u8; 32];

/// Prints a hash the way explorers do: reversed, as hex.
pub fn display_hash(hash: &Hash32) -> String {
    let mut reversed = *hash;
    reversed.reverse();
    hex::encode(reversed)
}

/// Reads a hash printed by [`display_hash`]. `None` unless it is exactly 64 hex digits.
pub fn parse_hash(text: &str) -> Option<Hash32> {
    let mut bytes: Hash32 = hex::decode(text).ok()?.try_into().ok()?;
    bytes.reverse();
    Some(bytes)
}
