//! The replay of all decisions; the audit log itself is a page of `holdfast-web-monitor`.

use axum::extract::State;
use holdfast_api::audit::{REPLAY_TIME, replay_in_time};
use holdfast_page::components::{N, T, table};
use holdfast_page::forms::{Fields, Nothing, form_of};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::{rich, t};
use holdfast_screening::replay::{MAX_PROBLEMS, Replay};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::{Markup, html};

const HERE: &str = "/desk/audit";
const REPLAY: &str = "/desk/audit/replay";

/// Returns what a replay is, with the button that starts one.
fn intro() -> Markup {
    html! {
        p { (t!("replay-about")) }
        p { (rich!("replay-bound", seconds = REPLAY_TIME.as_secs(), command = html! { code { "holdfast audit replay" } })) }
        (form_of::<Nothing>(REPLAY, &[], "replay-start"))
    }
}

/// Shows what a replay is, with the button that starts one.
pub(crate) async fn page(frame: Frame) -> Page {
    Ok(frame.desk(&t!("replay-title"), HERE, html! { (intro()) (back()) }))
}

/// Replays all decisions and shows the result.
pub(crate) async fn replay(State(shared): State<AppState>, frame: Frame, Fields(Nothing {}): Fields<Nothing>) -> Page {
    let found = run_blocking(move || replay_in_time(&shared)).await?;
    let body = html! {
        (intro())
        h2 { (t!("replay-result")) }
        (verdict(&found))
        (counts(&found))
        (not_compared(&found))
        @if !found.problems.is_empty() {
            h2 { (t!("replay-differences")) }
            @if found.problems.len() >= MAX_PROBLEMS { p.note { (t!("replay-differences-first", n = found.problems.len())) } }
            ul { @for problem in &found.problems { li { code.long { (problem) } } } }
        }
        (back())
    };
    Ok(frame.desk(&t!("replay-title"), HERE, body))
}

fn back() -> Markup {
    html! { p { a href=(HERE) { (t!("audit-back")) } } }
}

/// Returns the result in a sentence.
fn verdict(found: &Replay) -> Markup {
    html! {
        @if !found.problems.is_empty() { p.error role="alert" { (t!("replay-problems")) } }
        @else if found.decisions == 0 { p { (t!("replay-nothing")) } }
        @else { p { (t!("replay-equal-all", n = found.decisions)) } }
        @if found.stopped { p { (t!("replay-stopped", seconds = REPLAY_TIME.as_secs())) } }
    }
}

fn counts(found: &Replay) -> Markup {
    let others: u64 = found.other_engines.iter().map(|o| o.decisions).sum();
    let lines = [
        ("replay-compared", found.decisions),
        ("replay-equal", found.decisions.saturating_sub(found.different)),
        ("replay-different", found.different),
        ("replay-other-engines", others),
        ("replay-uncovered", found.uncovered),
        ("replay-holds", found.holds),
        ("replay-inputs", found.inputs),
        ("replay-engine", found.engine.into()),
    ];
    html! { dl { @for (key, n) in lines { dt { (t!(key)) } dd { (n) } } } }
}

/// Returns the decisions that were not compared, with the reasons.
fn not_compared(found: &Replay) -> Markup {
    let own = found.engine;
    // Where the log began anew, covered decisions lie between: there is no first one to name.
    let older = (found.uncovered > 0).then(|| {
        (t!("replay-reason-uncovered"), found.uncovered, t!("replay-numbers-up-to", last = found.uncovered_up_to))
    });
    let others = found.other_engines.iter().map(|o| {
        let reason = match o.engine {
            0 => t!("replay-reason-no-engine", own = own),
            engine => t!("replay-reason-engine", engine = engine, own = own),
        };
        (reason, o.decisions, t!("replay-numbers-from-to", first = o.first, last = o.last))
    });
    let rows: Vec<_> = older.into_iter().chain(others).collect();
    let heads = [T("replay-reason"), N("replay-decisions"), T("replay-numbers")];
    html! { @if !rows.is_empty() {
        h2 { (t!("replay-not-compared")) }
        (table(&heads, rows, |(reason, decisions, numbers)| html! { tr {
            td { (reason) } td.n { (decisions) } td { (numbers) }
        } }))
    } }
}
