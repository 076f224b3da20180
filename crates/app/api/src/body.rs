//! Bodies of requests and answers.

use crate::error::ApiError;
use axum::Json;

/// An answer as JSON.
pub(crate) type Answer<T> = Result<Json<T>, ApiError>;

/// Reads JSON with an error that names the place.
///
/// # Errors
/// 400.
pub fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|e| ApiError::bad(format!("body: {e}")))
}
