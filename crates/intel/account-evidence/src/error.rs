//! Why there is no bundle.

use holdfast_account_ledger::LedgerError;
use holdfast_analysis::accounts::AccountTraceError;
use holdfast_analysis::bundle::{BundleError, MAX_BUNDLE_TXS};
use holdfast_types::{ChainId, ErrorKind};

/// Why a bundle cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// There is no trace.
    #[error(transparent)]
    Trace(#[from] AccountTraceError),
    /// A ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It does not pack.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Too much to carry.
    #[error("the trace rests on {0} transactions; a bundle carries {MAX_BUNDLE_TXS}. Narrow the bounds")]
    TooLarge(usize),
    /// Nobody named where a chain's blocks are.
    #[error("the proofs are read from blocks of {0}, which ledgers do not store, and no source of them is named")]
    NoSource(ChainId),
    /// Whoever watches the reading of blocks ended it.
    #[error("the reading of blocks for the proofs was stopped")]
    Stopped,
    /// The source lacks a block.
    #[error("block {height} of {chain} is needed for the proofs, and the source of blocks does not have it")]
    NoBlock {
        /// Chain.
        chain: ChainId,
        /// Height.
        height: u64,
    },
    /// The source's block is another.
    #[error(
        "block {height} of {chain} is another at the source of blocks than in the ledger; check that both are on the same chain, and follow it first"
    )]
    OtherBlock {
        /// Chain.
        chain: ChainId,
        /// Height.
        height: u64,
    },
    /// Blocks cannot be read.
    #[error("{0}")]
    Source(String, ErrorKind),
    /// What the blocks hold is not what the ledger holds.
    #[error(
        "the blocks do not give what the ledger has: {0}. Were they read with other notes of the chain (wrappers, bridges)?"
    )]
    Differs(String),
}

impl EvidenceError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            EvidenceError::Trace(e) => e.kind(),
            EvidenceError::Ledger(e) => e.kind(),
            EvidenceError::Source(_, kind) => *kind,
            EvidenceError::TooLarge(_) => ErrorKind::Invalid,
            EvidenceError::NoSource(_) => ErrorKind::State,
            EvidenceError::Stopped => ErrorKind::Unavailable,
            EvidenceError::NoBlock { .. } => ErrorKind::NotFound,
            EvidenceError::OtherBlock { .. } | EvidenceError::Differs(_) => ErrorKind::Conflict,
            EvidenceError::Bundle(_) => ErrorKind::Internal,
        }
    }
}
