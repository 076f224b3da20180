//! Why a ledger does not open, or refuses a change.

use holdfast_columns::SealError;
use holdfast_types::{ChainId, ErrorKind};
use std::io;
use std::path::PathBuf;

/// What the user can do about a damaged file.
pub(crate) const REPAIR: &str = "restore the ledger from a backup, or ingest it again";

/// Why a ledger does not open, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no ledger.
    #[error("{0}: no account ledger here")]
    Missing(PathBuf),
    /// Another process has the ledger open for writing.
    #[error("{0}: another process is writing this ledger")]
    Locked(PathBuf),
    /// The manifest does not read.
    #[error("{0}: {1}")]
    Manifest(PathBuf, #[source] SealError),
    /// The manifest is of another version.
    #[error("{0}: layout version {1} is not supported by this build; ingest again with this build")]
    Format(PathBuf, u32),
    /// The ledger holds another chain, or other assets.
    #[error("{path}: this ledger holds {stored}, not {requested}")]
    Settings {
        /// The ledger.
        path: PathBuf,
        /// What it holds.
        stored: String,
        /// What was requested.
        requested: String,
    },
    /// A block is of another chain.
    #[error("block {height} is of {chain}, which is not this ledger's chain")]
    Chain {
        /// Its height.
        height: u64,
        /// Its chain.
        chain: ChainId,
    },
    /// The block does not follow the last one.
    #[error("block {height} (0x{hash}) does not follow the ledger's last block: {why}")]
    NotNext {
        /// Its height.
        height: u64,
        /// Its hash.
        hash: String,
        /// What does not fit.
        why: String,
    },
    /// A block contradicts itself or cannot be stored.
    #[error("block {height}: {why}")]
    Block {
        /// Its height.
        height: u64,
        /// What is wrong.
        why: String,
    },
    /// Blocks that are final by the ledger's policy would be removed.
    #[error("block {height} is final: the last block is {tip} and {finality} blocks make a block final")]
    Final {
        /// First block that would be removed.
        height: u64,
        /// Height of the last block.
        tip: u64,
        /// Blocks after which a block is final.
        finality: u64,
    },
    /// The ledger is open for reading only.
    #[error("the ledger is open for reading only")]
    ReadOnly,
    /// The look-up files lag far behind the columns, because an ingest was interrupted.
    #[error("{0}: {1} transfers are not indexed yet; open the ledger for writing once")]
    NotIndexed(PathBuf, u64),
    /// There is no such account, asset, transaction, transfer or block.
    #[error("there is no {0} {1}")]
    NotStored(&'static str, u64),
    /// A file was changed or cut off on the disk.
    #[error("{file}, row {row}: {what}; {REPAIR}")]
    Damaged {
        /// File in the ledger's folder.
        file: &'static str,
        /// Value in it, or byte in files of bytes.
        row: u64,
        /// What is wrong.
        what: String,
    },
    /// The caller requested a stop.
    #[error("stopped on request; what was committed stays, and the next start resumes there")]
    Stopped,
    /// A count passes what the layout can number.
    #[error("the ledger is full: more than {0}")]
    Full(&'static str),
}

impl LedgerError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            LedgerError::Missing(_) | LedgerError::NotStored(..) => ErrorKind::NotFound,
            LedgerError::Locked(_) | LedgerError::NotIndexed(..) | LedgerError::Stopped => ErrorKind::Unavailable,
            LedgerError::Settings { .. } | LedgerError::NotNext { .. } => ErrorKind::Conflict,
            LedgerError::Chain { .. } | LedgerError::Block { .. } => ErrorKind::Invalid,
            LedgerError::Final { .. } | LedgerError::ReadOnly => ErrorKind::State,
            LedgerError::Io(..)
            | LedgerError::Manifest(..)
            | LedgerError::Format(..)
            | LedgerError::Damaged { .. }
            | LedgerError::Full(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn damaged(file: &'static str, row: u64, what: impl Into<String>) -> Self {
        LedgerError::Damaged { file, row, what: what.into() }
    }
}
