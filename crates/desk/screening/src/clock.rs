//! The time, guarded: nothing that cannot be undone happens because a clock was wrong.
//!
//! The system's clock is compared with a steady one (which no one can set) and, at the start, with the time at which the desk last ran. When it is
//! off by more than a bound, holds, flags and preservations stop ending and an alert is raised, until the clock is right again or a person
//! confirms it. Meanwhile time follows the monotonic clock.

use crate::alerts::{AlertAction, Outcome};
use crate::core::Core;
use crate::service::{Screening, ScreeningError};
use crate::settings;
use holdfast_store::{Database, DbError};
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

/// How far the clock may be off before it is doubted.
pub const MOST_OFF: Seconds = Seconds::HOUR;
/// How often it is noted that the clock was right.
const NOTE_EVERY: Seconds = Seconds::MINUTE;
/// Name of that note.
const SEEN: &str = "clock_seen";
/// Name of the number of the alert that is open about the clock.
const ALERT: &str = "clock_alert";

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns the system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().into())
}

/// Where the time comes from.
#[derive(Clone)]
pub struct Time {
    /// The system clock.
    pub wall: Clock,
    /// A clock that never jumps, from some moment on; without it the wall clock is trusted, as in tests that set it.
    pub steady: Option<Clock>,
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Time").field("guarded", &self.steady.is_some()).finish_non_exhaustive()
    }
}

impl Time {
    /// The system's clock, guarded by the monotonic one.
    #[must_use]
    pub fn system() -> Self {
        let start = Instant::now();
        Time { wall: system_clock(), steady: Some(Arc::new(move || Timestamp::EPOCH + start.elapsed().into())) }
    }
}

impl From<Clock> for Time {
    fn from(wall: Clock) -> Self {
        Time { wall, steady: None }
    }
}

/// Why the clock is doubted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockFault {
    /// By how much the clock is ahead of what is expected; negative when it is behind.
    pub off_seconds: Seconds,
    /// Whether it was so from the start: the desk may have been stopped for that long.
    pub since_start: bool,
    /// Time of the system clock.
    pub wall: Timestamp,
    /// What is expected by the steady clock.
    pub expected: Timestamp,
}

impl std::fmt::Display for ClockFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = if self.off_seconds < Seconds::ZERO { "behind" } else { "ahead of" };
        let seconds = self.off_seconds.count().unsigned_abs();
        let what = match self.since_start {
            true => "the time at which the desk last ran (it may have been stopped that long)",
            false => "the time that passed since it started",
        };
        write!(
            f,
            "the system's clock is {seconds} s {way} {what}; nothing expires until it is right again or a person confirms it"
        )
    }
}

/// A clock's time and the monotonic clock's reading at that time.
#[derive(Clone, Copy, Debug)]
struct Base {
    wall: Timestamp,
    steady: Timestamp,
}

impl Base {
    fn expected(self, steady: Timestamp) -> Timestamp {
        self.wall + (steady - self.steady)
    }
}

#[derive(Debug)]
struct Bases {
    /// The clock when the process started, or when a person confirmed it.
    start: Base,
    /// When the desk last ran with a clock that was right, while that does not fit the start.
    last: Option<Base>,
}

/// The guard.
#[derive(Debug)]
pub(crate) struct Guard {
    time: Time,
    bases: Mutex<Bases>,
}

/// The time, and whether it can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) now: Timestamp,
    pub(crate) fault: Option<ClockFault>,
}

impl Guard {
    /// Starts with the time at which the desk last ran, if it ever did.
    pub(crate) fn new(time: Time, last: Option<Timestamp>) -> Self {
        let (wall, steady) = ((time.wall)(), time.steady.as_ref().map_or(Timestamp::EPOCH, |s| s()));
        let last = last.filter(|last| wall.distance(*last) > MOST_OFF);
        let last = last.filter(|_| time.steady.is_some()).map(|wall| Base { wall, steady });
        Guard { time, bases: Mutex::new(Bases { start: Base { wall, steady }, last }) }
    }

    pub(crate) fn is_guarded(&self) -> bool {
        self.time.steady.is_some()
    }

    /// The time now.
    pub(crate) fn read(&self) -> Reading {
        let wall = (self.time.wall)();
        let Some(steady) = &self.time.steady else { return Reading { now: wall, fault: None } };
        let steady = steady();
        let near = |expected: Timestamp| wall.distance(expected) <= MOST_OFF;
        let fault = |expected: Timestamp, since_start| {
            Some(ClockFault { off_seconds: wall - expected, since_start, wall, expected })
        };
        let mut bases = self.bases.lock().unwrap_or_else(|e| e.into_inner());
        let by_start = bases.start.expected(steady);
        match bases.last.map(|last| last.expected(steady)) {
            // The clock fits when the desk last ran, after all.
            Some(by_last) if near(by_last) => {
                *bases = Bases { start: Base { wall, steady }, last: None };
                Reading { now: wall, fault: None }
            }
            Some(by_last) => Reading { now: wall, fault: fault(by_last, true) },
            None if near(by_start) => Reading { now: wall, fault: None },
            None => Reading { now: by_start, fault: fault(by_start, false) },
        }
    }

    /// A person confirms the system clock.
    fn confirm(&self) -> Timestamp {
        let (wall, steady) = ((self.time.wall)(), self.time.steady.as_ref().map_or(Timestamp::EPOCH, |s| s()));
        *self.bases.lock().unwrap_or_else(|e| e.into_inner()) = Bases { start: Base { wall, steady }, last: None };
        wall
    }
}

/// When the desk last ran with a clock that was right; for a database that never noted it, the last entry of the audit log.
pub(crate) fn last_seen(db: &mut Database) -> Result<Option<Timestamp>, DbError> {
    if let Some(noted) = settings::get(db, SEEN)?.and_then(|t| t.parse().ok()) {
        return Ok(Some(Timestamp::from_unix(noted)));
    }
    Ok(db.query("SELECT MAX(time) FROM audit", &[])?.first().and_then(|r| r.time_or_null(0)))
}

/// The writer's memory of what it noted of the clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    at: Option<Timestamp>,
    alerted: bool,
}

impl Noted {
    /// Whether something is to be noted.
    pub(crate) fn is_due(&self, reading: &Reading) -> bool {
        match &reading.fault {
            Some(_) => !self.alerted,
            None => self.alerted || self.at.is_none_or(|at| reading.now.distance(at) >= NOTE_EVERY),
        }
    }

    /// Notes that the clock is right, or raises an alert that it is not.
    pub(crate) fn note(&mut self, core: &mut Core, reading: &Reading) -> Result<(), ScreeningError> {
        match &reading.fault {
            None => {
                settings::set(&mut core.db, SEEN, &reading.now.unix().to_string())?;
                if self.alerted {
                    core.audit(reading.now, "engine", "clock.right", "clock", "{}");
                }
                (self.at, self.alerted) = (Some(reading.now), false);
            }
            Some(fault) => {
                let id = core.raise_clock_alert(&fault.to_string(), &json!(fault).to_string(), reading.now)?;
                settings::set(&mut core.db, ALERT, &id.to_string())?;
                tracing::error!(reason = %fault, "the clock is doubted; nothing ends because time passed");
                self.alerted = true;
            }
        }
        Ok(())
    }
}

impl Screening {
    /// Why the clock is doubted, if it is.
    pub fn clock_fault(&self) -> Option<ClockFault> {
        self.guard.read().fault
    }

    /// A person confirms the system clock: what is over by it ends now. The alert about it closes.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when nothing is wrong with the clock.
    pub fn confirm_clock(&self, actor: &str) -> Result<Timestamp, ScreeningError> {
        let Some(fault) = self.clock_fault() else {
            return Err(ScreeningError::State("nothing is wrong with the clock".into()));
        };
        let (guard, actor) = (self.guard.clone(), actor.to_owned());
        self.change(move |core, _| {
            let now = fault.wall;
            core.audit(now, &actor, "clock.confirmed", "clock", &json!(fault).to_string());
            settings::set(&mut core.db, SEEN, &now.unix().to_string())?;
            let alert = settings::get(&mut core.db, ALERT)?.and_then(|id| id.parse::<u64>().ok());
            if let Some((alert, _)) = alert.map(|id| crate::alerts::get(&mut core.db, id)).transpose()?.flatten()
                && alert.state == "open"
            {
                let text = "a person confirmed the clock".to_owned();
                core.act(alert.id, &AlertAction::Close { outcome: Outcome::Inconclusive, text }, &actor, now)?;
            }
            core.after_commit(Box::new(move || {
                guard.confirm();
            }));
            Ok(now)
        })
    }
}
