//! People who act at the desk, their keys and sessions, the desk's own keys, and the server's jobs, for administrators; one's own sessions for
//! everybody.

use crate::desk::ledgers;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_identity::{ApiKey, Person, PersonState, ROLES, SessionKind, role};
use holdfast_jobs::{JobState, StoredJob, page as list_jobs};
use holdfast_page::components::{Bare, List, ListQuery, N, PAGE_ROWS, T, listing, new_key, table, time, word, words};
use holdfast_page::forms::{Fields, Free, Input, Nothing, PageForm, Text, form_of, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_screening::DeskKey;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_state::jobs::may_be_cancelled;
use holdfast_state::people::{MadeKey, NewKey};
use maud::{Markup, html};

const HERE: &str = "/desk/people";

/// Roles of a new key, with the keys of their names.
const ROLE_CHOICES: [(&str, &str); 7] = [
    ("investigator", "people-investigator"),
    ("approver", "people-approver"),
    ("auditor", "people-auditor"),
    ("administrator", "people-administrator"),
    ("trainer", "people-trainer"),
    ("screener", "people-screener"),
    ("partner", "people-partner"),
];

page_form! {
    /// Adds a person, with a first key.
    struct AddPerson {
        name: Text = "people-name", Input::Line;
        role: Text = "people-role", Input::Choice(&ROLE_CHOICES);
    }
}

page_form! {
    /// Makes a further key of a person.
    struct AddKey {
        name: Text = "people-key-name", Input::Line;
        role: Text = "people-role", Input::Choice(&ROLE_CHOICES);
    }
}

page_form! {
    /// Gives a key another role.
    struct ChangeRole {
        role: Text = "people-role", Input::Own;
    }
}

page_form! {
    /// Why a person's access is changed, or a key of the desk retired.
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

page_steps! {
    /// What becomes of a key.
    enum KeyStep by "step" {
        "change" => Change(ChangeRole),
        "revoke" => Revoke(Nothing),
    }
}

/// The scopes of a role that a form names.
fn scopes_of(role_name: &str) -> Result<Vec<String>, ApiError> {
    let names = || ROLES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let unknown = || ApiError::bad(t!("form-none-of", field = t!("people-role"), text = role_name, values = names()));
    role(role_name).ok_or_else(unknown)
}

/// The key of the name of the role whose scopes a key has; none where it has those of no role.
fn role_of(key: &ApiKey) -> Option<&'static str> {
    let has = |name: &str| role(name).is_some_and(|scopes| scopes == key.scopes);
    ROLE_CHOICES.iter().find(|(name, _)| has(name)).map(|(_, text)| *text)
}

/// The name of a key's role, or its scopes.
fn role_words(key: &ApiKey) -> String {
    role_of(key).map_or_else(|| words(&key.scopes), |text| t!(text))
}

fn step_form(id: u64, step: &str, button: &str) -> Markup {
    form_of::<Reason>(&format!("{HERE}/{id}"), &[("step", step)], button)
}

fn state_words(person: &Person) -> String {
    match person.state {
        PersonState::Active => t!("people-active"),
        PersonState::Suspended => t!("people-suspended"),
    }
}

fn keys_of<'k>(person: &Person, keys: &'k [ApiKey]) -> Vec<&'k ApiKey> {
    keys.iter().filter(|k| k.revoked.is_none() && k.person() == person.name).collect()
}

/// Shows people, and the keys of the desk itself.
pub(crate) async fn people(State(shared): State<AppState>, frame: Frame) -> Page {
    let directory = format!("{}/scim/v2", shared.site.origin());
    let (people, keys, own) =
        run_blocking(move || Ok((shared.screening.people()?, shared.screening.keys()?, shared.desk_keys()?))).await?;
    let heads = [T("people-name"), T("people-state"), T("people-keys"), T("people-factor"), T("people-since")];
    let body = html! {
        (listing(&heads, &people, "people-none", |p| html! { tr {
            td { a href={(HERE) "/" (p.id)} { (p.name) } }
            td { (state_words(p)) }
            td { @for k in keys_of(p, &keys) { div { @if k.name != p.name { (k.name) " " } span.note { (role_words(k)) } } } }
            td { @if p.second_factor { (t!("people-has-factor")) } }
            td { (time(p.created)) }
        } }))
        h2 { (t!("people-add")) }
        p { (t!("people-add-about")) }
        (form_of::<AddPerson>(HERE, &[], "people-add-button"))
        h2 { (t!("people-directory")) }
        p { (t!("people-directory-about")) }
        p { code { (directory) } br; code { "holdfast keys create directory --scopes provision" } }
        (own_keys(&own))
    };
    Ok(frame.desk(&t!("people-title"), HERE, body))
}

/// The keys of the desk itself.
fn own_keys(own: &[DeskKey]) -> Markup {
    let heads = [T("people-desk-key"), T("people-state"), Bare];
    html! {
        h2 { (t!("people-desk-keys")) }
        p { (t!("people-desk-keys-about")) }
        (table(&heads, own, |k| html! { tr {
            td.hash { (k.id) }
            td { @match (k.retired, k.in_use) {
                (Some(at), _) => { (t!("people-retired")) " " (time(at)) },
                (None, true) => (t!("people-in-use")),
                (None, false) => (t!("people-older")),
            } }
            td { @if !k.in_use && k.retired.is_none() { (form_of::<Reason>(&format!("/desk/desk-keys/{}", k.id), &[], "people-retire")) } }
        } }))
    }
}

/// Shows a key that was made, whose secret is shown once.
fn made(frame: &Frame, made: &MadeKey) -> Markup {
    let about = rich!("people-made", name = made.key.name, person = made.key.person());
    let waits = html! { @if let Some(change) = &made.change {
        p.error { (rich!("people-waits", change = html! { a href="/desk/changes" { (t!("people-change", id = change.id)) } })) }
    } };
    let body = new_key(&about, &made.token, &waits, (HERE, &t!("people-title")));
    frame.desk(&t!("people-made-title"), HERE, body)
}

/// Adds a person with a first key.
pub(crate) async fn add(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<AddPerson>,
) -> Page {
    let new = NewKey { name: form.name.0, person: None, scopes: scopes_of(&form.role.0)?, per_minute: 0 };
    let key = run_blocking(move || shared.create_key(&caller, new).map_err(AddPerson::explain)).await?;
    Ok(made(&frame, &key))
}

fn find(shared: &AppState, id: u64) -> Result<(Person, Vec<ApiKey>), ApiError> {
    let unknown = || holdfast_identity::IdentityError::NotFound(format!("person {id}"));
    let person = shared.screening.people()?.into_iter().find(|p| p.id == id).ok_or_else(unknown)?;
    Ok((person, shared.screening.keys()?))
}

/// Shows a person with their keys.
pub(crate) async fn person(State(shared): State<AppState>, frame: Frame, Path(id): Path<u64>) -> Page {
    let (person, keys) = run_blocking(move || find(&shared, id)).await?;
    let here = format!("{HERE}/{id}");
    let own = keys_of(&person, &keys);
    let heads = [T("people-key-name"), T("people-role"), T("people-since"), Bare];
    let body = html! {
        p { (rich!("people-facts", state = state_words(&person), since = time(person.created), by = person.created_by))
            @if person.second_factor { " " (t!("people-factor-active")) } }
        h2 { (t!("people-keys")) }
        (listing(&heads, &own, "people-no-keys", |k| html! { tr {
            td { (k.name) br; span.note.hash { (k.id) } }
            td { (change_form(k)) }
            td { (time(k.created)) }
            td { (form_of::<Nothing>(&format!("/desk/keys/{}", k.id), &[("step", "revoke")], "people-revoke")) }
        } }))
        @if person.state == PersonState::Active {
            h2 { (t!("people-add-key")) }
            p { (t!("people-add-key-about")) }
            (form_of::<AddKey>(&format!("{here}/keys"), &[], "people-add-key"))
        }
        h2 { (t!("people-access")) }
        @match person.state {
            PersonState::Active => (step_form(id, "suspend", "people-suspend")),
            PersonState::Suspended => (step_form(id, "activate", "people-activate")),
        }
        @if person.second_factor { (step_form(id, "reset-factor", "people-reset-factor")) }
        (form_of::<Nothing>(&here, &[("step", "end-sessions")], "people-end-sessions"))
    };
    Ok(frame.desk(&person.name, HERE, body))
}

/// A form that gives a key another role.
fn change_form(key: &ApiKey) -> Markup {
    let now = role_of(key);
    html! {
        form.step method="post" action={"/desk/keys/" (key.id)} {
            input type="hidden" name="step" value="change";
            select name="role" aria-label=(t!("people-role-of", key = key.name.as_str())) {
                @if now.is_none() { option value="" selected { (words(&key.scopes)) } }
                @for (name, text) in ROLE_CHOICES { option value=(name) selected[now == Some(text)] { (t!(text)) } }
            }
            button type="submit" { (t!("people-change-role")) }
        }
    }
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
    Ok(back(format!("{HERE}/{id}")))
}

/// Makes a further key of a person.
pub(crate) async fn add_key(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<AddKey>,
) -> Page {
    let scopes = scopes_of(&form.role.0)?;
    let key = run_blocking(move || {
        let (person, _) = find(&shared, id)?;
        let new = NewKey { name: form.name.0, person: Some(person.name), scopes, per_minute: 0 };
        shared.create_key(&caller, new).map_err(AddKey::explain)
    })
    .await?;
    Ok(made(&frame, &key))
}

/// Gives a key another role, or revokes it; leads to its person, or to the change where that waits for a second person.
pub(crate) async fn step_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(step): Fields<KeyStep>,
) -> Answer {
    let to = run_blocking(move || {
        let waits = match step {
            KeyStep::Change(form) => shared.change_key(&caller, &id, scopes_of(&form.role.0)?)?.1.is_some(),
            KeyStep::Revoke(_) => shared.revoke_key(&id, &caller.0).map(|()| false)?,
        };
        if waits {
            return Ok("/desk/changes".to_owned());
        }
        let key = shared.screening.keys()?.into_iter().find(|k| k.id == id);
        let people = shared.screening.people()?;
        let person = people.iter().find(|p| key.as_ref().is_some_and(|k| k.person() == p.name));
        Ok(person.map_or(HERE.to_owned(), |p| format!("{HERE}/{}", p.id)))
    })
    .await?;
    Ok(back(to))
}

/// Retires an older key of the desk itself.
pub(crate) async fn retire(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(form): Fields<Reason>,
) -> Answer {
    run_blocking(move || shared.retire_desk_key(&id, &form.reason.0, &caller.0).map_err(Reason::explain)).await?;
    Ok(back(HERE.into()))
}

fn session_words(kind: SessionKind) -> String {
    match kind {
        SessionKind::Staff => t!("sessions-staff"),
        SessionKind::Officer => t!("sessions-officer"),
        SessionKind::Learner => t!("sessions-learner"),
    }
}

/// Shows open sessions: one's own; an administrator's everybody's, officers' and learners' too.
pub(crate) async fn sessions(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
) -> Page {
    // Whoever came without a session has no second factor here.
    let is_local = caller.is_local();
    let list = shared.sessions_for(&caller).await?;
    let list = run_blocking(move || {
        let owned = list.into_iter().map(|s| Ok((shared.session_owner(&s)?, s)));
        owned.collect::<Result<Vec<_>, ApiError>>()
    })
    .await?;
    let heads =
        [T("people-name"), T("sessions-kind"), T("sessions-from"), T("sessions-started"), T("sessions-used"), Bare];
    let body = html! {
        @if !is_local { p { a href="/desk/second-factor" { (t!("factor-title")) } } }
        (listing(&heads, &list, "sessions-none", |(owner, s)| html! { tr {
            td { (owner) }
            td { (session_words(s.kind)) }
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

/// How far a job is, where it says so.
fn progress(job: &StoredJob) -> Markup {
    html! { @match job.all {
        Some(all) => (t!("jobs-done-of", done = job.done, all = all)),
        None => @if job.done > 0 { (job.done) },
    } }
}

/// Reads the state that jobs are chosen by.
fn job_state(text: Option<&str>) -> Result<Option<JobState>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let found = JobState::ALL.into_iter().find(|state| state.name() == text);
    let names = || JobState::ALL.map(JobState::name).join(", ");
    found.map(Some).ok_or_else(|| ApiError::bad(t!("form-none-of", field = "state", text = text, values = names())))
}

/// Shows jobs, newest first.
pub(crate) async fn jobs(State(shared): State<AppState>, frame: Frame, Query(q): Query<ListQuery>) -> Page {
    let state = job_state(q.state.as_deref())?;
    let before = Some(q.after).filter(|id| *id > 0);
    let (list, of_ledgers) = run_blocking(move || {
        let list = shared.screening.read(|db| list_jobs(db, state, before, PAGE_ROWS))?;
        Ok((list, ledgers::shown(&shared)))
    })
    .await?;
    let heads = [
        N("jobs-job"),
        T("jobs-kind"),
        T("jobs-state"),
        N("jobs-progress"),
        N("jobs-tries"),
        T("jobs-when"),
        T("jobs-error"),
        Bare,
    ];
    let states = [
        ("", "requests-all"),
        ("waiting", "jobs-waiting"),
        ("running", "jobs-running"),
        ("failed", "jobs-failed"),
        ("done", "jobs-done"),
    ];
    let jobs = List { path: "/desk/jobs", states: &states, default_state: "", heads: &heads, empty: "jobs-none" };
    let row = |j: &StoredJob| {
        html! { tr {
            td.n { (j.id) }
            td { (word(&j.kind)) @if !j.key.is_empty() { " " span.long { (j.key) } } br; span.note { (t!("common-by", person = j.created_by.as_str())) } }
            td { (word(j.state.name())) }
            td.n { (progress(j)) }
            td.n { (j.tries) }
            td { @match (j.state, j.ended, j.started) {
                (JobState::Waiting, ..) => (rich!("jobs-next-at", time = time(j.next_try))),
                (_, Some(ended), _) => (rich!("jobs-ended-at", time = time(ended))),
                (_, None, Some(started)) => (rich!("jobs-started-at", time = time(started))),
                (_, None, None) => (time(j.created)),
            } }
            td { span.long { (j.error.as_deref().unwrap_or_default()) } }
            td { @if j.error.is_some() && matches!(j.state, JobState::Waiting | JobState::Failed) {
                (form_of::<Nothing>(&format!("/desk/jobs/{}", j.id), &[], "jobs-retry"))
            }
            @if matches!(j.state, JobState::Waiting | JobState::Running) && may_be_cancelled(&j.kind) {
                (form_of::<Nothing>(&format!("/desk/jobs/{}/cancel", j.id), &[], "jobs-cancel"))
            } }
        } }
    };
    let body = html! { (jobs.show(&q, &list, |j| j.id, row)) (ledgers::section(&of_ledgers)) };
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

/// Ends a job.
pub(crate) async fn cancel_job(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || shared.cancel_job(id, &caller.0)).await?;
    Ok(back("/desk/jobs".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_can_be_chosen() {
        let mut chosen: Vec<&str> = ROLE_CHOICES.iter().map(|(name, _)| *name).collect();
        let mut roles: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        chosen.sort_unstable();
        roles.sort_unstable();
        assert_eq!(chosen, roles);
        assert!(scopes_of("everything").is_err());
    }
}
