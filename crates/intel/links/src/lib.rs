//! Links that join transfers across assets and chains: swaps, wraps, bridges and mixers, each with its evidence, its certainty and the error that
//! was measured of its rule.
//!
//! [`find()`] reads a verified block with its logs and transfers, because ledgers store no logs: links are found when a block is appended. What it
//! finds are [`Record`]s: whole links within one transaction, sides of bridge messages, and moves of mixers. A [`Store`] beside each ledger holds
//! them, append-only, cut back with the ledger. [`Bridges`] joins the sides of different chains: by the message's id, or by a rule that names its
//! error. [`LedgerLinks`] gives all of them to traces. [`mixers::rank`] lists which deposits a withdrawal may come from; it never states that one of them is the origin.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod across;
mod bridges;
mod cctp;
mod codec;
mod contracts;
mod find;
mod flows;
mod gateway;
mod known;
mod layerzero;
mod ledger_links;
mod link;
mod look_ups;
pub mod measured;
pub mod mixers;
mod nomad;
mod pieces;
mod pools;
mod ronin;
mod store;
mod swaps;
mod thorchain;
mod vaults;
mod view;
mod wormhole;
mod wraps;

pub use bridges::{Bridges, Counterpart, CrossLink, Heuristic, Stored};
pub use contracts::{Contracts, Role};
pub use find::{Head, find, find_in, find_tron};
pub use holdfast_block_store::{Counts, RecordNumber, StoreError as LinkError};
pub use ledger_links::{LedgerLinks, Placed};
pub use link::{
    BlockRecords, BridgeSide, Certainty, Direction, End, Evidence, Link, LinkKind, MessageId, MixerMove, Moved, Place,
    Protocol, Record, Rule,
};
pub use look_ups::Records;
pub use measured::Measured;
pub use store::Store;
pub use view::TxView;
