//! What stands beside an account ledger and follows from its blocks: links and signals, which the ledger does not store.
//!
//! A block's links and signals are committed before the block itself, and cut back to the ledger's tip on opening: a kill at any moment leaves no block in
//! the ledger that was not looked into. Ledgers of earlier versions have neither; they begin with the next block, and answers state it.

use crate::accounts::{AccountSnapshot, AccountWorkspace};
use crate::error::WorkspaceError;
use holdfast_account_attribution::SignalStore;
use holdfast_account_feed::{BlockSink, BlockSource, Fetched, Find, FollowError, FollowReport, ReadBlock, SinkError};
use holdfast_account_ledger::{AppendOptions, AppendReport, Ledger, LedgerError};
use holdfast_evm::VerifiedBlock;
use holdfast_links::{BlockRecords, Contracts, LedgerLinks, Store as LinkStore};
use holdfast_types::{BlockTransfers, ChainId, ErrorKind, Hash32};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folders of links and signals, in the chain's folder.
const LINKS: &str = "links";
const SIGNALS: &str = "signals";

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

/// Links and signals beside a ledger.
#[derive(Debug)]
pub(crate) struct Beside {
    pub links: LinkStore,
    pub signals: SignalStore,
}

/// Why a store is not in step with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store.
    #[error(transparent)]
    Store(#[from] holdfast_block_store::StoreError),
}

impl BesideError {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            BesideError::Ledger(e) => e.kind(),
            BesideError::Store(e) => e.kind(),
        }
    }
}

impl From<BesideError> for SinkError {
    fn from(e: BesideError) -> Self {
        SinkError { kind: e.kind(), why: Box::new(e) }
    }
}

fn hash_at(ledger: &Ledger, height: u64) -> Result<Option<Hash32>, BesideError> {
    Ok(ledger.block_at(height)?.map(|block| block.hash))
}

/// Cuts a store back to the blocks of a ledger. One that does not reach the ledger's tip begins anew with the next block: it holds blocks in one piece.
fn keep(store: &mut holdfast_block_store::Store, ledger: &Ledger) -> Result<(), BesideError> {
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

impl Beside {
    pub fn open_for_writing(dir: &Path, ledger: &Ledger) -> Result<Self, WorkspaceError> {
        let chain = &ledger.settings().chain;
        let links = LinkStore::create_or_open(&dir.join(LINKS), chain)?;
        let signals = SignalStore::create_or_open(&dir.join(SIGNALS), chain)?;
        let mut beside = Beside { links, signals };
        beside.keep(ledger)?;
        Ok(beside)
    }

    /// Opens what there is, as far as the ledger goes.
    pub fn open(dir: &Path, ledger: &Ledger) -> Result<Self, WorkspaceError> {
        let chain = &ledger.settings().chain;
        let is_there = |name: &str| holdfast_block_store::Manifest::path(&dir.join(name)).is_file();
        let mut links = if is_there(LINKS) { LinkStore::open(&dir.join(LINKS))? } else { LinkStore::empty(chain)? };
        let mut signals =
            if is_there(SIGNALS) { SignalStore::open(&dir.join(SIGNALS))? } else { SignalStore::empty(chain)? };
        for store in [links.blocks_mut(), signals.blocks_mut()] {
            store.show_common(&|height| hash_at(ledger, height))?;
        }
        Ok(Beside { links, signals })
    }

    pub fn snapshot(&self) -> Self {
        Beside { links: self.links.snapshot(), signals: self.signals.snapshot() }
    }

    fn keep(&mut self, ledger: &Ledger) -> Result<(), BesideError> {
        keep(self.links.blocks_mut(), ledger)?;
        keep(self.signals.blocks_mut(), ledger)
    }

    /// States in words in which blocks of the ledger nothing was looked for.
    pub fn gaps(&self, ledger: &Ledger) -> Result<Vec<String>, BesideError> {
        let Some((first, tip)) = ledger.first()?.zip(ledger.tip()?) else { return Ok(Vec::new()) };
        let mut gaps = Vec::new();
        for (what, store) in [("links", self.links.blocks()), ("signals", self.signals.blocks())] {
            match store.first_height().zip(store.tip()?) {
                None => {
                    gaps.push(format!("{what} were not looked for in the stored blocks; read them again to find them"))
                }
                Some((begin, (end, _))) => {
                    if begin > first.height {
                        gaps.push(format!("{what} before block {begin} were not looked for"));
                    }
                    if end < tip.height {
                        gaps.push(format!("{what} after block {end} were not looked for"));
                    }
                }
            }
        }
        Ok(gaps)
    }
}

impl BlockSink for Beside {
    type Found = BlockRecords;

    fn keep_to(&mut self, ledger: &Ledger) -> Result<(), SinkError> {
        Ok(self.keep(ledger)?)
    }

    fn append(&mut self, blocks: &[LinkedBlock]) -> Result<(), SinkError> {
        let found = blocks.iter().map(|block| &block.found);
        self.links.append(found).map_err(BesideError::from)?;
        let transfers = blocks.iter().map(|block| &block.transfers);
        Ok(self.signals.append(transfers).map_err(BesideError::from)?)
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
