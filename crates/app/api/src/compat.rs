//! The formats of Elliptic (AML API v2), Chainalysis (KYT v2) and TRM Labs, at their own paths, so that an exchange integrated with one of
//! them can point here. Transfers become events: they are decided, held and recorded like any other.

use crate::events::decide_event;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_bitcoin::mempool::Mempool;
use holdfast_bitcoin::{AddressKey, Txid};
use holdfast_chain_facts::{address_facts, address_facts_on};
use holdfast_decision::Price;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json;
use holdfast_state::error::ApiError;
use holdfast_state::routes::{CHAIN, Needs, Routes};
use holdfast_types::{Address, Amount, Asset, ChainId};
use holdfast_vendors::assessed::{is_covered, knows_nothing, not_covered};
use holdfast_vendors::chainalysis::{self, Kind, Transfer, WithdrawalAttempt};
use holdfast_vendors::networks::coin;
use holdfast_vendors::{Assessed, elliptic, trm};
use holdfast_workspace::{ChainQueries, Payment, Snapshot, WorkspaceError};
use serde_json::{Value, json};
use std::sync::Arc;
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
    } else if path.starts_with("/scim/") {
        e.log();
        return crate::scim::refusal(&e);
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

/// Facts of an address, with the asset that prices them where they are of one: in an asset, or in all that it holds, on a chain or on any. What no ledger
/// here holds is known by tags alone.
fn look_up(
    state: &AppState,
    chain: Option<&ChainId>,
    asset: Option<&str>,
    address: &str,
) -> Result<(ChainFacts, Option<String>), ApiError> {
    let by_tags = |asset: &str| address_facts(&state.chain().snapshot(), asset, address);
    if let Some(asset) = asset {
        let facts = match state.chains.for_transfer(asset, &[address])? {
            Some(chain) => address_facts_on(&*chain, Some(asset), address),
            None => by_tags(asset),
        };
        return Ok((facts, Some(asset.to_owned())));
    }
    let own = |chain: &dyn ChainQueries| chain.outputs().map(|snapshot| snapshot.asset().to_owned());
    if let Some(chain) = chain {
        return Ok(match state.chains.by_id(chain) {
            Some(chain) => (address_facts_on(&*chain, None, address), own(&*chain)),
            None => (by_tags("holistic"), None),
        });
    }
    let snapshot = state.snapshot_about("holistic", address);
    if snapshot.is_address(address) {
        return Ok((address_facts_on(&*snapshot, None, address), own(&*snapshot)));
    }
    // Who controls an account controls it on chains that are not held, too: only those that mention it can answer.
    let stores = |chain: &Arc<AccountSnapshot>| chain.is_address(address) && chain.stores(address);
    let on: Vec<_> = state.chains.account_snapshots().into_iter().filter(stores).collect();
    match on.as_slice() {
        [] => Ok((by_tags("holistic"), None)),
        [one] => {
            let chain = state.chains.by_id(one.chain());
            Ok((chain.map_or_else(|| by_tags("holistic"), |chain| address_facts_on(&*chain, None, address)), None))
        }
        several => {
            let names: Vec<String> = several.iter().map(|chain| chain.name()).collect();
            Err(ApiError::bad(format!("subject.blockchain: the address is on {}; name one", names.join(", "))))
        }
    }
}

/// Facts of an address, with the price of what the ledger counts.
async fn address(
    shared: &AppState,
    chain: Option<ChainId>,
    asset: Option<String>,
    address: String,
) -> Result<(ChainFacts, Option<Price>), ApiError> {
    let state = shared.clone();
    let look = move || look_up(&state, chain.as_ref(), asset.as_deref(), &address);
    let (facts, asset) = run_blocking(look).await?;
    let price = match asset {
        Some(asset) => price_in_usd(shared, asset).await?,
        None => None,
    };
    Ok((facts, price))
}

/// Screens an address (Elliptic AML API v2). Signed with the headers x-access-key, x-access-sign, x-access-timestamp.
#[utoipa::path(post, path = "/v2/wallet/synchronous", request_body(content = elliptic::Request, example = json!({"type": "wallet_exposure",
    "customer_reference": "c-1", "subject": {"asset": "holistic", "blockchain": "holistic", "type": "address", "hash": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"}})),
    responses((status = 200, body = Object), (status = 400, body = Object), (status = 401, body = Object), (status = 404, body = Object)))]
pub async fn elliptic_wallet(State(shared): State<AppState>, body: Bytes) -> Result<Json<Value>, Failed> {
    let request: elliptic::Request = read(ELLIPTIC, &body)?;
    request.validate(&["wallet_exposure"], "address").map_err(in_form(ELLIPTIC))?;
    let subject = &request.subject;
    let chain = subject.chain().map_err(in_form(ELLIPTIC))?;
    let asset = subject.asset_name().map_err(in_form(ELLIPTIC))?;
    let (facts, price) = address(&shared, chain, asset, subject.hash.clone()).await.map_err(in_form(ELLIPTIC))?;
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
type Output = (u32, u64, Option<String>);

/// Finds a payment of an asset in a transaction of an account chain, by whom it pays or by its log. Its number among the transaction's payments is given
/// where another one pays the same.
fn payment(
    chain: &dyn ChainQueries,
    asset: &str,
    tx: &str,
    address: Option<&str>,
    log: Option<u32>,
) -> Result<Option<Paid>, ApiError> {
    let payments = match chain.payments_out(tx) {
        Err(WorkspaceError::NotFound(..) | WorkspaceError::AccountQuery(..)) => return Ok(None),
        payments => payments?,
    };
    let is_meant = |payment: &Payment| {
        let place = payment.id.split_once(':').map_or("", |(_, place)| place);
        let is_log = |log: u32| place == format!("log:{log}");
        let pays = |to: &str| payment.to.as_deref().is_some_and(|own| Address::same(own, to));
        Asset::same(&payment.asset.to_string(), asset) && address.is_none_or(pays) && log.is_none_or(is_log)
    };
    if address.is_none() && log.is_none() {
        return Ok(None);
    }
    let mut meant = (0u32..).zip(&payments).filter(|(_, payment)| is_meant(payment));
    let Some((number, first)) = meant.next() else { return Ok(None) };
    let is_alone = meant.next().is_none();
    let Some(amount) = first.amount.filter(|_| is_alone || log.is_some()) else { return Ok(None) };
    Ok(Some(Paid {
        number: (!is_alone || log.is_some()).then_some(number),
        amount,
        to: first.to.clone(),
        id: first.id.clone(),
    }))
}

/// What a transaction paid: its number where one is needed, base units, the address, its name on the chain.
struct Paid {
    number: Option<u32>,
    amount: Amount,
    to: Option<String>,
    id: String,
}

/// Finds what a transaction of an asset's chain paid.
fn paid(
    state: &AppState,
    chain: &dyn ChainQueries,
    asset: &str,
    tx: &str,
    (address, number): (Option<&str>, Option<u32>),
) -> Result<Option<Paid>, ApiError> {
    let Some(snapshot) = chain.outputs() else { return payment(chain, asset, tx, address, number) };
    let mempool = state.mempools.of(snapshot.ledger.network());
    let found = output(snapshot, &mempool, tx, address, number)?;
    Ok(found.map(|(number, amount, to)| Paid {
        number: Some(number),
        amount: amount.into(),
        to,
        id: format!("{tx}:{number}"),
    }))
}

/// Finds an output of a transaction, confirmed or in the mempool, by its address or number.
fn output(
    workspace: &Snapshot,
    mempool: &Mempool,
    txid: &str,
    address: Option<&str>,
    number: Option<u32>,
) -> Result<Option<Output>, ApiError> {
    let Ok(hash) = txid.parse::<Txid>() else { return Ok(None) };
    let (ledger, network) = (&workspace.ledger, workspace.ledger.network());
    let outputs: Vec<Output> = match ledger.tx_by_id(&hash) {
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
            let (named, state) = (subject.clone(), shared.clone());
            let look = move || {
                let not_here = |asset: &str| {
                    unsupported(&format!("subject.asset: {}", not_covered(asset, &ChainFacts::default())))
                };
                let chain = named.chain()?;
                let chain = match named.asset_name()? {
                    Some(asset) => {
                        state.chains.for_transfer(&asset, &address.iter().map(String::as_str).collect::<Vec<_>>())?
                    }
                    // The coin of the chain that is named, or that stores the transaction.
                    None => match chain {
                        Some(chain) => state.chains.by_id(&chain),
                        None => Some(state.snapshot_about(&named.asset, &hash) as Arc<dyn ChainQueries>),
                    },
                };
                let chain = chain.ok_or_else(|| not_here(&named.asset))?;
                let asset = match (named.asset_name()?, chain.outputs()) {
                    (_, Some(snapshot)) => snapshot.asset().to_owned(),
                    (Some(asset), None) => asset,
                    (None, None) => coin(&chain.id()).to_string(),
                };
                Ok((paid(&state, &*chain, &asset, &hash, (address.as_deref(), number))?, asset))
            };
            let (found, asset) = run_blocking(look).await?;
            let Some(Paid { number, amount, to, id: reference }) = found else {
                let message = format!(
                    "{NOT_IN_BLOCKCHAIN}transaction {} with that output is neither in this ledger nor in the mempool that is followed",
                    subject.hash
                );
                return Err(ApiError::new(StatusCode::NOT_FOUND, message));
            };
            let kind = if request.kind == "source_of_funds" { EventKind::Deposit } else { EventKind::Withdrawal };
            let mut event = Event::new(kind, id, shared.screening.now(), customer);
            event.asset = Some(asset);
            event.amount = Some(amount);
            event.reference = Some(reference);
            if kind == EventKind::Deposit {
                event.tx = Some(subject.hash.clone());
                event.output = number;
                event.address = to;
            } else {
                event.counterparty = to;
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
            let (tx, place) = transfer.transfer_reference.split_once(':').unwrap_or((&transfer.transfer_reference, ""));
            let asset = transfer.asset()?;
            let number = place.parse::<u32>().ok();
            let address = number.is_none().then_some(place).filter(|place| !place.is_empty());
            let address = address.or(transfer.output_address.as_deref());
            let found = match state.chains.for_transfer(&asset, &address.into_iter().collect::<Vec<_>>())? {
                Some(chain) => paid(&state, &*chain, &asset, tx, (address.filter(|_| number.is_none()), number))?,
                None => None,
            };
            Ok(transfer.event(&user, now, |_, _| found.map(|found| (found.number, found.amount)))?)
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
    let mut chains = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        let chain = request.validate().map_err(|e| Failed(TRM, ApiError::bad(format!("[{i}].{e}"))))?;
        chains.push(chain);
    }
    let mut items = Vec::new();
    // TRM's answer cannot express "not screened": an empty item reads as clean. So such a request is refused with the addresses to leave out.
    let mut refused = Vec::new();
    for (i, (request, chain)) in requests.iter().zip(chains).enumerate() {
        let coin = coin(&chain).to_string();
        let (facts, price) =
            address(&shared, Some(chain), None, request.address.clone()).await.map_err(in_form(TRM))?;
        if let Some(why) = &facts.unavailable {
            refused.push(format!("[{i}].address: {why}"));
            continue;
        }
        if !is_covered(&facts) {
            refused.push(format!("[{i}].chain: {} ({coin})", not_covered(&request.chain, &facts)));
            continue;
        }
        if knows_nothing(&facts) {
            let gaps = facts.gaps.join("; ");
            refused
                .push(format!("[{i}].address: it is not known where its money came from, and no tag names it: {gaps}"));
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
