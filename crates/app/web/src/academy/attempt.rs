//! A lab as a learner works at it.

use super::{markdown, outside};
use crate::forms::{Fields, Flag, Free, Input, Text, Ticked, page_form};
use crate::frame::{ErrorPage, Frame, back};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_academy::attempts::{Answer, AttemptView, StepView};
use holdfast_academy::grade::{Form as AnswerForm, percent};
use holdfast_academy::labs;
use holdfast_api::Shared;
use holdfast_api::academy::in_class;
use holdfast_api::error::ApiError;
use holdfast_api::requests::download;
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
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path((id, lab)): Path<(i64, String)>,
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
            html! { label { "JSON" textarea name="answer" rows="18" cols="80" required { (given) } } }
        }
        AnswerForm::Number => {
            html! { label { "Number" input name="answer" inputmode="numeric" value=(given) required; } }
        }
        AnswerForm::Amount => {
            html! { label { "Amount" input name="answer" placeholder="0.5, or 50000000 sat" value=(given) required; } }
        }
        AnswerForm::Transaction => {
            html! { label { "Transaction" input name="answer" size="66" value=(given) required; } }
        }
        AnswerForm::Address => html! { label { "Address" input name="answer" size="50" value=(given) required; } },
    }
}

fn step_section(step: &StepView, here: &str) -> Markup {
    html! {
                section id=(step.id) {
                    h2 { (step.id) " " span.note { (step.points) " points" } }
                    (markdown(&step.question))
                    @for f in &step.feedback { p.note role="status" { (f) } }
                    @for h in &step.hints { p { "Hint: " (h) } }
                    @if step.over {
                        p { strong { @if step.right { "Solved" } @else { "Over" } } ", " (percent(u64::from(step.credit))) " of the points." }
                        @if let Some(s) = &step.solution { pre.wide { (s) } }
                        @if let Some(w) = &step.why { p { (w) } }
                    } @else {
                        form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id);
                            fieldset { legend { "Answer" } (answer_field(step)) }
                            button type="submit" { "Answer" }
                        }
                        @if step.hints_left > 0 { form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id); button.plain type="submit" name="hint" value="1" { "A hint (costs a quarter)" }
                        } }
                        @if step.tries > 0 { form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id); button.plain type="submit" name="give_up" value="1" { "Give up and see why" }
                        } }
                    }
                }
    }
}

fn lab_page(view: &AttemptView, frame: &Frame) -> Markup {
    let here = format!("/academy/attempts/{}", view.id);
    frame.academy(
        view.lab.title,
        html! {
            (markdown(&view.brief))
            p {
                @if view.has_tool { a href={(here) "/tool"} { "Look at the files" } " · " }
                @if view.network.is_some() { a href={(here) "/chain"} { "The lab's chain" } " · " }
                a href={(here) "/pack"} { "Everything as a pack (ZIP)" }
                @for (name, size) in &view.files { " · " a href={(here) "/files/" (name)} { (name) } " " span.note { (size) " bytes" } }
            }
            p #score { "Score " strong { (percent(view.score)) } @if view.passed { ": passed" } @else { ", " (percent(labs::PASS)) " passes" } }
            @for step in &view.steps { (step_section(step, &here)) }
            p { a href="/academy/me" { "Back to your labs" } }
        },
    )
}

/// A lab.
pub(crate) async fn attempt(
    State(shared): State<Shared>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<i64>,
) -> Response {
    match in_class(shared, &headers, move |a, l| a.attempt(id, l)).await {
        Ok(view) => lab_page(&view, &frame).into_response(),
        Err(e) => outside(e),
    }
}

/// Answers a step, takes a hint, or gives up.
pub(crate) async fn answer(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
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

/// A file of a lab.
pub(crate) async fn file(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(i64, String)>,
) -> Response {
    let wanted = name.clone();
    let found = in_class(shared, &headers, move |a, l| {
        let (_, made) = a.task(id, l)?;
        Ok(made.files.iter().find(|f| f.0 == wanted).map(|f| f.1.clone()))
    });
    match found.await {
        Ok(Some(bytes)) => download(name.rsplit('/').next().unwrap_or(&name), "application/octet-stream", bytes),
        Ok(None) => ErrorPage::from(ApiError::new(StatusCode::NOT_FOUND, format!("{name} is no file of this lab")))
            .into_response(),
        Err(e) => outside(e),
    }
}
