//! Following a live node: catch up, and follow its reorganizations.

use crate::append::{AppendOptions, MemoryBlock, MemoryFeed};
use crate::store::{Ledger, LedgerError};
use holdfast_chain::node::{BlockSource, NodeError};
use holdfast_chain::{Block, display_hash};
use std::ops::ControlFlow;

/// Why following stops.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The node's chain has nothing in common with the ledger's.
    #[error("the node's chain shares no block with this ledger; is it the same network?")]
    Unrelated,
}

/// What one round of following did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowReport {
    /// Blocks removed because the node's chain left them.
    pub removed: u32,
    /// Blocks appended.
    pub appended: u32,
    /// Height of the node's tip when asked.
    pub tip: u32,
}

/// Blocks fetched before a commit: by count and by bytes.
const ROUND_BLOCKS: usize = 500;
const ROUND_BYTES: usize = 64 << 20;

/// Brings the ledger to the node's tip. A new ledger starts at `from_height`. `progress` gets the height reached and may stop between commits.
///
/// # Errors
/// [`FollowError`]; what was committed stays.
pub fn follow(
    ledger: &mut Ledger,
    source: &dyn BlockSource,
    from_height: u32,
    progress: &mut dyn FnMut(u32, u32) -> ControlFlow<()>,
) -> Result<FollowReport, FollowError> {
    let mut report = FollowReport::default();
    // Walk back to a block that the node's chain still has. Heights double back fast on deep reorganizations only by commit, so
    // look first and cut once.
    let mut keep = ledger.counts().blocks;
    while keep > 0 {
        let block = ledger.block(keep - 1);
        if source.hash_at(block.height)? == Some(block.hash) {
            break;
        }
        keep -= 1;
    }
    if keep == 0 && ledger.counts().blocks > 0 {
        return Err(FollowError::Unrelated);
    }
    if keep < ledger.counts().blocks {
        report.removed = ledger.truncate(ledger.block(keep).height)?;
    }
    let options = AppendOptions::default();
    loop {
        let tip = source.tip()?;
        report.tip = tip.height;
        let mut next = ledger.tip().map_or(from_height, |t| t.height + 1);
        if next > tip.height {
            return Ok(report);
        }
        let mut blocks = Vec::new();
        let mut bytes = 0;
        while next <= tip.height && blocks.len() < ROUND_BLOCKS && bytes < ROUND_BYTES {
            let Some(hash) = source.hash_at(next)? else { break };
            let raw = source.block(&hash)?;
            bytes += raw.len();
            let block = Block::parse(raw).map_err(|e| LedgerError::Block(next, e))?;
            block.check(ledger.network()).map_err(|e| LedgerError::Block(next, e))?;
            if block.hash != hash {
                let got = display_hash(&block.hash);
                let why = format!("the node sent block {got} when asked for {}", display_hash(&hash));
                return Err(LedgerError::NotNext { height: next, hash: got, why }.into());
            }
            blocks.push(MemoryBlock { height: next, block, spent: None });
            next += 1;
        }
        if blocks.is_empty() {
            return Ok(report);
        }
        match ledger.append(&MemoryFeed(blocks), &options, &mut |_| ControlFlow::Continue(())) {
            Ok(done) => report.appended += done.blocks,
            // The chain moved while blocks were fetched: the next round sorts it out.
            Err(LedgerError::NotNext { .. }) => return Ok(report),
            Err(e) => return Err(e.into()),
        }
        if progress(ledger.tip().map_or(0, |t| t.height), tip.height).is_break() {
            return Ok(report);
        }
    }
}
