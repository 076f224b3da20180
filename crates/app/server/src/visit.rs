//! Gives every page the visit that it is a part of ([`holdfast_state::visit`]): its language and the message about the last form.

use crate::guard::is_api;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use holdfast_page::flash;
use holdfast_state::language::Language;
use holdfast_state::sign_in::cookie;
use holdfast_state::visit::{self, MESSAGE_COOKIE, Visit};
use holdfast_state::{AppState, access};
use holdfast_types::Seconds;
use std::sync::Arc;

/// Answers a request in its language. The API's answers have no language: programs read them.
pub(crate) async fn visited(State(shared): State<AppState>, request: Request, next: Next) -> Response {
    if is_api(request.uri().path()) || shared.auth.is_command() {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let language = Language::of_request(request.headers());
    let changes = access::changes(request.method());
    let route = request.extensions().get::<MatchedPath>().map(|r| r.as_str().to_owned());
    let visit = Arc::new(Visit::new(language, path, cookie(request.headers(), MESSAGE_COOKIE)));
    let mut response = visit::scope(Arc::clone(&visit), next.run(request)).await;
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if is_page {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
    let by_route = || route.as_deref().and_then(flash::of_route).map(str::to_owned);
    let message = match changes && response.status().is_redirection() {
        true => visit.next_message().or_else(by_route).map(|key| (key, flash::LASTS)),
        false => visit.is_message_shown().then(|| (String::new(), Seconds::ZERO)),
    };
    if let Some((key, lasts)) = message
        && let Ok(value) = HeaderValue::from_str(&shared.access.cookie(MESSAGE_COOKIE, &key, lasts))
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
