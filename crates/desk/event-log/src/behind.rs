//! The thread that writes results of decisions to the tables, behind the answers.

use crate::ahead::Record;
use holdfast_store::{Database, DbError, NotSettled};
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::metrics::{Gauge, Registry};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Events of one transaction: larger ones rewrite fewer pages, smaller ones are seen sooner.
const MAX_EVENTS: u64 = 2_000;
/// The first and the longest pause before a transaction that failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// Events that may wait before records wait packed: those take a fifth of the memory, and time to be unpacked.
const MAX_WHOLE: u64 = 2 * MAX_EVENTS;

/// A record on its way to the thread.
#[derive(Debug)]
enum Handed {
    Whole(Record),
    Packed(Vec<u8>),
}

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
    /// Why the last try to write failed, and whether there are more.
    failure: Option<String>,
    is_over: bool,
    /// Whether the thread is to end.
    is_stopping: bool,
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
        state.failure = None;
        while state.waiting.front().is_some_and(|w| w.last <= last) {
            state.events -= state.waiting.pop_front().map_or(0, |done| done.events);
        }
        self.show(&state);
    }

    fn fail(&self, why: String, is_over: bool) {
        let mut state = self.state();
        (state.failure, state.is_over) = (Some(why), is_over);
        self.show(&state);
    }

    /// Waits until it is time to try again; returns whether the thread is to end instead.
    fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.state();
        while !state.is_stopping {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(|e| e.into_inner()).0;
        }
        state.is_stopping
    }

    /// Returns why results cannot be written now, if they cannot.
    pub fn failure(&self) -> Option<String> {
        self.state().failure.clone()
    }

    /// Returns why results are written no more, once the thread has ended: its connection broke, or another process became the writer.
    pub fn ended(&self) -> Option<String> {
        let state = self.state();
        state.failure.clone().filter(|_| state.is_over)
    }

    /// Returns the position up to which the tables have everything.
    pub fn written(&self) -> u64 {
        self.state().written
    }

    /// Returns the number of events whose results are not in the tables.
    pub fn events(&self) -> u64 {
        self.state().events
    }

    fn wait(&self, within: Duration, is_enough: impl Fn(&State) -> bool) -> Result<(), NotSettled> {
        let until = Instant::now() + within;
        let mut state = self.state();
        loop {
            if is_enough(&state) {
                return Ok(());
            }
            if let Some(why) = &state.failure {
                return Err(if state.is_over { NotSettled::Lost } else { NotSettled::Later }(why.clone()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let why = format!("results of {} decisions are not in the tables yet", state.events);
                return Err(NotSettled::Later(why));
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(|e| e.into_inner()).0;
        }
    }

    /// Waits until the tables have everything that was acknowledged when this was called.
    ///
    /// # Errors
    /// [`NotSettled`] when they do not by the end of the time, or nothing can be written now.
    pub fn caught_up(&self, within: Duration) -> Result<(), NotSettled> {
        let target = self.state().acknowledged;
        self.wait(within, |state| state.written >= target)
    }

    /// Waits until fewer events than these wait to be written.
    ///
    /// # Errors
    /// [`NotSettled`] when it is not so by the end of the time, or nothing can be written now.
    pub fn below(&self, events: u64, within: Duration) -> Result<(), NotSettled> {
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

/// The thread's handle: dropping it lets the thread write what waits, as far as it can be written, then end. The rest is in the log of what was decided.
#[derive(Debug)]
pub struct Behind {
    sender: Option<Sender<(u64, Handed)>>,
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
        let thread =
            std::thread::Builder::new().name("store-results".into()).spawn(move || run(db, &records, &seen))?;
        Ok(Behind { sender: Some(sender), thread: Some(thread), lag })
    }

    /// Returns a handle without a thread, which writes nothing.
    #[cfg(test)]
    pub(crate) fn idle(lag: Arc<Lag>) -> Self {
        Behind { sender: None, thread: None, lag }
    }

    /// Hands on a record that is durable, with its bytes.
    pub fn hand(&self, record: Record, bytes: Vec<u8>) {
        let events = record.events;
        self.lag.acknowledge(record.last, events);
        let handed = if self.lag.events() <= MAX_WHOLE { Handed::Whole(record) } else { Handed::Packed(bytes) };
        // A thread that has ended said why.
        let _ = self.sender.as_ref().map(|sender| sender.send((events, handed)));
    }

    /// Returns the position up to which the tables have everything.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.lag.written()
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.sender.take();
        if let Some(thread) = self.thread.take() {
            self.lag.state().is_stopping = true;
            self.lag.changed.notify_all();
            let _ = thread.join();
        }
    }
}

fn run(mut db: Database, records: &Receiver<(u64, Handed)>, lag: &Lag) {
    while let Ok((mut events, first)) = records.recv() {
        let mut batch = vec![first];
        while events < MAX_EVENTS
            && let Ok((more, next)) = records.try_recv()
        {
            events += more;
            batch.push(next);
        }
        let mut pause = PAUSES.0;
        let last = loop {
            let e = match write(&mut db, &batch) {
                Ok(last) => break last,
                Err(e) => e,
            };
            let is_over = db.is_fenced() || !db.is_alive();
            tracing::error!(reason = one_line(&e), is_over, "results of decisions are not written");
            lag.fail(format!("results of decisions are not written: {e}"), is_over);
            if is_over || lag.pause(pause) {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        };
        lag.wrote(last);
    }
}

fn write(db: &mut Database, batch: &[Handed]) -> Result<u64, DbError> {
    db.begin_fenced()?;
    let mut last = 0;
    let applied = batch.iter().try_for_each(|handed| {
        let record = match handed {
            Handed::Whole(record) => Cow::Borrowed(record),
            Handed::Packed(bytes) => Cow::Owned(Record::from_bytes(bytes)?),
        };
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
