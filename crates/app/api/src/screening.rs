//! Screening over HTTP: events, records, holds, alerts, rules, audit, keys.

use crate::Shared;
use crate::blocking::run_blocking;
use crate::changes;
use crate::error::{ApiError, ErrorBody};
use crate::gate::Caller;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_audit::Anchor;
use holdfast_audit::Entry;
use holdfast_bitcoin::parse_hash;
use holdfast_decision::Price;
use holdfast_decision::facts::ProviderFact;
use holdfast_decision::fields::FIELDS;
use holdfast_decision::rules::{BookFile, MAX_BOOK};
use holdfast_decision::{ChainFacts, Decision, Event, EventKind, Record, RuleBook};
use holdfast_identity::{ApiKey, POWERFUL, Person, PersonState, person_named, same_person};
use holdfast_notify::Webhook;
use holdfast_screening::alerts::{Alert, AlertAction, AlertFilter, Note, RuleStatistics};
use holdfast_screening::audit::AuditReport;
use holdfast_screening::changes::{Change, ChangeKind};
use holdfast_screening::clock::ClockFault;
use holdfast_screening::completion::Completion;
use holdfast_screening::holds::{Hold, HoldFilter, HoldRequest, HoldsReport};
use holdfast_screening::replay::{RuleTest, test_rules};
use holdfast_screening::service::{DecidedEvent, RescreenReport};
use holdfast_screening::tables::ReadOptions;
use holdfast_screening::{Screening, ScreeningError, tables};
use holdfast_store::StoreError;
use holdfast_types::Amount;
use holdfast_types::Invalid;
use holdfast_vendors::Question;
use holdfast_vendors::providers::ProviderState;
use holdfast_workspace::Snapshot;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use utoipa::{IntoParams, ToSchema};

impl From<ScreeningError> for ApiError {
    fn from(e: ScreeningError) -> Self {
        use ScreeningError::*;
        use StoreError::*;
        let status = match &e {
            Invalid(_) | Rule(_) => StatusCode::BAD_REQUEST,
            NotFound(_) => StatusCode::NOT_FOUND,
            Conflict(_) | State(_) | SecondPerson(..) => StatusCode::CONFLICT,
            Store(Busy | Stopped | NotStored(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Store(Db(_) | Io(..) | Internal(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        ApiError { status, message: e.to_string() }
    }
}

impl From<Invalid> for ApiError {
    fn from(e: Invalid) -> Self {
        ScreeningError::from(e).into()
    }
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Reads JSON with an error that names the place.
pub fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|e| ApiError::bad(format!("body: {e}")))
}

/// Runs something that may block.
pub async fn block<T: Send + 'static>(
    shared: Shared,
    run: impl FnOnce(&Screening) -> Result<T, ScreeningError> + Send + 'static,
) -> Result<T, ApiError> {
    let screening = shared.screening.clone();
    Ok(run_blocking(move || run(&screening)).await??)
}

impl Shared {
    /// What the chain says about an event. Fails closed: what cannot be asked is said to be so.
    pub fn facts(&self, event: &Event) -> ChainFacts {
        if !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
            return ChainFacts::default();
        }
        self.look(&self.snapshot_of(event), event)
    }

    /// The chain that holds an event's asset, as it is now; the first one where none does, which says that it has no such ledger.
    fn snapshot_of(&self, event: &Event) -> Arc<Snapshot> {
        let of_asset = event.asset.as_ref().and_then(|asset| self.chains.handle_of(asset));
        of_asset.unwrap_or_else(|| self.chain()).snapshot()
    }

    /// What the chain and the other providers say about an event.
    pub fn all_facts(&self, event: &Event) -> ChainFacts {
        self.with_providers(event, self.facts(event))
    }

    fn with_providers(&self, event: &Event, mut facts: ChainFacts) -> ChainFacts {
        if let Some(providers) = &self.providers
            && let Some(question) = Question::of(event, &facts)
        {
            facts.providers = providers.ask(&question);
        }
        facts
    }

    fn look(&self, snapshot: &Snapshot, event: &Event) -> ChainFacts {
        // Fails closed, where reading a file that something cut off would end the process.
        if let Err(e) = snapshot.ledger.check_lengths() {
            return ChainFacts::unavailable(e.to_string());
        }
        // A node is followed for the first chain.
        let is_followed = snapshot.ledger.network() == self.chain().snapshot().ledger.network();
        let txid = event.tx.as_ref().filter(|_| is_followed).and_then(|t| parse_hash(t));
        let pending = txid.and_then(|txid| {
            let pool = self.mempool.load();
            pool.get(&txid).cloned()
        });
        let mut facts = holdfast_screening::facts::chain_facts(snapshot, event, pending.as_ref());
        // What a silent node was not asked is not known: the stored chain alone allows nothing.
        if facts.ledger && facts.unavailable.is_none() {
            facts.unavailable = self.status.silent(snapshot.ledger.network().parameters().name);
        }
        facts
    }

    /// Decides on unconfirmed deposits: every output of a pending transaction that pays a customer's deposit address. A hold is in place
    /// before the first confirmation.
    ///
    /// # Errors
    /// What the screening desk says.
    pub fn screen_pending(&self, txs: &[holdfast_bitcoin::block::SingleTx]) -> Result<(), ScreeningError> {
        let network = self.chain().snapshot().ledger.network();
        let asset = network.parameters().asset;
        for tx in txs {
            for (vout, (amount, key)) in tx.outputs.iter().enumerate() {
                let address = key.to_text(network);
                let Some((customer, account)) = self.screening.owner_of(&address) else { continue };
                let txid = holdfast_bitcoin::display_hash(&tx.txid);
                let id = format!("mempool:{txid}:{vout}");
                let mut event = Event::new(EventKind::Deposit, id, self.screening.now(), customer);
                event.account = account;
                event.asset = Some(asset.to_owned());
                event.amount = Some(Amount::from(*amount));
                event.tx = Some(txid);
                event.output = Some(vout as u32);
                event.address = Some(address);
                event.confirmations = Some(0);
                let facts = holdfast_screening::facts::chain_facts(&self.chain().snapshot(), &event, Some(tx));
                let facts = self.with_providers(&event, facts);
                match self.screening.decide(event, facts, "mempool") {
                    // Seen before a restart, with another time.
                    Ok(_) | Err(ScreeningError::Conflict(_)) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }
}

/// Decides on an event. The answer comes once decision and hold are durable; sent again, the event gets the same answer.
#[utoipa::path(post, path = "/api/v1/events", request_body(content = Event, example = json!({"id": "w-1", "time": 1795000000, "kind": "withdrawal",
    "customer": "c-1", "asset": "BTC", "amount": "50000000", "value": 2000000, "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"})),
    responses((status = 200, body = Decision), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn decide(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Decision> {
    Ok(Json(decide_event(&shared, &caller, json(&body)?).await?))
}

/// Decides on an event once its facts are gathered.
pub async fn decide_event(shared: &Shared, caller: &Caller, event: Event) -> Result<Decision, ApiError> {
    event.validate()?;
    let facts = match &shared.providers {
        // The look-up takes microseconds, and waits for nobody.
        None => shared.facts(&event),
        // Other providers take milliseconds to seconds.
        Some(_) => {
            let (shared, event) = (shared.clone(), event.clone());
            run_blocking(move || shared.all_facts(&event)).await?
        }
    };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    shared.screening.submit(event, facts, &caller.0, move |answer| {
        let _ = sender.send(answer);
    })?;
    let answer = receiver.await.map_err(|_| ApiError::from(ScreeningError::Store(StoreError::Stopped)))?;
    Ok(answer?)
}

/// A decided event, with everything that its decision rests on.
#[utoipa::path(get, path = "/api/v1/events/{id}", params(("id" = String, Path, description = "The sender's id")),
    responses((status = 200, body = DecidedEvent), (status = 404, body = ErrorBody)))]
pub async fn event(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<DecidedEvent> {
    block(shared, move |s| s.event(&id)).await.map(Json)
}

/// Completes a decided event with what became known of its movement: the transaction of a withdrawal, its block, whether it failed. Sent again
/// it changes nothing; of several the latest time wins, whatever the order of arrival.
#[utoipa::path(post, path = "/api/v1/events/{id}/completion", params(("id" = String, Path, description = "The sender's id")),
    request_body(content = Completion, example = json!({"time": 1795000600, "status": "confirmed",
        "tx": "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16", "height": 170})),
    responses((status = 200, body = DecidedEvent), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn complete(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<DecidedEvent> {
    let completion: Completion = json(&body)?;
    block(shared, move |s| s.complete(&id, completion, &caller.0)).await.map(Json)
}

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
pub struct PageQuery {
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

impl PageQuery {
    fn limit(&self) -> usize {
        self.limit.map_or(100, |l| (l as usize).clamp(1, 1000))
    }
}

/// Decided events, oldest first.
#[utoipa::path(get, path = "/api/v1/events", params(PageQuery), responses((status = 200, body = Vec<DecidedEvent>)))]
pub async fn events(State(shared): State<Shared>, Query(page): Query<PageQuery>) -> Answer<Vec<DecidedEvent>> {
    block(shared, move |s| s.history(page.after, page.limit())).await.map(Json)
}

/// What an ingestion took.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestAnswer {
    /// Records taken; of several with one id only the latest counts.
    taken: u64,
    /// Lines that were refused (with `partial`).
    refused: u64,
    /// What is wrong with them, with line and column.
    faults: Vec<String>,
    /// What was assumed, or looks wrong and was taken all the same.
    warnings: Vec<String>,
}

/// How a table of records is read.
#[derive(Debug, Deserialize, IntoParams)]
pub struct IngestQuery {
    /// Order of day and month in local dates: dmy or mdy. Without it ambiguous dates are refused.
    dates: Option<String>,
    /// Encoding of a table that is neither UTF-8 nor UTF-16, such as windows-1250.
    encoding: Option<String>,
    /// Take the good lines of a table although others are refused; by default one bad line refuses all.
    #[serde(default)]
    partial: bool,
}

/// Takes records of the customers' world: a JSON list, or CSV with content type text/csv. Any order, any number of times.
#[utoipa::path(post, path = "/api/v1/records", params(IngestQuery), request_body(content = Vec<Record>, example = json!([{"kind": "customer", "id": "c-1",
    "time": 1795000000, "country": "DE", "created": 1600000000}])),
    responses((status = 200, body = IngestAnswer), (status = 400, body = ErrorBody)))]
pub async fn ingest(
    State(shared): State<Shared>,
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
    answer.taken = block(shared, move |s| s.ingest(records, &caller.0)).await?;
    Ok(Json(answer))
}

/// Which holds.
#[derive(Debug, Deserialize, IntoParams)]
pub struct HoldQuery {
    /// active, released or expired.
    state: Option<String>,
    /// Of one customer.
    customer: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Holds and freezes.
#[utoipa::path(get, path = "/api/v1/holds", params(HoldQuery), responses((status = 200, body = Vec<Hold>)))]
pub async fn holds(State(shared): State<Shared>, Query(q): Query<HoldQuery>) -> Answer<Vec<Hold>> {
    let limit = q.limit.map_or(100, usize::from);
    let filter = HoldFilter { state: q.state, customer: q.customer, after: q.after, limit };
    block(shared, move |s| s.holds(&filter)).await.map(Json)
}

/// A hold that was placed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacedAnswer {
    /// Its number.
    hold: u64,
}

/// Places a hold or freeze. Sent again with the same id, it gives the same hold.
#[utoipa::path(post, path = "/api/v1/holds", request_body(content = HoldRequest, example = json!({"id": "freeze-1", "customer": "c-1", "scope": "account",
    "basis": "court order 12/2026", "reason": "ordered by the court"})),
    responses((status = 200, body = PlacedAnswer), (status = 400, body = ErrorBody)))]
pub async fn place_hold(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<PlacedAnswer> {
    let request: HoldRequest = json(&body)?;
    let hold = block(shared, move |s| s.place_hold(request, &caller.0)).await?;
    Ok(Json(PlacedAnswer { hold }))
}

/// What to release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Base units; all when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
    /// Why.
    reason: String,
}

/// Releases a hold. Where a second person is needed, the first call asks and another person's confirms.
#[utoipa::path(post, path = "/api/v1/holds/{id}/release", params(("id" = u64, Path, description = "Number of the hold")), request_body = ReleaseRequest,
    responses((status = 200, body = Hold), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn release_hold(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Hold> {
    let request: ReleaseRequest = json(&body)?;
    block(shared, move |s| s.release_hold(id, request.amount, &request.reason, &caller.0)).await.map(Json)
}

/// Checks that every hold balances to the base unit.
#[utoipa::path(get, path = "/api/v1/holds/check", responses((status = 200, body = HoldsReport)))]
pub async fn check_holds(State(shared): State<Shared>) -> Answer<HoldsReport> {
    block(shared, Screening::check_holds).await.map(Json)
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AlertQuery {
    /// open or closed.
    state: Option<String>,
    /// Of one customer.
    customer: Option<String>,
    /// Of one person.
    assignee: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// The alerts queue.
#[utoipa::path(get, path = "/api/v1/alerts", params(AlertQuery), responses((status = 200, body = Vec<Alert>)))]
pub async fn alerts(State(shared): State<Shared>, Query(q): Query<AlertQuery>) -> Answer<Vec<Alert>> {
    let limit = q.limit.map_or(100, usize::from);
    let filter = AlertFilter { state: q.state, customer: q.customer, assignee: q.assignee, after: q.after, limit };
    block(shared, move |s| s.alerts(&filter)).await.map(Json)
}

/// An alert with its notes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertAnswer {
    alert: Alert,
    notes: Vec<Note>,
}

/// One alert and what was done with it.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", params(("id" = u64, Path, description = "Number of the alert")),
    responses((status = 200, body = AlertAnswer), (status = 404, body = ErrorBody)))]
pub async fn alert(State(shared): State<Shared>, Path(id): Path<u64>) -> Answer<AlertAnswer> {
    let (alert, notes) = block(shared, move |s| s.alert(id)).await?;
    Ok(Json(AlertAnswer { alert, notes }))
}

/// Assigns, comments, closes or reopens an alert.
#[utoipa::path(post, path = "/api/v1/alerts/{id}", params(("id" = u64, Path, description = "Number of the alert")), request_body = AlertAction,
    responses((status = 200, body = AlertAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn act_on_alert(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<AlertAnswer> {
    let action: AlertAction = json(&body)?;
    let done = move |s: &Screening| {
        s.act_on_alert(id, action, &caller.0)?;
        s.alert(id)
    };
    let (alert, notes) = block(shared, done).await?;
    Ok(Json(AlertAnswer { alert, notes }))
}

/// The rule book in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookAnswer {
    version: u32,
    sha256: String,
    book: BookFile,
}

/// The rule book in force.
#[utoipa::path(get, path = "/api/v1/rules", responses((status = 200, body = BookAnswer)))]
pub async fn rules(State(shared): State<Shared>) -> Answer<BookAnswer> {
    let book = shared.screening.book();
    Ok(Json(BookAnswer { version: book.version, sha256: book.sha256.clone(), book: book.file.clone() }))
}

fn yaml(body: &Bytes) -> Result<String, ApiError> {
    if body.len() > MAX_BOOK {
        return Err(ApiError::bad(format!("body: larger than {MAX_BOOK} bytes")));
    }
    String::from_utf8(body.to_vec()).map_err(|_| ApiError::bad("body: not UTF-8"))
}

/// Proposes a rule book (YAML), which another person puts in force (`/api/v1/changes`). A desk without keys puts it in force at once.
#[utoipa::path(put, path = "/api/v1/rules", request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = BookAnswer), (status = 202, body = Change, description = "Waits for a second person"), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn apply_rules(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let text = yaml(&body)?;
    if changes::waits(&shared, &caller, ChangeKind::Rules).await? {
        return block(shared, move |s| s.propose_rules(&text, &caller.0)).await.map(changes::accepted);
    }
    block(shared.clone(), move |s| s.apply_rules(&text, &caller.0)).await?;
    rules(State(shared)).await.map(IntoResponse::into_response)
}

/// Longest trial of a rule book.
const TRIAL_TIME: std::time::Duration = std::time::Duration::from_secs(60);
/// Most trials at once.
const TRIALS: usize = 2;

/// Ends a trial when its client leaves.
struct Leaves(Arc<AtomicBool>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a rule book (YAML) over all decided events and shows what would have been decided otherwise. A trial ends with its client, and after a
/// minute with what it saw until then (`stopped`).
#[utoipa::path(post, path = "/api/v1/rules/test", request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = RuleTest), (status = 400, body = ErrorBody)))]
pub async fn try_rules(State(shared): State<Shared>, body: Bytes) -> Answer<RuleTest> {
    static RUNNING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(TRIALS);
    let text = yaml(&body)?;
    let Ok(permit) = RUNNING.try_acquire() else {
        return Err(crate::limits::crowded("other trials of rule books run"));
    };
    let left = Arc::new(AtomicBool::new(false));
    let _leaves = Leaves(left.clone());
    let run = move |s: &Screening| {
        let _permit = permit;
        let book = RuleBook::parse(&text, 0)?;
        let begun = std::time::Instant::now();
        test_rules(s, &book, &mut |_| match left.load(Ordering::SeqCst) || begun.elapsed() > TRIAL_TIME {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    };
    block(shared, run).await.map(Json)
}

/// Hits and precision of every rule.
#[utoipa::path(get, path = "/api/v1/rules/statistics", responses((status = 200, body = Vec<RuleStatistics>)))]
pub async fn rule_statistics(State(shared): State<Shared>) -> Answer<Vec<RuleStatistics>> {
    block(shared, Screening::rule_statistics).await.map(Json)
}

/// A field that rules speak about.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldAnswer {
    name: String,
    description: String,
}

/// All fields that rules speak about.
#[utoipa::path(get, path = "/api/v1/rules/fields", responses((status = 200, body = Vec<FieldAnswer>)))]
pub async fn rule_fields() -> Json<Vec<FieldAnswer>> {
    let field = |f: &holdfast_decision::fields::Field| FieldAnswer {
        name: format!("{}.{}", f.group, f.name),
        description: f.description.to_owned(),
    };
    Json(FIELDS.iter().map(field).collect())
}

/// What an asset is worth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRequest {
    /// So many base units ...
    #[schema(value_type = String)]
    base_units: Amount,
    /// ... are worth so many minor units of the reference currency.
    value: u64,
}

/// Sets the price of an asset, for events without a value.
#[utoipa::path(put, path = "/api/v1/prices/{asset}", params(("asset" = String, Path, description = "Such as BTC")), request_body(content = PriceRequest, example = json!({"base_units": "100000000", "value": 4000000})),
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn set_price(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(asset): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: PriceRequest = json(&body)?;
    let price = Price { base_units: request.base_units, value: request.value };
    block(shared, move |s| s.set_price(&asset, price, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Why.
#[derive(Debug, Deserialize, IntoParams)]
pub struct WhyQuery {
    /// The change that is the cause, for the alerts' reasons.
    why: Option<String>,
}

/// Screens all past transfers again and raises late alerts.
#[utoipa::path(post, path = "/api/v1/rescreen", params(WhyQuery), responses((status = 200, body = RescreenReport)))]
pub async fn rescreen(State(shared): State<Shared>, Query(query): Query<WhyQuery>) -> Answer<RescreenReport> {
    let why = query.why.unwrap_or_else(|| "screened again on request".into());
    let theirs = shared.clone();
    block(shared, move |s| {
        s.rescreen(|event| theirs.facts(event), &why.chars().take(200).collect::<String>(), &mut |_| {
            ControlFlow::Continue(())
        })
    })
    .await
    .map(Json)
}

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AuditQuery {
    /// Only about one subject, such as hold:12.
    subject: Option<String>,
    /// Numbers above this one (default 0).
    #[serde(default)]
    after: u64,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// The audit log.
#[utoipa::path(get, path = "/api/v1/audit", params(AuditQuery), responses((status = 200, body = Vec<Entry>)))]
pub async fn audit(State(shared): State<Shared>, Query(q): Query<AuditQuery>) -> Answer<Vec<Entry>> {
    let limit = q.limit.map_or(100, |l| usize::from(l).max(1));
    block(shared, move |s| s.audit(q.after, q.subject.as_deref(), limit)).await.map(Json)
}

/// A head that was noted.
#[derive(Debug, Deserialize, IntoParams)]
pub struct HeadQuery {
    /// Hash of the last entry, as noted earlier.
    head: Option<String>,
}

/// Verifies the hash chain of the audit log, all decisions in it, the tables that it settles, and its anchors.
#[utoipa::path(get, path = "/api/v1/audit/verify", params(HeadQuery), responses((status = 200, body = AuditReport)))]
pub async fn verify_audit(State(shared): State<Shared>, Query(q): Query<HeadQuery>) -> Answer<AuditReport> {
    let anchors = shared.anchors.clone();
    block(shared, move |s| s.verify_anchored(q.head.as_deref(), anchors.as_deref(), None)).await.map(Json)
}

/// Most bytes of a copy of the anchors.
const MAX_ANCHORS: usize = 16 << 20;

/// Verifies the audit log as `GET` does, with a copy of `audit.anchors` that lay elsewhere instead of the desk's own.
#[utoipa::path(post, path = "/api/v1/audit/verify", params(HeadQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = AuditReport), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn verify_audit_by_copy(
    State(shared): State<Shared>,
    Query(q): Query<HeadQuery>,
    body: Bytes,
) -> Answer<AuditReport> {
    if body.is_empty() || body.len() > MAX_ANCHORS {
        return Err(ApiError::bad(format!("body: must be a copy of audit.anchors of 1 to {MAX_ANCHORS} bytes")));
    }
    let anchors = shared.anchors.clone();
    let anchors = anchors.ok_or_else(|| ScreeningError::State("this desk has no folder for anchors".into()))?;
    block(shared, move |s| {
        let io = |e: std::io::Error| ScreeningError::State(format!("the copy cannot be kept for the check: {e}"));
        let mut copy = tempfile::NamedTempFile::new().map_err(io)?;
        std::io::Write::write_all(&mut copy, &body).map_err(io)?;
        s.verify_anchored(q.head.as_deref(), Some(&anchors), Some(copy.path()))
    })
    .await
    .map(Json)
}

/// Whether the system's clock is trusted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockState {
    /// Whether things expire.
    trusted: bool,
    /// The time that is worked with, Unix seconds.
    now: i64,
    /// Why it is not trusted.
    fault: Option<ClockFault>,
}

/// Says whether the system's clock is trusted; while it is not, nothing expires.
#[utoipa::path(get, path = "/api/v1/clock", responses((status = 200, body = ClockState)))]
pub async fn clock(State(shared): State<Shared>) -> Json<ClockState> {
    let (now, fault) = (shared.screening.now(), shared.screening.clock_fault());
    Json(ClockState { trusted: fault.is_none(), now, fault })
}

/// Confirms that the system's clock is right after a jump or a long stop: what is over by it ends.
#[utoipa::path(post, path = "/api/v1/clock", responses((status = 200, body = ClockState), (status = 409, body = ErrorBody)))]
pub async fn confirm_clock(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer<ClockState> {
    let now = block(shared, move |s| s.confirm_clock(&caller.0)).await?;
    Ok(Json(ClockState { trusted: true, now, fault: None }))
}

/// Writes the audit log's head, signed, to the anchors file beside the database; the server does so every hour and when it stops.
#[utoipa::path(post, path = "/api/v1/audit/anchor", responses((status = 200, body = Anchor), (status = 409, body = ErrorBody)))]
pub async fn anchor_audit(State(shared): State<Shared>) -> Answer<Anchor> {
    let anchors = shared.anchors.clone();
    let anchors = anchors.ok_or_else(|| ScreeningError::State("this desk has no folder for anchors".into()))?;
    block(shared, move |s| s.anchor(&anchors)).await.map(Json)
}

/// How the connected providers have answered; empty when none is connected.
#[utoipa::path(get, path = "/api/v1/providers", responses((status = 200, body = Vec<ProviderState>)))]
pub async fn providers(State(shared): State<Shared>) -> Json<Vec<ProviderState>> {
    Json(shared.providers.as_ref().map(|p| p.state()).unwrap_or_default())
}

/// Asks the connected providers about an address.
#[utoipa::path(get, path = "/api/v1/providers/{asset}/{address}",
    params(("asset" = String, Path, description = "Such as BTC"), ("address" = String, Path, description = "The address")),
    responses((status = 200, body = BTreeMap<String, ProviderFact>), (status = 404, body = ErrorBody)))]
pub async fn ask_providers(
    State(shared): State<Shared>,
    Path((asset, address)): Path<(String, String)>,
) -> Answer<BTreeMap<String, ProviderFact>> {
    let Some(providers) = shared.providers.clone() else {
        return Err(ScreeningError::NotFound("provider: none is connected; start with --providers FILE".into()).into());
    };
    let question = Question::address(&asset, &address, shared.screening.now());
    run_blocking(move || providers.ask(&question)).await.map(Json)
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// An https URL.
    url: String,
    /// decisions (all but allow), all-decisions, holds, alerts.
    topics: Vec<String>,
}

/// A webhook that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// Its number.
    webhook: u64,
    /// Secret of its signatures (Standard Webhooks).
    secret: String,
}

/// Webhooks and how far they were told.
#[utoipa::path(get, path = "/api/v1/webhooks", responses((status = 200, body = Vec<Webhook>)))]
pub async fn webhooks(State(shared): State<Shared>) -> Answer<Vec<Webhook>> {
    block(shared, Screening::webhooks).await.map(Json)
}

/// Makes a webhook. From now on its topics are posted to it in order, signed as Standard Webhooks say, again and again until it answers 2xx.
#[utoipa::path(post, path = "/api/v1/webhooks", request_body(content = WebhookRequest, example = json!({"url": "https://example.org/hook", "topics": ["holds"]})),
    responses((status = 200, body = WebhookAnswer), (status = 400, body = ErrorBody)))]
pub async fn add_webhook(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<WebhookAnswer> {
    let request: WebhookRequest = json(&body)?;
    let master = shared.gate.master.clone();
    let webhook = block(shared, move |s| s.add_webhook(&request.url, &request.topics, &caller.0)).await?;
    Ok(Json(WebhookAnswer { webhook, secret: holdfast_notify::delivery::secret(&master, webhook) }))
}

/// Removes a webhook.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", params(("id" = u64, Path, description = "Number of the webhook")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_webhook(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    block(shared, move |s| s.remove_webhook(id, "removed by a person", &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Whose it is.
    name: String,
    /// chain, read, events, records, holds, alerts, rules, desk, approve, audit, manage, partner, academy, metrics, admin. Nobody gives a scope that
    /// they do not have.
    scopes: Vec<String>,
    /// Requests a minute; 0 for no limit.
    #[serde(default)]
    per_minute: u32,
    /// Whose it is, where a person has several keys; by default a person of the key's name. Whoever makes a key of another person who has keys
    /// already waits for a second person.
    #[serde(default)]
    person: Option<String>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyAnswer {
    key: ApiKey,
    /// Shown once.
    token: String,
    /// For clients of Elliptic's API: the secret that belongs to the access key `key.id`.
    elliptic_secret: String,
    /// The change that another person must approve before the key opens anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<u64>,
}

/// All keys, without their secrets.
#[utoipa::path(get, path = "/api/v1/keys", responses((status = 200, body = Vec<ApiKey>)))]
pub async fn keys(State(shared): State<Shared>) -> Answer<Vec<ApiKey>> {
    block(shared, Screening::keys).await.map(Json)
}

/// Makes a key. From the first on, every request needs one. A key with the scope admin, manage or rules, or with one that its maker does not
/// have, opens nothing until another person, who has all its scopes, approves it (`/api/v1/changes`).
#[utoipa::path(post, path = "/api/v1/keys", request_body(content = KeyRequest, example = json!({"name": "wallet service", "scopes": ["events"], "per_minute": 6000})),
    responses((status = 200, body = KeyAnswer), (status = 202, body = KeyAnswer, description = "Waits for a second person"), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn create_key(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: KeyRequest = json(&body)?;
    let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
    let id = hex::encode(&random[..6]);
    let person = request.person.clone().unwrap_or_else(|| request.name.clone());
    let named = person.clone();
    let known = block(shared.clone(), move |s| s.read(|db| person_named(db, &named))).await?;
    // Whoever could make a key of somebody else could be two people.
    let is_others = known.is_some_and(|p| !same_person(&p.name, &caller.0));
    let powerful = is_others || request.scopes.iter().any(|s| POWERFUL.contains(&s.as_str()) || !caller.may(s));
    let waits = powerful && changes::waits(&shared, &caller, ChangeKind::Key).await?;
    let theirs = shared.clone();
    let (key, change) = block(shared.clone(), move |s| {
        let key = s.new_key(&id, &request.name, request.scopes, request.per_minute, &caller.0)?;
        let key = ApiKey { person: request.person.map(|_| person).unwrap_or_default(), ..key };
        if waits {
            let (key, change) = s.propose_key_of(key, &caller.0)?;
            return Ok((key, Some(change.id)));
        }
        let key = s.add_key_of(key)?;
        theirs.gate.set(s.keys()?);
        Ok((key, None))
    })
    .await?;
    let token = shared.gate.master.token(&key.id);
    let status = if change.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let answer = KeyAnswer { elliptic_secret: holdfast_vendors::elliptic::secret_of(&token), key, token, change };
    Ok((status, Json(answer)).into_response())
}

/// What becomes of a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// active or suspended.
    state: PersonState,
    /// Why.
    reason: String,
}

/// The people who act at the desk.
#[utoipa::path(get, path = "/api/v1/people", responses((status = 200, body = Vec<Person>)))]
pub async fn people(State(shared): State<Shared>) -> Answer<Vec<Person>> {
    block(shared, Screening::people).await.map(Json)
}

/// Suspends a person, whose keys and sessions open nothing from then on, or lets a suspended one act again. The last administrator stays.
#[utoipa::path(post, path = "/api/v1/people/{id}", params(("id" = u64, Path, description = "Number of the person")),
    request_body(content = PersonBody, example = json!({"state": "suspended", "reason": "left the company"})),
    responses((status = 200, body = Person), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn set_person(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Person> {
    let request: PersonBody = json(&body)?;
    let gate = shared.gate.clone();
    block(shared, move |s| {
        let person = s.set_person_state(id, request.state, &request.reason, &caller.0)?;
        gate.set(s.keys()?);
        Ok(person)
    })
    .await
    .map(Json)
}

/// Revokes a key; the last administrator's stays.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", params(("id" = String, Path, description = "Public part of the key")),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn revoke_key(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let theirs = shared.clone();
    block(shared, move |s| {
        s.revoke_key(&id, &caller.0)?;
        theirs.gate.set(s.keys()?);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
