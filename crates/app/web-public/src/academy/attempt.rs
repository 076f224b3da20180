//! A lab as a learner works at it.

use super::{markdown, outside};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_academy::attempts::{Answer, AttemptView, StepView};
use holdfast_academy::grade::{Form as AnswerForm, percent};
use holdfast_academy::labs;
use holdfast_api_investigation::academy::in_class;
use holdfast_page::forms::{Fields, Flag, Free, Input, Text, Ticked, page_form};
use holdfast_page::frame::{ErrorPage, Frame, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::body::download;
use holdfast_state::error::ApiError;
use holdfast_types::ids::{AttemptId, CourseSessionId};
use maud::{Markup, html};

page_form! {
    /// Answers a step, takes a hint, or gives up.
    struct AnswerStep {
        step: Text = "academy-step", Input::Hidden;
        answer: Free = "academy-answer", Input::Own;
        pick: Ticked<String> = "academy-answer", Input::Own;
        hint: Flag = "academy-hint", Input::Own;
        give_up: Flag = "academy-give-up", Input::Own;
    }
}

/// Begins a lab.
pub(crate) async fn begin(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, lab)): Path<(CourseSessionId, String)>,
) -> Response {
    match in_class(shared, &headers, move |a, l| a.begin(id, l, &lab)).await {
        Ok(view) => back(format!("/academy/attempts/{}", view.id)),
        Err(e) => outside(e),
    }
}

fn answer_field(step: &StepView) -> Markup {
    let given = step.answer.clone().unwrap_or_default();
    match step.form {
        AnswerForm::Choice => html! { @for option in &step.options {
            label { input type="radio" name="answer" value=(option) required; " " span.hash { (option) } }
        } },
        AnswerForm::Choices => html! { @for option in &step.options {
            label { input type="checkbox" name="pick" value=(option) checked[given.split(", ").any(|g| g == option)]; " " span.hash { (option) } }
        } },
        AnswerForm::Request => {
            html! { label { (t!("academy-json")) textarea name="answer" rows="18" cols="80" required { (given) } } }
        }
        AnswerForm::Number => {
            html! { label { (t!("academy-number")) input name="answer" inputmode="numeric" value=(given) required; } }
        }
        AnswerForm::Amount => {
            html! { label { (t!("common-amount")) input name="answer" placeholder=(t!("academy-amount-hint")) value=(given) required; } }
        }
        AnswerForm::Transaction => {
            html! { label { (t!("ledger-transaction")) input name="answer" size="66" value=(given) required; } }
        }
        AnswerForm::Address => {
            html! { label { (t!("common-address")) input name="answer" size="50" value=(given) required; } }
        }
    }
}

/// A button that sends a step with one more field.
fn step_button(step: &StepView, action: &str, name: &str, text: &str) -> Markup {
    html! { form.step method="post" action=(action) {
        input type="hidden" name="step" value=(step.id);
        button.plain type="submit" name=(name) value="1" { (text) }
    } }
}

fn step_section(step: &StepView, here: &str) -> Markup {
    let action = format!("{here}#{}", step.id);
    html! { section id=(step.id) {
        h2 { (step.id) " " span.note { (t!("count-points", n = step.points)) } }
        (markdown(&step.question))
        @for line in &step.feedback { p.note role="status" { (line) } }
        @for hint in &step.hints { p { (t!("academy-hint-given", hint = hint.as_str())) } }
        @if step.over {
            (outcome(step))
        } @else {
            form.step method="post" action=(action) {
                input type="hidden" name="step" value=(step.id);
                fieldset { legend { (t!("academy-answer")) } (answer_field(step)) }
                button type="submit" { (t!("academy-answer-button")) }
            }
            @if step.hints_left > 0 { (step_button(step, &action, "hint", &t!("academy-take-hint"))) }
            @if step.tries > 0 { (step_button(step, &action, "give_up", &t!("academy-give-up-button"))) }
        }
    } }
}

/// How a step ended, with its solution.
fn outcome(step: &StepView) -> Markup {
    let how = if step.right { t!("academy-solved") } else { t!("academy-over") };
    html! {
        p { (rich!("academy-step-result", how = html! { strong { (how) } }, credit = percent(u64::from(step.credit)))) }
        @if let Some(solution) = &step.solution { pre.wide tabindex="0" { (solution) } }
        @if let Some(why) = &step.why { p { (why) } }
    }
}

/// Links to what a lab consists of.
fn materials(view: &AttemptView, here: &str) -> Markup {
    html! { p {
        @if view.has_tool { a href={(here) "/tool"} { (t!("academy-look-at-files")) } " · " }
        @if view.network.is_some() { a href={(here) "/chain"} { (t!("academy-lab-chain")) } " · " }
        a href={(here) "/pack"} { (t!("academy-pack")) }
        @for (name, size) in &view.files {
            " · " a href={(here) "/files/" (name)} { (name) } " " span.note { (t!("ledger-size-bytes", size = *size)) }
        }
    } }
}

fn lab_page(view: &AttemptView, frame: &Frame) -> Markup {
    let here = format!("/academy/attempts/{}", view.id);
    let score = html! { strong { (percent(view.score)) } };
    frame.academy(
        view.lab.title,
        html! {
            (markdown(&view.brief))
            (materials(view, &here))
            p #score {
                @if view.passed { (rich!("academy-score-passed", score = score)) }
                @else { (rich!("academy-score-so-far", score = score, pass = percent(labs::PASS))) }
            }
            @for step in &view.steps { (step_section(step, &here)) }
            p { a href="/academy/me" { (t!("academy-back-to-labs")) } }
        },
    )
}

/// Shows a lab.
pub(crate) async fn attempt(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
) -> Response {
    match in_class(shared, &headers, move |a, l| a.attempt(id, l)).await {
        Ok(view) => lab_page(&view, &frame).into_response(),
        Err(e) => outside(e),
    }
}

/// Answers a step, takes a hint, or gives up.
pub(crate) async fn answer(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    Fields(form): Fields<AnswerStep>,
) -> Response {
    let step = form.step.0;
    let (hint, give_up) = (form.hint.0, form.give_up.0);
    let mut text = if form.pick.0.is_empty() { form.answer.0 } else { form.pick.0.join(", ") };
    let to = format!("/academy/attempts/{id}#{step}");
    if text.is_empty() && !give_up && !hint {
        // A form without an answer gives nothing up.
        return back(to);
    }
    if give_up {
        text.clear();
    }
    let done = in_class(shared, &headers, move |a, l| match hint {
        true => a.hint(id, l, &step),
        false => a.answer(id, l, &Answer { step, answer: text }),
    });
    match done.await {
        Ok(_) => back(to),
        Err(e) => outside(e),
    }
}

/// Shows a file of a lab.
pub(crate) async fn file(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, name)): Path<(AttemptId, String)>,
) -> Response {
    let wanted = name.clone();
    let found = in_class(shared, &headers, move |a, l| {
        let (_, made) = a.task(id, l)?;
        Ok(made.files.iter().find(|f| f.0 == wanted).map(|f| f.1.clone()))
    });
    match found.await {
        Ok(Some(bytes)) => download(name.rsplit('/').next().unwrap_or(&name), "application/octet-stream", bytes),
        Ok(None) => ErrorPage::from(ApiError::new(StatusCode::NOT_FOUND, t!("academy-no-file", name = name.as_str())))
            .into_response(),
        Err(e) => outside(e),
    }
}
