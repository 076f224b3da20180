//! Requests that go to the desk as they come.

use super::desks::{Message, Unanswered, end_to_end};
use super::{Counted, Gateway};
use crate::guard::is_api;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_api::compat;
use holdfast_state::access::Peer;
use holdfast_state::error::ApiError;
use holdfast_state::limits::{LIST, SMALL};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;

/// Longest time for a body to arrive that is kept until a server has taken it.
const READ: Duration = Duration::from_secs(60);
/// Longest time for the answer to a batch that a caller sent.
const BATCH: Duration = Duration::from_secs(60);

/// One event: with others of its key, where it may be.
pub(crate) async fn event(State(gateway): State<Gateway>, request: Request) -> Response {
    if request.method() != Method::POST {
        return pass(State(gateway), request).await;
    }
    let (parts, body) = request.into_parts();
    match whole(body, SMALL).await {
        Ok(body) => match gateway.groups.send(&parts.headers, &body).await {
            Some(answer) => answer,
            None => send(&gateway, parts, body, true, Some(BATCH)).await,
        },
        Err(e) => e.into_response(),
    }
}

/// A batch: it may be sent again.
pub(crate) async fn batch(State(gateway): State<Gateway>, request: Request) -> Response {
    if request.method() != Method::POST {
        return pass(State(gateway), request).await;
    }
    let (parts, body) = request.into_parts();
    match whole(body, LIST).await {
        Ok(body) => send(&gateway, parts, body, true, Some(BATCH)).await,
        Err(e) => e.into_response(),
    }
}

/// Reads a body to its end.
async fn whole(body: Body, most: usize) -> Result<Bytes, ApiError> {
    let read = tokio::time::timeout(READ, Limited::new(body, most).collect());
    let read = read.await.map_err(|_| {
        let words = format!("the body did not arrive within {} s", READ.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, words)
    })?;
    read.map(|body| body.to_bytes()).map_err(|e| match e.is::<LengthLimitError>() {
        true => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {} MiB", most >> 20)),
        false => ApiError::bad("the body did not arrive whole"),
    })
}

/// Everything else. What changes nothing may be sent again; a small body is kept until a server has taken it.
pub(crate) async fn pass(State(gateway): State<Gateway>, request: Request) -> Response {
    let may_repeat = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_small = request.body().size_hint().upper().is_some_and(|bytes| bytes <= SMALL as u64);
    let (mut parts, body) = request.into_parts();
    if is_small {
        return match whole(body, SMALL).await {
            Ok(body) => send(&gateway, parts, body, may_repeat, None).await,
            Err(e) => e.into_response(),
        };
    }
    gateway.counted.passed.inc();
    forwarded(&mut parts);
    let path = parts.uri.path().to_owned();
    match gateway.desks.stream(Request::from_parts(parts, body)).await {
        Ok(answer) => back(answer),
        Err(e) => unanswered(&path, &e, &gateway.counted),
    }
}

async fn send(gateway: &Gateway, mut parts: Parts, body: Bytes, may_repeat: bool, limit: Option<Duration>) -> Response {
    gateway.counted.passed.inc();
    forwarded(&mut parts);
    let Parts { method, uri, headers, .. } = parts;
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let message = Message { method, path, headers, body, may_repeat, limit };
    match gateway.desks.send(&message, &gateway.counted).await {
        Ok(answer) => back(answer),
        Err(e) => unanswered(uri.path(), &e, &gateway.counted),
    }
}

/// Says for whom the request is passed on; the desk believes it from proxies that it trusts.
fn forwarded(parts: &mut Parts) {
    end_to_end(&mut parts.headers);
    let Some(Peer(peer)) = parts.extensions.get::<Peer>() else { return };
    let before = parts.headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let all = before.map(str::to_owned).chain([peer.to_string()]).collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::from_str(&all) {
        parts.headers.insert("x-forwarded-for", value);
    }
}

fn back(answer: hyper::Response<hyper::body::Incoming>) -> Response {
    let mut answer = answer.map(Body::new);
    end_to_end(answer.headers_mut());
    answer
}

/// The error of a request that no server of the desk answered.
pub(crate) fn no_desk(unanswered: &Unanswered, counted: &Counted) -> ApiError {
    counted.unanswered.inc();
    let words = match unanswered.is_sent {
        true => {
            "the desk did not answer; the request may have taken effect, so look before you send it again (events may be sent again)"
        }
        false => "no server of the desk can be reached; nothing was done, send the request again later",
    };
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, words)
}

/// The answer to a request that no server of the desk answered.
pub(crate) fn unanswered(path: &str, unanswered: &Unanswered, counted: &Counted) -> Response {
    let e = no_desk(unanswered, counted);
    let mut response = match is_api(path) {
        true => compat::error(path, e),
        false => (e.status, e.message).into_response(),
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
