//! Signing in at the desk with a key.

use super::passkeys;
use super::second_factor::{enrolled, set_up_form};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use holdfast_identity::{ApiKey, Assurance, PENDING_SECONDS, pending_sign_in};
use holdfast_page::forms::{Fields, Free, Input, PageForm, page_form};
use holdfast_page::frame::{Answer, ENTRANCE, Frame, landing};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::error::ApiError;
use holdfast_state::language;
use holdfast_state::sign_in::{Client, PENDING, cookie, may_sign_in, note_sign_in, refuse_sign_in};
use holdfast_types::Seconds;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::atomic::Ordering;

/// Where a person goes after signing in.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    pub(super) next: Option<String>,
}

page_form! {
    /// Signs in.
    struct SignIn {
        next: Free = "form-itself", Input::Hidden;
        key: Free = "sign-in-key", Input::Own;
    }
}

/// Returns where a person was headed, if that is a page of the desk; else nothing.
pub(super) fn headed(next: &str) -> &str {
    if next.starts_with(ENTRANCE) { next } else { "" }
}

/// Carries where a person was headed through the steps of signing in.
pub(super) fn next_field(next: &str) -> Markup {
    html! { @if !next.is_empty() { input type="hidden" name="next" value=(next); } }
}

/// Leads to a step of signing in.
pub(super) fn to_step(step: &str, next: &str) -> Redirect {
    Redirect::to(&step_path(step, next))
}

/// Returns the path of a step of signing in.
pub(super) fn step_path(step: &str, next: &str) -> String {
    match headed(next) {
        "" => step.to_owned(),
        next => {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("{step}?next={next}")
        }
    }
}

/// Shows the page for signing in.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Query(q): Query<Next>) -> Markup {
    let next = headed(q.next.as_deref().unwrap_or_default());
    let command = html! { code { "holdfast keys create NAME --role investigator" } };
    let body = html! {
        h1 { (t!("sign-in-title")) }
        @if shared.sign_on.get().is_some() { (super::sign_on::link(next)) }
        p { (rich!("sign-in-intro", command = command)) }
        form.step method="post" action="/sign-in" {
            (next_field(next))
            label { (SignIn::label("key")) input name="key" type="password" autocomplete="current-password" required autofocus; }
            button type="submit" { (t!("common-sign-in")) }
        }
    };
    frame.page(&t!("sign-in-title"), "", body)
}

/// Takes a key and starts a session, whose number the browser gets in a cookie that scripts and other sites cannot use.
pub(crate) async fn enter(State(shared): State<AppState>, client: Client, Fields(form): Fields<SignIn>) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let Some(key) = shared.auth.key_of(&form.key.0) else {
        return Err(refuse_sign_in(&shared, &client.0, &t!("sign-in-refused")).await.into());
    };
    match next_step(&shared, &key).await? {
        None => signed_in(&shared, &key, &client, &form.next.0, Assurance::OneFactor).await,
        Some((step, cookie)) => Ok(([(header::SET_COOKIE, cookie)], to_step(step, &form.next.0)).into_response()),
    }
}

/// Returns the step that follows on the first factor, with the cookie of a sign-in that waits for it; none where it is complete.
pub(super) async fn next_step(shared: &AppState, key: &ApiKey) -> Result<Option<(&'static str, String)>, ApiError> {
    let person = shared.person(key.person()).await?;
    let step = match (person.second_factor, shared.second_factor_required.load(Ordering::Relaxed)) {
        (true, _) => "/sign-in/code",
        (false, true) => "/sign-in/second-factor",
        (false, false) => return Ok(None),
    };
    let pending = pending_sign_in(&shared.auth.key_ring, &key.id, shared.screening.now());
    Ok(Some((step, shared.access.cookie(PENDING, &pending, PENDING_SECONDS))))
}

/// Starts the session of a sign-in that is complete; returns its cookies and where the person goes.
pub(super) async fn open(
    shared: &AppState,
    key: &ApiKey,
    client: &Client,
    next: &str,
    assurance: Assurance,
) -> Result<(AppendHeaders<Vec<(HeaderName, String)>>, String), ApiError> {
    note_sign_in(shared, "sign_in", key.person(), &client.0).await?;
    let id = shared.start_session(key, &client.0, assurance).await?;
    // The desk's front page is where nobody in particular was headed.
    let next = Some(headed(next)).filter(|n| !n.is_empty() && *n != ENTRANCE);
    let next = next.or(landing(&shared.needs, |scope| key.may(scope))).unwrap_or("/");
    let mut cookies = vec![
        (header::SET_COOKIE, shared.access.cookie("hf", &id, holdfast_state::sessions::SESSION_SECONDS)),
        (header::SET_COOKIE, shared.access.cookie(PENDING, "", Seconds::ZERO)),
    ];
    if let Some(language) = shared.chosen_language(key.person()).await? {
        cookies.push((header::SET_COOKIE, shared.access.cookie(language::COOKIE, language.tag(), language::LASTS)));
    }
    Ok((AppendHeaders(cookies), next.to_owned()))
}

/// Starts the session of a sign-in that is complete, and leads on.
pub(super) async fn signed_in(
    shared: &AppState,
    key: &ApiKey,
    client: &Client,
    next: &str,
    assurance: Assurance,
) -> Answer {
    let (cookies, next) = open(shared, key, client, next, assurance).await?;
    Ok((cookies, Redirect::to(&next)).into_response())
}

/// Returns the key of a sign-in that waits for its second factor.
///
/// # Errors
/// 401 when there is none, or it waited for too long.
pub(super) fn pending(shared: &AppState, headers: &HeaderMap) -> Result<ApiKey, ApiError> {
    let key = shared.pending_sign_in(headers);
    key.ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, t!("sign-in-late")))
}

/// Returns the key of a sign-in that needs a second factor, so that one is set up now; whoever has one is refused where it is set up.
///
/// # Errors
/// 401 when there is none, or it waited for too long.
pub(super) fn must_set_up(shared: &AppState, headers: &HeaderMap) -> Result<ApiKey, ApiError> {
    match shared.second_factor_required.load(Ordering::Relaxed) {
        true => pending(shared, headers),
        false => Err(ApiError::new(StatusCode::UNAUTHORIZED, t!("sign-in-late"))),
    }
}

page_form! {
    /// The second step of signing in.
    struct Code {
        next: Free = "form-itself", Input::Hidden;
        code: Free = "factor-code", Input::Own;
    }
}

/// Returns a form for the first code of an app.
pub(super) fn code_form(action: &str, next: &str) -> Markup {
    html! {
        form.step method="post" action=(action) {
            (next_field(next))
            label { (Code::label("code")) input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus; }
            button type="submit" { (t!("factor-continue")) }
        }
    }
}

/// Returns a form for a code of an app that is in use, or a recovery code, which has letters.
pub(super) fn any_code_form(action: &str, next: &str, button: &str) -> Markup {
    html! {
        form.step method="post" action=(action) {
            (next_field(next))
            label { (t!("factor-any-code")) input name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus; }
            button type="submit" { (t!(button)) }
        }
    }
}

/// Returns the page for the second factor of a sign-in.
pub(crate) async fn code_page(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Query(q): Query<Next>,
) -> Answer {
    let Ok(key) = pending(&shared, &headers) else { return Ok(Redirect::to("/sign-in").into_response()) };
    let person = shared.person(key.person()).await?;
    let (has_app, has_passkeys) = (shared.has_app(&person).await?, !shared.passkeys(person).await?.is_empty());
    let next = headed(q.next.as_deref().unwrap_or_default());
    let body = html! {
        h1 { (t!("sign-in-title")) }
        @if has_passkeys {
            p { (t!("passkey-enter")) }
            (passkeys::sign_in_form(next))
        }
        @match (has_app, has_passkeys) {
            (true, _) => p { (t!("factor-enter")) },
            (false, true) => p { (t!("factor-enter-recovery")) },
            (false, false) => {},
        }
        (any_code_form("/sign-in/code", next, "factor-continue"))
    };
    Ok(frame.page(&t!("sign-in-title"), "", body).into_response())
}

/// Takes the code of a sign-in.
pub(crate) async fn enter_code(
    State(shared): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Fields(form): Fields<Code>,
) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let Ok(key) = pending(&shared, &headers) else { return Ok(Redirect::to("/sign-in").into_response()) };
    let person = shared.person(key.person()).await?;
    if let Err(e) = shared.give_code(person, None, form.code.0).await {
        return Err(match e.status {
            StatusCode::UNAUTHORIZED => refuse_sign_in(&shared, &client.0, &e.message).await.into(),
            _ => e.into(),
        });
    }
    signed_in(&shared, &key, &client, &form.next.0, Assurance::TwoFactors).await
}

/// Returns the page for setting a second factor up where signing in needs one.
pub(crate) async fn enrol_page(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Query(q): Query<Next>,
) -> Answer {
    if pending(&shared, &headers).is_err() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let next = headed(q.next.as_deref().unwrap_or_default());
    let body = html! {
        h1 { (t!("factor-title")) }
        p { (t!("factor-needed")) }
        h2 { (t!("factor-app")) }
        p { (t!("factor-app-about")) }
        (set_up_form("/sign-in/second-factor", next_field(next)))
        (passkeys::set_up_form(next))
    };
    Ok(frame.page(&t!("factor-title"), "", body).into_response())
}

page_form! {
    /// Sets a second factor up while signing in.
    struct SetUp {
        next: Free = "form-itself", Input::Hidden;
    }
}

/// Sets a second factor up where signing in needs one; its code ends the sign-in.
pub(crate) async fn enrol(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Fields(form): Fields<SetUp>,
) -> Answer {
    let Ok(key) = must_set_up(&shared, &headers) else { return Ok(Redirect::to("/sign-in").into_response()) };
    let enrolment = shared.enrol(shared.person(key.person()).await?, None).await?;
    let form = code_form("/sign-in/code", headed(&form.next.0));
    let body = html! { h1 { (t!("factor-title")) } (enrolled(&enrolment, form)?) };
    Ok(frame.page(&t!("factor-title"), "", body).into_response())
}

/// Signs out: the session ends, and so does a copy of its cookie.
pub(crate) async fn leave(State(shared): State<AppState>, headers: HeaderMap) -> Answer {
    if let Some(session) = cookie(&headers, "hf") {
        let key = shared.auth.sessions.subject(&session, shared.screening.now());
        let person = key.and_then(|key| shared.auth.person_of(&key)).unwrap_or_else(|| "nobody".into());
        shared.end_session(&session, &person).await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("hf", "", Seconds::ZERO))], Redirect::to("/sign-in"))
        .into_response())
}
