//! A workspace: one folder with a ledger, tags, clusters and exposures, kept in step, and the questions that people ask of it.
//!
//! Commands, the HTTP API and the pages all answer from here, so that they cannot differ.

use crate::bundle::{self, BundleError};
use crate::exposure::{Exposure, ExposureError, Exposures, ExposuresMark, Totals};
use crate::paths;
use crate::report::{Describe, NamedView, TraceReport};
use crate::trace::{Trace, TraceError, TraceOptions, trace};
use crate::view::{LedgerView, View};
use ed25519_dalek::SigningKey;
use holdfast_attribution::cluster::ClusterError;
use holdfast_attribution::import::{ImportReport, NamedFile, import_as};
use holdfast_attribution::tags::{TagStoreError, weightiest};
use holdfast_attribution::{Category, ClusterOptions, Clusters, Entities, Tag, TagStore, Tlp};
use holdfast_bitcoin::ownerless::is_ownerless;
use holdfast_bitcoin::{AddressKey, Network, display_hash, parse_hash};
use holdfast_utxo_ledger::{Ledger, LedgerError, Source};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use utoipa::ToSchema;

/// Why a workspace does not answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The tags.
    #[error(transparent)]
    Tags(#[from] TagStoreError),
    /// The clusters.
    #[error(transparent)]
    Clusters(#[from] ClusterError),
    /// The exposures.
    #[error(transparent)]
    Exposures(#[from] ExposureError),
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Text that is no address, txid, output, height or block hash.
    #[error("'{0}' is no address, transaction id, output (txid:index), block height or block hash of {1}: {2}")]
    Query(String, Network, String),
    /// An address of another chain that no tag names.
    #[error("nothing is known of '{0}': no tag names it, and the ledger here is of {1} only")]
    Unknown(String, Network),
    /// Well-formed but not in the ledger.
    #[error("{0} is not in this ledger (its tip is block {1})")]
    NotFound(String, u32),
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// Too many results.
    #[error("{0}")]
    TooMany(String),
}

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

/// What a question names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An address, by number.
    Address(u32),
    /// A transaction, by number.
    Tx(u32),
    /// An output, by number.
    Output(u64),
    /// A block, by position.
    Block(u32),
}

/// A tag, as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TagView {
    /// Name given.
    pub label: String,
    /// Where it can be verified.
    pub source: String,
    /// Weightiest concept.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Reliability (GraphSense's scale).
    pub confidence: String,
    /// 0 to 100.
    pub confidence_level: u8,
    /// Actor id and name, where known.
    pub actor: Option<String>,
    /// Pack title.
    pub pack: String,
    /// Pack file.
    pub file: String,
    /// Who made the pack.
    pub creator: String,
    /// Last modification.
    pub lastmod: String,
    /// Whether it holds for the whole cluster.
    pub is_cluster_definer: bool,
    /// Who may read it (TLP 2.0), where it is labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
}

/// One category's part of an exposure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExposureLine {
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Base units directly from or to it.
    pub direct: u64,
    /// Base units through unattributed addresses.
    pub indirect: u64,
    /// Both, in millionths of the whole.
    pub share_ppm: u64,
}

/// Source and destination of funds by category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExposureView {
    /// Base units of known amount that the shares are of.
    pub amount: u64,
    /// Where they came from.
    pub source: Vec<ExposureLine>,
    /// Where they went.
    pub destination: Vec<ExposureLine>,
    /// Outputs of unknown amount that the subject received in blocks that are not stored; `amount` and the shares leave them out.
    pub unknown_receipts: u64,
    /// Inputs of unknown amount of the transactions that paid the subject: their part of the source is assumed, not known.
    pub unknown_inputs: Vec<UnknownInputs>,
    /// 0 to 100: the riskiest of source, destination and the subject itself, weighted (severe 100, high 75, medium 25). With unknown
    /// amounts it is the least possible; null when it would be 0 but amounts are unknown, and when nothing is known at all.
    pub risk_score: Option<u32>,
}

/// Inputs of unknown amount whose addresses count under one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnknownInputs {
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// How many.
    pub inputs: u64,
}

impl ExposureView {
    /// Whether amounts behind the figures are not known.
    pub fn has_unknown(&self) -> bool {
        self.unknown_receipts > 0 || !self.unknown_inputs.is_empty()
    }

    /// The score in words.
    pub fn score_text(&self) -> String {
        match self.risk_score {
            None => "unknown".into(),
            Some(score) if self.has_unknown() => format!("at least {score} of 100"),
            Some(score) => format!("{score} of 100"),
        }
    }

    /// What the figures leave out or assume, in words; empty when everything is known.
    pub fn unknown_text(&self) -> String {
        let mut parts = Vec::new();
        if self.unknown_receipts > 0 {
            parts.push(format!(
                "{} received outputs are of unknown amount (their blocks are not stored)",
                self.unknown_receipts
            ));
        }
        for line in &self.unknown_inputs {
            parts.push(format!("{} inputs of unknown amount from {}", line.inputs, line.category.name()));
        }
        parts.join("; ")
    }
}

/// An entity: a cluster and who is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntityView {
    /// Its smallest address number in this ledger.
    pub cluster: u32,
    /// Addresses in it.
    pub addresses: u64,
    /// The address that stands for it.
    pub root_address: String,
    /// Category that its addresses count under.
    #[schema(value_type = String)]
    pub category: Category,
    /// The tag that defines it.
    pub tag: Option<TagView>,
}

/// One receipt of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Transaction.
    pub txid: String,
    /// Output index.
    pub vout: u32,
    /// Height of its block; absent when its block is not stored.
    pub height: Option<u32>,
    /// Unix time of its block.
    pub time: Option<u32>,
    /// Base units, where known.
    pub value: Option<u64>,
    /// Transaction that spends it.
    pub spent_by: Option<String>,
    /// Height of the block whose transaction has the same id and replaced this output unspent (BIP 30): it is gone.
    pub replaced_at: Option<u32>,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddressReport {
    /// The address.
    pub address: String,
    /// Its network; for an address of another chain the assets that its tags name.
    pub network: String,
    /// Whether a stored block mentions it.
    pub in_ledger: bool,
    /// Kind of script.
    pub script: String,
    /// Whether the script has no owner: anybody can spend it, or nobody can. Tags on it say nothing about who uses it.
    pub ownerless: bool,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// Its own tags.
    pub tags: Vec<TagView>,
    /// Its entity.
    pub entity: Option<EntityView>,
    /// Outputs that paid it.
    pub receipt_count: u64,
    /// Base units received in stored blocks.
    pub received: u64,
    /// Base units of that not spent.
    pub balance: u64,
    /// Outputs among `receipt_count` that blocks paid which are not stored: `received` leaves them out and is then the least possible.
    pub outside: u64,
    /// Where it came from and went.
    pub exposure: Option<ExposureView>,
    /// Its receipts, oldest first, at most [`PAGE`].
    pub receipts: Vec<Receipt>,
}

/// Longest list in one answer.
pub const PAGE: usize = 200;

/// One side of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TxSide {
    /// Address, where known.
    pub address: Option<String>,
    /// Base units, where known.
    pub value: Option<u64>,
    /// Label of the tag that the address counts under.
    pub label: Option<String>,
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk; `none` means that nothing is known.
    pub risk: String,
    /// Inputs: where the money was (txid:index). Outputs: the transaction that spends it.
    pub other: Option<String>,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TxReport {
    /// Its id.
    pub txid: String,
    /// Height of its block.
    pub height: u32,
    /// Hash of its block.
    pub block: String,
    /// Unix time of its block.
    pub time: u32,
    /// Whether it makes coins.
    pub coinbase: bool,
    /// Weight units.
    pub weight: u32,
    /// Fee in base units, where all inputs are known.
    pub fee: Option<u64>,
    /// Which coinjoin it looks like.
    pub coinjoin: Option<String>,
    /// Inputs.
    pub inputs: Vec<TxSide>,
    /// Outputs.
    pub outputs: Vec<TxSide>,
    /// Where the money that it pays out came from, and whom it pays; absent for readers who may not see all tags behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureView>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockReport {
    /// Height.
    pub height: u32,
    /// Hash.
    pub hash: String,
    /// Unix time.
    pub time: u32,
    /// Transactions.
    pub tx_count: u32,
    /// Bytes.
    pub size: u32,
    /// Its transactions' ids, at most [`PAGE`].
    pub txids: Vec<String>,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainStep {
    /// An address.
    pub from: String,
    /// The next.
    pub to: String,
    /// Transaction that shows both under one control.
    pub txid: String,
    /// Height of its block.
    pub height: u32,
    /// Heuristic: `cospend`, or the change heuristics that agreed.
    pub heuristic: String,
}

/// Why two addresses are, or are not, in one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainReport {
    /// First address.
    pub a: String,
    /// Second address.
    pub b: String,
    /// Whether they are in one cluster.
    pub joined: bool,
    /// Chain of merges from a to b.
    pub steps: Vec<ExplainStep>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PathStep {
    /// Transaction that made the output.
    pub txid: String,
    /// Output index.
    pub vout: u32,
    /// Address.
    pub address: String,
    /// Label, where tagged.
    pub label: Option<String>,
    /// Marked base units.
    pub amount: u64,
}

/// A path between two entities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PathReport {
    /// Base units that arrived.
    pub amount: u64,
    /// From first to last.
    pub steps: Vec<PathStep>,
}

/// What a workspace holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// Network.
    pub network: String,
    /// Height of the tip.
    pub tip_height: Option<u32>,
    /// Hash of the tip.
    pub tip_hash: Option<String>,
    /// Blocks stored.
    pub blocks: u32,
    /// Transactions stored.
    pub txs: u32,
    /// Outputs stored.
    pub outputs: u64,
    /// Addresses seen.
    pub addresses: u32,
    /// Clusters, single addresses included.
    pub clusters: u64,
    /// Tags imported.
    pub tags: u64,
    /// Addresses of the ledger with tags of their own.
    pub tagged_addresses: u64,
}

/// What to trace: a subject, and whether its whole entity is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceRequest {
    /// Address, txid or output.
    pub subject: String,
    /// Start from all addresses of the subject's cluster.
    #[serde(default)]
    pub entity: bool,
    /// How.
    #[serde(flatten)]
    pub options: TraceOptions,
}

/// Most outputs that one trace starts from.
const MAX_STARTS: usize = 200_000;

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

    fn view(&self, clearance: Tlp) -> NamedView<'_> {
        NamedView {
            view: LedgerView { ledger: &self.ledger, entities: &self.entities },
            clusters: &self.clusters,
            tags: &self.tags,
            clearance,
        }
    }

    fn tip_height(&self) -> u32 {
        self.ledger.tip().map_or(0, |t| t.height)
    }

    fn not_found(&self, what: impl Into<String>) -> WorkspaceError {
        WorkspaceError::NotFound(what.into(), self.tip_height())
    }

    /// What the workspace holds.
    pub fn summary(&self) -> Summary {
        let counts = self.ledger.counts();
        let tip = self.ledger.tip();
        Summary {
            network: self.ledger.network().to_string(),
            tip_height: tip.map(|t| t.height),
            tip_hash: tip.map(|t| display_hash(&t.hash)),
            blocks: counts.blocks,
            txs: counts.txs,
            outputs: counts.outputs,
            addresses: counts.addresses,
            clusters: self.clusters.count(),
            tags: self.tags.tags().len() as u64,
            tagged_addresses: self.entities.tagged().len() as u64,
        }
    }

    /// Reads what a person typed: an address, txid, txid:index, block height or block hash.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is none of them, [`WorkspaceError::NotFound`] for what is not stored.
    pub fn subject(&self, text: &str) -> Result<Subject, WorkspaceError> {
        let text = text.trim();
        if let Some(hash) = parse_hash(text) {
            if let Some(tx) = self.ledger.tx_by_id(&hash) {
                return Ok(Subject::Tx(tx));
            }
            let block = self.ledger.block_by_hash(&hash);
            return block.map(|b| Subject::Block(b.number)).ok_or_else(|| self.not_found(text));
        }
        if let Some((txid, vout)) = text.split_once(':')
            && let (Some(hash), Ok(vout)) = (parse_hash(txid), vout.parse::<u32>())
        {
            let outputs = self.ledger.tx_by_id(&hash).map(|tx| self.ledger.outputs(tx));
            let output = outputs.and_then(|o| Some(o.start + vout as u64).filter(|n| *n < o.end));
            return output.map(Subject::Output).ok_or_else(|| self.not_found(text));
        }
        if !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()) {
            let height = text.parse().expect("nine digits fit");
            let block = self.ledger.block_at(height);
            return block.map(|b| Subject::Block(b.number)).ok_or_else(|| self.not_found(format!("block {text}")));
        }
        let key = AddressKey::parse(text, self.ledger.network()).map_err(|e| {
            WorkspaceError::Query(text.chars().take(130).collect(), self.ledger.network(), e.to_string())
        })?;
        self.ledger.address_number(&key).map(Subject::Address).ok_or_else(|| self.not_found(text))
    }

    fn address_of(&self, text: &str) -> Result<u32, WorkspaceError> {
        match self.subject(text)? {
            Subject::Address(a) => Ok(a),
            _ => Err(WorkspaceError::Query(text.to_owned(), self.ledger.network(), "an address is needed here".into())),
        }
    }

    fn tag_view(&self, tag: &Tag) -> TagView {
        let actor = tag.actor.as_ref().map(|id| self.tags.actor(id).map_or_else(|| id.clone(), |a| a.label.clone()));
        TagView {
            label: tag.label.clone(),
            source: tag.source.clone(),
            category: tag.concept(),
            risk: tag.concept().risk().name().to_owned(),
            confidence: tag.confidence.name().to_owned(),
            confidence_level: tag.confidence.level(),
            actor,
            pack: tag.pack.clone(),
            file: tag.file.clone(),
            creator: tag.creator.clone(),
            lastmod: tag.lastmod.clone(),
            is_cluster_definer: tag.is_cluster_definer,
            tlp: tag.tlp,
        }
    }

    fn entity(&self, address: u32, clearance: Tlp) -> EntityView {
        let cluster = self.clusters.of(address);
        EntityView {
            cluster,
            addresses: self.clusters.size(cluster),
            root_address: self.ledger.address_text(cluster),
            category: self.category(address, clearance),
            tag: self.entities.definer_for(&self.tags, cluster, clearance).map(|t| self.tag_view(t)),
        }
    }

    /// The ticker of the ledger's asset.
    pub fn asset(&self) -> &'static str {
        self.ledger.network().parameters().asset
    }

    /// An address of another chain, from its tags alone.
    fn other_chain(&self, text: &str, why: &str, clearance: Tlp) -> Result<AddressReport, WorkspaceError> {
        let network = self.ledger.network();
        let text = crate::lookup::bare(text);
        let shown: String = text.chars().take(130).collect();
        let tags: Vec<&Tag> = self.tags.tags_of(&text).filter(|t| t.is_for(clearance)).collect();
        let Some(best) = weightiest(tags.iter().copied()) else {
            return Err(match crate::lookup::is_identifier(&text) && text.len() >= 25 {
                true => WorkspaceError::Unknown(shown, network),
                false => WorkspaceError::Query(shown, network, why.to_owned()),
            });
        };
        let assets: std::collections::BTreeSet<&str> = tags.iter().map(|t| t.asset.as_str()).collect();
        Ok(AddressReport {
            address: best.address.clone(),
            network: assets.into_iter().collect::<Vec<_>>().join(", "),
            in_ledger: false,
            script: "not of this ledger's chain".to_owned(),
            ownerless: false,
            category: best.concept(),
            risk: best.concept().risk().name().to_owned(),
            tags: tags.iter().map(|t| self.tag_view(t)).collect(),
            entity: None,
            receipt_count: 0,
            received: 0,
            balance: 0,
            outside: 0,
            exposure: None,
            receipts: Vec::new(),
        })
    }

    fn category(&self, address: u32, clearance: Tlp) -> Category {
        self.entities.category_for(&self.tags, &self.clusters, address, clearance)
    }

    /// What is known of an address, for whoever may read all labels. An address that no stored block mentions, or of another chain, is
    /// answered from the tags alone.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that has the form of no address, [`WorkspaceError::Unknown`] for an address of another chain that
    /// no tag names.
    pub fn address(&self, text: &str) -> Result<AddressReport, WorkspaceError> {
        self.address_for(text, Tlp::Red)
    }

    /// What somebody who may read labels up to `clearance` is shown of an address. Exposures rest on all tags: below
    /// [`Tlp::AmberStrict`] they are left out where any tag is labelled higher.
    ///
    /// # Errors
    /// As [`Workspace::address`].
    pub fn address_for(&self, text: &str, clearance: Tlp) -> Result<AddressReport, WorkspaceError> {
        let network = self.ledger.network();
        let key = match AddressKey::parse(&crate::lookup::bare(text), network) {
            Ok(key) => key,
            Err(e) => return self.other_chain(text, &e.to_string(), clearance),
        };
        let ownerless = is_ownerless(&key);
        let canonical = key.to_text(network);
        let own: Vec<&Tag> = self.tags.tags_of(&canonical).filter(|t| t.is_for(clearance)).collect();
        let number = self.ledger.address_number(&key);
        let category =
            weightiest(own.iter().copied().filter(|_| !ownerless)).map_or(Category::UNATTRIBUTED, Tag::concept);
        let mut report = AddressReport {
            address: canonical,
            network: network.to_string(),
            in_ledger: number.is_some(),
            script: key.class().name().to_owned(),
            ownerless,
            category,
            risk: category.risk().name().to_owned(),
            tags: own.into_iter().map(|t| self.tag_view(t)).collect(),
            entity: None,
            receipt_count: 0,
            received: 0,
            balance: 0,
            outside: 0,
            exposure: None,
            receipts: Vec::new(),
        };
        let Some(number) = number else { return Ok(report) };
        report.category = self.category(number, clearance);
        report.risk = report.category.risk().name().to_owned();
        report.entity = Some(self.entity(number, clearance));
        let places = self.ledger.outputs_of_address(number);
        report.receipt_count = places.len() as u64;
        for place in &places {
            if let Source::External(_) = place {
                report.outside += 1;
            }
            if let Source::Output(o) = place {
                report.received += self.ledger.value(*o);
                if self.ledger.is_unspent(*o) {
                    report.balance += self.ledger.value(*o);
                }
            }
        }
        report.receipts = places.iter().take(PAGE).map(|p| self.receipt(*p)).collect();
        if self.shows_exposure(clearance) {
            report.exposure = Some(exposure_view(&self.exposures.of_address(&self.ledger, number), report.category));
        }
        Ok(report)
    }

    fn receipt(&self, place: Source) -> Receipt {
        let value = self.ledger.source_info(place).value;
        match place {
            Source::Output(o) => {
                let (tx, vout) = self.ledger.outpoint(o);
                let block = self.ledger.block_of_tx(tx);
                Receipt {
                    txid: self.ledger.txid_text(tx),
                    vout,
                    height: Some(block.height),
                    time: Some(block.header.time()),
                    value,
                    spent_by: self.ledger.spender(o).map(|t| self.ledger.txid_text(t)),
                    replaced_at: self.ledger.overwritten_by(o).map(|t| self.ledger.block_of_tx(t).height),
                }
            }
            Source::External(e) => {
                let row = self.ledger.external(e);
                Receipt {
                    txid: display_hash(&{ row.txid }),
                    vout: row.vout,
                    height: None,
                    time: None,
                    value,
                    spent_by: None,
                    replaced_at: None,
                }
            }
        }
    }

    /// Whether exposures, which are computed over all tags, may be shown: sums over categories name no tag, but tell strangers what is known.
    pub fn shows_exposure(&self, clearance: Tlp) -> bool {
        clearance >= Tlp::AmberStrict || !self.tags.any_above(clearance)
    }

    fn side(&self, address: Option<u32>, value: Option<u64>, other: Option<String>, clearance: Tlp) -> TxSide {
        let tag = address.and_then(|a| self.entities.tag_for(&self.tags, &self.clusters, a, clearance));
        let category = address.map_or(Category::UNATTRIBUTED, |a| self.category(a, clearance));
        TxSide {
            address: address.map(|a| self.ledger.address_text(a)),
            value,
            label: tag.map(|t| t.label.clone()),
            category,
            risk: category.risk().name().to_owned(),
            other,
        }
    }

    /// A transaction, by id, for whoever may read all labels.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no stored txid.
    pub fn tx(&self, text: &str) -> Result<TxReport, WorkspaceError> {
        self.tx_for(text, Tlp::Red)
    }

    /// A transaction, by id, for somebody who may read labels up to `clearance`; exposures as in [`Workspace::address_for`].
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no stored txid.
    pub fn tx_for(&self, text: &str, clearance: Tlp) -> Result<TxReport, WorkspaceError> {
        let Subject::Tx(tx) = self.subject(text)? else { return Err(self.not_found(text)) };
        let info = self.ledger.tx(tx);
        let block = self.ledger.block_of_tx(tx);
        let inputs = self
            .ledger
            .sources(tx)
            .map(|source| {
                let known = self.ledger.source_info(source);
                let receipt = self.receipt(source);
                self.side(known.address, known.value, Some(format!("{}:{}", receipt.txid, receipt.vout)), clearance)
            })
            .collect();
        let outputs = info
            .outputs
            .clone()
            .map(|o| {
                let spender = self.ledger.spender(o).map(|t| self.ledger.txid_text(t));
                self.side(Some(self.ledger.address_of(o)), Some(self.ledger.value(o)), spender, clearance)
            })
            .collect();
        let mut detector = holdfast_attribution::coinjoin::Detector::default();
        let coinjoin = detector.detect(&self.ledger, tx, holdfast_attribution::CoinjoinSet::ALL);
        let exposure = self
            .shows_exposure(clearance)
            .then(|| exposure_view(&self.exposures.of_tx(&self.ledger, tx), Category::UNATTRIBUTED));
        Ok(TxReport {
            txid: display_hash(&info.txid),
            height: block.height,
            block: display_hash(&block.hash),
            time: block.header.time(),
            coinbase: info.flags.coinbase(),
            weight: info.flags.weight(),
            fee: self.ledger.fee(tx),
            coinjoin: coinjoin.map(|c| c.name().to_owned()),
            inputs,
            outputs,
            exposure,
        })
    }

    /// A block, by height or hash.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that names no stored block.
    pub fn block(&self, text: &str) -> Result<BlockReport, WorkspaceError> {
        let Subject::Block(number) = self.subject(text)? else { return Err(self.not_found(text)) };
        let block = self.ledger.block(number);
        let (first, end) = block.txs;
        Ok(BlockReport {
            height: block.height,
            hash: display_hash(&block.hash),
            time: block.header.time(),
            tx_count: end - first,
            size: block.size,
            txids: (first..end).take(PAGE).map(|t| self.ledger.txid_text(t)).collect(),
        })
    }

    /// Why two addresses are in one cluster.
    ///
    /// # Errors
    /// [`WorkspaceError`] for addresses that are not stored.
    pub fn explain(&self, a: &str, b: &str) -> Result<ExplainReport, WorkspaceError> {
        let (a, b) = (self.address_of(a)?, self.address_of(b)?);
        let path = self.clusters.explain(a, b);
        Ok(ExplainReport {
            a: self.ledger.address_text(a),
            b: self.ledger.address_text(b),
            joined: path.is_some(),
            steps: path
                .unwrap_or_default()
                .iter()
                .map(|m| ExplainStep {
                    from: self.ledger.address_text(m.a),
                    to: self.ledger.address_text(m.b),
                    txid: self.ledger.txid_text(m.tx),
                    height: self.ledger.block_of_tx(m.tx).height,
                    heuristic: m.heuristic(),
                })
                .collect(),
        })
    }

    /// Exposure of an address, a whole entity, a transaction or an output.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn exposure(&self, text: &str, entity: bool) -> Result<ExposureView, WorkspaceError> {
        let category = |address| self.entities.category(address);
        let (exposure, own) = match self.subject(text)? {
            Subject::Address(a) if entity => {
                let cluster = self.clusters.of(a);
                let members = self.clusters.members(cluster);
                let own = members.iter().map(|m| category(*m)).max_by_key(|c| c.risk()).unwrap_or_default();
                (self.exposures.of_group(&self.ledger, cluster, &members), own)
            }
            Subject::Address(a) => (self.exposures.of_address(&self.ledger, a), category(a)),
            Subject::Output(o) => (self.exposures.of_output(&self.ledger, o), category(self.ledger.address_of(o))),
            Subject::Tx(tx) => (self.exposures.of_tx(&self.ledger, tx), Category::UNATTRIBUTED),
            Subject::Block(_) => {
                let why = "an exposure is of an address, transaction or output";
                return Err(WorkspaceError::Query(text.to_owned(), self.ledger.network(), why.into()));
            }
        };
        Ok(exposure_view(&exposure, own))
    }

    /// Outputs that a subject stands for, with their whole amounts. Forward these are what it received (and a transaction's outputs);
    /// backward the same, asked where they came from.
    fn starts(&self, request: &TraceRequest) -> Result<Vec<(Source, u64)>, WorkspaceError> {
        let mut out = Vec::new();
        let mut add_address = |address: u32| {
            self.ledger.for_each_output_of(address, |place| {
                if let Source::Output(o) = place
                    && self.ledger.value(o) > 0
                {
                    out.push((place, self.ledger.value(o)));
                }
            })
        };
        match self.subject(&request.subject)? {
            Subject::Address(a) if request.entity => {
                self.clusters.members(self.clusters.of(a)).into_iter().for_each(add_address)
            }
            Subject::Address(a) => add_address(a),
            Subject::Output(o) => out.push((Source::Output(o), self.ledger.value(o))),
            Subject::Tx(tx) => {
                out.extend(self.ledger.outputs(tx).map(|o| (Source::Output(o), self.ledger.value(o))));
            }
            Subject::Block(_) => {
                let why = "a trace starts at an address, transaction or output";
                return Err(WorkspaceError::Query(request.subject.clone(), self.ledger.network(), why.into()));
            }
        }
        if out.len() > MAX_STARTS {
            let text =
                format!("{} outputs to start from; the most is {MAX_STARTS}. Name a transaction or output", out.len());
            return Err(WorkspaceError::TooMany(text));
        }
        Ok(out)
    }

    /// Traces, for the organisation: tags of TLP:RED, which are for named people, do not count.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn trace(&self, request: &TraceRequest) -> Result<(Trace, TraceReport), WorkspaceError> {
        self.trace_for(request, Tlp::AmberStrict)
    }

    /// Traces, for somebody who may read labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn trace_for(&self, request: &TraceRequest, clearance: Tlp) -> Result<(Trace, TraceReport), WorkspaceError> {
        let view = self.view(clearance);
        let result = trace(&view, &self.starts(request)?, &request.options)?;
        let report = TraceReport::new(&view, &result, &request.options);
        Ok((result, report))
    }

    /// Traces, and packs the evidence. `created` is the time to state. The bundle is for others, so that only tags up to TLP:AMBER count in it.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn bundle(
        &self,
        request: &TraceRequest,
        key: &SigningKey,
        created: &str,
    ) -> Result<(TraceReport, Vec<u8>), WorkspaceError> {
        self.bundle_for(request, key, created, Tlp::Amber)
    }

    /// As [`Workspace::bundle`], for readers of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn bundle_for(
        &self,
        request: &TraceRequest,
        key: &SigningKey,
        created: &str,
        clearance: Tlp,
    ) -> Result<(TraceReport, Vec<u8>), WorkspaceError> {
        let (result, report) = self.trace_for(request, clearance)?;
        let bytes = bundle::make(&self.view(clearance), &result, &request.options, key, created)?;
        Ok((report, bytes))
    }

    /// Paths between the entities of two addresses, largest amount first.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn paths(
        &self,
        from: &str,
        to: &str,
        options: &TraceOptions,
        most: usize,
    ) -> Result<Vec<PathReport>, WorkspaceError> {
        self.paths_for(from, to, options, most, Tlp::AmberStrict)
    }

    /// As [`Workspace::paths`], for somebody who may read labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError`].
    pub fn paths_for(
        &self,
        from: &str,
        to: &str,
        options: &TraceOptions,
        most: usize,
        clearance: Tlp,
    ) -> Result<Vec<PathReport>, WorkspaceError> {
        let request = TraceRequest { subject: from.to_owned(), entity: true, options: *options };
        let starts = self.starts(&request)?;
        let to = self.address_of(to)?;
        let targets: HashSet<u32> = self.clusters.members(self.clusters.of(to)).into_iter().collect();
        let view = self.view(clearance);
        let found = paths::paths(&view, &starts, &targets, options, most)?;
        Ok(found
            .into_iter()
            .map(|path| PathReport {
                amount: path.amount,
                steps: path
                    .steps
                    .iter()
                    .map(|step| {
                        let (tx, vout) = self.ledger.outpoint(step.output);
                        let address = view.address(step.output);
                        PathStep {
                            txid: self.ledger.txid_text(tx),
                            vout,
                            address: self.ledger.address_text(address),
                            label: view.label(address).map(|l| l.0),
                            amount: step.amount,
                        }
                    })
                    .collect(),
            })
            .collect())
    }

    /// The workspace's signing key; made with `entropy` when there is none yet.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] when the key file does not read or write.
    pub fn signing_key(
        &self,
        entropy: impl FnOnce() -> std::io::Result<[u8; 32]>,
    ) -> Result<SigningKey, WorkspaceError> {
        let path = self.dir.join("signing.key");
        let io = |e| WorkspaceError::Io(path.clone(), e);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let bytes: Option<[u8; 32]> = hex::decode(text.trim()).ok().and_then(|b| b.try_into().ok());
                let invalid = || io(std::io::Error::new(std::io::ErrorKind::InvalidData, "not 64 hex digits"));
                Ok(SigningKey::from_bytes(&bytes.ok_or_else(invalid)?))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                use std::io::Write;
                use std::os::unix::fs::OpenOptionsExt;
                let key = SigningKey::from_bytes(&entropy().map_err(io)?);
                let mut file =
                    std::fs::File::options().write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
                file.write_all(hex::encode(key.to_bytes()).as_bytes()).map_err(io)?;
                Ok(key)
            }
            Err(e) => Err(io(e)),
        }
    }
}

/// Describes an exposure. `own` is what the subject itself counts under: a ransomware address is risky whoever pays it.
fn exposure_view(exposure: &Exposure, own: Category) -> ExposureView {
    let lines = |totals: &Totals| -> Vec<ExposureLine> {
        totals
            .by_category
            .iter()
            .map(|(category, direct, indirect)| ExposureLine {
                category: *category,
                risk: category.risk().name().to_owned(),
                direct: *direct,
                indirect: *indirect,
                share_ppm: totals.share_ppm(*category),
            })
            .collect()
    };
    let score = |totals: &Totals| -> u32 {
        let weighted: u128 = totals
            .by_category
            .iter()
            .map(|(c, d, i)| (*d as u128 + *i as u128) * crate::report::risk_weight(c.risk()))
            .sum();
        if totals.amount == 0 { 0 } else { (weighted / totals.amount as u128) as u32 }
    };
    let least =
        score(&exposure.source).max(score(&exposure.destination)).max(crate::report::risk_weight(own.risk()) as u32);
    let unknown = &exposure.unknown;
    let known = unknown.is_empty() && exposure.source.amount > 0;
    ExposureView {
        amount: exposure.source.amount,
        source: lines(&exposure.source),
        destination: lines(&exposure.destination),
        unknown_receipts: unknown.receipts,
        unknown_inputs: unknown
            .inputs
            .iter()
            .map(|(category, inputs)| UnknownInputs {
                category: *category,
                risk: category.risk().name().to_owned(),
                inputs: *inputs,
            })
            .collect(),
        risk_score: (known || least > 0).then_some(least),
    }
}
