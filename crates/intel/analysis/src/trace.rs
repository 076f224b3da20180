//! Traces: marked money followed forward to where it lies, or backward to where it came from.
//!
//! Money is marked as exact integers and conserved: what was marked at the start, plus what poison adds, equals what is found at the ends,
//! plus what is left at the bounds, plus what went into fees. Policies: poison (any mark marks all), haircut (marks spread in proportion),
//! FIFO and LIFO (marks keep their places as coins pass through a transaction first-in-first-out, Clayton's case, or last-in-first-out).

use crate::view::View;
use holdfast_attribution::Category;
use holdfast_utxo_ledger::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How marks pass through a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, strum::EnumString)]
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

fn unknown_policy(text: &str) -> String {
    format!("unknown policy '{text}'; use poison, haircut, fifo or lifo")
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema, strum::EnumString)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where it lies.
    pub place: Source,
    /// How much, base units.
    pub amount: u64,
    /// Why the trace stops.
    pub kind: EndKind,
    /// What the address counts under.
    pub category: Category,
    /// Transactions from the start.
    pub hops: u32,
    /// The transaction passed just before; `None` at the start.
    pub via: Option<u32>,
}

/// Marked money moving: an output created by one transaction and spent by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The output.
    pub place: Source,
    /// Marked part of it, base units.
    pub amount: u64,
    /// The transaction entered: forward, the one that spends the output; backward, the one that made it.
    pub tx: u32,
    /// Transactions from the start, counted at `tx`.
    pub hops: u32,
    /// The transaction passed just before; `None` at the start.
    pub via: Option<u32>,
}

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
}

/// Marks on one output: for haircut and poison an amount; for FIFO and LIFO the marked places as (start, length), rising and apart.
#[derive(Clone, Debug, Default)]
struct Marks {
    amount: u64,
    spans: Vec<(u64, u64)>,
}

impl Marks {
    fn of_amount(amount: u64) -> Self {
        Marks { amount, spans: Vec::new() }
    }

    fn of_spans(mut spans: Vec<(u64, u64)>) -> Self {
        spans.retain(|s| s.1 > 0);
        spans.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(spans.len());
        for (start, len) in spans {
            match merged.last_mut() {
                Some(last) if last.0 + last.1 == start => last.1 += len,
                _ => merged.push((start, len)),
            }
        }
        Marks { amount: merged.iter().map(|s| s.1).sum(), spans: merged }
    }
}

/// Splits `amount` over `parts` in proportion, exactly: cumulative rounding, so that the parts sum to `amount` when `parts` sum to
/// `whole`, and no part gets more than itself when `amount` is at most `whole`.
#[expect(clippy::cast_possible_truncation, reason = "parts sum to the whole, so that no share is above the amount")]
pub fn split(amount: u64, parts: impl Iterator<Item = u64>, whole: u64) -> Vec<u64> {
    let share = |cumulated: u64| {
        if whole == 0 { 0 } else { (u128::from(amount) * u128::from(cumulated) / u128::from(whole)) as u64 }
    };
    let mut cumulated = 0u64;
    let mut given = 0u64;
    parts
        .map(|part| {
            cumulated += part;
            let upto = share(cumulated);
            let this = upto - given;
            given = upto;
            this
        })
        .collect()
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

/// Moves spans from one sequence of containers to another laid over the same line.
/// `from`: (offset, spans) of the marked containers; `to`: (offset, length). Returns spans relative to each `to`.
fn overlay(mut marked: Vec<(u64, u64)>, to: &[(u64, u64)]) -> Vec<Vec<(u64, u64)>> {
    marked.sort_unstable();
    let mut out = vec![Vec::new(); to.len()];
    let mut i = 0;
    for (k, (offset, len)) in to.iter().enumerate() {
        let end = offset + len;
        while i < marked.len() && marked[i].0 + marked[i].1 <= *offset {
            i += 1;
        }
        let mut j = i;
        while j < marked.len() && marked[j].0 < end {
            let start = marked[j].0.max(*offset);
            let stop = (marked[j].0 + marked[j].1).min(end);
            if stop > start {
                out[k].push((start - offset, stop - start));
            }
            j += 1;
        }
    }
    out
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
    let mut tracer = Tracer {
        view,
        options,
        result: Trace { starts: starts.clone(), ..Trace::default() },
        queue: BTreeMap::new(),
        pending: BTreeMap::new(),
    };
    match options.direction {
        Direction::Forward => tracer.forward(&starts),
        Direction::Backward => tracer.backward(&starts),
    }
    let mut result = tracer.result;
    // One order whatever the starts' order of arrival: that of the chain, or against it.
    match options.direction {
        Direction::Forward => result.edges.sort_unstable_by_key(|e| (e.tx, e.place)),
        Direction::Backward => result.edges.sort_unstable_by_key(|e| (std::cmp::Reverse(e.tx), e.place)),
    }
    result.ends.sort_unstable_by_key(|e| e.place);
    result.assumed.sort_unstable();
    if options.direction == Direction::Forward {
        result.peel_chains = peel_chains(view, &result);
    }
    debug_assert!(result.balances());
    Ok(result)
}

struct Tracer<'a, V> {
    view: &'a V,
    options: &'a TraceOptions,
    result: Trace,
    /// Transactions to pass through, with marked places and their hops. Forward: the spender with its marked inputs. Backward: the
    /// funding transaction with its marked outputs.
    queue: BTreeMap<u32, Vec<(Source, Marks, u32)>>,
    /// Starts that wait for the transaction through which other marks may reach them first: a start downstream of another is marked
    /// once, not twice.
    pending: BTreeMap<u32, Vec<(Source, u64)>>,
}

impl<V: View> Tracer<'_, V> {
    fn end(&mut self, place: Source, amount: u64, kind: EndKind, hops: u32, via: Option<u32>) {
        if amount > 0 {
            let address = self.view.source_info(place).address;
            let category = address.map_or(Category::UNATTRIBUTED, |a| self.view.category(a));
            self.result.ends.push(End { place, amount, kind, category, hops, via });
        }
    }

    /// Adds a start's marks to those that reached its place already, and counts what is new.
    fn inject(&mut self, reached: Marks, amount: u64) -> Marks {
        let before = reached.amount;
        let marks = match self.options.policy {
            Policy::Poison | Policy::Haircut => Marks::of_amount(before.max(amount)),
            Policy::Fifo | Policy::Lifo => {
                let mut spans = vec![(0, amount)];
                spans.extend(reached.spans.iter().filter_map(|(start, len)| {
                    let end = start + len;
                    let start = (*start).max(amount);
                    (start < end).then(|| (start, end - start))
                }));
                Marks::of_spans(spans)
            }
        };
        self.result.marked += marks.amount - before;
        marks
    }

    /// Takes the start that waits at a place, if one does.
    fn waiting(&mut self, tx: u32, place: Source) -> Option<u64> {
        let waiting = self.pending.get_mut(&tx)?;
        let at = waiting.iter().position(|w| w.0 == place)?;
        Some(waiting.swap_remove(at).1)
    }

    /// Returns whether a marked place is where the trace stops, other than for being unspent or unfunded.
    fn stop(&self, place: Source, amount: u64, hops: u32, time: impl Fn() -> u32) -> Option<EndKind> {
        let bounds = &self.options.bounds;
        if hops > 0 && !self.options.through_services {
            let address = self.view.source_info(place).address;
            if address.is_some_and(|a| self.view.category(a).ends_traces()) {
                return Some(EndKind::Service);
            }
        }
        if hops >= bounds.max_hops {
            return Some(EndKind::Hops);
        }
        if amount < bounds.min_value {
            return Some(EndKind::Value);
        }
        if self.result.edges.len() >= bounds.max_edges {
            return Some(EndKind::Edges);
        }
        // Looking up a block's time is a search: only where it can matter.
        if bounds.from_time == 0 && bounds.until_time == u32::MAX {
            return None;
        }
        let time = time();
        (time < bounds.from_time || time > bounds.until_time).then_some(EndKind::Time)
    }

    // ---- forward ----

    fn forward(&mut self, starts: &[(Source, u64)]) {
        for (place, amount) in starts {
            match place {
                Source::Output(o) => {
                    self.pending.entry(self.view.tx_of_output(*o)).or_default().push((*place, *amount));
                }
                Source::External(_) => {
                    let marks = self.inject(Marks::default(), *amount);
                    self.place_forward(*place, marks, 0, None);
                }
            }
        }
        loop {
            let next = [self.queue.keys().next(), self.pending.keys().next()].into_iter().flatten().min().copied();
            let Some(tx) = next else { return };
            if let Some(marked) = self.queue.remove(&tx) {
                self.pass_forward(tx, marked);
            }
            for (place, amount) in self.pending.remove(&tx).unwrap_or_default() {
                let marks = self.inject(Marks::default(), amount);
                self.place_forward(place, marks, 0, None);
            }
        }
    }

    fn place_forward(&mut self, place: Source, marks: Marks, hops: u32, via: Option<u32>) {
        if marks.amount == 0 {
            return;
        }
        let spender = match place {
            Source::Output(o) => self.view.spender(o),
            // What spends an external is not indexed; traces start at stored outputs.
            Source::External(_) => None,
        };
        let kind = match spender {
            None => {
                // A service's coins count as the service's even while they rest.
                let service = hops > 0
                    && !self.options.through_services
                    && self.view.source_info(place).address.is_some_and(|a| self.view.category(a).ends_traces());
                Some(if service { EndKind::Service } else { EndKind::Unspent })
            }
            Some(tx) => self.stop(place, marks.amount, hops, || self.view.time(tx)),
        };
        match (kind, spender) {
            (None, Some(tx)) => {
                self.result.edges.push(Edge { place, amount: marks.amount, tx, hops: hops + 1, via });
                self.queue.entry(tx).or_default().push((place, marks, hops));
            }
            (kind, _) => self.end(place, marks.amount, kind.unwrap_or(EndKind::Unspent), hops, via),
        }
    }

    fn input_amounts(&mut self, tx: u32, received: u64) -> Vec<(Source, u64)> {
        let known = self.view.sources(tx).into_iter().map(|s| (s, self.view.source_info(s).value)).collect();
        let (amounts, assumed) = input_amounts(known, received);
        if assumed {
            self.result.assumed.push(tx);
        }
        amounts
    }

    fn pass_forward(&mut self, tx: u32, marked: Vec<(Source, Marks, u32)>) {
        let hops = marked.iter().map(|m| m.2).min().unwrap_or(0) + 1;
        let outputs: Vec<(u64, u64)> = self.view.outputs(tx).map(|o| (o, self.view.value(o))).collect();
        let received: u64 = outputs.iter().map(|o| o.1).sum();
        let inputs = self.input_amounts(tx, received);
        let paid: u64 = inputs.iter().map(|i| i.1).sum();
        let fee = paid.saturating_sub(received);
        let amount: u64 = marked.iter().map(|m| m.1.amount).sum();
        let mut passed: Vec<Marks> = match self.options.policy {
            Policy::Poison => outputs.iter().map(|o| o.1).chain([fee]).map(Marks::of_amount).collect(),
            Policy::Haircut => split(amount, outputs.iter().map(|o| o.1).chain([fee]), paid)
                .into_iter()
                .map(Marks::of_amount)
                .collect(),
            policy => {
                let lengths: Vec<u64> = outputs.iter().map(|o| o.1).chain([fee]).collect();
                let line = line_of_marks(&inputs, &marked, policy == Policy::Lifo);
                overlay(line, &offsets(&lengths)).into_iter().map(Marks::of_spans).collect()
            }
        };
        if self.options.policy == Policy::Poison {
            self.result.added += paid - amount;
        }
        self.result.fees += passed.pop().expect("the fee is last").amount;
        for ((output, _), marks) in outputs.iter().zip(passed) {
            let place = Source::Output(*output);
            match self.waiting(tx, place) {
                Some(amount) => {
                    let marks = self.inject(marks, amount);
                    self.place_forward(place, marks, 0, Some(tx));
                }
                None => self.place_forward(place, marks, hops, Some(tx)),
            }
        }
    }

    // ---- backward ----

    fn backward(&mut self, starts: &[(Source, u64)]) {
        for (place, amount) in starts {
            let spender = match place {
                Source::Output(o) => self.view.spender(*o),
                Source::External(_) => None,
            };
            match spender {
                Some(tx) => self.pending.entry(tx).or_default().push((*place, *amount)),
                None => {
                    let marks = self.inject(Marks::default(), *amount);
                    self.place_backward(*place, marks, 0, None);
                }
            }
        }
        loop {
            let next =
                [self.queue.keys().next_back(), self.pending.keys().next_back()].into_iter().flatten().max().copied();
            let Some(tx) = next else { return };
            if let Some(marked) = self.queue.remove(&tx) {
                self.pass_backward(tx, marked);
            }
            for (place, amount) in self.pending.remove(&tx).unwrap_or_default() {
                let marks = self.inject(Marks::default(), amount);
                self.place_backward(place, marks, 0, None);
            }
        }
    }

    fn place_backward(&mut self, place: Source, marks: Marks, hops: u32, via: Option<u32>) {
        if marks.amount == 0 {
            return;
        }
        let funding = match place {
            Source::Output(o) => Some(self.view.tx_of_output(o)),
            Source::External(_) => None,
        };
        let kind = match funding {
            None => {
                let service = hops > 0
                    && !self.options.through_services
                    && self.view.source_info(place).address.is_some_and(|a| self.view.category(a).ends_traces());
                Some(if service { EndKind::Service } else { EndKind::UnknownOrigin })
            }
            Some(tx) => self.stop(place, marks.amount, hops, || self.view.time(tx)),
        };
        match (kind, funding) {
            (None, Some(tx)) if self.view.is_coinbase(tx) => {
                self.end(place, marks.amount, EndKind::Coinbase, hops, via)
            }
            (None, Some(tx)) => {
                self.result.edges.push(Edge { place, amount: marks.amount, tx, hops: hops + 1, via });
                self.queue.entry(tx).or_default().push((place, marks, hops));
            }
            (kind, _) => self.end(place, marks.amount, kind.unwrap_or(EndKind::UnknownOrigin), hops, via),
        }
    }

    fn pass_backward(&mut self, tx: u32, marked: Vec<(Source, Marks, u32)>) {
        let hops = marked.iter().map(|m| m.2).min().unwrap_or(0) + 1;
        let outputs: Vec<(Source, u64)> =
            self.view.outputs(tx).map(|o| (Source::Output(o), self.view.value(o))).collect();
        let received: u64 = outputs.iter().map(|o| o.1).sum();
        let inputs = self.input_amounts(tx, received);
        let paid: u64 = inputs.iter().map(|i| i.1).sum();
        let amount: u64 = marked.iter().map(|m| m.1.amount).sum();
        let passed: Vec<Marks> = match self.options.policy {
            Policy::Poison => inputs.iter().map(|i| Marks::of_amount(i.1)).collect(),
            Policy::Haircut => {
                split(amount, inputs.iter().map(|i| i.1), paid).into_iter().map(Marks::of_amount).collect()
            }
            policy => {
                // The same line as forward, read the other way: outputs lie on it in order, the fee behind them.
                let mut line = line_of_marks(&outputs, &marked, false);
                if policy == Policy::Lifo {
                    for span in &mut line {
                        span.0 = paid - span.0 - span.1;
                    }
                }
                let lengths: Vec<u64> = inputs.iter().map(|i| i.1).collect();
                overlay(line, &offsets(&lengths)).into_iter().map(Marks::of_spans).collect()
            }
        };
        if self.options.policy == Policy::Poison {
            self.result.added += paid - amount;
        }
        for ((source, _), marks) in inputs.iter().zip(passed) {
            match self.waiting(tx, *source) {
                Some(amount) => {
                    let marks = self.inject(marks, amount);
                    self.place_backward(*source, marks, 0, Some(tx));
                }
                None => self.place_backward(*source, marks, hops, Some(tx)),
            }
        }
    }
}

/// Marked spans of places laid one after the other; mirrored when `reversed`.
fn line_of_marks(places: &[(Source, u64)], marked: &[(Source, Marks, u32)], reversed: bool) -> Vec<(u64, u64)> {
    let total: u64 = places.iter().map(|p| p.1).sum();
    let mut by_place: std::collections::HashMap<Source, &Marks> = marked.iter().map(|m| (m.0, &m.1)).collect();
    let mut at = 0;
    let mut line = Vec::new();
    for (place, length) in places {
        if let Some(marks) = by_place.remove(place) {
            line.extend(marks.spans.iter().map(|(start, len)| (at + start, *len)));
        }
        at += length;
    }
    if reversed {
        for span in &mut line {
            span.0 = total - span.0 - span.1;
        }
    }
    line
}

fn offsets(lengths: &[u64]) -> Vec<(u64, u64)> {
    let mut at = 0;
    lengths
        .iter()
        .map(|len| {
            let offset = at;
            at += len;
            (offset, *len)
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn splits_are_exact_and_bounded(parts in proptest::collection::vec(0u64..1 << 50, 1..20), permille in 0u64..=1000) {
            let whole: u64 = parts.iter().sum();
            let amount = (whole as u128 * permille as u128 / 1000) as u64;
            let got = split(amount, parts.iter().copied(), whole);
            prop_assert_eq!(got.iter().sum::<u64>(), if whole == 0 { 0 } else { amount });
            for (g, p) in got.iter().zip(&parts) {
                prop_assert!(g <= p);
            }
        }
    }

    #[test]
    fn spans_move_between_containers() {
        let got = overlay(vec![(5, 10)], &[(0, 7), (7, 3), (10, 100)]);
        assert_eq!(got, vec![vec![(5, 2)], vec![(0, 3)], vec![(0, 5)]]);
        assert_eq!(Marks::of_spans(vec![(3, 2), (0, 3), (9, 0)]).spans, vec![(0, 5)]);
    }
}
