//! The server's jobs: which there are, another try, and their end.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_jobs::{JobState, StoredJob, page};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::ErrorBody;
use holdfast_state::routes::{MANAGE, Routes};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Most jobs of an answer.
const MAX_JOBS: usize = 1_000;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("jobs").add(MANAGE, routes!(jobs)).add(MANAGE, routes!(retry_job)).add(MANAGE, routes!(cancel_job))
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// waiting, running, done or failed; by default all.
    #[param(value_type = Option<String>)]
    state: Option<JobState>,
    /// Numbers below this one: the last of the page before.
    before: Option<u64>,
}

/// Returns jobs, newest first, at most 1,000; `before` goes on from there.
#[utoipa::path(get, path = "/api/v1/jobs", params(JobsQuery), responses((status = 200, body = Vec<StoredJob>), (status = 400, body = ErrorBody)))]
pub async fn jobs(State(shared): State<AppState>, Query(q): Query<JobsQuery>) -> Answer<Vec<StoredJob>> {
    run_blocking(move || Ok(shared.screening.read(|db| page(db, q.state, q.before, MAX_JOBS))?)).await.map(Json)
}

/// Runs a failed job, or one that waits for its next try, now. A newer job of its kind and key that waits takes its place.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = StoredJob), (status = 404, body = ErrorBody)))]
pub async fn retry_job(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<StoredJob> {
    run_blocking(move || shared.retry_job(id, &caller.0)).await.map(Json)
}

/// Ends a job that waits or runs, of a kind that only makes what was asked for: an import of tags, a bundle, the check of a ledger, the training of a
/// model. It has failed then, and `retry` begins it again.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", params(("id" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = StoredJob), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn cancel_job(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<StoredJob> {
    run_blocking(move || shared.cancel_job(id, &caller.0)).await.map(Json)
}
