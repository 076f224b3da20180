//! Why something failed.

use holdfast_notify::NotifyError;

holdfast_screening::department_error! {
    /// Why something failed.
    MonitorError {}
}

impl From<NotifyError> for MonitorError {
    fn from(e: NotifyError) -> Self {
        match e {
            NotifyError::Store(e) => e.into(),
            NotifyError::Invalid(e) => e.into(),
            NotifyError::NotFound(what) => MonitorError::NotFound(what),
        }
    }
}
