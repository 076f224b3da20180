//! One's own sessions.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_identity::{Session, SessionKind};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{EVERYBODY, Routes};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

pub use holdfast_state::sessions::SESSION_SECONDS;

/// Returns the routes of this resource: sessions are everybody's own.
pub(crate) fn routes() -> Routes {
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
    /// Who has it.
    kind: SessionKind,
    /// Public part of the key that it was started with; empty for officers and learners.
    key: String,
    /// Whose it is: a person's name, an officer's or a learner's address.
    person: String,
    /// Address that it was started from; empty where it is not known.
    client: String,
    /// When it was started, Unix seconds.
    #[schema(value_type = i64)]
    started: Timestamp,
    /// When it was used last, Unix seconds; for officers when it was started.
    #[schema(value_type = i64)]
    used: Timestamp,
}

/// Returns one's own open sessions, or everybody's, officers' and learners' too, those used last first.
#[utoipa::path(get, path = "/api/v1/sessions", params(SessionsQuery), responses((status = 200, body = Vec<OwnSession>), (status = 403, body = ErrorBody)))]
pub async fn sessions(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<SessionsQuery>,
) -> Result<Json<Vec<OwnSession>>, ApiError> {
    let list = match q.all {
        true => {
            caller.needs("manage")?;
            shared.sessions_for(&caller).await?
        }
        false => shared.sessions_of(&caller.0),
    };
    let own = move |s: Session| {
        Ok(OwnSession {
            id: s.handle().to_owned(),
            kind: s.kind,
            person: shared.session_owner(&s)?,
            key: if s.kind == SessionKind::Staff { s.subject } else { String::new() },
            client: s.client,
            started: s.started,
            used: s.used,
        })
    };
    run_blocking(move || list.into_iter().map(own).collect::<Result<_, _>>()).await.map(Json)
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
