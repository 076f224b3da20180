//! `/health/live`, `/health/ready` and `/metrics`.
//!
//! They stand before the guard: probes reach the server by its address, not by its name. Health needs no key and shows without one the names and
//! states of parts only. Metrics need a key with the scope `metrics`, on every address: a reverse proxy on the same machine makes every client a
//! caller from loopback. To serve them without a key, start a listener for them (`serve --metrics ADDRESS`).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_state::AppState;
use holdfast_state::error::ApiError;
use holdfast_state::routes::{Needs, Routes};
use holdfast_telemetry::health::{Component, Health};
use holdfast_telemetry::metrics::MEDIA_TYPE;
use utoipa_axum::routes;

/// Scopes of which a caller needs one to see reasons and metrics.
const SCOPES: &[&str] = &["metrics", "manage"];

/// Returns the routes of this resource. They stand before the guard, so that their handlers check the scopes.
pub(crate) fn routes() -> Routes {
    Routes::new("health")
        .add(Needs::OPEN, routes!(live))
        .add(Needs::OPEN, routes!(ready))
        .add(Needs::key(SCOPES), routes!(metrics))
}

/// Whether a request comes with a key that may see more than names and states.
fn may_see_reasons(shared: &AppState, request: &Request) -> bool {
    shared.access.check(request).is_ok() && shared.auth.pass_request(request, SCOPES, shared.screening.now()).is_ok()
}

/// Returns whether a process that has no desk of its own lives: it answers.
pub(crate) async fn process_lives() -> Json<Health> {
    Json(Health::of(vec![Component::ok("process")]))
}

pub(crate) fn answer(health: Health, with_reasons: bool) -> Response {
    let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let health = if with_reasons { health } else { health.without_reasons() };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// Returns whether the process works: it answers, and its writer's thread runs. Restart it when it does not. No key is needed; reasons are shown to
/// keys with the scope metrics or manage.
#[utoipa::path(get, path = "/health/live", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn live(State(shared): State<AppState>, request: Request) -> Response {
    answer(shared.liveness(), may_see_reasons(&shared, &request))
}

/// Returns whether requests can be served now: the database answers, the writer stores, the ledger is open, nodes that are followed are not too far
/// ahead. Send no requests while it is not. No key is needed; reasons are shown to keys with the scope metrics or manage.
#[utoipa::path(get, path = "/health/ready", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn ready(State(shared): State<AppState>, request: Request) -> Response {
    answer(shared.readiness().await, may_see_reasons(&shared, &request))
}

async fn text(shared: &AppState) -> Response {
    match shared.metrics.scrape(shared).await {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(e) => ApiError::internal(e.to_string()).into_response(),
    }
}

/// Returns the metrics in Prometheus's text format. Needs a key with the scope metrics or manage; without one at the address of `serve --metrics`.
#[utoipa::path(get, path = "/metrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(shared): State<AppState>, request: Request) -> Response {
    let passed = shared.auth.pass_request(&request, SCOPES, shared.screening.now());
    // An open desk has no key to send; another site's page must not read it under a name of its own.
    let passed = passed.and_then(|_| if shared.auth.is_open() { shared.access.check(&request) } else { Ok(()) });
    match passed {
        Ok(()) => text(&shared).await,
        Err(e) => e.into_response(),
    }
}

/// Returns the metrics at their own address.
pub(crate) async fn open_metrics(State(shared): State<AppState>) -> Response {
    text(&shared).await
}
