//! Customers: finding one, and all that the desk has of one.

use crate::answers::screening::CustomerFile;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use holdfast_cases::case::{CaseState, ItemKind, Person};
use holdfast_cases::customers;
use holdfast_requests::intake::RequestState;
use holdfast_requests::request::Kind;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{Needs, READ, READERS, Routes};
use holdfast_types::ids::CaseId;
use holdfast_workbench::customer::{self, Overview};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("customers")
        .add(READ.personal(), routes!(find_customers))
        .add(READ.personal(), routes!(customer))
        .add(READ.personal(), routes!(customer_overview))
        .add(Needs::key(&["alerts"]), routes!(note_customer))
}

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CustomersQuery {
    /// Id, name, mail address, telephone, address, account, IBAN, document or device.
    q: String,
}

/// A customer that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundCustomer {
    /// The customer's id.
    customer: String,
    /// Records and events that state what was searched for; empty where it is the id.
    stated_by: Vec<String>,
}

/// Returns the customers that a text names, at most 100.
#[utoipa::path(get, path = "/api/v1/customers", params(CustomersQuery), responses((status = 200, body = Vec<FoundCustomer>), (status = 400, body = ErrorBody)))]
pub async fn find_customers(
    State(shared): State<AppState>,
    Query(query): Query<CustomersQuery>,
) -> Answer<Vec<FoundCustomer>> {
    if query.q.trim().is_empty() {
        return Err(ApiError::bad("q: it is missing; write what to look for"));
    }
    let found = run_blocking(move || Ok(customers::find(&shared.screening, &query.q)?)).await?;
    let found = found.customers.into_iter().map(|(customer, stated_by)| FoundCustomer { customer, stated_by });
    Ok(Json(found.collect()))
}

/// A case in which a customer is, or one of their events, alerts and holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerCase {
    /// Number.
    #[schema(value_type = u64)]
    id: CaseId,
    /// Title.
    title: String,
    /// open or closed.
    state: CaseState,
}

/// A request in which a reviewer said that a customer is meant or not.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerRequest {
    /// Id.
    id: String,
    /// What it asks for.
    #[schema(value_type = String)]
    kind: Kind,
    /// open, prepared or answered.
    state: RequestState,
    /// accepted or rejected.
    verdict: String,
}

/// All that the desk has of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerAnswer {
    #[serde(flatten)]
    file: CustomerFile,
    /// Cases that the caller may read; absent for callers who read none.
    #[serde(skip_serializing_if = "Option::is_none")]
    cases: Option<Vec<CustomerCase>>,
    /// Requests; absent for callers who read none.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Vec<CustomerRequest>>,
}

/// Returns what the desk has of a customer: what the exchange stated, the latest events with their decisions, alerts, holds, cases, requests.
#[utoipa::path(get, path = "/api/v1/customers/{id}", params(("id" = String, Path, description = "The exchange's id of the customer")),
    responses((status = 200, body = CustomerAnswer), (status = 404, body = ErrorBody)))]
pub async fn customer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer<CustomerAnswer> {
    let read = move || {
        let file = customers::of(&shared.screening, &id)?;
        let reads = READERS.scopes().iter().any(|scope| caller.may(scope));
        let (mut cases, mut requests) = (None, None);
        if reads {
            let mut items = vec![(ItemKind::Subject, id.clone())];
            items.extend(file.alerts.iter().map(|alert| (ItemKind::Alert, alert.id.to_string())));
            items.extend(file.holds.iter().map(|hold| (ItemKind::Hold, hold.id.to_string())));
            items.extend(file.events.iter().map(|decided| (ItemKind::Event, decided.event.id.clone())));
            let person =
                Person { name: caller.0.to_string(), reads_all: caller.may("audit"), changes_all: caller.may("admin") };
            let found = shared.cases().with_items(&items, &person)?;
            cases =
                Some(found.into_iter().map(|c| CustomerCase { id: c.id, title: c.title, state: c.state }).collect());
            let found = shared.desk().about_customer(&id, &caller.0)?;
            let request = |(stored, verdict): (holdfast_requests::intake::Stored, String)| CustomerRequest {
                id: stored.request.id,
                kind: stored.request.kind,
                state: stored.state,
                verdict,
            };
            requests = Some(found.into_iter().map(request).collect());
        }
        Ok(CustomerAnswer { file: file.into(), cases, requests })
    };
    run_blocking(read).await.map(Json)
}

/// Returns a customer seen whole: flows by month, where deposits came from, balances as last stated, who shares things, notes.
#[utoipa::path(get, path = "/api/v1/customers/{id}/overview", params(("id" = String, Path, description = "The exchange's id of the customer")),
    responses((status = 200, body = Overview), (status = 404, body = ErrorBody)))]
pub async fn customer_overview(State(shared): State<AppState>, Path(id): Path<String>) -> Answer<Overview> {
    let read = move || {
        let file = customers::of(&shared.screening, &id)?;
        Ok(customer::overview(&shared.screening, &file)?)
    };
    run_blocking(read).await.map(Json)
}

/// A note to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomerNote {
    /// What; people named as `@name` find it among what waits for them.
    text: String,
}

/// A note that was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerNoteAnswer {
    /// Its number.
    id: u64,
}

/// Adds a note on a customer.
#[utoipa::path(post, path = "/api/v1/customers/{id}/notes", params(("id" = String, Path, description = "The exchange's id of the customer")), request_body = NewCustomerNote,
    responses((status = 200, body = CustomerNoteAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn note_customer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<CustomerNoteAnswer> {
    let note: NewCustomerNote = json(&body)?;
    let add = move || {
        let file = customers::of(&shared.screening, &id)?;
        Ok(customer::add_note(&shared.screening, &file.customer, &note.text, &caller.0)?)
    };
    run_blocking(add).await.map(|id| Json(CustomerNoteAnswer { id }))
}
