//! Sign-on through the institution's identity provider: whom it signs in, and the logouts that it sends.

use crate::answers::identity::Person;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_state::AppState;
use holdfast_state::answers::one;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{Answer, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits::{Rate, SMALL};
use holdfast_state::routes::{MANAGE, Needs, Routes};
use holdfast_state::sign_in::Client;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource. The provider has no key; its token is its proof.
pub(crate) fn routes() -> Routes {
    const LOGOUT: Needs = Needs::OPEN.body(SMALL).any_media().rate(Rate::Pages);
    Routes::new("sign-on").add(LOGOUT, routes!(sign_on_logout)).add(MANAGE, routes!(link_person))
}

/// Ends sessions that the identity provider says are over (OpenID Connect Back-Channel Logout 1.0): those of the provider's session that the
/// token names, else all of its subject. The body is the form field `logout_token`, as `application/x-www-form-urlencoded`.
#[utoipa::path(post, path = "/api/v1/sign-on/logout", request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The sessions are over, if there were any"), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "No identity provider is set")))]
pub async fn sign_on_logout(State(shared): State<AppState>, client: Client, body: Bytes) -> Result<Response, ApiError> {
    let mut fields = form_urlencoded::parse(&body);
    let token = fields.find(|(name, _)| name == "logout_token").map(|(_, value)| value.into_owned());
    let token = token.ok_or_else(|| ApiError::bad("logout_token: is missing; send it as a form's field"))?;
    shared.take_logout(token, &client.0).await?;
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}

/// The identity provider's name of a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOnSubject {
    /// The `sub` of the provider's tokens.
    subject: String,
}

/// Links a person who is known here to the identity provider's subject, so that they sign in there.
#[utoipa::path(put, path = "/api/v1/people/{id}/sign-on", params(("id" = u64, Path, description = "Number of the person")),
    request_body(content = SignOnSubject, example = json!({"subject": "248289761001"})), responses((status = 200, body = Person), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn link_person(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Answer<Person> {
    let SignOnSubject { subject } = json(&body)?;
    run_blocking(move || shared.link_sign_on(id, subject, &caller.0)).await.map(one)
}
