//! Erasures of customers as jobs: reading every row of a large desk takes longer than a request may.

use crate::AppState;
use crate::error::ApiError;
use holdfast_jobs::{Failure, Job, Outcome, Run, StoredJob, latest};
use holdfast_retention::erasure::Erasure;
use holdfast_types::ErrorKind;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Carries an erasure out for the person who decided on it. It names nothing of the customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Erase {
    erasure: u64,
    delete_files: Vec<String>,
    actor: String,
}

impl Job for Erase {
    type Context = AppState;
    const KIND: &'static str = "erasure";

    fn key(&self) -> String {
        self.erasure.to_string()
    }

    fn merge(&mut self, newer: Self) {
        *self = newer;
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let key = crate::system::entropy().map_err(Failure::again)?;
        let mut go_on = |_: u64, rows: u64| {
            run.progress(rows, None, "");
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let retention = shared.retention();
        match retention.carry_out_erasure(self.erasure, key, &self.delete_files, &self.actor, &mut go_on) {
            Ok(_) => Ok(Outcome::Done),
            Err(_) if run.is_stopping() => Ok(Outcome::Stopped),
            Err(e) => Err(match e.kind() {
                ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Internal => Failure::again(e),
                _ => Failure::for_good(e),
            }),
        }
    }
}

impl AppState {
    /// Has an erasure carried out in the background; returns it as it waits. [`AppState::erasing`] says how far it is, and cancelling the job stops it.
    ///
    /// # Errors
    /// 404; 409 when it is decided, the same person proposed it, or something stands against it; 500 or 503 when it cannot be stored.
    pub fn erase_later(&self, id: u64, delete_files: Vec<String>, actor: &str) -> Result<Erasure, ApiError> {
        let erasure = self.retention().may_carry_out(id, actor)?;
        self.jobs.enqueue(&Arc::new(Erase { erasure: id, delete_files, actor: actor.to_owned() }), actor)?;
        Ok(erasure)
    }

    /// Returns the job that carries an erasure out; none where nobody asked for one.
    ///
    /// # Errors
    /// 500 or 503 when the database fails.
    pub fn erasing(&self, id: u64) -> Result<Option<StoredJob>, ApiError> {
        Ok(self.screening.read(|db| latest(db, Erase::KIND, &id.to_string()))?)
    }
}
