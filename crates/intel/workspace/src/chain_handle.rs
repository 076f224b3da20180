//! A chain that is read and changed at the same time: readers hold a snapshot, one builder makes the next one beside it.

use crate::error::WorkspaceError;
use crate::touched::{Pending, Touched};
use crate::workspace::{Snapshot, Workspace};
use arc_swap::ArcSwap;
use holdfast_analysis::Exposures;
use holdfast_analysis::exposure::PATIENCE;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError, Weak};
use std::time::{Duration, Instant};

/// The longest time between two checkpoints of what can be made again from the ledger, while the workspace changes.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(600);

/// Most changes that wait for the one under way; one more is refused.
pub const MAX_WAITING: usize = 32;

/// How many times as long as a build of exposures the next one waits, where only destinations of older transactions wait for it: on a large chain
/// each block makes them wait.
const REST: u32 = 4;
/// How often a waiting build looks whether tags or clusters changed.
const REST_STEP: Duration = Duration::from_millis(100);

/// Receives that exposures were made anew and published.
type Listener = Box<dyn Fn() + Send + Sync>;

/// A workspace whose readers never wait: they share the snapshot that was published last, and whoever changes the workspace builds the next
/// one and publishes it. A snapshot stays valid for those who hold it.
///
/// Where a change reaches too many transactions, exposures are made anew in a thread of their own while blocks go on, and published when they
/// are done; until then they rest on the tags, clusters and older destinations before ([`Workspace::exposures_as_of`]).
#[derive(Debug)]
pub struct ChainHandle {
    inner: Arc<Inner>,
}

struct Inner {
    current: ArcSwap<Snapshot>,
    builder: Mutex<Builder>,
    /// Changes that wait or are under way.
    changes: AtomicUsize,
    /// Whether exposures are being made anew.
    makes_exposures: AtomicBool,
    /// Whether a checkpoint is being written beside the changes.
    is_saving: AtomicBool,
    /// Held while exposures are written.
    saving: Mutex<()>,
    listener: OnceLock<Listener>,
    /// What changes touched since somebody took it.
    touched: Mutex<Pending>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChainHandle").field("current", &self.current).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Builder {
    workspace: Workspace,
    /// When exposures were last saved.
    saved: Instant,
}

/// Why a chain is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// An earlier change ended in a panic: what it left is not known.
    #[error("an earlier change of the workspace failed; restart")]
    Failed,
    /// Too many changes wait already.
    #[error("{MAX_WAITING} changes of the workspace wait already; try again later")]
    Busy,
    /// What changed is published, but a file of it was not written.
    #[error(transparent)]
    NotSaved(#[from] WorkspaceError),
}

impl ChangeError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> holdfast_types::ErrorKind {
        match self {
            ChangeError::Failed => holdfast_types::ErrorKind::State,
            ChangeError::Busy => holdfast_types::ErrorKind::Busy,
            ChangeError::NotSaved(e) => e.kind(),
        }
    }
}

/// A place among the changes that wait; given back when it is dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl ChainHandle {
    /// Publishes a workspace as it is.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self::with_patience(workspace, PATIENCE)
    }

    /// As [`ChainHandle::new`]; where changed categories take more than `patience` steps, exposures are made anew beside the readers.
    #[must_use]
    pub fn with_patience(mut workspace: Workspace, patience: usize) -> Self {
        workspace.let_exposures_wait(patience);
        let inner = Inner {
            current: ArcSwap::from_pointee(workspace.snapshot()),
            builder: Mutex::new(Builder { workspace, saved: Instant::now() }),
            changes: AtomicUsize::new(0),
            makes_exposures: AtomicBool::new(false),
            is_saving: AtomicBool::new(false),
            saving: Mutex::new(()),
            listener: OnceLock::new(),
            touched: Mutex::new(Pending::unknown()),
        };
        ChainHandle { inner: Arc::new(inner) }
    }

    /// Returns what was published last. Never waits.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.current.load_full()
    }

    /// Returns whether a change ended in a panic: nothing can be changed any more, and the program should be started again.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.inner.builder.is_poisoned()
    }

    /// Calls `listener` each time that exposures were made anew and published, so that what rests on them is looked at again. Only the first
    /// listener counts.
    pub fn on_exposures(&self, listener: impl Fn() + Send + Sync + 'static) {
        let _ = self.inner.listener.set(Box::new(listener));
    }

    /// Takes what changes touched since it was last taken: stored transfers of it are to be screened again. The first time it is everything,
    /// because others may have changed the workspace before it was opened.
    #[must_use]
    pub fn take_touched(&self) -> Touched {
        let pending = self.inner.touched().take();
        // Without holding what followed blocks need: naming reads the ledger.
        pending.named(&self.snapshot())
    }

    /// Copies what every block changes, so that the first block does not wait for it: call it before blocks are followed. Takes as long as reading all
    /// figures, and holds nothing meanwhile.
    pub fn prepare(&self) {
        let (clusters, exposures) = self.snapshot().copies();
        // After a change that ended in a panic nothing is followed.
        if let Ok(mut builder) = self.inner.builder() {
            builder.workspace.put_spare(clusters, exposures);
        }
    }

    /// Changes the workspace, after changes that are under way; publishes what became of it, and saves the tags and clusters. Readers go on
    /// with the snapshot before. Nothing of a change that fails is published, except blocks that the ledger has committed.
    ///
    /// # Errors
    /// Those of `change`, and [`ChangeError`].
    pub fn change<T, E: From<ChangeError>>(&self, change: impl FnOnce(&mut Workspace) -> Result<T, E>) -> Result<T, E> {
        self.run(change, |workspace| {
            workspace.save_tags()?;
            workspace.save_clusters()
        })
    }

    /// As [`ChainHandle::change`], for blocks: what can be made again from the ledger is saved every ten minutes only.
    ///
    /// # Errors
    /// As [`ChainHandle::change`].
    pub fn append<T, E: From<ChangeError>>(&self, append: impl FnOnce(&mut Workspace) -> Result<T, E>) -> Result<T, E> {
        self.run(append, Workspace::save_tags)
    }

    fn run<T, E: From<ChangeError>>(
        &self,
        change: impl FnOnce(&mut Workspace) -> Result<T, E>,
        save: impl FnOnce(&mut Workspace) -> Result<(), WorkspaceError>,
    ) -> Result<T, E> {
        let place = self.inner.place()?;
        let mut builder = self.inner.builder()?;
        let answer = self.inner.build(&mut builder.workspace, change)?;
        save(&mut builder.workspace).map_err(ChangeError::from)?;
        let is_due = builder.saved.elapsed() >= CHECKPOINT_EVERY;
        let wants_exposures = builder.workspace.wants_exposures();
        drop(builder);
        drop(place);
        if wants_exposures {
            Inner::make_exposures(&self.inner);
        }
        if is_due {
            Inner::save_beside(&self.inner);
        }
        Ok(answer)
    }

    /// Saves what was not saved yet. Does not wait for a builder that is at work: what it makes can be made again.
    ///
    /// # Errors
    /// [`ChangeError::Busy`] and [`ChangeError::Failed`]; [`ChangeError::NotSaved`] when the system refuses to write.
    pub fn checkpoint(&self) -> Result<(), ChangeError> {
        self.inner.checkpoint()
    }
}

/// Does long work in threads of its own. The threads that the program shares have to be free for blocks: what these give them waits until the work
/// before is done.
fn in_own_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    /// The passes of a build: upwards and downwards.
    const PASSES: usize = 2;
    match rayon::ThreadPoolBuilder::new().num_threads(PASSES).thread_name(|i| format!("exposures-{i}")).build() {
        Ok(pool) => pool.install(work),
        // The system gives no thread.
        Err(_) => work(),
    }
}

/// Waits between two builds while only destinations wait; false when the chain is dropped, or nothing waits any more.
fn rested(inner: &Weak<Inner>, rest: Duration) -> bool {
    let until = Instant::now() + rest;
    loop {
        let Some(snapshot) = inner.upgrade().map(|inner| inner.current.load_full()) else { return false };
        if snapshot.exposures_as_of().is_none() && !snapshot.exposures.is_wasteful() {
            return false;
        }
        if !snapshot.only_destinations_wait() || Instant::now() >= until {
            return true;
        }
        drop(snapshot);
        std::thread::sleep(REST_STEP);
    }
}

impl Inner {
    /// Returns a place among those who change the workspace.
    fn place(&self) -> Result<Place<'_>, ChangeError> {
        let place = Place(&self.changes);
        match self.changes.fetch_add(1, Ordering::AcqRel) <= MAX_WAITING {
            true => Ok(place),
            false => Err(ChangeError::Busy),
        }
    }

    fn builder(&self) -> Result<MutexGuard<'_, Builder>, ChangeError> {
        self.builder.lock().map_err(|_| ChangeError::Failed)
    }

    fn try_builder(&self) -> Result<Option<MutexGuard<'_, Builder>>, ChangeError> {
        match self.builder.try_lock() {
            Ok(builder) => Ok(Some(builder)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Poisoned(_)) => Err(ChangeError::Failed),
        }
    }

    fn checkpoint(&self) -> Result<(), ChangeError> {
        let Some(mut builder) = self.try_builder()? else { return Ok(()) };
        builder.workspace.save_tags()?;
        builder.workspace.save_clusters()?;
        let job = builder.workspace.unsaved_exposures();
        builder.saved = Instant::now();
        drop(builder);
        // Written without the builder, which followed blocks need.
        let _saving = self.saving.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(job) = job {
            job.save()?;
            if let Some(mut builder) = self.try_builder()? {
                builder.workspace.exposures_are_saved(&job);
            }
        }
        Ok(())
    }

    /// Writes a checkpoint in a thread of its own, unless one does it already: a block does not wait for files that can be made again.
    fn save_beside(this: &Arc<Inner>) {
        /// Lets the next thread start, also after a panic.
        struct Done(Arc<Inner>);
        impl Drop for Done {
            fn drop(&mut self) {
                self.0.is_saving.store(false, Ordering::Release);
            }
        }
        if this.is_saving.swap(true, Ordering::AcqRel) {
            return;
        }
        let done = Done(this.clone());
        let save = move || {
            if let Err(e) = done.0.checkpoint() {
                tracing::error!(reason = %e, "the workspace is not saved; it is tried again later");
            }
        };
        // Without a thread the next change tries again.
        let _ = std::thread::Builder::new().name("checkpoint".into()).spawn(save);
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
        self.publish(workspace);
        answer
    }

    fn touched(&self) -> MutexGuard<'_, Pending> {
        self.touched.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn publish(&self, workspace: &Workspace) {
        let before = self.current.load_full();
        if !workspace.is_shown_by(&before) {
            let after = Arc::new(workspace.snapshot());
            self.current.store(after.clone());
            self.touched().note(&before, &after);
        }
    }

    /// Makes exposures anew in a thread of their own, unless one does it already.
    fn make_exposures(this: &Arc<Inner>) {
        if this.makes_exposures.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::downgrade(this);
        let started = std::thread::Builder::new().name("exposures".into()).spawn(move || Self::exposures(&inner));
        if started.is_err() {
            // The next change tries again.
            this.makes_exposures.store(false, Ordering::Release);
        }
    }

    fn exposures(this: &Weak<Inner>) {
        /// Lets the next thread start, also after a panic.
        struct Done<'a>(&'a Weak<Inner>);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                if let Some(inner) = self.0.upgrade() {
                    inner.makes_exposures.store(false, Ordering::Release);
                }
            }
        }
        let done = Done(this);
        loop {
            let Some(snapshot) = this.upgrade().map(|inner| inner.current.load_full()) else { return };
            let began = Instant::now();
            let made = in_own_threads(|| Exposures::build(&snapshot.ledger, snapshot.entities.categories()));
            let copy = made.copy();
            let rest = began.elapsed() * REST;
            drop(snapshot);
            let Some(inner) = this.upgrade() else { return };
            let Ok(mut builder) = inner.builder() else { return };
            builder.workspace.adopt(made, copy);
            inner.publish(&builder.workspace);
            let wants_more = builder.workspace.wants_exposures();
            drop(builder);
            if let Some(listener) = inner.listener.get() {
                listener();
            }
            drop(inner);
            if !wants_more || !rested(this, rest) {
                break;
            }
        }
        drop(done);
        // A change that came after the last look found this thread still there.
        if let Some(inner) = this.upgrade()
            && inner.builder().is_ok_and(|builder| builder.workspace.wants_exposures())
        {
            Self::make_exposures(&inner);
        }
    }
}
