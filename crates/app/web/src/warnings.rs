//! Warnings at the withdrawal.

use crate::campaigns::{currency, money};
use crate::desk::links::Links;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::WarningState;
use holdfast_decision::lookalikes::{KnownBy, Lookalike};
use holdfast_page::components::ListQuery;
use holdfast_page::components::{Bare, List, N, T, time, word};
use holdfast_page::forms::{Nothing, form_of};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_screening::warnings::{WarningAnswers, WarningFilter, WarningRecord};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_state::clearance::Clearance;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Whether a warned withdrawal is still to be decided on.
fn is_open(warning: &WarningRecord) -> bool {
    ["open", "cooling", "escalated"].contains(&warning.state.as_str())
}

/// Shows warnings, for the desk.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(q): Query<ListQuery>,
) -> Page {
    let state: Option<WarningState> = state_filter(q.state.as_deref())?;
    let filter = WarningFilter { state: state.map(|s| s.to_string()), customer: None, limit: 200 };
    let (list, unit, pages) = run_blocking(move || {
        let list = shared.screening.warnings(&filter)?;
        let (finder, mut pages) = (Finder { chains: &shared.chains, clearance }, Pages::default());
        list.iter().filter_map(|w| w.counterparty.as_ref()).for_each(|payee| pages.add_address(finder, None, payee));
        Ok((list, currency(&shared), pages))
    })
    .await?;
    let heads = [
        T("warnings-withdrawal"),
        T("common-customer"),
        T("warnings-scam"),
        N("warnings-value"),
        T("warnings-payee"),
        T("common-state"),
        T("warnings-answers"),
        Bare,
    ];
    let states = [
        ("", "requests-all"),
        ("open", "requests-open"),
        ("cooling", "warnings-cooling"),
        ("escalated", "warnings-escalated"),
        ("stopped", "warnings-stopped"),
        ("released", "holds-released"),
    ];
    let warnings =
        List { path: "/desk/warnings", states: &states, default_state: "", heads: &heads, empty: "warnings-none" };
    let body = warnings.whole(q.state.as_deref(), &list, |w| row(w, &unit, &frame, &pages));
    Ok(frame.desk(&t!("warnings-title"), "/desk/warnings", body))
}

fn row(w: &WarningRecord, unit: &str, frame: &Frame, pages: &Pages) -> Markup {
    html! { tr {
        td.long { (Links(frame).event(&w.event)) }
        td { (Links(frame).customer(&w.customer)) }
        td { (word(w.scam.name())) }
        td.n { @match w.value { Some(v) => (money(v, unit)), None => (t!("common-unknown")) } }
        td.hash { @match (&w.lookalike, &w.counterparty) {
            (Some(l), _) => (lookalike(l)),
            (None, Some(payee)) => (pages.address(payee)),
            (None, None) => "",
        } }
        td { (word(&w.state)) @if is_open(w) { br; span.note { (rich!("warnings-not-before", time = time(w.cooling_until))) } } }
        td { @for q in &w.questions { @if w.answers.as_ref().is_some_and(|a| a.get(&q.id) == Some(&true)) { (q.text) br; } } }
        td { @if is_open(w) {
            (rich!("warnings-hold", id = Links(frame).hold(w.hold))) " "
            @if frame.may("events") || frame.may("desk") { (form_of::<Nothing>(&format!("/desk/warnings/{}", w.event), &[], "warnings-cancelled")) }
        } }
    } }
}

/// Shows an address above the one that it looks like; what differs is marked.
pub(crate) fn lookalike(lookalike: &Lookalike) -> Markup {
    let [address, of] = lookalike.parts();
    let marked = |[start, middle, end]: [&str; 3]| html! { span.hash { (start) mark { (middle) } (end) } };
    let known_by = match lookalike.known_by {
        KnownBy::Paid => t!("warnings-lookalike-paid"),
        KnownBy::Received => t!("warnings-lookalike-received"),
        KnownBy::Chain => t!("warnings-lookalike-chain"),
    };
    html! { (marked(address)) br; (marked(of)) " " span.note { (known_by) } }
}

/// Records that a customer cancelled a withdrawal.
pub(crate) async fn cancel(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(event): Path<String>,
) -> Answer {
    let given = WarningAnswers { proceed: false, answers: BTreeMap::new() };
    run_blocking(move || Ok(shared.screening.answer_warning(&event, given, &caller.0)?)).await?;
    Ok(back("/desk/warnings".into()))
}
