//! What can go wrong with stored models.

use holdfast_models::ModelError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a model is not stored, or not put in force.
#[derive(Debug, thiserror::Error)]
pub enum LearnedError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The model itself, or the table that it is made of.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Unknown.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not in a state for that.
    #[error("{0}")]
    State(String),
    /// The same person again.
    #[error("{1} proposed model {0} as champion; another person must approve it")]
    SecondPerson(String, String),
}

impl LearnedError {
    /// Returns what kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            LearnedError::Store(e) => e.kind(),
            LearnedError::Invalid(_) | LearnedError::Model(_) => ErrorKind::Invalid,
            LearnedError::NotFound(_) => ErrorKind::NotFound,
            LearnedError::State(_) => ErrorKind::State,
            LearnedError::SecondPerson(..) => ErrorKind::SecondPerson,
        }
    }
}

impl From<DbError> for LearnedError {
    fn from(e: DbError) -> Self {
        LearnedError::Store(e.into())
    }
}

impl ChangeError for LearnedError {
    fn undone(self) -> Self {
        match self {
            LearnedError::Store(e) => LearnedError::Store(e.undone()),
            other => other,
        }
    }
}
