//! The one writer: runs changes in order, many in one transaction, each in a savepoint of its own, and answers after the commit. Frequent work has no
//! transaction: its owner makes it durable in a log of its own, and writes what follows from it to the tables later.
//!
//! A change that is refused or fails is undone alone. When a commit fails or a change panics, memory is read again from the database before
//! anything else is done. A connection that broke is made anew, with the writer's lock; when another process has the lock, or memory
//! cannot be read again, the writer ends with a [`Fatal`] and the process is to end too.

mod lock;
mod pulse;
mod recovery;

pub use lock::WriterLock;
pub use pulse::WriterHealth;

use crate::{Database, DbError, Readers, StoreError};
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::metrics::Registry;
use holdfast_types::Timestamp;
use pulse::Pulse;
use recovery::Recovery;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most changes and items of work that wait.
pub const MAX_WAITING: usize = 16_384;
/// A transaction that has so many items takes no more jobs: bounds the time until the first of them is answered.
const MAX_BATCH: usize = 256;
/// How long the writer leaves its connection untried.
const TRY_IDLE: Duration = Duration::from_secs(5);

/// Why the writer ended for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fatal {
    /// Another process became the writer while the connection was broken.
    #[error(
        "another Holdfast writes to this database now (its connection was lost and the writer's lock is taken); stop one of the two"
    )]
    LockTaken,
    /// Memory cannot be built from the database again.
    #[error("what is stored cannot be read again: {0}; check the database, then start again")]
    Unrecoverable(String),
}

impl Fatal {
    /// Returns the exit code of the process: 3 when another process has the database, 4 when it cannot be read.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Fatal::LockTaken => 3,
            Fatal::Unrecoverable(_) => 4,
        }
    }
}

/// Runs outside the database, once the change that caused it is durable.
pub type Effect = Box<dyn FnOnce() + Send>;
/// Answers whoever waits for a change; gets the outcome of the commit.
pub type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Work that time brings, run in a savepoint of its own at the beginning of a transaction.
pub type Due<M> = fn(&mut M, Timestamp) -> Result<(), <M as Memory>::Error>;

/// An error of a department, as far as the writer handles it.
pub trait ChangeError: From<StoreError> + std::fmt::Display + Send + 'static {
    /// Turns a database error into [`StoreError::NotStored`], because the change is undone and can be sent again.
    fn undone(self) -> Self;
}

/// Why what work left is not in the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSettled {
    /// It cannot be written now and is tried again; what is in memory holds.
    Later(String),
    /// Memory must be read again.
    Lost(String),
}

/// The state in memory of the writer's owner, and the connection that changes both it and the database.
pub trait Memory: Send + 'static {
    /// Frequent work that is done in batches, such as events to decide; everything else is a closure.
    type Work: Send + 'static;
    /// The owner's error.
    type Error: ChangeError;

    /// Returns the writer's connection.
    fn db(&mut self) -> &mut Database;

    /// Reads everything from the database again.
    ///
    /// # Errors
    /// [`Memory::Error`] when the database fails or stored values do not read back.
    fn reload(&mut self) -> Result<(), Self::Error>;

    /// Returns the time for the next transaction.
    fn now(&mut self) -> Timestamp;

    /// Returns what is due at a time.
    fn due(&self, now: Timestamp) -> Vec<Due<Self>>;

    /// Starts a change within the transaction.
    ///
    /// # Errors
    /// [`DbError`] when the transaction is lost.
    fn start_change(&mut self) -> Result<(), DbError>;

    /// Ends a change; what it did stays in the transaction.
    ///
    /// # Errors
    /// [`DbError`] when the transaction is lost.
    fn end_change(&mut self) -> Result<(), DbError>;

    /// Undoes a change. `torn` means that it was interrupted, so that nothing in memory can be trusted.
    ///
    /// # Errors
    /// [`Memory::Error`] when the transaction is lost, or memory cannot be read again.
    fn undo_change(&mut self, torn: bool) -> Result<(), Self::Error>;

    /// Does a batch of work outside of any transaction. It is made durable and answered by the owner, which may do so while the next batch is done; every item
    /// is answered in the end. What it leaves to be written to tables is written by [`Memory::settle`] at the latest.
    ///
    /// # Errors
    /// Why memory does not equal what is durable any more.
    fn work(&mut self, batch: Vec<Self::Work>, now: Timestamp) -> Result<(), String>;

    /// Returns why memory does not equal what is durable any more, where work that was done did not become durable.
    fn lost(&mut self) -> Option<String>;

    /// Waits until everything that work left is written to the tables. Before every transaction of changes, and at the end.
    ///
    /// # Errors
    /// [`NotSettled`].
    fn settle(&mut self) -> Result<(), NotSettled>;

    /// Writes what work left to the tables, as far as it can be written: nothing is sent any more. The rest is durable, and the next start writes it.
    fn close(&mut self);

    /// Returns of how many items work consists; it bounds what waits and what is in one transaction.
    fn items(_work: &Self::Work) -> usize {
        1
    }

    /// Answers work that is not done.
    fn refuse(work: Self::Work, why: String);

    /// Writes what was collected for the end of the transaction.
    ///
    /// # Errors
    /// [`DbError`]; the transaction is rolled back then.
    fn before_commit(&mut self) -> Result<(), DbError>;

    /// Follows a commit: publishes what readers see of memory, and returns the effects of the changes.
    fn committed(&mut self) -> Vec<Effect>;
}

/// How a change ended.
enum Outcome {
    /// It stays.
    Done,
    /// It is undone: refused, or the database refused a statement.
    Undone,
    /// It is undone, and so is memory.
    Torn,
}

type Run<M> = dyn FnOnce(&mut M, Timestamp) -> (Outcome, Finish) + Send;

struct Change<M> {
    run: Box<Run<M>>,
    refuse: Box<dyn FnOnce(String) + Send>,
}

enum Job<M: Memory> {
    Work(M::Work),
    Change(Change<M>),
}

impl<M: Memory> Job<M> {
    fn items(&self) -> usize {
        match self {
            Job::Work(work) => M::items(work).max(1),
            Job::Change(_) => 1,
        }
    }

    fn refuse(self, why: &str) {
        let why = why.to_owned();
        // An answer that panics must not end the writer.
        let _ = catch_unwind(AssertUnwindSafe(|| match self {
            Job::Work(work) => M::refuse(work, why),
            Job::Change(change) => (change.refuse)(why),
        }));
    }
}

/// Returns the message of a panic.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// The writer's handle: dropping it finishes what waits.
pub struct Writer<M: Memory> {
    sender: Option<SyncSender<Job<M>>>,
    thread: Option<JoinHandle<()>>,
    fatal: Arc<OnceLock<Fatal>>,
    pulse: Arc<Pulse>,
    _lock: WriterLock,
}

impl<M: Memory> std::fmt::Debug for Writer<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("fatal", &self.fatal.get()).finish_non_exhaustive()
    }
}

impl<M: Memory> Writer<M> {
    /// Starts the writer's thread. `readers` are closed when the writer's connection had to be made anew.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system starts no thread.
    pub fn start(memory: M, readers: Readers, lock: WriterLock) -> Result<Self, StoreError> {
        let (sender, jobs) = sync_channel(MAX_WAITING);
        let fatal = Arc::new(OnceLock::new());
        let pulse = Arc::new(Pulse::default());
        let (cell, observed) = (fatal.clone(), pulse.clone());
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| run(memory, &jobs, &readers, &observed)));
                let fatal = match ended {
                    Ok(Ok(())) => return,
                    Ok(Err(fatal)) => fatal,
                    Err(panic) => Fatal::Unrecoverable(panic_message(&*panic)),
                };
                tracing::error!(reason = one_line(&fatal), "the writer has ended");
                let _ = cell.set(fatal);
            })
            .map_err(|e| StoreError::Io(PathBuf::from("thread"), e))?;
        Ok(Writer { sender: Some(sender), thread: Some(thread), fatal, pulse, _lock: lock })
    }

    /// Returns why nothing can be written any more, once that is so; the process should end then, with [`Fatal::exit_code`].
    pub fn fatal(&self) -> Option<&Fatal> {
        self.fatal.get()
    }

    /// Returns the writer's state, without waiting for the database.
    pub fn health(&self) -> WriterHealth {
        let (silent, is_recovering) = self.pulse.silent();
        WriterHealth {
            waiting: self.pulse.waiting(),
            silent,
            is_recovering,
            is_alive: self.thread.as_ref().is_some_and(|t| !t.is_finished()),
            recovering: self.pulse.recovering(),
            fatal: self.fatal().cloned(),
        }
    }

    /// Adds the writer's metrics to a registry: its queue, the time of transactions, failed ones.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.pulse.register(registry);
    }

    fn send(&self, job: Job<M>) -> Result<(), StoreError> {
        let sender = self.sender.as_ref().ok_or(StoreError::Stopped)?;
        let items = job.items();
        if self.pulse.entered(items) + items > MAX_WAITING {
            self.pulse.left(items);
            return Err(StoreError::Busy);
        }
        sender.try_send(job).map_err(|e| {
            self.pulse.left(items);
            match e {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            }
        })
    }

    /// Hands in work.
    ///
    /// # Errors
    /// [`StoreError::Busy`] or [`StoreError::Stopped`]; the work is dropped without an answer then.
    pub fn submit(&self, work: M::Work) -> Result<(), StoreError> {
        self.send(Job::Work(work))
    }

    /// Runs a change and waits until it is durable. A change that is refused leaves nothing behind.
    ///
    /// # Errors
    /// The change's own; [`StoreError`] when it could not be stored.
    pub fn change<T: Send + 'static, E: ChangeError>(
        &self,
        change: impl FnOnce(&mut M, Timestamp) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (sender, receiver) = sync_channel(1);
        self.send(Job::Change(change_of(change, move |answer| {
            let _ = sender.send(answer);
        })))?;
        receiver.recv().map_err(|_| StoreError::Stopped)?
    }
}

impl<M: Memory> Drop for Writer<M> {
    fn drop(&mut self) {
        // The writer finishes what waits, then sees that nobody sends any more.
        self.sender.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A change whose `answer` is called once, after the commit.
fn change_of<M: Memory, T: Send + 'static, E: ChangeError>(
    change: impl FnOnce(&mut M, Timestamp) -> Result<T, E> + Send + 'static,
    answer: impl Fn(Result<T, E>) + Send + Sync + 'static,
) -> Change<M> {
    let answer = Arc::new(answer);
    let unanswered = answer.clone();
    Change {
        run: Box::new(move |memory, now| {
            let result = catch_unwind(AssertUnwindSafe(|| change(memory, now)));
            let outcome = match &result {
                Ok(Ok(_)) => Outcome::Done,
                Ok(Err(_)) => Outcome::Undone,
                Err(_) => Outcome::Torn,
            };
            let result = match result {
                Ok(result) => result.map_err(E::undone),
                Err(panic) => Err(StoreError::Internal(panic_message(&*panic)).into()),
            };
            let finish: Finish =
                Box::new(move |stored| answer(stored.map_err(|why| StoreError::NotStored(why).into()).and(result)));
            (outcome, finish)
        }),
        refuse: Box::new(move |why| unanswered(Err(StoreError::NotStored(why).into()))),
    }
}

/// Takes what waits, at most a batch; `None` when nobody sends any more.
fn next_batch<M: Memory>(jobs: &Receiver<Job<M>>, wait: Duration) -> Option<Vec<Job<M>>> {
    let first = match jobs.recv_timeout(wait) {
        Ok(job) => Some(job),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => return None,
    };
    let mut items = first.as_ref().map_or(0, Job::items);
    let mut batch: Vec<_> = first.into_iter().collect();
    while items < MAX_BATCH
        && !batch.is_empty()
        && let Ok(job) = jobs.try_recv()
    {
        items += job.items();
        batch.push(job);
    }
    Some(batch)
}

fn run<M: Memory>(mut memory: M, jobs: &Receiver<Job<M>>, readers: &Readers, pulse: &Pulse) -> Result<(), Fatal> {
    let mut broken: Option<Recovery> = None;
    let mut last_tried = Instant::now();
    loop {
        let wait = broken.as_ref().map_or(Duration::from_secs(1), Recovery::pause);
        let Some(batch) = next_batch(jobs, wait) else {
            memory.close();
            memory.db().release_writer_lock();
            return Ok(());
        };
        pulse.left(batch.iter().map(Job::items).sum());
        pulse.turned(broken.is_some());
        if broken.is_none() && (last_tried.elapsed() >= TRY_IDLE || !memory.db().keeps_lock()) {
            // Work need not use this connection. A lost connection is a lost lock.
            last_tried = Instant::now();
            if !memory.db().is_alive() {
                broken = Some(Recovery::new("the connection to the database, or its lock, was lost".to_owned()));
            } else if batch.is_empty()
                && let Err(NotSettled::Lost(why)) = memory.settle()
            {
                broken = Some(Recovery::new(why));
            }
        }
        if broken.is_none()
            && let Some(why) = memory.lost()
        {
            pulse.lost();
            if memory.db().is_fenced() {
                batch.into_iter().for_each(|job| job.refuse(&why));
                return Err(Fatal::LockTaken);
            }
            broken = Some(Recovery::new(why));
        }
        if let Some(mut recovery) = broken.take() {
            if !recovery.recover(&mut memory)? {
                pulse.set_recovering(Some(recovery.why()));
                batch.into_iter().for_each(|job| job.refuse(recovery.why()));
                broken = Some(recovery);
                continue;
            }
            pulse.set_recovering(None);
            pulse.turned(false);
            readers.clear();
        }
        let now = memory.now();
        let outcome = run_batch(&mut memory, batch, now, pulse);
        if let Err(why) = outcome {
            broken = Some(Recovery::new(why));
        }
        if memory.db().is_fenced() {
            return Err(Fatal::LockTaken);
        }
    }
}

/// Runs a batch in order: work by itself, the changes between in one transaction.
///
/// # Errors
/// Why memory must be read again; everything was answered or refused.
fn run_batch<M: Memory>(memory: &mut M, batch: Vec<Job<M>>, now: Timestamp, pulse: &Pulse) -> Result<(), String> {
    let due = memory.due(now);
    let mut outcome = if due.is_empty() { Ok(()) } else { transact(memory, due, Vec::new(), now, pulse) };
    let mut jobs = batch.into_iter().peekable();
    while let Some(job) = jobs.next() {
        if let Err(why) = &outcome {
            job.refuse(why);
            continue;
        }
        outcome = match job {
            Job::Work(work) => {
                let mut all = vec![work];
                while let Some(Job::Work(next)) = jobs.next_if(|job| matches!(job, Job::Work(_))) {
                    all.push(next);
                }
                let began = Instant::now();
                let done = memory.work(all, now);
                pulse.committed(began.elapsed(), done.is_ok());
                done
            }
            Job::Change(change) => {
                let mut all = vec![change];
                while let Some(Job::Change(next)) = jobs.next_if(|job| matches!(job, Job::Change(_))) {
                    all.push(next);
                }
                transact(memory, Vec::new(), all, now, pulse)
            }
        };
    }
    outcome
}

fn run_effects<M: Memory>(memory: &mut M) {
    for effect in memory.committed() {
        let _ = catch_unwind(AssertUnwindSafe(effect));
    }
}

/// Runs what is due and changes in one transaction, and answers.
fn transact<M: Memory>(
    memory: &mut M,
    due: Vec<Due<M>>,
    changes: Vec<Change<M>>,
    now: Timestamp,
    pulse: &Pulse,
) -> Result<(), String> {
    let (started, is_idle) = (Instant::now(), changes.is_empty());
    let settled = memory.settle();
    let began = settled.and_then(|()| memory.db().begin_fenced().map_err(|e| NotSettled::Lost(e.to_string())));
    if let Err(not) = began {
        let (NotSettled::Later(why) | NotSettled::Lost(why)) = &not;
        changes.into_iter().for_each(|change| Job::<M>::Change(change).refuse(why));
        return match not {
            NotSettled::Later(_) => Ok(()),
            NotSettled::Lost(why) => Err(why),
        };
    }
    let mut answers: Vec<Finish> = Vec::with_capacity(changes.len());
    let mut failure = due.into_iter().find_map(|work| attempt(memory, |memory| work(memory, now)).err());
    for change in changes {
        match &failure {
            Some(why) => Job::<M>::Change(change).refuse(why),
            None => failure = run_change(memory, change, now, &mut answers).err(),
        }
    }
    let stored = match failure {
        Some(why) => Err(why),
        None => memory.before_commit().and_then(|()| memory.db().commit()).map_err(|e| e.to_string()),
    };
    if !is_idle || stored.is_err() {
        pulse.committed(started.elapsed(), stored.is_ok());
    }
    match stored {
        Ok(()) => run_effects(memory),
        Err(_) => memory.db().rollback(),
    }
    for answer in answers {
        let _ = catch_unwind(AssertUnwindSafe(|| answer(stored.clone())));
    }
    stored
}

fn run_change<M: Memory>(
    memory: &mut M,
    change: Change<M>,
    now: Timestamp,
    answers: &mut Vec<Finish>,
) -> Result<(), String> {
    if let Err(e) = memory.start_change() {
        let why = e.to_string();
        (change.refuse)(why.clone());
        return Err(why);
    }
    let (outcome, finish) = (change.run)(memory, now);
    answers.push(finish);
    match outcome {
        Outcome::Done => memory.end_change().map_err(|e| e.to_string()),
        Outcome::Undone => memory.undo_change(false).map_err(|e| e.to_string()),
        Outcome::Torn => memory.undo_change(true).map_err(|e| e.to_string()),
    }
}

/// Runs what is due in a savepoint.
///
/// # Errors
/// The outer error means that the transaction is lost, the inner one that this alone is undone.
fn attempt<M: Memory, T>(
    memory: &mut M,
    work: impl FnOnce(&mut M) -> Result<T, M::Error>,
) -> Result<Result<T, M::Error>, String> {
    memory.start_change().map_err(|e| e.to_string())?;
    let (torn, result) = match catch_unwind(AssertUnwindSafe(|| work(memory))) {
        Ok(result) => (false, result),
        Err(panic) => (true, Err(StoreError::Internal(panic_message(&*panic)).into())),
    };
    match &result {
        Ok(_) => memory.end_change().map_err(|e| e.to_string())?,
        Err(_) => memory.undo_change(torn).map_err(|e| e.to_string())?,
    }
    Ok(result.map_err(M::Error::undone))
}
