//! Following a live node: catch up, and follow its reorganizations.

use crate::append::{AppendOptions, MemoryBlock, MemoryFeed};
use crate::store::{Ledger, LedgerError};
use holdfast_bitcoin::node::{BlockSource, NodeError};
use holdfast_bitcoin::{Block, BlockHash};
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
    /// Height of the node's tip when it was queried.
    pub tip: u32,
}

/// Blocks fetched before a commit: by count and by bytes.
const ROUND_BLOCKS: usize = 500;
const ROUND_BYTES: usize = 64 << 20;

/// Blocks of the node's chain that come next, fetched without touching the ledger.
#[derive(Debug)]
pub struct Fetched {
    /// The last block that both chains have: its number and hash; none for an empty ledger.
    base: Option<(u32, BlockHash)>,
    /// Blocks stored when they were fetched.
    stored: u32,
    blocks: Vec<MemoryBlock>,
    /// Height of the node's tip.
    pub tip: u32,
}

impl Fetched {
    /// Returns whether the ledger has what the node has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.base.map_or(0, |(number, _)| number + 1) == self.stored
    }
}

/// Fetches what comes after a ledger, or a snapshot of it, on the node's chain, at most some hundred blocks.
///
/// # Errors
/// [`FollowError::Node`] when the node cannot be reached, [`FollowError::Ledger`] for a block that is invalid or not the requested one,
/// [`FollowError::Unrelated`] when the chains share no block.
pub fn fetch(ledger: &Ledger, source: &dyn BlockSource, from_height: u32) -> Result<Fetched, FollowError> {
    let (network, stored) = (ledger.network(), ledger.counts().blocks);
    // Walk back to a block that the node's chain still has.
    let mut keep = stored;
    let mut base = None;
    while let Some(last) = keep.checked_sub(1).map(|number| ledger.block(number)) {
        if source.hash_at(last.height)? == Some(last.hash) {
            base = Some((keep - 1, last.hash, last.height));
            break;
        }
        keep -= 1;
    }
    if base.is_none() && stored > 0 {
        return Err(FollowError::Unrelated);
    }
    let tip = source.tip()?;
    let mut next = base.map_or(from_height, |(_, _, height)| height + 1);
    let mut blocks = Vec::new();
    let mut bytes = 0;
    while next <= tip.height && blocks.len() < ROUND_BLOCKS && bytes < ROUND_BYTES {
        let Some(hash) = source.hash_at(next)? else { break };
        let raw = source.block(&hash)?;
        bytes += raw.len();
        let block = Block::parse(raw).map_err(|e| LedgerError::Block(next, e))?;
        block.check(network).map_err(|e| LedgerError::Block(next, e))?;
        if block.hash != hash {
            let got = block.hash.to_string();
            let why = format!("the node sent block {got} when asked for {hash}");
            return Err(LedgerError::NotNext { height: next, hash: got, why }.into());
        }
        blocks.push(MemoryBlock { height: next, block, spent: None });
        next += 1;
    }
    Ok(Fetched { base: base.map(|(number, hash, _)| (number, hash)), stored, blocks, tip: tip.height })
}

/// Appends fetched blocks, after removing the blocks that the node's chain left. Nothing happens when the ledger or the
/// chain moved on meanwhile: the next round sorts it out.
///
/// # Errors
/// [`FollowError`]; what was committed stays.
pub fn put(ledger: &mut Ledger, fetched: Fetched) -> Result<FollowReport, FollowError> {
    let mut report = FollowReport { tip: fetched.tip, ..FollowReport::default() };
    let keep = match fetched.base {
        Some((number, hash)) if number < ledger.counts().blocks && ledger.block(number).hash == hash => number + 1,
        None if ledger.counts().blocks == 0 => 0,
        _ => return Ok(report),
    };
    if ledger.counts().blocks != fetched.stored {
        return Ok(report);
    }
    if keep < ledger.counts().blocks {
        report.removed = ledger.truncate(ledger.block(keep).height)?;
    }
    if fetched.blocks.is_empty() {
        return Ok(report);
    }
    match ledger.append(&MemoryFeed(fetched.blocks), &AppendOptions::default(), &mut |_| ControlFlow::Continue(())) {
        Ok(done) => report.appended += done.blocks,
        // The chain moved while blocks were fetched.
        Err(LedgerError::NotNext { .. }) => {}
        Err(e) => return Err(e.into()),
    }
    Ok(report)
}

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
    loop {
        let fetched = fetch(ledger, source, from_height)?;
        let done = put(ledger, fetched)?;
        (report.removed, report.tip) = (report.removed + done.removed, done.tip);
        report.appended += done.appended;
        if done.appended == 0 || progress(ledger.tip().map_or(0, |t| t.height), done.tip).is_break() {
            return Ok(report);
        }
    }
}
