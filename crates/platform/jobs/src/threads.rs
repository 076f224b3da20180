//! Background threads: named, started again after a panic, joined when the process stops.

use holdfast_store::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest pause before a thread that panicked goes on; pauses double from one second.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// After so long without a panic, pauses begin anew.
const HEALTHY: Duration = Duration::from_secs(300);
/// How often a pause looks whether the process stops.
const STEP: Duration = Duration::from_millis(50);

/// Nice value of long work: the scheduler gives it about a fiftieth of what a decision gets while both want a processor.
#[cfg(target_os = "linux")]
const BACKGROUND_NICE: i32 = 19;

/// Threads that work until the process stops.
#[derive(Debug)]
pub struct Threads {
    is_stopping: fn() -> bool,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Returns no threads yet. `is_stopping` returns whether the process stops; the work of each thread checks it too.
    pub fn new(is_stopping: fn() -> bool) -> Self {
        Threads { is_stopping, threads: Vec::new() }
    }

    /// Starts a thread whose work ends when the process stops. Work that panics is begun again, after a pause that grows.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system gives no thread.
    pub fn start(&mut self, name: &str, work: impl Fn() + Send + 'static) -> Result<(), StoreError> {
        let (is_stopping, label) = (self.is_stopping, name.to_owned());
        let run = move || {
            let mut pause = Duration::from_secs(1);
            loop {
                let began = Instant::now();
                // The panic itself is in the log.
                if catch_unwind(AssertUnwindSafe(&work)).is_ok() || is_stopping() {
                    return;
                }
                if began.elapsed() >= HEALTHY {
                    pause = Duration::from_secs(1);
                }
                tracing::error!(
                    thread = label,
                    seconds = pause.as_secs(),
                    "a background thread panicked and is started again"
                );
                let until = Instant::now() + pause;
                while Instant::now() < until && !is_stopping() {
                    std::thread::sleep(STEP);
                }
                pause = (pause * 2).min(MAX_PAUSE);
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads.push(thread.map_err(|e| StoreError::Io(format!("thread {name}").into(), e))?);
        Ok(())
    }

    /// Waits for all threads, until a deadline. One that waits for a node or a partner is left; it changes nothing any more that is not whole.
    pub fn join(self, deadline: Instant) {
        self.threads.into_iter().for_each(|thread| join(thread, deadline));
    }
}

fn join(thread: JoinHandle<()>, deadline: Instant) {
    while !thread.is_finished() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    match thread.is_finished() {
        true => drop(thread.join()),
        false => {
            let name = thread.thread().name().unwrap_or_default();
            tracing::warn!(thread = name, "a thread has not ended in time and is left");
        }
    }
}

/// Lowers the priority of this thread and of the threads that it starts, so that long work leaves the processors to decisions. Linux only: elsewhere
/// a priority belongs to the whole process. It cannot be raised again without a privilege.
pub fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(e) = rustix::process::setpriority_process(None, BACKGROUND_NICE) {
        tracing::debug!(reason = %e, "the priority of a thread is not lowered");
    }
}

/// Runs long work on a thread of its own with a low priority, and waits for it. A panic goes on in the caller.
///
/// # Errors
/// [`StoreError::Io`] when the system gives no thread.
pub fn background<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Result<T, StoreError> {
    let run = || {
        lower_priority();
        work()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, run);
        let thread = thread.map_err(|e| StoreError::Io(format!("thread {name}").into(), e))?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Runs last work on a thread of its own, and waits for it until a deadline.
pub fn within(deadline: Instant, name: &str, work: impl FnOnce() + Send + 'static) {
    match std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        Ok(thread) => join(thread, deadline),
        Err(e) => tracing::error!(reason = %e, "no thread for the last work"),
    }
}
