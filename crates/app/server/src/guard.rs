//! Checks before every handler: who may send what, how much of it, how often, and from which page.

use crate::csrf::{self, Browser};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use holdfast_api::{compat, portal};
use holdfast_api_investigation::academy;
use holdfast_page::frame::{ErrorPage, Frame, is_private};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::access::{self, Access};
use holdfast_state::auth::{Caller, pass_signed};
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_state::limits::{Rate, SMALL, crowded, sender};
use holdfast_state::routes::{Entry, MANAGE, Needs, NeedsTable, PROVISION, READ};
use holdfast_state::system::entropy;
use holdfast_types::Seconds;
use std::sync::Arc;

/// Refusals by the framework itself (a path or query that does not parse, a wrong method) come as text; clients expect JSON everywhere.
async fn in_json(path: &str, response: Response) -> Response {
    let text = response.headers().get(header::CONTENT_TYPE).is_none_or(|v| v.as_bytes().starts_with(b"text/plain"));
    if !response.status().is_client_error() || !text {
        return response;
    }
    said_anew(response, |status, said| {
        let message = if said.is_empty() { status.canonical_reason().unwrap_or_default() } else { said };
        compat::error(path, ApiError::new(status, message))
    })
    .await
}

/// How the framework's refusal of a query begins.
const QUERY_REFUSED: &str = "Failed to deserialize query string: ";

/// The same for a person's browser: the refusal is a page with a way on, not a line of text.
async fn in_html(response: Response) -> Response {
    let text = response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    let is_method = status == StatusCode::METHOD_NOT_ALLOWED;
    if !status.is_client_error() || !(text || is_method) {
        return response;
    }
    said_anew(response, |status, said| {
        let message = match said.strip_prefix(QUERY_REFUSED) {
            _ if is_method => t!("common-error-method"),
            Some(cause) => t!("common-error-query", cause = cause),
            None => said.to_owned(),
        };
        ErrorPage::from(ApiError::new(status, message)).into_response()
    })
    .await
}

/// Answers a refusal anew from its status and what it said; the methods that it names stay.
async fn said_anew(response: Response, answer: impl FnOnce(StatusCode, &str) -> Response) -> Response {
    let (status, allow) = (response.status(), response.headers().get(header::ALLOW).cloned());
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    let mut response = answer(status, &String::from_utf8_lossy(&body));
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// Pages load nothing from elsewhere, run no script that they did not bring, and stand in no other site's frame: what officers and customers
/// wrote is shown in them.
fn own_only(mut response: Response, access: &Access) -> Response {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
                  frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if access.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// State of the guard.
#[derive(Clone, Debug)]
pub struct Guard {
    shared: AppState,
    needs: Arc<NeedsTable>,
}

impl Guard {
    /// Guards routes by what the table declares.
    #[must_use]
    pub fn new(shared: AppState, needs: Arc<NeedsTable>) -> Self {
        Guard { shared, needs }
    }

    /// Returns what a request needs, and its limits. Where there is no route, or none for the method, some scope is needed all the same: what
    /// exists is not shown to strangers, and a route that was added in another way needs a key.
    fn needs(&self, request: &Request) -> Needs {
        let undeclared = if access::changes(request.method()) { MANAGE } else { READ };
        let undeclared = if request.uri().path().starts_with("/scim/") { PROVISION } else { undeclared };
        let undeclared = if is_api(request.uri().path()) { undeclared } else { undeclared.rate(Rate::Pages) };
        let route = request.extensions().get::<MatchedPath>();
        // A method that a known route does not have is answered 405, whatever its body is.
        let undeclared =
            if route.is_some_and(|r| self.needs.has(r.as_str())) { undeclared.any_media() } else { undeclared };
        declared(&self.needs, request).unwrap_or(undeclared)
    }
}

/// Returns what the route of a request declares.
pub(crate) fn declared(needs: &NeedsTable, request: &Request) -> Option<Needs> {
    let route = request.extensions().get::<MatchedPath>()?;
    needs.get(request.method(), route.as_str())
}

/// Whether programs call a path, in JSON, not people by browser.
pub(crate) fn is_api(path: &str) -> bool {
    ["/api/", "/v2/", "/public/v2/", "/scim/"].iter().any(|p| path.starts_with(p))
}

/// Whether a page shows tags.
fn shows_ledger(path: &str) -> bool {
    ["/address/", "/tx/", "/accounts/", "/search"].iter().any(|p| path.starts_with(p)) || path == "/trace"
}

/// Records a reading of personal data in the audit log; what cannot be recorded is not read.
async fn note_read(
    shared: &AppState,
    caller: &Caller,
    needs: Needs,
    method: &Method,
    path: &str,
) -> Result<(), ApiError> {
    if *method != Method::GET || !needs.is_personal {
        return Ok(());
    }
    let (screening, name, subject) = (shared.screening.clone(), caller.0.clone(), path.to_owned());
    run_blocking(move || Ok(screening.note_look("data.read", &subject, "{}".into(), &name)?)).await
}

/// Headers in which programs send keys.
pub(crate) const KEY_HEADERS: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("token"),
    HeaderName::from_static("x-access-key"),
];

/// Whether a request comes from a browser, signed in or not, rather than with a key in its headers.
fn is_without_key(request: &Request) -> bool {
    !KEY_HEADERS.iter().any(|name| request.headers().contains_key(name))
}

/// Counts a request without a key against its address.
fn count(shared: &AppState, needs: Needs, request: &Request) -> Result<(), ApiError> {
    let Some(rate) = needs.max_rate() else { return Ok(()) };
    let (name, most, seconds) = rate.bound(request.method());
    let who = format!("{name} {}", sender(shared.access.client(request)));
    match shared.auth.rates.count(&who, most, seconds, shared.screening.now()) {
        true => Ok(()),
        false => Err(crowded("too many requests come from your address")),
    }
}

/// Guards everything: pages, the API, and the other providers' formats.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let needs = guard.needs(&request);
    let shared = guard.shared;
    let path = request.uri().path().to_owned();
    let is_api = is_api(&path);
    // A command's own call passes no network and no browser.
    if shared.auth.is_command() {
        return if is_api { api_call(&shared, needs, request, next, &path).await } else { next.run(request).await };
    }
    let is_page = !is_api && wants_page(&request);
    let checked = shared.access.check(&request).and_then(|()| count(&shared, needs, &request));
    let bounded = checked.and_then(|()| shared.large.bound(request, needs.max_body()));
    let (request, _permit) = match bounded {
        Ok(bounded) => bounded,
        Err(e) => return refuse(&shared, &path, is_page, e),
    };
    match is_api {
        true => api_call(&shared, needs, request, next, &path).await,
        false => page(&shared, needs, request, next, &path).await,
    }
}

/// Returns whether a person's browser waits for a page.
fn wants_page(request: &Request) -> bool {
    request.headers().get(header::ACCEPT).is_some_and(|v| v.as_bytes().starts_with(b"text/html"))
}

fn refuse(shared: &AppState, path: &str, is_page: bool, e: ApiError) -> Response {
    let limited = e.status == StatusCode::TOO_MANY_REQUESTS;
    let mut response = match is_page {
        true => own_only(ErrorPage::from(e).into_response(), &shared.access),
        false => compat::error(path, e),
    };
    if limited {
        let seconds = (60 - shared.screening.now().unix() % 60).to_string();
        if let Ok(value) = seconds.parse() {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
    }
    response
}

/// A page: a form has its token, and what is private a session.
async fn page(shared: &AppState, needs: Needs, mut request: Request, next: Next, path: &str) -> Response {
    let whole = request.uri().path_and_query().map_or(path.to_owned(), ToString::to_string);
    let limit = needs.max_body();
    let frame = Frame::of(shared, request.headers());
    let browser = Browser::of(request.headers(), entropy).ok();
    let wants_page = wants_page(&request);
    if is_private(path) {
        let passed = match shared.auth.pass_request(&request, needs.scopes(), shared.screening.now()) {
            Ok(caller) => note_read(shared, &caller, needs, request.method(), path).await.map(|()| caller),
            Err(e) => Err(e),
        };
        match passed {
            Ok(caller) => request.extensions_mut().insert(caller),
            Err(e) => return with_tokens(shared, browser, frame.refusal(&whole, e)).await,
        };
    } else if limit > SMALL && portal::is_portal(path) && access::changes(request.method()) {
        // Before the file is read: uploads need a session.
        if let Err(e) = portal::signed_in(shared, request.headers()).await {
            return match wants_page {
                true => with_tokens(shared, browser, frame.dress(path, ErrorPage::from(e).into_response())).await,
                false => refuse(shared, path, false, e),
            };
        }
    }
    // The ledger's pages are open to everybody; who is signed in sees the tags that they may read.
    if shows_ledger(path)
        && let Ok(caller) = shared.auth.pass_request(&request, &["read", "desk"], shared.screening.now())
    {
        request.extensions_mut().insert(caller);
    }
    if access::changes(request.method()) && is_without_key(&request) {
        request = match csrf::check(request, &shared.auth.key_ring, limit).await {
            Ok(request) => request,
            Err(e) => return with_tokens(shared, browser, frame.refusal(&whole, e)).await,
        };
    }
    let response = next.run(request).await;
    let response = if wants_page { in_html(response).await } else { response };
    with_tokens(shared, browser, frame.dress(path, response)).await
}

/// A page's answer with tokens in its forms and the headers of own pages.
async fn with_tokens(shared: &AppState, browser: Option<Browser>, response: Response) -> Response {
    let response = match browser {
        None => response,
        Some(browser) => {
            let month = Seconds::days(30);
            let cookie = |name: &str, value: &str| shared.access.cookie(name, value, month);
            match browser.put_in(response, &shared.auth.key_ring, cookie).await {
                Ok(response) => response,
                Err(e) => e.into_response(),
            }
        }
    };
    own_only(response, &shared.access)
}

/// A call of the API.
async fn api_call(shared: &AppState, needs: Needs, request: Request, next: Next, path: &str) -> Response {
    let (caller, mut request) = match admit(shared, needs, request, path).await {
        Ok(admitted) => admitted,
        Err(e) => return refuse(shared, path, false, e),
    };
    request.extensions_mut().insert(caller);
    let mut response = in_json(path, next.run(request).await).await;
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn admit(shared: &AppState, needs: Needs, request: Request, path: &str) -> Result<(Caller, Request), ApiError> {
    let (caller, mut request) = match needs.entry {
        Entry::Signed(scopes) => pass_signed(shared, request, scopes).await?,
        Entry::Key(scopes) => (shared.auth.pass_request(&request, scopes, shared.screening.now())?, request),
        Entry::Officer => {
            // Before the file is read: uploads need a session.
            if needs.max_body() > SMALL && access::changes(request.method()) {
                portal::signed_in(shared, request.headers()).await?;
            }
            (Caller::nobody("portal"), request)
        }
        Entry::Learner => {
            let mut request = request;
            if let Some(learner) = academy::learner_of_command(shared, &request)? {
                let key = academy::key_of_learner(shared, learner).await?;
                request.headers_mut().insert(header::AUTHORIZATION, key);
            }
            (Caller::nobody("portal"), request)
        }
        Entry::Open => (Caller::nobody("portal"), request),
    };
    if access::changes(request.method()) && !shared.auth.is_command() {
        let is_form = access::is_form(&access::media_type(request.headers())) && is_without_key(&request);
        // A form of the desk's own pages that an endpoint answers itself; its token proves it.
        if is_form && !needs.takes_files && path.starts_with("/api/v1/desk/") {
            request = csrf::check(request, &shared.auth.key_ring, needs.max_body()).await?;
        } else if !needs.takes_files {
            access::check_media_type(request.headers())?;
        }
    }
    note_read(shared, &caller, needs, request.method(), path).await?;
    Ok((caller, request))
}
