//! The desk's front page: what waits for a person.

use axum::Extension;
use axum::extract::State;
use holdfast_api_investigation::cases::person;
use holdfast_cases::case::CaseState;
use holdfast_page::components::{none, time};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use maud::html;

/// Shows what waits for a person.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let who = person(&caller);
    let (requests, screening, cases) = run_blocking(move || {
        let cases = shared.cases().cases(Some(CaseState::Open), &who)?;
        Ok((shared.desk().waiting()?, shared.screening.waiting()?, cases))
    })
    .await?;
    let waiting = [
        ("desk-open-requests", "/desk/requests?state=open", requests.open_requests),
        ("desk-answers-to-approve", "/desk/requests?state=prepared", requests.answers_to_approve),
        ("desk-open-alerts", "/desk/alerts", screening.open_alerts),
        ("desk-active-holds", "/desk/holds", screening.active_holds),
        ("desk-officers-to-approve", "/desk/officers?state=proved", requests.officers_to_approve),
        ("desk-seizures-to-execute", "/desk/seizures?state=approved", requests.seizures_to_execute),
        ("desk-changes-to-approve", "/desk/changes", screening.changes_to_approve),
    ];
    let body = html! {
        div.cards { @for (name, to, count) in waiting.iter().filter(|(_, to, _)| frame.may_open(to)) {
            a href=(to) { strong { (count) } (t!(name)) }
        } }
        h2 { (t!("desk-own-cases")) }
        @if cases.is_empty() { (none(&t!("desk-no-cases"))) }
        ul { @for c in &cases { li {
            a href={"/desk/cases/" (c.id)} { (c.title) } " " span.note { (rich!("desk-case-opened", time = time(c.created))) }
        } } }
        @if cases.is_empty() { p { a href="/desk/cases" { (t!("desk-cases-open")) } } }
    };
    Ok(frame.desk(&t!("desk-title"), "/desk", body))
}
