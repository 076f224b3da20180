//! The desk's own tools over the files of a lab.

use super::outside;
use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_academy::labs;
use holdfast_academy::tools::{self, Tool};
use holdfast_api_investigation::academy::in_class;
use holdfast_decision::Event;
use holdfast_page::components::{N, T, listing, table, time, word};
use holdfast_page::frame::Frame;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_types::ids::AttemptId;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Which file or customer, or a draft to look at.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct ToolQuery {
    file: Option<String>,
    customer: Option<String>,
    draft: Option<String>,
}

/// Shows the desk's own tools over the files of a lab.
pub(crate) async fn tool(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    Query(q): Query<ToolQuery>,
) -> Response {
    show_tool(shared, frame, headers, id, q).await
}

/// Shows the same of a draft that the learner wrote.
pub(crate) async fn tool_draft(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    Form(q): Form<ToolQuery>,
) -> Response {
    show_tool(shared, frame, headers, id, q).await
}

async fn show_tool(shared: AppState, frame: Frame, headers: HeaderMap, id: AttemptId, q: ToolQuery) -> Response {
    let found = in_class(shared, &headers, move |a, l| {
        let (lab, made) = a.task(id, l)?;
        let here = format!("/academy/attempts/{id}/tool");
        let body = match tools::tool_of(&made) {
            None => Err(t!("academy-no-files")),
            Some(Tool::Review) => review_tool(&made, &q, &here),
            Some(Tool::Scan) => tools::scan_files(&made).map(|s| scan_tool(&s)),
            Some(Tool::Screen) => tools::screen_files(&made).map(|m| screen_tool(&m, &q, &here)),
        };
        Ok((lab.title, body))
    });
    match found.await {
        Ok((title, body)) => frame
            .academy(
                title,
                html! {
                    p { a href={"/academy/attempts/" (id)} { (t!("academy-back-to-lab")) } }
                    @match body { Ok(body) => (body), Err(why) => p.error { (why) } }
                },
            )
            .into_response(),
        Err(e) => outside(e),
    }
}

fn review_tool(made: &labs::Made, q: &ToolQuery, here: &str) -> Result<Markup, String> {
    let file = q.file.as_ref().and_then(|f| made.files.iter().find(|m| m.0 == *f)).or(made.files.first());
    let shown = file.map(|f| String::from_utf8_lossy(&f.1).into_owned()).unwrap_or_default();
    let text = q.draft.clone().unwrap_or(shown);
    let review = tools::review_text(&text);
    Ok(html! {
        p { @for (name, _) in &made.files { a href={(here) "?file=" (name)} { (name) } " " } }
        @match &review {
            Err(why) => p.error { (why) },
            Ok(r) => {
                h2 { (t!("request-policy")) }
                p { (r.judgement.title) ": " @if r.judgement.may_be_granted { (t!("academy-may-be-granted")) } @else { (t!("academy-may-not-be-granted")) } }
                ul { @for m in &r.judgement.missing { li { (m) } } }
                h2 { (t!("request-forgery")) }
                @if r.suspicion.stops { p.stop { strong { (t!("academy-stopped")) } } } @else { p { (t!("academy-not-stopped")) } }
                ul.signs { @for s in &r.suspicion.signs { li { strong { (s.sign) } " (" (s.weight) "): " (s.because) } } }
            }
        }
        form.step method="post" action=(here) {
            label { (t!("requests-request")) textarea name="draft" rows="24" cols="90" { (text) } } button type="submit" { (t!("academy-review")) }
        }
    })
}

fn scan_tool(found: &tools::Scanned) -> Markup {
    html! {
        h2 { (t!("academy-found")) }
        (table(&[T("form-file"), N("evidence-at"), T("common-kind"), T("evidence-value-short"), T("sharing-detail")], &found.findings, |f| html! { tr {
            td { (f.source) } td.n { (f.offset) } td { (f.kind.name()) }
            td.hash { (found.secrets.get(&f.value).unwrap_or(&f.value)) } td { (f.detail) }
        } }))
        h2 { (t!("academy-derived")) }
        (table(&[T("evidence-path"), T("common-asset"), T("common-address")], &found.derived, |d| html! { tr {
            td { (d.path) } td { (d.asset) } td.hash { (d.address) }
        } }))
    }
}

fn screen_tool(months: &BTreeMap<String, tools::Month>, q: &ToolQuery, here: &str) -> Markup {
    let heads = [
        T("common-time"),
        T("academy-event"),
        N("warnings-value"),
        T("academy-method"),
        T("academy-other-side"),
        T("academy-device"),
        T("academy-status"),
    ];
    let month = q.customer.as_ref().and_then(|c| months.get(c.trim()));
    html! {
        form.step method="get" action=(here) {
            label { (t!("common-customer")) input name="customer" required value=(q.customer.as_deref().unwrap_or_default()); } button type="submit" { (t!("common-show")) }
        }
        @match (month, &q.customer) {
            (None, Some(c)) => p.error { (t!("academy-no-customer", customer = c.as_str())) },
            (None, None) => p.note { (t!("academy-customers", customers = t!("count-customers", n = months.len()))) },
            (Some(m), _) => {
                p {
                    (t!("academy-patterns")) " " @if m.found.is_empty() { (t!("academy-no-pattern")) }
                    @for found in &m.found { strong.pattern { (found.name()) } " " span.note { (found.definition()) } }
                }
                (listing(&heads, &m.events, "academy-no-event", event_row))
                h2 { (t!("academy-records")) }
                ul { @for r in &m.records { li.hash { (serde_json::to_string(r).unwrap_or_default()) } } }
            }
        }
    }
}

fn event_row(e: &Event) -> Markup {
    html! { tr {
        td { (time(e.time)) } td { (word(e.kind.name())) } td.n { @if let Some(v) = e.value { (v / 100) "." (format!("{:02}", v % 100)) } }
        td { (written(&e.method)) (written(&e.action)) } td.hash { (e.counterparty.as_deref().unwrap_or_default()) }
        td { (e.device.as_deref().unwrap_or_default()) } td { (written(&e.status)) }
    } }
}

/// The word for a value as events write it.
fn written<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(word)).unwrap_or_default()
}
