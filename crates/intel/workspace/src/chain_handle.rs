//! A chain that is read and changed at the same time: readers hold a snapshot, one builder makes the next one beside it.

use crate::error::WorkspaceError;
use crate::workspace::{Snapshot, Workspace};
use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// The longest time between two checkpoints of what can be made again from the ledger, while blocks come.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(600);

/// A workspace whose readers never wait: they share the snapshot that was published last, and whoever changes the workspace builds the next
/// one and publishes it. A snapshot stays valid for those who hold it.
#[derive(Debug)]
pub struct ChainHandle {
    current: ArcSwap<Snapshot>,
    builder: Mutex<Builder>,
}

#[derive(Debug)]
struct Builder {
    workspace: Workspace,
    /// When clusters and exposures were last saved.
    saved: Instant,
}

/// Why a chain is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// An earlier change ended in a panic: what it left is not known.
    #[error("an earlier change of the workspace failed; restart")]
    Failed,
    /// What changed is published, but a file of it was not written.
    #[error(transparent)]
    NotSaved(#[from] WorkspaceError),
}

impl ChainHandle {
    /// Publishes a workspace as it is.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        let current = ArcSwap::from_pointee(workspace.snapshot());
        ChainHandle { current, builder: Mutex::new(Builder { workspace, saved: Instant::now() }) }
    }

    /// What was published last. Never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Whether a change ended in a panic: nothing can be changed any more, and the program should be started again.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.builder.is_poisoned()
    }

    /// Changes the workspace, after changes that are under way; publishes what became of it, and saves it. Readers go on with the snapshot
    /// before. Nothing of a change that fails is published, except blocks that the ledger has taken in.
    ///
    /// # Errors
    /// What `change` says, and [`ChangeError`].
    pub fn change<T, E: From<ChangeError>>(&self, change: impl FnOnce(&mut Workspace) -> Result<T, E>) -> Result<T, E> {
        let mut builder = self.builder()?;
        let answer = self.build(&mut builder.workspace, change)?;
        builder.checkpoint()?;
        Ok(answer)
    }

    /// As [`ChainHandle::change`], for blocks: what can be made again from the ledger is saved every ten minutes only.
    ///
    /// # Errors
    /// As [`ChainHandle::change`].
    pub fn append<T, E: From<ChangeError>>(&self, append: impl FnOnce(&mut Workspace) -> Result<T, E>) -> Result<T, E> {
        let mut builder = self.builder()?;
        let answer = self.build(&mut builder.workspace, append)?;
        match builder.saved.elapsed() >= CHECKPOINT_EVERY {
            true => builder.checkpoint()?,
            false => builder.workspace.save_tags().map_err(ChangeError::from)?,
        }
        Ok(answer)
    }

    /// Saves what was not saved yet. Does not wait for a builder that is at work: what it makes can be made again.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn checkpoint(&self) -> Result<(), ChangeError> {
        match self.builder.try_lock() {
            Ok(mut builder) => builder.checkpoint(),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Poisoned(_)) => Err(ChangeError::Failed),
        }
    }

    fn builder(&self) -> Result<MutexGuard<'_, Builder>, ChangeError> {
        self.builder.lock().map_err(|_| ChangeError::Failed)
    }

    fn build<T, E>(
        &self,
        workspace: &mut Workspace,
        change: impl FnOnce(&mut Workspace) -> Result<T, E>,
    ) -> Result<T, E> {
        let answer = change(workspace);
        if answer.is_err() {
            workspace.reset_to(&self.current.load());
        }
        if !workspace.is_shown_by(&self.current.load()) {
            self.current.store(Arc::new(workspace.snapshot()));
        }
        answer
    }
}

impl Builder {
    fn checkpoint(&mut self) -> Result<(), ChangeError> {
        self.workspace.save()?;
        self.saved = Instant::now();
        Ok(())
    }
}
