//! Runs jobs: one thread looks for what is due, each job runs on a thread of its own.

use crate::job::{self, Failure, Job, Outcome, Run};
use crate::queue::{self, JobState, Queue, StoredJob};
use crate::threads::lower_priority;
use holdfast_store::{Change, Store, StoreError};
use holdfast_telemetry::logs::one_line;
use holdfast_types::{Seconds, Timestamp};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause between two looks for what is due.
const LOOK: Duration = Duration::from_millis(200);
/// How often progress is stored.
const STORE_PROGRESS: Duration = Duration::from_secs(1);

/// Merges a newer payload into an older one, each with its version.
pub(crate) type Merge = fn((u32, &str), (u32, &str)) -> Result<String, Failure>;

/// A kind of job, as the runner knows it.
struct Kind<C> {
    name: &'static str,
    max_tries: u32,
    max_pause: Seconds,
    at_once: usize,
    is_poll: bool,
    run: fn(&StoredJob, &C, &Run<'_>) -> Result<Outcome, Failure>,
    merge: Merge,
}

impl<C> Clone for Kind<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Kind<C> {}

/// The kinds of jobs that a process runs.
pub struct Kinds<C>(Vec<Kind<C>>);

impl<C> Default for Kinds<C> {
    fn default() -> Self {
        Kinds(Vec::new())
    }
}

impl<C> std::fmt::Debug for Kinds<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|k| k.name)).finish()
    }
}

impl<C: Clone + Send + Sync + 'static> Kinds<C> {
    /// Adds a kind.
    #[must_use]
    pub fn with<J: Job<Context = C>>(mut self) -> Self {
        self.0.push(Kind {
            name: J::KIND,
            max_tries: J::MAX_TRIES,
            max_pause: J::MAX_PAUSE,
            at_once: J::MAX_AT_ONCE,
            is_poll: J::IS_POLL,
            run: |stored, context, run| job::read::<J>(stored.version, &stored.payload)?.run(context, run),
            merge: job::merge::<J>,
        });
        self
    }
}

/// What runs now, and which polls wait in memory only.
#[derive(Default)]
struct Memory {
    running: HashMap<u64, (StoredJob, JoinHandle<()>)>,
    /// When polls that succeeded run again.
    polls: HashMap<u64, Timestamp>,
}

struct Shared<S, C> {
    queue: Queue<S>,
    context: C,
    kinds: Vec<Kind<C>>,
    memory: Mutex<Memory>,
    stop: AtomicBool,
    is_stopping: Box<dyn Fn() -> bool + Send + Sync>,
}

/// Runs jobs until it is dropped or stopped; then running jobs are signalled to stop, and waited for.
pub struct Runner {
    stop: Box<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl Runner {
    /// Starts running the jobs of a queue, until the runner is dropped or `is_stopping` returns true. Jobs that an earlier process
    /// left running are run again.
    ///
    /// # Errors
    /// [`StoreError`] when the jobs cannot be read, or the queue has a runner already; [`StoreError::Io`] when the system gives no thread.
    pub fn start<S: Store, C: Clone + Send + Sync + 'static>(
        queue: Queue<S>,
        context: C,
        kinds: Kinds<C>,
        is_stopping: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Runner, StoreError> {
        let turn = queue.claim()?;
        recover(&queue, &kinds.0)?;
        let shared = Arc::new(Shared {
            queue,
            context,
            kinds: kinds.0,
            memory: Mutex::default(),
            stop: AtomicBool::new(false),
            is_stopping: Box::new(is_stopping),
        });
        let runs = shared.clone();
        let thread = std::thread::Builder::new().name("jobs".into()).spawn(move || {
            let mut failing = false;
            while !runs.stops() {
                match dispatch(&runs) {
                    Ok(()) => failing = false,
                    Err(e) if failing => tracing::debug!(reason = one_line(&e), "jobs are not read"),
                    Err(e) => {
                        tracing::warn!(reason = one_line(&e), "jobs are not read; trying again");
                        failing = true;
                    }
                }
                runs.queue.wait(LOOK);
            }
            let running = std::mem::take(&mut runs.memory().running);
            for (_, (_, thread)) in running {
                let _ = thread.join();
            }
            drop(turn);
        });
        let thread = thread.map_err(|e| StoreError::Io("thread jobs".into(), e))?;
        let stop = move || {
            shared.stop.store(true, Ordering::SeqCst);
            shared.queue.wake();
        };
        Ok(Runner { stop: Box::new(stop), thread: Some(thread) })
    }

    /// Tells running jobs to stop and starts no further one, without waiting.
    pub fn stop(&self) {
        (self.stop)();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Puts jobs that an earlier process left running among those that wait; one that used up its tries has failed.
fn recover<S: Store, C>(queue: &Queue<S>, kinds: &[Kind<C>]) -> Result<(), StoreError> {
    let left = queue.store.read(|db| queue::list(db, Some(JobState::Running)))?;
    for job in left {
        let Some(kind) = kinds.iter().find(|k| k.name == job.kind) else { continue };
        let (max_tries, merge) = (kind.max_tries, kind.merge);
        tracing::info!(job = job.id, kind = kind.name, tries = job.tries, "a job that was interrupted is run again");
        queue.store.change("engine", move |tx| match job.tries >= max_tries {
            true => queue::store_end(tx, &job, Some("the process ended while it ran, each time")),
            false => {
                let now = tx.now();
                queue::store_waiting(tx, &job, job.tries, now, Some("the process ended while it ran"), merge)
            }
        })?;
    }
    Ok(())
}

impl<S, C> Shared<S, C> {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || (self.is_stopping)()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Starts what is due and may run.
fn dispatch<S: Store, C: Clone + Send + Sync + 'static>(shared: &Arc<Shared<S, C>>) -> Result<(), StoreError> {
    shared.memory().running.retain(|_, (_, thread)| !thread.is_finished());
    let now = shared.queue.store.now();
    for job in shared.queue.store.read(|db| queue::due(db, now))? {
        let Some(kind) = shared.kinds.iter().find(|k| k.name == job.kind).copied() else { continue };
        {
            let memory = shared.memory();
            let same_kind = memory.running.values().filter(|(j, _)| j.kind == job.kind);
            let is_busy = memory.running.values().any(|(j, _)| j.kind == job.kind && j.key == job.key);
            let is_early = memory.polls.get(&job.id).is_some_and(|at| *at > now);
            if is_busy || is_early || same_kind.count() >= kind.at_once {
                continue;
            }
        }
        if !kind.is_poll {
            let id = job.id;
            shared.queue.store.change("engine", move |tx| queue::store_start(tx, id))?;
        }
        shared.queue.forget_cancelled(job.id);
        start(shared, kind, job);
    }
    Ok(())
}

fn start<S: Store, C: Clone + Send + Sync + 'static>(shared: &Arc<Shared<S, C>>, kind: Kind<C>, mut job: StoredJob) {
    job.tries = job.tries.saturating_add(1);
    let (runs, stored) = (shared.clone(), job.clone());
    let name = format!("{}-{}", kind.name, if job.key.is_empty() { job.id.to_string() } else { job.key.clone() });
    // The thread waits until it is known as running: otherwise a quick one could end before.
    let mut memory = shared.memory();
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        drop(runs.memory());
        if !kind.is_poll {
            lower_priority();
        }
        let outcome = run(&runs, &kind, &stored);
        while let Err(e) = end(&runs, &kind, &stored, outcome.clone()) {
            tracing::warn!(job = stored.id, kind = kind.name, reason = one_line(&e), "a job's end is not stored");
            if runs.stops() {
                // It is run again after the next start.
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        runs.queue.wake();
    });
    match thread {
        Ok(thread) => drop(memory.running.insert(job.id, (job, thread))),
        Err(e) => {
            drop(memory);
            tracing::error!(job = job.id, kind = kind.name, reason = %e, "no thread for a job");
            let failed = end(shared, &kind, &job, Err(Failure::again(format!("no thread: {e}"))));
            if let Err(e) = failed {
                tracing::error!(job = job.id, reason = one_line(&e), "a job's end is not stored");
            }
        }
    }
}

/// Runs a job; a panic is a failure.
fn run<S: Store, C>(shared: &Shared<S, C>, kind: &Kind<C>, job: &StoredJob) -> Result<Outcome, Failure> {
    let last = Mutex::new(Instant::now());
    let report = |done: u64, all: Option<u64>, resume_at: &str| {
        let mut last = last.lock().unwrap_or_else(|e| e.into_inner());
        if last.elapsed() < STORE_PROGRESS {
            return;
        }
        *last = Instant::now();
        let (id, resume_at) = (job.id, resume_at.to_owned());
        let stored =
            shared.queue.store.change("engine", move |tx| queue::store_progress(tx, id, done, all, &resume_at));
        if let Err(e) = stored {
            tracing::debug!(job = id, reason = one_line(&e), "a job's progress is not stored");
        }
    };
    let is_stopping = || shared.stops() || shared.queue.is_cancelled(job.id);
    let run = Run { resume_at: &job.resume_at, is_stopping: &is_stopping, report: &report };
    match catch_unwind(AssertUnwindSafe(|| (kind.run)(job, &shared.context, &run))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Failure::again(format!("panicked: {text}")))
        }
    }
}

/// How long the next try waits after so many: doubled each time.
fn pause(tries: u32, max: Seconds) -> Seconds {
    Seconds::new(1 << tries.saturating_sub(1).min(30)).min(max)
}

/// A change that stores how a job ended.
type Ending = Box<dyn FnOnce(&mut dyn Change) -> Result<(), StoreError> + Send>;

/// Stores how a job ended.
fn end<S: Store, C>(
    shared: &Shared<S, C>,
    kind: &Kind<C>,
    job: &StoredJob,
    outcome: Result<Outcome, Failure>,
) -> Result<(), StoreError> {
    let (merge, max_pause) = (kind.merge, kind.max_pause);
    let stored = job.clone();
    let change = |run: Ending| shared.queue.store.change("engine", run);
    // What was done before it stopped counts; else its end is stored already.
    if shared.queue.is_cancelled(job.id) && outcome != Ok(Outcome::Done) {
        shared.queue.forget_cancelled(job.id);
        return Ok(());
    }
    match outcome {
        Ok(Outcome::Done) => {
            shared.memory().polls.remove(&job.id);
            change(Box::new(move |tx| queue::store_end(tx, &stored, None)))
        }
        Ok(Outcome::Again { after }) => {
            let at = shared.queue.store.now() + after.max(Seconds::ZERO);
            shared.memory().polls.insert(job.id, at);
            // A poll that only succeeds writes nothing.
            match kind.is_poll && job.error.is_none() {
                true => Ok(()),
                false => change(Box::new(move |tx| queue::store_waiting(tx, &stored, 0, at, None, merge))),
            }
        }
        // A poll is stored as waiting while it runs.
        Ok(Outcome::Stopped) if kind.is_poll => Ok(()),
        Ok(Outcome::Stopped) => {
            let (tries, error) = (job.tries.saturating_sub(1), job.error.clone());
            change(Box::new(move |tx| {
                let now = tx.now();
                queue::store_waiting(tx, &stored, tries, now, error.as_deref(), merge)
            }))
        }
        Err(failure) => {
            shared.memory().polls.remove(&job.id);
            tracing::warn!(
                job = job.id,
                kind = kind.name,
                tries = job.tries,
                reason = one_line(&failure.message),
                "a job failed"
            );
            let is_over = failure.is_final || job.tries >= kind.max_tries;
            let tries = job.tries;
            change(Box::new(move |tx| match is_over {
                true => queue::store_end(tx, &stored, Some(&failure.message)),
                false => {
                    let at = tx.now() + pause(tries, max_pause);
                    queue::store_waiting(tx, &stored, tries, at, Some(&failure.message), merge)
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pause;
    use holdfast_types::Seconds;

    #[test]
    fn pauses_double_up_to_their_bound() {
        assert_eq!([1, 2, 3, 7, 60].map(|tries| pause(tries, Seconds::new(50)).count()), [1, 2, 4, 50, 50]);
    }
}
