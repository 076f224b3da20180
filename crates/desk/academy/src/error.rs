//! Why a course, a lab or a certificate failed.

use holdfast_cases::CaseError;
use holdfast_documents::DocumentError;
use holdfast_screening::ScreeningError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a course, a lab or a certificate failed.
#[derive(Debug, thiserror::Error)]
pub enum AcademyError {
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

impl AcademyError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            AcademyError::Store(e) => e.kind(),
            AcademyError::Invalid(_) => ErrorKind::Invalid,
            AcademyError::Conflict(_) => ErrorKind::Conflict,
            AcademyError::NotFound(_) => ErrorKind::NotFound,
            AcademyError::State(_) => ErrorKind::State,
            AcademyError::Screening(e) => e.kind(),
        }
    }
}

impl From<DbError> for AcademyError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<ScreeningError> for AcademyError {
    fn from(e: ScreeningError) -> Self {
        match e {
            ScreeningError::Store(e) => e.into(),
            ScreeningError::Invalid(e) => e.into(),
            ScreeningError::Conflict(id) => AcademyError::Conflict(id),
            ScreeningError::NotFound(what) => AcademyError::NotFound(what),
            ScreeningError::State(why) => AcademyError::State(why),
            other => AcademyError::Screening(other),
        }
    }
}

impl From<DocumentError> for AcademyError {
    fn from(e: DocumentError) -> Self {
        match e {
            DocumentError::Invalid(e) => e.into(),
            DocumentError::Store(e) => e.into(),
            DocumentError::Changed(_) => AcademyError::State(e.to_string()),
            DocumentError::Pdf(_) => StoreError::Internal(e.to_string()).into(),
        }
    }
}

impl From<CaseError> for AcademyError {
    fn from(e: CaseError) -> Self {
        match e {
            CaseError::Store(e) => e.into(),
            CaseError::Invalid(e) => e.into(),
            CaseError::Conflict(id) => AcademyError::Conflict(id),
            CaseError::NotFound(what) => AcademyError::NotFound(what),
            CaseError::State(why) => AcademyError::State(why),
            CaseError::Screening(e) => AcademyError::Screening(e),
        }
    }
}

impl ChangeError for AcademyError {
    fn undone(self) -> Self {
        match self {
            AcademyError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
