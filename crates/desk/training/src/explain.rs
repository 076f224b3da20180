//! Why models said what they said of an event.

use crate::{Learning, TrainingError};
use holdfast_decision::scores::{ModelScore, values_for};
use holdfast_learned::row_of;
use holdfast_models::reasons::{Phrases, Reason, reasons};
use holdfast_store::number;
use serde::Serialize;

/// A model's score of an event with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventScore {
    /// The score as stored.
    #[serde(flatten)]
    pub score: ModelScore,
    /// The families of features that moved it most, strongest first.
    pub reasons: Vec<Reason>,
}

impl Learning<'_> {
    /// Returns the scores of an event with their reasons in a language (`en`, `es`, `de`; others are answered in English); none where no model scored it.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`] for an event that there is not; [`TrainingError::Store`] when a row or file is damaged.
    pub fn explain(&self, seq: u64, language: &str) -> Result<Vec<EventScore>, TrainingError> {
        let decided = self.screening.event_numbered(seq)?;
        let Some(learned) = decided.decision.learned else { return Ok(Vec::new()) };
        let sql = "SELECT features FROM scored_events WHERE seq = $1";
        let row = self.screening.read(|db| match db.query(sql, &[number(seq)])?.first() {
            Some(row) => row_of(seq, row.text(0)?).map(Some),
            None => Ok(None),
        })?;
        let row = row.ok_or_else(|| TrainingError::NotFound(format!("row of features of event {seq}")))?;
        let phrases = Phrases::of(language).or_else(|_| Phrases::of("en"))?;
        let mut all = Vec::with_capacity(learned.scores.len());
        for score in learned.scores {
            let model = self.model(score.model)?;
            let reasons = reasons(&model, &values_for(&model, &row)?, &phrases);
            all.push(EventScore { score, reasons });
        }
        Ok(all)
    }
}
