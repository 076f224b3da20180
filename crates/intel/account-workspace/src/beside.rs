//! What stands beside an account ledger and follows from its blocks: links and signals, which the ledger does not store.
//!
//! A block's links and signals are committed before the block itself, and cut back to the ledger's tip on opening: a kill at any moment leaves no block in
//! the ledger that was not looked into. Ledgers of earlier versions have neither; they begin with the next block, and answers state it.

use crate::{AccountSnapshot, AccountWorkspace};
use holdfast_account_attribution::SignalStore;
use holdfast_account_feed::{BlockSink, BlockSource, Fetched, Find, FollowError, FollowReport, ReadBlock, SinkError};
use holdfast_account_ledger::{AppendOptions, AppendReport, Ledger, LedgerError};
use holdfast_block_store::{Store as BlockStore, StoreError};
use holdfast_evm::VerifiedBlock;
use holdfast_links::{BlockRecords, Contracts, LedgerLinks, Store as LinkStore};
use holdfast_types::{BlockTransfers, ChainId, ErrorKind, Hash32};
use holdfast_workspace::WorkspaceError;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use utoipa::ToSchema;

/// The folders of links and signals, in the chain's folder.
pub(crate) const LINKS: &str = "links";
pub(crate) const SIGNALS: &str = "signals";

/// Finds the links of blocks while they are read.
#[derive(Clone, Debug)]
pub struct LinkFinder {
    contracts: Contracts,
}

impl LinkFinder {
    /// Finds links by the contracts of bridges that are known on a chain, and others.
    #[must_use]
    pub fn new(contracts: Contracts) -> Self {
        LinkFinder { contracts }
    }

    /// Finds links by the contracts of bridges that are known on a chain.
    #[must_use]
    pub fn of(chain: &ChainId) -> Self {
        LinkFinder::new(Contracts::of(chain))
    }
}

impl Find for LinkFinder {
    type Found = BlockRecords;

    fn evm(&self, verified: &VerifiedBlock, transfers: &BlockTransfers) -> BlockRecords {
        holdfast_links::find(&self.contracts, verified, transfers)
    }

    fn tron(&self, verified: &holdfast_tron::VerifiedBlock, transfers: &BlockTransfers) -> BlockRecords {
        holdfast_links::find_tron(&self.contracts, verified, transfers)
    }
}

/// A block with its links.
pub type LinkedBlock = ReadBlock<BlockRecords>;

/// A store beside a ledger, as people and commands name it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BesideStore {
    /// What leads from one asset or chain to another.
    Links,
    /// What blocks tell beside transfers: creations, delegations, issuers' acts.
    Signals,
    /// Which accounts are one owner's. They follow from the ledger alone.
    Clusters,
}

impl BesideStore {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Says in words that it cannot be read, and what to do.
    fn unreadable(self, chain: &ChainId, why: &str) -> String {
        format!("{} cannot be read: {why}; rebuild them with `holdfast ledger rebuild --chain {chain}`", self.name())
    }
}

/// Links and signals beside a ledger. One that cannot be read shows no blocks, is left as it is, and keeps nothing else from its work.
#[derive(Debug)]
pub(crate) struct Beside {
    pub links: LinkStore,
    pub signals: SignalStore,
    /// Why links cannot be read.
    links_fault: Option<Arc<str>>,
    /// Why signals cannot be read.
    signals_fault: Option<Arc<str>>,
}

/// Why a store is not in step with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be read, and what was requested rests on it.
    #[error("{0}")]
    Unreadable(String),
}

impl BesideError {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            BesideError::Ledger(e) => e.kind(),
            BesideError::Store(e) => e.kind(),
            BesideError::Unreadable(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<BesideError> for WorkspaceError {
    fn from(e: BesideError) -> Self {
        match e {
            BesideError::Ledger(e) => e.into(),
            BesideError::Store(e) => e.into(),
            BesideError::Unreadable(why) => WorkspaceError::Unreadable(why),
        }
    }
}

impl From<BesideError> for SinkError {
    fn from(e: BesideError) -> Self {
        SinkError { kind: e.kind(), why: Box::new(e) }
    }
}

pub(crate) fn hash_at(ledger: &Ledger, height: u64) -> Result<Option<Hash32>, BesideError> {
    Ok(ledger.block_at(height)?.map(|block| block.hash))
}

/// Cuts a store back to the blocks of a ledger. One that does not reach the ledger's tip begins anew with the next block: it holds blocks in one piece.
fn keep(store: &mut BlockStore, ledger: &Ledger) -> Result<(), BesideError> {
    let tip = ledger.tip()?.map(|tip| (tip.height, tip.hash));
    if store.tip()? == tip {
        return Ok(());
    }
    store.keep_common(&|height| hash_at(ledger, height))?;
    if let Some((height, _)) = store.tip()?.filter(|own| Some(*own) != tip) {
        tracing::warn!(chain = %store.chain(), height, "what was found in blocks ends below the ledger's tip and begins anew with the next block");
        store.truncate(0)?;
    }
    Ok(())
}

/// Returns a store that was opened and made ready, or an empty one and why it cannot be read. That another process has it is an error.
fn readable<S>(
    what: BesideStore,
    chain: &ChainId,
    opened: Result<S, StoreError>,
    ready: impl FnOnce(&mut S) -> Result<(), BesideError>,
    empty: impl FnOnce() -> Result<S, StoreError>,
) -> Result<(S, Option<Arc<str>>), BesideError> {
    let opened = opened.map_err(BesideError::from).and_then(|mut store| ready(&mut store).map(|()| store));
    match opened {
        Ok(store) => Ok((store, None)),
        Err(BesideError::Store(e)) if !matches!(e, StoreError::Locked(_)) => {
            Ok((empty()?, Some(noted(what, chain, &e))))
        }
        Err(e) => Err(e),
    }
}

/// Logs why a store cannot be read.
fn noted(what: BesideStore, chain: &ChainId, e: &StoreError) -> Arc<str> {
    tracing::error!(%chain, store = what.name(), reason = %e, "a store beside the ledger cannot be read; `holdfast ledger rebuild` makes it anew");
    e.to_string().into()
}

impl Beside {
    pub fn open_for_writing(dir: &Path, ledger: &Ledger) -> Result<Self, BesideError> {
        let chain = &ledger.settings().chain;
        let open = LinkStore::create_or_open(&dir.join(LINKS), chain);
        let ready = |store: &mut LinkStore| keep(store.blocks_mut(), ledger);
        let (links, links_fault) = readable(BesideStore::Links, chain, open, ready, || LinkStore::empty(chain))?;
        let open = SignalStore::create_or_open(&dir.join(SIGNALS), chain);
        let ready = |store: &mut SignalStore| keep(store.blocks_mut(), ledger);
        let (signals, signals_fault) =
            readable(BesideStore::Signals, chain, open, ready, || SignalStore::empty(chain))?;
        Ok(Beside { links, signals, links_fault, signals_fault })
    }

    /// Opens what there is, as far as the ledger goes.
    pub fn open(dir: &Path, ledger: &Ledger) -> Result<Self, BesideError> {
        let chain = &ledger.settings().chain;
        let is_there = |name: &str| holdfast_block_store::Manifest::path(&dir.join(name)).is_file();
        let show = |store: &mut BlockStore| store.show_common(&|height| hash_at(ledger, height));
        let open = if is_there(LINKS) { LinkStore::open(&dir.join(LINKS)) } else { LinkStore::empty(chain) };
        let ready = |store: &mut LinkStore| show(store.blocks_mut());
        let (links, links_fault) = readable(BesideStore::Links, chain, open, ready, || LinkStore::empty(chain))?;
        let open = if is_there(SIGNALS) { SignalStore::open(&dir.join(SIGNALS)) } else { SignalStore::empty(chain) };
        let ready = |store: &mut SignalStore| show(store.blocks_mut());
        let (signals, signals_fault) =
            readable(BesideStore::Signals, chain, open, ready, || SignalStore::empty(chain))?;
        Ok(Beside { links, signals, links_fault, signals_fault })
    }

    /// Returns empty stores, so that those that are open can be replaced.
    pub fn closed(chain: &ChainId) -> Result<Self, StoreError> {
        let (links, signals) = (LinkStore::empty(chain)?, SignalStore::empty(chain)?);
        Ok(Beside { links, signals, links_fault: None, signals_fault: None })
    }

    pub fn snapshot(&self) -> Self {
        Beside {
            links: self.links.snapshot(),
            signals: self.signals.snapshot(),
            links_fault: self.links_fault.clone(),
            signals_fault: self.signals_fault.clone(),
        }
    }

    fn fault_of(&self, what: BesideStore) -> Option<&Arc<str>> {
        match what {
            BesideStore::Links => self.links_fault.as_ref(),
            BesideStore::Signals => self.signals_fault.as_ref(),
            BesideStore::Clusters => None,
        }
    }

    /// Says why a store cannot be read, and what to do; nothing where it can.
    pub fn unreadable(&self, what: BesideStore) -> Option<String> {
        self.fault_of(what).map(|why| what.unreadable(self.links.blocks().chain(), why))
    }

    /// Returns that what rests on signals cannot be answered, where they cannot be read.
    pub fn require_signals(&self) -> Result<(), BesideError> {
        self.unreadable(BesideStore::Signals).map_or(Ok(()), |why| Err(BesideError::Unreadable(why)))
    }

    /// Does something to links and signals, those that can be read. What turns out to be damaged is left as it is from then on.
    fn each(
        &mut self,
        links: impl FnOnce(&mut LinkStore) -> Result<(), BesideError>,
        signals: impl FnOnce(&mut SignalStore) -> Result<(), BesideError>,
    ) -> Result<(), BesideError> {
        let chain = self.links.blocks().chain().clone();
        let damage = |what, done: Result<(), BesideError>| match done {
            Err(BesideError::Store(e)) if e.is_damage() => Ok(Some(noted(what, &chain, &e))),
            done => done.map(|()| None),
        };
        if self.links_fault.is_none() {
            self.links_fault = damage(BesideStore::Links, links(&mut self.links))?;
            if self.links_fault.is_some() {
                self.links = LinkStore::empty(&chain)?;
            }
        }
        if self.signals_fault.is_none() {
            self.signals_fault = damage(BesideStore::Signals, signals(&mut self.signals))?;
            if self.signals_fault.is_some() {
                self.signals = SignalStore::empty(&chain)?;
            }
        }
        Ok(())
    }

    fn keep(&mut self, ledger: &Ledger) -> Result<(), BesideError> {
        self.each(|links| keep(links.blocks_mut(), ledger), |signals| keep(signals.blocks_mut(), ledger))
    }

    /// States in words in which blocks of the ledger nothing was looked for, or that it cannot be read.
    pub fn gaps(&self, ledger: &Ledger) -> Result<Vec<String>, BesideError> {
        let both = [self.gaps_of(BesideStore::Links, ledger)?, self.gaps_of(BesideStore::Signals, ledger)?];
        Ok(both.concat())
    }

    /// As [`Beside::gaps`], of one store.
    pub fn gaps_of(&self, what: BesideStore, ledger: &Ledger) -> Result<Vec<String>, BesideError> {
        let Some((first, tip)) = ledger.first()?.zip(ledger.tip()?) else { return Ok(Vec::new()) };
        if let Some(unreadable) = self.unreadable(what) {
            return Ok(vec![unreadable]);
        }
        let store = match what {
            BesideStore::Links => self.links.blocks(),
            BesideStore::Signals => self.signals.blocks(),
            BesideStore::Clusters => return Ok(Vec::new()),
        };
        let again = format!("`holdfast ledger rebuild --chain {}` reads them again", ledger.settings().chain);
        let what = what.name();
        let Some((begin, (end, _))) = store.first_height().zip(store.tip()?) else {
            return Ok(vec![format!("{what} were not looked for in the stored blocks; {again}")]);
        };
        let before =
            (begin > first.height).then(|| format!("{what} before block {begin} were not looked for; {again}"));
        let after = (end < tip.height).then(|| format!("{what} after block {end} were not looked for; {again}"));
        Ok(before.into_iter().chain(after).collect())
    }
}

impl BlockSink for Beside {
    type Found = BlockRecords;

    fn keep_to(&mut self, ledger: &Ledger) -> Result<(), SinkError> {
        Ok(self.keep(ledger)?)
    }

    fn append(&mut self, blocks: &[LinkedBlock]) -> Result<(), SinkError> {
        // That it does not read is found, and noted, where it is appended to.
        let before = self.links.tip().ok().flatten().map_or(0, |(height, _)| height.saturating_add(1));
        let appended = self.each(
            |links| Ok(links.append(blocks.iter().map(|block| &block.found))?),
            |signals| Ok(signals.append(blocks.iter().map(|block| &block.transfers))?),
        );
        if appended.is_err() && self.links_fault.is_none() {
            // Links do not keep what signals refused.
            self.links.truncate(before).map_err(BesideError::from)?;
        }
        Ok(appended?)
    }
}

impl AccountWorkspace {
    /// Returns the folders beside the ledger of an account chain of a store that hold what was found in its blocks.
    #[must_use]
    pub fn beside_dirs(store: &Path, chain: &ChainId) -> [PathBuf; 2] {
        let dir = Self::chain_dir(store, chain);
        [LINKS, SIGNALS].map(|name| dir.join(name))
    }

    /// Returns the chain's links. In blocks that they do not reach none were looked for ([`AccountWorkspace::gaps`]).
    #[must_use]
    pub fn links(&self) -> &LinkStore {
        &self.beside.links
    }

    /// Returns the chain's signals. Of blocks that they do not reach none were kept ([`AccountWorkspace::gaps`]).
    #[must_use]
    pub fn signals(&self) -> &SignalStore {
        &self.beside.signals
    }

    /// Returns the links of several chains seen together, as traces request them, in the order of the chains.
    #[must_use]
    pub fn links_of(chains: &[Arc<AccountSnapshot>]) -> LedgerLinks<'_> {
        LedgerLinks::new(chains.iter().map(|chain| (&chain.ledger, chain.links())).collect())
    }

    /// Appends blocks to the ledger, and before each of them its links and signals to what is beside it.
    ///
    /// # Errors
    /// [`FollowError::Ledger`], [`FollowError::Sink`]; what was committed before stays.
    pub fn append(
        &mut self,
        blocks: &mut dyn Iterator<Item = LinkedBlock>,
        options: &AppendOptions,
    ) -> Result<AppendReport, FollowError> {
        self.gaps.take();
        holdfast_account_feed::append(&mut self.ledger, &mut self.beside, blocks, options)
    }

    /// Appends what was fetched from a node; see [`holdfast_account_feed::put`].
    ///
    /// # Errors
    /// As [`AccountWorkspace::append`].
    pub fn put(&mut self, fetched: Fetched<BlockRecords>) -> Result<FollowReport, FollowError> {
        self.gaps.take();
        holdfast_account_feed::put(&mut self.ledger, &mut self.beside, fetched)
    }

    /// Brings the chain to a node's tip; see [`holdfast_account_feed::follow`].
    ///
    /// # Errors
    /// [`FollowError`]; what was committed stays.
    pub fn follow(
        &mut self,
        source: &mut dyn BlockSource<Found = BlockRecords>,
        from_height: u64,
        to_height: Option<u64>,
        progress: &mut dyn FnMut(&FollowReport, u64) -> ControlFlow<()>,
    ) -> Result<FollowReport, FollowError> {
        self.gaps.take();
        let (ledger, beside) = (&mut self.ledger, &mut self.beside);
        holdfast_account_feed::follow(ledger, beside, source, from_height, to_height, progress)
    }

    /// Removes all blocks from `height` up, with their links and signals; final ones too where `with_final` says so. Returns how many were removed.
    ///
    /// # Errors
    /// [`FollowError::Ledger`], [`FollowError::Sink`].
    pub fn truncate(&mut self, height: u64, with_final: bool) -> Result<u64, FollowError> {
        self.gaps.take();
        let removed = if with_final { self.ledger.truncate_final(height)? } else { self.ledger.truncate(height)? };
        self.beside.keep_to(&self.ledger)?;
        Ok(removed)
    }
}
