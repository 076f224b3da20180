//! Background threads of a server: named, started again after a panic, joined when it stops.

use crate::output;
use anyhow::Context;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause before a thread that panicked goes on.
const AGAIN: Duration = Duration::from_secs(1);

/// Threads that work until the server stops.
#[derive(Default)]
pub struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    /// Starts a thread whose work ends when [`output::stopping`] says so.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(&mut self, name: &str, work: impl Fn() + Send + 'static) -> anyhow::Result<()> {
        let run = move || {
            // The panic itself is in the log.
            while catch_unwind(AssertUnwindSafe(&work)).is_err() && output::stopping() == ControlFlow::Continue(()) {
                std::thread::sleep(AGAIN);
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        self.0.push(thread.with_context(|| format!("thread {name}"))?);
        Ok(())
    }

    /// Waits for all threads, until a deadline. One that waits for a node or a partner is left; it changes nothing any more that is not whole.
    pub fn join(self, deadline: Instant) {
        for thread in self.0 {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            match thread.is_finished() {
                true => drop(thread.join()),
                false => tracing::warn!(
                    thread = thread.thread().name().unwrap_or_default(),
                    "a thread has not ended in time and is left"
                ),
            }
        }
    }
}

/// Runs last work on a thread of its own, and waits for it until a deadline.
pub fn within(deadline: Instant, name: &str, work: impl FnOnce() + Send + 'static) {
    match std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        Ok(thread) => Threads(vec![thread]).join(deadline),
        Err(e) => tracing::error!(reason = %e, "no thread for the last work"),
    }
}
