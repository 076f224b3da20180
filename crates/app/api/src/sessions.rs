//! One's own sessions.

use crate::AppState;
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::routes::{Needs, Routes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_identity::{SCOPES, Session};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub use holdfast_state::sessions::SESSION_SECONDS;

/// Returns the routes of this resource: sessions are everybody's own.
pub(crate) fn routes() -> Routes {
    const EVERYBODY: Needs = Needs::key(&SCOPES);
    Routes::new("sessions").add(EVERYBODY, routes!(sessions)).add(EVERYBODY, routes!(remove_session))
}

/// Whose sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Everybody's, for administrators.
    #[serde(default)]
    all: bool,
}

/// An open session.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSession {
    /// Name.
    id: String,
    /// Public part of the key that it was started with.
    key: String,
    /// Whose it is.
    person: String,
    /// Address that it was started from.
    client: String,
    /// When it was started, Unix seconds.
    started: i64,
    /// When it was used last, Unix seconds.
    used: i64,
}

/// Returns one's own open sessions, or everybody's, those used last first.
#[utoipa::path(get, path = "/api/v1/sessions", params(SessionsQuery), responses((status = 200, body = Vec<OwnSession>), (status = 403, body = ErrorBody)))]
pub async fn sessions(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<SessionsQuery>,
) -> Result<Json<Vec<OwnSession>>, ApiError> {
    let list = match q.all {
        true => {
            caller.needs("manage")?;
            shared.sessions_for(&caller)
        }
        false => shared.sessions_of(&caller.0),
    };
    let own = |s: Session| OwnSession {
        id: s.handle().to_owned(),
        person: shared.auth.person_of(&s.key).unwrap_or_default().to_string(),
        key: s.key,
        client: s.client,
        started: s.started,
        used: s.used,
    };
    Ok(Json(list.into_iter().map(own).collect()))
}

/// Ends a session of one's own, such as one on a lost computer; administrators end anybody's.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", params(("id" = String, Path, description = "What the session is called")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_session(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    shared.end_session_of(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
