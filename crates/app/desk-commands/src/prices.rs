//! `holdfast prices`: what assets are worth in the reference currency.

use crate::answer::Fields;
use crate::args::DeskArgs;
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_decision::Price;
use holdfast_screening::prices::{PriceRow, STALE_AFTER};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_types::units::{of_asset, with_unit};
use holdfast_types::{Amount, Asset};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum PricesCommand {
    /// List the price table, with the age of each price.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Set the price of an asset: so many base units are worth so many minor units of the reference currency.
    Set {
        #[command(flatten)]
        desk: DeskArgs,
        /// Ticker or CAIP-19 id, such as BTC.
        asset: String,
        /// Base units, such as 100000000 for one bitcoin.
        base_units: Amount,
        /// Minor units of the reference currency, such as 6000000 for 60,000.00 USD.
        value: u64,
        /// Why it is set by hand, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

fn listed(screening: &Screening) -> Result<Value, ScreeningError> {
    let now = screening.now();
    let row = |r: PriceRow| {
        let stale = r.is_stale(now);
        json!({"asset": r.asset, "id": r.id(), "base_units": r.price.base_units, "value": r.price.value, "time": r.time, "stale": stale})
    };
    let prices: Vec<Value> = screening.prices()?.into_iter().map(row).collect();
    let currency = screening.book().file.policy.reference_currency.clone();
    Ok(json!({"currency": currency, "stale_after": STALE_AFTER.count(), "prices": prices}))
}

pub fn prices(command: PricesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        PricesCommand::List { desk } => list(&desk, as_json),
        PricesCommand::Set { desk, asset, base_units, value, reason } => {
            let path = api_path(&["prices", &asset]);
            let body = json!({"base_units": base_units, "value": value, "reason": reason});
            let here = |s: &Screening| s.set_price_because(&asset, Price { base_units, value }, &reason, &desk.actor);
            let answer = desk.answer(here, |c| c.put(&path).json(&body))?;
            if as_json {
                return answer.print();
            }
            println!("the price of {asset} is set");
            Ok(())
        }
    }
}

fn list(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let table = desk.answer(listed, |c| c.get("/api/v1/prices"))?;
    if as_json {
        return table.print();
    }
    let currency = table.word("currency");
    for price in table["prices"].rows("prices") {
        let (asset, units) = (price.word("asset"), price.word("base_units").parse::<Amount>().unwrap_or_default());
        let amount = match Asset::parse(asset) {
            Ok(asset) if asset.decimals().is_some() => of_asset(units, &asset),
            _ => with_unit(units, asset),
        };
        let stale = if price.is("stale") { ", stale" } else { "" };
        let worth = with_unit(price.count("value"), currency);
        println!("{asset:<12} {amount} = {worth}, set at {}{stale}", price.time("time").rfc3339());
    }
    Ok(())
}
