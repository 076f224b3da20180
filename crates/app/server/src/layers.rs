//! What surrounds all routes, from the outside in: bodies that were not read ([`crate::unread`]), observation ([`crate::observe`]), panics, time, compression; then the guard.
//!
//! - **Time.** An answer must begin within what its route declares ([`holdfast_state::routes::Needs::answer_time`]). Work on a thread that may block is not interrupted: it ends by itself,
//!   and may still take effect. Bodies of answers may take longer (files), and so may requests whose body is large, because their rate is
//!   bounded already ([`holdfast_state::limits`]).
//! - **Compression** (gzip) of the API's JSON, of scripts and style sheets. Pages are not compressed: they carry form tokens together with what a request
//!   brought, and the length of a compressed page would give the token away (BREACH). Nor are packages, tables of spreadsheets and
//!   pictures, which are compressed already, nor streams of events, which must not wait in a buffer. An answer of the API has no form token, and no other
//!   site's page can send a request with a session's cookie (`SameSite=Strict`).

use crate::guard::declared;
use crate::observe;
use crate::unread::drop_unread;
use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use holdfast_api::compat;
use holdfast_state::AppState;
use holdfast_state::error::ApiError;
use holdfast_state::routes::{NeedsTable, READ};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, predicate::Predicate};

/// Marks an answer that replaces one whose handler panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Surrounds routes and their guard with what every request passes.
pub(crate) fn surround(app: Router<AppState>, shared: &AppState, needs: &Arc<NeedsTable>) -> Router<AppState> {
    let panicked = |_panic: Box<dyn std::any::Any + Send>| {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Panicked);
        response
    };
    let app = app.layer(CompressionLayer::new().gzip(true).compress_when(Compressible));
    // A command's own call passes no network, and nobody else waits for it.
    let app = if shared.auth.is_command() { app } else { app.layer(from_fn_with_state(needs.clone(), in_time)) };
    let app = app.layer(CatchPanicLayer::custom(panicked));
    app.layer(from_fn_with_state(shared.metrics.clone(), observe::observe)).layer(from_fn(drop_unread))
}

/// Ends a request whose answer does not begin in time.
async fn in_time(State(needs): State<Arc<NeedsTable>>, request: Request, next: Next) -> Response {
    let limit = declared(&needs, &request).unwrap_or(READ).answer_time(request.method());
    let path = request.uri().path().to_owned();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let seconds = limit.as_secs();
            let message =
                format!("no answer within {seconds} s; it may still take effect, so look before you send it again");
            compat::error(&path, ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message))
        }
    }
}

/// Smallest body that is compressed, in bytes.
const MIN_COMPRESSED: u64 = 1024;

/// Which answers are compressed: by their media type, because nothing else distinguishes pages from packages.
#[derive(Clone, Copy, Debug)]
struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: http_body::Body>(&self, response: &axum::http::Response<B>) -> bool {
        let media = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let is_text = matches!(
            media,
            "application/json" | "application/xml" | "text/xml" | "text/css" | "text/csv" | "text/plain"
        ) || media.ends_with("javascript")
            || (media.starts_with("application/") && (media.ends_with("+json") || media.ends_with("+xml")));
        let is_small = response.body().size_hint().exact().is_some_and(|n| n < MIN_COMPRESSED);
        is_text && !is_small
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router;
    use axum::body::Body;
    use axum::routing::get;
    use holdfast_bitcoin::Network;
    use holdfast_identity::KeyRing;
    use holdfast_screening::Screening;
    use holdfast_screening::service::system_clock;
    use holdfast_state::Vault;
    use holdfast_workspace::Workspace;
    use std::io::{Read, Write};
    use std::net::SocketAddr;

    fn shared(dir: &std::path::Path) -> AppState {
        let workspace = Workspace::create_or_open(&dir.join("store"), Network::Bitcoin).unwrap();
        let screening = Screening::open(&format!("sqlite:{}", dir.join("a.sqlite").display()), system_clock()).unwrap();
        AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.join("vault"))).unwrap()
    }

    /// Sends a request over a connection; returns the whole answer.
    fn send(address: SocketAddr, path: &str, headers: &str) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_is_an_answer_and_the_server_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let shared = shared(dir.path());
        let _held = shared.clone();
        let broken = || async {
            if true {
                panic!("of a test");
            }
        };
        let app = Router::new().route("/api/v1/broken", get(broken)).route("/v2/broken", get(broken));
        let app = surround(app, &shared, &Arc::default()).with_state(shared.clone()).merge(router(shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
        tokio::task::spawn_blocking(move || {
            for _ in 0..3 {
                let answer = send(address, "/api/v1/broken", "x-request-id: abc\r\n");
                assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
                assert!(
                    answer.contains("\"error\":\"an internal error") && answer.contains("x-request-id: abc"),
                    "{answer}"
                );
                assert!(!answer.contains("of a test"), "{answer}");
            }
            let answer = send(address, "/v2/broken", "");
            assert!(answer.contains("\"name\":\"InternalError\""), "in the provider's form: {answer}");
            assert!(send(address, "/health/live", "").starts_with("HTTP/1.1 200"));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn answers_that_do_not_begin_are_given_up() {
        tokio::time::pause();
        let slow = get(|| async { tokio::time::sleep(std::time::Duration::from_secs(3_600)).await });
        let app = Router::new().route("/api/v1/holds", slow).layer(from_fn_with_state(Arc::default(), in_time));
        let request = Request::builder().uri("/api/v1/holds").body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(app, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn pages_packages_and_streams_are_not_compressed() {
        let compressed = |media: &str, length: usize| {
            let response = axum::http::Response::builder().header("content-type", media);
            Compressible.should_compress(&response.body(Body::from(vec![b' '; length])).unwrap())
        };
        for media in
            ["application/json", "text/css; charset=utf-8", "application/taxii+json;version=2.1", "text/javascript"]
        {
            assert!(compressed(media, 5_000), "{media}");
            assert!(!compressed(media, 100), "{media}");
        }
        for media in
            ["text/html; charset=utf-8", "text/event-stream", "application/zip", "application/pdf", "image/png", ""]
        {
            assert!(!compressed(media, 5_000), "{media}");
        }
    }
}
