//! The chain store: columnar, memory-mapped, append-only, reorg-safe; look-ups by transaction, address, block.
//!
//! A store is a folder. Facts of the chain lie in fixed-width [`column`](holdfast_columns::column)s in chain order, named by dense numbers:
//! transaction `u32`, output and input `u64` (40 bits on disk), address `u32` in order of first appearance. A checksummed
//! [`manifest`] holds how much of each column is committed and is replaced atomically, so a kill at any moment loses nothing that was
//! reported done. Look-up structures ([`index`]) are derived, immutable, and rebuilt whole; what came since lies in memory.
//! Blocks without earlier history are first-class: inputs whose funding transaction is not stored refer to *externals*,
//! filled from undo data or, failing that, from what the input itself proves.
//!
//! The layout learns from BlockSci (USENIX Security 2020): ids instead of hashes, sequential scans, about 100 bytes a transaction.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless))]
// Numbers narrow without a check where the format proves them: transactions, addresses and blocks are counted in 32 bits (`append`
// refuses more), and columns are mapped whole, which needs 64-bit addresses.
const _: () = assert!(usize::BITS >= 64, "columns are mapped whole");

pub mod append;
pub mod check;
pub mod checksums;
mod columns;
mod error;
mod external;
pub mod follow;
pub mod index;
mod look_ups;
pub mod manifest;
pub mod overwritten;
pub mod raw;
pub mod store;

pub use append::{AppendOptions, AppendReport, BlockFeed, FilesFeed, MemoryBlock, MemoryFeed, Progress, RawPlace};
pub use follow::{FollowError, FollowReport, follow};
pub use holdfast_columns::U40;
pub use manifest::{Counts, Manifest};
pub use overwritten::Overwritten;
pub use store::{BlockInfo, Ledger, LedgerError, OutputInfo, Source, TxFlags, TxInfo};
