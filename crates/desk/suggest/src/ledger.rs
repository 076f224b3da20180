//! An account's payments from a ledger of its chain, within bounds.

use holdfast_account_ledger::{Direction, Ledger, LedgerError, NATIVE, Opening};
use holdfast_models::accounts::AccountEvent;
use holdfast_types::{Timestamp, TransferKind, named};
use std::ops::ControlFlow;

/// Most postings of an account that are read: fees and transfers inside transactions are among them.
pub const MAX_POSTINGS: usize = 50_000;

named! {
    /// Why an account's features were not made: what could not be looked at is not said to be ordinary.
    #[schema(as = NotLookedAt)]
    pub enum NotLooked {
        /// The ledger has nothing of the address.
        Unknown,
        /// It spent more than it received since the ledger's first block, so that it has a history that the ledger has not.
        BeganBefore,
        /// It has more postings than are read of one account.
        TooMany,
        /// The accounts before it had all postings that one pass reads.
        OverBudget,
        /// It has no payment: only fees, rewards, tokens or transfers inside transactions.
        NoPayments,
        /// It has a tag already.
        Tagged,
    }
}

/// An account's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payments {
    /// The payments, in chain order.
    pub events: Vec<AccountEvent>,
    /// Time of the first one.
    pub first: Timestamp,
}

/// Postings that a pass may still read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(pub(crate) usize);

/// Returns the payments of an account up to the block at a height: coin that transactions themselves carried, as explorers list an account's own transactions.
/// Transfers inside transactions and fees are none.
///
/// # Errors
/// [`LedgerError::Damaged`]. What cannot be looked at is [`NotLooked`].
pub fn payments(ledger: &Ledger, account: u32, until: u64) -> Result<Result<Payments, NotLooked>, LedgerError> {
    payments_within(ledger, account, until, &mut Budget(usize::MAX))
}

pub(crate) fn payments_within(
    ledger: &Ledger,
    account: u32,
    until: u64,
    budget: &mut Budget,
) -> Result<Result<Payments, NotLooked>, LedgerError> {
    let (mut found, mut read, most) = (Vec::new(), 0usize, MAX_POSTINGS.min(budget.0));
    ledger.for_each_posting(account, NATIVE, 0..until.saturating_add(1), |posting| {
        read += 1;
        let transfer = &posting.transfer;
        // A payment to itself is received, once.
        let is_own = transfer.from == transfer.to && posting.direction == Direction::Out;
        if transfer.kind == TransferKind::Value && !is_own {
            found.push(posting);
        }
        if read > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    budget.0 = budget.0.saturating_sub(read);
    if read > most {
        return Ok(Err(if read > MAX_POSTINGS { NotLooked::TooMany } else { NotLooked::OverBudget }));
    }
    if let Opening::Unknown(least) = ledger.balance(account, NATIVE)?.opening
        && least.is_none_or(|least| !least.is_zero())
    {
        return Ok(Err(NotLooked::BeganBefore));
    }
    let mut events = Vec::with_capacity(found.len());
    for posting in found {
        let transfer = &posting.transfer;
        let is_incoming = posting.direction == Direction::In;
        let seconds = i64::try_from(ledger.time_of_tx(transfer.tx)?).unwrap_or(i64::MAX);
        let event = AccountEvent {
            at: Timestamp::from_unix(seconds),
            is_incoming,
            counterparty: if is_incoming { transfer.from } else { transfer.to }.map(u64::from),
            amount_base_units: u128::try_from(transfer.amount).unwrap_or(u128::MAX),
            is_failed: false,
            is_call: false,
        };
        if event.is_payment() {
            events.push(event);
        }
    }
    let first = events.iter().map(|e| e.at).min();
    Ok(first.map(|first| Payments { events, first }).ok_or(NotLooked::NoPayments))
}
