//! Why a request, its answer or the portal failed.

use holdfast_identity::IdentityError;
use holdfast_notify::NotifyError;
use holdfast_screening::{department_error, department_error_from_documents};

department_error! {
    /// Why a request, its answer or the portal failed.
    RequestError {}
}
department_error_from_documents!(RequestError);

impl From<NotifyError> for RequestError {
    fn from(e: NotifyError) -> Self {
        match e {
            NotifyError::Store(e) => e.into(),
            NotifyError::Invalid(e) => e.into(),
            NotifyError::NotFound(what) => RequestError::NotFound(what),
        }
    }
}

impl From<IdentityError> for RequestError {
    fn from(e: IdentityError) -> Self {
        match e {
            IdentityError::Store(e) => e.into(),
            IdentityError::Invalid(e) => e.into(),
            IdentityError::NotFound(what) => RequestError::NotFound(what),
            IdentityError::State(why) => RequestError::State(why),
        }
    }
}
