//! Law-enforcement requests over HTTP.

use crate::answers::requests::{
    Agency, File, Matched, Message, Officer, Opened, Production, Review, Seizure, Stored, TargetCoverage, Ticked,
};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_requests::intake::{NewAgency, RequestFilter, RequestState, SeizureState, Step};
use holdfast_requests::portal::{OfficerState, Verdict};
use holdfast_requests::{Inquiry, Policy, Request, review};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{download, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{APPROVE, DESK, MANAGE, Needs, READ, READERS, Routes, STAFF};
use holdfast_types::ids::{AgencyId, OfficerId, ProductionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("requests")
        .limits(Needs::long)
        .add(READ, routes!(policy))
        .add(READ, routes!(review_request))
        .add(READERS, routes!(agencies))
        .add(READERS, routes!(requests))
        .add(READERS, routes!(request))
        .add(READERS, routes!(matches))
        .add(READERS, routes!(coverage))
        .add(READERS, routes!(messages))
        .add(READERS, routes!(file))
        .add(READERS, routes!(productions))
        .add(READERS, routes!(seizures))
        .add(READERS.personal(), routes!(files))
        .add(READERS.personal(), routes!(officers))
        .add(STAFF, routes!(submit))
        .add(STAFF, routes!(step))
        .add(STAFF, routes!(message))
        .add(STAFF.file(), routes!(attach))
        .add(DESK, routes!(produce))
        .add(DESK, routes!(fetch))
        .add(APPROVE, routes!(add_agency))
        .add(APPROVE, routes!(judge_officer))
        .add(MANAGE, routes!(tick))
}

/// Returns the policy on requests from law enforcement: which legal process opens which data, how soon, for how long.
#[utoipa::path(get, path = "/api/v1/desk/policy", responses((status = 200, body = Policy)))]
pub async fn policy(State(shared): State<AppState>) -> Json<Policy> {
    Json((*shared.policy).clone())
}

/// Reviews a request by policy and signs of forgery, before anything is done. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/desk/review", request_body(content = Inquiry, example = json!({
    "request": {"id": "r-1", "received": 1795000000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
        "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "address", "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "asset": "BTC"}], "classes": ["subscriber", "content"]},
    "history": {"domains": [{"domain": "fbi.gov", "agency": "FBI", "country": "US"}]}})),
    responses((status = 200, body = Review), (status = 400, body = ErrorBody)))]
pub async fn review_request(State(shared): State<AppState>, body: Bytes) -> Result<Json<Review>, ApiError> {
    let inquiry: Inquiry = json(&body)?;
    run_blocking(move || Ok(review(&shared.policy, &inquiry)?)).await.map(one)
}

/// An agency that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyAnswer {
    /// Number.
    #[schema(value_type = u64)]
    agency: AgencyId,
}

/// Returns the agencies with their verified mail domains.
#[utoipa::path(get, path = "/api/v1/desk/agencies", responses((status = 200, body = Vec<Agency>)))]
pub async fn agencies(State(shared): State<AppState>) -> Result<Json<Vec<Agency>>, ApiError> {
    run_blocking(move || Ok(shared.desk().agencies()?)).await.map(each)
}

/// Registers an agency with a verified mail domain, or a further domain of one.
#[utoipa::path(post, path = "/api/v1/desk/agencies", request_body(content = NewAgency,
    example = json!({"name": "FBI", "country": "US", "domain": "fbi.gov", "evidence": "listed on usa.gov"})),
    responses((status = 200, body = AgencyAnswer), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_agency(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<AgencyAnswer>, ApiError> {
    let new: NewAgency = json(&body)?;
    run_blocking(move || Ok(AgencyAnswer { agency: shared.desk().add_agency(new, &caller.0)? })).await.map(Json)
}

/// Filter of requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    /// open, prepared or answered.
    state: Option<RequestState>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Returns requests from law enforcement. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests", params(RequestQuery), responses((status = 200, body = Vec<Stored>)))]
pub async fn requests(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<RequestQuery>,
) -> Result<Json<Vec<Stored>>, ApiError> {
    let filter = RequestFilter { state: q.state, after: q.after, limit: q.limit.map_or(100, usize::from) };
    run_blocking(move || Ok(shared.desk().list(&filter, &caller.0)?)).await.map(each)
}

/// Submits a request. Sent again with the same id and content it changes nothing.
#[utoipa::path(post, path = "/api/v1/desk/requests", request_body(content = Request, example = json!({
    "id": "r-1", "received": 1795000000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
    "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
    "targets": [{"kind": "address", "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "asset": "BTC"}], "classes": ["subscriber"]})),
    responses((status = 200, body = Opened), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn submit(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Opened>, ApiError> {
    let request: Request = json(&body)?;
    run_blocking(move || Ok(shared.desk().submit(request, &caller.0)?)).await.map(one)
}

/// Returns a request with its review by policy and signs of forgery as of now. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Opened), (status = 404, body = ErrorBody)))]
pub async fn request(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Opened>, ApiError> {
    run_blocking(move || Ok(shared.desk().open(&id, &caller.0)?)).await.map(one)
}

/// Options of matching.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MatchesQuery {
    /// Whether clusters and paths of the ledger are queried too (default true); without them only what is stated counts.
    ledger: Option<bool>,
}

/// Returns the customers that a request's targets match: directly, by a withdrawal, through a cluster, or by a traced path. The access is recorded
/// in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/matches",
    params(("id" = String, Path, description = "The portal's id"), MatchesQuery),
    responses((status = 200, body = Vec<Matched>), (status = 404, body = ErrorBody)))]
pub async fn matches(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(q): Query<MatchesQuery>,
) -> Result<Json<Vec<Matched>>, ApiError> {
    let matches = move || {
        let chains = if q.ledger.unwrap_or(true) { shared.chains.all() } else { Vec::new() };
        Ok(shared.desk().matches(&chains, &id, &caller.0)?)
    };
    run_blocking(matches).await.map(each)
}

/// Returns on which chains the addresses and transactions among a request's targets are looked up, and up to which block. A target without a
/// chain is matched by what records and events state alone. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/coverage", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Vec<TargetCoverage>), (status = 404, body = ErrorBody)))]
pub async fn coverage(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<TargetCoverage>>, ApiError> {
    run_blocking(move || Ok(shared.desk().coverage(&shared.chains.all(), &id, &caller.0)?)).await.map(each)
}

/// Performs a step of a request: call_back, match, prepare, approve (by another person; a seizure by two), return, extend, moved.
#[utoipa::path(post, path = "/api/v1/desk/requests/{id}", params(("id" = String, Path, description = "The portal's id")), request_body = Step,
    responses((status = 200, body = Opened), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Opened>, ApiError> {
    let step: Step = json(&body)?;
    // Who prepares and who decides have different roles, beside being different people.
    caller.needs(match step {
        Step::Approve {} | Step::Return { .. } => "approve",
        _ => "desk",
    })?;
    run_blocking(move || Ok(shared.desk().step(&id, step, &caller.0)?)).await.map(one)
}

/// Returns the messages about a request, both ways. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/messages", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Vec<Message>), (status = 404, body = ErrorBody)))]
pub async fn messages(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Message>>, ApiError> {
    run_blocking(move || Ok(shared.desk().messages(&id, &caller.0)?)).await.map(each)
}

/// A text to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBody {
    /// The text.
    pub text: String,
}

/// Sends a message to the officer; the mail states only that there is a message at the portal.
#[utoipa::path(post, path = "/api/v1/desk/requests/{id}/messages", params(("id" = String, Path, description = "The portal's id")),
    request_body(content = TextBody, example = json!({"text": "Please send the signed order."})),
    responses((status = 200, body = Vec<Message>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn message(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Vec<Message>>, ApiError> {
    let text: TextBody = json(&body)?;
    run_blocking(move || Ok(shared.desk().message(&id, &text.text, &caller.0)?)).await.map(each)
}

/// Returns the list of files that came with a request.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/files", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Vec<File>), (status = 404, body = ErrorBody)))]
pub async fn files(State(shared): State<AppState>, Path(id): Path<String>) -> Result<Json<Vec<File>>, ApiError> {
    run_blocking(move || Ok(shared.desk().attachments(&id)?)).await.map(each)
}

/// Returns a file that came with a request, checked against its hash. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/files/{name}",
    params(("id" = String, Path, description = "The portal's id"), ("name" = String, Path, description = "File name")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody)))]
pub async fn file(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(String, String)>,
) -> Result<axum::response::Response, ApiError> {
    let (file, bytes) =
        run_blocking(move || Ok(shared.desk().file(&format!("request:{id}"), &name, &caller.0)?)).await?;
    // The type is in the list of files; what is downloaded is bytes.
    Ok(download(&file.name, "application/octet-stream", bytes))
}

/// Properties of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MediaQuery {
    /// Media type, such as application/pdf; the bytes must be of it.
    pub media_type: String,
}

/// Attaches a file to a request.
#[utoipa::path(put, path = "/api/v1/desk/requests/{id}/files/{name}",
    params(("id" = String, Path, description = "The portal's id"), ("name" = String, Path, description = "File name"), MediaQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = File), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn attach(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(String, String)>,
    Query(q): Query<MediaQuery>,
    body: Bytes,
) -> Result<Json<File>, ApiError> {
    run_blocking(move || Ok(shared.desk().attach(&id, &name, &q.media_type, &body, &caller.0)?)).await.map(one)
}

/// Filter of officers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfficersQuery {
    /// registered, proved, approved or suspended; all by default.
    state: Option<OfficerState>,
}

/// Returns the officers of the portal.
#[utoipa::path(get, path = "/api/v1/desk/officers", params(OfficersQuery), responses((status = 200, body = Vec<Officer>)))]
pub async fn officers(
    State(shared): State<AppState>,
    Query(q): Query<OfficersQuery>,
) -> Result<Json<Vec<Officer>>, ApiError> {
    run_blocking(move || Ok(shared.desk().officers(q.state)?)).await.map(each)
}

/// A verdict on an officer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficerVerdict {
    /// approve, suspend or reset_factor.
    verdict: Verdict,
    /// Reason.
    reason: String,
}

/// Approves or suspends an officer, or resets the second factor.
#[utoipa::path(post, path = "/api/v1/desk/officers/{id}", params(("id" = u64, Path, description = "Number")),
    request_body(content = OfficerVerdict, example = json!({"verdict": "approve", "reason": "called back at the agency's switchboard"})),
    responses((status = 200, body = Officer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn judge_officer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<OfficerId>,
    body: Bytes,
) -> Result<Json<Officer>, ApiError> {
    let input: OfficerVerdict = json(&body)?;
    run_blocking(move || Ok(shared.desk().judge_officer(id, input.verdict, &input.reason, &caller.0)?)).await.map(one)
}

/// Filter of seizures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SeizuresQuery {
    /// prepared, returned, approved or moved; all by default.
    state: Option<SeizureState>,
}

/// Returns the transfers of seizures: approved ones are for the exchange to carry out. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/seizures", params(SeizuresQuery), responses((status = 200, body = Vec<Seizure>)))]
pub async fn seizures(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<SeizuresQuery>,
) -> Result<Json<Vec<Seizure>>, ApiError> {
    run_blocking(move || Ok(shared.desk().seizures(q.state, &caller.0)?)).await.map(each)
}

/// Runs the clocks: reminders, escalation, lapse of preservations, notices to users that are due. The server does so each minute by itself.
#[utoipa::path(post, path = "/api/v1/desk/tick", responses((status = 200, body = Ticked)))]
pub async fn tick(State(shared): State<AppState>) -> Result<Json<Ticked>, ApiError> {
    run_blocking(move || Ok(shared.desk().tick(&[])?)).await.map(one)
}

/// Returns the productions of a request with who fetched them. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/productions", params(("id" = String, Path, description = "The portal's id")),
    responses((status = 200, body = Vec<Production>), (status = 404, body = ErrorBody)))]
pub async fn productions(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Production>>, ApiError> {
    run_blocking(move || Ok(shared.desk().productions(&id, &caller.0)?)).await.map(each)
}

/// To whom a production is encrypted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProduceBody {
    /// age recipients; by default the keys that the officer named in the portal.
    #[serde(default)]
    recipients: Vec<String>,
}

/// Creates the production of a granted request: exactly the approved classes of the accepted customers, signed, and encrypted to the officer.
#[utoipa::path(post, path = "/api/v1/desk/requests/{id}/productions", params(("id" = String, Path, description = "The portal's id")),
    request_body(content = ProduceBody, example = json!({"recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]})),
    responses((status = 200, body = Production), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn produce(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Production>, ApiError> {
    let input: ProduceBody = if body.is_empty() { ProduceBody::default() } else { json(&body)? };
    run_blocking(move || Ok(shared.desk().produce(&id, &input.recipients, &caller.0)?)).await.map(one)
}

/// Returns a production's encrypted package. The access is recorded in the production's own log.
#[utoipa::path(get, path = "/api/v1/desk/requests/{id}/productions/{number}",
    params(("id" = String, Path, description = "The portal's id"), ("number" = u64, Path, description = "Number")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn fetch(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, number)): Path<(String, ProductionId)>,
) -> Result<axum::response::Response, ApiError> {
    let bytes = run_blocking(move || Ok(shared.desk().fetch(&id, number, &caller.0)?)).await?;
    Ok(download(&format!("production-{number}.zip.age"), "application/octet-stream", bytes))
}
