//! What can be observed of a writer: how much waits, whether it works, how long transactions take.

use super::Fatal;
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::metrics::{Counter, Gauge, Histogram, Registry, seconds};
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long the writer may be silent while it reads memory again after a failure, which takes as long as a start.
const RECOVERY_TIME: Duration = Duration::from_secs(900);

/// The state of a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterHealth {
    /// Changes and items of work that wait; at most [`super::MAX_WAITING`].
    pub waiting: u64,
    /// Whether its thread runs.
    pub is_alive: bool,
    /// How long its thread has not come back from what it does: it takes work, or looks for some, at least every second.
    pub silent: Duration,
    /// Whether what it does is to come back after a failure.
    pub is_recovering: bool,
    /// Why it stores nothing now, while it tries to come back.
    pub recovering: Option<String>,
    /// Why it ended for good.
    pub fatal: Option<Fatal>,
}

impl WriterHealth {
    /// Whether the writer took or looked for work within a time; 15 minutes while it comes back after a failure. A thread that hangs runs and does
    /// not answer.
    #[must_use]
    pub fn answers(&self, within: Duration) -> bool {
        let within = if self.is_recovering { within.max(RECOVERY_TIME) } else { within };
        self.is_alive && self.silent < within
    }
}

/// Counters and times, shared by a writer's handle and its thread.
#[derive(Debug)]
pub(super) struct Pulse {
    waiting: Gauge,
    commits: Histogram,
    failed: Counter,
    recovering: RwLock<Option<String>>,
    begun: Instant,
    /// Milliseconds from `begun` to the thread's last turn.
    turned: AtomicU64,
    in_recovery: AtomicBool,
}

impl Default for Pulse {
    fn default() -> Self {
        let (waiting, failed) = (Gauge::default(), Counter::default());
        let (recovering, begun) = (RwLock::default(), Instant::now());
        Pulse { waiting, commits: seconds(), failed, recovering, begun, turned: 0.into(), in_recovery: false.into() }
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

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The thread has come back from what it did, and goes on with recovery or work.
    pub(super) fn turned(&self, in_recovery: bool) {
        self.in_recovery.store(in_recovery, Ordering::Relaxed);
        self.turned.store(self.elapsed(), Ordering::Relaxed);
    }

    /// The time since the last turn, and whether the thread recovers.
    pub(super) fn silent(&self) -> (Duration, bool) {
        let silent = self.elapsed().saturating_sub(self.turned.load(Ordering::Relaxed));
        (Duration::from_millis(silent), self.in_recovery.load(Ordering::Relaxed))
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

    /// Work that was handed on did not become durable.
    pub(super) fn lost(&self) {
        self.failed.inc();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_hangs_does_not_answer_although_it_runs() {
        let limit = Duration::from_secs(60);
        let health = |is_alive, seconds, is_recovering| WriterHealth {
            waiting: 0,
            is_alive,
            silent: Duration::from_secs(seconds),
            is_recovering,
            recovering: None,
            fatal: None,
        };
        assert!(health(true, 59, false).answers(limit));
        assert!(!health(true, 60, false).answers(limit), "it hangs");
        assert!(!health(false, 0, false).answers(limit), "it has ended");
        assert!(health(true, 899, true).answers(limit), "it reads memory again");
        assert!(!health(true, 900, true).answers(limit), "not for ever");
    }

    #[test]
    fn a_turn_ends_the_silence() {
        let mut pulse = Pulse::default();
        pulse.begun -= Duration::from_secs(100);
        let (silent, in_recovery) = pulse.silent();
        assert!(silent >= Duration::from_secs(100) && !in_recovery, "{silent:?}");
        pulse.turned(true);
        let (silent, in_recovery) = pulse.silent();
        assert!(silent < Duration::from_secs(100) && in_recovery, "{silent:?}");
    }
}
