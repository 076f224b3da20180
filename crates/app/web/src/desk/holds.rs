//! Holds.

use crate::desk::Worths;
use crate::desk::links::Links;
use crate::desk::work::reads_cases;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::HoldState;
use holdfast_api_investigation::cases::person;
use holdfast_attribution::Tlp;
use holdfast_cases::case::{Case, ItemKind};
use holdfast_decision::rules::Scope;
use holdfast_page::components::ListQuery;
use holdfast_page::components::{List, N, PAGE_ROWS, T, time, word};
use holdfast_page::forms::{Day, Fields, Flag, Free, Input, Opt, PageForm, Text, Token, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_page::worth::Valued;
use holdfast_screening::alerts::Alert;
use holdfast_screening::holds::{Hold, HoldFilter, HoldRequest, Release};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::units::base_units;
use holdfast_types::{Invalid, Seconds, units};
use maud::{Markup, html};
use serde::Deserialize;
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

page_form! {
    /// Places a hold. The token makes one hold of a form that is sent twice.
    struct Placing {
        token: Token = "holds-token", Input::Hidden;
        customer: Text = "common-customer", Input::Own;
        account: Opt<Text> = "word-account", Input::Own;
        scope: Scope = "holds-covers", Input::Choice(&SCOPES);
        asset: Opt<Text> = "common-asset", Input::Own;
        amount: Opt<Text> = "common-amount", Input::Own;
        basis: Text = "holds-basis", Input::Own;
        reason: Text = "common-reason", Input::Own;
        expires: Opt<Day> = "holds-ends", Input::Of("date");
    }
}

/// What a person's hold may cover; rules place those on one deposit.
const SCOPES: [(&str, &str); 3] =
    [("account", "holds-all"), ("asset", "holds-all-of-asset"), ("amount", "holds-an-amount")];

impl Placing {
    fn request(self) -> Result<HoldRequest, Invalid> {
        let asset = self.asset.text();
        let amount = match (self.amount.text(), &asset) {
            (None, _) => None,
            (Some(_), None) => return Err(Invalid::new("asset", t!("form-missing"))),
            (Some(text), Some(asset)) => {
                let places = units::places(&holdfast_types::asset::canonical(asset))
                    .ok_or_else(|| Invalid::new("asset", t!("holds-no-decimals", asset = asset.as_str())))?;
                let amount = base_units(text.trim(), places);
                Some(amount.ok_or_else(|| {
                    Invalid::new("amount", t!("holds-no-amount", text = text.as_str(), places = places))
                })?)
            }
        };
        Ok(HoldRequest {
            id: format!("page-{}", self.token.0),
            scope: self.scope,
            customer: self.customer.0,
            account: self.account.text(),
            asset,
            amount,
            transfer: None,
            basis: self.basis.0,
            reason: self.reason.0,
            // Until the end of the day.
            expires: self.expires.0.map(|day| day.0 + Seconds::DAY),
            review: None,
            second_person: None,
        })
    }
}

/// For whom the form is filled, where a customer's page led here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToHold {
    customer: String,
}

/// The form that places a hold; open where a page led to it.
fn place_form(filled: &ToHold) -> Result<Markup, ApiError> {
    let (label, token) = (Placing::label, Token::draw()?);
    let line = |name: &str, value: &str, required: bool, size: u8| {
        html! { label { (label(name)) input type="text" name=(name) value=(value) required[required] size=(size); } }
    };
    Ok(html! { details #place open[!filled.customer.is_empty()] {
        summary { (t!("holds-place")) }
        form.step method="post" action="/desk/holds" {
            input type="hidden" name="token" value=(token.0);
            (line("customer", &filled.customer, true, 24)) (line("account", "", false, 16))
            label { (label("scope")) select name="scope" { @for (value, key) in SCOPES { option value=(value) { (t!(key)) } } } }
            (line("asset", "", false, 8))
            label { (label("amount")) input type="text" inputmode="decimal" name="amount" size="16"; }
            (line("basis", "", true, 32)) (line("reason", "", true, 32))
            label { (label("expires")) input type="date" name="expires"; }
            button type="submit" { (t!("holds-place")) }
        }
        p.note { (t!("holds-place-about")) }
    } })
}

/// Places a hold.
pub(crate) async fn place(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Placing>,
) -> Answer {
    let request = form.request().map_err(|e| Placing::explain(e.into()))?;
    let placed = run_blocking(move || Ok(shared.screening.place_hold(request, &caller.0)?)).await;
    Ok(back(format!("/desk/holds/{}", placed.map_err(Placing::explain)?)))
}

/// Shows holds.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Query(q): Query<ListQuery>,
    Query(to): Query<ToHold>,
) -> Page {
    let state = state_filter(q.state.as_deref())?.unwrap_or(HoldState::Active);
    let filter = HoldFilter { state: Some(state.to_string()), after: q.after, limit: PAGE_ROWS, ..Default::default() };
    let (list, amounts) = run_blocking(move || {
        let list = shared.screening.holds(&filter)?;
        let mut worths = Worths::of(&shared);
        let mut amounts = HashMap::new();
        for h in list.iter().filter(|h| h.amount.is_some()) {
            amounts.insert(h.id, worths.now(h.covers(), h.asset.as_deref().unwrap_or_default())?);
        }
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
    let body = html! {
        @if may { (place_form(&to)?) }
        (holds.show(&q, &list, |h| h.id, row))
    };
    Ok(frame.desk(&t!("holds-title"), "/desk/holds", body))
}

/// A hold with what its page names.
struct Shown {
    hold: Hold,
    amount: Option<Valued>,
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
        let asset = hold.asset.as_deref().unwrap_or_default();
        let amount = hold.amount.map(|_| Worths::of(shared).now(hold.covers(), asset)).transpose()?;
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
