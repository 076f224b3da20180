//! Screening all transfers again, a thousand at a time: where what changed reaches further than it is followed at once.

use crate::AppState;
use crate::jobs::{Rescreen, Scope};
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run, enqueue, latest};
use holdfast_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Screens all stored transfers again. It resumes where it was after a restart; what calls for it while it runs is one further pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescreenAll(Rescreen);

impl Job for RescreenAll {
    type Context = AppState;
    const KIND: &'static str = "rescreen_all";

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, newer: Self) {
        self.0.merge(newer.0);
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let outcome = self.pass(shared, run);
        if matches!(outcome, Ok(Outcome::Done)) {
            shared.status.screens_again(None);
        }
        // After that: what calls for a further pass stores it before it says so.
        let newest = shared.screening.read(|db| latest(db, Self::KIND, &self.key())).map_err(Failure::again)?;
        match (&outcome, newest) {
            (_, Some(job)) if job.state == JobState::Waiting => {
                let last = shared.screening.last_event().map_err(Failure::again)?;
                shared.status.screens_again(Some(said(0, last)));
            }
            (Err(_), Some(job)) if job.tries >= Self::MAX_TRIES => {
                shared.status.screens_again(Some(given_up(job.id, job.tries)));
            }
            _ => {}
        }
        outcome
    }
}

impl RescreenAll {
    fn pass(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let last = shared.screening.last_event().map_err(Failure::again)?;
        let after: u64 = run.resume_at().parse().unwrap_or(0);
        shared.status.screens_again(Some(said(after, last)));
        let mut is_stopped = false;
        let mut progress = |at: u64, _: u64| {
            run.progress(at, Some(last.max(at)), &at.to_string());
            shared.status.screens_again(Some(said(at, last)));
            is_stopped = run.is_stopping();
            // What was decided since knows the change.
            if is_stopped || at >= last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let pass = shared.screening.rescreen_after(after, |event| shared.facts(event), &self.0.why(), &mut progress);
        pass.map_err(Failure::again)?;
        Ok(if is_stopped { Outcome::Stopped } else { Outcome::Done })
    }
}

/// What the status says of a pass.
fn said(at: u64, last: u64) -> String {
    format!(
        "what changed reaches further than it is followed at once: all transfers are screened again, up to event {at} of {last}; decisions \
         on the others do not rest on it yet"
    )
}

/// What the status says of a pass that was given up.
fn given_up(id: u64, tries: u32) -> String {
    format!(
        "what changed reaches further than it is followed at once, and screening all transfers again was given up after {tries} tries: decisions on those \
         that it did not come to do not rest on it; see job {id}, and retry it"
    )
}

impl AppState {
    /// Has all transfers screened again in the background, because a change reaches further than it is followed. It is stated in the audit log, the status and
    /// the metrics.
    ///
    /// # Errors
    /// [`StoreError`] when the job cannot be stored.
    pub fn rescreen_all_later(&self, why: &str) -> Result<(), StoreError> {
        let job = RescreenAll(Rescreen::because(why, Scope::All));
        let why = why.to_owned();
        Store::change(&*self.screening, "engine", move |tx| {
            let waits = latest(tx.db(), RescreenAll::KIND, &job.key())?.is_some_and(|j| j.state == JobState::Waiting);
            let id = enqueue(tx, &job)?;
            if !waits {
                let details = serde_json::json!({ "kind": RescreenAll::KIND, "reason": why });
                tx.audit("rescreen.widened", &format!("job:{id}"), &details.to_string());
            }
            Ok::<_, StoreError>(())
        })?;
        self.metrics.widened();
        self.status.screens_again(Some(said(0, self.screening.last_event().unwrap_or(0))));
        self.jobs.wake();
        Ok(())
    }
}
