//! Drafts of rule books: written, checked, tested on history as a job, proposed; differences and return of versions.

use crate::answers::screening::Change;
use crate::changes;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_jobs::StoredJob;
use holdfast_monitor::drafts::{DiffLine, Draft, DraftState, Fault, fault};
use holdfast_screening::changes::{Change as ChangeRow, ChangeKind};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits;
use holdfast_state::routes::{Needs, READ_OR_RULES, RULES, Routes};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("rules")
        .limits(Needs::long)
        .add(READ_OR_RULES, routes!(drafts))
        .add(RULES.body(limits::BOOK), routes!(begin_draft))
        .add(READ_OR_RULES.personal(), routes!(draft))
        .add(RULES.body(limits::BOOK), routes!(write_draft))
        .add(RULES, routes!(discard_draft))
        .add(RULES, routes!(test_draft))
        .add(RULES, routes!(submit_draft))
        .add(READ_OR_RULES, routes!(book_diff))
        .add(RULES, routes!(restore_book))
}

/// Which drafts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DraftsQuery {
    /// draft, proposed or discarded; by default all.
    #[param(value_type = Option<String>)]
    state: Option<DraftState>,
}

/// A draft to be begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// What it is for.
    title: String,
    /// The text (YAML); by default that of a version.
    #[serde(default)]
    yaml: Option<String>,
    /// The version that it begins from; by default the one in force.
    #[serde(default)]
    version: Option<u32>,
}

/// A draft's new title and text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftText {
    /// What it is for.
    title: String,
    /// The text (YAML).
    yaml: String,
}

/// A draft, with what is wrong with it and its latest test.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftAnswer {
    draft: Draft,
    /// SHA-256 of its text, hexadecimal: who proposes it names it.
    sha256: String,
    /// Its first fault; null where it could be put in force.
    fault: Option<Fault>,
    /// The job of its latest test.
    job: Option<StoredJob>,
}

/// Returns a draft. Examples of changed events name customers, whom only readers of the desk see.
///
/// # Errors
/// 404 where there is no such draft.
pub fn draft_for(shared: &AppState, caller: &Caller, id: u64) -> Result<Draft, ApiError> {
    let mut draft = shared.monitor().draft(id)?;
    if let (Some(serde_json::Value::Object(test)), false) = (&mut draft.test, caller.may("read")) {
        test.remove("differences");
    }
    Ok(draft)
}

fn answer(shared: &AppState, caller: &Caller, id: u64) -> Result<Json<DraftAnswer>, ApiError> {
    let draft = draft_for(shared, caller, id)?;
    let fault = fault(&draft.yaml);
    let sha256 = holdfast_decision::rules::sha256(&draft.yaml);
    Ok(Json(DraftAnswer { draft, sha256, fault, job: shared.draft_test(id)? }))
}

/// Returns drafts of rule books, newest first, without their texts.
#[utoipa::path(get, path = "/api/v1/rules/drafts", params(DraftsQuery), responses((status = 200, body = Vec<Draft>), (status = 400, body = ErrorBody)))]
pub async fn drafts(State(shared): State<AppState>, Query(q): Query<DraftsQuery>) -> Answer<Vec<Draft>> {
    run_blocking(move || Ok(shared.monitor().drafts(q.state)?)).await.map(Json)
}

/// Begins a draft from a text or a version of the book. The text may be faulty; `fault` says where.
#[utoipa::path(post, path = "/api/v1/rules/drafts", request_body(content = DraftRequest, example = json!({"title": "Stricter on new customers"})),
    responses((status = 200, body = DraftAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn begin_draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<DraftAnswer> {
    let DraftRequest { title, yaml, version } = json(&body)?;
    run_blocking(move || {
        let id = shared.monitor().begin_draft(&title, yaml, version, &caller.0)?;
        answer(&shared, &caller, id)
    })
    .await
}

/// Returns a draft with its text, its first fault and its latest test.
#[utoipa::path(get, path = "/api/v1/rules/drafts/{id}", params(("id" = u64, Path, description = "Number of the draft")),
    responses((status = 200, body = DraftAnswer), (status = 404, body = ErrorBody)))]
pub async fn draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<DraftAnswer> {
    run_blocking(move || answer(&shared, &caller, id)).await
}

/// Changes title and text of a draft.
#[utoipa::path(put, path = "/api/v1/rules/drafts/{id}", params(("id" = u64, Path, description = "Number of the draft")),
    request_body(content = DraftText, example = json!({"title": "Stricter", "yaml": "title: t\nrules: []\n"})),
    responses((status = 200, body = DraftAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn write_draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<DraftAnswer> {
    let DraftText { title, yaml } = json(&body)?;
    run_blocking(move || {
        shared.monitor().write_draft(id, &title, yaml, None, &caller.0)?;
        answer(&shared, &caller, id)
    })
    .await
}

/// Gives a draft up.
#[utoipa::path(delete, path = "/api/v1/rules/drafts/{id}", params(("id" = u64, Path, description = "Number of the draft")),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn discard_draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(shared.monitor().discard_draft(id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tests a draft on all decided events, as a job: which would be decided otherwise, of whom, and what is known of them. The draft has the result.
#[utoipa::path(post, path = "/api/v1/rules/drafts/{id}/back-test", params(("id" = u64, Path, description = "Number of the draft")),
    responses((status = 200, body = DraftAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn test_draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer<DraftAnswer> {
    run_blocking(move || {
        shared.test_draft_later(id, &caller.0)?;
        answer(&shared, &caller, id)
    })
    .await
}

/// Proposes a text, or puts it in force where the desk needs no second person; returns the change that waits.
///
/// # Errors
/// [`ApiError`] where the text is no rule book, or cannot be stored.
pub fn propose(shared: &AppState, caller: &Caller, yaml: &str) -> Result<Option<ChangeRow>, ApiError> {
    if shared.waits(caller, ChangeKind::Rules)? {
        return Ok(Some(shared.screening.propose_rules(yaml, &caller.0)?));
    }
    shared.screening.apply_rules(yaml, &caller.0)?;
    Ok(None)
}

/// Proposes a draft whose text the caller saw, by its SHA-256, or puts it in force where the desk needs no second person.
///
/// # Errors
/// [`ApiError`]: 409 where it is not open any more or its text is another than the one that was seen; 400 where it is no rule book.
pub fn submit(shared: &AppState, caller: &Caller, id: u64, seen: &str) -> Result<Option<ChangeRow>, ApiError> {
    let monitor = shared.monitor();
    let draft = monitor.open_draft(id)?;
    if let Some(fault) = fault(&draft.yaml) {
        return Err(ApiError::bad(format!("yaml: {}", fault.message)));
    }
    let waits = shared.waits(caller, ChangeKind::Rules)?;
    Ok(monitor.submit_draft(id, seen, waits, &caller.0)?)
}

/// What a proposer saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// `sha256` of the draft as it was read, so that no other text is proposed.
    seen: String,
}

fn proposed(change: Option<ChangeRow>) -> Response {
    change.map_or_else(|| StatusCode::NO_CONTENT.into_response(), changes::accepted)
}

/// Proposes a draft, which another person, who is not its last writer either, puts in force (`/api/v1/changes`). A desk without keys puts it in force at once.
#[utoipa::path(post, path = "/api/v1/rules/drafts/{id}/submit", params(("id" = u64, Path, description = "Number of the draft")),
    request_body(content = SubmitRequest, example = json!({"seen": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})),
    responses((status = 202, body = Change, description = "Waits for a second person"), (status = 204, description = "In force"),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn submit_draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: SubmitRequest = json(&body)?;
    run_blocking(move || submit(&shared, &caller, id, &request.seen)).await.map(proposed)
}

/// The version that another is compared with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// The earlier version; by default the one before.
    pub since: Option<u32>,
}

/// Returns the lines that a version of the rule book has and an earlier one has not, and the other way round, with those around them.
#[utoipa::path(get, path = "/api/v1/rules/versions/{version}/diff", params(("version" = u32, Path, description = "Number of the version"), DiffQuery),
    responses((status = 200, body = Vec<DiffLine>), (status = 404, body = ErrorBody)))]
pub async fn book_diff(
    State(shared): State<AppState>,
    Path(version): Path<u32>,
    Query(q): Query<DiffQuery>,
) -> Answer<Vec<DiffLine>> {
    run_blocking(move || version_diff(&shared, version, q.since)).await.map(Json)
}

/// Returns what a version changed since another, by default the one before.
///
/// # Errors
/// 404 where there is no such version.
pub fn version_diff(shared: &AppState, version: u32, since: Option<u32>) -> Result<Vec<DiffLine>, ApiError> {
    Ok(shared.monitor().book_diff(version, since)?)
}

/// Proposes the text of an earlier version, which another person puts in force as the next. A desk without keys puts it in force at once.
#[utoipa::path(post, path = "/api/v1/rules/versions/{version}/restore", params(("version" = u32, Path, description = "Number of the version")),
    responses((status = 202, body = Change, description = "Waits for a second person"), (status = 204, description = "In force"),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn restore_book(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(version): Path<u32>,
) -> Result<Response, ApiError> {
    run_blocking(move || restore(&shared, &caller, version)).await.map(proposed)
}

/// Proposes the text of an earlier version ([`propose`]).
///
/// # Errors
/// 404 where there is no such version, 409 for the one in force, and as [`propose`].
pub fn restore(shared: &AppState, caller: &Caller, version: u32) -> Result<Option<ChangeRow>, ApiError> {
    propose(shared, caller, &shared.monitor().earlier_text(version)?)
}
