//! The people who act at the desk.

use crate::Shared;
use crate::answers::identity::Person;
use crate::answers::{each, one};
use crate::blocking::run_blocking;
use crate::body::{Answer, json};
use crate::error::ErrorBody;
use crate::gate::Caller;
use crate::routes::{MANAGE, Routes};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use holdfast_identity::PersonState;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("people").add(MANAGE, routes!(people)).add(MANAGE, routes!(set_person))
}

/// A change of a person's state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonBody {
    /// active or suspended.
    state: PersonState,
    /// Reason.
    reason: String,
}

/// Returns the people who act at the desk.
#[utoipa::path(get, path = "/api/v1/people", responses((status = 200, body = Vec<Person>)))]
pub async fn people(State(shared): State<Shared>) -> Answer<Vec<Person>> {
    run_blocking(move || Ok(shared.screening.people()?)).await.map(each)
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
    run_blocking(move || {
        let person = shared.screening.set_person_state(id, request.state, &request.reason, &caller.0)?;
        shared.gate.set(shared.screening.keys()?);
        Ok(person)
    })
    .await
    .map(one)
}
