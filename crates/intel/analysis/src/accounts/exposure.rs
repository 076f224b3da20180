//! Exposure of accounts: with which categories the money is connected that an account received, and that it sent, by asset.
//!
//! It is what a haircut trace finds from the account's latest transfers, backward (source) and forward (destination), where every attributed
//! account ends the trace, within bounds. What the bounds cut off, and what nobody is known for, is in the answer by the reason. A trace reads
//! the balances of few accounts; [`AccountExposures`] stores answers until a block moves one of these.

use super::view::{Delegate, Stop, Transfers};
use super::{AccountEndKind, AccountOptions, AccountStart, AccountTrace, AccountTraceError, trace_accounts};
use crate::links::TransferId;
use crate::trace::{Bounds, Direction, Policy, TraceOptions};
use holdfast_account_ledger::{Direction as Way, Ledger, LedgerError, TransferNumber};
use holdfast_attribution::Category;
use holdfast_types::Amount;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

/// How far exposures look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExposureBounds {
    /// The latest transfers that are looked at, of each direction.
    pub max_transfers: usize,
    /// Transfers away from the account's own, at most.
    pub max_hops: u32,
    /// Postings that are passed at most, of each direction.
    pub max_edges: usize,
}

impl Default for ExposureBounds {
    fn default() -> Self {
        ExposureBounds { max_transfers: 200, max_hops: 8, max_edges: 20_000 }
    }
}

/// What an account received or sent, by whom it is connected with, base units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTotals {
    /// What was looked at, in all: the transfers less what they have in common.
    pub amount: Amount,
    /// By category: what is of a counterparty, and what of somebody behind. Largest first.
    pub by_category: Vec<(Category, Amount, Amount)>,
    /// What nobody is known for, by why the trace ended; bounds are among them.
    pub unattributed: Vec<(AccountEndKind, Amount)>,
    /// What went into fees on the way.
    pub fees: Amount,
    /// Whether there were earlier transfers that were not looked at.
    pub is_partial: bool,
    /// Whether an opening balance on the way was taken as the least.
    pub is_assumed: bool,
}

impl AccountTotals {
    /// Returns the share of a category, direct and indirect, in millionths.
    #[must_use]
    pub fn share_ppm(&self, category: Category) -> u64 {
        let own = self.by_category.iter().filter(|e| e.0 == category);
        let sum = Amount::checked_sum(own.flat_map(|(_, direct, indirect)| [*direct, *indirect]));
        let ppm = sum.and_then(|sum| sum.mul_div(Amount::new(1_000_000), self.amount));
        ppm.and_then(|ppm| u64::try_from(ppm).ok()).unwrap_or(0)
    }
}

/// The exposure of an account in an asset. Whether the asset's transfers agree with each other and all its moves were read, the ledger states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountExposure {
    /// Where what it received came from.
    pub source: AccountTotals,
    /// Where what it sent went.
    pub destination: AccountTotals,
    /// Accounts of the asset whose balances it rests on, rising.
    read: Vec<u32>,
}

/// Returns an account's exposure in an asset.
///
/// # Errors
/// [`AccountTraceError`] where the ledger is damaged, or sums are beyond 256 bits.
pub fn account_exposure(
    view: &dyn Transfers,
    account: u32,
    asset: u32,
    bounds: ExposureBounds,
) -> Result<AccountExposure, AccountTraceError> {
    let mut read = BTreeSet::from([account]);
    let source = side(view, (account, asset), Direction::Backward, bounds, &mut read)?;
    let destination = side(view, (account, asset), Direction::Forward, bounds, &mut read)?;
    Ok(AccountExposure { source, destination, read: read.into_iter().collect() })
}

fn side(
    view: &dyn Transfers,
    (account, asset): (u32, u32),
    direction: Direction,
    bounds: ExposureBounds,
    read: &mut BTreeSet<u32>,
) -> Result<AccountTotals, AccountTraceError> {
    let way = if direction == Direction::Backward { Way::In } else { Way::Out };
    let (latest, is_partial) = latest(view, (account, asset), way, bounds.max_transfers)?;
    if latest.is_empty() {
        return Ok(AccountTotals { is_partial, ..AccountTotals::default() });
    }
    let starts: Vec<_> =
        latest.into_iter().map(|number| (AccountStart::Transfer(TransferId { chain: 0, number }), None)).collect();
    let limits = Bounds { max_hops: bounds.max_hops, max_edges: bounds.max_edges, ..Bounds::default() };
    let trace = TraceOptions { direction, policy: Policy::Haircut, bounds: limits, through_services: false };
    let options = AccountOptions { trace, ..AccountOptions::default() };
    let stop = |account| view.category(account).is_attributed().then_some(Stop::Service);
    let trace = trace_accounts(&[&Delegate { view, stop: &stop }], None, &starts, &options)?;
    read.extend(trace.read.iter().map(|(_, _, account)| *account));
    totals(&trace, is_partial)
}

/// Returns an account's latest transfers of one direction, without fees, and whether there are others.
fn latest(
    view: &dyn Transfers,
    (account, asset): (u32, u32),
    way: Way,
    most: usize,
) -> Result<(Vec<TransferNumber>, bool), LedgerError> {
    // Those of the other direction are stepped over, but not without end.
    let (mut found, mut left) = (Vec::new(), most.saturating_mul(8).saturating_add(64));
    let mut before = view.number_after(u64::MAX - 1)?;
    loop {
        let postings = view.postings_before(account, asset, before, 64)?;
        let Some(last) = postings.last() else { return Ok((found, false)) };
        before = last.transfer.number;
        for posting in &postings {
            let is_own = posting.direction == way && !(way == Way::Out && posting.transfer.kind.is_fee());
            if left == 0 || (is_own && found.len() == most) {
                return Ok((found, true));
            }
            left -= 1;
            found.extend(is_own.then_some(posting.transfer.number));
        }
    }
}

fn totals(trace: &AccountTrace, is_partial: bool) -> Result<AccountTotals, AccountTraceError> {
    let mut totals = AccountTotals { is_partial, is_assumed: !trace.assumed.is_empty(), ..AccountTotals::default() };
    let sum = |a: Amount, b: Amount| a.checked_add(b).ok_or(AccountTraceError::TooLarge);
    for book in &trace.books {
        totals.amount = sum(totals.amount, book.books.marked)?;
        totals.fees = sum(totals.fees, book.books.fees)?;
    }
    let mut by_category: BTreeMap<Category, (Amount, Amount)> = BTreeMap::new();
    let mut unattributed: BTreeMap<AccountEndKind, Amount> = BTreeMap::new();
    for end in &trace.ends {
        let is_cut = end.kind.is_bound() || matches!(end.kind, AccountEndKind::Rests | AccountEndKind::Opening);
        if is_cut || !end.category.is_attributed() {
            let amount = unattributed.entry(end.kind).or_default();
            *amount = sum(*amount, end.amount)?;
            continue;
        }
        let (direct, indirect) = by_category.entry(end.category).or_default();
        let part = if end.hops == 0 { direct } else { indirect };
        *part = sum(*part, end.amount)?;
    }
    totals.by_category = by_category.into_iter().map(|(c, (direct, indirect))| (c, direct, indirect)).collect();
    totals.by_category.sort_by_key(|(c, direct, indirect)| (std::cmp::Reverse(direct.checked_add(*indirect)), *c));
    totals.unattributed = unattributed.into_iter().collect();
    Ok(totals)
}

/// Returns the accounts and assets that the blocks of a range of heights move: what [`AccountExposures::advance`] needs, of blocks that came and,
/// before they are removed, of blocks that go.
///
/// # Errors
/// [`LedgerError`] where the ledger is damaged.
pub fn touched(ledger: &Ledger, heights: Range<u64>) -> Result<BTreeSet<(u32, u32)>, LedgerError> {
    let mut touched = BTreeSet::new();
    let first = ledger.first()?.map_or(heights.end, |block| block.height);
    for height in heights.start.max(first)..heights.end {
        let Some(block) = ledger.block_at(height)? else { break };
        for tx in block.txs {
            for transfer in ledger.transfers_of(tx)? {
                let sides = [transfer.from, transfer.to].into_iter().flatten();
                touched.extend(sides.map(|account| (account, transfer.asset)));
            }
        }
    }
    Ok(touched)
}

type Pair = (u32, u32);

/// Exposures that were answered, for as long as they hold.
#[derive(Debug)]
pub struct AccountExposures {
    bounds: ExposureBounds,
    most: usize,
    stored: HashMap<Pair, Arc<AccountExposure>>,
    /// In the order in which they were stored; those that were dropped since are in it too.
    order: VecDeque<Pair>,
    /// By account and asset: the exposures that rest on its balance.
    resting: HashMap<Pair, HashSet<Pair>>,
}

impl AccountExposures {
    /// Makes a store of at most so many answers.
    #[must_use]
    pub fn new(bounds: ExposureBounds, most: usize) -> Self {
        let (stored, order, resting) = (HashMap::new(), VecDeque::new(), HashMap::new());
        AccountExposures { bounds, most: most.max(1), stored, order, resting }
    }

    /// Returns how many answers are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// Returns whether none is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// Returns an account's exposure in an asset, which is made where it is not stored. The view must be of the ledger that [`Self::advance`] was
    /// last told of.
    ///
    /// # Errors
    /// As [`account_exposure`].
    pub fn of(
        &mut self,
        view: &dyn Transfers,
        account: u32,
        asset: u32,
    ) -> Result<Arc<AccountExposure>, AccountTraceError> {
        let pair = (account, asset);
        if let Some(stored) = self.stored.get(&pair) {
            return Ok(stored.clone());
        }
        let exposure = Arc::new(account_exposure(view, account, asset, self.bounds)?);
        while self.stored.len() >= self.most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.drop_one(oldest);
        }
        for read in &exposure.read {
            self.resting.entry((*read, asset)).or_default().insert(pair);
        }
        self.stored.insert(pair, exposure.clone());
        self.order.push_back(pair);
        Ok(exposure)
    }

    /// Drops the answers that rest on what blocks moved. Returns how many.
    pub fn advance(&mut self, touched: &BTreeSet<(u32, u32)>) -> usize {
        let resting = touched.iter().filter_map(|pair| self.resting.remove(pair)).flatten();
        let dropped: HashSet<Pair> = resting.collect();
        dropped.iter().for_each(|pair| self.drop_one(*pair));
        if self.order.len() > 2 * self.stored.len() + 64 {
            // Once each: what was dropped and made again stands where it stood first.
            let mut seen = HashSet::new();
            self.order.retain(|pair| self.stored.contains_key(pair) && seen.insert(*pair));
        }
        dropped.len()
    }

    /// Drops all answers: categories changed.
    pub fn clear(&mut self) {
        self.stored.clear();
        self.order.clear();
        self.resting.clear();
    }

    fn drop_one(&mut self, pair: Pair) {
        let Some(exposure) = self.stored.remove(&pair) else { return };
        for read in &exposure.read {
            let own = (*read, pair.1);
            if let Some(others) = self.resting.get_mut(&own) {
                others.remove(&pair);
                if others.is_empty() {
                    self.resting.remove(&own);
                }
            }
        }
    }
}
