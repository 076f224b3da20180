//! Prices: what base units are worth in the reference currency.

use crate::model::{Event, MAX_VALUE};
use crate::rules::Policy;
use holdfast_types::Amount;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Minor units of the reference currency for base units: so many base units are worth so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Base units.
    pub base_units: Amount,
    /// Minor units that they are worth.
    pub value: u64,
}

impl Price {
    /// Returns the worth of base units, in minor units of the reference currency; none above [`MAX_VALUE`].
    #[must_use]
    pub fn worth(self, amount: Amount) -> Option<u64> {
        let worth = amount.mul_div(self.value.into(), self.base_units.max(Amount::new(1)))?;
        u64::try_from(worth).ok().filter(|v| *v <= MAX_VALUE)
    }
}

/// Prices by asset.
pub type Prices = HashMap<String, Price>;

/// Returns the value of an event in minor units of the reference currency: as sent, else by the price of its asset. None where it is not known,
/// or above [`MAX_VALUE`].
#[must_use]
pub fn value_of(event: &Event, policy: &Policy, price: Option<Price>) -> Option<u64> {
    if event.value.is_some() {
        return event.value;
    }
    let (asset, amount) = (event.asset.as_ref()?, event.amount?);
    if *asset == policy.reference_currency {
        return u64::try_from(amount).ok().filter(|v| *v <= MAX_VALUE);
    }
    price?.worth(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventKind;
    use holdfast_types::Timestamp;

    #[test]
    fn values_are_as_sent_or_by_price_and_never_above_the_largest() {
        let policy = Policy::default();
        let mut event = Event::new(EventKind::Payment, "p", Timestamp::from_unix(1_700_000_000), "c");
        (event.asset, event.amount) = (Some("USD".into()), Some(Amount::new(1_250)));
        assert_eq!(value_of(&event, &policy, None), Some(1_250));
        event.amount = Some(Amount::from(MAX_VALUE + 1));
        assert_eq!(value_of(&event, &policy, None), None, "no threshold is compared with such a value");
        (event.asset, event.amount) = (Some("BTC".into()), Some(Amount::new(50_000_000)));
        assert_eq!(value_of(&event, &policy, None), None);
        let price = Some(Price { base_units: Amount::new(100_000_000), value: 6_000_000 });
        assert_eq!(value_of(&event, &policy, price), Some(3_000_000));
        event.amount = Some(Amount::MAX);
        assert_eq!(value_of(&event, &policy, price), None);
        event.value = Some(7);
        assert_eq!(value_of(&event, &policy, price), Some(7));
    }
}
