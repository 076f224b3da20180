//! An officer's profile: encryption keys and passkeys.

use super::passkeys::add_passkey;
use super::{is_approved, officer, token};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_page::components::{time, word};
use holdfast_page::forms::{Fields, Free, Input, PageForm, page_form};
use holdfast_page::frame::{Answer, ErrorPage, Frame, back};
use holdfast_page::passkey_forms::script;
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::html;

page_form! {
    /// Sets the keys that productions are encrypted to.
    struct SetKeys {
        recipients: Free = "portal-me-recipients", Input::Own;
    }
}

/// Shows the officer and the keys.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, headers: HeaderMap) -> Response {
    let (found, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let passkeys = match run_blocking(move || Ok(shared.desk().passkeys(&token)?)).await {
        Ok(passkeys) => passkeys,
        Err(e) => return ErrorPage::from(e).into_response(),
    };
    let body = html! {
        p { (found.name) ", " (found.email) ", " (found.agency) " (" (found.country) "), " (word(found.state)) "." }
        p { (rich!("portal-me-intro", command = html! { code { "age-keygen" } })) }
        form.step method="post" action="/portal/me" {
            label { (SetKeys::label("recipients")) textarea name="recipients" rows="3" { (found.recipients.join("\n")) } }
            button type="submit" { (t!("common-save")) }
        }
        h2 { (t!("portal-me-passkeys")) }
        ul { @for k in &passkeys { li {
            (rich!("portal-me-passkey", name = k.name, created = time(k.created)))
            @if let Some(used) = k.used { ", " (rich!("portal-me-passkey-used", used = time(used))) }
            form method="post" action="/portal/passkeys/remove" {
                input type="hidden" name="id" value=(k.id);
                button.plain type="submit" { (t!("portal-me-passkey-remove", name = k.name.as_str())) }
            }
        } } }
        (add_passkey()) (script())
        @if !found.app { p { a href="/portal/factor" { (t!("portal-me-app")) } } }
    };
    frame.portal(&t!("portal-me-title"), is_approved(&found), body).into_response()
}

/// Takes the keys.
pub(crate) async fn set_keys(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Fields(form): Fields<SetKeys>,
) -> Answer {
    let token = token(&headers);
    let keys = form.recipients.0.split_whitespace().map(str::to_owned).collect();
    run_blocking(move || Ok(shared.desk().set_recipients(&token, keys)?)).await?;
    Ok(back("/portal/me".into()))
}
