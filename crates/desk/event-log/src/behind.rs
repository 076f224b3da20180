//! The thread that writes results of decisions to the tables, behind the answers.

use crate::ahead::Record;
use holdfast_store::{Database, DbError};
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::metrics::{Gauge, Registry};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Events of one transaction: larger ones rewrite fewer pages, smaller ones are seen sooner.
const MAX_EVENTS: u64 = 2_000;
/// How long a transaction waits between tries when it failed.
const RETRY: Duration = Duration::from_millis(250);
/// Tries of a transaction before the thread ends.
const TRIES: u32 = 4;

/// A record that is acknowledged and not written.
#[derive(Debug)]
struct Waiting {
    last: u64,
    events: u64,
    since: Instant,
}

#[derive(Debug, Default)]
struct State {
    /// Position of the last record that was acknowledged, and of the last whose results are in the tables.
    acknowledged: u64,
    written: u64,
    waiting: VecDeque<Waiting>,
    events: u64,
    failure: Option<String>,
}

/// How far the tables are behind what was acknowledged.
#[derive(Debug, Default)]
pub struct Lag {
    state: Mutex<State>,
    changed: Condvar,
    events: Gauge,
    seconds: Gauge,
}

impl Lag {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn show(&self, state: &State) {
        self.events.set(state.events.try_into().unwrap_or(i64::MAX));
        let age = state.waiting.front().map_or(0, |w| w.since.elapsed().as_secs());
        self.seconds.set(age.try_into().unwrap_or(i64::MAX));
        self.changed.notify_all();
    }

    /// Starts over: the tables have everything up to a position.
    pub fn reset(&self, position: u64) {
        let mut state = self.state();
        *state = State { acknowledged: position, written: position, ..State::default() };
        self.show(&state);
    }

    fn acknowledge(&self, last: u64, events: u64) {
        let mut state = self.state();
        state.acknowledged = last;
        state.events += events;
        state.waiting.push_back(Waiting { last, events, since: Instant::now() });
        self.show(&state);
    }

    fn wrote(&self, last: u64) {
        let mut state = self.state();
        state.written = last;
        while state.waiting.front().is_some_and(|w| w.last <= last) {
            state.events -= state.waiting.pop_front().map_or(0, |done| done.events);
        }
        self.show(&state);
    }

    fn fail(&self, why: String) {
        let mut state = self.state();
        state.failure = Some(why);
        self.show(&state);
    }

    /// Returns the position up to which the tables have everything.
    pub fn written(&self) -> u64 {
        self.state().written
    }

    /// Returns the number of events whose results are not in the tables.
    pub fn events(&self) -> u64 {
        self.state().events
    }

    fn wait(&self, within: Duration, is_enough: impl Fn(&State) -> bool) -> Result<bool, String> {
        let until = Instant::now() + within;
        let mut state = self.state();
        loop {
            if is_enough(&state) {
                return Ok(true);
            }
            if let Some(why) = &state.failure {
                return Err(why.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(|e| e.into_inner()).0;
        }
    }

    /// Waits until the tables have everything that was acknowledged when this was called; returns whether they do by the end of the time.
    ///
    /// # Errors
    /// Why nothing is written any more.
    pub fn caught_up(&self, within: Duration) -> Result<bool, String> {
        let target = self.state().acknowledged;
        self.wait(within, |state| state.written >= target)
    }

    /// Waits until fewer events than these wait to be written; returns whether it is so by the end of the time.
    ///
    /// # Errors
    /// Why nothing is written any more.
    pub fn below(&self, events: u64, within: Duration) -> Result<bool, String> {
        self.wait(within, |state| state.events < events)
    }

    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "holdfast_results_behind_events",
            "Decided events whose results are not in the tables yet",
            self.events.clone(),
        );
        registry.register(
            "holdfast_results_behind_seconds",
            "Age of the oldest decision whose results are not in the tables, when one was last answered or written",
            self.seconds.clone(),
        );
    }
}

/// The thread's handle: dropping it lets the thread write what waits, then end. What it cannot write is in the log of what was decided.
#[derive(Debug)]
pub struct Behind {
    sender: Option<Sender<(u64, Vec<u8>)>>,
    thread: Option<JoinHandle<()>>,
    lag: Arc<Lag>,
}

impl Behind {
    /// Starts the thread on a connection of the writer.
    ///
    /// # Errors
    /// [`std::io::Error`] when the system starts no thread.
    pub fn start(db: Database, lag: Arc<Lag>) -> std::io::Result<Self> {
        let (sender, records) = channel();
        let seen = lag.clone();
        let thread = std::thread::Builder::new().name("store-results".into()).spawn(move || run(db, &records, &seen))?;
        Ok(Behind { sender: Some(sender), thread: Some(thread), lag })
    }

    /// Returns a handle without a thread, which writes nothing.
    #[must_use]
    pub fn idle(lag: Arc<Lag>) -> Self {
        Behind { sender: None, thread: None, lag }
    }

    /// Hands on a record that is durable.
    pub fn hand(&self, record: &Record, bytes: Vec<u8>) {
        self.lag.acknowledge(record.last, record.events);
        // A thread that has ended said why.
        let _ = self.sender.as_ref().map(|sender| sender.send((record.events, bytes)));
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.sender.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut db: Database, records: &Receiver<(u64, Vec<u8>)>, lag: &Lag) {
    while let Ok((mut events, first)) = records.recv() {
        let mut batch = vec![first];
        while events < MAX_EVENTS
            && let Ok((more, next)) = records.try_recv()
        {
            events += more;
            batch.push(next);
        }
        let mut tries = 1;
        let written = loop {
            match write(&mut db, &batch) {
                Err(e) if tries < TRIES && !db.is_fenced() && db.is_alive() => {
                    tracing::warn!(reason = one_line(&e), "results of decisions are not written; trying again");
                    tries += 1;
                    std::thread::sleep(RETRY);
                }
                done => break done,
            }
        };
        match written {
            Ok(last) => lag.wrote(last),
            Err(e) => {
                tracing::error!(reason = one_line(&e), "results of decisions cannot be written");
                return lag.fail(format!("results of decisions cannot be written: {e}"));
            }
        }
    }
}

fn write(db: &mut Database, batch: &[Vec<u8>]) -> Result<u64, DbError> {
    db.begin_fenced()?;
    let mut last = 0;
    let applied = batch.iter().try_for_each(|bytes| {
        let record = Record::from_bytes(bytes)?;
        last = record.last;
        record.writes.iter().try_for_each(|write| write.apply(db))
    });
    match applied.and_then(|()| db.commit()) {
        Ok(()) => Ok(last),
        Err(e) => {
            db.rollback();
            Err(e)
        }
    }
}
