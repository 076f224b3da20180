//! What the desk's own tools say of a lab's files.

use super::outside;
use crate::components::{N, T, table, time};
use crate::frame::Frame;
use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_academy::labs;
use holdfast_academy::tools::{self, Tool};
use holdfast_api::Shared;
use holdfast_api::academy::in_class;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Which file or customer, or a draft to look at.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct ToolQuery {
    file: Option<String>,
    customer: Option<String>,
    draft: Option<String>,
}

/// What the desk's own tools say of a lab's files.
pub(crate) async fn tool(
    State(shared): State<Shared>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Query(q): Query<ToolQuery>,
) -> Response {
    show_tool(shared, frame, headers, id, q).await
}

/// The same of a draft that the learner wrote.
pub(crate) async fn tool_draft(
    State(shared): State<Shared>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(q): Form<ToolQuery>,
) -> Response {
    show_tool(shared, frame, headers, id, q).await
}

async fn show_tool(shared: Shared, frame: Frame, headers: HeaderMap, id: i64, q: ToolQuery) -> Response {
    let found = in_class(shared, &headers, move |a, l| {
        let (lab, made) = a.task(id, l)?;
        let here = format!("/academy/attempts/{id}/tool");
        let body = match tools::tool_of(&made) {
            None => Err("this lab has no files".to_owned()),
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
                    p { a href={"/academy/attempts/" (id)} { "Back to the lab" } }
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
    let said = tools::review_text(&text);
    Ok(html! {
        p { @for (name, _) in &made.files { a href={(here) "?file=" (name)} { (name) } " " } }
        @match &said {
            Err(why) => p.error { (why) },
            Ok(r) => {
                h2 { "What policy says" }
                p { (r.judgement.title) ": " @if r.judgement.may_be_granted { "may be granted" } @else { "may not be granted" } }
                ul { @for m in &r.judgement.missing { li { (m) } } }
                h2 { "Signs of forgery" }
                @if r.suspicion.stops { p.stop { strong { "It is stopped." } } } @else { p { "Nothing stops it." } }
                ul.signs { @for s in &r.suspicion.signs { li { strong { (s.sign) } " (" (s.weight) "): " (s.because) } } }
            }
        }
        form.step method="post" action=(here) {
            label { "Request" textarea name="draft" rows="24" cols="90" { (text) } } button type="submit" { "Review" }
        }
    })
}

fn scan_tool(found: &tools::Scanned) -> Markup {
    html! {
        h2 { "Found" }
        (table(&[T("form-file"), N("evidence-at"), T("common-kind"), T("evidence-value-short"), T("sharing-detail")], &found.findings, |f| html! { tr {
            td { (f.source) } td.n { (f.offset) } td { (f.kind.name()) }
            td.hash { (found.secrets.get(&f.value).unwrap_or(&f.value)) } td { (f.detail) }
        } }))
        h2 { "Addresses derived" }
        (table(&[T("evidence-path"), T("common-asset"), T("common-address")], &found.derived, |d| html! { tr {
            td { (d.path) } td { (d.asset) } td.hash { (d.address) }
        } }))
    }
}

fn screen_tool(months: &BTreeMap<String, tools::Month>, q: &ToolQuery, here: &str) -> Markup {
    let month = q.customer.as_ref().and_then(|c| months.get(c.trim()));
    html! {
        form.step method="get" action=(here) {
            label { "Customer" input name="customer" required value=(q.customer.as_deref().unwrap_or_default()); } button type="submit" { "Show" }
        }
        @match (month, &q.customer) {
            (None, Some(c)) => p.error { "There is no customer " (c) "." },
            (None, None) => p.note { (months.len()) " customers." },
            (Some(m), _) => {
                p { "Patterns found: " @if m.found.is_empty() { "none" } @for t in &m.found { strong.pattern { (t.name()) } " " span.note { (t.definition()) } } }
                div.wide { table {
                    thead { tr { th { "Time" } th { "Event" } th.n { "Value" } th { "Method or action" } th { "Other side" } th { "Device" } th { "Status" } } }
                    tbody { @for e in &m.events { tr {
                        td { (time(e.time)) } td { (e.kind.name()) } td.n { @if let Some(v) = e.value { (v / 100) "." (format!("{:02}", v % 100)) } }
                        td { (said(&e.method)) (said(&e.action)) } td.hash { (e.counterparty.as_deref().unwrap_or_default()) } td { (e.device.as_deref().unwrap_or_default()) } td { (said(&e.status)) }
                    } } }
                } }
                h2 { "Known of the customer" }
                ul { @for r in &m.records { li.hash { (serde_json::to_string(r).unwrap_or_default()) } } }
            }
        }
    }
}

/// A value's name as events write it.
fn said<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
