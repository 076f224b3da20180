//! A person's own second factor for signing in: an authenticator app.

use super::sign_in::{Code, code_form};
use crate::forms::Fields;
use crate::frame::{Answer, Frame, Page, back};
use crate::texts::t;
use axum::Extension;
use axum::extract::State;
use holdfast_api::AppState;
use holdfast_api::auth::Caller;
use holdfast_identity::Enrolment;
use maud::{Markup, html};

const HERE: &str = "/desk/second-factor";

/// Returns a button that sets an app up.
pub(super) fn set_up_form(action: &str) -> Markup {
    html! { form method="post" action=(action) { button type="submit" { (t!("factor-set-up")) } } }
}

/// Returns a new secret, shown once, and a form for its first code.
pub(super) fn enrolled(enrolment: &Enrolment, action: &str) -> Markup {
    html! {
        p { (t!("factor-scan")) }
        p { (t!("factor-secret")) " " code { (enrolment.secret) } }
        p { a href=(enrolment.uri) { (t!("factor-open-app")) } }
        (code_form(action))
    }
}

/// Shows whether one has a second factor.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let person = shared.person(&caller.0).await?;
    let body = html! { @match person.second_factor {
        true => p { (t!("factor-active")) },
        false => { p { (t!("factor-none")) } (set_up_form(HERE)) },
    } };
    Ok(frame.desk(&t!("factor-title"), HERE, body))
}

/// Sets an app up.
pub(crate) async fn set_up(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let enrolment = shared.enrol(shared.person(&caller.0).await?).await?;
    Ok(frame.desk(&t!("factor-title"), HERE, enrolled(&enrolment, "/desk/second-factor/code")))
}

/// Takes the first code.
pub(crate) async fn confirm(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Code>,
) -> Answer {
    shared.give_code(shared.person(&caller.0).await?, form.code.0).await?;
    Ok(back(HERE.into()))
}
