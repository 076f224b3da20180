//! The desk's front page: what waits.

use crate::components::time;
use crate::frame::{Frame, Page};
use crate::texts::{rich, t};
use axum::Extension;
use axum::extract::State;
use holdfast_api::Shared;
use holdfast_api::blocking::run_blocking;
use holdfast_api::cases::person;
use holdfast_api::gate::Caller;
use holdfast_cases::case::CaseState;
use maud::html;

/// What waits: key of its name, its list, and the count.
const WAITING: [(&str, &str, &str); 7] = [
    ("desk-open-requests", "/desk/requests?state=open", "SELECT COUNT(*) FROM requests WHERE state = 'open'"),
    (
        "desk-answers-to-approve",
        "/desk/requests?state=prepared",
        "SELECT COUNT(*) FROM requests WHERE state = 'prepared'",
    ),
    ("desk-open-alerts", "/desk/alerts", "SELECT COUNT(*) FROM alerts WHERE state = 'open'"),
    ("desk-active-holds", "/desk/holds", "SELECT COUNT(*) FROM holds WHERE state = 'active'"),
    ("desk-officers-to-approve", "/desk/officers?state=proved", "SELECT COUNT(*) FROM officers WHERE state = 'proved'"),
    (
        "desk-seizures-to-execute",
        "/desk/seizures?state=approved",
        "SELECT COUNT(*) FROM seizures WHERE state = 'approved'",
    ),
    ("desk-changes-to-approve", "/desk/changes", "SELECT COUNT(*) FROM changes WHERE state = 'proposed'"),
];

/// What waits.
pub(crate) async fn page(State(shared): State<Shared>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let who = person(&caller);
    let (counts, cases) = run_blocking(move || {
        let d = shared.cases();

        let mut counts = Vec::new();
        for (name, to, sql) in WAITING {
            let rows = d.screening.read(|db| db.query(sql, &[]))?;
            counts.push((name, to, rows.first().map_or(Ok(0), |r| r.int(0))?));
        }
        Ok((counts, d.cases(Some(CaseState::Open), &who)?))
    })
    .await?;
    let body = html! {
        div.cards { @for (name, to, count) in counts.iter().filter(|(_, to, _)| frame.may_open(to)) {
            a href=(to) { strong { (count) } (t!(name)) }
        } }
        h2 { (t!("desk-own-cases")) }
        @if cases.is_empty() { p.note { (t!("desk-no-cases")) " " a href="/desk/cases" { (t!("desk-cases-open")) } } }
        ul { @for c in &cases { li {
            a href={"/desk/cases/" (c.id)} { (c.title) } " " span.note { (rich!("desk-case-opened", time = time(c.created))) }
        } } }
        form method="post" action="/sign-out" {
            button.plain type="submit" { (t!("desk-sign-out", name = &*caller.0)) }
        }
    };
    Ok(frame.desk(&t!("desk-title"), "/desk", body))
}
