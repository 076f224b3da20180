//! How good a ranking is, with intervals.

use crate::numeric::{Random, count};
use serde::{Deserialize, Serialize};

/// A value with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Returns average precision: the mean over positives of the precision at their score, equal scores taken together. 0 without positives.
#[must_use]
pub fn average_precision(scores: &[f64], positive: &[bool]) -> f64 {
    weighted_average_precision(&Ranking::new(scores, positive), |_| 1)
}

/// Returns the area under the ROC curve: how often a positive has a higher score than a negative, equal scores counted half. 0.5 if a class is missing.
#[must_use]
pub fn auc(scores: &[f64], positive: &[bool]) -> f64 {
    let ranking = Ranking::new(scores, positive);
    let (mut above, mut pairs, mut positives) = (0.0, 0.0, 0.0);
    for group in ranking.groups() {
        let hits = count(group.iter().filter(|i| positive[**i]).count());
        let others = count(group.len()) - hits;
        above += others * (positives + hits / 2.0);
        positives += hits;
        pairs += others;
    }
    if positives * pairs > 0.0 { above / (positives * pairs) } else { 0.5 }
}

/// Rows in descending order of their scores.
struct Ranking<'a> {
    scores: &'a [f64],
    positive: &'a [bool],
    order: Vec<usize>,
}

impl<'a> Ranking<'a> {
    fn new(scores: &'a [f64], positive: &'a [bool]) -> Self {
        let mut order: Vec<usize> = (0..scores.len().min(positive.len())).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        Ranking { scores, positive, order }
    }

    /// Runs of equal scores, best first.
    fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.order.chunk_by(|a, b| self.scores[*a] == self.scores[*b])
    }
}

fn weighted_average_precision(ranking: &Ranking<'_>, weight: impl Fn(usize) -> u32) -> f64 {
    let (mut hits, mut all, mut sum) = (0.0, 0.0, 0.0);
    for group in ranking.groups() {
        let before = hits;
        for row in group {
            let weight = f64::from(weight(*row));
            all += weight;
            if ranking.positive[*row] {
                hits += weight;
            }
        }
        if all > 0.0 {
            sum += (hits - before) * (hits / all);
        }
    }
    if hits > 0.0 { sum / hits } else { 0.0 }
}

/// How often each row is drawn, for each of several bootstrap samples (Efron 1979).
fn resamples(rows: usize, samples: usize, seed: u64) -> impl Iterator<Item = Vec<u32>> {
    let mut random = Random::new(seed);
    (0..samples).map(move |_| {
        let mut drawn = vec![0u32; rows];
        for _ in 0..rows {
            drawn[random.below(rows)] += 1;
        }
        drawn
    })
}

/// Returns average precision with its bootstrap interval.
#[must_use]
pub fn average_precision_interval(scores: &[f64], positive: &[bool], samples: usize, seed: u64) -> Interval {
    let ranking = Ranking::new(scores, positive);
    let value = weighted_average_precision(&ranking, |_| 1);
    let drawn = resamples(ranking.order.len(), samples, seed)
        .map(|drawn| weighted_average_precision(&ranking, |row| drawn[row]))
        .collect();
    middle_of(value, drawn)
}

/// Returns by how much the average precision of `a` exceeds that of `b`, with the paired bootstrap interval: both are drawn on the same rows.
#[must_use]
pub fn average_precision_difference(a: &[f64], b: &[f64], positive: &[bool], samples: usize, seed: u64) -> Interval {
    let (a, b) = (Ranking::new(a, positive), Ranking::new(b, positive));
    let difference =
        |weight: &dyn Fn(usize) -> u32| weighted_average_precision(&a, weight) - weighted_average_precision(&b, weight);
    let rows = a.order.len().min(b.order.len());
    let drawn = resamples(rows, samples, seed).map(|drawn| difference(&|row| drawn[row])).collect();
    middle_of(difference(&|_| 1), drawn)
}

fn middle_of(value: f64, mut drawn: Vec<f64>) -> Interval {
    if drawn.is_empty() {
        return Interval { value, low: value, high: value };
    }
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn[crate::numeric::part_of(drawn.len() - 1, share)];
    Interval { value, low: at(0.025), high: at(0.975) }
}

/// Returns Wilson's score interval of a share at 95% (Wilson 1927); 0 to 1 without trials.
#[must_use]
pub fn wilson(hits: f64, trials: f64) -> Interval {
    const Z: f64 = 1.959_963_984_540_054;
    if trials <= 0.0 {
        return Interval { value: 0.0, low: 0.0, high: 1.0 };
    }
    let p = hits / trials;
    let middle = p + Z * Z / (2.0 * trials);
    let width = Z * (p * (1.0 - p) / trials + Z * Z / (4.0 * trials * trials)).sqrt();
    let whole = 1.0 + Z * Z / trials;
    Interval { value: p, low: ((middle - width) / whole).max(0.0), high: ((middle + width) / whole).min(1.0) }
}

/// What reviewing the highest scores would find.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtBudget {
    /// Rows reviewed.
    pub reviewed: u64,
    /// Positives among them, with Wilson's interval. Where the budget ends among equal scores, those count by their share of positives.
    pub precision: Interval,
    /// Share of all positives that they are.
    pub recall: f64,
}

/// Returns what reviewing the `budget` highest scores finds.
#[must_use]
pub fn at_budget(scores: &[f64], positive: &[bool], budget: usize) -> AtBudget {
    let ranking = Ranking::new(scores, positive);
    let budget = budget.min(ranking.order.len());
    let (mut reviewed, mut hits) = (0usize, 0.0);
    for group in ranking.groups() {
        if reviewed >= budget {
            break;
        }
        let used = group.len().min(budget - reviewed);
        let found = count(group.iter().filter(|i| positive[**i]).count());
        hits += found * count(used) / count(group.len());
        reviewed += used;
    }
    let positives = count(positive.iter().filter(|p| **p).count());
    let recall = if positives > 0.0 { hits / positives } else { 0.0 };
    AtBudget { reviewed: reviewed as u64, precision: wilson(hits, count(reviewed)), recall }
}

/// Returns the F1 score of a threshold: rows at or above it are called positive.
#[must_use]
pub fn f1(scores: &[f64], positive: &[bool], threshold: f64) -> f64 {
    let (mut hits, mut called, mut positives) = (0.0, 0.0, 0.0);
    for (score, positive) in scores.iter().zip(positive) {
        let is_called = *score >= threshold;
        called += f64::from(u8::from(is_called));
        positives += f64::from(u8::from(*positive));
        hits += f64::from(u8::from(is_called && *positive));
    }
    if called + positives > 0.0 { 2.0 * hits / (called + positives) } else { 0.0 }
}

/// Returns the threshold with the best F1 score, or nothing without positives.
#[must_use]
pub fn best_threshold(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let ranking = Ranking::new(scores, positive);
    let positives = count(ranking.order.iter().filter(|i| positive[**i]).count());
    let (mut hits, mut called, mut best) = (0.0, 0.0, (0.0, None));
    for group in ranking.groups() {
        called += count(group.len());
        hits += count(group.iter().filter(|i| positive[**i]).count());
        let f1 = 2.0 * hits / (called + positives);
        if f1 > best.0 {
            best = (f1, group.first().map(|i| scores[*i]));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_figures_are_those_of_scikit_learn() {
        // sklearn 1.x: average_precision_score, roc_auc_score of these.
        let scores = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2];
        let positive = [false, false, true, true, false, true];
        assert!((average_precision(&scores, &positive) - 0.533_333_333_333_333_3).abs() < 1e-12);
        assert!((auc(&scores, &positive) - 0.5).abs() < 1e-12);
        let interval = wilson(46.0, 100.0);
        assert!((interval.low - 0.365_6).abs() < 1e-3 && (interval.high - 0.557_4).abs() < 1e-3, "{interval:?}");
    }

    #[test]
    fn a_budget_that_ends_among_equal_scores_takes_their_share() {
        let at = at_budget(&[0.9, 0.5, 0.5, 0.5, 0.5, 0.1], &[true, true, false, false, false, true], 3);
        assert_eq!(at.reviewed, 3);
        assert!((at.precision.value - 1.5 / 3.0).abs() < 1e-12, "{at:?}");
        assert!((at.recall - 0.5).abs() < 1e-12);
        assert_eq!(at_budget(&[], &[], 10).precision.high, 1.0);
    }

    #[test]
    fn the_difference_of_a_ranking_with_itself_is_nothing_and_a_worse_one_is_below() {
        let positive: Vec<bool> = (0..400).map(|i| i % 4 == 0).collect();
        let good: Vec<f64> =
            (0..400).map(|i| f64::from((i * 37) % 100) + if i % 4 == 0 { 60.0 } else { 0.0 }).collect();
        let bad: Vec<f64> = (0..400).map(|i| f64::from((i * 37) % 100)).collect();
        assert_eq!(
            average_precision_difference(&good, &good, &positive, 100, 1),
            Interval { value: 0.0, low: 0.0, high: 0.0 }
        );
        let worse = average_precision_difference(&bad, &good, &positive, 200, 1);
        assert!(worse.high < 0.0 && worse.low <= worse.value && worse.value <= worse.high, "{worse:?}");
        let own = average_precision_interval(&good, &positive, 200, 1);
        assert!(own.low < own.value && own.value < own.high);
    }

    proptest! {
        #[test]
        fn an_order_kept_keeps_both_figures(rows in prop::collection::vec((0u32..50, any::<bool>()), 1..300)) {
            let (scores, positive): (Vec<f64>, Vec<bool>) = rows.iter().map(|(s, p)| (f64::from(*s), *p)).unzip();
            let other: Vec<f64> = scores.iter().map(|s| s.sqrt() * 3.0 - 8.0).collect();
            prop_assert!((average_precision(&scores, &positive) - average_precision(&other, &positive)).abs() < 1e-12);
            let (a, b) = (auc(&scores, &positive), auc(&other.iter().map(|s| -s).collect::<Vec<_>>(), &positive));
            prop_assert!((a + b - 1.0).abs() < 1e-12);
            let threshold = best_threshold(&scores, &positive);
            prop_assert_eq!(threshold.is_some(), positive.contains(&true));
            if let Some(best) = threshold {
                for other in &scores {
                    prop_assert!(f1(&scores, &positive, *other) <= f1(&scores, &positive, best) + 1e-12);
                }
            }
        }
    }
}
