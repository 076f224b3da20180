//! A change of the writer's transaction, as departments make it.

use super::{Screening, ScreeningError};
use crate::alerts::AlertAction;
use crate::core::Core;
use crate::holds::{self, HoldRequest};
use holdfast_decision::flags::{Flag, State as FlagState};
use holdfast_identity::person_named;
use holdfast_store::{Change, ChangeError, Database, DbError, Effect, Store, StoreError};
use holdfast_types::ids::FlagId;
use holdfast_types::{Seconds, Timestamp};

/// The writer's transaction, for a change of other tables.
pub struct Transaction<'a> {
    core: &'a mut Core,
    now: Timestamp,
    actor: String,
}

impl<'a> Transaction<'a> {
    /// Returns a change by an actor, within the current transaction.
    pub(crate) fn of(core: &'a mut Core, now: Timestamp, actor: &str) -> Self {
        Transaction { core, now, actor: actor.to_owned() }
    }
}

impl Transaction<'_> {
    /// Returns the database.
    pub fn db(&mut self) -> &mut Database {
        &mut self.core.db
    }

    /// Returns the time of the change.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns whether the clock can be relied on; while it cannot, nothing may end for good because time passed.
    pub fn time_is_sound(&self) -> bool {
        self.core.time_is_sound
    }

    /// Returns who makes the change.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    pub(crate) fn core(&mut self) -> &mut Core {
        self.core
    }

    /// Places a hold, as [`Screening::place_hold`] does.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn place_hold(&mut self, request: HoldRequest) -> Result<u64, ScreeningError> {
        self.core.request_hold(request, &self.actor, self.now)
    }

    /// Ends a hold whose release two people approved elsewhere, such as a seizure that was carried out.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn end_hold(&mut self, id: u64, reason: &str) -> Result<(), ScreeningError> {
        let hold = holds::get(&mut self.core.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))?;
        match hold.state.as_str() {
            "active" => self.core.end(&hold, None, "released", reason, &self.actor, self.now),
            _ => Ok(()),
        }
    }

    /// Stores a flag, without searching past deposits; returns whether it was new.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn raise_flag(&mut self, flag: Flag) -> Result<bool, ScreeningError> {
        let flag = flag.canonical()?;
        self.core.raise_flag(flag, &self.actor, self.now)
    }

    /// Confirms, withdraws or lapses a flag; what no longer counts is undone. Returns whether anything changed.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn end_flag(&mut self, id: &FlagId, state: FlagState, why: &str) -> Result<bool, ScreeningError> {
        self.core.end_flag(id, state, why, &self.actor, self.now)
    }

    /// Applies an action to an alert, as [`Screening::act_on_alert`].
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn act_on_alert(&mut self, id: u64, action: &AlertAction) -> Result<(), ScreeningError> {
        let spelled = match action {
            // Queues compare exactly: the spelling of the person at the desk is what is stored.
            AlertAction::Assign { assignee: Some(name) } => {
                person_named(self.db(), name)?.map(|person| AlertAction::Assign { assignee: Some(person.name) })
            }
            _ => None,
        };
        self.core.act(id, spelled.as_ref().unwrap_or(action), &self.actor, self.now)
    }

    /// Extends a hold.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when it ended or has no end.
    pub fn extend_hold(&mut self, id: u64, longer: Seconds) -> Result<(), ScreeningError> {
        self.core.extend(id, longer, &self.actor, self.now)
    }

    /// Returns the next number of a table's `id` column.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn next_id(&mut self, table: &str) -> Result<i64, DbError> {
        let rows = self.db().query(&format!("SELECT COALESCE(MAX(id), 0) FROM {table}"), &[])?;
        Ok(rows.first().map_or(Ok(0), |r| r.int(0))? + 1)
    }

    /// What was written so far stays even when the change is refused after this. For counts of failed tries.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(self.core.checkpoint()?)
    }

    /// Runs something outside the database (deletes a file, for example) once this change is durable, and not at all otherwise.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.core.after_commit(Box::new(effect));
    }

    /// Reads again what memory holds of the tables, because a change rewrote rows that decisions rest on; the log of inputs states it.
    ///
    /// # Errors
    /// [`ScreeningError`] when what is stored does not read back.
    pub fn rewrote_rows(&mut self) -> Result<(), ScreeningError> {
        self.core.read_again()
    }

    /// Adds an entry to the audit log.
    pub fn audit(&mut self, action: &str, subject: &str, detail: &str) {
        self.core.audit(self.now, &self.actor, action, subject, detail);
    }
}

impl Change for Transaction<'_> {
    fn db(&mut self) -> &mut Database {
        Transaction::db(self)
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn actor(&self) -> &str {
        &self.actor
    }

    fn audit(&mut self, action: &str, subject: &str, detail: &str) {
        Transaction::audit(self, action, subject, detail);
    }

    fn last_entry(&self) -> u64 {
        self.core.last_entry()
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        Transaction::checkpoint(self)
    }

    fn after_commit(&mut self, effect: Effect) {
        self.core.after_commit(effect);
    }
}

impl Store for Screening {
    fn now(&self) -> Timestamp {
        Screening::now(self)
    }

    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, StoreError> {
        self.wait_for_results()?;
        Ok(self.readers.read(query)?)
    }

    fn change<T: Send + 'static, E: ChangeError>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut dyn Change) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let actor = actor.to_owned();
        self.writer.change(move |core, now| run(&mut Transaction { core, now, actor }))
    }
}
