//! Events to decide on, and records of customers.

use crate::answers::screening::DecidedEvent;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::{Extension, Json};
use holdfast_decision::completion::Completion;
use holdfast_decision::tables::{self, ReadOptions};
use holdfast_decision::{Decision, Event, EventKind, Record, Verdict};
use holdfast_screening::ScreeningError;
use holdfast_screening::events::EventFilter;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{Needs, READ, Routes};
use holdfast_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const EVENTS: Needs = Needs::key(&["events"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("events")
        .add(READ.personal(), routes!(events))
        .add(EVENTS, routes!(decide))
        .add(READ.personal(), routes!(event))
        .add(EVENTS, routes!(complete))
        .add(Needs::key(&["records"]).file().long(), routes!(ingest))
}

/// Decides on an event. The answer comes once decision and hold are durable; sent again, the event gets the same answer.
#[utoipa::path(post, path = "/api/v1/events", request_body(content = Event, example = json!({"id": "w-1", "time": 1795000000, "kind": "withdrawal",
    "customer": "c-1", "asset": "BTC", "amount": "50000000", "value": 2000000, "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"})),
    responses((status = 200, body = Decision), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Decision> {
    Ok(Json(decide_event(&shared, &caller, json(&body)?).await?))
}

/// Decides on an event once its facts are gathered.
pub async fn decide_event(shared: &AppState, caller: &Caller, event: Event) -> Result<Decision, ApiError> {
    event.validate()?;
    let facts = match &shared.providers {
        // On chains of outputs the look-up takes microseconds and waits for no lock.
        None if !shared.chains.has_others() => shared.facts(&event),
        // Account chains are walked, and the customer's addresses read from the database; other providers take milliseconds to seconds.
        _ => {
            let (shared, event) = (shared.clone(), event.clone());
            run_blocking(move || Ok(shared.all_facts(&event))).await?
        }
    };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    shared.screening.submit(event, facts, &caller.0, move |answer| {
        let _ = sender.send(answer);
    })?;
    let answer = receiver.await.map_err(|_| ApiError::from(ScreeningError::Store(StoreError::Stopped)))?;
    Ok(answer?)
}

/// Returns a decided event, with everything that its decision rests on.
#[utoipa::path(get, path = "/api/v1/events/{id}", params(("id" = String, Path, description = "The sender's id")),
    responses((status = 200, body = DecidedEvent), (status = 404, body = ErrorBody)))]
pub async fn event(State(shared): State<AppState>, Path(id): Path<String>) -> Answer<DecidedEvent> {
    run_blocking(move || Ok(shared.screening.event(&id)?)).await.map(one)
}

/// Completes a decided event with what became known of its movement: the transaction of a withdrawal, its block, whether it failed. Sent again
/// it changes nothing; of several the latest time wins, whatever the order of arrival.
#[utoipa::path(post, path = "/api/v1/events/{id}/completion", params(("id" = String, Path, description = "The sender's id")),
    request_body(content = Completion, example = json!({"time": 1795000600, "status": "confirmed",
        "tx": "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16", "height": 170})),
    responses((status = 200, body = DecidedEvent), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn complete(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<DecidedEvent> {
    let completion: Completion = json(&body)?;
    run_blocking(move || Ok(shared.screening.complete(&id, completion, &caller.0)?)).await.map(one)
}

/// Which events, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// Numbers below this one.
    before: Option<u64>,
    /// The latest first; by default the oldest.
    #[serde(default)]
    newest_first: bool,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
    /// Of one customer.
    customer: Option<String>,
    /// Of one kind.
    kind: Option<EventKind>,
    /// With one decision.
    decision: Option<Verdict>,
    /// That met this rule, live or in shadow.
    rule: Option<String>,
    /// That name this address or transaction, in any form.
    named: Option<String>,
}

impl EventsQuery {
    fn filter(self) -> EventFilter {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        EventFilter {
            customer: given(self.customer),
            kind: self.kind,
            decision: self.decision,
            rule: given(self.rule),
            named: given(self.named),
            decided: None,
            after: self.after,
            before: self.before,
            newest_first: self.newest_first,
            limit: self.limit.map_or(100, usize::from),
        }
    }
}

/// Returns decided events, oldest first unless the latest are requested.
#[utoipa::path(get, path = "/api/v1/events", params(EventsQuery), responses((status = 200, body = Vec<DecidedEvent>), (status = 400, body = ErrorBody)))]
pub async fn events(State(shared): State<AppState>, Query(query): Query<EventsQuery>) -> Answer<Vec<DecidedEvent>> {
    run_blocking(move || Ok(shared.screening.events(&query.filter())?)).await.map(each)
}

/// Result of an import of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestAnswer {
    /// Records imported; of several with one id only the latest counts.
    taken: u64,
    /// Lines that were refused (with `partial`).
    refused: u64,
    /// What is wrong with them, with line and column.
    faults: Vec<String>,
    /// Assumptions, and values that seem wrong and were imported all the same.
    warnings: Vec<String>,
}

/// How a table of records is read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IngestQuery {
    /// Order of day and month in local dates: dmy or mdy. Without it ambiguous dates are refused.
    dates: Option<String>,
    /// Encoding of a table that is neither UTF-8 nor UTF-16, such as windows-1250.
    encoding: Option<String>,
    /// Import the good lines of a table although others are refused; by default one bad line refuses all.
    #[serde(default)]
    partial: bool,
}

/// Imports records of customers and their accounts: a JSON list, or CSV with content type text/csv. Any order, any number of times.
#[utoipa::path(post, path = "/api/v1/records", params(IngestQuery), request_body(content = Vec<Record>, example = json!([{"kind": "customer", "id": "c-1",
    "time": 1795000000, "country": "DE", "created": 1600000000}])),
    responses((status = 200, body = IngestAnswer), (status = 400, body = ErrorBody)))]
pub async fn ingest(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<IngestQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<IngestAnswer> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_table = ["text/csv", "text/tab-separated-values"].iter().any(|t| kind.starts_with(t));
    let mut answer = IngestAnswer { taken: 0, refused: 0, faults: Vec::new(), warnings: Vec::new() };
    let records: Vec<Record> = if is_table {
        let dates = query.dates.as_deref().map(str::parse).transpose();
        let dates = dates.map_err(|e| ApiError::bad(format!("dates: {e}")))?.unwrap_or_default();
        let options = ReadOptions { dates, encoding: query.encoding.as_deref() };
        let read = tables::read_records(&body, &options).map_err(|e| ApiError::bad(e.to_string()))?;
        answer.faults = read.faults.iter().map(ToString::to_string).collect();
        (answer.refused, answer.warnings) = (read.refused, read.warnings);
        if answer.refused > 0 && (!query.partial || read.items.is_empty()) {
            let shown = answer.faults.iter().take(100).cloned().collect::<Vec<_>>().join("\n");
            return Err(ApiError::bad(format!("{} lines cannot be read, nothing was taken\n{shown}", answer.refused)));
        }
        read.items
    } else {
        json(&body)?
    };
    answer.taken = run_blocking(move || Ok(shared.screening.ingest(records, &caller.0)?)).await?;
    Ok(Json(answer))
}
