//! An amount with what it is worth in the reference currency beside it: by the price of its time or of now, said which. That no price is known is said too.

use crate::figures::money;
use crate::texts::t;
use maud::{Markup, Render, html};

/// The price by which an amount is valued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// That of the time when the amount moved.
    Then,
    /// That of now.
    Now,
}

/// An amount in words, with its worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    amount: String,
    /// None of an amount of the reference currency itself.
    worth: Option<(Option<u64>, When, String)>,
}

impl Valued {
    /// Makes one of an amount of an asset, in words; `value` is in minor units of the reference currency, none where no price is known.
    #[must_use]
    pub fn new(amount: String, asset: &str, value: Option<u64>, when: When, currency: &str) -> Self {
        let worth = (asset != currency).then(|| (value, when, currency.to_owned()));
        Valued { amount, worth }
    }

    /// Returns the amount alone.
    #[must_use]
    pub fn amount(&self) -> &str {
        &self.amount
    }

    /// Returns what stands beside the amount.
    #[must_use]
    pub fn worth(&self) -> Markup {
        let Some((value, when, currency)) = &self.worth else { return html! {} };
        let text = match (value, when) {
            (None, _) => t!("common-worth-unknown"),
            (Some(value), When::Then) => t!("common-worth-then", value = money(*value, currency)),
            (Some(value), When::Now) => t!("common-worth-now", value = money(*value, currency)),
        };
        html! { span.note { "(" (text) ")" } }
    }
}

impl Render for Valued {
    fn render(&self) -> Markup {
        html! { (self.amount) @if self.worth.is_some() { " " (self.worth()) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_says_its_worth_and_by_which_price() {
        let shown = |asset: &str, value, when| {
            Valued::new(format!("2 {asset}"), asset, value, when, "USD").render().into_string()
        };
        assert_eq!(
            shown("BTC", Some(123_450), When::Then),
            "2 BTC <span class=\"note\">(1,234.50 USD at the time)</span>"
        );
        assert_eq!(
            shown("BTC", Some(5), When::Now),
            "2 BTC <span class=\"note\">(0.05 USD at the present price)</span>"
        );
        assert_eq!(shown("BTC", None, When::Now), "2 BTC <span class=\"note\">(price unknown)</span>");
        assert_eq!(shown("USD", Some(200), When::Then), "2 USD", "it is in the reference currency");
    }
}
