//! Stored secrets sealed again after a rotation of the desk's key, as a job.

use crate::AppState;
use holdfast_jobs::{Failure, Job, Outcome, Run};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Seals keys of partners under the desk's key in use. It is enqueued at each start: a rotation needs one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reseal {}

impl Job for Reseal {
    type Context = AppState;
    const KIND: &'static str = "reseal";

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let mut go_on = |at: u64, all: u64| {
            // What is sealed already is passed over, so that no point to go on from is needed.
            run.progress(at, Some(all), "");
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let done = shared.sharing().reseal("engine", &mut go_on).map_err(Failure::again)?;
        if done.stopped {
            return Ok(Outcome::Stopped);
        }
        match done.unread.first() {
            None => Ok(Outcome::Done),
            Some((source, why)) => {
                let count = done.unread.len();
                Err(Failure::for_good(format!(
                    "{count} keys of partners do not open; the first, of source {source}: {why}"
                )))
            }
        }
    }
}
