//! Holds and freezes.

use crate::answers::screening::{Hold, HoldState, HoldsReport};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_screening::holds::{HoldFilter, HoldRequest, Release};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::ErrorBody;
use holdfast_state::routes::{HOLDS, READ, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("holds")
        .add(READ.personal(), routes!(holds))
        .add(HOLDS, routes!(place_hold))
        .add(READ.personal(), routes!(hold))
        .add(READ.personal().long(), routes!(check_holds))
        .add(HOLDS, routes!(release_hold))
}

/// Filter of holds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HoldQuery {
    /// active, released or expired.
    state: Option<HoldState>,
    /// Of one customer.
    customer: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Returns holds and freezes.
#[utoipa::path(get, path = "/api/v1/holds", params(HoldQuery), responses((status = 200, body = Vec<Hold>)))]
pub async fn holds(State(shared): State<AppState>, Query(q): Query<HoldQuery>) -> Answer<Vec<Hold>> {
    let limit = q.limit.map_or(100, usize::from);
    let (state, customer) = (q.state.map(|s| s.to_string()), q.customer);
    let filter = HoldFilter { state, customer, event: None, after: q.after, newest_first: false, limit };
    run_blocking(move || Ok(shared.screening.holds(&filter)?)).await.map(each)
}

/// Returns a hold, whatever became of it.
#[utoipa::path(get, path = "/api/v1/holds/{id}", params(("id" = u64, Path, description = "Number of the hold")),
    responses((status = 200, body = Hold), (status = 404, body = ErrorBody)))]
pub async fn hold(State(shared): State<AppState>, Path(id): Path<u64>) -> Answer<Hold> {
    run_blocking(move || Ok(shared.screening.hold(id)?)).await.map(one)
}

/// A hold that was placed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacedAnswer {
    /// Number.
    hold: u64,
}

/// Places a hold or freeze. Sent again with the same id, it gives the same hold.
#[utoipa::path(post, path = "/api/v1/holds", request_body(content = HoldRequest, example = json!({"id": "freeze-1", "customer": "c-1", "scope": "account",
    "basis": "court order 12/2026", "reason": "ordered by the court"})),
    responses((status = 200, body = PlacedAnswer), (status = 400, body = ErrorBody)))]
pub async fn place_hold(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<PlacedAnswer> {
    let request: HoldRequest = json(&body)?;
    let hold = run_blocking(move || Ok(shared.screening.place_hold(request, &caller.0)?)).await?;
    Ok(Json(PlacedAnswer { hold }))
}

/// Releases a hold. Where a second person is needed, the first call requests it and another person's confirms.
#[utoipa::path(post, path = "/api/v1/holds/{id}/release", params(("id" = u64, Path, description = "Number of the hold")), request_body = Release,
    responses((status = 200, body = Hold), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn release_hold(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Hold> {
    let request: Release = json(&body)?;
    run_blocking(move || Ok(shared.screening.release(id, request, &caller.0)?)).await.map(one)
}

/// Checks that every hold balances to the base unit.
#[utoipa::path(get, path = "/api/v1/holds/check", responses((status = 200, body = HoldsReport)))]
pub async fn check_holds(State(shared): State<AppState>) -> Answer<HoldsReport> {
    run_blocking(move || Ok(shared.screening.check_holds()?)).await.map(one)
}
