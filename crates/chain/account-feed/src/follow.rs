//! Following a node into an account ledger: catching up, and its reorganizations. As the ledger of outputs does it.

use crate::append::{append, count};
use crate::found::{BlockSink, ReadBlock, SinkError};
use crate::node::BlockSource;
use holdfast_account_ledger::{AppendOptions, Ledger, LedgerError};
use holdfast_node::NodeError;
use holdfast_types::{ErrorKind, Hash32};
use std::ops::{ControlFlow, Range};

/// Why following stops.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is beside the ledger.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The node's chain has nothing in common with the ledger's.
    #[error("the node's chain shares no block with this ledger; is it the same chain?")]
    Unrelated,
    /// The node's chain left a block that is final by the ledger's policy.
    #[error(
        "the node's chain left block {height}, which is final here; check the node, and if it is right remove the blocks with `holdfast ledger truncate`"
    )]
    Final {
        /// The height of the first block that is another.
        height: u64,
    },
}

impl FollowError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            FollowError::Node(e) => e.kind(),
            FollowError::Ledger(e) => e.kind(),
            FollowError::Sink(e) => e.kind,
            FollowError::Unrelated | FollowError::Final { .. } => ErrorKind::State,
        }
    }
}

/// What one round of following did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowReport {
    /// Blocks removed because the node's chain left them.
    pub removed: u64,
    /// Blocks appended.
    pub appended: u64,
    /// Transfers appended.
    pub transfers: u64,
    /// Height of the node's tip when it was queried.
    pub tip: u64,
}

/// Blocks fetched before a commit: by count, and by their transfers.
const ROUND_BLOCKS: usize = 200;
const ROUND_TRANSFERS: usize = 20_000;
/// Blocks requested at once.
const AT_ONCE: u64 = 10;

/// Blocks of the node's chain that come next, fetched without touching the ledger.
#[derive(Debug)]
pub struct Fetched<T> {
    /// Height and hash of the last block that both chains have; none for an empty ledger.
    base: Option<(u64, Hash32)>,
    /// Height and hash of the ledger's tip when they were fetched.
    before: Option<(u64, Hash32)>,
    blocks: Vec<ReadBlock<T>>,
    /// Height of the node's tip.
    pub tip: u64,
}

impl<T> Fetched<T> {
    /// Returns whether the ledger has what the node has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.base == self.before
    }
}

fn tip_of(ledger: &Ledger) -> Result<Option<(u64, Hash32)>, LedgerError> {
    Ok(ledger.tip()?.map(|tip| (tip.height, tip.hash)))
}

/// Returns the last stored block that the node's chain still has; none in an empty ledger.
fn base_of<T>(ledger: &Ledger, source: &mut dyn BlockSource<Found = T>) -> Result<Option<(u64, Hash32)>, FollowError> {
    let Some(tip) = ledger.tip()? else { return Ok(None) };
    let last_final = ledger.final_height();
    let mut at = Some(tip);
    while let Some(block) = at {
        if source.hash_at(block.height)? == Some(block.hash) {
            return Ok(Some((block.height, block.hash)));
        }
        if last_final.is_some_and(|last| block.height <= last) {
            return Err(FollowError::Final { height: block.height });
        }
        at = block.number.checked_sub(1).map(|number| ledger.block(number)).transpose()?;
    }
    Err(FollowError::Unrelated)
}

/// Fetches what comes after a ledger, or a snapshot of it, on the node's chain, at most some hundred blocks. An empty ledger begins at
/// `from_height`.
///
/// # Errors
/// [`FollowError::Node`] when the node cannot be read, [`FollowError::Unrelated`] and [`FollowError::Final`] when its chain is another.
pub fn fetch<T>(
    ledger: &Ledger,
    source: &mut dyn BlockSource<Found = T>,
    from_height: u64,
) -> Result<Fetched<T>, FollowError> {
    let (tip, _) = source.tip()?;
    let before = tip_of(ledger)?;
    // A node that is behind has not left what it does not have yet.
    if before.is_some_and(|(height, _)| height > tip) && has_tip_below(ledger, source, tip)? {
        return Ok(Fetched { base: before, before, blocks: Vec::new(), tip });
    }
    let base = base_of(ledger, source)?;
    let mut next = base.map_or(from_height, |(height, _)| height.saturating_add(1));
    let mut blocks: Vec<ReadBlock<T>> = Vec::new();
    let mut transfers = 0;
    while next <= tip && blocks.len() < ROUND_BLOCKS && transfers < ROUND_TRANSFERS {
        let wanted = next..next.saturating_add(AT_ONCE).min(tip.saturating_add(1));
        let read = match read_good(source, wanted.clone()) {
            Ok(read) => read,
            // Those before it are good; the next round meets it first.
            Err(NodeError::Block(..)) if !blocks.is_empty() => break,
            Err(e) => return Err(e.into()),
        };
        let is_short = (read.len() as u64) < wanted.end - wanted.start;
        transfers += read.iter().map(|block| count(&block.transfers)).sum::<usize>();
        next = next.saturating_add(read.len() as u64);
        blocks.extend(read);
        if is_short {
            break;
        }
    }
    // Where the chain moved meanwhile, what does not follow is fetched again: what is beside the ledger refuses it before the ledger does.
    let mut last = base.map(|(_, hash)| hash);
    let follows = |block: &&ReadBlock<T>| {
        let is_next = last.is_none_or(|last| block.transfers.parent == last);
        last = Some(block.transfers.hash);
        is_next
    };
    let followed = blocks.iter().take_while(follows).count();
    blocks.truncate(followed);
    Ok(Fetched { base, before, blocks, tip })
}

/// Reads blocks, those before the first one that does not hold; the error is of the first block of all.
fn read_good<T>(source: &mut dyn BlockSource<Found = T>, wanted: Range<u64>) -> Result<Vec<ReadBlock<T>>, NodeError> {
    match source.blocks(wanted.clone()) {
        Err(NodeError::Block(..)) if wanted.end - wanted.start > 1 => {}
        read => return read,
    }
    let mut good = Vec::new();
    for height in wanted {
        match source.blocks(height..height.saturating_add(1)) {
            Ok(read) if read.is_empty() => break,
            Ok(read) => good.extend(read),
            Err(NodeError::Block(..)) if !good.is_empty() => break,
            Err(e) => return Err(e),
        }
    }
    Ok(good)
}

/// Returns whether the block at the node's tip is stored here: the node is behind, on the same chain.
fn has_tip_below<T>(ledger: &Ledger, source: &mut dyn BlockSource<Found = T>, tip: u64) -> Result<bool, FollowError> {
    let Some(stored) = ledger.block_at(tip)? else { return Ok(false) };
    Ok(source.hash_at(tip)? == Some(stored.hash))
}

/// Appends fetched blocks, to what is beside the ledger first, after removing the blocks that the node's chain left. Nothing happens when the ledger or
/// the chain moved on meanwhile: the next round sorts it out.
///
/// # Errors
/// [`FollowError::Ledger`], [`FollowError::Sink`]; what was committed stays.
pub fn put<T>(
    ledger: &mut Ledger,
    sink: &mut dyn BlockSink<Found = T>,
    fetched: Fetched<T>,
) -> Result<FollowReport, FollowError> {
    let mut report = FollowReport { tip: fetched.tip, ..FollowReport::default() };
    if tip_of(ledger)? != fetched.before {
        return Ok(report);
    }
    if let (Some((height, _)), true) = (fetched.base, fetched.base != fetched.before) {
        report.removed = ledger.truncate(height.saturating_add(1))?;
        sink.keep_to(ledger)?;
    }
    if fetched.blocks.is_empty() {
        return Ok(report);
    }
    match append(ledger, sink, &mut fetched.blocks.into_iter(), &AppendOptions::default()) {
        Ok(done) => (report.appended, report.transfers) = (done.blocks, done.transfers),
        // The chain moved while blocks were fetched.
        Err(FollowError::Ledger(LedgerError::NotNext { .. })) => {}
        Err(e) => return Err(e),
    }
    Ok(report)
}

/// Brings the ledger to the node's tip, or to `to_height`. A new ledger starts at `from_height`. `progress` gets the sum of what was done and the height
/// reached, and may stop between commits.
///
/// # Errors
/// [`FollowError`]; what was committed stays.
pub fn follow<T>(
    ledger: &mut Ledger,
    sink: &mut dyn BlockSink<Found = T>,
    source: &mut dyn BlockSource<Found = T>,
    from_height: u64,
    to_height: Option<u64>,
    progress: &mut dyn FnMut(&FollowReport, u64) -> ControlFlow<()>,
) -> Result<FollowReport, FollowError> {
    let mut report = FollowReport::default();
    loop {
        let mut fetched = fetch(ledger, source, from_height)?;
        if let Some(last) = to_height {
            fetched.blocks.retain(|block| block.transfers.height <= last);
        }
        let done = put(ledger, sink, fetched)?;
        report.tip = done.tip;
        report.removed += done.removed;
        report.appended += done.appended;
        report.transfers += done.transfers;
        let height = ledger.tip()?.map_or(0, |tip| tip.height);
        if progress(&report, height).is_break() || (done.appended == 0 && done.removed == 0) {
            return Ok(report);
        }
    }
}
