//! What a transaction leaves an account with, by token.

use crate::link::Moved;
use crate::view::{Tx, moved};
use holdfast_types::{AccountId, Amount, TokenRef};
use std::collections::BTreeMap;

/// What an account gave and received of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    given: Amount,
    received: Amount,
    out: Vec<Moved>,
    into: Vec<Moved>,
}

/// A token whose balance the transaction changed: what is left, and the transfers that way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Net {
    pub token: TokenRef,
    pub amount: Amount,
    pub transfers: Vec<Moved>,
}

/// What an account gave, and what it received, net of what went both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nets {
    pub given: Vec<Net>,
    pub received: Vec<Net>,
}

impl Nets {
    /// Returns the tokens of an account whose balance a transaction changed, but for fees. `None` where sums pass 256 bits.
    pub fn of(tx: Tx<'_>, account: AccountId) -> Option<Self> {
        let mut flows: BTreeMap<TokenRef, Flow> = BTreeMap::new();
        for transfer in tx.moved().filter(|t| t.from != t.to) {
            if transfer.from == Some(account) {
                let flow = flows.entry(transfer.token).or_default();
                flow.given = flow.given.checked_add(transfer.amount)?;
                flow.out.push(moved(transfer));
            } else if transfer.to == Some(account) {
                let flow = flows.entry(transfer.token).or_default();
                flow.received = flow.received.checked_add(transfer.amount)?;
                flow.into.push(moved(transfer));
            }
        }
        let mut nets = Nets::default();
        for (token, flow) in flows {
            if let Some(amount) = flow.given.checked_sub(flow.received).filter(|a| !a.is_zero()) {
                nets.given.push(Net { token, amount, transfers: flow.out });
            } else if let Some(amount) = flow.received.checked_sub(flow.given).filter(|a| !a.is_zero()) {
                nets.received.push(Net { token, amount, transfers: flow.into });
            }
        }
        Some(nets)
    }
}

/// Returns whether units of a token are alike, so that one amount of it is worth another.
pub(crate) fn is_fungible(token: &TokenRef) -> bool {
    matches!(token, TokenRef::Native | TokenRef::Fungible(_) | TokenRef::Trc10(_))
}
