//! What can go wrong with suggestions.

use holdfast_account_ledger::LedgerError;
use holdfast_learned::LearnedError;
use holdfast_models::ModelError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why nothing was trained, suggested or decided.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// A field of the request or a line of a file.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The registry of models, or the database.
    #[error(transparent)]
    Learned(#[from] LearnedError),
    /// A ledger that cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A model that fits no ledger.
    #[error("{0}")]
    State(String),
}

impl SuggestError {
    /// Returns what kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            SuggestError::Invalid(_) => ErrorKind::Invalid,
            SuggestError::Learned(e) => e.kind(),
            SuggestError::Ledger(_) => ErrorKind::Internal,
            SuggestError::State(_) => ErrorKind::State,
        }
    }
}

impl From<ModelError> for SuggestError {
    fn from(e: ModelError) -> Self {
        SuggestError::Learned(e.into())
    }
}

impl From<StoreError> for SuggestError {
    fn from(e: StoreError) -> Self {
        SuggestError::Learned(e.into())
    }
}

impl From<DbError> for SuggestError {
    fn from(e: DbError) -> Self {
        SuggestError::Learned(e.into())
    }
}

impl ChangeError for SuggestError {
    fn undone(self) -> Self {
        match self {
            SuggestError::Learned(e) => SuggestError::Learned(e.undone()),
            other => other,
        }
    }
}
