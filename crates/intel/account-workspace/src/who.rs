//! Who is who on an account chain: clusters of its accounts and what each account counts under, kept up to date block by block.
//!
//! Both follow from the ledger, its signals and the tags. A log beside the ledger saves looking at all blocks again after a start: what it does not
//! reach is followed on opening. Clusters rest on tags up to [`CLEARANCE`] only, because whoever sees that accounts are together learns that a wallet was
//! known; readers of less see none.

use crate::AccountWorkspace;
use holdfast_account_attribution::{ClusterError, ClusterLog, Clusters, Entities, Options, Services, Signals};
use holdfast_account_ledger::Ledger;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_types::ChainId;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The log of clusters, in the chain's folder.
const CLUSTERS: &str = "cluster-log";
/// The file of clusters that earlier versions wrote: it follows from the ledger, as the log does.
const OLD_CLUSTERS: &str = "clusters";
/// Labels of the tags that clusters rest on: up to what a tag without a label counts as.
pub const CLEARANCE: Tlp = Tag::UNLABELLED;
/// Most blocks that are followed on opening for reading; what lies behind them is stated as a gap.
const MOST_ON_READING: u64 = 2_000;
/// Blocks that are followed before the log is written to again: it takes what they show.
const SAVE_AFTER: u64 = 100;

/// Clusters and entities of a chain.
#[derive(Debug)]
pub(crate) struct Who {
    services: Arc<Services>,
    clusters: Clusters,
    entities: Entities,
    /// Height at which the log was written to.
    saved: Option<u64>,
    /// The log, once it was written to.
    log: Option<ClusterLog>,
    /// Why it is not up to date.
    fault: Option<String>,
}

impl Who {
    fn new(ledger: &Ledger, tags: &TagStore, dir: &Path) -> Self {
        let chain = &ledger.settings().chain;
        let services = Arc::new(Services::of(tags, chain.family(), CLEARANCE));
        let options = Options::of_chain(chain);
        let stored = ClusterLog::load(&Self::log_dir(dir)).unwrap_or_else(|e| {
            tracing::warn!(%chain, reason = %e, "the log of clusters cannot be read; accounts are clustered anew from the ledger");
            None
        });
        let stored = stored.filter(|clusters| *clusters.options() == options);
        let saved = stored.as_ref().and_then(Clusters::height);
        let clusters = stored.unwrap_or_else(|| Clusters::new(options));
        Who { services, clusters, entities: Entities::default(), saved, log: None, fault: None }
    }

    /// Returns where the log of clusters lies in a chain's folder.
    pub fn log_dir(dir: &Path) -> PathBuf {
        dir.join(CLUSTERS)
    }

    /// Makes what there is for reading, without looking at very many blocks.
    fn for_reading(workspace: &AccountWorkspace) -> Self {
        let mut who = Who::new(&workspace.ledger, &workspace.tags, &workspace.dir);
        who.follow(workspace, MOST_ON_READING);
        who
    }

    fn snapshot(&self) -> Self {
        Who {
            services: self.services.clone(),
            clusters: self.clusters.snapshot(),
            entities: self.entities.clone(),
            saved: self.saved,
            log: None,
            fault: self.fault.clone(),
        }
    }

    /// Follows the ledger's blocks, `most` of them at most.
    fn follow(&mut self, workspace: &AccountWorkspace, most: u64) {
        let (ledger, tags) = (&workspace.ledger, &workspace.tags);
        let followed = self
            .clusters
            .update_some(ledger, &self.services, &Signals::default(), most)
            .and_then(|()| self.entities.follow(ledger, &mut self.clusters, tags, &self.services, workspace.signals()));
        self.fault = followed.err().map(|e| e.to_string());
    }

    fn save(&mut self, dir: &Path, ledger: &Ledger) -> Result<(), ClusterError> {
        let folder = Self::log_dir(dir);
        let mut log = match self.log.take() {
            Some(log) => log,
            None => ClusterLog::create_or_open(&folder, &ledger.settings().chain)?,
        };
        match log.save(ledger, &self.clusters) {
            Ok(()) => (self.saved, self.log) = (self.clusters.height(), Some(log)),
            Err(e) => {
                // It follows from the ledger: the next time it is written whole.
                if matches!(&e, ClusterError::Signals(e) if e.is_damage()) {
                    drop(log);
                    let _ = std::fs::remove_dir_all(&folder);
                    self.saved = None;
                }
                return Err(e);
            }
        }
        let _ = std::fs::remove_file(dir.join(OLD_CLUSTERS));
        Ok(())
    }

    /// States in words how far clusters reach.
    pub fn gap(&self, ledger: &Ledger) -> Option<String> {
        if let Some(why) = &self.fault {
            return Some(format!("clusters are not up to date: {why}"));
        }
        let tip = match ledger.tip() {
            Ok(tip) => tip?,
            Err(e) => return Some(format!("how far accounts are clustered is not known: {e}")),
        };
        match self.clusters.height() {
            Some(height) if height >= tip.height => None,
            Some(height) => Some(format!("accounts were clustered up to block {height} only")),
            None => Some("accounts are not clustered yet".to_owned()),
        }
    }
}

impl AccountWorkspace {
    /// Returns the folder of the log of clusters of an account chain of a store.
    #[must_use]
    pub fn cluster_dir(store: &Path, chain: &ChainId) -> PathBuf {
        Who::log_dir(&Self::chain_dir(store, chain))
    }

    /// Returns who is who, as far as it is known; what is missing stands among the gaps.
    pub(crate) fn who(&self) -> &Who {
        self.who.get_or_init(|| Who::for_reading(self))
    }

    /// Brings clusters and entities to the ledger's tip. A reorganization or other tags make them anew, else it costs what the new blocks touch. A
    /// failure is stated as a gap, and changes nothing of the ledger.
    pub fn update_who(&mut self) {
        let mut who = self.who.take().unwrap_or_else(|| Who::new(&self.ledger, &self.tags, &self.dir));
        who.follow(self, u64::MAX);
        self.gaps.take();
        let _ = self.who.set(who);
    }

    /// Writes to the log of clusters, where `after` blocks were followed since the last time. A failure is logged: what the log does not reach is followed
    /// again on the next start.
    fn save_who_after(&mut self, after: u64) {
        let Some(mut who) = self.who.take() else { return };
        let (height, saved) = (who.clusters.height(), who.saved);
        let is_due = height.unwrap_or(0).abs_diff(saved.unwrap_or(0)) >= after || height.is_some() != saved.is_some();
        if is_due && let Err(e) = who.save(&self.dir, &self.ledger) {
            tracing::warn!(chain = %self.chain(), reason = %e, "clusters are not saved");
        }
        let _ = self.who.set(who);
    }

    /// Writes to the log of clusters, where there is something new.
    pub fn save_who(&mut self) {
        self.save_who_after(1);
    }

    /// As [`AccountWorkspace::save_who`], every so many blocks.
    pub(crate) fn save_who_sometimes(&mut self) {
        self.save_who_after(SAVE_AFTER);
    }

    /// Takes other tags. Clusters and entities are made anew when they are next requested or followed.
    pub(crate) fn take_tags(&mut self, tags: &Arc<TagStore>) {
        self.tags = tags.clone();
        self.gaps.take();
        self.exposed = Arc::default();
        let chain = self.chain().clone();
        if let Some(mut who) = self.who.take() {
            who.services = Arc::new(Services::of(tags, chain.family(), CLEARANCE));
            // What accounts count under follows from all tags, and clusters from those of services.
            who.entities = Entities::default();
            let _ = self.who.set(who);
        }
    }

    /// Takes the tags of a snapshot of this chain, with the clusters and entities that follow from them.
    pub(crate) fn adopt(&mut self, prepared: AccountWorkspace) {
        (self.tags, self.who, self.exposed) = (prepared.tags, prepared.who, prepared.exposed);
        self.gaps.take();
    }

    /// Returns what there is of it now, for a snapshot.
    pub(crate) fn who_now(&self) -> OnceLock<Who> {
        let now = OnceLock::new();
        if let Some(who) = self.who.get() {
            let _ = now.set(who.snapshot());
        }
        now
    }

    /// Returns the chain's clusters.
    #[must_use]
    pub fn clusters(&self) -> &Clusters {
        &self.who().clusters
    }

    /// Returns what accounts count under.
    #[must_use]
    pub fn entities(&self) -> &Entities {
        &self.who().entities
    }

    /// Returns the category that an account counts under for a reader of labels up to `clearance`: by its own tags, its cluster's, or its published kind.
    #[must_use]
    pub fn category_for(&self, account: u32, clearance: Tlp) -> Category {
        let entities = self.entities();
        if clearance >= CLEARANCE {
            return entities.category_for(&self.tags, account, clearance);
        }
        // The cluster itself is above what they may know.
        entities.own_category(&self.tags, account, clearance)
    }

    /// Returns the category of an account that a block may mention, which has these tags of its own.
    pub(crate) fn category_of(&self, own: &[&Tag], account: Option<u32>, clearance: Tlp) -> Category {
        match account {
            // Of an address that no block mentions its own tags are all that is known.
            Some(account) if own.is_empty() => self.category_for(account, clearance),
            _ => weightiest(own.iter().copied()).map_or(Category::UNATTRIBUTED, Tag::concept),
        }
    }

    /// Returns the tag that an account counts under for a reader of labels up to `clearance`: its own weightiest, else the one that defines its cluster.
    #[must_use]
    pub fn entity_tag(&self, account: u32, clearance: Tlp) -> Option<&Tag> {
        let visible = |tag: &Tag| tag.is_for(clearance);
        if clearance >= CLEARANCE {
            return self.entities().tag_where(&self.tags, account, &visible);
        }
        self.entities().own_tag(&self.tags, account, &visible)
    }

    /// Returns the accounts of an account's cluster, rising, for a reader of labels up to `clearance`; the account alone where it is in none, or the
    /// reader may not know it.
    #[must_use]
    pub fn cluster_members(&self, account: u32, clearance: Tlp) -> Vec<u32> {
        if clearance >= CLEARANCE { self.clusters().members(account) } else { vec![account] }
    }
}
