//! A challenger beside the champion, on the events that both can be asked about.

use crate::labels::Labels;
use crate::stored::{MAX_EVENTS, Period, Which, newest, scored};
use crate::{Learning, TrainingError};
use holdfast_models::metrics::{
    AtBudget, Interval, at_budget, average_precision_difference, average_precision_interval,
};
use holdfast_models::{Label, ModelHash};
use holdfast_types::{Invalid, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// Fewest closed alerts on which one model is preferred to another.
pub const LEAST_LABELS: usize = 200;
/// Bootstrap samples of an interval.
const SAMPLES: usize = 500;

/// Two models on the same events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Events that both score.
    pub events: usize,
    /// Whether there were more, which were not compared.
    pub is_cut: bool,
    /// Events with a label: somebody reviewed them.
    pub labelled: usize,
    /// Positives among them.
    pub positives: usize,
    /// Share of events that are reviewed.
    pub budget: f64,
    /// The model in force.
    pub champion: Side,
    /// The model that may replace it.
    pub challenger: Side,
    /// By how much the challenger's average precision on labelled events exceeds the champion's, with the paired interval.
    pub difference: Interval,
    /// Of the events that either puts within the budget, the share that both do (Jaccard).
    pub agreement: f64,
    /// What it tells.
    pub evidence: Evidence,
}

/// A model in a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The model.
    pub model: ModelHash,
    /// Average precision on labelled events, with its interval.
    pub average_precision: Interval,
    /// What reviewing the budget's share of labelled events finds.
    pub at_budget: AtBudget,
}

/// What a comparison tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Fewer than [`LEAST_LABELS`] labels, or none of a class.
    TooFew,
    /// The challenger is not shown to be better.
    NotBetter,
    /// The challenger is better at the budget, and the interval of the difference lies above zero.
    Better,
}

impl Learning<'_> {
    /// Compares a challenger with a champion on stored rows of events of a time, from when the test part of either's training began: on what came before, a
    /// model would be praised for what it was trained on. `budget` is the share of events that are reviewed, above 0 to 1.
    ///
    /// # Errors
    /// [`TrainingError::Invalid`] for a budget out of bounds or models of different purposes; [`TrainingError::NotFound`]; [`TrainingError::Store`] when the
    /// database fails.
    pub fn compare(
        &self,
        champion: ModelHash,
        challenger: ModelHash,
        budget: f64,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Comparison, TrainingError> {
        if !(budget > 0.0 && budget <= 1.0) {
            return Err(Invalid::new("budget", format!("is {budget}; above 0 to 1")).into());
        }
        let (a, b) = (self.model(champion)?, self.model(challenger)?);
        let purpose = holdfast_learned::purpose_of(&a.content().purpose)?;
        if a.content().purpose != b.content().purpose {
            let text =
                format!("is for {}, the other for {purpose}; compare models of one purpose", b.content().purpose);
            return Err(Invalid::new("challenger", text).into());
        }
        let kinds = self.kinds(purpose.name())?;
        let seen = [&a, &b].into_iter().filter_map(|m| m.content().training.as_ref().map(|t| t.borders.1)).max();
        let period = Period { from: from.max(seen), until };
        let (rows, is_cut) = newest(self.screening, &kinds, period, Which::Scored, MAX_EVENTS)?;
        let labels = self.screening.read(Labels::of_desk)?;
        let mut known: Vec<(usize, bool)> = Vec::new();
        for (place, row) in rows.iter().enumerate().filter(|(_, r)| labels.may_know(r.seq, &r.event)) {
            match labels.of(purpose, &self.screening.event_numbered(row.seq)?.decision) {
                Label::Unlabelled => {}
                label => known.push((place, label == Label::Positive)),
            }
        }
        let (all_a, all_b) = (scored(&a, &rows)?.1, scored(&b, &rows)?.1);
        let pick = |scores: &[f64]| known.iter().map(|(place, _)| scores[*place]).collect::<Vec<f64>>();
        let (a_scores, b_scores) = (pick(&all_a), pick(&all_b));
        let positive: Vec<bool> = known.iter().map(|k| k.1).collect();
        let side = |model, scores: &[f64]| Side {
            model,
            average_precision: average_precision_interval(scores, &positive, SAMPLES, 1),
            at_budget: at_budget(scores, &positive, share_of(positive.len(), budget)),
        };
        let (champion, challenger) = (side(champion, &a_scores), side(challenger, &b_scores));
        let difference = average_precision_difference(&b_scores, &a_scores, &positive, SAMPLES, 1);
        let positives = positive.iter().filter(|p| **p).count();
        let evidence = if known.len() < LEAST_LABELS || positives == 0 || positives == known.len() {
            Evidence::TooFew
        } else if difference.low > 0.0 && challenger.at_budget.precision.value >= champion.at_budget.precision.value {
            Evidence::Better
        } else {
            Evidence::NotBetter
        };
        Ok(Comparison {
            events: rows.len(),
            is_cut,
            labelled: known.len(),
            positives,
            budget,
            champion,
            challenger,
            difference,
            agreement: agreement(&all_a, &all_b, share_of(rows.len(), budget)),
            evidence,
        })
    }
}

/// Returns a share of `n`, at least one of some.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within 0 to n.
pub(crate) fn share_of(n: usize, share: f64) -> usize {
    ((n as f64 * share).ceil() as usize).clamp(usize::from(n > 0), n.max(1)).min(n)
}

/// Jaccard similarity of the `most` highest of two lists of scores; 1 where there are none.
fn agreement(a: &[f64], b: &[f64], most: usize) -> f64 {
    let top = |scores: &[f64]| -> BTreeSet<usize> {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|x, y| scores[*y].total_cmp(&scores[*x]).then(x.cmp(y)));
        order.into_iter().take(most).collect()
    };
    let (a, b) = (top(a), top(b));
    let either = a.union(&b).count();
    if either == 0 { 1.0 } else { a.intersection(&b).count() as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_of_the_highest() {
        assert!((agreement(&[1.0, 2.0, 3.0, 4.0], &[4.0, 1.0, 2.0, 3.0], 2) - 1.0 / 3.0).abs() < 1e-12);
        assert!((agreement(&[], &[], 3) - 1.0).abs() < 1e-12);
        assert_eq!((share_of(0, 0.1), share_of(3, 0.01), share_of(200, 0.05), share_of(7, 1.0)), (0, 1, 10, 7));
    }
}
