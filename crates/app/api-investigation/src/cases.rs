//! Cases, reports to authorities, recommendations and the transparency report over HTTP.

use crate::account_chains::AccountChainQuery;
use crate::account_traces::{AccountTraceQuery, AcrossQuery};
use crate::answers::cases::{Case, CaseFile, Finding, Hit, Recommendation, Report};
use crate::answers::transparency;
use crate::traces::{HowQuery, TraceQuery};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_cases::CaseError;
use holdfast_cases::case::{CaseState, CaseStep, NewCase, Person};
use holdfast_cases::recommend::{Proposal, RecommendationState};
use holdfast_cases::reports::{Body, Filer, Kind};
use holdfast_cases::seized::{ImportedScan, ScanOrder, Scanned, SentScan};
use holdfast_forensics::derive::GAP;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{download, json};
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits;
use holdfast_state::routes::{APPROVE, DESK, Needs, READ, READERS, Routes};
use holdfast_types::Timestamp;
use holdfast_types::ids::{CaseId, CaseItemId, RecommendationId, ReportId};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("cases")
        .limits(Needs::long)
        .add(READERS, routes!(cases))
        .add(READERS, routes!(case))
        .add(READERS, routes!(exhibit))
        .add(READERS, routes!(case_report))
        .add(READERS, routes!(reports))
        .add(READERS, routes!(search))
        .add(READERS, routes!(findings))
        .add(READERS, routes!(recommendations))
        .add(DESK, routes!(open_case))
        .add(DESK, routes!(change_case))
        .add(DESK.file(), routes!(add_exhibit))
        .add(DESK.file(), routes!(scan_evidence))
        .add(DESK, routes!(case_recipient))
        .add(DESK.body(limits::FILE), routes!(import_scan))
        .add(DESK, routes!(case_secret_key))
        .add(DESK.body(limits::LIST), routes!(save_trace))
        .add(DESK.body(limits::LIST).long(), routes!(save_account_trace))
        .add(DESK, routes!(draft_report))
        .add(DESK, routes!(revise_report))
        .add(DESK, routes!(export_report))
        .add(DESK.body(limits::BOOK), routes!(recommend))
        .add(DESK, routes!(follow_up))
        .add(APPROVE, routes!(approve_report))
        .add(READ, routes!(transparency_report))
}

/// Most bytes that the archives of an uploaded file may unpack to.
const MAX_UNPACKED: u64 = 2 << 30;

/// Returns the caller as cases name people.
pub fn person(caller: &Caller) -> Person {
    Person { name: caller.0.to_string(), reads_all: caller.may("audit"), changes_all: caller.may("admin") }
}

/// Filter of cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CasesQuery {
    /// open or closed; all by default.
    state: Option<CaseState>,
}

/// Returns the cases that the caller works on (auditors: all), newest first. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases", params(CasesQuery), responses((status = 200, body = Vec<Case>)))]
pub async fn cases(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<CasesQuery>,
) -> Result<Json<Vec<Case>>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().cases(q.state, &p)?)).await.map(each)
}

/// Opens a case; the caller leads it.
#[utoipa::path(post, path = "/api/v1/desk/cases", request_body(content = NewCase,
    example = json!({"title": "A ransom paid in block 400000", "summary": "Reported by the victim.", "typology": "ransomware"})),
    responses((status = 200, body = Case), (status = 400, body = ErrorBody)))]
pub async fn open_case(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Case>, ApiError> {
    let new: NewCase = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().open_case(new, &p)?)).await.map(one)
}

/// Returns a case with all that belongs to it, its links to other cases and its timeline. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}", params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = CaseFile), (status = 404, body = ErrorBody)))]
pub async fn case(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Result<Json<CaseFile>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().case(id, &shared.chains.all(), &p)?)).await.map(one)
}

/// Result of a change of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Number of the item that was added.
    #[schema(value_type = Option<u64>)]
    item: Option<CaseItemId>,
}

/// Changes a case: add, done, withdraw, custody, member, close, reopen.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}", params(("id" = u64, Path, description = "Number")), request_body(content = CaseStep,
    example = json!({"step": "add", "kind": "note", "title": "The victim called again."})),
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn change_case(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    body: Bytes,
) -> Result<Json<Changed>, ApiError> {
    let step: CaseStep = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(Changed { item: shared.cases().change_case(id, step, &p)? })).await.map(Json)
}

/// Properties of an exhibit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExhibitQuery {
    /// Media type, such as image/png; the bytes must be of it.
    media_type: String,
    /// Where it is stored.
    place: String,
}

/// Adds a file as an exhibit, with the first entry of its custody record.
#[utoipa::path(put, path = "/api/v1/desk/cases/{id}/exhibits/{name}",
    params(("id" = u64, Path, description = "Number"), ("name" = String, Path, description = "File name"), ExhibitQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_exhibit(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(CaseId, String)>,
    Query(q): Query<ExhibitQuery>,
    body: Bytes,
) -> Result<Json<Changed>, ApiError> {
    let p = person(&caller);
    run_blocking(move || {
        Ok(Changed { item: Some(shared.cases().add_exhibit(id, &name, &q.media_type, &q.place, &body, &p)?) })
    })
    .await
    .map(Json)
}

/// Returns an exhibit's bytes, checked against their hash. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/exhibits/{name}",
    params(("id" = u64, Path, description = "Number"), ("name" = String, Path, description = "File name")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody)))]
pub async fn exhibit(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(CaseId, String)>,
) -> Result<Response, ApiError> {
    let file = name.clone();
    let p = person(&caller);
    let bytes = run_blocking(move || Ok(shared.cases().exhibit(id, &file, &p)?)).await?;
    Ok(download(&name, "application/octet-stream", bytes))
}

/// How a seized file is scanned.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScanQuery {
    /// Number or name of the exhibit.
    exhibit: String,
    /// Addresses derived of each branch, 20 by default, 1,000 at most.
    gap: Option<u32>,
}

/// Scans a seized file (at most 64 MiB; larger ones by `holdfast evidence scan`) for seeds, keys, addresses and wallets. Secrets are sealed to the
/// case's key at once and shown as fingerprints; addresses are derived and looked up; record and results become exhibits of the case.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/evidence/{name}",
    params(("id" = u64, Path, description = "Number"), ("name" = String, Path, description = "File name"), ScanQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Scanned), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn scan_evidence(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(CaseId, String)>,
    Query(q): Query<ScanQuery>,
    body: Bytes,
) -> Result<Json<Scanned>, ApiError> {
    scan_bytes(shared, &caller, id, name, q.exhibit, q.gap, body.to_vec()).await.map(Json)
}

/// Scans bytes for a case, in a folder of their own that is removed afterwards.
pub async fn scan_bytes(
    shared: AppState,
    caller: &Caller,
    id: CaseId,
    name: String,
    exhibit: String,
    gap: Option<u32>,
    bytes: Vec<u8>,
) -> Result<Scanned, ApiError> {
    let p = person(caller);
    run_blocking(move || {
        let io = |e: std::io::Error| CaseError::State(format!("the file cannot be stored for the scan: {e}"));
        let dir = tempfile::tempdir().map_err(io)?;
        let plain: String =
            name.chars().map(|c| if c.is_alphanumeric() || "._- ".contains(c) { c } else { '_' }).take(60).collect();
        let file = dir.path().join(if plain.trim_matches(['.', ' ']).is_empty() { "file".into() } else { plain });
        std::fs::write(&file, &bytes).map_err(io)?;
        let (paths, out) = ([file], dir.path().join("results"));
        let order = ScanOrder {
            paths: &paths,
            out: &out,
            below: Some(dir.path()),
            exhibit: &exhibit,
            gap: gap.unwrap_or(GAP),
            most: MAX_UNPACKED,
        };
        let chains = shared.chains.all();
        let scanned = shared.cases().scan_for_case(id, order, &chains, &p, &mut |_| ControlFlow::Continue(()))?;
        Ok(scanned.ok_or_else(|| CaseError::State("the scan was stopped".into()))?)
    })
    .await
}

/// The public key that secrets of a case are sealed to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecipientAnswer {
    /// age's `age1...`.
    recipient: String,
}

/// Returns the public key that a scan for the case seals secrets to. The caller must work on the case.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/recipient", params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = RecipientAnswer), (status = 404, body = ErrorBody)))]
pub async fn case_recipient(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Result<Json<RecipientAnswer>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(RecipientAnswer { recipient: shared.cases().recipient_for(id, &p)? })).await.map(Json)
}

/// Adds a scan that `holdfast evidence scan` made on another machine: secrets were sealed there to the case's key, and come as fingerprints.
/// Addresses are derived and looked up; the desk signs the record; record and results become exhibits of the case.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/scans", params(("id" = u64, Path, description = "Number")),
    request_body(content = SentScan, example = json!({"exhibit": "E-7", "begun": "2026-09-21T10:00:00Z", "ended": "2026-09-21T10:05:00Z",
        "report": {"sources": [], "findings": [], "sealed": [], "complete": true}})),
    responses((status = 200, body = ImportedScan), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn import_scan(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    body: Bytes,
) -> Result<Json<ImportedScan>, ApiError> {
    let sent: SentScan = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().import_scan(id, sent, &shared.chains.all(), &p)?)).await.map(Json)
}

/// The secret key that opens what a scan sealed for a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseKeyAnswer {
    /// age's `AGE-SECRET-KEY-1...`.
    secret_key: String,
}

/// Returns the key that opens what scans sealed for a case, to a command on the desk's machine only. The access is recorded in the audit log.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/secret-key", params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = CaseKeyAnswer), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn case_secret_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Result<Json<CaseKeyAnswer>, ApiError> {
    if !caller.is_local() {
        let message = "the key of a case leaves the desk's machine for nobody: use `holdfast evidence secrets` there";
        return Err(ApiError::new(StatusCode::FORBIDDEN, message));
    }
    let p = person(&caller);
    run_blocking(move || Ok(CaseKeyAnswer { secret_key: shared.cases().case_secret_key(id, &p)? })).await.map(Json)
}

/// Traces funds and stores the result in the case. The parameters are those of /api/v1/trace.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/traces", params(("id" = u64, Path, description = "Number"), TraceQuery, HowQuery, ChainQuery),
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn save_trace(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Query(q): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Result<Json<Changed>, ApiError> {
    let request = q.request(&how);
    let p = person(&caller);
    run_blocking(move || {
        let w = shared.snapshot_for(&on, &request.subject)?;
        Ok(Changed { item: Some(shared.cases().save_trace(id, &w, &request, &request.options.title(), &p)?) })
    })
    .await
    .map(Json)
}

/// Traces money over account chains and stores the result in the case. The parameters are those of /api/v1/account-chains/trace.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/account-traces",
    params(("id" = u64, Path, description = "Number"), AccountTraceQuery, HowQuery, AcrossQuery, AccountChainQuery),
    responses((status = 200, body = Changed), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn save_account_trace(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Query(query): Query<AccountTraceQuery>,
    Query(how): Query<HowQuery>,
    Query(across): Query<AcrossQuery>,
    Query(on): Query<AccountChainQuery>,
) -> Result<Json<Changed>, ApiError> {
    let request = query.request(&how, across);
    let p = person(&caller);
    run_blocking(move || {
        let chain = shared.chains.accounts_for(&request.subject, on.chain.as_deref())?;
        Ok(Changed {
            item: Some(shared.cases().save_account_trace(id, &chain, &request, &request.options.title(), &p)?),
        })
    })
    .await
    .map(Json)
}

/// Returns a case as a report to be read and signed.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/report.pdf", params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = ErrorBody)))]
pub async fn case_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Result<Response, ApiError> {
    let p = person(&caller);
    let bytes = run_blocking(move || Ok(shared.cases().case_report(id, &shared.chains.all(), &p)?)).await?;
    Ok(download(&format!("case-{id}.pdf"), "application/pdf", bytes))
}

/// A report to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// goaml or fincen-sar.
    kind: Kind,
    /// Who reports.
    filer: Filer,
}

/// Returns the reports of a case to authorities.
#[utoipa::path(get, path = "/api/v1/desk/cases/{id}/reports", params(("id" = u64, Path, description = "Number")),
    responses((status = 200, body = Vec<Report>), (status = 404, body = ErrorBody)))]
pub async fn reports(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
) -> Result<Json<Vec<Report>>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().reports(id, &p)?)).await.map(each)
}

/// Drafts a report from a case: goAML 5.0.1 or a FinCEN SAR.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/reports", params(("id" = u64, Path, description = "Number")), request_body(content = DraftBody,
    example = json!({"kind": "goaml", "filer": {"name": "Example Exchange", "entity_id": 17, "branch": "main", "tax_number": "123456789", "control_code": "PBSA8180",
        "address": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US", "phone": "5551234567", "currency": "USD",
        "officer_first_name": "Ana", "officer_last_name": "Berg"}})),
    responses((status = 200, body = Report), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn draft_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    body: Bytes,
) -> Result<Json<Report>, ApiError> {
    let draft: DraftBody = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().draft_report(id, draft.kind, draft.filer, &p)?)).await.map(one)
}

/// Replaces a draft's content; an approval is void then.
#[utoipa::path(put, path = "/api/v1/desk/cases/{id}/reports/{report}",
    params(("id" = u64, Path, description = "Number of the case"), ("report" = u64, Path, description = "Number")), request_body = Body,
    responses((status = 200, body = Report), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn revise_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, report)): Path<(CaseId, ReportId)>,
    body: Bytes,
) -> Result<Json<Report>, ApiError> {
    let new: Body = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().revise_report(id, report, new, &p)?)).await.map(one)
}

/// Approves a draft; its author may not.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/reports/{report}/approve",
    params(("id" = u64, Path, description = "Number of the case"), ("report" = u64, Path, description = "Number")),
    responses((status = 200, body = Report), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn approve_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, report)): Path<(CaseId, ReportId)>,
) -> Result<Json<Report>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().approve_report(id, report, &p)?)).await.map(one)
}

/// Exports an approved report as the authority's XML.
#[utoipa::path(post, path = "/api/v1/desk/cases/{id}/reports/{report}/export",
    params(("id" = u64, Path, description = "Number of the case"), ("report" = u64, Path, description = "Number")),
    responses((status = 200, body = String, content_type = "application/xml"), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn export_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, report)): Path<(CaseId, ReportId)>,
) -> Result<Response, ApiError> {
    let p = person(&caller);
    let bytes = run_blocking(move || Ok(shared.cases().export_report(id, report, &p)?)).await?;
    Ok(download(&format!("report-{report}.xml"), "application/xml", bytes))
}

/// Query of a search.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words; all must be there, the last may be unfinished.
    q: String,
}

/// Searches the cases that the caller may read, and requests, by their full text; for who may read them also customers, events, alerts and holds by id,
/// number or identifier. The access is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/desk/search", params(SearchQuery), responses((status = 200, body = Vec<Hit>), (status = 400, body = ErrorBody)))]
pub async fn search(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<SearchQuery>,
) -> Result<Json<Vec<Hit>>, ApiError> {
    let p = person(&caller);
    let of_screening = caller.may("read");
    run_blocking(move || Ok(shared.cases().search(&q.q, &p, of_screening)?)).await.map(each)
}

/// Returns what cases have in common, by typology.
#[utoipa::path(get, path = "/api/v1/desk/findings", responses((status = 200, body = Vec<Finding>)))]
pub async fn findings(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<Finding>>, ApiError> {
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().findings(&p.name)?)).await.map(each)
}

/// Returns the recommendations to the AML, KYC and platform teams, newest first.
#[utoipa::path(get, path = "/api/v1/desk/recommendations", responses((status = 200, body = Vec<Recommendation>)))]
pub async fn recommendations(State(shared): State<AppState>) -> Result<Json<Vec<Recommendation>>, ApiError> {
    run_blocking(move || Ok(shared.cases().recommendations()?)).await.map(each)
}

/// Creates a recommendation; a rule book with it is replayed over all history, and the cases that it would have stopped are counted.
#[utoipa::path(post, path = "/api/v1/desk/recommendations", request_body(content = Proposal,
    example = json!({"team": "aml", "title": "Hold first withdrawals after card payments", "typology": "stolen_card_laundering", "text": "As all cases show."})),
    responses((status = 200, body = Recommendation), (status = 400, body = ErrorBody)))]
pub async fn recommend(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Recommendation>, ApiError> {
    let proposal: Proposal = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().recommend(proposal, &p)?)).await.map(one)
}

/// What became of a recommendation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// proposed, accepted, declined or done.
    state: RecommendationState,
    /// Comment.
    note: String,
}

/// Records what became of a recommendation.
#[utoipa::path(post, path = "/api/v1/desk/recommendations/{id}", params(("id" = u64, Path, description = "Number")),
    request_body(content = FollowUp, example = json!({"state": "accepted", "note": "in the next release"})),
    responses((status = 200, body = Recommendation), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn follow_up(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<RecommendationId>,
    body: Bytes,
) -> Result<Json<Recommendation>, ApiError> {
    let input: FollowUp = json(&body)?;
    let p = person(&caller);
    run_blocking(move || Ok(shared.cases().follow_up(id, input.state, &input.note, &p)?)).await.map(one)
}

/// A span of time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SpanQuery {
    /// From, Unix seconds.
    #[param(value_type = i64)]
    from: Timestamp,
    /// To, exclusive.
    #[param(value_type = i64)]
    to: Timestamp,
    /// json (default) or csv.
    format: Option<String>,
}

/// Returns the transparency report: requests by country, kind, outcome and time to answer. It names no person.
#[utoipa::path(get, path = "/api/v1/desk/transparency", params(SpanQuery),
    responses((status = 200, description = "The report", content((transparency::Report = "application/json"), (String = "text/csv"))), (status = 400, body = ErrorBody)))]
pub async fn transparency_report(
    State(shared): State<AppState>,
    Query(q): Query<SpanQuery>,
) -> Result<Response, ApiError> {
    let report = run_blocking(move || Ok(shared.cases().transparency(q.from, q.to)?)).await?;
    Ok(match q.format.as_deref() {
        Some("csv") => ([("content-type", "text/csv; charset=utf-8")], report.csv()).into_response(),
        _ => one::<_, transparency::Report>(report).into_response(),
    })
}
