//! Holds.

use crate::desk::in_unit;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::HoldState;
use holdfast_page::components::ListQuery;
use holdfast_page::components::{List, N, PAGE_ROWS, T, time, word};
use holdfast_page::forms::{Fields, Free, Input, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_screening::holds::{Hold, HoldFilter};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use maud::html;
use std::collections::HashMap;

page_form! {
    /// Releases a hold, or requests its release.
    struct Release {
        reason: Free = "common-reason", Input::Line;
    }
}

/// Shows holds.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame, Query(q): Query<ListQuery>) -> Page {
    let state = state_filter(q.state.as_deref())?.unwrap_or(HoldState::Active);
    let filter = HoldFilter { state: Some(state.to_string()), after: q.after, limit: PAGE_ROWS, ..Default::default() };
    let (list, amounts) = run_blocking(move || {
        let list = shared.screening.holds(&filter)?;
        let amount = |h: &Hold| (h.id, in_unit(&shared, h.held, h.asset.as_deref().unwrap_or_default()));
        let amounts: HashMap<u64, String> = list.iter().filter(|h| h.amount.is_some()).map(amount).collect();
        Ok((list, amounts))
    })
    .await?;
    let may = frame.may("holds");
    let heads = [
        N("holds-hold"),
        T("common-customer"),
        T("holds-covers"),
        T("holds-basis"),
        T("holds-placed"),
        T("holds-ends"),
        T("holds-release"),
    ];
    let states = [("active", "holds-active"), ("released", "holds-released"), ("expired", "holds-expired")];
    let holds =
        List { path: "/desk/holds", states: &states, default_state: "active", heads: &heads, empty: "holds-none" };
    let row = |h: &Hold| {
        html! { tr id={"hold-" (h.id)} {
            td.n { (h.id) }
            td { (h.customer) }
            td.covers { (word(h.scope.name())) @if let Some(amount) = amounts.get(&h.id) { ": " (amount) } }
            td { (h.basis) br; span.note.long { (h.reason) } }
            td { (rich!("common-time-by", time = time(h.placed), person = h.placed_by)) }
            td { @match h.expires { Some(t) => (time(t)), None => (t!("holds-open-ended")) } }
            td { @if h.state == "active" {
                @if let Some(by) = &h.asked_by { (t!("holds-release-requested", person = by.as_str(), reason = h.asked_reason.as_deref().unwrap_or_default())) }
                @if may { (form_of::<Release>(&format!("/desk/holds/{}/release", h.id), &[], "holds-release")) }
            } }
        } }
    };
    let body = holds.show(&q, &list, |h| h.id, row);
    Ok(frame.desk(&t!("holds-title"), "/desk/holds", body))
}

/// Releases a hold, or requests its release.
pub(crate) async fn release(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<Release>,
) -> Answer {
    run_blocking(move || Ok(shared.screening.release_hold(id, None, &form.reason.0, &caller.0)?)).await?;
    Ok(back("/desk/holds".into()))
}
