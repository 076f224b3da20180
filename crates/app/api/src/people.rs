//! The people who act at the desk.

use crate::Shared;
use crate::blocking::run_blocking;
use crate::body::{Answer, json};
use crate::error::{ApiError, ErrorBody};
use crate::gate::Caller;
use crate::routes::{MANAGE, Routes};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use holdfast_identity::{Person, PersonState, end_sessions_of, person_by_id, reset_factor};
use holdfast_store::Store;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("people")
        .add(MANAGE, routes!(people))
        .add(MANAGE, routes!(set_person))
        .add(MANAGE, routes!(reset_second_factor))
        .add(MANAGE, routes!(end_sessions))
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
    run_blocking(move || Ok(shared.screening.people()?)).await.map(Json)
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
    run_blocking(move || shared.set_person_state(id, request.state, &request.reason, &caller.0)).await.map(Json)
}

/// Why a second factor is reset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetBody {
    /// Why.
    reason: String,
}

/// Resets a person's second factor, because it is lost; nobody resets their own. The person's sessions end.
#[utoipa::path(post, path = "/api/v1/people/{id}/second-factor/reset", params(("id" = u64, Path, description = "Number of the person")),
    request_body(content = ResetBody, example = json!({"reason": "lost the telephone; called back"})),
    responses((status = 200, body = Person), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn reset_second_factor(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Person> {
    let request: ResetBody = json(&body)?;
    run_blocking(move || shared.reset_second_factor(id, request.reason, &caller.0)).await.map(Json)
}

/// Ends all open sessions of a person.
#[utoipa::path(delete, path = "/api/v1/people/{id}/sessions", params(("id" = u64, Path, description = "Number of the person")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn end_sessions(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Result<StatusCode, ApiError> {
    run_blocking(move || shared.end_sessions_of(id, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Shared {
    /// Resets a person's second factor and ends their sessions; returns the person.
    ///
    /// # Errors
    /// 400 without a reason; 404; 409 when it is one's own or there is none; 500 or 503 when it cannot be stored.
    pub fn reset_second_factor(&self, id: u64, reason: String, actor: &str) -> Result<Person, ApiError> {
        let person = Store::change(&*self.screening, actor, move |tx| {
            let person = person_by_id(tx.db(), id)?;
            reset_factor(tx, &person, &reason)?;
            end_sessions_of(tx, id)?;
            person_by_id(tx.db(), id)
        })?;
        self.drop_sessions_of(&person)?;
        Ok(person)
    }

    /// Ends all open sessions of a person.
    ///
    /// # Errors
    /// 404; 500 or 503 when it cannot be stored.
    pub fn end_sessions_of(&self, id: u64, actor: &str) -> Result<(), ApiError> {
        let person = Store::change(&*self.screening, actor, move |tx| {
            let person = person_by_id(tx.db(), id)?;
            end_sessions_of(tx, id)?;
            Ok::<_, holdfast_identity::IdentityError>(person)
        })?;
        self.drop_sessions_of(&person)
    }

    /// Ends the open sessions of a person in this process: those of suspended people too, whose keys are not in force.
    fn drop_sessions_of(&self, person: &Person) -> Result<(), ApiError> {
        let keys = self.screening.keys()?;
        let is_theirs = |id: &str| keys.iter().any(|k| k.id == id && k.person() == person.name);
        self.gate.sessions.end_where(|session| is_theirs(&session.key));
        Ok(())
    }

    /// Suspends a person, whose sessions end, or lets a suspended one act again.
    ///
    /// # Errors
    /// 400 without a reason; 404; 409 for the last administrator, or when the person is in that state; 500 or 503 when it cannot be stored.
    pub fn set_person_state(&self, id: u64, state: PersonState, reason: &str, actor: &str) -> Result<Person, ApiError> {
        let person = self.screening.set_person_state(id, state, reason, actor)?;
        self.gate.set(self.screening.keys()?);
        if state == PersonState::Suspended {
            self.end_sessions_of(id, actor)?;
        }
        Ok(person)
    }
}
