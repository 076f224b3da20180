//! The folder of entries: a log-structured merge tree ([`fjall`]) with a keyspace for each part of the state and one for the checkpoint.
//!
//! All of a checkpoint is one atomic batch, its place in the log with it. The folder is no record of its own: whatever is lost of it is folded again from
//! the desk's log, so that no write waits for the disk.

use fjall::compaction::filter::{CompactionFilter, Context, Factory, ItemAccessor, Verdict};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use holdfast_customers::codec::last_use;
use holdfast_customers::entries::{Change, MEMORY, Part, Store};
use holdfast_decision::inputs::Rebuilt;
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};
use strum::IntoEnumIterator;

/// Version of the folder's layout; entries have one of their own ([`holdfast_customers::codec::FORMAT`]).
pub const FORMAT: u32 = 1;
/// Bytes of blocks that are cached, for all parts together.
const CACHE: u64 = 256 << 20;
/// Bytes of entries in memory that wait to be written out, a part.
const WRITE_BUFFER: u64 = 16 << 20;
/// Bytes of the journal, at most: what is read when the folder is opened.
const JOURNAL: u64 = 64 << 20;

const CHECKPOINT: &str = "checkpoint";

/// A folder of entries that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it open.
    #[error("the state folder {0} is in use by another process; each desk needs a folder of its own")]
    Busy(PathBuf),
    /// It cannot be opened, read or written.
    #[error(
        "the state folder {folder}: {cause}; check the disk and the folder's owner, or delete the folder: it is built anew from the desk's database"
    )]
    Failed {
        /// The folder.
        folder: PathBuf,
        /// What failed.
        cause: String,
    },
}

/// A place in a desk's log, and what is in force there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The last position whose results are in the state.
    pub position: u64,
    /// Latest time of any event.
    pub watermark: Timestamp,
    /// The number of the next event.
    pub next_event: u64,
    /// Set where the state was built anew and the log does not have it at the position yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilt: Option<Rebuilt>,
}

/// Up to where the entries of a folder go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// See [`FORMAT`].
    pub format: u32,
    /// The engine whose state it is.
    pub engine: u32,
    /// What tells the log from any other: a hash of the input at the position (XXH3, 128 bits, in hex).
    pub input: String,
    /// The watermark at the last sweep.
    pub swept: Timestamp,
    /// The place in the log.
    pub place: Place,
}

/// Entries that were handed over and are not written yet.
#[derive(Debug)]
pub struct Pending {
    entries: HashMap<(Part, Vec<u8>), Option<Vec<u8>>>,
    checkpoint: Option<Checkpoint>,
}

impl Pending {
    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A folder of entries.
pub struct Folder {
    path: PathBuf,
    db: Database,
    parts: HashMap<Part, Keyspace>,
    meta: Keyspace,
    /// What is not written yet, which readers get first.
    pending: RwLock<Option<Arc<Pending>>>,
    /// The sweep of the last written checkpoint, which compaction drops by.
    swept: Arc<AtomicI64>,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Drops entries that no window reaches any more when files are compacted: a state that reads one sweeps it to nothing.
struct Expired(Arc<AtomicI64>);

impl Factory for Expired {
    fn name(&self) -> &'static str {
        "expired"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(Before(Timestamp::from_unix(self.0.load(Ordering::Acquire)) - MEMORY))
    }
}

struct Before(Timestamp);

impl CompactionFilter for Before {
    fn filter_item(
        &mut self,
        item: ItemAccessor<'_>,
        _: &Context,
    ) -> fjall::compaction::filter::CompactionFilterResult {
        Ok(match last_use(&item.value()?) {
            Some(last) if last < self.0 => Verdict::Remove,
            _ => Verdict::Keep,
        })
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // One that was there may be open to others; it holds what is known of customers.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

impl Folder {
    /// Opens a folder, or makes it. Only its owner may read it.
    ///
    /// # Errors
    /// [`FolderError`] when another process has it, or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |cause: String| FolderError::Failed { folder: path.to_owned(), cause };
        let of = |e: fjall::Error| match e {
            fjall::Error::Locked => FolderError::Busy(path.to_owned()),
            other => failed(other.to_string()),
        };
        make_private(path).map_err(|e| failed(e.to_string()))?;
        let swept = Arc::new(AtomicI64::new(Timestamp::EPOCH.unix()));
        let filtered = swept.clone();
        let db = Database::builder(path)
            .cache_size(CACHE)
            .max_journaling_size(JOURNAL)
            .with_compaction_filter_factories(Arc::new(move |name| {
                let factory: Arc<dyn Factory> = Arc::new(Expired(filtered.clone()));
                (name != CHECKPOINT).then_some(factory)
            }))
            .open()
            .map_err(of)?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(WRITE_BUFFER);
        let mut parts = HashMap::new();
        for part in Part::iter() {
            parts.insert(part, db.keyspace(part.into(), options).map_err(of)?);
        }
        let meta = db.keyspace(CHECKPOINT, options).map_err(of)?;
        let folder = Folder { path: path.to_owned(), db, parts, meta, pending: RwLock::default(), swept };
        if let Some(checkpoint) = folder.checkpoint()? {
            folder.swept.store(checkpoint.swept.unix(), Ordering::Release);
        }
        Ok(folder)
    }

    fn failed(&self, cause: impl ToString) -> FolderError {
        FolderError::Failed { folder: self.path.clone(), cause: cause.to_string() }
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many bytes it takes on disk.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be read.
    pub fn size(&self) -> Result<u64, FolderError> {
        self.db.disk_space().map_err(|e| self.failed(e))
    }

    /// Returns up to where its entries go; none in a new folder, or where a build from nothing did not end.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, FolderError> {
        let stored = self.meta.get(CHECKPOINT).map_err(|e| self.failed(e))?;
        // What another version wrote is no checkpoint for this one.
        Ok(stored.and_then(|bytes| serde_json::from_slice::<Checkpoint>(&bytes).ok()).filter(|c| c.format == FORMAT))
    }

    /// Removes the checkpoint and all entries.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be written.
    pub fn clear(&self) -> Result<(), FolderError> {
        self.drop_pending();
        // First, so that no part of the entries is ever taken for all of them.
        self.meta.remove(CHECKPOINT).map_err(|e| self.failed(e))?;
        self.db.persist(PersistMode::SyncData).map_err(|e| self.failed(e))?;
        for part in self.parts.values() {
            part.clear().map_err(|e| self.failed(e))?;
        }
        self.swept.store(Timestamp::EPOCH.unix(), Ordering::Release);
        Ok(())
    }

    /// Takes entries to be written: readers get them from now on. What was taken before must be written first.
    pub fn take(&self, changes: Vec<Change>, checkpoint: Option<Checkpoint>) -> Arc<Pending> {
        let entries = changes.into_iter().map(|c| ((c.part, c.key), c.value)).collect();
        let pending = Arc::new(Pending { entries, checkpoint });
        *self.pending.write().unwrap_or_else(|e| e.into_inner()) = Some(pending.clone());
        pending
    }

    /// Writes what was taken, all at once.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be written; readers still get what was taken, and it can be written again later.
    pub fn write(&self, pending: &Arc<Pending>) -> Result<(), FolderError> {
        let mut batch = self.db.batch();
        for ((part, key), value) in &pending.entries {
            let Some(keyspace) = self.parts.get(part) else { continue };
            match value {
                Some(value) => batch.insert(keyspace, key.as_slice(), value.as_slice()),
                None => batch.remove(keyspace, key.as_slice()),
            }
        }
        if let Some(checkpoint) = &pending.checkpoint {
            let text = serde_json::to_vec(checkpoint).map_err(|e| self.failed(e))?;
            batch.insert(&self.meta, CHECKPOINT, text);
        }
        // The journal is on the disk before anything else is: flushed files of one part would otherwise outlive a lost journal of the others. Where there is
        // no checkpoint yet, nothing is lost.
        let durability = pending.checkpoint.is_some().then_some(PersistMode::SyncData);
        batch.durability(durability).commit().map_err(|e| self.failed(e))?;
        if let Some(checkpoint) = &pending.checkpoint {
            self.swept.store(checkpoint.swept.unix(), Ordering::Release);
        }
        let mut current = self.pending.write().unwrap_or_else(|e| e.into_inner());
        if current.as_ref().is_some_and(|c| Arc::ptr_eq(c, pending)) {
            *current = None;
        }
        Ok(())
    }

    /// Drops what was taken and could not be written.
    pub fn drop_pending(&self) {
        *self.pending.write().unwrap_or_else(|e| e.into_inner()) = None;
    }

    /// Calls for every entry that is written.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be read.
    pub fn each(&self, part: Part, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), FolderError> {
        let Some(keyspace) = self.parts.get(&part) else { return Ok(()) };
        for entry in keyspace.iter() {
            let (key, value) = entry.into_inner().map_err(|e| self.failed(e))?;
            each(&key, &value);
        }
        Ok(())
    }
}

impl Store for Folder {
    fn read(&self, part: Part, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        {
            let pending = self.pending.read().unwrap_or_else(|e| e.into_inner());
            if let Some(pending) = &*pending
                && let Some(value) = pending.entries.get(&(part, key.to_vec()))
            {
                return Ok(value.clone());
            }
        }
        let keyspace = self.parts.get(&part).ok_or("no such part")?;
        let value = keyspace.get(key).map_err(|e| self.failed(e).to_string())?;
        Ok(value.map(|v| v.to_vec()))
    }
}
