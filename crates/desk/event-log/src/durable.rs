//! The thread that makes what was decided durable and answers it, one turn behind the writer: while the disk works, the next turn is decided.
//!
//! That pays where a turn takes longer to decide than to store. Where storing takes longer, the writer had better wait ([`Durable::keep_pace`]): whoever was
//! answered sends again meanwhile, and more is decided and stored at once.
//!
//! Turns become durable in the order in which they were handed in. When one does not, neither it nor any later one is answered with a decision: the
//! writer reads its memory again, from what is durable.

use crate::ahead::{Ahead, Packer, Record};
use crate::behind::Behind;
use holdfast_store::{DbError, panic_message};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Answers those who wait for a turn, once it is durable, or with why it is not.
pub type Then = Box<dyn FnOnce(Result<(), String>) + Send>;

/// Why nothing becomes durable where no thread is.
const STOPPED: &str = "nothing is stored any more";

#[derive(Default)]
struct State {
    /// The turn that waits for the thread; without a record it has only answers.
    turn: Option<(Option<Record>, Then)>,
    /// Whether the thread makes a turn durable now.
    is_busy: bool,
    /// Whether it answers the turn that is durable.
    is_answering: bool,
    failure: Option<String>,
    is_over: bool,
    /// How long the last record took to be stored.
    took: Duration,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    ahead: Mutex<Ahead>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(|e| e.into_inner())
    }

    /// Waits until everything that was handed in is durable, or why it is not is known.
    fn idle(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while state.turn.is_some() || state.is_busy {
            state = self.wait(state);
        }
        state
    }
}

/// The thread's handle: dropping it ends the thread once the last turn is durable and answered.
pub struct Durable {
    shared: Option<Arc<Shared>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Durable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Durable").field("failure", &self.failure()).finish_non_exhaustive()
    }
}

impl Durable {
    /// Starts the thread. Records go to `ahead`, then to `behind`.
    ///
    /// # Errors
    /// [`std::io::Error`] when the system starts no thread.
    pub fn start(ahead: Ahead, behind: Behind) -> std::io::Result<Self> {
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { state, changed: Condvar::new(), ahead: Mutex::new(ahead) });
        let seen = shared.clone();
        let thread = std::thread::Builder::new().name("store-log".into()).spawn(move || run(&seen, &behind))?;
        Ok(Durable { shared: Some(shared), thread: Some(thread) })
    }

    /// Returns a handle without a thread, which refuses everything.
    #[must_use]
    pub fn idle() -> Self {
        Durable { shared: None, thread: None }
    }

    /// Hands in a turn, once the one before it is durable. `then` is called in any case.
    ///
    /// # Errors
    /// Why nothing becomes durable any more.
    pub fn hand(&self, record: Option<Record>, then: Then) -> Result<(), String> {
        let Some(shared) = &self.shared else {
            then(Err(STOPPED.to_owned()));
            return Err(STOPPED.to_owned());
        };
        let mut state = shared.idle();
        if let Some(why) = state.failure.clone() {
            drop(state);
            then(Err(why.clone()));
            return Err(why);
        }
        state.turn = Some((record, then));
        shared.changed.notify_all();
        Ok(())
    }

    /// Waits until everything that was handed in is durable and answered if that takes longer than it took to decide it.
    ///
    /// # Errors
    /// Why it is not.
    pub fn keep_pace(&self, decided_in: Duration) -> Result<(), String> {
        let Some(shared) = &self.shared else { return Ok(()) };
        if shared.state().took <= decided_in {
            return Ok(());
        }
        let mut state = shared.idle();
        while state.is_answering {
            state = shared.wait(state);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Waits until everything that was handed in is durable.
    ///
    /// # Errors
    /// Why it is not.
    pub fn flush(&self) -> Result<(), String> {
        let shared = self.shared.as_ref().ok_or(STOPPED)?;
        shared.idle().failure.clone().map_or(Ok(()), Err)
    }

    /// Returns why nothing becomes durable any more, once that is so.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.as_ref().and_then(|shared| shared.state().failure.clone())
    }

    /// Changes the log of what was decided, while no turn is under way.
    ///
    /// # Errors
    /// [`DbError`] of the change, or [`DbError::Stored`] when nothing becomes durable any more.
    pub fn change(&self, change: impl FnOnce(&mut Ahead) -> Result<(), DbError>) -> Result<(), DbError> {
        let fault = |cause: String| DbError::Stored { what: "results of decisions".into(), cause };
        self.flush().map_err(fault)?;
        let shared = self.shared.as_ref().ok_or_else(|| fault(STOPPED.to_owned()))?;
        change(&mut shared.ahead.lock().unwrap_or_else(|e| e.into_inner()))
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.state().is_over = true;
            shared.changed.notify_all();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, behind: &Behind) {
    let mut packer = Packer::default();
    loop {
        let mut state = shared.state();
        let (record, then) = loop {
            if let Some(turn) = state.turn.take() {
                break turn;
            }
            if state.is_over {
                return;
            }
            state = shared.wait(state);
        };
        state.is_busy = true;
        drop(state);
        let (began, has_record) = (Instant::now(), record.is_some());
        let stored = record.map_or(Ok(()), |record| store(shared, behind, &mut packer, record));
        let mut state = shared.state();
        if has_record {
            state.took = began.elapsed();
        }
        (state.is_busy, state.is_answering) = (false, true);
        state.failure = stored.clone().err();
        drop(state);
        shared.changed.notify_all();
        // An answer that panics must not end the thread.
        let _ = catch_unwind(AssertUnwindSafe(|| then(stored)));
        shared.state().is_answering = false;
        shared.changed.notify_all();
    }
}

fn store(shared: &Shared, behind: &Behind, packer: &mut Packer, record: Record) -> Result<(), String> {
    let stored = catch_unwind(AssertUnwindSafe(|| {
        let bytes = packer.pack(&record)?;
        shared.ahead.lock().unwrap_or_else(|e| e.into_inner()).append(&record, &bytes, behind.written())?;
        behind.hand(record, bytes);
        Ok(())
    }));
    match stored {
        Ok(stored) => stored.map_err(|e: DbError| e.to_string()),
        Err(panic) => Err(panic_message(&*panic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behind::Lag;
    use holdfast_store::Database;
    use std::sync::mpsc::channel;

    fn record(position: u64) -> Record {
        Record { first: position, last: position, events: 1, after: String::new(), writes: Vec::new() }
    }

    #[test]
    fn turns_are_answered_in_order_and_after_a_failure_none_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("a.sqlite").display());
        let db = Database::connect(&url).unwrap();
        let durable = Durable::start(Ahead::open(&db).unwrap(), Behind::idle(Arc::new(Lag::default()))).unwrap();
        let (sender, answers) = channel();
        let hand = |record: Option<Record>, name: &'static str| {
            let sender = sender.clone();
            durable.hand(record, Box::new(move |stored| sender.send((name, stored)).unwrap()))
        };
        assert_eq!(hand(Some(record(1)), "first"), Ok(()));
        assert_eq!(hand(None, "what was decided before"), Ok(()));
        assert_eq!(durable.flush(), Ok(()));
        assert!(!Ahead::open(&db).unwrap().is_empty(), "it is on the disk when it is answered");
        // The position is taken.
        assert_eq!(hand(Some(record(1)), "a position twice"), Ok(()), "it is not known yet");
        assert!(durable.flush().is_err() && durable.failure().is_some());
        assert!(hand(Some(record(2)), "after it").is_err());
        assert!(hand(None, "answers after it").is_err());
        assert!(durable.change(Ahead::wipe).is_err());
        drop(durable);
        drop(sender);
        let answers: Vec<_> = answers.iter().map(|(name, stored)| (name, stored.is_ok())).collect();
        assert_eq!(answers[..2], [("first", true), ("what was decided before", true)]);
        let mut refused = answers[2..].to_vec();
        refused.sort_unstable();
        assert_eq!(refused, [("a position twice", false), ("after it", false), ("answers after it", false)]);
    }
}
