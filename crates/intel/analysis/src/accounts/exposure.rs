//! Exposure of accounts: with which categories the money is connected that an account received, and that it sent, by asset.
//!
//! It is what a haircut trace finds from the account's latest transfers, backward (source) and forward (destination), where every attributed
//! account ends the trace, within bounds. What the bounds cut off, and what nobody is known for, is in the answer by the reason. A trace reads
//! the balances of few accounts; [`AccountExposures`] stores answers until a block moves one of these.
//!
//! Where links are given the trace goes on over swaps, wraps and bridges. What it finds in other assets counts as the part of the first asset that
//! became it.

use super::view::{Stop, Transfers};
use super::{
    AccountEnd, AccountEndKind, AccountOptions, AccountStart, AccountTrace, AccountTraceError, AssetBooks, trace_until,
};
use crate::links::{Links, TransferId};
use crate::trace::{Bounds, Direction, Policy, TraceOptions};
use holdfast_account_ledger::{Backing, Direction as Way, Ledger, LedgerError, TransferNumber};
use holdfast_attribution::Category;
use holdfast_types::{Amount, TransferKind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Chains of accounts, and the links between their transfers.
#[derive(Clone, Copy)]
pub struct LinkedChains<'a> {
    /// The chains, in the order in which answers name them.
    pub chains: &'a [&'a dyn Transfers],
    /// The links, where traces go over them.
    pub links: Option<&'a dyn Links>,
}

impl fmt::Debug for LinkedChains<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedChains")
            .field("chains", &self.chains.len())
            .field("links", &self.links.is_some())
            .finish()
    }
}

impl<'a> LinkedChains<'a> {
    fn chain(&self, chain: u16) -> Result<&'a dyn Transfers, AccountTraceError> {
        self.chains.get(usize::from(chain)).copied().ok_or(AccountTraceError::Chain)
    }
}

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
    /// Other assets on the way, by chain, whose transfers contradict each other, or of which not all moves were read, and how much came into each
    /// over links from assets that are none of them, at most: what goes on from one of them to another is counted with the first. Of that nothing is
    /// known for certain. It may be counted under categories and reasons too.
    pub doubtful: BTreeMap<(u16, u32), Amount>,
    /// The part of `unattributed` that ended in one of these assets.
    pub doubtful_ends: Vec<(AccountEndKind, Amount)>,
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

/// The exposure of an account, or of transfers, in an asset. Whether the asset's transfers agree with each other and all its moves were read, the
/// ledger states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountExposure {
    /// Where what was received came from.
    pub source: AccountTotals,
    /// Where what was sent went.
    pub destination: AccountTotals,
    /// Chains, assets and accounts whose balances it rests on, rising.
    read: Vec<Key>,
    /// Chains and accounts that it passed or ended at, rising, with who they were.
    holders: Vec<(u16, u32, Holder)>,
    /// Whether some of it waits on another chain: any block may go on with it.
    is_waiting: bool,
}

/// What an account counts under, and how it ends traces.
type Holder = (Category, Option<Stop>);

impl AccountExposure {
    /// Returns the positions of the chains whose balances it rests on.
    #[must_use]
    pub fn chains(&self) -> BTreeSet<u16> {
        self.read.iter().map(|(chain, ..)| *chain).collect()
    }

    /// Returns how many balances and holders it rests on.
    fn rests(&self) -> usize {
        self.read.len().saturating_add(self.holders.len())
    }

    /// Returns whether all whom it passed or ended at are still who they were.
    fn is_of(&self, over: LinkedChains<'_>) -> bool {
        self.holders.iter().all(|(chain, account, was)| {
            over.chains.get(usize::from(*chain)).is_some_and(|view| holder(*view, *account) == *was)
        })
    }
}

fn holder(view: &dyn Transfers, account: u32) -> Holder {
    (view.category(account), view.stop(account))
}

/// A chain, asset and account.
type Key = (u16, u32, u32);

/// Returns an account's exposure in an asset.
///
/// # Errors
/// [`AccountTraceError`] where the chain is not there, a ledger is damaged, or sums are beyond 256 bits.
pub fn account_exposure(
    over: LinkedChains<'_>,
    chain: u16,
    account: u32,
    asset: u32,
    bounds: ExposureBounds,
) -> Result<AccountExposure, AccountTraceError> {
    let view = over.chain(chain)?;
    let of = |way| latest(view, (account, asset), way, bounds.max_transfers);
    let mut found = found(over, (chain, asset), of(Way::In)?, of(Way::Out)?, bounds)?;
    if let Err(place) = found.read.binary_search(&(chain, asset, account)) {
        found.read.insert(place, (chain, asset, account));
    }
    Ok(found)
}

/// Returns the exposure of transfers of one asset: where their money came from, and where it went on.
///
/// # Errors
/// As [`account_exposure`]; [`AccountTraceError::NoStart`] without transfers, [`AccountTraceError::Start`] for those of several assets.
pub fn transfers_exposure(
    over: LinkedChains<'_>,
    chain: u16,
    transfers: &[TransferNumber],
    bounds: ExposureBounds,
) -> Result<AccountExposure, AccountTraceError> {
    let view = over.chain(chain)?;
    let mut asset = None;
    for number in transfers {
        let own = view.transfer(*number)?.asset;
        if *asset.get_or_insert(own) != own {
            return Err(AccountTraceError::Start);
        }
    }
    let asset = asset.ok_or(AccountTraceError::NoStart)?;
    let mut latest = transfers.to_vec();
    latest.sort_unstable_by(|a, b| b.cmp(a));
    let is_partial = latest.len() > bounds.max_transfers;
    latest.truncate(bounds.max_transfers);
    found(over, (chain, asset), (latest.clone(), is_partial), (latest, is_partial), bounds)
}

/// Transfers to start from, and whether there are others.
type Starts = (Vec<TransferNumber>, bool);

fn found(
    over: LinkedChains<'_>,
    of: (u16, u32),
    received: Starts,
    sent: Starts,
    bounds: ExposureBounds,
) -> Result<AccountExposure, AccountTraceError> {
    let mut rests = Rests::default();
    let mut side = |starts, direction| side(over, of, starts, direction, bounds, &mut rests);
    let source = side(received, Direction::Backward)?;
    let destination = side(sent, Direction::Forward)?;
    let who =
        |(chain, account): (u16, u32)| Some((chain, account, holder(*over.chains.get(usize::from(chain))?, account)));
    let holders = rests.holders.into_iter().filter_map(who).collect();
    let read = rests.read.into_iter().collect();
    Ok(AccountExposure { source, destination, read, holders, is_waiting: rests.is_waiting })
}

/// What an exposure rests on.
#[derive(Default)]
struct Rests {
    read: BTreeSet<Key>,
    holders: BTreeSet<(u16, u32)>,
    is_waiting: bool,
}

fn side(
    over: LinkedChains<'_>,
    of: (u16, u32),
    (latest, is_partial): Starts,
    direction: Direction,
    bounds: ExposureBounds,
    rests: &mut Rests,
) -> Result<AccountTotals, AccountTraceError> {
    let id = |number| AccountStart::Transfer(TransferId { chain: of.0, number });
    let starts: Vec<_> = latest.into_iter().map(|number| (id(number), None)).collect();
    let limits = Bounds { max_hops: bounds.max_hops, max_edges: bounds.max_edges, ..Bounds::default() };
    let trace = TraceOptions { direction, policy: Policy::Haircut, bounds: limits, through_services: false };
    let options = AccountOptions { trace, ..AccountOptions::default() };
    let stop = |chain: u16, account| {
        let view = over.chains.get(usize::from(chain))?;
        view.category(account).is_attributed().then_some(Stop::Service)
    };
    let trace = match trace_until(over.chains, over.links, &starts, &options, Some(&stop)) {
        // Transfers that move nothing.
        Err(AccountTraceError::NoStart) => return Ok(AccountTotals { is_partial, ..AccountTotals::default() }),
        trace => trace?,
    };
    rests.read.extend(trace.read.iter().copied());
    rests.holders.extend(trace.read.iter().map(|(chain, _, account)| (*chain, *account)));
    rests.holders.extend(trace.ends.iter().filter_map(|end| Some((end.chain, end.account?))));
    let waits = |kind| matches!(kind, AccountEndKind::Elsewhere | AccountEndKind::Bridge);
    rests.is_waiting |= over.links.is_some() && trace.ends.iter().any(|end| waits(end.kind));
    totals(over, &trace, of, direction, is_partial)
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

/// What one unit of an asset counts as: so many units of the first asset for so many of its own.
pub(super) type Rate = (Amount, Amount);

/// Returns what units of each asset that a trace came to count as, by the links over which it first came there.
pub(super) fn rates(trace: &AccountTrace, of: (u16, u32)) -> Result<BTreeMap<(u16, u32), Rate>, AccountTraceError> {
    let one = Amount::new(1);
    let mut rates: BTreeMap<(u16, u32), Rate> = BTreeMap::from([(of, (one, one))]);
    let mut assets: HashMap<TransferId, (u16, u32)> = HashMap::new();
    assets.extend(trace.movements.iter().map(|m| (m.transfer, (m.transfer.chain, m.asset))));
    // Each round reaches the assets one link further.
    while rates.len() < trace.books.len() {
        let mut next: BTreeMap<(u16, u32), Rate> = BTreeMap::new();
        for crossing in &trace.crossings {
            let ends = [crossing.link.from, crossing.link.to].map(|id| assets.get(&id).copied());
            let [Some(from), Some(to)] = ends else { continue };
            // Backward the trace leaves where the link comes out.
            let (left, reached) = if rates.contains_key(&from) { (from, to) } else { (to, from) };
            let Some((worth, units)) = rates.get(&left).filter(|_| !rates.contains_key(&reached)) else { continue };
            let worth = crossing.left.mul_div(*worth, *units).ok_or(AccountTraceError::TooLarge)?;
            let sum = |a: Amount, b| a.checked_add(b).ok_or(AccountTraceError::TooLarge);
            let rate = next.entry(reached).or_default();
            *rate = (sum(rate.0, worth)?, sum(rate.1, crossing.reached)?);
        }
        next.retain(|_, (_, units)| !units.is_zero());
        if next.is_empty() {
            break;
        }
        rates.extend(next);
    }
    Ok(rates)
}

/// Returns parts of a trace in units of the first asset, so that they sum to what was marked but for what went to nothing.
fn worths(trace: &AccountTrace, of: (u16, u32), marked: Amount) -> Result<(Vec<Amount>, Amount), AccountTraceError> {
    let own_fees: Vec<((u16, u32), Amount)> = trace.books.iter().map(|b| ((b.chain, b.asset), b.books.fees)).collect();
    let parts = trace.ends.iter().map(|end| ((end.chain, end.asset), end.amount)).chain(own_fees);
    if trace.books.len() == 1 {
        let fees = trace.books.first().map_or(Amount::ZERO, |b| b.books.fees);
        return Ok((trace.ends.iter().map(|end| end.amount).collect(), fees));
    }
    let rates = rates(trace, of)?;
    let worth = |(book, amount): ((u16, u32), Amount)| match rates.get(&book) {
        Some((worth, units)) => amount.mul_div(*worth, *units).ok_or(AccountTraceError::TooLarge),
        None => Ok(Amount::ZERO),
    };
    let mut worths = parts.map(worth).collect::<Result<Vec<_>, _>>()?;
    let whole = Amount::checked_sum(worths.iter().copied()).ok_or(AccountTraceError::TooLarge)?;
    if !whole.is_zero() {
        // Prices differ from link to link, so the sum is near what was marked, not it.
        for worth in &mut worths {
            *worth = worth.mul_div(marked, whole).ok_or(AccountTraceError::TooLarge)?;
        }
        let rest = Amount::checked_sum(worths.iter().copied()).and_then(|sum| marked.checked_sub(sum));
        if let Some(largest) = worths.iter_mut().max() {
            *largest = rest.and_then(|rest| largest.checked_add(rest)).ok_or(AccountTraceError::TooLarge)?;
        }
    }
    let fees = worths.split_off(trace.ends.len());
    Ok((worths, Amount::checked_sum(fees).ok_or(AccountTraceError::TooLarge)?))
}

/// Returns why the money of an end came from nowhere or went there, as far as that is known. Coin from a base chain or from the consensus layer was there
/// before; a token that nobody known issues may have been on another chain, behind a bridge that no decoder reads or whose links nobody looked for.
fn origin(over: LinkedChains<'_>, end: &AccountEnd) -> Result<AccountEndKind, AccountTraceError> {
    let (AccountEndKind::Made | AccountEndKind::Burnt, Some(number)) = (end.kind, end.transfer) else {
        return Ok(end.kind);
    };
    let view = over.chain(end.chain)?;
    let transfer = view.transfer(number)?;
    Ok(match transfer.kind {
        TransferKind::SystemDeposit | TransferKind::Withdrawal => AccountEndKind::Elsewhere,
        TransferKind::Reward | TransferKind::Genesis | TransferKind::Fork => end.kind,
        _ if view.has_known_issuer(&transfer)? => end.kind,
        _ => AccountEndKind::Unread,
    })
}

fn totals(
    over: LinkedChains<'_>,
    trace: &AccountTrace,
    of: (u16, u32),
    direction: Direction,
    is_partial: bool,
) -> Result<AccountTotals, AccountTraceError> {
    let sum = |a: Amount, b: Amount| a.checked_add(b).ok_or(AccountTraceError::TooLarge);
    let own = trace.books.iter().find(|book| (book.chain, book.asset) == of);
    let amount = own.map_or(Amount::ZERO, |book| book.books.marked);
    let (worths, fees) = worths(trace, of, amount)?;
    let mut totals =
        AccountTotals { amount, fees, is_partial, is_assumed: !trace.assumed.is_empty(), ..AccountTotals::default() };
    let mut by_category: BTreeMap<Category, (Amount, Amount)> = BTreeMap::new();
    let mut unattributed: BTreeMap<AccountEndKind, Amount> = BTreeMap::new();
    let mut doubtful_ends: BTreeMap<AccountEndKind, Amount> = BTreeMap::new();
    totals.doubtful = doubtful(trace, of, direction, amount)?;
    for (end, worth) in trace.ends.iter().zip(worths) {
        let is_cut = end.kind.is_bound() || matches!(end.kind, AccountEndKind::Rests | AccountEndKind::Opening);
        if is_cut || !end.category.is_attributed() {
            let kind = origin(over, end)?;
            let is_doubtful = totals.doubtful.contains_key(&(end.chain, end.asset));
            for ends in std::iter::once(&mut unattributed).chain(is_doubtful.then_some(&mut doubtful_ends)) {
                let amount = ends.entry(kind).or_default();
                *amount = sum(*amount, worth)?;
            }
            continue;
        }
        let (direct, indirect) = by_category.entry(end.category).or_default();
        let part = if end.hops == 0 { direct } else { indirect };
        *part = sum(*part, worth)?;
    }
    totals.by_category = by_category.into_iter().map(|(c, (direct, indirect))| (c, direct, indirect)).collect();
    totals.by_category.sort_by_key(|(c, direct, indirect)| (std::cmp::Reverse(direct.checked_add(*indirect)), *c));
    totals.unattributed = unattributed.into_iter().collect();
    totals.doubtful_ends = doubtful_ends.into_iter().collect();
    Ok(totals)
}

/// Returns the other assets of a trace whose figures are not sound, and what came into each over links from sound ones: at most, in units of the first asset.
fn doubtful(
    trace: &AccountTrace,
    of: (u16, u32),
    direction: Direction,
    marked: Amount,
) -> Result<BTreeMap<(u16, u32), Amount>, AccountTraceError> {
    let is_doubtful = |book: &&AssetBooks| {
        let is_unbacked = matches!(book.backing, Backing::Unbacked { .. });
        (book.chain, book.asset) != of && (is_unbacked || book.internal_unknown)
    };
    let books = trace.books.iter().filter(is_doubtful);
    let mut doubtful: BTreeMap<(u16, u32), Amount> = books.map(|b| ((b.chain, b.asset), Amount::ZERO)).collect();
    if doubtful.is_empty() {
        return Ok(doubtful);
    }
    let rates = rates(trace, of)?;
    let assets: HashMap<_, _> = trace.movements.iter().map(|m| (m.transfer, (m.transfer.chain, m.asset))).collect();
    for crossing in &trace.crossings {
        let (left, reached) = match direction {
            Direction::Forward => (crossing.link.from, crossing.link.to),
            Direction::Backward => (crossing.link.to, crossing.link.from),
        };
        let (Some(left), Some(reached)) = (assets.get(&left), assets.get(&reached)) else { continue };
        // What goes on from one of them to another was counted where it came into the first.
        if doubtful.contains_key(left) {
            continue;
        }
        let Some(sum) = doubtful.get_mut(reached) else { continue };
        // What nobody can say the worth of counts as the whole.
        let rate = rates.get(left).and_then(|(worth, units)| crossing.left.mul_div(*worth, *units));
        *sum = sum.checked_add(rate.unwrap_or(marked)).map_or(marked, |sum| sum.min(marked));
    }
    Ok(doubtful)
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

/// Exposures that were answered, for as long as they hold.
#[derive(Debug)]
pub struct AccountExposures {
    bounds: ExposureBounds,
    most: usize,
    stored: HashMap<Key, Arc<AccountExposure>>,
    /// In the order in which they were stored; those that were dropped since are in it too.
    order: VecDeque<Key>,
    /// By balance: the exposures that rest on it.
    resting: HashMap<Key, HashSet<Key>>,
    /// Those of which a part waits on another chain.
    waiting: HashSet<Key>,
    /// Balances and holders that the stored answers rest on, in all.
    rests: usize,
}

/// Most balances and holders that stored answers rest on: some hundred megabytes.
const MOST_RESTS: usize = 2_000_000;

impl AccountExposures {
    /// Makes a store of at most so many answers; fewer where they rest on very many balances.
    #[must_use]
    pub fn new(bounds: ExposureBounds, most: usize) -> Self {
        let (stored, order, resting) = (HashMap::new(), VecDeque::new(), HashMap::new());
        AccountExposures { bounds, most: most.max(1), stored, order, resting, waiting: HashSet::new(), rests: 0 }
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

    /// Returns an account's exposure in an asset, where it is stored and all whom it rests on are still who they were.
    #[must_use]
    pub fn stored(&self, over: LinkedChains<'_>, chain: u16, account: u32, asset: u32) -> Option<Arc<AccountExposure>> {
        self.stored.get(&(chain, asset, account)).filter(|stored| stored.is_of(over)).cloned()
    }

    /// Returns an account's exposure in an asset, which is made where it is not stored. The chains must be as [`Self::advance`] was last told of.
    ///
    /// # Errors
    /// As [`account_exposure`].
    pub fn of(
        &mut self,
        over: LinkedChains<'_>,
        chain: u16,
        account: u32,
        asset: u32,
    ) -> Result<Arc<AccountExposure>, AccountTraceError> {
        if let Some(stored) = self.stored(over, chain, account, asset) {
            return Ok(stored);
        }
        let exposure = Arc::new(account_exposure(over, chain, account, asset, self.bounds)?);
        self.put(chain, account, asset, &exposure);
        Ok(exposure)
    }

    /// Stores an answer of [`account_exposure`] with the same bounds, on the chains as [`Self::advance`] was last told of.
    pub fn put(&mut self, chain: u16, account: u32, asset: u32, exposure: &Arc<AccountExposure>) {
        let key = (chain, asset, account);
        self.drop_one(key);
        let rests = exposure.rests();
        while self.stored.len() >= self.most || self.rests.saturating_add(rests) > MOST_RESTS {
            let Some(oldest) = self.order.pop_front() else { break };
            self.drop_one(oldest);
        }
        for read in &exposure.read {
            self.resting.entry(*read).or_default().insert(key);
        }
        if exposure.is_waiting {
            self.waiting.insert(key);
        }
        self.rests = self.rests.saturating_add(rests);
        self.stored.insert(key, exposure.clone());
        self.order.push_back(key);
    }

    /// Drops the answers that rest on what blocks of a chain moved (accounts and assets). Returns how many.
    pub fn advance(&mut self, chain: u16, touched: &BTreeSet<(u32, u32)>) -> usize {
        let keys = touched.iter().map(|(account, asset)| (chain, *asset, *account));
        let resting = keys.filter_map(|key| self.resting.remove(&key)).flatten();
        let mut dropped: HashSet<Key> = resting.collect();
        // What waits may have come.
        dropped.extend(self.waiting.drain());
        dropped.iter().for_each(|key| self.drop_one(*key));
        if self.order.len() > 2 * self.stored.len() + 64 {
            // Once each: what was dropped and made again stands where it stood first.
            let mut seen = HashSet::new();
            self.order.retain(|key| self.stored.contains_key(key) && seen.insert(*key));
        }
        dropped.len()
    }

    /// Drops all answers: categories changed.
    pub fn clear(&mut self) {
        self.stored.clear();
        self.order.clear();
        self.resting.clear();
        self.waiting.clear();
        self.rests = 0;
    }

    fn drop_one(&mut self, key: Key) {
        let Some(exposure) = self.stored.remove(&key) else { return };
        self.rests = self.rests.saturating_sub(exposure.rests());
        self.waiting.remove(&key);
        for read in &exposure.read {
            if let Some(others) = self.resting.get_mut(read) {
                others.remove(&key);
                if others.is_empty() {
                    self.resting.remove(read);
                }
            }
        }
    }
}
