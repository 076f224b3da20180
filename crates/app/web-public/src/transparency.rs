//! The transparency report.

use axum::extract::State;
use holdfast_page::components::{N, T, table, time, word};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_types::{Seconds, Timestamp};
use maud::html;

/// Beginning of the report: 2000-01-01.
const FROM: Timestamp = Timestamp::from_unix(946_684_800);

/// Shows the transparency report, a public page: it names no person.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame) -> Page {
    let report = run_blocking(move || {
        let d = shared.cases();

        let now = d.screening.now();
        Ok(d.transparency(FROM, now.max(FROM + Seconds::new(1)) + Seconds::new(1))?)
    })
    .await?;
    let heads = [
        T("common-country"),
        T("common-kind"),
        N("transparency-received"),
        N("transparency-granted"),
        N("transparency-partly"),
        N("transparency-refused"),
        N("transparency-forged"),
        N("transparency-open"),
        N("transparency-median"),
        N("transparency-in-time"),
    ];
    let csv = format!("/api/v1/desk/transparency?format=csv&from={}&to={}", report.from.unix(), report.to.unix());
    let body = html! {
        p {
            (rich!("transparency-until", time = time(report.to)))
            @if frame.may("read") { " " a href=(csv) { "CSV" } }
        }
        (table(&heads, report.lines.iter().chain([&report.total]), |l| html! { tr {
            td { (l.country) } td { (word(&l.kind)) } td.n { (l.received) } td.n { (l.granted) } td.n { (l.partly) }
            td.n { (l.refused) } td.n { (l.forged) } td.n { (l.open) }
            td.n { @match l.median_seconds { Some(s) => (s / Seconds::HOUR), None => "" } } td.n { (l.in_time) }
        } }))
    };
    Ok(frame.desk(&t!("nav-transparency"), "/transparency", body))
}
