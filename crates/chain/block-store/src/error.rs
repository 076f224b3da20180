//! Why a store does not open, or refuses a change.

use holdfast_columns::SealError;
use holdfast_types::{ChainId, ErrorKind};
use std::io;
use std::path::PathBuf;

/// Why a store does not open, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no store.
    #[error("{0}: nothing that was found in blocks is here")]
    Missing(PathBuf),
    /// Another process has the store open for writing.
    #[error("{0}: another process is writing here")]
    Locked(PathBuf),
    /// The manifest does not read.
    #[error("{0}: {1}")]
    Manifest(PathBuf, #[source] SealError),
    /// The manifest is of another version.
    #[error("{0}: format {1} is of another version of this program")]
    Format(PathBuf, u32),
    /// The store is of another chain.
    #[error("{path}: this is of {stored}, not of {requested}")]
    Chain {
        /// The store.
        path: PathBuf,
        /// Its chain.
        stored: ChainId,
        /// The chain that was requested.
        requested: ChainId,
    },
    /// The block does not follow the last one.
    #[error("block {height} does not follow the last one that was looked at: {why}")]
    NotNext {
        /// Its height.
        height: u64,
        /// What does not fit.
        why: String,
    },
    /// A block contradicts itself or cannot be stored.
    #[error("block {height}: {why}")]
    Block {
        /// Its height.
        height: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The store is open for reading only.
    #[error("what is beside the ledger is open for reading only")]
    ReadOnly,
    /// There is no such record.
    #[error("there is no record {0}")]
    NotStored(u64),
    /// A file was changed or cut off on the disk.
    #[error("{file}, row {row}: {what}")]
    Damaged {
        /// File in the store's folder.
        file: &'static str,
        /// Value in it.
        row: u64,
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Missing(_) | StoreError::NotStored(_) => ErrorKind::NotFound,
            StoreError::Locked(_) => ErrorKind::Unavailable,
            StoreError::Chain { .. } | StoreError::NotNext { .. } => ErrorKind::Conflict,
            StoreError::Block { .. } => ErrorKind::Invalid,
            StoreError::ReadOnly => ErrorKind::State,
            StoreError::Io(..) | StoreError::Manifest(..) | StoreError::Format(..) | StoreError::Damaged { .. } => {
                ErrorKind::Internal
            }
        }
    }

    /// Returns whether the store cannot be read, whatever is tried again: what it holds follows from blocks, and it is to be made anew from them.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            // A file that was cut off.
            StoreError::Io(_, e) => e.kind() == io::ErrorKind::UnexpectedEof,
            StoreError::Manifest(..)
            | StoreError::Format(..)
            | StoreError::Chain { .. }
            | StoreError::Damaged { .. } => true,
            _ => false,
        }
    }

    /// Returns that a row of a file is not what it has to be.
    pub fn damaged(file: &'static str, row: u64, what: impl Into<String>) -> Self {
        StoreError::Damaged { file, row, what: what.into() }
    }
}
