//! An account chain of a store: a ledger of transfers with the tags that the store has for all its chains.
//!
//! - [`AccountWorkspace`]: opening, snapshots; [`handle`]: one builder changes it, readers hold what was published last.
//! - [`beside`]: links and signals beside the ledger, in step with it, [`check`] and [`rebuild`] of them; [`freezes`]: what issuers froze.
//! - [`who`]: clusters and entities; [`who_reports`], [`link_reports`]: what is told of them and of links.
//! - [`imitated`]: look-alikes and notes beside transfers; `sides`: whom accounts dealt with.
//! - [`queries`], [`transfers`], `search`: the questions; [`reports`]: the answers; `chain`: what the desk needs of any chain.
//! - [`evidence`]: bundles of traces; [`contract`]: of which kind a contract is.
//! - [`reach`]: which transfers may rest on something that changed.
//! - [`exposure`], [`traces`], [`trace_report`]: what goes over several chains: a chain is given the others as its peers ([`AccountWorkspace::among`]).

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

pub mod beside;
mod chain;
pub mod check;
pub mod contract;
pub mod evidence;
pub mod exposure;
pub mod freeze_queries;
pub mod freezes;
pub mod handle;
pub mod imitated;
pub mod link_reports;
mod peers;
pub mod queries;
pub mod reach;
pub mod rebuild;
pub mod reports;
mod search;
mod sides;
pub mod trace_report;
pub mod traces;
pub mod transfers;
pub mod who;
pub mod who_reports;

pub use handle::AccountHandle;

use crate::beside::Beside;
use crate::exposure::Exposed;
use crate::freeze_queries::FreezeCache;
use crate::sides::SidesCache;
use crate::who::Who;
use holdfast_account_ledger::{Ledger, Settings};
use holdfast_attribution::TagStore;
use holdfast_attribution::tags::TagFile;
use holdfast_types::{Asset, AssetId, ChainId};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::account_chains::{ACCOUNTS, account_chains};
use holdfast_workspace::workspace::CHAINS;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// An account chain of a store, open.
#[derive(Debug)]
pub struct AccountWorkspace {
    dir: PathBuf,
    /// The ledger.
    pub ledger: Ledger,
    /// Links and signals of the ledger's blocks.
    pub(crate) beside: Beside,
    /// The tags of the store.
    pub tags: Arc<TagStore>,
    /// Clusters and entities, once somebody requested or followed them.
    who: OnceLock<Who>,
    /// Issuers' freezes, once somebody requested them.
    freeze_cache: Arc<FreezeCache>,
    /// Whom accounts dealt with, of those that somebody requested.
    sides: Arc<SidesCache>,
    /// What is missing, once somebody requested it.
    gaps: OnceLock<Vec<String>>,
    /// The other account chains of the store, where they were given.
    peers: Vec<Arc<AccountSnapshot>>,
    /// Exposures that were answered, of all snapshots with these tags.
    exposed: Arc<Exposed>,
}

/// An account chain at one moment, for reading: nothing that happens to the workspace afterwards changes it.
pub type AccountSnapshot = AccountWorkspace;

impl AccountWorkspace {
    /// Returns where an account chain of a store lies: `chains/` and its CAIP-2 id with `_` in place of the colon.
    #[must_use]
    pub fn chain_dir(store: &Path, chain: &ChainId) -> PathBuf {
        // Neither part of an id has other characters than letters, digits, - and _; the first has no _.
        store.join(CHAINS).join(format!("{}_{}", chain.namespace(), chain.reference()))
    }

    /// Returns where the ledger of an account chain of a store lies.
    #[must_use]
    pub fn ledger_dir(store: &Path, chain: &ChainId) -> PathBuf {
        Self::chain_dir(store, chain).join(ACCOUNTS)
    }

    /// Returns the account chains of a store that have a ledger, in the order of their ids.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses, or a ledger's manifest does not read.
    pub fn chains_of(store: &Path) -> Result<Vec<ChainId>, WorkspaceError> {
        account_chains(store)
    }

    /// Reads the tags of a store.
    ///
    /// # Errors
    /// [`WorkspaceError::Tags`] when they do not read.
    pub fn tags_of(store: &Path) -> Result<Arc<TagStore>, WorkspaceError> {
        Ok(Arc::new(TagFile::new(&store.join("tags")).load()?))
    }

    fn new(dir: PathBuf, ledger: Ledger, beside: Beside, tags: Arc<TagStore>) -> Self {
        let (who, freeze_cache, sides, gaps, exposed) = Default::default();
        AccountWorkspace { dir, ledger, beside, tags, who, freeze_cache, sides, gaps, peers: Vec::new(), exposed }
    }

    /// Opens what is beside a ledger that is open for writing.
    fn writing(store: &Path, ledger: Ledger, tags: Arc<TagStore>) -> Result<Self, WorkspaceError> {
        let dir = Self::chain_dir(store, &ledger.settings().chain);
        let beside = Beside::open_for_writing(&dir, &ledger)?;
        Ok(Self::new(dir, ledger, beside, tags))
    }

    /// Opens an account chain of a store for reading.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger does not open: absent, damaged, or left without an index.
    pub fn open(store: &Path, chain: &ChainId, tags: Arc<TagStore>) -> Result<Self, WorkspaceError> {
        let ledger = Ledger::open(&Self::ledger_dir(store, chain))?;
        let dir = Self::chain_dir(store, chain);
        let beside = Beside::open(&dir, &ledger)?;
        Ok(Self::new(dir, ledger, beside, tags))
    }

    /// Opens an existing account chain of a store for writing.
    ///
    /// # Errors
    /// As [`AccountWorkspace::open`], and when another process has it.
    pub fn open_for_writing(store: &Path, chain: &ChainId, tags: Arc<TagStore>) -> Result<Self, WorkspaceError> {
        Self::writing(store, Ledger::open_for_writing(&Self::ledger_dir(store, chain))?, tags)
    }

    /// Opens an account chain of a store for writing, creating it when missing.
    ///
    /// # Errors
    /// As [`AccountWorkspace::open_for_writing`], and when the stored ledger holds other assets.
    pub fn create_or_open(store: &Path, settings: &Settings, tags: Arc<TagStore>) -> Result<Self, WorkspaceError> {
        let dir = Self::ledger_dir(store, &settings.chain);
        std::fs::create_dir_all(&dir).map_err(|e| WorkspaceError::Io(dir.clone(), e))?;
        Self::writing(store, Ledger::create_or_open(&dir, settings)?, tags)
    }

    /// Returns the chain as it is now, for reading. It costs handles, no copy.
    #[must_use]
    pub fn snapshot(&self) -> AccountSnapshot {
        AccountWorkspace { gaps: OnceLock::new(), ..self.same() }
    }

    /// Returns the same state again.
    fn same(&self) -> AccountSnapshot {
        AccountWorkspace {
            dir: self.dir.clone(),
            ledger: self.ledger.snapshot(),
            beside: self.beside.snapshot(),
            tags: self.tags.clone(),
            who: self.who_now(),
            freeze_cache: self.freeze_cache.clone(),
            sides: self.sides.clone(),
            gaps: self.gaps.clone(),
            peers: self.peers.clone(),
            exposed: self.exposed.clone(),
        }
    }

    /// Returns the chain as it is now with other tags, for reading.
    #[must_use]
    pub fn with_other_tags(&self, tags: Arc<TagStore>) -> AccountSnapshot {
        if Arc::ptr_eq(&self.tags, &tags) {
            return self.snapshot();
        }
        let peers = self.peers.iter().map(|peer| Arc::new(peer.with_other_tags(tags.clone()))).collect();
        let mut snapshot = AccountWorkspace { peers, exposed: Arc::default(), ..self.snapshot() };
        snapshot.take_tags(&tags);
        if snapshot.who.get().is_some() {
            snapshot.update_who();
        }
        snapshot
    }

    /// Returns the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the chain.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.ledger.settings().chain
    }
}

/// Returns whether an account chain is called so: by its usual name, its CAIP-2 id, or the ticker of its coin.
#[must_use]
pub fn is_called(id: &ChainId, name: &str) -> bool {
    let name = name.trim();
    let coin = || Asset::parse(name).ok().and_then(|asset| asset.id().cloned()).filter(AssetId::is_native);
    id.as_str() == name
        || id.usual_name().is_some_and(|usual| usual.eq_ignore_ascii_case(name))
        || coin().is_some_and(|coin| coin.chain() == id)
}
