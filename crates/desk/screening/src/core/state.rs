//! What is known of customers: where it comes from at a start, and its checkpoints where it is on disk.

use super::Core;
use crate::service::ScreeningError;
use holdfast_customer_store::{Folder, Place};
use holdfast_decision::inputs::Rebuilt;
use holdfast_decision::state::State;
use holdfast_event_log::LogReader;
use holdfast_event_log::checkpoints::Outdated;
use holdfast_event_log::log::Progress;
use holdfast_event_log::rebuild::{apply_window, recorded};
use holdfast_store::DbError;
use holdfast_telemetry::logs::one_line;
use std::sync::Arc;

impl Core {
    /// Takes what a reader of the log has in memory, where there is one, or else what is on disk, or builds it anew.
    pub(super) fn open_state(&mut self, warm: Option<LogReader>) -> Result<(), ScreeningError> {
        // A state that has all in memory is no use for a desk that has it on disk.
        let warm = warm.filter(|_| self.checkpoints.is_none());
        match warm.map(|reader| reader.into_state(&mut self.db)) {
            Some(Ok(state)) => self.fold.state = state,
            Some(Err(why)) => {
                tracing::warn!(
                    reason = one_line(&why),
                    "what the standby has in memory is not used; memory is built anew"
                );
                self.reload_state()?;
            }
            None => self.reload_state()?,
        }
        let place = self.log_place();
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.put(&mut self.db, &mut self.fold.state, place).map_err(unreadable_state)?;
        }
        Ok(())
    }

    /// Reads what is known of customers again: from the last checkpoint and the log behind it, or else from records and events. What windows do not reach
    /// any more is lost by the latter, so that the log states where it happened.
    pub(super) fn reload_state(&mut self) -> Result<(), ScreeningError> {
        // Inputs of this transaction are part of the log that is folded.
        self.flush_log()?;
        let is_damaged = self.fold.state.fault().is_some();
        if is_damaged {
            self.forget_state()?;
        }
        let end = Progress { position: self.log.position(), watermark: self.fold.watermark, next: self.fold.next };
        if let Some(checkpoints) = &mut self.checkpoints {
            match checkpoints.load(&mut self.db, &end) {
                Ok((state, rebuilt)) => {
                    (self.fold.state, self.rebuilt) = (state, rebuilt);
                    return Ok(());
                }
                Err(Outdated::Db(e)) => return Err(e.into()),
                Err(why) => {
                    let folder = checkpoints.folder().path().display().to_string();
                    let reason = one_line(why.to_string());
                    tracing::warn!(
                        folder,
                        reason,
                        "the customers' state on disk is not used; it is built anew from the database"
                    );
                }
            }
        }
        let (rebuilt, below) = (Rebuilt { watermark: self.fold.watermark, ahead: self.ahead() }, self.fold.next.event);
        self.fold.state = match &mut self.checkpoints {
            Some(checkpoints) => checkpoints.rebuild(&mut self.db, rebuilt, below)?,
            None => {
                let mut state = State::at(rebuilt.watermark);
                recorded(&mut self.db, &mut state, &mut |_, _| Ok(()))?;
                apply_window(&mut self.db, &mut state, rebuilt, below, &mut |_, _| Ok(()))?;
                state
            }
        };
        self.rebuilt = Some(rebuilt);
        Ok(())
    }

    /// Empties the state on disk, so that it is built anew from the tables.
    pub(super) fn forget_state(&mut self) -> Result<(), ScreeningError> {
        match &mut self.checkpoints {
            Some(checkpoints) => Ok(checkpoints.clear().map_err(unreadable_state)?),
            None => Ok(()),
        }
    }

    /// Returns the folder of the customers' state, where it is on disk.
    pub(crate) fn folder(&self) -> Option<Arc<Folder>> {
        self.checkpoints.as_ref().map(|checkpoints| checkpoints.folder().clone())
    }

    /// Returns where the state is in the log.
    fn log_place(&self) -> Place {
        Place {
            position: self.log.position(),
            watermark: self.fold.watermark,
            next_event: self.fold.next.event,
            rebuilt: self.rebuilt,
        }
    }

    /// Refuses to store what was decided on entries that could not be read.
    pub(super) fn check_state(&self) -> Result<(), DbError> {
        self.fold.state.fault().map_or(Ok(()), |why| Err(unreadable_state(why)))
    }

    /// Makes a checkpoint if one is due, of what is durable.
    pub(super) fn note_state(&mut self) {
        let place = self.log_place();
        if let (Some(checkpoints), Some(input)) = (&mut self.checkpoints, self.log.last_hash()) {
            if checkpoints.is_due(&self.fold.state, place.position) && self.durable.flush().is_err() {
                return;
            }
            checkpoints.note(input, &mut self.fold.state, place);
        }
    }
}

/// Returns the error for entries of the customers' state that cannot be read or written.
pub(crate) fn unreadable_state(e: impl ToString) -> DbError {
    DbError::Stored { what: "state of customers".into(), cause: e.to_string() }
}
