//! A trace over account chains that is saved in a case from its page.

use crate::account_flows::TraceForm;
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_analysis::{Direction, Policy};
use holdfast_api_investigation::cases::person;
use holdfast_page::forms::{Fields, Free, Input, Number, Text, form_of, page_form};
use holdfast_page::frame::{Answer, back};
use holdfast_page::places::Place;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::CaseId;
use maud::{Markup, html};

page_form! {
    /// Saves the trace of a page in a case.
    struct SaveTrace {
        case: Number<CaseId> = "accounts-save-case", Input::Of("number");
        subject: Text = "common-address", Input::Hidden;
        direction: Direction = "ledger-direction", Input::Hidden;
        policy: Policy = "ledger-policy", Input::Hidden;
        asset: Free = "common-asset", Input::Hidden;
    }
}

/// Returns the form that saves a page's trace.
pub(crate) fn form(place: &Place, trace: &TraceForm, (direction, policy): (&str, &str)) -> Markup {
    let values = [
        ("subject", trace.subject.trim()),
        ("direction", direction),
        ("policy", policy),
        ("asset", trace.asset.trim()),
    ];
    html! {
        h2 { (t!("accounts-save-title")) }
        (form_of::<SaveTrace>(&format!("{}/save", place.root("trace")), &values, "accounts-save"))
    }
}

/// Traces again, and saves the answer as it is now.
pub(crate) async fn save(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
    Fields(form): Fields<SaveTrace>,
) -> Answer {
    let SaveTrace { case: Number(case), subject, direction, policy, asset } = form;
    let title = format!("{direction:?}, {policy:?}").to_lowercase();
    let request = TraceForm { subject: subject.0, direction, policy, asset: asset.0 }.request();
    let who = person(&caller);
    run_blocking(move || {
        let chain = shared.chains.accounts_for(&request.subject, Some(&chain))?;
        Ok(shared.cases().save_account_trace(case, &chain, &request, &title, &who)?)
    })
    .await?;
    Ok(back(format!("/desk/cases/{case}")))
}
