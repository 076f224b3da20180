//! The queue of alerts as people work it: filtered, sorted, counted; saved views; steps on many at once; what an alert rests on; an alert led into a case; and
//! what waits for a person.

use crate::answers::screening::{Alert, DecidedEvent, Hold, Note};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_cases::case::Person;
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{ALERTS, Needs, READ, READERS, Routes};
use holdfast_types::ids::CaseId;
use holdfast_types::{Amount, Timestamp};
use holdfast_workbench::evidence::{self, RuleRecord, Shared, Usual};
use holdfast_workbench::flows::Flows;
use holdfast_workbench::inbox::{self, Entry, Rights};
use holdfast_workbench::queue::{self, Clock, Order, QueueQuery, Risk, Triage};
use holdfast_workbench::steps::{self, HoldStep, Step, StepResult};
use holdfast_workbench::views::{self, NewView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("workbench")
        .add(READ.personal(), routes!(alert_queue))
        .add(READ.personal(), routes!(alert_evidence))
        .add(READ, routes!(alert_people))
        .add(READ, routes!(alert_views))
        .add(ALERTS, routes!(save_alert_view))
        .add(ALERTS, routes!(delete_alert_view))
        .add(ALERTS, routes!(step_alerts))
        .add(Needs::key(&["desk"]), routes!(alerts_into_case))
        .add(READERS, routes!(desk_inbox))
        .add(READERS, routes!(mentions_read))
}

/// Returns who a caller is to cases.
fn person(caller: &Caller) -> Person {
    Person { name: caller.0.to_string(), reads_all: caller.may("audit"), changes_all: caller.may("admin") }
}

/// Returns what a caller may do with what waits.
#[must_use]
pub fn rights(caller: &Caller) -> Rights {
    Rights {
        reads: caller.may("read"),
        holds: caller.may("holds"),
        reads_cases: READERS.scopes().iter().any(|scope| caller.may(scope)),
        approves: caller.may("approve"),
        decides: ["manage", "rules", "approve"].iter().any(|scope| caller.may(scope)),
    }
}

/// An alert of the queue with what is known of its event.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueRow {
    alert: Alert,
    /// From the decision that raised it; unknown where it could not be looked at.
    risk: Risk,
    /// Kind of its event; absent for alerts about no event.
    event_kind: Option<String>,
    /// Asset of its event.
    asset: Option<String>,
    /// Base units.
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
    /// Minor units of the reference currency, where a price is known.
    value: Option<u64>,
    /// The other side.
    counterparty: Option<String>,
    /// Typologies that were found.
    typologies: Vec<String>,
    /// What a learned model for triage said of its event, where one was in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    triage: Option<Triage>,
    /// Rises with everything that is done with the alert; steps name it.
    version: u64,
    /// When it should be closed, Unix seconds.
    #[schema(value_type = i64)]
    due: Timestamp,
    /// How it stands to that.
    clock: Clock,
}

impl From<queue::QueueRow> for QueueRow {
    fn from(row: queue::QueueRow) -> Self {
        QueueRow {
            alert: row.alert.into(),
            risk: row.risk,
            event_kind: row.event_kind,
            asset: row.asset,
            amount: row.amount,
            value: row.value,
            counterparty: row.counterparty,
            typologies: row.typologies,
            triage: row.triage,
            version: row.version,
            due: row.due,
            clock: row.clock,
        }
    }
}

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueAnswer {
    /// Its alerts, at most 100.
    rows: Vec<QueueRow>,
    /// How many the filter finds, counted up to 10,000.
    count: u64,
    /// Whether there are more than were counted.
    is_more: bool,
    /// Number of the page.
    page: u32,
    /// The order that they are in.
    sort: Order,
}

/// Returns a page of the queue of alerts.
#[utoipa::path(get, path = "/api/v1/alerts/queue", params(QueueQuery), responses((status = 200, body = QueueAnswer), (status = 400, body = ErrorBody)))]
pub async fn alert_queue(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<QueueQuery>,
) -> Answer<QueueAnswer> {
    let filter = query.read(&caller.0)?;
    let page = run_blocking(move || Ok(queue::page(&shared.screening, &filter)?)).await?;
    let rows = page.rows.into_iter().map(Into::into).collect();
    Ok(Json(QueueAnswer { rows, count: page.count, is_more: page.is_more, page: page.page, sort: page.sort }))
}

/// Returns the people to whom alerts can be assigned.
#[utoipa::path(get, path = "/api/v1/alerts/people", responses((status = 200, body = Vec<String>)))]
pub async fn alert_people(State(shared): State<AppState>, Extension(caller): Extension<Caller>) -> Answer<Vec<String>> {
    run_blocking(move || Ok(holdfast_workbench::assignees(&shared.screening, &caller.0)?)).await.map(Json)
}

/// An alert that shares something.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarAlert {
    /// What is shared.
    shares: Shared,
    #[serde(flatten)]
    row: QueueRow,
}

/// What an alert rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceAnswer {
    #[serde(flatten)]
    row: QueueRow,
    /// Its event with facts and decision; absent for alerts about no event.
    event: Option<DecidedEvent>,
    /// Active holds that its decision placed.
    holds: Vec<Hold>,
    /// What was done with it.
    notes: Vec<Note>,
    /// The customer's movements of thirty days up to the event.
    days: Option<Flows>,
    /// How the movement compares with the customer's earlier ones.
    usual: Option<Usual>,
    /// Similar alerts.
    similar: Vec<SimilarAlert>,
    /// How its rules did before.
    rules: Vec<RuleRecord>,
}

/// Returns what an alert rests on.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/evidence", params(("id" = u64, Path, description = "Number of the alert")),
    responses((status = 200, body = EvidenceAnswer), (status = 404, body = ErrorBody)))]
pub async fn alert_evidence(State(shared): State<AppState>, Path(id): Path<u64>) -> Answer<EvidenceAnswer> {
    let found = run_blocking(move || Ok(evidence::of(&shared.screening, id)?)).await?;
    let similar = found.similar.into_iter().map(|s| SimilarAlert { shares: s.shares, row: s.row.into() });
    Ok(Json(EvidenceAnswer {
        row: found.row.into(),
        event: found.decided.map(Into::into),
        holds: found.holds.into_iter().map(Into::into).collect(),
        notes: found.notes.into_iter().map(Into::into).collect(),
        days: found.days,
        usual: found.usual,
        similar: similar.collect(),
        rules: found.rules,
    }))
}

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedView {
    /// Its number.
    id: u64,
    /// Whose it is.
    owner: String,
    /// Its name.
    name: String,
    /// Whether everybody at the desk sees it.
    shared: bool,
    /// Which alerts.
    query: QueueQuery,
    /// When it was saved, Unix seconds.
    #[schema(value_type = i64)]
    created: Timestamp,
    /// How many alerts it finds for the caller, counted up to 10,000.
    count: u64,
    /// Whether there are more than were counted.
    is_more: bool,
    /// Whether it was counted: the first twenty views that can be read are.
    is_counted: bool,
    /// Why it cannot be read any more: it finds nothing then, and is to be saved anew or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

impl From<views::View> for SavedView {
    fn from(view: views::View) -> Self {
        let views::View { id, owner, name, shared, query, created, count, is_more, is_counted, refused } = view;
        SavedView { id, owner, name, shared, query, created, count, is_more, is_counted, refused }
    }
}

/// Returns the caller's saved views and those that are shared.
#[utoipa::path(get, path = "/api/v1/alerts/views", responses((status = 200, body = Vec<SavedView>)))]
pub async fn alert_views(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<SavedView>> {
    run_blocking(move || Ok(views::list(&shared.screening, &caller.0)?)).await.map(each)
}

/// A view that was saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedAnswer {
    /// Its number.
    id: u64,
}

/// Saves a view; one of the caller's with the same name is replaced.
#[utoipa::path(post, path = "/api/v1/alerts/views", request_body = NewView,
    responses((status = 200, body = SavedAnswer), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn save_alert_view(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<SavedAnswer> {
    let new: NewView = json(&body)?;
    run_blocking(move || Ok(views::save(&shared.screening, new, &caller.0)?)).await.map(|id| Json(SavedAnswer { id }))
}

/// Deletes a view of the caller's own.
#[utoipa::path(delete, path = "/api/v1/alerts/views/{id}", params(("id" = u64, Path, description = "Number of the view")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete_alert_view(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(views::delete(&shared.screening, id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes a step on alerts for a caller.
///
/// # Errors
/// 403 where holds are to be released and the caller may not; those of [`steps::make`]; 409 for a single alert that somebody else changed first.
pub async fn make_step(shared: AppState, caller: Caller, step: Step) -> Result<Vec<StepResult>, ApiError> {
    if step.hold == Some(HoldStep::Release) && !caller.may("holds") {
        let why = format!("hold: {} may release no holds (scope holds); keep them, and ask somebody who may", caller.0);
        return Err(ApiError::new(StatusCode::FORBIDDEN, why));
    }
    let is_single = step.alerts.len() == 1;
    let mut results = run_blocking(move || Ok(steps::make(&shared.screening, step, &caller.0)?)).await?;
    match results.first_mut().filter(|result| is_single && !result.done) {
        Some(refused) => Err(ApiError::new(StatusCode::CONFLICT, refused.refused.take().unwrap_or_default())),
        None => Ok(results),
    }
}

/// Assigns, comments, closes or reopens alerts, at most 500. Each may name the version that was seen: one that changed since is refused, and who was first is
/// named. What one refuses does not stop the others; a single one that is refused answers 409. Closing an alert with active holds as a true positive asks what
/// happens to them.
#[utoipa::path(post, path = "/api/v1/alerts/steps",
    request_body(content = Step, example = json!({"alerts": [{"id": 7, "version": 3}], "step": {"action": "close", "outcome": "false_positive", "text": "salary"}})),
    responses((status = 200, body = Vec<StepResult>), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn step_alerts(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Vec<StepResult>> {
    let step: Step = json(&body)?;
    make_step(shared, caller, step).await.map(Json)
}

/// Alerts to be led into a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntoCase {
    /// Which alerts, at most 20.
    pub alerts: Vec<u64>,
    /// A case that is open; without one a new case is opened.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    pub case: Option<CaseId>,
    /// Title of the new case; by default the customer and the reason of the first alert.
    #[serde(default)]
    pub title: Option<String>,
}

/// The case into which alerts were led.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntoCaseAnswer {
    /// Its number.
    #[schema(value_type = u64)]
    pub case: CaseId,
    /// Things that were new there: alerts, events, customers, addresses, transactions, holds.
    pub added: usize,
}

/// Leads alerts into a case for a caller.
///
/// # Errors
/// 403 for a caller who reads no alerts; those of [`holdfast_workbench::escalate::into_case`].
pub async fn lead_into_case(shared: AppState, caller: Caller, order: IntoCase) -> Result<IntoCaseAnswer, ApiError> {
    if !caller.may("alerts") {
        let why = format!("{} may work no alerts (scope alerts)", caller.0);
        return Err(ApiError::new(StatusCode::FORBIDDEN, why));
    }
    let who = person(&caller);
    let lead = move || {
        let cases = shared.cases();
        let IntoCase { alerts, case, title } = order;
        Ok(holdfast_workbench::escalate::into_case(&cases, &alerts, case, title, &who)?)
    };
    run_blocking(lead).await.map(|(case, added)| IntoCaseAnswer { case, added })
}

/// Leads alerts into a case, with the events, customers, addresses, transactions and holds that they name.
#[utoipa::path(post, path = "/api/v1/alerts/case", request_body = IntoCase,
    responses((status = 200, body = IntoCaseAnswer), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn alerts_into_case(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<IntoCaseAnswer> {
    let order: IntoCase = json(&body)?;
    lead_into_case(shared, caller, order).await.map(Json)
}

/// A task of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxTask {
    /// The case.
    #[schema(value_type = u64)]
    case: CaseId,
    /// Its title.
    case_title: String,
    /// The task.
    title: String,
    /// When it is due, Unix seconds.
    #[schema(value_type = Option<i64>)]
    due: Option<Timestamp>,
}

/// A comment that names the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxMention {
    /// Its number.
    id: u64,
    /// Who wrote it.
    author: String,
    /// Where, such as alert:7 or case:3.
    subject: String,
    /// Its beginning.
    text: String,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    time: Timestamp,
}

/// What waits for the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxAnswer {
    /// Open alerts of the caller, the most severe first, at most 100.
    alerts: Vec<QueueRow>,
    /// How many there are, counted up to 10,000.
    alert_count: u64,
    /// Open alerts of nobody, counted likewise.
    unassigned: u64,
    /// Tasks of open cases, by due time.
    tasks: Vec<InboxTask>,
    /// What waits for the approval of somebody else than who asked.
    approvals: Vec<Entry>,
    /// Comments that name the caller, not yet marked as read.
    mentions: Vec<InboxMention>,
    /// What runs out within three days, or did.
    clocks: Vec<Entry>,
    /// Whether a list of tasks, approvals, mentions or clocks lacks some.
    more: bool,
}

/// Returns what waits for the caller: alerts, tasks, approvals, mentions, clocks.
#[utoipa::path(get, path = "/api/v1/desk/inbox", responses((status = 200, body = InboxAnswer)))]
pub async fn desk_inbox(State(shared): State<AppState>, Extension(caller): Extension<Caller>) -> Answer<InboxAnswer> {
    let found = run_blocking(move || Ok(inbox::of(&shared.screening, &caller.0, rights(&caller))?)).await?;
    let task = |task: inbox::Task| InboxTask {
        case: task.case,
        case_title: task.case_title,
        title: task.title,
        due: task.due,
    };
    let mention = |m: holdfast_cases::mentions::Mention| InboxMention {
        id: m.id,
        author: m.author,
        subject: m.subject,
        text: m.text,
        time: m.time,
    };
    Ok(Json(InboxAnswer {
        alerts: found.alerts.into_iter().map(Into::into).collect(),
        alert_count: found.alert_count,
        unassigned: found.unassigned,
        tasks: found.tasks.into_iter().map(task).collect(),
        approvals: found.approvals,
        mentions: found.mentions.into_iter().map(mention).collect(),
        clocks: found.clocks,
        more: found.more,
    }))
}

/// Marks the caller's mentions as read, up to one.
#[utoipa::path(post, path = "/api/v1/desk/mentions/{id}/read", params(("id" = u64, Path, description = "Number of the last mention that was read")),
    responses((status = 204)))]
pub async fn mentions_read(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    run_blocking(move || Ok(holdfast_cases::mentions::mark_read(&shared.screening, id, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
