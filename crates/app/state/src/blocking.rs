//! Work that may block, on threads that may.

use crate::error::ApiError;
use crate::visit;
use std::any::Any;

/// Work whose result's type is erased: what the runtime makes of a closure is compiled once, not once a handler.
type Work = Box<dyn FnOnce() -> Result<Box<dyn Any + Send>, ApiError> + Send>;

fn erased<T: Send + 'static>(work: impl FnOnce() -> Result<T, ApiError> + Send + 'static) -> Work {
    Box::new(move || work().map(|value| Box::new(value) as Box<dyn Any + Send>))
}

fn of_type<T: 'static>(value: Box<dyn Any + Send>) -> Result<T, ApiError> {
    // Of another type there is none: `erased` made it of a T.
    value.downcast().map(|value| *value).map_err(|_| ApiError::panicked())
}

async fn run(work: Work) -> Result<Box<dyn Any + Send>, ApiError> {
    let (span, visit) = (tracing::Span::current(), visit::current());
    tokio::task::spawn_blocking(move || span.in_scope(|| visit::sync_scope(visit, work)))
        .await
        .map_err(|_| ApiError::panicked())?
}

/// Runs work on a thread that may block, within the request's span and visit, so that its log lines carry the request's id and
/// its texts are in the request's language.
///
/// # Errors
/// What the work returns; 500 when it panics, whose place is in the log.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    run(erased(work)).await.and_then(of_type)
}

/// Runs work as [`run_blocking`] does, with a low priority: for work that uses a processor for seconds, such as clustering, so that decisions
/// do not wait for it.
///
/// # Errors
/// As [`run_blocking`].
pub async fn run_in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let work = erased(work);
    let (span, visit) = (tracing::Span::current(), visit::current());
    // Another thread again, with a low priority.
    let work = move || span.in_scope(|| visit::sync_scope(visit, work));
    let work = Box::new(move || holdfast_jobs::background("background", work)?);
    run(work).await.and_then(of_type)
}
