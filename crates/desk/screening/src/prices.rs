//! The price table: what assets are worth in the reference currency, since when, and whether that is old.

use crate::core::price_of;
use crate::service::{Screening, ScreeningError};
use holdfast_decision::Price;
use holdfast_types::{Asset, Invalid, Seconds, Timestamp};

/// A price that is older counts as stale: thresholds of rules are compared with a value that may not be true any more.
pub const STALE_AFTER: Seconds = Seconds::DAY;
/// Longest reason, in bytes.
const MAX_REASON: usize = 2_000;

/// A price of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// The asset.
    pub asset: String,
    /// What it is worth.
    pub price: Price,
    /// When it was set, Unix seconds.
    pub time: Timestamp,
}

impl PriceRow {
    /// Returns the CAIP-19 id of its asset, where it has one: a ticker alone may be several assets'.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        Asset::parse(&self.asset).ok()?.id().map(ToString::to_string)
    }

    /// Returns whether it is stale at a time.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now - self.time > STALE_AFTER
    }
}

impl Screening {
    /// Returns all prices, by asset. An asset without one is valued by what its events say alone.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn prices(&self) -> Result<Vec<PriceRow>, ScreeningError> {
        self.read(|db| {
            let rows = db.query("SELECT base_units, value, asset, time FROM prices ORDER BY asset", &[])?;
            let row = |row: &holdfast_store::Row| {
                Ok(PriceRow { asset: row.text(2)?.to_owned(), price: price_of(row)?, time: row.time(3)? })
            };
            rows.iter().map(row).collect()
        })
    }

    /// Sets the price of an asset, with the reason of who sets it by hand.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field.
    pub fn set_price_because(&self, asset: &str, price: Price, why: &str, actor: &str) -> Result<(), ScreeningError> {
        if why.len() > MAX_REASON {
            return Err(Invalid::new("reason", format!("at most {MAX_REASON} bytes are taken")).into());
        }
        let (asset, why, actor) = (asset.trim().to_owned(), why.trim().to_owned(), actor.to_owned());
        self.change(move |core, now| core.set_price(&asset, price, &why, &actor, now))
    }
}
