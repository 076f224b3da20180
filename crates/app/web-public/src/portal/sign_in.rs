//! Signing in at the portal: a code by mail, then the second factor.

use super::passkeys::add_passkey;
use super::{officer, start, token};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_page::forms::{Fields, Free, Input, Opt, PageForm, Text, page_form};
use holdfast_page::frame::{Answer, ErrorPage, Frame, Page};
use holdfast_page::passkey_forms::script;
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::sign_in::Client;
use holdfast_state::visit::language;
use holdfast_types::Seconds;
use maud::{Markup, html};

page_form! {
    /// Orders a code.
    struct OrderCode {
        email: Text = "portal-sign-in-email", Input::Own;
        name: Opt<Text> = "portal-sign-in-name", Input::Own;
    }
}

page_form! {
    /// Gives the mailed code.
    struct GiveCode {
        email: Free = "portal-sign-in-email", Input::Hidden;
        code: Free = "portal-code-label", Input::Own;
    }
}

page_form! {
    /// Gives the code of an authenticator app.
    struct GiveFactor {
        code: Free = "portal-factor-code", Input::Own;
    }
}

/// Signs out: all sessions of the officer end.
pub(crate) async fn sign_out(State(shared): State<AppState>, headers: HeaderMap) -> Answer {
    let token = token(&headers);
    if !token.is_empty() {
        let state = shared.clone();
        run_blocking(move || Ok(state.desk().sign_out(&token)?)).await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("ho", "", Seconds::ZERO))], Redirect::to("/portal/sign-in"))
        .into_response())
}

/// Shows the entrance of the portal.
pub(crate) async fn sign_in(frame: Frame) -> Markup {
    let body = html! {
        h1 { (t!("portal-sign-in-heading")) }
        p { (t!("portal-sign-in-intro")) }
        form.step method="post" action="/portal/sign-in" {
            label { (OrderCode::label("email")) input name="email" type="email" required autofocus autocomplete="email"; }
            label { (OrderCode::label("name")) input name="name" autocomplete="name"; }
            button type="submit" { (t!("portal-sign-in-button")) }
        }
    };
    frame.entrance(&t!("portal-sign-in-title"), body)
}

/// Mails a code.
pub(crate) async fn code(State(shared): State<AppState>, frame: Frame, Fields(form): Fields<OrderCode>) -> Page {
    let (email, name, language) = (form.email.0.clone(), form.name.text(), language().tag());
    run_blocking(move || Ok(shared.desk().request_code(&email, name.as_deref(), Some(language))?)).await?;
    Ok(code_page(&frame, &form.email.0, None))
}

/// The page for the mailed code, again after one that was wrong.
fn code_page(frame: &Frame, email: &str, refused: Option<&str>) -> Markup {
    let body = html! {
        h1 { (t!("portal-code-title")) }
        @match refused {
            Some(why) => p.error role="alert" { (GiveCode::label("code")) ": " (why) "." }
            None => p { (t!("portal-code-intro", email = email)) }
        }
        form.step method="post" action="/portal/prove" {
            input type="hidden" name="email" value=(email);
            label { (GiveCode::label("code")) input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus; }
            button type="submit" { (t!("common-continue")) }
        }
        p { a href="/portal/sign-in" { (t!("portal-code-again")) } }
    };
    frame.entrance(&t!("portal-code-title"), body)
}

/// Takes the mailed code.
pub(crate) async fn prove(
    State(shared): State<AppState>,
    frame: Frame,
    client: Client,
    Fields(form): Fields<GiveCode>,
) -> Answer {
    let (email, code) = (form.email.0, form.code.0);
    holdfast_api::portal::count_tries(&shared, &client.0, &email)?;
    let address = email.clone();
    let state = shared.clone();
    match run_blocking(move || Ok(state.desk().prove(&address, &code)?)).await {
        Ok(session) => Ok(start(&shared, &session, "/portal/factor")),
        // A mistyped code costs no second mail, for which the officer would wait.
        Err(e) if e.status == StatusCode::CONFLICT => {
            Ok((e.status, code_page(&frame, &email, Some(&e.message))).into_response())
        }
        Err(e) => Err(e.into()),
    }
}

/// Shows the page for the second factor, which sets it up at the first time.
pub(crate) async fn factor(State(shared): State<AppState>, frame: Frame, headers: HeaderMap) -> Response {
    let (officer, token) = match officer(&shared, &headers, false).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let given = token.clone();
    let state = shared.clone();
    let full = run_blocking(move || Ok(state.desk().officer(&given, true)?)).await.is_ok();
    // Beside a passkey, an app is set up in a full session only.
    let enrolment = match officer.app || (officer.passkeys > 0 && !full) {
        true => None,
        false => match run_blocking(move || Ok(shared.desk().enrol(&token)?)).await {
            Ok(enrolment) => Some(enrolment),
            Err(e) => return ErrorPage::from(e).into_response(),
        },
    };
    let body = html! {
        h1 { (t!("portal-factor-title")) }
        @if officer.passkeys > 0 { p { button #passkey-enter type="button" autofocus { (t!("portal-factor-passkey")) } } }
        @if !officer.second_factor { (add_passkey()) h2 { (t!("portal-factor-app")) } }
        (script())
        @if let Some(e) = &enrolment {
            p { (t!("portal-factor-intro")) }
            p { (rich!("portal-factor-secret",
                link = html! { a href=(e.uri) { (t!("portal-factor-open")) } }, secret = html! { code.hash { (e.secret) } })) }
        }
        @if officer.app || enrolment.is_some() { form.step method="post" action="/portal/factor" {
            label { (GiveFactor::label("code")) input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus[officer.passkeys == 0]; }
            button type="submit" { (t!("common-sign-in")) }
        } }
    };
    frame.entrance(&t!("portal-factor-title"), body).into_response()
}

/// Takes the second factor.
pub(crate) async fn enter(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Fields(form): Fields<GiveFactor>,
) -> Answer {
    let token = token(&headers);
    let state = shared.clone();
    let session = run_blocking(move || Ok(state.desk().second_factor(&token, &form.code.0)?)).await?;
    Ok(start(&shared, &session, "/portal"))
}
