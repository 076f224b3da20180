//! What every crate names alike: chains, assets, addresses, hashes, times. No I/O.
//!
//! Identity is never text as somebody wrote it: a chain is a [`ChainId`] (CAIP-2), an asset an [`Asset`] (CAIP-19 with its ticker as an
//! alias), an address an [`Address`], which is the script or account and compares equal in all its written forms.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless, clippy::cast_possible_truncation)]
#![cfg_attr(
    test,
    allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless, clippy::cast_possible_truncation)
)]

pub mod address;
pub mod address_key;
mod amount;
pub mod asset;
pub mod chain;
mod chain_hash;
mod error_kind;
pub mod hash;
pub mod ids;
mod invalid;
mod issuer;
pub mod lookalike;
mod named;
pub mod network;
pub mod script;
mod time;
pub mod transfer;
pub mod units;

pub use address::{Address, AddressProblem};
pub use address_key::AddressKey;
pub use amount::{Amount, AmountError, SignedAmount, TooWide};
pub use asset::{Asset, AssetId, AssetListError};
pub use chain::{ChainId, Family};
pub use chain_hash::{BlockHash, NotAHash, Txid};
pub use error_kind::ErrorKind;
pub use invalid::Invalid;
pub use issuer::{Issuer, IssuerAct, IssuerAction, Mints};
pub use network::Network;
pub use script::ScriptClass;
pub use time::{Seconds, Timestamp};
pub use transfer::{
    AccountId, BlockTransfers, Commitment, Missing, Position, Resource, Signal, StakeChange, TokenRef,
    TransactionTransfers, Transfer, TransferKind,
};

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
