//! Why a store does not open, or refuses a change.

use crate::manifest::ManifestError;
use holdfast_bitcoin::files::FilesError;
use holdfast_bitcoin::{BlockError, Network};
use std::io;
use std::path::PathBuf;

/// Why a store does not open, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no store.
    #[error("{0}: no ledger here; make one with `holdfast ingest`")]
    Missing(PathBuf),
    /// Another process has the store open for writing.
    #[error("{0}: another process is writing this ledger; stop it, or query it over HTTP")]
    Locked(PathBuf),
    /// The manifest does not read.
    #[error("{0}: {1}")]
    Manifest(PathBuf, #[source] ManifestError),
    /// The store holds another network's chain.
    #[error("{path}: this ledger holds network {stored}, not {requested}")]
    Network {
        /// The store.
        path: PathBuf,
        /// What it holds.
        stored: Network,
        /// What was requested.
        requested: Network,
    },
    /// The look-up files lag far behind the columns (an ingest was interrupted).
    #[error("{0}: {1} transactions are not indexed yet; run `holdfast ledger index`, or start the ingest again")]
    NotIndexed(PathBuf, u32),
    /// The blocks given do not follow the tip.
    #[error("block {height} ({hash}) does not follow the ledger's tip: {why}")]
    NotNext {
        /// Its height.
        height: u32,
        /// Its hash.
        hash: String,
        /// What does not fit.
        why: String,
    },
    /// A block is invalid.
    #[error("block at height {0}: {1}")]
    Block(u32, #[source] BlockError),
    /// An input spends what its chain does not allow.
    #[error("block at height {height}, transaction {txid}: {why}")]
    Input {
        /// Block height.
        height: u32,
        /// The spending transaction.
        txid: String,
        /// What is wrong.
        why: String,
    },
    /// Node files do not read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Undo data does not fit its block.
    #[error("block at height {0}: {1}")]
    Undo(u32, String),
    /// The store is open for reading only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// A file was changed or cut off on the disk.
    #[error("{0}")]
    Damaged(String),
    /// The caller requested a stop.
    #[error("stopped on request; what was committed stays, and the next start resumes there")]
    Stopped,
    /// A count passes what the layout can number.
    #[error("the ledger is full: more than {0}")]
    Full(&'static str),
    /// A raw block can no longer be read.
    #[error("raw block at height {height}: {path}: {why}; restore the node file, or ingest again with --keep-raw")]
    Raw {
        /// Block height.
        height: u32,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}
