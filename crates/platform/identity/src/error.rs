//! What can go wrong with people and keys.

use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a person, key or session is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Unknown.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not in a state for that.
    #[error("{0}")]
    State(String),
}

impl IdentityError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            IdentityError::Store(e) => e.kind(),
            IdentityError::Invalid(_) => ErrorKind::Invalid,
            IdentityError::NotFound(_) => ErrorKind::NotFound,
            IdentityError::State(_) => ErrorKind::State,
        }
    }
}

impl From<DbError> for IdentityError {
    fn from(e: DbError) -> Self {
        IdentityError::Store(e.into())
    }
}

impl ChangeError for IdentityError {
    fn undone(self) -> Self {
        match self {
            IdentityError::Store(e) => IdentityError::Store(e.undone()),
            other => other,
        }
    }
}
