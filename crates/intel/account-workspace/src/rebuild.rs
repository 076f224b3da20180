//! Making anew what stands beside an account ledger: links and signals from its blocks, which are read again, and clusters from the ledger.
//!
//! What is made lies in folders of its own until it reaches the ledger's tip; a stop or a kill before that changes nothing, and the next start goes on.

use crate::AccountWorkspace;
use crate::beside::{Beside, BesideError, BesideStore, LINKS, LinkFinder, LinkedBlock, SIGNALS, hash_at};
use crate::evidence::ProofSource;
use crate::who::Who;
use holdfast_account_attribution::SignalStore;
use holdfast_account_evidence::Origin;
use holdfast_account_feed::{BlockSource, FeedError, FileBlocks, NodeSource};
use holdfast_account_ledger::Ledger;
use holdfast_block_store::StoreError;
use holdfast_links::Store as LinkStore;
use holdfast_node::NodeError;
use holdfast_types::ErrorKind;
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::chain_handle::ChangeError;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Blocks that are read at once: of files, and of a node.
const OF_FILES: usize = 512;
const OF_NODE: u64 = 10;

/// Why nothing is made anew.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A block that comes next was not read.
    #[error("block {0} is missing from what is read: name all the files that the ledger was read from, or its node")]
    Missing(u64),
    /// A block is not the ledger's.
    #[error("block {0} is another one than the ledger's: read the files or the node that the ledger was read from")]
    Differs(u64),
    /// Files of blocks do not read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A node does not answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The chain cannot be changed now.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl RebuildError {
    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            RebuildError::Workspace(e) => e.kind(),
            RebuildError::Missing(_) | RebuildError::Differs(_) => ErrorKind::State,
            RebuildError::Feed(e) => e.kind(),
            RebuildError::Node(e) => e.kind(),
            RebuildError::Change(e) => e.kind(),
        }
    }
}

impl From<BesideError> for RebuildError {
    fn from(e: BesideError) -> Self {
        RebuildError::Workspace(e.into())
    }
}

impl From<StoreError> for RebuildError {
    fn from(e: StoreError) -> Self {
        BesideError::from(e).into()
    }
}

/// Links and signals that are made anew.
#[derive(Debug)]
pub struct Rebuild {
    dir: PathBuf,
    /// Heights of the ledger's first and last block.
    heights: Option<(u64, u64)>,
    links: Option<LinkStore>,
    signals: Option<SignalStore>,
}

fn new_dir(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.new"))
}

/// Returns the height that comes next in a store which is made for a ledger that begins at a height.
fn next_of(store: &holdfast_block_store::Store, first: u64) -> Result<u64, StoreError> {
    Ok(store.tip()?.map_or(first, |(height, _)| height.saturating_add(1)))
}

/// Opens a store that is being made, with what of it is the ledger's.
fn begun<S>(
    dir: &Path,
    ledger: &Ledger,
    open: impl Fn(&Path) -> Result<S, StoreError>,
    blocks: impl Fn(&mut S) -> &mut holdfast_block_store::Store,
) -> Result<S, BesideError> {
    let mut store = match open(dir) {
        Err(e) if e.is_damage() => {
            std::fs::remove_dir_all(dir).map_err(|e| StoreError::Io(dir.to_owned(), e))?;
            open(dir)?
        }
        opened => opened?,
    };
    let first = ledger.first()?.map(|block| block.height);
    let made = blocks(&mut store);
    made.keep_common(&|height| hash_at(ledger, height))?;
    if made.first_height() != first {
        made.truncate(0)?;
    }
    Ok(store)
}

impl AccountWorkspace {
    /// Begins to make links, signals or both anew, or goes on with what was begun before.
    ///
    /// # Errors
    /// [`RebuildError`] when ledger or system refuse.
    pub fn rebuild(&self, stores: &[BesideStore]) -> Result<Rebuild, RebuildError> {
        let (dir, chain) = (&self.dir, self.chain());
        let is_wanted = |store| stores.contains(&store);
        let links = || {
            let open = |dir: &Path| LinkStore::create_or_open(dir, chain);
            begun(&new_dir(dir, LINKS), &self.ledger, open, LinkStore::blocks_mut)
        };
        let signals = || {
            let open = |dir: &Path| SignalStore::create_or_open(dir, chain);
            begun(&new_dir(dir, SIGNALS), &self.ledger, open, SignalStore::blocks_mut)
        };
        let first = self.ledger.first().map_err(BesideError::from)?;
        let heights = first.zip(self.ledger.tip().map_err(BesideError::from)?);
        Ok(Rebuild {
            dir: dir.clone(),
            heights: heights.map(|(first, tip)| (first.height, tip.height)),
            links: is_wanted(BesideStore::Links).then(links).transpose()?,
            signals: is_wanted(BesideStore::Signals).then(signals).transpose()?,
        })
    }

    /// Puts what was made in the place of what there was.
    ///
    /// # Errors
    /// [`RebuildError::Missing`] names the first block that was not read.
    pub fn put_rebuilt(&mut self, made: Rebuild) -> Result<(), RebuildError> {
        if let Some(missing) = made.next()? {
            return Err(RebuildError::Missing(missing));
        }
        let Rebuild { dir, links, signals, .. } = made;
        let names = [links.map(|_| LINKS), signals.map(|_| SIGNALS)];
        self.beside = Beside::closed(self.chain())?;
        self.gaps.take();
        let put = names.into_iter().flatten().try_for_each(|name| {
            let (new, now, old) = (new_dir(&dir, name), dir.join(name), dir.join(format!("{name}.old")));
            let gone = |dir: &Path| match std::fs::remove_dir_all(dir) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            };
            gone(&old)?;
            if now.exists() {
                std::fs::rename(&now, &old)?;
            }
            std::fs::rename(&new, &now)?;
            std::fs::File::open(&dir)?.sync_all()?;
            gone(&old)
        });
        self.beside = Beside::open_for_writing(&dir, &self.ledger)?;
        // What followed from what there was.
        self.who.take();
        self.freeze_cache = Default::default();
        self.exposed = Default::default();
        Ok(put.map_err(|e| StoreError::Io(dir, e))?)
    }

    /// Clusters the ledger's accounts anew, and writes the log of it.
    ///
    /// # Errors
    /// [`RebuildError`] when the log cannot be removed, or clusters do not follow.
    pub fn rebuild_clusters(&mut self) -> Result<(), RebuildError> {
        self.who.take();
        let log = Who::log_dir(&self.dir);
        match std::fs::remove_dir_all(&log) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(StoreError::Io(log, e).into()),
            _ => {}
        }
        self.update_who();
        self.save_who();
        self.who().gap(&self.ledger).map_or(Ok(()), |why| Err(BesideError::Unreadable(why).into()))
    }
}

/// Reads the blocks from a height on, some at a time.
type ReadMore<'a> = Box<dyn FnMut(u64) -> Result<Vec<LinkedBlock>, RebuildError> + 'a>;

impl Rebuild {
    /// Takes the blocks that come next from where the ledger's were read. `watch` gets how many of all blocks are done, and may end it: the next start
    /// goes on there. Returns whether all were taken.
    ///
    /// # Errors
    /// [`RebuildError::Missing`] where the source has not all of them, and as [`Rebuild::take`].
    pub fn read_from(
        &mut self,
        ledger: &Ledger,
        source: &ProofSource,
        watch: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<bool, RebuildError> {
        let (Some((first, tip)), Some(mut next)) = (self.heights, self.next()?) else { return Ok(true) };
        let chain = &ledger.settings().chain;
        let finder = LinkFinder::new(source.contracts.clone());
        let mut read_more: ReadMore<'_> = match &source.origin {
            Origin::Files(files, notes) => {
                let mut blocks = FileBlocks::new(chain, files.clone(), notes.clone(), next, &|_| None, finder)?;
                Box::new(move |_| Ok(blocks.by_ref().take(OF_FILES).collect::<Result<_, _>>()?))
            }
            Origin::Node(options) => {
                let mut node = NodeSource::new(chain.clone(), options.clone(), finder);
                let end = tip.saturating_add(1);
                Box::new(move |next| Ok(node.blocks(next..next.saturating_add(OF_NODE).min(end))?))
            }
        };
        loop {
            if watch(next.saturating_sub(first), tip.saturating_sub(first).saturating_add(1)).is_break() {
                return Ok(false);
            }
            let blocks = read_more(next)?;
            if blocks.is_empty() {
                return Err(RebuildError::Missing(next));
            }
            self.take(ledger, &blocks)?;
            match self.next()? {
                Some(further) => next = further,
                None => return Ok(true),
            }
        }
    }

    /// Returns the height of the block that is to be read next; none where all were read.
    ///
    /// # Errors
    /// [`RebuildError`] when what was made does not read.
    pub fn next(&self) -> Result<Option<u64>, RebuildError> {
        let Some((first, tip)) = self.heights else { return Ok(None) };
        let mut next = tip.saturating_add(1);
        let stores = [self.links.as_ref().map(LinkStore::blocks), self.signals.as_ref().map(SignalStore::blocks)];
        for store in stores.into_iter().flatten() {
            next = next.min(next_of(store, first)?);
        }
        Ok(Some(next).filter(|next| *next <= tip))
    }

    /// Takes blocks in the order of their heights, those of the ledger from the first one on. Blocks that were taken before, or that the ledger does not
    /// reach, are passed over.
    ///
    /// # Errors
    /// [`RebuildError::Missing`] where one is left out, [`RebuildError::Differs`] where one is not the ledger's.
    pub fn take(&mut self, ledger: &Ledger, blocks: &[LinkedBlock]) -> Result<(), RebuildError> {
        let Some((first, tip)) = self.heights else { return Ok(()) };
        let Some(mut next) = self.next()? else { return Ok(()) };
        let begin = blocks.partition_point(|block| block.transfers.height < next);
        let end = blocks.partition_point(|block| block.transfers.height <= tip);
        let blocks = blocks.get(begin..end).unwrap_or_default();
        for block in blocks {
            let height = block.transfers.height;
            if height != next {
                return Err(RebuildError::Missing(next));
            }
            if hash_at(ledger, height)? != Some(block.transfers.hash) {
                return Err(RebuildError::Differs(height));
            }
            next = next.saturating_add(1);
        }
        if let Some(links) = &mut self.links {
            let from = next_of(links.blocks(), first)?;
            links.append(blocks.iter().filter(|b| b.transfers.height >= from).map(|block| &block.found))?;
        }
        if let Some(signals) = &mut self.signals {
            let from = next_of(signals.blocks(), first)?;
            signals.append(blocks.iter().filter(|b| b.transfers.height >= from).map(|block| &block.transfers))?;
        }
        Ok(())
    }
}
