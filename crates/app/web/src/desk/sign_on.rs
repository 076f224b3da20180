//! Signing in at the desk through the institution's identity provider.

use super::sign_in::{Next, headed, next_step, open, step_path};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use holdfast_identity::Assurance;
use holdfast_page::frame::{Answer, Frame};
use holdfast_page::texts::t;
use holdfast_sign_on::{ATTEMPT_SECONDS, Callback};
use holdfast_state::AppState;
use holdfast_state::sign_in::{Client, cookie, may_sign_in};
use holdfast_state::sign_on::ATTEMPT;
use holdfast_types::Seconds;
use maud::{Markup, html};
use serde::Deserialize;

/// Where signing in through the provider begins.
const LEAVE: &str = "/sign-in/provider";

/// Returns the link that begins it.
pub(super) fn link(next: &str) -> Markup {
    html! { p { a href=(step_path(LEAVE, next)) { (t!("sign-on-button")) } } }
}

/// Sends the browser to the identity provider.
pub(crate) async fn leave(State(shared): State<AppState>, client: Client, Query(q): Query<Next>) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let (attempt, url) = shared.begin_sign_on().await?;
    // Where the person was headed travels with the attempt.
    let next: String =
        form_urlencoded::byte_serialize(headed(q.next.as_deref().unwrap_or_default()).as_bytes()).collect();
    let cookie = shared.access.returning_cookie(ATTEMPT, &format!("{attempt}~{next}"), ATTEMPT_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&url)).into_response())
}

/// What the provider adds to the address.
#[derive(Debug, Deserialize)]
pub(crate) struct Brought {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Takes the browser back. It goes on from a page of the desk's own, not by a redirect: the session's cookie is for requests that begin here, and
/// a redirect would still count as the provider's.
pub(crate) async fn come_back(
    State(shared): State<AppState>,
    frame: Frame,
    client: Client,
    headers: HeaderMap,
    Query(q): Query<Brought>,
) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let held = cookie(&headers, ATTEMPT);
    let (attempt, next) = match held.as_deref().and_then(|held| held.split_once('~')) {
        Some((attempt, next)) => (Some(attempt.to_owned()), next),
        None => (None, ""),
    };
    let next =
        form_urlencoded::parse(format!("n={next}").as_bytes()).next().map_or(String::new(), |(_, n)| n.into_owned());
    let Brought { code, state, iss, error, error_description } = q;
    let callback = Callback { code, state, iss, error, error_description };
    let (key, assurance) = shared.finish_sign_on(attempt, callback, &client.0).await?;
    let step = match assurance {
        Assurance::TwoFactors => None,
        Assurance::OneFactor => next_step(&shared, &key).await?,
    };
    let (cookies, to) = match step {
        Some((step, cookie)) => (AppendHeaders(vec![(header::SET_COOKIE, cookie)]), step_path(step, &next)),
        None => open(&shared, &key, &client, &next, assurance).await?,
    };
    let body = html! {
        h1 { (t!("sign-in-title")) }
        p { a href=(to) { (t!("sign-on-continue")) } }
    };
    let over = shared.access.returning_cookie(ATTEMPT, "", Seconds::ZERO);
    let page = frame.page(&t!("sign-in-title"), "", body);
    // The page's own next step, for browsers; the link is for who turned that off.
    let headers = [(header::REFRESH, format!("0; url={to}"))];
    Ok((cookies, AppendHeaders([(header::SET_COOKIE, over)]), headers, page).into_response())
}
