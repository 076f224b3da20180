//! API keys, and the keys of the desk itself.

use crate::answers::identity;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{MANAGE, Routes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub use holdfast_state::people::{MadeKey, NewKey};

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("keys")
        .add(MANAGE, routes!(keys))
        .add(MANAGE, routes!(create_key))
        .add(MANAGE, routes!(change_key))
        .add(MANAGE, routes!(revoke_key))
        .add(MANAGE, routes!(desk_keys))
        .add(MANAGE, routes!(retire_desk_key))
}

/// A key to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// Name of its owner.
    name: String,
    /// chain, read, events, records, holds, alerts, rules, desk, approve, audit, manage, partner, academy, metrics, admin. Nobody grants a scope that
    /// they do not have.
    scopes: Vec<String>,
    /// Requests a minute; 0 for no limit.
    #[serde(default)]
    per_minute: u32,
    /// Its owner, where a person has several keys; by default a person of the key's name. Whoever makes a key of another person who has keys
    /// already waits for a second person.
    #[serde(default)]
    person: Option<String>,
}

/// A key that was created.
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

/// Creates a key. A key with the scope admin, manage or rules, or with one that the caller does not have, opens nothing until another person, who has
/// all its scopes, approves it (`/api/v1/changes`).
#[utoipa::path(post, path = "/api/v1/keys", request_body(content = KeyRequest, example = json!({"name": "wallet service", "scopes": ["events"], "per_minute": 6000})),
    responses((status = 200, body = KeyAnswer), (status = 202, body = KeyAnswer, description = "Waits for a second person"), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn create_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let KeyRequest { name, scopes, per_minute, person } = json(&body)?;
    let made = run_blocking(move || shared.create_key(&caller, NewKey { name, person, scopes, per_minute })).await?;
    let status = if made.change.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let answer = KeyAnswer {
        elliptic_secret: holdfast_vendors::elliptic::secret_of(&made.token),
        key: made.key.into(),
        token: made.token,
        change: made.change.map(|c| c.id),
    };
    Ok((status, Json(answer)).into_response())
}

/// Other scopes of a key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopesRequest {
    /// What the key may do from then on, in place of what it may do now.
    scopes: Vec<String>,
}

/// A key whose scopes were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScopesAnswer {
    /// The key as it is now.
    key: identity::ApiKey,
    /// The change that another person must approve before the key has the scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<u64>,
}

/// Changes the scopes of a key. What it gains beyond what the caller has, and the scopes admin, manage and rules, wait for another person, who has all
/// of them (`/api/v1/changes`). The last administrator's key stays one.
#[utoipa::path(put, path = "/api/v1/keys/{id}", params(("id" = String, Path, description = "Public part of the key")),
    request_body(content = ScopesRequest, example = json!({"scopes": ["read", "alerts", "holds", "desk"]})),
    responses((status = 200, body = ScopesAnswer), (status = 202, body = ScopesAnswer, description = "Waits for a second person"),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn change_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let ScopesRequest { scopes } = json(&body)?;
    let (key, change) = run_blocking(move || shared.change_key(&caller, &id, scopes)).await?;
    let status = if change.is_some() { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(ScopesAnswer { key: key.into(), change: change.map(|c| c.id) })).into_response())
}

/// Revokes a key; the last administrator's stays.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", params(("id" = String, Path, description = "Public part of the key")),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn revoke_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    run_blocking(move || shared.revoke_key(&id, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns the keys of the desk itself, from which all secrets are derived, oldest first. Their secrets are not in the database.
#[utoipa::path(get, path = "/api/v1/desk-keys", responses((status = 200, body = Vec<identity::DeskKey>)))]
pub async fn desk_keys(State(shared): State<AppState>) -> Answer<Vec<identity::DeskKey>> {
    run_blocking(move || shared.desk_keys()).await.map(each)
}

/// Why a key of the desk is retired.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireRequest {
    /// Reason, for the audit log.
    reason: String,
}

/// What a key's retirement ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retired {
    /// Id of the key.
    retired: String,
    /// API keys that were derived from it and are revoked.
    revoked: u64,
}

/// Retires an older key of the desk itself, because it may have leaked: what was derived from it is no longer valid. API keys that were derived
/// from it are revoked; apps of second factors, keys of officers, learners and communities, and secrets of webhooks that were are void. It still
/// opens what was sealed for it. The key in use stays: another is added first, with the server stopped (`holdfast keys rotate-desk-key`).
#[utoipa::path(post, path = "/api/v1/desk-keys/{id}/retire", params(("id" = String, Path, description = "Id of the key")),
    request_body(content = RetireRequest, example = json!({"reason": "a backup with desk.key was lost"})),
    responses((status = 200, body = Retired), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn retire_desk_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Retired> {
    let RetireRequest { reason } = json(&body)?;
    let key = id.clone();
    let revoked = run_blocking(move || shared.retire_desk_key(&key, &reason, &caller.0)).await?;
    Ok(Json(Retired { retired: id, revoked }))
}
