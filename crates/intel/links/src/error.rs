//! Why a store of links does not open, or refuses a change.

use holdfast_columns::SealError;
use holdfast_types::{ChainId, ErrorKind};
use std::io;
use std::path::PathBuf;

/// What the user can do about a damaged file: links follow from blocks.
const REPAIR: &str = "remove the folder of links and read the blocks again";

/// Why a store of links does not open, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no store.
    #[error("{0}: no links here")]
    Missing(PathBuf),
    /// Another process has the store open for writing.
    #[error("{0}: another process is writing these links")]
    Locked(PathBuf),
    /// The manifest does not read.
    #[error("{0}: {1}")]
    Manifest(PathBuf, #[source] SealError),
    /// The manifest is of another version.
    #[error(
        "{0}: these links were found by another version ({1}) of this program; remove the folder and read the blocks again"
    )]
    Format(PathBuf, u32),
    /// The store is of another chain.
    #[error("{path}: these are links of {stored}, not of {requested}")]
    Chain {
        /// The store.
        path: PathBuf,
        /// Its chain.
        stored: ChainId,
        /// The chain that was requested.
        requested: ChainId,
    },
    /// The block does not follow the last one.
    #[error("block {height} does not follow the last block with links: {why}")]
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
    #[error("the links are open for reading only")]
    ReadOnly,
    /// There is no such record.
    #[error("there is no record {0} of links")]
    NotStored(u64),
    /// A file was changed or cut off on the disk.
    #[error("{file}, row {row}: {what}; {REPAIR}")]
    Damaged {
        /// File in the store's folder.
        file: &'static str,
        /// Value in it.
        row: u64,
        /// What is wrong.
        what: String,
    },
}

impl LinkError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            LinkError::Missing(_) | LinkError::NotStored(_) => ErrorKind::NotFound,
            LinkError::Locked(_) => ErrorKind::Unavailable,
            LinkError::Chain { .. } | LinkError::NotNext { .. } => ErrorKind::Conflict,
            LinkError::Block { .. } => ErrorKind::Invalid,
            LinkError::ReadOnly => ErrorKind::State,
            LinkError::Io(..) | LinkError::Manifest(..) | LinkError::Format(..) | LinkError::Damaged { .. } => {
                ErrorKind::Internal
            }
        }
    }

    pub(crate) fn damaged(file: &'static str, row: u64, what: impl Into<String>) -> Self {
        LinkError::Damaged { file, row, what: what.into() }
    }
}
