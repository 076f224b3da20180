//! Bins: a column's values as numbers below 256, for histograms.
//!
//! Frequent values have bins of their own; the rest share what is left about evenly. Plain quantiles lose precision where a feature is mostly one
//! value (`docs/models.md`).

use crate::numeric::{Random, count};
use rayon::prelude::*;

/// Most bins of values; one more number is left for missing values.
pub(crate) const MAX_BINS: usize = 255;

/// Rows that bounds of bins are chosen from.
const SAMPLE: usize = 200_000;

/// Fewest sampled rows of a bin where a feature has fewer values than bins.
const LEAST_IN_BIN: usize = 3;

/// A column in bins.
#[derive(Debug, Clone)]
pub(crate) struct BinnedColumn {
    /// Upper bounds, ascending: a value belongs to the first bin whose bound is not below it; the last bin has no bound.
    pub(crate) bounds: Vec<f64>,
    /// The bin of each row.
    pub(crate) bins: Vec<u8>,
}

impl BinnedColumn {
    /// Returns the number of bins of values; it is also the bin of missing values.
    pub(crate) fn values(&self) -> usize {
        self.bounds.len() + 1
    }
}

/// Returns columns in at most `most` bins each. The seed decides which rows are sampled.
pub(crate) fn bin_columns(columns: &[Vec<f64>], most: usize, seed: u64) -> Vec<BinnedColumn> {
    let rows = columns.first().map_or(0, Vec::len);
    let sample = sample(rows, seed);
    columns
        .par_iter()
        .map(|column| {
            let mut values: Vec<f64> = match &sample {
                Some(rows) => rows.iter().map(|r| column[*r]).filter(|v| !v.is_nan()).collect(),
                None => column.iter().copied().filter(|v| !v.is_nan()).collect(),
            };
            values.sort_unstable_by(f64::total_cmp);
            let bounds = bounds(&values, most.clamp(2, MAX_BINS));
            let bins = column.iter().map(|v| bin_of(&bounds, *v)).collect();
            BinnedColumn { bounds, bins }
        })
        .collect()
}

/// Returns the bin of a value.
fn bin_of(bounds: &[f64], value: f64) -> u8 {
    let bin = if value.is_nan() { bounds.len() + 1 } else { bounds.partition_point(|b| *b < value) };
    u8::try_from(bin).unwrap_or(u8::MAX)
}

/// Returns sampled row numbers, or nothing if all rows are used.
fn sample(rows: usize, seed: u64) -> Option<Vec<usize>> {
    if rows <= SAMPLE {
        return None;
    }
    let mut random = Random::new(seed);
    Some((0..SAMPLE).map(|_| random.below(rows)).collect())
}

/// Returns the upper bounds of bins for sorted values.
fn bounds(sorted: &[f64], most: usize) -> Vec<f64> {
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for value in sorted {
        match distinct.last_mut() {
            Some((last, n)) if *last == *value => *n += 1,
            _ => distinct.push((*value, 1)),
        }
    }
    if distinct.len() <= most { few(&distinct) } else { many(&distinct, sorted.len(), most) }
}

/// A bound after each value that has enough rows with those before it, and on both sides of zero.
fn few(distinct: &[(f64, usize)]) -> Vec<f64> {
    let mut bounds = Vec::new();
    let mut rows = 0;
    for pair in distinct.windows(2) {
        rows += pair[0].1;
        if rows >= LEAST_IN_BIN || pair[0].0 == 0.0 || pair[1].0 == 0.0 {
            bounds.push(between(pair[0].0, pair[1].0));
            rows = 0;
        }
    }
    bounds
}

/// Values that alone fill a bin, and zero, get one; the others share the rest of the bins.
fn many(distinct: &[(f64, usize)], total: usize, most: usize) -> Vec<f64> {
    let even = count(total) / count(most);
    let frequent = |(value, n): &(f64, usize)| *value == 0.0 || count(*n) >= even;
    let own: usize = distinct.iter().filter(|d| frequent(d)).count();
    let mut rest: usize = distinct.iter().filter(|d| !frequent(d)).map(|d| d.1).sum();
    let mut left = most.saturating_sub(own).max(1);
    let mut target = count(rest) / count(left);
    let (mut bounds, mut rows) = (Vec::new(), 0);
    for pair in distinct.windows(2) {
        let (this, next) = (frequent(&pair[0]), frequent(&pair[1]));
        rows += pair[0].1;
        if !this {
            rest -= pair[0].1;
        }
        if this || count(rows) >= target || (next && count(rows) >= target / 2.0) || pair[1].0 == 0.0 {
            bounds.push(between(pair[0].0, pair[1].0));
            if bounds.len() + 1 >= most {
                break;
            }
            rows = 0;
            if !this {
                left = left.saturating_sub(1).max(1);
                target = count(rest) / count(left);
            }
        }
    }
    bounds
}

/// Returns a bound that is not below `a` and below `b`, for `a` below `b`.
fn between(a: f64, b: f64) -> f64 {
    let middle = a / 2.0 + b / 2.0;
    if middle >= a && middle < b { middle } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frequent_value_has_a_bin_of_its_own_and_the_rest_keep_theirs() {
        // 99% zeros, 1,000 other values: quantiles would put nearly all of those into two bins.
        let mut values = vec![0.0; 99_000];
        values.extend((1..=1_000).map(f64::from));
        let bounds = bounds(&values, MAX_BINS);
        assert_eq!(bounds[0], 0.5);
        assert!(bounds.len() > 200, "{} bounds", bounds.len());
        let widest = (1..=1_000).map(|v| bin_of(&bounds, f64::from(v))).fold([0usize; 256], |mut n, b| {
            n[usize::from(b)] += 1;
            n
        });
        assert!(widest.iter().all(|n| *n <= 8), "{widest:?}");
    }

    proptest! {
        #[test]
        fn values_keep_their_order_and_missing_ones_their_bin(
            mut values in prop::collection::vec(prop_oneof![3 => -1e6..1e6f64, 1 => Just(0.0), 1 => Just(7.0), 1 => Just(f64::NAN)], 1..2_000),
            most in 2usize..300,
        ) {
            let column = bin_columns(&[values.clone()], most, 1).remove(0);
            prop_assert!(column.values() <= most.min(MAX_BINS));
            prop_assert!(column.bounds.windows(2).all(|b| b[0] < b[1]));
            for (value, bin) in values.iter().zip(&column.bins) {
                let bin = usize::from(*bin);
                if value.is_nan() {
                    prop_assert_eq!(bin, column.values());
                } else {
                    prop_assert!(bin == column.bounds.len() || *value <= column.bounds[bin]);
                    prop_assert!(bin == 0 || *value > column.bounds[bin - 1]);
                }
            }
            values.retain(|v| !v.is_nan());
            values.sort_unstable_by(f64::total_cmp);
            prop_assert!(values.windows(2).all(|v| bin_of(&column.bounds, v[0]) <= bin_of(&column.bounds, v[1])));
        }
    }
}
