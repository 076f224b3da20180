//! Blocks for proofs out of files and nodes, read as ledgers are fed.

use crate::error::EvidenceError;
use crate::make::{Blocks, ReadBlock};
use holdfast_account_feed::{BlockSource, ChainNotes, FileBlocks, Find, NodeOptions, NodeSource};
use holdfast_types::{BlockTransfers, ChainId, Hash32};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Blocks that are requested of a node at once.
const AT_ONCE: u64 = 10;

/// Where the blocks of a chain come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A node.
    Node(NodeOptions),
    /// Files, in the order of their blocks, and what is known of the chain.
    Files(Vec<PathBuf>, ChainNotes),
}

/// The hash of a chain's block at a height, where a ledger has it.
pub type StoredHash<'a> = &'a (dyn Fn(&ChainId, u64) -> Option<Hash32> + Sync);

/// Is told how many blocks were read, of how many; what it returns ends the reading.
pub type Watch<'a> = &'a mut dyn FnMut(usize, usize) -> Result<(), EvidenceError>;

/// Blocks of several chains out of files and nodes.
pub struct FeedBlocks<'a> {
    origins: Vec<(ChainId, Origin)>,
    stored: StoredHash<'a>,
    watch: Option<Watch<'a>>,
    /// Blocks that were read, and all that will be.
    read: (usize, usize),
}

impl<'a> FeedBlocks<'a> {
    /// Makes a source. Blocks of files that the ledgers have and that are not wanted are passed over without being verified again.
    #[must_use]
    pub fn new(origins: Vec<(ChainId, Origin)>, stored: StoredHash<'a>) -> Self {
        FeedBlocks { origins, stored, watch: None, read: (0, 0) }
    }

    /// Returns the same source, whose reading is watched.
    #[must_use]
    pub fn watched(self, watch: Watch<'a>) -> Self {
        FeedBlocks { watch: Some(watch), ..self }
    }
}

/// Tells a watch of one more block.
fn count(watch: &mut Option<Watch<'_>>, (read, all): &mut (usize, usize)) -> Result<(), EvidenceError> {
    *read += 1;
    watch.as_mut().map_or(Ok(()), |watch| watch(*read, *all))
}

/// Keeps the verified blocks that are wanted.
struct Keep<'a>(&'a BTreeSet<u64>);

impl Find for Keep<'_> {
    type Found = Option<ReadBlock>;

    fn evm(&self, verified: &holdfast_evm::VerifiedBlock, transfers: &BlockTransfers) -> Option<ReadBlock> {
        self.0.contains(&transfers.height).then(|| ReadBlock::Evm(Box::new(verified.clone())))
    }

    fn tron(&self, verified: &holdfast_tron::VerifiedBlock, transfers: &BlockTransfers) -> Option<ReadBlock> {
        self.0.contains(&transfers.height).then(|| ReadBlock::Tron(Box::new(verified.clone())))
    }
}

/// Calls `each` with a block.
type Each<'e> = &'e mut dyn FnMut(ReadBlock) -> Result<(), EvidenceError>;

impl Blocks for FeedBlocks<'_> {
    fn begin(&mut self, all: usize) -> Result<(), EvidenceError> {
        self.read = (0, all);
        self.watch.as_mut().map_or(Ok(()), |watch| watch(0, all))
    }

    fn read(&mut self, chain: &ChainId, heights: &[u64], each: Each<'_>) -> Result<(), EvidenceError> {
        let Some(first) = heights.first() else { return Ok(()) };
        let origin = self.origins.iter().find(|(of, _)| of == chain).map(|(_, origin)| origin.clone());
        let origin = origin.ok_or_else(|| EvidenceError::NoSource(chain.clone()))?;
        let (watch, read) = (&mut self.watch, &mut self.read);
        let each = &mut |block: ReadBlock| {
            each(block)?;
            count(watch, read)
        };
        let wanted: BTreeSet<u64> = heights.iter().copied().collect();
        match origin {
            Origin::Node(options) => from_node(chain, options, &wanted, each),
            Origin::Files(files, notes) => {
                let stored = self.stored;
                let skipped = |height: u64| if wanted.contains(&height) { None } else { stored(chain, height) };
                let source = |e: holdfast_account_feed::FeedError| EvidenceError::Source(e.to_string(), e.kind());
                let blocks = FileBlocks::new(chain, files, notes, *first, &skipped, Keep(&wanted)).map_err(source)?;
                let mut left = wanted.len();
                for block in blocks {
                    if let Some(found) = block.map_err(source)?.found {
                        each(found)?;
                        left = left.saturating_sub(1);
                    }
                    if left == 0 {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

fn from_node(
    chain: &ChainId,
    options: NodeOptions,
    wanted: &BTreeSet<u64>,
    each: Each<'_>,
) -> Result<(), EvidenceError> {
    let mut node = NodeSource::new(chain.clone(), options, Keep(wanted));
    let mut heights = wanted.iter().copied().peekable();
    while let Some(first) = heights.next() {
        let mut end = first.saturating_add(1);
        while end - first < AT_ONCE && heights.next_if_eq(&end).is_some() {
            end = end.saturating_add(1);
        }
        let read = node.blocks(first..end).map_err(|e| EvidenceError::Source(e.to_string(), e.kind()))?;
        read.into_iter().filter_map(|block| block.found).try_for_each(&mut *each)?;
    }
    Ok(())
}
