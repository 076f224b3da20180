//! Changes that people, partners and the exchange make; each waits until it is durable.

use super::{DecidedEvent, MAX_RECORDS, Screening, ScreeningError};
use crate::alerts::AlertAction;
use crate::core::Core;
use crate::flags;
use crate::holds::{Hold, HoldRequest, Release};
use holdfast_decision::completion::Completion;
use holdfast_decision::flags::Flag;
use holdfast_decision::stages::{Workers, WorkersError};
use holdfast_decision::{Price, Record};
use holdfast_learned::{Entry, LearnedError, ModelState, Step};
use holdfast_models::{Model, ModelHash};
use holdfast_types::{Amount, Invalid};
use std::sync::Arc;

impl Screening {
    /// Adds an access to the audit log; `detail` is JSON.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn note_look(
        &self,
        action: &'static str,
        subject: &str,
        detail: String,
        actor: &str,
    ) -> Result<(), ScreeningError> {
        let subject = subject.to_owned();
        self.transact(actor, move |tx| {
            tx.audit(action, &subject, &detail);
            Ok(())
        })
    }

    /// Adds a learned model as a draft.
    ///
    /// # Errors
    /// As [`holdfast_learned::add`].
    pub fn add_model(&self, model: Model, actor: &str) -> Result<Entry, LearnedError> {
        self.transact(actor, move |tx| holdfast_learned::add(tx, &model))
    }

    /// Takes a step with a learned model; events are scored by what is in force then.
    ///
    /// # Errors
    /// As [`holdfast_learned::step`].
    pub fn step_model(&self, model: ModelHash, step: Step, why: &str, actor: &str) -> Result<Entry, LearnedError> {
        let why = why.to_owned();
        self.transact(actor, move |tx| {
            let entry = holdfast_learned::step(tx, model, step, &why)?;
            let now = tx.now();
            tx.core().apply_models(now)?;
            Ok(entry)
        })
    }

    /// Raises an alert about a learned model, unless one with the same reason is open; returns its number. With `fall_back`, a champion goes back to shadow in
    /// the same transaction, so that rules decide alone; a model that is champion no more stays as it is, and nothing is raised.
    ///
    /// # Errors
    /// As [`holdfast_learned::step`].
    pub fn tell_of_model(&self, model: ModelHash, why: &str, fall_back: bool) -> Result<Option<u64>, LearnedError> {
        let why = why.to_owned();
        self.transact("engine", move |tx| {
            let now = tx.now();
            if fall_back {
                // Who retired or replaced it meanwhile decided already.
                if holdfast_learned::entry(tx.db(), model)?.is_some_and(|m| m.state != ModelState::Champion) {
                    return Ok(None);
                }
                holdfast_learned::step(tx, model, Step::Shadow, &why)?;
                tx.core().apply_models(now)?;
            }
            let open = "SELECT id FROM alerts WHERE kind = 'model' AND state = 'open' AND reason = $1";
            if !tx.db().query(open, &[why.as_str().into()])?.is_empty() {
                return Ok(None);
            }
            let detail = serde_json::json!({"model": model, "reason": why, "fall_back": fall_back}).to_string();
            Ok(Some(tx.core().raise_model_alert(&why, &detail, now)?))
        })
    }

    /// Decides on batches of events by so many threads from now on: 1, 2, 4 or 8. Decisions do not depend on it.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] for another number; [`ScreeningError::State`] when the system gives no threads.
    pub fn decide_by(&self, threads: usize) -> Result<(), ScreeningError> {
        let workers = match Workers::new(threads) {
            Ok(workers) => (threads > 1).then(|| Arc::new(workers)),
            Err(e @ WorkersError::Number(_)) => return Err(Invalid::new("decision_threads", e.to_string()).into()),
            Err(e @ WorkersError::System(_)) => return Err(ScreeningError::State(e.to_string())),
        };
        self.change(move |core, _| {
            core.fold.workers = workers;
            Ok(())
        })
    }

    /// Stores records of the customers' world; returns how many were distinct.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the record by its place; nothing is stored then.
    pub fn ingest(&self, records: Vec<Record>, actor: &str) -> Result<u64, ScreeningError> {
        if records.len() > MAX_RECORDS {
            return Err(Invalid::new("records", format!("more than {MAX_RECORDS} at once; send several times")).into());
        }
        for (i, record) in records.iter().enumerate() {
            record.validate().map_err(|e| Invalid::new(&format!("records[{i}].{}", e.field), e.problem))?;
        }
        let actor = actor.to_owned();
        let records = Arc::new(records);
        let shared = records.clone();
        let taken = self.change(move |core, now| core.ingest(&shared, &actor, now))?;
        self.note_owners(&records);
        Ok(taken)
    }

    /// Completes a decided event with what became known of its movement: transaction, block, status. Sent again it changes nothing; of
    /// several the latest time wins, whatever the order of arrival.
    ///
    /// # Errors
    /// [`ScreeningError`]; [`ScreeningError::NotFound`] when no such event was decided.
    pub fn complete(&self, id: &str, completion: Completion, actor: &str) -> Result<DecidedEvent, ScreeningError> {
        let (key, actor) = (id.to_owned(), actor.to_owned());
        self.change(move |core, now| core.complete(&key, &completion, &actor, now))?;
        self.event(id)
    }

    /// Places a hold for a person; returns its number. Sent again, it returns the same.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn place_hold(&self, request: HoldRequest, actor: &str) -> Result<u64, ScreeningError> {
        let actor = actor.to_owned();
        self.change(move |core, now| core.request_hold(request, &actor, now))
    }

    /// Releases a hold, or requests its release where a second person is needed.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn release_hold(
        &self,
        id: u64,
        amount: Option<Amount>,
        reason: &str,
        actor: &str,
    ) -> Result<Hold, ScreeningError> {
        self.release(id, Release { amount, reason: reason.to_owned(), address_confirmed: false }, actor)
    }

    /// As [`Screening::release_hold`]; the customer may have confirmed the address that is warned of.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] for an address that is confirmed where the hold is about none; others as [`Screening::release_hold`].
    pub fn release(&self, id: u64, release: Release, actor: &str) -> Result<Hold, ScreeningError> {
        let actor = actor.to_owned();
        self.change(move |core, now| core.release(id, &release, &actor, now))
    }

    /// Ends holds whose time is over now (the writer also does so by itself).
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn expire_holds(&self) -> Result<(), ScreeningError> {
        self.change(Core::expire)
    }

    /// Applies an action to an alert.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn act_on_alert(&self, id: u64, action: AlertAction, actor: &str) -> Result<(), ScreeningError> {
        self.transact(actor, move |tx| tx.act_on_alert(id, &action))
    }

    /// Raises a flag: it is part of decisions at once, past deposits that it touches are held. Returns the holds.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn raise_flag(&self, flag: Flag, actor: &str) -> Result<Vec<u64>, ScreeningError> {
        let raised = flag.clone();
        self.transact(actor, move |tx| tx.raise_flag(raised))?;
        self.hold_flagged(&flag)
    }

    /// Holds past deposits that a flag touches, once it is in force. Returns the holds.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn hold_flagged(&self, flag: &Flag) -> Result<Vec<u64>, ScreeningError> {
        let flag = flag.clone().canonical()?;
        // Searched beside the writer: no decision waits for it.
        let seqs = self.read(|db| flags::candidates(db, &flag))?;
        let mut placed = Vec::new();
        for part in seqs.chunks(flags::DEPOSITS_AT_ONCE) {
            let (id, part) = (flag.id.clone(), part.to_vec());
            placed.extend(self.change(move |core, now| core.hold_flagged(&id, &part, now))?);
        }
        Ok(placed)
    }

    /// Puts a rule book in force; returns its version.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn apply_rules(&self, yaml: &str, actor: &str) -> Result<u32, ScreeningError> {
        let (yaml, actor) = (yaml.to_owned(), actor.to_owned());
        self.change(move |core, now| core.apply_rules(&yaml, &actor, now))
    }

    /// Sets the price of an asset.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn set_price(&self, asset: &str, price: Price, actor: &str) -> Result<(), ScreeningError> {
        self.set_price_because(asset, price, "", actor)
    }
}
