//! Scores as probabilities, fitted on validation: isotonic (Zadrozny and Elkan 2002) where there are enough rows of each class, else Platt's sigmoid (1999).

use crate::ModelError;
use crate::numeric::{count, sigmoid};
use serde::{Deserialize, Serialize};

/// Fewest rows of each class for an isotonic fit.
const ISOTONIC_ROWS: usize = 200;

/// Most points of an isotonic fit.
const MAX_POINTS: usize = 4_096;

/// Log odds beyond which a probability would round to 0 or 1.
const MOST_LOG_ODDS: f64 = 36.0;

/// How scores become probabilities. Never falls with the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// The logistic function of the score itself: nothing was fitted.
    None,
    /// The logistic function of `slope * score + offset`.
    Platt {
        /// Above zero.
        slope: f64,
        /// Log odds.
        offset: f64,
    },
    /// Points of score and probability, ascending; between them straight lines, outside them the last value.
    Isotonic(Vec<(f64, f64)>),
}

impl Calibration {
    /// Fits scores to labels. Without both classes nothing is fitted.
    #[must_use]
    pub fn fit(scores: &[f64], positive: &[bool]) -> Self {
        let positives = positive.iter().filter(|p| **p).count();
        match positives.min(positive.len() - positives) {
            0 => Calibration::None,
            least if least >= ISOTONIC_ROWS => isotonic(scores, positive),
            _ => platt(scores, positive),
        }
    }

    /// Returns the probability of a score.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        match self {
            Calibration::None => logistic(score),
            Calibration::Platt { slope, offset } => logistic(slope * score + offset),
            Calibration::Isotonic(points) => {
                let after = points.partition_point(|p| p.0 <= score);
                match (after.checked_sub(1).and_then(|i| points.get(i)), points.get(after)) {
                    (Some((x, p)), Some((y, q))) => p + (q - p) * ((score - x) / (y - x)).clamp(0.0, 1.0),
                    (Some((_, p)), None) | (None, Some((_, p))) => *p,
                    (None, None) => logistic(score),
                }
            }
        }
    }

    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let holds = match self {
            Calibration::None => true,
            Calibration::Platt { slope, offset } => slope.is_finite() && offset.is_finite() && *slope > 0.0,
            Calibration::Isotonic(points) => {
                !points.is_empty()
                    && points.len() <= MAX_POINTS
                    && points.iter().all(|(x, p)| x.is_finite() && (0.0..=1.0).contains(p))
                    && points.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1)
            }
        };
        if holds { Ok(()) } else { Err(ModelError::File("calibration: it must be finite and never fall".to_owned())) }
    }
}

/// The logistic function, kept from 0 and 1: no score makes anything certain.
fn logistic(log_odds: f64) -> f64 {
    sigmoid(log_odds.clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS))
}

/// A run of scores that share a probability.
struct Block {
    sum: f64,
    rows: f64,
    scores: f64,
}

/// Pools adjacent violators. A block counts one further row at the overall rate, so that no probability is 0 or 1.
fn isotonic(scores: &[f64], positive: &[bool]) -> Calibration {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rate = count(positive.iter().filter(|p| **p).count()) / count(positive.len());
    let mut blocks: Vec<Block> = Vec::new();
    for group in rows.chunk_by(|a, b| a.0 == b.0) {
        let hits = count(group.iter().filter(|r| r.1).count());
        blocks.push(Block { sum: hits, rows: count(group.len()), scores: group[0].0 * count(group.len()) });
        while let [.., before, last] = &mut blocks[..] {
            if before.sum * last.rows < last.sum * before.rows {
                break;
            }
            before.sum += last.sum;
            before.rows += last.rows;
            before.scores += last.scores;
            blocks.pop();
        }
    }
    let mut points: Vec<(f64, f64)> = Vec::new();
    let step = blocks.len().div_ceil(MAX_POINTS).max(1);
    for block in blocks.iter().step_by(step) {
        let (x, p) = (block.scores / block.rows, (block.sum + rate) / (block.rows + 1.0));
        let floor = points.last().map_or(0.0, |l| l.1);
        if points.last().is_none_or(|l| l.0 < x) {
            points.push((x, p.max(floor)));
        }
    }
    Calibration::Isotonic(points)
}

/// Fits slope and offset by Newton's method with Platt's smoothed targets (Lin, Lin, Weng 2007, without line search: steps are halved).
fn platt(scores: &[f64], positive: &[bool]) -> Calibration {
    let hits = count(positive.iter().filter(|p| **p).count());
    let others = count(positive.len()) - hits;
    let (high, low) = ((hits + 1.0) / (hits + 2.0), 1.0 / (others + 2.0));
    let target = |p: bool| if p { high } else { low };
    let loss = |a: f64, b: f64| -> f64 {
        scores
            .iter()
            .zip(positive)
            .map(|(s, p)| {
                let x = a * s + b;
                let t = target(*p);
                t * crate::numeric::log_loss(x, true) + (1.0 - t) * crate::numeric::log_loss(x, false)
            })
            .sum()
    };
    let (mut a, mut b) = (1.0, 0.0);
    for _ in 0..100 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (s, p) in scores.iter().zip(positive) {
            let q = sigmoid(a * s + b);
            let (d, w) = (q - target(*p), q * (1.0 - q));
            ga += d * s;
            gb += d;
            haa += w * s * s;
            hab += w * s;
            hbb += w;
        }
        let det = haa * hbb - hab * hab;
        if det <= 0.0 {
            break;
        }
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        let before = loss(a, b);
        // Where the loss is nearly straight, Newton's step is too long by many orders of magnitude: halved until it helps, or not taken.
        let helps = |step: f64| loss(a - step * da, b - step * db) <= before;
        let Some(step) = (0..=50).map(|halvings| 0.5f64.powi(halvings)).find(|step| helps(*step)) else { break };
        a -= step * da;
        b -= step * db;
        if (step * da).abs() + (step * db).abs() < 1e-10 {
            break;
        }
    }
    if a > 1e-6 {
        return Calibration::Platt { slope: a, offset: b };
    }
    // A ranking that is worse than chance has no honest probability by score: all rows get the overall rate, nearly.
    Calibration::Platt { slope: 1e-6, offset: ((hits + 1.0) / (others + 1.0)).ln() }
}

/// How far probabilities are from what happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationError {
    /// Mean distance of probability and rate in ten groups of equal size.
    pub expected: f64,
    /// Mean squared distance (Brier 1950).
    pub brier: f64,
}

/// Returns how far probabilities are from labels.
#[must_use]
pub fn calibration_error(probabilities: &[f64], positive: &[bool]) -> CalibrationError {
    let mut rows: Vec<(f64, f64)> =
        probabilities.iter().zip(positive).map(|(p, y)| (*p, if *y { 1.0 } else { 0.0 })).collect();
    if rows.is_empty() {
        return CalibrationError { expected: 0.0, brier: 0.0 };
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = count(rows.len());
    let brier = rows.iter().map(|(p, y)| (p - y) * (p - y)).sum::<f64>() / n;
    let expected = rows
        .chunks(rows.len().div_ceil(10))
        .map(|group| group.iter().map(|(p, y)| p - y).sum::<f64>().abs())
        .sum::<f64>()
        / n;
    CalibrationError { expected, brier }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Random;
    use proptest::prelude::*;

    /// Rows whose true log odds are half the score and one less.
    fn drawn(n: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
        let mut random = Random::new(seed);
        let mut unit = move || (random.next() >> 11) as f64 / 9_007_199_254_740_992.0;
        (0..n)
            .map(|_| {
                let score = unit() * 12.0 - 6.0;
                (score, unit() < sigmoid(score / 2.0 - 1.0))
            })
            .unzip()
    }

    #[test]
    fn both_fits_find_the_rate_behind_scores() {
        for (n, isotonic) in [(300, false), (20_000, true)] {
            let (scores, positive) = drawn(n, 3);
            let fitted = Calibration::fit(&scores, &positive);
            assert_eq!(matches!(fitted, Calibration::Isotonic(_)), isotonic);
            fitted.check().unwrap();
            let (others, truth) = drawn(20_000, 4);
            let error = |c: &Calibration| {
                calibration_error(&others.iter().map(|s| c.probability(*s)).collect::<Vec<_>>(), &truth)
            };
            let (before, after) = (error(&Calibration::None), error(&fitted));
            assert!(before.expected > 0.1, "{before:?}");
            assert!(after.expected < if isotonic { 0.02 } else { 0.05 }, "{after:?}");
            assert!(after.brier < before.brier);
        }
    }

    #[test]
    fn a_ranking_that_is_worse_than_chance_gives_the_overall_rate() {
        let rate = Calibration::fit(&[6.0, -8.0], &[false, true]).probability(0.0);
        assert!((rate - 0.5).abs() < 1e-3, "{rate}");
        let rate = Calibration::fit(&[9.0, 8.0, 7.0, -8.0], &[false, false, false, true]).probability(7.5);
        assert!((rate - 1.0 / 3.0).abs() < 1e-3, "{rate}");
    }

    #[test]
    fn a_steep_fit_is_not_certain_far_from_its_rows() {
        let rows = [(0.0, false), (0.0, false), (0.0, false), (1.0, true), (1.0, true), (1.0, true)];
        let (scores, positive): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
        let fitted = Calibration::fit(&scores, &positive);
        for far in [-1e3, 1e3] {
            assert!(fitted.probability(far) > 0.0 && fitted.probability(far) < 1.0, "{fitted:?}");
        }
    }

    proptest! {
        #[test]
        fn probabilities_never_fall_and_are_never_certain(
            rows in prop::collection::vec((-9i32..9, any::<bool>()), 2..900),
            a in -20.0..20.0f64, b in -20.0..20.0f64,
        ) {
            let (scores, positive): (Vec<f64>, Vec<bool>) = rows.iter().map(|(s, p)| (f64::from(*s), *p)).unzip();
            let fitted = Calibration::fit(&scores, &positive);
            fitted.check().unwrap();
            let (p, q) = (fitted.probability(a.min(b)), fitted.probability(a.max(b)));
            prop_assert!(p <= q && p > 0.0 && q < 1.0, "{} {}", p, q);
        }
    }
}
