//! Events of an account chain, at [`START`].

use crate::START;
use holdfast_decision::{Event, EventKind};
use holdfast_types::Amount;

/// Returns a withdrawal of ETH, `amount` in wei and `value` in cents of the desk's currency.
pub fn withdrawal(id: &str, customer: &str, to: &str, amount: u128, value: u64) -> Event {
    let mut event = Event::new(EventKind::Withdrawal, id, START, customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount::new(amount));
    event.value = Some(value);
    event.counterparty = Some(to.into());
    event
}

/// Returns a deposit of ETH by a transaction, `amount` in wei and `value` in cents of the desk's currency.
pub fn deposit(id: &str, customer: &str, tx: &str, amount: u128, value: u64) -> Event {
    let mut event = Event::new(EventKind::Deposit, id, START, customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount::new(amount));
    event.value = Some(value);
    event.tx = Some(tx.into());
    event.output = Some(0);
    event.counterparty = Some("0x00000000000000000000000000000000000000aa".into());
    event
}
