//! Boosted trees for two classes: logistic loss, second order, histograms over bins (Friedman 2001; Chen and Guestrin 2016; Ke et al. 2017).
//!
//! Deterministic: derivatives are rounded to fixed point before they are added, ties go to the first feature and the lowest bin, samples depend on seed,
//! tree and row only, and exponentials are computed in software. Threads share out features and never a sum.

mod grow;
mod histogram;

use crate::bins::{BinnedColumn, MAX_BINS, bin_columns};
use crate::numeric::{count, fixed, log_loss, logit, part_of, sigmoid, to_leaf_unit, unit_hash};
use crate::{ModelError, Table, Tree};
use grow::{Ground, Grown, grow};
use histogram::{Gradient, UNIT};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Parameters of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Most trees, 1 to 2,000. Early stopping keeps fewer.
    pub trees: u16,
    /// Share of a tree's value that counts, above 0 to 1.
    pub learning_rate: f64,
    /// Most leaves of a tree, 2 to 128.
    pub leaves: u16,
    /// Most splits from a tree's root to a leaf, 1 to 32.
    pub depth: u16,
    /// Fewest rows of a leaf, 1 to 1,000,000.
    pub min_leaf_rows: u32,
    /// Smallest sum of second derivatives of a leaf, 0 to 1,000,000.
    pub min_leaf_hessian: f64,
    /// Smallest gain of a split, 0 to 1,000,000.
    pub min_gain: f64,
    /// Ridge penalty on the values of leaves, 0 to 1,000,000.
    pub l2: f64,
    /// Share of rows that each tree is grown on, 0.05 to 1.
    pub row_share: f64,
    /// Share of features that each tree may use, 0.05 to 1.
    pub column_share: f64,
    /// Most bins of a feature, 2 to 255.
    pub bins: u16,
    /// Trees without improvement on the validation part after which training stops, 1 to 1,000.
    pub patience: u16,
    /// What validation measures.
    pub stop_by: StopBy,
    /// Decides samples of rows, columns and bins.
    pub seed: u64,
}

/// What early stopping watches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopBy {
    /// Logistic loss.
    #[default]
    LogLoss,
    /// Average precision.
    AveragePrecision,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            trees: 400,
            learning_rate: 0.05,
            leaves: 31,
            depth: 16,
            min_leaf_rows: 20,
            min_leaf_hessian: 1e-3,
            min_gain: 0.0,
            l2: 1.0,
            row_share: 0.8,
            column_share: 0.5,
            bins: 255,
            patience: 50,
            stop_by: StopBy::LogLoss,
            seed: 1,
        }
    }
}

impl Params {
    /// Checks every parameter's range.
    ///
    /// # Errors
    ///
    /// `Parameter` names the first that is outside.
    pub fn check(&self) -> Result<(), ModelError> {
        let ranges = [
            ("trees", f64::from(self.trees), 1.0, 2_000.0),
            ("learning_rate", self.learning_rate, 1e-4, 1.0),
            ("leaves", f64::from(self.leaves), 2.0, 128.0),
            ("depth", f64::from(self.depth), 1.0, 32.0),
            ("min_leaf_rows", f64::from(self.min_leaf_rows), 1.0, 1e6),
            ("min_leaf_hessian", self.min_leaf_hessian, 0.0, 1e6),
            ("min_gain", self.min_gain, 0.0, 1e6),
            ("l2", self.l2, 0.0, 1e6),
            ("row_share", self.row_share, 0.05, 1.0),
            ("column_share", self.column_share, 0.05, 1.0),
            ("bins", f64::from(self.bins), 2.0, 255.0),
            ("patience", f64::from(self.patience), 1.0, 1_000.0),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let text = |v: f64| v.to_string();
                return Err(ModelError::Parameter { name, value: text(value), least: text(least), most: text(most) });
            }
        }
        Ok(())
    }
}

/// Trees and what their sum starts from, log odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Log odds before any tree.
    pub base: f64,
    /// The trees.
    pub trees: Vec<Tree>,
}

impl Ensemble {
    /// Returns the score of a row, log odds.
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        self.trees.iter().fold(self.base, |sum, tree| sum + tree.value(row))
    }

    /// Returns the scores of a table's rows, log odds.
    #[must_use]
    pub fn scores(&self, table: &Table) -> Vec<f64> {
        (0..table.rows()).into_par_iter().map(|r| self.score(&table.row(r))).collect()
    }
}

/// Trains on a table whose rows are positive or not, and keeps the trees that are best on the validation part.
///
/// # Errors
///
/// `Parameter` if one is outside its range, `Table` if the parts have other features or labels are missing, `TooFew` if a part lacks a class.
pub fn train(
    (table, labels): (&Table, &[bool]),
    (validation, expected): (&Table, &[bool]),
    params: &Params,
) -> Result<Ensemble, ModelError> {
    params.check()?;
    for (part, t, l) in [("training part", table, labels), ("validation part", validation, expected)] {
        if t.rows() != l.len() || t.schema() != table.schema() {
            return Err(ModelError::Table(format!("{part}: one label a row and the same features are needed")));
        }
        if l.iter().all(|p| *p) || !l.iter().any(|p| *p) {
            let text = format!("{part}: {} rows of one class; label rows of both classes", l.len());
            return Err(ModelError::TooFew(text));
        }
    }
    let columns = bin_columns(table.columns(), usize::from(params.bins).min(MAX_BINS), params.seed);
    let monotone: Vec<_> = table.schema().features().iter().map(|f| f.monotone).collect();
    let ground = Ground { columns: &columns, monotone: &monotone, params };
    Ok(boost(&ground, labels, validation, expected))
}

fn boost(ground: &Ground<'_>, labels: &[bool], validation: &Table, expected: &[bool]) -> Ensemble {
    let params = ground.params;
    let positives = labels.iter().filter(|p| **p).count();
    let base = to_leaf_unit(logit(count(positives) / count(labels.len())));
    let mut ensemble = Ensemble { base, trees: Vec::new() };
    let mut scores = vec![base; labels.len()];
    let mut held_out = vec![base; expected.len()];
    let rows_of: Vec<Vec<f64>> = (0..validation.rows()).map(|r| validation.row(r)).collect();
    let (mut best, mut best_trees) = (f64::INFINITY, 0);
    for tree in 0..params.trees {
        let gradients: Vec<Gradient> = scores
            .par_iter()
            .zip(labels)
            .map(|(score, positive)| {
                let p = sigmoid(*score);
                let target = if *positive { 1.0 } else { 0.0 };
                Gradient { g: fixed(p - target, UNIT), h: fixed(p * (1.0 - p), UNIT) }
            })
            .collect();
        let (mut rows, others) = sample_rows(labels.len(), params, tree);
        let features = sample_features(ground.columns.len(), params, tree);
        let (grown, ranges) = grow(ground, &features, &mut rows, &gradients);
        if grown.tree.nodes.is_empty() && params.row_share >= 1.0 && params.column_share >= 1.0 {
            break;
        }
        add(ground.columns, &grown, (&rows, &ranges), &others, &mut scores);
        held_out.par_iter_mut().zip(&rows_of).for_each(|(score, row)| *score += grown.tree.value(row));
        ensemble.trees.push(grown.tree);
        let loss = match params.stop_by {
            StopBy::LogLoss => {
                held_out.iter().zip(expected).map(|(s, p)| log_loss(*s, *p)).sum::<f64>() / count(expected.len())
            }
            StopBy::AveragePrecision => -crate::metrics::average_precision(&held_out, expected),
        };
        if loss < best {
            (best, best_trees) = (loss, ensemble.trees.len());
        } else if ensemble.trees.len() - best_trees >= usize::from(params.patience) {
            break;
        }
    }
    ensemble.trees.truncate(best_trees);
    ensemble
}

/// Adds a tree's values to the scores of the rows it was grown on and of the others.
fn add(
    columns: &[BinnedColumn],
    grown: &Grown,
    (rows, ranges): (&[u32], &[(usize, usize)]),
    others: &[u32],
    scores: &mut [f64],
) {
    for (value, (from, to)) in grown.tree.leaves.iter().zip(ranges) {
        rows[*from..*to].iter().for_each(|r| scores[*r as usize] += value);
    }
    for row in others {
        let row = *row as usize;
        scores[row] += grown.tree.leaves[grown.leaf_of(columns, row)];
    }
}

/// Returns the rows of a tree and those left out, both ascending.
fn sample_rows(rows: usize, params: &Params, tree: u16) -> (Vec<u32>, Vec<u32>) {
    let all = 0..u32::try_from(rows).unwrap_or(u32::MAX);
    if params.row_share >= 1.0 {
        return (all.collect(), Vec::new());
    }
    all.partition(|row| unit_hash(params.seed, u64::from(tree), u64::from(*row)) < params.row_share)
}

/// Returns the features of a tree, ascending.
fn sample_features(features: usize, params: &Params, tree: u16) -> Vec<usize> {
    let mut all: Vec<usize> = (0..features).collect();
    if params.column_share < 1.0 {
        let key = |f: &usize| unit_hash(!params.seed, u64::from(tree), *f as u64);
        all.sort_by(|a, b| key(a).total_cmp(&key(b)));
        all.truncate(part_of(features, params.column_share).max(1));
        all.sort_unstable();
    }
    all
}
