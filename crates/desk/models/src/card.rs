//! The model card: what a person must know before a model is used (Mitchell et al. 2019), as data. Pages and documents are made of it.

use crate::Label;
use crate::drift::Usual;
use crate::fit::Training;
use crate::metrics::{Interval, wilson};
use crate::model::{Addition, Model, ModelHash, Origin};
use crate::numeric::count;
use crate::schema::{FeatureKind, Monotone};
use serde::Serialize;
use std::collections::BTreeMap;

/// Base rates for which the card states the precision that would follow.
const BASE_RATES: [f64; 4] = [0.1, 0.01, 0.001, 0.0001];

/// Fewest rows of a group to be compared with others.
const LEAST_GROUP: u64 = 30;

/// A model card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelCard {
    /// The model's name, the SHA-256 of its file.
    pub model: ModelHash,
    /// What it is for.
    pub purpose: String,
    /// Where its trees come from.
    pub origin: Origin,
    /// Number of trees and how they are added up.
    pub trees: usize,
    /// How it adds them up.
    pub addition: Addition,
    /// Memory while it is served, bytes.
    pub served_bytes: usize,
    /// Its features, by family.
    pub families: BTreeMap<String, Vec<CardFeature>>,
    /// Protected fields that a policy admitted, with its reasons.
    pub protected: Vec<String>,
    /// What it was trained on and how good it was.
    pub training: Option<Training>,
    /// What share of alerts would be right at other base rates, at the threshold for the best F1 score.
    pub at_base_rates: Vec<AtBaseRate>,
    /// Rates of alerts by group of people.
    pub fairness: Vec<Fairness>,
    /// What the model cannot do, in sentences.
    pub limits: Vec<String>,
}

/// A feature on a card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CardFeature {
    /// Its name.
    pub name: String,
    /// What it is called in a sentence.
    pub label: String,
    /// What it measures.
    pub kind: FeatureKind,
    /// Which way the score may go with it.
    pub monotone: Monotone,
    /// What is usual.
    pub usual: Option<Usual>,
}

/// Precision at a base rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtBaseRate {
    /// Share of positives among all events.
    pub base_rate: f64,
    /// Share of positives among alerts.
    pub precision: f64,
}

/// Rates of alerts by a property of people that the model may not have seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fairness {
    /// The property, such as `country`.
    pub property: String,
    /// Its groups.
    pub groups: Vec<FairnessGroup>,
}

/// Rates of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FairnessGroup {
    /// The group.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Share with an alert.
    pub alerts: Interval,
    /// Share of its reviewed negatives with an alert.
    pub false_alerts: Interval,
    /// Whether its share without alert is below four fifths of the best group's (29 CFR 1607.4 D); missing below [`LEAST_GROUP`] rows.
    pub below_four_fifths: Option<bool>,
}

/// Returns the rates of alerts of each group of a property. The three lists have one entry a row.
#[must_use]
pub fn fairness(property: &str, groups: &[String], alerted: &[bool], labels: &[Label]) -> Fairness {
    #[derive(Default)]
    struct Counts {
        rows: u64,
        alerts: u64,
        negatives: u64,
        false_alerts: u64,
    }
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for ((group, alerted), label) in groups.iter().zip(alerted).zip(labels) {
        let of = counts.entry(group).or_default();
        of.rows += 1;
        of.alerts += u64::from(*alerted);
        of.negatives += u64::from(*label == Label::Negative);
        of.false_alerts += u64::from(*alerted && *label == Label::Negative);
    }
    let float = |n: u64| n as f64;
    let spared = |c: &Counts| 1.0 - float(c.alerts) / float(c.rows);
    let best = counts.values().filter(|c| c.rows >= LEAST_GROUP).map(spared).fold(0.0, f64::max);
    let groups = counts
        .iter()
        .map(|(name, c)| FairnessGroup {
            name: (*name).to_owned(),
            rows: c.rows,
            alerts: wilson(float(c.alerts), float(c.rows)),
            false_alerts: wilson(float(c.false_alerts), float(c.negatives)),
            below_four_fifths: (c.rows >= LEAST_GROUP).then(|| spared(c) < 0.8 * best),
        })
        .collect();
    Fairness { property: property.to_owned(), groups }
}

/// Returns a model's card.
#[must_use]
pub fn card(model: &Model, fairness: Vec<Fairness>) -> ModelCard {
    let content = model.content();
    let mut families: BTreeMap<String, Vec<CardFeature>> = BTreeMap::new();
    for (feature, reference) in content.schema.features().iter().zip(&content.references) {
        families.entry(feature.family.clone()).or_default().push(CardFeature {
            name: feature.name.clone(),
            label: feature.label.clone(),
            kind: feature.kind,
            monotone: feature.monotone,
            usual: reference.usual,
        });
    }
    let admitted =
        |f: &crate::Feature| f.admitted.as_ref().map(|a| format!("{} ({:?}): {}", f.name, a.field, a.reason));
    let at = |base_rate: f64, t: &Training| {
        let (hits, others) = (t.measured.recall * base_rate, t.measured.false_alert_rate * (1.0 - base_rate));
        AtBaseRate { base_rate, precision: if hits + others > 0.0 { hits / (hits + others) } else { 0.0 } }
    };
    ModelCard {
        model: model.hash(),
        purpose: content.purpose.clone(),
        origin: content.origin.clone(),
        trees: content.trees.len(),
        addition: content.addition,
        served_bytes: model.served_bytes(),
        families,
        protected: content.schema.features().iter().filter_map(admitted).collect(),
        at_base_rates: content.training.iter().flat_map(|t| BASE_RATES.map(|rate| at(rate, t))).collect(),
        limits: limits(content.training.as_ref(), &fairness),
        fairness,
        training: content.training.clone(),
    }
}

fn limits(training: Option<&Training>, fairness: &[Fairness]) -> Vec<String> {
    let mut limits = vec!["A score orders work for analysts. It never holds or rejects by itself.".to_owned()];
    let Some(training) = training else {
        limits.push("Imported: what it was trained on, and how good it is here, is not known.".to_owned());
        return limits;
    };
    let rate = 100.0 * training.measured.base_rate;
    limits.push(format!(
        "Measured once, on {} rows of which {rate:.1}% are positive; where fewer are, fewer alerts are right: the precision at other shares is stated beside it.",
        training.measured.rows
    ));
    if count(usize::try_from(training.test.positives).unwrap_or(usize::MAX)) < 100.0 {
        limits.push(format!("Only {} positives were in the test: the intervals are wide.", training.test.positives));
    }
    limits.push(match &training.never_seen[..] {
        [] => "Kinds of crime that the rows do not show are not listed: nobody stated them.".to_owned(),
        kinds => format!("Never seen in training: {}.", kinds.join(", ")),
    });
    if training.unlabelled > 0 {
        limits
            .push(format!("{} rows that nobody reviewed were left out; they are not negatives.", training.unlabelled));
    }
    for explained in &training.explained {
        limits
            .push(format!("{} separates the classes alone; admitted because: {}", explained.feature, explained.reason));
    }
    if fairness.is_empty() {
        limits.push("Rates of alerts by group of people were not measured.".to_owned());
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_with_many_more_alerts_is_marked_and_a_small_one_is_not_judged() {
        let (mut groups, mut alerted, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for (name, rows, alerts) in [("AT", 100, 5), ("DE", 100, 40), ("LI", 10, 10)] {
            for n in 0..rows {
                groups.push(name.to_owned());
                alerted.push(n < alerts);
                labels.push(if n % 10 == 0 { Label::Positive } else { Label::Negative });
            }
        }
        let fairness = fairness("country", &groups, &alerted, &labels);
        let marks: Vec<_> = fairness.groups.iter().map(|g| (g.name.as_str(), g.below_four_fifths)).collect();
        assert_eq!(marks, [("AT", Some(false)), ("DE", Some(true)), ("LI", None)]);
        let german = &fairness.groups[1];
        assert!((german.alerts.value - 0.4).abs() < 1e-12 && german.alerts.low < 0.4 && german.alerts.high > 0.4);
        assert!((german.false_alerts.value - 36.0 / 90.0).abs() < 1e-12);
    }
}
