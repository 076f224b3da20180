//! Warnings at the withdrawal and campaigns with police, over HTTP and as pages.

use crate::answers::prevention::{Campaign, Effect, Person, Template};
use crate::answers::screening::{WarningRecord, WarningState};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_decision::warnings::Scam;
use holdfast_prevention::campaigns::{NewCampaign, Person as PersonRow, Template as NewTemplate};
use holdfast_screening::warnings::{WarningAnswers, WarningFilter};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{APPROVE, DESK, Needs, READERS, Routes, WARNINGS};
use holdfast_types::ids::CampaignId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

// The exchange's own app puts the questions to the customer.
const ANSWERS: Needs = Needs::key(&["events", "desk"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    let warnings = Routes::new("warnings")
        .add(WARNINGS.personal(), routes!(warnings))
        .add(WARNINGS.personal(), routes!(warning))
        .add(ANSWERS, routes!(answer_warning));
    Routes::new("campaigns")
        .add(READERS.personal(), routes!(campaigns))
        .add(READERS.personal(), routes!(campaign))
        .add(READERS.personal(), routes!(people))
        .add(READERS.personal(), routes!(effect))
        .add(READERS.personal(), routes!(template))
        .add(DESK, routes!(draft))
        .add(DESK, routes!(preview))
        .add(DESK, routes!(set_template))
        .add(APPROVE, routes!(start))
        .add(APPROVE, routes!(end))
        .merge(warnings)
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Filter of warnings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WarningsQuery {
    /// open, cooling, stopped, escalated or released.
    state: Option<WarningState>,
    /// Customer.
    customer: Option<String>,
}

/// Returns the warnings at withdrawals, latest first, at most 1,000.
#[utoipa::path(get, path = "/api/v1/warnings", params(WarningsQuery), responses((status = 200, body = Vec<WarningRecord>)))]
pub async fn warnings(State(shared): State<AppState>, Query(q): Query<WarningsQuery>) -> Answer<Vec<WarningRecord>> {
    let filter = WarningFilter { state: q.state.map(|s| s.to_string()), customer: q.customer, limit: 1_000 };
    run_blocking(move || Ok(shared.screening.warnings(&filter)?)).await.map(each)
}

/// Language.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WarningQuery {
    /// BCP 47; by default that of the customer's record, and English where there is no translation.
    lang: Option<String>,
}

/// Returns a warning with the text and questions for the customer.
#[utoipa::path(get, path = "/api/v1/warnings/{event}", params(("event" = String, Path, description = "The event's id"), WarningQuery),
    responses((status = 200, body = WarningRecord), (status = 404, body = ErrorBody)))]
pub async fn warning(
    State(shared): State<AppState>,
    Path(event): Path<String>,
    Query(q): Query<WarningQuery>,
) -> Answer<WarningRecord> {
    let read = move || match &q.lang {
        Some(lang) => Ok(shared.screening.warning(&event, lang)?),
        None => Ok(shared.screening.warning_for_customer(&event)?),
    };
    run_blocking(read).await.map(one)
}

/// Records the customer's answers: the withdrawal is cancelled, continues after the cooling-off time, or is decided on by a person.
#[utoipa::path(post, path = "/api/v1/warnings/{event}/answers", params(("event" = String, Path, description = "The event's id")),
    request_body(content = WarningAnswers, example = json!({"proceed": false})),
    responses((status = 200, body = WarningRecord), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn answer_warning(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(event): Path<String>,
    body: Bytes,
) -> Answer<WarningRecord> {
    let given: WarningAnswers = json(&body)?;
    run_blocking(move || Ok(shared.screening.answer_warning(&event, given, &caller.0)?)).await.map(one)
}

/// Returns the campaigns, latest first.
#[utoipa::path(get, path = "/api/v1/campaigns", responses((status = 200, body = Vec<Campaign>)))]
pub async fn campaigns(State(shared): State<AppState>) -> Answer<Vec<Campaign>> {
    run_blocking(move || Ok(shared.prevention().campaigns()?)).await.map(each)
}

/// Drafts a campaign.
#[utoipa::path(post, path = "/api/v1/campaigns", request_body(content = NewCampaign, example = json!({"title": "Stop before you pay",
    "scam": "investment", "partner": "Policía de Ejemplo", "rule": {"days": 90, "min_value": 10_000}, "holdout_ppm": 100_000})),
    responses((status = 200, body = Campaign), (status = 400, body = ErrorBody)))]
pub async fn draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Campaign> {
    let new: NewCampaign = json(&body)?;
    run_blocking(move || Ok(shared.prevention().draft_campaign(new, &caller.0)?)).await.map(one)
}

/// Who a campaign would choose now.
#[derive(Debug, Serialize, ToSchema)]
pub struct CampaignPreview {
    /// People.
    pub people: usize,
    /// Of these who paid.
    pub paid: usize,
    /// Of these who are about to pay.
    pub about_to_pay: usize,
    /// Value of both, minor units of the reference currency.
    pub value: u64,
    /// People by language of the message.
    pub languages: BTreeMap<String, usize>,
    /// The first 100.
    pub sample: Vec<Person>,
}

impl CampaignPreview {
    /// Sums people up.
    #[must_use]
    pub fn of(people: Vec<PersonRow>) -> Self {
        let mut languages = BTreeMap::new();
        people.iter().for_each(|p| *languages.entry(p.lang.clone()).or_default() += 1);
        CampaignPreview {
            people: people.len(),
            paid: people.iter().filter(|p| p.because.paid > 0).count(),
            about_to_pay: people.iter().filter(|p| p.because.about_to_pay > 0).count(),
            value: people.iter().map(|p| p.because.value).sum(),
            languages,
            sample: people.into_iter().take(100).map(Into::into).collect(),
        }
    }
}

/// Returns whom a campaign would choose now; nothing is stored or sent.
#[utoipa::path(post, path = "/api/v1/campaigns/preview", request_body(content = NewCampaign, example = json!({"title": "Stop before you pay",
    "scam": "investment", "partner": "Policía de Ejemplo", "rule": {"days": 90}, "holdout_ppm": 100_000})),
    responses((status = 200, body = CampaignPreview), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn preview(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<CampaignPreview> {
    let new: NewCampaign = json(&body)?;
    run_blocking(move || {
        let people = shared.prevention().at_risk(&new, &|e| shared.category_now(e))?;
        // It names customers, so the access is logged, as reading them is.
        shared.screening.note_look("campaign.previewed", "campaign", serde_json::json!(new).to_string(), &caller.0)?;
        Ok(CampaignPreview::of(people))
    })
    .await
    .map(Json)
}

/// Returns a campaign.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Campaign), (status = 404, body = ErrorBody)))]
pub async fn campaign(State(shared): State<AppState>, Path(id): Path<CampaignId>) -> Answer<Campaign> {
    run_blocking(move || Ok(shared.prevention().campaign(id)?)).await.map(one)
}

/// Filter of people.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// After this customer.
    #[serde(default)]
    after: String,
}

/// Returns the people of a campaign, at most 1,000.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/people", params(("id" = i64, Path, description = "Number"), PeopleQuery),
    responses((status = 200, body = Vec<Person>), (status = 404, body = ErrorBody)))]
pub async fn people(
    State(shared): State<AppState>,
    Path(id): Path<CampaignId>,
    Query(q): Query<PeopleQuery>,
) -> Answer<Vec<Person>> {
    run_blocking(move || Ok(shared.prevention().campaign_people(id, &q.after)?)).await.map(each)
}

/// Starts a campaign; only another person than its author may. Messages go to webhooks of the topic `campaigns`.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/start", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Campaign), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn start(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
) -> Answer<Campaign> {
    run_blocking(move || Ok(shared.prevention().start_campaign(id, &|e| shared.category_now(e), &caller.0)?))
        .await
        .map(one)
}

/// Ends a campaign: what people pay later does not count.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/end", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Campaign), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn end(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
) -> Answer<Campaign> {
    run_blocking(move || Ok(shared.prevention().end_campaign(id, &caller.0)?)).await.map(one)
}

/// Returns the effect of a campaign so far, against those held out, with its uncertainty.
#[utoipa::path(get, path = "/api/v1/campaigns/{id}/effect", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Effect), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn effect(State(shared): State<AppState>, Path(id): Path<CampaignId>) -> Answer<Effect> {
    run_blocking(move || Ok(shared.prevention().campaign_effect(id, &|e| shared.category_now(e))?)).await.map(one)
}

/// Returns the scam of a name.
///
/// # Errors
/// 400 for a name that is none.
pub fn scam(name: &str) -> Result<Scam, ApiError> {
    let all = || Scam::ALL.map(Scam::name).join(", ");
    Scam::from_name(name).ok_or_else(|| ApiError::bad(format!("scam: '{name}' is none of {}", all())))
}

/// Returns the text of a scam's messages in a language.
#[utoipa::path(get, path = "/api/v1/campaigns/templates/{scam}/{lang}",
    params(("scam" = String, Path, description = "Scam"), ("lang" = String, Path, description = "Language, BCP 47")),
    responses((status = 200, body = Template), (status = 400, body = ErrorBody)))]
pub async fn template(State(shared): State<AppState>, Path((name, lang)): Path<(String, String)>) -> Answer<Template> {
    run_blocking(move || Ok(shared.prevention().template(scam(&name)?, &lang)?)).await.map(one)
}

/// A message's text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateBody {
    /// Subject.
    subject: String,
    /// Text, without links; `{partner}` is replaced by the partner's name.
    body: String,
}

/// Stores a new version of a scam's message, which is in force from then on.
#[utoipa::path(put, path = "/api/v1/campaigns/templates/{scam}/{lang}",
    params(("scam" = String, Path, description = "Scam"), ("lang" = String, Path, description = "Language, BCP 47")),
    request_body(content = TemplateBody, example = json!({"subject": "Stop before you pay", "body": "{partner} and we warn you."})),
    responses((status = 200, body = Template), (status = 400, body = ErrorBody)))]
pub async fn set_template(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((name, lang)): Path<(String, String)>,
    body: Bytes,
) -> Answer<Template> {
    let b: TemplateBody = json(&body)?;
    run_blocking(move || {
        let new = NewTemplate { scam: scam(&name)?, lang, version: 0, subject: b.subject, body: b.body };
        Ok(shared.prevention().set_template(new, &caller.0)?)
    })
    .await
    .map(one)
}
