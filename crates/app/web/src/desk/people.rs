//! People who act at the desk, their sessions, and the server's jobs, for administrators; one's own sessions for everybody.

use crate::components::{Bare, N, T, listing, time};
use crate::forms::{Fields, Free, Input, Nothing, form_of, page_form, page_steps};
use crate::frame::{Answer, Frame, Page, back};
use crate::texts::t;
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_api::AppState;
use holdfast_api::auth::Caller;
use holdfast_api::blocking::run_blocking;
use holdfast_identity::PersonState;
use holdfast_jobs::{JobState, list as list_jobs};
use maud::{Markup, html};

page_form! {
    /// Why a person's access is changed.
    struct Reason {
        reason: Free = "common-reason", Input::Line;
    }
}

page_steps! {
    /// What becomes of a person.
    enum Step by "step" {
        "suspend" => Suspend(Reason),
        "activate" => Activate(Reason),
        "reset-factor" => ResetFactor(Reason),
        "end-sessions" => EndSessions(Nothing),
    }
}

fn step_form(id: u64, step: &str, button: &str) -> Markup {
    form_of::<Reason>(&format!("/desk/people/{id}"), &[("step", step)], button)
}

/// Shows people.
pub(crate) async fn people(State(shared): State<AppState>, frame: Frame) -> Page {
    let (people, keys) = run_blocking(move || Ok((shared.screening.people()?, shared.screening.keys()?))).await?;
    let heads = [T("people-name"), T("people-state"), T("people-keys"), T("people-factor"), T("people-since"), Bare];
    let body = html! {
        (listing(&heads, &people, "people-none", |p| html! { tr {
            td { (p.name) }
            td { @match p.state { PersonState::Active => (t!("people-active")), PersonState::Suspended => (t!("people-suspended")) } }
            td { @for k in keys.iter().filter(|k| k.revoked.is_none() && k.person() == p.name) {
                div { (k.name) " " span.note { (k.scopes.join(", ")) } }
            } }
            td { @if p.second_factor { (t!("people-has-factor")) } }
            td { (time(p.created)) }
            td {
                @match p.state {
                    PersonState::Active => (step_form(p.id, "suspend", "people-suspend")),
                    PersonState::Suspended => (step_form(p.id, "activate", "people-activate")),
                }
                @if p.second_factor { (step_form(p.id, "reset-factor", "people-reset-factor")) }
                (form_of::<Nothing>(&format!("/desk/people/{}", p.id), &[("step", "end-sessions")], "people-end-sessions"))
            }
        } }))
    };
    Ok(frame.desk(&t!("people-title"), "/desk/people", body))
}

/// Changes a person's access.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(step): Fields<Step>,
) -> Answer {
    run_blocking(move || match step {
        Step::Suspend(form) => shared.set_person_state(id, PersonState::Suspended, &form.reason.0, &caller.0).map(drop),
        Step::Activate(form) => shared.set_person_state(id, PersonState::Active, &form.reason.0, &caller.0).map(drop),
        Step::ResetFactor(form) => shared.reset_second_factor(id, form.reason.0, &caller.0).map(drop),
        Step::EndSessions(_) => shared.end_sessions_of(id, &caller.0),
    })
    .await?;
    Ok(back("/desk/people".into()))
}

/// Shows open sessions: one's own, an administrator's everybody's.
pub(crate) async fn sessions(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
) -> Page {
    let list = shared.sessions_for(&caller);
    let heads = [T("people-name"), T("sessions-from"), T("sessions-started"), T("sessions-used"), Bare];
    let body = html! {
        p { a href="/desk/second-factor" { (t!("factor-title")) } }
        (listing(&heads, &list, "sessions-none", |s| html! { tr {
            td { (shared.auth.person_of(&s.key).unwrap_or_default()) }
            td { (s.client) }
            td { (time(s.started)) }
            td { (time(s.used)) }
            td { (form_of::<Nothing>(&format!("/desk/sessions/{}", s.handle()), &[], "sessions-end")) }
        } }))
    };
    Ok(frame.desk(&t!("sessions-title"), "/desk/sessions", body))
}

/// Ends a session.
pub(crate) async fn end_session(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(handle): Path<String>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    shared.end_session_of(&caller, &handle).await?;
    Ok(back("/desk/sessions".into()))
}

/// Shows jobs, newest first.
pub(crate) async fn jobs(State(shared): State<AppState>, frame: Frame) -> Page {
    let list = run_blocking(move || Ok(shared.screening.read(|db| list_jobs(db, None))?)).await?;
    let heads =
        [N("jobs-job"), T("jobs-kind"), T("jobs-state"), N("jobs-tries"), T("jobs-next"), T("jobs-error"), Bare];
    let body = html! {
        (listing(&heads, &list, "jobs-none", |j| html! { tr {
            td.n { (j.id) }
            td { (j.kind) @if !j.key.is_empty() { " " (j.key) } }
            td { (j.state.name()) }
            td.n { (j.tries) }
            td { @if j.state == JobState::Waiting { (time(j.next_try)) } }
            td { span.long { (j.error.as_deref().unwrap_or_default()) } }
            td { @if j.error.is_some() && matches!(j.state, JobState::Waiting | JobState::Failed) {
                (form_of::<Nothing>(&format!("/desk/jobs/{}", j.id), &[], "jobs-retry"))
            } }
        } }))
    };
    Ok(frame.desk(&t!("jobs-title"), "/desk/jobs", body))
}

/// Lets a job be tried now.
pub(crate) async fn retry_job(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || shared.retry_job(id, &caller.0)).await?;
    Ok(back("/desk/jobs".into()))
}
