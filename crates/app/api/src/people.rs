//! The people who act at the desk.

use crate::answers::identity::Person;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_identity::PersonState;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{MANAGE, Routes};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("people")
        .add(MANAGE, routes!(people))
        .add(MANAGE, routes!(set_person))
        .add(MANAGE, routes!(reset_second_factor))
        .add(MANAGE, routes!(end_sessions))
}

/// A change of a person's state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// active or suspended.
    state: PersonState,
    /// Reason.
    reason: String,
}

/// Returns the people who act at the desk.
#[utoipa::path(get, path = "/api/v1/people", responses((status = 200, body = Vec<Person>)))]
pub async fn people(State(shared): State<AppState>) -> Answer<Vec<Person>> {
    run_blocking(move || Ok(shared.screening.people()?)).await.map(each)
}

/// Suspends a person, whose keys and sessions open nothing from then on, or lets a suspended one act again. The last administrator stays.
#[utoipa::path(post, path = "/api/v1/people/{id}", params(("id" = u64, Path, description = "Number of the person")),
    request_body(content = PersonBody, example = json!({"state": "suspended", "reason": "left the company"})),
    responses((status = 200, body = Person), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn set_person(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Person> {
    let request: PersonBody = json(&body)?;
    run_blocking(move || shared.set_person_state(id, request.state, &request.reason, &caller.0)).await.map(one)
}

/// Why a second factor is reset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetBody {
    /// Why.
    reason: String,
}

/// Resets a person's second factor, because it is lost; nobody resets their own. The person's sessions end.
#[utoipa::path(post, path = "/api/v1/people/{id}/second-factor/reset", params(("id" = u64, Path, description = "Number of the person")),
    request_body(content = ResetBody, example = json!({"reason": "lost the telephone; called back"})),
    responses((status = 200, body = Person), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn reset_second_factor(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Person> {
    let request: ResetBody = json(&body)?;
    run_blocking(move || shared.reset_second_factor(id, request.reason, &caller.0)).await.map(one)
}

/// Ends all open sessions of a person.
#[utoipa::path(delete, path = "/api/v1/people/{id}/sessions", params(("id" = u64, Path, description = "Number of the person")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn end_sessions(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<StatusCode, ApiError> {
    run_blocking(move || shared.end_sessions_of(id, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}
