//! The price table: what assets are worth, since when, and setting one by hand.

use axum::Extension;
use axum::extract::State;
use holdfast_decision::Price;
use holdfast_page::components::{T, listing, time};
use holdfast_page::figures;
use holdfast_page::forms::{Fields, Input, PageForm, Text, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_screening::prices::{PriceRow, STALE_AFTER};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::asset::canonical;
use holdfast_types::units::{base_units, of_asset, places, with_unit};
use holdfast_types::{Asset, Invalid, Seconds, Timestamp};
use maud::{Markup, html};

const HERE: &str = "/desk/prices";

page_form! {
    /// Sets a price by hand.
    struct SetPrice {
        asset: Text = "common-asset", Input::Line;
        amount: Text = "prices-amount", Input::Own;
        worth: Text = "prices-worth", Input::Line;
        reason: Text = "common-reason", Input::Line;
    }
}

impl SetPrice {
    /// The price in the units of the table: an amount of an asset whose decimals are not known is in base units.
    fn price(&self, currency: &str) -> Result<Price, Invalid> {
        let of = |field: &str, text: &str, places: u32| {
            let wrong = || Invalid::new(field, t!("prices-no-amount", text = text, n = places));
            base_units(text.trim(), places).filter(|amount| !amount.is_zero()).ok_or_else(wrong)
        };
        let worth = of("worth", &self.worth.0, places(currency).unwrap_or(2))?;
        let value = u64::try_from(worth).map_err(|_| Invalid::new("worth", t!("prices-too-large")))?;
        let asset = canonical(&self.asset.0);
        let base_units = of("amount", &self.amount.0, places(&asset).unwrap_or(0))?;
        Ok(Price { base_units, value })
    }
}

/// How long ago something was, in its largest whole unit.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = (now - since).count().max(0);
    match seconds {
        s if s >= Seconds::DAY.count() * 2 => t!("count-days", n = s / Seconds::DAY.count()),
        s if s >= Seconds::HOUR.count() => t!("count-hours", n = s / Seconds::HOUR.count()),
        s => t!("count-minutes", n = s / 60),
    }
}

fn amount(row: &PriceRow) -> String {
    let text = match Asset::parse(&row.asset) {
        Ok(asset) if asset.decimals().is_some() => of_asset(row.price.base_units, &asset),
        _ => with_unit(row.price.base_units, &row.asset),
    };
    figures::decimal(&text)
}

/// Shows the price table.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame) -> Page {
    let (rows, currency, now) = run_blocking(move || {
        let currency = shared.screening.book().file.policy.reference_currency.clone();
        Ok((shared.screening.prices()?, currency, shared.screening.now()))
    })
    .await?;
    let stale = rows.iter().filter(|r| r.is_stale(now)).count();
    let heads = [T("common-asset"), T("prices-price"), T("prices-set-at"), T("prices-age")];
    let log = frame.may_open("/desk/audit");
    let row = |r: &PriceRow| {
        let subject = form_urlencoded::Serializer::new(String::new())
            .append_pair("subject", &format!("price:{}", r.asset))
            .finish();
        html! { tr {
            td { (r.asset) @if log { br; a.note href={"/desk/audit?" (subject)} { (t!("nav-audit")) } } }
            td { (amount(r)) " = " strong { (figures::decimal(&with_unit(r.price.value, &currency))) } }
            td { (time(r.time)) }
            td { (age(r.time, now)) @if r.is_stale(now) { br; strong.high { (t!("prices-stale")) } } }
        } }
    };
    let body = html! {
        p { (t!("prices-about", currency = currency.as_str(), hours = STALE_AFTER.count() / Seconds::HOUR.count())) }
        @if stale > 0 { p.error role="status" { (t!("prices-are-stale", n = stale)) } }
        (listing(&heads, &rows, "prices-none", row))
        @if frame.may("rules") { (set_form(&currency)) }
    };
    Ok(frame.desk(&t!("nav-prices"), HERE, body))
}

fn set_form(currency: &str) -> Markup {
    let label = SetPrice::label;
    html! {
        h2 { (t!("prices-set")) }
        p.note { (t!("prices-set-about", currency = currency)) }
        form.step method="post" action=(HERE) {
            label { (label("asset")) input type="text" name="asset" required size="8"; }
            label { (label("amount")) input type="text" inputmode="decimal" name="amount" required value="1" size="12"; }
            label { (label("worth")) " (" (currency) ")" input type="text" inputmode="decimal" name="worth" required size="12"; }
            label { (label("reason")) input type="text" name="reason" required; }
            button type="submit" { (t!("common-save")) }
        }
    }
}

fn set_now(shared: &AppState, form: &SetPrice, actor: &str) -> Result<(), ApiError> {
    let asset = Asset::parse(&form.asset.0).map_err(|e| Invalid::new("asset", e.to_string()))?;
    let currency = shared.screening.book().file.policy.reference_currency.clone();
    let price = form.price(&currency)?;
    Ok(shared.screening.set_price_because(&asset.to_string(), price, &form.reason.0, actor)?)
}

/// Sets a price by hand.
pub(crate) async fn set(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<SetPrice>,
) -> Answer {
    run_blocking(move || set_now(&shared, &form, &caller.0).map_err(SetPrice::explain)).await?;
    Ok(back(HERE.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(asset: &str, amount: &str, worth: &str) -> SetPrice {
        let text = |t: &str| Text(t.to_owned());
        SetPrice { asset: text(asset), amount: text(amount), worth: text(worth), reason: text("seen") }
    }

    #[test]
    fn prices_of_people_are_in_the_units_of_the_table() {
        let of = |asset, amount, worth, currency| {
            form(asset, amount, worth).price(currency).map(|p| (p.base_units.to_string(), p.value)).map_err(|e| e.field)
        };
        assert_eq!(of("BTC", "1", "60000.5", "USD"), Ok(("100000000".into(), 6_000_050)));
        assert_eq!(of("ETH", "0.5", "1500", "JPY"), Ok(("500000000000000000".into(), 1_500)));
        assert_eq!(of("NOBODYKNOWS", "7", "1", "EUR"), Ok(("7".into(), 100)), "base units");
        assert_eq!(of("BTC", "0", "1", "USD"), Err("amount".into()));
        assert_eq!(of("BTC", "1", "1.005", "USD"), Err("worth".into()));
        assert_eq!(of("BTC", "1", "999999999999999999999", "USD"), Err("worth".into()));
    }

    #[test]
    fn ages_are_in_their_largest_unit() {
        let at = Timestamp::from_unix(1_700_000_000);
        let shown = [30, 3_600, 90_000, 200_000].map(|s| age(at, at + Seconds::new(s)));
        assert_eq!(shown, ["0 minutes", "1 hour", "25 hours", "2 days"]);
        assert_eq!(age(at, at - Seconds::new(5)), "0 minutes", "a clock that went back");
    }
}
