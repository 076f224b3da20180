//! Training of learned models, as jobs.

use crate::AppState;
use crate::error::ApiError;
use crate::suggesting::TrainAccounts;
use holdfast_attribution::{Category, TagStore};
use holdfast_decision::Purpose;
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run, StoredJob, latest};
use holdfast_training::labels::DatedTag;
use holdfast_training::{Learning, Request, TrainingError};
use holdfast_types::{ErrorKind, Seconds};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Inputs between two notes of progress.
const STEP: u64 = 500;

/// Trains a model on the desk's history and adds it as a draft.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrainModel {
    request: Request,
    /// Who asked for it.
    actor: String,
}

impl Job for TrainModel {
    type Context = AppState;
    const KIND: &'static str = "train-model";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        self.request.purpose.name().to_owned()
    }

    fn merge(&mut self, newer: Self) {
        *self = newer;
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let mut go_on = |done: u64| {
            if done.is_multiple_of(STEP) {
                run.progress(done, None, "");
            }
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let failed = |e: TrainingError| match e.kind() {
            ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Internal => Failure::again(e),
            _ => Failure::for_good(e),
        };
        // Tags of all chains: each chain of the server has the same.
        let chain = shared.chain().snapshot();
        let tag_of = |_: &str, address: &str| oldest_tag(&chain.tags, address);
        let Some(trained) = shared.learning().train(&self.request, Some(&tag_of), &mut go_on).map_err(failed)? else {
            return Ok(Outcome::Stopped);
        };
        // Nothing is added of a training that was cancelled while the learner worked.
        if run.is_stopping() {
            return Ok(Outcome::Stopped);
        }
        shared.screening.add_model(trained.model, &self.actor).map_err(|e| failed(e.into()))?;
        Ok(Outcome::Done)
    }
}

/// Returns the oldest tag of a crime that an address has; nothing when there is none or none has a date.
#[must_use]
pub fn oldest_tag(tags: &TagStore, address: &str) -> Option<DatedTag> {
    let crimes = tags.tags_of(address).filter(|t| t.concept().is_abuse());
    let dated = crimes.filter_map(|t| {
        let since = holdfast_input::time::parse_date(&t.lastmod).ok()?;
        Some(DatedTag { is_scam: t.concept() == Category::from_name("scam")?, since })
    });
    dated.min_by_key(|t| t.since)
}

/// Draws the audit sample from the events of the day, and looks whether champions still see what they were trained on and whether they are still right,
/// once a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct WatchModels {}

impl Job for WatchModels {
    type Context = AppState;
    const KIND: &'static str = "watch-models";
    const IS_POLL: bool = true;

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, _: &Run<'_>) -> Result<Outcome, Failure> {
        shared.learning().draw_audit_sample("engine").map_err(Failure::again)?;
        let watched = shared.learning().watch(shared.screening.now()).map_err(Failure::again)?;
        if watched.fell_back > 0 {
            tracing::warn!(champions = watched.fell_back, "learned models stepped back: rules decide alone");
        }
        Ok(Outcome::Again { after: Seconds::DAY })
    }
}

impl AppState {
    /// Returns learned models, over this desk.
    #[must_use]
    pub fn learning(&self) -> Learning<'_> {
        Learning { screening: &self.screening }
    }

    /// Trains a model in the background; returns the number of the job.
    ///
    /// # Errors
    /// 409 for a purpose whose models score no events of the desk, or for which a training waits already; 503 when the job cannot be stored.
    pub fn train_later(&self, request: Request, actor: &str) -> Result<u64, ApiError> {
        self.learning().check(&request)?;
        if self.training(request.purpose)?.is_some_and(|job| job.state == JobState::Waiting) {
            return Err(ApiError::of(ErrorKind::State, "a training for it waits already"));
        }
        let job = Arc::new(TrainModel { request, actor: actor.to_owned() });
        Ok(self.jobs.enqueue(&job, actor)?)
    }

    /// Stops the training for a purpose that waits or runs; nothing of it is left.
    ///
    /// # Errors
    /// 404 when none waits or runs; 500 or 503 when it cannot be stored.
    pub fn stop_training(&self, purpose: Purpose, actor: &str) -> Result<StoredJob, ApiError> {
        let none = || ApiError::of(ErrorKind::NotFound, format!("no training for {} waits or runs", purpose.name()));
        let job = self.training(purpose)?.ok_or_else(none)?;
        self.jobs.cancel(job.id, &[TrainModel::KIND, TrainAccounts::KIND], actor)?.ok_or_else(none)
    }

    /// Returns the latest training for a purpose, as a job.
    ///
    /// # Errors
    /// 500 or 503 when the database fails.
    pub fn training(&self, purpose: Purpose) -> Result<Option<StoredJob>, ApiError> {
        let kind = match purpose {
            Purpose::AccountPhishing => TrainAccounts::KIND,
            _ => TrainModel::KIND,
        };
        Ok(self.screening.read(|db| latest(db, kind, purpose.name()))?)
    }
}
