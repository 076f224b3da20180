//! Paths between accounts: how money got from some to others, across links too.

use super::view::{Stop, Transfers};
use super::{AccountOptions, AccountStart, AccountTraceError, Movement, trace_until};
use crate::links::{Links, TransferId};
use crate::trace::Direction;
use holdfast_account_ledger::StoredTransfer;
use holdfast_types::Amount;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A path: transfers of which each brought money that the next took on, or became it by a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPath {
    /// Base units that arrived, of the last transfer's asset, by the trace's policy.
    pub amount: Amount,
    /// Its transfers, from the start to the one that arrives.
    pub steps: Vec<Movement>,
}

/// Returns the paths from `starts` to accounts of `targets` (chain and account), largest amount first, at most `most`. Each transfer that arrives gives
/// one path: back from it along the largest marked transfer to every account on the way. Amounts of different assets are compared as numbers.
///
/// # Errors
/// As [`trace_accounts`].
pub fn account_paths(
    chains: &[&dyn Transfers],
    links: Option<&dyn Links>,
    starts: &[(AccountStart, Option<Amount>)],
    targets: &BTreeSet<(u16, u32)>,
    options: &AccountOptions,
    most: usize,
) -> Result<Vec<AccountPath>, AccountTraceError> {
    let mut options = options.clone();
    options.trace.direction = Direction::Forward;
    let arrives = |chain, account| targets.contains(&(chain, account)).then_some(Stop::Service);
    let trace = trace_until(chains, links, starts, &options, Some(&arrives))?;
    let mut moved: HashMap<TransferId, (Movement, StoredTransfer)> = HashMap::new();
    // By chain, asset and receiver.
    let mut into: BTreeMap<(u16, u32, u32), Vec<Movement>> = BTreeMap::new();
    for movement in &trace.movements {
        let id = movement.transfer;
        let transfer = chains[usize::from(id.chain)].transfer(id.number)?;
        if let Some(to) = transfer.to {
            into.entry((id.chain, transfer.asset, to)).or_default().push(*movement);
        }
        moved.insert(id, (*movement, transfer));
    }
    let mut crossed: HashMap<TransferId, (Amount, TransferId)> = HashMap::new();
    for crossing in &trace.crossings {
        let best = crossed.entry(crossing.link.to).or_insert((crossing.reached, crossing.link.from));
        if crossing.reached > best.0 {
            *best = (crossing.reached, crossing.link.from);
        }
    }
    let (mut started, mut held) = (BTreeSet::new(), BTreeSet::new());
    for (start, _) in starts {
        match *start {
            AccountStart::Transfer(id) => _ = started.insert(id),
            AccountStart::Balance { chain, account, asset, .. } => _ = held.insert((chain, account, asset)),
        }
    }
    let is_start = |id: TransferId| started.contains(&id);
    let before = |id: TransferId, transfer: &StoredTransfer| {
        if let Some((_, from)) = crossed.get(&id) {
            return Some(*from);
        }
        let all = into.get(&(id.chain, transfer.asset, transfer.from?))?;
        let earlier = &all[..all.partition_point(|m| m.transfer.number < id.number)];
        earlier.iter().rev().max_by_key(|m| m.amount).map(|m| m.transfer)
    };
    let has_balance = |id: TransferId, transfer: &StoredTransfer| {
        transfer.from.is_some_and(|from| held.contains(&(id.chain, from, transfer.asset)))
    };
    let mut paths = Vec::new();
    let arrived = trace.ends.iter().filter(|e| e.account.is_some_and(|a| targets.contains(&(e.chain, a))));
    for end in arrived {
        let Some(number) = end.transfer else { continue };
        let mut at = TransferId { chain: end.chain, number };
        let (mut steps, mut seen, mut is_whole) = (Vec::new(), BTreeSet::new(), false);
        while let Some((movement, transfer)) = moved.get(&at).filter(|_| seen.insert(at)) {
            steps.push(*movement);
            let next = if is_start(at) { None } else { before(at, transfer) };
            is_whole = is_start(at) || (next.is_none() && has_balance(at, transfer));
            let Some(next) = next else { break };
            at = next;
        }
        if is_whole {
            steps.reverse();
            paths.push(AccountPath { amount: end.amount, steps });
        }
    }
    paths.sort_by(|a, b| {
        let first = |p: &AccountPath| p.steps.iter().map(|s| s.transfer).collect::<Vec<_>>();
        b.amount.cmp(&a.amount).then(a.steps.len().cmp(&b.steps.len())).then_with(|| first(a).cmp(&first(b)))
    });
    paths.truncate(most);
    Ok(paths)
}
