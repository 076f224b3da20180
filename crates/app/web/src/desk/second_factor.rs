//! A person's own second factors for signing in: an authenticator app, passkeys (`passkeys.rs`), and recovery codes for the day on which they are
//! lost.

use super::passkeys;
use super::sign_in::{Code, any_code_form, code_form};
use axum::Extension;
use axum::extract::State;
use holdfast_documents::qr;
use holdfast_identity::passkey::Passkey;
use holdfast_identity::{Assurance, Person, StaffEnrolment};
use holdfast_page::forms::{Fields, Free, Input, Nothing, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::error::ApiError;
use maud::{Markup, PreEscaped, html};

pub(super) const HERE: &str = "/desk/second-factor";
const RENEW: &str = "/desk/second-factor/recovery-codes";

/// A button that sets an app up.
pub(super) fn set_up_form(action: &str, fields: Markup) -> Markup {
    html! { form method="post" action=(action) { (fields) button type="submit" { (t!("factor-set-up")) } } }
}

/// Recovery codes, shown once.
pub(super) fn codes(codes: &[String], about: &str) -> Markup {
    html! {
        h2 { (t!("factor-recovery")) }
        p { (t!(about)) }
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
        @if !enrolment.recovery_codes.is_empty() { (codes(&enrolment.recovery_codes, "factor-recovery-once")) }
        h2 { (t!("factor-confirm")) }
        (form)
    })
}

/// One's own factors as the page shows them.
struct Own {
    person: Person,
    has_app: bool,
    passkeys: Vec<Passkey>,
    codes_left: u64,
    /// Whether factors may be changed in this session.
    may_change: bool,
}

async fn own(shared: &AppState, caller: &Caller) -> Result<Own, ApiError> {
    let person = shared.person(&caller.0).await?;
    let (has_app, passkeys) = (shared.has_app(&person).await?, shared.passkeys(person.clone()).await?);
    let codes_left = if person.second_factor { shared.recovery_codes_left(&person).await? } else { 0 };
    let may_change = !person.second_factor || caller.assurance() == Assurance::TwoFactors;
    Ok(Own { person, has_app, passkeys, codes_left, may_change })
}

/// The app, and recovery codes.
fn app(own: &Own) -> Markup {
    html! {
        h2 { (t!("factor-app")) }
        @match (own.has_app, own.may_change) {
            (true, _) => p { (t!("factor-app-active")) },
            (false, true) => { p { (t!("factor-app-about")) } (set_up_form(HERE, html! {})) },
            (false, false) => p { (t!("factor-app-none")) },
        }
    }
}

fn recovery(own: &Own) -> Markup {
    html! { @if own.person.second_factor {
        h2 { (t!("factor-recovery")) }
        p { (t!("factor-recovery-left", n = own.codes_left)) }
        @match own.has_app || !own.may_change {
            true => (any_code_form(RENEW, "", "factor-recovery-renew")),
            false => (form_of::<Nothing>(RENEW, &[], "factor-recovery-renew")),
        }
    } }
}

/// Shows one's second factors.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let own = own(&shared, &caller).await?;
    let body = html! {
        p { @match own.person.second_factor { true => (t!("factor-active")), false => (t!("factor-none")) } }
        @if !own.may_change {
            p { (t!("factor-locked")) }
            (any_code_form("/desk/second-factor/code", "", "factor-continue"))
        }
        (app(&own))
        (passkeys::own(&own.passkeys, own.may_change))
        (recovery(&own))
    };
    Ok(frame.desk(&t!("factor-title"), HERE, body))
}

/// Sets an app up.
pub(crate) async fn set_up(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let enrolment = shared.enrol(shared.person(&caller.0).await?, Some(&caller)).await?;
    let body = enrolled(&enrolment, code_form("/desk/second-factor/code", ""))?;
    Ok(frame.desk(&t!("factor-title"), HERE, body))
}

/// Takes the first code, or a code that opens this session for changes.
pub(crate) async fn confirm(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Code>,
) -> Answer {
    shared.give_code(shared.person(&caller.0).await?, Some(&caller), form.code.0).await?;
    Ok(back(HERE.into()))
}

page_form! {
    /// Replaces the recovery codes.
    struct Renew {
        code: Free = "factor-any-code", Input::Own;
    }
}

/// Replaces the recovery codes.
pub(crate) async fn renew(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Renew>,
) -> Page {
    let code = Some(form.code.0).filter(|code| !code.trim().is_empty());
    let new = shared.renew_recovery_codes(shared.person(&caller.0).await?, &caller, code).await?;
    Ok(new_codes(&frame, &new))
}

/// Returns the page of new recovery codes.
pub(super) fn new_codes(frame: &Frame, new: &[String]) -> Markup {
    let body = html! { (codes(new, "factor-recovery-store")) p { a href=(HERE) { (t!("factor-title")) } } };
    frame.desk(&t!("factor-title"), HERE, body)
}
