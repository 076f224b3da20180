//! An asset of an account chain, as answers show it.

use holdfast_types::{Amount, Asset, units};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An asset of an account chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetView {
    /// CAIP-19 id.
    pub id: String,
    /// Ticker, where the curated list names the asset; a token's own name is no evidence of what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// Decimal places between the base unit and the unit that people use, where the curated list has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
}

impl AssetView {
    /// Returns an asset as answers show it.
    #[must_use]
    pub fn of(asset: &Asset) -> Self {
        AssetView {
            id: asset.id().map_or_else(|| asset.to_string(), ToString::to_string),
            ticker: asset.ticker().map(str::to_owned),
            decimals: asset.decimals(),
        }
    }

    /// Returns an amount with its unit: `1.5 USDT`. Of an asset that the list does not name, base units and the asset's id.
    #[must_use]
    pub fn amount(&self, base_units: Amount) -> String {
        match (&self.ticker, self.decimals) {
            (Some(ticker), Some(decimals)) => format!("{} {ticker}", units::whole(base_units, decimals.into())),
            _ => format!("{base_units} base units of {}", self.id),
        }
    }
}
