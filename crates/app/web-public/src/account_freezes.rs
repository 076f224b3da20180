//! Freezes of issuers of tokens on an account chain: those that are proposed, in force, withdrawn and lifted, and what was destroyed.

use crate::account_flows::among;
use crate::accounts::{amount, asset_link, chosen, gaps, rest, time, way_up};
use axum::extract::{Path, Query, State};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::freeze_queries::{FreezeFilter, FreezeTotals, FreezesPage};
use holdfast_page::components::{N, T, listing, none, word};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::Place;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::freeze_view::FreezeState;
use holdfast_workspace::freeze_view::{FreezeStep, FreezeView};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// States of a freeze, in the order of the columns of the sums.
const STATES: [FreezeState; 5] =
    [FreezeState::Proposed, FreezeState::Frozen, FreezeState::Destroyed, FreezeState::Lifted, FreezeState::Withdrawn];

/// Which freezes a page shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct FreezesForm {
    #[serde(default)]
    address: String,
    #[serde(default)]
    asset: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    skip: usize,
}

/// A field that was filled in.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

impl FreezesForm {
    fn filter(&self) -> Result<FreezeFilter<'_>, ApiError> {
        let states: Vec<(&str, Option<FreezeState>)> =
            std::iter::once(("", None)).chain(STATES.map(|state| (state.name(), Some(state)))).collect();
        Ok(FreezeFilter {
            address: given(&self.address),
            asset: given(&self.asset),
            issuer: given(&self.issuer),
            state: chosen("state", self.state.trim(), &states)?,
        })
    }

    /// The page's path with the same choice.
    fn path(&self, place: &Place) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own =
            [("address", &self.address), ("asset", &self.asset), ("issuer", &self.issuer), ("state", &self.state)];
        for (name, value) in own {
            if let Some(value) = given(value) {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { place.root("freezes") } else { format!("{}?{query}", place.root("freezes")) }
    }
}

fn form(place: &Place, form: &FreezesForm) -> Markup {
    html! { form.step action=(place.root("freezes")) method="get" {
        label { (t!("common-address")) input name="address" value=(form.address) size="44"; }
        label { (t!("common-asset")) input name="asset" value=(form.asset) placeholder=(t!("accounts-all-assets")); }
        label { (t!("freezes-issuer")) input name="issuer" value=(form.issuer) placeholder=(t!("freezes-all-issuers")); }
        label { (t!("common-state")) select name="state" {
            option value="" { (t!("freezes-all-states")) }
            @for state in STATES { option value=(state.name()) selected[form.state == state.name()] { (word(freeze_word(state))) } }
        } }
        button type="submit" { (t!("common-show")) }
    } }
}

/// The key of the word for a state.
fn freeze_word(state: FreezeState) -> String {
    format!("freeze-{}", state.name())
}

fn totals(place: &Place, list: &[FreezeTotals]) -> Markup {
    let heads = [
        T("common-asset"),
        T("freezes-issuer"),
        N("word-freeze-proposed"),
        N("word-freeze-frozen"),
        N("word-freeze-destroyed"),
        N("word-freeze-lifted"),
        N("word-freeze-withdrawn"),
        N("freezes-destroyed-amount"),
    ];
    listing(&heads, list, "freezes-none", |sum| {
        html! { tr {
            td { (asset_link(place, &sum.asset)) }
            td { @match &sum.issuer { Some(name) => (name), None => (t!("freezes-issuer-unlisted")) } }
            @for state in STATES { td.n { (sum.by_state.get(&state).copied().unwrap_or(0)) } }
            td.n { @match sum.destroyed_amount { Some(units) => (amount(units, &sum.asset)), None => (t!("common-unknown")) } }
        } }
    })
}

/// A step of a freeze: when, where, and by which proposal.
fn step(place: &Place, key: &'static str, step: Option<&FreezeStep>) -> Markup {
    html! { @if let Some(step) = step { li {
        (t!(key)) " " (time(step.time)) ", "
        a href=(place.path("block", &step.height.to_string())) { (t!("ledger-block-title", height = step.height)) } ", "
        @match &step.tx { Some(tx) => (place.link("tx", tx)), None => span.note { (t!("freezes-tx-not-stored")) } }
        @if let Some(number) = step.proposal { ", " (t!("freezes-proposal", number = number)) }
    } } }
}

fn steps(place: &Place, view: &FreezeView) -> Markup {
    html! { ul {
        (step(place, "freezes-step-proposed", view.proposed.as_ref()))
        (step(place, "freezes-step-withdrawn", view.withdrawn.as_ref()))
        (step(place, "freezes-step-frozen", view.frozen.as_ref()))
        (step(place, "freezes-step-lift-proposed", view.lift_proposed.as_ref()))
        (step(place, "freezes-step-lifted", view.lifted.as_ref()))
        (step(place, "freezes-step-destroy-proposed", view.destroy_proposed.as_ref()))
        (step(place, "freezes-step-destroyed", view.destroyed.as_ref()))
    } }
}

/// Freezes as a table; of an address's own page without the address.
pub(crate) fn freezes_table(place: &Place, list: &[FreezeView], with_address: bool) -> Markup {
    let all = [
        T("common-address"),
        T("common-asset"),
        T("common-state"),
        T("freezes-steps"),
        N("freezes-held"),
        N("freezes-destroyed-amount"),
    ];
    let heads = if with_address { &all[..] } else { &all[1..] };
    listing(heads, list, "freezes-none", |view| {
        html! { tr {
            @if with_address { td { (place.link("address", &view.address)) } }
            td { (asset_link(place, &view.asset)) @if let Some(issuer) = &view.issuer { br; span.note { (issuer) } } }
            td { @if view.state.is_frozen() { strong.severe { (word(freeze_word(view.state))) } } @else { (word(freeze_word(view.state))) } }
            td { (steps(place, view)) }
            td.n { @match view.held { Some(units) => (amount(units, &view.asset)), None => (t!("common-unknown")) } }
            td.n { @match (view.destroyed_amount, &view.destroyed) {
                (Some(units), _) => (amount(units, &view.asset)),
                (None, Some(_)) => (t!("common-unknown")),
                (None, None) => "–",
            } }
        } }
    })
}

/// What was looked at: freezes of other blocks are not known.
fn covered(page: &FreezesPage) -> Markup {
    html! {
        p.note { @match (page.from_height, page.tip_height) {
            // Block 0 is the chain's own beginning: nobody is frozen in it.
            (Some(0 | 1), Some(tip)) => (t!("freezes-covered-all", tip = tip)),
            (Some(from), Some(tip)) => (t!("freezes-covered", from = from, tip = tip)),
            _ => (t!("freezes-not-covered")),
        } }
        @if page.unread_proposals > 0 { p.note { (t!("freezes-unread", n = page.unread_proposals)) } }
    }
}

/// Shows what issuers froze on every account chain, added up.
pub(crate) async fn all(State(shared): State<AppState>, frame: Frame) -> Page {
    let list = run_blocking(move || {
        let chains = shared.chains.account_snapshots();
        let page =
            |chain: &Arc<AccountSnapshot>| Ok((Place::of(chain), chain.freezes_page(FreezeFilter::default(), 0)?));
        Ok(chains.iter().map(page).collect::<Result<Vec<_>, WorkspaceError>>()?)
    })
    .await?;
    let title = t!("freezes-short");
    let body = html! {
        h1 { (title) }
        p { a href="/accounts" { (t!("accounts-title")) } }
        p { (t!("freezes-intro")) }
        @if list.is_empty() { (none(&t!("accounts-no-chain"))) }
        @for (place, found) in &list {
            h2 { a href=(place.root("freezes")) { (place.name()) } }
            (covered(found))
            (totals(place, &found.totals))
        }
    };
    Ok(frame.page(&title, "", body))
}

/// Shows the freezes of a chain.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Path(chain): Path<String>,
    Query(query): Query<FreezesForm>,
) -> Page {
    query.filter()?;
    let asked = query.clone();
    let (place, found) = among(shared, chain, move |chain| {
        // The filter was read above; what it names is looked up on the chain.
        let filter = asked.filter().unwrap_or_default();
        chain.freezes_page(filter, asked.skip)
    })
    .await?;
    let title = t!("freezes-title", chain = place.name());
    let to = query.path(&place);
    let body = html! {
        h1 { (title) }
        (way_up(&place))
        p { (t!("freezes-intro")) }
        (covered(&found))
        (form(&place, &query))
        h2 { (t!("freezes-totals")) }
        (totals(&place, &found.totals))
        h2 #freezes { (t!("freezes-list")) }
        (freezes_table(&place, &found.freezes, true))
        (rest(&to, query.skip, found.freezes.len(), found.count))
        (gaps(&found.gaps))
    };
    Ok(frame.page(&title, "", body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_and_kept_on_the_next_page() {
        let form = FreezesForm { asset: " USDT ".into(), state: "frozen".into(), ..FreezesForm::default() };
        let filter = form.filter().unwrap();
        assert_eq!((filter.asset, filter.state, filter.address), (Some("USDT"), Some(FreezeState::Frozen), None));
        let place = Place::named("eip155:1");
        assert_eq!(form.path(&place), "/accounts/ethereum/freezes?asset=USDT&state=frozen");
        assert_eq!(FreezesForm::default().path(&place), "/accounts/ethereum/freezes");
        let wrong = FreezesForm { state: "cold".into(), ..FreezesForm::default() };
        let e = wrong.filter().unwrap_err();
        assert!(e.message.starts_with("state: 'cold' is none of proposed, frozen"), "{}", e.message);
    }
}
