//! Learned models: the registry, cards, drift, comparison, scores of events with their reasons.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use holdfast_decision::{Purpose, features};
use holdfast_jobs::StoredJob;
use holdfast_learned::{Entry, LearnedError, ModelSignature, ModelState, Peer, Step, from_peer};
use holdfast_models::{Model, ModelHash, card::ModelCard};
use holdfast_screening::Screening;
use holdfast_screening::alerts::Outcome;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits;
use holdfast_state::routes::{Needs, Routes};
use holdfast_suggest::LedgerRequest;
use holdfast_training::{AuditSample, Audited, Comparison, Draw, DriftReport, EventScore, PrecisionByWeek, Request};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const READ_OR_RULES: Needs = Needs::key(&["read", "rules"]);
const RULES: Needs = Needs::key(&["rules"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("models")
        .limits(Needs::long)
        .add(READ_OR_RULES, routes!(models))
        .add(RULES.body(limits::LIST), routes!(add_model))
        .add(READ_OR_RULES, routes!(model_features))
        .add(READ_OR_RULES, routes!(compare_models))
        .add(RULES.body(limits::LIST), routes!(train_model))
        .add(RULES.body(limits::LIST), routes!(train_accounts))
        .add(READ_OR_RULES, routes!(model_training))
        .add(READ_OR_RULES.personal(), routes!(audit_sample))
        .add(RULES, routes!(draw_audit_sample))
        .add(Needs::key(&["alerts"]), routes!(review_audited))
        .add(READ_OR_RULES, routes!(model_precision))
        .add(READ_OR_RULES, routes!(model_card_pdf))
        .add(READ_OR_RULES, routes!(model))
        .add(RULES, routes!(step_model))
        .add(READ_OR_RULES, routes!(model_card))
        .add(READ_OR_RULES, routes!(model_file))
        .add(READ_OR_RULES, routes!(model_signature))
        .add(READ_OR_RULES, routes!(model_drift))
        .add(Needs::key(&["read"]).personal(), routes!(event_scores))
}

/// Which models.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ModelsQuery {
    /// What they are for; by default anything.
    #[param(value_type = Option<String>)]
    purpose: Option<Purpose>,
    /// draft, shadow, champion or retired; by default all.
    #[param(value_type = Option<String>)]
    state: Option<ModelState>,
}

/// A feature that models of events may have.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelFeature {
    /// Its name in tables.
    name: &'static str,
    /// What it is called in a sentence.
    label: &'static str,
    /// The family that reasons are grouped by.
    family: &'static str,
    /// count, amount, ratio, duration (seconds), level or flag.
    #[schema(value_type = String)]
    kind: holdfast_models::FeatureKind,
}

/// A model to be added.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelRequest {
    /// The file: of Holdfast (HFM1) in Base64, of a peer its text.
    pub file: String,
    /// SHA-256 that a file of Holdfast must have, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The library that the file comes from; absent for a file of Holdfast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// What a peer's model is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// A peer's own scores as CSV: features by name, then `score` in log odds, at least 100 rows, which the model must reproduce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<String>,
    /// The signature that came with a file of Holdfast; it needs `signer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<ModelSignature>,
    /// Public key of the desk that must have signed the file, hexadecimal; it needs `signature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

impl ModelRequest {
    /// Reads the model.
    ///
    /// # Errors
    /// [`LearnedError::Invalid`] names the field; [`LearnedError::Model`] says what is wrong with the file.
    pub fn read(&self) -> Result<Model, LearnedError> {
        let missing = |field: &str| Invalid::new(field, "missing: a peer's file needs purpose and scores");
        if let Some(peer) = self.peer {
            if self.signature.is_some() || self.signer.is_some() {
                return Err(
                    Invalid::new("signature", "no desk signed the file of a peer; leave it and signer out").into()
                );
            }
            let purpose = self.purpose.as_ref().ok_or_else(|| missing("purpose"))?;
            let scores = self.scores.as_ref().ok_or_else(|| missing("scores"))?;
            return from_peer(peer, purpose, &self.file, scores);
        }
        let bytes = BASE64_STANDARD.decode(self.file.trim());
        let model = Model::from_bytes(&bytes.map_err(|e| Invalid::new("file", format!("is no Base64: {e}")))?)?;
        if self.sha256.as_ref().is_some_and(|expected| *expected != model.hash().to_string()) {
            return Err(Invalid::new("sha256", format!("the file has {}; it is another model", model.hash())).into());
        }
        match (&self.signature, &self.signer) {
            (None, None) => {}
            (Some(signature), Some(signer)) => signature.check(model.hash(), Some(signer))?,
            (Some(_), None) => {
                return Err(
                    Invalid::new("signer", "missing: the public key of the desk that must have signed it").into()
                );
            }
            (None, Some(_)) => return Err(Invalid::new("signature", "missing: a signer is expected").into()),
        }
        Ok(model)
    }
}

/// A step with a model.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelStepRequest {
    /// shadow, champion (proposes, or approves what another person proposed) or retire.
    step: Step,
    /// Why.
    reason: String,
}

/// A time of events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// From this time on, Unix seconds.
    #[param(value_type = Option<i64>)]
    from: Option<Timestamp>,
    /// Before this time, Unix seconds.
    #[param(value_type = Option<i64>)]
    until: Option<Timestamp>,
}

/// Which models are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// SHA-256 of the model in force.
    champion: String,
    /// SHA-256 of the one that may replace it.
    challenger: String,
    /// Share of events that are reviewed, above 0 to 1.
    budget: f64,
    /// Events from this time on, Unix seconds.
    #[param(value_type = Option<i64>)]
    from: Option<Timestamp>,
    /// Events before this time, Unix seconds.
    #[param(value_type = Option<i64>)]
    until: Option<Timestamp>,
}

/// Language of reasons.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LanguageQuery {
    /// en, es or de; others are answered in English.
    lang: Option<String>,
}

impl LanguageQuery {
    /// Returns the language, English by default.
    pub(crate) fn language(&self) -> &str {
        self.lang.as_deref().unwrap_or("en")
    }
}

/// Which weeks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WeeksQuery {
    /// Share of labelled events that is reviewed, above 0 to 1; by default that of the model's training.
    budget: Option<f64>,
    /// How many weeks (default 12, up to 104).
    weeks: Option<u32>,
}

/// What a reviewer found of an event of the audit sample.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditReviewRequest {
    /// true_positive (a crime that no rule told), false_positive (nothing) or inconclusive.
    outcome: Outcome,
    /// Why.
    note: String,
}

/// Weeks that are told by default.
pub const WEEKS: u32 = 12;

macro_rules! wrapped {
    ($($(#[$doc:meta])* $name:ident of $inner:ty;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Object)]
        pub struct $name($inner);)*
    };
}

wrapped! {
    /// A model card: origin, features by family, training, measures, rates of alerts by groups of people, limits.
    ModelCardAnswer of ModelCard;
    /// How far events of a time are from those of training: PSI of the score and of each feature.
    ModelDrift of DriftReport;
    /// Two models on the same events.
    ModelComparison of Comparison;
    /// A model's score of an event with its reasons.
    EventScoreAnswer of EventScore;
    /// A model's precision at the analysts' budget by week, with Wilson's intervals, beside the bound from which a champion steps back.
    ModelPrecision of PrecisionByWeek;
    /// The audit sample of quiet events: what waits for a reviewer, what was found, and the share of quiet events that are a crime, with its interval.
    AuditSampleAnswer of AuditSample;
    /// An event of the audit sample.
    AuditedAnswer of Audited;
    /// What a draw did: quiet events looked at, and those drawn.
    AuditDraw of Draw;
}

fn hash_of(field: &str, text: &str) -> Result<ModelHash, ApiError> {
    text.parse().map_err(|_| ApiError::bad(format!("{field}: a model is named by its SHA-256, 64 hexadecimal digits")))
}

/// Reads the model of a path; what is no hash names no model.
fn named(text: &str) -> Result<ModelHash, ApiError> {
    let shown = || text.chars().filter(|c| !c.is_control()).take(64).collect::<String>();
    let unknown = || format!("there is no model {}: it is named by its SHA-256, 64 hexadecimal digits", shown());
    text.parse().map_err(|_| ApiError::new(StatusCode::NOT_FOUND, unknown()))
}

/// Returns the models of the registry: those in force first, then the newest.
///
/// # Errors
/// [`LearnedError::Store`] when the database fails.
pub fn listed(
    screening: &Screening,
    purpose: Option<Purpose>,
    state: Option<ModelState>,
) -> Result<Vec<Entry>, LearnedError> {
    let list = holdfast_store::Store::read(screening, |db| holdfast_learned::list(db, purpose, state));
    Ok(list?)
}

/// Returns the features that models of events may have, in the order of rows.
#[must_use]
pub fn known_features() -> Vec<ModelFeature> {
    let all = features::features().iter();
    all.map(|f| ModelFeature { name: &f.name, label: &f.label, family: &f.family, kind: f.kind }).collect()
}

/// Returns learned models: those in force first, then the newest.
#[utoipa::path(get, path = "/api/v1/models", params(ModelsQuery), responses((status = 200, body = Vec<Entry>), (status = 400, body = ErrorBody)))]
pub async fn models(State(shared): State<AppState>, Query(q): Query<ModelsQuery>) -> Answer<Vec<Entry>> {
    run_blocking(move || Ok(listed(&shared.screening, q.purpose, q.state)?)).await.map(Json)
}

/// Adds a model as a draft: a file of Holdfast, or one of LightGBM or XGBoost with a table of its own scores, which the model must reproduce. A file that is
/// there already changes nothing. Refused with a feature that the desk does not know.
#[utoipa::path(post, path = "/api/v1/models", request_body(content = ModelRequest, example = json!({"file": "SEZNMQo="})),
    responses((status = 200, body = Entry), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_model(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Entry> {
    let request: ModelRequest = json(&body)?;
    run_blocking(move || Ok(shared.screening.add_model(request.read()?, &caller.0)?)).await.map(Json)
}

/// Returns the features that models of events may have, in the order of rows.
#[utoipa::path(get, path = "/api/v1/models/features", responses((status = 200, body = Vec<ModelFeature>)))]
pub async fn model_features() -> Answer<Vec<ModelFeature>> {
    Ok(Json(known_features()))
}

/// Compares two models of one purpose on stored events: what reviewing the budget's share finds, average precision with intervals, agreement. Says whether
/// that is evidence: not with fewer than 200 closed alerts.
#[utoipa::path(get, path = "/api/v1/models/compare", params(CompareQuery),
    responses((status = 200, body = ModelComparison), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn compare_models(State(shared): State<AppState>, Query(q): Query<CompareQuery>) -> Answer<ModelComparison> {
    let (champion, challenger) = (hash_of("champion", &q.champion)?, hash_of("challenger", &q.challenger)?);
    let compare = move || Ok(shared.learning().compare(champion, challenger, q.budget, q.from, q.until)?);
    run_blocking(compare).await.map(|c| Json(ModelComparison(c)))
}

/// Trains a model on the desk's history as a job, and adds it as a draft. Labels are those sent, warnings that
/// customers took, reports filed, outcomes of alerts and of the audit sample, closed cases with a typology, confirmed flags, and tags that are younger than the
/// event; the first of these decides.
#[utoipa::path(post, path = "/api/v1/models/train", request_body(content = Request, example = json!({"purpose": "event-risk", "budget": 0.01})),
    responses((status = 200, body = Option<StoredJob>), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn train_model(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Option<StoredJob>> {
    let request: Request = json(&body)?;
    run_blocking(move || {
        let purpose = request.purpose;
        shared.train_later(request, &caller.0)?;
        shared.training(purpose)
    })
    .await
    .map(Json)
}

/// Trains a model of accounts on labelled addresses of an account chain's ledger, with the payments around them, as a job, and adds it as a draft of the purpose
/// `account-phishing`; what people decided of suggestions is learned from too. Addresses that the ledger knows nothing of, or not from their beginning, are left out.
#[utoipa::path(post, path = "/api/v1/models/train-accounts",
    request_body(content = LedgerRequest, example = json!({"chain": "ethereum", "labels": "address,label\n0x00000000000000000000000000000000000000aa,positive\n", "budget": 0.01})),
    responses((status = 200, body = Option<StoredJob>), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn train_accounts(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Option<StoredJob>> {
    let request: LedgerRequest = json(&body)?;
    run_blocking(move || {
        shared.train_accounts_later(request, &caller.0)?;
        shared.training(Purpose::AccountPhishing)
    })
    .await
    .map(Json)
}

/// Returns the latest training for a purpose, as a job; null where there was none.
#[utoipa::path(get, path = "/api/v1/models/train/{purpose}", params(("purpose" = String, Path, description = "Such as event-risk")),
    responses((status = 200, body = Option<StoredJob>), (status = 400, body = ErrorBody)))]
pub async fn model_training(State(shared): State<AppState>, Path(purpose): Path<String>) -> Answer<Option<StoredJob>> {
    let purpose = holdfast_learned::purpose_of(&purpose)?;
    run_blocking(move || shared.training(purpose)).await.map(Json)
}

/// Returns a model's entry in the registry.
#[utoipa::path(get, path = "/api/v1/models/{hash}", params(("hash" = String, Path, description = "SHA-256 of its file")),
    responses((status = 200, body = Entry), (status = 404, body = ErrorBody)))]
pub async fn model(State(shared): State<AppState>, Path(hash): Path<String>) -> Answer<Entry> {
    let hash = named(&hash)?;
    run_blocking(move || Ok(shared.learning().entry(hash)?)).await.map(Json)
}

/// Takes a step with a model. `champion` proposes it; the same step by another person puts it in force and retires the champion before it. `shadow` and
/// `retire` take one person: back to rules alone is never delayed.
#[utoipa::path(post, path = "/api/v1/models/{hash}/step", params(("hash" = String, Path, description = "SHA-256 of its file")),
    request_body(content = ModelStepRequest, example = json!({"step": "shadow", "reason": "trial of the quarter"})),
    responses((status = 200, body = Entry), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn step_model(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(hash): Path<String>,
    body: Bytes,
) -> Answer<Entry> {
    let (request, hash) = (json::<ModelStepRequest>(&body)?, named(&hash)?);
    run_blocking(move || Ok(shared.screening.step_model(hash, request.step, &request.reason, &caller.0)?))
        .await
        .map(Json)
}

/// Returns a model's card.
#[utoipa::path(get, path = "/api/v1/models/{hash}/card", params(("hash" = String, Path, description = "SHA-256 of its file")),
    responses((status = 200, body = ModelCardAnswer), (status = 404, body = ErrorBody)))]
pub async fn model_card(State(shared): State<AppState>, Path(hash): Path<String>) -> Answer<ModelCardAnswer> {
    let hash = named(&hash)?;
    run_blocking(move || Ok(shared.learning().card(hash)?)).await.map(|card| Json(ModelCardAnswer(card)))
}

/// Returns a model's file (HFM1), whose SHA-256 is its name.
#[utoipa::path(get, path = "/api/v1/models/{hash}/file", params(("hash" = String, Path, description = "SHA-256 of its file")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody)))]
pub async fn model_file(State(shared): State<AppState>, Path(hash): Path<String>) -> Result<Response, ApiError> {
    let hash = named(&hash)?;
    let model = run_blocking(move || Ok(shared.learning().model(hash)?)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{hash}.hfm\"")),
    ];
    Ok((StatusCode::OK, headers, model.to_bytes().to_vec()).into_response())
}

/// Returns this desk's signature of a model's file, by which another desk knows whose it is.
#[utoipa::path(get, path = "/api/v1/models/{hash}/signature", params(("hash" = String, Path, description = "SHA-256 of its file")),
    responses((status = 200, body = ModelSignature), (status = 404, body = ErrorBody)))]
pub async fn model_signature(State(shared): State<AppState>, Path(hash): Path<String>) -> Answer<ModelSignature> {
    let hash = named(&hash)?;
    let sign = move || Ok(ModelSignature::of(&shared.auth.key_ring, shared.learning().model(hash)?.hash()));
    run_blocking(sign).await.map(Json)
}

/// Returns how far the events of a time are from those that a model was made on.
#[utoipa::path(get, path = "/api/v1/models/{hash}/drift", params(("hash" = String, Path, description = "SHA-256 of its file"), PeriodQuery),
    responses((status = 200, body = ModelDrift), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn model_drift(
    State(shared): State<AppState>,
    Path(hash): Path<String>,
    Query(q): Query<PeriodQuery>,
) -> Answer<ModelDrift> {
    let hash = named(&hash)?;
    run_blocking(move || Ok(shared.learning().drift(hash, q.from, q.until)?)).await.map(|d| Json(ModelDrift(d)))
}

/// Returns the scores of an event, by number, with their reasons in words; empty where no model scored it.
#[utoipa::path(get, path = "/api/v1/models/scores/{event}", params(("event" = u64, Path, description = "Number of the event"), LanguageQuery),
    responses((status = 200, body = Vec<EventScoreAnswer>), (status = 404, body = ErrorBody)))]
pub async fn event_scores(
    State(shared): State<AppState>,
    Path(event): Path<u64>,
    Query(q): Query<LanguageQuery>,
) -> Answer<Vec<EventScoreAnswer>> {
    let scores = run_blocking(move || Ok(shared.learning().explain(event, q.language())?)).await?;
    Ok(Json(scores.into_iter().map(EventScoreAnswer).collect()))
}

/// Returns a model's precision at the analysts' budget by week, on events with a label. A champion whose last four weeks lie below the bound steps back.
#[utoipa::path(get, path = "/api/v1/models/{hash}/precision", params(("hash" = String, Path, description = "SHA-256 of its file"), WeeksQuery),
    responses((status = 200, body = ModelPrecision), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn model_precision(
    State(shared): State<AppState>,
    Path(hash): Path<String>,
    Query(q): Query<WeeksQuery>,
) -> Answer<ModelPrecision> {
    let hash = named(&hash)?;
    let found = move || {
        let now = shared.screening.now();
        Ok(shared.learning().precision_by_week(hash, q.budget, q.weeks.unwrap_or(WEEKS), now)?)
    };
    run_blocking(found).await.map(|p| Json(ModelPrecision(p)))
}

/// Returns a model's card as PDF.
#[utoipa::path(get, path = "/api/v1/models/{hash}/card.pdf", params(("hash" = String, Path, description = "SHA-256 of its file")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = ErrorBody)))]
pub async fn model_card_pdf(State(shared): State<AppState>, Path(hash): Path<String>) -> Result<Response, ApiError> {
    let hash = named(&hash)?;
    let bytes = run_blocking(move || Ok(shared.learning().card_pdf(hash)?)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"model-card-{hash}.pdf\"")),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}

/// Returns the audit sample: of the events that raised no alert a share of 0.5% is drawn each day for reviewers, whose outcomes measure what the rules miss.
#[utoipa::path(get, path = "/api/v1/models/audit-sample", responses((status = 200, body = AuditSampleAnswer)))]
pub async fn audit_sample(State(shared): State<AppState>) -> Answer<AuditSampleAnswer> {
    run_blocking(move || Ok(shared.learning().audit_sample()?)).await.map(|s| Json(AuditSampleAnswer(s)))
}

/// Draws from the quiet events since the last draw, as the server does once a day.
#[utoipa::path(post, path = "/api/v1/models/audit-sample/draw", responses((status = 200, body = AuditDraw)))]
pub async fn draw_audit_sample(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<AuditDraw> {
    run_blocking(move || Ok(shared.learning().draw_audit_sample(&caller.0)?)).await.map(|d| Json(AuditDraw(d)))
}

/// Records what a reviewer found of an event of the audit sample. A later review replaces the one before.
#[utoipa::path(post, path = "/api/v1/models/audit-sample/{event}", params(("event" = u64, Path, description = "Number of the event")),
    request_body(content = AuditReviewRequest, example = json!({"outcome": "false_positive", "note": "a salary"})),
    responses((status = 200, body = AuditedAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn review_audited(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(event): Path<u64>,
    body: Bytes,
) -> Answer<AuditedAnswer> {
    let request: AuditReviewRequest = json(&body)?;
    let review = move || Ok(shared.learning().review_audited(event, request.outcome, &request.note, &caller.0)?);
    run_blocking(review).await.map(|a| Json(AuditedAnswer(a)))
}
