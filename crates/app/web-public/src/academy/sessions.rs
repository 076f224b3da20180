//! A learner's session: scoreboard and feedback.

use super::outside;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_academy::attempts::ScoreLine;
use holdfast_academy::classes::Feedback;
use holdfast_api_investigation::academy::in_class;
use holdfast_page::components::{N, T, table};
use holdfast_page::forms::{Fields, Free, Input, Number, PageForm, page_form};
use holdfast_page::frame::{Frame, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_types::ids::CourseSessionId;
use maud::{Markup, html};

page_form! {
    /// A sheet of feedback: marks from 1, poor, to 5, very good.
    struct GiveFeedback {
        content: Number<u8> = "academy-content", Input::Own;
        trainer: Number<u8> = "academy-trainer", Input::Own;
        labs: Number<u8> = "academy-labs", Input::Own;
        comment: Free = "academy-comment", Input::Own;
    }
}

/// Shows a learner's session: scoreboard and feedback.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<CourseSessionId>,
) -> Response {
    let found = in_class(shared, &headers, move |a, l| Ok((a.own_scoreboard(id, l)?, a.session(id)?)));
    let (board, session) = match found.await {
        Ok(found) => found,
        Err(e) => return outside(e),
    };
    let body = html! {
        h2 { (t!("academy-scoreboard")) }
        (scoreboard(&board))
        h2 { (t!("academy-feedback")) }
        p.note { (t!("academy-feedback-intro")) }
        form.step method="post" action={"/academy/sessions/" (id)} {
            @for name in ["content", "trainer", "labs"] {
                label { (GiveFeedback::label(name)) " " (t!("academy-marks")) input type="number" name=(name) min="1" max="5" required; }
            }
            label { (GiveFeedback::label("comment")) textarea name="comment" rows="3" {} }
            button type="submit" { (t!("common-send")) }
        }
    };
    frame.academy(&session.plan.title, body).into_response()
}

pub(super) fn scoreboard(board: &[ScoreLine]) -> Markup {
    let heads =
        [N("academy-place"), T("sharing-name"), T("common-agency"), N("academy-points"), N("academy-labs-passed")];
    table(&heads, board, |l| {
        html! { tr { td.n { (l.place) } td { (l.name) } td { (l.agency) } td.n { (l.points) } td.n { (l.passed) } } }
    })
}

/// Takes a sheet of feedback.
pub(crate) async fn feedback(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<CourseSessionId>,
    Fields(form): Fields<GiveFeedback>,
) -> Response {
    let GiveFeedback { content, trainer, labs, comment } = form;
    let sheet = Feedback { content: content.0, trainer: trainer.0, labs: labs.0, comment: comment.0 };
    match in_class(shared, &headers, move |a, l| a.give_feedback(id, l, sheet)).await {
        Ok(()) => back("/academy/me".into()),
        Err(e) => outside(e),
    }
}
