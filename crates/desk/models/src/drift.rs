//! Drift: how far a day's values are from those of training, by the population stability index (PSI).
//!
//! PSI of few rows is large by chance: with no drift, `PSI / (1/n + 1/N)` is about chi-square with one degree less than there are bins (Yurdakul 2018). A
//! verdict needs both: the level that practice uses, and a value that chance reaches less than once in three million.

use crate::ModelError;
use crate::numeric::{count, part_of};
use serde::{Deserialize, Serialize};

/// PSI from which a shift is noted.
pub const NOTE: f64 = 0.1;

/// PSI from which a shift is an alert.
pub const ALERT: f64 = 0.25;

/// Bins of known values in a reference.
const BINS: usize = 10;

/// How a feature was distributed when a model was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Upper bounds of the bins, ascending; the last bin has none.
    bounds: Vec<f64>,
    /// Rows of each bin, then of missing values.
    rows: Vec<u64>,
    /// Fifth percentile, median and 95th percentile of the known values, if there are any.
    pub usual: Option<Usual>,
}

/// What values of a feature are usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// Fifth percentile.
    pub p5: f64,
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub p95: f64,
}

impl Reference {
    /// Returns the distribution of values; NaN is missing.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut known: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        known.sort_by(f64::total_cmp);
        let at = |share: f64| known.get(part_of(known.len().saturating_sub(1), share)).copied();
        let usual = match (at(0.05), at(0.5), at(0.95)) {
            (Some(p5), Some(median), Some(p95)) => Some(Usual { p5, median, p95 }),
            _ => None,
        };
        let mut bounds: Vec<f64> = (1..BINS)
            .filter_map(|i| at(count(i) / count(BINS)))
            .filter(|b| known.last().is_some_and(|l| b < l))
            .collect();
        bounds.dedup();
        let mut reference = Reference { bounds, rows: Vec::new(), usual };
        reference.rows = reference.count(values);
        reference
    }

    fn count(&self, values: &[f64]) -> Vec<u64> {
        let mut rows = vec![0; self.bounds.len() + 2];
        for value in values {
            let bin = if value.is_nan() { rows.len() - 1 } else { self.bounds.partition_point(|b| *b < *value) };
            rows[bin] += 1;
        }
        rows
    }

    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let usual = |u: &Usual| u.p5.is_finite() && u.p5 <= u.median && u.median <= u.p95 && u.p95.is_finite();
        let holds = self.bounds.len() < BINS
            && self.rows.len() == self.bounds.len() + 2
            && self.bounds.iter().all(|b| b.is_finite())
            && self.bounds.windows(2).all(|b| b[0] < b[1])
            && self.usual.as_ref().is_none_or(usual);
        if holds { Ok(()) } else { Err(ModelError::File("reference: bounds and rows do not agree".to_owned())) }
    }

    /// Compares values with the reference.
    #[must_use]
    pub fn drift(&self, values: &[f64]) -> Drift {
        let now = self.count(values);
        let (before, after): (u64, u64) = (self.rows.iter().sum(), now.iter().sum());
        let missing =
            |rows: &[u64], of: u64| if of == 0 { 0.0 } else { float(rows.last().copied().unwrap_or(0)) / float(of) };
        let mut drift = Drift {
            rows: after,
            psi: 0.0,
            chance: f64::INFINITY,
            missing_before: missing(&self.rows, before),
            missing: missing(&now, after),
            verdict: Verdict::TooFew,
        };
        if before == 0 || after == 0 {
            return drift;
        }
        let mut used = 0;
        for (old, new) in self.rows.iter().zip(&now) {
            if *old == 0 && *new == 0 {
                continue;
            }
            used += 1;
            // Half a row in an empty bin: its share is not zero, only small.
            let share = |rows: u64, of: u64| float(rows).max(0.5) / float(of);
            let (p, q) = (share(*old, before), share(*new, after));
            drift.psi += (q - p) * libm::log(q / p);
        }
        drift.chance = by_chance(used) * (1.0 / float(before) + 1.0 / float(after));
        drift.verdict = match drift.psi {
            psi if psi > drift.chance && psi >= ALERT => Verdict::Alert,
            psi if psi > drift.chance && psi >= NOTE => Verdict::Note,
            _ if drift.chance > ALERT => Verdict::TooFew,
            _ => Verdict::Quiet,
        };
        drift
    }
}

fn float(n: u64) -> f64 {
    n as f64
}

/// Returns what a chi-square variable of `bins - 1` degrees exceeds with a chance below 3e-7 (Wilson and Hilferty 1931).
fn by_chance(bins: usize) -> f64 {
    let k = count(bins.saturating_sub(1).max(1));
    let part = 2.0 / (9.0 * k);
    let root = 1.0 - part + 5.0 * part.sqrt();
    k * root * root * root
}

/// How far values are from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Values compared.
    pub rows: u64,
    /// Population stability index.
    pub psi: f64,
    /// What chance alone reaches less than once in three million.
    pub chance: f64,
    /// Share of missing values in the reference.
    pub missing_before: f64,
    /// Share of missing values now.
    pub missing: f64,
    /// What it means.
    pub verdict: Verdict,
}

/// What a drift means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No shift.
    Quiet,
    /// Too few values to see a shift of [`ALERT`]. Not the same as quiet.
    TooFew,
    /// PSI of [`NOTE`] or more.
    Note,
    /// PSI of [`ALERT`] or more.
    Alert,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Random;

    /// Normal values by the sum of twelve uniform ones.
    fn normal(n: usize, mean: f64, random: &mut Random) -> Vec<f64> {
        let mut unit = || (random.next() >> 11) as f64 / 9_007_199_254_740_992.0;
        (0..n).map(|_| (0..12).map(|_| unit()).sum::<f64>() - 6.0 + mean).collect()
    }

    #[test]
    fn a_shift_of_one_deviation_is_told_within_a_day_and_thirty_quiet_days_tell_nothing() {
        let mut random = Random::new(11);
        for per_day in [300, 1_000, 20_000] {
            let references: Vec<Reference> = (0..60).map(|_| Reference::of(&normal(5_000, 0.0, &mut random))).collect();
            for _ in 0..30 {
                for reference in &references {
                    let drift = reference.drift(&normal(per_day.min(1_000), 0.0, &mut random));
                    assert!(drift.verdict <= Verdict::TooFew, "{drift:?}");
                }
            }
            let drift = references[0].drift(&normal(per_day, 1.0, &mut random));
            assert_eq!(drift.verdict, Verdict::Alert, "{drift:?}");
        }
    }

    #[test]
    fn few_rows_are_called_too_few_and_missing_values_count() {
        let mut random = Random::new(5);
        let reference = Reference::of(&normal(5_000, 0.0, &mut random));
        assert_eq!(reference.drift(&normal(20, 0.0, &mut random)).verdict, Verdict::TooFew);
        assert_eq!(reference.drift(&[]).verdict, Verdict::TooFew);
        let mut values = normal(1_000, 0.0, &mut random);
        values.iter_mut().step_by(2).for_each(|v| *v = f64::NAN);
        let drift = reference.drift(&values);
        assert_eq!(drift.verdict, Verdict::Alert);
        assert!((drift.missing - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_constant_feature_and_one_without_values_have_references() {
        for values in [vec![3.0; 50], vec![f64::NAN; 50], vec![]] {
            let reference = Reference::of(&values);
            reference.check().unwrap();
            assert_ne!(reference.drift(&values).verdict, Verdict::Alert);
        }
    }
}
