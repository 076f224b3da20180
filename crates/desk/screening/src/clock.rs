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
use serde::Serialize;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Most seconds that the clock may be off before it is doubted.
pub const MOST_OFF_SECONDS: i64 = 3_600;
/// How often it is noted that the clock was right, in seconds.
const NOTE_EVERY_SECONDS: i64 = 60;
/// Name of that note.
const SEEN: &str = "clock_seen";
/// Name of the number of the alert that is open about the clock.
const ALERT: &str = "clock_alert";

/// Gives the time, Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Returns the system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
    })
}

/// Where the time comes from.
#[derive(Clone)]
pub struct Time {
    /// Unix seconds by the system clock.
    pub wall: Clock,
    /// Seconds since some moment, which never jump; without it the wall clock is trusted, as in tests that set it.
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
        Time {
            wall: system_clock(),
            steady: Some(Arc::new(move || i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX))),
        }
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
    /// Seconds by which the clock is ahead of what is expected; negative when it is behind.
    pub off_seconds: i64,
    /// Whether it was so from the start: the desk may have been stopped for that long.
    pub since_start: bool,
    /// Time of the system clock, Unix seconds.
    pub wall: i64,
    /// What is expected by the steady clock, Unix seconds.
    pub expected: i64,
}

impl std::fmt::Display for ClockFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = if self.off_seconds < 0 { "behind" } else { "ahead of" };
        let seconds = self.off_seconds.unsigned_abs();
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
    wall: i64,
    steady: i64,
}

impl Base {
    fn expected(self, steady: i64) -> i64 {
        self.wall.saturating_add(steady - self.steady)
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
    pub(crate) now: i64,
    pub(crate) fault: Option<ClockFault>,
}

impl Guard {
    /// Starts with the time at which the desk last ran, if it ever did.
    pub(crate) fn new(time: Time, last: Option<i64>) -> Self {
        let (wall, steady) = ((time.wall)(), time.steady.as_ref().map_or(0, |s| s()));
        let last = last.filter(|last| wall.abs_diff(*last) > MOST_OFF_SECONDS.unsigned_abs());
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
        let near = |expected: i64| wall.abs_diff(expected) <= MOST_OFF_SECONDS.unsigned_abs();
        let fault = |expected: i64, since_start| {
            Some(ClockFault { off_seconds: wall.saturating_sub(expected), since_start, wall, expected })
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
    fn confirm(&self) -> i64 {
        let (wall, steady) = ((self.time.wall)(), self.time.steady.as_ref().map_or(0, |s| s()));
        *self.bases.lock().unwrap_or_else(|e| e.into_inner()) = Bases { start: Base { wall, steady }, last: None };
        wall
    }
}

/// When the desk last ran with a clock that was right; for a database that never noted it, the last entry of the audit log.
pub(crate) fn last_seen(db: &mut Database) -> Result<Option<i64>, DbError> {
    if let Some(noted) = settings::get(db, SEEN)?.and_then(|t| t.parse().ok()) {
        return Ok(Some(noted));
    }
    Ok(db.query("SELECT MAX(time) FROM audit", &[])?.first().and_then(|r| r.int_or_null(0)))
}

/// The writer's memory of what it noted of the clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    at: Option<i64>,
    alerted: bool,
}

impl Noted {
    /// Whether something is to be noted.
    pub(crate) fn is_due(&self, reading: &Reading) -> bool {
        match &reading.fault {
            Some(_) => !self.alerted,
            None => {
                self.alerted || self.at.is_none_or(|at| reading.now.abs_diff(at) >= NOTE_EVERY_SECONDS.unsigned_abs())
            }
        }
    }

    /// Notes that the clock is right, or raises an alert that it is not.
    pub(crate) fn note(&mut self, core: &mut Core, reading: &Reading) -> Result<(), ScreeningError> {
        match &reading.fault {
            None => {
                settings::set(&mut core.db, SEEN, &reading.now.to_string())?;
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
    pub fn confirm_clock(&self, actor: &str) -> Result<i64, ScreeningError> {
        let Some(fault) = self.clock_fault() else {
            return Err(ScreeningError::State("nothing is wrong with the clock".into()));
        };
        let (guard, actor) = (self.guard.clone(), actor.to_owned());
        self.change(move |core, _| {
            let now = fault.wall;
            core.audit(now, &actor, "clock.confirmed", "clock", &json!(fault).to_string());
            settings::set(&mut core.db, SEEN, &now.to_string())?;
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
