//! What cases have in common, and proposals that rest on it.

use axum::Extension;
use axum::extract::{Path, State};
use holdfast_api_investigation::cases::person;
use holdfast_cases::recommend::{Proposal, Recommendation, RecommendationState, Team};
use holdfast_page::components::{none, time, word};
use holdfast_page::forms::{Fields, Free, Input, Opt, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::RecommendationId;
use maud::{Markup, html};
use serde_json::json;

page_form! {
    /// Proposes a change.
    struct Propose {
        team: Team = "recommend-team", Input::Choice(&[
            ("aml", "recommend-team-aml"),
            ("kyc", "recommend-team-kyc"),
            ("platform", "recommend-team-platform"),
        ]);
        title: Text = "desk-cases-title", Input::Line;
        typology: Text = "common-typology", Input::Line;
        text: Text = "recommend-text", Input::Area;
        rules: Opt<Text> = "recommend-rules", Input::Area;
    }
}

page_form! {
    /// Records what becomes of a proposal.
    struct FollowUp {
        state: RecommendationState = "common-state", Input::Choice(&[
            ("accepted", "recommend-accepted"),
            ("declined", "recommend-declined"),
            ("done", "recommend-done"),
            ("proposed", "recommend-proposed"),
        ]);
        note: Free = "common-note", Input::Line;
    }
}

/// Shows findings and recommendations.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let (findings, list) = run_blocking(move || {
        let d = shared.cases();
        Ok((d.findings(&caller.0)?, d.recommendations()?))
    })
    .await?;
    let may = frame.may("desk");
    let body = html! {
        h2 { (t!("recommend-findings")) }
        @if findings.is_empty() { (none(&t!("recommend-no-findings"))) }
        ul { @for f in &findings { li {
            strong { (word(&f.typology)) } ": " (t!("count-cases", n = f.cases.len())) ", " (t!("count-customers", n = f.subjects)) "; "
            (t!("recommend-for-team", team = team(f.team)))
        } } }
        h2 { (t!("recommend-proposals")) }
        @if list.is_empty() { (none(&t!("recommend-none"))) }
        @for r in &list { (proposal(r, may)) }
        @if may {
            h2 { (t!("recommend-propose")) }
            (form_of::<Propose>("/desk/recommendations", &[], "recommend-propose"))
        }
    };
    Ok(frame.desk(&t!("nav-recommendations"), "/desk/recommendations", body))
}

fn team(team: Team) -> String {
    word(json!(team).as_str().unwrap_or_default())
}

fn proposal(r: &Recommendation, may: bool) -> Markup {
    let cases = r.cases.len();
    html! { section {
        h3 { (r.proposal.title) }
        p { (t!("recommend-basis", team = team(r.proposal.team), cases = t!("count-cases", n = cases), typology = word(&r.proposal.typology))) " " (r.proposal.text) }
        @if let Some(e) = &r.effect { p {
            (t!("recommend-effect", events = e.events, stopped = e.cases_stopped.len(), cases = t!("count-cases", n = cases), others = e.others))
        } }
        p.note { (word(r.state)) " " (rich!("recommend-changed", person = r.changed_by, time = time(r.changed))) " " (r.note) }
        @if may { (form_of::<FollowUp>(&format!("/desk/recommendations/{}", r.id), &[], "common-save")) }
    } }
}

/// Proposes a change.
pub(crate) async fn propose(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Propose>,
) -> Answer {
    let Propose { team, title, typology, text, rules } = form;
    let proposal = Proposal { team, title: title.0, typology: typology.0, text: text.0, rules: rules.text() };
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().recommend(proposal, &who)?)).await.map_err(Propose::explain)?;
    Ok(back("/desk/recommendations".into()))
}

/// Records what becomes of a proposal.
pub(crate) async fn follow_up(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<RecommendationId>,
    Fields(form): Fields<FollowUp>,
) -> Answer {
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().follow_up(id, form.state, &form.note.0, &who)?)).await?;
    Ok(back("/desk/recommendations".into()))
}
