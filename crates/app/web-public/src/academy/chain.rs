//! The chain of a lab: the ledger's pages, mounted below the lab.

use super::outside;
use crate::ledger;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use holdfast_page::frame::{ErrorPage, InLab};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::ids::AttemptId;
use maud::html;

/// Shows the chain's front page.
pub(crate) async fn home(
    state: State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    request: Request,
) -> Response {
    page(state, headers, Path((id, String::new())), request).await
}

/// Shows pages over a lab's own chain: the ledger's pages, mounted below the lab.
pub(crate) async fn page(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, rest)): Path<(AttemptId, String)>,
    request: Request,
) -> Response {
    let key = holdfast_api_investigation::academy::learner_key(&shared, &headers);
    let state = shared.clone();
    let chain = match run_blocking(move || state.lab_chain(id, &key)).await {
        Ok(chain) => chain,
        Err(e) => return outside(e),
    };
    let lab = shared.on_chain(chain);
    let inner = Router::new()
        .route("/", get(ledger::home))
        .route("/search", get(ledger::search))
        .route("/address/{address}", get(ledger::address))
        .route("/tx/{txid}", get(ledger::tx))
        .route("/block/{block}", get(ledger::block))
        .route("/trace", get(ledger::trace))
        .route("/api/v1/trace/bundle", get(holdfast_api_investigation::traces::bundle))
        .with_state(lab);
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    let encoded = rest.replace(' ', "%20");
    // A lab's tags are the learner's to read.
    let inside = axum::http::Request::builder()
        .uri(format!("/{encoded}{query}"))
        .extension(Caller::local("learner"))
        .extension(InLab);
    let Ok(inside) = inside.body(Body::empty()) else {
        return ErrorPage::from(ApiError::bad(t!("academy-chain-no-path"))).into_response();
    };
    let Ok(response) = tower::ServiceExt::oneshot(inner, inside).await;
    mounted(response, &format!("/academy/attempts/{id}/chain")).await
}

/// Pages of the ledger whose links lead to the same pages below `prefix`.
async fn mounted(response: Response, prefix: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let to = parts.headers.get(header::LOCATION).and_then(|v| v.to_str().ok());
    if let Some(Ok(value)) = to.map(|to| HeaderValue::from_str(&format!("{prefix}{to}"))) {
        parts.headers.insert(header::LOCATION, value);
    }
    let is_html = parts.headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if !is_html {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = axum::body::to_bytes(body, holdfast_state::MAX_BODY).await else {
        return ErrorPage::from(ApiError::internal(t!("academy-page-too-long"))).into_response();
    };
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for place in ["/address/", "/tx/", "/block/", "/trace", "/search", "/api/v1/trace/"] {
        text = text.replace(&format!("=\"{place}"), &format!("=\"{prefix}{place}"));
    }
    let head = html! {
        a href=(prefix) { (t!("academy-lab-chain")) }
        a href=(prefix.trim_end_matches("/chain")) { (t!("academy-back-to-lab")) }
    };
    text = text.replace("<a class=\"brand\" href=\"/\">Holdfast</a>", &head.0);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}
