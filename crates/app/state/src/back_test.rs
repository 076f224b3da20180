//! Tests of drafts of rule books on history, as jobs.

use crate::AppState;
use crate::error::ApiError;
use holdfast_jobs::{Failure, Job, Outcome, Run, StoredJob, latest};
use holdfast_types::ErrorKind;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Events between two notes of progress.
const STEP: u64 = 500;

/// Tests a draft on all decided events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestDraft {
    draft: u64,
    /// Who asked for it.
    actor: String,
}

impl Job for TestDraft {
    type Context = AppState;
    const KIND: &'static str = "back-test";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        self.draft.to_string()
    }

    fn merge(&mut self, newer: Self) {
        *self = newer;
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let all = shared.screening.last_event().map_err(Failure::again)?;
        let mut go_on = |done: u64| {
            if done.is_multiple_of(STEP) {
                run.progress(done, Some(all.max(done)), "");
            }
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match shared.monitor().test_draft(self.draft, &self.actor, &mut go_on) {
            Ok(true) => Ok(Outcome::Done),
            Ok(false) => Ok(Outcome::Stopped),
            Err(e) if matches!(e.kind(), ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Internal) => {
                Err(Failure::again(e))
            }
            Err(e) => Err(Failure::for_good(e)),
        }
    }
}

impl AppState {
    /// Tests a draft in the background; returns the number of the job.
    ///
    /// # Errors
    /// 404 and 409 where there is no such draft that is open; 400 where its text is no rule book, with its fault.
    pub fn test_draft_later(&self, draft: u64, actor: &str) -> Result<u64, ApiError> {
        let found = self.monitor().open_draft(draft)?;
        if let Some(fault) = holdfast_monitor::drafts::fault(&found.yaml) {
            let place = fault.line.map_or(String::new(), |line| format!("line {line}: "));
            return Err(ApiError::bad(format!("yaml: {place}{}", fault.message)));
        }
        let job = Arc::new(TestDraft { draft, actor: actor.to_owned() });
        Ok(self.jobs.enqueue(&job, actor)?)
    }

    /// Returns the latest test of a draft, as a job.
    ///
    /// # Errors
    /// 500 or 503 when the database fails.
    pub fn draft_test(&self, draft: u64) -> Result<Option<StoredJob>, ApiError> {
        Ok(self.screening.read(|db| latest(db, TestDraft::KIND, &draft.to_string()))?)
    }
}
