//! Training of learned models, as jobs.

use crate::AppState;
use crate::error::ApiError;
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run, StoredJob, latest};
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
        let Some(trained) = shared.learning().train(&self.request, &mut go_on).map_err(failed)? else {
            return Ok(Outcome::Stopped);
        };
        shared.screening.add_model(trained.model, &self.actor).map_err(|e| failed(e.into()))?;
        Ok(Outcome::Done)
    }
}

/// Looks whether champions still see what they were trained on, once a day.
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

    /// Returns the latest training for a purpose, as a job.
    ///
    /// # Errors
    /// 500 or 503 when the database fails.
    pub fn training(&self, purpose: holdfast_decision::Purpose) -> Result<Option<StoredJob>, ApiError> {
        Ok(self.screening.read(|db| latest(db, TrainModel::KIND, purpose.name()))?)
    }
}
