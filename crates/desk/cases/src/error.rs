//! Why a case or a report failed.

use holdfast_decision::rules::RuleError;
use holdfast_documents::DocumentError;
use holdfast_forensics::scan::ScanError;
use holdfast_requests::RequestError;
use holdfast_screening::ScreeningError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why a case or a report failed.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
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

impl CaseError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CaseError::Store(e) => e.kind(),
            CaseError::Invalid(_) => ErrorKind::Invalid,
            CaseError::Conflict(_) => ErrorKind::Conflict,
            CaseError::NotFound(_) => ErrorKind::NotFound,
            CaseError::State(_) => ErrorKind::State,
            CaseError::Screening(e) => e.kind(),
        }
    }
}

impl From<DbError> for CaseError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<ScreeningError> for CaseError {
    fn from(e: ScreeningError) -> Self {
        match e {
            ScreeningError::Store(e) => e.into(),
            ScreeningError::Invalid(e) => e.into(),
            ScreeningError::Conflict(id) => CaseError::Conflict(id),
            ScreeningError::NotFound(what) => CaseError::NotFound(what),
            ScreeningError::State(why) => CaseError::State(why),
            other => CaseError::Screening(other),
        }
    }
}

impl From<RuleError> for CaseError {
    fn from(e: RuleError) -> Self {
        CaseError::Screening(e.into())
    }
}

impl From<DocumentError> for CaseError {
    fn from(e: DocumentError) -> Self {
        match e {
            DocumentError::Invalid(e) => e.into(),
            DocumentError::Store(e) => e.into(),
            DocumentError::Changed(_) => CaseError::State(e.to_string()),
            DocumentError::Pdf(_) => StoreError::Internal(e.to_string()).into(),
        }
    }
}

impl From<RequestError> for CaseError {
    fn from(e: RequestError) -> Self {
        match e {
            RequestError::Store(e) => e.into(),
            RequestError::Invalid(e) => e.into(),
            RequestError::Conflict(id) => CaseError::Conflict(id),
            RequestError::NotFound(what) => CaseError::NotFound(what),
            RequestError::State(why) => CaseError::State(why),
            RequestError::Screening(e) => CaseError::Screening(e),
        }
    }
}

impl From<ScanError> for CaseError {
    fn from(e: ScanError) -> Self {
        CaseError::State(e.to_string())
    }
}

impl ChangeError for CaseError {
    fn undone(self) -> Self {
        match self {
            CaseError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
