//! How long records are kept, legal holds, and erasures of customers.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_retention::erasure::Erasure;
use holdfast_retention::hold::LegalHold;
use holdfast_retention::policy::{Kept, Kind, Period};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{MANAGE, Routes, STAFF};
use holdfast_state::system::entropy;
use holdfast_types::{ErrorKind, Invalid};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("retention")
        .add(MANAGE, routes!(periods))
        .add(MANAGE, routes!(set_period))
        .add(MANAGE, routes!(kept))
        .add(STAFF, routes!(legal_holds))
        .add(STAFF, routes!(place_legal_hold))
        .add(STAFF, routes!(lift_legal_hold))
        .add(MANAGE, routes!(erasures))
        .add(MANAGE, routes!(propose_erasure))
        .add(MANAGE.long(), routes!(decide_erasure))
}

/// How long records of a kind are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodRequest {
    /// Days after the latest record.
    days: i64,
    /// The law that says so.
    basis: String,
}

/// Returns the periods that are set. Records of a kind without one are kept for good.
#[utoipa::path(get, path = "/api/v1/retention", responses((status = 200, body = Vec<Period>)))]
pub async fn periods(State(shared): State<AppState>) -> Answer<Vec<Period>> {
    run_blocking(move || Ok(shared.retention().periods()?)).await.map(Json)
}

/// Sets how long records of a kind (records, events, requests, cases, reports) are kept, and the law that says so.
#[utoipa::path(put, path = "/api/v1/retention/{kind}", params(("kind" = String, Path, description = "Kind of records")),
    request_body(content = PeriodRequest, example = json!({"days": 1826, "basis": "Directive (EU) 2015/849, Article 40"})),
    responses((status = 200, body = Period), (status = 400, body = ErrorBody)))]
pub async fn set_period(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(kind): Path<String>,
    body: Bytes,
) -> Answer<Period> {
    let PeriodRequest { days, basis } = json(&body)?;
    let kind: Kind =
        kind.parse().map_err(|_| Invalid::new("kind", "must be records, events, requests, cases or reports"))?;
    run_blocking(move || Ok(shared.retention().set_period(kind, days, &basis, &caller.0)?)).await.map(Json)
}

/// What is kept of a customer, and what stands against their erasure.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptAnswer {
    /// By kind of records.
    kept: Vec<Kept>,
    /// Legal holds, periods, what is open: a sentence each. Empty where the customer can be erased.
    obstacles: Vec<String>,
}

/// Returns what is kept of a customer until when, and what stands against their erasure.
#[utoipa::path(get, path = "/api/v1/retention/customers/{customer}", params(("customer" = String, Path, description = "Id of the customer")),
    responses((status = 200, body = KeptAnswer), (status = 404, body = ErrorBody)))]
pub async fn kept(State(shared): State<AppState>, Path(customer): Path<String>) -> Answer<KeptAnswer> {
    let answer = run_blocking(move || {
        let retention = shared.retention();
        Ok(KeptAnswer { kept: retention.kept(&customer)?, obstacles: retention.obstacles(&customer)? })
    });
    answer.await.map(Json)
}

/// Of whom.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Id of a customer; all by default.
    customer: Option<String>,
}

/// Returns legal holds, those that stand first.
#[utoipa::path(get, path = "/api/v1/legal-holds", params(CustomerQuery), responses((status = 200, body = Vec<LegalHold>)))]
pub async fn legal_holds(State(shared): State<AppState>, Query(q): Query<CustomerQuery>) -> Answer<Vec<LegalHold>> {
    run_blocking(move || Ok(shared.retention().legal_holds(q.customer.as_deref())?)).await.map(Json)
}

/// A customer, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfCustomerRequest {
    /// Id of the customer.
    customer: String,
    /// Reason, for the audit log.
    reason: String,
}

/// Places a legal hold on a customer: while it stands, nothing of them is erased.
#[utoipa::path(post, path = "/api/v1/legal-holds",
    request_body(content = OfCustomerRequest, example = json!({"customer": "c-17", "reason": "proceedings 12 Js 7/26"})),
    responses((status = 200, body = LegalHold), (status = 400, body = ErrorBody)))]
pub async fn place_legal_hold(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<LegalHold> {
    let OfCustomerRequest { customer, reason } = json(&body)?;
    run_blocking(move || Ok(shared.retention().place_legal_hold(&customer, &reason, &caller.0)?)).await.map(Json)
}

/// Why a legal hold is lifted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftRequest {
    /// Reason, for the audit log.
    reason: String,
}

/// Lifts a legal hold.
#[utoipa::path(post, path = "/api/v1/legal-holds/{id}/lift", params(("id" = u64, Path, description = "Number of the hold")),
    request_body(content = LiftRequest, example = json!({"reason": "the proceedings ended"})),
    responses((status = 200, body = LegalHold), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn lift_legal_hold(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<LegalHold> {
    let LiftRequest { reason } = json(&body)?;
    run_blocking(move || Ok(shared.retention().lift_legal_hold(id, &reason, &caller.0)?)).await.map(Json)
}

/// Returns erasures, the newest first. Of one that is done, the customer is the pseudonym.
#[utoipa::path(get, path = "/api/v1/erasures", responses((status = 200, body = Vec<Erasure>)))]
pub async fn erasures(State(shared): State<AppState>) -> Answer<Vec<Erasure>> {
    run_blocking(move || Ok(shared.retention().erasures()?)).await.map(Json)
}

/// Proposes the erasure of a customer. It is refused while a legal hold stands, a period runs, or a hold or an alert is open; another person carries it out.
#[utoipa::path(post, path = "/api/v1/erasures",
    request_body(content = OfCustomerRequest, example = json!({"customer": "c-17", "reason": "asked for on 2026-05-28"})),
    responses((status = 200, body = Erasure), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn propose_erasure(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Erasure> {
    let OfCustomerRequest { customer, reason } = json(&body)?;
    run_blocking(move || Ok(shared.retention().propose_erasure(&customer, &reason, &caller.0)?)).await.map(Json)
}

/// What another person decides on an erasure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideErasureRequest {
    /// carry_out or reject.
    decision: String,
    /// Why it is rejected, for the audit log.
    #[serde(default)]
    reason: String,
    /// SHA-256 of files of the vault that are deleted because they name the customer.
    #[serde(default)]
    delete_files: Vec<String>,
    /// Whether it is carried out as a job: the answer is the erasure as it waits, `GET /api/v1/jobs` tells how far it is, and cancelling the job stops it.
    #[serde(default)]
    background: bool,
}

/// Carries an erasure out, or rejects it; who proposed it may do neither. What identifies the customer is replaced in every table by pseudonyms that nobody can
/// turn back, the audit log states it, and every row and file is read again for what is left.
#[utoipa::path(post, path = "/api/v1/erasures/{id}", params(("id" = u64, Path, description = "Number of the erasure")),
    request_body(content = DecideErasureRequest, example = json!({"decision": "carry_out"})),
    responses((status = 200, body = Erasure), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn decide_erasure(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Erasure> {
    let DecideErasureRequest { decision, reason, delete_files, background } = json(&body)?;
    let decided = run_blocking(move || match decision.as_str() {
        "reject" => Ok(shared.retention().reject_erasure(id, &reason, &caller.0)?),
        "carry_out" if background => shared.erase_later(id, delete_files, &caller.0),
        "carry_out" => {
            let key = entropy().map_err(|e| ApiError::of(ErrorKind::Internal, e))?;
            let mut go_on = |_: u64, _: u64| match shared.status.is_stopping() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
            Ok(shared.retention().carry_out_erasure(id, key, &delete_files, &caller.0, &mut go_on)?)
        }
        other => Err(Invalid::new("decision", format!("'{other}' is neither carry_out nor reject")).into()),
    });
    decided.await.map(Json)
}
