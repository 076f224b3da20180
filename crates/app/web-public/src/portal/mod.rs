//! The officers' portal: a mailed code, the second factor, own requests with their status, messages, files and productions.

pub(crate) mod me;
pub(crate) mod passkeys;
pub(crate) mod requests;
pub(crate) mod send;
pub(crate) mod sign_in;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_page::frame::{ErrorPage, back};
use holdfast_requests::portal::{Officer, OfficerState, Session};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::sign_in::cookie;

/// The session in a browser's cookie.
fn token(headers: &HeaderMap) -> String {
    cookie(headers, "ho").unwrap_or_default()
}

fn start(shared: &AppState, session: &Session, to: &str) -> Response {
    ([(header::SET_COOKIE, session_cookie(shared, session))], Redirect::to(to)).into_response()
}

fn session_cookie(shared: &AppState, session: &Session) -> String {
    shared.access.cookie("ho", &session.token, holdfast_requests::portal::SESSION_SECONDS)
}

/// The officer of a session; who has none is sent to the beginning.
async fn officer(shared: &AppState, headers: &HeaderMap, full: bool) -> Result<(Officer, String), Response> {
    let token = token(headers);
    let given = token.clone();
    let state = shared.clone();
    match run_blocking(move || Ok(state.desk().officer(&given, full)?)).await {
        Ok(officer) => match holdfast_api::portal::count_officer(shared, &officer) {
            Ok(()) => Ok((officer, token)),
            Err(e) => Err(ErrorPage::from(e).into_response()),
        },
        Err(e) if e.status == StatusCode::CONFLICT => Err(back("/portal/sign-in".into())),
        Err(e) => Err(ErrorPage::from(e).into_response()),
    }
}

/// Whether an officer may send requests.
fn is_approved(officer: &Officer) -> bool {
    officer.state == OfficerState::Approved
}
