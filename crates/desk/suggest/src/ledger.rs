//! An account's payments from a ledger of its chain, within bounds.

use holdfast_account_ledger::{Direction, Ledger, LedgerError, NATIVE, Opening, Posting, TransferNumber};
use holdfast_models::accounts::AccountEvent;
use holdfast_models::graph::{Edge, MAX_EDGES, WINDOW};
use holdfast_types::{ChainId, Timestamp, TransferKind, named};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

/// Most postings that are read of each neighbour of an account.
const MAX_OF_NEIGHBOUR: usize = 64;
/// Most postings that are read of all its neighbours.
const MAX_OF_NEIGHBOURS: usize = 2_048;

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
        /// The installed figures of the whole chain, which the model learns from, have nothing of it: it appeared after their block.
        NoFigures,
        /// It has a tag already.
        Tagged,
    }
}

/// An account chain as it is stored.
#[derive(Clone, Copy)]
pub struct StoredChain<'a> {
    /// CAIP-2 id.
    pub chain: &'a ChainId,
    /// Its ledger.
    pub ledger: &'a Ledger,
    /// Its folder, where figures of the whole chain are installed.
    pub dir: &'a Path,
}

/// An account's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payments {
    /// The payments, in chain order.
    pub events: Vec<AccountEvent>,
    /// Time of the first one.
    pub first: Timestamp,
    /// Number of the transfer of the last one.
    pub(crate) last: TransferNumber,
}

/// The payments around an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Around {
    pub(crate) edges: Vec<Edge>,
    /// The last one's time: the window ends there.
    pub(crate) as_of: Timestamp,
    /// Whether some were not read.
    pub(crate) is_cut: bool,
}

/// Postings that a pass may still read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let (mut events, mut last) = (Vec::with_capacity(found.len()), None);
    for posting in found {
        let transfer = &posting.transfer;
        let is_incoming = posting.direction == Direction::In;
        let event = AccountEvent {
            at: time_of(ledger, &posting)?,
            is_incoming,
            counterparty: if is_incoming { transfer.from } else { transfer.to }.map(u64::from),
            amount_base_units: u128::try_from(transfer.amount).unwrap_or(u128::MAX),
            is_failed: false,
            is_call: false,
        };
        if event.is_payment() {
            events.push(event);
            last = Some(transfer.number);
        }
    }
    let first = events.iter().map(|e| e.at).min();
    let both = first.zip(last);
    Ok(both.map(|(first, last)| Payments { events, first, last }).ok_or(NotLooked::NoPayments))
}

fn time_of(ledger: &Ledger, posting: &Posting) -> Result<Timestamp, LedgerError> {
    Ok(Timestamp::from_unix(i64::try_from(ledger.time_of_tx(posting.transfer.tx)?).unwrap_or(i64::MAX)))
}

/// Adds the payments of an account in the [`WINDOW`] up to a time, of the newest so many postings before a transfer. Returns how many postings were read, and whether
/// there may be more.
fn add_edges(
    ledger: &Ledger,
    account: u32,
    (end, as_of): (TransferNumber, Timestamp),
    most: usize,
    edges: &mut BTreeMap<TransferNumber, Edge>,
) -> Result<(usize, bool), LedgerError> {
    let postings = ledger.postings_before(account, NATIVE, end, most)?;
    for posting in &postings {
        let at = time_of(ledger, posting)?;
        if as_of - at > WINDOW {
            // All others are older.
            return Ok((postings.len(), false));
        }
        let transfer = &posting.transfer;
        if let (TransferKind::Value, Some(from), Some(to)) = (transfer.kind, transfer.from, transfer.to)
            && !transfer.amount.is_zero()
        {
            edges.insert(transfer.number, Edge { at, from: from.into(), to: to.into() });
        }
    }
    Ok((postings.len(), postings.len() >= most))
}

/// Returns the payments around an account in the [`WINDOW`] before its last payment, that one included: its own, and those of whom it paid or was paid by.
pub(crate) fn around(
    ledger: &Ledger,
    account: u32,
    last: TransferNumber,
    budget: &mut Budget,
) -> Result<Around, LedgerError> {
    let seconds = ledger.time_of_tx(ledger.transfer(last)?.tx)?;
    let as_of = Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX));
    let until = (TransferNumber::new(last.get().saturating_add(1)), as_of);
    let mut edges = BTreeMap::new();
    let (mut read, mut is_cut) = add_edges(ledger, account, until, MAX_EDGES, &mut edges)?;
    let both = edges.values().flat_map(|e| [e.from, e.to]);
    let neighbours: BTreeSet<u32> = both.filter_map(|n| u32::try_from(n).ok()).filter(|n| *n != account).collect();
    let mut left = MAX_OF_NEIGHBOURS;
    for neighbour in neighbours {
        if left == 0 {
            is_cut = true;
            break;
        }
        let (n, cut) = add_edges(ledger, neighbour, until, MAX_OF_NEIGHBOUR.min(left), &mut edges)?;
        left = left.saturating_sub(n);
        (read, is_cut) = (read + n, is_cut || cut);
    }
    budget.0 = budget.0.saturating_sub(read);
    Ok(Around { edges: edges.into_values().collect(), as_of, is_cut })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_account_ledger::Settings;
    use holdfast_testing::blocks::{account, empty_block, one_transfer, transfer};
    use holdfast_types::TokenRef;

    /// A ledger in which each block pays one coin's unit, 12 seconds after the one before, but for those that begin a week later.
    fn ledger(dir: &std::path::Path, pairs: &[(u8, u8)], later: usize) -> Ledger {
        let chain = ChainId::parse("eip155:1").unwrap();
        let mut ledger = Ledger::create_or_open(dir, &Settings::new(chain.clone())).unwrap();
        ledger.append_block(empty_block(&chain, 0)).unwrap();
        for (n, (from, to)) in pairs.iter().enumerate() {
            let height = u8::try_from(n + 1).unwrap();
            let mut block = one_transfer(&chain, height, [height; 32], transfer(TokenRef::Native, Some(*from), *to, 1));
            block.time += if n >= later { 8 * 86_400 } else { 0 };
            ledger.append_block(block).unwrap();
        }
        ledger
    }

    fn edges(ledger: &Ledger, n: u8) -> (Vec<(u64, u64)>, bool, Budget) {
        let number = |n: u8| ledger.account_number(&account(n)).unwrap();
        let payments = payments(ledger, number(n), u64::MAX).unwrap().unwrap();
        let mut budget = Budget(1_000);
        let found = around(ledger, number(n), payments.last, &mut budget).unwrap();
        let name = |of: u64| (1..=9).find(|n| ledger.account_number(&account(*n)).map(u64::from) == Some(of)).unwrap();
        let pairs = found.edges.iter().map(|e| (name(e.from).into(), name(e.to).into())).collect();
        (pairs, found.is_cut, budget)
    }

    #[test]
    fn the_payments_around_an_account_are_its_own_and_its_neighbours() {
        let dir = tempfile::tempdir().unwrap();
        // The last payment is behind the last one of account 2.
        let ledger = ledger(dir.path(), &[(3, 2), (4, 3), (2, 5), (6, 7), (5, 8), (2, 5), (5, 9)], usize::MAX);
        let (pairs, is_cut, budget) = edges(&ledger, 2);
        assert_eq!(pairs, [(3, 2), (4, 3), (2, 5), (5, 8), (2, 5)], "not those of strangers, nor later ones");
        assert!(!is_cut && budget.0 < 1_000);
    }

    #[test]
    fn what_is_older_than_a_week_is_left_out_and_a_busy_neighbour_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let ledger_of = ledger(dir.path(), &[(3, 2), (4, 2), (2, 5)], 1);
        assert_eq!(edges(&ledger_of, 2), (vec![(4, 2), (2, 5)], false, Budget(1_000 - 5)));
        let busy: Vec<(u8, u8)> = std::iter::repeat_n((3, 4), 70).chain([(3, 2)]).collect();
        let other = tempfile::tempdir().unwrap();
        let (pairs, is_cut, _) = edges(&ledger(other.path(), &busy, usize::MAX), 2);
        assert_eq!((pairs.len(), is_cut), (MAX_OF_NEIGHBOUR, true));
    }
}
