//! Exhibits of a case, and the scan of seized files.

use axum::Extension;
use axum::extract::{Multipart, Path, State};
use holdfast_api_investigation::cases::person;
use holdfast_page::components::{N, T, chains_text, table, word};
use holdfast_page::forms::{Input, Text, page_form, upload};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::segment;
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::CaseId;
use holdfast_types::units::with_unit;
use maud::html;
use serde_json::json;

page_form! {
    /// Adds an exhibit.
    struct AddExhibit {
        place: Text = "evidence-place", Input::Line;
    }
}

page_form! {
    /// Scans a seized file.
    struct Scan {
        exhibit: Text = "evidence-exhibit", Input::Line;
    }
}

/// Most rows of a scan that the page shows.
const MAX_ROWS: usize = 1_000;

/// Adds an exhibit.
pub(crate) async fn add_exhibit(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    form: Multipart,
) -> Answer {
    let (file, who) = (upload::<AddExhibit>(form).await?, person(&caller));
    let add = move || {
        let place = &file.fields.place.0;
        Ok(shared.cases().add_exhibit(id, &file.name, &file.media_type, place, &file.bytes, &who)?)
    };
    run_blocking(add).await?;
    Ok(back(format!("/desk/cases/{id}#evidence")))
}

/// Scans a seized file for a case and shows what was found.
pub(crate) async fn scan(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    form: Multipart,
) -> Page {
    let file = upload::<Scan>(form).await?;
    let exhibit = file.fields.exhibit.0;
    let scanned = holdfast_api_investigation::cases::scan_bytes(
        shared,
        &caller,
        id,
        file.name,
        exhibit.clone(),
        None,
        file.bytes,
    )
    .await?;
    let found = [
        T("evidence-what"),
        T("evidence-where"),
        N("evidence-at"),
        T("evidence-value"),
        T("evidence-confidence"),
        T("evidence-context"),
    ];
    let holdings = [
        T("common-address"),
        T("evidence-origin"),
        N("evidence-received"),
        N("evidence-balance"),
        T("evidence-tags"),
        T("evidence-customers"),
    ];
    let body = html! {
        p {
            (t!("evidence-summary", findings = t!("count-findings", n = scanned.report.findings.len()),
                secrets = t!("count-secrets", n = scanned.report.sealed.len()), addresses = t!("count-addresses", n = scanned.derived.len())))
            " " (rich!("evidence-stored", case = html! { a href={"/desk/cases/" (id)} { (t!("case-link", id = id.number())) } }))
        }
        (table(&found, scanned.report.findings.iter().take(MAX_ROWS), |f| html! { tr {
            td { (word(f.kind.name())) ", " (f.detail) } td { (f.source) } td.n { (f.offset) } td.hash { (f.value) }
            td { (word(json!(f.confidence).as_str().unwrap_or_default())) } td.long { (f.context) }
        } }))
        @if !scanned.holdings.is_empty() {
            h2 { (t!("evidence-known")) }
            (table(&holdings, scanned.holdings.iter().take(MAX_ROWS), |h| html! { tr {
                td { a.hash href={"/address/" (segment(&h.address))} { (h.address) } } td { (h.origin) }
                td.n { (with_unit(h.received, &h.asset)) } td.n { (with_unit(h.balance, &h.asset)) } td.long { (h.tags.join("; ")) }
                td.long { @for m in &h.customers { (m.customer) ": " (m.because.join("; ")) br; } }
            } }))
        }
        @if !scanned.coverage.is_empty() { p.note { (t!("case-coverage", chains = chains_text(&scanned.coverage))) } }
        @if !scanned.uncovered.is_empty() { p.note { (t!("evidence-uncovered", assets = scanned.uncovered.join(", "))) } }
        @for w in scanned.report.sources.iter().flat_map(|s| &s.warnings) { p.note { (w) } }
    };
    Ok(frame.desk(&t!("evidence-title", exhibit = exhibit.as_str()), "/desk/cases", body))
}
