//! From labelled rows to a measured model: split, leak test, training, calibration, thresholds, and one measurement on the test part.

use crate::calibration::{Calibration, CalibrationError, calibration_error};
use crate::drift::Reference;
use crate::leaks::{self, Explained, SingleFeature};
use crate::metrics::{AtBudget, Interval, at_budget, auc, average_precision_interval, best_threshold, f1};
use crate::model::{Addition, Content, Model, ModelHash, Origin, Threshold};
use crate::numeric::{count, part_of, unit_hash};
use crate::split::{Split, TimeSplit, split};
use crate::{Label, ModelError, Params, Rows, Table, train};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bootstrap samples of an interval.
const SAMPLES: usize = 1_000;

/// Fewest positives of a half of the validation part, for early stopping and calibration to have a half each.
const LEAST_POSITIVES: usize = 40;

/// What is fitted, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the model is for, such as `withdrawal-scam`.
    pub purpose: String,
    /// Parameters of the learner.
    #[serde(default)]
    pub params: Params,
    /// How rows are split.
    #[serde(default)]
    pub split: TimeSplit,
    /// Share of events that analysts can review, above 0 to 1.
    pub budget: f64,
    /// Features that separate the classes alone, and why they are no leak.
    #[serde(default)]
    pub explained: Vec<Explained>,
    /// Kinds of crime that no row shows, for the model card.
    #[serde(default)]
    pub never_seen: Vec<String>,
    /// The commit of the code.
    #[serde(default)]
    pub code: String,
    /// The model that this one is to replace.
    #[serde(default)]
    pub parent: Option<ModelHash>,
    /// Rows that nobody reviewed, beside those in the table.
    #[serde(default)]
    pub unlabelled: u64,
}

/// Rows of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Rows.
    pub rows: u64,
    /// Positives among them.
    pub positives: u64,
}

/// What a model was trained on and how good it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// First event.
    pub from: Timestamp,
    /// Last event.
    pub until: Timestamp,
    /// Where validation and test began.
    pub borders: (Timestamp, Timestamp),
    /// How rows were split.
    pub split: TimeSplit,
    /// Rows trained on.
    pub training: Part,
    /// Rows for early stopping, calibration and thresholds.
    pub validation: Part,
    /// Rows measured on.
    pub test: Part,
    /// Rows in gaps, used nowhere.
    pub in_gap: u64,
    /// Rows of groups that stayed in another part, used nowhere.
    pub of_other_groups: u64,
    /// Rows that nobody reviewed, used nowhere.
    pub unlabelled: u64,
    /// Parameters of the learner.
    pub params: Params,
    /// SHA-256 of the table with labels, times and groups.
    pub table: String,
    /// The commit of the code.
    pub code: String,
    /// The model that this one is to replace.
    pub parent: Option<ModelHash>,
    /// Features that separate the classes alone, and why they are no leak.
    pub explained: Vec<Explained>,
    /// Kinds of crime that no row shows.
    pub never_seen: Vec<String>,
    /// Features that separate the classes best alone, at most five.
    pub single_features: Vec<SingleFeature>,
    /// How good it was on the test part.
    pub measured: Measured,
}

/// How good scores are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Rows.
    pub rows: u64,
    /// Share of positives.
    pub base_rate: f64,
    /// Average precision with its bootstrap interval.
    pub average_precision: Interval,
    /// Area under the ROC curve.
    pub auc: f64,
    /// F1 score at the threshold chosen on validation.
    pub f1: f64,
    /// Share of positives at or above that threshold.
    pub recall: f64,
    /// Share of negatives at or above it.
    pub false_alert_rate: f64,
    /// What reviewing the budget finds.
    pub at_budget: AtBudget,
    /// How far the probabilities are from what happened.
    pub calibration: CalibrationError,
}

/// Fits a model.
///
/// # Errors
///
/// `Parameter`, `TooFew`, `Leak` or `Table`, as its steps; `File` if the model would be too large.
pub fn fit(rows: &Rows, plan: &Plan) -> Result<Model, ModelError> {
    if !(plan.budget > 0.0 && plan.budget <= 1.0) {
        let (least, most) = ("above 0".to_owned(), "1".to_owned());
        return Err(ModelError::Parameter { name: "budget", value: plan.budget.to_string(), least, most });
    }
    let parts = split(rows, &plan.split)?;
    let part = |numbers: &[usize]| (rows.table().select(numbers), positives(rows, numbers));
    let (table, labels) = part(&parts.training);
    let single_features = leaks::check(&table, &labels, &plan.explained)?;
    let (stop, calibrate) = halves(rows, &parts.validation, plan.split.seed);
    let ((stopping, stop_labels), (calibrating, calibration_labels)) = (part(&stop), part(&calibrate));
    let ensemble = train((&table, &labels), (&stopping, &stop_labels), &plan.params)?;

    let scores = ensemble.scores(&calibrating);
    let calibration = Calibration::fit(&scores, &calibration_labels);
    let mut thresholds = Vec::new();
    if let Some(score) = best_threshold(&scores, &calibration_labels) {
        thresholds.push(Threshold { name: "f1".to_owned(), score });
    }
    let mut ranked = scores.clone();
    ranked.sort_by(|a, b| b.total_cmp(a));
    if let Some(score) = ranked.get(part_of(ranked.len(), plan.budget).saturating_sub(1)) {
        thresholds.push(Threshold { name: "budget".to_owned(), score: *score });
    }
    let references = table.columns().iter().map(|c| Reference::of(c)).collect();
    let content = Content {
        purpose: plan.purpose.clone(),
        schema: table.schema().clone(),
        origin: Origin::Trained,
        addition: Addition::Double,
        base: ensemble.base,
        trees: ensemble.trees,
        calibration,
        thresholds,
        references,
        score_reference: Reference::of(&scores),
        training: None,
    };
    let model = Model::new(content.clone())?;
    let (test, truth) = part(&parts.test);
    let measured = measure(&model, &test, &truth, plan.budget);
    let training = record(rows, plan, &parts, single_features, measured);
    Model::new(Content { training: Some(training), ..content })
}

/// Measures a model on rows that it has not seen.
#[must_use]
pub fn measure(model: &Model, table: &Table, positive: &[bool], budget: f64) -> Measured {
    let scores = model.scores(table);
    let probabilities: Vec<f64> = scores.iter().map(|s| model.probability(*s)).collect();
    let threshold = model.content().thresholds.iter().find(|t| t.name == "f1").map_or(0.0, |t| t.score);
    let hits = positive.iter().filter(|p| **p).count();
    let called = |of: bool| scores.iter().zip(positive).filter(|(s, p)| **p == of && **s >= threshold).count();
    let share = |part: usize, of: usize| if of == 0 { 0.0 } else { count(part) / count(of) };
    Measured {
        rows: positive.len() as u64,
        base_rate: share(hits, positive.len()),
        average_precision: average_precision_interval(&scores, positive, SAMPLES, 1),
        auc: auc(&scores, positive),
        f1: f1(&scores, positive, threshold),
        recall: share(called(true), hits),
        false_alert_rate: share(called(false), positive.len() - hits),
        at_budget: at_budget(&scores, positive, part_of(positive.len(), budget).max(1)),
        calibration: calibration_error(&probabilities, positive),
    }
}

fn positives(rows: &Rows, numbers: &[usize]) -> Vec<bool> {
    numbers.iter().map(|r| rows.labels()[*r] == Label::Positive).collect()
}

/// Divides the validation part by group: one half for early stopping, one for calibration and thresholds. Where a half would have too few rows of a class,
/// both are the whole part.
fn halves(rows: &Rows, validation: &[usize], seed: u64) -> (Vec<usize>, Vec<usize>) {
    let (stop, calibrate): (Vec<usize>, Vec<usize>) =
        validation.iter().partition(|r| unit_hash(seed, rows.groups()[**r].0, 1) < 0.5);
    let enough = |part: &[usize]| {
        let hits = positives(rows, part).iter().filter(|p| **p).count();
        hits.min(part.len() - hits) >= LEAST_POSITIVES
    };
    if enough(&stop) && enough(&calibrate) { (stop, calibrate) } else { (validation.to_vec(), validation.to_vec()) }
}

fn record(rows: &Rows, plan: &Plan, parts: &Split, mut single: Vec<SingleFeature>, measured: Measured) -> Training {
    let part = |numbers: &[usize]| Part {
        rows: numbers.len() as u64,
        positives: positives(rows, numbers).iter().filter(|p| **p).count() as u64,
    };
    single.truncate(5);
    Training {
        from: rows.times().iter().min().copied().unwrap_or_default(),
        until: rows.times().iter().max().copied().unwrap_or_default(),
        borders: parts.borders,
        split: plan.split,
        training: part(&parts.training),
        validation: part(&parts.validation),
        test: part(&parts.test),
        in_gap: parts.in_gap as u64,
        of_other_groups: parts.of_other_groups as u64,
        unlabelled: plan.unlabelled + rows.labels().iter().filter(|l| **l == Label::Unlabelled).count() as u64,
        params: plan.params.clone(),
        table: digest(rows),
        code: plan.code.clone(),
        parent: plan.parent,
        explained: plan.explained.clone(),
        never_seen: plan.never_seen.clone(),
        single_features: single,
        measured,
    }
}

/// Returns the SHA-256 of rows: features' names, then by row the values' bits, label, time and group.
#[must_use]
pub fn digest(rows: &Rows) -> String {
    let mut hash = Sha256::new();
    for feature in rows.table().schema().features() {
        hash.update(feature.name.as_bytes());
        hash.update([0]);
    }
    for row in 0..rows.table().rows() {
        for column in rows.table().columns() {
            let value = column[row];
            let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
            hash.update(bits.to_le_bytes());
        }
        let label = match rows.labels()[row] {
            Label::Positive => 1u8,
            Label::Negative => 0,
            Label::Unlabelled => 2,
        };
        hash.update([label]);
        hash.update(rows.times()[row].unix().to_le_bytes());
        hash.update(rows.groups()[row].0.to_le_bytes());
    }
    hex::encode(hash.finalize())
}
