//! Why a request, its answer or the portal failed.

use holdfast_documents::DocumentError;
use holdfast_notify::NotifyError;
use holdfast_screening::ScreeningError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a request, its answer or the portal failed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
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

impl RequestError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RequestError::Store(e) => e.kind(),
            RequestError::Invalid(_) => ErrorKind::Invalid,
            RequestError::Conflict(_) => ErrorKind::Conflict,
            RequestError::NotFound(_) => ErrorKind::NotFound,
            RequestError::State(_) => ErrorKind::State,
            RequestError::Screening(e) => e.kind(),
        }
    }
}

impl From<DbError> for RequestError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<ScreeningError> for RequestError {
    fn from(e: ScreeningError) -> Self {
        match e {
            ScreeningError::Store(e) => e.into(),
            ScreeningError::Invalid(e) => e.into(),
            ScreeningError::Conflict(id) => RequestError::Conflict(id),
            ScreeningError::NotFound(what) => RequestError::NotFound(what),
            ScreeningError::State(why) => RequestError::State(why),
            other => RequestError::Screening(other),
        }
    }
}

impl From<DocumentError> for RequestError {
    fn from(e: DocumentError) -> Self {
        match e {
            DocumentError::Invalid(e) => e.into(),
            DocumentError::Store(e) => e.into(),
            DocumentError::Changed(_) => RequestError::State(e.to_string()),
            DocumentError::Pdf(_) => StoreError::Internal(e.to_string()).into(),
        }
    }
}

impl From<NotifyError> for RequestError {
    fn from(e: NotifyError) -> Self {
        match e {
            NotifyError::Store(e) => e.into(),
            NotifyError::Invalid(e) => e.into(),
            NotifyError::NotFound(what) => RequestError::NotFound(what),
        }
    }
}

impl ChangeError for RequestError {
    fn undone(self) -> Self {
        match self {
            RequestError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
