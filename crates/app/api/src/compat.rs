//! The formats of Elliptic (AML API v2), Chainalysis (KYT v2) and TRM Labs, at their own paths, so that an exchange integrated with one of
//! them can point here. Transfers become events: they are decided, held and recorded like any other.

use crate::events::decide_event;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_bitcoin::mempool::Mempool;
use holdfast_bitcoin::{AddressKey, Txid};
use holdfast_decision::Price;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_screening::facts::address_facts;
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json;
use holdfast_state::error::ApiError;
use holdfast_state::routes::{CHAIN, Needs, Routes};
use holdfast_vendors::assessed::{is_covered, not_covered};
use holdfast_vendors::chainalysis::{self, Kind, Transfer, WithdrawalAttempt};
use holdfast_vendors::{Assessed, elliptic, trm};
use holdfast_workspace::Snapshot;
use serde_json::{Value, json};
use utoipa_axum::routes;

// Analyses of addresses decide nothing, transfers do. Who sent a transfer reads its analysis by its id.
const TRANSFERS: Needs = Needs::key(&["events"]);
const ANALYSES: Needs = Needs::key(&["read", "events"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("providers-formats")
        .add(Needs::signed(&["chain", "read"]), routes!(elliptic_wallet))
        .add(Needs::signed(&["events"]), routes!(elliptic_analysis))
        .add(Needs::signed(&["read", "events"]), routes!(elliptic_stored))
        .add(TRANSFERS, routes!(kyt_transfer))
        .add(TRANSFERS, routes!(kyt_attempt))
        .add(ANALYSES.personal(), routes!(kyt_summary))
        .add(ANALYSES.personal(), routes!(kyt_part))
        .add(Needs::key(&["chain", "read", "events"]), routes!(kyt_categories))
        .add(CHAIN, routes!(trm_addresses))
}

/// Largest request body.
const MAX_BODY: usize = 1 << 20;

/// Returns an error in the form of the provider that the path belongs to.
pub fn error(path: &str, e: ApiError) -> Response {
    let status = e.status.as_u16();
    let body = if path.starts_with("/v2/") {
        let name = match status {
            400 => "BadRequestError",
            401 => "UnauthorizedError",
            403 => "ForbiddenError",
            404 if e.message.starts_with(NOT_IN_BLOCKCHAIN) => "NotInBlockchain",
            404 => "NotFoundError",
            429 => "TooManyRequestsError",
            _ => "InternalError",
        };
        json!({ "name": name, "message": e.message })
    } else if path.starts_with("/api/kyt/") {
        json!({ "status": status, "message": e.message })
    } else if path.starts_with("/public/v2/") {
        json!({ "code": status, "name": e.status.canonical_reason(), "message": e.message })
    } else {
        return e.into_response();
    };
    e.log();
    (e.status, Json(body)).into_response()
}

/// A failed request of one of the three.
#[derive(Debug)]
pub struct Failed(&'static str, ApiError);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        error(self.0, self.1)
    }
}

const ELLIPTIC: &str = "/v2/";
const KYT: &str = "/api/kyt/";
const TRM: &str = "/public/v2/";
const NOT_IN_BLOCKCHAIN: &str = "not in the blockchain: ";

fn in_form<E: Into<ApiError>>(path: &'static str) -> impl Fn(E) -> Failed {
    move |e| Failed(path, e.into())
}

fn read<T: serde::de::DeserializeOwned>(path: &'static str, body: &[u8]) -> Result<T, Failed> {
    if body.len() > MAX_BODY {
        let message = format!("body: more than {MAX_BODY} bytes");
        return Err(Failed(path, ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)));
    }
    json(body).map_err(in_form(path))
}

fn not_found(path: &'static str, what: String) -> Failed {
    Failed(path, ApiError::new(StatusCode::NOT_FOUND, what))
}

/// The asset is not covered: Elliptic's form of it is 403, as for an asset that is not in a customer's plan.
fn unsupported(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, message)
}

/// Price of an asset in US cents, where prices are in US dollars.
async fn price_in_usd(shared: &AppState, asset: String) -> Result<Option<Price>, ApiError> {
    let screening = shared.screening.clone();
    let price = move || match screening.book().file.policy.reference_currency == "USD" {
        true => Ok(screening.price(&asset)?),
        false => Ok(None),
    };
    run_blocking(price).await
}

fn ledger_asset(workspace: &Snapshot) -> &'static str {
    workspace.ledger.network().parameters().asset
}

/// Whether a transfer of an asset can be looked up in the ledger.
fn is_ledgers(workspace: &Snapshot, asset: &str) -> bool {
    let ours = ledger_asset(workspace);
    let same = |name: &str| asset.eq_ignore_ascii_case(name);
    same(ours) || same("holistic") || (ours == "BTC" && same("XBT"))
}

/// The asset whose chain an address is to be looked up on: the ledger's for `holistic`, where the address has its form.
fn asset_for(workspace: &Snapshot, asset: &str, address: &str) -> String {
    if !asset.eq_ignore_ascii_case("holistic") {
        return asset.to_ascii_uppercase();
    }
    match AddressKey::parse(address, workspace.ledger.network()) {
        Ok(_) => ledger_asset(workspace).to_owned(),
        Err(_) => "holistic".to_owned(),
    }
}

/// Facts of an address, with the price of what the ledger counts.
async fn address(shared: &AppState, asset: String, address: String) -> Result<(ChainFacts, Option<Price>), ApiError> {
    let state = shared.clone();
    let look = move || {
        let snapshot = state.snapshot_about(&asset, &address);
        let asset = asset_for(&snapshot, &asset, &address);
        Ok((address_facts(&snapshot, &asset, &address), ledger_asset(&snapshot)))
    };
    let (facts, asset) = run_blocking(look).await?;
    Ok((facts, price_in_usd(shared, asset.to_owned()).await?))
}

/// Screens an address (Elliptic AML API v2). Signed with the headers x-access-key, x-access-sign, x-access-timestamp.
#[utoipa::path(post, path = "/v2/wallet/synchronous", request_body(content = elliptic::Request, example = json!({"type": "wallet_exposure",
    "customer_reference": "c-1", "subject": {"asset": "holistic", "blockchain": "holistic", "type": "address", "hash": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"}})),
    responses((status = 200, body = Object), (status = 400, body = Object), (status = 401, body = Object), (status = 404, body = Object)))]
pub async fn elliptic_wallet(State(shared): State<AppState>, body: Bytes) -> Result<Json<Value>, Failed> {
    let request: elliptic::Request = read(ELLIPTIC, &body)?;
    request.validate(&["wallet_exposure"], "address").map_err(in_form(ELLIPTIC))?;
    let subject = &request.subject;
    let (facts, price) =
        address(&shared, subject.asset.clone(), subject.hash.clone()).await.map_err(in_form(ELLIPTIC))?;
    if let Some(why) = &facts.unavailable {
        return Err(Failed(ELLIPTIC, ApiError::bad(format!("subject.hash: {why}"))));
    }
    if !is_covered(&facts) {
        return Err(Failed(ELLIPTIC, unsupported(&format!("subject.asset: {}", not_covered(&subject.asset, &facts)))));
    }
    if facts.ledger && !facts.found && facts.tags.is_empty() {
        let what = format!("{NOT_IN_BLOCKCHAIN}address {} has no transaction in this ledger and no tag", subject.hash);
        return Err(not_found(ELLIPTIC, what));
    }
    let seen = Assessed { facts: &facts, decision: None, price, time: shared.screening.now() };
    Ok(Json(elliptic::wallet(&request, &seen)))
}

/// An output: its number, base units, address.
type Found = (u32, u64, Option<String>);

/// Finds an output of a transaction, confirmed or in the mempool, by its address or number.
fn output(
    workspace: &Snapshot,
    mempool: &Mempool,
    txid: &str,
    address: Option<&str>,
    number: Option<u32>,
) -> Result<Option<Found>, ApiError> {
    let Ok(hash) = txid.parse::<Txid>() else { return Ok(None) };
    let (ledger, network) = (&workspace.ledger, workspace.ledger.network());
    let outputs: Vec<Found> = match ledger.tx_by_id(&hash) {
        Some(tx) => {
            let first = ledger.outputs(tx).start;
            let one = |o: u64| {
                let address = ledger.address(ledger.address_of(o)).to_text(network);
                (u32::try_from(o - first).unwrap_or(u32::MAX), ledger.value(o), Some(address))
            };
            ledger.outputs(tx).map(one).collect()
        }
        None => {
            let pending = mempool.get(&hash).map(|tx| tx.outputs.as_slice()).unwrap_or_default();
            let one = |(i, (value, key)): (u32, &(u64, AddressKey))| (i, *value, Some(key.to_text(network)));
            (0..).zip(pending).map(one).collect()
        }
    };
    Ok(outputs.into_iter().find(|o| match (address, number) {
        (Some(address), _) => o.2.as_deref() == Some(address),
        (None, Some(number)) => o.0 == number,
        (None, None) => false,
    }))
}

/// The event as decided before, or decided now.
async fn decided(shared: &AppState, caller: &Caller, event: Event) -> Result<DecidedEvent, ApiError> {
    match decide_event(shared, caller, event.clone()).await {
        // Sent again: the first answer stands, whatever the time of the second query.
        Ok(_) => {}
        Err(e) if e.status == StatusCode::CONFLICT => {}
        Err(e) => return Err(e),
    }
    let state = shared.clone();
    run_blocking(move || Ok(state.screening.event(&event.id)?)).await
}

/// An event decided before, if it was.
async fn known(shared: &AppState, id: String) -> Result<Option<DecidedEvent>, ApiError> {
    let state = shared.clone();
    match run_blocking(move || Ok(state.screening.event(&id)?)).await {
        Ok(decided) => Ok(Some(decided)),
        Err(e) if e.status == StatusCode::NOT_FOUND => Ok(None),
        Err(e) => Err(e),
    }
}

/// Price of an event's asset in US cents.
async fn price_for(shared: &AppState, event: &Event) -> Result<Option<Price>, ApiError> {
    price_in_usd(shared, event.asset.clone().unwrap_or_default()).await
}

fn usd_value(decided: &DecidedEvent) -> Option<f64> {
    decided.decision.value.map(|v| v as f64 / 100.0)
}

fn assessed(decided: &DecidedEvent, price: Option<Price>) -> Assessed<'_> {
    Assessed { facts: &decided.facts, decision: Some(&decided.decision), price, time: decided.decision.decided }
}

/// Id of the event of an Elliptic analysis.
fn elliptic_event(analysis: &str) -> String {
    format!("elliptic:{analysis}")
}

/// Screens a transfer (Elliptic AML API v2) and decides on it: `source_of_funds` is a deposit, `destination_of_funds` a withdrawal.
#[utoipa::path(post, path = "/v2/analyses/synchronous", request_body(content = elliptic::Request, example = json!({"type": "source_of_funds",
    "customer_reference": "c-1", "subject": {"asset": "BTC", "blockchain": "bitcoin", "type": "transaction", "output_type": "address",
    "hash": "2d7b8af1d0043da6149508f6faf34d4e130451169300ad3fc5e1f8a5d65f9ccb", "output_address": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"}})),
    responses((status = 200, body = Object), (status = 400, body = Object), (status = 401, body = Object), (status = 404, body = Object)))]
pub async fn elliptic_analysis(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Json<Value>, Failed> {
    let request: elliptic::Request = read(ELLIPTIC, &body)?;
    analyse(&shared, &caller, &request).await.map(Json).map_err(in_form(ELLIPTIC))
}

async fn analyse(shared: &AppState, caller: &Caller, request: &elliptic::Request) -> Result<Value, ApiError> {
    request.validate(&["source_of_funds", "destination_of_funds"], "transaction")?;
    let subject = &request.subject;
    let Some(customer) = request.customer_reference.clone() else {
        return Err(ApiError::bad("customer_reference: missing; a transfer is a customer's"));
    };
    let number = match subject.output_indices.as_deref() {
        None => subject.log_index,
        Some([one]) => Some(*one),
        Some(_) => return Err(ApiError::bad("subject.output_indices: name one output; send one request for each")),
    };
    let id = elliptic_event(&elliptic::analysis_id(request));
    let done = match known(shared, id.clone()).await? {
        Some(done) => done,
        None => {
            let (hash, address) = (subject.hash.clone(), subject.output_address.clone());
            let wanted = subject.asset.clone();
            let state = shared.clone();
            let look = move || {
                let snapshot = state.snapshot_about(&wanted, &hash);
                let w = &*snapshot;
                let mempool = state.mempools.of(w.ledger.network());
                if !is_ledgers(w, &wanted) {
                    return Err(unsupported(&format!(
                        "subject.asset: {}",
                        not_covered(&wanted, &ChainFacts::default())
                    )));
                }
                Ok((output(w, &mempool, &hash, address.as_deref(), number)?, ledger_asset(w)))
            };
            let (found, asset) = run_blocking(look).await?;
            let Some((number, amount, address)) = found else {
                let message = format!(
                    "{NOT_IN_BLOCKCHAIN}transaction {} with that output is neither in this ledger nor in the mempool that is followed",
                    subject.hash
                );
                return Err(ApiError::new(StatusCode::NOT_FOUND, message));
            };
            let kind = if request.kind == "source_of_funds" { EventKind::Deposit } else { EventKind::Withdrawal };
            let mut event = Event::new(kind, id, shared.screening.now(), customer);
            event.asset = Some(asset.to_owned());
            event.amount = Some(amount.into());
            event.reference = Some(format!("{}:{number}", subject.hash));
            if kind == EventKind::Deposit {
                event.tx = Some(subject.hash.clone());
                event.output = Some(number);
                event.address = address;
            } else {
                event.counterparty = address;
            }
            decided(shared, caller, event).await?
        }
    };
    let price = price_for(shared, &done.event).await?;
    Ok(elliptic::analysis(request, &assessed(&done, price), usd_value(&done)))
}

/// Returns the analysis of a transfer that was screened before (Elliptic AML API v2).
#[utoipa::path(get, path = "/v2/analyses/{id}", params(("id" = String, Path, description = "Id of the analysis")),
    responses((status = 200, body = Object), (status = 401, body = Object), (status = 404, body = Object)))]
pub async fn elliptic_stored(State(shared): State<AppState>, Path(id): Path<String>) -> Result<Json<Value>, Failed> {
    let found = known(&shared, elliptic_event(&id)).await.map_err(in_form(ELLIPTIC))?;
    let done = found.ok_or_else(|| not_found(ELLIPTIC, format!("no analysis '{id}'")))?;
    let price = price_for(&shared, &done.event).await.map_err(in_form(ELLIPTIC))?;
    let event = &done.event;
    let deposit = event.kind == EventKind::Deposit;
    let reference = event.reference.as_deref().and_then(|r| r.split_once(':'));
    let request = elliptic::Request {
        kind: if deposit { "source_of_funds" } else { "destination_of_funds" }.to_owned(),
        customer_reference: Some(event.customer.clone()),
        subject: elliptic::Subject {
            asset: event.asset.clone().unwrap_or_default(),
            blockchain: None,
            kind: "transaction".to_owned(),
            hash: reference.map(|r| r.0.to_owned()).unwrap_or_default(),
            output_type: Some("indices".to_owned()),
            output_address: None,
            output_indices: reference.and_then(|r| r.1.parse().ok()).map(|n| vec![n]),
            log_index: None,
        },
    };
    let mut answer = elliptic::analysis(&request, &assessed(&done, price), usd_value(&done));
    answer["id"] = id.into();
    Ok(Json(answer))
}

/// Registers a transfer (Chainalysis KYT v2) and decides on it: `received` is a deposit, `sent` a withdrawal. Header `Token`.
#[utoipa::path(post, path = "/api/kyt/v2/users/{user}/transfers", params(("user" = String, Path, description = "The customer")),
    request_body(content = Transfer, example = json!({"network": "Bitcoin", "asset": "BTC", "direction": "received",
        "transferReference": "2d7b8af1d0043da6149508f6faf34d4e130451169300ad3fc5e1f8a5d65f9ccb:13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"})), responses((status = 202, body = Object), (status = 400, body = Object)))]
pub async fn kyt_transfer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Response, Failed> {
    let transfer: Transfer = read(KYT, &body)?;
    let network = transfer.network.clone();
    let run = async {
        if let Some(done) = known(&shared, Kind::Transfer.event_id(&transfer.id(&user))).await? {
            return Ok(done);
        }
        let now = shared.screening.now();
        let user = user.clone();
        let state = shared.clone();
        let event = run_blocking(move || {
            let w = state.snapshot_about(&transfer.asset, "");
            let mempool = state.mempools.of(w.ledger.network());
            let find = |tx: &str, place: &str| {
                let number = place.parse::<u32>().ok();
                output(&w, &mempool, tx, number.is_none().then_some(place), number).ok().flatten().map(|f| (f.0, f.1))
            };
            Ok(transfer.event(&user, now, find)?)
        })
        .await?;
        decided(&shared, &caller, event).await
    };
    let done = run.await.map_err(in_form(KYT))?;
    Ok((StatusCode::ACCEPTED, Json(chainalysis::summary(&done, Some(&network)))).into_response())
}

/// Registers a withdrawal attempt (Chainalysis KYT v2) and decides on it.
#[utoipa::path(post, path = "/api/kyt/v2/users/{user}/withdrawal-attempts", params(("user" = String, Path, description = "The customer")),
    request_body(content = WithdrawalAttempt, example = json!({"network": "Bitcoin", "asset": "BTC", "assetAmount": 0.25,
        "address": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "attemptIdentifier": "w-1", "attemptTimestamp": "2026-11-24T10:00:00"})), responses((status = 202, body = Object), (status = 400, body = Object), (status = 409, body = Object)))]
pub async fn kyt_attempt(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Response, Failed> {
    let attempt: WithdrawalAttempt = read(KYT, &body)?;
    let event = attempt.event(&user).map_err(in_form(KYT))?;
    // An attempt sent again with other content is a conflict, not the same attempt.
    decide_event(&shared, &caller, event.clone()).await.map_err(in_form(KYT))?;
    let state = shared.clone();
    let done = run_blocking(move || Ok(state.screening.event(&event.id)?)).await.map_err(in_form(KYT))?;
    Ok((StatusCode::ACCEPTED, Json(chainalysis::summary(&done, Some(&attempt.network)))).into_response())
}

async fn registered(shared: &AppState, kind: &str, id: &str) -> Result<DecidedEvent, Failed> {
    let found = match Kind::from_path(kind) {
        Some(kind) => known(shared, kind.event_id(id)).await.map_err(in_form(KYT))?,
        None => None,
    };
    found.ok_or_else(|| not_found(KYT, format!("nothing is registered under {kind}/{id}")))
}

/// Returns a registered transfer or withdrawal attempt (Chainalysis KYT v2).
#[utoipa::path(get, path = "/api/kyt/v2/{kind}/{id}",
    params(("kind" = String, Path, description = "transfers or withdrawal-attempts"), ("id" = String, Path, description = "externalId")),
    responses((status = 200, body = Object), (status = 404, body = Object)))]
pub async fn kyt_summary(
    State(shared): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Value>, Failed> {
    Ok(Json(chainalysis::summary(&registered(&shared, &kind, &id).await?, None)))
}

/// Returns exposures, alerts, network identifications or high-risk addresses of what is registered (Chainalysis KYT v2).
#[utoipa::path(get, path = "/api/kyt/v2/{kind}/{id}/{part}",
    params(("kind" = String, Path, description = "transfers or withdrawal-attempts"), ("id" = String, Path, description = "externalId"),
        ("part" = String, Path, description = "exposures, alerts, network-identifications or high-risk-addresses")),
    responses((status = 200, body = Object), (status = 404, body = Object)))]
pub async fn kyt_part(
    State(shared): State<AppState>,
    Path((kind, id, part)): Path<(String, String, String)>,
) -> Result<Json<Value>, Failed> {
    let done = registered(&shared, &kind, &id).await?;
    let price = price_for(&shared, &done.event).await.map_err(in_form(KYT))?;
    let seen = assessed(&done, price);
    Ok(Json(match part.as_str() {
        "exposures" if !is_covered(&done.facts) => {
            let asset = done.event.asset.as_deref().unwrap_or_default();
            return Err(not_found(KYT, format!("{kind}/{id} is not processed: {}", not_covered(asset, &done.facts))));
        }
        "exposures" => chainalysis::exposures(&seen),
        "alerts" => chainalysis::alerts(&seen, &id),
        "network-identifications" => chainalysis::network_identifications(&seen),
        "high-risk-addresses" => chainalysis::high_risk_addresses(&seen),
        other => return Err(not_found(KYT, format!("no part '{other}' of {kind}"))),
    }))
}

/// Returns the categories with their numbers (Chainalysis KYT v2).
#[utoipa::path(get, path = "/api/kyt/v2/categories", responses((status = 200, body = Object)))]
pub async fn kyt_categories() -> Json<Value> {
    Json(chainalysis::categories())
}

/// Screens up to 100 addresses (TRM Labs). HTTP Basic with the key as user name and password.
#[utoipa::path(post, path = "/public/v2/screening/addresses", request_body(content = Vec<trm::Request>,
    example = json!([{"address": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "chain": "bitcoin"}])),
    responses((status = 201, body = Vec<Object>), (status = 400, body = Object)))]
pub async fn trm_addresses(State(shared): State<AppState>, body: Bytes) -> Result<Response, Failed> {
    let requests: Vec<trm::Request> = read(TRM, &body)?;
    if requests.is_empty() || requests.len() > trm::MAX_ADDRESSES {
        let what = format!("body: send 1 to {} addresses, not {}", trm::MAX_ADDRESSES, requests.len());
        return Err(Failed(TRM, ApiError::bad(what)));
    }
    let mut assets = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        let asset = request.validate().map_err(|e| Failed(TRM, ApiError::bad(format!("[{i}].{e}"))))?;
        assets.push(asset);
    }
    let mut items = Vec::new();
    // TRM's answer cannot express "not screened": an empty item reads as clean. So such a request is refused with the addresses to leave out.
    let mut refused = Vec::new();
    for (i, (request, asset)) in requests.iter().zip(assets).enumerate() {
        let (facts, price) = address(&shared, asset.to_owned(), request.address.clone()).await.map_err(in_form(TRM))?;
        if let Some(why) = &facts.unavailable {
            refused.push(format!("[{i}].address: {why}"));
            continue;
        }
        if !is_covered(&facts) {
            refused.push(format!("[{i}].chain: {} ({asset})", not_covered(&request.chain, &facts)));
            continue;
        }
        let seen = Assessed { facts: &facts, decision: None, price, time: shared.screening.now() };
        items.push(trm::item(request, &seen));
    }
    if !refused.is_empty() {
        return Err(Failed(TRM, ApiError::bad(refused.join("; "))));
    }
    Ok((StatusCode::CREATED, Json(items)).into_response())
}
