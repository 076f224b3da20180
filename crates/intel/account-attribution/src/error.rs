//! Why accounts are not clustered.

use holdfast_account_ledger::LedgerError;
use holdfast_types::ErrorKind;
use std::path::PathBuf;

/// Why accounts are not clustered.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is beside the ledger does not answer.
    #[error(transparent)]
    Signals(#[from] holdfast_block_store::StoreError),
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, remove it: clusters are rebuilt from the ledger")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; remove it: clusters are rebuilt from the ledger")]
    Format(PathBuf, String),
    /// More was found than is stored.
    #[error("more than {0} findings: choose fewer heuristics, or a ledger of fewer assets")]
    Full(usize),
}

impl ClusterError {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            ClusterError::Ledger(e) => e.kind(),
            ClusterError::Signals(e) => e.kind(),
            ClusterError::Io(..) | ClusterError::Format(..) | ClusterError::Full(_) => ErrorKind::Internal,
        }
    }
}
