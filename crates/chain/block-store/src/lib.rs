//! What is found in blocks and kept beside a ledger: records of a block's transactions, found by block, by transaction and by keys.
//!
//! A store knows bytes and keys; what they mean is its owner's (links, signals). It is append-only, cut back with the ledger, and safe against kills at
//! any moment. Append a block here before the ledger's block, and cut the store back to the ledger's tip on opening ([`Store::keep_common`]): then the
//! ledger never holds a block that was not looked at.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod check;
mod error;
mod look_ups;
mod manifest;
mod store;

pub use check::KeysOf;
pub use error::StoreError;
pub use look_ups::RecordNumber;
pub use manifest::{Counts, Manifest};
pub use store::{Place, RawBlock, RawRecord, Store, key};
