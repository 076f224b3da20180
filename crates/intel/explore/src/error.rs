//! Why a question of the explorer has no answer.

use holdfast_chains::ChainsError;
use holdfast_types::{ErrorKind, Invalid};
use holdfast_workspace::WorkspaceError;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// A field that cannot be used.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The chain.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The choice of the chain.
    #[error(transparent)]
    Chains(#[from] ChainsError),
}

impl From<holdfast_account_ledger::LedgerError> for ExploreError {
    fn from(e: holdfast_account_ledger::LedgerError) -> Self {
        ExploreError::Workspace(e.into())
    }
}

impl ExploreError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            ExploreError::Invalid(_) => ErrorKind::Invalid,
            ExploreError::Workspace(e) => e.kind(),
            ExploreError::Chains(e) => e.kind(),
        }
    }
}
