//! Errors as HTTP answers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_academy::AcademyError;
use holdfast_cases::CaseError;
use holdfast_prevention::PreventionError;
use holdfast_requests::RequestError;
use holdfast_telemetry::logs::one_line;
use holdfast_types::ErrorKind;
use holdfast_workspace::{ChangeError, WorkspaceError};
use serde::Serialize;
use utoipa::ToSchema;

/// An error's body.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong and how to mend it.
    pub error: String,
}

/// A request that failed.
#[derive(Debug)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// What is wrong.
    pub message: String,
}

impl ApiError {
    /// The request is wrong.
    pub fn bad(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// The program is at fault; the log says where.
    pub fn panicked() -> Self {
        Self::internal("an internal error stopped this request; please report it with the answer's x-request-id")
    }

    /// Logs an error of the server.
    pub fn log(&self) {
        let (status, reason) = (self.status.as_u16(), || one_line(&self.message));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => tracing::warn!(status, reason = reason(), "a request is not served"),
            s if s.is_server_error() => tracing::error!(status, reason = reason(), "a request failed"),
            _ => {}
        }
    }

    /// Returns an error of a kind, with its message.
    pub(crate) fn of(kind: ErrorKind, message: impl std::fmt::Display) -> Self {
        let status = match kind {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict | ErrorKind::State | ErrorKind::SecondPerson => StatusCode::CONFLICT,
            ErrorKind::Busy | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError { status, message: message.to_string() }
    }

    /// The server is at fault.
    pub fn internal(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }
}

macro_rules! by_kind {
    ($($error:ty),*) => {
        $(impl From<$error> for ApiError {
            fn from(e: $error) -> Self {
                ApiError::of(e.kind(), e)
            }
        })*
    };
}

by_kind!(RequestError, CaseError, PreventionError, AcademyError);

impl From<WorkspaceError> for ApiError {
    fn from(e: WorkspaceError) -> Self {
        let status = match &e {
            WorkspaceError::NotFound(..) | WorkspaceError::Unknown(..) => StatusCode::NOT_FOUND,
            WorkspaceError::Query(..) | WorkspaceError::Trace(_) | WorkspaceError::TooMany(_) => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError { status, message: e.to_string() }
    }
}

impl From<ChangeError> for ApiError {
    fn from(e: ChangeError) -> Self {
        match e {
            ChangeError::NotSaved(e) => e.into(),
            // As the desk answers that cannot be changed.
            ChangeError::Failed => ApiError { status: StatusCode::CONFLICT, message: e.to_string() },
            ChangeError::Busy => ApiError { status: StatusCode::SERVICE_UNAVAILABLE, message: e.to_string() },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        (self.status, Json(ErrorBody { error: self.message })).into_response()
    }
}
