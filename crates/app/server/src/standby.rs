//! What a standby answers: that it lives, how far it is behind, and to everything else that another server has the desk.

use crate::health::process_lives;
use crate::listen::serve_app;
use axum::http::header::CONNECTION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use holdfast_state::access::Access;
use holdfast_state::error::ApiError;
use holdfast_telemetry::health::{Component, Health, State};
use std::sync::{Arc, RwLock};

/// How far a standby is, in words, or why it does not follow; shared with its answers.
pub type Following = Arc<RwLock<Result<String, String>>>;

fn health(following: &Following) -> Health {
    let state = following.read().unwrap_or_else(|e| e.into_inner()).clone();
    let component = match state {
        Ok(words) => Component::failed("standby", State::Starting, words),
        Err(why) => Component::failed("standby", State::Unreachable, why),
    };
    Health::of(vec![component])
}

/// Serves `/health/live` (200) and `/health/ready` (503, with the standby's state but no reasons, which need a key) until `stop` resolves; everything else is
/// refused with 503.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_standby(
    listener: tokio::net::TcpListener,
    following: Following,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let ready = move || {
        let health = health(&following).without_reasons();
        async { (StatusCode::SERVICE_UNAVAILABLE, Json(health)) }
    };
    let elsewhere = || async { standing_by() };
    let app =
        Router::new().route("/health/live", get(process_lives)).route("/health/ready", get(ready)).fallback(elsewhere);
    serve_app(listener, None, app, Arc::new(Access::new()), stop).await
}

/// Header of a standby's refusals, which a gateway does not hand on: nothing was done, and another server has the desk.
pub(crate) const STANDING_BY: HeaderName = HeaderName::from_static("holdfast-standing-by");

fn standing_by() -> Response {
    let words = "this server is a standby; send the request to the server that has the desk";
    let refused = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, words);
    // Who asks again asks whoever listens here then.
    ([(STANDING_BY, HeaderValue::from_static("1")), (CONNECTION, HeaderValue::from_static("close"))], refused)
        .into_response()
}
