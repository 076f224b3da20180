//! Traces over chains of accounts: marked money followed through balances, per asset, across links, over one chain or several.
//!
//! The rules are those of [`trace`](crate::trace): a transfer splits the sender's balance and merges into the receiver's, in the order of
//! execution. First-in-first-out gives from the oldest money of a balance, last-in-first-out from the newest, haircut takes in proportion, and poison
//! marks every balance that it touches. Each asset has its own books, and so has each link that is crossed.
//!
//! What an account held before the ledger's first block is taken as the least with which its balance never is negative, and stated
//! ([`AccountTrace::assumed`]). Traces of first-in-first-out and last-in-first-out of several starts are the sum of those of each start; of haircut they
//! are but for rounding; of poison they are not, for what is marked already is not marked again.

mod entities;
pub mod exposure;
mod flow;
pub mod paths;
pub mod through;
mod view;

pub use entities::stop_of;
pub use view::{AccountView, Classify, Stop, Transfers, Unclassified, transfer_at};

pub use crate::engine::Books;

use crate::engine::{Edge, End, Fault, Outcome, follow};
use crate::links::{Link, Links, TransferId};
use crate::trace::{EndKind, MAX_EDGES, TraceOptions};
use flow::{Accounts, Pass, Place};
use holdfast_account_ledger::{Backing, LedgerError, TransferNumber};
use holdfast_attribution::Category;
use holdfast_types::{Amount, ErrorKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How to trace over chains of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountOptions {
    /// Direction, policy and bounds. `max_edges` bounds the postings that are passed, with marked money or under it, and `min_value` is in base
    /// units of every asset that [`Self::min_amounts`] does not name.
    pub trace: TraceOptions,
    /// By chain and asset: marked amounts below this are not followed, base units.
    pub min_amounts: BTreeMap<(u16, u32), Amount>,
    /// Links are crossed of which at most so many in a million are wrong, by the upper bound of what was measured (95%), and those of which both sides name
    /// the same message of a bridge, whatever was measured ([`Link::is_crossed`]); others that nobody measured are not.
    pub max_link_error_ppm: u32,
}

impl Default for AccountOptions {
    fn default() -> Self {
        AccountOptions { trace: TraceOptions::default(), min_amounts: BTreeMap::new(), max_link_error_ppm: 10_000 }
    }
}

/// What a trace starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStart {
    /// A transfer: forward what came of it, backward what it was made of.
    Transfer(TransferId),
    /// What an account holds of an asset after the block at a height.
    Balance {
        /// Position of the ledger in the list.
        chain: u16,
        /// Account.
        account: u32,
        /// Asset.
        asset: u32,
        /// Height of the block.
        height: u64,
    },
}

/// Why a trace over accounts ends, or was cut. Of a transfer that did not end at a balance, the transfer's kind has the details.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum AccountEndKind {
    /// It rests on an account, whose balance nothing moved again.
    Rests,
    /// At an attributed service.
    Service,
    /// In a contract that holds assets for exchange, from where no link is known.
    Pool,
    /// In a bridge, from where no link is known.
    Bridge,
    /// In a mixer.
    Mixer,
    /// In a contract that wraps a coin, from where no link is known.
    Wrapper,
    /// It was destroyed.
    Burnt,
    /// It came into being: a mint, a reward, the first block.
    Made,
    /// It was there before the ledger's first block.
    Opening,
    /// It went to, or came from, a chain, or an asset of a chain, that the trace does not hold.
    Elsewhere,
    /// A contract minted or destroyed it, and no event that is read states for what: of a token without a known issuer it may be the other side of a
    /// bridge. Exposures state it; of traces the transfer's kind does.
    Unread,
    /// A balance is beyond 256 bits: the asset's transfers are false.
    Beyond,
    /// Bound: too many hops.
    Hops,
    /// Bound: outside the time window.
    Time,
    /// Bound: amount too small.
    Value,
    /// Bound: too many postings.
    Edges,
}

impl AccountEndKind {
    /// Returns whether the trace was cut here rather than ended.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(self, AccountEndKind::Hops | AccountEndKind::Time | AccountEndKind::Value | AccountEndKind::Edges)
    }
}

impl From<EndKind> for AccountEndKind {
    fn from(kind: EndKind) -> Self {
        match kind {
            EndKind::Unspent => AccountEndKind::Rests,
            EndKind::Service => AccountEndKind::Service,
            EndKind::Coinbase => AccountEndKind::Made,
            EndKind::UnknownOrigin => AccountEndKind::Opening,
            EndKind::Hops => AccountEndKind::Hops,
            EndKind::Time => AccountEndKind::Time,
            EndKind::Value => AccountEndKind::Value,
            EndKind::Edges => AccountEndKind::Edges,
            EndKind::Unspendable => AccountEndKind::Burnt,
        }
    }
}

/// A transfer that moved marked money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The transfer.
    pub transfer: TransferId,
    /// What moved: the ledger's number of the asset.
    pub asset: u32,
    /// Marked part of it, base units.
    pub amount: Amount,
    /// Transfers from the start; the start itself is 0.
    pub hops: u32,
}

/// Marked money at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountEnd {
    /// Position of the ledger in the list.
    pub chain: u16,
    /// Asset.
    pub asset: u32,
    /// Account where it lies or came from; `None` where it was destroyed or came into being.
    pub account: Option<u32>,
    /// The transfer at which the trace ends, or the last that moved the balance where it lies; `None` before the first.
    pub transfer: Option<TransferNumber>,
    /// How much, base units.
    pub amount: Amount,
    /// Why the trace stops.
    pub kind: AccountEndKind,
    /// What the account counts under.
    pub category: Category,
    /// Transfers from the start.
    pub hops: u32,
}

/// The books of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetBooks {
    /// Position of the ledger in the list.
    pub chain: u16,
    /// Asset.
    pub asset: u32,
    /// What was marked and what became of it.
    pub books: Books<Amount>,
    /// Whether the asset's transfers agree with each other.
    pub backing: Backing,
    /// Whether moves inside transactions were not read, so that what is said of the asset is incomplete.
    pub internal_unknown: bool,
}

/// Marked money that crossed a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The link.
    pub link: Link,
    /// Marked part of the piece that the trace left, base units of its asset.
    pub left: Amount,
    /// Marked part of the piece that it came to: in proportion, rounded down; under poison the whole piece.
    pub reached: Amount,
}

/// A withdrawal that may be what became of a deposit in a mixer. Never a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The transfer at which the trace ends.
    pub of: TransferId,
    /// The transfer that may be the other side.
    pub transfer: TransferId,
    /// Place among the candidates, from 1.
    pub rank: u32,
    /// Wrong candidates among a million of this kind at most, as it was measured (95%).
    pub error_ppm: Option<u32>,
}

/// An opening balance that nobody states, taken as the least possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// Position of the ledger in the list.
    pub chain: u16,
    /// Asset.
    pub asset: u32,
    /// Account.
    pub account: u32,
    /// Base units.
    pub amount: Amount,
}

/// The result of a trace over chains of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTrace {
    /// The books of each asset that the trace came to, by chain and asset.
    pub books: Vec<AssetBooks>,
    /// Transfers of marked money, by chain and number.
    pub movements: Vec<Movement>,
    /// Where it lies or came from, by chain, asset, account and transfer.
    pub ends: Vec<AccountEnd>,
    /// Links that were crossed, by where they leave.
    pub crossings: Vec<Crossing>,
    /// What may have become of what ended in mixers.
    pub candidates: Vec<Candidate>,
    /// Opening balances that nobody states.
    pub assumed: Vec<Assumed>,
    /// Chain, asset and account of the balances that the trace looked at, rising: while none of them moves and nobody's category changes, the
    /// trace is the same.
    pub read: Vec<(u16, u32, u32)>,
}

impl AccountTrace {
    /// Returns whether the books of every asset balance, and the crossings are in them.
    #[must_use]
    pub fn balances(&self) -> bool {
        let found = |book: &AssetBooks| {
            let own = self.ends.iter().filter(|e| (e.chain, e.asset) == (book.chain, book.asset));
            Amount::checked_sum(own.map(|e| e.amount))
        };
        self.books.iter().all(|book| book.books.balance() && found(book) == Some(book.books.found))
    }
}

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum AccountTraceError {
    /// Nothing to start from.
    #[error("nothing to trace: the start holds nothing")]
    NoStart,
    /// A start is named twice or marked beyond its value.
    #[error("a start is named twice or marked with more than it holds")]
    Start,
    /// A start is on a chain that is not among those given.
    #[error("the start is on a chain that is not among the ledgers of the trace")]
    Chain,
    /// Bounds out of range.
    #[error("max_edges is {0}; the most is {MAX_EDGES}")]
    Bounds(usize),
    /// A sum of marks is beyond 256 bits.
    #[error("the marked amounts sum to more than 256 bits hold; set bounds or another policy than poison")]
    TooLarge,
    /// A ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl AccountTraceError {
    /// Returns what kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            AccountTraceError::NoStart => ErrorKind::NotFound,
            AccountTraceError::Ledger(error) => error.kind(),
            _ => ErrorKind::Invalid,
        }
    }
}

/// What ends a trace at an account beside what the chains end: by position of the ledger in the list, and account. It holds through services too.
pub(crate) type Stops<'a> = &'a dyn Fn(u16, u32) -> Option<Stop>;

/// Traces marked money over `chains` from `starts`, each with its marked amount (the whole where none is given), across `links` where there are any.
///
/// # Errors
/// [`AccountTraceError`] for starts and bounds that do not fit, and for ledgers that are damaged.
pub fn trace_accounts(
    chains: &[&dyn Transfers],
    links: Option<&dyn Links>,
    starts: &[(AccountStart, Option<Amount>)],
    options: &AccountOptions,
) -> Result<AccountTrace, AccountTraceError> {
    trace_until(chains, links, starts, options, None)
}

/// As [`trace_accounts`], with further stops.
pub(crate) fn trace_until(
    chains: &[&dyn Transfers],
    links: Option<&dyn Links>,
    starts: &[(AccountStart, Option<Amount>)],
    options: &AccountOptions,
    stops: Option<Stops<'_>>,
) -> Result<AccountTrace, AccountTraceError> {
    if options.trace.bounds.max_edges > MAX_EDGES {
        return Err(AccountTraceError::Bounds(options.trace.bounds.max_edges));
    }
    match links {
        Some(_) => run(Accounts::<true>::new(chains, links, options, stops), starts),
        None => run(Accounts::<false>::new(chains, links, options, stops), starts),
    }
}

fn run<const LINKED: bool>(
    mut accounts: Accounts<'_, LINKED>,
    starts: &[(AccountStart, Option<Amount>)],
) -> Result<AccountTrace, AccountTraceError> {
    let mut places = Vec::with_capacity(starts.len());
    for (start, marked) in starts {
        let (place, value) = place_of(&accounts, *start)?;
        let marked = marked.unwrap_or(value);
        if marked > value {
            return Err(AccountTraceError::Start);
        }
        if !marked.is_zero() {
            places.push((place, marked));
        }
    }
    places.sort_unstable();
    if places.is_empty() {
        return Err(AccountTraceError::NoStart);
    }
    if places.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(AccountTraceError::Start);
    }
    let options = accounts.options;
    let found = follow(&mut accounts, &places, &options.trace).map_err(|fault| match fault {
        Fault::TooLarge => AccountTraceError::TooLarge,
        Fault::Chain(error) => AccountTraceError::Ledger(error),
    })?;
    result(accounts, found)
}

/// Returns where a start lies, and what is there.
fn place_of<const LINKED: bool>(
    accounts: &Accounts<'_, LINKED>,
    start: AccountStart,
) -> Result<(Place, Amount), AccountTraceError> {
    let view = |chain: u16| accounts.chains.get(usize::from(chain)).ok_or(AccountTraceError::Chain);
    match start {
        AccountStart::Transfer(id) => {
            let transfer = view(id.chain)?.transfer(id.number)?;
            Ok((accounts.moved(id.chain, &transfer), transfer.amount))
        }
        AccountStart::Balance { chain, account, asset, height } => {
            let view = view(chain)?;
            let number = view.number_after(height)?;
            let last = view.postings_before(account, asset, number, 1)?.first().copied();
            let value = view.balance_before(account, asset, number)?.ok_or(AccountTraceError::TooLarge)?;
            let since = last.map_or(0, flow::half_after);
            Ok((Place::Held { chain, asset, account, since }, value))
        }
    }
}

fn result<const LINKED: bool>(
    accounts: Accounts<'_, LINKED>,
    found: Outcome<Place, Pass, Amount, AccountEndKind>,
) -> Result<AccountTrace, AccountTraceError> {
    let Outcome { books, edges, ends, crossed, .. } = found;
    let mut trace = AccountTrace {
        books: Vec::with_capacity(books.len()),
        movements: movements(&edges, &ends),
        ends: ends_of(&ends),
        crossings: Vec::new(),
        candidates: accounts.candidates.values().copied().collect(),
        assumed: Vec::with_capacity(accounts.assumed.len()),
        read: accounts.read.iter().copied().collect(),
    };
    for ((chain, asset), books) in accounts.books.iter().zip(books) {
        let view = accounts.chains[usize::from(*chain)];
        let (backing, internal_unknown) = (view.backing(*asset)?, view.internal_unknown(*asset)?);
        trace.books.push(AssetBooks { chain: *chain, asset: *asset, books, backing, internal_unknown });
    }
    trace.books.sort_unstable_by_key(|b| (b.chain, b.asset));
    for ((chain, asset, account), amount) in &accounts.assumed {
        trace.assumed.push(Assumed { chain: *chain, asset: *asset, account: *account, amount: *amount });
    }
    let mut amounts: BTreeMap<usize, (Amount, Amount)> = BTreeMap::new();
    for crossing in &crossed {
        let sums = amounts.entry(crossing.link).or_default();
        let sum = |a: Amount, b| a.checked_add(b).ok_or(AccountTraceError::TooLarge);
        *sums = (sum(sums.0, crossing.left)?, sum(sums.1, crossing.reached)?);
    }
    for (number, (left, reached)) in amounts {
        trace.crossings.push(Crossing { link: accounts.crossed[number].clone(), left, reached });
    }
    let key = |c: &Crossing| (c.link.from, c.link.from_piece, c.link.to, c.link.to_piece);
    trace.crossings.sort_unstable_by_key(key);
    debug_assert!(trace.balances());
    Ok(trace)
}

type Ends = [End<Place, Pass, Amount, AccountEndKind>];

/// Returns the transfers of marked money: those that were passed, those at which the trace ends, fees, and those that became others by links.
fn movements(edges: &[Edge<Place, Pass, Amount>], ends: &Ends) -> Vec<Movement> {
    let mut moved: Vec<Movement> = Vec::with_capacity(edges.len());
    let mut add = |place: Place, amount: Amount, hops: u32| {
        if let Place::Moved { id, asset, .. } = place {
            moved.push(Movement { transfer: id, asset, amount, hops });
        }
    };
    edges.iter().for_each(|e| add(e.place, e.amount, e.hops - 1));
    ends.iter().for_each(|e| add(e.place, e.amount, e.hops));
    moved.sort_unstable_by_key(|m| m.transfer);
    moved.dedup_by(|next, first| {
        let is_same = next.transfer == first.transfer;
        if is_same {
            first.amount = first.amount.checked_add(next.amount).unwrap_or(Amount::MAX);
            first.hops = first.hops.min(next.hops);
        }
        is_same
    });
    moved
}

fn ends_of(ends: &Ends) -> Vec<AccountEnd> {
    let end = |end: &End<Place, Pass, Amount, AccountEndKind>| {
        let (chain, asset, account, transfer) = match end.place {
            Place::Moved { id, asset, holder } => (id.chain, asset, holder, Some(id.number)),
            Place::Held { chain, asset, account, since } => (chain, asset, Some(account), flow::made_by(since)),
        };
        let End { amount, kind, category, hops, .. } = *end;
        AccountEnd { chain, asset, account, transfer, amount, kind, category, hops }
    };
    let mut ends: Vec<AccountEnd> = ends.iter().map(end).collect();
    let place = |e: &AccountEnd| (e.chain, e.asset, e.account, e.transfer, e.kind);
    ends.sort_unstable_by_key(|e| (place(e), e.hops, e.amount));
    // Across links money may come to a place more than once.
    ends.dedup_by(|next, first| {
        let is_same = place(next) == place(first);
        if is_same {
            first.amount = first.amount.checked_add(next.amount).unwrap_or(Amount::MAX);
        }
        is_same
    });
    ends
}
