//! What the store's writer needs of [`Core`], and events in batches.

use super::Core;
use crate::service::ScreeningError;
use holdfast_decision::ChainFacts;
use holdfast_decision::Decision;
use holdfast_decision::model::Event;
use holdfast_store::{Database, DbError, Due, Effect, Finish, Memory, StoreError, attempt};
use holdfast_types::Timestamp;
use std::sync::Arc;

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

    fn work(&mut self, batch: Vec<Box<Submitted>>, now: Timestamp, answers: &mut Vec<Finish>) -> Result<(), String> {
        let mut rest = batch.into_iter().peekable();
        let mut failure = None;
        while let Some(first) = rest.next() {
            if let Some(why) = &failure {
                Self::refuse(first, String::clone(why));
                continue;
            }
            let Submitted { events, actor, reply } = *first;
            let (mut replies, mut events) = (vec![(events.len(), reply)], events);
            while let Some(next) = rest.next_if(|next| next.actor == actor) {
                replies.push((next.events.len(), next.reply));
                events.extend(next.events);
            }
            failure = decide(self, &events, replies, &actor, now, answers).err();
        }
        failure.map_or(Ok(()), Err)
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

/// Answers once the transaction is durable.
fn answer(answers: &mut Vec<Finish>, reply: Reply, decisions: Vec<Result<Decision, ScreeningError>>) {
    answers.push(Box::new(move |stored| reply(stored.map_err(StoreError::NotStored).map(|()| decisions))));
}

/// Decides on events of one actor at once; when that fails, one by one, so that one event costs no other its decision. Each reply is for so many of the
/// events.
fn decide(
    core: &mut Core,
    events: &[(Event, ChainFacts)],
    replies: Vec<(usize, Reply)>,
    actor: &str,
    now: Timestamp,
    answers: &mut Vec<Finish>,
) -> Result<(), String> {
    let mut failure = match attempt(core, |core| core.decide_events(events, actor, now)) {
        Ok(Ok(mut decisions)) => {
            for (count, reply) in replies {
                let later = decisions.split_off(count.min(decisions.len()));
                answer(answers, reply, std::mem::replace(&mut decisions, later));
            }
            return Ok(());
        }
        Ok(Err(_)) => None,
        Err(why) => Some(why),
    };
    let mut rest = events.chunks(1);
    for (count, reply) in replies {
        let mut decisions = Vec::with_capacity(count);
        for event in rest.by_ref().take(count) {
            if failure.is_some() {
                continue;
            }
            match attempt(core, |core| core.decide_events(event, actor, now)) {
                Ok(Ok(mut one)) => decisions.push(one.pop().unwrap_or(Err(StoreError::Stopped.into()))),
                Ok(Err(e)) => decisions.push(Err(e)),
                Err(why) => failure = Some(why),
            }
        }
        match &failure {
            Some(why) => reply(Err(StoreError::NotStored(why.clone()))),
            None => answer(answers, reply, decisions),
        }
    }
    failure.map_or(Ok(()), Err)
}
