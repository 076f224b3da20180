//! One's own passkeys, a second factor for signing in to the desk's pages. A browser makes them; signing in with one is a step of the pages.

use crate::answers::identity::Passkey;
use crate::portal::PasskeyBody;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use holdfast_identity::AddedPasskey;
use holdfast_state::AppState;
use holdfast_state::answers::each;
use holdfast_state::auth::Caller;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::ErrorBody;
use holdfast_state::limits;
use holdfast_state::routes::{EVERYBODY, Routes};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource: passkeys are everybody's own.
pub(crate) fn routes() -> Routes {
    Routes::new("passkeys")
        .limits(|n| n.body(limits::TINY))
        .add(EVERYBODY, routes!(own_passkeys))
        .add(EVERYBODY, routes!(begin_own_passkey))
        .add(EVERYBODY, routes!(add_own_passkey))
        .add(EVERYBODY, routes!(rename_own_passkey))
        .add(EVERYBODY, routes!(remove_own_passkey))
}

/// Returns one's own passkeys, oldest first.
#[utoipa::path(get, path = "/api/v1/second-factor/passkeys", responses((status = 200, body = Vec<Passkey>), (status = 404, body = ErrorBody)))]
pub async fn own_passkeys(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<Passkey>> {
    let person = shared.person(&caller.0).await?;
    shared.passkeys(person).await.map(each)
}

/// Begins to add a passkey: options for `navigator.credentials.create` (WebAuthn, as JSON). Whoever has a second factor begins in a session that a
/// second factor opened.
#[utoipa::path(post, path = "/api/v1/second-factor/passkeys",
    responses((status = 200, body = Object), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn begin_own_passkey(State(shared): State<AppState>, Extension(caller): Extension<Caller>) -> Answer<Value> {
    let person = shared.person(&caller.0).await?;
    shared.begin_passkey(person, Some(&caller)).await.map(Json)
}

/// Adds the passkey that the browser made: from then on signing in to the pages needs a second factor.
#[utoipa::path(put, path = "/api/v1/second-factor/passkeys", request_body(content = PasskeyBody,
    example = json!({"name": "laptop", "credential": {"id": "AAECAw", "type": "public-key"}})),
    responses((status = 200, body = AddedPasskey), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_own_passkey(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<AddedPasskey> {
    let made: PasskeyBody = json(&body)?;
    let person = shared.person(&caller.0).await?;
    shared.add_passkey(person, Some(&caller), made.name, &made.credential).await.map(Json)
}

/// A passkey's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyName {
    /// Name.
    name: String,
}

/// Renames a passkey, in a session that a second factor opened.
#[utoipa::path(put, path = "/api/v1/second-factor/passkeys/{id}", params(("id" = String, Path, description = "Credential id, hex")),
    request_body(content = PasskeyName, example = json!({"name": "laptop"})),
    responses((status = 200, body = Vec<Passkey>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rename_own_passkey(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Vec<Passkey>> {
    let new: PasskeyName = json(&body)?;
    let person = shared.person(&caller.0).await?;
    shared.rename_passkey(person.clone(), &caller, id, new.name).await?;
    shared.passkeys(person).await.map(each)
}

/// Removes a passkey, in a session that a second factor opened; the last second factor stays.
#[utoipa::path(delete, path = "/api/v1/second-factor/passkeys/{id}", params(("id" = String, Path, description = "Credential id, hex")),
    responses((status = 200, body = Vec<Passkey>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn remove_own_passkey(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer<Vec<Passkey>> {
    let person = shared.person(&caller.0).await?;
    shared.remove_passkey(person.clone(), &caller, id).await?;
    shared.passkeys(person).await.map(each)
}
