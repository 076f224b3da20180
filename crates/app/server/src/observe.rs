//! Around every request: its id, its span in the log, its line and its count when it is answered.
//!
//! A line names the route as it is written in the router, never the path: paths carry addresses, names of customers and ids of cases.

use crate::layers::Panicked;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use holdfast_api::compat;
use holdfast_state::error::ApiError;
use holdfast_state::metrics::Metrics;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tracing::Instrument;

/// The header with a request's id, in requests and answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a request.
const MAX_ID: usize = 64;

/// Returns the id that a request names, or a new one. One that is long, or holds anything but letters, digits, `-`, `_` and `.`, is replaced:
/// it would stand in every log line.
fn id_of(headers: &HeaderMap) -> HeaderValue {
    let named = headers.get(&REQUEST_ID).filter(|v| {
        let bytes = v.as_bytes();
        let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
        (1..=MAX_ID).contains(&bytes.len()) && bytes.iter().all(is_plain)
    });
    named.cloned().unwrap_or_else(new_id)
}

/// A new id: 64 random bits of this process and the number of the request.
fn new_id() -> HeaderValue {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let text = format!("{:016x}-{:08x}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

/// Returns the method for a log line; whoever sends others invents names.
pub(crate) fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    known.into_iter().find(|k| *k == method.as_str()).unwrap_or("other")
}

/// Returns the route of a request as it is written in the router; `other` when there is none.
pub(crate) fn route(request: &Request) -> String {
    request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |m| m.as_str().to_owned())
}

/// Assigns a request its id and span, and logs its answer.
pub async fn observe(State(metrics): State<Arc<Metrics>>, mut request: Request, next: Next) -> Response {
    let (began, _in_flight) = (Instant::now(), metrics.enter());
    let id = id_of(request.headers());
    let (method, route) = (method_name(request.method()), route(&request));
    // An error's level, so that the span is there whatever is logged.
    let span = tracing::error_span!("request", request_id = id.to_str().unwrap_or_default(), method, route = route);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).instrument(span.clone()).await;
    if response.extensions().get::<Panicked>().is_some() {
        response = span.in_scope(|| compat::error(&path, ApiError::panicked()));
    }
    let status = response.status().as_u16();
    let took = began.elapsed();
    metrics.answered(method, &route, status, took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| match route.as_str() {
        // Every few seconds, for ever.
        "/health/live" | "/health/ready" | "/metrics" => tracing::debug!(status, duration_ms, "answered"),
        _ => tracing::info!(status, duration_ms, "answered"),
    });
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_when_sane_and_made_otherwise() {
        let of = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
            id_of(&headers).to_str().unwrap().to_owned()
        };
        for sane in ["a", "4bf92f35-77b3_4da6.a3", &"x".repeat(64)] {
            assert_eq!(of(sane.as_bytes()), sane);
        }
        for other in [&b""[..], b"a b", b"a\tb", b"caf\xc3\xa9", &[b'x'; 65], b"<script>"] {
            let made = of(other);
            assert_eq!(made.len(), 25, "{made}");
            assert_ne!(made.as_bytes(), other);
        }
        assert_ne!(id_of(&HeaderMap::new()), id_of(&HeaderMap::new()));
    }
}
