//! How long records are kept, legal holds, and erasures of customers.

use axum::Extension;
use axum::extract::{Path, State};
use holdfast_jobs::{JobState, StoredJob};
use holdfast_page::components::{Bare, T, listing, time};
use holdfast_page::forms::{Fields, Free, Input, Number, PageForm, Text, form_of, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_retention::erasure::{Erasure, ErasureState, Report};
use holdfast_retention::hold::LegalHold;
use holdfast_retention::policy::{Kind, Period};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::Invalid;
use maud::{Markup, html};
use std::collections::BTreeMap;

const HERE: &str = "/desk/retention";
/// Most erasures whose jobs are looked up.
const MAX_RUNNING: usize = 100;

/// Kinds of records, with the keys of their names.
const KINDS: [(&str, &str); 5] = [
    ("records", "retention-records"),
    ("events", "retention-events"),
    ("requests", "retention-requests"),
    ("cases", "retention-cases"),
    ("reports", "retention-reports"),
];

page_form! {
    /// Sets a period.
    struct SetPeriod {
        kind: Text = "retention-kind", Input::Choice(&KINDS);
        days: Number<i64> = "retention-days", Input::Of("number");
        basis: Text = "retention-basis", Input::Line;
    }
}

page_form! {
    /// Places a legal hold, or proposes an erasure.
    struct OfCustomer {
        customer: Text = "retention-customer", Input::Line;
        reason: Text = "common-reason", Input::Line;
    }
}

page_form! {
    /// Why a legal hold is lifted, or an erasure rejected.
    struct Why {
        reason: Text = "common-reason", Input::Line;
    }
}

page_form! {
    /// Carries an erasure out.
    struct CarryOut {
        files: Free = "retention-files", Input::Area;
    }
}

page_steps! {
    /// What becomes of an erasure.
    enum Decide by "step" {
        "carry-out" => Erase(CarryOut),
        "reject" => Reject(Why),
    }
}

fn kind_name(kind: Kind) -> String {
    KINDS.iter().find(|(name, _)| *name == kind.name()).map_or_else(|| kind.name().to_owned(), |(_, text)| t!(*text))
}

fn periods(rows: &[Period]) -> Markup {
    let heads =
        [T("retention-kind"), T("retention-days"), T("retention-basis"), T("retention-set-by"), T("common-time")];
    html! {
        p { (t!("retention-about")) }
        (listing(&heads, rows, "retention-none", |p| html! { tr {
            td { (kind_name(p.kind)) }
            td { (p.days) }
            td { (p.basis) }
            td { (p.set_by) }
            td { (time(p.set)) }
        } }))
    }
}

fn holds(rows: &[LegalHold], may: bool) -> Markup {
    let heads = [T("retention-customer"), T("common-reason"), T("retention-placed"), T("retention-state"), Bare];
    html! {
        h2 { (t!("retention-holds")) }
        p { (t!("retention-holds-about")) }
        (listing(&heads, rows, "retention-no-holds", |h| html! { tr {
            td { (h.customer) }
            td { (h.reason) }
            td { (h.placed_by) br; (time(h.placed)) }
            td { @match (h.lifted, h.lifted_by.as_deref()) {
                (Some(at), by) => { (t!("retention-lifted")) " " (by.unwrap_or_default()) " " (time(at)) br; span.note { (h.lifted_reason.as_deref().unwrap_or_default()) } },
                (None, _) => strong { (t!("retention-stands")) },
            } }
            td { @if may && h.lifted.is_none() { (form_of::<Why>(&format!("{HERE}/holds/{}", h.id), &[], "retention-lift")) } }
        } }))
        @if may { (form_of::<OfCustomer>(&format!("{HERE}/holds"), &[], "retention-place")) }
    }
}

fn outcome(report: &Report) -> Markup {
    html! {
        p { (t!("retention-replaced", values = report.values, rows = report.rows)) }
        @if report.interrupted { p.error { (t!("retention-interrupted")) } }
        @else { p { (t!("retention-read", rows = report.rows_read, tables = report.tables_read)) } }
        @for shared in &report.shared { p.note { (t!("retention-shared", n = shared.values, field = shared.field.as_str())) } }
        @if report.by_field > 0 { p.note { (t!("retention-by-field", n = report.by_field)) } }
        @if !report.deleted.is_empty() { p { (t!("retention-deleted", n = report.deleted.len())) } }
        @match &report.files {
            None if report.interrupted => {},
            None => p.error { (t!("retention-no-files")) },
            Some(files) => {
                p { (t!("retention-files-read", n = files.files)) }
                @if !files.holding.is_empty() { div.error role="alert" { p { (t!("retention-still")) } ul { @for file in &files.holding { li { code { (file) } } } } } }
                @if !files.closed.is_empty() { details { summary { (t!("retention-closed", n = files.closed.len())) } ul { @for file in &files.closed { li { code { (file.path) } } } } } }
            },
        }
    }
}

/// How far the job is that carries an erasure out.
fn running(job: &StoredJob) -> Markup {
    html! {
        br;
        @if job.state == JobState::Failed { span.error { (job.error.as_deref().unwrap_or_default()) } }
        @else { (t!("retention-running", rows = job.done)) }
    }
}

fn erasures(rows: &[Erasure], jobs: &BTreeMap<u64, StoredJob>, may: bool, person: &str) -> Markup {
    let is_running =
        |e: &Erasure| jobs.get(&e.id).is_some_and(|job| matches!(job.state, JobState::Waiting | JobState::Running));
    let heads = [T("retention-customer"), T("common-reason"), T("retention-proposed"), T("retention-state"), Bare];
    let state = |e: &Erasure| match e.state {
        ErasureState::Proposed => t!("retention-waits"),
        ErasureState::Done => t!("retention-done"),
        ErasureState::Rejected => t!("retention-rejected"),
    };
    html! {
        h2 { (t!("retention-erasures")) }
        p { (t!("retention-erasures-about")) }
        (listing(&heads, rows, "retention-no-erasures", |e| html! { tr {
            td { (e.customer) }
            td { (e.reason) }
            td { (e.proposed_by) br; (time(e.proposed)) }
            td { (state(e)) @if let (Some(by), Some(at)) = (&e.decided_by, e.decided) { " " (by) " " (time(at)) }
                @if let Some(report) = &e.report { (outcome(report)) }
                @if let Some(job) = jobs.get(&e.id) { (running(job)) } }
            td { @if may && e.state == ErasureState::Proposed && e.proposed_by != person && !is_running(e) {
                (form_of::<CarryOut>(&format!("{HERE}/erasures/{}", e.id), &[("step", "carry-out")], "retention-erase"))
                (form_of::<Why>(&format!("{HERE}/erasures/{}", e.id), &[("step", "reject")], "retention-reject"))
            } }
        } }))
        @if may { (form_of::<OfCustomer>(&format!("{HERE}/erasures"), &[], "retention-propose")) }
    }
}

/// Shows periods, legal holds and erasures.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let (set, held, all, jobs) = run_blocking(move || {
        let retention = shared.retention();
        let all = retention.erasures()?;
        let waiting = all.iter().filter(|e| e.state == ErasureState::Proposed).take(MAX_RUNNING);
        let job = |e: &Erasure| Ok::<_, ApiError>(shared.erasing(e.id)?.map(|job| (e.id, job)));
        let jobs = waiting.filter_map(|e| job(e).transpose()).collect::<Result<BTreeMap<_, _>, ApiError>>()?;
        Ok((retention.periods()?, retention.legal_holds(None)?, all, jobs))
    })
    .await?;
    let manages = frame.may("manage");
    let body = html! {
        (periods(&set))
        @if manages { (form_of::<SetPeriod>(HERE, &[], "common-save")) }
        (holds(&held, frame.may("desk") || frame.may("approve")))
        (erasures(&all, &jobs, manages, &caller.0))
    };
    Ok(frame.desk(&t!("nav-retention"), HERE, body))
}

/// Sets a period.
pub(crate) async fn set(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<SetPeriod>,
) -> Answer {
    let kind: Kind = form.kind.0.parse().map_err(|_| Invalid::new("kind", t!("form-missing")))?;
    run_blocking(move || {
        let set = shared.retention().set_period(kind, form.days.0, &form.basis.0, &caller.0);
        set.map(drop).map_err(|e| SetPeriod::explain(e.into()))
    })
    .await?;
    Ok(back(HERE.into()))
}

/// Places a legal hold.
pub(crate) async fn place(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<OfCustomer>,
) -> Answer {
    run_blocking(move || {
        let placed = shared.retention().place_legal_hold(&form.customer.0, &form.reason.0, &caller.0);
        placed.map(drop).map_err(|e| OfCustomer::explain(e.into()))
    })
    .await?;
    Ok(back(HERE.into()))
}

/// Lifts a legal hold.
pub(crate) async fn lift(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<Why>,
) -> Answer {
    run_blocking(move || {
        let lifted = shared.retention().lift_legal_hold(id, &form.reason.0, &caller.0);
        lifted.map(drop).map_err(|e| Why::explain(e.into()))
    })
    .await?;
    Ok(back(HERE.into()))
}

/// Proposes an erasure.
pub(crate) async fn propose(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<OfCustomer>,
) -> Answer {
    run_blocking(move || {
        let proposed = shared.retention().propose_erasure(&form.customer.0, &form.reason.0, &caller.0);
        proposed.map(drop).map_err(|e| OfCustomer::explain(e.into()))
    })
    .await?;
    Ok(back(HERE.into()))
}

/// Has an erasure carried out by a job, or rejects it.
pub(crate) async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(step): Fields<Decide>,
) -> Answer {
    run_blocking(move || match step {
        Decide::Reject(form) => Ok(shared.retention().reject_erasure(id, &form.reason.0, &caller.0).map(drop)?),
        Decide::Erase(form) => {
            let files: Vec<String> = form.files.0.split_whitespace().map(str::to_owned).collect();
            shared.erase_later(id, files, &caller.0).map(drop)
        }
    })
    .await?;
    Ok(back(HERE.into()))
}
