//! Why a request, its answer or the portal failed.

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
