//! A person's own second factor for signing in: an authenticator app, and recovery codes for the day on which it is lost.

use super::sign_in::{Code, any_code_form, code_form};
use crate::forms::Fields;
use crate::frame::{Answer, Frame, Page, back};
use crate::texts::t;
use axum::Extension;
use axum::extract::State;
use holdfast_api::AppState;
use holdfast_api::auth::Caller;
use holdfast_api::error::ApiError;
use holdfast_documents::qr;
use holdfast_identity::StaffEnrolment;
use maud::{Markup, PreEscaped, html};

const HERE: &str = "/desk/second-factor";

/// A button that sets an app up.
pub(super) fn set_up_form(action: &str, fields: Markup) -> Markup {
    html! { form method="post" action=(action) { (fields) button type="submit" { (t!("factor-set-up")) } } }
}

/// Recovery codes, shown once.
fn codes(codes: &[String]) -> Markup {
    html! {
        h2 { (t!("factor-recovery")) }
        p { (t!("factor-recovery-once")) }
        ul.codes { @for code in codes { li { code { (code) } } } }
    }
}

/// A new secret and recovery codes, shown once, and a form for the first code.
///
/// # Errors
/// 500 when the secret fits into no QR code.
pub(super) fn enrolled(enrolment: &StaffEnrolment, form: Markup) -> Result<Markup, ApiError> {
    let code = qr::svg(&enrolment.uri, &t!("factor-qr")).map_err(|e| ApiError::internal(e.to_string()))?;
    Ok(html! {
        p { (t!("factor-scan")) }
        div.qr { (PreEscaped(code)) }
        p { (t!("factor-secret")) " " code.hash { (enrolment.secret) } }
        p { a href=(enrolment.uri) { (t!("factor-open-app")) } }
        (codes(&enrolment.recovery_codes))
        h2 { (t!("factor-confirm")) }
        (form)
    })
}

/// Whether one has a second factor.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let person = shared.person(&caller.0).await?;
    let left = if person.second_factor { shared.recovery_codes_left(&person).await? } else { 0 };
    let body = html! { @match person.second_factor {
        true => {
            p { (t!("factor-active")) }
            h2 { (t!("factor-recovery")) }
            p { (t!("factor-recovery-left", n = left)) }
            (any_code_form("/desk/second-factor/recovery-codes", "", "factor-recovery-renew"))
        },
        false => { p { (t!("factor-none")) } (set_up_form(HERE, html! {})) },
    } };
    Ok(frame.desk(&t!("factor-title"), HERE, body))
}

/// Sets an app up.
pub(crate) async fn set_up(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let enrolment = shared.enrol(shared.person(&caller.0).await?).await?;
    let body = enrolled(&enrolment, code_form("/desk/second-factor/code", ""))?;
    Ok(frame.desk(&t!("factor-title"), HERE, body))
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

/// Replaces the recovery codes.
pub(crate) async fn renew(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Code>,
) -> Page {
    let new = shared.renew_recovery_codes(shared.person(&caller.0).await?, form.code.0).await?;
    let body = html! { (codes(&new)) p { a href=(HERE) { (t!("factor-title")) } } };
    Ok(frame.desk(&t!("factor-title"), HERE, body))
}
