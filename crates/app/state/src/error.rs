//! Errors as HTTP answers: one mapping of their kinds to a status and a stable code.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_academy::AcademyError;
use holdfast_attribution::own::OwnError;
use holdfast_cases::CaseError;
use holdfast_chains::ChainsError;
use holdfast_identity::IdentityError;
use holdfast_learned::LearnedError;
use holdfast_monitor::MonitorError;
use holdfast_prevention::PreventionError;
use holdfast_requests::RequestError;
use holdfast_retention::RetentionError;
use holdfast_screening::ScreeningError;
use holdfast_sharing::SharingError;
use holdfast_store::{DbError, StoreError};
use holdfast_suggest::SuggestError;
use holdfast_telemetry::logs::one_line;
use holdfast_training::TrainingError;
use holdfast_types::{ErrorKind, Invalid};
use holdfast_workspace::{ChangeError, WorkspaceError};
use serde::Serialize;
use utoipa::ToSchema;

/// An error's body.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong and how to correct it, for people.
    pub error: String,
    /// What kind of error it is, for programs; codes do not change. Of the request: invalid, unauthorized, forbidden, not_found,
    /// method_not_allowed, too_large, media_type, misdirected, too_many_requests. Of what it is about: conflict, state, second_person. Of others:
    /// partner, busy, unavailable, internal. More may come.
    pub code: &'static str,
}

/// A request that failed.
#[derive(Debug)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// What kind of error it is, for programs.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

/// Returns the code of a status, where there is no kind of error.
fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => ErrorKind::Forbidden.code(),
        StatusCode::NOT_FOUND => ErrorKind::NotFound.code(),
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::CONFLICT => ErrorKind::Conflict.code(),
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
        StatusCode::MISDIRECTED_REQUEST => "misdirected",
        StatusCode::FAILED_DEPENDENCY => ErrorKind::Partner.code(),
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable.code(),
        status if status.is_server_error() => ErrorKind::Internal.code(),
        _ => ErrorKind::Invalid.code(),
    }
}

/// Returns the status of a kind of error.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict | ErrorKind::State | ErrorKind::SecondPerson => StatusCode::CONFLICT,
        // The fault is neither the request's nor this server's.
        ErrorKind::Partner => StatusCode::FAILED_DEPENDENCY,
        ErrorKind::Busy | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl ApiError {
    /// Returns an error with a status and its message.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        ApiError { status, code: code_of(status), message: message.into() }
    }

    /// Returns an error of a kind, with its message.
    pub fn of(kind: ErrorKind, message: impl std::fmt::Display) -> Self {
        ApiError { status: status_of(kind), code: kind.code(), message: message.to_string() }
    }

    /// Returns the same message with another status, and that status's code.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        ApiError::new(status, self.message)
    }

    /// Returns the refusal of a wrong request.
    pub fn bad(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, message)
    }

    /// Returns an error of the program; the log names the place.
    pub fn panicked() -> Self {
        Self::internal("an internal error stopped this request; please report it with the answer's x-request-id")
    }

    /// Returns an error of the server.
    pub fn internal(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
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
}

macro_rules! by_kind {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for ApiError {
            fn from(e: $error) -> Self {
                ApiError::of(e.kind(), e)
            }
        })*
    };
}

by_kind!(
    AcademyError,
    CaseError,
    ChainsError,
    ChangeError,
    IdentityError,
    LearnedError,
    MonitorError,
    OwnError,
    PreventionError,
    RequestError,
    RetentionError,
    ScreeningError,
    SharingError,
    SuggestError,
    TrainingError,
    StoreError,
    WorkspaceError,
);

impl From<DbError> for ApiError {
    fn from(e: DbError) -> Self {
        StoreError::Db(e).into()
    }
}

impl From<Invalid> for ApiError {
    fn from(e: Invalid) -> Self {
        ApiError::of(ErrorKind::Invalid, e)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        (self.status, Json(ErrorBody { error: self.message, code: self.code })).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_a_status_and_their_code() {
        let answer = |e: ApiError| (e.status.as_u16(), e.code);
        assert_eq!(answer(ScreeningError::NotFound("hold 9".into()).into()), (404, "not_found"));
        assert_eq!(answer(ScreeningError::State("it is over".into()).into()), (409, "state"));
        assert_eq!(answer(StoreError::Busy.into()), (503, "busy"));
        assert_eq!(answer(StoreError::Stopped.into()), (503, "unavailable"));
        assert_eq!(answer(Invalid::new("name", "is empty").into()), (400, "invalid"));
        assert_eq!(answer(SharingError::Partner("https://a.example".into(), "503".into()).into()), (424, "partner"));
        let over = ApiError::of(ErrorKind::State, "the session is over").with_status(StatusCode::UNAUTHORIZED);
        assert_eq!(answer(over), (401, "unauthorized"));
    }
}
