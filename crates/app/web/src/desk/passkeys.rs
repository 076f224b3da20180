//! A person's own passkeys: added, renamed and removed on the page of second factors, added and used while signing in.

use super::second_factor::{HERE, codes, new_codes};
use super::sign_in::{must_set_up, next_field, open, pending, signed_in, to_step};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use holdfast_identity::Assurance;
use holdfast_identity::passkey::Passkey;
use holdfast_page::components::time;
use holdfast_page::forms::{Fields, Free, Input, Nothing, PageForm, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, back};
use holdfast_page::passkey_forms::{Ceremony, passkey_form, script};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::error::ApiError;
use holdfast_state::sign_in::{Client, may_sign_in, refuse_sign_in};
use maud::{Markup, html};
use serde_json::Value;

page_form! {
    /// Adds a passkey; the page's script fills the credential.
    struct AddPasskey {
        next: Free = "form-itself", Input::Hidden;
        name: Free = "passkey-name", Input::Own;
        credential: Free = "passkey-credential", Input::Hidden;
    }
}

page_form! {
    /// Signs in with a passkey.
    struct GivePasskey {
        next: Free = "form-itself", Input::Hidden;
        credential: Free = "passkey-credential", Input::Hidden;
    }
}

page_form! {
    /// Renames a passkey.
    struct Rename {
        name: Free = "passkey-name", Input::Own;
    }
}

page_steps! {
    /// A change of a passkey.
    enum Step by "step" {
        "rename" => Rename(Rename),
        "remove" => Remove(Nothing),
    }
}

/// The credential that the script put into a form.
fn credential(text: &str) -> Result<Value, ApiError> {
    let wrong = |e| ApiError::bad(format!("{}: {e}", t!("passkey-credential")));
    serde_json::from_str(text).map_err(wrong)
}

/// Returns the form that adds a passkey.
fn add_form(action: &str, next: &str) -> Markup {
    let fields = html! {
        (next_field(next))
        label { (AddPasskey::label("name")) input name="name" value=(t!("passkey-default-name")) maxlength="60" required; }
    };
    passkey_form(Ceremony::Create, action, &format!("{action}/options"), fields, "passkey-add")
}

/// Returns the form that signs in with a passkey.
pub(super) fn sign_in_form(next: &str) -> Markup {
    html! {
        (passkey_form(Ceremony::Get, "/sign-in/passkey", "/sign-in/passkey/options", next_field(next), "passkey-use"))
        (script())
    }
}

/// Returns the part of the page that sets a passkey up while signing in.
pub(super) fn set_up_form(next: &str) -> Markup {
    html! {
        h2 { (t!("passkey-title")) }
        p { (t!("passkey-about")) }
        (add_form("/sign-in/second-factor/passkeys", next))
        (script())
    }
}

/// Returns a passkey of the list, with the forms that rename and remove it.
fn item(passkey: &Passkey, may_change: bool) -> Markup {
    let here = format!("{HERE}/passkeys/{}", passkey.id);
    html! { li {
        b { (passkey.name) } ", "
        @match passkey.used {
            Some(used) => (rich!("passkey-facts", created = time(passkey.created), used = time(used))),
            None => (rich!("passkey-facts-unused", created = time(passkey.created))),
        }
        @if may_change {
            form.step method="post" action=(here) {
                input type="hidden" name="step" value="rename";
                input name="name" value=(passkey.name) maxlength="60" required aria-label=(t!("passkey-name-of", name = passkey.name.as_str()));
                button type="submit" { (t!("passkey-rename")) }
            }
            form.step method="post" action=(here) {
                input type="hidden" name="step" value="remove";
                button.plain type="submit" { (t!("passkey-remove", name = passkey.name.as_str())) }
            }
        }
    } }
}

/// Returns the part of the page of second factors that has one's passkeys.
pub(super) fn own(passkeys: &[Passkey], may_change: bool) -> Markup {
    html! {
        h2 { (t!("passkey-title")) }
        p { (t!("passkey-about")) }
        @if passkeys.is_empty() { p { (t!("passkey-list-none")) } }
        ul { @for passkey in passkeys { (item(passkey, may_change)) } }
        @if may_change { (add_form("/desk/second-factor/passkeys", "")) (script()) }
    }
}

/// Begins to add a passkey.
pub(crate) async fn begin(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, ApiError> {
    shared.begin_passkey(shared.person(&caller.0).await?, Some(&caller)).await.map(Json)
}

/// Adds a passkey; shows the recovery codes that come with the first factor.
pub(crate) async fn add(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<AddPasskey>,
) -> Answer {
    let (person, made) = (shared.person(&caller.0).await?, credential(&form.credential.0)?);
    let added = shared.add_passkey(person, Some(&caller), form.name.0, &made).await.map_err(AddPasskey::explain)?;
    Ok(match added.recovery_codes.is_empty() {
        true => back(HERE.into()),
        false => new_codes(&frame, &added.recovery_codes).into_response(),
    })
}

/// Renames or removes a passkey.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(step): Fields<Step>,
) -> Answer {
    let person = shared.person(&caller.0).await?;
    match step {
        Step::Rename(form) => {
            shared.rename_passkey(person, &caller, id, form.name.0).await.map_err(Rename::explain)?;
        }
        Step::Remove(_) => shared.remove_passkey(person, &caller, id).await?,
    }
    Ok(back(HERE.into()))
}

/// Begins to sign in with a passkey.
pub(crate) async fn sign_in_begin(
    State(shared): State<AppState>,
    client: Client,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    may_sign_in(&shared, &client.0)?;
    let key = pending(&shared, &headers)?;
    shared.challenge_passkey(shared.person(key.person()).await?).await.map(Json)
}

/// Signs in with a passkey.
pub(crate) async fn sign_in(
    State(shared): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Fields(form): Fields<GivePasskey>,
) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let Ok(key) = pending(&shared, &headers) else { return Ok(to_step("/sign-in", &form.next.0).into_response()) };
    let answer = credential(&form.credential.0)?;
    if let Err(e) = shared.give_passkey(shared.person(key.person()).await?, &answer).await {
        return Err(match e.status {
            StatusCode::UNAUTHORIZED => refuse_sign_in(&shared, &client.0, &e.message).await.into(),
            _ => e.into(),
        });
    }
    signed_in(&shared, &key, &client, &form.next.0, Assurance::TwoFactors).await
}

/// Begins to add a passkey where signing in needs a second factor and there is none.
pub(crate) async fn set_up_begin(State(shared): State<AppState>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let key = must_set_up(&shared, &headers)?;
    shared.begin_passkey(shared.person(key.person()).await?, None).await.map(Json)
}

/// Adds a passkey where signing in needs a second factor and there is none, which ends the sign-in; shows the recovery codes that come with it.
pub(crate) async fn set_up(
    State(shared): State<AppState>,
    frame: Frame,
    client: Client,
    headers: HeaderMap,
    Fields(form): Fields<AddPasskey>,
) -> Answer {
    let Ok(key) = must_set_up(&shared, &headers) else { return Ok(to_step("/sign-in", &form.next.0).into_response()) };
    let (person, made) = (shared.person(key.person()).await?, credential(&form.credential.0)?);
    let added = shared.add_passkey(person, None, form.name.0, &made).await.map_err(AddPasskey::explain)?;
    let (cookies, next) = open(&shared, &key, &client, &form.next.0, Assurance::TwoFactors).await?;
    let body = html! {
        h1 { (t!("factor-title")) }
        (codes(&added.recovery_codes, "factor-recovery-store"))
        p { a href=(next) { (t!("factor-continue")) } }
    };
    Ok((cookies, frame.page(&t!("factor-title"), "", body)).into_response())
}
