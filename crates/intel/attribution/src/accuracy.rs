//! Error rates: every heuristic and combination against ground truth.

use crate::change::{ChangeFinder, ChangeHeuristic, ChangeRule, HeuristicSet, set_name, unique};
use crate::cluster::{ClusterOptions, Clusters};
use crate::coinjoin::{Coinjoin, CoinjoinSet, Detector};
use holdfast_utxo_ledger::Ledger;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// The truth about a ledger, in its numbering.
#[derive(Debug, Default)]
pub struct Truth {
    /// By transaction: the change output's index; `None` without change.
    pub change: Vec<Option<u32>>,
    /// By transaction: which coinjoin it is.
    pub coinjoin: Vec<Option<Coinjoin>>,
    /// By address: its owner; `u32::MAX` where not known.
    pub owner: Vec<u32>,
}

/// How often a heuristic is right, and how much of what there is it finds.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Score {
    /// What was measured.
    pub name: String,
    /// Statements made.
    pub made: u64,
    /// Of them right.
    pub right: u64,
    /// Statements that could have been made.
    pub possible: u64,
}

impl Score {
    /// Returns the share of right statements among those made, 0 to 1; 1 when none was made.
    pub fn precision(&self) -> f64 {
        if self.made == 0 { 1.0 } else { self.right as f64 / self.made as f64 }
    }

    /// Returns the share of right statements among those possible, 0 to 1; 1 when none was possible.
    pub fn recall(&self) -> f64 {
        if self.possible == 0 { 1.0 } else { self.right as f64 / self.possible as f64 }
    }
}

/// The whole table.
#[derive(Clone, Debug, Serialize)]
pub struct Accuracy {
    /// Transactions measured over.
    pub txs: u32,
    /// Change heuristics one by one, outside coinjoins: a statement is "this output is the change".
    pub change: Vec<Score>,
    /// All 511 sets of change heuristics that must agree, best recall first among those of at least 99% precision, then the rest.
    pub combinations: Vec<Score>,
    /// Coinjoin detectors: a statement is "this is a coinjoin of this kind"; the last row is "any kind".
    pub coinjoins: Vec<Score>,
    /// Clusterings: a statement is a merge of two clusters, right when both ends have one owner; possible are the merges that would join all
    /// addresses of each owner.
    pub clusterings: Vec<Score>,
}

/// A detector's finding, and what the transaction really is.
type Detected = (Option<Coinjoin>, Option<Coinjoin>);

/// All nine change heuristics.
const ALL: HeuristicSet = (1 << 9) - 1;
/// Sets of change heuristics, the empty one among them.
const SETS: usize = 1 << 9;
/// Transactions that one task looks at.
const CHUNK: u32 = 1 << 12;

/// What heuristics and detectors found, counted.
struct Sums {
    /// By set of change heuristics: statements.
    made: Vec<u64>,
    /// Right ones among them.
    right: Vec<u64>,
    /// Transactions with change outside coinjoins.
    possible: u64,
    detected: HashMap<Detected, u64>,
}

impl Sums {
    fn new() -> Self {
        Sums { made: vec![0; SETS], right: vec![0; SETS], possible: 0, detected: HashMap::new() }
    }

    /// Counts the transactions of a chunk.
    fn count(mut self, ledger: &Ledger, truth: &Truth, start: u32) -> Self {
        let (mut finder, mut detector, mut marks) = (ChangeFinder::default(), Detector::default(), Vec::new());
        for tx in start..ledger.counts().txs.min(start + CHUNK) {
            let found = detector.detect(ledger, tx, CoinjoinSet::ALL);
            let real = truth.coinjoin[tx as usize];
            *self.detected.entry((found, real)).or_default() += 1;
            if found.is_some() {
                continue;
            }
            let change = truth.change[tx as usize].map(|c| c as usize);
            self.possible += u64::from(change.is_some() && real.is_none());
            finder.marks(ledger, tx, ALL, false, &mut marks);
            for set in 1..=ALL {
                if let Some(i) = unique(&marks, set) {
                    self.made[usize::from(set)] += 1;
                    self.right[usize::from(set)] += u64::from(Some(i) == change);
                }
            }
        }
        self
    }

    fn add(mut self, other: Sums) -> Self {
        for (sum, n) in self.made.iter_mut().zip(other.made) {
            *sum += n;
        }
        for (sum, n) in self.right.iter_mut().zip(other.right) {
            *sum += n;
        }
        self.possible += other.possible;
        for (k, n) in other.detected {
            *self.detected.entry(k).or_default() += n;
        }
        self
    }

    fn score(&self, set: HeuristicSet) -> Score {
        let at = usize::from(set);
        Score { name: set_name(set), made: self.made[at], right: self.right[at], possible: self.possible }
    }

    /// All sets that state anything, best first.
    fn combinations(&self) -> Vec<Score> {
        let mut combinations: Vec<Score> = (1..=ALL).map(|set| self.score(set)).filter(|s| s.made > 0).collect();
        combinations.sort_by(|a, b| {
            let good = |s: &Score| s.precision() >= 0.99;
            good(b)
                .cmp(&good(a))
                .then(b.right.cmp(&a.right))
                .then(a.name.len().cmp(&b.name.len()))
                .then(a.name.cmp(&b.name))
        });
        combinations
    }

    fn coinjoins(&self) -> Vec<Score> {
        let count = |keep: &dyn Fn(&Detected) -> bool| -> u64 {
            self.detected.iter().filter(|(k, _)| keep(k)).map(|(_, n)| n).sum()
        };
        let of_kind = |kind: Coinjoin| Score {
            name: kind.name().to_owned(),
            made: count(&|k| k.0 == Some(kind)),
            // The catch-all is right about any coinjoin that has no detector of its own.
            right: count(&|k| {
                k.0 == Some(kind) && (k.1 == Some(kind) || kind == Coinjoin::EqualOutput && k.1.is_some())
            }),
            possible: count(&|k| k.1 == Some(kind)),
        };
        let any = Score {
            name: "any".into(),
            made: count(&|k| k.0.is_some()),
            right: count(&|k| k.0.is_some() && k.1.is_some()),
            possible: count(&|k| k.1.is_some()),
        };
        Coinjoin::ALL.iter().copied().map(of_kind).chain([any]).collect()
    }
}

/// Scores clusterings: co-spend alone, the default, with each change heuristic, and with the best set of them.
fn clusterings(ledger: &Ledger, truth: &Truth, best: Option<String>) -> Vec<Score> {
    let mut variants = vec![
        ("co-spend, coinjoins not excluded".to_owned(), CoinjoinSet::NONE, "none".to_owned()),
        ("co-spend".to_owned(), CoinjoinSet::ALL, "none".to_owned()),
        ("default".to_owned(), CoinjoinSet::ALL, crate::cluster::DEFAULT_CHANGE.to_owned()),
    ];
    for h in ChangeHeuristic::ALL.iter().copied() {
        variants.push((format!("co-spend with {}", h.name()), CoinjoinSet::ALL, h.name().to_owned()));
    }
    if let Some(best) = best {
        variants.push((format!("co-spend with {best}"), CoinjoinSet::ALL, best));
    }
    let score = |(name, coinjoins, change): (String, CoinjoinSet, String)| {
        let change = ChangeRule::parse(&change).expect("made of known names");
        score_clusters(name, &Clusters::build(ledger, ClusterOptions { cospend: true, coinjoins, change }), truth)
    };
    variants.into_iter().map(score).collect()
}

/// Measures everything.
#[must_use]
pub fn measure(ledger: &Ledger, truth: &Truth) -> Accuracy {
    let txs = ledger.counts().txs;
    let starts: Vec<u32> = (0..txs).step_by(CHUNK as usize).collect();
    let sums = starts
        .into_par_iter()
        .fold(Sums::new, |sums, start| sums.count(ledger, truth, start))
        .reduce(Sums::new, Sums::add);
    let change = ChangeHeuristic::ALL.iter().map(|h| sums.score(h.bit())).collect();
    let combinations = sums.combinations();
    let best = combinations.iter().find(|s| s.precision() >= 0.99).map(|s| s.name.clone());
    let clusterings = clusterings(ledger, truth, best);
    Accuracy { txs, change, combinations, coinjoins: sums.coinjoins(), clusterings }
}

/// Scores a clustering's merges against the owners.
pub fn score_clusters(name: String, clusters: &Clusters, truth: &Truth) -> Score {
    let owner = |a: u32| truth.owner[a as usize];
    let known = clusters.merges().iter().filter(|m| owner(m.a) != u32::MAX && owner(m.b) != u32::MAX);
    let (mut made, mut right) = (0, 0);
    for merge in known {
        made += 1;
        right += u64::from(owner(merge.a) == owner(merge.b));
    }
    let mut sizes: HashMap<u32, u64> = HashMap::new();
    for owner in truth.owner.iter().filter(|o| **o != u32::MAX) {
        *sizes.entry(*owner).or_default() += 1;
    }
    Score { name, made, right, possible: sizes.values().map(|n| n - 1).sum() }
}
