//! A workspace: one folder with a ledger, tags, clusters and exposures, kept in step.
//!
//! Commands, the HTTP API and the pages all answer from here ([`crate::queries`], [`crate::traces`], [`crate::lookup`]), so that they cannot
//! differ.

use crate::error::WorkspaceError;
use holdfast_analysis::exposure::{Exposures, ExposuresMark};
use holdfast_attribution::import::{ImportReport, NamedFile, import_as};
use holdfast_attribution::{ClusterOptions, Clusters, Entities, Tag, TagStore, Tlp};
use holdfast_bitcoin::Network;
use holdfast_utxo_ledger::Ledger;
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
    entities_of: (Weak<TagStore>, Weak<Clusters>),
    saved: Saved,
    spare: Spare,
}

/// A workspace at one moment, for reading: nothing that happens to the workspace afterwards changes it.
pub type Snapshot = Workspace;

/// What the files hold: what is still the same object has not changed and is not written again.
#[derive(Debug, Default)]
struct Saved {
    tags: Weak<TagStore>,
    clusters: Weak<Clusters>,
    exposures: ExposuresMark,
}

/// What was in use before the last change. Once no snapshot holds it any more, the next change goes on from it instead of from a copy of
/// what is in use; also when a reorganization took the last change back.
#[derive(Debug, Default)]
struct Spare {
    clusters: Option<Arc<Clusters>>,
    exposures: Option<Exposures>,
}

/// Whether the object that was saved is still the one in use.
fn is_same<T>(saved: &Weak<T>, now: &Arc<T>) -> bool {
    std::ptr::eq(saved.as_ptr(), Arc::as_ptr(now))
}

impl Workspace {
    /// Opens a workspace for reading, bringing clusters, entities and exposures up to the ledger and tags in memory.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn open(dir: &Path) -> Result<Self, WorkspaceError> {
        Self::with_ledger(dir, Ledger::open(&Self::ledger_dir(dir))?)
    }

    /// Opens a workspace for writing, creating it when missing.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn create_or_open(dir: &Path, network: Network) -> Result<Self, WorkspaceError> {
        std::fs::create_dir_all(dir).map_err(|e| WorkspaceError::Io(dir.to_owned(), e))?;
        Self::with_ledger(dir, Ledger::create_or_open(&Self::ledger_dir(dir), network)?)
    }

    /// Opens an existing workspace for writing.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn open_for_writing(dir: &Path) -> Result<Self, WorkspaceError> {
        Self::with_ledger(dir, Ledger::open_for_writing(&Self::ledger_dir(dir))?)
    }

    /// Where a workspace's ledger lies.
    pub fn ledger_dir(dir: &Path) -> PathBuf {
        dir.join("ledger")
    }

    fn with_ledger(dir: &Path, ledger: Ledger) -> Result<Self, WorkspaceError> {
        let tags = TagStore::load(&dir.join("tags"))?;
        let mut clusters =
            Clusters::load(&dir.join("clusters"))?.unwrap_or_else(|| Clusters::new(ClusterOptions::default()));
        clusters.update(&ledger);
        let entities = Arc::new(Entities::build(&ledger, &clusters, &tags));
        let exposures = match Exposures::load(&dir.join("exposures"))? {
            Some(mut exposures) => {
                exposures.update(&ledger, entities.categories());
                exposures
            }
            None => Exposures::build(&ledger, entities.categories()),
        };
        let (tags, clusters) = (Arc::new(tags), Arc::new(clusters));
        // The tags are as their file has them; clusters and exposures may have been brought up to the ledger.
        let mut saved = Saved::default();
        if dir.join("tags").exists() {
            saved.tags = Arc::downgrade(&tags);
        }
        let entities_of = (Arc::downgrade(&tags), Arc::downgrade(&clusters));
        Ok(Workspace {
            dir: dir.to_owned(),
            ledger,
            tags,
            clusters,
            entities,
            exposures,
            entities_of,
            saved,
            spare: Spare::default(),
        })
    }

    /// The workspace as it is now, for reading. It costs handles, no copy, and stays as it is while this workspace is changed.
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
            saved: Saved::default(),
            spare: Spare::default(),
        }
    }

    /// Whether a snapshot shows what the workspace holds now.
    #[must_use]
    pub fn is_shown_by(&self, snapshot: &Snapshot) -> bool {
        self.ledger.revision() == snapshot.ledger.revision()
            && Arc::ptr_eq(&self.tags, &snapshot.tags)
            && Arc::ptr_eq(&self.clusters, &snapshot.clusters)
            && Arc::ptr_eq(&self.entities, &snapshot.entities)
            && self.exposures.is_shared_with(&snapshot.exposures)
    }

    /// Takes back what was changed since a snapshot, of everything but the ledger, which is brought up instead.
    pub(crate) fn reset_to(&mut self, snapshot: &Snapshot) {
        self.tags = snapshot.tags.clone();
        self.clusters = snapshot.clusters.clone();
        self.entities = snapshot.entities.clone();
        self.exposures = snapshot.exposures.share();
        self.entities_of = snapshot.entities_of.clone();
        if self.ledger.revision() != snapshot.ledger.revision() {
            self.catch_up();
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Brings clusters, entities and exposures up to the ledger and tags, and saves all three and the tags.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn refresh(&mut self) -> Result<(), WorkspaceError> {
        self.catch_up();
        self.save()
    }

    /// As [`Workspace::refresh`], in memory only.
    pub fn catch_up(&mut self) {
        self.catch_up_clusters();
        let categories = self.entities.categories();
        if self.exposures.is_up_to(&self.ledger, categories) {
            return;
        }
        let older = self.spare.exposures.take();
        // Without a snapshot that reads them, the figures are changed where they are.
        let before = self.exposures.is_shared().then(|| self.exposures.share());
        self.exposures.update_from(older, &self.ledger, categories);
        self.spare.exposures = before;
    }

    /// Brings clusters and entities up to the ledger and tags.
    fn catch_up_clusters(&mut self) {
        let is_current = self.entities_are_of(&self.tags, &self.clusters);
        if self.clusters.is_up_to(&self.ledger) {
            if !is_current {
                self.entities = Arc::new(Entities::build(&self.ledger, &self.clusters, &self.tags));
            }
        } else if Arc::strong_count(&self.clusters) == 1 {
            // No snapshot reads them: they are changed where they are.
            Arc::make_mut(&mut self.clusters).update(&self.ledger);
            self.entities = Arc::new(Entities::build(&self.ledger, &self.clusters, &self.tags));
        } else {
            let goes_on = is_current && self.clusters.done() > 0 && self.clusters.is_in_chain(&self.ledger);
            let spare = self.spare.clusters.take().and_then(|spare| Arc::try_unwrap(spare).ok());
            let spare = spare.filter(|s| s.can_stand_in_for(&self.clusters) && s.is_in_chain(&self.ledger));
            let mut next = spare.unwrap_or_else(|| Clusters::clone(&self.clusters));
            next.update(&self.ledger);
            let before = std::mem::replace(&mut self.clusters, Arc::new(next));
            self.entities = Arc::new(match goes_on {
                true => self.entities.update(&self.ledger, &before, &self.clusters, &self.tags),
                false => Entities::build(&self.ledger, &self.clusters, &self.tags),
            });
            self.spare.clusters = Some(before);
        }
        self.entities_of = (Arc::downgrade(&self.tags), Arc::downgrade(&self.clusters));
    }

    /// Whether the entities were made from these tags and clusters.
    fn entities_are_of(&self, tags: &Arc<TagStore>, clusters: &Arc<Clusters>) -> bool {
        is_same(&self.entities_of.0, tags) && is_same(&self.entities_of.1, clusters)
    }

    /// Saves what changed of tags, clusters and exposures since it was last saved.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn save(&mut self) -> Result<(), WorkspaceError> {
        self.save_tags()?;
        if !is_same(&self.saved.clusters, &self.clusters) {
            self.clusters.save(&self.dir.join("clusters"))?;
            self.saved.clusters = Arc::downgrade(&self.clusters);
        }
        if !self.exposures.is_at(&self.saved.exposures) {
            self.exposures.save(&self.dir.join("exposures"))?;
            self.saved.exposures = self.exposures.mark();
        }
        Ok(())
    }

    /// Saves the tags, which nothing else can be made again from, where they changed. What else changed is made again from the ledger when
    /// the workspace is opened next.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn save_tags(&mut self) -> Result<(), WorkspaceError> {
        if !is_same(&self.saved.tags, &self.tags) {
            self.tags.save(&self.dir.join("tags"))?;
            self.saved.tags = Arc::downgrade(&self.tags);
        }
        Ok(())
    }

    /// Clusters anew with other options.
    pub fn recluster(&mut self, options: ClusterOptions) {
        self.clusters = Arc::new(Clusters::build(&self.ledger, options));
        self.catch_up();
    }

    /// Recomputes all exposures.
    pub fn recompute_exposures(&mut self) {
        self.exposures = Exposures::build(&self.ledger, self.entities.categories());
    }

    /// Removes all tags of a pack; call [`Workspace::catch_up`] afterwards. Returns how many.
    pub fn remove_pack(&mut self, title: &str) -> usize {
        // Looked for before, so that nothing is copied in vain.
        if !self.tags.tags().iter().any(|t| t.pack == title) {
            return 0;
        }
        Arc::make_mut(&mut self.tags).remove_pack(title)
    }

    /// Replaces all tags of a pack; call [`Workspace::catch_up`] afterwards. Returns how many it had.
    pub fn replace_pack(&mut self, title: &str, tags: Vec<Tag>) -> usize {
        let removed = self.remove_pack(title);
        if !tags.is_empty() {
            Arc::make_mut(&mut self.tags).add_tags(tags);
        }
        removed
    }

    /// Imports tag files; call [`Workspace::refresh`] afterwards.
    pub fn import_tags(&mut self, files: Vec<NamedFile>) -> ImportReport {
        self.import_tags_as(files, None)
    }

    /// As [`Workspace::import_tags`]; tags without a label of their own get the one given.
    pub fn import_tags_as(&mut self, files: Vec<NamedFile>, label: Option<Tlp>) -> ImportReport {
        import_as(Arc::make_mut(&mut self.tags), files, label)
    }
}
