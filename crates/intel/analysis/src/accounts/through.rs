//! What the money of a transfer came through: the transfers before it, over links too, that carried a real part of it, each with the way from there.
//!
//! It is a trace backward by haircut. A hop here is a transfer from one holder to the next: the two transfers of a swap or bridge are one hop, because a
//! link continues a transfer rather than making another.

use super::exposure::{LinkedChains, rates};
use super::{AccountEndKind, AccountOptions, AccountStart, AccountTrace, AccountTraceError, trace_accounts};
use crate::links::TransferId;
use crate::trace::{Bounds, Direction, Policy, TraceOptions};
use holdfast_account_ledger::StoredTransfer;
use holdfast_types::Amount;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// How far money is followed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThroughBounds {
    /// Hops before the transfer, at most.
    pub max_hops: u32,
    /// Smallest part of the transfer that counts, in millionths.
    pub min_share_ppm: u64,
    /// Movements that are passed at most.
    pub max_edges: usize,
    /// Most places in the answer, the nearest first.
    pub most: usize,
}

/// A place that money came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Through {
    /// The transfer by which it came there; where nothing is known of that, the one by which it left.
    pub transfer: TransferId,
    /// Who held it there.
    pub holder: Option<u32>,
    /// Hops from there to the transfer that was traced.
    pub hops: u32,
    /// Part of the traced transfer that came through here, in millionths.
    pub share_ppm: u64,
    /// Position in the answer of the place that it went to next; `None` where that is the traced transfer.
    pub into: Option<usize>,
}

/// What money came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// The places, the nearest first.
    pub places: Vec<Through>,
    /// Whether there may be others that the bounds on movements and places left out.
    pub is_cut: bool,
}

/// Returns what the money of a transfer came through. Services end it.
///
/// # Errors
/// As [`trace_accounts`].
pub fn came_through(over: LinkedChains<'_>, of: TransferId, bounds: ThroughBounds) -> Result<Came, AccountTraceError> {
    let view = over.chains.get(usize::from(of.chain)).ok_or(AccountTraceError::Chain)?;
    let start = view.transfer(of.number)?;
    if start.amount.is_zero() {
        return Ok(Came::default());
    }
    let (share, whole) = (Amount::from(bounds.min_share_ppm), Amount::new(1_000_000));
    let least = start.amount.mul_div(share, whole).unwrap_or_default().max(Amount::new(1));
    // Links are steps of the trace.
    let max_hops = bounds.max_hops.saturating_mul(2).saturating_add(1);
    let limits = Bounds { max_hops, max_edges: bounds.max_edges, ..Bounds::default() };
    let options = AccountOptions {
        trace: TraceOptions {
            direction: Direction::Backward,
            policy: Policy::Haircut,
            bounds: limits,
            through_services: false,
        },
        min_amounts: BTreeMap::from([((of.chain, start.asset), least)]),
        ..AccountOptions::default()
    };
    let trace = match trace_accounts(over.chains, over.links, &[(AccountStart::Transfer(of), None)], &options) {
        Err(AccountTraceError::NoStart) => return Ok(Came::default()),
        trace => trace?,
    };
    Walk::new(over, &trace, (of, start))?.places(&trace, bounds)
}

/// A movement, with its way to the traced transfer.
#[derive(Clone, Copy, Debug)]
struct Step {
    id: TransferId,
    transfer: StoredTransfer,
    amount: Amount,
    hops: u32,
    into: Option<TransferId>,
}

struct Walk {
    of: TransferId,
    start: StoredTransfer,
    /// What was found, the nearest first.
    steps: Vec<Step>,
    /// By chain, asset and sender: positions in `steps`.
    from: HashMap<(u16, u32, u32), Vec<usize>>,
    /// By transfer.
    at: HashMap<TransferId, usize>,
}

impl Walk {
    fn new(
        over: LinkedChains<'_>,
        trace: &AccountTrace,
        (of, start): (TransferId, StoredTransfer),
    ) -> Result<Self, AccountTraceError> {
        let mut walk = Walk { of, start, steps: Vec::new(), from: HashMap::new(), at: HashMap::new() };
        let mut links: HashMap<TransferId, Vec<TransferId>> = HashMap::new();
        for crossing in &trace.crossings {
            links.entry(crossing.link.from).or_default().push(crossing.link.to);
        }
        let mut movements = trace.movements.clone();
        movements.sort_by_key(|m| (m.hops, Reverse(m.amount), m.transfer));
        for movement in movements {
            let id = movement.transfer;
            let view = over.chains.get(usize::from(id.chain)).ok_or(AccountTraceError::Chain)?;
            let transfer = view.transfer(id.number)?;
            let linked = links.get(&id).into_iter().flatten().filter_map(|to| Some((walk.step(*to)?.hops, *to)));
            let next = transfer.to.and_then(|to| walk.from.get(&(id.chain, transfer.asset, to)));
            let later = next.into_iter().flatten().map(|n| &walk.steps[*n]).filter(|s| s.id.number > id.number);
            // Only what the trace came from is nearer; the first of the nearest carries the most.
            let ways = linked.chain(later.map(|s| (s.hops + 1, s.id)));
            let way = ways.min_by_key(|(hops, _)| *hops);
            let (hops, into) =
                if id == of { (0, None) } else { way.map_or((movement.hops, None), |w| (w.0, Some(w.1))) };
            walk.add(Step { id, transfer, amount: movement.amount, hops, into });
        }
        Ok(walk)
    }

    fn step(&self, id: TransferId) -> Option<&Step> {
        self.at.get(&id).map(|n| &self.steps[*n])
    }

    fn add(&mut self, step: Step) {
        let position = self.steps.len();
        self.at.insert(step.id, position);
        if let Some(from) = step.transfer.from {
            self.from.entry((step.id.chain, step.transfer.asset, from)).or_default().push(position);
        }
        self.steps.push(step);
    }

    /// Returns the places, the nearest first.
    fn places(&self, trace: &AccountTrace, bounds: ThroughBounds) -> Result<Came, AccountTraceError> {
        let rates = rates(trace, (self.of.chain, self.start.asset))?;
        let share = |chain: u16, asset: u32, amount: Amount| -> u64 {
            let worth = rates.get(&(chain, asset)).and_then(|(worth, units)| amount.mul_div(*worth, *units));
            let ppm = worth.and_then(|worth| worth.mul_div(Amount::new(1_000_000), self.start.amount));
            ppm.and_then(|ppm| u64::try_from(ppm).ok()).unwrap_or(0).min(1_000_000)
        };
        // Place, and the transfer that it went to.
        let mut places: Vec<(Through, Option<TransferId>)> = Vec::new();
        for step in self.steps.iter().filter(|step| step.id != self.of) {
            let share_ppm = share(step.id.chain, step.transfer.asset, step.amount);
            let (transfer, holder, hops) = (step.id, step.transfer.to, step.hops);
            places.push((Through { transfer, holder, hops, share_ppm, into: None }, step.into));
        }
        for end in trace.ends.iter().filter(|end| is_held(end.kind)) {
            // Nothing is known of how it came to them; it left by the nearest of their transfers.
            let Some(holder) = end.account else { continue };
            let Some(left) = self.from.get(&(end.chain, end.asset, holder)).and_then(|all| all.first()) else {
                continue;
            };
            let left = &self.steps[*left];
            let share_ppm = share(end.chain, end.asset, end.amount);
            let place = Through { transfer: left.id, holder: Some(holder), hops: left.hops + 1, share_ppm, into: None };
            places.push((place, Some(left.id)));
        }
        places.retain(|(p, _)| (1..=bounds.max_hops).contains(&p.hops) && p.share_ppm >= bounds.min_share_ppm);
        places.sort_by_key(|(p, _)| (p.hops, Reverse(p.share_ppm), p.transfer, p.holder));
        let is_cut = places.len() > bounds.most || trace.ends.iter().any(|end| end.kind == AccountEndKind::Edges);
        places.truncate(bounds.most);
        let mut by_transfer: HashMap<TransferId, usize> = HashMap::new();
        for (n, (place, _)) in places.iter().enumerate() {
            by_transfer.entry(place.transfer).or_insert(n);
        }
        let into = |(n, (place, into)): (usize, &(Through, Option<TransferId>))| {
            let into = into.and_then(|id| by_transfer.get(&id).copied()).filter(|into| *into != n);
            Through { into, ..*place }
        };
        Ok(Came { places: places.iter().enumerate().map(into).collect(), is_cut })
    }
}

/// Whether an end is money that somebody held, of whom nothing earlier is known or looked at.
fn is_held(kind: AccountEndKind) -> bool {
    kind.is_bound() || kind == AccountEndKind::Opening
}
