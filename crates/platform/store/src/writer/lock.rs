//! The lock that excludes a second writer from a database, and checkpoints of SQLite's log.

use crate::{Database, DbError, StoreError, restrict_to_owner};
use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between copies of SQLite's log into the database.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// A locked file beside a SQLite database, for the life of the writer. PostgreSQL's advisory lock belongs to the connection instead.
#[derive(Debug)]
pub struct WriterLock {
    _file: Option<File>,
    checkpointer: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl WriterLock {
    /// Locks a database.
    ///
    /// # Errors
    /// [`DbError::Busy`] when another process has it; [`StoreError::Io`] when the lock file cannot be made.
    pub fn acquire(url: &str) -> Result<Self, StoreError> {
        if url.contains("://") {
            return Ok(WriterLock { _file: None, checkpointer: None });
        }
        let path = PathBuf::from(format!("{}.lock", url.strip_prefix("sqlite:").unwrap_or(url)));
        restrict_to_owner(&path);
        let file = File::create(&path).map_err(|e| StoreError::Io(path, e))?;
        file.try_lock().map_err(|_| DbError::Busy(url.to_owned()))?;
        Ok(WriterLock { _file: Some(file), checkpointer: Some(checkpoints(url)?) })
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.checkpointer.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// Copies SQLite's log into the database beside the writer, so that no commit waits for it (a passive checkpoint blocks nobody).
fn checkpoints(url: &str) -> Result<(SyncSender<()>, JoinHandle<()>), StoreError> {
    let mut db = Database::connect(url)?;
    let (stop, stopped) = sync_channel::<()>(0);
    let work = move || {
        while matches!(stopped.recv_timeout(CHECKPOINT_EVERY), Err(RecvTimeoutError::Timeout)) {
            let _ = db.query("PRAGMA wal_checkpoint(PASSIVE)", &[]);
        }
    };
    let thread = std::thread::Builder::new().name("store-checkpoint".into()).spawn(work);
    Ok((stop, thread.map_err(|e| StoreError::Io(PathBuf::from("thread"), e))?))
}
