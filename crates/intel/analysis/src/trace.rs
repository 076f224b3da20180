//! Traces: marked money followed forward to where it lies, or backward to where it came from.
//!
//! Money is marked as exact integers and conserved: what was marked at the start, plus what poison adds, equals what is found at the ends,
//! plus what is left at the bounds, plus what went into fees. Policies: poison (any mark marks all), haircut (marks spread in proportion),
//! FIFO and LIFO (marks keep their places as coins pass through a transaction first-in-first-out, Clayton's case, or last-in-first-out).
//!
//! Here is what traces have in common, and those over chains of outputs; [`accounts`](crate::accounts) has those over chains of accounts. Both go
//! through one [`engine`](crate::engine).

use crate::engine::{self, Fault, Flow, LinksOf, Next, Outcome, follow};
use crate::marks::{Marked, PassKind, Passage};
use crate::view::View;
use holdfast_attribution::Category;
use holdfast_utxo_ledger::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use utoipa::ToSchema;

pub use crate::marks::split;

/// How marks pass through a transaction.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, strum::EnumString, strum::Display,
)]
#[schema(as = TaintPolicy)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown_policy)]
pub enum Policy {
    /// Any marked input marks every output whole.
    Poison,
    /// Every output and the fee carry the marks in proportion to their amounts.
    #[default]
    Haircut,
    /// Coins leave in the order in which they came in.
    Fifo,
    /// Coins that came in last leave first.
    Lifo,
}

impl Policy {
    /// Returns whether marks have places within an output or a balance, rather than an amount alone.
    pub(crate) fn has_spans(self) -> bool {
        matches!(self, Policy::Fifo | Policy::Lifo)
    }
}

fn unknown_policy(text: &str) -> String {
    format!("unknown policy '{text}'; use poison, haircut, fifo or lifo")
}

/// Which way.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, strum::EnumString, strum::Display,
)]
#[schema(as = TraceDirection)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown_direction)]
pub enum Direction {
    /// Where the money went.
    #[default]
    Forward,
    /// Where the money came from.
    Backward,
}

fn unknown_direction(text: &str) -> String {
    format!("unknown direction '{text}'; use forward or backward")
}

/// Where a trace stops at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bounds {
    /// Transactions away from the start.
    pub max_hops: u32,
    /// Marked amounts below this are not followed, base units.
    pub min_value: u64,
    /// Only blocks of this time and later are entered, Unix seconds.
    pub from_time: u32,
    /// Only blocks up to this time are entered, Unix seconds.
    pub until_time: u32,
    /// Movements followed at most.
    pub max_edges: usize,
}

/// Most movements that one trace may follow.
pub const MAX_EDGES: usize = 5_000_000;

impl Default for Bounds {
    fn default() -> Self {
        Bounds { max_hops: 50, min_value: 1, from_time: 0, until_time: u32::MAX, max_edges: 100_000 }
    }
}

/// How to trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TraceOptions {
    /// Which way.
    pub direction: Direction,
    /// How marks pass.
    pub policy: Policy,
    /// Where to stop.
    pub bounds: Bounds,
    /// Follow through attributed services too.
    #[serde(default)]
    pub through_services: bool,
}

impl TraceOptions {
    /// Returns what a trace by these options is called where it is kept: `forward, haircut`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}, {}", self.direction, self.policy)
    }
}

/// A place where marked money rests or leaves the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EndKind {
    /// Not spent.
    Unspent,
    /// At an attributed service.
    Service,
    /// Newly made coins.
    Coinbase,
    /// An output of a block that is not stored.
    UnknownOrigin,
    /// Bound: too many hops.
    Hops,
    /// Bound: outside the time window.
    Time,
    /// Bound: amount too small.
    Value,
    /// Bound: too many movements.
    Edges,
    /// An output that nobody can spend keeps it.
    Unspendable,
}

impl EndKind {
    /// Returns whether the trace was cut here rather than ended.
    pub fn is_bound(self) -> bool {
        matches!(self, EndKind::Hops | EndKind::Time | EndKind::Value | EndKind::Edges)
    }
}

/// Marked money at an end.
pub type End = engine::End<Source, u32, u64, EndKind>;

/// Marked money moving: an output created by one transaction and spent by another.
pub type Edge = engine::Edge<Source, u32, u64>;

/// A run of transactions with one marked input and two outputs of which the larger goes on: a peel chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeelChain {
    /// Its transactions in order.
    pub txs: Vec<u32>,
    /// Marked amount peeled off on the way, base units.
    pub peeled: u64,
}

/// The result of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Marked at the start: places and amounts.
    pub starts: Vec<(Source, u64)>,
    /// Marked in all: the sum of the starts, less what one start's money has in common with another's.
    pub marked: u64,
    /// Clean money that poison drew in.
    pub added: u64,
    /// Marked money that went into fees (forward).
    pub fees: u64,
    /// Movements in the order of the chain (forward) or against it (backward).
    pub edges: Vec<Edge>,
    /// Where it lies or came from.
    pub ends: Vec<End>,
    /// Peel chains of at least three transactions, forward only.
    pub peel_chains: Vec<PeelChain>,
    /// Transactions with inputs of unknown amount, whose missing amount was taken as the least possible (no fee).
    pub assumed: Vec<u32>,
}

impl Trace {
    /// Returns the sum over ends, bounds included.
    pub fn found(&self) -> u64 {
        self.ends.iter().map(|e| e.amount).sum()
    }

    /// Returns whether the books balance: marked + added = ends + bounds + fees.
    pub fn balances(&self) -> bool {
        u128::from(self.marked) + u128::from(self.added) == u128::from(self.found()) + u128::from(self.fees)
    }
}

/// Why a trace cannot start.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TraceError {
    /// Nothing to start from.
    #[error("nothing to trace: no output of the start is stored")]
    NoStart,
    /// A start is named twice or marked beyond its value.
    #[error("a start is named twice or marked with more than it holds")]
    Start,
    /// Bounds out of range.
    #[error("max_edges is {0}; the most is {MAX_EDGES}")]
    Bounds(usize),
    /// A sum of marks does not fit.
    #[error("the marked amounts sum to more than can be counted; set bounds or another policy than poison")]
    TooLarge,
}

/// Returns inputs with amounts. Where some are unknown, the first of them brings what the outputs need beyond the known ones (the least
/// possible: no fee) and the others nothing; the flag states it.
pub fn input_amounts(known: Vec<(Source, Option<u64>)>, received: u64) -> (Vec<(Source, u64)>, bool) {
    let sum: u64 = known.iter().filter_map(|k| k.1).sum();
    let mut missing = received.saturating_sub(sum);
    let assumed = known.iter().any(|k| k.1.is_none());
    let amount = |(s, v): (Source, Option<u64>)| (s, v.unwrap_or_else(|| std::mem::take(&mut missing)));
    (known.into_iter().map(amount).collect(), assumed)
}

/// Traces marked money from `starts` (place and marked amount).
///
/// # Errors
/// [`TraceError::NoStart`] and [`TraceError::Start`] for starts, [`TraceError::Bounds`] for bounds out of range.
pub fn trace(view: &impl View, starts: &[(Source, u64)], options: &TraceOptions) -> Result<Trace, TraceError> {
    if starts.is_empty() {
        return Err(TraceError::NoStart);
    }
    if options.bounds.max_edges > MAX_EDGES {
        return Err(TraceError::Bounds(options.bounds.max_edges));
    }
    let mut starts = starts.to_vec();
    starts.sort_unstable();
    if starts.windows(2).any(|w| w[0].0 == w[1].0)
        || starts.iter().any(|(s, a)| view.source_info(*s).value.is_some_and(|v| *a > v))
    {
        return Err(TraceError::Start);
    }
    let found = follow(&mut Outputs { view, options }, &starts, options).map_err(|fault| match fault {
        Fault::TooLarge => TraceError::TooLarge,
        Fault::Chain(never) => match never {},
    })?;
    let Outcome { books, mut edges, mut ends, mut assumed, .. } = found;
    let books = books.first().copied().unwrap_or_default();
    // One order whatever the starts' order of arrival: that of the chain, or against it.
    match options.direction {
        Direction::Forward => edges.sort_unstable_by_key(|e| (e.tx, e.place)),
        Direction::Backward => edges.sort_unstable_by_key(|e| (std::cmp::Reverse(e.tx), e.place)),
    }
    ends.sort_unstable_by_key(|e| e.place);
    assumed.sort_unstable();
    let (marked, added, fees) = (books.marked, books.added, books.fees);
    let mut result = Trace { starts, marked, added, fees, edges, ends, peel_chains: Vec::new(), assumed };
    if options.direction == Direction::Forward {
        result.peel_chains = peel_chains(view, &result);
    }
    debug_assert!(result.balances() && books.balance());
    Ok(result)
}

/// A chain of outputs as the engine goes over it.
struct Outputs<'a, V> {
    view: &'a V,
    options: &'a TraceOptions,
}

impl<V: View> Outputs<'_, V> {
    fn maker(&self, place: Source) -> Option<u32> {
        match place {
            Source::Output(o) => Some(self.view.tx_of_output(o)),
            Source::External(_) => None,
        }
    }

    fn spender(&self, place: Source) -> Option<u32> {
        match place {
            Source::Output(o) => self.view.spender(o),
            // What spends an external is not indexed; traces start at stored outputs.
            Source::External(_) => None,
        }
    }
}

impl<V: View> Flow for Outputs<'_, V> {
    type Place = Source;
    type Pass = u32;
    type Amount = u64;
    type Kind = EndKind;
    type Error = Infallible;

    const HAS_LINKS: bool = false;
    // Outputs are spent once: their marks are moved once.
    const SPANS_A_STEP: usize = usize::MAX;

    #[inline]
    fn next(&mut self, place: Source) -> Result<Next<u32, EndKind>, Infallible> {
        Ok(match self.options.direction {
            Direction::Forward => self.spender(place).map_or(Next::End(EndKind::Unspent), Next::Pass),
            Direction::Backward => match self.maker(place) {
                None => Next::End(EndKind::UnknownOrigin),
                Some(tx) if self.view.is_coinbase(tx) => Next::Made(tx, EndKind::Coinbase),
                Some(tx) => Next::Pass(tx),
            },
        })
    }

    fn reached_at(&mut self, start: Source) -> Result<Option<u32>, Infallible> {
        Ok(match self.options.direction {
            Direction::Forward => self.maker(start),
            Direction::Backward => self.spender(start),
        })
    }

    #[inline]
    fn passage(&mut self, tx: u32, _: &[Marked<Source, u64>]) -> Result<Passage<Source, u64>, Infallible> {
        let outputs: Vec<(Source, u64)> =
            self.view.outputs(tx).map(|o| (Source::Output(o), self.view.value(o))).collect();
        let received: u64 = outputs.iter().map(|o| o.1).sum();
        let known = self.view.sources(tx).into_iter().map(|s| (s, self.view.source_info(s).value)).collect();
        let (inputs, assumed) = input_amounts(known, received);
        let paid: u64 = inputs.iter().map(|i| i.1).sum();
        Ok(Passage { kind: PassKind::Spend, inputs, outputs, fee: paid.saturating_sub(received), assumed })
    }

    #[inline]
    fn stop(&self, place: Source, hops: u32) -> Option<EndKind> {
        if hops == 0 || self.options.through_services {
            return None;
        }
        let address = self.view.source_info(place).address?;
        self.view.category(address).ends_traces().then_some(EndKind::Service)
    }

    fn category(&self, place: Source) -> Category {
        let address = self.view.source_info(place).address;
        address.map_or(Category::UNATTRIBUTED, |a| self.view.category(a))
    }

    #[inline]
    fn hop(&self, _: Source) -> u32 {
        1
    }

    fn time(&self, tx: u32) -> Result<u64, Infallible> {
        Ok(self.view.time(tx).into())
    }

    #[inline]
    fn book(&mut self, _: Source) -> usize {
        0
    }

    #[inline]
    fn least(&self, _: Source) -> u64 {
        self.options.bounds.min_value
    }

    fn value(&mut self, place: Source) -> Result<u64, Infallible> {
        Ok(self.view.source_info(place).value.unwrap_or(0))
    }

    fn links(&mut self, _: Source) -> Result<LinksOf<Self>, Infallible> {
        Ok(Vec::new())
    }
}

/// Chains of one-input two-output transactions in which the larger marked output feeds the next.
fn peel_chains(view: &impl View, trace: &Trace) -> Vec<PeelChain> {
    let is_peel = |tx: u32| {
        let outputs = view.outputs(tx);
        outputs.end - outputs.start == 2 && view.sources(tx).len() == 1
    };
    // Transaction to (transaction that its larger output feeds, marked amount of the smaller one).
    let mut next: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    let mut amounts: std::collections::HashMap<u64, u64> = std::collections::HashMap::new();
    for edge in &trace.edges {
        if let Source::Output(o) = edge.place {
            amounts.insert(o, edge.amount);
        }
    }
    for end in &trace.ends {
        if let Source::Output(o) = end.place {
            amounts.insert(o, end.amount);
        }
    }
    for edge in &trace.edges {
        let Source::Output(o) = edge.place else { continue };
        let from = view.tx_of_output(o);
        if edge.hops < 2 || !is_peel(from) || !is_peel(edge.tx) {
            continue;
        }
        let outputs = view.outputs(from);
        let other = outputs.start + outputs.end - 1 - o;
        if view.value(o) > view.value(other) {
            next.insert(from, (edge.tx, amounts.get(&other).copied().unwrap_or(0)));
        }
    }
    let followed: std::collections::HashSet<u32> = next.values().map(|n| n.0).collect();
    let mut chains = Vec::new();
    for start in next.keys().filter(|tx| !followed.contains(tx)) {
        let mut chain = PeelChain { txs: vec![*start], peeled: 0 };
        let mut at = *start;
        while let Some((to, peeled)) = next.get(&at) {
            chain.txs.push(*to);
            chain.peeled += peeled;
            at = *to;
        }
        if chain.txs.len() >= 3 {
            chains.push(chain);
        }
    }
    chains
}
