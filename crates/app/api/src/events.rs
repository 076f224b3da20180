//! Events to decide on, and records of customers.

use crate::answers::screening::DecidedEvent;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::{Extension, Json};
use futures_util::future::try_join_all;
use holdfast_decision::completion::Completion;
use holdfast_decision::tables::{self, ReadOptions};
use holdfast_decision::{ChainFacts, Decision, Event, EventKind, Record, Verdict};
use holdfast_screening::ScreeningError;
use holdfast_screening::events::EventFilter;
use holdfast_screening::service::MAX_EVENTS;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits::LIST;
use holdfast_state::routes::{Needs, READ, Routes};
use holdfast_store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const EVENTS: Needs = Needs::key(&["events"]);
/// Events of a batch that are looked up at once.
const LOOK_UPS: usize = 16;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("events")
        .add(READ.personal(), routes!(events))
        .add(EVENTS, routes!(decide))
        .add(EVENTS.body(LIST).long(), routes!(decide_batch))
        .add(READ.personal(), routes!(event))
        .add(READ.personal(), routes!(event_called_batch))
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

/// The answer to one event of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventAnswer {
    /// The status that the event would have got alone: 200, 400 for a wrong event, 409 for an id that was used for another, 503 for one to send again.
    status: u16,
    /// Its decision, with status 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
    /// What is wrong, with any other status.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody>,
}

impl From<Result<Decision, ApiError>> for EventAnswer {
    fn from(answer: Result<Decision, ApiError>) -> Self {
        match answer {
            Ok(decision) => EventAnswer { status: 200, decision: Some(decision), error: None },
            Err(e) => {
                let error = Some(ErrorBody { error: e.message, code: e.code });
                EventAnswer { status: e.status.as_u16(), decision: None, error }
            }
        }
    }
}

/// Decides on up to 1,000 events, in order and in one durable transaction; answers in the same order, one each. A wrong event costs no other its decision.
/// Sent again, events get the same answers. With any other status than 200 for the whole, no event was decided, or it is not known: send all of them again.
#[utoipa::path(post, path = "/api/v1/events/batch", request_body(content = Vec<Event>, example = json!([{"id": "w-1", "time": 1795000000,
    "kind": "withdrawal", "customer": "c-1", "asset": "BTC", "amount": "50000000", "value": 2000000, "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"},
    {"id": "l-1", "time": 1795000001, "kind": "account", "customer": "c-1", "action": "login"}])),
    responses((status = 200, body = Vec<EventAnswer>), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn decide_batch(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Vec<EventAnswer>> {
    let texts: Vec<&RawValue> =
        serde_json::from_slice(&body).map_err(|e| ApiError::bad(format!("body: not a list of events: {e}")))?;
    if texts.len() > MAX_EVENTS {
        return Err(ApiError::bad(format!("body: {} events; send at most {MAX_EVENTS} at once", texts.len())));
    }
    // What is refused already, by the event's place.
    let (mut refused, mut events) = (Vec::with_capacity(texts.len()), Vec::with_capacity(texts.len()));
    for text in texts {
        let event = json::<Event>(text.get().as_bytes()).and_then(|event| {
            event.validate()?;
            Ok(event)
        });
        match event {
            Ok(event) => {
                events.push(event);
                refused.push(None);
            }
            Err(e) => refused.push(Some(e)),
        }
    }
    let mut decided = decide_events(&shared, &caller, events).await?.into_iter();
    let answer = |refused: Option<ApiError>| match refused {
        Some(e) => EventAnswer::from(Err(e)),
        None => decided.next().unwrap_or_else(|| Err(ScreeningError::Store(StoreError::Stopped).into())).into(),
    };
    Ok(Json(refused.into_iter().map(answer).collect()))
}

/// Decides on well-formed events once their facts are gathered.
async fn decide_events(
    shared: &AppState,
    caller: &Caller,
    events: Vec<Event>,
) -> Result<Vec<Result<Decision, ApiError>>, ApiError> {
    let events = with_facts(shared, events).await?;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    shared.screening.submit_batch(events, &caller.0, move |answers| {
        let _ = sender.send(answers);
    })?;
    let answers = receiver.await.unwrap_or(Err(StoreError::Stopped))?;
    Ok(answers.into_iter().map(|answer| answer.map_err(ApiError::from)).collect())
}

/// Returns events with their facts. Where these take milliseconds to seconds each, several events are looked up at once.
async fn with_facts(shared: &AppState, events: Vec<Event>) -> Result<Vec<(Event, ChainFacts)>, ApiError> {
    let is_quick = shared.providers.is_none() && !shared.chains.has_others();
    let size = if is_quick { events.len() } else { events.len().div_ceil(LOOK_UPS) };
    let mut parts = Vec::new();
    let mut events = events.into_iter();
    loop {
        let part: Vec<Event> = events.by_ref().take(size).collect();
        if part.is_empty() {
            break;
        }
        let shared = shared.clone();
        let look = move |event| {
            let facts = shared.all_facts(&event);
            (event, facts)
        };
        parts.push(run_blocking(move || Ok(part.into_iter().map(look).collect::<Vec<_>>())));
    }
    Ok(try_join_all(parts).await?.into_iter().flatten().collect())
}

/// Returns a decided event, with everything that its decision rests on.
#[utoipa::path(get, path = "/api/v1/events/{id}", params(("id" = String, Path, description = "The sender's id")),
    responses((status = 200, body = DecidedEvent), (status = 404, body = ErrorBody)))]
pub async fn event(State(shared): State<AppState>, Path(id): Path<String>) -> Answer<DecidedEvent> {
    run_blocking(move || Ok(shared.screening.event(&id)?)).await.map(one)
}

/// Returns the event whose id is `batch`, as `/api/v1/events/{id}` returns all others: batches are sent to this path.
#[utoipa::path(get, path = "/api/v1/events/batch", responses((status = 200, body = DecidedEvent), (status = 404, body = ErrorBody)))]
pub async fn event_called_batch(state: State<AppState>) -> Answer<DecidedEvent> {
    event(state, Path("batch".to_owned())).await
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
