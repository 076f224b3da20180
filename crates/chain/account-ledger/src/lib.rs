//! The account chains' store: transfers in columns, memory-mapped, append-only, safe against kills and reorganizations; look-ups by address,
//! asset, transaction and block, and balances at any height.
//!
//! A store is a folder. Facts of the chain lie in fixed-width columns in chain order, named by dense numbers: blocks, transactions and
//! transfers in 64 bits (38 in the postings), accounts and assets in 32, in order of first appearance. A sealed [`manifest`] holds how much of each column
//! is committed and is replaced atomically, so a kill at any moment loses nothing that was reported done. Postings, hash tables and
//! running balances ([`index`]) are derived, immutable, and rebuilt whole; what came since lies in memory.
//!
//! A ledger may begin at any block and hold chosen assets only. Balances from before its first block are unknown, and every answer states it
//! ([`Opening`]). Of a transaction its hash, place, payer, method, fee and transfers are stored; the account that it calls and its signals
//! (zero-value logs, delegations and others) are not.
//!
//! Bytes: 61 a transaction (50 where fees are not held), 24 a stored transfer and 8 more for each 64 bits of an amount of 2^63 or more, 20 an
//! account (32 on Solana), 65 an asset, 96 a block; in the index 5.9 a transaction, 1 to 6 a posting and 0.2 for its running balance, 9 for each
//! account and asset, 9.7 an account.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod append;
mod balances;
pub mod check;
mod columns;
mod error;
mod index;
mod keys;
mod ledger;
mod look_ups;
pub mod manifest;
mod numbers;
mod overlay;
mod postings;
mod rows;
mod walks;

pub use append::{AppendOptions, AppendReport};
pub use balances::{Backing, Balance, Direction, Opening, Posting};
pub use check::{CheckReport, Damage};
pub use columns::{NATIVE, NONE_U32};
pub use error::LedgerError;
pub use ledger::Ledger;
pub use look_ups::{BlockInfo, StoredTransfer, TransferNumber, TxInfo};
pub use manifest::{Assets, Counts, Settings};
