//! The one writer: takes jobs in order, many in one transaction, each in a savepoint of its own, and answers after the commit.
//!
//! A change that is refused or fails is undone alone. When a commit fails or a change panics, memory is read again from the database before
//! anything else is decided. A connection that broke is made anew, with the writer's lock; when another process has the lock, or memory
//! cannot be read again, the writer ends with a [`Fatal`] and the process is to end too.

use crate::clock::{Guard, Noted, Reading};
use crate::core::Core;
use crate::db::{Database, DbError};
use crate::decision::Decision;
use crate::facts::ChainFacts;
use crate::model::Event;
use crate::rules::RuleBook;
use crate::service::ScreeningError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    /// Exit code of the process: 3 when another process has the database, 4 when it cannot be read.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Fatal::LockTaken => 3,
            Fatal::Unrecoverable(_) => 4,
        }
    }
}

/// Most jobs of one transaction: bounds the time until the first of them is answered.
const MAX_BATCH: usize = 256;
/// How long an idle writer leaves its connection untried.
const TRY_IDLE: Duration = Duration::from_secs(5);
/// How long the writer's lock may be somebody else's before this process gives up.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Pauses between tries to recover.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// How often reading memory again may fail, with a connection that answers.
const MAX_RELOADS: u32 = 5;

pub(crate) type Reply = Box<dyn FnOnce(Result<Decision, ScreeningError>) + Send>;
/// Gets how the commit went.
type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;

/// How a change ended.
enum Outcome {
    /// It stays.
    Done,
    /// It is undone: refused, or the database refused a statement.
    Undone,
    /// It is undone, and so is memory.
    Torn,
}

/// Runs a change.
type Run = dyn FnOnce(&mut Core, i64) -> (Outcome, Finish) + Send;

/// A change that waits.
pub(crate) struct Change {
    run: Box<Run>,
    refuse: Box<dyn FnOnce(String) + Send>,
}

/// What the writer does.
pub(crate) enum Job {
    Event(Box<(Event, ChainFacts)>, Arc<str>, Reply),
    Change(Change),
}

/// What the writer shares with its owner.
pub(crate) struct Shared {
    pub(crate) book: Arc<RwLock<Arc<RuleBook>>>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) fatal: Arc<OnceLock<Fatal>>,
    pub(crate) readers: Readers,
}

/// Connections for reading that are idle, and since when.
pub(crate) type Readers = Arc<Mutex<Vec<(Database, Instant)>>>;

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// A job that runs a change; `answer` is called once, after the commit.
pub(crate) fn change_job<T: Send + 'static>(
    change: impl FnOnce(&mut Core, i64) -> Result<T, ScreeningError> + Send + 'static,
    answer: impl Fn(Result<T, ScreeningError>) + Send + Sync + 'static,
) -> Job {
    let answer = Arc::new(answer);
    let unanswered = answer.clone();
    Job::Change(Change {
        run: Box::new(move |core, now| {
            let result = catch_unwind(AssertUnwindSafe(|| change(core, now)));
            let outcome = match &result {
                Ok(Ok(_)) => Outcome::Done,
                Ok(Err(_)) => Outcome::Undone,
                Err(_) => Outcome::Torn,
            };
            let result = match result {
                Ok(Err(ScreeningError::Db(e))) => Err(ScreeningError::NotStored(e.to_string())),
                Ok(result) => result,
                Err(panic) => Err(ScreeningError::Internal(panic_text(&*panic))),
            };
            (outcome, Box::new(move |stored| answer(stored.map_err(ScreeningError::NotStored).and(result))))
        }),
        refuse: Box::new(move |why| unanswered(Err(ScreeningError::NotStored(why)))),
    })
}

/// Starts the writer.
pub(crate) fn start(core: Core, jobs: Receiver<Job>, shared: Shared) -> Result<JoinHandle<()>, ScreeningError> {
    std::thread::Builder::new()
        .name("screening-writer".into())
        .spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| run(core, &jobs, &shared)));
            let fatal = match ended {
                Ok(Ok(())) => return,
                Ok(Err(fatal)) => fatal,
                Err(panic) => Fatal::Unrecoverable(panic_text(&*panic)),
            };
            eprintln!("holdfast: {fatal}");
            let _ = shared.fatal.set(fatal);
        })
        .map_err(|e| ScreeningError::Io(PathBuf::from("thread"), e))
}

fn run(mut core: Core, jobs: &Receiver<Job>, shared: &Shared) -> Result<(), Fatal> {
    let mut broken: Option<Recovery> = None;
    let mut session = core.db.session().ok().flatten();
    let mut last_used = Instant::now();
    let mut noted = Noted::default();
    loop {
        let first = match jobs.recv_timeout(broken.as_ref().map_or(Duration::from_secs(1), Recovery::pause)) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                core.db.stop_writing();
                return Ok(());
            }
        };
        let mut batch: Vec<Job> = first.into_iter().collect();
        while batch.len() < MAX_BATCH
            && !batch.is_empty()
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        if broken.is_none() && batch.is_empty() && last_used.elapsed() >= TRY_IDLE {
            // A lost connection is a lost lock: it is noticed without any work, too.
            last_used = Instant::now();
            if !core.db.answers() {
                broken = Some(Recovery::new("the connection to the database was lost".to_owned()));
            }
        }
        if let Some(mut recovery) = broken.take() {
            if !recovery.recover(&mut core, &mut session)? {
                batch.into_iter().for_each(|job| refuse(job, &recovery.why));
                broken = Some(recovery);
                continue;
            }
            // What ended the writer's connection may have ended the idle ones.
            shared.readers.lock().unwrap_or_else(|e| e.into_inner()).clear();
        }
        let reading = shared.guard.read();
        core.time_is_sound = reading.fault.is_none();
        let about_clock = (shared.guard.is_guarded() && noted.is_due(&reading)).then_some((&mut noted, &reading));
        let (answers, outcome) = transact(&mut core, batch, reading.now, about_clock);
        match &outcome {
            Ok(()) => {
                for effect in core.take_effects() {
                    let _ = catch_unwind(AssertUnwindSafe(effect));
                }
            }
            Err(why) => broken = Some(Recovery::new(why.clone())),
        }
        if outcome.is_ok() && !Arc::ptr_eq(&shared.book.read().unwrap_or_else(|e| e.into_inner()), &core.book) {
            *shared.book.write().unwrap_or_else(|e| e.into_inner()) = core.book.clone();
        }
        if !answers.is_empty() {
            last_used = Instant::now();
        }
        for answer in answers {
            let _ = catch_unwind(AssertUnwindSafe(|| answer(outcome.clone())));
        }
    }
}

/// The way back after a failure.
struct Recovery {
    why: String,
    next: Instant,
    pause: Duration,
    without_lock: bool,
    locked_out: Option<Instant>,
    reloads: u32,
}

impl Recovery {
    fn new(why: String) -> Self {
        Recovery { why, next: Instant::now(), pause: PAUSES.0, without_lock: false, locked_out: None, reloads: 0 }
    }

    /// How long to wait for work before the next try.
    fn pause(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now()).min(Duration::from_secs(1))
    }

    /// Tries to come back; true when memory is what the database says again.
    fn recover(&mut self, core: &mut Core, session: &mut Option<i64>) -> Result<bool, Fatal> {
        if Instant::now() < self.next {
            return Ok(false);
        }
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
        if !core.db.answers() {
            // A new connection is not the writer's until it has the lock.
            self.without_lock = true;
            if let Err(e) = core.db.reconnect() {
                self.why = format!("the database cannot be reached ({e}); trying again");
                return Ok(false);
            }
        }
        if self.without_lock {
            match take_lock(core, *session) {
                Ok(own) => (*session, self.without_lock) = (own, false),
                Err(DbError::Busy(place)) => {
                    let since = *self.locked_out.get_or_insert_with(Instant::now);
                    self.why = format!("another Holdfast took the writer's lock of {place}");
                    self.next = Instant::now() + PAUSES.0;
                    return if since.elapsed() >= LOCK_WAIT { Err(Fatal::LockTaken) } else { Ok(false) };
                }
                Err(e) => {
                    self.why = format!("the database cannot be reached ({e}); trying again");
                    return Ok(false);
                }
            }
            eprintln!("holdfast: connected to the database again; reading what it says");
        }
        match catch_unwind(AssertUnwindSafe(|| core.reload())) {
            Ok(Ok(())) => return Ok(true),
            Ok(Err(e)) => self.why = e.to_string(),
            Err(panic) => self.why = panic_text(&*panic),
        }
        if core.db.answers() {
            self.reloads += 1;
        }
        if self.reloads >= MAX_RELOADS { Err(Fatal::Unrecoverable(self.why.clone())) } else { Ok(false) }
    }
}

/// Takes the writer's lock on a new connection; gives its session. What this process left behind is no other writer.
fn take_lock(core: &mut Core, old: Option<i64>) -> Result<Option<i64>, DbError> {
    if let Some(old) = old {
        core.db.end_own_session(old)?;
    }
    core.db.become_writer()?;
    core.db.session()
}

fn refuse(job: Job, why: &str) {
    let why = why.to_owned();
    let _ = catch_unwind(AssertUnwindSafe(|| match job {
        Job::Event(_, _, reply) => reply(Err(ScreeningError::NotStored(why))),
        Job::Change(change) => (change.refuse)(why),
    }));
}

/// Runs a batch in one transaction; gives what is to be answered afterwards, and whether it was stored.
fn transact(
    core: &mut Core,
    batch: Vec<Job>,
    now: i64,
    about_clock: Option<(&mut Noted, &Reading)>,
) -> (Vec<Finish>, Result<(), String>) {
    if batch.is_empty() && about_clock.is_none() && !core.has_expired(now) {
        return (Vec::new(), Ok(()));
    }
    if let Err(e) = core.db.begin() {
        let why = e.to_string();
        batch.into_iter().for_each(|job| refuse(job, &why));
        return (Vec::new(), Err(why));
    }
    let mut answers: Vec<Finish> = Vec::with_capacity(batch.len());
    let noted = match about_clock {
        Some((noted, reading)) => attempt(core, |core| noted.note(core, reading)).map(|_| ()),
        None => Ok(()),
    };
    let run = match noted {
        Ok(()) => run_batch(core, batch, now, &mut answers),
        Err(why) => {
            batch.into_iter().for_each(|job| refuse(job, &why));
            Err(why)
        }
    };
    let stored = run.and_then(|()| core.flush_audit().and_then(|()| core.db.commit()).map_err(|e| e.to_string()));
    if stored.is_err() {
        core.db.rollback();
    }
    (answers, stored)
}

/// Runs jobs, each in its savepoint. An error means that nothing of the transaction can be stored.
fn run_batch(core: &mut Core, batch: Vec<Job>, now: i64, answers: &mut Vec<Finish>) -> Result<(), String> {
    let mut failure = match core.has_expired(now) {
        true => attempt(core, |core| core.expire(now)).err(),
        false => None,
    };
    let mut jobs = batch.into_iter().peekable();
    while let Some(job) = jobs.next() {
        if let Some(why) = &failure {
            refuse(job, why);
            continue;
        }
        let done = match job {
            Job::Change(change) => run_change(core, change, now, answers),
            Job::Event(event, actor, reply) => {
                let (mut events, mut replies) = (vec![*event], vec![reply]);
                while let Some(Job::Event(_, next, _)) = jobs.peek()
                    && *next == actor
                {
                    let Some(Job::Event(event, _, reply)) = jobs.next() else { break };
                    events.push(*event);
                    replies.push(reply);
                }
                decide(core, events, replies, &actor, now, answers)
            }
        };
        failure = done.err();
    }
    failure.map_or(Ok(()), Err)
}

fn run_change(core: &mut Core, change: Change, now: i64, answers: &mut Vec<Finish>) -> Result<(), String> {
    if let Err(e) = core.start_change() {
        let why = e.to_string();
        (change.refuse)(why.clone());
        return Err(why);
    }
    let (outcome, finish) = (change.run)(core, now);
    answers.push(finish);
    let ended = match outcome {
        Outcome::Done => core.end_change().map_err(Into::into),
        Outcome::Undone => core.undo_change(false),
        Outcome::Torn => core.undo_change(true),
    };
    ended.map_err(|e: ScreeningError| e.to_string())
}

/// Runs work in a savepoint. The outer error means that the transaction is lost, the inner one that the work alone is undone.
#[allow(clippy::type_complexity)]
fn attempt<T>(
    core: &mut Core,
    work: impl FnOnce(&mut Core) -> Result<T, ScreeningError>,
) -> Result<Result<T, ScreeningError>, String> {
    core.start_change().map_err(|e| e.to_string())?;
    let (torn, result) = match catch_unwind(AssertUnwindSafe(|| work(core))) {
        Ok(result) => (false, result),
        Err(panic) => (true, Err(ScreeningError::Internal(panic_text(&*panic)))),
    };
    let ended = match &result {
        Ok(_) => core.end_change().map_err(Into::into),
        Err(_) => core.undo_change(torn),
    };
    ended.map_err(|e: ScreeningError| e.to_string())?;
    Ok(match result {
        Err(ScreeningError::Db(e)) => Err(ScreeningError::NotStored(e.to_string())),
        result => result,
    })
}

/// Decides on events of one actor at once; when that fails, one by one, so that one event costs no other its decision.
fn decide(
    core: &mut Core,
    events: Vec<(Event, ChainFacts)>,
    replies: Vec<Reply>,
    actor: &str,
    now: i64,
    answers: &mut Vec<Finish>,
) -> Result<(), String> {
    let mut answer = |reply: Reply, decision: Result<Decision, ScreeningError>| {
        answers.push(Box::new(move |stored| reply(stored.map_err(ScreeningError::NotStored).and(decision))));
    };
    let mut replies = replies.into_iter();
    let all = match attempt(core, |core| core.decide_events(&events, actor, now)) {
        Ok(Ok(decisions)) => Ok(Some(decisions)),
        Ok(Err(e)) if events.len() == 1 => Ok(Some(vec![Err(e)])),
        Ok(Err(_)) => Ok(None),
        Err(why) => Err(why),
    };
    let failed = match all {
        Ok(Some(decisions)) => {
            for (reply, decision) in replies.by_ref().zip(decisions) {
                answer(reply, decision);
            }
            return Ok(());
        }
        Ok(None) => None,
        Err(why) => Some(why),
    };
    let mut failed = failed;
    for (event, reply) in events.chunks(1).zip(replies) {
        if let Some(why) = &failed {
            reply(Err(ScreeningError::NotStored(why.clone())));
            continue;
        }
        match attempt(core, |core| core.decide_events(event, actor, now)) {
            Ok(Ok(mut decisions)) => answer(reply, decisions.pop().unwrap_or(Err(ScreeningError::Stopped))),
            Ok(Err(e)) => answer(reply, Err(e)),
            Err(why) => {
                reply(Err(ScreeningError::NotStored(why.clone())));
                failed = Some(why);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}
