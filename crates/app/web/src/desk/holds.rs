//! Holds.

use crate::desk::in_unit;
use crate::desk::links::Links;
use crate::desk::work::reads_cases;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::HoldState;
use holdfast_api_investigation::cases::person;
use holdfast_attribution::Tlp;
use holdfast_cases::case::{Case, ItemKind};
use holdfast_page::components::ListQuery;
use holdfast_page::components::{List, N, PAGE_ROWS, T, time, word};
use holdfast_page::forms::{Fields, Flag, Free, Input, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_screening::alerts::Alert;
use holdfast_screening::holds::{Hold, HoldFilter, Release};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use maud::{Markup, html};
use std::collections::HashMap;

page_form! {
    /// Releases a hold, or requests its release.
    struct Ending {
        reason: Free = "common-reason", Input::Line;
    }
}

page_form! {
    /// The same of a withdrawal to an address that imitates another one.
    struct EndingImitation {
        reason: Free = "common-reason", Input::Line;
        address_confirmed: Flag = "holds-address-confirmed", Input::Of("checkbox");
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
    let (may, links) = (frame.may("holds"), Links(&frame));
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
            td.n { (links.hold(h.id)) }
            td { (links.customer(&h.customer)) }
            td.covers { (word(h.scope.name())) @if let Some(amount) = amounts.get(&h.id) { ": " (amount) } }
            td { (h.basis) br; span.note.long { (h.reason) } }
            td { (rich!("common-time-by", time = time(h.placed), person = h.placed_by)) }
            td { @match h.expires { Some(t) => (time(t)), None => (t!("holds-open-ended")) } }
            td { @if h.state == "active" {
                @if let Some(by) = &h.asked_by { (t!("holds-release-requested", person = by.as_str(), reason = h.asked_reason.as_deref().unwrap_or_default())) }
                @if may { (form_of::<Ending>(&format!("/desk/holds/{}/release", h.id), &[], "holds-release")) }
            } }
        } }
    };
    let body = holds.show(&q, &list, |h| h.id, row);
    Ok(frame.desk(&t!("holds-title"), "/desk/holds", body))
}

/// A hold with what its page names.
struct Shown {
    hold: Hold,
    amount: Option<String>,
    event: Option<String>,
    alerts: Vec<Alert>,
    transfer: Pages,
    cases: Vec<Case>,
    request: Option<String>,
    /// Whether it is of a withdrawal to an address that imitates another one.
    is_imitation: bool,
}

/// The transaction in the name of a movement: what stands behind the asset, up to the next colon.
fn transaction_of(transfer: &str, asset: Option<&str>) -> Option<String> {
    let rest = transfer.strip_prefix(asset?)?.strip_prefix(':')?;
    rest.split(':').next().filter(|tx| !tx.is_empty()).map(str::to_owned)
}

impl Shown {
    fn of(shared: &AppState, caller: &Caller, clearance: Tlp, id: u64) -> Result<Self, ApiError> {
        let hold = shared.screening.hold(id)?;
        let event = hold.event.map(|seq| shared.screening.event_ids(&[seq])).transpose()?;
        let event = event.and_then(|ids| ids.into_values().next());
        let alerts = hold.event.map(|seq| shared.screening.alerts_about(seq)).transpose()?.unwrap_or_default();
        let finder = Finder { chains: &shared.chains, clearance };
        let mut transfer = Pages::default();
        let tx = hold.transfer.as_deref().and_then(|name| transaction_of(name, hold.asset.as_deref()));
        tx.iter().for_each(|tx| transfer.add_tx(finder, hold.asset.as_deref(), tx));
        let (mut cases, mut request) = (Vec::new(), None);
        if reads_cases(caller) {
            let mut items = vec![(ItemKind::Hold, id.to_string()), (ItemKind::Subject, hold.customer.clone())];
            items.extend(event.iter().map(|event| (ItemKind::Event, event.clone())));
            items.extend(alerts.iter().map(|alert| (ItemKind::Alert, alert.id.to_string())));
            cases = shared.cases().with_items(&items, &person(caller))?;
            request = shared.desk().of_hold(id, &hold.customer)?;
        }
        let amount = hold.amount.map(|_| in_unit(shared, hold.held, hold.asset.as_deref().unwrap_or_default()));
        let decided = event.as_deref().map(|event| shared.screening.event(event)).transpose()?;
        let is_imitation = decided.is_some_and(|e| e.decision.imitation().is_some() && e.decision.holds.contains(&id));
        Ok(Shown { hold, amount, event, alerts, transfer, cases, request, is_imitation })
    }

    fn facts(&self, links: Links<'_>) -> Markup {
        let h = &self.hold;
        html! { dl {
            dt { (t!("common-customer")) } dd { (links.customer(&h.customer)) @if let Some(account) = &h.account { ", " (account) } }
            dt { (t!("common-state")) } dd { (word(&h.state)) }
            dt { (t!("holds-covers")) } dd { (word(h.scope.name())) @if let Some(amount) = &self.amount { ": " (amount) } @else if let Some(asset) = &h.asset { ": " (asset) } }
            @if let Some(name) = &h.transfer { dt { (t!("ledger-transaction")) } dd {
                @match transaction_of(name, h.asset.as_deref()) { Some(tx) => (self.transfer.tx(&tx)), None => span.hash { (name) } }
            } }
            dt { (t!("holds-basis")) } dd { (h.basis) }
            dt { (t!("common-reason")) } dd { (h.reason) }
            dt { (t!("holds-placed")) } dd { (rich!("common-time-by", time = time(h.placed), person = h.placed_by)) }
            @if let Some(t) = h.review { dt { (t!("holds-review")) } dd { (time(t)) } }
            dt { (t!("holds-ends")) } dd { @match h.expires { Some(t) => (time(t)), None => (t!("holds-open-ended")) } }
            @if h.second_person { dt { (t!("holds-release")) } dd { (t!("holds-second-person")) } }
            @if let (Some(t), Some(by)) = (h.ended, &h.ended_by) { dt { (t!("holds-ended")) } dd {
                (rich!("common-time-by", time = time(t), person = by)) @if let Some(why) = &h.ended_reason { ": " (why) }
            } }
            @if let Some(event) = &self.event { dt { (t!("events-event")) } dd { (links.event(event)) } }
            @if !self.alerts.is_empty() { dt { (t!("nav-alerts")) } dd { @for (n, alert) in self.alerts.iter().enumerate() { @if n > 0 { ", " } (links.alert(alert.id)) } } }
            @if let Some(request) = &self.request { dt { (t!("requests-request")) } dd { (links.request(request)) } }
        } }
    }
}

/// The form that releases a hold, or what waits for a second person.
fn ending(h: &Hold, may: bool, is_imitation: bool) -> Markup {
    html! { @if h.state == "active" {
        @if let Some(by) = &h.asked_by { p { (t!("holds-release-requested", person = by.as_str(), reason = h.asked_reason.as_deref().unwrap_or_default())) } }
        @let action = format!("/desk/holds/{}/release", h.id);
        @if may && is_imitation { (form_of::<EndingImitation>(&action, &[], "holds-release")) }
        @else if may { (form_of::<Ending>(&action, &[], "holds-release")) }
    } }
}

/// Shows a hold, whatever became of it.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
) -> Page {
    let shown = run_blocking(move || Shown::of(&shared, &caller, clearance, id)).await?;
    let links = Links(&frame);
    let body = html! {
        (shown.facts(links))
        (ending(&shown.hold, frame.may("holds"), shown.is_imitation))
        @if !shown.cases.is_empty() { h2 { (t!("nav-cases")) } (links.cases(&shown.cases)) }
        (links.history(&format!("hold:{id}")))
    };
    Ok(frame.desk(&t!("holds-title-of", id = id), "/desk/holds", body))
}

/// Releases a hold, or requests its release.
pub(crate) async fn release(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<EndingImitation>,
) -> Answer {
    let release = Release { amount: None, reason: form.reason.0, address_confirmed: form.address_confirmed.0 };
    run_blocking(move || Ok(shared.screening.release(id, release, &caller.0)?)).await?;
    Ok(back("/desk/holds".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transaction_of_a_movement_stands_behind_its_asset() {
        let usdt = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
        let of = |transfer: &str, asset| transaction_of(transfer, Some(asset));
        assert_eq!(of(&format!("{usdt}:0xab:4"), usdt).as_deref(), Some("0xab"));
        assert_eq!(of("BTC:ff00:?:1abc:5", "BTC").as_deref(), Some("ff00"));
        assert_eq!(of("BTC:ff00:0", "LTC"), None);
        assert_eq!(transaction_of("BTC:ff00:0", None), None);
    }
}
