//! Work that may block, on threads that may.

use crate::error::ApiError;

/// Runs work on a thread that may block, within the request's span, so that its log lines carry the request's id.
///
/// # Errors
/// What the work returns; 500 when it panics, whose place is in the log.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.map_err(|_| ApiError::panicked())?
}

/// Runs work as [`run_blocking`] does, with a low priority: for work that keeps a processor busy for seconds, such as clustering, so that decisions
/// do not wait for it.
///
/// # Errors
/// As [`run_blocking`].
pub async fn run_in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    run_blocking(move || holdfast_jobs::background("background", move || span.in_scope(work))?).await
}
