//! A workspace: one folder with a ledger, tags, clusters and exposures, kept in step.
//!
//! Commands, the HTTP API and the pages all answer from here ([`crate::queries`], [`crate::traces`], [`crate::lookup`]), so that they cannot
//! differ.

use crate::account_chains::{account_chains, account_families};
use crate::chain_queries::ChainQueries;
use crate::error::WorkspaceError;
use holdfast_analysis::exposure::{BLOCK_REACH, Exposures, ExposuresMark, PATIENCE, Reach};
use holdfast_attribution::cluster::ClusterLog;
use holdfast_attribution::import::{ImportReport, NamedFile, ReadFiles, import_as};
use holdfast_attribution::own::{OwnChange, OwnChanged, OwnError};
use holdfast_attribution::tags::{TagFile, TagVersion};
use holdfast_attribution::{ClusterOptions, Clusters, Entities, Tag, TagStore, Tlp};
use holdfast_bitcoin::Network;
use holdfast_utxo_ledger::Ledger;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

/// Everything known, open. What is large is shared with snapshots, and copied when it is changed while one holds it.
#[derive(Debug)]
pub struct Workspace {
    dir: PathBuf,
    /// The chain.
    pub ledger: Ledger,
    /// Tags and actors.
    pub tags: Arc<TagStore>,
    /// Clusters.
    pub clusters: Arc<Clusters>,
    /// Tags and clusters on the ledger.
    pub entities: Arc<Entities>,
    /// Exposures.
    pub exposures: Exposures,
    /// The tags and clusters that the entities were made from.
    entities_of: (TagVersion, Weak<Clusters>),
    /// Where newer tags and clusters wait until the exposures are made anew: the height of the tip when that began.
    exposures_as_of: Option<u32>,
    /// Steps that changed categories may take, where more may wait because somebody makes the exposures anew beside the readers.
    patience: Option<usize>,
    saved: Saved,
    spare: Spare,
}

/// A workspace at one moment, for reading: nothing that happens to the workspace afterwards changes it.
pub type Snapshot = Workspace;

/// The files, and what they hold: only what changed since is written.
#[derive(Debug)]
struct Saved {
    /// None where another workspace stores the tags.
    tags: Option<TagFile>,
    clusters: ClusterLog,
    exposures: ExposuresMark,
}

/// The folder, in a store, of the workspaces of further chains.
pub const CHAINS: &str = "chains";

/// Returns the file of the tags of a workspace: a store has one for all its chains.
fn tags_file(dir: &Path) -> PathBuf {
    let store = dir.parent().filter(|parent| parent.ends_with(CHAINS)).and_then(Path::parent);
    // A folder that is only called so is no store.
    let store = store.filter(|store| !has_tags(dir) && Workspace::ledger_dir(store).is_dir());
    store.unwrap_or(dir).join("tags")
}

/// Whether a folder has tags of its own: their file, or its log alone.
fn has_tags(dir: &Path) -> bool {
    ["tags", "tags.log"].iter().any(|name| dir.join(name).exists())
}

impl Saved {
    fn new(dir: &Path) -> Self {
        Saved {
            tags: Some(TagFile::new(&tags_file(dir))),
            clusters: ClusterLog::new(&dir.join("clusters")),
            exposures: ExposuresMark::default(),
        }
    }
}

/// What was in use before the last change. Once no snapshot holds it any more, the next change goes on from it instead of from a copy of
/// what is in use; also when a reorganization took the last change back.
#[derive(Debug, Default)]
struct Spare {
    clusters: Option<Arc<Clusters>>,
    exposures: Option<Exposures>,
}

/// Exposures to be saved.
pub(crate) struct UnsavedExposures {
    exposures: Exposures,
    path: PathBuf,
}

impl UnsavedExposures {
    /// Writes the file.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write.
    pub(crate) fn save(&self) -> Result<(), WorkspaceError> {
        Ok(self.exposures.save(&self.path)?)
    }
}

impl Workspace {
    /// Opens a workspace for reading, bringing clusters, entities and exposures up to the ledger and tags in memory.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger, tags, clusters or exposures do not open: absent, locked, damaged, or of another network.
    pub fn open(dir: &Path) -> Result<Self, WorkspaceError> {
        Self::with_ledger(dir, Ledger::open(&Self::ledger_dir(dir))?, None)
    }

    /// Opens a workspace for writing, creating it when missing.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger, tags, clusters or exposures do not open: absent, locked, damaged, or of another network.
    pub fn create_or_open(dir: &Path, network: Network) -> Result<Self, WorkspaceError> {
        std::fs::create_dir_all(dir).map_err(|e| WorkspaceError::Io(dir.to_owned(), e))?;
        Self::with_ledger(dir, Ledger::create_or_open(&Self::ledger_dir(dir), network)?, None)
    }

    /// Opens an existing workspace for writing.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger, tags, clusters or exposures do not open: absent, locked, damaged, or of another network.
    pub fn open_for_writing(dir: &Path) -> Result<Self, WorkspaceError> {
        Self::with_ledger(dir, Ledger::open_for_writing(&Self::ledger_dir(dir))?, None)
    }

    /// Opens the workspace of a further chain of a store for writing, beside this one, whose tags it shares and does not store. It is created
    /// where `network` is given and it is missing.
    ///
    /// # Errors
    /// [`WorkspaceError::OwnTags`] when the folder has tags of its own, which would have no effect; otherwise as [`Workspace::open`].
    pub fn open_beside(&self, dir: &Path, network: Option<Network>) -> Result<Self, WorkspaceError> {
        if has_tags(dir) {
            return Err(WorkspaceError::OwnTags(dir.join("tags")));
        }
        let ledger_dir = Self::ledger_dir(dir);
        let ledger = match network {
            Some(network) => {
                std::fs::create_dir_all(dir).map_err(|e| WorkspaceError::Io(dir.to_owned(), e))?;
                Ledger::create_or_open(&ledger_dir, network)?
            }
            None => Ledger::open_for_writing(&ledger_dir)?,
        };
        Self::with_ledger(dir, ledger, Some(self.tags.clone()))
    }

    /// Opens the workspace of a further chain of a store for reading, with the tags of this one.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn read_beside(&self, dir: &Path) -> Result<Self, WorkspaceError> {
        Self::with_ledger(dir, Ledger::open(&Self::ledger_dir(dir))?, Some(self.tags.clone()))
    }

    /// Returns where the workspace of a further chain of a store lies.
    #[must_use]
    pub fn chain_dir(store: &Path, network: Network) -> PathBuf {
        store.join(CHAINS).join(network.parameters().name)
    }

    /// Returns the folders of the further chains of a store that have a ledger, by name.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] when the system refuses.
    pub fn chain_dirs(store: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
        let dir = store.join(CHAINS);
        let io = |e| WorkspaceError::Io(dir.clone(), e);
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(io(e)),
        };
        let mut dirs =
            entries.map(|entry| Ok(entry.map_err(io)?.path())).collect::<Result<Vec<_>, WorkspaceError>>()?;
        dirs.retain(|dir| Self::ledger_dir(dir).is_dir());
        dirs.sort();
        Ok(dirs)
    }

    /// Returns whether a store has a ledger of outputs, which is its first chain.
    #[must_use]
    pub fn is_in(store: &Path) -> bool {
        Self::ledger_dir(store).is_dir()
    }

    /// Returns where a workspace's ledger lies.
    pub fn ledger_dir(dir: &Path) -> PathBuf {
        dir.join("ledger")
    }

    fn with_ledger(dir: &Path, ledger: Ledger, shared: Option<Arc<TagStore>>) -> Result<Self, WorkspaceError> {
        let mut saved = Saved::new(dir);
        if shared.is_some() {
            saved.tags = None;
        }
        let tags = match (shared, &mut saved.tags) {
            (Some(tags), _) => tags,
            (None, Some(file)) => Arc::new(file.load()?),
            (None, None) => Arc::default(),
        };
        let clusters = saved.clusters.load()?;
        let mut clusters = clusters.unwrap_or_else(|| Clusters::new(ClusterOptions::default()));
        clusters.update(&ledger);
        let entities = Arc::new(Entities::build(&ledger, &clusters, &tags));
        let exposures = match Exposures::load(&dir.join("exposures"))? {
            Some(mut exposures) => {
                exposures.update(&ledger, entities.categories());
                exposures
            }
            None => Exposures::build(&ledger, entities.categories()),
        };
        let clusters = Arc::new(clusters);
        let entities_of = (tags.version(), Arc::downgrade(&clusters));
        Ok(Workspace {
            dir: dir.to_owned(),
            ledger,
            tags,
            clusters,
            entities,
            exposures,
            entities_of,
            exposures_as_of: None,
            patience: None,
            saved,
            spare: Spare::default(),
        })
    }

    /// Returns the workspace as it is now, for reading. It costs handles, no copy, and stays as it is while this workspace is changed.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Workspace {
            dir: self.dir.clone(),
            ledger: self.ledger.snapshot(),
            tags: self.tags.clone(),
            clusters: self.clusters.clone(),
            entities: self.entities.clone(),
            exposures: self.exposures.share(),
            entities_of: self.entities_of.clone(),
            exposures_as_of: self.exposures_as_of,
            patience: None,
            saved: Saved::new(&self.dir),
            spare: Spare::default(),
        }
    }

    /// Returns whether a snapshot shows what the workspace holds now.
    #[must_use]
    pub fn is_shown_by(&self, snapshot: &Snapshot) -> bool {
        self.ledger.revision() == snapshot.ledger.revision()
            && Arc::ptr_eq(&self.tags, &snapshot.tags)
            && Arc::ptr_eq(&self.clusters, &snapshot.clusters)
            && Arc::ptr_eq(&self.entities, &snapshot.entities)
            && self.exposures.is_shared_with(&snapshot.exposures)
            && self.exposures_as_of == snapshot.exposures_as_of
    }

    /// Takes back what was changed since a snapshot, of everything but the ledger, which is brought up instead.
    pub(crate) fn reset_to(&mut self, snapshot: &Snapshot) {
        self.tags = snapshot.tags.clone();
        self.clusters = snapshot.clusters.clone();
        self.entities = snapshot.entities.clone();
        self.exposures = snapshot.exposures.share();
        self.entities_of = snapshot.entities_of.clone();
        self.exposures_as_of = snapshot.exposures_as_of;
        if self.ledger.revision() != snapshot.ledger.revision() {
            self.catch_up();
        }
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Brings clusters, entities and exposures up to the ledger and tags, and saves all three and the tags.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write.
    pub fn refresh(&mut self) -> Result<(), WorkspaceError> {
        self.catch_up();
        self.save()
    }

    /// As [`Workspace::refresh`], in memory only.
    pub fn catch_up(&mut self) {
        self.catch_up_clusters();
        let categories = self.entities.categories();
        if self.exposures.is_up_to(&self.ledger, categories) {
            self.exposures_as_of = None;
            return;
        }
        let outputs = usize::try_from(self.ledger.counts().outputs).unwrap_or(usize::MAX);
        // A small ledger's exposures are made anew at once.
        let waiting = self.patience.filter(|patience| outputs > 4 * patience);
        let may_wait = waiting.is_some();
        let patience = match waiting {
            Some(_) if self.exposures_as_of.is_some() => 0,
            Some(patience) => patience,
            None => PATIENCE.max(outputs / 8),
        };
        let older = self.spare.exposures.take();
        // Without a snapshot that reads them, the figures are changed where they are.
        let before = self.exposures.is_shared().then(|| self.exposures.share());
        let reach = if may_wait { Reach::Outputs(BLOCK_REACH) } else { Reach::Whole };
        let is_whole = self.exposures.follow(older, &self.ledger, categories, patience, reach);
        if !is_whole && !may_wait {
            self.exposures = Exposures::build(&self.ledger, categories);
        }
        self.exposures_as_of = match is_whole || !may_wait {
            true => None,
            false => {
                let behind = self.exposures.behind().filter(|txs| *txs > 0);
                let behind = behind.map(|txs| self.ledger.block_of_tx(txs - 1).height);
                let began = self.exposures_as_of.or_else(|| self.ledger.tip().map(|t| t.height));
                behind.into_iter().chain(began).min()
            }
        };
        self.spare.exposures = before;
    }

    /// Lets changed categories that take more than `patience` steps wait for [`Workspace::adopt`].
    pub(crate) fn let_exposures_wait(&mut self, patience: usize) {
        self.patience = Some(patience);
        self.clusters.index_members();
    }

    /// Whether exposures are to be made anew beside the readers: newer tags and clusters or destinations wait for it, or most of their memory is
    /// waste.
    pub(crate) fn wants_exposures(&self) -> bool {
        self.patience.is_some() && (self.exposures_as_of.is_some() || self.exposures.is_wasteful())
    }

    /// Whether only destinations of older transactions wait.
    pub(crate) fn only_destinations_wait(&self) -> bool {
        self.exposures.behind().is_some() && self.exposures.rests_on(self.entities.categories())
    }

    /// Takes over exposures that were made anew from an earlier snapshot, and brings them up. `copy` is a second one of the same.
    pub(crate) fn adopt(&mut self, made: Exposures, copy: Exposures) {
        self.exposures = made;
        self.exposures_as_of = None;
        self.spare.exposures = None;
        self.catch_up();
        self.spare.exposures = Some(copy);
    }

    /// Returns copies of what every block changes.
    pub(crate) fn copies(&self) -> (Arc<Clusters>, Exposures) {
        (Arc::new(Clusters::clone(&self.clusters)), self.exposures.copy())
    }

    /// Takes over copies of what was in use at some time, for the next change to go on from, where there are none.
    pub(crate) fn put_spare(&mut self, clusters: Arc<Clusters>, exposures: Exposures) {
        self.spare.clusters.get_or_insert(clusters);
        self.spare.exposures.get_or_insert(exposures);
    }

    /// Returns, where exposures are not whole yet, the height of the tip when that began. Until it is `None` again, they rest on the tags and clusters of that
    /// time, and indirect destinations count older transactions' money up to that block. Sources count all blocks.
    #[must_use]
    pub fn exposures_as_of(&self) -> Option<u32> {
        self.exposures_as_of
    }

    /// Brings clusters and entities up to the ledger and tags.
    fn catch_up_clusters(&mut self) {
        let is_of_clusters = std::ptr::eq(self.entities_of.1.as_ptr(), Arc::as_ptr(&self.clusters));
        // Without knowing what changed, entities are made anew.
        let retagged = self.tags.touched_since(self.entities_of.0).filter(|_| is_of_clusters);
        let before = self.clusters.clone();
        if !before.is_up_to(&self.ledger) {
            let spare = self.spare.clusters.take().and_then(|spare| Arc::try_unwrap(spare).ok());
            let spare = spare.filter(|s| s.can_stand_in_for(&before));
            let mut next = spare.unwrap_or_else(|| Clusters::clone(&before));
            next.update(&self.ledger);
            self.clusters = Arc::new(next);
        } else if self.entities_of.0 == self.tags.version() && is_of_clusters {
            return;
        }
        self.entities = Arc::new(match retagged {
            Some(keys) if before.done() > 0 => {
                self.entities.update(&self.ledger, &before, &self.clusters, &self.tags, &keys)
            }
            _ => Entities::build(&self.ledger, &self.clusters, &self.tags),
        });
        self.entities_of = (self.tags.version(), Arc::downgrade(&self.clusters));
        if !Arc::ptr_eq(&before, &self.clusters) {
            self.spare.clusters = Some(before);
        }
    }

    /// Saves what changed of tags, clusters and exposures since it was last saved.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write.
    pub fn save(&mut self) -> Result<(), WorkspaceError> {
        self.save_tags()?;
        self.save_clusters()?;
        if let Some(job) = self.unsaved_exposures() {
            job.save()?;
            self.exposures_are_saved(&job);
        }
        Ok(())
    }

    /// Saves the tags, which nothing else can be made again from, where they changed: the change alone. What else changed is made again from
    /// the ledger when the workspace is opened next.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write.
    pub fn save_tags(&mut self) -> Result<(), WorkspaceError> {
        match &mut self.saved.tags {
            Some(file) => Ok(file.save(&self.tags)?),
            None => Ok(()),
        }
    }

    /// Saves the clusters: what was merged since is appended.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write.
    pub(crate) fn save_clusters(&mut self) -> Result<(), WorkspaceError> {
        Ok(self.saved.clusters.save(&self.clusters)?)
    }

    /// Returns the exposures, where they are not saved, to be saved without holding the workspace.
    pub(crate) fn unsaved_exposures(&self) -> Option<UnsavedExposures> {
        let is_saved = self.exposures.is_at(&self.saved.exposures);
        (!is_saved).then(|| UnsavedExposures { exposures: self.exposures.share(), path: self.dir.join("exposures") })
    }

    /// Notes that exposures are saved.
    pub(crate) fn exposures_are_saved(&mut self, job: &UnsavedExposures) {
        self.saved.exposures = job.exposures.mark();
    }

    /// Returns the tags, to be changed.
    fn tags_mut(&mut self) -> &mut TagStore {
        let tags = Arc::make_mut(&mut self.tags);
        // What files and entities have is not needed any more.
        if self.saved.tags.as_ref().is_some_and(|file| file.version() == Some(self.entities_of.0)) {
            tags.drop_changes(self.entities_of.0);
        }
        tags
    }

    /// Takes over the tags of another workspace; call [`Workspace::catch_up`] afterwards.
    pub fn set_tags(&mut self, tags: &Arc<TagStore>) {
        self.tags = tags.clone();
    }

    /// Clusters anew with other options.
    pub fn recluster(&mut self, options: ClusterOptions) {
        self.clusters = Arc::new(Clusters::build(&self.ledger, options));
        self.catch_up();
    }

    /// Recomputes all exposures.
    pub fn recompute_exposures(&mut self) {
        self.exposures = Exposures::build(&self.ledger, self.entities.categories());
        self.exposures_as_of = None;
    }

    /// Removes all tags of a pack; call [`Workspace::catch_up`] afterwards. Returns how many.
    pub fn remove_pack(&mut self, title: &str) -> usize {
        // Looked for before, so that nothing is copied in vain.
        if !self.tags.has_pack(title) {
            return 0;
        }
        self.tags_mut().remove_pack(title)
    }

    /// Replaces all tags of a pack; call [`Workspace::catch_up`] afterwards. Returns how many it had.
    pub fn replace_pack(&mut self, title: &str, tags: Vec<Tag>) -> usize {
        let removed = self.remove_pack(title);
        if !tags.is_empty() {
            self.tags_mut().add_tags(tags);
        }
        removed
    }

    /// Changes the desk's own tags; call [`Workspace::catch_up`] afterwards.
    ///
    /// # Errors
    /// [`OwnError`]; nothing is changed then.
    pub fn change_own_tags(&mut self, change: OwnChange) -> Result<OwnChanged, OwnError> {
        self.tags_mut().change_own(change)
    }

    /// Imports tag files; call [`Workspace::refresh`] afterwards.
    pub fn import_tags(&mut self, files: Vec<NamedFile>) -> ImportReport {
        self.import_tags_as(files, None)
    }

    /// As [`Workspace::import_tags`]; tags without a label of their own get the one given.
    pub fn import_tags_as(&mut self, files: Vec<NamedFile>, label: Option<Tlp>) -> ImportReport {
        let mut report = import_as(self.tags_mut(), files, label);
        self.count_chains(&mut report);
        report
    }

    /// As [`Workspace::import_tags_as`], of files that were read before; none where `watch` ends it ([`ReadFiles::add_to`]), and the tags are to be taken back.
    pub fn add_read_tags(
        &mut self,
        read: ReadFiles,
        label: Option<Tlp>,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Option<ImportReport> {
        let mut report = read.add_to(self.tags_mut(), label, watch)?;
        self.count_chains(&mut report);
        Some(report)
    }

    fn count_chains(&self, report: &mut ImportReport) {
        let family = self.id().family();
        let further = Self::chain_dirs(&self.dir).unwrap_or_default();
        let further = further.iter().filter_map(|dir| Some((dir.file_name()?.to_str()?.to_owned(), family)));
        let accounts = account_families(&account_chains(&self.dir).unwrap_or_default());
        report.count_chains(&std::iter::once((self.name(), family)).chain(further).chain(accounts).collect::<Vec<_>>());
    }
}
