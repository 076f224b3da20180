//! Work that may block, on threads that may.

use crate::error::ApiError;

/// Runs work on a thread that may block, within the request's span, so that its log lines carry the request's id.
///
/// # Errors
/// 500 when the work panics; the panic's place is in the log.
pub async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.map_err(|_| ApiError::panicked())
}
