//! Law-enforcement requests over HTTP.

use crate::Shared;
use crate::error::{ApiError, ErrorBody};
use crate::screening::json;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use holdfast_desk::{Inquiry, Policy, Review, review};
use holdfast_screening::ScreeningError;

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
    Ok(Json(reviewed.map_err(ScreeningError::from)?))
}
