//! What an order is limited to: a period, accounts, assets. Matching, freezes, preservations and productions stay within it.
//!
//! What happened (movements, logins, holds) is within a period when it happened in it. What is on file (accounts, cards, devices, addresses,
//! identity checks) is within it when it was on file by its end. The customer's own record identifies the customer and has no period.

use holdfast_decision::model::{text_ok, time_ok};
use holdfast_types::Invalid;
use holdfast_types::{Asset, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most accounts, and most assets, that one order names.
pub const MAX_NAMED: usize = 1_000;

/// What an order is limited to; what is empty does not limit it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrderScope {
    /// From when on, Unix seconds, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub from: Option<Timestamp>,
    /// Until when, Unix seconds, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub to: Option<Timestamp>,
    /// Accounts, by the exchange's own numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub accounts: Vec<String>,
    /// Assets, such as BTC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub assets: Vec<String>,
}

impl OrderScope {
    /// Checks it and returns it in canonical form.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn canonical(mut self) -> Result<OrderScope, Invalid> {
        for (field, time) in [("scope.from", self.from), ("scope.to", self.to)] {
            if let Some(time) = time {
                time_ok(field, time)?;
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            return Err(Invalid::new("scope.to", "is before scope.from"));
        }
        for (field, list) in [("scope.accounts", &mut self.accounts), ("scope.assets", &mut self.assets)] {
            if list.len() > MAX_NAMED {
                return Err(Invalid::new(field, format!("more than {MAX_NAMED}")));
            }
            for (i, text) in list.iter_mut().enumerate() {
                *text = text.trim().to_owned();
                text_ok(&format!("{field}[{i}]"), text)?;
            }
            list.sort();
            list.dedup();
        }
        Ok(self)
    }

    /// Returns whether nothing is limited.
    pub fn is_whole(&self) -> bool {
        *self == OrderScope::default()
    }

    /// Returns whether both ends of a period are set.
    pub fn has_period(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }

    /// Returns the period's bounds.
    pub fn bounds(&self) -> (Timestamp, Timestamp) {
        (self.from.unwrap_or(Timestamp::MIN), self.to.unwrap_or(Timestamp::MAX))
    }

    /// Returns whether something happened within the period.
    pub fn covers_time(&self, time: Timestamp) -> bool {
        let (from, to) = self.bounds();
        (from..=to).contains(&time)
    }

    /// Returns whether a record was on file by the period's end.
    pub fn was_on_file(&self, time: Timestamp) -> bool {
        time <= self.bounds().1
    }

    /// Returns whether an account is within it. Where accounts are named, what names none is outside.
    pub fn covers_account(&self, account: Option<&str>) -> bool {
        self.accounts.is_empty() || account.is_some_and(|a| self.accounts.iter().any(|named| named == a))
    }

    /// Returns whether an asset is within it, by whatever name; a ticker that several chains share means the token on each. What has no asset (a
    /// login) is not outside.
    pub fn covers_asset(&self, asset: Option<&str>) -> bool {
        self.assets.is_empty() || asset.is_none_or(|a| self.assets.iter().any(|named| Asset::same(named, a)))
    }

    /// Returns a description, one line for each limit.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let time = |t: Option<Timestamp>| t.map_or("open".to_owned(), Timestamp::rfc3339);
        if self.from.is_some() || self.to.is_some() {
            lines.push(("Period", format!("{} to {}", time(self.from), time(self.to))));
        }
        for (name, list) in [("Accounts", &self.accounts), ("Assets", &self.assets)] {
            if !list.is_empty() {
                lines.push((name, list.join(", ")));
            }
        }
        lines
    }
}
