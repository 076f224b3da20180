//! Changes, which a second person approves, over HTTP.

use crate::answers::screening::{Change, ChangeState};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_screening::changes::{Change as ChangeRow, ChangeKind};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{DECIDERS, Routes};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

// Which of them a change needs depends on its kind; its handler checks it.

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("changes").add(DECIDERS, routes!(changes)).add(DECIDERS, routes!(change)).add(DECIDERS, routes!(decide))
}

/// Returns the answer to a change that waits.
pub(crate) fn accepted(change: ChangeRow) -> Response {
    (StatusCode::ACCEPTED, one::<_, Change>(change)).into_response()
}

/// Filter of changes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// proposed, approved or rejected.
    state: Option<ChangeState>,
}

/// A verdict on a change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVerdict {
    /// It is put in force.
    Approve,
    /// It is not; who proposed it may do this too.
    Reject,
}

/// A decision about a change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDecision {
    /// Whether it is put in force.
    pub decision: ChangeVerdict,
    /// Reason.
    pub reason: String,
}

/// Returns changes that wait for a second person, or were decided, newest first.
#[utoipa::path(get, path = "/api/v1/changes", params(ChangesQuery), responses((status = 200, body = Vec<Change>)))]
pub async fn changes(
    State(shared): State<AppState>,
    Query(q): Query<ChangesQuery>,
) -> Result<Json<Vec<Change>>, ApiError> {
    run_blocking(move || Ok(shared.screening.changes(q.state.map(Into::into))?)).await.map(each)
}

/// Returns a change.
#[utoipa::path(get, path = "/api/v1/changes/{id}", params(("id" = u32, Path, description = "Number of the change")),
    responses((status = 200, body = Change), (status = 404, body = ErrorBody)))]
pub async fn change(State(shared): State<AppState>, Path(id): Path<u32>) -> Result<Json<Change>, ApiError> {
    run_blocking(move || Ok(shared.screening.change_by_id(id.into())?)).await.map(one)
}

/// Approves a change of another person, which puts it in force, or rejects it. Rules need the scope `rules`, sources `manage`, keys `manage` or
/// `approve` and every scope that the key gets.
#[utoipa::path(post, path = "/api/v1/changes/{id}", params(("id" = u32, Path, description = "Number of the change")),
    request_body(content = ChangeDecision, example = json!({"decision": "approve", "reason": "compared with the ticket"})),
    responses((status = 200, body = Change), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u32>,
    body: Bytes,
) -> Result<Json<Change>, ApiError> {
    let input: ChangeDecision = json(&body)?;
    let approve = matches!(input.decision, ChangeVerdict::Approve);
    decided(shared, &caller, id.into(), approve, input.reason).await.map(one)
}

/// Approves or rejects a change.
///
/// # Errors
/// 403 without the scopes that the change needs, 404 for an unknown change, 409 for a decided one or one of the same person.
pub async fn decided(
    shared: AppState,
    caller: &Caller,
    id: u64,
    approve: bool,
    reason: String,
) -> Result<ChangeRow, ApiError> {
    let state = shared.clone();
    let change = run_blocking(move || Ok(state.screening.change_by_id(id)?)).await?;
    let scopes = change.kind.scopes();
    if !scopes.iter().any(|s| caller.may(s)) {
        let message = format!("this needs the scope {}", scopes.join(" or "));
        return Err(ApiError::new(StatusCode::FORBIDDEN, message));
    }
    if approve && change.kind == ChangeKind::Key {
        let key = change.key().map_err(|e| ApiError::internal(e.to_string()))?;
        may_grant(caller, &key.scopes)?;
    }
    let who = caller.0.clone();
    run_blocking(move || {
        let change = shared.screening.decide_change(id, approve, &reason, &who)?;
        shared.auth.set(shared.screening.keys()?);
        Ok(change)
    })
    .await
}

/// Checks that a person grants no more than they have.
pub(crate) fn may_grant(caller: &Caller, scopes: &[String]) -> Result<(), ApiError> {
    match scopes.iter().find(|s| !caller.may(s)) {
        None => Ok(()),
        Some(scope) => {
            let message = format!("you do not have the scope {scope}, so you cannot give it; somebody who has it can");
            Err(ApiError::new(StatusCode::FORBIDDEN, message))
        }
    }
}
