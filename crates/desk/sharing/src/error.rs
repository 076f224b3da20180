//! Why sharing failed.

use holdfast_screening::ScreeningError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why sharing failed.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
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
    /// An object is not what the format says.
    #[error("{0}: {1}")]
    Object(String, String),
    /// A partner's server did not answer as it should.
    #[error("{0}: {1}")]
    Partner(String, String),
    /// Screening refused: a hold, a flag, an alert.
    #[error(transparent)]
    Screening(ScreeningError),
}

impl SharingError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SharingError::Store(e) => e.kind(),
            SharingError::Invalid(_) => ErrorKind::Invalid,
            SharingError::Conflict(_) => ErrorKind::Conflict,
            SharingError::NotFound(_) => ErrorKind::NotFound,
            SharingError::State(_) => ErrorKind::State,
            SharingError::Object(..) => ErrorKind::Invalid,
            SharingError::Partner(..) => ErrorKind::Unavailable,
            SharingError::Screening(e) => e.kind(),
        }
    }
}

impl From<DbError> for SharingError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<ScreeningError> for SharingError {
    fn from(e: ScreeningError) -> Self {
        match e {
            ScreeningError::Store(e) => e.into(),
            ScreeningError::Invalid(e) => e.into(),
            ScreeningError::Conflict(id) => SharingError::Conflict(id),
            ScreeningError::NotFound(what) => SharingError::NotFound(what),
            ScreeningError::State(why) => SharingError::State(why),
            other => SharingError::Screening(other),
        }
    }
}

impl ChangeError for SharingError {
    fn undone(self) -> Self {
        match self {
            SharingError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
