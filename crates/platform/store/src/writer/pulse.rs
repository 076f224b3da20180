//! What can be observed of a writer: how much waits, whether it works, how long transactions take.

use super::Fatal;
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::metrics::{Counter, Gauge, Histogram, Registry, seconds};
use std::sync::RwLock;
use std::time::Duration;

/// The state of a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterHealth {
    /// Changes and items of work that wait; at most [`super::MAX_WAITING`].
    pub waiting: u64,
    /// Whether its thread runs.
    pub is_alive: bool,
    /// Why it stores nothing now, while it tries to come back.
    pub recovering: Option<String>,
    /// Why it ended for good.
    pub fatal: Option<Fatal>,
}

/// Counters and times, shared by a writer's handle and its thread.
#[derive(Debug)]
pub(super) struct Pulse {
    waiting: Gauge,
    commits: Histogram,
    failed: Counter,
    recovering: RwLock<Option<String>>,
}

impl Default for Pulse {
    fn default() -> Self {
        let (waiting, failed) = (Gauge::default(), Counter::default());
        Pulse { waiting, commits: seconds(), failed, recovering: RwLock::default() }
    }
}

impl Pulse {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "holdfast_writer_waiting",
            "Changes and events that wait for the writer",
            self.waiting.clone(),
        );
        registry.register("holdfast_commit_seconds", "Time of a transaction of the writer", self.commits.clone());
        registry.register("holdfast_commits_failed", "Transactions that were not stored", self.failed.clone());
    }

    /// A job of so many items is handed in; [`Pulse::left`] when it is not. Returns how many waited before.
    pub(super) fn entered(&self, items: usize) -> usize {
        usize::try_from(self.waiting.inc_by(i64::try_from(items).unwrap_or(i64::MAX))).unwrap_or(0)
    }

    /// So many items no longer wait.
    pub(super) fn left(&self, items: usize) {
        self.waiting.dec_by(i64::try_from(items).unwrap_or(i64::MAX));
    }

    pub(super) fn waiting(&self) -> u64 {
        u64::try_from(self.waiting.get()).unwrap_or(0)
    }

    /// A transaction ended.
    pub(super) fn committed(&self, took: Duration, is_stored: bool) {
        self.commits.observe(took.as_secs_f64());
        if !is_stored {
            self.failed.inc();
        }
    }

    /// The writer fails for a reason, or works again.
    pub(super) fn set_recovering(&self, why: Option<&str>) {
        let mut recovering = self.recovering.write().unwrap_or_else(|e| e.into_inner());
        if recovering.as_deref() == why {
            return;
        }
        match why {
            Some(why) => tracing::warn!(reason = one_line(why), "the writer recovers"),
            None => tracing::info!("the writer works again"),
        }
        *recovering = why.map(str::to_owned);
    }

    pub(super) fn recovering(&self) -> Option<String> {
        self.recovering.read().unwrap_or_else(|e| e.into_inner()).clone()
    }
}
