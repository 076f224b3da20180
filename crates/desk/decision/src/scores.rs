//! Learned models in a decision: each model in force scores the event's row of features. A score is a field for rules ([`crate::fields`]) and is stored with
//! the decision and its row, so that it can be computed again; it decides nothing by itself.

use crate::features;
use crate::fields::Input;
use crate::inputs::ModelInForce;
use crate::model::EventKind;
use holdfast_models::{FeatureRow, Model, ModelError, ModelHash, Schema};
use holdfast_types::named;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Stands for a score that there is not.
pub const NO_SCORE: i64 = -1;

named! { "kebab-case";
    /// What a model is for.
    #[schema(as = ModelPurpose)]
    pub enum Purpose {
        /// Whether a withdrawal is of a victim of a scam.
        WithdrawalScam,
        /// Whether somebody else took the account over.
        AccountTakeover,
        /// Whether the customer passes on money of others.
        Mule,
        /// Whether money of stolen cards is taken out.
        CardCashOut,
        /// Whether an event is part of any crime.
        EventRisk,
        /// Whether an alert about the event would be a true positive; orders the queue.
        AlertTriage,
        /// Whether an account of a chain is used for phishing. Scores accounts, not events.
        AccountPhishing,
    }

    /// How a model in force is used.
    #[schema(as = ModelRole)]
    pub enum Role {
        /// Rules in force may use its scores.
        Champion,
        /// Its scores are stored; only rules in shadow may use them.
        Shadow,
    }
}

impl Purpose {
    /// Returns the kinds of events that such a model scores; none for models of accounts.
    #[must_use]
    pub fn kinds(self) -> &'static [EventKind] {
        match self {
            Purpose::WithdrawalScam => &[EventKind::Withdrawal],
            Purpose::AccountTakeover => &[EventKind::Withdrawal, EventKind::Account],
            Purpose::Mule => &[EventKind::Deposit, EventKind::Withdrawal, EventKind::Payment],
            Purpose::CardCashOut => &[EventKind::Withdrawal, EventKind::Payment],
            Purpose::EventRisk | Purpose::AlertTriage => &EventKind::ALL,
            Purpose::AccountPhishing => &[],
        }
    }

    /// Whether it says how likely a crime is, so that it counts for `model.score`.
    fn is_of_crime(self) -> bool {
        !matches!(self, Purpose::AlertTriage | Purpose::AccountPhishing)
    }
}

/// A score in log odds, with all its digits: text, because readers of JSON lose some. Equal to the bit.
#[derive(Clone, Copy, Debug)]
pub struct LogOdds(pub f64);

impl PartialEq for LogOdds {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for LogOdds {}

impl Serialize for LogOdds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LogOdds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(LogOdds).map_err(serde::de::Error::custom)
    }
}

/// What models said of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LearnedScores)]
pub struct Scored {
    /// SHA-256 of the event's row of features, which is stored beside the decision.
    pub features: String,
    /// Scores, by purpose.
    pub scores: Vec<ModelScore>,
}

/// A model's score of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelScore {
    /// SHA-256 of the model's file.
    #[schema(value_type = String)]
    pub model: ModelHash,
    /// What it is for.
    pub purpose: Purpose,
    /// How it is used.
    pub role: Role,
    /// Log odds, with all digits.
    #[schema(value_type = String)]
    pub score: LogOdds,
    /// Calibrated probability, millionths.
    pub probability_ppm: u32,
}

impl Scored {
    /// Returns the probability by the model of a purpose, millionths; of several in shadow the highest. [`NO_SCORE`] where none scored the event.
    #[must_use]
    pub fn of(&self, purpose: Purpose, role: Role) -> i64 {
        self.best(|s| s.purpose == purpose && s.role == role)
    }

    /// Returns the highest probability of a crime by any champion, millionths; [`NO_SCORE`] where none scored the event.
    #[must_use]
    pub fn highest(&self) -> i64 {
        self.best(|s| s.purpose.is_of_crime() && s.role == Role::Champion)
    }

    fn best(&self, wanted: impl Fn(&ModelScore) -> bool) -> i64 {
        let wanted = self.scores.iter().filter(|s| wanted(s));
        wanted.map(|s| i64::from(s.probability_ppm)).max().unwrap_or(NO_SCORE)
    }
}

/// A model ready to score events.
#[derive(Clone, Debug)]
struct Served {
    stated: ModelInForce,
    model: Arc<Model>,
    /// Place of each of its features in an event's row.
    places: Vec<usize>,
}

/// The models in force.
#[derive(Clone, Debug, Default)]
pub struct Models {
    served: Vec<Served>,
    /// Whether rows are made where no model scores, for training.
    keeps_rows: bool,
}

impl Models {
    /// Returns models in force with their files' contents, in the order given.
    ///
    /// # Errors
    /// [`ModelError::Feature`] if one has a feature that events do not have; [`ModelError::File`] if a content is another model's.
    pub fn new(list: Vec<(ModelInForce, Arc<Model>)>) -> Result<Self, ModelError> {
        let mut served = Vec::with_capacity(list.len());
        for (stated, model) in list {
            if model.hash() != stated.model {
                let text = format!("model {} is stored where {} is expected", model.hash(), stated.model);
                return Err(ModelError::File(text));
            }
            let places = places(model.schema())?;
            served.push(Served { stated, model, places });
        }
        Ok(Models { served, keeps_rows: false })
    }

    /// Returns these models, with rows made of every event.
    #[must_use]
    pub fn keeping_rows(self) -> Self {
        Models { keeps_rows: true, ..self }
    }

    /// Whether rows are made of every event.
    #[must_use]
    pub fn keeps_rows(&self) -> bool {
        self.keeps_rows
    }

    /// Returns which models are in force.
    #[must_use]
    pub fn stated(&self) -> Vec<ModelInForce> {
        self.served.iter().map(|s| s.stated.clone()).collect()
    }

    /// Returns a model in force.
    #[must_use]
    pub fn get(&self, hash: ModelHash) -> Option<&Arc<Model>> {
        self.served.iter().find(|s| s.stated.model == hash).map(|s| &s.model)
    }

    /// Scores an event: its row, encoded, where one is made, and what the models for its kind say.
    pub(crate) fn score(&self, input: &Input) -> (Option<Vec<u8>>, Option<Scored>) {
        let kind = input.event.kind;
        let mut wanted = self.served.iter().filter(|s| s.stated.purpose.kinds().contains(&kind)).peekable();
        if wanted.peek().is_none() && !self.keeps_rows {
            return (None, None);
        }
        // A test holds that every event has a row.
        let Ok(row) = features::row(input) else { return (None, None) };
        let scores: Vec<ModelScore> = wanted.map(|s| s.score(&row)).collect();
        let row = row.to_bytes();
        let scored = (!scores.is_empty()).then(|| Scored { features: FeatureRow::hash_of(&row), scores });
        (Some(row), scored)
    }
}

impl Served {
    fn score(&self, row: &FeatureRow) -> ModelScore {
        let ModelInForce { model, purpose, role } = self.stated;
        score(&self.model, &self.places, row, (model, purpose, role))
    }
}

fn score(model: &Model, places: &[usize], row: &FeatureRow, of: (ModelHash, Purpose, Role)) -> ModelScore {
    let score = model.score(&values(places, row));
    let probability_ppm = millionths(model.probability(score));
    ModelScore { model: of.0, purpose: of.1, role: of.2, score: LogOdds(score), probability_ppm }
}

fn values(places: &[usize], row: &FeatureRow) -> Vec<f64> {
    places.iter().map(|p| row.values().get(*p).copied().unwrap_or(f64::NAN)).collect()
}

/// Returns a probability as whole millionths.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within 0 to a million; a float's cast saturates.
pub fn millionths(probability: f64) -> u32 {
    (probability.clamp(0.0, 1.0) * 1e6).round() as u32
}

/// Returns the places of a schema's features in rows of events.
///
/// # Errors
/// [`ModelError::Feature`] names one that events do not have.
pub fn places(schema: &Schema) -> Result<Vec<usize>, ModelError> {
    let place = |f: &holdfast_models::Feature| {
        features::position(&f.name).ok_or_else(|| ModelError::Feature {
            name: f.name.clone(),
            reason: "events have no such feature; see `holdfast models features`".to_owned(),
        })
    };
    schema.features().iter().map(place).collect()
}

/// Returns a model's values of an event's row, in the order of its features.
///
/// # Errors
/// [`ModelError::Feature`] as [`places`].
pub fn values_for(model: &Model, row: &FeatureRow) -> Result<Vec<f64>, ModelError> {
    Ok(values(&places(model.schema())?, row))
}

/// Computes a stored score again from its row.
///
/// # Errors
/// [`ModelError::File`] says what differs; [`ModelError::Feature`] if the model has a feature that events do not have.
pub fn check(stored: &ModelScore, model: &Model, row: &FeatureRow) -> Result<(), ModelError> {
    let again = score(model, &places(model.schema())?, row, (model.hash(), stored.purpose, stored.role));
    if again == *stored {
        return Ok(());
    }
    Err(ModelError::File(format!(
        "model {} scores {} ({} ppm) where {} ({} ppm) is stored",
        stored.model, again.score.0, again.probability_ppm, stored.score.0, stored.probability_ppm
    )))
}
