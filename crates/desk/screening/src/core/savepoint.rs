//! Each change in a savepoint of its own: it happens whole or not at all, in the database and in memory.

use super::Core;
use crate::service::ScreeningError;
use holdfast_audit::Chain;
use holdfast_decision::Fold;
use holdfast_decision::inputs::{NextIds, Rebuilt};
use holdfast_store::{DbError, Effect, NotSettled};
use holdfast_types::Timestamp;

/// Where a change began, and what of memory it changed since.
#[derive(Debug, Default)]
pub(super) struct Mark {
    chain: Option<Chain>,
    next: NextIds,
    watermark: Timestamp,
    next_note: u64,
    /// Position of the log of inputs.
    position: u64,
    /// Pending inputs.
    inputs: usize,
    /// Results that wait to be written.
    results: usize,
    rebuilt: Option<Rebuilt>,
    audit_rows: usize,
    effects: usize,
    /// Holds, flags, prices or the rule book.
    pub(super) lists: bool,
    /// The state of customers.
    pub(super) state: bool,
}

impl Core {
    /// Returns the fold, to change its holds, flags, prices, numbers or rule book.
    pub(super) fn lists_mut(&mut self) -> &mut Fold {
        self.mark.lists = true;
        &mut self.fold
    }

    /// Returns the fold, to change all of it.
    pub(super) fn fold_mut(&mut self) -> &mut Fold {
        self.mark.lists = true;
        self.mark.state = true;
        &mut self.fold
    }

    /// Starts a change within the transaction.
    pub(crate) fn start_change(&mut self) -> Result<(), DbError> {
        self.db.savepoint()?;
        self.start_work();
        Ok(())
    }

    /// Starts a change of memory alone.
    pub(super) fn start_work(&mut self) {
        self.mark = Mark {
            chain: Some(self.chain.clone()),
            next: self.fold.next,
            watermark: self.fold.watermark,
            next_note: self.next_note,
            position: self.log.position(),
            inputs: self.log.pending(),
            results: self.results.len(),
            rebuilt: self.rebuilt,
            audit_rows: self.audit_rows.len(),
            effects: self.effects.len(),
            lists: false,
            state: false,
        };
    }

    /// The change stays in the transaction.
    pub(crate) fn end_change(&mut self) -> Result<(), DbError> {
        self.db.release()
    }

    /// What the change wrote so far stays even when the change is refused after this: counts of failed tries, for example.
    pub(crate) fn checkpoint(&mut self) -> Result<(), DbError> {
        self.db.release()?;
        self.start_change()
    }

    /// Undoes the change. `torn` means that it was interrupted, so that nothing in memory can be trusted.
    ///
    /// # Errors
    /// [`ScreeningError`] when the database gave up the whole transaction, or memory cannot be read again.
    pub(crate) fn undo_change(&mut self, torn: bool) -> Result<(), ScreeningError> {
        self.db.undo()?;
        let (lists, state) = self.restore();
        self.read_where(torn || lists, torn || state)
    }

    /// Undoes a change of memory alone. What was decided before it in the same turn is made durable and written where memory has to be read again.
    ///
    /// # Errors
    /// Why memory equals nothing that is stored.
    pub(super) fn undo_work(&mut self, torn: bool) -> Result<(), String> {
        let (lists, state) = self.restore();
        if torn || lists || state {
            self.acknowledge(Box::new(drop))?;
            self.settle().map_err(|(NotSettled::Later(why) | NotSettled::Lost(why))| why)?;
        }
        self.read_where(torn || lists, torn || state).map_err(|e| e.to_string())
    }

    /// Takes back what the change did, but for the lists and the state; returns whether it changed these.
    fn restore(&mut self) -> (bool, bool) {
        let mark = std::mem::take(&mut self.mark);
        self.audit_rows.truncate(mark.audit_rows);
        self.effects.truncate(mark.effects);
        self.results.truncate(mark.results);
        if let Some(chain) = mark.chain {
            self.chain = chain;
            (self.fold.next, self.fold.watermark, self.next_note) = (mark.next, mark.watermark, mark.next_note);
            self.log.truncate(mark.inputs);
            self.unwritten.undone(mark.position);
            self.rebuilt = mark.rebuilt;
        }
        (mark.lists, mark.state)
    }

    fn read_where(&mut self, lists: bool, state: bool) -> Result<(), ScreeningError> {
        if lists {
            self.reload_lists()?;
        }
        if state {
            self.reload_state()?;
        }
        Ok(())
    }

    /// Runs something once the transaction is durable.
    pub(crate) fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Removes and returns what is to be done now that the transaction is durable.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
