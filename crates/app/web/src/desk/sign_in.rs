//! Signing in at the desk with a key.

use super::ENTRANCE;
use crate::forms::{Fields, Free, Input, PageForm, page_form};
use crate::frame::{Answer, Frame, landing};
use crate::texts::{rich, t};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect};
use holdfast_api::Shared;
use holdfast_api::sign_in::{Client, cookie, may_sign_in, note_sign_in, refuse_sign_in};
use maud::{Markup, html};
use serde::Deserialize;

/// Where a person goes after signing in.
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

page_form! {
    /// Signs in.
    struct SignIn {
        next: Free = "form-itself", Input::Hidden;
        key: Free = "sign-in-key", Input::Own;
    }
}

/// The page for signing in.
pub(crate) async fn page(frame: Frame, Query(q): Query<Next>) -> Markup {
    let next = q.next.filter(|n| n.starts_with(ENTRANCE)).unwrap_or_default();
    let command = html! { code { "holdfast keys create NAME --role investigator" } };
    let body = html! {
        h1 { (t!("sign-in-title")) }
        p { (rich!("sign-in-intro", command = command)) }
        form.step method="post" action="/sign-in" {
            input type="hidden" name="next" value=(next);
            label { (SignIn::label("key")) input name="key" type="password" autocomplete="current-password" required autofocus; }
            button type="submit" { (t!("common-sign-in")) }
        }
    };
    frame.page(&t!("sign-in-title"), "", body)
}

/// Takes a key and starts a session, whose number the browser gets in a cookie that scripts and other sites cannot use.
pub(crate) async fn enter(State(shared): State<Shared>, client: Client, Fields(form): Fields<SignIn>) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let Some(key) = shared.gate.key_of(&form.key.0) else {
        return Err(refuse_sign_in(&shared, &client.0, &t!("sign-in-refused")).await.into());
    };
    note_sign_in(&shared, "sign_in", key.person(), &client.0).await?;
    let id = shared.start_session(&key, &client.0).await?;
    // The desk's front page is where nobody in particular was headed.
    let next = Some(form.next.0.as_str()).filter(|n| n.starts_with(ENTRANCE) && *n != ENTRANCE);
    let next = next.or(landing(|scope| key.may(scope))).unwrap_or("/");
    let cookie = shared.access.cookie("hf", &id, holdfast_api::sessions::SESSION_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

/// Signs out: the session ends, and so does a copy of its cookie.
pub(crate) async fn leave(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    if let Some(session) = cookie(&headers, "hf") {
        let key = shared.gate.sessions.subject(&session, shared.screening.now());
        let person = key.and_then(|key| shared.gate.person_of(&key)).unwrap_or_else(|| "nobody".into());
        shared.end_session(&session, &person).await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("hf", "", 0))], Redirect::to("/sign-in")).into_response())
}
