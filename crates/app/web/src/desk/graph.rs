//! The graph of a subject, or one that was saved in a case.

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_api_investigation::cases::person;
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::error::ApiError;
use holdfast_types::ids::{CaseId, CaseItemId};
use maud::html;
use serde::Deserialize;

/// Which graph.
#[derive(Debug, Deserialize)]
pub(crate) struct GraphQuery {
    subject: Option<String>,
    case: Option<CaseId>,
    item: Option<CaseItemId>,
    /// The chain that is meant, where the desk has several.
    chain: Option<String>,
}

/// Colours of addresses, with the keys of their texts.
const LEGEND: [(&str, &str); 5] = [
    ("severe", "graph-severe"),
    ("high", "graph-high"),
    ("medium", "graph-medium"),
    ("low", "graph-low"),
    ("none", "graph-unknown"),
];

/// Shows a graph that a person expands, arranges, annotates and saves in a case.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<GraphQuery>,
) -> Page {
    let (subject, saved) = match (q.case, q.item) {
        (Some(case), Some(item)) => {
            let who = person(&caller);
            let state = shared.clone();
            let file = run_blocking(move || Ok(state.cases().case(case, &[], &who)?)).await?;
            let found = file.items.into_iter().find(|i| i.id == item && i.kind == "graph");
            let found = found.ok_or_else(|| {
                ApiError::new(StatusCode::NOT_FOUND, t!("graph-missing", item = item.number(), case = case.number()))
            })?;
            (found.key, found.body.to_string())
        }
        _ => (q.subject.ok_or_else(|| ApiError::bad(t!("graph-no-subject")))?, String::new()),
    };
    // Inside a script element only this could end it.
    let saved = saved.replace('<', "\\u003c");
    let (named, on) = (subject.clone(), ChainQuery { chain: q.chain.clone() });
    let asset = run_blocking(move || Ok(shared.snapshot_for(&on, &named)?.asset())).await?;
    let body = html! {
        p.note { (t!("graph-keys")) }
        p { span id="count" { } " " span id="message" role="status" aria-live="polite" { } }
        ul.legend aria-label=(t!("graph-legend")) { @for (class, key) in LEGEND { li { span class={"risk " (class)} { (t!(key)) } } } }
        div.graph id="graph" data-subject=(subject) data-asset=(asset) data-chain=[q.chain] { svg id="canvas" role="group" aria-label=(t!("graph-title")) {} }
        form.step id="note-form" hidden {
            label { (t!("graph-note-on")) " " span id="note-of" {} input id="note" name="note"; }
            button type="submit" { (t!("common-save")) }
        }
        form.step id="save" {
            label { (t!("desk-cases-case")) input name="case" type="number" min="1" required value=[q.case]; }
            label { (t!("desk-cases-title")) input name="title" required; }
            button type="submit" { (t!("graph-save")) }
        }
        script type="application/json" id="saved" { (maud::PreEscaped(saved)) }
        script src="/graph.js" defer {}
    };
    Ok(frame.desk(&t!("graph-title"), "", body))
}

/// Shows the graph's script.
pub(crate) async fn graph_js() -> Response {
    let script = include_str!("../../../../../web/graph.js");
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}
