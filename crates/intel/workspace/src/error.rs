//! Why a workspace does not answer or is not changed.

use holdfast_analysis::bundle::BundleError;
use holdfast_analysis::exposure::ExposureError;
use holdfast_analysis::trace::TraceError;
use holdfast_attribution::cluster::ClusterError;
use holdfast_attribution::tags::TagStoreError;
use holdfast_bitcoin::Network;
use holdfast_types::{ChainId, ErrorKind};
use holdfast_utxo_ledger::LedgerError;
use std::path::PathBuf;

/// Why a workspace does not answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The tags.
    #[error(transparent)]
    Tags(#[from] TagStoreError),
    /// The clusters.
    #[error(transparent)]
    Clusters(#[from] ClusterError),
    /// The exposures.
    #[error(transparent)]
    Exposures(#[from] ExposureError),
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Text that is no address, txid, output, height or block hash.
    #[error("'{0}' is no address, transaction id, output (txid:index), block height or block hash of {1}: {2}")]
    Query(String, Network, String),
    /// The ledger of an account chain.
    #[error(transparent)]
    Accounts(#[from] holdfast_account_ledger::LedgerError),
    /// What stands beside the ledger of an account chain.
    #[error(transparent)]
    Beside(#[from] holdfast_block_store::StoreError),
    /// What stands beside the ledger of an account chain cannot be read, and what was requested rests on it.
    #[error("{0}")]
    Unreadable(String),
    /// The trace over account chains.
    #[error(transparent)]
    AccountTrace(#[from] holdfast_analysis::accounts::AccountTraceError),
    /// The bundle of a trace over account chains.
    #[error(transparent)]
    Evidence(#[from] holdfast_account_evidence::EvidenceError),
    /// Text that names nothing of an account chain.
    #[error("'{0}' names nothing of {1}: {2}")]
    AccountQuery(String, ChainId, String),
    /// An address of another chain that no tag names.
    #[error("nothing is known of '{0}': no tag names it, and the ledger here is of {1} only")]
    Unknown(String, Network),
    /// Well-formed but not in the ledger.
    #[error("{0} is not in this ledger (its tip is block {1})")]
    NotFound(String, u32),
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// Another process changes the tags of a store of account chains.
    #[error("{0}: another process has the tags of this store; try again")]
    Locked(PathBuf),
    /// A further chain of a store with tags of its own.
    #[error(
        "{0}: a store has one file of tags for all its chains; export these, import them into the store, and remove the file"
    )]
    OwnTags(PathBuf),
    /// Too many results.
    #[error("{0}")]
    TooMany(String),
}

impl WorkspaceError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            WorkspaceError::NotFound(..) | WorkspaceError::Unknown(..) => ErrorKind::NotFound,
            WorkspaceError::Query(..)
            | WorkspaceError::AccountQuery(..)
            | WorkspaceError::Trace(_)
            | WorkspaceError::TooMany(_) => ErrorKind::Invalid,
            WorkspaceError::Locked(_) | WorkspaceError::Unreadable(_) => ErrorKind::Unavailable,
            WorkspaceError::Accounts(e) => e.kind(),
            WorkspaceError::Beside(e) => e.kind(),
            WorkspaceError::AccountTrace(e) => e.kind(),
            WorkspaceError::Evidence(e) => e.kind(),
            _ => ErrorKind::Internal,
        }
    }
}
