//! Why a campaign failed.

use holdfast_screening::ScreeningError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a campaign failed.
#[derive(Debug, thiserror::Error)]
pub enum PreventionError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// An id that was used for something else.
    #[error("id '{0}' was sent before with other content; use a new id")]
    Conflict(String),
    /// Unknown, or not to be known by the caller.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not in a state for that.
    #[error("{0}")]
    State(String),
    /// Screening refused: a hold, a flag, an alert.
    #[error(transparent)]
    Screening(ScreeningError),
}

impl PreventionError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PreventionError::Store(e) => e.kind(),
            PreventionError::Invalid(_) => ErrorKind::Invalid,
            PreventionError::Conflict(_) => ErrorKind::Conflict,
            PreventionError::NotFound(_) => ErrorKind::NotFound,
            PreventionError::State(_) => ErrorKind::State,
            PreventionError::Screening(e) => e.kind(),
        }
    }
}

impl From<DbError> for PreventionError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<ScreeningError> for PreventionError {
    fn from(e: ScreeningError) -> Self {
        match e {
            ScreeningError::Store(e) => e.into(),
            ScreeningError::Invalid(e) => e.into(),
            ScreeningError::Conflict(id) => PreventionError::Conflict(id),
            ScreeningError::NotFound(what) => PreventionError::NotFound(what),
            ScreeningError::State(why) => PreventionError::State(why),
            other => PreventionError::Screening(other),
        }
    }
}

impl ChangeError for PreventionError {
    fn undone(self) -> Self {
        match self {
            PreventionError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
