//! API keys.

use crate::AppState;
use crate::answers::each;
use crate::answers::identity;
use crate::auth::Caller;
use crate::blocking::run_blocking;
use crate::body::{Answer, json};
use crate::changes;
use crate::error::{ApiError, ErrorBody};
use crate::routes::{MANAGE, Routes};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_identity::{ApiKey, POWERFUL, person_named, same_person};
use holdfast_screening::changes::ChangeKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("keys").add(MANAGE, routes!(keys)).add(MANAGE, routes!(create_key)).add(MANAGE, routes!(revoke_key))
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Name of its owner.
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
    key: identity::ApiKey,
    /// Shown once.
    token: String,
    /// For clients of Elliptic's API: the secret that belongs to the access key `key.id`.
    elliptic_secret: String,
    /// The change that another person must approve before the key opens anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<u64>,
}

/// Returns all keys, without their secrets.
#[utoipa::path(get, path = "/api/v1/keys", responses((status = 200, body = Vec<identity::ApiKey>)))]
pub async fn keys(State(shared): State<AppState>) -> Answer<Vec<identity::ApiKey>> {
    run_blocking(move || Ok(shared.screening.keys()?)).await.map(each)
}

/// Makes a key. A key with the scope admin, manage or rules, or with one that its maker does not have, opens nothing until another person, who has
/// all its scopes, approves it (`/api/v1/changes`).
#[utoipa::path(post, path = "/api/v1/keys", request_body(content = KeyRequest, example = json!({"name": "wallet service", "scopes": ["events"], "per_minute": 6000})),
    responses((status = 200, body = KeyAnswer), (status = 202, body = KeyAnswer, description = "Waits for a second person"), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn create_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: KeyRequest = json(&body)?;
    let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
    let id = hex::encode(&random[..6]);
    let person = request.person.clone().unwrap_or_else(|| request.name.clone());
    let (state, named) = (shared.clone(), person.clone());
    let known = run_blocking(move || Ok(state.screening.read(|db| person_named(db, &named))?)).await?;
    // Whoever could make a key of somebody else could be two people.
    let is_others = known.is_some_and(|p| !same_person(&p.name, &caller.0));
    let powerful = is_others || request.scopes.iter().any(|s| POWERFUL.contains(&s.as_str()) || !caller.may(s));
    let waits = powerful && changes::waits(&shared, &caller, ChangeKind::Key).await?;
    let state = shared.clone();
    let (key, change) = run_blocking(move || {
        let screening = &state.screening;
        let key = screening.new_key(&id, &request.name, request.scopes, request.per_minute, &caller.0)?;
        let key = ApiKey { person: request.person.map(|_| person).unwrap_or_default(), ..key };
        if waits {
            let (key, change) = screening.propose_key_of(key, &caller.0)?;
            return Ok((key, Some(change.id)));
        }
        let key = screening.add_key_of(key)?;
        state.auth.set(screening.keys()?);
        Ok((key, None))
    })
    .await?;
    let token = shared.auth.master.token(&key.id);
    let status = if change.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let answer =
        KeyAnswer { elliptic_secret: holdfast_vendors::elliptic::secret_of(&token), key: key.into(), token, change };
    Ok((status, Json(answer)).into_response())
}

/// Revokes a key; the last administrator's stays.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", params(("id" = String, Path, description = "Public part of the key")),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn revoke_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    run_blocking(move || {
        shared.screening.revoke_key(&id, &caller.0)?;
        shared.auth.set(shared.screening.keys()?);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
