//! Why an export, or what reads one, ends.

use holdfast_account_ledger::LedgerError as AccountLedgerError;
use holdfast_attribution::cluster::ClusterError;
use holdfast_attribution::tags::TagStoreError;
use holdfast_utxo_ledger::LedgerError;
use holdfast_workspace::WorkspaceError;
use std::io;
use std::path::{Path, PathBuf};

/// Why an export, or what reads one, ends.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// A file is not what the manifest promises, or no Parquet of that table.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// The ledger does not read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The account ledger does not read.
    #[error(transparent)]
    AccountLedger(#[from] AccountLedgerError),
    /// The workspace of a chain does not read.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Tags do not read.
    #[error(transparent)]
    Tags(#[from] TagStoreError),
    /// Clusters do not read.
    #[error(transparent)]
    Clusters(#[from] ClusterError),
    /// The folder holds an export of something else.
    #[error("{path}: it holds an export of {stored}, not of {requested}; name another folder, or remove this one")]
    Other {
        /// The chain's folder.
        path: PathBuf,
        /// What it holds.
        stored: String,
        /// What was requested.
        requested: String,
    },
    /// Another process writes there.
    #[error("{0}: another process is writing here; wait until it ends")]
    Locked(PathBuf),
    /// A value does not fit its column.
    #[error("{0}")]
    TooLarge(String),
    /// The caller requested a stop.
    #[error("stopped on request; what was complete stays, and the next run goes on from there")]
    Stopped,
    /// A fault of this program.
    #[error("fault of this program: {0}")]
    Internal(String),
}

impl ExportError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |e| ExportError::Io(path.to_owned(), e)
    }

    pub(crate) fn file(path: &Path, why: impl std::fmt::Display) -> Self {
        ExportError::File(path.to_owned(), why.to_string())
    }
}
