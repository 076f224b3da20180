//! Where a deposit's money was before, a few transactions back: the outputs through which a real part of it came. Flags are matched against
//! them, so that stolen funds are held one or more transactions after the flagged one.
//!
//! The walk is [`holdfast_analysis`]'s trace backward with haircut: every output's part of the deposit is known, parts that are too small are
//! not followed, and the walk stops at services and at entities of many addresses, whose coins are pooled: what leaves them is not what came in.

use holdfast_analysis::trace::{Bounds, Direction, EndKind, Policy, TraceError, TraceOptions, trace};
use holdfast_analysis::view::{LedgerView, View};
use holdfast_attribution::{Category, Clusters};
use holdfast_bitcoin::display_hash;
use holdfast_decision::behind::{Behind, MAX_HOPS, MIN_SHARE_PERCENT};
use holdfast_utxo_ledger::{Ledger, Source};
use holdfast_workspace::Workspace;
use std::collections::HashMap;

/// Most outputs that are stored with a deposit.
const MAX_BEHIND: usize = 48;
/// Most movements that are walked for a deposit.
const MAX_EDGES: usize = 512;
/// An entity of more addresses than this pools the coins of many people, tagged or not.
const MAX_ADDRESSES: u64 = 1_000;

/// A ledger in which entities of many addresses end traces as services do.
struct Pooled<'a> {
    view: LedgerView<'a>,
    clusters: &'a Clusters,
}

impl View for Pooled<'_> {
    holdfast_analysis::same_chain!();

    fn category(&self, address: u32) -> Category {
        let own = self.view.category(address);
        match !own.ends_traces() && self.clusters.size(self.clusters.of(address)) > MAX_ADDRESSES {
            true => Category::SERVICE,
            false => own,
        }
    }
}

/// A place that the walk passed or ended at.
struct Place {
    place: Source,
    amount: u64,
    hops: u32,
    /// The transaction that spends it, towards the deposit.
    via: Option<u32>,
}

/// The outputs behind a deposit that lies in the ledger.
///
/// # Errors
/// [`TraceError`] where the money cannot be followed: flags are then matched against nothing.
pub(crate) fn behind_output(workspace: &Workspace, output: u64) -> Result<Vec<Behind>, TraceError> {
    let value = workspace.ledger.value(output);
    walk(workspace, &[(Source::Output(output), value)], value, 0)
}

/// The outputs behind a transaction that is not in a block yet, from what it spends. Each may be named once.
///
/// # Errors
/// As [`behind_output`].
pub(crate) fn behind_pending(workspace: &Workspace, sources: &[Source]) -> Result<Vec<Behind>, TraceError> {
    let mut sources = sources.to_vec();
    sources.sort_unstable();
    sources.dedup();
    let valued = |s: &Source| workspace.ledger.source_info(*s).value.filter(|v| *v > 0).map(|v| (*s, v));
    let starts: Vec<(Source, u64)> = sources.iter().filter_map(valued).collect();
    let total = starts.iter().map(|s| s.1).fold(0u64, u64::saturating_add);
    walk(workspace, &starts, total, 1)
}

/// Walks back from `starts`, which are `first` transactions before the deposit.
fn walk(workspace: &Workspace, starts: &[(Source, u64)], total: u64, first: u32) -> Result<Vec<Behind>, TraceError> {
    let (ledger, clusters) = (&workspace.ledger, &workspace.clusters);
    if total == 0 {
        return Ok(Vec::new());
    }
    let least = (u128::from(total) * u128::from(MIN_SHARE_PERCENT)).div_ceil(100);
    let least = u64::try_from(least).unwrap_or(total);
    let bounds = Bounds { max_hops: MAX_HOPS, min_value: least.max(1), max_edges: MAX_EDGES, ..Bounds::default() };
    let options =
        TraceOptions { direction: Direction::Backward, policy: Policy::Haircut, bounds, through_services: false };
    let view = Pooled { view: LedgerView { ledger, entities: &workspace.entities }, clusters };
    let traced = trace(&view, starts, &options)?;
    let passed = traced.edges.iter().map(|e| Place { place: e.place, amount: e.amount, hops: e.hops - 1, via: e.via });
    let ended = traced.ends.iter().filter(|e| e.kind != EndKind::Service);
    let ended = ended.map(|e| Place { place: e.place, amount: e.amount, hops: e.hops, via: e.via });
    let mut places: Vec<Place> = passed
        .chain(ended)
        .map(|p| Place { hops: p.hops + first, ..p })
        .filter(|p| p.hops > 0 && p.amount >= least)
        .collect();
    // The nearest first, so that what a place flowed into stands before it.
    places.sort_by_key(|p| (p.hops, std::cmp::Reverse(p.amount), p.place));
    places.dedup_by_key(|p| p.place);
    places.truncate(MAX_BEHIND);
    // By transaction, the largest of its outputs that carried money on.
    let mut made: HashMap<u32, usize> = HashMap::new();
    for (i, p) in places.iter().enumerate() {
        if let Source::Output(o) = p.place {
            made.entry(ledger.tx_of_output(o)).or_insert(i);
        }
    }
    let described = |(i, p): (usize, &Place)| Behind {
        output: outpoint(ledger, p.place),
        address: ledger.source_info(p.place).address.map(|a| ledger.address_text(a)),
        hops: p.hops,
        share_ppm: ppm(p.amount, total),
        into: p
            .via
            .and_then(|tx| made.get(&tx))
            .copied()
            .filter(|into| *into < i)
            .and_then(|into| u32::try_from(into).ok()),
    };
    Ok(places.iter().enumerate().map(described).collect())
}

/// Returns a part of a total, in millionths.
pub(crate) fn ppm(part: u64, total: u64) -> u64 {
    let ppm = u128::from(part) * 1_000_000 / u128::from(total).max(1);
    u64::try_from(ppm).unwrap_or(u64::MAX)
}

fn outpoint(ledger: &Ledger, place: Source) -> String {
    match place {
        Source::Output(o) => {
            let (tx, vout) = ledger.outpoint(o);
            format!("{}:{vout}", ledger.txid_text(tx))
        }
        Source::External(e) => {
            let row = ledger.external(e);
            let (txid, vout) = (row.txid, row.vout);
            format!("{}:{vout}", display_hash(&txid))
        }
    }
}
