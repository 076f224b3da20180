//! The server: connections, layers, the guard, health, and one router of the API and the pages.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

pub mod csrf;
pub mod document;
pub mod gateway;
pub mod guard;
pub mod health;
mod layers;
pub mod listen;
pub mod observe;
pub mod socket;
pub mod standby;
mod unread;
mod visit;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use guard::Guard;
use holdfast_state::auth::Auth;
use holdfast_state::error::ApiError;
use holdfast_state::routes::Routes;
use holdfast_state::{AppState, MAX_BODY};
pub use listen::{serve, serve_metrics, serve_with_socket};
use std::sync::Arc;

/// Returns all routes of the API.
#[must_use]
pub fn api_routes() -> Routes {
    holdfast_api::routes().merge(holdfast_api_investigation::routes())
}

/// Returns the routes of all pages.
#[must_use]
pub fn page_routes() -> Routes {
    holdfast_web::routes().merge(holdfast_web_monitor::routes()).merge(holdfast_web_public::routes())
}

/// Returns all routes.
pub fn router(mut shared: AppState) -> Router {
    let (app, needs, mut document) = api_routes().merge(page_routes()).into_parts();
    let (health, _, probes) = health::routes().into_parts();
    document.merge(probes);
    let needs = Arc::new(needs);
    shared.needs = needs.clone();
    let document = document::complete(document).to_json().map(Bytes::from).map_err(|e| e.to_string());
    let openapi = async move || match document {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(e) => ApiError::internal(e).into_response(),
    };
    let app = app
        .route("/openapi.json", get(openapi))
        .fallback(holdfast_web_public::nothing_here)
        .layer(from_fn_with_state(Guard::new(shared.clone(), needs.clone()), guard::guard))
        .layer(from_fn_with_state(shared.clone(), visit::visited))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        // Probes come without a key and by any name.
        .merge(health);
    layers::surround(app, &shared, &needs).with_state(shared)
}

/// Gives the threads of parallel work (clustering, scans, imports) a low priority, so that decisions do not wait for them. To be called before the
/// first parallel work of the process; afterwards it has no effect.
pub fn lower_parallel_work() {
    if let Err(e) = rayon::ThreadPoolBuilder::new().start_handler(|_| holdfast_jobs::lower_priority()).build_global() {
        tracing::warn!(reason = %e, "parallel work runs at the priority of decisions");
    }
}

/// Returns the metrics and health at an address of their own, where no key is needed.
pub fn metrics_router(shared: AppState) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::open_metrics))
        .with_state(shared)
}

/// Answers one request without a network, for the command line: status, media type and body. The caller is `name` and may do everything.
///
/// # Errors
/// A method or path that is none.
pub async fn call(
    mut shared: AppState,
    name: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<(u16, String, Vec<u8>), String> {
    shared.auth = Arc::new(Auth::of(shared.auth.key_ring.clone(), name));
    let mut request = axum::http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(axum::body::Body::from(body)).map_err(|e| e.to_string())?;
    let response = tower::ServiceExt::oneshot(router(shared), request).await.map_err(|e| e.to_string())?;
    let status = response.status().as_u16();
    let media = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.map_err(|e| e.to_string())?;
    Ok((status, media, bytes.to_vec()))
}
