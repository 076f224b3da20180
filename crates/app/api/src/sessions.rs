//! One's own sessions.

use crate::Shared;
use crate::error::{ApiError, ErrorBody};
use crate::gate::Caller;
use crate::routes::{Needs, Routes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_identity::{SCOPES, Session};
use holdfast_screening::ScreeningError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub use holdfast_state::sessions::SESSION_SECONDS;

/// Routes of this resource: sessions are everybody's own.
pub(crate) fn routes() -> Routes {
    const EVERYBODY: Needs = Needs::key(&SCOPES);
    Routes::new("sessions").add(EVERYBODY, routes!(sessions)).add(EVERYBODY, routes!(remove_session))
}

/// A session of one's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSession {
    /// Name.
    id: String,
    /// Public part of the key that it was started with.
    key: String,
    /// Address that it was started from.
    client: String,
    /// When it was started, Unix seconds.
    started: i64,
    /// When it was used last, Unix seconds.
    used: i64,
}

/// Returns one's own open sessions, those used last first.
#[utoipa::path(get, path = "/api/v1/sessions", responses((status = 200, body = Vec<OwnSession>)))]
pub async fn sessions(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<OwnSession>>, ApiError> {
    let own = |s: Session| OwnSession {
        id: s.handle().to_owned(),
        key: s.key,
        client: s.client,
        started: s.started,
        used: s.used,
    };
    Ok(Json(shared.sessions_of(&caller.0).into_iter().map(own).collect()))
}

/// Ends a session of one's own, such as one on a lost computer.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", params(("id" = String, Path, description = "What the session is called")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_session(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = shared.sessions_of(&caller.0).into_iter().find(|s| s.handle() == id);
    let found = found.ok_or_else(|| ApiError::from(ScreeningError::NotFound(format!("session '{id}'"))))?;
    shared.end_session_by_id(&found.id, &caller.0).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
