//! Passkeys of officers; the page's script (`passkey_forms.rs`) speaks with the browser.

use super::{session_cookie, token};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use holdfast_api::portal::{AssertionBody, PasskeyBody};
use holdfast_page::forms::{Fields, Free, Input, page_form};
use holdfast_page::frame::{Answer, back};
use holdfast_page::texts::t;
use holdfast_requests::portal::Session;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json as parse;
use holdfast_state::error::ApiError;
use maud::{Markup, html};
use serde_json::{Value, json};

page_form! {
    /// Removes a passkey.
    struct RemovePasskey {
        id: Free = "portal-me-passkeys", Input::Hidden;
    }
}

/// Returns the fields that make a passkey; the script does it.
pub(super) fn add_passkey() -> Markup {
    html! {
        p { (t!("portal-passkey-intro")) }
        div.step {
            label { (t!("portal-passkey-name")) input #passkey-name value=(t!("portal-passkey-default-name")) maxlength="60"; }
            button #passkey-add type="button" { (t!("portal-passkey-add")) }
        }
    }
}

/// Begins to add a passkey.
pub(crate) async fn begin(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let (token, site) = (token(&headers), shared.site.clone());
    run_blocking(move || Ok(shared.desk().passkey_begin(&token, &site)?)).await.map(Json)
}

/// The session in a cookie, for a script.
fn started(shared: &AppState, session: &Session) -> Response {
    ([(header::SET_COOKIE, session_cookie(shared, session))], Json(json!({ "to": "/portal" }))).into_response()
}

/// Adds a passkey.
pub(crate) async fn register(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (token, site, made): (_, _, PasskeyBody) = (token(&headers), shared.site.clone(), parse(&body)?);
    let state = shared.clone();
    let session =
        run_blocking(move || Ok(state.desk().passkey_register(&token, &site, &made.name, &made.credential)?)).await?;
    Ok(started(&shared, &session))
}

/// Begins to sign in with a passkey.
pub(crate) async fn challenge(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let (token, site) = (token(&headers), shared.site.clone());
    run_blocking(move || Ok(shared.desk().passkey_challenge(&token, &site)?)).await.map(Json)
}

/// Signs in with a passkey.
pub(crate) async fn enter(
    State(shared): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (token, site, given): (_, _, AssertionBody) = (token(&headers), shared.site.clone(), parse(&body)?);
    let state = shared.clone();
    let session = run_blocking(move || Ok(state.desk().passkey_enter(&token, &site, &given.credential)?)).await?;
    Ok(started(&shared, &session))
}

/// Removes a passkey.
pub(crate) async fn remove(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Fields(form): Fields<RemovePasskey>,
) -> Answer {
    let token = token(&headers);
    run_blocking(move || Ok(shared.desk().passkey_remove(&token, &form.id.0)?)).await?;
    Ok(back("/portal/me".into()))
}
