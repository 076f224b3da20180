//! Rows that nobody reviewed, and base rates that move.
//!
//! Unlabelled is not negative. A random audit sample of quiet events measures what the rules miss; where positives are labelled at random, Elkan and Noto
//! (2008) estimate how many unlabelled rows are positive. A changed base rate is estimated from calibrated probabilities without labels (Saerens, Latinne,
//! Decaestecker 2002).

use crate::metrics::{Interval, wilson};
use crate::numeric::{Random, count, part_of, unit_hash};
use serde::{Deserialize, Serialize};

/// Share of quiet events that go to the audit queue.
pub const AUDIT_SHARE: f64 = 0.005;

/// Fewest rows for an estimate by [`base_rate`] or [`prior`].
pub const LEAST_ROWS: usize = 50;

/// Whether a quiet event goes to the audit queue: the same answer for the same event for ever, known to nobody without the seed.
#[must_use]
pub fn is_audited(seed: u64, event: u64, share: f64) -> bool {
    unit_hash(seed, event, 0xA0D1) < share
}

/// Returns the share of quiet events that are positive, by a reviewed random sample, with Wilson's interval.
#[must_use]
pub fn audited_rate(positives: u64, reviewed: u64) -> Interval {
    let float = |n: u64| n as f64;
    wilson(float(positives), float(reviewed))
}

/// What unlabelled rows are, by Elkan and Noto.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Chance that a positive is labelled: the mean probability of labelled positives that were held out.
    pub labelled: Interval,
    /// Share of positives among the unlabelled rows.
    pub among_unlabelled: Interval,
}

/// Estimates how many unlabelled rows are positive. Both arguments are calibrated probabilities of being *labelled* positive, on held-out rows, by a model
/// that was trained on labelled positives against unlabelled rows. Holds only if positives are labelled at random, which alerts by rules are not: compare
/// with [`audited_rate`]. Nothing below [`LEAST_ROWS`] rows each.
#[must_use]
pub fn prior(of_positives: &[f64], of_unlabelled: &[f64], samples: usize, seed: u64) -> Option<Prior> {
    if of_positives.len() < LEAST_ROWS || of_unlabelled.len() < LEAST_ROWS {
        return None;
    }
    // Probability that an unlabelled row is positive: (1-c)/c * p/(1-p), with c the chance that a positive is labelled (their equation 4).
    let odds: Vec<f64> = of_unlabelled.iter().map(|p| (p / (1.0 - p.min(1.0 - 1e-9))).max(0.0)).collect();
    let rate = |c: f64, odds: f64| ((1.0 - c) / c * odds).clamp(0.0, 1.0);
    let mean = |of: &[f64], pick: &mut dyn FnMut(usize) -> usize| {
        (0..of.len()).map(|i| of[pick(i)]).sum::<f64>() / count(of.len())
    };
    let estimate = |pick: &mut dyn FnMut(usize, usize) -> usize| {
        let c = mean(of_positives, &mut |i| pick(i, of_positives.len())).clamp(1e-6, 1.0);
        let sum: f64 = (0..odds.len()).map(|i| rate(c, odds[pick(i, odds.len())])).sum();
        (c, sum / count(odds.len()))
    };
    let (c, share) = estimate(&mut |i, _| i);
    let mut random = Random::new(seed);
    let (mut cs, mut shares): (Vec<f64>, Vec<f64>) =
        (0..samples.max(1)).map(|_| estimate(&mut |_, n| random.below(n))).unzip();
    Some(Prior { labelled: interval(c, &mut cs), among_unlabelled: interval(share, &mut shares) })
}

fn interval(value: f64, drawn: &mut [f64]) -> Interval {
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn[part_of(drawn.len() - 1, share)];
    Interval { value, low: at(0.025).min(value), high: at(0.975).max(value) }
}

/// Returns a probability at another base rate.
#[must_use]
pub fn at_base_rate(probability: f64, from: f64, to: f64) -> f64 {
    let (from, to) = (from.clamp(1e-9, 1.0 - 1e-9), to.clamp(1e-9, 1.0 - 1e-9));
    let (p, q) = (probability * to / from, (1.0 - probability) * (1.0 - to) / (1.0 - from));
    if p + q > 0.0 { p / (p + q) } else { 0.0 }
}

/// Estimates the base rate of rows from their probabilities, which were calibrated at the base rate `from`. It assumes that positives and negatives look as
/// they did and only their shares changed. Nothing below [`LEAST_ROWS`] rows.
#[must_use]
pub fn base_rate(probabilities: &[f64], from: f64, samples: usize, seed: u64) -> Option<Interval> {
    if probabilities.len() < LEAST_ROWS || !(from > 0.0 && from < 1.0) {
        return None;
    }
    let estimate = |rows: &[f64]| {
        let mut rate = from;
        for _ in 0..1_000 {
            let next = rows.iter().map(|p| at_base_rate(*p, from, rate)).sum::<f64>() / count(rows.len());
            let moved = (next - rate).abs();
            rate = next;
            if moved < 1e-7 {
                break;
            }
        }
        rate
    };
    let mut random = Random::new(seed);
    let mut drawn: Vec<f64> = (0..samples.max(1))
        .map(|_| {
            let rows: Vec<f64> =
                (0..probabilities.len()).map(|_| probabilities[random.below(probabilities.len())]).collect();
            estimate(&rows)
        })
        .collect();
    Some(interval(estimate(probabilities), &mut drawn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::sigmoid;

    /// Rows with a score of 1.5 deviations between the classes, and their true probability at a base rate.
    fn drawn(n: usize, rate: f64, calibrated_at: f64, random: &mut Random) -> Vec<(f64, bool)> {
        let mut unit = || (random.next() >> 11) as f64 / 9_007_199_254_740_992.0;
        let mut rows = Vec::new();
        for _ in 0..n {
            let positive = unit() < rate;
            let x = (0..12).map(|_| unit()).sum::<f64>() - 6.0 + if positive { 1.5 } else { 0.0 };
            rows.push((sigmoid(1.5 * x - 1.125 + libm::log(calibrated_at / (1.0 - calibrated_at))), positive));
        }
        rows
    }

    #[test]
    fn a_changed_base_rate_is_found_without_labels() {
        let mut random = Random::new(3);
        for truth in [0.02, 0.2, 0.45] {
            let rows: Vec<f64> = drawn(4_000, truth, 0.2, &mut random).iter().map(|r| r.0).collect();
            let found = base_rate(&rows, 0.2, 40, 1).unwrap();
            assert!((found.value - truth).abs() < 0.03, "{found:?} for {truth}");
            let told = found.low > 0.2 || found.high < 0.2;
            assert_eq!(told, (truth - 0.2).abs() > 0.1, "{found:?} for {truth}");
        }
        assert_eq!(base_rate(&[0.3; 10], 0.2, 10, 1), None);
    }

    #[test]
    fn positives_among_unlabelled_rows_are_estimated_and_an_audit_bounds_them() {
        // 30% positives, 40% of them labelled: 0.18 / 0.88 of the unlabelled rows are positive.
        let mut random = Random::new(9);
        let (mut positives, mut unlabelled) = (Vec::new(), Vec::new());
        for (n, (p, positive)) in drawn(20_000, 0.3, 0.3, &mut random).into_iter().enumerate() {
            // The probability of being labelled is 0.4 times that of being positive.
            if positive && n % 5 < 2 { positives.push(0.4 * p) } else { unlabelled.push(0.4 * p) }
        }
        let found = prior(&positives, &unlabelled, 50, 1).unwrap();
        // The mean of labelled positives is below 0.4 because the classes overlap; the estimate is therefore high, never silent.
        assert!(found.labelled.value > 0.2 && found.labelled.value < 0.4, "{found:?}");
        assert!(found.among_unlabelled.value > 0.15 && found.among_unlabelled.value < 0.75, "{found:?}");
        let audit = audited_rate(4, 200);
        assert!(audit.low < 0.02 && audit.high > 0.02);
        let share = (0..100_000).filter(|e| is_audited(5, *e, AUDIT_SHARE)).count();
        assert!((400..600).contains(&share), "{share}");
    }

    #[test]
    fn a_probability_at_its_own_base_rate_stays() {
        for p in [0.0, 0.2, 0.9, 1.0] {
            assert!((at_base_rate(p, 0.3, 0.3) - p).abs() < 1e-12);
            assert!(at_base_rate(p, 0.3, 0.01) <= p);
        }
    }
}
