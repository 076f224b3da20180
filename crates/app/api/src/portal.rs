//! The officers' portal over HTTP. Officers have sessions instead of keys: a code mailed to the official address, then a second factor.

use crate::answers::identity::Passkey;
use crate::answers::requests::{Enrolment, Officer, Production, Session, Status};
use crate::requests::{MediaQuery, TextBody};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use holdfast_requests::portal::Officer as OfficerRow;
use holdfast_requests::{Desk, Request, RequestError};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{download, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits::{self, Rate, crowded};
use holdfast_state::routes::{Needs, Routes};
use holdfast_state::sign_in::Client;
use holdfast_types::Seconds;
use holdfast_types::ids::ProductionId;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

const REQUESTS: Needs = Needs::OFFICER.body(limits::SMALL).long();

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("portal")
        // Anybody may send these; files and requests come from who is signed in.
        .limits(|n| n.body(limits::TINY))
        .add(Needs::OPEN.rate(Rate::Code), routes!(code))
        .add(Needs::OPEN.rate(Rate::Prove), routes!(prove))
        .add(Needs::OFFICER, routes!(enrol))
        .add(Needs::OFFICER, routes!(factor))
        .add(Needs::OFFICER, routes!(passkeys))
        .add(Needs::OFFICER, routes!(passkey_begin))
        .add(Needs::OFFICER, routes!(passkey_register))
        .add(Needs::OFFICER, routes!(passkey_remove))
        .add(Needs::OFFICER, routes!(passkey_challenge))
        .add(Needs::OFFICER, routes!(passkey_enter))
        .add(Needs::OFFICER, routes!(me))
        .add(Needs::OFFICER, routes!(recipients))
        .add(REQUESTS, routes!(requests))
        .add(REQUESTS, routes!(send))
        .add(REQUESTS, routes!(request))
        .add(REQUESTS, routes!(message))
        .add(REQUESTS.file(), routes!(attach))
        .add(REQUESTS, routes!(productions))
        .add(REQUESTS, routes!(fetch))
}

/// Does something in a session; one that is over, or lacks the second factor where it is needed, is 401.
async fn in_session<T: Send + 'static>(
    shared: AppState,
    headers: &HeaderMap,
    full: bool,
    run: impl FnOnce(&Desk<'_>, &str) -> Result<T, RequestError> + Send + 'static,
) -> Result<T, ApiError> {
    let text = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token =
        text.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")).map_or("", |(_, t)| t.trim());
    let (token, own_token) = (token.to_owned(), token.to_owned());
    let unauthorized = |e: ApiError| match e.status {
        StatusCode::CONFLICT => e.with_status(StatusCode::UNAUTHORIZED),
        _ => e,
    };
    let state = shared.clone();
    let found = run_blocking(move || Ok(state.desk().officer(&own_token, full)?)).await.map_err(unauthorized)?;
    count_officer(&shared, &found)?;
    run_blocking(move || Ok(run(&shared.desk(), &token)?)).await
}

/// Most requests of an officer a minute.
const OFFICER_A_MINUTE: u32 = 240;
/// Most codes that one sender tries for one address within a quarter of an hour: others' wrong tries are their own.
const TRIES_OF_A_SENDER: u32 = 10;

/// Counts a request of an officer.
pub fn count_officer(shared: &AppState, officer: &OfficerRow) -> Result<(), ApiError> {
    let who = format!("officer {}", officer.id);
    match shared.auth.rates.count(&who, OFFICER_A_MINUTE, Seconds::MINUTE, shared.screening.now()) {
        true => Ok(()),
        false => Err(crowded("too many requests come from your session")),
    }
}

/// Counts a sender's tries of codes for an address.
pub fn count_tries(shared: &AppState, client: &str, address: &str) -> Result<(), ApiError> {
    let who = format!("tries {client} {}", holdfast_documents::sha256(address.trim().to_lowercase().as_bytes()));
    match shared.auth.rates.count(&who, TRIES_OF_A_SENDER, Seconds::new(900), shared.screening.now()) {
        true => Ok(()),
        false => Err(crowded("too many codes were tried from here")),
    }
}

/// Returns whether a path is one of the officers' pages.
pub fn is_portal(path: &str) -> bool {
    path == "/portal" || path.starts_with("/portal/")
}

/// Refuses whoever has no full session at the portal.
pub async fn signed_in(shared: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token = match text.split_once(' ') {
        Some((kind, token)) if kind.eq_ignore_ascii_case("bearer") => token.trim().to_owned(),
        _ => holdfast_state::sign_in::cookie(headers, "ho").unwrap_or_default(),
    };
    let state = shared.clone();
    let found = run_blocking(move || Ok(state.desk().officer(&token, true)?)).await;
    found.map(|_| ()).map_err(|e| e.with_status(StatusCode::UNAUTHORIZED))
}

/// A request for a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Official address, at a domain of an agency that the desk verified.
    email: String,
    /// Name; to register.
    name: Option<String>,
    /// Language in which the officer gets mail (BCP 47); English where it is not known, or none of ar, de, en, es, fr, zh.
    #[serde(default)]
    language: Option<String>,
}

/// Mails a code to an officer's official address, and registers a new officer.
#[utoipa::path(post, path = "/api/v1/portal/code", request_body(content = CodeBody,
    example = json!({"email": "ana.berg@fbi.gov", "name": "Ana Berg"})),
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn code(State(shared): State<AppState>, body: Bytes) -> Result<StatusCode, ApiError> {
    let input: CodeBody = json(&body)?;
    run_blocking(move || {
        Ok(shared.desk().request_code(&input.email, input.name.as_deref(), input.language.as_deref())?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A code that was mailed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProveBody {
    /// Official address.
    email: String,
    /// The code.
    code: String,
}

/// Proves an address by the code mailed to it.
#[utoipa::path(post, path = "/api/v1/portal/prove", request_body(content = ProveBody,
    example = json!({"email": "ana.berg@fbi.gov", "code": "12345678"})),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn prove(State(shared): State<AppState>, client: Client, body: Bytes) -> Result<Json<Session>, ApiError> {
    let given: ProveBody = json(&body)?;
    count_tries(&shared, &client.0, &given.email)?;
    run_blocking(move || Ok(shared.desk().prove(&given.email, &given.code)?)).await.map(one)
}

/// Sets up a TOTP secret, in a session that proved the address while there is no second factor yet, or beside a passkey in a full one.
#[utoipa::path(post, path = "/api/v1/portal/factor", responses((status = 200, body = Enrolment), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn enrol(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Enrolment>, ApiError> {
    in_session(shared, &headers, false, |d, token| d.enrol(token)).await.map(one)
}

/// A TOTP code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorBody {
    /// Six digits.
    code: String,
}

/// Checks the second factor; the session that comes back opens everything of the officer's own.
#[utoipa::path(put, path = "/api/v1/portal/factor", request_body(content = FactorBody, example = json!({"code": "123456"})),
    responses((status = 200, body = Session), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn factor(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Session>, ApiError> {
    let given: FactorBody = json(&body)?;
    in_session(shared, &headers, false, move |d, token| d.second_factor(token, &given.code)).await.map(one)
}

/// Returns the officer's own passkeys.
#[utoipa::path(get, path = "/api/v1/portal/passkeys", responses((status = 200, body = Vec<Passkey>), (status = 401, body = ErrorBody)))]
pub async fn passkeys(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Vec<Passkey>>, ApiError> {
    in_session(shared, &headers, true, |d, token| d.passkeys(token)).await.map(each)
}

/// Begins to add a passkey: options for `navigator.credentials.create` (WebAuthn, as JSON). In a session that proved the address while there
/// is no second factor yet, and in a full one.
#[utoipa::path(post, path = "/api/v1/portal/passkeys",
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn passkey_begin(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let site = shared.site.clone();
    in_session(shared, &headers, false, move |d, token| d.passkey_begin(token, &site)).await.map(Json)
}

/// A passkey that was created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyBody {
    /// Name that its holder gives it.
    pub name: String,
    /// The credential's `toJSON()`.
    #[schema(value_type = Object)]
    pub credential: Value,
}

/// Adds the passkey that the browser made; the session that comes back is full.
#[utoipa::path(put, path = "/api/v1/portal/passkeys", request_body(content = PasskeyBody,
    example = json!({"name": "laptop", "credential": {"id": "AAECAw", "type": "public-key"}})),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn passkey_register(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Session>, ApiError> {
    let (made, site): (PasskeyBody, _) = (json(&body)?, shared.site.clone());
    in_session(shared, &headers, false, move |d, token| d.passkey_register(token, &site, &made.name, &made.credential))
        .await
        .map(one)
}

/// Removes a passkey; the last second factor stays.
#[utoipa::path(delete, path = "/api/v1/portal/passkeys/{id}", params(("id" = String, Path, description = "Credential id, hex")),
    responses((status = 200, body = Vec<Passkey>), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn passkey_remove(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Vec<Passkey>>, ApiError> {
    in_session(shared, &headers, true, move |d, token| d.passkey_remove(token, &id)).await.map(each)
}

/// Begins to enter with a passkey: options for `navigator.credentials.get` (WebAuthn, as JSON).
#[utoipa::path(post, path = "/api/v1/portal/passkeys/challenge",
    responses((status = 200, body = Object), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn passkey_challenge(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let site = shared.site.clone();
    in_session(shared, &headers, false, move |d, token| d.passkey_challenge(token, &site)).await.map(Json)
}

/// A passkey's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionBody {
    /// The credential's `toJSON()`.
    #[schema(value_type = Object)]
    pub credential: Value,
}

/// Checks a passkey's answer as the second factor; the session that comes back is full.
#[utoipa::path(put, path = "/api/v1/portal/passkeys/challenge", request_body(content = AssertionBody,
    example = json!({"credential": {"id": "AAECAw", "type": "public-key"}})),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn passkey_enter(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Session>, ApiError> {
    let (given, site): (AssertionBody, _) = (json(&body)?, shared.site.clone());
    in_session(shared, &headers, false, move |d, token| d.passkey_enter(token, &site, &given.credential)).await.map(one)
}

/// Returns the officer of the session.
#[utoipa::path(get, path = "/api/v1/portal/me", responses((status = 200, body = Officer), (status = 401, body = ErrorBody)))]
pub async fn me(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Officer>, ApiError> {
    in_session(shared, &headers, false, |d, token| d.officer(token, false)).await.map(one)
}

/// Public keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientsBody {
    /// age recipients (age1...), at most 8.
    recipients: Vec<String>,
}

/// Sets the public keys (age) that productions are encrypted to.
#[utoipa::path(put, path = "/api/v1/portal/me", request_body(content = RecipientsBody,
    example = json!({"recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]})),
    responses((status = 200, body = Officer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn recipients(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Officer>, ApiError> {
    let keys: RecipientsBody = json(&body)?;
    in_session(shared, &headers, true, move |d, token| d.set_recipients(token, keys.recipients)).await.map(one)
}

/// Returns the officer's own requests, newest first.
#[utoipa::path(get, path = "/api/v1/portal/requests", responses((status = 200, body = Vec<Status>), (status = 401, body = ErrorBody)))]
pub async fn requests(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Vec<Status>>, ApiError> {
    in_session(shared, &headers, true, |d, token| d.own_requests(token)).await.map(each)
}

/// Sends a request. The officer and the time of receipt are the portal's, not those of the body.
#[utoipa::path(post, path = "/api/v1/portal/requests", request_body = Request,
    responses((status = 200, body = Status), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn send(State(shared): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<Json<Status>, ApiError> {
    let request: Request = json(&body)?;
    in_session(shared, &headers, true, move |d, token| d.send_request(token, request)).await.map(one)
}

/// Returns one of the officer's own requests: its state, messages, files.
#[utoipa::path(get, path = "/api/v1/portal/requests/{id}", params(("id" = String, Path, description = "Id")),
    responses((status = 200, body = Status), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn request(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Status>, ApiError> {
    in_session(shared, &headers, true, move |d, token| d.own_request(token, &id)).await.map(one)
}

/// Writes to the desk about a request.
#[utoipa::path(post, path = "/api/v1/portal/requests/{id}/messages", params(("id" = String, Path, description = "Id")),
    request_body(content = TextBody, example = json!({"text": "The signed order is attached."})),
    responses((status = 200, body = Status), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn message(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Status>, ApiError> {
    let text: TextBody = json(&body)?;
    in_session(shared, &headers, true, move |d, token| d.own_message(token, &id, &text.text)).await.map(one)
}

/// Attaches a file to a request.
#[utoipa::path(put, path = "/api/v1/portal/requests/{id}/files/{name}",
    params(("id" = String, Path, description = "Id"), ("name" = String, Path, description = "File name"), MediaQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Status), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn attach(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    Query(q): Query<MediaQuery>,
    body: Bytes,
) -> Result<Json<Status>, ApiError> {
    in_session(shared, &headers, true, move |d, token| d.own_file(token, &id, &name, &q.media_type, &body))
        .await
        .map(one)
}

/// Returns the productions of one of the officer's own requests.
#[utoipa::path(get, path = "/api/v1/portal/requests/{id}/productions", params(("id" = String, Path, description = "Id")),
    responses((status = 200, body = Vec<Production>), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn productions(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Vec<Production>>, ApiError> {
    in_session(shared, &headers, true, move |d, token| d.own_productions(token, &id)).await.map(each)
}

/// Fetches a production's package, encrypted to the officer's key, until it expires.
#[utoipa::path(get, path = "/api/v1/portal/requests/{id}/productions/{number}",
    params(("id" = String, Path, description = "Id"), ("number" = u64, Path, description = "Number")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn fetch(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, ProductionId)>,
) -> Result<axum::response::Response, ApiError> {
    let fetched = in_session(shared, &headers, true, move |d, token| d.own_fetch(token, &id, number)).await?;
    Ok(download(&format!("production-{number}.zip.age"), "application/octet-stream", fetched))
}
