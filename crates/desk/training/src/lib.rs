//! What people do with learned models over a desk's history.
//!
//! - [`Learning::train`] replays the log of inputs, so that every event has the row of features that was known when it was decided, takes labels from what
//!   reviewers found ([`labels`]), and fits a model on a time split.
//! - [`Learning::draw_audit_sample`] sends a share of quiet events to reviewers, [`Learning::precision_by_week`] says how many of a champion's best events were
//!   right.
//! - [`Learning::explain`] gives the reasons of an event's scores, computed from the stored row.
//! - [`Learning::watch`] tells what drifts, and has a champion step back whose scores moved too far.
//! - [`Learning::drift`] and [`Learning::compare`] watch models on the stored rows; [`Learning::card`] is what a person must know of one.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod audit;
mod card;
mod card_pdf;
mod compare;
mod drift;
mod error;
mod explain;
pub mod labels;
mod precision;
mod stored;
mod train;
mod watch;

pub use audit::{AuditSample, Audited, Draw};
pub use compare::{Comparison, Evidence, LEAST_LABELS, Side};
pub use drift::{DriftReport, FeatureDrift};
pub use error::TrainingError;
pub use explain::EventScore;
pub use precision::{LEAST_REVIEWED, PRECISION_FLOOR, PrecisionByWeek, Standing, Week};
pub use train::{Counts, MAX_TRAINING_ROWS, Request, Trained};
pub use watch::Watched;

use holdfast_learned::Entry;
use holdfast_models::{Model, ModelHash};
use holdfast_screening::Screening;
use std::sync::Arc;

/// Learned models, over the screening service's database.
#[derive(Clone, Copy, Debug)]
pub struct Learning<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
}

impl Learning<'_> {
    /// Returns a model of the registry.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`]; [`TrainingError::Store`] when its file is damaged.
    pub fn model(&self, hash: ModelHash) -> Result<Arc<Model>, TrainingError> {
        let found = self.screening.read(|db| holdfast_learned::model(db, hash))?;
        found.ok_or_else(|| TrainingError::NotFound(format!("model {hash}")))
    }

    /// Returns a model's entry in the registry.
    ///
    /// # Errors
    /// [`TrainingError::NotFound`]; [`TrainingError::Store`] when the database fails.
    pub fn entry(&self, hash: ModelHash) -> Result<Entry, TrainingError> {
        let found = self.screening.read(|db| holdfast_learned::entry(db, hash))?;
        found.ok_or_else(|| TrainingError::NotFound(format!("model {hash}")))
    }
}
