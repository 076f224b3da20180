//! The way back after a failure: a new connection with the writer's lock, and memory read again.

use super::{Fatal, Memory, panic_message};
use crate::DbError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long another process may have the writer's lock before this one ends.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// The first and the longest pause between tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// The longest pause between tries to connect, which cost little: a standby of the database may be promoted at any moment.
const CONNECT_PAUSE: Duration = Duration::from_millis(500);
/// How often reading memory again may fail, with a connection that answers.
const MAX_RELOADS: u32 = 5;

pub(super) struct Recovery {
    why: String,
    next: Instant,
    pause: Duration,
    without_lock: bool,
    /// The session that had the lock on the connection that broke.
    left: Option<i64>,
    locked_out: Option<Instant>,
    reloads: u32,
}

impl Recovery {
    pub(super) fn new(why: String) -> Self {
        Recovery {
            why,
            next: Instant::now(),
            pause: PAUSES.0,
            without_lock: false,
            left: None,
            locked_out: None,
            reloads: 0,
        }
    }

    /// Returns why nothing is written now.
    pub(super) fn why(&self) -> &str {
        &self.why
    }

    /// Returns how long to wait for work before the next try.
    pub(super) fn pause(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now()).min(Duration::from_secs(1))
    }

    /// Lets the next try come soon: what failed was the connection.
    fn soon(&mut self) {
        self.pause = self.pause.min(CONNECT_PAUSE);
        self.next = Instant::now() + self.pause;
    }

    /// Tries to recover; returns whether memory equals the database again.
    pub(super) fn recover<M: Memory>(&mut self, memory: &mut M) -> Result<bool, Fatal> {
        if Instant::now() < self.next {
            return Ok(false);
        }
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
        if !memory.db().is_alive() {
            // A new connection is not the writer's until it has the lock.
            self.without_lock = true;
            self.left = memory.db().lock_session().or(self.left);
            if let Err(e) = memory.db().reconnect() {
                self.soon();
                self.why = format!("the database cannot be reached ({e}); trying again");
                return Ok(false);
            }
        }
        if self.without_lock {
            match acquire(memory, self.left) {
                Ok(()) => self.without_lock = false,
                Err(DbError::Busy(url)) => {
                    let since = *self.locked_out.get_or_insert_with(Instant::now);
                    self.why = format!("another Holdfast took the writer's lock of {url}");
                    self.next = Instant::now() + PAUSES.0;
                    return if since.elapsed() >= LOCK_WAIT { Err(Fatal::LockTaken) } else { Ok(false) };
                }
                Err(e) => {
                    self.soon();
                    self.why = format!("the database cannot be reached ({e}); trying again");
                    return Ok(false);
                }
            }
            tracing::info!("connected to the database again; memory is read from it");
        }
        match catch_unwind(AssertUnwindSafe(|| memory.reload())) {
            Ok(Ok(())) => return Ok(true),
            Ok(Err(e)) => self.why = e.to_string(),
            Err(panic) => self.why = panic_message(&*panic),
        }
        match memory.db().is_alive() {
            true => self.reloads += 1,
            // Lost again on the way, as while a standby is promoted.
            false => self.soon(),
        }
        if self.reloads >= MAX_RELOADS { Err(Fatal::Unrecoverable(self.why.clone())) } else { Ok(false) }
    }
}

/// Takes the writer's lock on a new connection. The session that this process left behind is no other writer.
fn acquire<M: Memory>(memory: &mut M, old: Option<i64>) -> Result<(), DbError> {
    let db = memory.db();
    if let Some(old) = old {
        db.end_own_session(old)?;
    }
    db.become_writer()
}
