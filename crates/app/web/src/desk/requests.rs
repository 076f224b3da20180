//! Lists of requests, officers with their agencies, and seizures.

use crate::desk::links::Links;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_page::components::ListQuery;
use holdfast_page::components::{List, N, PAGE_ROWS, T, time, word};
use holdfast_page::forms::{Fields, Free, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_requests::intake::{NewAgency, RequestFilter, Seizure, Stored};
use holdfast_requests::portal::{Officer, Verdict};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_types::ids::OfficerId;
use holdfast_types::units::with_unit;
use maud::html;

/// Shows requests.
pub(crate) async fn requests(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let filter = RequestFilter { state: state_filter(q.state.as_deref())?, after: q.after, limit: PAGE_ROWS };
    let list = run_blocking(move || Ok(shared.desk().list(&filter, &caller.0)?)).await?;
    let heads = [
        T("requests-request"),
        T("common-agency"),
        T("common-kind"),
        T("common-process"),
        T("common-due"),
        T("common-state"),
    ];
    let states = [
        ("", "requests-all"),
        ("open", "requests-open"),
        ("prepared", "requests-to-approve"),
        ("answered", "requests-answered"),
    ];
    let requests =
        List { path: "/desk/requests", states: &states, default_state: "", heads: &heads, empty: "requests-none" };
    let row = |r: &Stored| {
        html! { tr {
            td { a href={"/desk/requests/" (r.request.id)} { (r.request.id) } br; span.note { (r.request.reference) } }
            td { (r.request.officer.agency) " (" (r.request.officer.country) ")" }
            td { (word(r.request.kind.name())) }
            td { (r.request.process) }
            td { (time(r.due)) @if r.overdue { " " strong.severe { (t!("requests-overdue")) } } }
            td { (word(r.state)) @if let Some(o) = &r.outcome { ": " (word(o)) } }
        } }
    };
    let body = requests.show(&q, &list, |r| r.seq, row);
    Ok(frame.desk(&t!("requests-title"), "/desk/requests", body))
}

page_form! {
    /// A verdict on an officer.
    struct JudgeOfficer {
        reason: Free = "common-reason", Input::Line;
        verdict: Verdict = "officers-verdict", Input::Buttons(&[
            ("approve", "common-approve"),
            ("suspend", "common-suspend"),
            ("reset_factor", "officers-reset-factor"),
        ]);
    }
}

page_form! {
    /// Registers an agency.
    struct AddAgency {
        name: Text = "common-agency", Input::Line;
        country: Text = "common-country", Input::Line;
        domain: Text = "officers-domain", Input::Line;
        evidence: Text = "officers-evidence", Input::Line;
    }
}

/// Shows officers and agencies.
pub(crate) async fn officers(State(shared): State<AppState>, frame: Frame, Query(q): Query<ListQuery>) -> Page {
    let state = state_filter(q.state.as_deref())?;
    let (officers, agencies) = run_blocking(move || {
        let d = shared.desk();
        Ok((d.officers(state)?, d.agencies()?))
    })
    .await?;
    let may = frame.may("approve");
    let heads = [T("officers-officer"), T("common-agency"), T("common-state"), T("officers-verdict")];
    let states = [
        ("", "requests-all"),
        ("proved", "requests-to-approve"),
        ("approved", "officers-approved"),
        ("suspended", "officers-suspended"),
    ];
    let list =
        List { path: "/desk/officers", states: &states, default_state: "", heads: &heads, empty: "officers-none" };
    let row = |o: &Officer| {
        html! { tr {
            td { (o.name) br; span.note { (o.email) } }
            td { (o.agency) " (" (o.country) ")" }
            td { (word(o.state))
                @if let Some(by) = &o.decided_by { " " (t!("common-by", person = by.as_str())) }
                @if !o.second_factor { ", " (t!("officers-no-factor")) } }
            td { @if may { (form_of::<JudgeOfficer>(&format!("/desk/officers/{}", o.id), &[], "common-save")) } }
        } }
    };
    let body = html! {
        (list.whole(q.state.as_deref(), &officers, row))
        h2 { (t!("officers-agencies")) }
        ul { @for a in &agencies { li { (a.name) " (" (a.country) "): " (a.domains.join(", ")) } } }
        @if may { (form_of::<AddAgency>("/desk/agencies", &[], "common-add")) }
    };
    Ok(frame.desk(&t!("officers-title"), "/desk/officers", body))
}

/// Decides on an officer.
pub(crate) async fn judge_officer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<OfficerId>,
    Fields(form): Fields<JudgeOfficer>,
) -> Answer {
    run_blocking(move || Ok(shared.desk().judge_officer(id, form.verdict, &form.reason.0, &caller.0)?)).await?;
    Ok(back("/desk/officers".into()))
}

/// Registers an agency.
pub(crate) async fn add_agency(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<AddAgency>,
) -> Answer {
    let AddAgency { name, country, domain, evidence } = form;
    let new = NewAgency { name: name.0, country: country.0, domain: domain.0, evidence: evidence.0 };
    run_blocking(move || Ok(shared.desk().add_agency(new, &caller.0)?)).await.map_err(AddAgency::explain)?;
    Ok(back("/desk/officers".into()))
}

/// Shows seizures.
pub(crate) async fn seizures(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let state = state_filter(q.state.as_deref())?;
    let list = run_blocking(move || Ok(shared.desk().seizures(state, &caller.0)?)).await?;
    let heads = [T("requests-request"), T("common-from"), N("common-amount"), T("common-to"), T("common-state")];
    let states = [("", "requests-all"), ("approved", "seizures-to-execute"), ("moved", "seizures-executed")];
    let seizures =
        List { path: "/desk/seizures", states: &states, default_state: "", heads: &heads, empty: "seizures-none" };
    let links = Links(&frame);
    let row = |z: &Seizure| {
        html! { tr {
            td { a href={"/desk/requests/" (z.request)} { (z.request) } }
            td { (links.customer(&z.transfer.customer)) }
            td.n { (with_unit(z.transfer.amount, &z.transfer.asset)) }
            td.hash { (z.transfer.destination) }
            td { (word(z.state)) }
        } }
    };
    let body = seizures.whole(q.state.as_deref(), &list, row);
    Ok(frame.desk(&t!("seizures-title"), "/desk/seizures", body))
}
