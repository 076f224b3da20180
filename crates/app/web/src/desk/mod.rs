//! The desk's pages: requests, officers, cases, alerts, holds, events, customers, rules, recommendations, the graph. Everything works by forms and by keyboard; only the
//! graph needs a script. A form's fields are the step's fields, so that pages can do what the API can, and no more.

mod alert_panel;
pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod customers;
pub(crate) mod decided;
mod drawings;
pub(crate) mod events;
pub(crate) mod evidence;
pub(crate) mod graph;
pub(crate) mod holds;
pub(crate) mod home;
pub(crate) mod ledgers;
pub(crate) mod links;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod recommendations;
pub(crate) mod request;
pub(crate) mod requests;
pub(crate) mod rules;
pub(crate) mod second_factor;
pub(crate) mod sign_in;
pub(crate) mod sign_on;
pub(crate) mod webhooks;
pub(crate) mod work;

use holdfast_decision::Price;
use holdfast_page::worth::{Valued, When};
use holdfast_state::AppState;
use holdfast_state::error::ApiError;
use holdfast_types::Amount;
use holdfast_types::units::with_unit;
use std::collections::HashMap;

/// Returns an amount in the unit of its asset: of an asset that an account chain of the store holds, as the chain names it.
pub(crate) fn in_unit(shared: &AppState, base_units: Amount, asset: &str) -> String {
    let chain = asset.split_once('/').and_then(|(chain, _)| shared.chains.accounts_named(chain).ok());
    let report = chain.and_then(|chain| chain.snapshot().asset_report(asset).ok());
    holdfast_page::figures::decimal(
        &report.map_or_else(|| with_unit(base_units, asset), |report| report.asset.amount(base_units)),
    )
}

/// Amounts with their worth now; the price of an asset is read once.
pub(crate) struct Worths<'a> {
    shared: &'a AppState,
    currency: String,
    prices: HashMap<String, Option<Price>>,
}

impl<'a> Worths<'a> {
    pub(crate) fn of(shared: &'a AppState) -> Self {
        let currency = shared.screening.book().file.policy.reference_currency.clone();
        Worths { shared, currency, prices: HashMap::new() }
    }

    /// An amount in the unit of its asset, with what it is worth now.
    pub(crate) fn now(&mut self, base_units: Amount, asset: &str) -> Result<Valued, ApiError> {
        let price = match self.prices.get(asset) {
            Some(known) => *known,
            None => {
                let read = self.shared.screening.price(asset)?;
                self.prices.insert(asset.to_owned(), read);
                read
            }
        };
        let (amount, value) = (in_unit(self.shared, base_units, asset), price.and_then(|p| p.worth(base_units)));
        Ok(Valued::new(amount, asset, value, When::Now, &self.currency))
    }
}
