//! Ledgers of the server's chains: verified, and what stands beside them made anew, by jobs.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use holdfast_account_workspace::beside::BesideStore;
use holdfast_jobs::StoredJob;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::ErrorBody;
use holdfast_state::ledgers::LedgerCheck;
use holdfast_state::routes::{MANAGE, Routes};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("ledgers")
        .add(MANAGE, routes!(check_ledger))
        .add(MANAGE, routes!(ledger_check))
        .add(MANAGE, routes!(rebuild_ledger))
}

/// Starts a job that verifies a chain's ledger, and what stands beside it: every row, key and balance. While one waits for its turn it is that one. The job
/// fails where something is wrong.
#[utoipa::path(post, path = "/api/v1/ledgers/{chain}/check", params(("chain" = String, Path, description = "Chain: name, ticker or CAIP-2 id")),
    responses((status = 200, body = StoredJob), (status = 404, body = ErrorBody)))]
pub async fn check_ledger(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
) -> Answer<StoredJob> {
    run_blocking(move || shared.check_ledger(&chain, &caller.0)).await.map(Json)
}

/// Returns what the last check of a chain's ledger found.
#[utoipa::path(get, path = "/api/v1/ledgers/{chain}/check", params(("chain" = String, Path, description = "Chain: name, ticker or CAIP-2 id")),
    responses((status = 200, body = LedgerCheck), (status = 404, body = ErrorBody)))]
pub async fn ledger_check(State(shared): State<AppState>, Path(chain): Path<String>) -> Answer<LedgerCheck> {
    run_blocking(move || shared.ledger_check(&chain)).await.map(Json)
}

/// What is made anew.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RebuildRequest {
    /// Only these; by default all of them.
    #[serde(default)]
    only: Vec<BesideStore>,
}

/// Starts a job that makes links, signals and clusters beside an account chain's ledger anew: links and signals from its blocks, which are read again from the
/// node or the files that the server has for the chain, clusters from the ledger. Blocks go on being appended, and readers see what there was until it is done.
#[utoipa::path(post, path = "/api/v1/ledgers/{chain}/rebuild", params(("chain" = String, Path, description = "Account chain: name, ticker or CAIP-2 id")),
    request_body = RebuildRequest, responses((status = 200, body = StoredJob), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rebuild_ledger(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
    body: Bytes,
) -> Answer<StoredJob> {
    let request: RebuildRequest = json(&body)?;
    run_blocking(move || shared.rebuild_beside(&chain, &request.only, &caller.0)).await.map(Json)
}
