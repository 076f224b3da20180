//! Suggested tags: what a model says of addresses of an account chain, for a person to accept or reject. No exposure counts a suggestion.

use crate::models::LanguageQuery;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_learned::{Decided, MAX_SUGGESTIONS_PAGE, Suggestion, SuggestionState};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ErrorBody;
use holdfast_state::limits;
use holdfast_state::routes::{DESK, Needs, Routes};
use holdfast_suggest::{Explained, Pass, PassReport};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const READ: Needs = Needs::key(&["read"]);
/// Suggestions of a page, by default.
const PAGE: u64 = 100;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("suggestions")
        .limits(Needs::long)
        .add(READ, routes!(suggestions))
        .add(DESK.body(limits::LIST), routes!(suggest_tags))
        .add(Needs::key(&["rules"]), routes!(suggestion_labels))
        .add(READ, routes!(suggestion))
        .add(DESK, routes!(accept_suggestion))
        .add(DESK, routes!(reject_suggestion))
}

/// Which suggestions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuggestionsQuery {
    /// open, accepted or rejected; by default all.
    #[param(value_type = Option<String>)]
    state: Option<SuggestionState>,
    /// How many to skip.
    skip: Option<u64>,
    /// How many (default 100, up to 500).
    limit: Option<u64>,
}

/// On which chain addresses are looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChainQuery {
    /// Name or CAIP-2 id of an account chain, such as ethereum.
    chain: String,
}

/// What a person says of a suggestion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuggestionDecision {
    /// Why.
    note: String,
}

/// A suggestion with its reasons in words.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct ExplainedSuggestion(Explained);

/// Returns suggested tags, the most probable first.
#[utoipa::path(get, path = "/api/v1/suggestions", params(SuggestionsQuery), responses((status = 200, body = Vec<Suggestion>), (status = 400, body = ErrorBody)))]
pub async fn suggestions(State(shared): State<AppState>, Query(q): Query<SuggestionsQuery>) -> Answer<Vec<Suggestion>> {
    let limit = q.limit.unwrap_or(PAGE).min(MAX_SUGGESTIONS_PAGE);
    run_blocking(move || Ok(shared.suggestions().list(q.state, q.skip.unwrap_or(0), limit)?)).await.map(Json)
}

/// Looks at addresses of an account chain with a model, at most 10,000 of them and 2,000,000 postings, and stores what it suggests. Says of how many nothing is
/// known, and why. Addresses with a tag are left out.
#[utoipa::path(post, path = "/api/v1/suggestions/pass", params(ChainQuery), request_body(content = Pass, example = json!({"blocks": 7200, "most": 50})),
    responses((status = 200, body = PassReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn suggest_tags(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Query(q): Query<ChainQuery>,
    body: Bytes,
) -> Answer<PassReport> {
    let pass: Pass = json(&body)?;
    run_blocking(move || shared.suggest_tags(&q.chain, &pass, clearance, &caller.0)).await.map(Json)
}

/// Returns what people decided of suggestions, with the rows of features: labels for the next training.
#[utoipa::path(get, path = "/api/v1/suggestions/labels", responses((status = 200, body = Vec<Decided>)))]
pub async fn suggestion_labels(State(shared): State<AppState>) -> Answer<Vec<Decided>> {
    run_blocking(move || Ok(shared.suggestions().decided()?)).await.map(Json)
}

/// Returns a suggestion with its reasons, computed again from the stored row and the model's file.
#[utoipa::path(get, path = "/api/v1/suggestions/{id}", params(("id" = u64, Path, description = "Number of the suggestion"), LanguageQuery),
    responses((status = 200, body = ExplainedSuggestion), (status = 404, body = ErrorBody)))]
pub async fn suggestion(
    State(shared): State<AppState>,
    Path(id): Path<u64>,
    Query(q): Query<LanguageQuery>,
) -> Answer<ExplainedSuggestion> {
    let explain = move || Ok(shared.suggestions().explain(id, q.language())?);
    run_blocking(explain).await.map(|e| Json(ExplainedSuggestion(e)))
}

/// Accepts a suggestion: states a tag of the desk's own whose source is the model, so that exposures count it from now on.
#[utoipa::path(post, path = "/api/v1/suggestions/{id}/accept", params(("id" = u64, Path, description = "Number of the suggestion")),
    request_body(content = SuggestionDecision, example = json!({"note": "victims reported it"})),
    responses((status = 200, body = Suggestion), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn accept_suggestion(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Suggestion> {
    let SuggestionDecision { note } = json(&body)?;
    run_blocking(move || shared.accept_suggestion(id, &note, clearance, &caller.0)).await.map(Json)
}

/// Rejects a suggestion: it is not made again, and is a label for the next training.
#[utoipa::path(post, path = "/api/v1/suggestions/{id}/reject", params(("id" = u64, Path, description = "Number of the suggestion")),
    request_body(content = SuggestionDecision, example = json!({"note": "an exchange's wallet"})),
    responses((status = 200, body = Suggestion), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn reject_suggestion(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Suggestion> {
    let SuggestionDecision { note } = json(&body)?;
    run_blocking(move || shared.reject_suggestion(id, &note, &caller.0)).await.map(Json)
}
