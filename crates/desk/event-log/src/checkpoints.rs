//! Checkpoints of the customers' state on disk: when changed entries are handed over, and how a start goes on from them.

use crate::log::Progress;
use crate::rebuild::{apply_window, recorded};
use crate::tail;
pub use crate::tail::Outdated;
use holdfast_customer_store::{Checkpoint, FORMAT, Folder, FolderError, Pending, Place};
use holdfast_decision::inputs::{ENGINE, Rebuilt};
use holdfast_decision::state::State;
use holdfast_store::{Database, DbError};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// When checkpoints are made, and what stays in memory.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longest time between two, while inputs come in; after a crash, what came in since is folded again.
    pub every: Duration,
    /// Changed entries that make one due; a page of the log or a batch of events more may come to it.
    pub entries: usize,
    /// Bytes of entries in memory, about; changed ones are not counted until they are handed over.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { every: Duration::from_secs(30), entries: 4_096, memory: 512 << 20 }
    }
}

/// Changed entries may wait until there are so many times [`Options::entries`] while a checkpoint is being written; then the writer waits for it.
const MOST_WAITING: usize = 16;

/// How long after a failure a checkpoint is written again, at the earliest.
const RETRY: Duration = Duration::from_secs(5);

/// A folder of entries and the thread that writes it.
#[derive(Debug)]
pub struct Checkpoints {
    folder: Arc<Folder>,
    options: Options,
    /// What is being written, or could not be.
    pending: Option<Arc<Pending>>,
    has_failed: bool,
    last: Instant,
    /// The last position that was handed over.
    position: u64,
    orders: Option<SyncSender<Arc<Pending>>>,
    results: Receiver<Result<(), FolderError>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Opens a folder, or makes it, and starts the thread that writes it.
    ///
    /// # Errors
    /// [`FolderError`] when another process has the folder, or it cannot be opened.
    pub fn open(folder: &Path, options: Options) -> Result<Self, FolderError> {
        let failed =
            |cause: std::io::Error| FolderError::Failed { folder: folder.to_owned(), cause: cause.to_string() };
        let path = folder;
        let folder = Arc::new(Folder::open(path)?);
        let (orders, to_write) = sync_channel::<Arc<Pending>>(1);
        let (written, results) = sync_channel(1);
        let writing = folder.clone();
        let thread = std::thread::Builder::new().name("checkpoints".into()).spawn(move || {
            for pending in to_write {
                if written.send(writing.write(&pending)).is_err() {
                    break;
                }
            }
        });
        Ok(Checkpoints {
            folder,
            options,
            pending: None,
            has_failed: false,
            last: Instant::now(),
            position: 0,
            orders: Some(orders),
            results,
            thread: Some(thread.map_err(failed)?),
        })
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Returns the state at the place where the database's results end: that of the last checkpoint, with what the log has beyond it, and the input that is
    /// to be added to the log before any other, because the state was built anew and the log does not have it.
    ///
    /// # Errors
    /// [`Outdated`] when the folder is of no use for this database: build the state anew ([`Checkpoints::rebuild`]).
    pub fn load(&mut self, db: &mut Database, to: &Progress) -> Result<(State, Option<Rebuilt>), Outdated> {
        self.wait();
        if let Some(pending) = self.pending.take()
            && let Err(e) = self.folder.write(&pending)
        {
            // Entries beyond the checkpoint that is on the disk.
            self.folder.drop_pending();
            tracing::warn!(reason = %e, "a checkpoint of the customers' state was not written; the one before it is used");
        }
        self.has_failed = false;
        let from = self.folder.checkpoint()?.ok_or(Outdated::None)?;
        let place = from.place;
        if from.engine != ENGINE {
            return Err(Outdated::Engine(from.engine));
        }
        if place.position > to.position {
            return Err(Outdated::Ahead(place.position, to.position));
        }
        if tail::input_hash(db, place.position)? != Some(from.input) {
            return Err(Outdated::Other(place.position));
        }
        let mut state = State::stored(self.folder.clone(), self.options.memory, place.watermark, from.swept);
        self.position = place.position;
        let started = Instant::now();
        let end = tail::fold(db, &mut state, place, to, &mut |db, state, place| {
            if state.changed() >= self.options.entries {
                self.put(db, state, *place)?;
            }
            Ok(())
        })?;
        if let Some(why) = state.fault() {
            return Err(Outdated::Folder(self.damaged(why)));
        }
        let (inputs, seconds) = (end.position - place.position, started.elapsed().as_secs_f32());
        tracing::info!(position = place.position, inputs, seconds, "the customers' state goes on from its checkpoint");
        Ok((state, end.rebuilt))
    }

    fn damaged(&self, why: &str) -> FolderError {
        FolderError::Failed { folder: self.folder.path().to_owned(), cause: why.to_owned() }
    }

    /// Builds the state anew from the tables, into the emptied folder; [`Checkpoints::put`] makes its first checkpoint.
    ///
    /// # Errors
    /// [`DbError`] when the database or the folder fails.
    pub fn rebuild(&mut self, db: &mut Database, rebuilt: Rebuilt, below: u64) -> Result<State, DbError> {
        self.clear().map_err(as_stored)?;
        let mut state = State::stored(self.folder.clone(), self.options.memory, rebuilt.watermark, rebuilt.watermark);
        let mut shown = Instant::now();
        let mut relieve = |state: &mut State, what: &str, number: u64| {
            if shown.elapsed() >= Duration::from_secs(5) {
                shown = Instant::now();
                tracing::info!(number, "the customers' state is built anew: {what}");
            }
            if state.changed() < self.options.entries {
                return Ok(());
            }
            self.folder.write(&self.folder.take(state.take_changes(), None)).map_err(as_stored)
        };
        let mut records = 0;
        recorded(db, &mut state, &mut |state, some| {
            records += some;
            relieve(state, "records read", records)
        })?;
        apply_window(db, &mut state, rebuilt, below, &mut |state, last| {
            relieve(state, "events read, up to number", last)
        })?;
        if let Some(why) = state.fault() {
            return Err(as_stored(self.damaged(why)));
        }
        Ok(state)
    }

    /// Empties the folder: what was erased from the tables is to be gone here too.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be written.
    pub fn clear(&mut self) -> Result<(), FolderError> {
        self.wait();
        (self.pending, self.has_failed, self.position) = (None, false, 0);
        self.folder.clear()
    }

    /// Makes a checkpoint now, and waits for it.
    ///
    /// # Errors
    /// [`Outdated`] when the folder or the database fails.
    pub fn put(&mut self, db: &mut Database, state: &mut State, place: Place) -> Result<(), Outdated> {
        self.wait();
        if let Some(pending) = self.pending.clone() {
            self.write(&pending)?;
        }
        // A log that has not begun has nothing to go on from.
        let Some(input) = tail::input_hash(db, place.position)? else { return Ok(()) };
        let pending = self.hand_over(input, state, place)?;
        Ok(self.write(&pending)?)
    }

    fn write(&mut self, pending: &Arc<Pending>) -> Result<(), FolderError> {
        self.has_failed = true;
        self.folder.write(pending)?;
        (self.pending, self.has_failed) = (None, false);
        Ok(())
    }

    /// Returns whether a checkpoint is due where the state is.
    #[must_use]
    pub fn is_due(&self, state: &State, position: u64) -> bool {
        let is_time = self.position == 0 || self.last.elapsed() >= self.options.every;
        position > self.position && (is_time || state.changed() >= self.options.entries)
    }

    /// Makes a checkpoint in the background if one is due. `place` is where the state is, all of it durable, and `input` the hash of the log's input there
    /// ([`crate::log::Log::last_hash`]). What fails is logged, and tried again later: decisions do not rest on checkpoints.
    pub fn note(&mut self, input: &str, state: &mut State, place: Place) {
        match self.results.try_recv() {
            Ok(result) => self.written(result),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        if !self.is_due(state, place.position) {
            return;
        }
        let changed = state.changed();
        if let Some(pending) = self.pending.clone() {
            if self.has_failed && self.last.elapsed() >= RETRY {
                self.order(pending);
            }
            if changed < self.options.entries.saturating_mul(MOST_WAITING) {
                return;
            }
            self.wait();
            if self.pending.is_some() {
                return;
            }
        }
        match self.hand_over(input.to_owned(), state, place) {
            Ok(pending) => self.order(pending),
            Err(e) => tracing::warn!(reason = %e, "no checkpoint of the customers' state was made"),
        }
    }

    fn hand_over(&mut self, input: String, state: &mut State, place: Place) -> Result<Arc<Pending>, Outdated> {
        if let Some(why) = state.fault() {
            return Err(Outdated::Folder(self.damaged(why)));
        }
        let checkpoint = Checkpoint { format: FORMAT, engine: ENGINE, input, swept: state.swept(), place };
        let pending = self.folder.take(state.take_changes(), Some(checkpoint));
        (self.last, self.position) = (Instant::now(), place.position);
        self.pending = Some(pending.clone());
        Ok(pending)
    }

    fn order(&mut self, pending: Arc<Pending>) {
        self.has_failed = false;
        self.last = Instant::now();
        if let Some(orders) = &self.orders
            && orders.send(pending).is_err()
        {
            self.has_failed = true;
        }
    }

    /// Waits for what is being written.
    fn wait(&mut self) {
        if self.pending.is_some() && !self.has_failed {
            match self.results.recv() {
                Ok(result) => self.written(result),
                Err(_) => self.has_failed = true,
            }
        }
    }

    fn written(&mut self, result: Result<(), FolderError>) {
        match result {
            Ok(()) => self.pending = None,
            Err(e) => {
                self.has_failed = true;
                tracing::error!(reason = %e, "a checkpoint of the customers' state was not written; it is tried again");
            }
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // It ends once what it was given is written.
            let _ = thread.join();
        }
    }
}

fn as_stored(e: FolderError) -> DbError {
    DbError::Stored { what: "state of customers".into(), cause: e.to_string() }
}
