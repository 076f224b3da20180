//! What the store's writer needs of [`Core`], and events in batches.

use super::Core;
use crate::service::ScreeningError;
use holdfast_decision::ChainFacts;
use holdfast_decision::Decision;
use holdfast_decision::model::Event;
use holdfast_event_log::ahead::Ahead;
use holdfast_event_log::durable::Then;
use holdfast_store::{ChangeError, Database, DbError, Due, Effect, Memory, NotSettled, StoreError, panic_message};
use holdfast_telemetry::logs::one_line;
use holdfast_types::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most events whose results may wait to be written; more are decided once there is room.
const MAX_BEHIND: u64 = 100_000;
/// How long new events wait for that room.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Gets one answer an event, in order, once all of them are durable.
pub(crate) type Reply = Box<dyn FnOnce(Result<Vec<Result<Decision, ScreeningError>>, StoreError>) + Send>;

/// Events of one sender that wait for their decisions, in one transaction.
pub(crate) struct Submitted {
    pub(crate) events: Vec<(Event, ChainFacts)>,
    pub(crate) actor: Arc<str>,
    pub(crate) reply: Reply,
}

impl Memory for Core {
    type Work = Box<Submitted>;
    type Error = ScreeningError;

    fn db(&mut self) -> &mut Database {
        &mut self.db
    }

    fn reload(&mut self) -> Result<(), ScreeningError> {
        Core::reload(self)
    }

    fn now(&mut self) -> Timestamp {
        self.reading = self.guard.read();
        self.time_is_sound = self.reading.fault.is_none();
        self.reading.now
    }

    fn due(&self, now: Timestamp) -> Vec<Due<Self>> {
        let mut due: Vec<Due<Self>> = Vec::new();
        if self.guard.is_guarded() && self.noted.is_due(&self.reading) {
            due.push(|core, _| {
                let (mut noted, reading) = (core.noted.clone(), core.reading.clone());
                noted.note(core, &reading)?;
                core.noted = noted;
                Ok(())
            });
        }
        if self.has_expired(now) {
            due.push(Core::expire);
        }
        due
    }

    fn start_change(&mut self) -> Result<(), DbError> {
        Core::start_change(self)
    }

    fn end_change(&mut self) -> Result<(), DbError> {
        Core::end_change(self)
    }

    fn undo_change(&mut self, torn: bool) -> Result<(), ScreeningError> {
        Core::undo_change(self, torn)
    }

    fn work(&mut self, batch: Vec<Box<Submitted>>, now: Timestamp) -> Result<(), String> {
        let began = Instant::now();
        self.unwritten.written(self.lag.written());
        if let Err(not) = self.lag.below(MAX_BEHIND, MAX_WAIT) {
            let (NotSettled::Later(why) | NotSettled::Lost(why)) = &not;
            batch.into_iter().for_each(|work| Self::refuse(work, why.clone()));
            return if let NotSettled::Lost(why) = not { Err(why) } else { Ok(()) };
        }
        let mut outcome: Result<(), String> = Ok(());
        let mut decided: Vec<(Reply, Vec<Result<Decision, ScreeningError>>)> = Vec::with_capacity(batch.len());
        let mut rest = batch.into_iter().peekable();
        while let Some(first) = rest.next() {
            if let Err(why) = &outcome {
                Self::refuse(first, why.clone());
                continue;
            }
            let Submitted { events, actor, reply } = *first;
            let (mut replies, mut events) = (vec![(events.len(), reply)], events);
            while let Some(next) = rest.next_if(|next| next.actor == actor) {
                replies.push((next.events.len(), next.reply));
                events.extend(next.events);
            }
            match self.decide(&events, &actor, now) {
                Ok(mut decisions) => {
                    for (count, reply) in replies {
                        let later = decisions.split_off(count.min(decisions.len()));
                        decided.push((reply, std::mem::replace(&mut decisions, later)));
                    }
                }
                Err(why) => {
                    for (_, reply) in replies {
                        reply(Err(StoreError::NotStored(why.clone())));
                    }
                    outcome = Err(why);
                }
            }
        }
        let effects = self.take_effects();
        let then: Then = Box::new(move |stored| {
            let effects = if stored.is_ok() { effects } else { Vec::new() };
            for (reply, decisions) in decided {
                let answer = stored.clone().map_err(StoreError::NotStored).map(|()| decisions);
                // An answer that panics costs no other its own.
                let _ = catch_unwind(AssertUnwindSafe(|| reply(answer)));
            }
            for effect in effects {
                let _ = catch_unwind(AssertUnwindSafe(effect));
            }
        });
        match outcome {
            Ok(()) => {
                let took = began.elapsed();
                self.acknowledge(then)?;
                self.durable.keep_pace(took)?;
            }
            Err(why) => {
                then(Err(why.clone()));
                return Err(why);
            }
        }
        self.note_state();
        Ok(())
    }

    fn lost(&mut self) -> Option<String> {
        Core::lost(self)
    }

    fn settle(&mut self) -> Result<(), NotSettled> {
        Core::settle(self)
    }

    fn close(&mut self) {
        let settled = Core::settle(self).map_err(|(NotSettled::Later(why) | NotSettled::Lost(why))| why);
        // What the tables have is not read at the next start.
        if let Err(why) = settled.and_then(|()| self.durable.change(Ahead::clear).map_err(|e| e.to_string())) {
            tracing::error!(
                reason = one_line(&why),
                "results of decisions are not in the tables; the next start writes them"
            );
        }
    }

    fn items(work: &Box<Submitted>) -> usize {
        work.events.len()
    }

    fn refuse(work: Box<Submitted>, why: String) {
        (work.reply)(Err(StoreError::NotStored(why)));
    }

    fn before_commit(&mut self) -> Result<(), DbError> {
        self.check_state()?;
        self.flush_log()?;
        self.flush_audit()
    }

    fn committed(&mut self) -> Vec<Effect> {
        self.note_state();
        if !Arc::ptr_eq(&self.published.read().unwrap_or_else(|e| e.into_inner()), &self.fold.book) {
            *self.published.write().unwrap_or_else(|e| e.into_inner()) = self.fold.book.clone();
        }
        self.take_effects()
    }
}

impl Core {
    /// Decides on events of one actor at once; when that fails, one by one, so that one event costs no other its decision.
    fn decide(
        &mut self,
        events: &[(Event, ChainFacts)],
        actor: &str,
        now: Timestamp,
    ) -> Result<Vec<Result<Decision, ScreeningError>>, String> {
        if let Ok(decisions) = self.try_decide(events, actor, now)? {
            return Ok(decisions);
        }
        let mut decisions = Vec::with_capacity(events.len());
        for event in events.chunks(1) {
            decisions.push(match self.try_decide(event, actor, now)? {
                Ok(mut one) => one.pop().unwrap_or(Err(StoreError::Stopped.into())),
                Err(e) => Err(e),
            });
        }
        Ok(decisions)
    }

    /// Decides on events; what fails leaves nothing behind. The outer error is why memory must be read again.
    fn try_decide(
        &mut self,
        events: &[(Event, ChainFacts)],
        actor: &str,
        now: Timestamp,
    ) -> Result<Result<Vec<Result<Decision, ScreeningError>>, ScreeningError>, String> {
        self.start_work();
        let (torn, result) = match catch_unwind(AssertUnwindSafe(|| self.decide_events(events, actor, now))) {
            Ok(result) => (false, result),
            Err(panic) => (true, Err(StoreError::Internal(panic_message(&*panic)).into())),
        };
        if result.is_err() {
            // Nothing else would tell soon: work needs the connection for look-ups alone.
            if !self.db.is_alive() {
                return Err("the connection to the database was lost".to_owned());
            }
            self.undo_work(torn)?;
        }
        Ok(result.map_err(ChangeError::undone))
    }
}
