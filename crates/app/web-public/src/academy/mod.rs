//! The academy: courses for everybody, labs for learners with the chain that each plays on, sessions and classes for trainers.

pub(crate) mod attempt;
pub(crate) mod chain;
pub(crate) mod sessions;
pub(crate) mod tool;
pub(crate) mod trainer;

use crate::pictures;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_academy::attempts::Desk;
use holdfast_academy::classes::NewSession;
use holdfast_academy::course::{Course, to_html};
use holdfast_academy::grade::percent;
use holdfast_academy::labs;
use holdfast_api_investigation::academy::in_class;
use holdfast_page::components::{Bare, N, T, none, table};
use holdfast_page::forms::{Fields, Free, Input, PageForm, page_form};
use holdfast_page::frame::{Answer, ErrorPage, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_state::sign_in::{Client, cookie, may_sign_in, refuse_sign_in};
use holdfast_types::ids::CourseSessionId;
use holdfast_types::{Seconds, Timestamp};
use maud::{Markup, PreEscaped, html};

page_form! {
    /// Signs a learner in.
    struct SignIn {
        key: Free = "sign-in-key", Input::Own;
    }
}

fn markdown(text: &str) -> Markup {
    html! { (PreEscaped(to_html(text))) }
}

fn day(time: Timestamp) -> String {
    time.rfc3339().get(..10).unwrap_or_default().to_owned()
}

/// Where a session is held: an online one may have a country only.
fn place(plan: &NewSession) -> String {
    match plan.place.is_empty() {
        true => plan.country.clone(),
        false => format!("{} ({})", plan.place, plan.country),
    }
}

/// Shows courses, and the way in for learners.
pub(crate) async fn home(
    State(shared): State<AppState>,
    frame: Frame,
    Query(q): Query<holdfast_api_investigation::academy::LangQuery>,
) -> Page {
    let lang = q.lang();
    let courses = run_blocking(move || Ok(shared.academy().courses(&lang)?)).await?;
    Ok(frame.academy(
        &t!("nav-academy"),
        html! {
            p { (t!("academy-languages")) " " @for (lang, name) in [("en", "English"), ("es", "Español"), ("de", "Deutsch")] { a href={"/academy?lang=" (lang)} lang=(lang) { (name) } " " } }
            @for c in &courses {
                h2 { a href={"/academy/courses/" (c.header.course) "?lang=" (c.header.lang)} lang=(c.header.lang) { (c.header.title) } }
                p lang=(c.header.lang) { (c.header.summary) }
                p.note { (t!("count-hours", n = c.header.hours)) " · " (t!("count-labs", n = c.header.labs.len())) " · " (c.languages.join(", ")) }
            }
            h2 { (t!("academy-labs")) }
            ul { @for lab in &labs::LABS { li { a href={"/academy/labs/" (lab.id)} { (lab.title) } " " span.note { (t!("count-minutes", n = lab.minutes)) } } } }
            h2 { (t!("common-sign-in")) }
            p { (t!("academy-sign-in-intro")) }
            form.step method="post" action="/academy/enter" {
                label { (SignIn::label("key")) input name="key" type="password" autocomplete="current-password" required; }
                button type="submit" { (t!("common-sign-in")) }
            }
        },
    ))
}

fn lessons(course: &Course) -> Markup {
    html! {
        div lang=(course.header.lang) {
            p { (course.header.summary) }
            @if course.outdated { p.error { (t!("academy-outdated")) } }
            (pictures::of_course(&course.header.course))
            @for lesson in &course.lessons { section { h2 { (lesson.title) } (markdown(&lesson.text)) } }
        }
        h2 { (t!("academy-labs")) }
        ul { @for lab in &course.header.labs { li { a href={"/academy/labs/" (lab)} { (labs::lab(lab).map_or(lab.as_str(), |l| l.title)) } } } }
    }
}

/// Shows a course.
pub(crate) async fn course(
    State(shared): State<AppState>,
    frame: Frame,
    Path(name): Path<String>,
    Query(q): Query<holdfast_api_investigation::academy::LangQuery>,
) -> Page {
    let course = run_blocking(move || Ok(shared.academy().course(&name, &q.lang())?)).await?;
    let languages = html! { p { @for lang in &course.languages { a href={"/academy/courses/" (course.header.course) "?lang=" (lang)} lang=(lang) { (lang) } " " } } };
    Ok(frame.academy(&course.header.title.clone(), html! { (languages) (lessons(&course)) }))
}

/// Shows what a lab is about.
pub(crate) async fn lab(frame: Frame, Path(name): Path<String>) -> Page {
    let lab = labs::lab(&name)
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, t!("academy-no-lab", lab = name.as_str())))?;
    Ok(frame.academy(
        lab.title,
        html! {
            p { (lab.teaches) }
            p.note { (t!("academy-lab-facts", minutes = t!("count-minutes", n = lab.minutes))) " " @for (n, tool) in lab.tools.iter().enumerate() { @if n > 0 { (t!("common-list-comma")) } code { (tool) } } }
            p { a href="/academy/me" { (t!("academy-lab-begin")) } }
        },
    ))
}

/// Takes a learner's key and starts a session, whose number the browser gets in a cookie that scripts and other sites cannot use.
pub(crate) async fn enter(State(shared): State<AppState>, client: Client, Fields(form): Fields<SignIn>) -> Answer {
    may_sign_in(&shared, &client.0)?;
    let given = form.key.0;
    let state = shared.clone();
    let known = run_blocking(move || {
        state.academy().subject_of(&given).map_err(|e| ApiError::new(StatusCode::UNAUTHORIZED, e.to_string()))
    })
    .await;
    let subject = match known {
        Ok(subject) => subject,
        Err(e) => return Err(refuse_sign_in(&shared, &client.0, &e.message).await.into()),
    };
    let id = shared.start_learner_session(subject, &client.0).await?;
    let cookie = shared.access.cookie("hl", &id, holdfast_state::sessions::SESSION_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/academy/me")).into_response())
}

/// Leaves: the session ends.
pub(crate) async fn leave(State(shared): State<AppState>, headers: HeaderMap) -> Answer {
    if let Some(session) = cookie(&headers, "hl") {
        shared.end_session(&session, "academy").await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("hl", "", Seconds::ZERO))], Redirect::to("/academy"))
        .into_response())
}

/// Leads people without a key to the entrance.
fn outside(e: ApiError) -> Response {
    match e.status {
        StatusCode::UNAUTHORIZED => back("/academy".into()),
        _ => ErrorPage::from(e).into_response(),
    }
}

/// The labs of a learner's session, with what the learner reached.
fn labs_of_session(session: CourseSessionId, labs: &[String], desk: &Desk) -> Markup {
    let heads = [T("academy-lab"), N("academy-score"), Bare];
    table(&heads, labs, |lab| {
        let mine = desk.labs.iter().find(|(s, r)| *s == session && r.lab == *lab).map(|(_, r)| r);
        html! { tr {
            td { (labs::lab(lab).map_or(lab.as_str(), |l| l.title)) }
            td.n { @if let Some(r) = mine { (percent(r.score)) @if r.passed { " " (t!("academy-passed")) } } }
            td { @match mine {
                Some(r) => a href={"/academy/attempts/" (r.attempt)} { (t!("academy-go-on")) },
                None => form method="post" action={"/academy/sessions/" (session) "/labs/" (lab)} { button type="submit" { (t!("academy-begin")) } },
            } }
        } }
    })
}

/// Shows a learner's sessions, labs and certificates.
pub(crate) async fn me(State(shared): State<AppState>, frame: Frame, headers: HeaderMap) -> Response {
    let found = in_class(shared, &headers, |a, l| {
        let desk = a.learner_desk(l)?;
        let mut labs = Vec::new();
        for session in &desk.sessions {
            labs.push(a.course(&session.plan.course, &session.plan.lang)?.header.labs);
        }
        Ok((desk, labs))
    });
    let (desk, labs_by_session) = match found.await {
        Ok(found) => found,
        Err(e) => return outside(e),
    };
    frame.academy(
        &desk.learner.who.name.clone(),
        html! {
            @for (session, labs) in desk.sessions.iter().zip(&labs_by_session) {
                h2 { a href={"/academy/sessions/" (session.id)} { (session.plan.title) } }
                p.note {
                    (t!("academy-from-to", from = day(session.plan.starts), to = day(session.plan.ends))) ", " (place(&session.plan)) " · "
                    a href={"/academy/courses/" (session.plan.course) "?lang=" (session.plan.lang)} { (t!("academy-course")) } " · "
                    a href={"/academy/sessions/" (session.id)} { (t!("academy-scoreboard-feedback")) }
                }
                (labs_of_session(session.id, labs, &desk))
            }
            @if desk.sessions.is_empty() { (none(&t!("academy-no-own-session"))) }
            @if !desk.certificates.is_empty() {
                h2 { (t!("academy-certificates")) }
                ul { @for (id, course) in &desk.certificates { li { a href={"/academy/certificates/" (id)} { (course) } " " span.hash { (id) } } } }
            }
        },
    )
    .into_response()
}
