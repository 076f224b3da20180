//! A standby: it folds the log of inputs while another process writes it, and becomes the writer when that one is gone, with all in memory that decisions
//! rest on.
//!
//! It is a reader of the log as a replay is one, so that it also makes every decision again and compares it with the stored one. Where these differ, or
//! another version of the engine decided last, memory is built from the tables when it takes over, as a start of the process does.

use crate::clock::Time;
use crate::core::Core;
use crate::migrations::{RELEASED, SCHEMAS};
use crate::service::{Screening, ScreeningError};
use holdfast_decision::Models;
use holdfast_event_log::log::Log;
use holdfast_event_log::{LogReader, Replay};
use holdfast_store::{Database, DbError, StoreError, WriterLock};
use holdfast_telemetry::logs::one_line;
use std::ops::ControlFlow;

/// A reader of a desk's log that waits to become its writer.
#[derive(Debug)]
pub struct Standby {
    url: String,
    db: Database,
    reader: LogReader,
}

/// How far a standby is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The last input that it folded; 0 before the first.
    pub position: u64,
    /// The last input whose results are stored.
    pub stored: u64,
}

impl Followed {
    /// Returns the number of stored inputs that are not folded yet.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.stored.saturating_sub(self.position)
    }
}

/// What became of a standby that tried to become the writer.
#[derive(Debug)]
pub enum Attempt {
    /// It is the writer now.
    Writer(Box<Screening>),
    /// Another process still is.
    Waits(Box<Standby>),
}

impl Standby {
    /// Starts to follow the log of a database (see [`Database::connect`]), from its beginning. What this version adds to the tables is made now, beside the
    /// writer, if the previous version works with it: it takes the desk over without delay then.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database cannot be reached.
    pub fn follow(url: &str) -> Result<Self, ScreeningError> {
        let mut db = Database::connect(url)?;
        // Else when it takes over.
        if let Err(e) = db.migrate_ahead(RELEASED, &SCHEMAS) {
            tracing::warn!(reason = one_line(&e), "tables are not brought up to date ahead");
        }
        Ok(Standby { url: url.to_owned(), db, reader: LogReader::new(Models::default()) })
    }

    /// Returns what was compared so far and what differs.
    #[must_use]
    pub fn report(&self) -> &Replay {
        self.reader.report()
    }

    /// Folds what is stored by now; `progress` gets how far it is after some inputs each, and may end it before. A lost connection is made anew.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails; try again later.
    pub fn catch_up(
        &mut self,
        progress: &mut dyn FnMut(Followed) -> ControlFlow<()>,
    ) -> Result<Followed, ScreeningError> {
        let caught_up = self.step_to_end(progress);
        if caught_up.is_err() {
            if !self.db.is_alive() {
                self.db.reconnect()?;
            }
            if self.reader.is_torn() {
                self.reader = LogReader::new(Models::default());
            }
        }
        Ok(caught_up?)
    }

    fn step_to_end(&mut self, progress: &mut dyn FnMut(Followed) -> ControlFlow<()>) -> Result<Followed, DbError> {
        let Some(end) = Log::progress(&mut self.db)? else { return Ok(Followed::default()) };
        loop {
            let is_more = self.reader.step(&mut self.db, end.position, &mut |_, _| ())?;
            let followed = Followed { position: self.reader.position(), stored: end.position };
            if progress(followed).is_break() || !is_more {
                return Ok(followed);
            }
        }
    }

    /// Becomes the writer, unless another process is. What is stored and not folded yet is folded first. Where the database goes away before this process
    /// has the lock, it waits as before.
    ///
    /// # Errors
    /// [`ScreeningError`] when the database fails later, or cannot be opened by this version.
    pub fn take_over(mut self, time: Time) -> Result<Attempt, ScreeningError> {
        let is_busy = |e: &StoreError| matches!(e, StoreError::Db(DbError::Busy(_)));
        let lock = match WriterLock::acquire(&self.url) {
            Err(e) if is_busy(&e) => return Ok(Attempt::Waits(Box::new(self))),
            lock => lock?,
        };
        match self.db.acquire_writer_lock() {
            Err(DbError::Busy(_)) => return Ok(Attempt::Waits(Box::new(self))),
            Err(_) if !self.db.is_alive() => return Ok(Attempt::Waits(Box::new(self))),
            locked => locked?,
        }
        let warm = Some(self.reader).filter(|reader| !reader.is_torn());
        let core = Core::open_locked(self.db, time, None, warm)?;
        Ok(Attempt::Writer(Box::new(Screening::start(&self.url, core, lock)?)))
    }
}
