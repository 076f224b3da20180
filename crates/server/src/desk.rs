//! Law-enforcement requests over HTTP.

use crate::Shared;
use crate::error::{ApiError, ErrorBody};
use crate::gate::Caller;
use crate::screening::{block, json};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_desk::intake::{Agency, Intake, Matched, NewAgency, Opened, RequestFilter, Step, Stored};
use holdfast_desk::{Inquiry, Policy, Request, Review, review};
use holdfast_screening::ScreeningError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The policy on requests from law enforcement: which legal process opens which data, how soon, for how long.
#[utoipa::path(get, path = "/api/v1/desk/policy", responses((status = 200, body = Policy)))]
pub async fn policy(State(shared): State<Shared>) -> Json<Policy> {
    Json((*shared.policy).clone())
}

/// What policy and the signs of forgery say of a request, before anything is done. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/desk/review", request_body(content = Inquiry, example = json!({
    "request": {"id": "r-1", "received": 1795000000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
        "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "address", "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "asset": "BTC"}], "classes": ["subscriber", "content"]},
    "history": {"domains": [{"domain": "fbi.gov", "agency": "FBI", "country": "US"}]}})),
    responses((status = 200, body = Review), (status = 400, body = ErrorBody)))]
pub async fn review_request(State(shared): State<Shared>, body: Bytes) -> Result<Json<Review>, ApiError> {
    let inquiry: Inquiry = json(&body)?;
    let reviewed = tokio::task::spawn_blocking(move || review(&shared.policy, &inquiry)).await;
    let reviewed = reviewed.map_err(|e| ApiError::internal(e.to_string()))?;
    Ok(Json(reviewed?))
}

/// Does something at the intake.
async fn intake<T: Send + 'static>(
    shared: Shared,
    run: impl FnOnce(&Intake<'_>) -> Result<T, ScreeningError> + Send + 'static,
) -> Result<Json<T>, ApiError> {
    let policy = shared.policy.clone();
    block(shared, move |s| run(&Intake { screening: s, policy: &policy })).await.map(Json)
}

/// An agency that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyAnswer {
    /// Its number.
    agency: u64,
}

/// Agencies with their verified mail domains.
#[utoipa::path(get, path = "/api/v1/desk/agencies", responses((status = 200, body = Vec<Agency>)))]
pub async fn agencies(State(shared): State<Shared>) -> Result<Json<Vec<Agency>>, ApiError> {
    intake(shared, |i| i.agencies()).await
}

/// Registers an agency with a verified mail domain, or a further domain of one.
#[utoipa::path(post, path = "/api/v1/desk/agencies", request_body(content = NewAgency,
    example = json!({"name": "FBI", "country": "US", "domain": "fbi.gov", "evidence": "listed on usa.gov"})),
    responses((status = 200, body = AgencyAnswer), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_agency(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<AgencyAnswer>, ApiError> {
    let new: NewAgency = json(&body)?;
    intake(shared, move |i| Ok(AgencyAnswer { agency: i.add_agency(new, &caller.0)? })).await
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
pub struct RequestQuery {
    /// open, prepared or answered.
    state: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u32,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Requests from law enforcement. The look is in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests", params(RequestQuery), responses((status = 200, body = Vec<Stored>)))]
pub async fn requests(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<RequestQuery>,
) -> Result<Json<Vec<Stored>>, ApiError> {
    let filter = RequestFilter { state: q.state, after: q.after as u64, limit: q.limit.map_or(100, usize::from) };
    intake(shared, move |i| i.list(&filter, &caller.0)).await
}

/// Takes a request in. Sent again with the same id and content it changes nothing.
#[utoipa::path(post, path = "/api/v1/desk/requests", request_body(content = Request, example = json!({
    "id": "r-1", "received": 1795000000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
    "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
    "targets": [{"kind": "address", "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "asset": "BTC"}], "classes": ["subscriber"]})),
    responses((status = 200, body = Opened), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn submit(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Opened>, ApiError> {
    let request: Request = json(&body)?;
    intake(shared, move |i| i.submit(request, &caller.0)).await
}

/// A request with what policy and the signs of forgery say of it now. The look is in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Opened), (status = 404, body = ErrorBody)))]
pub async fn request(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Opened>, ApiError> {
    intake(shared, move |i| i.open(&id, &caller.0)).await
}

/// Customers that a request's targets are matched to: directly, by a withdrawal, through a cluster, or by a traced path. The look is in the
/// audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/matches", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Vec<Matched>), (status = 404, body = ErrorBody)))]
pub async fn matches(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Matched>>, ApiError> {
    let theirs = shared.clone();
    intake(shared, move |i| {
        let workspace = theirs.workspace.read().map_err(|_| ScreeningError::Stopped)?;
        i.matches(Some(&workspace), &id, &caller.0)
    })
    .await
}

/// Takes a step with a request: call_back, match, prepare, approve (by another person), return.
#[utoipa::path(post, path = "/api/v1/desk/requests/{id}", params(("id" = String, Path, description = "The portal's id")), request_body = Step,
    responses((status = 200, body = Opened), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn step(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Opened>, ApiError> {
    let step: Step = json(&body)?;
    intake(shared, move |i| i.step(&id, step, &caller.0)).await
}
