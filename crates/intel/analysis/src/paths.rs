//! Paths between two groups of addresses: how money got from one to the other.

use crate::same_chain;
use crate::trace::{Direction, TraceError, TraceOptions, trace};
use crate::view::View;
use holdfast_attribution::Category;
use holdfast_utxo_ledger::Source;
use std::collections::{HashMap, HashSet};

/// One step of a path: an output, and the transaction that spends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The output.
    pub output: u64,
    /// Marked part of it, base units.
    pub amount: u64,
    /// The spender; `None` at the path's end.
    pub tx: Option<u32>,
}

/// A path from an output of the first group to an output of the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Base units that arrived (by the trace's policy).
    pub amount: u64,
    /// Steps from the first output to the last.
    pub steps: Vec<Step>,
}

/// A view in which the target group ends traces, and nothing else does beyond those of the view.
struct Towards<'a, V> {
    view: &'a V,
    targets: &'a HashSet<u32>,
}

impl<V: View> View for Towards<'_, V> {
    same_chain!();

    fn category(&self, address: u32) -> Category {
        if self.targets.contains(&address) {
            Category::from_name("service").expect("in the table")
        } else {
            self.view.category(address)
        }
    }
}

/// Returns the paths from `starts` (outputs of the first group with amounts) to any address of `targets`, largest amount first, at most `most`.
/// Each arrival gives one path: back from it along the largest marked input of every transaction.
///
/// # Errors
/// [`TraceError`] for starts or bounds that [`trace`] refuses.
pub fn paths(
    view: &impl View,
    starts: &[(Source, u64)],
    targets: &HashSet<u32>,
    options: &TraceOptions,
    most: usize,
) -> Result<Vec<Path>, TraceError> {
    let options = TraceOptions { direction: Direction::Forward, ..*options };
    let towards = Towards { view, targets };
    let traced = trace(&towards, starts, &options)?;
    // By spender: its largest marked input.
    let mut largest: HashMap<u32, (u64, u64)> = HashMap::new();
    for edge in &traced.edges {
        if let Source::Output(o) = edge.place {
            let best = largest.entry(edge.tx).or_insert((o, edge.amount));
            if edge.amount > best.1 {
                *best = (o, edge.amount);
            }
        }
    }
    let started: HashSet<u64> = starts
        .iter()
        .filter_map(|(s, _)| match s {
            Source::Output(o) => Some(*o),
            Source::External(_) => None,
        })
        .collect();
    let mut out: Vec<Path> = traced
        .ends
        .iter()
        .filter_map(|end| {
            let Source::Output(last) = end.place else { return None };
            if end.hops == 0 || !targets.contains(&view.address(last)) {
                return None;
            }
            let mut steps = vec![Step { output: last, amount: end.amount, tx: None }];
            let mut at = last;
            while !started.contains(&at) {
                let tx = view.tx_of_output(at);
                let (from, amount) = largest.get(&tx)?;
                steps.push(Step { output: *from, amount: *amount, tx: Some(tx) });
                at = *from;
            }
            steps.reverse();
            Some(Path { amount: end.amount, steps })
        })
        .collect();
    out.sort_by(|a, b| {
        b.amount.cmp(&a.amount).then(a.steps.len().cmp(&b.steps.len())).then(a.steps[0].output.cmp(&b.steps[0].output))
    });
    out.truncate(most);
    Ok(out)
}
