//! Whether events are still like those that a model was made on.

use crate::stored::{MAX_EVENTS, Period, Which, newest, scored};
use crate::{Learning, TrainingError};
use holdfast_learned::purpose_of;
use holdfast_models::ModelHash;
use holdfast_models::drift::{Drift, Verdict};
use holdfast_types::Timestamp;
use serde::Serialize;

/// What differs from training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftReport {
    /// The model.
    pub model: ModelHash,
    /// Events compared: those of the model's kinds that any model scored; only those that raised an alert where the model was not trained on every event.
    pub events: usize,
    /// Whether there were more, which were not compared.
    pub is_cut: bool,
    /// The worst verdict.
    pub verdict: Verdict,
    /// Drift of the score.
    pub score: Drift,
    /// Drift of each feature, largest first.
    pub features: Vec<FeatureDrift>,
}

/// Drift of a feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureDrift {
    /// Its name.
    pub name: String,
    /// What it is called in a sentence.
    pub label: String,
    /// The drift.
    #[serde(flatten)]
    pub drift: Drift,
}

impl Learning<'_> {
    /// Compares the events of a time, `from` to below `until`, with those that a model was made on: like with like. A model that was trained on every event,
    /// as those of a simulation are, is compared with all events; one of the desk only with those that raised an alert, because it was made on events that
    /// somebody reviewed, and those are not like all events.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`]; [`TrainingError::State`] for a model that scores no events; [`TrainingError::Store`] when the database fails.
    pub fn drift(
        &self,
        hash: ModelHash,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<DriftReport, TrainingError> {
        let model = self.model(hash)?;
        let kinds = self.kinds(&model.content().purpose)?;
        let content = model.content();
        let which = match &content.training {
            Some(training) if training.unlabelled == 0 => Which::Scored,
            _ => Which::Alerted,
        };
        let (rows, is_cut) = newest(self.screening, &kinds, Period { from, until }, which, MAX_EVENTS)?;
        let (values, scores) = scored(&model, &rows)?;
        let mut features: Vec<FeatureDrift> = content
            .schema
            .features()
            .iter()
            .zip(&content.references)
            .enumerate()
            .map(|(place, (feature, reference))| {
                let column: Vec<f64> = values.iter().map(|row| row[place]).collect();
                FeatureDrift {
                    name: feature.name.clone(),
                    label: feature.label.clone(),
                    drift: reference.drift(&column),
                }
            })
            .collect();
        features.sort_by(|a, b| b.drift.psi.total_cmp(&a.drift.psi).then_with(|| a.name.cmp(&b.name)));
        let score = content.score_reference.drift(&scores);
        let verdict = features.iter().map(|f| f.drift.verdict).fold(score.verdict, Ord::max);
        Ok(DriftReport { model: hash, events: rows.len(), is_cut, verdict, score, features })
    }

    /// Returns the kinds of events that models of a purpose score.
    pub(crate) fn kinds(&self, purpose: &str) -> Result<Vec<&'static str>, TrainingError> {
        let purpose = purpose_of(purpose)?;
        match purpose.kinds() {
            [] => Err(TrainingError::State(format!("models of {purpose} score no events of the desk"))),
            kinds => Ok(kinds.iter().map(|k| k.name()).collect()),
        }
    }
}
