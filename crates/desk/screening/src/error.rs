//! Errors of screening.

use holdfast_decision::rules::RuleError;
use holdfast_identity::IdentityError;
use holdfast_notify::NotifyError;
use holdfast_store::{ChangeError, DbError, StoreError};
use holdfast_types::{ErrorKind, Invalid};

/// Why screening refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ScreeningError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A rule book.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// An id that was used for something else.
    #[error("id '{0}' was sent before with other content; use a new id")]
    Conflict(String),
    /// It does not exist.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not in a state for that.
    #[error("{0}")]
    State(String),
    /// The same person again.
    #[error("the release of hold {0} was asked for by {1}; another person must confirm it")]
    SecondPerson(u64, String),
}

impl ScreeningError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ScreeningError::Store(e) => e.kind(),
            ScreeningError::Invalid(_) | ScreeningError::Rule(_) => ErrorKind::Invalid,
            ScreeningError::NotFound(_) => ErrorKind::NotFound,
            ScreeningError::Conflict(_) => ErrorKind::Conflict,
            ScreeningError::State(_) => ErrorKind::State,
            ScreeningError::SecondPerson(..) => ErrorKind::SecondPerson,
        }
    }
}

impl From<DbError> for ScreeningError {
    fn from(e: DbError) -> Self {
        ScreeningError::Store(StoreError::Db(e))
    }
}

impl From<IdentityError> for ScreeningError {
    fn from(e: IdentityError) -> Self {
        match e {
            IdentityError::Store(e) => e.into(),
            IdentityError::Invalid(e) => e.into(),
            IdentityError::NotFound(what) => ScreeningError::NotFound(what),
            IdentityError::State(why) => ScreeningError::State(why),
        }
    }
}

impl From<NotifyError> for ScreeningError {
    fn from(e: NotifyError) -> Self {
        match e {
            NotifyError::Store(e) => e.into(),
            NotifyError::Invalid(e) => e.into(),
            NotifyError::NotFound(what) => ScreeningError::NotFound(what),
        }
    }
}

crate::department_error_from_documents!(ScreeningError);

impl ChangeError for ScreeningError {
    fn undone(self) -> Self {
        match self {
            ScreeningError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}
