//! Sessions and classes, for trainers.

use super::sessions::scoreboard;
use super::{day, place};
use axum::Extension;
use axum::extract::{Multipart, Path, State};
use axum::response::IntoResponse;
use holdfast_academy::attempts::{ClassView, LabResult};
use holdfast_academy::classes::{
    Enrolled, FeedbackSummary, Mode, NewLearner, NewSession, ProgrammeLine, RosterLine, SessionState,
};
use holdfast_academy::course::Course;
use holdfast_academy::grade::percent;
use holdfast_academy::labs;
use holdfast_page::components::{self, Bare, Head, N, T, listing, table, word};
use holdfast_page::forms::{
    Day, Fields, Free, Input, Nothing, Number, PageForm, Text, Ticked, file_form, form_of, page_form, page_steps,
    upload,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::ids::{CourseSessionId, LearnerId};
use maud::{Markup, html};
use strum::VariantArray;

/// The trainers' page.
const HERE: &str = "/desk/academy";

page_form! {
    /// Plans a session.
    struct PlanSession {
        course: Text = "academy-course", Input::Own;
        lang: Text = "campaigns-language-short", Input::Own;
        mode: Mode = "academy-mode", Input::Own;
        country: Text = "common-country", Input::Own;
        place: Free = "academy-place-or-link", Input::Own;
        starts: Day = "common-from", Input::Own;
        ends: Day = "common-to", Input::Own;
        parts: Number<u32> = "academy-parts", Input::Own;
        trainer: Text = "academy-trainer", Input::Own;
        capacity: Number<u32> = "academy-capacity", Input::Own;
    }
}

impl From<PlanSession> for NewSession {
    fn from(form: PlanSession) -> Self {
        NewSession {
            course: form.course.0,
            lang: form.lang.0,
            title: String::new(),
            mode: form.mode,
            country: form.country.0.to_ascii_uppercase(),
            place: form.place.0,
            starts: form.starts.0,
            ends: form.ends.0,
            parts: form.parts.0,
            trainer: form.trainer.0,
            capacity: form.capacity.0,
        }
    }
}

page_form! {
    /// Enrols a learner.
    struct Enrol {
        name: Text = "sharing-name", Input::Line;
        email: Text = "portal-sign-in-email", Input::Of("email");
        agency: Text = "common-agency", Input::Line;
        country: Text = "common-country", Input::Line;
    }
}

page_form! {
    /// Records who attended a part.
    struct RecordAttendance {
        part: Number<u32> = "academy-part", Input::Own;
        present: Ticked<Number<LearnerId>> = "academy-present", Input::Own;
    }
}

page_form! {
    /// Certifies a learner.
    struct Certify {
        learner: Number<LearnerId> = "academy-learner", Input::Hidden;
    }
}

page_steps! {
    /// A step of a session.
    enum SessionStep by "step" {
        "enrol" => Enrol(Enrol),
        "attendance" => Attendance(RecordAttendance),
        "certify" => Certify(Certify),
        "close" => Close(Nothing),
        "cancel" => Cancel(Nothing),
    }
}

/// Shows sessions and the programme.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame) -> Page {
    let (sessions, courses, programme) = run_blocking(move || {
        let a = shared.academy();
        Ok((a.sessions()?, a.courses("en")?, a.programme()?))
    })
    .await?;
    let heads = [
        T("academy-session"),
        T("campaigns-language-short"),
        T("academy-mode"),
        T("academy-where"),
        T("academy-when"),
        T("academy-trainer"),
        N("academy-roster"),
        T("common-state"),
    ];
    let body = html! {
        (listing(&heads, &sessions, "academy-no-sessions", |s| html! { tr {
            td { a href={(HERE) "/sessions/" (s.id)} { (s.plan.title) } }
            td { (s.plan.lang) }
            td { (word(s.plan.mode)) }
            td { (place(&s.plan)) } td { (t!("academy-from-to", from = day(s.plan.starts), to = day(s.plan.ends))) }
            td { (s.plan.trainer) } td.n { (t!("academy-of", part = s.enrolled, whole = s.plan.capacity)) } td { (word(s.state)) }
        } }))
        (plan_form(&courses))
        (programme_of(&programme))
        h2 { (t!("academy-add-course")) }
        (file_form::<Nothing>(&format!("{HERE}/courses"), "common-add"))
    };
    Ok(frame.desk(&t!("nav-academy"), HERE, body))
}

fn plan_form(courses: &[Course]) -> Markup {
    let label = PlanSession::label;
    html! {
        h2 { (t!("academy-plan-title")) }
        form.step method="post" action={(HERE) "/sessions"} {
            label { (label("course")) select name="course" { @for c in courses { option value=(c.header.course) { (c.header.title) " (" (c.languages.join(", ")) ")" } } } }
            label { (label("lang")) input name="lang" size="2" value="en" required; }
            label { (label("mode")) select name="mode" { @for mode in Mode::VARIANTS { option value=(mode) { (word(mode)) } } } }
            label { (label("country")) input name="country" size="2" required; }
            label { (label("place")) input name="place"; }
            label { (label("starts")) input name="starts" type="date" required; }
            label { (label("ends")) input name="ends" type="date" required; }
            label { (label("parts")) input name="parts" type="number" min="0" max="60" value="0"; }
            label { (label("trainer")) input name="trainer" required; }
            label { (label("capacity")) input name="capacity" type="number" min="1" max="1000" value="30"; }
            button type="submit" { (t!("academy-plan")) }
        }
    }
}

fn programme_of(programme: &[ProgrammeLine]) -> Markup {
    let heads = [
        T("academy-year"),
        T("common-country"),
        N("academy-sessions"),
        N("academy-in-person-count"),
        N("academy-agencies"),
        N("academy-learners"),
        N("academy-attended"),
        N("academy-labs-passed"),
        N("academy-certificates"),
    ];
    html! {
        h2 { (t!("academy-programme")) }
        (table(&heads, programme, |l| html! { tr {
            td { (l.year) } td { (l.country) } td.n { (l.sessions) } td.n { (l.in_person) } td.n { (l.agencies) } td.n { (l.learners) }
            td.n { (t!("academy-of", part = l.attended, whole = l.places)) } td.n { (l.labs_passed) } td.n { (l.certificates) }
        } }))
    }
}

/// Plans a session.
pub(crate) async fn plan(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<PlanSession>,
) -> Answer {
    let new = form.into();
    let made = run_blocking(move || Ok(shared.academy().plan_session(new, &caller.0)?)).await;
    Ok(back(format!("{HERE}/sessions/{}", made.map_err(PlanSession::explain)?.id)))
}

/// Adds a course.
pub(crate) async fn add_course(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    form: Multipart,
) -> Answer {
    let file = upload::<Nothing>(form).await?;
    let text =
        String::from_utf8(file.bytes).map_err(|e| ApiError::bad(format!("{}: {}", t!("form-file"), e.utf8_error())))?;
    run_blocking(move || Ok(shared.academy().add_course(&text, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}

/// Shows a session with its class.
pub(crate) async fn session(State(shared): State<AppState>, frame: Frame, Path(id): Path<CourseSessionId>) -> Page {
    let (session, roster, feedback, class, board) = run_blocking(move || {
        let a = shared.academy();
        Ok((a.session(id)?, a.roster(id)?, a.feedback(id)?, a.class_view(id)?, a.scoreboard(id)?))
    })
    .await?;
    let here = format!("{HERE}/sessions/{id}");
    let (plan, open) = (&session.plan, session.state == SessionState::Planned);
    let body = html! {
        p { (t!("academy-facts", from = day(plan.starts), to = day(plan.ends), place = place(plan), trainer = plan.trainer.as_str(), state = word(session.state))) }
        (roster_of(&roster, plan, &here))
        @if open {
            h3 { (t!("academy-enrol")) }
            (form_of::<Enrol>(&here, &[("step", "enrol")], "academy-enrol"))
            @if plan.parts > 0 { (attendance(&roster, plan.parts, &here)) }
        }
        (class_of(&class))
        h2 { (t!("academy-scoreboard")) }
        (scoreboard(&board))
        (feedback_of(&feedback))
        @if open {
            (form_of::<Nothing>(&here, &[("step", "close")], "academy-close"))
            (form_of::<Nothing>(&here, &[("step", "cancel")], "academy-cancel"))
        }
    };
    Ok(frame.desk(&plan.title, HERE, body))
}

fn roster_of(roster: &[RosterLine], plan: &NewSession, here: &str) -> Markup {
    let heads = [
        T("academy-learner"),
        T("common-agency"),
        T("common-country"),
        T("academy-attended"),
        T("academy-feedback"),
        T("academy-certificate"),
        Bare,
    ];
    html! {
        h2 { (t!("academy-roster")) " (" (t!("academy-of", part = roster.len(), whole = plan.capacity)) ")" }
        (table(&heads, roster, |l| html! { tr {
            td { (l.learner.who.name) br; span.note { (l.learner.who.email) } } td { (l.learner.who.agency) } td { (l.learner.who.country) }
            td { @if plan.parts == 0 { "–" } @else { (t!("academy-of", part = l.attended.len(), whole = plan.parts)) } }
            td { @if l.feedback { (t!("academy-given")) } }
            td { @match &l.certificate {
                Some(c) => span.hash { (c) },
                None => (form_of::<Nothing>(here, &[("step", "certify"), ("learner", &l.learner.id.to_string())], "academy-certify")),
            } }
            td { (form_of::<Nothing>(&format!("{HERE}/learners/{}/key", l.learner.id), &[], "academy-new-key")) }
        } }))
    }
}

fn attendance(roster: &[RosterLine], parts: u32, here: &str) -> Markup {
    html! {
        h3 { (t!("academy-attendance")) }
        form.step method="post" action=(here) {
            input type="hidden" name="step" value="attendance";
            label { (RecordAttendance::label("part")) select name="part" { @for p in 1..=parts { option value=(p) { (p) } } } }
            @for l in roster { label { input type="checkbox" name="present" value=(l.learner.id); " " (l.learner.who.name) } }
            button type="submit" { (t!("common-save")) }
        }
    }
}

/// What a learner reached in a lab.
fn result_of(r: &LabResult) -> Markup {
    html! {
        (percent(r.score)) @if r.passed { " " span aria-label=(t!("academy-passed")) { "✓" } } br;
        span.note {
            (t!("academy-tries", tries = r.tries)) ", " (t!("count-hints", n = r.hints))
            @if let Some(at) = &r.at { ", " (t!("academy-at-step", step = at.as_str())) }
        }
    }
}

fn class_of(class: &ClassView) -> Markup {
    let titles = class.labs.iter().map(|lab| labs::lab(lab).map_or(lab.as_str(), |l| l.title));
    let heads: Vec<Head<'_>> = [T("academy-learner")].into_iter().chain(titles.map(Head::Named)).collect();
    let stuck = [T("academy-lab"), T("academy-step"), N("academy-right"), N("academy-answered"), N("academy-answers")];
    html! {
        h2 { (t!("academy-class")) }
        (table(&heads, &class.learners, |l| html! { tr {
            td { (l.learner.who.name) }
            @for lab in &class.labs { td.n { @if let Some(r) = l.labs.iter().find(|r| r.lab == *lab) { (result_of(r)) } } }
        } }))
        h3 { (t!("academy-stuck")) }
        (table(&stuck, &class.steps, |(lab, step, right, answered, tries)| html! { tr {
            td { (lab) } td { (step) } td.n { (right) } td.n { (answered) } td.n { (tries) }
        } }))
    }
}

fn feedback_of(feedback: &FeedbackSummary) -> Markup {
    let mean = |m: Option<i64>| m.map_or("–".to_owned(), |m| format!("{}.{:02}", m / 100, m % 100));
    html! {
        h2 { (t!("academy-feedback")) }
        p { (t!("academy-feedback-means", sheets = t!("count-sheets", n = feedback.sheets), content = mean(feedback.content),
            trainer = mean(feedback.trainer), labs = mean(feedback.labs))) }
        ul { @for c in &feedback.comments { li { (c) } } }
    }
}

fn shown_once(enrolled: &Enrolled, to: &str, frame: &Frame) -> Markup {
    let name = enrolled.learner.who.name.as_str();
    let back = t!("academy-back");
    let body = match &enrolled.key {
        Some(key) => components::new_key(&rich!("common-key-for", name = name), key, &html! {}, (to, &back)),
        None => html! { p { (t!("academy-has-key", name = name)) } p { a href=(to) { (back) } } },
    };
    frame.desk(&t!("academy-learner-key"), HERE, body)
}

/// Enrols, records attendance, certifies, ends.
pub(crate) async fn step(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CourseSessionId>,
    Fields(form): Fields<SessionStep>,
) -> Answer {
    let here = format!("{HERE}/sessions/{id}");
    match form {
        SessionStep::Enrol(f) => {
            let country = f.country.0.to_ascii_uppercase();
            let who = NewLearner { name: f.name.0, email: f.email.0, agency: f.agency.0, country };
            let enrolled = run_blocking(move || Ok(shared.academy().enrol(id, who, &caller.0)?)).await;
            return Ok(shown_once(&enrolled.map_err(Enrol::explain)?, &here, &frame).into_response());
        }
        SessionStep::Attendance(f) => {
            let present = f.present.0.into_iter().map(|p| p.0).collect();
            run_blocking(move || Ok(shared.academy().note_attendance(id, f.part.0, present, &caller.0)?)).await?;
        }
        SessionStep::Certify(f) => {
            run_blocking(move || Ok(shared.academy().certify(id, f.learner.0, &caller.0)?)).await?;
        }
        end @ (SessionStep::Close(_) | SessionStep::Cancel(_)) => {
            let cancelled = matches!(end, SessionStep::Cancel(_));
            run_blocking(move || Ok(shared.academy().end_session(id, cancelled, &caller.0)?)).await?;
        }
    }
    Ok(back(here))
}

/// Creates a new key for a learner and shows it, once.
pub(crate) async fn new_key(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<LearnerId>,
) -> Page {
    let enrolled = run_blocking(move || Ok(shared.academy().new_key(id, &caller.0)?)).await?;
    Ok(shown_once(&enrolled, HERE, &frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;
    use holdfast_types::Seconds;

    #[test]
    fn attendance_is_read_from_ticked_boxes() {
        let Ok(SessionStep::Attendance(form)) = SessionStep::from_form(b"step=attendance&part=2&present=3&present=5")
        else {
            panic!()
        };
        assert_eq!((form.part.0, form.present.0), (2, [3, 5].map(|n| Number(LearnerId::new(n))).to_vec()));
        let Ok(SessionStep::Attendance(nobody)) = SessionStep::from_form(b"step=attendance&part=1") else { panic!() };
        assert!(nobody.present.0.is_empty());
        let e = SessionStep::from_form(b"step=attendance&part=1&present=ana").unwrap_err();
        assert!(e.message.starts_with(&t!("academy-present")), "{}", e.message);
    }

    #[test]
    fn a_session_is_planned_by_days() {
        let body = b"course=c&lang=en&mode=online&country=es&place=&starts=2026-09-21&ends=2026-09-22&parts=1&trainer=T&capacity=30";
        let new: NewSession = PlanSession::from_form(body).unwrap().into();
        assert_eq!((new.mode, new.country.as_str(), new.ends - new.starts), (Mode::Online, "ES", Seconds::DAY));
        let e = PlanSession::from_form(b"course=c&lang=en&mode=online&country=es&starts=soon").unwrap_err();
        assert!(e.message.starts_with(&format!("{}: ", t!("common-from"))), "{}", e.message);
    }
}
