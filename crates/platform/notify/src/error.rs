//! What can go wrong with webhooks and mail.

use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a webhook or mail is not stored or delivered.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Unknown.
    #[error("there is no {0}")]
    NotFound(String),
}

impl NotifyError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            NotifyError::Store(e) => e.kind(),
            NotifyError::Invalid(_) => ErrorKind::Invalid,
            NotifyError::NotFound(_) => ErrorKind::NotFound,
        }
    }
}

impl From<DbError> for NotifyError {
    fn from(e: DbError) -> Self {
        NotifyError::Store(e.into())
    }
}

impl ChangeError for NotifyError {
    fn undone(self) -> Self {
        match self {
            NotifyError::Store(e) => NotifyError::Store(e.undone()),
            other => other,
        }
    }
}
